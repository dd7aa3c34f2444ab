"""Who reaches whom, as a table of classes, as a matrix of names, and as a picture."""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dnetlab.explain.reach import Outcome, Reach, Relation, Target, reach
from dnetlab.language import say
from dnetlab.model import Snapshot, Where
from dnetlab.views.frame import NUMBER, TEXT, YES_NO, frame
from dnetlab.views.labels import containers_in

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = {
    "asker": TEXT,
    "askers": NUMBER,
    "target": TEXT,
    "targets": NUMBER,
    "address": TEXT,
    "service": TEXT,
    "itself": YES_NO,
    "twin": YES_NO,
    "outcome": TEXT,
}
MOST_NAMES = 60  # a larger matrix is no picture any more


@dataclass
class ReachView:
    """The value of `%dnet reach`.

    matrix    a DataFrame: one row per asker, one column per target and port (classes when there are many)
    classes   a DataFrame, see `by_classes`
    dot       the picture as Graphviz text
    """

    found: Reach

    @cached_property
    def classes(self) -> DataFrame:
        return by_classes(self.found)

    @cached_property
    def matrix(self) -> DataFrame:
        return matrix(self.found)

    @cached_property
    def dot(self) -> str:
        return to_dot(self.found)

    def __repr__(self) -> str:
        return repr(self.matrix)

    def _repr_html_(self) -> str:
        by = say("by classes: {number} rows", number=len(self.classes))
        more = f'<summary style="cursor:pointer">{html.escape(by)}</summary>'
        table = self.classes._repr_html_()
        return f"<div>{self.matrix._repr_html_()}<details>{more}{table}</details></div>"


def view(snapshot: Snapshot) -> ReachView:
    """Work out who reaches whom in the whole lab."""
    return ReachView(reach(snapshot))


class _Names:
    """Names of places, looked up once: 'web1', 'web3+shell' for joined ones, 'docker1' for a host."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.inside = {
            Where(host.name, space): "+".join(c.name for c in members)
            for host in snapshot.hosts.values()
            for space, members in containers_in(host).items()
            if space != "host"
        }

    def of(self, where: Where) -> str:
        return where.host if where.is_host else self.inside.get(where, where.namespace)

    def group(self, places: list[Where]) -> str:
        """'web1', or 'web1 … web9 (9)' for several that nothing tells apart."""
        names = list(dict.fromkeys(self.of(where) for where in places))
        return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]} ({len(names)})"


def _groups(found: Reach) -> tuple[dict[int, list[Where]], dict[int, list[Target]]]:
    askers: dict[int, list[Where]] = {}
    for where in found.askers:
        askers.setdefault(found.asker_class[where], []).append(where)
    aims: dict[int, list[Target]] = {}
    for target in found.targets:
        aims.setdefault(found.target_class[target], []).append(target)
    return askers, aims


def by_classes(found: Reach) -> DataFrame:
    """One row per class of askers, class of targets, and what the one is to the other.

    asker, target    string   a name, or 'first … last (how many)' for several that nothing tells apart
    askers, targets  Int64    how many
    address          string   of the first target
    service          string   'ping', '80/tcp' …; of the first target where ports differ
    itself           boolean  the asker is the target, or the container behind a published port
    twin             boolean  the asker has the target's address too, on another host, so it hears itself
    outcome          string   'open', 'refused', 'reset', 'unreachable', 'no route', 'silence', 'somebody else'
    """
    names = _Names(found.snapshot)
    askers, aims = _groups(found)
    rows = [
        (
            names.group(askers[one]),
            len(askers[one]),
            names.group([t.where for t in aims[other]]),
            len(aims[other]),
            str(aims[other][0].address),
            aims[other][0].service,
            relation is Relation.ITSELF,
            relation is Relation.TWIN,
            outcome.value,
        )
        for (one, other, relation), outcome in found.answers.items()
    ]
    return frame(rows, COLUMNS)


def matrix(found: Reach) -> DataFrame:
    """Rows: who asks. Columns: 'web1 80/tcp' …. Cells: 'open', 'refused', 'silence' …, string; <NA> for no such pair.

    Every name stands for itself up to 60 askers; beyond that a row is a class of equals, and so is a column.
    """
    names = _Names(found.snapshot)
    askers, aims = _groups(found)
    if len(found.askers) <= MOST_NAMES:
        rows = {names.of(where): [where] for where in found.askers}
        columns = {_column(names.of(t.where), t): [t] for t in found.targets}
    else:
        rows = {names.group(group): group for group in askers.values()}
        columns = {
            _column(names.group([t.where for t in group]), group[0]): group for group in aims.values()
        }
    cells = [(row, *(_cell(found, places, group) for group in columns.values())) for row, places in rows.items()]
    return frame(cells, {"asker": TEXT} | dict.fromkeys(columns, TEXT), worded=True)


def _column(name: str, target: Target) -> str:
    return f"{name} {target.address} {target.service}"


def _cell(found: Reach, places: list[Where], group: list[Target]) -> str | None:
    """The outcome for two different members, else for the only one asking itself."""
    pairs = [(s, t) for t in group[:2] for s in places[:2]]
    pair = next((p for p in pairs if found.relation(*p) is Relation.ANOTHER), pairs[0])
    return found.outcome(*pair).value


# -- the picture

_COLOURS = {Outcome.OPEN: "#009e73", Outcome.REFUSED: "#e69f00", Outcome.RESET: "#e69f00"}


def to_dot(found: Reach) -> str:
    """Graphviz text: an arrow from each class of askers to each that it reaches, with the ports that are open.

    A dashed arrow is an answer of "connection refused": reached, but nobody listens. Silence has no arrow.
    """
    names = _Names(found.snapshot)
    askers, aims = _groups(found)
    lines = ["digraph reach {", "  rankdir=LR; node [shape=box, style=rounded, fontname=Helvetica];"]
    lines += [f"  c{number} [label={_quote(names.group(group))}];" for number, group in askers.items()]
    open_ports: dict[tuple[int, int], list[str]] = {}
    refused: set[tuple[int, int]] = set()
    for (one, other, relation), outcome in found.answers.items():
        first = aims[other][0]
        edge = (one, found.asker_class[first.where])
        if relation is not Relation.ANOTHER:
            continue
        if outcome.reaches:
            open_ports.setdefault(edge, []).append(first.service)
        elif outcome in (Outcome.REFUSED, Outcome.RESET):
            refused.add(edge)
    for (one, other), services in open_ports.items():
        label = _quote(", ".join(dict.fromkeys(services)))
        lines.append(f'  c{one} -> c{other} [label={label}, color="{_COLOURS[Outcome.OPEN]}"];')
    for one, other in sorted(refused - set(open_ports)):
        lines.append(f'  c{one} -> c{other} [style=dashed, color="{_COLOURS[Outcome.REFUSED]}"];')
    return "\n".join([*lines, "}"]) + "\n"


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
