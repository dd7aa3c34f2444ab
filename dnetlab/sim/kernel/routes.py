"""The routing table as `ip route`, `route` and the daemon change it. Packets and `ip route get` ask net/routing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network

from dnetlab.model import Address, Interface, LinkKind, Namespace, Route
from dnetlab.model.changed import replace
from dnetlab.net.routing import Way, lookup
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.space import Space


def in_order(routes: Iterable[Route]) -> tuple[Route, ...]:
    """The order of the kernel's trie: by network, longer prefixes first, then by metric; equals as they came."""
    return tuple(
        sorted(routes, key=lambda r: (int(r.destination.network_address), -r.destination.prefixlen, r.metric))
    )


def connected(link: Interface, address: Address) -> Route | None:
    """The route that an address brings with it; None for /32, secondary, loopback and IPv6 addresses."""
    network = address.network
    if not isinstance(network, IPv4Network) or link.kind is LinkKind.LOOPBACK:
        return None
    if network.prefixlen == 32 or address.secondary or network.network_address.is_loopback:
        return None
    return Route(network, link.name, src=IPv4Address(int(address.ip)))


def with_routes(ns: Namespace, routes: Iterable[Route]) -> Namespace:
    """The namespace with these routes too, where it hasn't got them."""
    new = [r for r in routes if r not in ns.routes]
    return replace(ns, routes=in_order([*ns.routes, *new])) if new else ns


class Routes(Space):
    """The table `main` of a namespace."""

    def add_route(self, route: Route, how: str = "add") -> None:
        """`ip route add|replace|append|prepend|change`: the gateway must be on a network we are attached to.

        KernelError EEXIST, ENETDOWN, ENETUNREACH, EINVAL, ENODEV, and ENOENT for `change` of what isn't there.
        """
        route = _complete(self.namespace, route)
        if route.dev is not None and not self.link(route.dev).up:
            raise KernelError(Errno.ENETDOWN, "Device for nexthop is not up.")
        routes = self.namespace.routes
        same = [r for r in routes if (r.destination, r.metric) == (route.destination, route.metric)]
        if same and how == "add" or route in same and how in ("append", "prepend"):
            raise KernelError(Errno.EEXIST)
        if how == "change" and not same:
            raise KernelError(Errno.ENOENT)
        gone = same[:1] if how in ("replace", "change") else []
        left = [r for r in routes if r not in gone]
        self.change(lambda ns: replace(ns, routes=in_order([*left, route])))

    def delete_route(self, fits: Callable[[Route], bool]) -> None:
        """`ip route del`: the first route that fits what was said. KernelError ESRCH without one."""
        gone = next((r for r in in_order(self.namespace.routes) if fits(r)), None)
        if gone is None:
            raise KernelError(Errno.ESRCH)
        self.flush_routes(lambda r: r is gone)

    def flush_routes(self, fits: Callable[[Route], bool]) -> None:
        """Remove every route that fits; none is no error."""
        left = tuple(r for r in self.namespace.routes if not fits(r))
        if len(left) != len(self.namespace.routes):
            self.change(lambda ns: replace(ns, routes=left))


_REFUSALS = {"blackhole": Errno.EINVAL, "unreachable": Errno.EHOSTUNREACH, "prohibit": Errno.EACCES}


def get_route(space: Namespace, ip: IPv4Address) -> Way:
    """What `ip route get` is told: the way that a packet would take. KernelError where none leads there."""
    way = lookup(space, ip)
    if way is None:
        raise KernelError(Errno.ENETUNREACH)
    if not way.leads_on:
        raise KernelError(_REFUSALS[way.kind])
    return way


def same_as(route: Route, given: set[str]) -> Callable[[Route], bool]:
    """Does a row of the table fit what `ip route del` was told? given: the keywords that were typed."""

    def fits(row: Route) -> bool:
        return (
            row.destination == route.destination
            and route.via in (None, row.via)
            and route.dev in (None, row.dev)
            and route.src in (None, row.src)
            and ("metric" not in given or row.metric == route.metric)
            and (not given & {"proto", "protocol"} or row.protocol == route.protocol)
            and ("type" not in given or row.kind == route.kind)
        )

    return fits


def _complete(space: Namespace, route: Route) -> Route:
    """Work out the device of a gateway, check gateway and source, fill the scope in."""
    if route.kind != "unicast":
        return replace(route, scope="global", dev=None, via=None)
    if route.src is not None and space.owner_of(route.src) is None:
        raise KernelError(Errno.EINVAL, "Invalid prefsrc address.")
    if route.via is None:
        if route.dev is None:
            raise KernelError(Errno.ENODEV)
        return replace(route, scope=route.scope or "link")
    return replace(route, dev=_way_to(space, route.via, route.dev), scope="global")


def _way_to(space: Namespace, gateway: IPv4Address, dev: str | None) -> str | None:
    """The device behind which a gateway is a neighbour (fib_check_nh, net/ipv4/fib_semantics.c)."""
    owner = space.owner_of(gateway)
    if owner is not None and owner.kind is LinkKind.LOOPBACK:
        raise KernelError(Errno.EINVAL, "Nexthop has invalid gateway.")
    covering = [r for r in space.routes if gateway in r.destination and r.via is None and dev in (None, r.dev)]
    best = min(covering, key=lambda r: (-r.destination.prefixlen, r.metric), default=None)
    if best is None or best.kind != "unicast":
        raise KernelError(Errno.ENETUNREACH, "Nexthop has invalid gateway.")
    return dev or best.dev
