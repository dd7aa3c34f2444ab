"""What the kernel gives by itself: every namespace its lo, every MAC an fe80:: address."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Interface, IPv6Interface

from dnetlab.model import Address, Interface, LinkKind
from dnetlab.model.ip import IpAddress, IpInterface, IpNetwork, is_link_local

LOOPBACK6 = Address(IPv6Interface("::1/128"), scope="host")


@cache
def loopback(v6: bool = True) -> Interface:
    """lo of a namespace; v6: with ::1."""
    addresses = [Address(IPv4Interface("127.0.0.1/8"), scope="host")]
    if v6:
        addresses.append(LOOPBACK6)
    return Interface("lo", 1, LinkKind.LOOPBACK, "00:00:00:00:00:00", tuple(addresses), mtu=65536)


def link_local(mac: str) -> Address:
    """The fe80:: address that the kernel gives an interface of this MAC (EUI-64)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    eui = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return Address(IPv6Interface((b"\xfe\x80" + bytes(6) + eui, 64)), scope="link")


def scope_of(address: IpInterface) -> str:
    """The scope an address has that nobody gave another: 'host', 'link' (fe80::/10) or 'global'."""
    return "host" if address.ip.is_loopback else "link" if is_link_local(address.ip) else "global"


def broadcast_of(subnet: IpNetwork) -> IpAddress | None:
    """The last address of a subnet; None for a /31 and a /32, which have none (RFC 3021)."""
    return subnet.broadcast_address if subnet.prefixlen < 31 else None
