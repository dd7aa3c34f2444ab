"""A capture file as a table: a row per frame, with what tcpdump says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dnetlab.errors import UsageError
from dnetlab.model import Snapshot
from dnetlab.net.capture import pcap
from dnetlab.net.capture.everywhere import Taken
from dnetlab.net.capture.text import Style, Teller
from dnetlab.net.capture.view import View
from dnetlab.views.explain import place
from dnetlab.views.frame import DECIMAL, NUMBER, TEXT, frame

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = {
    "number": NUMBER,
    "time": TEXT,
    "seconds": DECIMAL,
    "source": TEXT,
    "destination": TEXT,
    "protocol": TEXT,
    "length": NUMBER,
    "info": TEXT,
}
_HEAD = ("number", "time", "seconds")
EVERYWHERE = {
    **{name: COLUMNS[name] for name in _HEAD}, "place": TEXT, "interface": TEXT, "way": TEXT,
    **{name: kind for name, kind in COLUMNS.items() if name not in _HEAD},
}  # fmt: skip
_PROTOCOLS = {1: "ICMP", 6: "TCP", 17: "UDP"}


def frames(data: bytes) -> DataFrame:
    """One row per frame of a pcap, in its order.

    number       Int64    from 1
    time         string   '08:00:01.000014', UTC
    seconds      Float64  since the first frame
    source, destination  string  addresses, and behind a dot the port of TCP and UDP, as tcpdump writes; <NA> for ARP
    protocol     string   'ICMP', 'TCP', 'UDP', 'ARP', else the ethertype
    length       Int64    bytes of the frame
    info         string   what `tcpdump -n -t` says

    No frames give no rows and the same columns. Raises UsageError for bytes that are no pcap.
    """
    try:
        file = pcap.read(data)
    except pcap.BadFile as bad:
        raise UsageError(
            "this is no capture: {bad}", hint="`tcpdump -i docker0 -w FILE &` writes one.", bad=bad
        ) from None
    return frame(list(_rows(file)), COLUMNS)


def everywhere(found: Sequence[Taken], snapshot: Snapshot) -> DataFrame:
    """One row per frame and interface, in the order of their times.

    number, time, seconds, source, destination, protocol, length, info  as `frames` has them
    place      string   'docker1', or 'docker1/web' in a container
    interface  string   where it is seen there
    way        string   'out' of the place, or 'in'

    No frames give no rows and the same columns.
    """
    file = pcap.CaptureFile(pcap.ETHERNET, tuple(one.record for one in found))
    rows = [
        (*row[:3], place(one.where, snapshot), one.sighting.interface, "out" if one.sighting.out else "in", *row[3:])
        for row, one in zip(_rows(file), found, strict=True)
    ]
    return frame(rows, EVERYWHERE)


def _rows(file: pcap.CaptureFile) -> Iterator[tuple[object, ...]]:
    teller = Teller(Style(numeric=True, time=1), file.link)
    for number, record in enumerate(file.records, 1):
        info = teller.one(record).rstrip("\n")
        source, destination = _ends(info)
        moment = datetime.fromtimestamp(record.at, UTC)
        yield (number, f"{moment:%H:%M:%S.%f}", round(record.at - file.records[0].at, 6), source, destination,
               _protocol(record.data, file.link), record.length, info)  # fmt: skip


def _ends(info: str) -> tuple[str | None, str | None]:
    words = info.split("\n", 1)[0].split()
    if ">" not in words:
        return None, None
    at = words.index(">")
    return words[at - 1], words[at + 1].rstrip(":")


def _protocol(data: bytes, link: int) -> str:
    view = View.of(data, link, live=True)
    packet = view.ip(0)
    if packet:
        return _PROTOCOLS.get(packet[9], str(packet[9]))
    return "ARP" if view.arp(0) else f"0x{view.kind(0):04x}"
