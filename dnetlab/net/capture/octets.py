"""A frame as the bytes that are on the wire, head by head.

    Ethernet   destination, source, ethertype; with a tag 0x8100 and the VLAN between
    ARP        RFC 826          IPv4   RFC 791          ICMP   RFC 792
    UDP        RFC 768          TCP    RFC 9293         VXLAN  RFC 7348
    IPv6       RFC 8200         ICMPv6 RFC 4443         neighbours of IPv6   RFC 4861

What the lab's physics doesn't know (numbers of packets, windows, clocks) is what Linux writes, made from what is known,
so that the same packet always has the same bytes. Checksums are right: there is no card here that makes them later.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from dnetlab.model import IcmpType, Packet, Protocol
from dnetlab.model.changed import replace
from dnetlab.model.frame import Arp, Frame
from dnetlab.model.ip import IpAddress

IPV4, ARP, VLAN, IPV6 = 0x0800, 0x0806, 0x8100, 0x86DD
FLAGS = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, "A": 0x10, "U": 0x20}
_DF, _MORE = 0x4000, 0x2000
_BEFORE = {4: 20, 6: 40}  # bytes of the network's head
_QUOTED = 576  # bytes of an ICMP error (RFC 1812, net/ipv4/icmp.c)


def octets(frame: Frame, at: float) -> list[bytes]:
    """The frame as bytes; several, when what it carries travels in pieces. at: seconds, for TCP's clocks."""
    return [_ethernet(frame, ethertype(frame)) + body for body in carried(frame, at)]


def ethertype(frame: Frame) -> int:
    """What the frame carries; the questions that ARP asks for IPv4 are packets of IPv6."""
    if isinstance(frame.carries, Arp):
        return ARP if frame.carries.target.version == 4 else IPV6
    return IPV4 if frame.carries.version == 4 else IPV6


def carried(frame: Frame, at: float) -> Iterator[bytes]:
    """What stands behind the frame's head."""
    if isinstance(frame.carries, Arp):
        yield _arp(frame.carries) if frame.carries.target.version == 4 else _neighbour(frame.carries)
    elif isinstance(frame.carries.inside, Frame):  # a tunnel packs each piece by itself
        for inner in octets(frame.carries.inside, at):
            yield from _pieces(frame.carries, at, inner)
    else:
        yield from _pieces(frame.carries, at)


def mac_bytes(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _ethernet(frame: Frame, kind: int) -> bytes:
    head = mac_bytes(frame.destination) + mac_bytes(frame.source)
    if frame.tag is not None:
        head += struct.pack(">HH", VLAN, frame.tag)
    return head + struct.pack(">H", kind)


def _arp(arp: Arp) -> bytes:
    head = struct.pack(">HHBBH", 1, IPV4, 6, 4, 2 if arp.is_reply else 1)
    sender = mac_bytes(arp.sender_mac) + arp.sender.packed
    return head + sender + mac_bytes(arp.target_mac) + arp.target.packed


def _neighbour(arp: Arp) -> bytes:
    """A neighbour solicitation to all who may have the address, or the advertisement that answers it."""
    asked = arp.sender if arp.is_reply else arp.target
    to = arp.target.packed if arp.is_reply else bytes.fromhex("ff0200000000000000000001ff") + arp.target.packed[13:]
    kind, flags, option = (136, 0x60000000, 2) if arp.is_reply else (135, 0, 1)
    told = b"" if arp.sender.is_unspecified else struct.pack(">BB", option, 1) + mac_bytes(arp.sender_mac)
    data = struct.pack(">BBHI", kind, 0, 0, flags) + asked.packed + told
    data = data[:2] + struct.pack(">H", _sum6(arp.sender.packed, to, 58, data)) + data[4:]
    return struct.pack(">IHBB", 0x60000000, len(data), 58, 255) + arp.sender.packed + to + data


def _sum6(source: bytes, destination: bytes, number: int, data: bytes) -> int:
    return checksum(source + destination + struct.pack(">II", len(data), number) + data)


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    total: int = sum(struct.unpack(f">{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


# -- IPv4 -------------------------------------------------------------------------------------------------------------


def _pieces(packet: Packet, at: float, inner: bytes = b"") -> Iterator[bytes]:
    """The packet, or the pieces that it travels in, each with a head of its own. inner: the frame in a tunnel."""
    body = _body(packet, at, inner)
    if packet.version == 6:
        number = 58 if packet.protocol is Protocol.ICMP else packet.protocol.number
        head = struct.pack(">IHBB", 0x60000000, len(body), number, packet.ttl)
        yield head + packet.source.packed + packet.destination.packed + body
        return
    if not packet.piece:
        yield _head(packet, len(body), _DF if _must_not_be_cut(packet) else 0) + body
        return
    step = (packet.piece - 20) // 8 * 8
    for start in range(0, len(body), step):
        part = body[start : start + step]
        more = _MORE if start + step < len(body) else 0
        yield _head(packet, len(part), more | start // 8) + part


def _must_not_be_cut(packet: Packet) -> bool:
    return packet.df or packet.protocol is Protocol.TCP or (packet.protocol is Protocol.UDP and packet.vni is None)


def _head(packet: Packet, length: int, fragment: int) -> bytes:
    head = struct.pack(
        ">BBHHHBBH4s4s", 0x45, _service(packet), 20 + length, _number(packet), fragment, packet.ttl,
        packet.protocol.number, 0, packet.source.packed, packet.destination.packed,
    )  # fmt: skip
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:]


def _service(packet: Packet) -> int:
    """An ICMP error of the kernel's has precedence "internetwork control" (net/ipv4/icmp.c, icmp_send)."""
    return 0xC0 if packet.icmp is not None and packet.icmp.value[0] in (3, 11) else 0


def _number(packet: Packet) -> int:
    """A SYN-ACK and a reset carry none (net/ipv4/tcp_ipv4.c)."""
    if packet.protocol is Protocol.TCP and ("R" in packet.flags or packet.flags == "SA"):
        return 0
    ends = sorted((f"{packet.source}:{packet.sport}", f"{packet.destination}:{packet.dport}"))
    first = int(packet.source) < int(packet.destination)
    words = (ends, packet.protocol.value, first, packet.seq, packet.flags, packet.icmp)
    return zlib.crc32(repr(words).encode()) & 0xFFFF


def _body(packet: Packet, at: float, inner: bytes) -> bytes:
    if packet.protocol is Protocol.ICMP:
        return _icmp(packet, at)
    if packet.protocol is Protocol.UDP:
        return _udp(packet, inner)
    return _tcp(packet, at)


# -- ICMP -------------------------------------------------------------------------------------------------------------


def _icmp(packet: Packet, at: float) -> bytes:
    message = packet.icmp or IcmpType.ECHO_REQUEST
    kind, code = message.code_in(packet.version)
    if message in (IcmpType.ECHO_REQUEST, IcmpType.ECHO_REPLY):
        rest = struct.pack(">HH", packet.sport & 0xFFFF, packet.seq & 0xFFFF)
        rest += _padding(packet.size - _BEFORE[packet.version] - 8, packet.data)
    else:
        rest = struct.pack(">HH", 0, packet.mtu) + _quoted(packet, at)
    data = struct.pack(">BBH", kind, code, 0) + rest
    if packet.version == 6:
        summed = _sum6(packet.source.packed, packet.destination.packed, 58, data)
        return data[:2] + struct.pack(">H", summed) + data[4:]
    return data[:2] + struct.pack(">H", checksum(data)) + data[4:]


def _quoted(packet: Packet, at: float) -> bytes:
    if not isinstance(packet.inside, Packet):
        return b""
    quoted = replace(packet.inside, piece=0, inside=None)
    return next(_pieces(quoted, at))[: _QUOTED - 28]


def _padding(length: int, data: bytes) -> bytes:
    """What ping fills its packets with, behind what is known."""
    return (data + bytes(n & 0xFF for n in range(len(data), max(length, 0))))[: max(length, 0)]


# -- UDP and TCP ------------------------------------------------------------------------------------------------------


def _checked(packet: Packet, data: bytes, at: int) -> bytes:
    """The segment with its checksum at that place; the addresses count too."""
    pseudo = (
        packet.source.packed + packet.destination.packed + struct.pack(">BBH", 0, packet.protocol.number, len(data))
    )
    return data[:at] + struct.pack(">H", checksum(pseudo + data)) + data[at + 2 :]


def _udp(packet: Packet, inner: bytes) -> bytes:
    data = _filled(packet, packet.size - _BEFORE[packet.version] - 8, inner)
    if packet.vni is not None:  # no checksum around a frame (drivers/net/vxlan, by default)
        return struct.pack(">HHHH", packet.sport, packet.dport, 8 + len(data), 0) + data
    return _checked(packet, struct.pack(">HHHH", packet.sport, packet.dport, 8 + len(data), 0) + data, 6)


def _filled(packet: Packet, length: int, inner: bytes) -> bytes:
    if packet.vni is not None:
        return struct.pack(">II", 0x08000000, packet.vni << 8) + inner
    return packet.data[: max(length, 0)].ljust(max(length, 0), b"\0")


def _tcp(packet: Packet, at: float) -> bytes:
    bits = sum(FLAGS[letter] for letter in packet.flags)
    options = _options(packet, at)
    length = packet.size - _BEFORE[packet.version] - 20 - len(options)
    fixed = (packet.sport, packet.dport, packet.seq & 0xFFFFFFFF, packet.ack & 0xFFFFFFFF if bits & 0x10 else 0)
    head = struct.pack(">HHIIBBHHH", *fixed, (5 + len(options) // 4) << 4, bits, _window(packet), 0, 0)
    return _checked(packet, head + options + packet.data[: max(length, 0)].ljust(max(length, 0), b"\0"), 16)


def _window(packet: Packet) -> int:
    """Linux's first windows; scaled by 128 once the connection is open (tcp_select_initial_window)."""
    mss = packet.mss or 1460
    if "R" in packet.flags:
        return 0
    if "S" in packet.flags:
        return 65535 // mss * mss if packet.flags == "S" else 65535 // (mss - 12) * (mss - 12)
    return 502 if mss >= 1460 else 501


def _options(packet: Packet, at: float) -> bytes:
    """In a SYN: mss, sackOK, timestamps, nop, wscale 7; in what follows: nop, nop, timestamps; none in a reset."""
    if "R" in packet.flags:
        return b""
    now = int(at * 1000)
    own = (_clock(packet.source, packet.sport) + now) & 0xFFFFFFFF
    other = (_clock(packet.destination, packet.dport) + now) & 0xFFFFFFFF if "A" in packet.flags else 0
    stamps = struct.pack(">BBII", 8, 10, own, other)
    if "S" in packet.flags:
        return struct.pack(">BBHBB", 2, 4, packet.mss or 1460, 4, 2) + stamps + b"\x01\x03\x03\x07"
    return b"\x01\x01" + stamps


def _clock(address: IpAddress, port: int) -> int:
    return zlib.crc32(f"{address}:{port}".encode())
