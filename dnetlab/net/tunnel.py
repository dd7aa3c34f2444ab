"""VXLAN: an Ethernet frame travels inside a UDP packet from host to host (RFC 7348).

The packet around it is the host's own: it is routed, meets OUTPUT, POSTROUTING and whatever lies between, and ends at
the UDP port of the other host, in INPUT, where a VXLAN of the same number takes the frame out. `forward` sends it;
here is what such a packet looks like and who takes it. A tunnel made by hand and an overlay network are the same.
"""

from __future__ import annotations

import zlib

from dnetlab.model import Host, LinkKind, Namespace, Packet, Protocol, Where
from dnetlab.model.facts import Fact, TunnelSwallows
from dnetlab.model.ip import IpAddress
from dnetlab.net.memory import Field
from dnetlab.net.routing import NOWHERE, source_for
from dnetlab.net.segment import Link, Lost
from dnetlab.net.trip import Trip

OVERHEAD = 50  # bytes: an IPv4 header 20, UDP 8, VXLAN 8, and the frame's own Ethernet header 14
LOWEST_PORT, HIGHEST_PORT = 32768, 60999  # net.ipv4.ip_local_port_range, where udp_flow_src_port looks


def outside(tunnel: Link) -> Where:
    """The namespace that the packets around its frames live in: where the VXLAN was made."""
    settings = tunnel.interface.vxlan
    return Where(tunnel.where.host, (settings.underlay if settings else None) or tunnel.where.namespace)


def around(space: Namespace, tunnel: Link, remote: IpAddress, frame: str, size: int) -> Packet:
    """The packet that carries a frame of `size` bytes of IP to `remote`; `frame` decides its source port.

    Two frames of one flow have one port (udp_flow_src_port), so that routers on the way keep them in order.
    """
    settings = tunnel.interface.vxlan
    assert settings is not None
    sport = LOWEST_PORT + zlib.crc32(frame.encode()) % (HIGHEST_PORT - LOWEST_PORT + 1)
    source = speaks_from(space, tunnel, remote)
    return Packet(source, remote, Protocol.UDP, sport, settings.port, size=size + OVERHEAD, vni=settings.vni)


def speaks_from(space: Namespace, tunnel: Link, remote: IpAddress) -> IpAddress:
    """The source of the packets around its frames: its `local` address, else what the route says."""
    settings = tunnel.interface.vxlan
    return (settings.local if settings else None) or source_for(space, remote) or NOWHERE


def end_of(host: Host, where: Where, packet: Packet) -> Link | None:
    """The VXLAN on a host that takes a packet which arrived in the namespace `where`; None when there is no such.

    It must be up, of the packet's number, and listen at its port (vxlan_rcv, drivers/net/vxlan).
    """
    if packet.vni is None:
        return None
    for space in host.namespaces.values():
        for link in space.interfaces:
            if link.kind is LinkKind.VXLAN and link.vxlan is not None and link.up:
                here = (link.vxlan.underlay or space.name) == where.namespace
                if here and (link.vxlan.vni, link.vxlan.port) == (packet.vni, packet.dport):
                    return Link(Where(host.name, space.name), link)
    return None


def outer_trip(lab: Field, link: Link, remote: IpAddress, frame: str, size: int) -> Trip:
    """The packet around a frame of `size` bytes of IP, about to be sent."""
    where = outside(link)
    packet = around(lab.space(where), link, remote, frame, size)
    return Trip(lab, where, packet, packet)


def swallows(hop: IpAddress, lost: Lost) -> Fact:
    """What ended a question that went into a tunnel."""
    link, settings = lost.tunnel.interface, lost.tunnel.interface.vxlan
    return TunnelSwallows(hop, link.name, settings.vni if settings else 0, lost.remote, lost.where.host, lost.fact)
