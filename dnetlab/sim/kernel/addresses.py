"""Addresses of links, and the connected routes that come and go with them (net/ipv4/devinet.c)."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv6Interface

from dnetlab.model import Address, Interface, LinkKind, Namespace
from dnetlab.model.changed import replace
from dnetlab.sim.kernel.autoconf import link_local
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.routes import connected, with_routes
from dnetlab.sim.kernel.space import Space


def is_link_local(address: Address) -> bool:
    """Is it one of fe80::/10?"""
    return isinstance(address.interface, IPv6Interface) and int(address.interface) >> 118 == 0xFE80 >> 6


def with_link_local(space: Space, link: Interface) -> Interface:
    """A link that is up and has carrier gets its fe80:: address; containers of IPv4 networks have IPv6 switched off."""
    if link.kind is LinkKind.LOOPBACK or not (link.up and link.carrier) or any(map(is_link_local, link.addresses)):
        return link
    disabled = space.namespace.sysctl("net.ipv6.conf.all.disable_ipv6", "0" if space.where.is_host else "1") == "1"
    return link if disabled else replace(link, addresses=(*link.addresses, link_local(link.mac)))


class Addresses(Space):
    """`ip addr`, `ifconfig DEV ADDRESS`, and the daemon when it gives a link its address."""

    def add_address(self, name: str, address: Address) -> None:
        """One more address; a second one of the same network is 'secondary' and brings no route. KernelError EEXIST."""
        link = self.link(name)
        if any(a.interface == address.interface for a in link.addresses):
            raise KernelError(Errno.EEXIST, "ipv4: Address already assigned." if address.ip.version == 4 else "")
        same = any(a.network == address.network and not a.secondary for a in link.addresses)
        address = replace(address, secondary=same and address.ip.version == 4)
        self.put(replace(link, addresses=_in_order((*link.addresses, address))))
        route = connected(link, address)
        if route is not None and link.up:
            self.change(lambda ns: with_routes(ns, [route]))

    def remove_address(self, name: str, given: IPv4Interface | IPv6Interface) -> None:
        """Its secondaries go too (promote_secondaries is 0), and with the last address every route of the link.

        KernelError EADDRNOTAVAIL when the link has no such address.
        """
        link = self.link(name)
        gone = next((a for a in link.addresses if a.interface == given), None)
        if gone is None:
            raise KernelError(Errno.EADDRNOTAVAIL, "ipv4: Address not found.")
        left = tuple(a for a in link.addresses if not _goes_with(a, gone))
        self.put(replace(link, addresses=left))
        self.change(lambda ns: _without_sources(ns, link, left))


def _goes_with(address: Address, gone: Address) -> bool:
    if address is gone:
        return True
    primary = not gone.secondary and gone.ip.version == 4
    return primary and address.secondary and address.network == gone.network


def _without_sources(ns: Namespace, link: Interface, left: tuple[Address, ...]) -> Namespace:
    """The namespace without the routes that a link loses when these addresses are left to it."""
    last = not any(a.ip.version == 4 for a in left)
    removed = {a.ip for a in link.addresses} - {a.ip for a in left}
    return replace(
        ns, routes=tuple(r for r in ns.routes if r.dev != link.name or (not last and r.src not in removed))
    )


def _in_order(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    """The kernel's order (net/ipv4/devinet.c): IPv4 before IPv6, narrow scopes before wide ones, secondaries last."""
    width = {"host": 0, "link": 1}
    v4 = sorted((a for a in addresses if a.ip.version == 4), key=lambda a: width.get(a.scope, 2))
    v6 = [a for a in addresses if a.ip.version == 6]
    return (*(a for a in v4 if not a.secondary), *(a for a in v4 if a.secondary), *v6)
