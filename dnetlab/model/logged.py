"""What a LOG rule wrote into the kernel's log: the packet as it was there, and the interfaces that it was between."""

from __future__ import annotations

from dataclasses import dataclass, field

from dnetlab.model.changed import quick
from dnetlab.model.packet import Packet

LEVELS = ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")  # by number, as dmesg and nft call them
MOST_LOGGED = 500  # lines that a host keeps; a kernel's ring buffer is finite too


@quick
@dataclass(frozen=True)
class Logged:
    """One line of the kernel's log.

    at      seconds of the lab's clock
    prefix  of --log-prefix, level of --log-level (0 to 7, 4 is a warning), options: the others, '--log-uid' for one
    into, out, physin, physout: names of interfaces, '' where the hook has none
    source, destination  MAC addresses of the frame, '' where the packet had none (it was made here)
    """

    at: float
    packet: Packet
    prefix: str = ""
    level: int = 4
    into: str = ""
    out: str = ""
    physin: str = ""
    physout: str = ""
    source: str = ""
    destination: str = ""
    options: frozenset[str] = field(default=frozenset())
