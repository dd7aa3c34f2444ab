"""Addresses of swarm networks: one manager hands them out for all hosts (moby libnetwork/cnmallocator)."""

from __future__ import annotations

from ipaddress import IPv4Network

from dnetlab.model import Network, Subnet
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, IpNetwork
from dnetlab.sim.dockerd.addressset import AddressSet
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.cluster.state import Pool, Swarm, change
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

DEFAULT_POOLS = (IPv4Network("10.0.0.0/8"),)
FAILED = "rpc error: code = InvalidArgument desc = "


def home_of(world: World, network: Network) -> Swarm | None:
    """The swarm whose managers give the network's addresses away; None where the host does so itself."""
    known = (swarm for swarm in world.swarms.values() if network.id in swarm.networks)
    return next((swarm for swarm in known if swarm.networks[network.id].subnets), None)


# -- pools ----------------------------------------------------------------------------------------------------------


def choose_pool(world: World, swarm_id: str) -> IpNetwork:
    """The next free pool; releases up to 26 go on after the last one tried. ApiError when none is left."""
    swarm: Swarm = world.swarms[swarm_id]
    number = 0
    start = swarm.cursor if release_of(world).pool_cursor else 0
    for block in swarm.pools:
        for pool in block.subnets(new_prefix=max(swarm.size, block.prefixlen)):
            if number >= start and not any(pool.overlaps(other) for other in swarm.addresses):
                change(world, swarm_id, cursor=number + 1)
                return pool
            number += 1
    raise ApiError(f"{FAILED}{release_of(world).text('pools exhausted')}")


def is_taken(world: World, swarm_id: str, subnet: Subnet) -> bool:
    """Does another network of the swarm have addresses of this subnet?"""
    return any(subnet.subnet.overlaps(other) for other in world.swarms[swarm_id].addresses)


def open_pool(world: World, swarm_id: str, subnet: Subnet) -> Subnet:
    """Keep the first, the last and the gateway's address of a subnet; the subnet with its gateway. ApiError."""
    swarm: Swarm = world.swarms[swarm_id]
    block = subnet.subnet
    taken = AddressSet().adding(block.network_address).adding(block.broadcast_address)
    gateway = subnet.gateway or taken.lowest_missing(block.network_address, block.broadcast_address)
    if gateway is None:
        raise ApiError(f"{FAILED}No available addresses on this pool", 400)
    taken = taken.adding(gateway)
    for address in subnet.aux_addresses.values():
        taken = taken.adding(address)
    last = None if subnet.gateway else gateway  # one that was asked for moves nothing (libnetwork/bitmap; 28.5.2)
    change(world, swarm_id, addresses={**swarm.addresses, block: Pool(taken, last)})
    return replace(subnet, gateway=gateway, configured=True, gateway_configured=True)  # for the hosts, all is given


def close_pools(world: World, swarm_id: str, network: Network) -> None:
    gone = {subnet.subnet for subnet in network.subnets}
    kept = {block: pool for block, pool in world.swarms[swarm_id].addresses.items() if block not in gone}
    change(world, swarm_id, addresses=kept)


# -- addresses ------------------------------------------------------------------------------------------------------


def request(world: World, swarm: Swarm, network: Network, wanted: IpAddress | None = None) -> IpAddress:
    """The next free address of the network after the last one given out, or the wanted one. ApiError."""
    if wanted is not None:
        return _require(world, swarm, network, wanted)
    for subnet in network.subnets:
        found = _next(world.swarms[swarm.id].addresses[subnet.subnet], subnet.ip_range or subnet.subnet)
        if found is not None:
            _hold(world, swarm.id, subnet.subnet, found, found)
            return found
    raise ApiError(f"no available IPv4 addresses on this network's address pools: {network.name} ({network.id})")


def promise(world: World, swarm: Swarm, network_id: str, address: IpAddress) -> None:
    """An address that was given out already is the next one that is asked for in that network."""
    pools: dict[IpNetwork, Pool] = world.swarms[swarm.id].addresses
    for block, pool in pools.items():
        if address in pool.taken and any(s.subnet == block for s in swarm.networks[network_id].subnets):
            kept = replace(pool, taken=pool.taken.without(address), promised=address)
            change(world, swarm.id, addresses={**pools, block: kept})


def _next(pool: Pool, block: IpNetwork) -> IpAddress | None:
    if pool.promised is not None and pool.promised not in pool.taken:
        return pool.promised
    first, last = block.network_address, block.broadcast_address
    begin = pool.last + 1 if pool.last is not None and int(first) <= int(pool.last) < int(last) else first
    return pool.taken.lowest_missing(begin, last) or pool.taken.lowest_missing(first, last)


def _require(world: World, swarm: Swarm, network: Network, wanted: IpAddress) -> IpAddress:
    subnet = next((s.subnet for s in network.subnets if wanted in s.subnet), None)
    if subnet is None:
        raise ApiError(f"Invalid address {wanted}: It does not belong to any of this network's subnets", 400)
    pool = world.swarms[swarm.id].addresses[subnet]
    if wanted in pool.taken:
        raise ApiError("Address already in use", 403)
    _hold(world, swarm.id, subnet, wanted, pool.last)
    return wanted


def _hold(world: World, swarm_id: str, subnet: IpNetwork, address: IpAddress, last: IpAddress | None) -> None:
    swarm: Swarm = world.swarms[swarm_id]
    pool = swarm.addresses[subnet]
    change(world, swarm_id, addresses={**swarm.addresses, subnet: Pool(pool.taken.adding(address), last)})


def release(world: World, swarm: Swarm, address: IpAddress) -> None:
    """Give an address back; nothing for one that isn't held."""
    now: Swarm = world.swarms[swarm.id]
    for subnet, pool in now.addresses.items():
        if address in pool.taken:
            freed = replace(pool, taken=pool.taken.without(address))
            change(world, swarm.id, addresses={**now.addresses, subnet: freed})
            return
