"""The journey of a packet as a value: every trace ends in exactly one disposition, and a fact says why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from dnetlab.model.changed import quick
from dnetlab.model.facts import Fact
from dnetlab.model.packet import Packet
from dnetlab.model.where import Where

if TYPE_CHECKING:
    from dnetlab.model.snapshot import Snapshot


class Disposition(Enum):
    """How a packet's journey ended."""

    DELIVERED = "delivered"
    DROPPED = "dropped"
    REJECTED = "rejected"
    NO_ROUTE = "no route"
    NO_NEIGHBOUR = "no neighbour"
    NO_LISTENER = "no listener"
    TTL_EXPIRED = "TTL expired"
    FORWARDING_OFF = "forwarding off"
    LINK_DOWN = "link down"
    TOO_BIG = "too big"
    LOOP = "loop"

    @property
    def arrived(self) -> bool:
        return self is Disposition.DELIVERED


class StepKind(Enum):
    RECEIVED = "received"  # a frame came in through an interface
    MATCHED = "matched"  # a rule, or a chain's policy, decided or counted
    REWRITTEN = "rewritten"  # DNAT, SNAT, MASQUERADE, or conntrack undoing one
    ROUTED = "routed"  # a route was looked up
    RESOLVED = "resolved"  # a neighbour was found by ARP (or was not)
    TUNNELLED = "tunnelled"  # a frame was put into a packet of a tunnel, or taken out of it
    BRIDGED = "bridged"  # a frame went from port to port of a bridge
    SENT = "sent"  # a frame left through an interface
    PROXIED = "proxied"  # docker-proxy took it and opens a second connection
    ACCEPTED = "accepted"  # a socket or the stack took it
    REFUSED = "refused"  # the journey ends here


class Step(NamedTuple):
    """One thing that happened to the packet in one namespace.

    fact       what happened, as a value (`dnetlab.explain.sentences.words` says it)
    interface  the dev it concerns, '' when none
    hook       'PREROUTING' …, '' outside netfilter
    table, chain, rule   what decided; rule is the `iptables -S` text without -A CHAIN, or 'policy DROP'
    rule_number  1-based in its chain, 0 when none
    packets, nbytes  the rule's counters before this packet
    before, after   the packet on both sides of a rewrite, else both None
    """

    kind: StepKind
    fact: Fact
    interface: str = ""
    hook: str = ""
    table: str = ""
    chain: str = ""
    rule: str = ""
    rule_number: int = 0
    packets: int = 0
    nbytes: int = 0
    before: Packet | None = None
    after: Packet | None = None


@quick
@dataclass(frozen=True)
class Hop:
    """A namespace the packet passed through, with the steps it met there in order."""

    where: Where
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, repr=False)
class Trace:
    """One direction of a journey. because: the fact that ended it, that of the last step; None without any."""

    packet: Packet
    disposition: Disposition
    hops: tuple[Hop, ...] = ()
    final: Packet | None = None  # as it was when it arrived or died
    because: Fact | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for hop in self.hops for step in hop.steps)

    def __str__(self) -> str:
        """A line: how it ended, the packet as it was sent, and the namespaces it passed."""
        way = " → ".join(str(hop.where) for hop in self.hops)
        return f"{self.disposition.value}: {self.packet}{', by ' if way else ''}{way}"

    __repr__ = __str__


class Listener(NamedTuple):
    """Who took a packet: the namespace of the socket, and the pid of its program (None: not known)."""

    where: Where
    pid: int | None


class Part(Enum):
    """What a TCP segment is for."""

    HANDSHAKE = "handshake"  # the acknowledgement that ends it, or a SYN or SYN-ACK sent again
    REQUEST = "request"  # what the client says
    ANSWER = "answer"  # what the program says
    RECEIPT = "receipt"  # an acknowledgement of either
    CLOSE = "close"  # FIN, and its acknowledgement


@dataclass(frozen=True, repr=False)
class Segment:
    """A TCP segment after SYN and SYN-ACK, each repetition on its own. at: seconds after the first SYN."""

    part: Part
    at: float
    trace: Trace

    def __str__(self) -> str:
        return f"{self.at:.2f} s {self.part.value}: {self.trace}"

    __repr__ = __str__


@quick
@dataclass(frozen=True, repr=False)
class Exchange:
    """A request and what came back.

    reply      None when nothing came back (dropped, no listener's ICMP included as a reply when it does come)
    after      the snapshot with what the packets left behind: counters, connections, neighbours, learned MACs
    answered   the one who asked got the answer he wanted: echo reply, or SYN-ACK from a listening socket
    listener   the socket's owner that took the request, None when nobody did
    proxied    the second exchange that docker-proxy opened, None without one; `answered` counts it in
    seconds    the time the asker waits before he knows (ARP failure about 3 s, a drop: never, so infinite)
    lost       the packet of an open TCP connection without which nothing went on, None when all arrived, or when only
               the handshake was tried; `answered` is False with one
    """

    request: Trace
    reply: Trace | None
    after: Snapshot
    answered: bool = False
    listener: Listener | None = None
    proxied: Exchange | None = None
    seconds: float = 0.0
    lost: Segment | None = None

    @property
    def broke_on(self) -> Segment | None:
        """The packet on which an open connection, or the one that docker-proxy opened behind it, failed."""
        return self.lost or (self.proxied.broke_on if self.proxied else None)

    def __str__(self) -> str:
        """Whether it was answered, then a line for each journey; `%dnet trace` tells them step by step."""
        lines = ["answered" if self.answered else "not answered", f"  request {self.request}"]
        lines += [f"  reply {self.reply}"] if self.reply else []
        lines += [f"  proxied {line}" for line in str(self.proxied).splitlines()] if self.proxied else []
        lines += [f"  later {self.lost.trace}"] if self.lost else []
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True)
class Crossing:
    """A packet at an interface: what a capture there shows, or what a trace says that it would.

    out  whether it leaves the namespace through the interface (else it comes in)
    """

    where: Where
    interface: str
    out: bool
    packet: Packet
