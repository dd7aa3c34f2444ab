"""What a capture sees: a frame at an interface, and the captures that listen in a network namespace (packet(7))."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from dnetlab.model.ip import IpAddress
from dnetlab.model.packet import Connection, Packet
from dnetlab.model.traced import Traced, Walls

BROADCAST = "ff:ff:ff:ff:ff:ff"
NO_MAC = "00:00:00:00:00:00"


@dataclass(frozen=True)
class Arp:
    """A question of ARP, "who has target?", or with is_reply the answer "sender is at sender_mac" (RFC 826)."""

    sender_mac: str
    sender: IpAddress
    target: IpAddress
    target_mac: str = NO_MAC
    is_reply: bool = False


@dataclass(frozen=True)
class Frame:
    """An Ethernet frame with what it carries. tag: its VLAN (802.1Q), None for an untagged one."""

    source: str
    destination: str
    carries: Packet | Arp
    tag: int | None = None


@dataclass(frozen=True)
class Sighting:
    """A frame at an interface.

    at         seconds of the lab's clock
    interface  its name; index and mac as they were then
    out        it leaves the namespace there, else it comes in
    passed     a bridge passes it on: its own interface sees that only while it is promiscuous (br_handle_frame_finish)
    """

    at: float
    interface: str
    index: int
    mac: str
    out: bool
    frame: Frame
    passed: bool = False


class Change(Enum):
    """What became of an entry of conntrack, as `conntrack -E` names it."""

    NEW = "NEW"
    UPDATE = "UPDATE"
    DESTROY = "DESTROY"


@dataclass(frozen=True)
class ConnectionEvent:
    """at: seconds of the lab's clock. The entry is as it is now, a destroyed one as it was."""

    at: float
    change: Change
    connection: Connection
    by_user: bool = False


@dataclass(frozen=True)
class Capture:
    """A packet socket that is open in a namespace. interface '': at all of them.

    number  tells the captures of a lab apart
    promiscuous  the interface takes what is not for it, too
    seen    what it saw so far, in order; a filter is applied when it is read
    events  of a listener for conntrack's (`conntrack -E`), None for one of frames
    heard   of a program that listens at a port (`nc -l &`): who came and what he said; None for all others
    traced  of `nft monitor trace`, None for all others;  walls: the rules as they were when it began
    steps   of `ip monitor`, None for all others: the clock and the host's namespaces when it began and after each step
    """

    number: int
    interface: str = ""
    promiscuous: bool = True
    seen: tuple[Sighting, ...] = ()
    events: tuple[ConnectionEvent, ...] | None = None
    heard: tuple[tuple[str, str], ...] | None = None
    traced: tuple[Traced, ...] | None = None
    walls: Walls | None = None
    steps: tuple[tuple[float, Mapping[str, Any]], ...] | None = field(default=None, compare=False, repr=False)

    def hears(self, sighting: Sighting) -> bool:
        if any(other is not None for other in (self.events, self.heard, self.traced, self.steps)):
            return False
        if sighting.passed and not (self.promiscuous and self.interface):
            return False
        return self.interface in ("", sighting.interface)
