"""Where next? The longest matching prefix says through which dev, and via whom.

Addresses of the namespace itself are not in this table: the kernel asks its `local` table first (`is_local`).
"""

from __future__ import annotations

from ipaddress import IPv4Address

from dnetlab.model import Interface, LinkKind, Namespace, Route

NOWHERE = IPv4Address("0.0.0.0")
EVERYBODY = IPv4Address("255.255.255.255")


def lookup(namespace: Namespace, ip: IPv4Address) -> Route | None:
    """The route `ip route get` would take to `ip`: longest prefix, then lowest metric; None when there is none.

    Routes through a dev that is administratively down don't count; one without carrier (`linkdown`) still does, as
    Linux has it (ignore_routes_with_linkdown 0). A route of kind 'unreachable' or 'blackhole' is returned as it is.
    """
    best: Route | None = None
    for route in namespace.routes:
        if ip not in route.destination or not _usable(namespace, route):
            continue
        if best is None or _rank(route) < _rank(best):
            best = route
    return best


def _rank(route: Route) -> tuple[int, int]:
    return -route.destination.prefixlen, route.metric


def _usable(namespace: Namespace, route: Route) -> bool:
    if route.dev is None:
        return True
    interface = namespace.interface(route.dev)
    return interface is not None and interface.up


def local_interface(namespace: Namespace, ip: IPv4Address) -> Interface | None:
    """The interface whose address this is, up or down; None when the address isn't ours. All of 127.0.0.0/8 is lo's."""
    if ip.is_loopback:
        return next((i for i in namespace.interfaces if i.up and i.kind is LinkKind.LOOPBACK), None)
    return namespace.own_addresses.get(ip)


def is_local(namespace: Namespace, ip: IPv4Address) -> bool:
    return local_interface(namespace, ip) is not None


def is_broadcast(namespace: Namespace, ip: IPv4Address) -> bool:
    """255.255.255.255, or the last address of a network that one of our interfaces is in."""
    if ip == EVERYBODY:
        return True
    return any(
        ip == i.network.broadcast_address
        for f in namespace.interfaces
        if f.up
        for i in f.ipv4
        if i.network.prefixlen < 31
    )


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
    if is_local(namespace, destination):
        return destination
    route = lookup(namespace, destination)
    if route is None or route.dev is None or route.kind != "unicast":
        return None
    return route.src or address_of(namespace, route.dev, route.via or destination)


def source_address(namespace: Namespace, destination: IPv4Address) -> IPv4Address:
    """Like `source_for`, but always an address, so that a packet nobody can route can still be written down."""
    found = source_for(namespace, destination)
    if found is not None:
        return found
    own = (a.ip for i in namespace.interfaces if i.kind is not LinkKind.LOOPBACK for a in i.ipv4)
    return next(own, NOWHERE)
