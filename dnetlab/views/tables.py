"""What is there now? One table per question, read from a snapshot, never from what a command printed.

Every table has the same columns and dtypes whatever the lab holds, rows in the lab's order (docker1, docker2, client;
the host's own namespace first, then its containers by age) and the filters host=, namespace= and container=.
`container` is <NA> for a host's own namespace, and 'web3, shell' for a namespace that two containers share.

Shown, a table begins with the columns that a reader needs, leaves empty ones out and says a column that holds the same
in every row once, below it; it scrolls sideways within itself where it is wider than the screen. The DataFrame itself
has all its columns, in the order given here; columns that you chose yourself are all shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from dnetlab.errors import UnknownName, UsageError
from dnetlab.explain.rulewords import is_nft
from dnetlab.language import Words, near_or
from dnetlab.model import Container, ContainerState, Flow, Host, LinkKind, Match, Protocol, Rule, Snapshot, Socket
from dnetlab.model.route import MAIN, table_name
from dnetlab.net.nftwords import in_iptables_words
from dnetlab.views.frame import DECIMAL, NUMBER, TEXT, YES_NO, frame
from dnetlab.views.labels import Labelled, containers_in, matches, names_of, peer_name, places, program_of, socket_end

if TYPE_CHECKING:
    from pandas import DataFrame

Row = tuple[Any, ...]
_WHERE = {"host": TEXT, "namespace": TEXT, "container": TEXT}
# The columns of each table that a reader needs: shown first, and beyond the edge of the screen last.
_FIRST = {
    "links": ("host", "container", "index", "dev", "kind", "master", "peer", "up"),
    "ips": ("host", "container", "dev", "address"),
    "routes": ("host", "container", "destination", "via", "dev", "src"),
    "neighbours": ("host", "container", "address", "dev", "mac", "state"),
    "rules": ("host", "container", "table", "chain", "number", "rule", "packets"),
    "connections": ("host", "container", "protocol", "state", "source", "destination", "translated"),
    "sockets": ("host", "container", "protocol", "local", "state", "pid", "program"),
    "processes": ("host", "container", "pid", "command"),
    "containers": ("host", "name", "image", "state", "networks", "addresses", "ports"),
    "networks": ("host", "name", "driver", "subnet", "gateway", "bridge", "containers"),
    "endpoints": ("host", "container", "network", "dev", "address", "host_dev"),
    "images": ("host", "tag", "id", "size"),
}


def _where(place: Labelled) -> Row:
    return place.host.name, place.namespace.name, place.container or None


def _check(snapshot: Snapshot, host: str | None, container: str | None) -> None:
    """A filter that names nothing in the lab is a typo, and an empty table would be a wrong answer."""
    import difflib

    if host is not None and host not in snapshot.hosts:
        raise UnknownName(
            "the lab has no host {host!r}", hint="The hosts are {hosts}.", host=host, hosts=", ".join(snapshot.hosts)
        )
    if container is None or snapshot.find_container(container):
        return
    names = [c.name for h in snapshot.hosts.values() for c in h.containers]
    near = difflib.get_close_matches(container, names, 3, 0.5)
    all_of_them = Words("Containers: {names}.", names=", ".join(names)) if names else Words("There is none yet.")
    hint = near_or(near, all_of_them)
    raise UnknownName("the lab has no container {container!r}", hint=hint, container=container)


# -- layers 1 to 3: links, addresses, routes, neighbours -----------------------------------------------------------

LINKS = _WHERE | {
    "index": NUMBER, "dev": TEXT, "kind": TEXT, "mac": TEXT, "mtu": NUMBER, "up": YES_NO, "carrier": YES_NO,
    "promiscuous": YES_NO, "master": TEXT, "peer": TEXT, "parent": TEXT, "segment": TEXT,
}  # fmt: skip


def links(
    snapshot: Snapshot,
    host: str | None = None,
    namespace: str | None = None,
    container: str | None = None,
    kind: str | None = None,
) -> DataFrame:
    """One row per interface, in index order as `ip link` prints them.

    host, namespace, container  string   where it is
    index                       Int64    the number in front of it in `ip link`
    dev, kind, mac              string   'eth0', 'veth', '02:42:…'
    mtu                         Int64    bytes
    up, carrier, promiscuous    boolean  carrier: something answers at the other end (LOWER_UP)
    master                      string   the bridge it is a port of
    peer                        string   veth: the other end, 'eth0 of web1'
    parent                      string   macvlan, vlan: the link below it
    segment                     string   a NIC: the switch of the lab it is plugged into

    kind= keeps those of that kind. An empty lab gives no rows.
    UnknownName for a host or container that isn't there; UsageError for a kind that the lab doesn't know.
    """
    _check(snapshot, host, container)
    kinds = [k.value for k in LinkKind]
    if kind is not None and kind not in kinds:
        raise UsageError(
            "no link is of kind {kind!r}", hint="The kinds are {kinds}.", kind=kind, kinds=", ".join(kinds)
        )
    place = list(LINKS).index("kind")
    rows = _links(snapshot, host, namespace, container)
    return frame((row for row in rows if kind is None or row[place] == kind), LINKS, _FIRST["links"])


def _links(snapshot: Snapshot, *where: str | None) -> Iterator[Row]:
    labels: dict[str, dict[str, str]] = {}
    for place in places(snapshot, *where):
        names = labels.setdefault(place.host.name, names_of(place.host))
        for i in place.namespace.interfaces:
            yield (*_where(place), i.index, i.name, i.kind.value, i.mac, i.mtu, i.up, i.carrier, i.promiscuous,
                   i.master, peer_name(place, i, names), i.parent, i.segment)  # fmt: skip


IPS = _WHERE | {"dev": TEXT, "address": TEXT, "family": TEXT, "broadcast": TEXT, "scope": TEXT, "secondary": YES_NO}


def ips(
    snapshot: Snapshot, host: str | None = None, namespace: str | None = None, container: str | None = None
) -> DataFrame:
    """One row per address, as the `inet` and `inet6` lines of `ip addr`.

    host, namespace, container, dev  string
    address                          string   with its prefix, '172.17.0.2/16'
    family                           string   'inet' or 'inet6'
    broadcast                        string   <NA> when none was set
    scope                            string   'global', 'link' or 'host'
    secondary                        boolean

    An empty lab gives no rows. UnknownName for a host or container that isn't there.
    """
    _check(snapshot, host, container)
    rows = (
        (*_where(place), i.name, str(a), "inet" if a.ip.version == 4 else "inet6",
         None if a.broadcast is None else str(a.broadcast), a.scope, a.secondary)
        for place in places(snapshot, host, namespace, container)
        for i in place.namespace.interfaces
        for a in i.addresses
    )  # fmt: skip
    return frame(rows, IPS, _FIRST["ips"])


ROUTES = _WHERE | {
    "destination": TEXT, "via": TEXT, "dev": TEXT, "src": TEXT, "protocol": TEXT, "scope": TEXT, "metric": NUMBER,
    "kind": TEXT, "table": TEXT,
}  # fmt: skip


def routes(
    snapshot: Snapshot, host: str | None = None, namespace: str | None = None, container: str | None = None
) -> DataFrame:
    """One row per route, as `ip route show table all` and `ip -6 route` print them; what the kernel itself writes into
    its table `local`, and routes of link-local addresses, go without saying.

    host, namespace, container   string
    destination                  string   '172.17.0.0/16' or 'default'
    via                          string   <NA>: directly attached
    dev, src, protocol, scope    string
    metric                       Int64    0 when unset
    kind                         string   'unicast', 'blackhole', 'unreachable', 'prohibit'
    table                        string   a number, or a name of rt_tables; <NA>: main, which all use

    An empty lab gives no rows. UnknownName for a host or container that isn't there.
    """
    _check(snapshot, host, container)
    rows = (
        (*_where(place), "default" if r.is_default else str(r.destination), _join(w.via for w in r.ways),
         _join(w.dev for w in r.ways), _text(r.src),
         r.protocol, r.scope, r.metric, r.kind, None if r.table == MAIN else table_name(r.table))
        for place in places(snapshot, host, namespace, container)
        for r in place.namespace.routes
    )  # fmt: skip
    return frame(rows, ROUTES, _FIRST["routes"])


NEIGHBOURS = _WHERE | {"address": TEXT, "dev": TEXT, "mac": TEXT, "state": TEXT}


def neighbours(
    snapshot: Snapshot, host: str | None = None, namespace: str | None = None, container: str | None = None
) -> DataFrame:
    """One row per entry of ARP and of IPv6's neighbours, as `ip neigh` prints them: where, address, dev, mac, state.

    mac is <NA> while it is unresolved.
    """
    _check(snapshot, host, container)
    rows = (
        (*_where(place), str(n.address), n.dev, n.mac, n.state_at(snapshot.clock))
        for place in places(snapshot, host, namespace, container)
        for n in place.namespace.neighbours
    )
    return frame(rows, NEIGHBOURS, _FIRST["neighbours"])


# -- netfilter -----------------------------------------------------------------------------------------------------

RULES = _WHERE | {
    "table": TEXT, "chain": TEXT, "number": NUMBER, "target": TEXT, "protocol": TEXT, "source": TEXT,
    "destination": TEXT, "in": TEXT, "out": TEXT, "extra": TEXT, "packets": NUMBER, "bytes": NUMBER, "rule": TEXT,
}  # fmt: skip


def rules(
    snapshot: Snapshot, host: str | None = None, namespace: str | None = None, container: str | None = None,
    table: str | None = None, chain: str | None = None, family: str = "inet",
) -> DataFrame:  # fmt: skip
    """One row per rule, and one (number 0) per policy of a built-in chain, in the order of `iptables-save`.

    host, namespace, container   string
    table, chain                 string
    number                       Int64    as --line-numbers shows it; 0: the chain's policy
    target                       string   'ACCEPT', 'DNAT', a chain's name; <NA> for a rule that only counts
    protocol                     string   'all' when it takes any
    source, destination          string   '0.0.0.0/0', '::/0' when it takes any; '!' in front of what it doesn't take
    in, out                      string   interfaces, '*' when it takes any
    extra                        string   the rest: 'dpt:80 to:172.17.0.2:80' in the words of the rule
    packets, bytes               Int64    the rule's counters
    rule                         string   the text of `iptables -S`

    The tables of nft come behind those of iptables, called by family and name: 'ip docker-bridges'. The columns say of
    their rules what iptables has a word for, and `rule` is the text of `nft -s list`.

    table=, chain= keep those of that name; family='inet6' asks for those of ip6tables. An empty lab gives no rows.
    UnknownName for a host or container that isn't there; UsageError for a table that iptables doesn't have, and for
    another family.
    """
    from dnetlab.model.netfilter import BUILTIN

    _check(snapshot, host, container)
    if table is not None and table not in BUILTIN and not is_nft(table):
        raise UsageError(
            "iptables has no table {table!r}", hint="The tables are {builtin}.", table=table, builtin=", ".join(BUILTIN)
        )
    version = {"inet": 4, "inet6": 6}.get(family)
    if version is None:
        raise UsageError("no rules are of family {family!r}", hint="The families are inet and inet6.", family=family)
    rows = rule_rows(snapshot, (host, namespace, container), table, chain, version)
    return frame(rows, RULES, _FIRST["rules"])


_ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}


def rule_rows(
    snapshot: Snapshot, where: tuple[str | None, ...], table: str | None = None, chain: str | None = None,
    version: int = 4,
) -> Iterator[Row]:  # fmt: skip
    """The rows of `rules` as tuples. where: host, namespace, container, each None for any."""
    anywhere = _ANYWHERE[version]
    for place in places(snapshot, *where):
        for t in place.namespace.filters(version).tables:
            for c in t.chains:
                if (table is not None and t.name != table) or (chain is not None and c.name != chain):
                    continue
                head = (*_where(place), t.name, c.name)
                if c.policy:
                    yield (*head, 0, c.policy, "all", anywhere, anywhere, "*", "*", None, c.packets, c.bytes,
                           f"-P {c.name} {c.policy}")  # fmt: skip
                for number, rule in enumerate(c.rules, 1):
                    yield (*head, number, *_rule_columns(rule, anywhere), rule.packets, rule.bytes,
                           f"-A {c.name} {rule.text}".rstrip())  # fmt: skip
        yield from _nft_rules(place, table, chain, version)


def _nft_rules(place: Labelled, table: str | None, chain: str | None, version: int) -> Iterator[Row]:
    anywhere = _ANYWHERE[version]
    for t, c in place.namespace.nftables.chains(version):
        if (table is not None and t.label != table) or (chain is not None and c.name != chain):
            continue
        head = (*_where(place), t.label, c.name)
        if c.hook is not None:
            yield (*head, 0, c.policy.upper(), "all", anywhere, anywhere, "*", "*", None, 0, 0, c.head)
        for number, rule in enumerate(c.rules, 1):
            columns = _rule_columns(in_iptables_words(rule), anywhere)
            yield (*head, number, *columns, rule.packets, rule.bytes, rule.stateless)


def _rule_columns(rule: Rule, anywhere: str) -> Row:
    """target, protocol, source, destination, in, out, extra"""

    def value(option: str, default: str) -> str:
        match = rule.get(option)
        return default if match is None else ("!" if match.negated else "") + match.value

    heads = ("-p", "-s", "-d", "-i", "-o")
    extra = [_words(m) for m in rule.matches if m.option and m.option not in heads]
    extra += [f"{key.lstrip('-')} {text}".strip() for key, text in rule.target.options]
    return (
        rule.target.name or None, value("-p", "all"), value("-s", anywhere), value("-d", anywhere),
        value("-i", "*"), value("-o", "*"), "; ".join(extra) or None,
    )  # fmt: skip


def _words(match: Match) -> str:
    return ("! " if match.negated else "") + f"{match.option.lstrip('-')} {match.value}".strip()


CONNECTIONS = _WHERE | {
    "protocol": TEXT, "state": TEXT, "source": TEXT, "destination": TEXT, "reply_source": TEXT,
    "reply_destination": TEXT, "translated": TEXT, "expires": DECIMAL,
}  # fmt: skip


def connections(
    snapshot: Snapshot, host: str | None = None, namespace: str | None = None, container: str | None = None
) -> DataFrame:
    """One row per connection that conntrack remembers.

    protocol, state                   string   'tcp', 'ESTABLISHED'
    source, destination               string   of the first packet, with ports; ICMP without
    reply_source, reply_destination   string   what its answer must look like
    translated                        string   'source', 'destination', 'both'; <NA>: no address was rewritten
    expires                           Float64  seconds of the lab's clock, <NA> on a real engine

    An empty lab gives no rows. UnknownName for a host or container that isn't there.
    """
    _check(snapshot, host, container)
    rows = (
        (*_where(place), c.original.protocol.value, c.state.value, *_ends(c.original), *_ends(c.reply),
         _translated(c.is_source_nat, c.is_destination_nat), c.expires)
        for place in places(snapshot, host, namespace, container)
        for c in place.namespace.connections
    )  # fmt: skip
    return frame(rows, CONNECTIONS, _FIRST["connections"])


def _ends(flow: Flow) -> tuple[str, str]:
    if flow.protocol is Protocol.ICMP:
        return str(flow.source), str(flow.destination)
    return f"{flow.source}:{flow.sport}", f"{flow.destination}:{flow.dport}"


def _translated(source: bool, destination: bool) -> str | None:
    return {(True, True): "both", (True, False): "source", (False, True): "destination"}.get((source, destination))


# -- sockets and processes -------------------------------------------------------------------------------------------

SOCKETS = _WHERE | {
    "protocol": TEXT, "state": TEXT, "local": TEXT, "port": NUMBER, "remote": TEXT, "pid": NUMBER, "program": TEXT,
}  # fmt: skip


def sockets(
    snapshot: Snapshot,
    host: str | None = None,
    namespace: str | None = None,
    container: str | None = None,
    port: int | None = None,
) -> DataFrame:
    """One row per socket, as `ss -anp` shows them.

    protocol, state   string   'tcp', 'LISTEN'
    local             string   '0.0.0.0:80', '[::]:80'
    port              Int64    the local port
    remote            string   <NA> while it only listens
    pid               Int64    as the host counts processes, <NA> when the kernel owns it
    program           string   'nginx', 'docker-proxy'; of a stand-in the program that it stands for, 'mysqld'

    port= keeps those with that local port. An empty lab gives no rows.
    UnknownName for a host or container that isn't there.
    """
    _check(snapshot, host, container)
    rows = (
        (*_where(place), s.protocol.value, s.state.value, socket_end(s.local_address, s.local_port), s.local_port,
         _remote(s), s.pid, program_of(s, place.containers) or None)
        for place in places(snapshot, host, namespace, container)
        for s in place.namespace.sockets
        if port is None or s.local_port == port
    )  # fmt: skip
    return frame(rows, SOCKETS, _FIRST["sockets"])


def _remote(socket: Socket) -> str | None:
    return None if socket.remote_address is None else socket_end(socket.remote_address, socket.remote_port)


PROCESSES = _WHERE | {"pid": NUMBER, "ppid": NUMBER, "user": TEXT, "command": TEXT}


def processes(
    snapshot: Snapshot, host: str | None = None, namespace: str | None = None, container: str | None = None
) -> DataFrame:
    """One row per process as its host's `ps` sees it: where, pid, ppid, user, command. container is its own container
    (not those that share its namespace). An empty lab gives no rows."""
    _check(snapshot, host, container)
    rows: list[Row] = []
    for machine in _hosts(snapshot, host):
        names = {c.id: c for c in machine.containers}
        for p in machine.processes:
            owner = names.get(p.container or "")
            if (namespace is not None and p.namespace != namespace) or not _is_wanted(owner, container):
                continue
            name = owner.name if owner else None
            rows.append((machine.name, p.namespace, name, p.pid, p.ppid, p.user, p.command))
    return frame(rows, PROCESSES, _FIRST["processes"])


def _is_wanted(owner: Container | None, reference: str | None) -> bool:
    return reference is None or (owner is not None and matches(owner, reference))


def _hosts(snapshot: Snapshot, host: str | None) -> list[Host]:
    return [machine for machine in snapshot.hosts.values() if host is None or machine.name == host]


# -- what Docker knows: containers, networks, endpoints, images ------------------------------------------------------

CONTAINERS = {
    "host": TEXT, "name": TEXT, "id": TEXT, "image": TEXT, "command": TEXT, "state": TEXT, "exit_code": NUMBER,
    "network_mode": TEXT, "networks": TEXT, "addresses": TEXT, "ports": TEXT, "namespace": TEXT, "pid": NUMBER,
    "restart": TEXT,
}  # fmt: skip


def containers(snapshot: Snapshot, host: str | None = None, container: str | None = None) -> DataFrame:
    """One row per container, stopped ones too, the newest first as `docker ps -a`.

    host, name, id            string   id: its 12 digits
    image, command, state     string   state: 'running', 'exited', …
    exit_code                 Int64    <NA> while it runs or has never run
    network_mode              string   'default', 'host', 'none', a network, or 'container:web3'
    networks, addresses       string   'my_net1, my_net2', '172.18.0.2, 172.19.0.2'; <NA> without any
    ports                     string   '0.0.0.0:80->80/tcp, …' of what is bound now
    namespace                 string   its network namespace, <NA> when it isn't running
    pid                       Int64    of its first process, <NA> when it isn't running
    restart                   string   its restart policy

    An empty lab gives no rows. UnknownName for a host or container that isn't there.
    """
    _check(snapshot, host, container)
    rows: list[Row] = []
    for machine in _hosts(snapshot, host):
        for c in machine.containers:
            if not _is_wanted(c, container):
                continue
            ended = c.state in (ContainerState.EXITED, ContainerState.DEAD)
            rows.append((
                machine.name, c.name, c.short_id, c.image, " ".join(c.command) or None, c.state.value,
                c.exit_code if ended else None, mode_text(machine, c),
                ", ".join(e.network for e in c.endpoints) or None,
                ", ".join(str(ip) for e in c.endpoints for ip in e.addresses) or None,
                ", ".join(str(p) for p in c.ports) or None, c.namespace, c.pid, c.restart_policy,
            ))  # fmt: skip
    return frame(rows, CONTAINERS, _FIRST["containers"])


def mode_text(host: Host, container: Container) -> str:
    """The network mode with a name for an id: 'container:web3'."""
    kind, colon, reference = container.network_mode.partition(":")
    if kind != "container" or not colon:
        return container.network_mode
    other = host.container(reference)
    return f"container:{other.name if other else reference[:12]}"


NETWORKS = {
    "host": TEXT, "name": TEXT, "id": TEXT, "driver": TEXT, "scope": TEXT, "subnet": TEXT, "gateway": TEXT,
    "ip_range": TEXT, "bridge": TEXT, "parent": TEXT, "internal": YES_NO, "containers": TEXT,
}  # fmt: skip


def networks(snapshot: Snapshot, host: str | None = None, container: str | None = None) -> DataFrame:
    """One row per Docker network, as `docker network ls` and `inspect` show them.

    host, name, id, driver, scope   string
    subnet, gateway, ip_range       string   several subnets are separated by ', '
    bridge, parent                  string   the device on the host; <NA> for drivers without one
    internal                        boolean
    containers                      string   those that are connected and running, 'web1, web2'

    container= keeps the networks it is connected to. An empty lab gives no rows.
    UnknownName for a host or container that isn't there.
    """
    _check(snapshot, host, container)
    rows: list[Row] = []
    for machine in _hosts(snapshot, host):
        members = members_of(machine)
        for n in machine.networks:
            inside = members.get(n.name, ())
            if container is not None and not any(matches(c, container) for c in inside):
                continue
            rows.append((
                machine.name, n.name, n.short_id, n.driver, n.scope, _join(s.subnet for s in n.subnets),
                _join(s.gateway for s in n.subnets), _join(s.ip_range for s in n.subnets), n.bridge, n.parent,
                n.internal, ", ".join(c.name for c in inside) or None,
            ))  # fmt: skip
    return frame(rows, NETWORKS, _FIRST["networks"])


def members_of(host: Host) -> dict[str, list[Container]]:
    """The running containers of each network of a host, oldest first."""
    found: dict[str, list[Container]] = {}
    for c in reversed(host.containers):
        if c.is_running:
            for e in c.endpoints:
                found.setdefault(e.network, []).append(c)
    return found


ENDPOINTS = {
    "host": TEXT, "container": TEXT, "network": TEXT, "dev": TEXT, "address": TEXT, "gateway": TEXT, "mac": TEXT,
    "host_dev": TEXT, "aliases": TEXT, "sandbox": TEXT,
}  # fmt: skip


def endpoints(snapshot: Snapshot, host: str | None = None, container: str | None = None) -> DataFrame:
    """The Container Network Model as a table: one row per endpoint, which joins a sandbox to a network.

    host, container, network   string
    dev, host_dev              string   its two ends: inside the container, and the veth on the host (<NA>: none)
    address                    string   with its prefix; <NA> while the container isn't running; of a network of both
                               families '172.18.0.2/16, fd00::2/64', and so is the gateway
    gateway, mac               string
    aliases                    string   the names given with --network-alias
    sandbox                    string   the network namespace; containers that joined it have the same one

    An empty lab gives no rows. UnknownName for a host or container that isn't there.
    """
    _check(snapshot, host, container)
    rows = (
        (machine.name, c.name, e.network, e.interface, _both(e.address and f"{e.address}/{e.prefixlen}",
                                                             e.address6 and f"{e.address6}/{e.prefixlen6}"),
         _both(e.gateway, e.gateway6), e.mac or None, e.host_interface, ", ".join(e.aliases) or None, c.namespace)
        for machine in _hosts(snapshot, host)
        for c in reversed(machine.containers)
        if _is_wanted(c, container)
        for e in c.endpoints
    )  # fmt: skip
    return frame(rows, ENDPOINTS, _FIRST["endpoints"])


def _both(one: object, other: object) -> str | None:
    return ", ".join(str(each) for each in (one, other) if each is not None) or None


IMAGES = {"host": TEXT, "tag": TEXT, "id": TEXT, "size": NUMBER}


def images(snapshot: Snapshot, host: str | None = None) -> DataFrame:
    """One row per tag of an image: host, tag (<NA>: dangling), id (12 digits), size in bytes (Int64)."""
    _check(snapshot, host, None)
    rows = (
        (machine.name, tag, image.id.removeprefix("sha256:")[:12], image.size)
        for machine in _hosts(snapshot, host)
        for image in machine.images
        for tag in (image.tags or (None,))
    )
    return frame(rows, IMAGES, _FIRST["images"])


# -- by name -------------------------------------------------------------------------------------------------------

TABLES: dict[str, Callable[..., DataFrame]] = {
    "ips": ips, "links": links, "routes": routes, "rules": rules, "neighbours": neighbours, "sockets": sockets,
    "connections": connections, "processes": processes, "containers": containers, "networks": networks,
    "endpoints": endpoints, "images": images,
}  # fmt: skip


def table(name: str, snapshot: Snapshot, **filters: Any) -> DataFrame:
    """A table by its name; filters that are None are left out. UsageError for a name or filter it doesn't have."""
    import difflib
    import inspect

    if name not in TABLES:
        near = difflib.get_close_matches(name, TABLES, 1)
        hint = near_or(near, Words("The tables are {tables}.", tables=", ".join(TABLES)))
        raise UsageError("there is no table {name!r}", hint=hint, name=name)
    wanted = {key: value for key, value in filters.items() if value is not None}
    known = list(inspect.signature(TABLES[name]).parameters)[1:]
    for key in wanted:
        if key not in known:
            raise UsageError(
                "the table {name} has no filter {key!r}",
                hint="It has: {known}.",
                name=name,
                key=key,
                known=", ".join(known),
            )
    return TABLES[name](snapshot, **wanted)


def _text(value: object | None) -> str | None:
    return None if value is None else str(value)


def _join(values: Iterator[object | None]) -> str | None:
    return ", ".join(str(v) for v in values if v is not None) or None


__all__ = [*TABLES, "TABLES", "containers_in", "members_of", "mode_text", "table"]
