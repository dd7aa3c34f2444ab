"""Where next? The kernel asks the tables that `ip rule` names: `local` (what is ours, what is for everybody), those
that somebody has put there, then `main` (`ip route`).

`lookup` is the one answer for packets and for `ip route get`, of either family: the address says which tables are read.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

from dnetlab.model import Asked, Interface, LinkKind, Namespace, PolicyRule, Route
from dnetlab.model.changed import quick, replace
from dnetlab.model.indexes import index
from dnetlab.model.ip import IpAddress, IpNetwork, in_zone, is_link_local, nowhere, zone_of
from dnetlab.model.route import DEFAULT_RULES, LOCAL, MAIN, Hop

NOWHERE = IPv4Address("0.0.0.0")
EVERYBODY = IPv4Address("255.255.255.255")
ANYHOW = Asked()  # for no packet in particular


@quick
@dataclass(frozen=True)
class Way:
    """What a route lookup finds, as `ip route get` shows it.

    kind   'local' (ours: through lo), 'broadcast', 'multicast', 'unicast'; a route that refuses has its own kind:
           'unreachable', 'prohibit', 'blackhole'
    dev    the link it leaves through: 'lo' for 'local', None where a route refuses
    via    the gateway, None when the destination is attached directly
    src    the address a packet of ours carries; None when this machine has none to write
    route  the row of the table, None when the local table, or a rule alone, answered
    rule   the row of `ip rule` that was followed, None for the tables that everybody has
    """

    kind: str
    dev: str | None = None
    via: IpAddress | None = None
    src: IpAddress | None = None
    route: Route | None = None
    rule: PolicyRule | None = None

    @property
    def leads_on(self) -> bool:
        """Does a packet get anywhere by it: to us, or out through a link?"""
        return self.dev is not None

    @property
    def flags(self) -> tuple[str, ...]:
        """What stands in the second line of `ip route get`: ('local',), ('local', 'brd'), ('mc',), or nothing."""
        return {"local": ("local",), "broadcast": ("local", "brd"), "multicast": ("mc",)}.get(self.kind, ())


def lookup(namespace: Namespace, ip: IpAddress, asked: Asked = ANYHOW) -> Way | None:
    """The way a packet to `ip` takes; None when no route leads there ("Network is unreachable").

    The local table comes first (fib_add_ifaddr, net/ipv4/fib_frontend.c): each address of ours is `local`, also on a
    link that is down, and so are all networks of lo; the broadcast address of each network on a link that is up (and
    one given by `brd`) is `broadcast`, 127.255.255.255 of lo included, not for /31 and /32. Then the tables that the
    rules name, the main table if nobody made any: longest prefix, lowest metric. 255.255.255.255 and multicast follow
    that route, but without its gateway (__mkroute_output). Whoever has bound himself to a link
    that no row leads by is taken to have the destination on it (ip_route_output_key_hash_rcu).
    """
    local = _local(namespace, ip.version)
    if ip in local.own:
        return Way("local", "lo", src=ip)
    everybody = local.everybody.get(ip)
    if everybody is not None:
        return Way("broadcast", everybody.name, src=address_of(namespace, everybody.name, ip))
    if (lo := local.home(namespace, ip)) is not None:
        return Way("local", lo.name, src=address_of(namespace, lo.name, ip))
    route, rule = _chosen(namespace, ip, asked)
    if route is None and rule is None and asked.oif and namespace.interface(asked.oif) is not None:
        return Way("unicast", asked.oif, None, address_of(namespace, asked.oif, ip))
    if route is None:
        return None if rule is None else Way(rule.action, rule=rule)
    if route.hops:
        route = by_hop(namespace, route, ip, asked)
    if route.kind != "unicast" or route.dev is None:
        return Way(route.kind, route=route, rule=rule)
    if ip == EVERYBODY or ip.is_multicast:
        kind = "broadcast" if ip == EVERYBODY else "multicast"
        return Way(kind, route.dev, None, route.src or address_of(namespace, route.dev, ip), route, rule)
    near = ip if ip.version == 6 else route.via or ip
    src = route.src or address_of(namespace, route.dev, near)
    return Way("unicast", route.dev, route.via and in_zone(route.via, route.dev), src, route, rule)


def _chosen(namespace: Namespace, ip: IpAddress, asked: Asked) -> tuple[Route | None, PolicyRule | None]:
    """The row that the rules lead to, and by which rule; without a row a rule that refuses, or nothing.

    A table without a way, or one that says `throw`, leaves it to the next rule (fib_rules_lookup).
    """
    rows = namespace.rules
    plain = rows is DEFAULT_RULES or rows == DEFAULT_RULES
    if plain and not asked.oif or ip.version == 6 and (is_link_local(ip) or ip.is_multicast):
        return main_route(namespace, ip), None
    for rule in rows:
        if rule.version != ip.version or rule.table == LOCAL or not rule.takes(ip, asked):
            continue
        named = None if rule.kernel else rule
        if rule.action != "lookup":
            return None, named
        route = _in_table(namespace, ip, rule.table, asked.oif)
        if route is not None and route.kind != "throw":
            return route, named
    return None, None


def fits(namespace: Namespace, destination: IpAddress, link: Interface) -> tuple[int, bool]:
    """The bytes of a packet that fit on its way out through a link, and whether it is the route that says so
    (ip_dst_mtu_maybe_forward, include/net/ip.h: what the route says counts, else the link's MTU)."""
    if index(namespace, "_narrow", namespace.routes, lambda rows: any(row.mtu for row in rows)):
        way = lookup(namespace, destination)
        if way is not None and way.route is not None and way.route.mtu and way.dev == link.name:
            return way.route.mtu, True
    return link.mtu, False


# -- the local table --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Local:
    """own: our addresses; everybody: the broadcast addresses of links that are up; lo, and its networks as (mask,
    network) numbers: () when it is down."""

    own: dict[IpAddress, Interface]
    everybody: dict[IpAddress, Interface]
    lo: Interface | None
    networks: tuple[tuple[int, int], ...]

    def home(self, namespace: Namespace, ip: IpAddress) -> Interface | None:
        """lo, when it is up and `ip` is in one of its networks: their routes are of type local.

        As long as nobody made rules (`ip rule`) the kernel keeps both tables in one trie, so that a longer prefix of
        the main table wins (fib_unmerge, net/ipv4/fib_frontend.c; observed with a route to 127.0.0.2/32).
        """
        number = int(ip)
        for mask, network in self.networks:
            if number & mask == network:
                other = main_route(namespace, ip) if namespace.rules == DEFAULT_RULES else None
                return self.lo if other is None or other.destination.prefixlen <= mask.bit_count() else None
        return None


def _local(namespace: Namespace, version: int) -> _Local:
    if version == 6:
        return index(namespace, "_local6", namespace.interfaces, lambda links: _local_table6(namespace))
    return index(namespace, "_local", namespace.interfaces, lambda links: _local_table(namespace, links))


def _local_table6(namespace: Namespace) -> _Local:
    """IPv6 has no broadcast, and on lo only the addresses themselves are ours. A link that is down has none."""
    return _Local({ip: i for ip, i in namespace.own_ipv6.items() if i.up}, {}, None, ())


def _local_table(namespace: Namespace, links: Sequence[Interface]) -> _Local:
    lo = next((i for i in links if i.kind is LinkKind.LOOPBACK), None)
    own = {ip: i for ip, i in namespace.own_addresses.items() if i.up or i.kind is not LinkKind.LOOPBACK}
    everybody = {ip: i for ip, i in namespace.broadcast_addresses.items() if i.up}
    networks = [own.network for own in lo.ipv4] if lo is not None and lo.up else []
    return _Local(own, everybody, lo, tuple(map(_numbers, networks)))


def _numbers(network: IpNetwork) -> tuple[int, int]:
    return int(network.netmask), int(network.network_address)


def local_interface(namespace: Namespace, ip: IpAddress) -> Interface | None:
    """The interface whose address this is, up or down; None when it isn't ours. A network of lo is all lo's."""
    local = _local(namespace, ip.version)
    owner = local.own.get(ip)
    return owner if owner is not None or ip in local.everybody else local.home(namespace, ip)


def is_local(namespace: Namespace, ip: IpAddress) -> bool:
    return local_interface(namespace, ip) is not None


def is_broadcast(namespace: Namespace, ip: IpAddress) -> bool:
    """255.255.255.255, or the last address of a network that one of our interfaces is in."""
    return ip in _local(namespace, ip.version).everybody or ip == EVERYBODY


# -- the other tables -------------------------------------------------------------------------------------------------


def main_route(namespace: Namespace, ip: IpAddress) -> Route | None:
    """The row of `ip route` that leads to `ip`: longest prefix, then lowest metric; None when there is none.

    Routes through a dev that is administratively down don't count; one without carrier (`linkdown`) still does, as
    Linux has it (ignore_routes_with_linkdown 0). A route of kind 'unreachable' or 'blackhole' is returned as it is.
    """
    if ip.version == 6 and (is_link_local(ip) or ip.is_multicast):
        rows = [r for r in link_local_routes(namespace) if zone_of(ip) in ("", r.dev)]
        fitting = [r for r in rows if ip.is_multicast or ip in r.destination]
        return max(fitting, key=lambda r: r.destination.prefixlen, default=None)
    return _in_table(namespace, ip, MAIN)


def _in_table(namespace: Namespace, ip: IpAddress, table: int, oif: str = "") -> Route | None:
    """The best row of one table. oif: only rows that leave by that link count, and those that refuse."""
    number = int(ip)
    for mask, network, route in index(namespace, "_ranked", namespace.routes, _ranked).get((table, ip.version), ()):
        if number & mask != network or not _usable(namespace, route):
            continue
        if oif in ("", route.dev or oif) and (not route.hops or oif == "" or route.leaves_by(oif)):
            return route
    return None


def link_local_routes(namespace: Namespace) -> list[Route]:
    """The row fe80::/64 of each link that is up and has a link-local address, in the order in which they got it."""
    came = {number: at for at, number in enumerate(namespace.near)}
    links = sorted((i for i in namespace.interfaces if i.is_near), key=lambda i: came.get(i.index, -1))
    return [Route(network, i.name, scope="global", metric=256) for i in links
            for network in dict.fromkeys(own.network for own in i.ipv6 if is_link_local(own.ip))]  # fmt: skip


def _ranked(routes: tuple[Route, ...]) -> dict[tuple[int, int], list[tuple[int, int, Route]]]:
    """By table and family, the rows with their mask and network as numbers: longest prefix first, then lowest metric,
    then as they stand."""
    ranked: dict[tuple[int, int], list[tuple[int, int, Route]]] = {}
    for route in sorted(routes, key=lambda route: (-route.destination.prefixlen, route.metric)):
        rows = ranked.setdefault((route.table, route.destination.version), [])
        rows.append((*_numbers(route.destination), route))
    return ranked


def _usable(namespace: Namespace, route: Route) -> bool:
    if route.hops:
        return any(is_alive(namespace, hop) for hop in route.hops)
    if route.dev is None:
        return True
    interface = namespace.interface(route.dev)
    return interface is not None and interface.up


def is_alive(namespace: Namespace, hop: Hop) -> bool:
    """Can packets leave by it: is its link up, and has it an address? (fib_sync_down_dev; a hop that can't stays in its
    row, as long as another one can, and `ip route` calls it dead)"""
    interface = namespace.interface(hop.dev or "")
    return interface is not None and interface.up and bool(interface.ipv4)


def by_hop(namespace: Namespace, route: Route, ip: IpAddress, asked: Asked) -> Route:
    """The row as it is with the next hop that a packet takes, one and the same for all packets of two addresses.

    A kernel takes a hash of source and destination (net.ipv4.fib_multipath_hash_policy 0) with a secret of its own, so
    that nobody knows beforehand which hop that is. Here it is CRC-32 of 'SOURCE DESTINATION', modulo the weights' sum.
    Whoever speaks from the address of one hop's link leaves by that (fib_select_multipath, Linux 6.18); who has no
    address yet is taken to speak from the first one's.
    """
    hops = [hop for hop in route.hops if is_alive(namespace, hop) and asked.oif in ("", hop.dev)]
    if not hops:
        return route
    spoken = {hop: route.src or address_of(namespace, hop.dev or "", hop.via or ip) for hop in hops}
    source = asked.source or spoken[hops[0]]
    if not asked.iif:
        hops = [hop for hop in hops if spoken[hop] == asked.source] or hops
    place = zlib.crc32(f"{source} {ip}".encode()) % sum(hop.weight for hop in hops)
    for hop in hops:
        if place < hop.weight:
            break
        place -= hop.weight
    return replace(route, via=hop.via, dev=hop.dev, onlink=hop.onlink)


# -- the source address -----------------------------------------------------------------------------------------------


def address_of(namespace: Namespace, dev: str, hop: IpAddress) -> IpAddress | None:
    """The address an interface speaks from: the one in the next hop's network, else its first, else any of ours.

    Of IPv6 the kernel asks for the destination instead of the next hop: see `_speaks_from`.
    """
    interface = namespace.interface(dev)
    if interface is None:
        return None
    if hop.version == 6:
        return _speaks_from(namespace, interface, hop)
    for own in interface.ipv4:
        if hop in own.network:
            return own.ip
    if interface.ipv4:
        return interface.ipv4[0].ip
    others = (own.ip for i in namespace.interfaces if i.up and i.kind is not LinkKind.LOOPBACK for own in i.ipv4)
    return next(others, None)


def _speaks_from(namespace: Namespace, interface: Interface, destination: IpAddress) -> IpAddress | None:
    """RFC 6724, as net/ipv6/addrconf.c has it: an address of the destination's own scope, on the link itself before
    one of another link, and then the one that has most leading bits in common with the destination."""
    near = destination.is_loopback, is_link_local(destination)
    best: tuple[tuple[bool, bool, int], IpAddress] | None = None
    others = () if near[1] else namespace.interfaces
    for link in (interface, *others):
        for own in link.ipv6 if link.up else ():
            fits = (own.ip.is_loopback, is_link_local(own.ip)) == near
            if not fits and link is not interface:
                continue
            rank = fits, link is interface, -(int(own.ip) ^ int(destination)).bit_length()
            if best is None or rank > best[0]:
                best = rank, in_zone(own.ip, link.name)
    return best[1] if best else None


def source_for(namespace: Namespace, destination: IpAddress) -> IpAddress | None:
    """The source address the kernel gives a packet to `destination`; None when no route leads there."""
    way = lookup(namespace, destination)
    return way.src if way is not None else None


def source_address(namespace: Namespace, destination: IpAddress) -> IpAddress:
    """Like `source_for`, but always an address, so that a packet nobody can route can still be written down."""
    found = source_for(namespace, destination)
    if found is not None:
        return found
    version = destination.version
    own = (a.ip for i in namespace.interfaces if i.kind is not LinkKind.LOOPBACK for a in i.of_family(version))
    return next(own, nowhere(version))
