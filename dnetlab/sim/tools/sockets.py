"""Sockets in the order and with the names that netstat and ss list them."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from dnetlab.commands.services import service_name
from dnetlab.model import Process, Protocol, Socket, SocketState
from dnetlab.sim.context import Context
from dnetlab.sim.tools import lookup


@dataclass(frozen=True)
class Choice:
    """Which sockets: tcp, udp; listening ones, others; IPv4, IPv6."""

    tcp: bool = True
    udp: bool = True
    listening: bool = False
    connected: bool = True
    v4: bool = True
    v6: bool = True


def chosen(context: Context, choice: Choice, protocol: Protocol, version: int) -> list[Socket]:
    """The sockets of one protocol and family that were asked for: listeners first, then by port."""
    if protocol is Protocol.TCP and not choice.tcp or protocol is Protocol.UDP and not choice.udp:
        return []
    if version == 4 and not choice.v4 or version == 6 and not choice.v6:
        return []
    found = []
    for socket in context.stack.sockets:
        waits = socket.state in (SocketState.LISTEN, SocketState.UNCONNECTED)
        if socket.protocol is not protocol or socket.local_address.version != version:
            continue
        if choice.listening if waits else choice.connected:
            found.append(socket)
    return sorted(found, key=lambda s: (s.state is not SocketState.LISTEN, s.local_port, str(s.local_address)))


def port_text(context: Context, port: int | None, protocol: Protocol, numeric: bool) -> str:
    """'80', 'http', or '*'; the images of the lab have no /etc/services, so containers print numbers."""
    if not port:
        return "*"
    if numeric or context.container is not None:
        return str(port)
    return service_name(port, protocol.value) or str(port)


def address_text(context: Context, address: IPv4Address | IPv6Address | None, version: int, numeric: bool) -> str:
    """An address, or with names the one /etc/hosts gives it."""
    if address is None:
        return "0.0.0.0" if version == 4 else "::"
    if numeric or isinstance(address, IPv6Address) or address.is_unspecified:
        return str(address)
    return lookup.name_of(context, address) or str(address)


def owner(context: Context, socket: Socket) -> Process | None:
    """The process that holds a socket, None when this place doesn't see it."""
    if socket.pid is None:
        return None
    found = next((p for p in context.machine.processes if p.pid == socket.pid), None)
    return found if context.container is None or found and found.container == context.container else None
