"""Bridges and their ports: who is enslaved, whose MAC and MTU the bridge wears, what it forgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dnetlab.model import FdbEntry, Interface, LinkKind
from dnetlab.model.bridgeport import AS_MADE, BridgePort
from dnetlab.model.changed import replace
from dnetlab.sim.kernel.carrier import alive, carry, follow, settle
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.space import Space

ETHERNET = 1500  # the MTU of a bridge that nobody told one and that has no ports (br_mtu_min, net/bridge/br_if.c)
NOBODY = "00:00:00:00:00:00"


def port_left(space: Space, bridge: str) -> None:
    """A bridge has a port less: without any it has no carrier."""
    master = space.namespace.interface(bridge)
    if master is None:
        return
    worn = _as_its_ports(space, master)
    if space.namespace.ports_of(bridge):
        follow(space, worn)
    elif carry(space, worn, False):
        settle(space, worn)


def follow_ports(space: Space, bridge: str) -> None:
    """A bridge wears what its ports have now."""
    master = space.link(bridge)
    worn = _as_its_ports(space, master)
    if worn is not master:
        space.put(worn)


def _as_its_ports(space: Space, master: Interface) -> Interface:
    """A bridge whose MAC nobody set wears the smallest of its ports', and so with its MTU (net/bridge/br_stp_if.c,
    br_mtu_auto_adjust in br_if.c)."""
    if not (master.auto_mac or master.auto_mtu):
        return master
    ports = space.namespace.ports_of(master.name)
    mac = min((port.mac for port in ports), default=NOBODY) if master.auto_mac else master.mac
    mtu = min((port.mtu for port in ports), default=ETHERNET) if master.auto_mtu else master.mtu
    return master if (mac, mtu) == (master.mac, master.mtu) else replace(master, mac=mac, mtu=mtu)


SLOW = BridgePort(cost=100)  # net/bridge/br_if.c, port_cost: as if it carried 10 Mbit/s


def _has_no_speed(port: Interface) -> bool:
    """A tunnel's is that of the link it leaves through, where one was named (drivers/net/vxlan/vxlan_core.c)."""
    return port.kind is LinkKind.DUMMY or port.vxlan is not None and not port.vxlan.dev


class Ports(Space):
    """`ip link set … master`, `brctl addif`, and the daemon when it plugs a container in."""

    def enslave(self, name: str, bridge: str) -> None:
        """From now on the frames of this link are the bridge's.

        KernelError: EOPNOTSUPP when the master is no bridge, EINVAL for lo, ELOOP for a bridge in a bridge, EBUSY for
        the parent of macvlans: a link has one taker (netdev_rx_handler_register, net/core/dev.c).
        """
        port, master = self.link(name), self.link(bridge)
        _check_port(port, master)
        if port.master == bridge:
            return
        if any(child.kind is LinkKind.MACVLAN for _, child in self.children(name)):
            raise KernelError(Errno.EBUSY)
        self.release(name)
        port = self.link(name)
        self.put(replace(port, master=bridge, port=SLOW if _has_no_speed(port) else AS_MADE))
        follow(self, _as_its_ports(self, self.link(bridge)))

    def plug(self, name: str, bridge: str, hairpin: bool) -> None:
        """`enslave`, `set_hairpin` and `set_up` in one, for a new veth whose other end is still down."""
        port = self.link(name)
        _check_port(port, self.link(bridge))
        port = alive(self, replace(port, master=bridge, hairpin=hairpin, up=True, fresh=False))
        self.put(port)
        follow_ports(self, bridge)
        settle(self, port)

    def release(self, name: str) -> None:
        """`nomaster`: the bridge forgets what it learned behind this port; a tunnel's own table stays."""
        port = self.link(name)
        if port.master is None:
            return
        self.put(replace(port, master=None, hairpin=False, port=AS_MADE))
        self.change(lambda ns: replace(ns, fdb=tuple(f for f in ns.fdb if f.port != name or f.dst is not None)))
        port_left(self, port.master)

    def learn(self, port: str, mac: str) -> None:
        """A frame from this MAC came in through a port: its bridge remembers. KernelError EOPNOTSUPP for no port."""
        bridge = self.link(port).master
        if bridge is None:
            raise KernelError(Errno.EOPNOTSUPP)
        if (bridge, mac) in self.namespace.learned_port:
            self.change(lambda ns: replace(ns, fdb=tuple(f for f in ns.fdb if (f.bridge, f.mac) != (bridge, mac))))
        self.change(lambda ns: ns.with_learned(FdbEntry(bridge, mac, port)))

    def set_hairpin(self, name: str, on: bool) -> None:
        """May a frame leave through the port it came in by? KernelError EOPNOTSUPP when the link is no port."""
        port = self.link(name)
        if port.master is None:
            raise KernelError(Errno.EOPNOTSUPP)
        if port.hairpin != on:
            self.put(replace(port, hairpin=on))

    def set_port(self, name: str, settings: Mapping[str, Any]) -> None:
        """`bridge link set`, by the names of BridgePort, and hairpin (br_setport, net/bridge/br_netlink.c).

        KernelError: EOPNOTSUPP when the link is no port, ERANGE for a priority above 63, EBUSY and ENETDOWN for a
        state that spanning tree or the link forbids. Without spanning tree a port that is blocking goes on at once.
        """
        port = self.link(name)
        if port.master is None:
            raise KernelError(Errno.EOPNOTSUPP)
        if settings.get("priority", 0) > 63:
            raise KernelError(Errno.ERANGE)
        left = dict(settings)
        state = left.get("state", "")
        if state and self.link(port.master).stp:
            raise KernelError(Errno.EBUSY)
        if state and not (port.up and port.carrier or port.up and state == "disabled"):
            raise KernelError(Errno.ENETDOWN)
        if state in ("blocking", "forwarding"):
            left["state"] = ""
        hairpin = left.pop("hairpin", port.hairpin)
        self.put(replace(port, hairpin=hairpin, port=replace(port.port, **left)))

    def set_stp(self, bridge: str, on: bool) -> None:
        """Remembered and shown; the lab's bridges have no loops. KernelError ENODEV, EOPNOTSUPP for other links."""
        master = self.link(bridge)
        if master.kind is not LinkKind.BRIDGE:
            raise KernelError(Errno.EOPNOTSUPP)
        self.put(replace(master, stp=on))


def _check_port(port: Interface, master: Interface) -> None:
    if master.kind is not LinkKind.BRIDGE:
        raise KernelError(Errno.EOPNOTSUPP)
    if port.kind is LinkKind.LOOPBACK:
        raise KernelError(Errno.EINVAL, "Can not enslave a loopback device to a bridge.")
    if port.kind is LinkKind.BRIDGE:
        raise KernelError(Errno.ELOOP, "Can not enslave a bridge to a bridge.")
