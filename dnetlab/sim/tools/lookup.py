"""Names to addresses and back, as getaddrinfo answers at a host or in a container."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address

from dnetlab.model import LinkKind
from dnetlab.model.changed import quick, replace
from dnetlab.model.ip import IpAddress, in_zone, ip_address, is_link_local, numeric_address
from dnetlab.net import routing
from dnetlab.sim.context import Context


@quick
@dataclass(frozen=True)
class Found:
    """What a name stands for. addresses: of both families, in the order to try; never empty.

    numeric: an address was typed, so nothing was looked up.
    """

    addresses: tuple[IpAddress, ...]
    numeric: bool = False

    def of_family(self, version: int) -> Found | None:
        """With the addresses of that family only (of both for 0); None when there is none."""
        kept = tuple(a for a in self.addresses if version in (0, a.version))
        return replace(self, addresses=kept) if kept else None


def numeric_ipv6(context: Context, text: str) -> IpAddress | None:
    """An IPv6 address, its zone (%eth0, %2) as the name of a link here; None for anything else."""
    words, percent, zone = text.partition("%")
    try:
        address = IPv6Address(words)
    except ValueError:
        return None
    link = context.stack.by_index(int(zone)) if zone.isdecimal() else context.stack.interface(zone)
    if not percent:
        return address
    return in_zone(address, link.name) if link is not None else None


def hosts_file(context: Context) -> list[tuple[str, list[str]]]:
    """The lines of /etc/hosts in this place as (address, names)."""
    text = context.world.files.get((context.host, context.container or "", "/etc/hosts"), "")
    rows = (line.split("#", 1)[0].split() for line in text.splitlines())
    return [(words[0], words[1:]) for words in rows if len(words) > 1]


def in_order(context: Context, addresses: Iterable[IpAddress]) -> tuple[IpAddress, ...]:
    """As getaddrinfo sorts them (RFC 6724, glibc): IPv6 before IPv4, where this place has an address of its own to
    speak from that goes as far. IPv6 counts at all where a link has such an address (AI_ADDRCONFIG: observed on 28.5.2,
    where `localhost` is 127.0.0.1 in a container that has no IPv6 but ::1)."""
    found = tuple(dict.fromkeys(addresses))
    six = [a for a in found if a.version == 6]
    if not six:
        return found
    near = [a for a in six if _speaks_to(context, a)] if _has_ipv6(context) else []
    four = [a for a in found if a.version == 4]
    return (*near, *four, *(a for a in six if a not in near))


def _has_ipv6(context: Context) -> bool:
    return any(i.ipv6 and i.up and i.kind is not LinkKind.LOOPBACK for i in context.stack.interfaces)


def _speaks_to(context: Context, address: IpAddress) -> bool:
    source = routing.source_for(context.stack, address)
    return source is not None and is_link_local(source) == is_link_local(address)


def find(context: Context, name: str, version: int = 0) -> Found | None:
    """What getaddrinfo gives for a name, None when it gives nothing. Waiting for a dead resolver moves the clock.

    version: 4 or 6 for addresses of that family only.
    """
    found = _find(context, name)
    return found and found.of_family(version)


def _find(context: Context, name: str) -> Found | None:
    address = numeric_address(name) or numeric_ipv6(context, name)
    if address is not None:
        return Found((address,), numeric=True)
    rows = hosts_file(context)
    lower = name.lower()
    here = [ip_address(ip) for ip, names in rows if lower in map(str.lower, names)]
    if here:
        return Found(in_order(context, here))
    if not name or any(c.isspace() or c in "/:@[]" for c in name) or ".." in name:
        return None
    from dnetlab.sim.dockerd.resolver import resolve, servers_of
    from dnetlab.sim.tools.wire import source_for

    if all(source_for(context, ip) is None for ip in servers_of(context.world, context.host, context.container)):
        return None  # no route to any of them: the answer comes at once
    answer = resolve(context.world, context.where, context.container, name)
    return Found(in_order(context, answer)) if answer else None


def name_of(context: Context, address: IpAddress) -> str | None:
    """The name that a program prints for an address: /etc/hosts, then a PTR answer of Docker's own resolver."""
    for ip, names in hosts_file(context):
        if ip == str(address):
            return names[0]
    return pointer(context, address)


def pointer(context: Context, address: IpAddress) -> str | None:
    """The PTR answer of the resolver of this place, None when there is none."""
    try:
        from dnetlab.sim.dockerd import resolver
    except ImportError:
        return None
    ask = getattr(resolver, "pointer", None)
    if ask is None:
        return None
    answer: str | None = ask(context.world, context.where, context.container, address)
    return answer
