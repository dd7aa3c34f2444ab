"""What travels: a packet, and the connection that conntrack remembers of it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dnetlab.model.frame import Frame

from dnetlab.model.changed import quick
from dnetlab.model.ip import IpAddress, bracketed


class Protocol(Enum):
    """The IP protocols of the lab; ICMP is the one of the packet's family: ICMPv6 in an IPv6 packet.

    `number` is the one of the IPv4 header (iptables 1.8.9 lists numbers).
    """

    ICMP = "icmp"
    TCP = "tcp"
    UDP = "udp"

    @property
    def number(self) -> int:
        return {"icmp": 1, "tcp": 6, "udp": 17}[self.value]

    def number_in(self, version: int) -> int:
        """The number in the header of that family: ICMPv6 is 58."""
        return 58 if version == 6 and self is Protocol.ICMP else self.number


class IcmpType(Enum):
    """The ICMP messages of the lab, as IPv4's (type, code); `code_in` knows those of ICMPv6, which says the same."""

    ECHO_REPLY = (0, 0)
    NETWORK_UNREACHABLE = (3, 0)
    HOST_UNREACHABLE = (3, 1)
    PROTOCOL_UNREACHABLE = (3, 2)
    PORT_UNREACHABLE = (3, 3)
    FRAGMENTATION_NEEDED = (3, 4)
    NETWORK_PROHIBITED = (3, 9)
    HOST_PROHIBITED = (3, 10)
    ADMINISTRATIVELY_PROHIBITED = (3, 13)
    ECHO_REQUEST = (8, 0)
    TIME_EXCEEDED = (11, 0)

    def code_in(self, version: int) -> tuple[int, int]:
        """(type, code) in a packet of that family (RFC 792, RFC 4443)."""
        return _ICMPV6[self.name] if version == 6 else self.value


_ICMPV6: dict[str, tuple[int, int]] = {
    "ECHO_REPLY": (129, 0), "ECHO_REQUEST": (128, 0), "NETWORK_UNREACHABLE": (1, 0), "HOST_UNREACHABLE": (1, 3),
    "PROTOCOL_UNREACHABLE": (4, 1), "PORT_UNREACHABLE": (1, 4), "FRAGMENTATION_NEEDED": (2, 0),
    "NETWORK_PROHIBITED": (1, 5), "HOST_PROHIBITED": (1, 6), "ADMINISTRATIVELY_PROHIBITED": (1, 1),
    "TIME_EXCEEDED": (3, 0),
}  # fmt: skip


@quick
@dataclass(frozen=True)
class Packet:
    """An IP packet, of the family of its addresses.

    sport/dport are ports for TCP and UDP; for ICMP echo sport is the identifier and dport 0.
    flags: TCP flags that matter ('S' for a SYN, 'SA', 'R', 'A'), else ''. size is the IP length in bytes.
    icmp is None but for ICMP. vni: it is the packet around a frame of the VXLAN with this number, None for others.
    df: it must not be cut. piece: the bytes of the largest piece it travels in, 0 for whole.
    mtu: what a 'fragmentation needed' says would fit.

    What only a capture shows, and no rule or comparison asks for:
    seq, ack: the numbers of TCP; of an echo seq is its number. mss: the data of one segment that the sender of a SYN
    takes. data: what is carried, b'' where nobody knows it. inside: the packet an ICMP error is about, or the frame
    that a VXLAN's packet (vni) carries.
    """

    source: IpAddress
    destination: IpAddress
    protocol: Protocol
    sport: int = 0
    dport: int = 0
    ttl: int = 64
    flags: str = ""
    icmp: IcmpType | None = None
    size: int = 84
    mark: int = 0
    vni: int | None = None
    df: bool = False
    piece: int = 0
    mtu: int = 0
    seq: int = field(default=0, compare=False, repr=False)
    ack: int = field(default=0, compare=False, repr=False)
    mss: int = field(default=0, compare=False, repr=False)
    data: bytes = field(default=b"", compare=False, repr=False)
    inside: Packet | Frame | None = field(default=None, compare=False, repr=False)

    @property
    def version(self) -> int:
        """4 or 6: the family of its addresses."""
        return 4 if isinstance(self.destination, IPv4Address) else 6

    @property
    def head(self) -> int:
        """The bytes of the IP header of each of its frames; an IPv6 piece has a header more (RFC 8200)."""
        return 20 if self.version == 4 else 48 if self.piece else 40

    @property
    def first_number(self) -> int:
        """Where the sender of a SYN begins to count its bytes; the same packet always begins at the same number."""
        return zlib.crc32(f"{self.source}:{self.sport}>{self.destination}:{self.dport}".encode())

    @property
    def pieces(self) -> int:
        """How many frames it takes: a piece carries its MTU less the bytes of its head, in steps of eight."""
        head = self.head
        return -(-(self.size - head) // ((self.piece - head) // 8 * 8)) if self.piece else 1

    @property
    def longest(self) -> int:
        """The bytes of its largest frame, without the frame's head."""
        return self.piece or self.size

    @property
    def carried(self) -> int:
        """The bytes of all its frames, without their heads."""
        return self.size + self.head * (self.pieces - 1)

    def __str__(self) -> str:
        if self.protocol is Protocol.ICMP:
            kind = self.icmp.name.lower().replace("_", " ") if self.icmp else "icmp"
            return f"{self.source} > {self.destination} {kind}"
        flags = f" [{self.flags}]" if self.flags else ""
        inside = "" if self.vni is None else f" VXLAN {self.vni}"
        ends = f"{bracketed(self.source)}:{self.sport} > {bracketed(self.destination)}:{self.dport}"
        return f"{ends} {self.protocol.value}{flags}{inside}"


@quick
@dataclass(frozen=True)
class Flow:
    """One direction of a connection, as conntrack prints it."""

    protocol: Protocol
    source: IpAddress
    destination: IpAddress
    sport: int
    dport: int

    @classmethod
    def of(cls, packet: Packet) -> Flow:
        return cls(packet.protocol, packet.source, packet.destination, packet.sport, packet.dport)

    @cached_property
    def reversed(self) -> Flow:
        if self.protocol is Protocol.ICMP:  # the echo identifier stands in sport both ways
            return Flow(self.protocol, self.destination, self.source, self.sport, self.dport)
        return Flow(self.protocol, self.destination, self.source, self.dport, self.sport)


class TcpState(Enum):
    """Where a TCP connection stands for conntrack (nf_conntrack_proto_tcp.c)."""

    __hash__ = object.__hash__

    SYN_SENT = "SYN_SENT"
    SYN_RECV = "SYN_RECV"
    ESTABLISHED = "ESTABLISHED"
    FIN_WAIT = "FIN_WAIT"
    CLOSE_WAIT = "CLOSE_WAIT"
    LAST_ACK = "LAST_ACK"
    TIME_WAIT = "TIME_WAIT"
    CLOSE = "CLOSE"

    @property
    def seconds(self) -> float:
        """How long an entry is kept when nothing more comes (nf_conntrack-sysctl)."""
        return _SECONDS.get(self, 120.0)


_SECONDS = {
    TcpState.SYN_RECV: 60.0, TcpState.ESTABLISHED: 432_000.0, TcpState.CLOSE_WAIT: 60.0, TcpState.LAST_ACK: 30.0,
    TcpState.CLOSE: 10.0,
}  # fmt: skip


class ConnState(Enum):
    NEW = "NEW"
    ESTABLISHED = "ESTABLISHED"
    RELATED = "RELATED"
    INVALID = "INVALID"


@quick
@dataclass(frozen=True)
class Connection:
    """An entry of conntrack: what was seen first, and what the answer must look like.

    `reply` is `original.reversed` unless an address was translated; the difference is the translation to undo.
    expires is the simulator's clock in seconds (None: taken from a real engine). tcp: None for other protocols, and
    where it isn't known. assured: it is kept when the table is full. mark: of CONNMARK.
    """

    original: Flow
    reply: Flow
    state: ConnState = ConnState.NEW
    expires: float | None = None
    tcp: TcpState | None = field(default=None, compare=False)
    assured: bool = field(default=False, compare=False)
    mark: int = field(default=0, compare=False)

    @property
    def is_source_nat(self) -> bool:
        port = self.original.dport if self.original.protocol is Protocol.ICMP else self.original.sport
        return self.reply.dport != port or self.reply.destination != self.original.source

    @property
    def is_destination_nat(self) -> bool:
        port = self.original.sport if self.original.protocol is Protocol.ICMP else self.original.dport
        return self.reply.sport != port or self.reply.source != self.original.destination
