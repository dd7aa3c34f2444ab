"""A packet is sent, and its answer comes back: both journeys as one value."""

from __future__ import annotations

from dnetlab.model import Disposition, Exchange, IcmpType, Packet, Protocol, Snapshot, Trace, Where
from dnetlab.model.changed import replace
from dnetlab.net.deliver import find_socket, proxy_of
from dnetlab.net.journey import journey
from dnetlab.net.memory import Field
from dnetlab.net.routing import source_address
from dnetlab.net.trip import Asker, SentBack, Trip

FOREVER = float("inf")


def forward(
    snapshot: Snapshot, where: Where, packet: Packet, now: float = 0.0, bound: bool = False, oif: str = "",
    leaves: bool = True,
) -> Exchange:  # fmt: skip
    """Send `packet` from a program in a namespace, and bring back what is answered. Nothing is changed: see `after`.

    bound: the program said itself from which address (`ping -I ADDRESS`). oif: through which link (`ping -I DEV`).
    leaves: what was left behind is worked out; else `after` is the snapshot from before.
    KeyError when the host or namespace is not in the snapshot.
    """
    lab = Field(snapshot, now)
    found = exchange(lab, where, packet, bound=bound, oif=oif)
    return settled(found, lab.after()) if leaves else found


def settled(found: Exchange, after: Snapshot) -> Exchange:
    """The exchange with what was left behind, on docker-proxy's part too."""
    return replace(found, after=after, proxied=found.proxied and settled(found.proxied, after))


def exchange(
    lab: Field, where: Where, packet: Packet, dial: bool = True, bound: bool = False, oif: str = ""
) -> Exchange:
    """A packet and its answer in a lab where others have been before; `after` is still the snapshot from before them.

    dial: whether a docker-proxy that takes it opens its own connection at once.
    """
    request = journey(Trip(lab, where, packet, packet, bound=bound, oif=oif))
    tcp = packet.protocol is Protocol.TCP
    proxied = _proxied(request) if dial and not tcp else None
    lab.set_out()
    reply = _reply(request, where, proxied)
    arrived = reply is not None and reply.disposition.arrived
    if dial and tcp and arrived:
        proxied = _proxied(request)
    answered = reply is not None and arrived and _is_wanted(reply.final) and (proxied is None or proxied.answered)
    trace = request.trace()
    seconds = _seconds(request, trace, reply, proxied)
    return Exchange(trace, reply, lab.snapshot, answered, request.listener, proxied, seconds)


def _reply(request: Trip, where: Where, proxied: Exchange | None) -> Trace | None:
    """The answer's journey; None when nothing was sent back. A datagram's goes out after docker-proxy has its own."""
    answer = request.answer
    if answer is None or (proxied is not None and not proxied.answered):
        return None
    return back(request.lab, answer, Asker(where, request.first)).trace()


def back(lab: Field, answer: SentBack, asker: Asker) -> Trip:
    """An answer on its way to the one who asked."""
    return journey(Trip(lab, answer.at, answer.packet, answer.packet, answer.inner, asker, answer.track))


def _is_wanted(packet: Packet | None) -> bool:
    """An echo, a SYN-ACK or a datagram; not a reset, not an error."""
    if packet is None or "R" in packet.flags:
        return False
    return packet.icmp in (None, IcmpType.ECHO_REPLY)


def _seconds(trip: Trip, request: Trace, reply: Trace | None, proxied: Exchange | None) -> float:
    if trip.waits is not None:
        return trip.waits if len(request.hops) <= 1 else FOREVER
    if request.disposition in (Disposition.NO_NEIGHBOUR, Disposition.LINK_DOWN):
        known = len(request.hops) <= 1 or (reply is not None and reply.disposition.arrived)
        return trip.asks if known else FOREVER
    if reply is not None and reply.disposition.arrived:
        return proxied.seconds if proxied and not proxied.answered else 0.0
    nowhere = request.disposition is Disposition.NO_ROUTE and len(request.hops) <= 1
    return 0.0 if nowhere else FOREVER


def _proxied(request: Trip) -> Exchange | None:
    """docker-proxy dials the container from the host: a second packet, a second exchange."""
    if request.listener is None:
        return None
    packet = dial_of(request.lab, request.listener.where, request.packet)
    return exchange(request.lab, request.listener.where, packet) if packet is not None else None


def dial_of(lab: Field, where: Where, packet: Packet) -> Packet | None:
    """The packet with which docker-proxy, having taken this one there, asks the container; None without a proxy."""
    space = lab.space(where)
    socket = find_socket(space, packet.protocol, packet.destination, packet.dport)
    target = proxy_of(lab.snapshot.hosts[where.host], socket) if socket else None
    if target is None:
        return None
    ip, port = target
    sport = 32768 + (packet.sport * 7919 + packet.dport) % 28232
    size = packet.size + 20 * (ip.version > packet.version) - 20 * (ip.version < packet.version)
    return Packet(source_address(space, ip), ip, packet.protocol, sport, port, 64, packet.flags, None, size)
