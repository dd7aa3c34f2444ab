"""Networks made from what was asked for or from a configuration: a network that only holds what others are made of
(moby libnetwork/controller.go, NewNetwork; observed on 20.10.24 and 28.5.2)."""

from __future__ import annotations

from collections.abc import Sequence

from dnetlab.model import Network
from dnetlab.model.changed import replace
from dnetlab.sim.dockerd import books, happenings, ipam
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.drivers.options import check_advertised
from dnetlab.sim.dockerd.drivers.table import driver_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.ipam import PoolRequest
from dnetlab.sim.world import World


def check_nothing_else(own: bool, options: bool) -> None:
    """What depends on a configuration has no pools and labels of its own, and no options (validateConfiguration)."""
    for given, what in ((own, "user specified configurations"), (options, "network driver options")):
        if given:
            text = f"{what} are not supported if the network depends on a configuration network"
            raise ApiError(text, 403)


def find(world: World, host: str, name: str) -> Network:
    """The network that holds the configuration. ApiError 404."""
    found = world.hosts[host].network(name)
    if found is None or not found.config_only:
        raise ApiError(f'configuration network "{name}" does not exist', 404)
    return found


def requests_of(template: Network) -> list[PoolRequest]:
    rows = [
        PoolRequest(str(s.subnet), str(s.ip_range or ""), str(s.gateway or ""),
                    {name: str(ip) for name, ip in s.aux_addresses.items()})
        for s in template.subnets
    ]  # fmt: skip
    return rows or [PoolRequest()]


def make(world: World, host: str, network: Network, requests: Sequence[PoolRequest]) -> Network:
    """Its pools are opened and its driver makes it; as it is then. ApiError, and then its pools are free again."""
    driver = driver_of(network)
    if release_of(world).advertises:
        check_advertised(network.options)
    families = [version for version, wanted in ((4, network.ipv4), (6, network.ipv6)) if wanted]
    keep = [version for version in families if driver.keeps_gateway(release_of(world), network, version)]
    network = replace(network, subnets=ipam.open_pools(world, host, requests, families, gateways=keep))
    try:
        network = driver.create_network(world, host, network)
    except ApiError:
        ipam.close_pools(world, host, network.used_subnets)
        raise
    books.put_network(world, host, network)
    happenings.of_network(world, host, network, "create")
    return network
