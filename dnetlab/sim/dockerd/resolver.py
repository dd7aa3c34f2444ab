"""Names: the daemon's resolver at 127.0.0.11, and what a program gets that asks for a name.

Only containers on a network other than the default bridge have that resolver. It knows, per network of the asker:
container names, --network-alias, short ids and host names, alone or as name.network; --link aliases for the linker.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from ipaddress import AddressValueError, IPv4Address

from dnetlab.model import Container, Endpoint, Protocol, Where
from dnetlab.model.ip import IpAddress, ip_address
from dnetlab.net import dns
from dnetlab.sim.dockerd import hostsfile
from dnetlab.sim.dockerd.books import daemon, release_of
from dnetlab.sim.world import World

INTERNAL = IPv4Address("127.0.0.11")
PATIENCE = 5.0  # seconds until busybox gives up on a server that never answers


class Status(Enum):
    NOERROR = "NOERROR"
    NXDOMAIN = "NXDOMAIN"
    TIMEOUT = "timeout"
    REFUSED = "refused"


@dataclass(frozen=True)
class NameAnswer:
    """What a DNS server said. server: who was asked, None when resolv.conf names nobody.

    addresses: the A and AAAA records; name: the PTR record; seconds: how long it took.
    """

    server: IpAddress | None
    status: Status
    addresses: tuple[IpAddress, ...] = ()
    name: str = ""
    seconds: float = 0.0


def servers_of(world: World, host: str, container_id: str | None) -> list[IpAddress]:
    """The name servers of this place's /etc/resolv.conf; 127.0.0.1 when there are none, as the C libraries do."""
    text = hostsfile.read(world, host, container_id or "", hostsfile.RESOLV)
    found: list[IpAddress] = []
    for words in (line.split() for line in text.splitlines()):
        if words[:1] == ["nameserver"] and len(words) > 1:
            try:
                found.append(IPv4Address(words[1]))
            except AddressValueError:
                continue
    return found or [IPv4Address("127.0.0.1")]


def owner_of(world: World, where: Where) -> Container | None:
    """The container whose sandbox this namespace is, None for the host's own."""
    return next((c for c in world.hosts[where.host].containers if c.short_id == where.namespace), None)


def answers_here(world: World, where: Where) -> bool:
    """Does the daemon's resolver listen in this namespace?"""
    return any(
        s.local_address == INTERNAL and s.protocol is Protocol.UDP for s in world.namespace(where).sockets
    )


def ask(
    world: World, where: Where, container_id: str | None, name: str, server: IpAddress | None = None
) -> NameAnswer:
    """Ask a DNS server for the addresses of a name; by default the first of this place's resolv.conf."""
    server = server or servers_of(world, where.host, container_id)[0]
    if server != INTERNAL or not answers_here(world, where):
        return _outside(world, where, server)
    asker = owner_of(world, where)
    links = _links_of(world, where.host, asker) if asker else dns.no_links
    families = release_of(world).elects_families
    found = dns.addresses(world.hosts[where.host], asker, name, links, families) if asker else []
    if found:
        return NameAnswer(server, Status.NOERROR, _shuffled(world, found))
    return NameAnswer(server, Status.TIMEOUT, seconds=PATIENCE)  # forwarded to 192.0.2.53, which never answers


def _outside(world: World, where: Where, server: IpAddress) -> NameAnswer:
    """A server that isn't the daemon's: a machine of the lab refuses port 53, nobody else answers."""
    stack = world.namespace(where)
    if stack.owner_of(server) is not None:
        return NameAnswer(server, Status.REFUSED)
    return NameAnswer(server, Status.TIMEOUT, seconds=PATIENCE)


def _shuffled(world: World, found: list[IpAddress]) -> tuple[IpAddress, ...]:
    """Several containers with one name take turns at the front, those of each family among themselves."""
    if len(found) < 2:
        return tuple(found)
    families = [family for version in (4, 6) if (family := [a for a in found if a.version == version])]
    if all(len(family) < 2 for family in families):
        return tuple(found)
    turn = world.count("dns:turn")
    return tuple(a for family in families for a in family[turn % len(family) :] + family[: turn % len(family)])


def _asked(world: World, host: str, asker: Container | None) -> list[Endpoint]:
    """The asker's networks, in the order that the resolver asks them."""
    return dns.named_networks(world.hosts[host], asker, release_of(world).elects_families) if asker else []


def registered_names(world: World, host: str, network_id: str) -> set[str]:
    """Every name that the network's containers are known by there."""
    members = dns.members(world.hosts[host], network_id)
    return {name for container, endpoint in members for name in dns.names_in(container, endpoint)}


def _links_of(world: World, host: str, asker: Container) -> dns.Links:
    """--link aliases on a user-defined network: only the linking container knows them."""
    state = daemon(world, host)
    spec = state.containers.get(asker.id)

    def links(endpoint: Endpoint, name: str) -> str | None:
        later = state.attachments.get((asker.id, endpoint.network))
        first = [a for a in spec.config.networks if a.name == endpoint.network] if spec else []
        pairs = [pair for attachment in ([later] if later else first) for pair in attachment.links]
        return next((other for other, alias in pairs if (alias or other).lower() == name), None)

    return links


# -- what programs call ---------------------------------------------------------------------------------------------


def resolve(
    world: World, where: Where, container_id: str | None, name: str
) -> list[IpAddress] | None:
    """The addresses of a name in that place, of both families and as they were found; None when there is none.

    /etc/hosts first, then the resolver. Waiting for a server that never answers moves the lab's clock.
    """
    with suppress(ValueError):
        return [ip_address(name)]
    text = hostsfile.read(world, where.host, container_id or "", hostsfile.HOSTS)
    lines = (line.split("#")[0].split() for line in text.splitlines())
    wanted = name.lower().removesuffix(".")
    here = [w[0] for w in lines if wanted in (n.lower() for n in w[1:])]
    if here:
        return sorted((ip_address(ip) for ip in dict.fromkeys(here)), key=lambda ip: ip.version)
    answer = ask(world, where, container_id, name)
    world.clock += answer.seconds
    return list(answer.addresses) or None


def ask_pointer(
    world: World, where: Where, container_id: str | None, address: IpAddress,
    server: IpAddress | None = None,
) -> NameAnswer:  # fmt: skip
    """Ask for the name of an address: 'web1.n1' for a container on one of the asker's networks."""
    server = server or servers_of(world, where.host, container_id)[0]
    if server != INTERNAL or not answers_here(world, where):
        return _outside(world, where, server)
    asker = owner_of(world, where)
    for own in _asked(world, where.host, asker):
        name = dns.name_of(world.hosts[where.host], own.network_id, address)
        if name:
            return NameAnswer(server, Status.NOERROR, name=f"{name}.{own.network}")
    return NameAnswer(server, Status.TIMEOUT, seconds=PATIENCE)


def pointer(
    world: World, where: Where, container_id: str | None, address: IpAddress
) -> str | None:
    """The PTR answer of this place's resolver as one name, None when there is none."""
    return ask_pointer(world, where, container_id, address).name or None
