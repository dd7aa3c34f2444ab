"""The routing table as `ip route`, `route` and the daemon change it. Packets and `ip route get` ask net/routing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dnetlab.model import Address, Asked, Interface, LinkKind, Namespace, PolicyRule, Route
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, is_link_local
from dnetlab.model.route import LOCAL, MAIN
from dnetlab.net.routing import ANYHOW, Way, is_alive, is_local, lookup, main_route
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.space import Space


def in_order(routes: Iterable[Route]) -> tuple[Route, ...]:
    """IPv4 before IPv6, table by table as the kernel's hash has them (FIB_TABLE_HASHSZ 256). The order of its trie: by
    network, longer prefixes first, then by metric; equals as they came. IPv6 lists the default route, and what stands
    for it, last."""
    return tuple(sorted(routes, key=_place))


def _place(route: Route) -> tuple[int, int, int, bool, int, int, int]:
    to = route.destination
    last = to.version == 6 and to.prefixlen == 0
    return to.version, route.table & 255, route.table, last, int(to.network_address), -to.prefixlen, route.metric


def connected(link: Interface, address: Address) -> Route | None:
    """The route that an address brings with it; None for /32, secondary and loopback addresses, and for link-local ones
    (see net.routing.link_local_routes)."""
    network = address.network
    if link.kind is LinkKind.LOOPBACK:
        return None
    if network.version == 6:
        brings = not is_link_local(address.ip)
        return Route(network, link.name, scope="global", metric=METRIC6) if brings else None
    if network.prefixlen == 32 or address.secondary or network.network_address.is_loopback:
        return None
    return Route(network, link.name, src=address.ip)


def with_routes(ns: Namespace, routes: Iterable[Route]) -> Namespace:
    """The namespace with these routes too, where it hasn't got them."""
    new = [r for r in routes if r not in ns.routes]
    return replace(ns, routes=in_order([*ns.routes, *new])) if new else ns


def is_dead(ns: Namespace, route: Route, dev: str) -> bool:
    """Has none of its several next hops a link any more, once `dev` is gone?"""
    return bool(route.hops) and all(hop.dev == dev or not is_alive(ns, hop) for hop in route.hops)


def renamed(route: Route, old: str, new: str) -> Route:
    """A route whose link has another name."""
    hops = tuple(replace(hop, dev=new) if hop.dev == old else hop for hop in route.hops)
    return replace(route, dev=new if route.dev == old else route.dev, hops=hops)


METRIC6_BY_HAND = 1024
METRIC6 = 256  # of a connected IPv6 route (IP6_RT_PRIO_ADDRCONF); one that hands add has 1024 (IP6_RT_PRIO_USER)


class Routes(Space):
    """The routing tables of a namespace, and the rules that say which is asked."""

    def add_rule(self, rule: PolicyRule, numbered: bool) -> None:
        """`ip rule add`: without a number it stands before the second rule there is (fib_default_rule_pref).
        KernelError EEXIST for one that is there."""
        rows = self.namespace.rules
        if not numbered:
            others = [r.priority for r in rows if r.version == rule.version][1:2]
            rule = replace(rule, priority=max(0, others[0] - 1) if others else 0)
        if rule in rows:
            raise KernelError(Errno.EEXIST)
        made = sorted([*rows, rule], key=lambda r: (r.version, r.priority))
        self.change(lambda ns: replace(ns, rules=tuple(made)))

    def delete_rule(self, fits: Callable[[PolicyRule], bool]) -> None:
        """`ip rule del`: the first that fits what was said. KernelError ENOENT without one."""
        rows = self.namespace.rules
        gone = next((r for r in rows if fits(r)), None)
        if gone is None:
            raise KernelError(Errno.ENOENT)
        self.change(lambda ns: replace(ns, rules=tuple(r for r in rows if r is not gone)))

    def add_route(self, route: Route, how: str = "add") -> None:
        """`ip route add|replace|append|prepend|change`: the gateway must be on a network we are attached to.

        KernelError EEXIST, ENETDOWN, ENETUNREACH, EINVAL, ENODEV, and ENOENT for `change` of what isn't there.
        """
        six = route.destination.version == 6
        route = _with_hops(self.namespace, route) if route.hops else route
        route = route if route.hops else _complete6(self.namespace, route) if six else _complete(self.namespace, route)
        if route.dev is not None and not self.link(route.dev).up:
            raise KernelError(Errno.ENETDOWN, "Device for nexthop is not up.")
        routes = self.namespace.routes
        key = route.destination, route.metric, route.table
        same = [r for r in routes if (r.destination, r.metric, r.table) == key]
        if same and how == "add" or route in same and how in ("append", "prepend"):
            raise KernelError(Errno.EEXIST)
        if how == "change" and not same:
            raise KernelError(Errno.ENOENT)
        gone = same[:1] if how in ("replace", "change") else []
        left = [r for r in routes if r not in gone]
        made = self.namespace.tables_made | {(route.table, route.destination.version)}
        self.change(lambda ns: replace(ns, routes=in_order([*left, route]), tables_made=made))

    def has_table(self, table: int, version: int) -> bool:
        """Does the kernel have a routing table of that number? The first route of it makes it, for IPv6 a rule too."""
        space = self.namespace
        ruled = any(r.table == table and r.version == version == 6 for r in space.rules)
        return table in (MAIN, LOCAL) or ruled or (table, version) in space.tables_made

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


def get_route(space: Namespace, ip: IpAddress, asked: Asked = ANYHOW) -> Way:
    """What `ip route get` is told: the way that a packet would take. KernelError where none leads there."""
    own = asked.source is None or asked.iif != "" or is_local(space, asked.source)
    way = lookup(space, ip, asked) if own else None
    refused = refusal(way)
    if way is None or refused is not None:
        raise KernelError(refused or Errno.ENETUNREACH)
    return way


def refusal(way: Way | None) -> Errno | None:
    """What a program is told where no way leads on; None where one does. Of a rule, `unreachable` means the network
    (fib4_rule_action)."""
    if way is None or way.kind == "unreachable" and way.route is None:
        return Errno.ENETUNREACH
    return None if way.leads_on else _REFUSALS[way.kind]


def same_as(route: Route, given: set[str]) -> Callable[[Route], bool]:
    """Does a row of the table fit what `ip route del` was told? given: the keywords that were typed."""

    def fits(row: Route) -> bool:
        return (
            row.destination == route.destination
            and row.table == route.table
            and (_same_hops(row, route) if route.hops else _first_fits(row, route))
            and route.src in (None, row.src)
            and ("metric" not in given or row.metric == route.metric)
            and (not given & {"proto", "protocol"} or row.protocol == route.protocol)
            and route.mtu in (0, row.mtu)
            and ("type" not in given or row.kind == route.kind)
        )

    return fits


def _first_fits(row: Route, said: Route) -> bool:
    """Of several next hops the first is compared (fib_nh_match)."""
    first = row.ways[0]
    return said.via in (None, first.via) and said.dev in (None, first.dev)


def _same_hops(row: Route, said: Route) -> bool:
    pairs = zip(said.hops, row.ways, strict=False)
    same = all(hop.via == has.via and hop.dev in (None, has.dev) for hop, has in pairs)
    return same and len(row.ways) == len(said.hops)


def _with_hops(space: Namespace, route: Route) -> Route:
    """Each next hop is checked like the gateway of a row; one alone is such a gateway (fib_create_info)."""
    first = route.hops[0]
    if route.via is not None and route.via != first.via:
        raise KernelError(Errno.EINVAL, "Nexthop gateway does not match RTA_GATEWAY or RTA_VIA.")
    if route.dev is not None and route.dev != first.dev:
        raise KernelError(Errno.EINVAL, "Nexthop device index does not match RTA_OIF")
    found = []
    for hop in route.hops:
        way = replace(route, via=hop.via, dev=hop.dev, onlink=hop.onlink, hops=())
        if hop.onlink and hop.dev is None:
            raise KernelError(Errno.ENODEV, "Nexthop device required for onlink.")
        way = _complete(space, way)
        link = space.interface(way.dev or "")
        if link is None or not link.up:
            raise KernelError(Errno.ENETDOWN, "Device for nexthop is not up.")
        found.append(replace(hop, dev=way.dev))
    if len(found) == 1:
        return replace(route, via=first.via, dev=found[0].dev, onlink=first.onlink, hops=(), scope="global")
    return replace(route, via=None, dev=None, scope="global", hops=tuple(found))


def _complete(space: Namespace, route: Route) -> Route:
    """Work out the device of a gateway, check gateway and source, fill the scope in."""
    if route.kind != "unicast":
        return replace(route, scope="global", dev=None, via=None)
    if route.src is not None and space.owner_of(route.src) is None:
        raise KernelError(Errno.EINVAL, "Invalid prefsrc address.")
    if route.via is None:
        if route.dev is None:
            raise KernelError(Errno.ENODEV)
        if route.onlink:  # fib_check_nh_nongw
            raise KernelError(Errno.EINVAL, "Invalid flags for nexthop - PERVASIVE and ONLINK can not be set.")
        return replace(route, scope=route.scope or "link")
    if route.onlink:  # fib_check_nh_v4_gw
        if route.dev is None:
            raise KernelError(Errno.ENODEV)
        if space.owner_of(route.via) is not None:
            raise KernelError(Errno.EINVAL, "Nexthop has invalid gateway.")
        return replace(route, scope="global")
    return replace(route, dev=_way_to(space, route.via, route.dev), scope="global")


def _complete6(space: Namespace, route: Route) -> Route:
    """As `_complete`, for IPv6 (ip6_route_info_create, net/ipv6/route.c): a gateway that is link-local needs a device,
    another one needs a route to it that has no gateway itself."""
    route = replace(route, scope="global", metric=route.metric or METRIC6_BY_HAND)
    if route.kind != "unicast":
        return replace(route, dev="lo", via=None)
    if route.src is not None and route.src not in space.own_ipv6:
        raise KernelError(Errno.EINVAL, "Invalid source address.")
    if route.via is None:
        if route.dev is None:
            raise KernelError(Errno.ENODEV)
        return route
    if route.via in space.own_ipv6:
        raise KernelError(Errno.EINVAL, "Gateway can not be a local address.")
    if is_link_local(route.via):
        if route.dev is None:
            raise KernelError(Errno.EINVAL, "Gateway with link-local address requires a device.")
        return route
    way = main_route(space, route.via)
    if way is None or way.dev is None or way.via is not None or route.dev not in (None, way.dev):
        raise KernelError(Errno.EHOSTUNREACH)
    return replace(route, dev=way.dev)


def _way_to(space: Namespace, gateway: IpAddress, dev: str | None) -> str | None:
    """The device behind which a gateway is a neighbour (fib_check_nh, net/ipv4/fib_semantics.c)."""
    owner = space.owner_of(gateway)
    if owner is not None and owner.kind is LinkKind.LOOPBACK:
        raise KernelError(Errno.EINVAL, "Nexthop has invalid gateway.")
    covering = [r for r in space.routes_of(4) if gateway in r.destination and r.via is None and dev in (None, r.dev)]
    best = min(covering, key=lambda r: (-r.destination.prefixlen, r.metric), default=None)
    if best is None or best.kind != "unicast":
        raise KernelError(Errno.ENETUNREACH, "Nexthop has invalid gateway.")
    return dev or best.dev
