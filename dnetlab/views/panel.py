"""What the live panel shows of a snapshot, as values: boxes that answer, their tables, what each rule has counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dnetlab.language import heading, say
from dnetlab.model import Exchange, Snapshot, Where
from dnetlab.views.explain import journeys
from dnetlab.views.frame import cells
from dnetlab.views.labels import Labelled, places
from dnetlab.views.nodes import space_node, stack_node
from dnetlab.views.player import rule_key
from dnetlab.views.scene import Scene, listens
from dnetlab.views.tables import Row, rule_rows, table

_OF_HOST = ("networks", "containers")  # tables that have no namespace to be asked for
_HOST = ("containers", "networks", "ips", "routes", "neighbours", "rules", "sockets", "connections")
_CONTAINER = ("endpoints", "ips", "routes", "neighbours", "rules", "sockets", "connections", "processes")


@dataclass(frozen=True)
class Box:
    """A place of the lab that is drawn: a host, or a container, or several that share a namespace.

    node       its box in the picture (`dnetlab.views.nodes`)
    host, namespace, container   where it is; container '' for a host
    name       what commands call it: 'docker1', 'web1', 'docker2/web1' where docker1 has a web1 too
    text       what is heard of it: 'web1, container on docker1'
    listens    ports that wait for a TCP connection there: '80/tcp nginx'
    """

    node: str
    host: str
    namespace: str
    container: str
    name: str
    text: str
    listens: tuple[str, ...] = ()

    @property
    def where(self) -> Where:
        return Where(self.host, self.namespace)


@dataclass(frozen=True)
class Shown:
    """A table of a box. command: what shows the same in a cell. columns: headings; rows: text.

    keys, told   for rules, one per row: which rule it is (`dnetlab.views.player.rule_key`), and what it has counted
    rule         the column that the rules' text is in; -1 in other tables
    """

    name: str
    command: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    keys: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    rule: int = -1


def boxes(scene: Scene, snapshot: Snapshot) -> tuple[Box, ...]:
    """Every host and every running container that is drawn, in the lab's order; () for an empty picture."""
    return tuple(_boxes(scene, snapshot))


def _boxes(scene: Scene, snapshot: Snapshot) -> Iterator[Box]:
    for host in scene.hosts:
        name = host.host.name
        own = next(places(snapshot, name, "host"))
        yield Box(stack_node(host), name, "host", "", name, say("{host}, host", host=name), _tcp(own))
        for place in host.spaces:
            first = place.containers[0].name
            found = snapshot.find_container(first)
            called = first if found and found[0].name == name else f"{name}/{first}"
            text = (
                say("{name}, container on {host}", name=first, host=name)
                if len(place.containers) == 1
                else say("{name}, containers on {host} that share a namespace", name=place.container, host=name)
            )
            yield Box(space_node(host, place), name, place.namespace.name, first, called, text, _tcp(place))


def _tcp(place: Labelled) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in listens(place) if text.split()[0].endswith("/tcp")))


def tables(box: Box, snapshot: Snapshot, before: Snapshot | None = None) -> tuple[Shown, ...]:
    """What a box holds: its tables, those without rows left out. before: the lab before what ran last."""
    found = (_table(name, box, snapshot, before) for name in (_CONTAINER if box.container else _HOST))
    return tuple(one for one in found if one.rows)


def rules_met(exchange: Exchange, snapshot: Snapshot, before: Snapshot | None = None) -> tuple[Shown, ...]:
    """The rules of each place in which a journey met some, in the order of the journey; () when it met none."""
    met = dict.fromkeys(
        hop.where for _, trace in journeys(exchange) for hop in trace.hops if any(step.table for step in hop.steps)
    )
    return tuple(
        _table("rules", box, snapshot, before)
        for where in met
        for place in places(snapshot, where.host, where.namespace)
        for box in [_of(place)]
    )


def _of(place: Labelled) -> Box:
    """A place as a box, drawn or not."""
    first = place.containers[0].name if place.containers else ""
    return Box("", place.host.name, place.namespace.name, first, first or place.host.name, "")


def _table(name: str, box: Box, snapshot: Snapshot, before: Snapshot | None) -> Shown:
    filters = {"host": box.host}
    if box.container:
        filters["container"] = box.container
    elif name not in _OF_HOST:
        filters["namespace"] = box.namespace
    columns, rows = cells(table(name, snapshot, **filters))
    command = " ".join([f"%dnet {name}", *(f"--{key} {value}" for key, value in filters.items())])
    shown = Shown(name, command, tuple(map(heading, columns)), tuple(map(tuple, rows)))
    if name != "rules":
        return shown
    keys, told = _counted(box.where, snapshot, before)
    return replace(shown, keys=keys, told=told, rule=columns.index("rule"))


def _counted(where: Where, snapshot: Snapshot, before: Snapshot | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For each rule of a place, in the table's order: its key, and what it has counted."""
    known = {(row[3], row[4], row[-1]): row[-3] for row in _rules(where, before)} if before else {}
    keys, told = [], []
    for row in _rules(where, snapshot):
        _, _, _, table, chain, number, *_, packets, size, text = row
        new = packets - known.get((table, chain, text), 0)
        keys.append(rule_key(where, "iptables", table, chain, number))
        told.append(
            say("{packets} packets, {bytes} bytes; {new} of the packets by what ran last.",
                packets=packets, bytes=size, new=max(new, 0))
        )  # fmt: skip
    return tuple(keys), tuple(told)


def _rules(where: Where, snapshot: Snapshot | None) -> Iterator[Row]:
    return rule_rows(snapshot, (where.host, where.namespace, None)) if snapshot else iter(())
