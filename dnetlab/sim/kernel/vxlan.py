"""VXLAN links: how they are made, and their forwarding table (drivers/net/vxlan)."""

from __future__ import annotations

from dataclasses import replace

from dnetlab.model import FdbEntry, LinkKind, Namespace, Vxlan
from dnetlab.model.ip import IpAddress
from dnetlab.model.network import EVERYBODY
from dnetlab.net.tunnel import OVERHEAD
from dnetlab.sim.kernel.create import new_link
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.space import Space


class Tunnels(Space):
    """`ip link add … type vxlan`, `bridge fdb`, and the overlay driver of the daemon."""

    def add_vxlan(self, name: str, settings: Vxlan, *, mac: str = "", mtu: int | None = None) -> None:
        """A tunnel end. With a dev its MTU leaves room for the packet around a frame; with a remote it floods there.

        KernelError ENODEV for a dev that isn't there, EEXIST when the name, or the number at that port, is taken.
        """
        room = self.link(settings.dev).mtu - OVERHEAD if settings.dev else 1500
        if self.namespace.interface(name) is None and self._has_number(settings):
            raise KernelError(Errno.EEXIST, "A VXLAN device with the specified VNI already exists.")
        made = new_link(self, name, LinkKind.VXLAN, mac, mtu or room)
        self.put_new(replace(made, carrier=True, vxlan=settings))
        if settings.remote is not None:
            entry = FdbEntry("", EVERYBODY, name, True, settings.remote, settings.dev)
            self.change(lambda ns: replace(ns, fdb=(*ns.fdb, entry)))

    def _has_number(self, settings: Vxlan) -> bool:
        mine = self.where.namespace
        spaces = self.world.hosts[self.where.host].namespaces.values()
        return any(
            link.vxlan is not None and (link.vxlan.underlay or space.name) == mine
            and (link.vxlan.vni, link.vxlan.port) == (settings.vni, settings.port)
            for space in spaces for link in space.interfaces
        )  # fmt: skip

    def change_remote(self, entry: FdbEntry, how: str) -> None:
        """`bridge fdb add|append|replace` for a VXLAN. KernelError: EOPNOTSUPP for another link, EINVAL without an
        address, EEXIST when `add` finds the MAC (vxlan_fdb_update)."""
        if self.link(entry.port).kind is not LinkKind.VXLAN:
            raise KernelError(Errno.EOPNOTSUPP)
        if entry.dst is None:
            raise KernelError(Errno.EINVAL)
        same = [f for f in self.namespace.fdb if (f.port, f.mac, f.bridge) == (entry.port, entry.mac, "")]
        if same and how == "add":
            raise KernelError(Errno.EEXIST)
        if how == "append" and any(f.dst == entry.dst for f in same):
            return
        gone = same if how == "replace" else []
        self.change(lambda ns: replace(ns, fdb=(*(f for f in ns.fdb if f not in gone), entry)))

    def forget_remote(self, vxlan: str, mac: str, dst: IpAddress | None) -> None:
        """`bridge fdb del`; dst None: wherever it leads. KernelError ENOENT."""
        gone = [f for f in self.namespace.fdb
                if (f.port, f.mac, f.bridge) == (vxlan, mac, "") and dst in (None, f.dst)]
        if not gone:
            raise KernelError(Errno.ENOENT)
        self.change(lambda ns: replace(ns, fdb=tuple(f for f in ns.fdb if f not in gone)))


def with_table_of(there: Namespace, here: Namespace, old: str, new: str) -> Namespace:
    """A VXLAN that moves to another namespace takes its table along."""
    moved = tuple(replace(f, port=new) for f in here.fdb if f.port == old and f.dst is not None)
    return replace(there, fdb=(*there.fdb, *moved)) if moved else there
