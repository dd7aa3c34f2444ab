"""Sets of addresses, networks and ports in the kernel, as `ipset` makes them and `-m set` asks them (ipset(8))."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from dnetlab.model.changed import quick
from dnetlab.model.ip import IpAddress, IpNetwork, ip_network

_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")


@quick
@dataclass(frozen=True)
class Member:
    """One element. parts: what its text says, ('172.17.0.2', 'tcp:80') for 172.17.0.2,tcp:80.

    ends: seconds of the lab's clock at which it goes, None for never. packets, bytes: with `counters`.
    """

    parts: tuple[str, ...]
    ends: float | None = None
    comment: str = ""
    packets: int = 0
    bytes: int = 0

    @property
    def text(self) -> str:
        return ",".join(self.parts)

    @cached_property
    def networks(self) -> tuple[IpNetwork | None, ...]:
        """The parts that are addresses or networks; None for the others."""
        return tuple(ip_network(part) if _is_address(part) else None for part in self.parts)


def _is_address(part: str) -> bool:
    address = part.partition("/")[0]
    return "." in part and address.replace(".", "").isdecimal() or part.count(":") > 1 and not _MAC.fullmatch(part)


@quick
@dataclass(frozen=True)
class IpSet:
    """A set. kind: 'hash:ip', 'hash:net', 'hash:ip,port', 'bitmap:port', 'list:set' …

    header   what it was made with, as `ipset list` prints it: (('family', 'inet'), ('timeout', '60'), ('counters', ''))
    seed     the number by which its buckets are chosen ('initval 0x…')
    """

    name: str
    kind: str
    header: tuple[tuple[str, str], ...] = ()
    members: tuple[Member, ...] = ()
    seed: int = 0

    def option(self, name: str) -> str | None:
        return next((value for key, value in self.header if key == name), None)

    @property
    def fields(self) -> tuple[str, ...]:
        """('ip', 'port') of 'hash:ip,port': what each part of an element is."""
        return tuple(self.kind.partition(":")[2].split(","))

    def alive(self, now: float) -> tuple[Member, ...]:
        """The elements whose time isn't over."""
        return tuple(m for m in self.members if m.ends is None or m.ends > now)

    def find(self, wanted: tuple[IpAddress | str, ...], now: float) -> Member | None:
        """The element that these parts of a packet are in: an address, 'tcp:80', a MAC."""
        return next((member for member in self.alive(now) if _holds(member, wanted)), None)


def _holds(member: Member, wanted: tuple[IpAddress | str, ...]) -> bool:
    """Does each part say the same? Fewer parts than the element has never do."""
    if len(wanted) < len(member.parts):
        return False
    for part, network, asked in zip(member.parts, member.networks, wanted, strict=False):
        if network is None:
            if part != asked:
                return False
        elif isinstance(asked, str) or asked.version != network.version or asked not in network:
            return False
    return True
