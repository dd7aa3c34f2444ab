"""Arrived at a machine that owns the address: does a program, or the stack itself, take it?"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

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
from dnetlab.net.trip import ERRORS, Answer, Trip, default_ttl, turned

_WAITING = {Protocol.TCP: SocketState.LISTEN, Protocol.UDP: SocketState.UNCONNECTED}


def find_socket(namespace: Namespace, protocol: Protocol, ip: IPv4Address, port: int) -> Socket | None:
    """The socket that takes a first packet to ip:port: one bound to that address before 0.0.0.0 before `::`."""
    state = _WAITING.get(protocol)
    best: tuple[int, Socket] | None = None
    for socket in namespace.sockets:
        if socket.local_port != port or socket.protocol is not protocol or socket.state is not state:
            continue
        rank = _rank(socket, ip)
        if rank is not None and (best is None or rank < best[0]):
            best = (rank, socket)
    return best[1] if best else None


def _rank(socket: Socket, ip: IPv4Address) -> int | None:
    address = socket.local_address
    if address == ip:
        return 0
    if not address.is_unspecified:
        return None
    if address.version == 4:
        return 1
    return None if socket.v6only else 2


def deliver(trip: Trip, dev: str) -> None:
    """The end of the journey, and what the machine answers."""
    packet = trip.packet
    if trip.asker is not None:
        _answer_arrived(trip, dev)
    elif packet.protocol is Protocol.ICMP:
        _icmp(trip, dev)
    else:
        _to_socket(trip, dev)


def _answer_arrived(trip: Trip, dev: str) -> None:
    asker = trip.asker
    assert asker is not None
    here = trip.at == asker.at
    if trip.inner is not None:
        about = trip.inner if trip.inner.protocol is not Protocol.ICMP else replace(trip.inner, icmp=None)
        if here and Flow.of(about) == Flow.of(asker.request):
            name = trip.packet.icmp.name.lower().replace("_", " ") if trip.packet.icmp else "error"
            trip.end(Disposition.DELIVERED, f"The asker is told by {trip.packet.source}: {name}.", dev=dev)
            return
    elif here and Flow.of(trip.packet) == Flow.of(asker.request).reversed:
        trip.end(Disposition.DELIVERED, "The answer reached the one who asked.", dev=dev)
        return
    trip.end(
        Disposition.NO_LISTENER,
        f"Nobody here waits for {trip.packet}: the answer took another way than the question.",
        "The answer must pass the machine that translated the question, so that conntrack can undo it.",
        dev,
    )


def _icmp(trip: Trip, dev: str) -> None:
    packet, space = trip.packet, trip.space
    if packet.icmp is not IcmpType.ECHO_REQUEST:
        trip.end(Disposition.DELIVERED, "The stack takes note of the message.", dev=dev)
        return
    if space.sysctl("net.ipv4.icmp_echo_ignore_all") == "1":
        trip.end(
            Disposition.DROPPED,
            "net.ipv4.icmp_echo_ignore_all is 1: pings are ignored here.",
            "sysctl -w net.ipv4.icmp_echo_ignore_all=0",
            dev,
        )
        return
    trip.end(Disposition.DELIVERED, f"{packet.destination} is ours; the kernel answers the echo.", dev=dev)
    echo = Packet(
        packet.destination,
        packet.source,
        Protocol.ICMP,
        packet.sport,
        packet.dport,
        default_ttl(trip.space),
        "",
        IcmpType.ECHO_REPLY,
        packet.size,
    )
    trip.answer = Answer(trip.at, echo)


def _to_socket(trip: Trip, dev: str) -> None:
    packet = trip.packet
    socket = find_socket(trip.space, packet.protocol, packet.destination, packet.dport)
    if socket is None:
        _nobody_listens(trip, dev)
        return
    trip.listener = Listener(trip.at, socket.pid)
    proxy = proxy_of(trip.lab.snapshot.hosts[trip.at.host], socket)
    who = f"{socket.program or 'a program'}{f' (pid {socket.pid})' if socket.pid else ''}"
    if proxy:
        trip.note(
            StepKind.PROXIED,
            f"{who} takes it and opens a second connection, to {proxy[0]}:{proxy[1]}",
            dev,
        )
    trip.end(
        Disposition.DELIVERED,
        f"{who} has a socket on {_shown(socket)} that takes {packet.destination}:{packet.dport}.",
        dev=dev,
    )
    ttl = default_ttl(trip.space)
    if packet.protocol is Protocol.UDP:
        trip.answer = Answer(trip.at, turned(packet, "", packet.size, ttl))
    elif packet.flags == "S":
        trip.answer = Answer(trip.at, turned(packet, "SA", 60, ttl))


def _shown(socket: Socket) -> str:
    ip = socket.local_address
    return f"[{ip}]:{socket.local_port}" if ip.version == 6 else f"{ip}:{socket.local_port}"


def _nobody_listens(trip: Trip, dev: str) -> None:
    packet = trip.packet
    name = packet.protocol.value
    others = sorted(
        {
            _shown(s)
            for s in trip.space.sockets
            if s.protocol is packet.protocol and s.state is _WAITING[packet.protocol]
        }
    )
    here = f" It listens on {', '.join(others)}." if others else ""
    trip.end(
        Disposition.NO_LISTENER,
        f"It arrived, but no program listens on {name} port {packet.dport} of {packet.destination}.{here}",
        f"Start a server on port {packet.dport}, or ask a port that is open (netstat -tln).",
        dev,
    )
    if packet.protocol is Protocol.TCP:
        if "R" not in packet.flags:
            trip.reset()
    elif packet.icmp not in ERRORS:
        trip.complain(IcmpType.PORT_UNREACHABLE)


# -- docker-proxy -----------------------------------------------------------------------------------------------------


def proxy_of(host: Host, socket: Socket) -> tuple[IPv4Address, int] | None:
    """Where the docker-proxy behind a socket dials, by its command line; None when the program is another one."""
    if not socket.program.endswith("docker-proxy") or socket.pid is None:
        return None
    process = host.by_pid.get(socket.pid)
    return _target(process) if process else None


def _target(process: Process) -> tuple[IPv4Address, int] | None:
    words = dict(zip(process.argv, process.argv[1:], strict=False))
    ip, port = words.get("-container-ip"), words.get("-container-port")
    if not ip or not port or ":" in ip:
        return None
    return IPv4Address(ip), int(port)
