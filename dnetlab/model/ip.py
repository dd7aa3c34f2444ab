"""Addresses of both families. Which family one is of is a property of the address (`version`), and of nothing else.

A link-local address of IPv6 (fe80::/10) means something on one link only: with its zone, 'fe80::1%eth0', it says on
which (RFC 4007). A packet carries it without the zone; whoever sends or receives it knows the link.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_interface,
    ip_network,
)
from typing import TypeAlias

__all__ = [
    "IpAddress", "IpInterface", "IpNetwork", "bracketed", "in_zone", "ip_address", "ip_interface", "ip_network",
    "is_link_local", "nowhere", "numeric_address", "rules_tool", "without_zone", "zone_of",
]  # fmt: skip

IpAddress: TypeAlias = IPv4Address | IPv6Address
IpInterface: TypeAlias = IPv4Interface | IPv6Interface
IpNetwork: TypeAlias = IPv4Network | IPv6Network


@lru_cache(maxsize=4096, typed=True)
def ip_address(address: str | int | bytes) -> IpAddress:
    """ipaddress.ip_address; rules and command lines say the same ones again and again. ValueError when it is none."""
    return ipaddress.ip_address(address)


_NOWHERE: dict[int, IpAddress] = {4: IPv4Address("0.0.0.0"), 6: IPv6Address("::")}


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


def nowhere(version: int) -> IpAddress:
    """The address that is nobody's: 0.0.0.0, or ::."""
    return _NOWHERE[version]


def is_link_local(ip: IpAddress) -> bool:
    """Is it one of fe80::/10, which needs a zone? 169.254.0.0/16 needs none: the routing table says its link."""
    return ip.version == 6 and int(ip) >> 118 == 0xFE80 >> 6


def zone_of(ip: IpAddress) -> str:
    """'eth0' of 'fe80::1%eth0', '' without one."""
    return (ip.scope_id or "") if isinstance(ip, IPv6Address) else ""


def in_zone(ip: IpAddress, dev: str) -> IpAddress:
    """The address as it is known on that link: a link-local one gets its zone, others stay as they are."""
    return IPv6Address(f"{IPv6Address(int(ip))}%{dev}") if is_link_local(ip) else ip


def without_zone(ip: IpAddress) -> IpAddress:
    """The address as a packet carries it."""
    return IPv6Address(int(ip)) if zone_of(ip) else ip


def bracketed(ip: IpAddress) -> str:
    """As it stands before a port: '[::1]', '127.0.0.1'."""
    return f"[{ip}]" if ip.version == 6 else str(ip)


def rules_tool(version: int) -> str:
    """The command that shows and writes a family's packet filter."""
    return "iptables" if version == 4 else "ip6tables"
