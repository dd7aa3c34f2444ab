"""Why something fails, as values: a reason, the evidence that a student can check, and what to do.

who, whom, where are names as a student says them ('web1', 'docker1', 'web1 (172.17.0.2:80)'). The words are in
`dnetlab.explain.sentences`. `Cause`, `Clue` (evidence) and `Remedy` are all there are of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Union

from dnetlab.explain.setting_reasons import (
    AnotherThanNone,
    BridgeIsDown,
    ConnectAnywhere,
    ConnectSomewhere,
    ForgetNeighbour,
    IccOff,
    InternalNoWay,
    InternalUnpublished,
    LeftBehind,
    LinkUp,
    NameFound,
    NeighbourLies,
    OnlyLoopback,
    OnNoNetwork,
    OwnerStopped,
    Paused,
    PublishedFor,
    PublishForAll,
    PublishOnOrdinary,
    Rejoin,
    StartBoth,
    Unpause,
    WithoutIcc,
)
from dnetlab.model import ContainerState, Part
from dnetlab.model.facts import Fact
from dnetlab.model.ip import IpAddress

# -- causes: nobody to ask ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stopped:
    """A stopped container has neither address nor name."""

    name: str
    state: ContainerState
    exit_code: int


@dataclass(frozen=True)
class HostsKnowNoNames:
    """Docker's DNS server answers inside containers only."""

    host: str


@dataclass(frozen=True)
class NobodyCalled:
    name: str
    host: str


@dataclass(frozen=True)
class OnAnotherHost:
    name: str
    other: str


@dataclass(frozen=True)
class NotHeardOf:
    """A container in the same overlay network, on another host: the two hosts of the swarm don't hear each other."""

    name: str
    other: str
    host: str
    network: str


@dataclass(frozen=True)
class NoAddressThere:
    """Both are on the network, yet the one asked has no address there now."""

    network: str
    name: str


@dataclass(frozen=True)
class DefaultBridgeOnly:
    """They meet on the default bridge only, where Docker has no DNS."""

    who: str
    name: str


@dataclass(frozen=True)
class NoSharedNetwork:
    who: str
    name: str


# -- causes: an address, and no answer ------------------------------------------------------------------------------


@dataclass(frozen=True)
class WorksNow:
    who: str
    whom: str


@dataclass(frozen=True)
class BehindProxy:
    """docker-proxy is reached, or a socat that forwards (`proxy`); why it can't reach whom it dials."""

    who: str
    behind: Cause
    proxy: str = "docker-proxy"


@dataclass(frozen=True)
class OpensAndSticks:
    """The connection opens, but one of its later packets dies; why."""

    who: str
    whom: str
    part: Part
    behind: Cause


@dataclass(frozen=True)
class AnswersNothing:
    whom: str
    who: str


@dataclass(frozen=True)
class NoRouteThere:
    where: str
    destination: IpAddress


@dataclass(frozen=True)
class ForwardsForNobody:
    """The switch, net.ipv4.ip_forward for IPv4, is 0 there."""

    where: str
    switch: str = "net.ipv4.ip_forward"


@dataclass(frozen=True)
class LinkDownOn:
    where: str
    fact: Fact | None


@dataclass(frozen=True)
class EndedOn:
    where: str
    fact: Fact | None


@dataclass(frozen=True)
class IgnoredBy:
    """Dropped without any rule: a martian, an echo that is ignored."""

    where: str
    fact: Fact | None


@dataclass(frozen=True)
class NetworksApart:
    """Docker keeps its networks apart. networks: whose packet, for which."""

    who: str
    whom: str
    networks: tuple[str, str]


@dataclass(frozen=True)
class RuleOn:
    """A rule of somebody's stops the packet. rejects: it tells the sender."""

    where: str
    rejects: bool
    table: str
    chain: str


@dataclass(frozen=True)
class PolicyOn:
    where: str
    chain: str


@dataclass(frozen=True)
class NothingListens:
    whom: str
    port: int
    where: str


@dataclass(frozen=True)
class AddressUnused:
    """Nobody has the address now: ARP got no answer."""

    destination: IpAddress
    where: str


@dataclass(frozen=True)
class GatewayMissing:
    """The way leads over a gateway whose address nobody has."""

    gateway: IpAddress
    where: str
    whom: str


@dataclass(frozen=True)
class OnAnotherSegment:
    """Somebody has the address, but not where it was asked for."""

    name: str
    destination: IpAddress
    where: str


@dataclass(frozen=True)
class Member:
    """Where one side is plugged in: a link of a host, and the VLAN of its frames (None: untagged).

    access: the VLAN is that of the switch's port, else of the link's own tag.
    """

    host: str
    link: str
    vlan: int | None
    access: bool = False


@dataclass(frozen=True)
class DifferentVlans:
    """Both are on one cable, in different VLANs."""

    who: str
    mine: Member
    whom: str
    theirs: Member


@dataclass(frozen=True)
class MacvlanModes:
    """Two macvlans of one parent, of modes that don't let them hear each other."""

    who: str
    whom: str
    parent: str
    mine: str
    theirs: str


@dataclass(frozen=True)
class ForgedMacs:
    """A switch that lets a NIC send from its own MAC only. speaker: whose frames it drops, from `mac`."""

    speaker: str
    mac: str
    host: str
    nic: str
    switch: str


@dataclass(frozen=True)
class PortKeepsBack:
    """A setting of a bridge's port keeps the question back. state: of the port, when it is that."""

    host: str
    bridge: str
    port: str
    setting: str
    state: str


@dataclass(frozen=True)
class TunnelBroken:
    """The packet around the frame did not arrive. behind: why not, as the cause of a packet of its own."""

    where: str
    dev: str
    vni: int
    remote: IpAddress
    behind: Cause


@dataclass(frozen=True)
class AnswerLost:
    """The question arrives, the answer doesn't find its way back."""

    whom: str
    who: str


Cause = Union[  # noqa: UP007 (a name for people and for typing.get_args)
    Stopped, HostsKnowNoNames, NobodyCalled, OnAnotherHost, NotHeardOf, NoAddressThere, DefaultBridgeOnly,
    NoSharedNetwork, WorksNow, BehindProxy, OpensAndSticks,
    AnswersNothing, NoRouteThere, ForwardsForNobody, LinkDownOn, EndedOn, IgnoredBy,
    NetworksApart, RuleOn, PolicyOn, NothingListens, AddressUnused, GatewayMissing, OnAnotherSegment,
    AnswerLost, NameFound, Paused,
    PublishedFor, InternalUnpublished, InternalNoWay, OwnerStopped, LeftBehind, OnNoNetwork, BridgeIsDown,
    NeighbourLies, IccOff, OnlyLoopback,
    DifferentVlans, MacvlanModes, ForgedMacs, PortKeepsBack, TunnelBroken,
]  # fmt: skip


# -- evidence -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OtherNameServer:
    """/etc/resolv.conf of the host names another server than Docker's."""

    host: str


@dataclass(frozen=True)
class KnownNames:
    """The containers of the host that was asked; () for none."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class AtAddress:
    """Where a container is on the default bridge; address None without one."""

    name: str
    address: IpAddress | None


@dataclass(frozen=True)
class OnNetworks:
    """The networks a container is on, sorted; () for none."""

    who: str
    networks: tuple[str, ...]


@dataclass(frozen=True)
class SeenAs:
    """The source address that the other end sees."""

    source: IpAddress


@dataclass(frozen=True)
class Sysctl:
    name: str


@dataclass(frozen=True)
class RuleText:
    """A rule, or a policy, as one finds it with iptables -S. number 0: the policy."""

    table: str
    chain: str
    number: int
    rule: str
    version: int = 4


@dataclass(frozen=True)
class PublishedUnserved:
    """docker ps shows the port, but neither DNAT nor docker-proxy serves it."""

    port: int
    name: str


@dataclass(frozen=True)
class NotPublished:
    """No running container publishes the port. stopped: those that might have."""

    port: int
    stopped: tuple[str, ...]


@dataclass(frozen=True)
class StoppedOnes:
    """Stopped containers, which have no address."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class MacvlanParent:
    """A host and its own macvlan containers never hear each other."""


@dataclass(frozen=True)
class QuestionArrived:
    source: IpAddress


@dataclass(frozen=True)
class AnswerEnded:
    where: str
    fact: Fact | None


@dataclass(frozen=True)
class AnswerRule:
    """The rule or policy that the answer met last."""

    table: str
    chain: str
    rule: str
    version: int = 4


@dataclass(frozen=True)
class Happened:
    """What the packet met, as its trace has it."""

    fact: Fact | None


@dataclass(frozen=True)
class ListedOnly:
    """A rule on the way of which the lab only has the text, and what of it it doesn't do."""

    table: str
    chain: str
    rule: str
    fact: Fact | None
    version: int = 4


Clue = Union[  # noqa: UP007
    OtherNameServer, KnownNames, AtAddress, OnNetworks, SeenAs, Sysctl, RuleText, PublishedUnserved, NotPublished,
    StoppedOnes, MacvlanParent, Member, QuestionArrived, AnswerEnded, AnswerRule, Happened,
    ListedOnly,
]  # fmt: skip


# -- remedies -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Start:
    name: str


@dataclass(frozen=True)
class UseItsAddress:
    name: str


@dataclass(frozen=True)
class UseHostOf:
    """Its address, or a port that it publishes on its host."""

    host: str


@dataclass(frozen=True)
class LetGossipThrough:
    """Port 7946 between two hosts of a swarm."""

    host: str
    other: str


@dataclass(frozen=True)
class InspectNetwork:
    pass


@dataclass(frozen=True)
class OwnNetwork:
    """A network of one's own for both, or --link."""


@dataclass(frozen=True)
class Connect:
    network: str
    who: str


@dataclass(frozen=True)
class BothOnOne:
    pass


@dataclass(frozen=True)
class SwitchForwardingOn:
    switch: str = "net.ipv4.ip_forward"


@dataclass(frozen=True)
class ServeAgain:
    """The container again for docker-proxy, the daemon for the rules."""


@dataclass(frozen=True)
class Publish:
    port: int


@dataclass(frozen=True)
class LookForIt:
    """Is the container running, and is this its address?"""


@dataclass(frozen=True)
class BuildRouter:
    """A host with a link on both networks, with that address on one of them, that forwards."""

    gateway: IpAddress


@dataclass(frozen=True)
class MasqueradeMissing:
    """The question should have left with the host's own address."""


@dataclass(frozen=True)
class Shim:
    """A macvlan of the host's own beside its containers, and a route to one of them through it."""

    parent: str
    address: IpAddress


@dataclass(frozen=True)
class SameVlan:
    """One VLAN for both, or a router with a link in each."""

    mine: Member
    theirs: Member


@dataclass(frozen=True)
class SetPort:
    """Give a port's setting back the value it was made with."""

    port: str
    setting: str
    value: str


@dataclass(frozen=True)
class BridgeMode:
    """mode: that of the one who asks."""

    mode: str


@dataclass(frozen=True)
class AllowForged:
    """The switch's policy, or ipvlan, whose children speak with the NIC's MAC."""


@dataclass(frozen=True)
class AgainstFact:
    """What helps against the fact that ended the journey."""

    fact: Fact | None


Remedy = Union[  # noqa: UP007
    Start, UseItsAddress, UseHostOf, InspectNetwork, LetGossipThrough, OwnNetwork, Connect, BothOnOne,
    SwitchForwardingOn,
    ServeAgain, Publish, LookForIt, BuildRouter,
    MasqueradeMissing, AgainstFact, Shim, SameVlan, SetPort, BridgeMode, AllowForged, Unpause,
    PublishForAll, PublishOnOrdinary, ConnectSomewhere, AnotherThanNone, StartBoth, Rejoin, ConnectAnywhere,
    LinkUp, ForgetNeighbour, WithoutIcc,
]  # fmt: skip
