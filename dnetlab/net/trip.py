"""A packet under way, one direction: what it looks like now, what it met, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from dnetlab.model import (
    Disposition,
    Hop,
    IcmpType,
    Listener,
    Namespace,
    Packet,
    Protocol,
    Step,
    StepKind,
    Trace,
    Where,
)
from dnetlab.model.changed import quick, replace
from dnetlab.model.facts import Fact
from dnetlab.model.network import ARP_SECONDS
from dnetlab.net.memory import Field
from dnetlab.net.nat import Track
from dnetlab.net.routing import is_local, source_for
from dnetlab.net.segment import Link

ERRORS = frozenset(t for t in IcmpType if t.value[0] in (3, 11))
MARKED = -1  # by TRACE or `meta nftrace set 1`, and not told of yet


@quick
@dataclass(frozen=True)
class SentBack:
    """What goes back to the asker: sent from this namespace, about `inner` when it is an ICMP error."""

    at: Where
    packet: Packet
    inner: Packet | None = None
    track: Track | None = None


@quick
@dataclass(frozen=True)
class Asker:
    """Who waits for the answer: where the request came from, and the request as it was sent."""

    at: Where
    request: Packet


@dataclass
class Trip:
    """at: the namespace the packet is in now; track, mac: of the packet there. asker None: this is a request.

    bound: the program that sends it said from which address (an answer has it from the question anyway).
    oif: the link that this program has bound itself to, '' without one.
    asks: the seconds until a question for a neighbour that nobody answers is given up.
    waits: the seconds until the sender's own stack gives up, None when something else decides that.
    tunnel: the VXLAN that takes the frame out of this packet, when it carries one and has arrived.
    untracked: a rule of the table raw has taken it out of conntrack's hands in this namespace.
    traced: its number for `nft monitor trace`, 0 while no rule of this namespace has marked it; MARKED without one yet.
    """

    lab: Field
    at: Where
    first: Packet
    packet: Packet
    inner: Packet | None = None
    asker: Asker | None = None
    track: Track | None = None
    mac: str = ""
    log: list[tuple[Where, Step]] = field(default_factory=list)
    disposition: Disposition | None = None
    because: Fact | None = None
    answer: SentBack | None = None
    listener: Listener | None = None
    seen: dict[tuple[Where, str], list[Packet]] = field(default_factory=dict)
    waits: float | None = None
    asks: float = ARP_SECONDS
    tunnel: Link | None = None
    untracked: bool = False
    traced: int = 0
    bound: bool = False
    oif: str = ""

    @property
    def space(self) -> Namespace:
        """The namespace it is in now, as the snapshot has it."""
        return self.lab.space(self.at)

    @property
    def arrived(self) -> bool:
        """Has it ended where it was meant to?"""
        return self.disposition is Disposition.DELIVERED

    def unknown(self) -> None:
        """It has come to where conntrack doesn't know it yet."""
        self.track, self.untracked = None, False

    def step(self, step: Step) -> None:
        self.log.append((self.at, step))

    def note(self, kind: StepKind, fact: Fact, interface: str = "") -> None:
        self.step(Step(kind, fact, interface))

    def rewrite(self, after: Packet, step: Step) -> None:
        """The packet is another one from here on; the step carries both."""
        self.step(step._replace(kind=StepKind.REWRITTEN, before=self.packet, after=after))
        self.packet = after

    def end(self, how: Disposition, because: Fact, dev: str = "") -> None:
        """The journey is over. Only the first end counts."""
        if self.disposition is not None:
            return
        kind = StepKind.ACCEPTED if how.arrived else StepKind.REFUSED
        self.note(kind, because, dev)
        self.disposition, self.because = how, because

    def complain(self, icmp: IcmpType, mtu: int = 0) -> None:
        """Send an ICMP error to whoever sent the packet; never about an error, and not about an answer."""
        if self.asker is not None or self.packet.icmp in ERRORS:
            return
        space, packet = self.space, self.packet
        source = packet.destination if is_local(space, packet.destination) else source_for(space, packet.source)
        if source is None or source.is_loopback and not packet.source.is_loopback:
            return
        error = Packet(
            source,
            packet.source,
            Protocol.ICMP,
            icmp=icmp,
            ttl=default_ttl(space),
            size=min(576, packet.size + 28) if packet.version == 4 else min(1280, packet.size + 48),
            mtu=mtu,
        )
        self.answer = SentBack(self.at, error, packet, _about(self.track))

    def reset(self) -> None:
        """Send a TCP RST to whoever sent the packet."""
        if self.asker is None and self.packet.protocol is Protocol.TCP:
            track = self.track and replace(self.track, reply=not self.track.reply)
            self.answer = SentBack(self.at, turned(self.packet, "RA", self.packet.head + 20, 64), None, track)

    def trace(self) -> Trace:
        """The finished journey as a value."""
        hops = tuple(
            Hop(where, tuple(step for _, step in steps))
            for where, steps in groupby(self.log, key=itemgetter(0))
        )
        return Trace(self.first, self.disposition or Disposition.LOOP, hops, self.packet, self.because)


def _about(track: Track | None) -> Track | None:
    """An error goes the other way than the packet it is about, and is RELATED to its connection."""
    return track and replace(track, related=True, reply=not track.reply)


def turned(packet: Packet, flags: str, size: int, ttl: int) -> Packet:
    """The answer to a TCP or UDP packet: addresses and ports exchanged, its bytes receipted."""
    answer = Packet(
        packet.destination, packet.source, packet.protocol, packet.dport, packet.sport, ttl, flags, None, size
    )
    if packet.protocol is not Protocol.TCP:
        return answer
    seq = answer.first_number if "S" in flags else packet.ack
    return replace(answer, seq=seq, ack=packet.seq + ("S" in packet.flags), mss=packet.mss)


def default_ttl(space: Namespace) -> int:
    return int(space.sysctl("net.ipv4.ip_default_ttl", "64"))
