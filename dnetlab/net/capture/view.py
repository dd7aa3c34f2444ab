"""A frame as a filter sees it: where the packet in it begins, what it carries, whose it is."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dnetlab.net.capture.octets import ARP, IPV4, IPV6
from dnetlab.net.capture.pcap import ETHERNET

FRAGMENT = 44  # the next header of a piece (RFC 8200)


@dataclass(frozen=True)
class View:
    """A frame as a filter sees it. live: it comes from a card, which takes the tag off; `vlan` asks for it then.

    data is without that tag; outgoing None: nobody knows (a file).
    """

    data: bytes
    link: int = ETHERNET
    tag: int | None = None
    live: bool = False
    outgoing: bool | None = None

    @classmethod
    def of(cls, data: bytes, link: int, live: bool, outgoing: bool | None = None) -> View:
        if live and link == ETHERNET and data[12:14] == b"\x81\x00":
            (tag,) = struct.unpack_from(">H", data, 14)
            return cls(data[:12] + data[16:], link, tag & 0xFFF, True, outgoing)
        return cls(data, link, None, live, outgoing)

    def kind(self, shift: int) -> int:
        """The ethertype, behind so many tags."""
        at = 12 + 4 * shift if self.link == ETHERNET else 0
        return int.from_bytes(self.data[at : at + 2], "big")

    def start(self, shift: int) -> int:
        """Where what the frame carries begins."""
        return 14 + 4 * shift if self.link == ETHERNET else 20

    def ip(self, shift: int) -> bytes:
        """The IPv4 packet, b'' for another frame."""
        return self.data[self.start(shift) :] if self.kind(shift) == IPV4 else b""

    def arp(self, shift: int) -> bytes:
        return self.data[self.start(shift) :] if self.kind(shift) == ARP else b""

    def ip6(self, shift: int) -> bytes:
        """The IPv6 packet, b'' for another frame."""
        return self.data[self.start(shift) :] if self.kind(shift) == IPV6 else b""


def carries(packet: bytes, number: int) -> bool:
    """Is that the next header of an IPv6 packet, or of the piece that it is (gen_proto, libpcap 1.10)?"""
    return packet[6:7] == bytes((number,)) or (packet[6:7] == bytes((FRAGMENT,)) and packet[40:41] == bytes((number,)))


def ends_of(packet: bytes) -> tuple[bytes, bytes]:
    """Source and destination of an IPv6 packet."""
    return packet[8:24], packet[24:40]
