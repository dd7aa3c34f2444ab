"""A captured frame in tcpdump's words (tcpdump 4.99.3: print.c, print-ether.c, print-ip.c, print-tcp.c …).

Held against the real tcpdump reading the same file: tests/net/test_tcpdump_text.py.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address

from dnetlab.model.ip import IpAddress
from dnetlab.net.capture.octets import ARP, IPV4, IPV6, VLAN, checksum
from dnetlab.net.capture.pcap import ETHERNET, Record
from dnetlab.net.capture.words import spoken

_PACKET_TYPES = {0: "In", 1: "B", 2: "M", 3: "P", 4: "Out"}
_FLAGS = ((0x01, "F"), (0x02, "S"), (0x04, "R"), (0x08, "P"), (0x10, "."), (0x20, "U"), (0x40, "E"), (0x80, "W"))
_PROTOCOLS = {1: "ICMP", 2: "IGMP", 6: "TCP", 17: "UDP"}
_ETHERTYPES = {IPV4: "IPv4", ARP: "ARP", VLAN: "802.1Q", IPV6: "IPv6"}
_FROM_THE_HOST = {9: "net", 10: "host", 13: "host"}


@dataclass(frozen=True)
class Style:
    """How to tell it; the letters are those of tcpdump's options.

    numeric -n; link -e; verbose: how many -v; quiet -q; absolute -S; number -#
    time      how many -t; 0: the time of day
    ascii, hexadecimal, both   how many -A, -x, -X: the bytes of the packet, two: the head of the frame too
    """

    numeric: bool = False
    link: bool = False
    verbose: int = 0
    quiet: bool = False
    absolute: bool = False
    number: bool = False
    time: int = 0
    ascii: int = 0
    hexadecimal: int = 0
    both: int = 0


Names = Callable[[IpAddress], str]
Services = Callable[[int, str], str]


@dataclass
class Teller:
    """Tells records one after the other: the numbers of a TCP connection count from its first one on.

    names, services: what stands for an address and a port without -n; interfaces: their names by index, for `-i any`
    """

    style: Style
    link: int = ETHERNET
    names: Names = str
    services: Services = lambda port, protocol: str(port)
    interfaces: dict[int, str] = field(default_factory=dict)
    _begun: dict[tuple[bytes, bytes, int, int], tuple[int, int]] = field(default_factory=dict)
    _told: int = 0
    _first: float | None = None
    _last: float | None = None

    def tell(self, records: Iterable[Record]) -> str:
        return "".join(self.one(record) for record in records)

    def one(self, record: Record) -> str:
        """A record: its line or lines, with a newline."""
        self._told += 1
        head = f"{self._told:5}  " if self.style.number else ""
        text = head + self._time(record.at) + self._frame(record.data, record.length) + "\n"
        return text + "".join(f"{row}\n" for row in self._bytes(record.data))

    def _time(self, at: float) -> str:
        """How -t, -tt, -ttt, -tttt and -ttttt tell it."""
        micros = round(at * 1_000_000)
        moment = datetime.fromtimestamp(micros // 1_000_000, UTC)
        first, last = self._first, self._last
        self._first, self._last = at if first is None else first, at
        rest = f".{micros % 1_000_000:06}"
        if self.style.time == 1:
            return ""
        if self.style.time == 2:
            return f"{micros // 1_000_000}{rest} "
        if self.style.time in (3, 5):
            since = last if self.style.time == 3 else first
            gone = micros - round((at if since is None else since) * 1_000_000)
            return f"{'-' if gone < 0 else ' '}{_span(abs(gone))} "
        day = f"{moment:%Y-%m-%d} " if self.style.time == 4 else ""
        return f"{day}{moment:%H:%M:%S}{rest} "

    # -- the frame ----------------------------------------------------------------------------------------------------

    def _frame(self, data: bytes, length: int) -> str:
        if self.link == ETHERNET:
            return self._ethernet(data, length)
        kind, _, index, _, way, _ = struct.unpack_from(">HHIHBB", data)
        interface = self.interfaces.get(index, f"ifindex {index}")
        head = f"{interface:<5} {_PACKET_TYPES.get(way, '?'):<3} "
        if self.style.link:
            # print-sll.c: what -e adds
            mac = self._mac(data[12:18])
            head += f"ifindex {index} {mac} " if not self.style.quiet else f"ifindex {index} {mac} "
            return head + f"ethertype {self._ethertype(kind)}, length {length + 0}: " + self._network(kind, data[20:])
        return head + self._named(kind, data[20:])

    def _ethertype(self, kind: int) -> str:
        return f"{_ETHERTYPES.get(kind, 'Unknown')} (0x{kind:04x})"

    def _mac(self, data: bytes) -> str:
        mac = ":".join(f"{byte:02x}" for byte in data)
        if self.style.numeric:
            return mac
        return "Broadcast" if data == b"\xff" * 6 else f"{mac} (oui Unknown)"

    def _ethernet(self, data: bytes, length: int) -> str:
        (kind,) = struct.unpack_from(">H", data, 12)
        body, tag = data[14:], None
        if kind == VLAN:
            tag, kind = struct.unpack_from(">HH", data, 14)
            body = data[18:]
        if not self.style.link:
            return self._named(kind, body)
        ends = f"{self._mac(data[6:12])} > {self._mac(data[:6])}"
        if self.style.quiet:
            name = _ETHERTYPES.get(VLAN if tag is not None else kind, "Unknown")
        else:
            name = f"ethertype {self._ethertype(VLAN if tag is not None else kind)}"
        head = f"{ends}, {name}, length {length}: "
        if tag is not None:
            carried = _ETHERTYPES.get(kind, "Unknown") if self.style.quiet else f"ethertype {self._ethertype(kind)}"
            head += f"vlan {tag & 0xFFF}, p {tag >> 13}, {carried}, "
        return head + self._network(kind, body)

    def _named(self, kind: int, body: bytes) -> str:
        """With the protocol's name in front, as it stands where no head of the frame is told."""
        lead = {IPV4: "IP ", ARP: "ARP, ", IPV6: "IP6 "}.get(kind, "")
        return lead + self._network(kind, body)

    def _network(self, kind: int, body: bytes) -> str:
        if kind == IPV4:
            return self._ip(body)
        if kind == ARP:
            return self._arp(body)
        if kind == IPV6:
            return self._ip6(body)
        return f"ethertype {_ETHERTYPES.get(kind, 'Unknown')} (0x{kind:04x}), length {len(body)}"

    def _arp(self, body: bytes) -> str:
        _, _, _, _, operation, mac, sender, _, target = struct.unpack_from(">HHBBH6s4s6s4s", body)
        lead = "Ethernet (len 6), IPv4 (len 4), " if self.style.verbose else ""
        if operation == 1:
            said = f"Request who-has {self._host(target)} tell {self._host(sender)}"
        else:
            said = f"Reply {self._host(sender)} is-at {self._mac(mac)}"
        return f"{lead}{said}, length {len(body)}"

    # -- IPv4 ---------------------------------------------------------------------------------------------------------

    def _host(self, address: bytes) -> str:
        ip = ip_address(address)
        return str(ip) if self.style.numeric else self.names(ip)

    def _port(self, port: int, protocol: str) -> str:
        return str(port) if self.style.numeric else self.services(port, protocol)

    def _ip(self, data: bytes) -> str:
        head = (data[0] & 15) * 4
        tos, total, number, fragment, ttl, protocol = struct.unpack_from(">xBHHHBB", data)
        offset = (fragment & 0x1FFF) * 8
        lead = ""
        if self.style.verbose:
            flags = [name for bit, name in ((0x4000, "DF"), (0x2000, "+")) if fragment & bit]
            shown = "+, DF" if len(flags) == 2 else (flags[0] if flags else "none")
            name = _PROTOCOLS.get(protocol, "unknown")
            lead = (f"(tos 0x{tos:x}, ttl {ttl}, id {number}, offset {offset}, flags [{shown}], "
                    f"proto {name} ({protocol}), length {total})\n    ")  # fmt: skip
        source, destination = data[12:16], data[16:20]
        body = data[head:total]
        if offset:
            return f"{lead}{self._host(source)} > {self._host(destination)}: {self._part(protocol)}"
        if protocol == 17:
            return lead + self._udp(data[:head], body, cut=bool(fragment & 0x2000))
        if protocol == 6:
            return lead + self._tcp(data[:head], body)
        ends = f"{self._host(source)} > {self._host(destination)}: "
        return lead + ends + (self._icmp(body) if protocol == 1 else f"ip-proto-{protocol} {len(body)}")

    def _part(self, protocol: int) -> str:
        """A later piece of a packet that was cut."""
        return f"ip-proto-{protocol}" if self.style.numeric else _PROTOCOLS.get(protocol, str(protocol)).lower()

    def _ends(self, head: bytes, body: bytes, protocol: str) -> tuple[str, int, int]:
        sport, dport = struct.unpack_from(">HH", body)
        one, other = _addresses(head)
        source = f"{self._host(one)}.{self._port(sport, protocol)}"
        return f"{source} > {self._host(other)}.{self._port(dport, protocol)}: ", sport, dport

    # -- IPv6 ---------------------------------------------------------------------------------------------------------

    def _ip6(self, data: bytes) -> str:
        length, protocol, hops = struct.unpack_from(">4xHBB", data)
        name = "ICMPv6" if protocol == 58 else _PROTOCOLS.get(protocol, "unknown")
        lead = f"(hlim {hops}, next-header {name} ({protocol}) payload length: {length}) " if self.style.verbose else ""
        head, body = data[:40], data[40 : 40 + length]
        if protocol in (6, 17):
            return lead + (self._tcp(head, body) if protocol == 6 else self._udp(head, body))
        ends = " > ".join(map(self._host, _addresses(head)))
        return f"{lead}{ends}: " + (self._icmp6(body) if protocol == 58 else f"ip-proto-{protocol} {len(body)}")

    def _icmp6(self, body: bytes) -> str:
        kind, code, first, second = struct.unpack_from(">BBxxHH", body)
        quoted = body[8:]
        if kind in (128, 129):
            said = f"echo {'request' if kind == 128 else 'reply'}, id {first}, seq {second}"
        elif kind in (135, 136):
            said = "neighbor solicitation, who has" if kind == 135 else "neighbor advertisement, tgt is"
            said += f" {self._host(body[8:24])}"
        elif kind == 1 and len(quoted) >= 44:
            said = f"destination unreachable, {self._unreachable6(code, quoted)}"
        elif kind == 3 and len(quoted) >= 40:
            said = f"time exceeded in-transit for {self._host(quoted[24:40])}"
        else:
            said = f"packet too big, mtu {second}" if kind == 2 else f"type-#{kind}"
        return f"ICMP6, {said}, length {len(body)}"

    def _unreachable6(self, code: int, quoted: bytes) -> str:
        host, protocol = self._host(quoted[24:40]), {6: "tcp", 17: "udp"}.get(quoted[6])
        if code == 4 and protocol:
            port = self._port(int.from_bytes(quoted[42:44], "big"), protocol)
            return f"unreachable port, {host} {protocol} port {port}"
        what = {0: "route", 1: "prohibited", 3: "address"}.get(code, f"code-#{code}")
        return f"unreachable {what} {host}"

    # -- ICMP ---------------------------------------------------------------------------------------------------------

    def _icmp(self, body: bytes) -> str:
        kind, code, first, second = struct.unpack_from(">BBxxHH", body)
        if kind in (0, 8):
            name = "echo request" if kind == 8 else "echo reply"
            return f"ICMP {name}, id {first}, seq {second}, length {len(body)}"
        quoted = body[8:]
        if kind == 11:
            said = "time exceeded in-transit" if code == 0 else "ip reassembly time exceeded"
        elif kind == 3:
            said = self._unreachable(code, second, quoted)
        else:
            said = f"type-#{kind}"
        text = f"ICMP {said}, length {len(body)}"
        if self.style.verbose and kind in (3, 11) and len(quoted) >= 20:
            text += f"\n\t{'' if self.style.link else 'IP '}{self._quoted(quoted)}"
        return text

    def _quoted(self, data: bytes) -> str:
        return self._ip(data)

    def _unreachable(self, code: int, mtu: int, quoted: bytes) -> str:
        if len(quoted) < 20:
            return "unreachable"
        host, protocol = self._host(quoted[16:20]), quoted[9]
        if code == 2:
            return f"{host} protocol {protocol} unreachable"
        if code == 3:
            return self._no_port(host, protocol, quoted[(quoted[0] & 15) * 4 :])
        if code == 4:
            return f"{host} unreachable - need to frag" + (f" (mtu {mtu})" if mtu else "")
        if code in (9, 10, 13):
            what = "net" if code == 9 else "host"
            return f"{what} {host} unreachable - admin prohibited" + (" filter" if code == 13 else "")
        return f"{'net' if code == 0 else 'host'} {host} unreachable"

    def _no_port(self, host: str, protocol: int, body: bytes) -> str:
        port = struct.unpack_from(">H", body, 2)[0] if len(body) >= 4 else 0
        if protocol in (6, 17):
            name = "tcp" if protocol == 6 else "udp"
            return f"{host} {name} port {self._port(port, name)} unreachable"
        return f"{host} protocol {protocol} port {port} unreachable"

    # -- UDP ----------------------------------------------------------------------------------------------------------

    def _udp(self, head: bytes, body: bytes, cut: bool = False) -> str:
        ends, sport, dport = self._ends(head, body, "udp")
        length, written = struct.unpack_from(">HH", body, 4)
        data = body[8:]
        if self.style.quiet:
            return f"{ends}UDP, length {length - 8}"
        summed = self._checked(head, body, written) if self.style.verbose > 1 and not cut else ""
        if dport == 4789 and len(data) >= 8 + 14:
            return f"{ends}{summed}{self._vxlan(data)}"
        if dport == 4790 and len(data) >= 8:
            return f"{ends}{summed}{self._vxlan_gpe(data)}"
        if 53 in (sport, dport) or 5353 in (sport, dport):
            return ends + summed + _domain(data)
        return f"{ends}{summed}UDP, length {length - 8}"

    def _checked(self, head: bytes, body: bytes, written: int) -> str:
        if not written:
            return "[no cksum] "
        pseudo = b"".join(_addresses(head)) + struct.pack(">BBH", 0, 17, len(body))
        return "[udp sum ok] " if checksum(pseudo + body) == 0 else "[bad udp cksum] "

    def _vxlan(self, data: bytes) -> str:
        flags, number = struct.unpack_from(">BxxxI", data)
        said = f"VXLAN, flags [{'I' if flags & 8 else '.'}] (0x{flags:02x}), vni {number >> 8}\n"
        return said + self._ethernet(data[8:], len(data) - 8)

    def _vxlan_gpe(self, data: bytes) -> str:
        """At the port of VXLAN-GPE tcpdump looks for a number that plain VXLAN doesn't have."""
        flags, number = struct.unpack_from(">BxxxI", data)
        behind = "\n    " if self.style.verbose else ": "
        said = f"VXLAN-GPE, flags [{'I' if flags & 8 else 'none'}], vni {number >> 8}"
        return f"{said}{behind}ERROR: unknown-next-protocol (invalid)"

    # -- TCP ----------------------------------------------------------------------------------------------------------

    def _tcp(self, head: bytes, body: bytes) -> str:
        ends, sport, dport = self._ends(head, body, "tcp")
        seq, ack, offset, bits, window, written, _ = struct.unpack_from(">IIBBHHH", body, 4)
        start = (offset >> 4) * 4
        data, options = body[start:], body[20:start]
        if self.style.quiet:
            return f"{ends}tcp {len(data)}"
        text = f"{ends}Flags [{''.join(c for bit, c in _FLAGS if bits & bit) or 'none'}]"
        own, other = self._counted(head, sport, dport, seq, ack, bits)
        if self.style.verbose:
            pseudo = b"".join(_addresses(head)) + struct.pack(">BBH", 0, 6, len(body))
            right = checksum(pseudo + body) == 0
            text += f", cksum 0x{written:04x} ({'correct' if right else 'incorrect'})"
        if data or bits & 0x07 or self.style.verbose > 1:
            text += f", seq {own}" + (f":{(own + len(data)) & 0xFFFFFFFF}" if data else "")
        if bits & 0x10:
            text += f", ack {other}"
        text += f", win {window}"
        if options:
            text += f", options [{','.join(_options(options))}]"
        text += f", length {len(data)}"
        return text + spoken(data, sport, dport, self.style.verbose > 0)

    def _counted(self, head: bytes, sport: int, dport: int, seq: int, ack: int, bits: int) -> tuple[int, int]:
        """seq and ack, counted from the first numbers that were seen; those themselves, and a SYN's, are told whole."""
        if self.style.absolute or not bits & 0x10:
            return seq, ack
        one, other = _addresses(head)
        swapped = (sport, one) > (dport, other) if sport != dport else one > other
        key = (other, one, dport, sport) if swapped else (one, other, sport, dport)
        begun = self._begun.get(key)
        if begun is None or (bits & 0x02):
            self._begun[key] = (ack - 1, seq) if swapped else (seq, ack - 1)
            return seq, ack
        mine, theirs = (begun[1], begun[0]) if swapped else begun
        return (seq - mine) & 0xFFFFFFFF, (ack - theirs) & 0xFFFFFFFF

    # -- bytes --------------------------------------------------------------------------------------------------------

    def _bytes(self, data: bytes) -> Iterator[str]:
        style = self.style
        head = 14 if self.link == ETHERNET else 20
        if self.link == ETHERNET and data[12:14] == b"\x81\x00":
            head = 18
        if style.both:
            yield from _dump(data if style.both > 1 else data[head:], True)
        elif style.hexadecimal:
            yield from _dump(data if style.hexadecimal > 1 else data[head:], False)
        elif style.ascii:
            yield _readable(data if style.ascii > 1 else data[head:])


def _addresses(head: bytes) -> tuple[bytes, bytes]:
    """The sender's and the receiver's, from the head of a packet of either family."""
    return (head[12:16], head[16:20]) if head[0] >> 4 == 4 else (head[8:24], head[24:40])


def _span(micros: int) -> str:
    seconds = micros // 1_000_000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{micros % 1_000_000:06}"


def _options(data: bytes) -> Iterator[str]:
    at = 0
    while at < len(data) and data[at]:
        kind = data[at]
        if kind == 1:
            yield "nop"
            at += 1
            continue
        length = max(data[at + 1], 2)
        if kind == 2:
            yield f"mss {struct.unpack_from('>H', data, at + 2)[0]}"
        elif kind == 3:
            yield f"wscale {data[at + 2]}"
        elif kind == 4:
            yield "sackOK"
        elif kind == 8:
            own, echoed = struct.unpack_from(">II", data, at + 2)
            yield f"TS val {own} ecr {echoed}"
        else:
            yield f"unknown-{kind}"
        at += length
    if at < len(data):
        yield "eol"


def _domain(data: bytes) -> str:
    """A message of DNS: what the lab's own programs send by hand is none."""
    if len(data) < 12:
        return f"domain [length {len(data)} < 12] (invalid)"
    number, flags, questions = struct.unpack_from(">HHH", data)
    return f"{number}{'+' if flags & 0x0100 else ''} [{questions}q] ({len(data)})"


def _dump(data: bytes, with_text: bool) -> Iterator[str]:
    """Sixteen bytes a line, in pairs (hex_print and hex_and_ascii_print of print-ascii.c)."""
    for at in range(0, len(data), 16):
        part = data[at : at + 16]
        pairs = " ".join(part[n : n + 2].hex() for n in range(0, len(part), 2))
        text = "".join(chr(byte) if 33 <= byte <= 126 else "." for byte in part)
        yield f"\t0x{at:04x}:  {pairs:<39}  {text}" if with_text else f"\t0x{at:04x}:  {pairs}"


def _readable(data: bytes) -> str:
    """-A: what can be printed; a carriage return before a newline is left out (ascii_print)."""
    text = ""
    for at, byte in enumerate(data):
        if byte == 13 and data[at + 1 : at + 2] == b"\n":
            continue
        text += chr(byte) if 32 <= byte <= 126 or byte in (9, 10) else "."
    return text
