"""The routing table as `ip route` and `route` change it, and the question `ip route get` asks it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from dnetlab.model import Interface, LinkKind, Namespace, Route, Where
from dnetlab.sim.links import EXISTS, INVALID, NO_DEVICE, NO_PROCESS, UNREACHABLE, KernelError, link
from dnetlab.sim.text.links import in_order
from dnetlab.sim.world import World


def add_route(world: World, where: Where, route: Route, how: str = "add") -> None:
    """`ip route add|replace|append|prepend|change`: the gateway must be on a network we are attached to.

    Raises KernelError: 'File exists', 'Nexthop has invalid gateway.', 'Network is down', …
    """
    route = _complete(world.namespace(where), route)
    if route.dev is not None and not link(world, where, route.dev).up:
        raise KernelError("Network is down", "Device for nexthop is not up.")
    routes = world.namespace(where).routes
    same = [r for r in routes if (r.destination, r.metric) == (route.destination, route.metric)]
    if same and how == "add" or route in same and how in ("append", "prepend"):
        raise KernelError(EXISTS)
    if how == "change" and not same:
        raise KernelError("No such file or directory")
    gone = same[:1] if how in ("replace", "change") else []
    left = tuple(r for r in routes if r not in gone)
    world.change_namespace(where, lambda ns: replace(ns, routes=(*left, route)))


def _complete(space: Namespace, route: Route) -> Route:
    """Work out the device of a gateway, check gateway and source, fill the scope in."""
    if route.kind != "unicast":
        return replace(route, scope="global", dev=None, via=None)
    if route.src is not None and space.owner_of(route.src) is None:
        raise KernelError(INVALID, "Invalid prefsrc address.")
    if route.via is None:
        if route.dev is None:
            raise KernelError(NO_DEVICE)
        return replace(route, scope=route.scope or "link")
    owner = space.owner_of(route.via)
    if owner is not None and owner.kind is LinkKind.LOOPBACK:
        raise KernelError(INVALID, "Nexthop has invalid gateway.")
    found = [r for r in _matching(space, route.via) if r.via is None and route.dev in (None, r.dev)]
    if not found or found[0].kind != "unicast":
        raise KernelError(UNREACHABLE, "Nexthop has invalid gateway.")
    return replace(route, dev=route.dev or found[0].dev, scope="global")


def delete_route(world: World, where: Where, route: Route, given: set[str]) -> None:
    """`ip route del`: the first route that fits all that was said. KernelError 'No such process' without one."""
    def fits(r: Route) -> bool:
        return (
            r.destination == route.destination
            and route.via in (None, r.via)
            and route.dev in (None, r.dev)
            and route.src in (None, r.src)
            and ("metric" not in given or r.metric == route.metric)
            and (not given & {"proto", "protocol"} or r.protocol == route.protocol)
            and ("type" not in given or r.kind == route.kind)
        )

    routes = world.namespace(where).routes
    gone = next((r for r in in_order(routes) if fits(r)), None)
    if gone is None:
        raise KernelError(NO_PROCESS)
    world.change_namespace(where, lambda ns: replace(ns, routes=tuple(r for r in routes if r is not gone)))


def _matching(space: Namespace, ip: IPv4Address) -> list[Route]:
    """Routes that cover ip, best first: longest prefix, then smallest metric."""
    fitting = [r for r in space.routes if ip in r.destination]
    return sorted(fitting, key=lambda r: (-r.destination.prefixlen, r.metric))


_ANSWERS = {"blackhole": INVALID, "unreachable": "No route to host", "prohibit": "Permission denied"}


def lookup_route(space: Namespace, ip: IPv4Address) -> Route:
    """The route the kernel takes to ip; one over 'lo' for an own address. KernelError when there is none."""
    if space.owner_of(ip) is not None:
        return Route(IPv4Network(ip), "lo", src=ip, scope="host")
    best = next(iter(_matching(space, ip)), None)
    if best is None:
        raise KernelError(UNREACHABLE)
    if best.kind != "unicast":
        raise KernelError(_ANSWERS[best.kind])
    return best


def find_source(space: Namespace, route: Route, ip: IPv4Address) -> IPv4Address:
    """The address that packets along this route carry: one in the next hop's network, else the link's first."""
    link_: Interface | None = space.interface(route.dev) if route.dev else None
    candidates = [a for a in (link_.addresses if link_ else ()) if a.ip.version == 4]
    next_hop = route.via or ip
    near = [a for a in candidates if next_hop in a.network] or candidates
    if not near:
        near = [a for i in space.interfaces for a in i.addresses if a.ip.version == 4 and a.scope == "global"]
    return IPv4Address(int(near[0].ip)) if near else IPv4Address("0.0.0.0")
