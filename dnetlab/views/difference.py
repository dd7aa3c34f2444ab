"""What did this command change? Two snapshots side by side: what appeared, what went, what is different now.

Counters, learned MACs, connections and the clock are no changes: they move with every packet. What is the same value
on both sides is not even looked at, so that one command among 500 containers is compared as quickly as in an empty lab.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dnetlab.language import heading, listed, say
from dnetlab.model import (
    Chain,
    Container,
    ContainerState,
    Host,
    Interface,
    Namespace,
    Netfilter,
    Network,
    PeerEnd,
    Snapshot,
    SocketState,
)
from dnetlab.model.nftables import Nftables, NftChain, NftTable
from dnetlab.model.nftrule import Verdict
from dnetlab.views.frame import TEXT, frame
from dnetlab.views.labels import names_of, route_text, socket_text

if TYPE_CHECKING:
    from pandas import DataFrame

Fields = dict[str, str]
COLUMNS = {"what": TEXT, "where": TEXT, "change": TEXT, "key": TEXT, "before": TEXT, "after": TEXT}
KINDS = (
    "docker", "containers", "networks", "links", "addresses", "routes", "neighbours", "rules", "sockets", "processes",
    "sysctls", "images", "volumes",
)  # fmt: skip
_NOTHING = Namespace("")
WIDTH = 180  # characters of a line in the text
SHOWN = 12  # rows of one kind in the text before "and … more"


@dataclass(frozen=True)
class Change:
    """One row. change: '+' appeared, '-' went, '~' is different; before or after is None where there is nothing."""

    what: str
    where: str
    change: str
    key: str
    before: str | None = None
    after: str | None = None

    @property
    def text(self) -> str:
        """'+ docker1: veth1a2b3c4  veth, up, master docker0'"""
        if self.change == "~":
            detail = f"{self.before or '(nothing)'} → {self.after or '(nothing)'}"
        else:
            detail = (self.after if self.change == "+" else self.before) or ""
        if detail == self.key:
            detail = ""
        line = f"{self.change} {self.where}: {self.key}  {detail}".rstrip()
        return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


@dataclass(frozen=True)
class Difference:
    """All changes between two snapshots, by kind in the order of KINDS. False when there is none."""

    changes: tuple[Change, ...] = ()

    def __len__(self) -> int:
        return len(self.changes)

    @cached_property
    def frame(self) -> DataFrame:
        """One row per change.

        what            string   'links', 'addresses', 'routes', 'rules', 'sockets', 'processes', 'containers', …
        where           string   'docker1', or 'docker1/web1' for a container's namespace
        change          string   '+' appeared, '-' went, '~' is different now
        key             string   which one: a name, an address, a route, a rule's place
        before, after   string   what it was and what it is; <NA> where there is nothing

        No changes give no rows and the same columns.
        """
        return frame(((c.what, c.where, c.change, c.key, c.before, c.after) for c in self.changes), COLUMNS)

    @property
    def summary(self) -> str:
        """'1 container, 2 links and 3 rules changed'; 'nothing changed'."""
        return say("{what} changed", what=self.counted) if self else say("nothing changed")

    @property
    def counted(self) -> str:
        """'1 container, 2 links and 3 rules'; '' when nothing changed."""
        counts = [(kind, sum(c.what == kind for c in self.changes)) for kind in KINDS]
        return listed([f"{n} {heading(_noun(kind, n))}" for kind, n in counts if n])

    @property
    def text(self) -> str:
        """Compact, for a terminal: a line per change under its kind; '' when nothing changed."""
        lines: list[str] = []
        for kind in KINDS:
            rows = [c for c in self.changes if c.what == kind]
            if not rows:
                continue
            lines.append(heading(kind))
            lines += [f"  {row.text}" for row in rows[:SHOWN]]
            if len(rows) > SHOWN:
                lines.append("  " + say("… and {more} more", more=len(rows) - SHOWN))
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text or say("nothing changed")


def _noun(kind: str, number: int) -> str:
    if kind == "docker":
        return "daemon" if number == 1 else "daemons"
    singular = {"addresses": "address", "processes": "process"}.get(kind, kind[:-1])
    return singular if number == 1 else kind


def difference(before: Snapshot, after: Snapshot, neighbours: bool = False) -> Difference:
    """Compare two snapshots of one lab. neighbours=True also compares the ARP tables, which every ping fills."""
    changes: list[Change] = []
    for name in dict.fromkeys([*before.hosts, *after.hosts]):
        old, new = before.hosts.get(name), after.hosts.get(name)
        if old is not new:
            changes += _host(old or Host(name), new or Host(name), neighbours)
    changes.sort(key=lambda c: (KINDS.index(c.what), _is_small_print(c)))  # the lab's order stays inside a kind
    return Difference(tuple(changes))


def _is_small_print(change: Change) -> bool:
    """True and unasked for: link-local addresses, Docker's resolver, containerd's shims; they come last."""
    text = change.after or change.before or ""
    if change.what == "addresses":
        return text.startswith("fe80")
    if change.what == "processes":
        return "containerd-shim" in text
    return change.what in ("sockets", "rules") and ("127.0.0.11" in text or "DOCKER_OUTPUT" in change.key + text)


def _host(old: Host, new: Host, neighbours: bool) -> Iterator[Change]:
    where = new.name
    if old.docker_running != new.docker_running:
        words = {True: "running", False: "stopped"}
        yield Change("docker", where, "~", "dockerd", words[old.docker_running], words[new.docker_running])
    if old.containers is not new.containers:
        yield from _objects(
            "containers", where, old.containers[::-1], new.containers[::-1], lambda c: c.id, _container, _name
        )
    if old.networks is not new.networks:
        yield from _objects("networks", where, old.networks, new.networks, lambda n: n.id, _network, _name)
    if old.images is not new.images:
        tags = [{t for image in host.images for t in (image.tags or (image.id[:19],))} for host in (old, new)]
        yield from _sets("images", where, sorted(tags[0]), sorted(tags[1]))
    if old.volumes is not new.volumes:
        yield from _sets("volumes", where, [v.name for v in old.volumes], [v.name for v in new.volumes])
    labels = names_of(old) | names_of(new)
    if old.processes is not new.processes:
        names = {c.id: c.name for c in (*old.containers, *new.containers)}
        yield from _processes(where, old, new, names)
    for name in dict.fromkeys([*old.namespaces, *new.namespaces]):
        one, two = old.namespaces.get(name, _NOTHING), new.namespaces.get(name, _NOTHING)
        if one is not two:
            place = where if name == "host" else f"{where}/{labels.get(name, name)}"
            here = [c for c in (*old.containers, *new.containers) if c.namespace == name]
            yield from _namespace(place, one, two, labels | {"host": where}, neighbours, here)


def _namespace(
    where: str, old: Namespace, new: Namespace, labels: dict[str, str], neighbours: bool,
    containers: list[Container],
) -> Iterator[Change]:  # fmt: skip
    """One network stack. Of a whole stack that came or went, the loopback is taken as known."""
    whole = old is _NOTHING or new is _NOTHING
    lo = "lo" if whole else None
    if old.interfaces is not new.interfaces:
        before = [i for i in old.interfaces if i.name != lo]
        after = [i for i in new.interfaces if i.name != lo]
        yield from _objects(
            "links", where, before, after, lambda i: (i.name, i.index), lambda i: _link(i, labels), _name
        )
        yield from _sets("addresses", where, _addresses(before), _addresses(after))
    if old.routes is not new.routes:
        yield from _sets("routes", where, map(route_text, old.routes), map(route_text, new.routes))
    if neighbours and old.neighbours is not new.neighbours:
        yield from _objects(
            "neighbours", where, old.neighbours, new.neighbours, lambda n: (n.address, n.dev),
            lambda n: {"mac": n.mac or "?", "state": n.state}, lambda n: f"{n.address} dev {n.dev}",
        )  # fmt: skip
    if old.netfilter is not new.netfilter:
        yield from _netfilter(where, old.netfilter, new.netfilter)
    if old.netfilter6 is not new.netfilter6:
        yield from _netfilter(where, old.netfilter6, new.netfilter6, "ip6tables ")
    if old.nftables is not new.nftables:
        yield from _nftables(where, old.nftables, new.nftables)
    if old.sockets is not new.sockets:
        yield from _sets("sockets", where, _sockets(old, containers), _sockets(new, containers))
    if old.sysctls != new.sysctls and not whole:
        for key in sorted({*old.sysctls, *new.sysctls}):
            one, two = old.sysctls.get(key), new.sysctls.get(key)
            if one != two:
                yield Change("sysctls", where, "~", key, one, two)


# -- comparing -----------------------------------------------------------------------------------------------------


def _objects(
    what: str, where: str, old: Iterable[Any], new: Iterable[Any], key: Callable[[Any], Any],
    fields: Callable[[Any], Fields], name: Callable[[Any], str],
) -> Iterator[Change]:  # fmt: skip
    """Things with an identity: those that only one side has, and those whose fields differ."""
    olds, news = {key(o): o for o in old}, {key(n): n for n in new}
    for k, one in olds.items():
        two = news.get(k)
        if two is None:
            yield Change(what, where, "-", name(one), _join(fields(one)), None)
        elif one is not two:
            a, b = fields(one), fields(two)
            differing = [f for f in dict.fromkeys([*a, *b]) if a.get(f) != b.get(f)]
            if differing:
                parts = [", ".join(s[f] for f in differing if s.get(f)) or None for s in (a, b)]
                yield Change(what, where, "~", name(two), *parts)
    for k, two in news.items():
        if k not in olds:
            yield Change(what, where, "+", name(two), None, _join(fields(two)))


def _join(fields: Fields) -> str:
    # said of a link only when it changes:
    ordinary = {"mtu 1500", say("carrier"), say("not promiscuous"), say("port of no bridge")}
    return ", ".join(value for field, value in fields.items() if value and field != "name" and value not in ordinary)


def _sets(what: str, where: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Change]:
    """Things that are their own text: an address, a route, a socket."""
    olds, news = dict.fromkeys(old), dict.fromkeys(new)
    yield from (Change(what, where, "-", text, text, None) for text in olds if text not in news)
    yield from (Change(what, where, "+", text, None, text) for text in news if text not in olds)


def _netfilter(where: str, old: Netfilter, new: Netfilter, whose: str = "") -> Iterator[Change]:
    for table in dict.fromkeys([*(t.name for t in old.tables), *(t.name for t in new.tables)]):
        one, two = old.table(table), new.table(table)
        if one is two:
            continue
        olds, news = {c.name: c for c in one.chains}, {c.name: c for c in two.chains}
        for name in dict.fromkeys([*olds, *news]):
            yield from _chain(where, f"{whose}{table} {name}", olds.get(name), news.get(name))


def _chain(where: str, key: str, old: Chain | None, new: Chain | None) -> Iterator[Change]:
    if old is new:
        return
    if old is None:
        yield Change("rules", where, "+", key, None, say("new chain"))
    elif new is None:
        yield Change("rules", where, "-", key, say("chain removed"), None)
    elif old.policy != new.policy:
        yield Change("rules", where, "~", f"{key} policy", old.policy, new.policy)
    yield from _rows(where, key, [r.text for r in old.rules] if old else [], [r.text for r in new.rules] if new else [])


def _nftables(where: str, old: Nftables, new: Nftables) -> Iterator[Change]:
    """Tables of nft: chains and rules as those of iptables, and the elements of sets and maps."""
    for label in dict.fromkeys(table.label for tables in (old, new) for table in tables.tables):
        family, _, name = label.partition(" ")
        one, two = old.table(family, name), new.table(family, name)
        if one is two:
            continue
        olds = {chain.name: chain for chain in one.chains} if one else {}
        news = {chain.name: chain for chain in two.chains} if two else {}
        for chain in dict.fromkeys([*olds, *news]):
            yield from _nft_chain(where, f"nft {label} {chain}", olds.get(chain), news.get(chain))
        yield from _sets("rules", where, _elements(label, one), _elements(label, two))


def _nft_chain(where: str, key: str, old: NftChain | None, new: NftChain | None) -> Iterator[Change]:
    if old is None:
        yield Change("rules", where, "+", key, None, say("new chain"))
    elif new is None:
        yield Change("rules", where, "-", key, say("chain removed"), None)
    elif old.policy != new.policy:
        yield Change("rules", where, "~", f"{key} policy", old.policy, new.policy)
    yield from _rows(where, key, [r.stateless for r in old.rules] if old else [],
                     [r.stateless for r in new.rules] if new else [])  # fmt: skip


def _elements(label: str, table: NftTable | None) -> list[str]:
    return [
        f"nft {label} {one.name} {{ {key}{f' : {data.text}' if isinstance(data, Verdict) else ''} }}"
        for one in (table.sets if table else ()) for key, data in one.elements
    ]  # fmt: skip


def _rows(where: str, key: str, olds: list[str], news: list[str]) -> Iterator[Change]:
    if olds == news:
        return
    for kind, a, b, c, d in difflib.SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if kind in ("delete", "replace"):
            yield from (Change("rules", where, "-", f"{key} {n + 1}", olds[n], None) for n in range(a, b))
        if kind in ("insert", "replace"):
            yield from (Change("rules", where, "+", f"{key} {n + 1}", None, news[n]) for n in range(c, d))


def _processes(where: str, old: Host, new: Host, names: dict[str, str]) -> Iterator[Change]:
    olds, news = {p.pid: p for p in old.processes}, {p.pid: p for p in new.processes}

    def place(container: str | None) -> str:
        return where if container is None else f"{where}/{names.get(container, container[:12])}"

    for pid, p in olds.items():
        if pid not in news or news[pid].argv != p.argv:
            yield Change("processes", place(p.container), "-", str(pid), p.command, None)
    for pid, p in news.items():
        if pid not in olds or olds[pid].argv != p.argv:
            yield Change("processes", place(p.container), "+", str(pid), None, p.command)


# -- what of a thing counts ----------------------------------------------------------------------------------------


def _name(thing: Any) -> str:
    return str(thing.name)


def _container(c: Container) -> Fields:
    ended = c.state in (ContainerState.EXITED, ContainerState.DEAD)
    return {
        "image": c.image,
        "state": f"{c.state.value} ({c.exit_code})" if ended else c.state.value,
        "networks": "; ".join(" ".join([e.network, *map(str, e.addresses)]) for e in c.endpoints)
        or ("joined" if c.network_mode.startswith("container:") else c.network_mode),
        "ports": " ".join(str(p) for p in c.ports),
        "restart": "" if c.restart_policy == "no" else f"restart {c.restart_policy}",
        "name": say("named {name}", name=c.name),
    }


def _network(n: Network) -> Fields:
    return {
        "driver": n.driver,
        "subnet": " ".join(str(s.subnet) for s in n.subnets),
        "gateway": " ".join(say("gateway {gateway}", gateway=s.gateway) for s in n.subnets if s.gateway),
        "bridge": n.bridge or "",
        "parent": say("parent {name}", name=n.parent) if n.parent else "",
        "internal": say("internal") if n.internal else "",
    }


def _peer(end: PeerEnd, labels: dict[str, str]) -> str:
    return say("peer if{index} in {place}", index=end.index, place=labels.get(end.namespace, end.namespace))


def _link(i: Interface, labels: dict[str, str]) -> Fields:
    peer = _peer(i.peer, labels) if i.peer else ""
    return {
        "kind": i.kind.value,
        "mac": i.mac,
        "mtu": f"mtu {i.mtu}",
        "up": "up" if i.up else "down",
        "carrier": say("carrier") if i.carrier else say("no carrier"),
        "promiscuous": say("promiscuous") if i.promiscuous else say("not promiscuous"),
        "master": say("port of {bridge}", bridge=i.master) if i.master else say("port of no bridge"),
        "peer": peer,
        "parent": say("on {name}", name=i.parent) if i.parent else "",
        "segment": say("plugged into {switch}", switch=i.segment) if i.segment else "",
    }


def _addresses(interfaces: Iterable[Interface]) -> list[str]:
    return [f"{a} dev {i.name}" for i in interfaces for a in i.addresses]


def _sockets(namespace: Namespace, containers: list[Container]) -> list[str]:
    """Those that wait for somebody; open connections come and go with every packet."""
    waiting = (SocketState.LISTEN, SocketState.UNCONNECTED)
    return [socket_text(s, containers) for s in namespace.sockets if s.state in waiting]
