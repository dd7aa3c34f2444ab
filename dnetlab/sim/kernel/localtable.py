"""The table `local`, as the kernel lists it: worked out from the addresses, which own its facts."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_network

from dnetlab.model import Interface, LinkKind, Namespace, Route
from dnetlab.model.ip import without_zone
from dnetlab.model.network import FORWARD6
from dnetlab.model.route import LOCAL
from dnetlab.sim.kernel.routes import in_order


def local_table(space: Namespace, version: int) -> tuple[Route, ...]:
    """Every own address, and who is everybody: of IPv4 the broadcast address of each network, of IPv6 ff00::/8 and, on
    a router, the network's own address (anycast, RFC 4291 2.6.1)."""
    if version == 6:
        return in_order(row for link in space.interfaces for row in _rows6(space, link))
    links = sorted(space.interfaces, key=lambda link: link.name)  # one address at two links: the first had it first
    return in_order(row for link in links for row in _rows4(link))


def _rows4(link: Interface) -> Iterable[Route]:
    for address in link.addresses:
        ip, net = address.ip, address.network
        if ip.version == 6:
            continue
        primary = next((a.ip for a in link.addresses if a.network == net and not a.secondary), ip)
        yield Route(ip_network(ip), link.name, src=primary, scope="host", kind="local", table=LOCAL)
        if ip.is_loopback and not address.secondary and net.prefixlen < 32:
            yield Route(net, link.name, src=ip, scope="host", kind="local", table=LOCAL)
        if not link.up:
            continue
        if net.prefixlen < 31 and not address.secondary:
            last = ip_network(net.broadcast_address)
            yield Route(last, link.name, src=ip, scope="link", kind="broadcast", table=LOCAL)


def _rows6(space: Namespace, link: Interface) -> Iterable[Route]:
    own = [a for a in link.addresses if a.ip.version == 6] if link.up else []
    for address in own:
        yield Route(ip_network(without_zone(address.ip)), link.name, kind="local", table=LOCAL)
    if link.kind is LinkKind.LOOPBACK:
        return
    router = space.sysctl(FORWARD6) == "1"
    for network in dict.fromkeys(a.network for a in own) if router else ():
        if network.prefixlen < 127:
            yield Route(ip_network(network.network_address), link.name, kind="anycast", table=LOCAL)
    if own:
        yield Route(ip_network("ff00::/8"), link.name, kind="multicast", metric=256, table=LOCAL)
