"""Links that are there: up and down, name, MAC, MTU, flags, and the way into another namespace."""

from __future__ import annotations

from dnetlab.model import Interface, LinkKind, Namespace, PeerEnd
from dnetlab.model.changed import replace
from dnetlab.net.tunnel import OVERHEAD
from dnetlab.sim.kernel.addresses import of_loopback
from dnetlab.sim.kernel.bridge import follow_ports, port_left
from dnetlab.sim.kernel.carrier import alive, settle
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.listening import listen
from dnetlab.sim.kernel.routes import connected, is_dead, renamed, with_routes
from dnetlab.sim.kernel.space import Space
from dnetlab.sim.kernel.vxlan import with_table_of

LEAST_MTU, MOST_MTU = 68, 65535


class Links(Space):
    """`ip link set`, `ifconfig`, and the daemon."""

    def set_up(self, name: str) -> None:
        """Connected routes come back, IPv6 gives itself a link-local address.

        KernelError EADDRINUSE for a macvlan with the MAC of its parent or of another on that parent which is up.
        """
        link = self.link(name)
        if link.up:
            return
        if _mac_is_taken(self, link):
            raise KernelError(Errno.EADDRINUSE)
        link = alive(self, replace(link, up=True, fresh=False))
        if link.kind is LinkKind.LOOPBACK:
            link = replace(link, addresses=of_loopback(self, link))
        routes = [route for a in link.addresses if (route := connected(link, a)) is not None]
        self.change(lambda ns: with_routes(ns.with_interface(link), routes))
        self._tell_socket(link)
        settle(self, link)

    def set_down(self, name: str) -> None:
        """Every route through it is lost for good, gateways too; so are its neighbours and IPv6 addresses."""
        link = self.link(name)
        if not link.up:
            return
        kept = tuple(a for a in link.addresses if a.ip.version == 4)
        down = alive(self, replace(link, up=False, addresses=kept))
        self.change(lambda ns: _forgetting(ns.with_interface(down), name))
        self._tell_socket(link)
        settle(self, self.link(name))

    def _tell_socket(self, link: Interface) -> None:
        if link.vxlan is not None:
            listen(self.beside(link.vxlan.underlay or self.where.namespace))

    def rename(self, old: str, new: str) -> None:
        """Whatever names the link follows; live renaming is allowed since Linux 6.2. KernelError EEXIST."""
        if old == new:
            return
        link = self.link(old)
        if self.namespace.interface(new) is not None:
            raise KernelError(Errno.EEXIST)
        children = list(self.children(old))
        self.change(lambda ns: _renamed(ns, link, new))
        for there, child in children:
            found = there.link(new if child is link else child.name)
            there.put(replace(found, parent=new))

    def set_mac(self, name: str, mac: str) -> None:
        """`ip link set NAME address MAC`: a bridge keeps it from now on, whatever its ports have."""
        link = self.link(name)
        self.put(replace(link, mac=mac, auto_mac=False))
        if link.master is not None:
            follow_ports(self, link.master)

    def set_mtu(self, name: str, mtu: int) -> None:
        """A bridge keeps it, children with more get less, a child gets no more than its parent has.

        KernelError EINVAL out of 68 to 65535 (lo: from 0) and for a macvlan, ERANGE for a vlan (vlan_dev_change_mtu,
        macvlan_change_mtu, vlan_device_event and macvlan_device_event of Linux).
        """
        link = self.link(name)
        low, high = (0, 2**31 - 1) if link.kind is LinkKind.LOOPBACK else (LEAST_MTU, MOST_MTU)
        if mtu < low:
            raise KernelError(Errno.EINVAL, "mtu less than device minimum.")
        if mtu > high:
            raise KernelError(Errno.EINVAL, "mtu greater than device maximum.")
        if link.vxlan is not None and link.vxlan.dev:
            under = self.beside(link.vxlan.underlay or self.where.namespace).namespace.interface(link.vxlan.dev)
            if under is not None and mtu > under.mtu - OVERHEAD:
                raise KernelError(Errno.EINVAL)
        lower = _parent(self, link)
        if lower is not None and mtu > lower.mtu:
            raise KernelError(Errno.ERANGE if link.kind is LinkKind.VLAN else Errno.EINVAL)
        self.put(replace(link, mtu=mtu, auto_mtu=False))
        _tell_mtu(self, self.link(name))

    def set_promiscuous(self, name: str, on: bool) -> None:
        self.put(replace(self.link(name), promiscuous=on))

    def set_queue_length(self, name: str, length: int) -> None:
        self.put(replace(self.link(name), txqlen=length))

    def move(self, name: str, namespace: str, new_name: str = "") -> None:
        """`ip link set NAME netns …`: it leaves its addresses, routes and bridge behind and is down there.

        It keeps its index unless that is taken; its peer and its children go on knowing it. KernelError EINVAL for
        what belongs to its namespace (lo, bridges), EEXIST when the name is taken there.
        """
        link, there = self.link(name), self.beside(namespace)
        new_name = new_name or name
        if link.kind in (LinkKind.LOOPBACK, LinkKind.BRIDGE):
            raise KernelError(Errno.EINVAL)
        if there.namespace.interface(new_name) is not None:
            raise KernelError(Errno.EEXIST)
        index = link.index if there.namespace.by_index(link.index) is None else there.next_index()
        children = list(self.children(name))
        if index != link.index:
            there.skip_to(index)
        home = None if link.parent is None else link.parent_namespace or self.where.namespace
        moved = replace(
            link, name=new_name, index=index, addresses=(), up=False, master=None, hairpin=False,
            parent_namespace=None if home == namespace else home,
        )  # fmt: skip
        here = self.namespace
        if moved.vxlan is not None:
            underlay = moved.vxlan.underlay or self.where.namespace
            moved = replace(moved, vxlan=replace(moved.vxlan, underlay=None if underlay == namespace else underlay))
            there.change(lambda ns: with_table_of(ns, here, name, new_name))
        there.put(alive(there, moved))
        self.change(lambda ns: ns.without_interface(name))
        _tell_moved(self, there, link, index, new_name, children)


def _tell_moved(
    here: Space, there: Space, link: Interface, index: int, name: str, children: list[tuple[Space, Interface]]
) -> None:
    peer = here.peer(link)
    if peer is not None:
        peer[0].put(replace(peer[1], peer=PeerEnd(there.where.namespace, index)))
    for space, child in children:
        home = None if space.where == there.where else there.where.namespace
        space.put(replace(child, parent=name, parent_namespace=home))
    if link.master is not None:
        port_left(here, link.master)
    settle(there, there.link(name))


def _mac_is_taken(space: Space, link: Interface) -> bool:
    """macvlan_open asks macvlan_addr_busy (drivers/net/macvlan.c)."""
    lower = _parent(space, link) if link.kind is LinkKind.MACVLAN and link.mode != "passthru" else None
    if lower is None:
        return False
    home = space.beside(link.parent_namespace or space.where.namespace)
    others = (child for _, child in home.children(lower.name) if child.kind is LinkKind.MACVLAN and child.up)
    return link.mac == lower.mac or any(link.mac == other.mac for other in others)


def _parent(space: Space, link: Interface) -> Interface | None:
    home = link.parent_namespace or space.where.namespace
    return space.beside(home).namespace.interface(link.parent) if link.parent and space.knows(home) else None


def _tell_mtu(space: Space, link: Interface) -> None:
    """Whoever depends on a link's MTU hears of it: its bridge, and its children that had more."""
    if link.master is not None:
        before = space.link(link.master).mtu
        follow_ports(space, link.master)
        if space.link(link.master).mtu != before:
            _tell_mtu(space, space.link(link.master))
    for there, child in list(space.children(link.name)):
        if child.mtu > link.mtu:
            there.put(replace(child, mtu=link.mtu))
            _tell_mtu(there, there.link(child.name))


def _forgetting(ns: Namespace, name: str) -> Namespace:
    """Without the routes, neighbours and learned MACs of a link that went down."""
    return replace(
        ns,
        routes=tuple(r for r in ns.routes if r.dev != name and not is_dead(ns, r, name)),
        neighbours=tuple(n for n in ns.neighbours if n.dev != name),
        fdb=tuple(f for f in ns.fdb if f.permanent or name not in (f.bridge, f.port)),
    )


def _renamed(ns: Namespace, link: Interface, new: str) -> Namespace:
    old = link.name
    return replace(
        ns,
        interfaces=tuple(
            replace(i, name=new if i is link else i.name, master=new if i.master == old else i.master)
            if i is link or i.master == old else i
            for i in ns.interfaces
        ),
        routes=tuple(renamed(r, old, new) if r.leaves_by(old) else r for r in ns.routes),
        neighbours=tuple(replace(n, dev=new) if n.dev == old else n for n in ns.neighbours),
        fdb=tuple(replace(f, bridge=new if f.bridge == old else f.bridge, port=new if f.port == old else f.port)
                  for f in ns.fdb),
    )  # fmt: skip
