"""A packet's journey told twice: as a table with a row per step, and as a story that a terminal can show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from dnetlab.explain.drops import died, drop_reason
from dnetlab.explain.ending import Ending, ending
from dnetlab.explain.rulewords import is_nft
from dnetlab.explain.sentences import phrase, remedy, words
from dnetlab.model import Exchange, Snapshot, Step, StepKind, Trace, Where
from dnetlab.model.facts import Counts, NotJudged, UnknownTarget, Untracked
from dnetlab.views.frame import NUMBER, TEXT, frame
from dnetlab.views.labels import containers_in

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = {
    "direction": TEXT,
    "host": TEXT,
    "container": TEXT,
    "step": TEXT,
    "interface": TEXT,
    "hook": TEXT,
    "table": TEXT,
    "chain": TEXT,
    "number": NUMBER,
    "rule": TEXT,
    "packets": NUMBER,
    "bytes": NUMBER,
    "detail": TEXT,
    "before": TEXT,
    "after": TEXT,
}


_IPV6 = {StepKind.MATCHED: "ip6tables", StepKind.RESOLVED: "ndp"}


def legs(exchange: Exchange) -> Iterator[tuple[str, Trace]]:
    """The journeys of an exchange in the order they happened, each with its name.

    'request', 'reply', and for what docker-proxy opens 'proxied request', 'proxied reply'.
    """
    yield "request", exchange.request
    if exchange.reply is not None:
        yield "reply", exchange.reply
    if exchange.proxied is not None:
        for direction, trace in legs(exchange.proxied):
            yield f"proxied {direction.removeprefix('proxied ')}", trace


def later(exchange: Exchange) -> Iterator[tuple[str, Trace]]:
    """The later packet on which an open connection failed, named by what it was for; nothing when none did."""
    if exchange.broke_on is not None:
        proxied = "" if exchange.lost else "proxied "
        yield f"{proxied}later {exchange.broke_on.part.value}", exchange.broke_on.trace


def journeys(exchange: Exchange) -> Iterator[tuple[str, Trace]]:
    """All that is told of an exchange: its legs, then the later packet on which it failed."""
    yield from legs(exchange)
    yield from later(exchange)


def steps(exchange: Exchange, snapshot: Snapshot | None = None) -> DataFrame:
    """One row per step of the journey, there and back, in the order they happened.

    direction        string   'request', 'reply', 'proxied request', 'proxied reply' (the second connection), and what
                              the packet was for on which an open connection failed: 'later request', …
    host             string   the lab host
    container        string   its containers' names, the namespace's name without a snapshot, <NA> at the host itself
    step             string   'received', 'matched', 'rewritten', 'routed', 'resolved', 'bridged', 'sent', …
    interface        string   the dev it concerns, <NA> without one
    hook             string   'PREROUTING' …, <NA> outside netfilter
    table, chain     string   whose rule it was, <NA> without one
    number           Int64    the rule's number in its chain, <NA> for a policy
    rule             string   its `iptables -S` text, or 'policy DROP'
    packets, bytes   Int64    the rule's counters before this packet
    detail           string   a sentence
    before, after    string   the packet on both sides of a rewrite, else <NA>
    """
    rows = []
    for direction, trace in journeys(exchange):
        for hop in trace.hops:
            container = inside(hop.where, snapshot)
            rows += [(direction, hop.where.host, container, *_cells(step)) for step in hop.steps]
    return frame(rows, COLUMNS)


def _cells(step: Step) -> tuple[object, ...]:
    ruled = bool(step.rule)
    return (
        step.kind.value,
        step.interface or None,
        step.hook or None,
        step.table or None,
        step.chain or None,
        step.rule_number or None,
        step.rule or None,
        step.packets if ruled else None,
        step.nbytes if ruled else None,
        words(step.fact),
        str(step.before) if step.before else None,
        str(step.after) if step.after else None,
    )


def inside(where: Where, snapshot: Snapshot | None) -> str | None:
    """The names of a namespace's containers, its own name without a snapshot, None for a host's own."""
    if where.is_host:
        return None
    members = containers_in(snapshot.hosts[where.host]).get(where.namespace, ()) if snapshot else ()
    return ", ".join(c.name for c in members) or where.namespace


def place(where: Where, snapshot: Snapshot | None) -> str:
    """'docker1' for a host, 'docker1/web1' inside a container."""
    container = inside(where, snapshot)
    return f"{where.host}/{container}" if container else where.host


# -- the story


def text(exchange: Exchange, snapshot: Snapshot | None = None) -> str:
    """The journey as lines for a terminal: how it ended and what would have helped, then each machine on the way."""
    lines = [*verdict(exchange, snapshot), ""]
    for direction, trace in journeys(exchange):
        lines += [*leg(direction, trace, snapshot), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def verdict(exchange: Exchange, snapshot: Snapshot | None = None) -> list[str]:
    """How it ended for the asker; of a journey that ended early also where, why, and what would have let it through."""
    lines, lost = [_verdict(exchange)], died(exchange)
    if lost is None:
        return lines
    where = ""
    if lost.hops:
        at = lost.hops[-1].where
        where = phrase("at", place=inside(at, snapshot) or at.host)
    lines.append(f"{where}{end(lost)}")
    if helps := remedy(lost.because):
        lines.append(phrase("let through", helps=helps))
    return lines


def end(trace: Trace) -> str:
    """'dropped [NETFILTER_DROP]: Rule 2 of …', the kernel's own name for it beside ours."""
    kernel = drop_reason(trace)
    ends = phrase(f"ends {trace.disposition.value}")
    return f"{ends}{f' [{kernel}]' if kernel else ''}{phrase('colon')}{words(trace.because)}"


def leg(direction: str, trace: Trace, snapshot: Snapshot | None = None) -> Iterator[str]:
    """One journey as lines: the packet, each machine with what happened there, and the end."""
    yield f"{called(direction)}{phrase('colon')}{trace.packet}"
    for hop in trace.hops:
        yield f"  {place(hop.where, snapshot)}"
        for step in told(hop.steps):
            yield f"    {line(step, trace.packet.version)}"
    yield f"  = {end(trace)}"


def called(direction: str) -> str:
    """'Request', 'Proxied reply', 'Later request' …"""
    name = "".join(phrase(f"leg {word}") for word in direction.split(" ")).rstrip()
    return f"{name[0].upper()}{name[1:]}"


def told(found: tuple[Step, ...]) -> Iterator[Step]:
    """Of the rules met in one table at one hook, only those that did something: the last, and notes on the way."""
    for (matched, _, _), group in groupby(found, key=lambda s: (s.kind is StepKind.MATCHED, s.hook, s.table)):
        members = list(group)
        if not matched:
            yield from members
            continue
        yield from (s for s in members[:-1] if _is_note(s))
        if members[-1].table == "filter" or members[-1].rule != "policy ACCEPT":
            yield members[-1]


def _is_note(step: Step) -> bool:
    return isinstance(step.fact, Counts | NotJudged | UnknownTarget | Untracked)


def line(step: Step, version: int = 4) -> str:
    """A step as a line of a packet's told journey: what kind it is, then what happened."""
    kind = step_name(step, version)
    if step.kind is StepKind.MATCHED:
        counted = f"  [{phrase('packets before', number=step.packets)}]" if step.packets else ""
        listed = f" · {words(step.fact)}" if isinstance(step.fact, NotJudged | UnknownTarget | Untracked) else ""
        return f"{kind:<13}{rule_place(step)}: {step.rule}{counted}{listed}"
    if step.kind is StepKind.REWRITTEN:
        return f"{kind:<13}{step.hook}: {words(step.fact)}"
    return f"{kind:<13}{words(step.fact)}"


def step_name(step: Step, version: int) -> str:
    """'route', 'iptables', 'nft', 'arp' …: IPv6 has its own iptables, and its own way to ask for a neighbour."""
    if step.kind is StepKind.MATCHED and is_nft(step.table):
        return "nft"
    return (_IPV6.get(step.kind) if version == 6 else None) or words(step.kind)


def rule_place(step: Step) -> str:
    """Where the rule of a step stands: 'nat PREROUTING ▸ DOCKER rule 1'."""
    number = phrase("rule number", number=step.rule_number) if step.rule_number else ""
    where = step.hook if step.chain == step.hook else f"{step.hook} ▸ {step.chain}"
    return f"{step.table} {where}{number}"


def _verdict(exchange: Exchange) -> str:
    found = ending(exchange)
    if found is Ending.MESSAGE and exchange.reply is not None:
        return f"{words(found)} {words(exchange.reply.because)}"
    return words(found)
