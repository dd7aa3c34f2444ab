"""The IPv6 table as net-tools 2.10 and busybox 1.35 print it: the main table, then the local one.

Each table comes in the order of the kernel's tree, what is narrower before what holds it (net/ipv6/ip6_fib.c). Ref is a
count of the kernel's own that nothing here decides: 1 and 2 stand for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network

from dnetlab.model import Namespace, Route
from dnetlab.model.changed import replace
from dnetlab.net.routing import link_local_routes
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.routes import same_as
from dnetlab.sim.tools.permission import may_configure

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


# -- add and del: inet6_route of net-tools 2.10, answered in a namespace of Linux 6.18 ---------------------------------

USAGE = """\
Usage: inet6_route [-vF] del Target
       inet6_route [-vF] add Target [gw Gw] [metric M] [[dev] If]
       inet6_route [-FC] flush      NOT supported
"""
METRIC = 1  # where none is said; `ip -6 route` would take 1024


class _Complaint(Exception):
    """It says this, and ends with this status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.text, self.status = text, status


def change(context: Context, verb: str, words: list[str]) -> Result:
    """`route -6 add|del TARGET [gw GATEWAY] [metric N] [[dev] DEV]`."""
    if verb == "flush":
        return Result("", f"Flushing `inet6' routing table not supported\n{USAGE}", 3)
    try:
        route = _asked(words)
        if route.dev is not None and context.stack.interface(route.dev) is None:
            raise _Complaint("SIOGIFINDEX: No such device\n", 7)
    except _Complaint as complaint:
        return Result("", complaint.text, complaint.status)
    call = "SIOCADDRT" if verb == "add" else "SIOCDELRT"
    if not may_configure(context):
        return Result("", f"{call}: Operation not permitted\n", 7)
    try:
        if verb == "add":
            if route.via is not None and route.dev is None and route.destination.prefixlen == 128:
                raise KernelError(Errno.ENODEV)
            context.kernel.add_route(route)
        else:
            context.kernel.delete_route(same_as(route, {"to", "metric"}))
    except KernelError as error:
        return Result("", f"{call}: {error.words}\n", 7)
    return Result()


def _asked(words: list[str]) -> Route:
    """The route of a line; what stands last without a keyword is the device."""
    if not words:
        raise _Complaint(USAGE, 3)
    route = Route(_target(words.pop(0)), None, protocol="boot", scope="", metric=METRIC)
    while words:
        word = words.pop(0)
        if word in ("metric", "gw", "gateway", "dev", "device") and not words:
            raise _Complaint(USAGE, 3)
        if word == "metric":
            if not words[0][:1].isdecimal():
                raise _Complaint(USAGE, 3)
            route = replace(route, metric=int(re.match(r"\d+", words.pop(0))[0]))  # type: ignore[index]
        elif word in ("gw", "gateway"):
            route = replace(route, via=_gateway(words.pop(0)))
        else:
            route = replace(route, dev=words.pop(0) if word in ("dev", "device") else word)
            if words:
                raise _Complaint(USAGE, 3)
    return route


def _target(word: str) -> IPv6Network:
    if word == "default":
        return _ALL
    if word.startswith("-"):
        raise _Complaint(f"getaddrinfo: #{word[1:]}: -2\n#{word[1:]}: Unknown host\n", 1)
    address, slash, bits = word.partition("/")
    if slash and not (bits.isdecimal() and int(bits) <= 128):
        raise _Complaint(USAGE, 3)
    if _is_ipv4(address):
        raise _Complaint(f"getaddrinfo: {address}: -9\n{address}: Resolver Error 0 (no error)\n", 1)
    return IPv6Network((_literal(address), int(bits or 128)), strict=False)


def _gateway(word: str) -> IPv6Address:
    if _is_ipv4(word):
        raise _Complaint(f"{word}: Resolver Error 0 (no error)\n", 6)
    return _literal(word)


def _is_ipv4(word: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+){3}", word) is not None


def _literal(word: str) -> IPv6Address:
    try:
        return IPv6Address(word)
    except ValueError:
        raise Refused("The name {word} is not looked up here.", "Give it as fd00::1.", word=word) from None


# -- the table ---------------------------------------------------------------------------------------------------------


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
