"""What a capture of the simulator saw, as the records that a real one would have written."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from dnetlab.model.frame import BROADCAST, Sighting
from dnetlab.net.capture.octets import carried, ethertype, mac_bytes, octets
from dnetlab.net.capture.pcap import LINUX_SLL2, Record


def records(seen: Iterable[Sighting], link: int, start: float) -> Iterator[Record]:
    """The records of these sightings. start: the beginning of the lab's clock, in seconds since 1970."""
    for sighting in seen:
        for data in _bytes(sighting, link):
            yield Record(start + sighting.at, data, len(data))


def _bytes(sighting: Sighting, link: int) -> list[bytes]:
    if link != LINUX_SLL2:
        return octets(sighting.frame, sighting.at)
    return [_cooked(sighting) + body for body in carried(sighting.frame, sighting.at)]


def _cooked(sighting: Sighting) -> bytes:
    """The head of LINKTYPE_LINUX_SLL2: protocol, interface, kind of hardware, direction, sender. No VLAN is kept."""
    frame = sighting.frame
    hardware = 772 if sighting.interface == "lo" else 1
    head = struct.pack(">HHIHBB", ethertype(frame), 0, sighting.index, hardware, direction(sighting), 6)
    return head + mac_bytes(frame.source) + b"\0\0"


def direction(sighting: Sighting) -> int:
    """For us 0, for everybody 1, for many 2, for somebody else 3, from us 4 (linux/if_packet.h)."""
    destination = sighting.frame.destination
    if sighting.out:
        return 4
    if destination == BROADCAST:
        return 1
    if int(destination[:2], 16) & 1:
        return 2
    return 0 if destination == sighting.mac or sighting.interface == "lo" else 3
