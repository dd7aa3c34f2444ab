"""A journey as frames to play: at each, the box of the picture on which the packet stands, and what happens there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dnetlab.explain.sentences import phrase, words
from dnetlab.model import Exchange, Snapshot, Step, StepKind, Trace, Where
from dnetlab.views import explain
from dnetlab.views.nodes import standing
from dnetlab.views.scene import Scene


@dataclass(frozen=True)
class Frame:
    """One moment of a journey.

    leg      whose journey it is, in words: 'Request', 'Reply', 'Proxied request' …
    place    'docker1', or 'docker1/web1' inside a container
    node     the box of the picture (`dnetlab.views.nodes`), '' when that part isn't drawn
    hook     'PREROUTING' …, '' outside netfilter
    text     what happens, a sentence
    rule     the text of the rule that decided, as `iptables -S` prints it; '' without one
    before, after   the packet on both sides of a rewrite; after alone is the packet as it is
    last     whether the leg ends here
    key      which rule decided (`rule_key`), '' without one
    """

    leg: str
    place: str
    node: str
    hook: str
    text: str
    rule: str
    before: str
    after: str
    last: bool = False
    key: str = ""


def frames(exchange: Exchange, scene: Scene, snapshot: Snapshot | None = None) -> tuple[Frame, ...]:
    """Every step that is told, in the order they happened, and one for the end of each leg; () never.

    Of the rules met in one table at one hook only the one that decided is a frame, as in the told journey.
    """
    told = explain.journeys(exchange)
    return tuple(frame for direction, trace in told for frame in _leg(direction, trace, scene, snapshot))


def _leg(direction: str, trace: Trace, scene: Scene, snapshot: Snapshot | None) -> Iterator[Frame]:
    leg, packet = explain.called(direction), str(trace.packet)
    for hop in trace.hops:
        for step in explain.told(hop.steps):
            if step.fact == trace.because and step.kind in (StepKind.ACCEPTED, StepKind.REFUSED):
                continue  # the end, told below
            before = packet
            packet = str(step.after) if step.after else packet
            yield Frame(
                leg, explain.place(hop.where, snapshot), standing(scene, hop.where, step), step.hook,
                _text(step, trace.packet.version), step.rule, before if step.after else "", packet,
                key=_key(hop.where, step, trace.packet.version),
            )  # fmt: skip
    if trace.hops:
        where, met = trace.hops[-1].where, trace.hops[-1].steps
        node = standing(scene, where, met[-1] if met else None)
        yield Frame(leg, explain.place(where, snapshot), node, "", explain.end(trace), "", "", packet, last=True)


def rule_key(where: Where, tool: str, table: str, chain: str, number: int) -> str:
    """Which rule of the lab it is, the same in a journey and in a table. tool: 'iptables' or 'ip6tables'."""
    return " ".join([where.host, where.namespace, tool, table, chain, str(number)])


def _key(where: Where, step: Step, version: int) -> str:
    tool = "iptables" if version == 4 else "ip6tables"
    return rule_key(where, tool, step.table, step.chain, step.rule_number) if step.rule else ""


def _text(step: Step, version: int) -> str:
    """The rule itself and the rewritten packet stand beside the sentence."""
    if step.kind is StepKind.MATCHED:
        return f"{explain.step_name(step, version)} {explain.rule_place(step)}"
    return f"{explain.step_name(step, version)}{phrase('colon')}{words(step.fact)}"
