"""The IPv6 table as net-tools 2.10 and busybox 1.35 print it: the main table, then the local one.

Each table comes in the order of the kernel's tree, what is narrower before what holds it (net/ipv6/ip6_fib.c). Ref is a
count of the kernel's own that nothing here decides: 1 and 2 stand for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from dnetlab.model import Namespace
from dnetlab.net.routing import link_local_routes
from dnetlab.sim.context import Context, Refused

_HEAD = "Kernel IPv6 routing table\nDestination                    Next Hop                   Flag Met Ref  Use If\n"
_HEAD_BUSYBOX = (
    f"Kernel IPv6 routing table\n{'Destination':<43} {'Next Hop':<39} Flags Metric Ref    Use Iface\n"
)
_ALL = IPv6Network("::/0")


@dataclass(frozen=True)
class Row:
    to: IPv6Network
    via: IPv6Address
    flags: str
    metric: int
    refs: int
    dev: str

    @property
    def place(self) -> tuple[str, int]:
        """Where it stands: by its bits, a prefix behind all that it holds."""
        return f"{int(self.to.network_address):0128b}"[: self.to.prefixlen] + "2", self.metric


def table(context: Context, numeric: bool, busybox: bool) -> str:
    """Refused without -n, when a real one asks a name server for every address."""
    if not numeric:
        raise Refused("Only addresses are shown of the IPv6 table.", "Use `route -n -A inet6`.")
    space = context.stack
    rows = [*sorted(_main(space), key=lambda row: row.place), *sorted(_local(space), key=lambda row: row.place)]
    rows.append(Row(_ALL, IPv6Address(0), "!n", -1, 1, "lo"))
    if busybox:
        return _HEAD_BUSYBOX + "".join(
            f"{row.to!s:<43} {row.via!s:<39} {row.flags:<5} {row.metric:<6} {row.refs:<4} {0:>5} {row.dev:<8}\n"
            for row in rows
        )
    return _HEAD + "".join(
        f"{row.to!s:<30} {row.via!s:<26} {row.flags:<4} {row.metric:<3} {row.refs:<3} {0:>4} {row.dev}\n"
        for row in rows
    )


def _main(space: Namespace) -> Iterator[Row]:
    for route in space.routes_of(6):
        if route.kind != "unicast" or not isinstance(route.destination, IPv6Network):
            raise Refused("A route of kind {kind} is not shown by `route` here.", "Use `ip -6 route`.", kind=route.kind)
        via = route.via if isinstance(route.via, IPv6Address) else None
        yield Row(route.destination, via or IPv6Address(0), "UG" if via else "U", route.metric, 1, route.dev or "")
    for near in link_local_routes(space):
        yield Row(IPv6Network("fe80::/64"), IPv6Address(0), "U", 256, 1, near.dev or "")


def _local(space: Namespace) -> Iterator[Row]:
    """Every address of its own; of a host that forwards also each subnet's own ("subnet router anycast", RFC 4291)."""
    forwards = space.forwards_from("", 6)
    nowhere = IPv6Address(0)
    for link in space.interfaces:
        for address in link.ipv6 if link.up else ():
            yield Row(IPv6Network(f"{address.ip}/128"), nowhere, "Un", 0, 2, link.name)
            if forwards and address.network.prefixlen < 127:
                yield Row(IPv6Network(f"{address.network.network_address}/128"), nowhere, "Un", 0, 2, link.name)
    for near in link_local_routes(space):
        yield Row(IPv6Network("ff00::/8"), nowhere, "U", 256, 2, near.dev or "")
