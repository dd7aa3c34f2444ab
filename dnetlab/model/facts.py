"""What happens to a packet, each thing a value: what was looked up, which rule decided, why the journey ended.

A fact carries what it is about and no sentence; `dnetlab.explain.sentences` has the words. `Fact` is all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Union

from dnetlab.model.changed import quick
from dnetlab.model.ip import IpAddress
from dnetlab.model.network import LinkKind
from dnetlab.model.packet import IcmpType, Packet, Protocol
from dnetlab.model.route import PolicyRule, Route

# -- on the way: routes, neighbours, frames -------------------------------------------------------------------------


@quick
@dataclass(frozen=True)
class OwnAddress:
    """The destination is this machine's own, so the packet goes through lo."""

    destination: IpAddress


@dataclass(frozen=True)
class BroadcastAddress:
    """The destination is the broadcast address of a network on `dev`."""

    destination: IpAddress
    dev: str


@quick
@dataclass(frozen=True)
class RouteMatches:
    """A row of a table leads there. rule: the row of `ip rule` that sent us to it, None when nobody made rules."""

    destination: IpAddress
    route: Route
    rule: PolicyRule | None = None


@dataclass(frozen=True)
class BroughtBack:
    """lo hands the packet straight back."""


@quick
@dataclass(frozen=True)
class Resolved:
    """The next hop's MAC. asked: by ARP just now; else it stood in the neighbour table."""

    hop: IpAddress
    mac: str
    asked: bool


@dataclass(frozen=True)
class StillBelieved:
    """The neighbour table names a MAC whose owner has gone."""

    hop: IpAddress
    mac: str | None


@dataclass(frozen=True)
class NobodyAnswers:
    """ARP was asked on `dev`, in vain."""

    hop: IpAddress
    dev: str


@quick
@dataclass(frozen=True)
class Leaves:
    dev: str
    mac: str


@dataclass(frozen=True)
class LeftToParent:
    """An ipvlan in a mode of layer 3 leaves the packet to the stack of its parent, which routes it."""

    dev: str
    parent: str


@quick
@dataclass(frozen=True)
class ComesIn:
    dev: str


@quick
@dataclass(frozen=True)
class CrossesSwitch:
    """From cable to cable, over a switch of the lab. tag: the VLAN in its 802.1Q header, None without one."""

    switch: str
    tag: int | None = None


@dataclass(frozen=True)
class Wrapped:
    """A VXLAN puts the frame into a UDP packet to another host."""

    dev: str
    vni: int
    outer: Packet


@dataclass(frozen=True)
class Unwrapped:
    """A VXLAN takes the frame out of the packet that it came in."""

    dev: str
    vni: int
    sender: IpAddress


@quick
@dataclass(frozen=True)
class PassedOn:
    """A bridge passes the frame from port to port. entry '': the bridge's own end. learned: it knew where `mac` is."""

    bridge: str
    entry: str
    exit: str
    mac: str
    learned: bool


@dataclass(frozen=True)
class AtTwoPorts:
    """A bridge has learned a MAC at another port than the one wanted: two wear it, and the frame goes to the other."""

    bridge: str
    mac: str
    port: str
    wanted: str


@dataclass(frozen=True)
class NoHairpin:
    """A packet would leave a bridge by the port it came in by, and the port's hairpin mode is off."""

    bridge: str
    port: str


@dataclass(frozen=True)
class TooBig:
    """A packet that must not be cut is longer than the MTU of the link it would leave by, or of the route there."""

    dev: str
    mtu: int
    size: int
    by_route: bool = False


@dataclass(frozen=True)
class DoesNotFit:
    """A frame is longer than the MTU of a link that takes it or hands it on: it is thrown away without a word."""

    dev: str
    mtu: int
    size: int


@dataclass(frozen=True)
class CutUp:
    """A packet leaves in pieces, none longer than the MTU of the link, or of the route."""

    dev: str
    mtu: int
    pieces: int
    by_route: bool = False


@quick
@dataclass(frozen=True)
class HandedUp:
    """A bridge takes the frame itself: the MAC is its own."""

    bridge: str


@dataclass(frozen=True)
class ProxyDials:
    """docker-proxy took the packet and opens a second connection."""

    program: str
    pid: int | None
    address: IpAddress
    port: int


# -- rules ----------------------------------------------------------------------------------------------------------


@quick
@dataclass(frozen=True)
class Decides:
    """A rule with a verdict matched."""

    verdict: str


@quick
@dataclass(frozen=True)
class Returns:
    """A rule sent the packet back to the chain that called this one."""

    chain: str


@quick
@dataclass(frozen=True)
class Counts:
    """A rule counted the packet, which goes on. target: 'LOG', 'MARK' …, '' for a rule without one."""

    target: str


@quick
@dataclass(frozen=True)
class Jumps:
    chain: str


@dataclass(frozen=True)
class NotJudged:
    """A condition that the lab can't judge, so the rule counts as not matching."""

    condition: str


@dataclass(frozen=True)
class UnknownTarget:
    name: str


@dataclass(frozen=True)
class Untracked:
    """A rule of the table raw (NOTRACK) took the packet out of conntrack's hands."""


@quick
@dataclass(frozen=True)
class PolicyDecides:
    """The end of a built-in chain was reached."""

    chain: str
    policy: str


class Author(Enum):
    """Who rewrites a packet when no rule of this moment does: conntrack, from memory."""

    UNDOES = "undoes it"
    AS_BEFORE = "as before"


@quick
@dataclass(frozen=True)
class Rewritten:
    """by: the target of the rule ('DNAT', 'MASQUERADE' …), or conntrack."""

    by: str | Author
    before: Packet
    after: Packet


@dataclass(frozen=True)
class ErrorUndone:
    """conntrack undoes a translation in an ICMP error too. inner: the packet that it is about, as the asker sent it."""

    inner: Packet


# -- ends: it arrived -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """The asker gets an ICMP error about its packet."""

    by: IpAddress
    icmp: IcmpType | None


@dataclass(frozen=True)
class AnswerArrived:
    """The answer reached the one who asked."""


@dataclass(frozen=True)
class Noted:
    """An ICMP message that nobody waits for: the stack takes note of it."""


@dataclass(frozen=True)
class EchoAnswered:
    destination: IpAddress


@quick
@dataclass(frozen=True)
class SocketTakes:
    """A program's socket, bound to address:port, takes a packet for destination:dport."""

    program: str
    pid: int | None
    address: IpAddress
    port: int
    destination: IpAddress
    dport: int


# -- ends: it did not -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NobodyWaits:
    """An answer came to somebody who never asked: it took another way than the question."""

    packet: Packet


@dataclass(frozen=True)
class EchoIgnored:
    """net.ipv4.icmp_echo_ignore_all is 1, or net.ipv6.icmp.echo_ignore_all. version: of the packet."""

    version: int = 4

    @property
    def switch(self) -> str:
        return "net.ipv4.icmp_echo_ignore_all" if self.version == 4 else "net.ipv6.icmp.echo_ignore_all"


@dataclass(frozen=True)
class NotListening:
    """No socket for the port. others: (address, port) of those that are open for the protocol, sorted as text."""

    protocol: Protocol
    port: int
    destination: IpAddress
    others: tuple[tuple[IpAddress, int], ...] = ()


@dataclass(frozen=True)
class LinkDown:
    dev: str


@dataclass(frozen=True)
class NoCarrier:
    """The link is up, but nothing answers at its other end."""

    dev: str
    kind: LinkKind


@dataclass(frozen=True)
class BeenHere:
    """The same packet through the same link, a second time."""

    dev: str


@dataclass(frozen=True)
class NeverEnds:
    """More machines than any TTL allows."""


@dataclass(frozen=True)
class BridgeLoop:
    """The frame came back to a bridge through another of its ports."""

    bridge: str


@dataclass(frozen=True)
class ForEverybody:
    """A broadcast or multicast destination: the lab's machines ignore it."""

    destination: IpAddress


@dataclass(frozen=True)
class MartianLoopback:
    """127.0.0.0/8 and ::1 can't come from a wire. version: of the packet."""

    dev: str
    version: int = 4


@dataclass(frozen=True)
class MartianSource:
    """The source is an address of the machine that receives the packet."""

    source: IpAddress


@dataclass(frozen=True)
class NotForwarding:
    """The packet is for somebody else, and the switch of its family, net.ipv4.ip_forward, is `value`."""

    destination: IpAddress
    value: str

    @property
    def switch(self) -> str:
        return "net.ipv4.ip_forward" if self.destination.version == 4 else "net.ipv6.conf.all.forwarding"


@dataclass(frozen=True)
class StaysOnLink:
    """A packet from or to a link-local address is passed on to no other link (ip6_forward)."""

    address: IpAddress
    dev: str


@dataclass(frozen=True)
class TtlUsedUp:
    ttl: int


@dataclass(frozen=True)
class NoRoute:
    """route: the row that refuses ('unreachable' …), None when there is none. default: there is a default route.
    rule: the row of `ip rule` that refuses, or that sent us to such a route."""

    destination: IpAddress
    route: Route | None
    default: bool
    rule: PolicyRule | None = None


@dataclass(frozen=True)
class Vanished:
    """The frame went to a MAC that somebody had until a moment ago."""

    hop: IpAddress
    mac: str | None
    dev: str


@dataclass(frozen=True)
class NobodyHas:
    """Nobody behind `dev` has the next hop's address."""

    hop: IpAddress
    dev: str


@dataclass(frozen=True)
class TunnelSwallows:
    """The question for the next hop went into a tunnel and got no answer: the packet around it ended.

    dev, vni, remote: the VXLAN and the address it sends to. host: where the outer packet ended, because: why.
    """

    hop: IpAddress
    dev: str
    vni: int
    remote: IpAddress
    host: str
    because: Fact | None


@dataclass(frozen=True)
class NoSuchTunnel:
    """A packet of a VXLAN came to a host that has no such tunnel. others: the numbers of those it has, sorted."""

    vni: int
    port: int
    others: tuple[int, ...] = ()


@dataclass(frozen=True)
class NothingToWrite:
    """MASQUERADE, SNAT or REDIRECT without an address on `dev` to write."""

    dev: str
    target: str


@dataclass(frozen=True)
class PolicyDrops:
    """table: of iptables one word, of nft family and name."""

    table: str
    chain: str
    version: int = 4


class Keeper(Enum):
    """Who wrote the rule that stopped a packet, as far as its chain tells."""

    SOMEBODY = "somebody"
    NETWORKS_APART = "Docker, between its networks"
    CONTAINERS_APART = "Docker, between the containers of a network"  # enable_icc=false
    INTERNAL = "Docker, around an internal network"
    DIRECT_ACCESS = "Docker, around a container's address"  # raw PREROUTING since 28, iptabler/endpoint.go


@dataclass(frozen=True)
class RuleStops:
    """A rule dropped or rejected it. rule: its `iptables -S` text; number: 1-based. bridge: that of the network.

    Of nft: table is family and name, rule the text of `nft -s list`, handle what `nft delete rule` names it by.
    """

    verdict: str
    table: str
    chain: str
    number: int
    rule: str
    keeper: Keeper = Keeper.SOMEBODY
    bridge: str = ""
    version: int = 4
    handle: int = 0


Fact = Union[  # noqa: UP007 (a name for people and for typing.get_args)
    OwnAddress, BroadcastAddress, RouteMatches, BroughtBack, Resolved, StillBelieved, NobodyAnswers, Leaves, ComesIn,
    AtTwoPorts, NoHairpin, TooBig, DoesNotFit, CutUp, CrossesSwitch, Wrapped, Unwrapped, PassedOn, HandedUp,
    ProxyDials, Decides, Returns, Counts, Jumps, NotJudged, UnknownTarget, Untracked, PolicyDecides, Rewritten,
    ErrorUndone,
    Told, AnswerArrived, Noted, EchoAnswered, SocketTakes, NobodyWaits, EchoIgnored, NotListening, LinkDown,
    NoCarrier, BeenHere, NeverEnds, BridgeLoop, ForEverybody, MartianLoopback, MartianSource, NotForwarding,
    StaysOnLink,
    TtlUsedUp, NoRoute, Vanished, NobodyHas, TunnelSwallows, NoSuchTunnel, NothingToWrite, PolicyDrops, RuleStops,
    LeftToParent,
]  # fmt: skip
