"""Names to addresses and back, as getaddrinfo answers at a host or in a container."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from dnetlab.sim.context import Context, Refused

V6_LOOPBACK = "::1"


@dataclass(frozen=True)
class Found:
    """What a name stands for. addresses: IPv4, in the order to try. v6: '::1' when the name also means that.

    numeric: an address was typed, so nothing was looked up.
    """

    addresses: tuple[IPv4Address, ...]
    v6: str = ""
    numeric: bool = False


def numeric_address(text: str) -> IPv4Address | None:
    """What inet_aton(3) makes of the text: '172.25.254' is 172.25.0.254; None when it is no number."""
    parts = text.split(".")
    if not 1 <= len(parts) <= 4 or not all(re.fullmatch(r"0[xX][0-9a-fA-F]+|[0-9]+", p) for p in parts):
        return None
    numbers = []
    for part in parts:
        try:
            base = 16 if part[:2].lower() == "0x" else 8 if len(part) > 1 and part[0] == "0" else 10
            numbers.append(int(part, base))
        except ValueError:
            return None
    *head, last = numbers
    if any(n > 255 for n in head) or last >= 256 ** (5 - len(numbers)):
        return None
    value = last
    for position, number in enumerate(head):
        value += number << (24 - 8 * position)
    return IPv4Address(value)


def refuse_v6(text: str) -> None:
    """Raises Refused for an IPv6 address: the lab shows those, but carries no packet to them."""
    try:
        IPv6Address(text.partition("%")[0])
    except ValueError:
        return
    raise Refused("The lab carries packets by IPv4 only: IPv6 addresses are shown, and nobody answers at them.",
                  "Ask for the IPv4 address: ip -4 addr shows it.")  # fmt: skip


def hosts_file(context: Context) -> list[tuple[str, list[str]]]:
    """The lines of /etc/hosts in this place as (address, names)."""
    text = context.world.files.get((context.host, context.container or "", "/etc/hosts"), "")
    rows = (line.split("#", 1)[0].split() for line in text.splitlines())
    return [(words[0], words[1:]) for words in rows if len(words) > 1]


def has_v6_loopback(context: Context) -> bool:
    if context.namespace != "host":
        return False  # in a container both C libraries prefer 127.0.0.1 (observed on 28.5.2, where lo has ::1)
    lo = context.stack.interface("lo")
    return lo is not None and lo.up and any(str(a.interface.ip) == V6_LOOPBACK for a in lo.addresses)


def find(context: Context, name: str) -> Found | None:
    """What getaddrinfo gives for a name, None when it gives nothing. Waiting for a dead resolver moves the clock."""
    address = numeric_address(name)
    if address is not None:
        return Found((address,), numeric=True)
    refuse_v6(name)
    rows = hosts_file(context)
    lower = name.lower()
    v6 = ""
    if has_v6_loopback(context) and any(ip == V6_LOOPBACK and lower in map(str.lower, names) for ip, names in rows):
        v6 = V6_LOOPBACK
    here = [IPv4Address(ip) for ip, names in rows if ":" not in ip and lower in map(str.lower, names)]
    if here or v6:
        return Found(tuple(dict.fromkeys(here)), v6)
    if not name or any(c.isspace() or c in "/:@[]" for c in name) or ".." in name:
        return None
    from dnetlab.sim.dockerd.resolver import resolve, servers_of
    from dnetlab.sim.tools.wire import source_for

    if all(source_for(context, ip) is None for ip in servers_of(context.world, context.host, context.container)):
        return None  # no route to any of them: the answer comes at once
    answer = resolve(context.world, context.where, context.container, name)
    return Found(tuple(answer)) if answer else None


def name_of(context: Context, address: IPv4Address) -> str | None:
    """The name that a program prints for an address: /etc/hosts, then a PTR answer of Docker's own resolver."""
    for ip, names in hosts_file(context):
        if ip == str(address):
            return names[0]
    return pointer(context, address)


def pointer(context: Context, address: IPv4Address) -> str | None:
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
