"""IPVS, the kernel's load balancer: packets with a firewall mark go to one of several servers, address translation
included (net/netfilter/ipvs; masquerading mode, scheduler rr).

It stands behind the filter of INPUT. The connection table remembers which server a connection was given to, so that
further packets take the same way and answers come back under the address that was asked for.
"""

from __future__ import annotations

from dnetlab.model import Hook, Step, StepKind, VirtualServer
from dnetlab.model.changed import replace
from dnetlab.model.facts import Rewritten
from dnetlab.model.ip import IpAddress
from dnetlab.net.trip import Trip


def server_for(trip: Trip) -> VirtualServer | None:
    """The virtual server that takes the packet in hand, by its mark; None when it is nobody's."""
    if not trip.packet.mark or trip.track is None or trip.track.reply or trip.track.related:
        return None
    return next((v for v in trip.space.virtual if v.mark == trip.packet.mark and v.servers), None)


def share_out(trip: Trip, virtual: VirtualServer) -> None:
    """Give the connection to a server, in turn, and send the packet there; a port stays what it was."""
    track = trip.track
    assert track is not None
    if track.fresh:
        chosen = virtual.servers[_turn(trip, virtual) % len(virtual.servers)]
        track.connection = replace(track.connection, reply=replace(track.connection.reply, source=chosen))
    after = replace(trip.packet, destination=track.connection.reply.source)
    trip.rewrite(after, Step(StepKind.REWRITTEN, Rewritten("IPVS", trip.packet, after), "", Hook.INPUT.value, "ipvs"))


def _turn(trip: Trip, virtual: VirtualServer) -> int:
    """How many of the connections that are remembered went to these servers."""
    servers: set[IpAddress] = set(virtual.servers)
    asked = (trip.packet.destination, trip.packet.dport)
    known = trip.lab.connections(trip.at)
    return sum(c.reply.source in servers and (c.original.destination, c.original.dport) == asked for c in known)
