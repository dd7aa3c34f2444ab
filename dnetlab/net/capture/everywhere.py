"""What captures at every interface of the lab would see of one exchange, each frame with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dnetlab.model import Namespace, Packet, Snapshot, Where
from dnetlab.model.changed import replace
from dnetlab.model.frame import Capture, Sighting
from dnetlab.net.capture import pcap
from dnetlab.net.capture.taken import records
from dnetlab.net.conversation import converse


@dataclass(frozen=True)
class Taken:
    """A frame at an interface of a place, and the record that a capture there keeps."""

    where: Where
    sighting: Sighting
    record: pcap.Record


def taken(snapshot: Snapshot, where: Where, packet: Packet, start: float) -> tuple[Taken, ...]:
    """The frames of that packet, of what answers it and of the questions for MACs, in the order of their times.

    Nothing of the snapshot is changed. start: the beginning of the lab's clock, in seconds since 1970.
    """
    after = converse(_watched(snapshot), where, packet, snapshot.clock).after or snapshot
    found = [
        Taken(place, sighting, record)
        for place, sighting in _seen(after)
        for record in records([sighting], pcap.ETHERNET, start)
    ]
    return tuple(sorted(found, key=lambda one: one.sighting.at))


def as_file(found: tuple[Taken, ...]) -> bytes:
    """All of them as one pcap."""
    return pcap.write(pcap.CaptureFile(pcap.ETHERNET, tuple(one.record for one in found)))


def _watched(snapshot: Snapshot) -> Snapshot:
    """The lab with a capture at each interface, and no other."""
    hosts = {
        name: replace(host, namespaces={key: _at_each(space) for key, space in host.namespaces.items()})
        for name, host in snapshot.hosts.items()
    }
    return replace(snapshot, hosts=hosts)


def _at_each(space: Namespace) -> Namespace:
    links = enumerate(space.interfaces, 1)
    return replace(space, captures=tuple(Capture(number, link.name) for number, link in links))


def _seen(snapshot: Snapshot) -> Iterator[tuple[Where, Sighting]]:
    for name, host in snapshot.hosts.items():
        for key, space in host.namespaces.items():
            for capture in space.captures:
                yield from ((Where(name, key), sighting) for sighting in capture.seen)
