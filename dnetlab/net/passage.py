"""The later packets of a connection go where the one before went, and are counted wherever it was.

A packet's way is decided by its addresses and ports, by its place in the connection, and by what the lab remembers:
connections, neighbours, learned MACs, the hour. While what it asked for is answered the same, the next packet meets the
same rules and links, so it need not be followed from machine to machine again (a kernel's flow tables live from the
same).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dnetlab.model import ConnState, Flow, Where
from dnetlab.model.ip import IpAddress

UNLIMITED = 1 << 30  # bytes; no link takes more


# One place where a packet was counted:
#   its counters, which go on counting, and where in them: packets at this place, bytes behind it
#   the frames of the packet, and their bytes
#   the largest packet that the link takes; UNLIMITED for a rule
Count: TypeAlias = tuple[list[int], int, int, int, int]


# What a packet asked for on its way: (place, address, dev) -> the neighbour's MAC; (place, bridge, MAC) -> its port.
# How sure a neighbour is doesn't matter: by being used he has become as sure as the next packet needs him to be.
Asked: TypeAlias = dict[tuple[Where, IpAddress | str, str], str | None]
# What a rule can see of the packet's entry: its state in the first direction, and its mark. None: the entry is gone.
Seen: TypeAlias = tuple[ConnState | None, int] | None


@dataclass(frozen=True)
class Passage:
    """What a packet that arrived met on its way.

    memory  what else the lab remembered then, as `Field.memory` tells it
    size    of the packet in bytes; room: the largest that would have gone the same way
    counts  where it was counted
    tracked the entries of conntrack that it met, by their first direction, and whether it went the other way
    asked   the MACs of neighbours and the ports of MACs that it asked for
    entries what rules could see of those of `tracked`
    """

    memory: object
    size: int
    room: int
    counts: tuple[Count, ...]
    tracked: Mapping[Where, tuple[Flow, bool]] = field(default_factory=dict)
    asked: Asked = field(default_factory=dict)
    entries: tuple[Seen, ...] = ()

    def count(self, size: int) -> None:
        """Another packet of that many bytes came by."""
        more = size - self.size
        for counts, at, _, bytes_then, _ in self.counts:
            counts[at] += 1
            counts[at + 1] += bytes_then + more


def passage(
    memory: object, size: int, counts: Iterable[Count], tracked: Mapping[Where, tuple[Flow, bool]], asked: Asked,
    entries: tuple[Seen, ...],
) -> Passage | None:  # fmt: skip
    """The passage of a packet that arrived; None when it travelled in pieces."""
    met = tuple(counts)
    if any(packets != 1 for _, _, packets, _, _ in met):
        return None
    room = min((room for *_, room in met), default=UNLIMITED)
    return Passage(memory, size, room, met, tracked, asked, entries)
