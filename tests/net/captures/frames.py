"""Frames of every kind that the lab sends, for the texts of tcpdump."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from dnetlab.model import IcmpType, Packet, Protocol
from dnetlab.model.frame import BROADCAST, Arp, Frame, Sighting
from dnetlab.net.capture import octets, pcap
from dnetlab.net.capture.taken import records as taken

WEB, CLIENT = "02:42:ac:11:00:02", "02:42:ac:11:00:03"
A, B = IPv4Address("172.17.0.2"), IPv4Address("172.17.0.3")
FIRST = 1_700_000_000.123456  # 2023-11-14 22:13:20 UTC
ONE, OTHER = 2_000_000_000, 3_000_000_000  # where the two ends begin to count
ASKED = b"GET / HTTP/1.1\r\nHost: 172.17.0.3\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"
ANSWERED = b"HTTP/1.1 200 OK\r\nServer: nginx/1.25\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\nhello\n"
TEXTS = (
    b"GET / HTTP/1.1\r\nHost", b"hello world\n<html>", b"<html>\n<b>x</b>\n", b"\0\1\2abc",
    b"HTTP/1.1 200 OK\r\n\r\n\0\0", "HTTP/1.1 200 OK\r\n\r\né".encode(), b"FOO 200 x\r\n", b"a", b"\n",
    b"POST /x HTTP/1.0\n\nq=1", b"HTTP/1.1 200 OK\rxx", b"GET\r\n", b"SSH-2.0-OpenSSH_9.2\r\n",
)  # fmt: skip


def tcp(flags: str, sport: int, dport: int, seq: int, ack: int = 0, data: bytes = b"", back: bool = False) -> Packet:
    size = len(data) + (60 if "S" in flags else 40 if "R" in flags else 52)
    ends = (B, A) if back else (A, B)
    return Packet(*ends, Protocol.TCP, sport, dport, 64, flags, size=size, seq=seq, ack=ack, mss=1460, data=data)


def frame(packet: Packet, tag: int | None = None) -> Frame:
    return Frame(WEB, CLIENT, packet, tag)


ECHO = Packet(A, B, Protocol.ICMP, sport=77, icmp=IcmpType.ECHO_REQUEST, seq=1, df=True)
REPLY = Packet(B, A, Protocol.ICMP, sport=77, icmp=IcmpType.ECHO_REPLY, seq=1)
LETTER = Packet(A, B, Protocol.UDP, 40004, 9999, size=33, data=b"hello")
SYN = tcp("S", 40000, 80, ONE)


def page() -> Iterator[Packet]:
    """A page is asked for and comes."""
    behind, after = ONE + 1 + len(ASKED), OTHER + 1 + len(ANSWERED)
    yield SYN
    yield tcp("SA", 80, 40000, OTHER, ONE + 1, back=True)
    yield tcp("A", 40000, 80, ONE + 1, OTHER + 1)
    yield tcp("PA", 40000, 80, ONE + 1, OTHER + 1, ASKED)
    yield tcp("A", 80, 40000, OTHER + 1, behind, back=True)
    yield tcp("PA", 80, 40000, OTHER + 1, behind, ANSWERED, back=True)
    yield tcp("FA", 40000, 80, behind, after)
    yield tcp("FA", 80, 40000, after, behind + 1, back=True)
    yield tcp("A", 40000, 80, behind + 1, after + 1)


def packets() -> Iterator[Packet]:
    yield from (ECHO, REPLY)
    yield from page()
    yield tcp("S", 40002, 81, ONE)
    yield tcp("RA", 81, 40002, 0, ONE + 1, back=True)
    yield tcp("R", 40002, 81, ONE + 1)
    yield LETTER
    yield Packet(A, B, Protocol.UDP, 40004, 53, size=38)
    yield Packet(A, B, Protocol.UDP, 40004, 5353, size=60)
    for kind in IcmpType:
        if kind.value[0] in (3, 11):
            for about in (LETTER, SYN, ECHO):
                mtu = 1400 if kind is IcmpType.FRAGMENTATION_NEEDED else 0
                yield Packet(B, A, Protocol.ICMP, icmp=kind, size=28 + about.size, inside=about, mtu=mtu)
    yield Packet(A, B, Protocol.ICMP, sport=77, icmp=IcmpType.ECHO_REQUEST, seq=2, size=2028, piece=1500)
    yield Packet(A, B, Protocol.UDP, 40004, 9999, size=2028, piece=1500)
    hosts = IPv4Address("172.25.254.1"), IPv4Address("172.25.254.2")
    for port in (4789, 4790):
        yield Packet(*hosts, Protocol.UDP, 40123, port, size=134, vni=200, inside=frame(ECHO))
    yield Packet(A, IPv4Address("224.0.0.1"), Protocol.UDP, 40123, 6000, size=50)
    for data in TEXTS:
        for port in (80, 8080, 81, 3128, 22, 25, 21, 6379):
            yield tcp("PA", 40000, port, ONE + 1, OTHER + 1, data)


def records() -> list[pcap.Record]:
    """All of them, half a second apart."""
    frames = [Frame(WEB, BROADCAST, Arp(WEB, A, B)), Frame(CLIENT, WEB, Arp(CLIENT, B, A, WEB, True))]
    frames += [frame(ECHO, tag=10), *(frame(packet) for packet in packets())]
    times = ((FIRST + 0.5 * number, one) for number, one in enumerate(frames))
    return [pcap.Record(at, data, len(data)) for at, one in times for data in octets.octets(one, at - FIRST)]


def rare() -> list[pcap.Record]:
    """What the lab never sends and a filter tells apart: other protocols, later pieces, options, two tags, stubs."""
    macs = bytes.fromhex("0242ac110003" "0242ac110002")

    def ip(protocol: int, body: bytes, options: bytes = b"", offset: int = 0) -> bytes:
        size = (20 + len(options) + len(body)).to_bytes(2, "big")
        head = bytes([0x45 + len(options) // 4, 0]) + size + b"\0\1" + offset.to_bytes(2, "big")
        return head + bytes([64, protocol]) + b"\0\0" + A.packed + B.packed + options + body

    ports = b"\0\x50\0\x51" + bytes(16)
    bodies = [ip(number, bytes(8)) for number in (2, 50, 51, 58, 102, 103, 103, 104, 112, 112, 132)]
    bodies += [ip(6, ports), ip(17, b"\0\x35\0\x50\0\x08\0\0"), ip(6, ports, options=b"\1" * 8)]
    bodies += [ip(17, ports, offset=185), ip(6, ports[:3]), ip(6, ports[:4]), ip(17, b"\0\x50"), ip(6, b"", b"\1" * 4)]
    frames = [macs + b"\x08\0" + body for body in bodies]
    frames += [macs + b"\x81\0\0\x0a" + b"\x81\0\0\x14" + b"\x08\0" + ip(6, ports)]
    frames += [macs + b"\x81\0\0\x0a" + b"\x08\0" + ip(17, ports[:8]), macs + b"\x08\x06" + bytes(28)]
    return [pcap.Record(FIRST + number, data, len(data)) for number, data in enumerate(frames)]


def six() -> list[pcap.Record]:
    """IPv6 beside IPv4: what the lab sends, a neighbour's question, a piece, and a protocol that it never sends."""
    one, other = IPv6Address("fd00:1::2"), IPv6Address("fd00:1::3")
    packets = [
        Packet(one, other, Protocol.ICMP, sport=7, icmp=IcmpType.ECHO_REQUEST, seq=1, size=104),
        Packet(other, one, Protocol.ICMP, sport=7, icmp=IcmpType.ECHO_REPLY, seq=1, size=104),
        Packet(one, other, Protocol.TCP, 40000, 80, 64, "S", size=80, seq=1, mss=1440),
        Packet(other, one, Protocol.UDP, 53, 40001, size=60),
        ECHO,
        LETTER,
    ]
    frames = [Frame(WEB, "33:33:ff:00:00:03", Arp(WEB, one, other)), *(frame(packet) for packet in packets)]
    data = [each for one in frames for each in octets.octets(one, 0)]
    macs, ends = bytes.fromhex("0242ac110003" "0242ac110002") + b"\x86\xdd", one.packed + other.packed
    head = b"\x60\0\0\0" + (24).to_bytes(2, "big")
    data.append(macs + head + bytes((44, 64)) + ends + bytes((6, 0, 0, 0)) + bytes(4) + b"\x9c\x40\0\x50" + bytes(12))
    data.append(macs + head + bytes((103, 64)) + ends + bytes(24))
    return [pcap.Record(FIRST + number, each, len(each)) for number, each in enumerate(data)]


def link_any() -> list[pcap.Record]:
    """What `-i any` sees at lo, whose index is 1 everywhere."""
    ways = ((False, WEB), (True, WEB), (False, BROADCAST))
    seen = [Sighting(n, "lo", 1, WEB, out, Frame(CLIENT, mac, ECHO)) for n, (out, mac) in enumerate(ways)]
    seen.append(Sighting(3, "lo", 1, WEB, False, Frame(WEB, BROADCAST, Arp(WEB, A, B))))
    return list(taken(seen, pcap.LINUX_SLL2, FIRST))
