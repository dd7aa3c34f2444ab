"""Addresses: which pool a network gets, which address a container gets, and when they come back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from dnetlab.model import Network, Subnet, Where
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, IpNetwork, ip_address, ip_network
from dnetlab.sim.dockerd.addressset import AddressSet
from dnetlab.sim.dockerd.books import change_daemon, daemon, release_of
from dnetlab.sim.dockerd.cluster import addresses
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

# ipamutils/utils.go, the same in every release: fifteen /16 and sixteen /20.
POOLS: tuple[IpNetwork, ...] = (
    *(IPv4Network(f"172.{second}.0.0/16") for second in range(17, 32)),
    *IPv4Network("192.168.0.0/16").subnets(new_prefix=20),
)
IN_USE = "Address already in use"


@dataclass(frozen=True)
class PoolRequest:
    """One subnet of `docker network create`, as the client sends it: texts, '' for what was not said."""

    subnet: str = ""
    ip_range: str = ""
    gateway: str = ""
    aux_addresses: dict[str, str] = field(default_factory=dict)


# -- pools ----------------------------------------------------------------------------------------------------------


def _real(world: World, host: str) -> Iterator[Network]:
    """The networks that have their addresses, not only a configuration."""
    return (network for network in world.hosts[host].networks if not network.config_only)


def _taken(world: World, host: str) -> list[IpNetwork]:
    """What a pool must not overlap: the networks there are."""
    return [subnet.subnet for network in _real(world, host) for subnet in network.used_subnets]


def _routed(world: World, host: str) -> list[IpNetwork]:
    """What the automatic choice also avoids: the host's routes and name servers (netutils/utils_linux.go)."""
    routes = [r.destination for r in world.namespace(Where(host)).routes_of(4) if not r.is_default]
    servers = [
        IPv4Network(words[1])
        for line in world.files.get((host, "", "/etc/resolv.conf"), "").splitlines()
        if (words := line.split())[:1] == ["nameserver"] and words[1].count(".") == 3
    ]
    return routes + servers


def _pools(world: World, host: str) -> Sequence[IpNetwork]:
    """The daemon's own (default-address-pools), else those built in."""
    own = [pool for pool in daemon(world, host).config.pools if pool.base.version == 4]
    return [part for pool in own for part in pool.base.subnets(new_prefix=pool.size)] if own else POOLS


def choose_ipv6_pool(world: World, host: str) -> IpNetwork:
    """The next /64 of default-address-pools, else of the daemon's own unique local prefix (fd00::/8, RFC 4193), which
    27 and later make up (moby daemon/network.go, deriveULABaseNetwork). ApiError when there is none."""
    release = release_of(world)
    own = [pool for pool in daemon(world, host).config.pools if pool.base.version == 6]
    parts: Iterable[IpNetwork] = (part for pool in own for part in pool.base.subnets(new_prefix=pool.size))
    if not own and release.ula_pools:
        digits = hashlib.sha256(f"{world.seed}:{host}:ula".encode()).hexdigest()[:10]
        parts = IPv6Network((int(f"fd{digits}", 16) << 80, 48)).subnets(new_prefix=64)
    if not release.ula_pools:  # it looks no further than the first (observed on 20.10.24 and 26.1.5)
        parts = list(parts)[:1]
    taken = [other for other in _taken(world, host) if other.version == 6]
    found = next((part for part in parts if not any(_overlap(part, other) for other in taken)), None)
    if found is None:
        raise ApiError(release.text("ipv6 pools exhausted"))
    return found


def _overlap(one: IpNetwork, other: IpNetwork) -> bool:
    return one.version == other.version and (one.network_address in other or other.network_address in one)


def choose_pool(world: World, host: str) -> IpNetwork:
    """The next default pool. ApiError when all are used.

    Engines up to 26 go on after the last pool they tried, later ones take the lowest free (E20, E25, E27 to E29).
    """
    release, pools = release_of(world), _pools(world, host)
    taken = _taken(world, host) + _routed(world, host)
    start = daemon(world, host).pool_cursor if release.pool_cursor else 0
    for step in range(len(pools)):
        number = (start + step) % len(pools)
        if not any(_overlap(pools[number], other) for other in taken):
            change_daemon(world, host, pool_cursor=(number + 1) % len(pools))
            return pools[number]
    raise ApiError(release.text("pools exhausted"))


def parse_request(world: World, request: PoolRequest) -> Subnet | None:
    """Read what the client sent; None for a subnet left to the daemon. ApiError 400 in the words of the release."""
    release = release_of(world)
    if not request.subnet:
        return None
    try:
        network = ip_network(request.subnet, strict=False)
        if "/" not in request.subnet:
            raise ValueError
    except ValueError:
        raise ApiError(release.text("bad subnet", subnet=request.subnet), release.unread_option) from None
    if release.strict_subnets and str(network) != request.subnet:
        raise ApiError(
            f"invalid network config:\ninvalid subnet {request.subnet}: it should be {network}", 400
        )
    outside = bool(request.gateway) and ip_address(request.gateway) not in network
    if release.strict_subnets and outside:
        text = f"invalid gateway {request.gateway}: parent subnet {network} doesn't contain this address"
        raise ApiError(f"invalid network config:\n{text}", 400)
    ip_range = ip_network(request.ip_range, strict=False) if request.ip_range else None
    if release_of(world).strict_subnets and ip_range is not None and ip_range.prefixlen < network.prefixlen:
        raise ApiError(
            f"invalid network config:\ninvalid ip-range {request.ip_range}: CIDR block is bigger than its parent "
            f"subnet {network}", 400,
        )  # fmt: skip
    return Subnet(
        network,
        ip_address(request.gateway) if request.gateway else None,
        ip_range,
        {name: ip_address(ip) for name, ip in request.aux_addresses.items()},
        configured=True,
        gateway_configured=bool(request.gateway),
    )


def check_overlap(world: World, host: str, wanted: Subnet, others: Sequence[Subnet] = ()) -> None:
    """ApiError when the subnet meets another network's or one of these. With an ip-range of its own a network may have
    the very subnet of another; they then share its addresses (ipams/defaultipam; observed on 20.10.24 and 28.5.2)."""
    for other in [*(s for n in _real(world, host) for s in n.used_subnets), *others]:
        shares = wanted.ip_range is not None and other.subnet == wanted.subnet and other.ip_range != wanted.ip_range
        if _overlap(wanted.subnet, other.subnet) and not shares:
            raise ApiError(release_of(world).text("pool overlaps"), 403)
    if wanted.subnet.prefixlen == 0:
        raise ApiError(release_of(world).text("pool overlaps"), 403)


def open_pools(
    world: World, host: str, requests: Sequence[PoolRequest], families: Sequence[int], *, gateways: Sequence[int]
) -> tuple[Subnet, ...]:
    """The subnets of a new network, asked for or chosen, with their gateways, in the order that they are listed in.

    families: 4, 6 or both, which the network is to have; a subnet of another is written down and not used. gateways:
    the families that keep an address for one. ApiError leaves none of them open.
    """
    asked = [subnet for request in requests if (subnet := parse_request(world, request)) is not None]
    found: list[Subnet] = []
    try:
        for version in families:
            mine = [subnet for subnet in asked if subnet.subnet.version == version]
            for subnet in mine:
                check_overlap(world, host, subnet, found)
                found.append(open_pool(world, host, subnet, gateway=version in gateways))
            if not mine:
                chosen = choose_pool(world, host) if version == 4 else choose_ipv6_pool(world, host)
                found.append(open_pool(world, host, Subnet(chosen), gateway=version in gateways))
    except ApiError:
        close_pools(world, host, found)
        raise
    unused = [subnet for subnet in asked if subnet.subnet.version not in families]
    return _listed(world, [*found, *unused])


def _listed(world: World, subnets: Sequence[Subnet]) -> tuple[Subnet, ...]:
    """Since 25 what was asked for comes before what the daemon chose, and IPv4 before IPv6 (daemon/network.go
    buildIPAMResources; observed on 20.10.24, 26.1.5, 28.5.2)."""
    first = release_of(world).lists_asked_first
    return tuple(sorted(subnets, key=lambda s: (first and not s.configured, s.subnet.version)))


# -- addresses ------------------------------------------------------------------------------------------------------


def _taken_in(world: World, host: str, subnet: IpNetwork) -> AddressSet:
    """The addresses of a subnet that are in use; of a new one those that nobody may have."""
    held = daemon(world, host).allocated.get(subnet)
    if held is not None:
        return held
    if subnet.version == 6:
        return AddressSet().adding(subnet.network_address)
    if subnet.prefixlen >= 31 and release_of(world).small_subnets:
        return AddressSet()
    return AddressSet().adding(subnet.network_address).adding(subnet.broadcast_address)


def in_use(world: World, host: str, network: Network, subnet: Subnet) -> tuple[int, int]:
    """How many addresses of a network's subnet are taken, and how many of those given out by itself are free.

    network: whose subnet it is; those of a swarm are counted by its managers.
    """
    swarm = addresses.home_of(world, network) if network.scope == "swarm" else None
    taken = swarm.addresses[subnet.subnet].taken if swarm else _taken_in(world, host, subnet.subnet)
    pool = _own_part(subnet)
    return len(taken), pool.num_addresses - taken.count(pool.network_address, pool.broadcast_address)


def _hold(world: World, host: str, subnet: IpNetwork, taken: AddressSet) -> None:
    change_daemon(world, host, allocated={**daemon(world, host).allocated, subnet: taken})


def open_pool(world: World, host: str, subnet: Subnet, *, gateway: bool = True) -> Subnet:
    """Reserve what nobody may have (first, last, gateway, auxiliary addresses); the subnet with its gateway filled in.

    The gateway is the first free address, of the range when there is one: 10.5.0.0/16 with the range 10.5.4.0/24
    has the gateway 10.5.4.0 (E20 to E29).
    """
    taken = _taken_in(world, host, subnet.subnet)
    chosen = subnet.gateway
    if chosen is not None and chosen not in subnet.subnet:
        raise ApiError(f"failed to allocate gateway ({chosen}): Requested address is out of range")
    if chosen is not None and chosen in taken:
        raise ApiError(f"failed to allocate gateway ({chosen}): {IN_USE}", 403)
    if chosen is None and gateway:
        chosen = _lowest(subnet, taken)
        if chosen is None:
            raise ApiError("failed to allocate gateway (): No available addresses on this pool")
    if chosen is not None:
        taken = taken.adding(chosen)
    for name, ip in subnet.aux_addresses.items():
        if ip in taken:
            raise ApiError(f"failed to allocate secondary ip address ({name}:{ip}): {IN_USE}", 403)
        taken = taken.adding(ip)
    _hold(world, host, subnet.subnet, taken)
    return replace(subnet, gateway=chosen)


def close_pools(world: World, host: str, subnets: Iterable[Subnet], network_id: str = "") -> None:
    """A network gives its subnets back; one that another network shares stays, without this one's own addresses."""
    for subnet in subnets:
        others = (n for n in _real(world, host) if n.id != network_id)
        if any(other.subnet == subnet.subnet for network in others for other in network.used_subnets):
            for address in (subnet.gateway, *subnet.aux_addresses.values()):
                release_address(world, host, None, address)
        else:
            allocated = {key: held for key, held in daemon(world, host).allocated.items() if key != subnet.subnet}
            change_daemon(world, host, allocated=allocated)


def _lowest(subnet: Subnet, taken: AddressSet) -> IpAddress | None:
    pool = _own_part(subnet)
    return taken.lowest_missing(pool.network_address, pool.broadcast_address)


def _own_part(subnet: Subnet) -> IpNetwork:
    """Where addresses are given out: the range, or the subnet when 20.10 was told a wider one (observed on 20.10.24:
    the second container of 10.26.3.0/30 with the range 10.26.3.0/29 finds no address)."""
    part = subnet.ip_range
    return subnet.subnet if part is None or part.prefixlen <= subnet.subnet.prefixlen else part


def request_address(
    world: World, host: str, network: Network, wanted: IpAddress | None, version: int = 4
) -> tuple[IpAddress, Subnet]:
    """The lowest free address of that family in the network, or the wanted one, and its subnet. Held until
    `release_address`.

    ApiError when it is taken or none is left. Of several subnets the first with a free address gives it. Those of a
    swarm's network come from its managers.
    """
    swarm = addresses.home_of(world, network) if network.scope == "swarm" else None
    if swarm is not None:
        address = addresses.request(world, swarm, network, wanted)
        return address, next(s for s in network.subnets if address in s.subnet)
    if wanted is not None:
        subnet = _require(world, host, network, wanted)
        found = wanted, subnet
    else:
        subnets = network.subnets_of(version)
        free = ((_lowest(s, _taken_in(world, host, s.subnet)), s) for s in subnets)
        chosen = next(((address, s) for address, s in free if address is not None), None)
        if chosen is None:
            pools = f"{network.name} ({network.id})"
            raise ApiError(f"no available IPv{version} addresses on this network's address pools: {pools}")
        found = chosen
    address, subnet = found
    _hold(world, host, subnet.subnet, _taken_in(world, host, subnet.subnet).adding(address))
    return address, subnet


def _require(world: World, host: str, network: Network, wanted: IpAddress) -> Subnet:
    """The subnet in which that very address is free."""
    subnet = next((s for s in network.used_subnets if wanted in s.subnet), None)
    if subnet is None:
        raise ApiError(f"Invalid address {wanted}: It does not belong to any of this network's subnets", 400)
    taken = _taken_in(world, host, subnet.subnet)
    full = release_of(world).text("pool full")
    if full and len(taken) >= subnet.subnet.num_addresses:
        raise ApiError(full, 409)
    if wanted in taken:
        raise ApiError(IN_USE, 403)
    return subnet


def release_address(world: World, host: str, network: Network | None, address: IpAddress | None) -> None:
    """Give an address back; nothing for one that isn't held. network: whose it is, None: one of the host's own."""
    swarm = addresses.home_of(world, network) if network and network.scope == "swarm" else None
    if swarm is not None and address is not None:
        addresses.release(world, swarm, address)
        return
    allocated = daemon(world, host).allocated
    subnet = next((s for s, held in allocated.items() if address is not None and address in held), None)
    if address is not None and subnet is not None:
        _hold(world, host, subnet, allocated[subnet].without(address))
