"""Files of frames, as tcpdump writes and Wireshark opens them: pcap, times in microseconds (pcap-savefile(5))."""

from __future__ import annotations

import struct
from dataclasses import dataclass

ETHERNET, LINUX_SLL2 = 1, 276  # link types (tcpdump.org/linktypes.html); the second is that of `-i any`
LINK_NAMES = {ETHERNET: "EN10MB (Ethernet)", LINUX_SLL2: "LINUX_SLL2 (Linux cooked v2)"}
SNAPLEN = 262144
_MAGIC = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}  # and the length of a tick in seconds


class BadFile(ValueError):
    """The bytes are no capture file. The text is what libpcap says."""


@dataclass(frozen=True)
class Record:
    """Bytes at a time, in seconds since 1970. length: of the frame, before it was cut to what is kept."""

    at: float
    data: bytes
    length: int


@dataclass(frozen=True)
class CaptureFile:
    link: int
    records: tuple[Record, ...] = ()
    snaplen: int = SNAPLEN


def write(file: CaptureFile) -> bytes:
    """The whole file as bytes."""
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, file.snaplen, file.link)]
    for record in file.records:
        seconds, micros = divmod(round(record.at * 1_000_000), 1_000_000)
        parts += [struct.pack("<IIII", seconds, micros, len(record.data), record.length), record.data]
    return b"".join(parts)


def read(data: bytes) -> CaptureFile:
    """Read what `write`, or a real tcpdump, has written. Raises BadFile."""
    if len(data) < 24:
        raise BadFile("truncated dump file; tried to read 24 file header bytes, only got " + str(len(data)))
    order = "<" if struct.unpack_from("<I", data)[0] in _MAGIC else ">"
    magic, _, _, _, _, snaplen, link = struct.unpack_from(f"{order}IHHiIII", data)
    if magic not in _MAGIC:
        raise BadFile("unknown file format")
    records, at = [], 24
    while at < len(data):
        if len(data) - at < 16:
            raise BadFile(f"truncated dump file; tried to read 16 header bytes, only got {len(data) - at}")
        seconds, ticks, kept, length = struct.unpack_from(f"{order}IIII", data, at)
        at += 16
        if len(data) - at < kept:
            raise BadFile(f"truncated dump file; tried to read {kept} captured bytes, only got {len(data) - at}")
        records.append(Record(seconds + ticks * _MAGIC[magic], data[at : at + kept], length))
        at += kept
    return CaptureFile(link, tuple(records), snaplen)
