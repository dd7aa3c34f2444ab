"""What a journey says of each interface, beside what a capture there saw: the explanation held against the wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dnetlab.language import heading, say
from dnetlab.model import Crossing, Exchange, Hook, Packet, Protocol, Snapshot, Step, StepKind, Trace
from dnetlab.model.facts import HandedUp, PolicyDrops, RuleStops
from dnetlab.views.explain import inside, legs
from dnetlab.views.frame import TEXT, YES_NO, frame

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = {
    "direction": TEXT,
    "host": TEXT,
    "container": TEXT,
    "interface": TEXT,
    "way": TEXT,
    "packet": TEXT,
    "said": YES_NO,
    "seen": YES_NO,
}
Row = tuple[str | None, Crossing, bool, bool]


def said(exchange: Exchange) -> Iterator[tuple[str, Crossing]]:
    """(direction, crossing) for each interface that the journey passes, in order, each packet as it is there."""
    for direction, trace in legs(exchange):
        for crossing in _of(trace):
            yield direction, crossing


def _of(trace: Trace) -> Iterator[Crossing]:
    packet, stopped = trace.packet, _stopped_at_the_port(trace)
    for hop in trace.hops:
        for step in hop.steps:
            if step is stopped:
                continue
            here = (hop.where, step.interface)
            if step.after is not None:
                packet = step.after
            elif step.kind is StepKind.SENT or (step.kind is StepKind.RECEIVED and step.interface == "lo"):
                yield Crossing(*here, True, packet)
            if step.kind is StepKind.RECEIVED or isinstance(step.fact, HandedUp):
                yield Crossing(*here, False, packet)


def _stopped_at_the_port(trace: Trace) -> Step | None:
    """The step at which a bridge would have handed the packet up, had no rule of PREROUTING stopped it before.

    Of a bridged packet PREROUTING is read at the port (br_netfilter, net.bridge.bridge-nf-call-iptables), so that a
    capture at the bridge itself never sees what a rule there stops.
    """
    if not isinstance(trace.because, RuleStops | PolicyDrops):
        return None
    for step in reversed(trace.hops[-1].steps[:-1]):
        if isinstance(step.fact, HandedUp):
            return step
        if step.hook != Hook.PREROUTING.value:
            return None
    return None


def beside(exchange: Exchange, seen: Iterable[Crossing], snapshot: Snapshot | None = None) -> DataFrame:
    """One row per packet and interface: first what the journey says, in order, then what only the capture saw.

    direction   string   'request', 'reply', 'proxied request', 'proxied reply'; <NA> for what was only seen
    host        string   the lab host
    container   string   its containers' names, <NA> at the host itself
    interface   string   where
    way         string   'out' of the namespace or 'in'
    packet      string   source > destination, as it is there
    said, seen  boolean  whether the journey says it, whether the capture saw it

    Of a TCP connection only SYN, SYN-ACK and a refusal count; the asker's port is the kernel's choice.
    """
    rows = []
    for direction, crossing, is_said, is_seen in _rows(exchange, seen):
        where = (
            crossing.where.host,
            inside(crossing.where, snapshot),
            crossing.interface,
            "out" if crossing.out else "in",
        )
        rows.append((direction, *where, str(crossing.packet), is_said, is_seen))
    return frame(rows, COLUMNS)


def text(exchange: Exchange, seen: Iterable[Crossing], snapshot: Snapshot | None = None) -> str:
    """The same for a terminal, with a sentence that says whether the two agree."""
    lines = [say("The packet was really sent; this is what a capture saw at each interface:")]
    wrong = 0
    for direction, crossing, is_said, is_seen in _rows(exchange, seen):
        container = inside(crossing.where, snapshot)
        place = f"{crossing.where.host}/{container}" if container else crossing.where.host
        verdict = "as said" if is_said and is_seen else "not seen" if is_said else "not said"
        wrong += verdict != "as said"
        way = "out" if crossing.out else "in"
        lines.append(
            f"  {direction or '':<16}{place:<18} {crossing.interface:<16} {way:<4}{crossing.packet}  {heading(verdict)}"
        )
    agreed = say("The capture saw what the journey says.") if len(lines) > 1 else _nothing()
    lines.append(f"= {say('{number} of them differ.', number=wrong) if wrong else agreed}")
    return "\n".join(lines) + "\n"


def _nothing() -> str:
    return say("Nothing crossed an interface, as said.")


def _rows(exchange: Exchange, seen: Iterable[Crossing]) -> Iterator[Row]:
    wire = {_key(crossing): crossing for crossing in _first(seen)}
    told = []
    for direction, crossing in said(exchange):
        told.append(_key(crossing))
        yield direction, crossing, True, told[-1] in wire
    for key, crossing in wire.items():
        if key not in told:
            yield None, crossing, False, True


def _first(seen: Iterable[Crossing]) -> Iterator[Crossing]:
    """Without what a connection carries later: data, its end, and repeated SYNs."""
    spoken = set()
    for crossing in seen:
        packet = crossing.packet
        sender = (crossing.where, crossing.interface, crossing.out, packet.source, packet.sport)
        if packet.protocol is Protocol.ICMP:
            if packet.icmp is not None:
                yield crossing
        elif packet.vni is not None:
            yield crossing
        elif packet.protocol is Protocol.TCP and packet.flags in ("S", "SA", "R", "AR", "RA"):
            if "R" not in packet.flags or sender not in spoken:
                yield crossing
            spoken.add(sender)


def _key(crossing: Crossing) -> tuple[object, ...]:
    packet = crossing.packet
    return (crossing.where, crossing.interface, crossing.out, *_face(packet))


def _face(packet: Packet) -> tuple[object, ...]:
    if packet.protocol is Protocol.ICMP:
        return packet.source, packet.destination, packet.icmp
    if packet.vni is not None:  # its source port is made from what it carries, by each kernel in its own way
        return packet.source, packet.destination, packet.dport, packet.vni, packet.size
    flags = "R" if "R" in packet.flags else "".join(sorted(packet.flags))
    server = packet.dport if flags == "S" else packet.sport
    return packet.source, packet.destination, flags, server
