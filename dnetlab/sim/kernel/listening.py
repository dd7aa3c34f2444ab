"""The UDP sockets that the kernel opens for VXLANs (drivers/net/vxlan: vxlan_open, vxlan_stop)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from dnetlab.model import Protocol, Socket, SocketState
from dnetlab.sim.kernel.space import Space

ANY = IPv4Address("0.0.0.0")


def listen(space: Space) -> None:
    """One UDP socket for each port that a VXLAN of this namespace, which is up, takes frames at (vxlan_open, _stop)."""
    host = space.world.hosts[space.where.host]
    settings = [(link.vxlan, link.up, home.name) for home in host.namespaces.values()
                for link in home.interfaces if link.vxlan is not None]
    mine = [(s.port, up) for s, up, home in settings if (s.underlay or home) == space.where.namespace]
    wanted = sorted({port for port, up in mine if up})
    kept = tuple(s for s in space.namespace.sockets if not _is_kernels(s))
    new = tuple(Socket(Protocol.UDP, ANY, port, SocketState.UNCONNECTED) for port in wanted)
    if (*kept, *new) != space.namespace.sockets:
        space.change(lambda ns: replace(ns, sockets=(*kept, *new)))


def _is_kernels(socket: Socket) -> bool:
    """A UDP socket without a program: only the kernel has such."""
    return socket.protocol is Protocol.UDP and socket.pid is None and not socket.program
