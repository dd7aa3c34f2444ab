"""Addresses of links, and the connected routes that come and go with them (net/ipv4/devinet.c, net/ipv6/addrconf.c)."""

from __future__ import annotations

from dnetlab.model import Address, Interface, LinkKind, Namespace, Route
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpInterface, is_link_local
from dnetlab.model.rows import staying
from dnetlab.sim.kernel.autoconf import LOOPBACK6, link_local, loopback
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.routes import connected, is_dead, with_routes
from dnetlab.sim.kernel.space import Space
from dnetlab.sim.kernel.switches import has_ipv6

ASKING_SECONDS = 1.7  # duplicate address detection: a random wait of up to a second, then one for an answer (RFC 4862)


def with_link_local(space: Space, link: Interface) -> Interface:
    """A link that is up and has carrier gets its fe80:: address, where IPv6 isn't switched off for it.

    A lab host asks nobody first whether somebody has it (accept_dad is 0 there); other namespaces do.
    """
    if link.kind is LinkKind.LOOPBACK or not (link.up and link.carrier):
        return link
    if any(map(_is_of_a_mac, link.addresses)) or not has_ipv6(space.namespace, link.name):
        return link
    own = link_local(link.mac)
    if not space.where.is_host:
        own = replace(own, tentative=space.world.clock + ASKING_SECONDS)
    return replace(link, addresses=in_order((*link.addresses, own)))


def of_loopback(space: Space, lo: Interface) -> tuple[Address, ...]:
    """What lo has once it is up: 127.0.0.1 and ::1 at least (inetdev_event, init_loopback)."""
    missing = [a for a in loopback(v6=has_ipv6(space.namespace, lo.name)).addresses
               if a.interface not in [own.interface for own in lo.addresses]]  # fmt: skip
    return in_order((*lo.addresses, *missing)) if missing else lo.addresses


def _is_of_a_mac(address: Address) -> bool:
    """Is it one that the kernel made of a MAC (EUI-64: ff:fe in its middle)?"""
    return is_link_local(address.ip) and int(address.ip) >> 24 & 0xFFFF == 0xFFFE


class Addresses(Space):
    """`ip addr`, `ifconfig DEV ADDRESS`, and the daemon when it gives a link its address."""

    def add_address(self, name: str, address: Address) -> None:
        """One more address; a second one of the same network is 'secondary' and brings no route. KernelError EEXIST,
        and EACCES for one of IPv6 where that is switched off."""
        link = self.link(name)
        four = address.ip.version == 4
        if not four and not has_ipv6(self.namespace, name):
            raise KernelError(Errno.EACCES, "ipv6: IPv6 is disabled on this device.")
        if any(a.interface == address.interface for a in link.addresses):
            sentence = "ipv4: Address already assigned." if four else "ipv6: address already assigned."
            raise KernelError(Errno.EEXIST, sentence)
        same = any(a.network == address.network and not a.secondary for a in link.addresses)
        address = replace(address, secondary=same and four)
        wearing = replace(link, addresses=in_order((*link.addresses, address)))
        route = connected(link, address) if link.up else None
        self.change(lambda ns: with_routes(ns.with_interface(wearing), [route] if route is not None else []))

    def remove_address(self, name: str, given: IpInterface) -> None:
        """Its secondaries go too (promote_secondaries is 0), and with the last address every route of the link.

        An IPv6 address takes the route of its network with it when no other of that network is left. KernelError
        EADDRNOTAVAIL when the link has no such address.
        """
        link = self.link(name)
        gone = next((a for a in link.addresses if a.interface == given), None)
        if gone is None:
            sentence = "ipv4: Address not found." if given.version == 4 else "ipv6: address not found."
            raise KernelError(Errno.EADDRNOTAVAIL, sentence)
        left = tuple(a for a in link.addresses if not _goes_with(a, gone))
        bare = replace(link, addresses=left)
        self.change(lambda ns: _without_sources(ns.with_interface(bare), link, left, gone))

    def without_ipv6(self, name: str) -> None:
        """IPv6 is switched off for a link: its addresses, routes and neighbours of that family are gone."""
        link, space = self.link(name), self.namespace
        if link.ipv6:
            self.put(replace(link, addresses=tuple(a for a in link.addresses if a.ip.version == 4)))
        routes = staying(space.routes, lambda r: r.dev != name or r.destination.version == 4)
        neighbours = staying(space.neighbours, lambda n: n.dev != name or n.address.version == 4)
        if routes is not space.routes or neighbours is not space.neighbours:
            self.change(lambda ns: replace(ns, routes=routes, neighbours=neighbours))

    def with_ipv6(self, name: str) -> None:
        """It is switched on again: what the kernel gives by itself comes back."""
        link = self.link(name)
        if link.kind is LinkKind.LOOPBACK and link.up and not link.ipv6:
            self.put(replace(link, addresses=(*link.addresses, LOOPBACK6)))
        else:
            self.put(with_link_local(self, link))


def _goes_with(address: Address, gone: Address) -> bool:
    if address is gone:
        return True
    primary = not gone.secondary and gone.ip.version == 4
    return primary and address.secondary and address.network == gone.network


def _without_sources(ns: Namespace, link: Interface, left: tuple[Address, ...], gone: Address) -> Namespace:
    """The namespace without the routes that a link loses when these addresses are left to it."""
    if gone.ip.version == 6:
        if any(a.network == gone.network for a in left):
            return ns
        mine = (link.name, gone.network, "kernel")
        return replace(ns, routes=tuple(r for r in ns.routes if (r.dev, r.destination, r.protocol) != mine))
    last = not any(a.ip.version == 4 for a in left)
    removed = {a.ip for a in link.addresses} - {a.ip for a in left}

    def stays(row: Route) -> bool:
        if row.hops:
            return row.src not in removed and not (last and is_dead(ns, row, link.name))
        return row.dev != link.name or row.destination.version == 6 or (not last and row.src not in removed)

    return replace(ns, routes=tuple(filter(stays, ns.routes)))


def in_order(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    """The kernel's order: IPv4 before IPv6. Of IPv4 (net/ipv4/devinet.c) narrow scopes before wide ones, secondaries
    last; of IPv6 (ipv6_link_dev_addr) wide ones first, the newest before the others of its scope."""
    if len(addresses) == 1:
        return addresses
    width = {"host": 0, "link": 1}
    v4 = sorted((a for a in addresses if a.ip.version == 4), key=lambda a: width.get(a.scope, 2))
    v6 = [a for a in addresses if a.ip.version == 6]
    if len(v6) > 1:
        *known, new = v6
        at = next((at for at, a in enumerate(known) if width.get(a.scope, 2) <= width.get(new.scope, 2)), len(known))
        v6 = [*known[:at], new, *known[at:]] if addresses[-1] is new else v6
    return (*(a for a in v4 if not a.secondary), *(a for a in v4 if a.secondary), *v6)
