"""The five hooks: at each, the tables are read in the order of their priority, with conntrack right after raw.

PREROUTING, OUTPUT   raw, conntrack, mangle, nat (destination), then OUTPUT's filter
FORWARD              mangle, filter
INPUT                mangle, filter, nat (source)
POSTROUTING          mangle, nat (source)

A base chain of nft stands among them at its own priority. Of type nat, it is asked where the nat table is: translation
has its fixed place at each hook, whatever priority the chain has (net/netfilter/nf_nat_core.c, nf_nat_register_fn).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from dnetlab.model import ConnState, Disposition, Hook, IcmpType, LinkKind, Namespace, Packet, Rule, Step, StepKind
from dnetlab.model.changed import quick, replace
from dnetlab.model.facts import Author, ErrorUndone, Keeper, NothingToWrite, PolicyDrops, Rewritten, RuleStops
from dnetlab.model.frame import NO_MAC
from dnetlab.model.ip import IpAddress
from dnetlab.model.logged import Logged
from dnetlab.model.nftables import NftChain, NftTable
from dnetlab.model.nftrule import NftRule
from dnetlab.net import nat, nft, traced
from dnetlab.net.filter import Decision, passed, walk
from dnetlab.net.matches import Scene
from dnetlab.net.trip import Trip

ORDER = {
    Hook.PREROUTING: ("raw", "conntrack", "mangle", "nat"),
    Hook.OUTPUT: ("raw", "conntrack", "mangle", "nat", "filter", "security"),
    Hook.FORWARD: ("mangle", "filter", "security"),
    Hook.INPUT: ("mangle", "filter", "security", "nat"),
    Hook.POSTROUTING: ("mangle", "nat"),
}
_DESTINATION = (Hook.PREROUTING, Hook.OUTPUT)
_PRIORITIES = {"raw": -300, "conntrack": -200, "mangle": -150, "filter": 0, "security": 50}  # netfilter_ipv4.h
REJECTS = {  # --reject-with; iptables-extensions(8), default icmp-port-unreachable
    "icmp-net-unreachable": IcmpType.NETWORK_UNREACHABLE,
    "icmp-host-unreachable": IcmpType.HOST_UNREACHABLE,
    "icmp-port-unreachable": IcmpType.PORT_UNREACHABLE,
    "icmp-proto-unreachable": IcmpType.PROTOCOL_UNREACHABLE,
    "icmp-net-prohibited": IcmpType.NETWORK_PROHIBITED,
    "icmp-host-prohibited": IcmpType.HOST_PROHIBITED,
    "icmp-admin-prohibited": IcmpType.ADMINISTRATIVELY_PROHIBITED,
    "icmp6-no-route": IcmpType.NETWORK_UNREACHABLE,  # the names of ip6tables
    "icmp6-adm-prohibited": IcmpType.ADMINISTRATIVELY_PROHIBITED,
    "icmp6-addr-unreachable": IcmpType.HOST_UNREACHABLE,
    "icmp6-port-unreachable": IcmpType.PORT_UNREACHABLE,
    "icmp6-policy-fail": IcmpType.NETWORK_PROHIBITED,
    "icmp6-reject-route": IcmpType.HOST_PROHIBITED,
}
_SHORT = {
    "net-unreach": "net-unreachable",
    "host-unreach": "host-unreachable",
    "port-unreach": "port-unreachable",
    "proto-unreach": "proto-unreachable",
    "net-prohib": "net-prohibited",
    "host-prohib": "host-prohibited",
    "admin-prohib": "admin-prohibited",
}


@quick
@dataclass(frozen=True)
class Doors:
    """The interfaces of a packet at a hook: in and out, the bridge ports behind them, and the next hop."""

    into: str = ""
    out: str = ""
    physin: str = ""
    physout: str = ""
    hop: IpAddress = IPv4Address(0)


Stage = str | tuple[NftTable, NftChain]  # 'raw', 'conntrack', 'nat' …, or a base chain of nft


def cross(trip: Trip, hook: Hook, doors: Doors, stages: tuple[str, ...] = ()) -> bool:
    """Take the packet through a hook, or through some of its tables. False: it ended here, and the trip says why."""
    space, version = trip.space, trip.packet.version
    tables = space.filters(version).tables
    bases = space.nftables.bases(hook, version) if space.nftables.tables else []
    if not (tables or bases or space.nftables.meets(version)):
        return True
    present = [table.name for table in tables]
    for stage in _stages(hook, stages, bases):
        if stage == "conntrack":
            if trip.track is None and not trip.untracked:
                _track(trip)
        elif stage == "nat":
            if not _translate(trip, hook, doors, _nat_tables(hook, "nat" in present, bases)):
                return False
        elif not isinstance(stage, str) or stage in present:
            decision = _read(trip, hook, doors, stage)
            if decision.name in ("DROP", "REJECT"):
                _refuse(trip, decision)
                return False
    ends = hook in (Hook.INPUT, Hook.POSTROUTING) and not stages
    if ends and trip.track is not None and not trip.track.related:
        trip.lab.remember(trip.at, trip.track, trip.packet.flags)
    return True


def _stages(hook: Hook, only: tuple[str, ...], bases: list[tuple[NftTable, NftChain]]) -> Iterable[Stage]:
    """What a packet meets at a hook, in order: the tables of iptables, and nft's base chains at their priorities.

    Of equals nft's come first: they are hooked in later than the tables that Docker, or an `iptables` before, made.
    """
    names: tuple[Stage, ...] = only or ORDER[hook]
    if not bases:
        return names
    others: list[Stage] = [base for base in bases if base[1].type != "nat"]
    return sorted([*others, *names], key=lambda stage: _priority(stage, hook)) if others else names


def _priority(stage: Stage, hook: Hook) -> int:
    if stage == "nat":
        return -100 if hook in _DESTINATION else 100
    return _PRIORITIES[stage] if isinstance(stage, str) else stage[1].priority


def _nat_tables(hook: Hook, iptables: bool, bases: list[tuple[NftTable, NftChain]]) -> list[Stage]:
    """Who is asked for a translation, in order: nft's chains of type nat, and the nat table of iptables."""
    if not bases:
        return ["nat"] if iptables else []
    asked: list[Stage] = [base for base in bases if base[1].type == "nat"]
    asked += ["nat"] if iptables else []
    return sorted(asked, key=lambda stage: _priority(stage, hook))


def _track(trip: Trip) -> None:
    known = trip.lab.connections(trip.at)
    trip.track = nat.find(known, trip.packet, trip.inner, trip.lab.now)
    if trip.track is None and nat.may_begin(trip.packet, trip.inner):
        trip.track = nat.begin(trip.packet)
    elif trip.track is not None and trip.track.reply and not trip.track.related:
        trip.lab.remember(trip.at, trip.track, trip.packet.flags)  # an answer was seen, whatever becomes of it


def _scene(trip: Trip, space: Namespace, doors: Doors) -> Scene:
    track = trip.track
    state = track.state if track else ConnState.INVALID
    return Scene(
        space,
        trip.packet,
        doors.into,
        doors.out,
        doors.physin,
        doors.physout,
        state,
        trip.mac,
        track.connection if track else None,
        track.reply if track else False,
        now=trip.lab.now,
        connections=lambda: trip.lab.connections(trip.at),
        traced=bool(trip.traced),
        untracked=trip.untracked,
        sets=trip.lab.sets.setdefault(trip.at, {}) if space.sets else {},
    )


def _read(trip: Trip, hook: Hook, doors: Doors, stage: Stage) -> Decision:
    """Read one chain; what matched becomes steps, and a MARK stays on the packet."""
    space, arrived = trip.space, trip.packet
    version = arrived.version
    if isinstance(stage, str):
        counters, table = trip.lab.counting(trip.at, version), space.filters(version).table(stage)
        if not trip.traced and (waved := passed(table, hook, counters, arrived.size)) is not None:
            return waved
        scene = _scene(trip, space, doors)
        decision, steps = walk(table, hook, scene, counters)
    else:
        scene = _scene(trip, space, doors)
        decision, steps = nft.walk(*stage, hook, scene, trip.lab.counting(trip.at, nft.COUNTED))
    trip.log += [(trip.at, step) for step in steps]
    trip.packet, trip.untracked = scene.packet, scene.untracked
    if scene.traced and trip.lab.watched and (chain := _base(space, version, hook, stage)) is not None:
        traced.tell(trip, scene, chain, _taken_down(trip, scene, arrived), decision)
    trip.lab.fickle = trip.lab.fickle or scene.fickle
    if trip.track is not None and scene.connmark != trip.track.connection.mark:
        trip.track.connection, trip.track.marked = replace(trip.track.connection, mark=scene.connmark), True
        trip.lab.fickle = True  # the next packet of the connection comes with that mark
    for rule, packet in scene.logged:
        trip.lab.log(trip.at, _line(trip, scene, rule, packet))
    return decision


def _base(space: Namespace, version: int, hook: Hook, stage: Stage) -> tuple[str, str] | None:
    """Table and name of the chain that was read, as nft calls them; None for one that nobody has made yet."""
    if not isinstance(stage, str):
        return stage[0].label, stage[1].name
    if hook.value not in space.filters(version).table(stage).standing:
        return None
    return f"{'ip' if version == 4 else 'ip6'} {stage}", hook.value


def _line(trip: Trip, scene: Scene, rule: Rule, packet: Packet) -> Logged:
    """What a LOG rule writes down of a packet (net/netfilter/nf_log_syslog.c)."""
    options = dict(rule.target.options)
    level = int(options.get("--log-level", "4"))
    return replace(
        _taken_down(trip, scene, packet), prefix=options.get("--log-prefix", ""), level=level,
        options=frozenset(options) - {"--log-prefix", "--log-level"},
    )  # fmt: skip


def _taken_down(trip: Trip, scene: Scene, packet: Packet) -> Logged:
    """A packet at a hook, and what is known of its frame there."""
    into, source, destination = scene.space.interface(scene.in_dev), "", ""
    if into is not None:
        local = into.kind is LinkKind.LOOPBACK
        source = NO_MAC if local else trip.mac
        destination = NO_MAC if local else _receiver(scene) or into.mac
    return Logged(
        trip.lab.now, packet, "", 4, scene.in_dev, scene.out_dev, scene.physin, scene.physout, source, destination
    )


def _receiver(scene: Scene) -> str:
    """Whom a bridge sends the frame on to, '' when it is for the bridge itself."""
    behind = (entry.mac for entry in scene.space.fdb if entry.port == scene.physout)
    return next(behind, "") if scene.physout else ""


def _translate(trip: Trip, hook: Hook, doors: Doors, asked: list[Stage]) -> bool:
    """The nat stage: ask about a connection's first packet, then do what the connection says."""
    track = trip.track
    if track is None:
        return True
    if track.related:
        _translate_error(trip, track, hook)
        return True
    decision = None
    if track.fresh and not track.was_asked(hook):
        for stage in asked:  # the first that translates is the last that is asked (nf_nat_inet_fn)
            decision = _read(trip, hook, doors, stage)
            if decision.name != "ACCEPT":
                break
        if decision is not None and not _obey(trip, track, hook, doors, decision):
            return False
        track.note_asked(hook)
    _rewrite(trip, track, hook, doors, decision)
    return True


def _obey(trip: Trip, track: nat.Track, hook: Hook, doors: Doors, decision: Decision) -> bool:
    """Write what a rule of the nat table asks for into the connection. False: the packet ended here."""
    if decision.name == "DROP":
        _refuse(trip, decision)
        return False
    if decision.rule is None or decision.name == "ACCEPT":
        return True
    dev, known = doors.out or doors.into, trip.lab.connections(trip.at)
    near = doors.hop if trip.packet.version == 4 else trip.packet.destination  # for what an address is chosen
    if nat.decide(track, decision.rule.target, hook, trip.space, dev, near, known):
        return True
    trip.end(Disposition.DROPPED, NothingToWrite(dev, decision.name), dev)
    return False


def _rewrite(trip: Trip, track: nat.Track, hook: Hook, doors: Doors, decision: Decision | None) -> None:
    """Do to the packet what its connection says; the step names the rule that decided it, or conntrack."""
    after = nat.apply(track, trip.packet, hook)
    if after is trip.packet or after == trip.packet:
        return
    rule = decision.rule if decision and decision.name != "ACCEPT" else None
    by = decision.name if decision and rule else Author.UNDOES if track.reply else Author.AS_BEFORE
    fact = Rewritten(by, trip.packet, after)
    step = Step(StepKind.REWRITTEN, fact, doors.out or doors.into, hook.value, "nat")
    if decision and rule:
        text = rule.stateless if isinstance(rule, NftRule) else rule.text
        step = step._replace(
            table=decision.table, chain=decision.chain, rule=text, rule_number=decision.number, packets=rule.packets,
            nbytes=rule.bytes,
        )  # fmt: skip
    trip.rewrite(after, step)


def _translate_error(trip: Trip, track: nat.Track, hook: Hook) -> None:
    if trip.inner is None:
        return
    after, inner = nat.undo_error(track, trip.packet, trip.inner, hook)
    if (after, inner) != (trip.packet, trip.inner):
        trip.rewrite(after, Step(StepKind.REWRITTEN, ErrorUndone(inner), "", hook.value, "nat"))
        trip.inner = inner


def _refuse(trip: Trip, decision: Decision) -> None:
    """DROP or REJECT: say which rule, and tell the sender when it is REJECT."""
    rule = decision.rule
    if rule is None:
        trip.end(Disposition.DROPPED, PolicyDrops(decision.table, decision.chain, trip.packet.version))
        return
    version, handle = trip.packet.version, 0
    if isinstance(rule, NftRule):
        (keeper, bridge), text, handle = _keeper_of_nft(rule), rule.stateless, rule.handle
    else:
        (keeper, bridge), text = _keeper(decision.table, decision.chain, rule), rule.text
    at = decision.table, decision.chain, decision.number
    stops = RuleStops(decision.name, *at, text, keeper, bridge, version, handle)
    trip.end(Disposition.DROPPED if decision.name == "DROP" else Disposition.REJECTED, stops)
    if decision.name == "REJECT":
        _tell(trip, rule.target.option("--reject-with") or "icmp-port-unreachable")


def _tell(trip: Trip, how: str) -> None:
    if how in ("tcp-reset", "tcp-rst"):
        trip.reset()
    else:
        name = how.removeprefix("icmp-")
        kind = REJECTS.get(how) or REJECTS.get("icmp-" + _SHORT.get(name, name), IcmpType.PORT_UNREACHABLE)
        trip.complain(kind)


def _keeper(table: str, chain: str, rule: Rule) -> tuple[Keeper, str]:
    """Who wrote the rule, and the bridge that it lets in."""
    if chain.startswith("DOCKER-ISOLATION") or (chain == "DOCKER" and rule.get("-o")):
        return Keeper.NETWORKS_APART, ""
    came_in = rule.get("-i")
    if table == "raw" and came_in is not None and came_in.negated:  # 28 and later, iptabler/endpoint.go
        return Keeper.DIRECT_ACCESS, came_in.value
    return Keeper.SOMEBODY, ""


_KEEPERS = {  # the comments of Docker's rules (moby nftabler/network.go, endpoint.go)
    "DROP DIRECT ACCESS": Keeper.DIRECT_ACCESS,
    "UNPUBLISHED PORT DROP": Keeper.NETWORKS_APART,
    "INTERNAL NETWORK INGRESS": Keeper.NETWORKS_APART,
    "INTERNAL NETWORK EGRESS": Keeper.INTERNAL,
    "ICC": Keeper.CONTAINERS_APART,
}


def _keeper_of_nft(rule: NftRule) -> tuple[Keeper, str]:
    keeper, link = _KEEPERS.get(rule.comment, Keeper.SOMEBODY), rule.test("iifname") or rule.test("oifname")
    return keeper, link.values[0] if link and keeper is not Keeper.SOMEBODY else ""
