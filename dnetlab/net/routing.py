"""Where next? The kernel asks two tables: `local` (what is ours, what is for everybody), then `main` (`ip route`).

`lookup` is the one answer for packets and for `ip route get`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from dnetlab.model import Interface, LinkKind, Namespace, Route
from dnetlab.model.changed import quick
from dnetlab.model.indexes import index

NOWHERE = IPv4Address("0.0.0.0")
EVERYBODY = IPv4Address("255.255.255.255")


@quick
@dataclass(frozen=True)
class Way:
    """What a route lookup finds, as `ip route get` shows it.

    kind   'local' (ours: through lo), 'broadcast', 'multicast', 'unicast'; a route that refuses has its own kind:
           'unreachable', 'prohibit', 'blackhole'
    dev    the link it leaves through: 'lo' for 'local', None where a route refuses
    via    the gateway, None when the destination is attached directly
    src    the address a packet of ours carries; None when this machine has none to write
    route  the row of the main table, None when the local table answered
    """

    kind: str
    dev: str | None = None
    via: IPv4Address | None = None
    src: IPv4Address | None = None
    route: Route | None = None

    @property
    def leads_on(self) -> bool:
        """Does a packet get anywhere by it: to us, or out through a link?"""
        return self.dev is not None

    @property
    def flags(self) -> tuple[str, ...]:
        """What stands in the second line of `ip route get`: ('local',), ('local', 'brd'), ('mc',), or nothing."""
        return {"local": ("local",), "broadcast": ("local", "brd"), "multicast": ("mc",)}.get(self.kind, ())


def lookup(namespace: Namespace, ip: IPv4Address) -> Way | None:
    """The way a packet to `ip` takes; None when no route leads there ("Network is unreachable").

    The local table comes first (fib_add_ifaddr, net/ipv4/fib_frontend.c): each address of ours is `local`, also on a
    link that is down, and so are all networks of lo; the broadcast address of each network on a link that is up (and
    one given by `brd`) is `broadcast`, 127.255.255.255 of lo included, not for /31 and /32. Then the main table:
    longest prefix, lowest metric. 255.255.255.255 and multicast follow the main table's route, but without its
    gateway (__mkroute_output).
    """
    local = _local(namespace)
    if ip in local.own:
        return Way("local", "lo", src=ip)
    everybody = local.everybody.get(ip)
    if everybody is not None:
        return Way("broadcast", everybody.name, src=address_of(namespace, everybody.name, ip))
    if (lo := local.home(ip)) is not None:
        return Way("local", lo.name, src=address_of(namespace, lo.name, ip))
    route = main_route(namespace, ip)
    if route is None:
        return None
    if route.kind != "unicast" or route.dev is None:
        return Way(route.kind, route=route)
    if ip == EVERYBODY or ip.is_multicast:
        kind = "broadcast" if ip == EVERYBODY else "multicast"
        return Way(kind, route.dev, None, route.src or address_of(namespace, route.dev, ip), route)
    src = route.src or address_of(namespace, route.dev, route.via or ip)
    return Way("unicast", route.dev, route.via, src, route)


# -- the local table --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Local:
    """own: our addresses; everybody: the broadcast addresses of links that are up; lo, and its networks as (mask,
    network) numbers: () when it is down."""

    own: dict[IPv4Address, Interface]
    everybody: dict[IPv4Address, Interface]
    lo: Interface | None
    networks: tuple[tuple[int, int], ...]

    def home(self, ip: IPv4Address) -> Interface | None:
        """lo, when it is up and `ip` is in one of its networks: their routes are of type local."""
        number = int(ip)
        for mask, network in self.networks:
            if number & mask == network:
                return self.lo
        return None


def _local(namespace: Namespace) -> _Local:
    return index(namespace, "_local", namespace.interfaces, lambda links: _local_table(namespace, links))


def _local_table(namespace: Namespace, links: Sequence[Interface]) -> _Local:
    lo = next((i for i in links if i.kind is LinkKind.LOOPBACK), None)
    own = {ip: i for ip, i in namespace.own_addresses.items() if i.up or i.kind is not LinkKind.LOOPBACK}
    everybody = {ip: i for ip, i in namespace.broadcast_addresses.items() if i.up}
    networks = [own.network for own in lo.ipv4] if lo is not None and lo.up else []
    return _Local(own, everybody, lo, tuple(map(_numbers, networks)))


def _numbers(network: IPv4Network) -> tuple[int, int]:
    return int(network.netmask), int(network.network_address)


def local_interface(namespace: Namespace, ip: IPv4Address) -> Interface | None:
    """The interface whose address this is, up or down; None when it isn't ours. A network of lo is all lo's."""
    local = _local(namespace)
    owner = local.own.get(ip)
    return owner if owner is not None or ip in local.everybody else local.home(ip)


def is_local(namespace: Namespace, ip: IPv4Address) -> bool:
    return local_interface(namespace, ip) is not None


def is_broadcast(namespace: Namespace, ip: IPv4Address) -> bool:
    """255.255.255.255, or the last address of a network that one of our interfaces is in."""
    return ip in _local(namespace).everybody or ip == EVERYBODY


# -- the main table ---------------------------------------------------------------------------------------------------


def main_route(namespace: Namespace, ip: IPv4Address) -> Route | None:
    """The row of `ip route` that leads to `ip`: longest prefix, then lowest metric; None when there is none.

    Routes through a dev that is administratively down don't count; one without carrier (`linkdown`) still does, as
    Linux has it (ignore_routes_with_linkdown 0). A route of kind 'unreachable' or 'blackhole' is returned as it is.
    """
    number = int(ip)
    for mask, network, route in index(namespace, "_ranked", namespace.routes, _ranked):
        if number & mask == network and _usable(namespace, route):
            return route
    return None


def _ranked(routes: tuple[Route, ...]) -> list[tuple[int, int, Route]]:
    """The rows with their mask and network as numbers: longest prefix first, then lowest metric, then as they stand."""
    ranked = sorted(routes, key=lambda route: (-route.destination.prefixlen, route.metric))
    return [(*_numbers(route.destination), route) for route in ranked]


def _usable(namespace: Namespace, route: Route) -> bool:
    if route.dev is None:
        return True
    interface = namespace.interface(route.dev)
    return interface is not None and interface.up


# -- the source address -----------------------------------------------------------------------------------------------


def address_of(namespace: Namespace, dev: str, hop: IPv4Address) -> IPv4Address | None:
    """The address an interface speaks from: the one in the next hop's network, else its first, else any of ours."""
    interface = namespace.interface(dev)
    if interface is None:
        return None
    for own in interface.ipv4:
        if hop in own.network:
            return own.ip
    if interface.ipv4:
        return interface.ipv4[0].ip
    others = (own.ip for i in namespace.interfaces if i.up and i.kind is not LinkKind.LOOPBACK for own in i.ipv4)
    return next(others, None)


def source_for(namespace: Namespace, destination: IPv4Address) -> IPv4Address | None:
    """The source address the kernel gives a packet to `destination`; None when no route leads there."""
    way = lookup(namespace, destination)
    return way.src if way is not None else None


def source_address(namespace: Namespace, destination: IPv4Address) -> IPv4Address:
    """Like `source_for`, but always an address, so that a packet nobody can route can still be written down."""
    found = source_for(namespace, destination)
    if found is not None:
        return found
    own = (a.ip for i in namespace.interfaces if i.kind is not LinkKind.LOOPBACK for a in i.ipv4)
    return next(own, NOWHERE)
