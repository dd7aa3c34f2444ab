"""Which containers can nothing tell apart? They are wired alike, listen alike, and the firewall treats them alike.

A rule of the host that names one container's address (`-d 172.17.0.2/32`) belongs to that container: two containers
with the same such rules, up to the address, are alike. Any other rule is the same for all, and what it can see of an
address (is it in 172.17.0.0/24?) must be the same for two to be alike. Whoever is named in another way (two
addresses in one rule, a MAC, rules of different kinds side by side) is a class of his own: slower, never wrong.

Hosts use the same private networks, so one address is often had on several of them: by twins. Two containers are alike
only if their twins are, host by host; a container asking its own twin asks itself, which is a case of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dnetlab.model import (
    FdbEntry,
    Host,
    Interface,
    LinkKind,
    Namespace,
    Neighbour,
    Netfilter,
    Protocol,
    Rule,
    Snapshot,
    Socket,
    Where,
)
from dnetlab.model.ip import IpAddress, ip_address
from dnetlab.net.deliver import proxy_of
from dnetlab.net.matches import in_range, network_and_mask, port_ranges
from dnetlab.net.nftwords import in_iptables_words

_PORT_OPTIONS = ("--dport", "--sport", "--dports", "--sports", "--ports")
_RANGES = ("--src-range", "--dst-range")
_LINKS = ("-i", "-o")
DNS = "127.0.0.11"  # the resolver's address in every container


@dataclass
class Owned:
    """A host's rules that belong to one container each. rules: where -> (table, chain, segment, text up to address)."""

    rules: dict[Where, list[tuple[object, ...]]] = field(default_factory=dict)
    published: dict[tuple[str, Protocol, int], list[tuple[object, ...]]] = field(default_factory=dict)
    alone: set[Where] = field(default_factory=set)
    networks: set[str] = field(default_factory=set)  # what rules for all can see of an address
    ranges: set[str] = field(default_factory=set)
    ports: set[str] = field(default_factory=set)
    belongs: dict[str, dict[tuple[int, str, str, int], Where]] = field(default_factory=dict)  # host -> place -> whose


class Classes:
    """of: the number of each namespace's class."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.owner = _owners(snapshot)
        self.twins: dict[Where, tuple[Where, ...]] = {}
        self.owned = Owned()
        self.of: dict[Where, int] = {}
        self.proxies: dict[str, dict[tuple[Protocol, int], IpAddress]] = {}
        self._at_port: dict[str, dict[tuple[Protocol, int], list[Socket]]] = {}

    def place_of(self, where: Where, ip: IpAddress) -> int:
        """The how-manieth address of its namespace this is: what members of a class have in common."""
        addresses = [own.ip for i in self.snapshot.at(where).interfaces for own in i.routed]
        return addresses.index(ip)

    def publishing(self, host: str, protocol: Protocol, port: int) -> tuple[object, ...]:
        """How a host port is published, up to its number and the container's address."""
        rules = tuple(self.owned.published.get((host, protocol, port), ()))
        seen = tuple(any(low <= port <= high for low, high in port_ranges(text)) for text in sorted(self.owned.ports))
        machine = self.snapshot.hosts[host]
        mine = self._sockets(machine).get((protocol, port), [])
        sockets = tuple((s.state, str(s.local_address), s.program, s.v6only) for s in mine)
        inner = []
        for socket in mine:
            to = proxy_of(machine, socket)
            inner.append((to[0] in self.owner, to[1]) if to else None)
        return rules, seen, sockets, tuple(inner), protocol

    def _sockets(self, machine: Host) -> dict[tuple[Protocol, int], list[Socket]]:
        """A host's own sockets by protocol and port."""
        if machine.name not in self._at_port:
            found: dict[tuple[Protocol, int], list[Socket]] = {}
            for socket in machine.stack.sockets:
                found.setdefault((socket.protocol, socket.local_port), []).append(socket)
            self._at_port[machine.name] = found
        return self._at_port[machine.name]

    def reduced(self, kept: set[Where]) -> Snapshot:
        """The lab with these containers only (and all hosts): their links, rules, docker-proxies."""
        hosts = {name: self._smaller(host, kept) for name, host in self.snapshot.hosts.items()}
        return replace(self.snapshot, hosts=hosts)

    def _smaller(self, host: Host, kept: set[Where]) -> Host:
        stay = {name: s for name, s in host.namespaces.items() if name == "host" or Where(host.name, name) in kept}
        stack = host.stack
        links = tuple(i for i in stack.interfaces if i.peer is None or i.peer.namespace in stay)
        sockets = tuple(s for s in stack.sockets if self._stays(host, s, kept))
        pids = {s.pid for s in sockets}
        stay["host"] = replace(
            stack, interfaces=links, sockets=sockets, neighbours=_fixed(stack), fdb=_remotes(stack),
            netfilter=self._fewer_rules(host, kept, 4), netfilter6=self._fewer_rules(host, kept, 6),
        )  # fmt: skip
        spaces = {name: replace(s, connections=()) for name, s in stay.items()}
        return replace(host, namespaces=spaces, processes=tuple(p for p in host.processes if p.pid in pids))

    def _stays(self, host: Host, socket: Socket, kept: set[Where]) -> bool:
        to = self.proxies.get(host.name, {}).get((socket.protocol, socket.local_port))
        proxies = to is not None and socket.program.endswith("docker-proxy")
        whose = [where for where in self.owner.get(to, ()) if where.host == host.name] if to and proxies else []
        return not whose or any(where in kept for where in whose)

    def _fewer_rules(self, host: Host, kept: set[Where], version: int) -> Netfilter:
        belongs = self.owned.belongs.get(host.name, {})
        tables = []
        for table in host.stack.filters(version).tables:
            chains = tuple(
                replace(
                    chain,
                    rules=tuple(
                        rule
                        for number, rule in enumerate(chain.rules)
                        if belongs.get((version, table.name, chain.name, number)) in kept
                        or (version, table.name, chain.name, number) not in belongs
                    ),
                )
                for chain in table.chains
            )
            tables.append(replace(table, chains=chains))
        return Netfilter(tuple(tables))


def _remotes(space: Namespace) -> tuple[FdbEntry, ...]:
    """Where its VXLANs send frames: nobody could find that out anew."""
    return tuple(entry for entry in space.fdb if entry.dst is not None)


def _fixed(space: Namespace) -> tuple[Neighbour, ...]:
    return tuple(n for n in space.neighbours if n.state == "PERMANENT")


def _owners(snapshot: Snapshot) -> dict[IpAddress, tuple[Where, ...]]:
    """Whose address is it? Containers only; several when hosts use the same private networks."""
    found: dict[IpAddress, tuple[Where, ...]] = {}
    for host in snapshot.hosts.values():
        for name, space in host.namespaces.items():
            for interface in space.interfaces:
                if name != "host" and interface.kind is not LinkKind.LOOPBACK:
                    found |= {own.ip: (*found.get(own.ip, ()), Where(host.name, name)) for own in interface.routed}
    return found


def classify(snapshot: Snapshot) -> Classes:
    """Put every namespace of the lab into its class."""
    classes = Classes(snapshot)
    owned = classes.owned
    _find_twins(classes)
    macs = {
        i.mac: Where(h.name, n) for h in snapshot.hosts.values() for n, s in h.namespaces.items() for i in s.interfaces
    }
    for host in snapshot.hosts.values():
        found = {(s.protocol, s.local_port): proxy_of(host, s) for s in _proxy_sockets(host)}
        classes.proxies[host.name] = {key: to[0] for key, to in found.items() if to}
        for space in host.namespaces.values():
            _read_rules(classes, host, space, macs)
            _read_policy(classes, space)
            owned.alone |= {where for n in _fixed(space) for where in classes.owner.get(n.address, ())}
    first: dict[Where, int] = {}
    numbers: dict[tuple[object, ...], int] = {}
    for host in snapshot.hosts.values():
        for name, space in host.namespaces.items():
            where = Where(host.name, name)
            alone = name == "host" or where in owned.alone
            sign: tuple[object, ...] = where if alone else _signature(classes, host, space)
            first[where] = numbers.setdefault(sign, len(numbers))
    classes.of = _with_twins(classes, first)
    return classes


def _find_twins(classes: Classes) -> None:
    """Who shares an address with whom? Only what can't meet on a wire can be told apart by host; others stand alone."""
    snapshot = classes.snapshot
    of_hosts = {own.ip for host in snapshot.hosts.values() for i in host.stack.interfaces for own in i.routed}
    walled = {host.name: _walled_bridges(host) for host in snapshot.hosts.values()}
    for ip, places in classes.owner.items():
        if len(places) < 2 and ip not in of_hosts:
            continue
        apart = len({where.host for where in places}) == len(places) and ip not in of_hosts
        if apart and all(_is_behind(snapshot, where, walled[where.host]) for where in places):
            classes.twins |= {where: places for where in places}
        else:
            classes.owned.alone |= set(places)


def _walled_bridges(host: Host) -> set[str]:
    """The bridges that no frame leaves the host by: all their ports are veths of containers."""
    open_ = {
        i.master
        for i in host.stack.interfaces
        if i.master and (i.kind is not LinkKind.VETH or i.peer is None or i.peer.namespace == "host")
    }
    lower = {i.parent for s in host.namespaces.values() for i in s.interfaces if i.parent}
    bridges = {i.name for i in host.stack.interfaces if i.kind is LinkKind.BRIDGE}
    return bridges - open_ - lower


def _is_behind(snapshot: Snapshot, where: Where, bridges: set[str]) -> bool:
    """Has this namespace one address only, on a veth to one of these bridges?"""
    links = [i for i in snapshot.at(where).interfaces if i.kind is not LinkKind.LOOPBACK]
    if len(links) != 1 or len(links[0].routed) != 1 or links[0].peer is None or links[0].peer.namespace != "host":
        return False
    end = snapshot.hosts[where.host].stack.by_index(links[0].peer.index)
    return end is not None and end.master in bridges


def _with_twins(classes: Classes, first: dict[Where, int]) -> dict[Where, int]:
    """The classes, told apart by the classes of everybody's twins."""
    numbers: dict[tuple[object, ...], int] = {}
    found = {}
    for where, number in first.items():
        twins = tuple((other.host, first[other]) for other in classes.twins.get(where, ()))
        found[where] = numbers.setdefault((number, twins), len(numbers))
    return found


def _proxy_sockets(host: Host) -> list[Socket]:
    return [s for s in host.stack.sockets if s.program.endswith("docker-proxy")]


# -- rules: whose are they?


def _read_rules(classes: Classes, host: Host, space: Namespace, macs: dict[str, Where]) -> None:
    """Sort the rules of one namespace into those of one container and those for all."""
    for version, table in ((family, one) for family in (4, 6) for one in space.filters(family).tables):
        for chain in table.chains:
            segment: list[tuple[int, Where, str, tuple[object, ...]]] = []
            generics = 0
            for number, rule in enumerate(chain.rules):
                if space.name != "host" and _is_resolvers(rule):
                    continue
                whose = _whose(classes, host, rule) if space.name == "host" else None
                if whose is None:
                    _close(classes, segment)
                    segment, generics = [], generics + 1
                    _rule_for_all(classes, rule, macs)
                    continue
                where, text, shape = whose
                segment.append((number, where, text, shape))
                chained = (version, table.name, chain.name)
                classes.owned.belongs.setdefault(host.name, {})[*chained, number] = where
                entry = (host.name, *chained, generics, text)
                port = _own_port(rule) if shape[0] == "to" else None
                if port is None:
                    classes.owned.rules.setdefault(where, []).append(entry)
                else:
                    classes.owned.published.setdefault((host.name, *port), []).append(entry)
            _close(classes, segment)
    _read_nft_rules(classes, space, macs)


def _read_nft_rules(classes: Classes, space: Namespace, macs: dict[str, Where]) -> None:
    """Whoever a rule of nft names stands alone, but for the rule that Docker writes around each container."""
    for table in space.nftables.tables:
        for rule in (rule for chain in table.chains for rule in chain.rules):
            if rule.comment == "DROP DIRECT ACCESS":
                continue
            plain = in_iptables_words(rule)
            if space.name != "host" and _is_resolvers(plain):
                continue
            named = (m.value for m in plain.matches if m.option in ("-s", "-d") and _single(m.value, False))
            for address in named:
                classes.owned.alone |= set(_places_of(classes, _without_length(address)))
            _rule_for_all(classes, plain, macs)
        for address in (key for one in table.sets if one.kind.endswith("_addr") for key, _ in one.elements):
            classes.owned.alone |= set(_places_of(classes, address))


def _read_policy(classes: Classes, space: Namespace) -> None:
    """`ip rule`: whom a row names by the address or the veth stands alone; a network is seen of every address."""
    for row in (row for row in space.rules if not row.kernel):
        for link in filter(None, (row.iif, row.oif)):
            classes.owned.alone |= set(_behind_port(classes, link))
        for typed in (one for one in (row.source, row.destination) if one is not None):
            classes.owned.networks.add(str(typed.network))
            if typed.network.num_addresses == 1:
                classes.owned.alone |= set(_places_of(classes, str(typed.ip)))


def _is_resolvers(rule: Rule) -> bool:
    """Does it lead a container's questions to its own resolver? Nobody else's packets meet such a rule."""
    return any(_without_length(m.value) == DNS for m in rule.matches if m.option in ("-s", "-d") and not m.negated)


def _close(classes: Classes, segment: list[tuple[int, Where, str, tuple[object, ...]]]) -> None:
    """Rules of different kinds side by side may depend on their order: whoever is in them stands alone."""
    if len({shape for _, _, _, shape in segment}) > 1:
        classes.owned.alone |= {where for _, where, _, _ in segment}


def _whose(classes: Classes, host: Host, rule: Rule) -> tuple[Where, str, tuple[object, ...]] | None:
    """(container, text up to its address, kind) of a rule that names one container of this host; else None."""
    to = address_part(rule.target.option("--to-destination") or "")
    named = [
        _without_length(m.value) for m in rule.matches if m.option in ("-s", "-d") and _single(m.value, m.negated)
    ]
    if to and not named:
        where = _owner(classes, host, to)
        port = _own_port(rule)
        if where is None or port is None:
            return None
        text = rule.text.replace(to, "SELF").replace(f"--dport {port[1]} ", "--dport PORT ")
        return where, text, ("to", rule.target.name)
    if not named or to or len(set(named)) > 1:
        return None
    where = _owner(classes, host, named[0])
    if where is None or _sees_addresses(rule, named[0]):
        return None
    space = host.namespaces[where[1]]
    place = [str(own.ip) for i in space.interfaces for own in i.routed].index(named[0])
    options = tuple(m.option for m in rule.matches if m.option in ("-s", "-d"))
    return where, _up_to(named[0], f"SELF{place}", rule.text), ("of", options, rule.target.name)


def _single(value: str, negated: bool) -> bool:
    return not negated and ("/" not in value or _without_length(value) != value)


def _without_length(value: str) -> str:
    """'172.17.0.2/32', 'fd00::2/128' without its length."""
    return value.removesuffix("/128" if ":" in value else "/32")


def _up_to(own: str, name: str, text: str) -> str:
    return text.replace(f"{own}/128" if ":" in own else f"{own}/32", name)


def address_part(text: str) -> str:
    """'172.17.0.2' of '172.17.0.2:80', 'fd00::2' of '[fd00::2]:80'."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text if text.count(":") > 1 else text.partition(":")[0]


def _sees_addresses(rule: Rule, own: str) -> bool:
    """Does it look at addresses in any other way too?"""
    plain = all(_without_length(m.value) == own for m in rule.matches if m.option in ("-s", "-d"))
    return not plain or any(m.option in (*_RANGES, "--mac-source") for m in rule.matches)


def _places_of(classes: Classes, text: str) -> tuple[Where, ...]:
    try:
        return classes.owner.get(ip_address(text), ())
    except ValueError:
        return ()


def _owner(classes: Classes, host: Host, text: str) -> Where | None:
    """The container of this host that has the address; None when there is none, or more than one."""
    here = [where for where in _places_of(classes, text) if where[0] == host.name]
    return here[0] if len(here) == 1 else None


def _own_port(rule: Rule) -> tuple[Protocol, int] | None:
    """The one port that a DNAT rule is for."""
    port, protocol = rule.get("--dport"), rule.get("-p")
    if not port or not protocol or port.negated or protocol.negated or protocol.value not in ("tcp", "udp"):
        return None
    return (Protocol(protocol.value), int(port.value)) if port.value.isdecimal() else None


def _rule_for_all(classes: Classes, rule: Rule, macs: dict[str, Where]) -> None:
    owned = classes.owned
    for match in rule.matches:
        if match.option in ("-s", "-d"):
            owned.networks.add(match.value)
        elif match.option in _RANGES:
            owned.ranges.add(match.value)
        elif match.option in _PORT_OPTIONS:
            owned.ports.add(match.value)
        elif match.option == "--mac-source" and match.value.lower() in macs:
            owned.alone.add(macs[match.value.lower()])
        elif match.option in _LINKS or match.option.startswith("--physdev"):  # a veth's own name
            owned.alone |= set(_behind_port(classes, match.value))
    for option in ("--to-destination", "--to-source"):
        owned.alone |= set(_places_of(classes, address_part(rule.target.option(option) or "")))


def _behind_port(classes: Classes, dev: str) -> list[Where]:
    found = []
    for host in classes.snapshot.hosts.values():
        link = host.stack.interface(dev)
        if link and link.peer:
            found.append(Where(host.name, link.peer.namespace))
    return found


# -- what a container is like


def _signature(classes: Classes, host: Host, space: Namespace) -> tuple[object, ...]:
    """Equal for two namespaces that nothing tells apart."""
    own: dict[IpAddress, str] = {
        o.ip: f"SELF{n}" for n, o in enumerate(o for i in space.interfaces for o in i.routed)
    }
    links = tuple(_link(host, space, i) for i in space.interfaces)
    routes = tuple(
        (r.destination, r.dev, r.via, own.get(r.src, str(r.src)) if r.src else None, r.kind, r.metric, r.table, r.hops)
        for r in space.routes
    )
    sockets = sorted(
        {
            (
                s.protocol.value,
                s.state.value,
                s.local_port,
                own.get(s.local_address, str(s.local_address)),
                s.v6only,
                s.program,
            )
            for s in space.sockets
            if not s.local_address.is_loopback and s.remote_port is None
        },
        key=str,
    )
    rules = tuple(
        (t.name, c.name, c.policy, tuple(r.text for r in c.rules if DNS not in r.text))
        for t in (*space.netfilter.tables, *space.netfilter6.tables)
        for c in t.chains
    ) + tuple(
        (t.label, c.name, c.head, tuple(r.stateless for r in c.rules if DNS not in r.stateless))
        for t in space.nftables.tables
        for c in t.chains
    )
    seen = tuple(_seen(classes, ip) for ip in own if not ip.is_loopback)
    mine = tuple(classes.owned.rules.get(Where(host.name, space.name), ()))
    fixed = _fixed(space)
    known = (fixed, space.rules, tuple(sorted(space.sysctls.items())))
    return host.name, links, routes, tuple(sockets), rules, seen, mine, known


def _seen(classes: Classes, ip: IpAddress) -> tuple[object, ...]:
    """What rules for all can see of an address."""
    number = int(ip)
    masks = (network_and_mask(text) for text in sorted(classes.owned.networks))
    inside = tuple(number & mask == network for network, mask in masks)
    return inside, tuple(in_range(text, number) for text in sorted(classes.owned.ranges))


def _link(host: Host, space: Namespace, link: Interface) -> tuple[object, ...]:
    """How a link is plugged in, without its own names, addresses and MAC."""
    networks = tuple(own.network for own in link.routed)
    if link.kind is LinkKind.LOOPBACK:
        return link.name, link.up
    wired: tuple[object, ...] = (link.parent, link.parent_namespace, link.mode, link.vlan_id, link.master)
    if link.peer:
        far = host.namespaces.get(link.peer.namespace)
        end = far.by_index(link.peer.index) if far else None
        place = link.peer.namespace if link.peer.namespace == "host" else (space.name, link.peer.namespace)
        here = (place, end.master, end.up, end.carrier, bool(end.addresses), end.port, end.hairpin) if end else None
        wired = here or ("unplugged", space.name)
    return link.name, link.kind, link.up, link.carrier, networks, wired
