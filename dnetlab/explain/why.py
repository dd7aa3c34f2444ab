"""Why did it fail? The shortest true explanation, with the evidence a student can check himself.

First the name (is there anyone to ask?), then the question's way, then the answer's way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from dnetlab.explain import settings
from dnetlab.explain.apart import cause_of, law_between
from dnetlab.explain.drops import died, drop_reason
from dnetlab.explain.reasons import (
    AddressUnused,
    AgainstFact,
    AllowForged,
    AnswerEnded,
    AnswerLost,
    AnswerRule,
    AnswersNothing,
    AtAddress,
    BehindProxy,
    BothOnOne,
    BridgeMode,
    BuildRouter,
    Cause,
    Clue,
    Connect,
    DefaultBridgeOnly,
    DifferentVlans,
    EndedOn,
    ForgedMacs,
    ForwardsForNobody,
    GatewayMissing,
    Happened,
    HostsKnowNoNames,
    IgnoredBy,
    InspectNetwork,
    KnownNames,
    LetGossipThrough,
    LinkDownOn,
    ListedOnly,
    LookForIt,
    MacvlanModes,
    MacvlanParent,
    MasqueradeMissing,
    NetworksApart,
    NoAddressThere,
    NobodyCalled,
    NoRouteThere,
    NoSharedNetwork,
    NotHeardOf,
    NothingListens,
    NotPublished,
    OnAnotherHost,
    OnAnotherSegment,
    OnNetworks,
    OpensAndSticks,
    OtherNameServer,
    OwnNetwork,
    PolicyOn,
    PortKeepsBack,
    Publish,
    PublishedUnserved,
    QuestionArrived,
    Remedy,
    RuleOn,
    RuleText,
    SameVlan,
    SeenAs,
    ServeAgain,
    SetPort,
    Shim,
    Start,
    Stopped,
    StoppedOnes,
    SwitchForwardingOn,
    Sysctl,
    TunnelBroken,
    UseHostOf,
    UseItsAddress,
    WorksNow,
)
from dnetlab.explain.rulewords import is_nft
from dnetlab.explain.sentences import phrase, words
from dnetlab.explain.setting_reasons import NeighbourLies
from dnetlab.explain.settings import Finding
from dnetlab.model import (
    Container,
    Disposition,
    Exchange,
    IcmpType,
    LinkKind,
    Packet,
    Protocol,
    Snapshot,
    Trace,
    Where,
)
from dnetlab.model.facts import (
    Keeper,
    NobodyHas,
    NotForwarding,
    NotJudged,
    PolicyDrops,
    ProxyDials,
    RuleStops,
    TunnelSwallows,
    UnknownTarget,
    Untracked,
    Vanished,
)
from dnetlab.model.host import PREDEFINED
from dnetlab.model.ip import IpAddress, bracketed
from dnetlab.net.conversation import converse
from dnetlab.net.routing import is_local, local_interface, source_address
from dnetlab.net.segment import Law

LATER = 60.0  # asked a minute later: what a stack still believes of its neighbours shall not hide the reason


@dataclass(frozen=True)
class Reason:
    """An explanation.

    works     True: it does work now, and the cause says so
    cause     why, as a value (`dnetlab.explain.reasons`)
    seen      what to look at: a rule, a route, a state, as values; () when the cause is all
    fix       what to do, as a value, None when there is nothing
    exchange  the packet that was sent to find out, None when there was no address to send it to
    kernel    Linux's own name for the packet's end ('NETFILTER_DROP'), '' without one

    sentence, evidence and remedy are the same in words; str() is all of it for a terminal.
    """

    works: bool
    cause: Cause
    seen: tuple[Clue, ...] = ()
    fix: Remedy | None = None
    exchange: Exchange | None = field(default=None, repr=False)

    @property
    def sentence(self) -> str:
        return words(self.cause)

    @property
    def evidence(self) -> tuple[str, ...]:
        return tuple(words(found) for found in self.seen)

    @property
    def remedy(self) -> str:
        return words(self.fix)

    @property
    def kernel(self) -> str:
        if self.works or self.exchange is None or isinstance(self.cause, NeighbourLies):
            return ""  # what goes to a wrong MAC is sent, not dropped
        lost = died(self.exchange)
        return drop_reason(lost) if lost is not None else ""

    def __str__(self) -> str:
        colon = phrase("colon")
        lines = [self.sentence, *(f"  {phrase('because')}{colon}{line}" for line in self.evidence)]
        if self.kernel:
            lines.append(f"  {phrase('kernel')}{colon}{self.kernel}")
        if self.remedy:
            lines.append(f"  {phrase('try')}{colon}{self.remedy}")
        return "\n".join(lines)

    __repr__ = __str__


def why(
    snapshot: Snapshot,
    where: Where,
    destination: IpAddress | None,
    port: int | None = None,
    name: str | None = None,
    protocol: Protocol = Protocol.TCP,
) -> Reason:
    """Why can't a place reach an address (port None: ping it), or a name that has no address there (destination None)?

    name is what the student typed, for the words; ValueError when there is neither a name nor a destination.
    """
    if destination is None:
        if name is None:
            raise ValueError("why() needs a destination or a name")
        return _no_address(snapshot, where, name)
    if frozen := settings.paused(snapshot, where):
        return _found(frozen)
    packet = _probe(snapshot, where, destination, port, protocol)
    exchange = converse(snapshot, where, packet, snapshot.clock + LATER)
    who, whom = label(snapshot, where), _whom(snapshot, destination, port, name)
    frozen = settings.paused(snapshot, last(exchange).request.hops[-1].where) if exchange.answered else None
    if frozen and port is not None:
        return replace(_found(frozen), exchange=exchange)
    if exchange.answered:
        final = last(exchange).request.final or packet
        reason = Reason(True, WorksNow(who, whom), (SeenAs(final.source),), None, exchange)
    else:
        reason = _explain(snapshot, exchange, who, whom, destination)
    return replace(reason, seen=(*reason.seen, *_listed_only(exchange)))


def _listed_only(exchange: Exchange) -> Iterator[Clue]:
    """The rules on the way that the lab doesn't judge or obey as a kernel does, and those that keep conntrack away."""
    traces = [exchange.request, *([exchange.reply] if exchange.reply is not None else [])]
    yield from dict.fromkeys(
        ListedOnly(step.table, step.chain, step.rule, step.fact, trace.packet.version)
        for trace in traces for step in trace.steps if isinstance(step.fact, NotJudged | UnknownTarget | Untracked)
    )  # fmt: skip


def _found(finding: Finding) -> Reason:
    cause, seen, fix = finding
    return Reason(False, cause, seen, fix)


def _probe(snapshot: Snapshot, where: Where, to: IpAddress, port: int | None, protocol: Protocol) -> Packet:
    start = source_address(snapshot.at(where), to)
    if port is None:
        return Packet(start, to, Protocol.ICMP, 1, icmp=IcmpType.ECHO_REQUEST)
    flags = "S" if protocol is Protocol.TCP else ""
    return Packet(start, to, protocol, 40000, port, flags=flags, size=60 if to.version == 4 else 80)


# -- words for places


def members(snapshot: Snapshot, where: Where) -> list[Container]:
    """The containers in a namespace, the oldest first."""
    return [c for c in reversed(snapshot.hosts[where.host].containers) if c.namespace == where.namespace]


def label(snapshot: Snapshot, where: Where) -> str:
    """'docker1', or the name of the container whose namespace it is."""
    if where.is_host:
        return where.host
    found = members(snapshot, where)
    return found[0].name if found else where.namespace


def _whom(snapshot: Snapshot, ip: IpAddress, port: int | None, name: str | None) -> str:
    place = next(_owners(snapshot, ip), None)
    known = name or (label(snapshot, place) if place else "")
    address = str(ip) if port is None else f"{bracketed(ip)}:{port}"
    return f"{known} ({address})" if known and known != str(ip) else address


def _owners(snapshot: Snapshot, ip: IpAddress) -> Iterator[Where]:
    for host in snapshot.hosts.values():
        for space in host.namespaces.values():
            if not ip.is_loopback and is_local(space, ip):
                yield Where(host.name, space.name)


def last(exchange: Exchange) -> Exchange:
    """The innermost exchange: what docker-proxy opened, else the exchange itself."""
    while exchange.proxied is not None:
        exchange = exchange.proxied
    return exchange


# -- no address for a name


def _no_address(snapshot: Snapshot, where: Where, name: str) -> Reason:
    machine = snapshot.hosts[where.host]
    target = machine.container(name)
    if target is None:
        return _nobody_of_that_name(snapshot, where, name)
    if not target.is_running:
        return Reason(False, Stopped(name, target.state, target.exit_code), (), Start(name))
    if where.is_host:
        return Reason(False, HostsKnowNoNames(where.host), (OtherNameServer(where.host),), UseItsAddress(name))
    return _not_on_one_network(label(snapshot, where), members(snapshot, where), target)


def _nobody_of_that_name(snapshot: Snapshot, where: Where, name: str) -> Reason:
    machine = snapshot.hosts[where.host]
    elsewhere = snapshot.find_container(name)
    if elsewhere is None:
        known = tuple(c.name for c in machine.containers)
        return Reason(False, NobodyCalled(name, machine.name), (KnownNames(known),))
    other = elsewhere[0].name
    mine = {e.network_id for c in members(snapshot, where) for e in c.endpoints if e.endpoint_id}
    shared = next((e.network for e in elsewhere[1].endpoints if e.endpoint_id and e.network_id in mine), None)
    if shared is not None:  # an id that both hosts know is that of a swarm's network
        return Reason(False, NotHeardOf(name, other, machine.name, shared), (), LetGossipThrough(machine.name, other))
    return Reason(False, OnAnotherHost(name, other), (), UseHostOf(other))


def _not_on_one_network(who: str, asking: list[Container], target: Container) -> Reason:
    mine = {e.network for c in asking for e in c.endpoints}
    theirs = {e.network for e in target.endpoints}
    shared = mine & theirs
    if own := sorted(shared - set(PREDEFINED)):
        return Reason(False, NoAddressThere(own[0], target.name), (), InspectNetwork())
    if shared == {"bridge"}:
        at = AtAddress(target.name, next((e.address for e in target.endpoints if e.address), None))
        return Reason(False, DefaultBridgeOnly(who, target.name), (at,), OwnNetwork())
    seen = (OnNetworks(who, tuple(sorted(mine))), OnNetworks(target.name, tuple(sorted(theirs))))
    own = sorted(theirs - set(PREDEFINED))
    return Reason(False, NoSharedNetwork(who, target.name), seen, Connect(own[0], who) if own else BothOnOne())


# -- an address, and no answer


def _explain(snapshot: Snapshot, exchange: Exchange, who: str, whom: str, destination: IpAddress) -> Reason:
    request, reply = exchange.request, exchange.reply
    if exchange.lost is not None:
        reason = _question_died(snapshot, exchange.lost.trace, who, whom, destination)
        stuck = OpensAndSticks(who, whom, exchange.lost.part, reason.cause)
        return replace(reason, cause=stuck, exchange=exchange)
    if exchange.proxied is not None and not exchange.proxied.answered:
        inner = exchange.proxied
        dials = (step.fact.program for step in request.steps if isinstance(step.fact, ProxyDials))
        proxy = "socat" if "socat" in dials else "docker-proxy"
        behind = _explain(snapshot, inner, proxy, str(inner.request.packet.destination), destination)
        return replace(behind, cause=BehindProxy(who, behind.cause, proxy), exchange=exchange)
    if not request.disposition.arrived:
        reason = _question_died(snapshot, request, who, whom, destination)
    elif reply is not None and not reply.disposition.arrived:
        reason = _answer_died(request, reply, who, whom)
    else:
        reason = Reason(False, AnswersNothing(whom, who))
    return replace(reason, exchange=exchange)


def _question_died(snapshot: Snapshot, trace: Trace, who: str, whom: str, destination: IpAddress) -> Reason:
    where = label(snapshot, trace.hops[-1].where) if trace.hops else who
    how, fact = trace.disposition, trace.because
    if how in (Disposition.DROPPED, Disposition.REJECTED):
        return _firewall(snapshot, trace, who, whom, where)
    if how is Disposition.NO_LISTENER:
        return _no_listener(snapshot, trace, whom, where)
    if how is Disposition.NO_NEIGHBOUR:
        return _no_neighbour(snapshot, trace, where, destination)
    if how is Disposition.NO_ROUTE:
        if set_so := settings.no_way_out(snapshot, trace.hops[-1].where, (trace.final or trace.packet).destination):
            return _found(set_so)
        return Reason(False, NoRouteThere(where, destination), (Happened(fact),), AgainstFact(fact))
    if how is Disposition.FORWARDING_OFF:
        switch = fact.switch if isinstance(fact, NotForwarding) else "net.ipv4.ip_forward"
        return Reason(False, ForwardsForNobody(where, switch), (Sysctl(switch),), SwitchForwardingOn(switch))
    cause = LinkDownOn(where, fact) if how is Disposition.LINK_DOWN else EndedOn(where, fact)
    return Reason(False, cause, (), AgainstFact(fact))


def _firewall(snapshot: Snapshot, trace: Trace, who: str, whom: str, where: str) -> Reason:
    fact = trace.because
    if not isinstance(fact, RuleStops | PolicyDrops):
        return Reason(False, IgnoredBy(where, fact), (), AgainstFact(fact))
    machine = snapshot.hosts[trace.hops[-1].where.host]
    if isinstance(fact, RuleStops):
        final = trace.final or trace.packet
        set_so = settings.icc_off(machine, fact, who, whom) or settings.kept_inside(machine, fact, final)
        if set_so:
            return _found(set_so)
    number, rule = (fact.number, fact.rule) if isinstance(fact, RuleStops) else (0, "policy DROP")
    seen = (RuleText(fact.table, fact.chain, number, rule, fact.version),)
    apart = _networks_apart(snapshot, trace, fact)
    cause: Cause
    if apart:
        cause = NetworksApart(who, whom, apart)
    elif number:
        cause = RuleOn(where, trace.disposition is Disposition.REJECTED, fact.table, fact.chain)
    else:
        cause = PolicyOn(where, fact.chain)
    return Reason(False, cause, seen, AgainstFact(fact))


def _networks_apart(snapshot: Snapshot, trace: Trace, fact: RuleStops | PolicyDrops) -> tuple[str, str] | None:
    """('n2', 'n1') when a container's packet for another network was stopped by a rule of Docker's."""
    ours = (
        fact.chain.startswith("DOCKER-ISOLATION") or fact.chain in ("DOCKER", "DOCKER-INTERNAL") or fact.table == "raw"
        or isinstance(fact, RuleStops) and is_nft(fact.table) and fact.keeper is not Keeper.SOMEBODY
    )  # fmt: skip
    if not ours or not trace.hops or trace.hops[0].where.is_host or trace.final is None:
        return None
    machine = snapshot.hosts[trace.hops[-1].where.host]
    mine, other = (settings.network_of(machine, ip) for ip in (trace.final.source, trace.final.destination))
    if mine is None or other is None or mine is other:
        return None
    return mine.name, other.name


def _no_listener(snapshot: Snapshot, trace: Trace, whom: str, where: str) -> Reason:
    final, fact = trace.final or trace.packet, trace.because
    cause = NothingListens(whom, final.dport, where)
    at = trace.hops[-1].where
    machine = snapshot.hosts[at.host]
    if not at.is_host or not machine.has_docker:
        return Reason(False, cause, (Happened(fact),), AgainstFact(fact))
    if elsewhere := settings.published_for_another(machine, final):
        return _found(elsewhere)
    published = {b.host_port: c.name for c in machine.containers for b in c.ports}
    if final.dport in published:
        unserved = PublishedUnserved(final.dport, published[final.dport])
        return Reason(False, cause, (Happened(fact), unserved), ServeAgain())
    if internal := settings.internal_unpublished(machine, final.dport):
        return _found(internal)
    stopped = tuple(c.name for c in machine.containers if not c.is_running)
    return Reason(False, cause, (Happened(fact), NotPublished(final.dport, stopped)), Publish(final.dport))


def _no_neighbour(snapshot: Snapshot, trace: Trace, where: str, destination: IpAddress) -> Reason:
    owners, fact = list(_owners(snapshot, destination)), trace.because
    if set_so := _neighbour_settings(snapshot, trace, owners):
        return _found(set_so)
    seen: list[Clue] = [Happened(fact)]
    if not owners:
        machine = snapshot.hosts[trace.hops[-1].where.host]
        if stopped := tuple(c.name for c in machine.containers if not c.is_running):
            seen.append(StoppedOnes(stopped))
        return Reason(False, AddressUnused(destination, where), tuple(seen), LookForIt())
    if isinstance(fact, TunnelSwallows):
        return _tunnel_broken(fact, where)
    hop = fact.hop if isinstance(fact, NobodyHas) else destination
    nearest = list(_owners(snapshot, hop))
    if not nearest:
        return Reason(False, GatewayMissing(hop, where, label(snapshot, owners[0])), tuple(seen), BuildRouter(hop))
    between = _kept_apart(snapshot, trace, where, label(snapshot, nearest[0]))
    if isinstance(between, Reason):
        return replace(between, seen=(*seen, *between.seen))
    owner = local_interface(snapshot.at(nearest[0]), hop)
    if owner is not None and owner.kind is LinkKind.MACVLAN:
        seen.append(MacvlanParent())
    cause = OnAnotherSegment(label(snapshot, nearest[0]), hop, where)
    return Reason(False, cause, tuple(seen), between or AgainstFact(fact))


def _kept_apart(snapshot: Snapshot, trace: Trace, where: str, whom: str) -> Reason | Shim | None:
    """Both are on one wire, yet a law of layer 2 keeps them apart; of a host and its own macvlans, what helps."""
    fact = trace.because
    if not isinstance(fact, NobodyHas):
        return None
    between = law_between(snapshot, trace.hops[-1].where, fact.dev, fact.hop)
    if between is None:
        return None
    law, found = between
    if law is Law.PARENT and found.link is not None:
        child = found.link.interface
        return Shim(child.parent, fact.hop) if trace.hops[-1].where.is_host and child.parent else None
    cause = cause_of(snapshot, law, found, fact.hop, (where, whom))
    if cause is None:
        return None
    fixes: dict[type, Remedy] = {ForgedMacs: AllowForged()}
    if isinstance(cause, DifferentVlans):
        fixes[DifferentVlans] = SameVlan(cause.mine, cause.theirs)
    if isinstance(cause, MacvlanModes):
        fixes[MacvlanModes] = BridgeMode(cause.mine)
    if isinstance(cause, PortKeepsBack):
        as_made = {"state": "forwarding", "locked": "off", "isolated": "off"}
        fixes[PortKeepsBack] = SetPort(cause.port, cause.setting, as_made.get(cause.setting, "on"))
    members = (cause.mine, cause.theirs) if isinstance(cause, DifferentVlans) else ()
    return Reason(False, cause, members, fixes[type(cause)])


def _tunnel_broken(fact: TunnelSwallows, where: str) -> Reason:
    """The packet around the frame ended somewhere: the rule there is the reason."""
    inner = fact.because
    behind: Cause = EndedOn(fact.host, inner)
    clues: list[Clue] = []
    if isinstance(inner, RuleStops | PolicyDrops):
        number, rule = (inner.number, inner.rule) if isinstance(inner, RuleStops) else (0, "policy DROP")
        rejects = isinstance(inner, RuleStops) and inner.verdict == "REJECT"
        behind = RuleOn(fact.host, rejects, inner.table, inner.chain) if number else PolicyOn(fact.host, inner.chain)
        clues.append(RuleText(inner.table, inner.chain, number, rule, inner.version))
    cause = TunnelBroken(where, fact.dev, fact.vni, fact.remote, behind)
    return Reason(False, cause, tuple(clues), AgainstFact(inner))


def _neighbour_settings(snapshot: Snapshot, trace: Trace, owners: list[Where]) -> Finding | None:
    """A lying entry, or a bridge that is down: what keeps the next hop from answering."""
    fact, at = trace.because, trace.hops[-1].where
    if not isinstance(fact, NobodyHas | Vanished):
        return None
    holders = owners if fact.hop == (trace.final or trace.packet).destination else list(_owners(snapshot, fact.hop))
    if lies := settings.neighbour_lies(snapshot, at, fact.hop, fact.dev, holders):
        return lies
    return settings.bridge_is_down(snapshot.hosts[at.host], fact.hop)


def _answer_died(request: Trace, reply: Trace, who: str, whom: str) -> Reason:
    where, fact = reply.hops[-1].where.host if reply.hops else whom, reply.because
    asked_as = (request.final or request.packet).source
    seen: list[Clue] = [QuestionArrived(asked_as), AnswerEnded(where, fact)]
    if isinstance(fact, RuleStops | PolicyDrops):
        rule = fact.rule if isinstance(fact, RuleStops) else "policy DROP"
        seen.append(AnswerRule(fact.table, fact.chain, rule, fact.version))
    fix: Remedy = AgainstFact(fact)
    if reply.disposition is Disposition.NO_ROUTE and asked_as == request.packet.source:
        fix = MasqueradeMissing()
    return Reason(False, AnswerLost(whom, who), tuple(seen), fix)
