"""What really crosses each interface: packet sockets in every namespace of the lab, as tcpdump has them, and a probe.

Nothing is installed or started in a host or container: the sockets are opened here, in the lab's network namespaces.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from dnetlab.engines.look.netlink import in_namespace
from dnetlab.errors import EngineError
from dnetlab.model import Crossing, Packet, Protocol, Where
from dnetlab.model.packet import IcmpType

ETH_P_ALL, ETH_P_IP = 0x0003, 0x0800
VXLAN = 4789
PACKET_OUTGOING = 4  # linux/if_packet.h
SO_TIMESTAMPNS = 35
FLAGS = ((0x02, "S"), (0x10, "A"), (0x04, "R"), (0x01, "F"))
LONGEST = 2.0  # seconds that a probe waits for its answer
AFTERWARDS = 0.05  # seconds for the last frames to be seen


@dataclass(frozen=True)
class Watched:
    """A namespace to watch: where it is, and the file by which it is entered."""

    where: Where
    file: str


class Watch:
    """Captures that run. `seen()` is what they saw so far, in the order of time; IPv4 only."""

    def __init__(self, spots: list[Watched]) -> None:
        self._sockets: list[tuple[Watched, socket.socket]] = []
        for spot in spots:
            opened = in_namespace(spot.file, _listen)
            if opened is not None:
                self._sockets.append((spot, opened))

    def seen(self) -> tuple[Crossing, ...]:
        """Every IPv4 packet at every interface since the captures began; () for none."""
        found = [(when, crossing) for spot, link in self._sockets for when, crossing in _drain(spot, link)]
        return tuple(crossing for _, crossing in sorted(found, key=lambda pair: pair[0]))

    def close(self) -> None:
        for _, link in self._sockets:
            link.close()


@contextlib.contextmanager
def watching(spots: list[Watched]) -> Iterator[Watch]:
    """Captures in these namespaces while the block runs. Raises EngineError where they can't be entered."""
    watch = Watch(spots)
    try:
        yield watch
    finally:
        watch.close()


def _listen() -> socket.socket:
    link = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
    link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    link.setblocking(False)
    return link


def _drain(spot: Watched, link: socket.socket) -> Iterator[tuple[tuple[int, int], Crossing]]:
    while True:
        try:
            data, notes, _, sender = link.recvmsg(2048, 64)
        except BlockingIOError:
            return
        device, protocol, way = sender[0], sender[1], sender[2]
        packet = read_packet(data) if protocol == ETH_P_IP else None
        if packet is not None:
            when = next((struct.unpack("=qq", note[:16]) for _, kind, note in notes if kind == SO_TIMESTAMPNS), (0, 0))
            yield when, Crossing(spot.where, device, way == PACKET_OUTGOING, packet)


def read_packet(data: bytes) -> Packet | None:
    """An IPv4 packet's bytes as a value; None for what the lab has no name for."""
    if len(data) < 20 or data[0] >> 4 != 4:
        return None
    length, ttl, number = struct.unpack_from(">H", data, 2)[0], data[8], data[9]
    source, destination = IPv4Address(data[12:16]), IPv4Address(data[16:20])
    body = data[(data[0] & 15) * 4 :]
    if number == socket.IPPROTO_ICMP and len(body) >= 8:
        kind = next((t for t in IcmpType if t.value == (body[0], body[1])), None)
        identity = struct.unpack_from(">H", body, 4)[0] if body[0] in (0, 8) else 0
        return Packet(source, destination, Protocol.ICMP, sport=identity, ttl=ttl, size=length, icmp=kind)
    if number not in (socket.IPPROTO_TCP, socket.IPPROTO_UDP) or len(body) < 8:
        return None
    sport, dport = struct.unpack_from(">HH", body)
    if number == socket.IPPROTO_UDP:
        around = dport == VXLAN and len(body) >= 16 and body[8] == 0x08  # RFC 7348: the I flag, then the VNI
        vni = int.from_bytes(body[12:15], "big") if around else None
        return Packet(source, destination, Protocol.UDP, sport, dport, ttl, size=length, vni=vni)
    flags = "".join(letter for bit, letter in FLAGS if body[13] & bit)
    return Packet(source, destination, Protocol.TCP, sport, dport, ttl, flags, size=length)


# -- the probe -------------------------------------------------------------------------------------------------------


def probe(file: str, packet: Packet) -> bool:
    """Send that packet for real from the namespace of that file and wait for the answer; whether there was one.

    TCP: a connection, cut off again at once. ICMP: one echo request.
    """
    ask = _echo if packet.protocol is Protocol.ICMP else _connect
    return bool(in_namespace(file, lambda: ask(packet)))


def _connect(packet: Packet) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        link.settimeout(LONGEST)
        with contextlib.suppress(OSError):  # the port is taken: any other will do
            link.bind(("0.0.0.0", packet.sport))
        try:
            link.connect((str(packet.destination), packet.dport))
        except OSError:
            return False
        return True


def _echo(packet: Packet) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as link:
        head = struct.pack(">BBHHH", 8, 0, 0, packet.sport, 1)
        text = bytes(range(56))
        message = head[:2] + struct.pack(">H", _checksum(head + text)) + head[4:] + text
        deadline = time.monotonic() + LONGEST
        try:
            link.sendto(message, (str(packet.destination), 0))
            while (left := deadline - time.monotonic()) > 0:
                link.settimeout(left)
                answer = read_packet(link.recv(2048))
                if answer is None or answer.icmp is IcmpType.ECHO_REQUEST:
                    continue  # to 127.0.0.1 the request itself comes in here too
                return answer.icmp is IcmpType.ECHO_REPLY and answer.sport == packet.sport
        except OSError:
            return False
        return False


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def journey(spots: list[Watched], where: Where, packet: Packet) -> tuple[Crossing, ...]:
    """Send the packet from that place while all spots are watched: what crossed each interface, in order of time.

    Raises EngineError when nobody is in the place any more, or the namespaces can't be entered.
    """
    file = next((s.file for s in spots if s.where == where), None)
    if file is None:
        raise EngineError("nothing runs in {namespace} on {host} any more", namespace=where.namespace, host=where.host)
    with watching(spots) as watch:
        probe(file, packet)
        time.sleep(AFTERWARDS)
        return watch.seen()
