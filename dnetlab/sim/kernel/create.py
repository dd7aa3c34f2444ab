"""Links that come and go: bridge, veth, vlan, macvlan, ipvlan, dummy; and what goes with a link that is deleted."""

from __future__ import annotations

from dnetlab.model import Interface, LinkKind, PeerEnd
from dnetlab.model.changed import replace
from dnetlab.sim.kernel.bridge import ETHERNET, port_left
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.listening import listen
from dnetlab.sim.kernel.space import Space

_MODULES = {LinkKind.VLAN: "8021q", LinkKind.DUMMY: "dummy"}


def new_link(
    space: Space, name: str, kind: LinkKind, mac: str = "", mtu: int = ETHERNET, txqlen: int = 1000, beyond: int = 0
) -> Interface:
    """A link as it will be right after it is made: down, of a random MAC, with the next index. KernelError EEXIST, and
    EOPNOTSUPP for a kind that the lab's kernel has no module for."""
    if _MODULES.get(kind) in space.world.topology.kernel_lacks:
        raise KernelError(Errno.EOPNOTSUPP, "Unknown device type.")
    if space.namespace.interface(name) is not None:
        raise KernelError(Errno.EEXIST)
    host, namespace = space.where
    mac = mac or space.world.random_mac(f"{host}:{namespace}:{name}")
    index = space.next_index(beyond)
    return Interface(name, index, kind, mac, mtu=mtu, up=False, carrier=False, fresh=True, txqlen=txqlen)


class Create(Space):
    """`ip link add` and `del`, `brctl addbr` and `delbr`, and the daemon."""

    def add_bridge(
        self, name: str, *, mac: str = "", mtu: int | None = None, carrier: bool = True, txqlen: int = 1000
    ) -> None:
        """A bridge. Its MAC is random until it has ports, then the smallest of theirs, unless one is given; so is
        its MTU. carrier: one made by hand is UP without ports, one of Docker's is not (observed on 20.10 to 29.7)."""
        made = new_link(self, name, LinkKind.BRIDGE, mac, mtu or ETHERNET, txqlen)
        self.put_new(replace(made, carrier=carrier, auto_mac=not mac, auto_mtu=mtu is None))

    def add_veth(
        self, name: str, peer: str, *, peer_in: str | None = None, mac: str = "", peer_mac: str = "",
        mtu: int = ETHERNET, txqlen: int = 1000,
    ) -> None:  # fmt: skip
        """A pair; the peer is made first, in the namespace `peer_in` when that is given. KernelError EEXIST."""
        there = self if peer_in is None else self.beside(peer_in)
        if self.namespace.interface(name) is not None or (there is self and name == peer):
            raise KernelError(Errno.EEXIST)
        other = new_link(there, peer, LinkKind.VETH, peer_mac, mtu, txqlen)
        made = new_link(self, name, LinkKind.VETH, mac, mtu, txqlen, beyond=other.index if there is self else 0)
        there.put_new(replace(other, peer=PeerEnd(self.where.namespace, made.index)))
        self.put_new(replace(made, peer=PeerEnd(there.where.namespace, other.index)))

    def add_vlan(self, name: str, parent: str | None, tag: int | None) -> None:
        """What its parent sends and gets with this tag; its MAC and MTU are the parent's.

        KernelError: EINVAL without tag or parent, ERANGE for a tag beyond 4094, ENODEV, EEXIST when the name is taken
        or the parent has a vlan of that tag (vlan_validate, vlan_newlink, vlan_check_real_dev of net/8021q).
        """
        if tag is None:
            raise KernelError(Errno.EINVAL, "8021q: VLAN properties not specified.")
        if not 0 <= tag < 0xFFF:
            raise KernelError(Errno.ERANGE, "8021q: Invalid VLAN id.")
        if parent is None:
            raise KernelError(Errno.EINVAL, "8021q: link not specified.")
        lower = self.link(parent)
        if any(child.vlan_id == tag for _, child in self.children(parent)):
            raise KernelError(Errno.EEXIST, "8021q: VLAN device already exists.")
        made = new_link(self, name, LinkKind.VLAN, lower.mac, lower.mtu)
        self.put_new(replace(made, parent=parent, vlan_id=tag, carrier=lower.up and lower.carrier))

    def add_macvlan(self, name: str, parent: str, mode: str, *, mac: str = "", txqlen: int = 1000) -> None:
        """A MAC of its own on the parent's wire.

        KernelError: EBUSY when the parent is the port of a bridge (a link has one taker), EINVAL for a second child
        when one of them is 'passthru' (macvlan_common_newlink, drivers/net/macvlan.c).
        """
        lower = self.link(parent)
        if lower.master is not None:
            raise KernelError(Errno.EBUSY)
        if any(child.kind is LinkKind.IPVLAN for _, child in self.children(parent)):
            raise KernelError(Errno.EBUSY)
        others = [child.mode for _, child in self.children(parent) if child.kind is LinkKind.MACVLAN]
        if "passthru" in others or others and mode == "passthru":
            raise KernelError(Errno.EINVAL)
        made = new_link(self, name, LinkKind.MACVLAN, mac, lower.mtu, txqlen)
        self.put_new(replace(made, parent=parent, mode=mode, carrier=lower.up and lower.carrier))

    def add_ipvlan(self, name: str, parent: str, mode: str, *, txqlen: int = 1000) -> None:
        """An address of its own under the parent's MAC (drivers/net/ipvlan/ipvlan_main.c, ipvlan_link_new).

        All children of a parent have one mode: a new one's becomes that of its siblings. KernelError EBUSY when the
        parent is the port of a bridge or has macvlans: a link has one taker.
        """
        lower = self.link(parent)
        others = list(self.children(parent))
        if lower.master is not None or any(child.kind is LinkKind.MACVLAN for _, child in others):
            raise KernelError(Errno.EBUSY)
        made = new_link(self, name, LinkKind.IPVLAN, lower.mac, lower.mtu, txqlen)
        self.put_new(replace(made, parent=parent, mode=mode, carrier=lower.up and lower.carrier))
        for there, child in others:
            if child.kind is LinkKind.IPVLAN and child.mode != mode:
                there.put(replace(child, mode=mode))

    def add_dummy(self, name: str, *, mac: str = "") -> None:
        made = new_link(self, name, LinkKind.DUMMY, mac)
        self.put_new(replace(made, carrier=True))

    def delete(self, name: str) -> None:
        """A veth takes its peer with it, a parent its vlans and macvlans, wherever they live.

        KernelError EOPNOTSUPP for lo and NICs.
        """
        link = self.link(name)
        if link.kind in (LinkKind.LOOPBACK, LinkKind.PHYSICAL):
            raise KernelError(Errno.EOPNOTSUPP)
        _drop(self, link)


def _drop(space: Space, link: Interface) -> None:
    peer = space.peer(link)
    children = [*space.children(link.name), *space.tunnels_through(link.name)]
    home = space.beside(link.vxlan.underlay) if link.vxlan and link.vxlan.underlay else space
    space.change(lambda ns: ns.without_interface(link.name))
    if peer is not None:
        _drop(peer[0], replace(peer[1], peer=None))
    for there, child in children:
        _drop(there, child)
    if link.vxlan is not None:
        listen(home)
    if link.master is not None:
        port_left(space, link.master)
