"""Arrived at a machine that owns the address: does a program, or the stack itself, take it?"""

from __future__ import annotations

from dnetlab.commands.socat import forwards_to
from dnetlab.model import (
    Disposition,
    Flow,
    Host,
    IcmpType,
    Listener,
    Namespace,
    Packet,
    Process,
    Protocol,
    Socket,
    SocketState,
    StepKind,
)
from dnetlab.model.changed import replace
from dnetlab.model.facts import (
    AnswerArrived,
    EchoAnswered,
    EchoIgnored,
    NobodyWaits,
    NoSuchTunnel,
    Noted,
    NotListening,
    ProxyDials,
    SocketTakes,
    Told,
)
from dnetlab.model.ip import IpAddress, ip_address
from dnetlab.net.trip import ERRORS, SentBack, Trip, default_ttl, turned
from dnetlab.net.tunnel import end_of

ECHO_IGNORED = {4: "ipv4.icmp_echo_ignore_all", 6: "ipv6.icmp.echo_ignore_all"}
_WAITING = {Protocol.TCP: SocketState.LISTEN, Protocol.UDP: SocketState.UNCONNECTED}


def find_socket(namespace: Namespace, protocol: Protocol, ip: IpAddress, port: int) -> Socket | None:
    """The socket that takes a first packet to ip:port: one bound to that address, then to every one of its family
    (0.0.0.0, `::`), then, for IPv4, `::` as well."""
    state = _WAITING.get(protocol)
    best: tuple[int, Socket] | None = None
    for socket in namespace.sockets_on.get(port, ()):
        if socket.protocol is not protocol or socket.state is not state:
            continue
        rank = _rank(socket, ip)
        if rank is not None and (best is None or rank < best[0]):
            best = (rank, socket)
    return best[1] if best else None


def _rank(socket: Socket, ip: IpAddress) -> int | None:
    address = socket.local_address
    if address == ip:
        return 0
    if not address.is_unspecified:
        return None
    if address.version == ip.version:
        return 1
    return None if address.version == 4 or socket.v6only else 2


def deliver(trip: Trip, dev: str) -> None:
    """The end of the journey, and what the machine answers."""
    packet = trip.packet
    if packet.vni is not None:
        _to_tunnel(trip, dev)
    elif trip.asker is not None:
        _answer_arrived(trip, dev)
    elif packet.protocol is Protocol.ICMP:
        _icmp(trip, dev)
    else:
        _to_socket(trip, dev)


def _to_tunnel(trip: Trip, dev: str) -> None:
    """A packet around a frame: the VXLAN of its number takes the frame out."""
    host, vni = trip.lab.snapshot.hosts[trip.at.host], trip.packet.vni
    trip.tunnel = end_of(host, trip.at, trip.packet)
    if trip.tunnel is not None:
        trip.disposition = Disposition.DELIVERED
    elif vni is not None:
        known = sorted(i.vxlan.vni for space in host.namespaces.values() for i in space.interfaces if i.vxlan)
        trip.end(Disposition.DROPPED, NoSuchTunnel(vni, trip.packet.dport, tuple(known)), dev)


def _answer_arrived(trip: Trip, dev: str) -> None:
    """What came back: is it for the one who asked, and about his packet?"""
    asker = trip.asker
    assert asker is not None
    here = trip.at == asker.at
    if here and trip.inner is not None:
        about = trip.inner if trip.inner.protocol is not Protocol.ICMP else replace(trip.inner, icmp=None)
        if Flow.of(about) == Flow.of(asker.request):
            if trip.packet.icmp is IcmpType.FRAGMENTATION_NEEDED:
                trip.lab.learn_path_mtu(asker.at, asker.request.destination, trip.packet.mtu)
            trip.end(Disposition.DELIVERED, Told(trip.packet.source, trip.packet.icmp), dev)
    elif here and Flow.of(trip.packet) == Flow.of(asker.request).reversed:
        trip.end(Disposition.DELIVERED, AnswerArrived(), dev)
    trip.end(Disposition.NO_LISTENER, NobodyWaits(trip.packet), dev)  # unless it has ended


def _icmp(trip: Trip, dev: str) -> None:
    packet = trip.packet
    if packet.icmp is not IcmpType.ECHO_REQUEST:
        trip.end(Disposition.DELIVERED, Noted(), dev)
    elif trip.space.sysctl(f"net.{ECHO_IGNORED[packet.version]}") == "1":
        trip.end(Disposition.DROPPED, EchoIgnored(packet.version), dev)
    else:
        trip.end(Disposition.DELIVERED, EchoAnswered(packet.destination), dev)
        trip.answer = SentBack(trip.at, _echo(packet, default_ttl(trip.space)))


def _echo(packet: Packet, ttl: int) -> Packet:
    """The reply to an echo request: the same identifier and size the other way."""
    return replace(
        packet, source=packet.destination, destination=packet.source, ttl=ttl, icmp=IcmpType.ECHO_REPLY, mark=0,
        df=False, piece=0,
    )


def _to_socket(trip: Trip, dev: str) -> None:
    packet = trip.packet
    socket = find_socket(trip.space, packet.protocol, packet.destination, packet.dport)
    if socket is None:
        _nobody_listens(trip, dev)
        return
    trip.listener = Listener(trip.at, socket.pid)
    proxy = proxy_of(trip.lab.snapshot.hosts[trip.at.host], socket)
    if proxy and packet.flags in ("S", ""):
        trip.note(StepKind.PROXIED, ProxyDials(socket.program, socket.pid, *proxy), dev)
    local = (socket.local_address, socket.local_port)
    taken = SocketTakes(socket.program, socket.pid, *local, packet.destination, packet.dport)
    trip.end(Disposition.DELIVERED, taken, dev)
    ttl = default_ttl(trip.space)
    if packet.protocol is Protocol.UDP:
        trip.answer = SentBack(trip.at, turned(packet, "", packet.size, ttl))
    elif packet.flags == "S":
        trip.answer = SentBack(trip.at, turned(packet, "SA", packet.head + 40, ttl))


def _nobody_listens(trip: Trip, dev: str) -> None:
    packet = trip.packet
    state = _WAITING[packet.protocol]
    waiting = (s for s in trip.space.sockets if s.protocol is packet.protocol and s.state is state)
    others = tuple(dict.fromkeys((s.local_address, s.local_port) for s in waiting))
    fact = NotListening(packet.protocol, packet.dport, packet.destination, others)
    trip.end(Disposition.NO_LISTENER, fact, dev)
    if packet.protocol is Protocol.TCP:
        if "R" not in packet.flags:
            trip.reset()
    elif packet.icmp not in ERRORS:
        trip.complain(IcmpType.PORT_UNREACHABLE)


# -- docker-proxy -----------------------------------------------------------------------------------------------------


def proxy_of(host: Host, socket: Socket) -> tuple[IpAddress, int] | None:
    """Where the docker-proxy behind a socket dials, or a socat that forwards, by its command line; None when the
    program is another one."""
    if socket.pid is None or not (socket.program.endswith("docker-proxy") or socket.program == "socat"):
        return None
    process = host.by_pid.get(socket.pid)
    if process is None:
        return None
    return forwards_to(process.argv) if socket.program == "socat" else _target(process)


def _target(process: Process) -> tuple[IpAddress, int] | None:
    words = dict(zip(process.argv, process.argv[1:], strict=False))
    ip, port = words.get("-container-ip"), words.get("-container-port")
    if not ip or not port:
        return None
    return ip_address(ip), int(port)
