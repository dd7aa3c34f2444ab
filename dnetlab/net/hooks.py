"""The five hooks: at each, the tables are read in the order of their priority, with conntrack right after raw.

PREROUTING, OUTPUT   raw, conntrack, mangle, nat (destination), then OUTPUT's filter
FORWARD              mangle, filter
INPUT                mangle, filter, nat (source)
POSTROUTING          mangle, nat (source)
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from dnetlab.model import ConnState, Disposition, Hook, IcmpType, Namespace, Step, StepKind
from dnetlab.net import nat
from dnetlab.net.filter import Decision, Scene, walk
from dnetlab.net.trip import Trip

ORDER = {
    Hook.PREROUTING: ("raw", "conntrack", "mangle", "nat"),
    Hook.OUTPUT: ("raw", "conntrack", "mangle", "nat", "filter"),
    Hook.FORWARD: ("mangle", "filter"),
    Hook.INPUT: ("mangle", "filter", "nat"),
    Hook.POSTROUTING: ("mangle", "nat"),
}
REJECTS = {  # --reject-with; iptables-extensions(8), default icmp-port-unreachable
    "icmp-net-unreachable": IcmpType.NETWORK_UNREACHABLE,
    "icmp-host-unreachable": IcmpType.HOST_UNREACHABLE,
    "icmp-port-unreachable": IcmpType.PORT_UNREACHABLE,
    "icmp-proto-unreachable": IcmpType.PROTOCOL_UNREACHABLE,
    "icmp-net-prohibited": IcmpType.NETWORK_PROHIBITED,
    "icmp-host-prohibited": IcmpType.HOST_PROHIBITED,
    "icmp-admin-prohibited": IcmpType.ADMINISTRATIVELY_PROHIBITED,
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


@dataclass(frozen=True)
class Doors:
    """The interfaces of a packet at a hook: in and out, the bridge ports behind them, and the next hop."""

    into: str = ""
    out: str = ""
    physin: str = ""
    physout: str = ""
    hop: IPv4Address = IPv4Address(0)


def cross(trip: Trip, hook: Hook, doors: Doors) -> bool:
    """Take the packet through a hook. False: it ended here, and the trip says why."""
    space = trip.space
    present = {table.name for table in space.netfilter.tables}
    if not present:
        return True
    for stage in ORDER[hook]:
        if stage == "conntrack":
            if trip.track is None:
                _track(trip)
        elif stage == "nat":
            if not _translate(trip, hook, doors, "nat" in present):
                return False
        elif stage in present:
            decision = _read(trip, hook, doors, stage)
            if decision.name in ("DROP", "REJECT"):
                _refuse(trip, hook, decision)
                return False
    if hook in (Hook.INPUT, Hook.POSTROUTING) and trip.track is not None and not trip.track.related:
        trip.lab.remember(trip.at, trip.track)
    return True


def _track(trip: Trip) -> None:
    known = trip.lab.connections(trip.at)
    trip.track = nat.find(known, trip.packet, trip.inner, trip.lab.now)
    if trip.track is None and nat.may_begin(trip.packet, trip.inner):
        trip.track = nat.begin(trip.packet)


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
        track.translated if track else (),
        trip.mac,
    )


def _read(trip: Trip, hook: Hook, doors: Doors, table: str) -> Decision:
    """Read one table's chain; what matched becomes steps, and a MARK stays on the packet."""
    space = trip.space
    scene = _scene(trip, space, doors)
    decision, steps = walk(space.netfilter.table(table), hook, scene, trip.lab.counting(trip.at))
    for step in steps:
        trip.step(step)
    trip.packet = scene.packet
    return decision


def _translate(trip: Trip, hook: Hook, doors: Doors, table: bool) -> bool:
    """The nat stage: ask the table about a connection's first packet, then do what the connection says."""
    track = trip.track
    if track is None:
        return True
    if track.related:
        return _translate_error(trip, hook)
    destination = hook in nat.DESTINATION_HOOKS
    asked = track.dst_done if destination else track.src_done
    why = Step(StepKind.REWRITTEN, "", doors.out or doors.into, hook.value, "nat")
    if track.fresh and not asked:
        decision = _read(trip, hook, doors, "nat") if table else Decision("ACCEPT", "nat", "")
        if decision.name == "DROP":
            _refuse(trip, hook, decision)
            return False
        if decision.rule is not None and decision.name != "ACCEPT":
            why = Step(
                StepKind.REWRITTEN,
                decision.name,
                why.interface,
                hook.value,
                "nat",
                decision.chain,
                decision.rule.text,
                decision.number,
                decision.rule.packets,
                decision.rule.bytes,
            )
            if not _decide(trip, hook, doors, decision):
                return False
        if destination:
            track.dst_done = True
        else:
            track.src_done = True
    after = nat.apply(track, trip.packet, hook)
    if after != trip.packet:
        how = f"{why.detail}: " if why.detail else "conntrack undoes it: " if track.reply else "conntrack, as before: "
        detail = f"{how}{trip.packet} becomes {after}"
        trip.rewrite(
            after,
            Step(
                StepKind.REWRITTEN,
                detail,
                why.interface,
                why.hook,
                why.table,
                why.chain,
                why.rule,
                why.rule_number,
                why.packets,
                why.nbytes,
            ),
        )
    return True


def _decide(trip: Trip, hook: Hook, doors: Doors, decision: Decision) -> bool:
    assert trip.track is not None and decision.rule is not None
    space, known = trip.space, trip.lab.connections(trip.at)
    dev = doors.out or doors.into
    if nat.decide(trip.track, decision.rule.target, hook, space, dev, doors.hop, known):
        return True
    trip.end(
        Disposition.DROPPED,
        f"{dev} has no address that {decision.name} could write.",
        f"Give {dev} an address: ip addr add …",
        dev,
    )
    return False


def _translate_error(trip: Trip, hook: Hook) -> bool:
    assert trip.track is not None
    if trip.inner is None:
        return True
    after, inner = nat.undo_error(trip.track, trip.packet, trip.inner, hook)
    if (after, inner) != (trip.packet, trip.inner):
        detail = f"conntrack undoes it in the error too: it is about {inner}"
        trip.rewrite(after, Step(StepKind.REWRITTEN, detail, "", hook.value, "nat"))
        trip.inner = inner
    return True


def _refuse(trip: Trip, hook: Hook, decision: Decision) -> None:
    """DROP or REJECT: say which rule, and tell the sender when it is REJECT."""
    where = f"table {decision.table}, chain {decision.chain}"
    rule = decision.rule
    if rule is None:
        because = f"No rule let it through, and the policy of {decision.chain} ({where}) is DROP."
        trip.end(
            Disposition.DROPPED,
            because,
            f"A rule that accepts it would have: iptables -I {decision.chain} … -j ACCEPT "
            f"(or the policy: iptables -P {decision.chain} ACCEPT).",
        )
        return
    remedy = _without(decision)
    if decision.name == "DROP":
        trip.end(Disposition.DROPPED, f"Rule {decision.number} of {where} drops it: {rule.text}", remedy)
        return
    how = (rule.target.option("--reject-with") or "icmp-port-unreachable").removeprefix("icmp-")
    trip.end(Disposition.REJECTED, f"Rule {decision.number} of {where} rejects it: {rule.text}", remedy)
    if how in ("tcp-reset", "tcp-rst"):
        trip.reset()
    else:
        name = "icmp-" + _SHORT.get(how, how)
        trip.complain(REJECTS.get(name, IcmpType.PORT_UNREACHABLE))


def _without(decision: Decision) -> str:
    """What would have let it through, in the words of whoever wrote the rule."""
    assert decision.rule is not None
    if decision.chain.startswith("DOCKER-ISOLATION") or (decision.chain == "DOCKER" and decision.rule.get("-o")):
        return (
            "Docker keeps its networks apart (or the port unpublished). Connect both containers to one network with "
            "`docker network connect`, or publish the port with -p."
        )
    came_in = decision.rule.get("-i")
    if decision.table == "raw" and came_in is not None and came_in.negated:  # 28 and later, iptabler/endpoint.go
        return (
            f"Docker lets a container be asked only from its own bridge {came_in.value}: connect both containers to "
            "one network with `docker network connect`, or ask a port published with -p."
        )
    table = "" if decision.table == "filter" else f" -t {decision.table}"
    return f"Without that rule it goes on: iptables{table} -D {decision.chain} {decision.number}"
