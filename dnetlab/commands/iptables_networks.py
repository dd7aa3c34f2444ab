"""The addresses of a rule, `-s` and `-d`: networks, or what hosts' names stand for, as iptables 1.8.9 reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from dnetlab.commands.iptables_modules import NotModelled, problem
from dnetlab.model.ip import IpAddress, IpNetwork

Resolver = Callable[[str], Sequence[IpAddress]]  # the addresses of a host's name, of the family that is asked for


def networks6(text: str, resolve: Resolver) -> Sequence[IpNetwork]:
    """ADDRESS[/PREFIX] of IPv6, or a host's name."""
    address, slash, mask = text.partition("/")
    if slash and not (mask.isdecimal() and int(mask) <= 128):
        raise problem(f"invalid mask `{mask}' specified")
    bits = int(mask) if slash else 128
    try:
        own: Sequence[IpAddress] = [IPv6Address(address)]
    except ValueError:
        own = resolve(address)
    if not own:
        raise problem(f"host/network `{address}' not found")
    return list(dict.fromkeys(IPv6Network(f"{ip}/{bits}", strict=False) for ip in own))


def networks(text: str, resolve: Resolver) -> Sequence[IpNetwork]:
    """ADDRESS[/MASK]: dotted with the end left out (10.1 is 10.1.0.0), or a host's name."""
    address, slash, mask = text.partition("/")
    bits = _mask(mask) if slash else 32
    if bits == 0:
        return [IPv4Network("0.0.0.0/0")]
    parts = address.split(".")
    if all(re.fullmatch(r"\d{1,3}", p) and int(p) < 256 for p in parts) and len(parts) <= 4:
        full = ".".join(str(int(p)) for p in [*parts, *["0"] * (4 - len(parts))])
        return [IPv4Network(f"{full}/{bits}", strict=False)]
    found = resolve(address) if not re.fullmatch(r"[\d.]*", address) else ()
    if not found:
        raise problem(f"host/network `{address}' not found")
    return list(dict.fromkeys(IPv4Network(f"{ip}/{bits}", strict=False) for ip in found))


def _mask(text: str) -> int:
    if text.isdecimal() and int(text) <= 32:
        return int(text)
    try:
        number = int(IPv4Address(text))
    except ValueError:
        raise problem(f"invalid mask `{text}' specified") from None
    ones = number.bit_count()
    if number != (0xFFFFFFFF << (32 - ones)) & 0xFFFFFFFF:
        raise NotModelled(
            "A mask with holes ({typed}) is not modelled.", "Use a prefix length such as /24.", typed=text
        )
    return ones
