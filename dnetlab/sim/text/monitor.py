"""What `ip monitor` prints of one step of the kernel: the rows that it added, changed and took away, in its order.

The order is that of Linux 6.18 as iproute2 6.1 shows it (tests/recordings/tools/ip_monitor): routes of IPv4 go without
a word when their link goes down, an address takes leave before its routes do, a link before its addresses. A real
kernel tells more: what lasts for a moment only (a bridge's port that learns), and its multicast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Network

from dnetlab.model import Address, Interface, LinkKind, Namespace, Neighbour, PolicyRule, Route, Where
from dnetlab.model.changed import replace
from dnetlab.model.route import MAIN
from dnetlab.net.routing import link_local_routes
from dnetlab.sim.kernel.localtable import local_table
from dnetlab.sim.kernel.routes import in_order
from dnetlab.sim.kernel.sysctls import value_of
from dnetlab.sim.netnames import called
from dnetlab.sim.text import links as text
from dnetlab.sim.world import World

_TOLD_OF_LINKS = ("name", "mac", "mtu", "up", "carrier", "promiscuous", "master", "txqlen", "mode")
_NEAR = IPv6Network("fe80::/64")
FAMILIES = {4: "inet", 6: "inet6"}
_SWITCHES = ("mc_forwarding", "proxy_neigh", "ignore_routes_with_linkdown")


@dataclass(frozen=True)
class News:
    """One thing that the kernel says. what: LINK ADDR ROUTE NEIGH RULE NETCONF, as `ip monitor all` labels it.

    version  4 or 6, 0 of a link, which is of no family;  index: of the link that it is about, 0 without one
    dev      how the link is called in the text, where `ip monitor dev NAME` leaves that out
    """

    what: str
    text: str
    gone: bool = False
    version: int = 0
    index: int = 0
    dev: str = ""


@dataclass
class Names:
    """iproute2 asks once what a link is called, and goes on calling it so until it is deleted (lib/ll_map.c)."""

    known: dict[int, str] = field(default_factory=dict)

    def of(self, link: Interface) -> str:
        return self.known.setdefault(link.index, link.name)


@dataclass
class Step:
    """A step of the kernel in the namespace at `where`: the worlds before and after, and what is told of it.

    table_name  how iproute2 calls a routing table;  rule_line  how it prints a row of `ip rule`
    gone, new: the routes that aren't told yet
    """

    was: World
    now: World
    where: Where
    names: Names
    table_name: Callable[[int], str]
    rule_line: Callable[[PolicyRule], str]
    said: list[News] = field(default_factory=list)
    gone: list[Route] = field(default_factory=list)
    new: list[Route] = field(default_factory=list)

    @property
    def before(self) -> Namespace:
        return self.was.namespace(self.where)

    @property
    def after(self) -> Namespace:
        return self.now.namespace(self.where)

    def told(self) -> list[News]:
        before, after = self.before, self.after
        kept = {b.name: a.name for b in before.interfaces if (a := after.by_index(b.index)) is not None}
        rows = [replace(r, dev=kept.get(r.dev, r.dev)) if r.dev else r for r in _rows(before)]
        now = _rows(after)
        self.gone, self.new = [r for r in rows if r not in now], [r for r in now if r not in rows]
        self._rules()
        for link in before.interfaces:
            if link.name not in kept:
                self._link_gone(link)
        for link in after.interfaces:
            old = before.by_index(link.index)
            if old is None:
                self._link_new(link)
            elif old is not link:
                self._link_changed(old, link)
        self._routes_by_hand()
        self._neighbours(kept)
        return self.said

    # -- links -------------------------------------------------------------------------------------------------------

    def _link_gone(self, link: Interface) -> None:
        """It goes down first, and says farewell to all it had."""
        down = replace(link, up=False)
        if link.up:
            self._say_link(down, self.was, leaving=True)
            self._routes_gone(lambda r: r.leaves_by(link.name) and r.destination.version == 6, link)
        self._neighbours_of(link)
        self._addresses_gone(link, [a for a in link.addresses if a.ip.version == 6])
        for address in link.addresses:
            if address.ip.version == 4:
                self._say_address(link, address, gone=True)
                if not address.secondary:
                    self._routes_gone(_local_of(address), link)
        self._silence(lambda r: r.leaves_by(link.name))
        for version in FAMILIES:
            self._netconf_gone(link, version)
        self._say_link(replace(down, fresh=True, master=None), self.was, leaving=True, gone=True)
        self.names.known.pop(link.index, None)

    def _link_new(self, link: Interface) -> None:
        bare = replace(link, up=False, addresses=(), master=None, fresh=True)
        parent = self.after.interface(link.parent) if link.kind is LinkKind.MACVLAN and link.parent else None
        if parent is not None:
            self._say_link(parent, self.now)
        for version in FAMILIES:
            self._netconf(link, version)
        self._say_link(bare, self.now)
        if link.up or link.addresses or link.master:
            self._link_changed(bare, link)

    def _link_changed(self, old: Interface, link: Interface) -> None:
        came, went = link.up and not old.up, old.up and not link.up
        stays = old.up and link.up
        gained, lost = stays and link.carrier > old.carrier, stays and link.carrier < old.carrier
        late = came and link.carrier and link.kind is LinkKind.VETH  # its carrier is told after its being up
        if lost:
            self._neighbours_of(link)
        if came and old.master is None and link.master is not None:
            self._say_link(replace(old, name=link.name, master=link.master), self.now)
        if any(getattr(old, name) != getattr(link, name) for name in _TOLD_OF_LINKS) and not gained:
            self._say_link(link, self.now, waits=late)
        if old.name != link.name:
            self._renamed(link)
        if went:
            self._routes_gone(lambda r: r.leaves_by(link.name) and r.destination.version == 6, old)
            self._neighbours_of(link)
        elif link.up:
            self._silence(lambda r: r.dev == link.name and r.kind == "multicast")  # it stays until the link goes down
        left = [a for a in old.addresses if a.interface not in [new.interface for new in link.addresses]]
        self._addresses_gone(old, left)
        if went or any(a.ip.version == 4 for a in left):
            self._silence(lambda r: r.leaves_by(link.name) and r.destination.version == 4)
        if came:
            for address in link.addresses:
                self._networks_new(link, address)
        if came or gained:
            self._routes_new(lambda r: r.dev == link.name and r.kind == "multicast")
            self._routes_new(lambda r: r.dev == link.name and r.destination == _NEAR)
        if late or gained:
            self._say_link(link, self.now)
        known = [a.interface for a in old.addresses]
        self._addresses_new(link, [a for a in link.addresses if a.interface not in known])

    def _renamed(self, link: Interface) -> None:
        """The labels of its IPv4 addresses follow, and its switches are others' now (devinet_sysctl)."""
        for address in link.addresses:
            if address.ip.version == 4:
                self._say_address(link, address)
        for version in (4, 6):
            self._netconf_gone(link, version)
            self._netconf(link, version)

    def _say_link(
        self, link: Interface, world: World, leaving: bool = False, gone: bool = False, waits: bool = False
    ) -> None:
        """leaving: nobody is at its other end any more;  waits: it is up, and its carrier isn't worked out yet."""
        moved = self._moved(link) if gone else None
        row = text.view(world, self.where, link)
        if link.kind is LinkKind.VETH and (leaving and moved is None or not row.other or not self._has_peer(link)):
            row = replace(row, other="NONE", peer_down=False, netnsid=None)
        elif link.peer is not None and link.peer.namespace == self.where.namespace:
            other = self.after.by_index(link.peer.index)
            row = replace(row, other=self.names.of(other)) if other is not None else row
        row = replace(row, interface=replace(link, txqlen=0), state="LOWERLAYERDOWN" if waits else row.state)
        head = text.head(row, mode=False)
        if waits:
            head = head.replace("<", "<NO-CARRIER,", 1)
        told = f"{head}\n{text.ether(row)}" + (f" {moved}" if moved else "")
        self.said.append(News("LINK", told, gone, index=link.index))

    def _has_peer(self, link: Interface) -> bool:
        """Is its other end there by now? The first of a pair is told of before the second is."""
        space = link.peer and self.now.hosts[self.where.host].namespaces.get(link.peer.namespace)
        return bool(link.peer and space and space.by_index(link.peer.index))

    def _moved(self, link: Interface) -> str | None:
        """Where a link that is gone from here has gone to, as the kernel says it."""
        for space in self.now.hosts[self.where.host].namespaces.values():
            if space.name == self.where.namespace:
                continue
            found = next((i for i in space.interfaces if i.kind is link.kind and i.mac == link.mac), None)
            if found is not None and found.peer == link.peer:
                name = called(self.now, self.where.host, space.name)
                there = f"new-netns {name}" if name else f"new-netnsid {text.number_of(self.after, space.name)}"
                return f"{there} new-ifindex {found.index}"
        return None

    def _netconf(self, link: Interface, version: int) -> None:
        """The switches of a new link, or of one with a new name."""
        key = f"net.ipv{version}.conf.{link.name.replace('.', '/')}"
        words = [FAMILIES[version], self.names.of(link), "forwarding", self._switch(f"{key}.forwarding")]
        if version == 4:
            strictness = value_of(self.after, f"{key}.rp_filter") or ""
            words += ["rp_filter", {"1": "strict", "2": "loose"}.get(strictness, "off")]
        words += [word for switch in _SWITCHES for word in (switch, "off")]
        self.said.append(News("NETCONF", " ".join([*words, ""]), version=version, index=link.index))

    def _switch(self, key: str) -> str:
        return "on" if value_of(self.after, key) == "1" else "off"

    def _netconf_gone(self, link: Interface, version: int) -> None:
        told = f"{FAMILIES[version]} {self.names.of(link)} "
        self.said.append(News("NETCONF", told, True, version, link.index))

    # -- addresses and routes ----------------------------------------------------------------------------------------

    def _addresses_gone(self, link: Interface, left: list[Address]) -> None:
        """Secondary ones first; each is followed by the routes that it brought."""
        for address in sorted(left, key=lambda a: not a.secondary):
            self._say_address(link, address, gone=True)
            brought = (_network_of(link, address), _everybody_of(link, address), _local_of(address))
            for fits in brought[::-1] if address.ip.version == 6 else brought:
                self._routes_gone(fits, link)

    def _addresses_new(self, link: Interface, new: list[Address]) -> None:
        for address in new:
            if address.ip.version == 6:
                self._routes_new(_network_of(link, address))
            self._say_address(link, address)
            self._routes_new(_local_of(address))
            self._networks_new(link, address)

    def _networks_new(self, link: Interface, address: Address) -> None:
        """The routes to an address's network, and to all in it: the latter first when it was given (fib_add_ifaddr)."""
        if address.ip.version == 4:
            ways = [_network_of(link, address), _everybody_of(link, address)]
            for fits in ways if address.broadcast is None else reversed(ways):
                self._routes_new(fits)

    def _say_address(self, link: Interface, address: Address, gone: bool = False) -> None:
        flags = ("nodad",) if address.nodad else ()
        line = text.address_line(address, link.name, flags).strip(" ")
        tail = " " if address.ip.version == 6 else ""
        told = f"{link.index}: {self.names.of(link)}    {line}{tail}\n{text.FOREVER}"
        self.said.append(News("ADDR", told, gone, address.ip.version, link.index))

    def _routes_new(self, fits: Callable[[Route], bool]) -> None:
        found = [r for r in self.new if fits(r)]
        for route in found:
            self.new.remove(route)
            self._say_route(route, self.after.interface(route.dev) if route.dev else None)

    def _routes_gone(self, fits: Callable[[Route], bool], link: Interface | None) -> None:
        """link: as it was before."""
        found = [r for r in self.gone if fits(r)]
        for route in found:
            self.gone.remove(route)
            self._say_route(route, link, gone=True)

    def _silence(self, fits: Callable[[Route], bool]) -> None:
        self.gone = [r for r in self.gone if not fits(r)]

    def _say_route(self, route: Route, link: Interface | None, gone: bool = False) -> None:
        down = link is not None and link.up and not link.carrier and route.kind != "local"
        name = self.names.of(link) if link is not None else ""
        table = "" if route.table == MAIN else self.table_name(route.table)
        row = replace(route, dev=name or None)
        told = text.route_line(row, linkdown=down, table=table)
        told += "" if told.endswith(" ") or route.destination.version == 6 else " "
        index = link.index if link is not None else 0
        self.said.append(News("ROUTE", told, gone, route.destination.version, index, name))

    def _routes_by_hand(self) -> None:
        """Of a route that another replaced nothing is told."""
        places = [(r.destination, r.metric, r.table) for r in self.new]
        self._silence(lambda r: (r.destination, r.metric, r.table) in places)
        for route in list(self.gone):
            link = self.before.interface(route.dev) if route.dev else None
            self.gone.remove(route)
            self._say_route(route, link, gone=True)
        self._routes_new(lambda r: True)

    # -- neighbours and rules ----------------------------------------------------------------------------------------

    def _neighbours_of(self, link: Interface) -> None:
        for entry in self.before.neighbours:
            if entry.dev == link.name and entry not in self.after.neighbours:
                self._say_neighbour(entry, link, gone=True)

    def _neighbours(self, kept: dict[str, str]) -> None:
        """Those that hands or packets changed. What hands take away has failed first (neigh_delete)."""
        was = {(n.address, n.dev): n for n in self.before.neighbours}
        now = {(n.address, n.dev): n for n in self.after.neighbours}
        for key, entry in was.items():
            old, link = self.before.interface(entry.dev), self.after.interface(kept.get(entry.dev, ""))
            stays = old is not None and link is not None and (old.up, old.carrier) == (link.up, link.carrier)
            if key in now or link is None or not stays or kept[entry.dev] != entry.dev:
                continue
            failed = replace(entry, mac=None, state="FAILED")
            if entry.state != "FAILED":
                self._say_neighbour(failed, link)
            self._say_neighbour(failed, link, gone=True)
        for key, entry in now.items():
            old_entry, link = was.get(key), self.after.interface(entry.dev)
            same = old_entry is not None and (old_entry.mac, old_entry.state) == (entry.mac, entry.state)
            if link is not None and not same and entry.state != "DELAY":
                self._say_neighbour(entry, link)

    def _say_neighbour(self, entry: Neighbour, link: Interface, gone: bool = False) -> None:
        name = self.names.of(link)
        told = text.neighbour_line(replace(entry, dev=name))
        self.said.append(News("NEIGH", told, gone, entry.address.version, link.index, name))

    def _rules(self) -> None:
        for gone, rows, others in ((True, self.before.rules, self.after.rules),
                                   (False, self.after.rules, self.before.rules)):  # fmt: skip
            for rule in rows:
                if rule not in others:
                    self.said.append(News("RULE", self.rule_line(rule), gone, rule.version))


def _rows(space: Namespace) -> list[Route]:
    """All routes of a place, those that its addresses bring among them."""
    local: Iterable[Route] = (*local_table(space, 4), *local_table(space, 6))
    return [*in_order([*space.routes, *link_local_routes(space)]), *local]


def _local_of(address: Address) -> Callable[[Route], bool]:
    """Is it the row that says whose the address is?"""

    def fits(route: Route) -> bool:
        net = route.destination
        alone = net.version == address.ip.version and net.prefixlen == net.max_prefixlen
        return route.kind == "local" and alone and int(net.network_address) == int(address.ip)

    return fits


def _network_of(link: Interface, address: Address) -> Callable[[Route], bool]:
    """Is it the row that leads to the address's network?"""

    def fits(route: Route) -> bool:
        mine = (route.dev, route.destination, route.protocol) == (link.name, address.network, "kernel")
        return mine and route.table == MAIN and (address.ip.version == 6 or route.src == address.ip)

    return fits


def _everybody_of(link: Interface, address: Address) -> Callable[[Route], bool]:
    """Is it the row of all in the address's network?"""
    return lambda route: (route.dev, route.kind, route.src) == (link.name, "broadcast", address.ip)
