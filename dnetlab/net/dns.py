"""What Docker's embedded DNS server knows of a host's containers: names in the networks that the asker is on.

The simulator's resolver answers by it, and `why` where an engine can't be asked.
"""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.model import Container, Endpoint, Host, Record
from dnetlab.model.host import PREDEFINED
from dnetlab.model.ip import IpAddress
from dnetlab.net.endpoints_order import by_gateway

Links = Callable[[Endpoint, str], str | None]  # whom --link calls so, for the asker in that network


def no_links(endpoint: Endpoint, name: str) -> str | None:
    """The Links of somebody whose --link options nobody knows."""
    return None


def named_networks(host: Host, container: Container, families: str = "") -> list[Endpoint]:
    """The live endpoints whose networks have names, in the order the resolver asks them; families: see by_gateway."""
    live = [e for e in container.endpoints if e.endpoint_id and e.network not in PREDEFINED]
    internal = {n.id for n in host.networks if n.internal}
    return by_gateway(live, lambda e: e.network_id in internal, families=families)


def names_in(container: Container, endpoint: Endpoint) -> list[str]:
    """What a container is called in a network (daemon/container_operations.go; observed on all releases)."""
    names = [container.name, *endpoint.aliases, container.short_id]
    if container.hostname not in names:
        names.append(container.hostname)
    return names


def members(host: Host, network_id: str) -> list[tuple[Container, Endpoint]]:
    """The running containers of a network with their endpoints in it, the oldest first."""
    return [
        (container, endpoint)
        for container in reversed(host.containers)
        for endpoint in container.endpoints
        if endpoint.network_id == network_id and endpoint.endpoint_id and container.is_running
    ]


def lookup(host: Host, network_id: str, name: str) -> list[IpAddress]:
    """The addresses, of both families, of all that are called so in a network; name in lower case. In a network across
    hosts: of those that this host has been told of."""
    told = records(host, network_id)
    if told:
        return _recorded(told, name)
    return [
        address
        for container, endpoint in members(host, network_id)
        if endpoint.addresses and name in (n.lower() for n in names_in(container, endpoint))
        for address in endpoint.addresses
    ]


def records(host: Host, network_id: str) -> tuple[Record, ...]:
    """What the host has been told of the endpoints of a network; () for a network of its own."""
    return next((network.records for network in host.networks if network.id == network_id), ())


def _recorded(told: tuple[Record, ...], name: str) -> list[IpAddress]:
    """A service has one address for all its tasks, `tasks.SERVICE` has theirs; so it is with its other names (moby
    libnetwork/service_common.go)."""
    service, of_tasks = name.removeprefix("tasks."), name.startswith("tasks.")
    found = []
    for record in told:
        if record.service and service in (n.lower() for n in (record.service, *record.known_as)):
            found.append(record.vip if record.vip is not None and not of_tasks else record.address)
        elif record.name and name in (n.lower() for n in (record.name, *record.aliases)):
            found.append(record.address)
    return list(dict.fromkeys(found))


def name_of(host: Host, network_id: str, address: IpAddress) -> str:
    """Who has that address in a network, by name; '' when nobody is known to."""
    told = next((r.name for r in records(host, network_id) if r.address == address), "")
    return told or next((c.name for c, e in members(host, network_id) if address in e.addresses), "")


def addresses(
    host: Host, asker: Container, name: str, links: Links = no_links, families: str = ""
) -> list[IpAddress]:
    """What the server answers the asker: link aliases, then the whole name in each network, then name.network."""
    name = name.lower().removesuffix(".")
    networks = named_networks(host, asker, families)
    for endpoint in networks:
        linked = links(endpoint, name)
        found = lookup(host, endpoint.network_id, linked.lower()) if linked else []
        if found := found or lookup(host, endpoint.network_id, name):
            return found
    return _with_network(host, networks, name)


def _with_network(host: Host, networks: list[Endpoint], name: str) -> list[IpAddress]:
    """'web1.n1', whatever dots either has."""
    head, dot, tail = name.rpartition(".")
    while dot:
        for endpoint in networks:
            found = lookup(host, endpoint.network_id, head) if endpoint.network.lower() == tail else []
            if found:
                return found
        head, dot, rest = head.rpartition(".")
        tail = f"{rest}.{tail}"
    return []
