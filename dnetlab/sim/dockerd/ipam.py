"""Addresses: which pool a network gets, which address a container gets, and when they come back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from dnetlab.model import Subnet, Where
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd.books import change_daemon, daemon, release_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

# ipamutils/utils.go, the same in every release: fifteen /16 and sixteen /20.
POOLS: tuple[IPv4Network, ...] = (
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


def _taken(world: World, host: str) -> list[IPv4Network]:
    """What a pool must not overlap: the networks there are."""
    return [subnet.subnet for network in world.hosts[host].networks for subnet in network.subnets]


def _routed(world: World, host: str) -> list[IPv4Network]:
    """What the automatic choice also avoids: the host's routes and name servers (netutils/utils_linux.go)."""
    routes = [r.destination for r in world.namespace(Where(host)).routes if not r.is_default]
    servers = [
        IPv4Network(words[1])
        for line in world.files.get((host, "", "/etc/resolv.conf"), "").splitlines()
        if (words := line.split())[:1] == ["nameserver"] and words[1].count(".") == 3
    ]
    return routes + servers


def choose_pool(world: World, host: str) -> IPv4Network:
    """The next default pool. ApiError when all are used.

    Engines up to 26 go on after the last pool they tried, later ones take the lowest free (E20, E25, E27 to E29).
    """
    release = release_of(world)
    taken = _taken(world, host) + _routed(world, host)
    start = daemon(world, host).pool_cursor if release.pool_cursor else 0
    for step in range(len(POOLS)):
        number = (start + step) % len(POOLS)
        if not any(POOLS[number].overlaps(other) for other in taken):
            change_daemon(world, host, pool_cursor=(number + 1) % len(POOLS))
            return POOLS[number]
    raise ApiError(release.text("pools exhausted"))


def _is_v6(text: str) -> bool:
    try:
        IPv6Network(text, strict=False)
    except ValueError:
        return False
    return True


def parse_request(world: World, request: PoolRequest) -> Subnet | None:
    """Read what the client sent; None for a subnet left to the daemon. ApiError 400 in the words of the release."""
    release = release_of(world)
    if not request.subnet:
        return None
    if _is_v6(request.subnet):
        raise Refused("Networks with IPv6 are not modelled.", "Give an IPv4 subnet: --subnet 172.30.0.0/16")
    try:
        network = IPv4Network(request.subnet, strict=False)
        if "/" not in request.subnet:
            raise ValueError
    except ValueError:
        raise ApiError(release.text("bad subnet", subnet=request.subnet), 400) from None
    if release.strict_subnets and str(network) != request.subnet:
        raise ApiError(
            f"invalid network config:\ninvalid subnet {request.subnet}: it should be {network}", 400
        )
    ip_range = IPv4Network(request.ip_range, strict=False) if request.ip_range else None
    if release_of(world).strict_subnets and ip_range is not None and ip_range.prefixlen < network.prefixlen:
        raise ApiError(
            f"invalid network config:\ninvalid ip-range {request.ip_range}: CIDR block is bigger than its parent "
            f"subnet {network}", 400,
        )  # fmt: skip
    return Subnet(
        network,
        IPv4Address(request.gateway) if request.gateway else None,
        ip_range,
        {name: IPv4Address(ip) for name, ip in request.aux_addresses.items()},
        configured=True,
        gateway_configured=bool(request.gateway),
    )


def check_overlap(world: World, host: str, subnet: IPv4Network) -> None:
    if subnet.prefixlen == 0 or any(subnet.overlaps(other) for other in _taken(world, host)):
        raise ApiError(release_of(world).text("pool overlaps"), 403)


# -- addresses ------------------------------------------------------------------------------------------------------


def open_pool(world: World, host: str, network_id: str, subnet: Subnet, *, gateway: bool = True) -> Subnet:
    """Reserve what nobody may have (first, last, gateway, auxiliary addresses); the subnet with its gateway filled in.

    The gateway is the first free address, of the range when there is one: 10.5.0.0/16 with the range 10.5.4.0/24
    has the gateway 10.5.4.0 (E20 to E29).
    """
    state = daemon(world, host)
    taken: set[IPv4Address] = set()
    if subnet.subnet.prefixlen < 31 or not release_of(world).small_subnets:
        taken = {subnet.subnet.network_address, subnet.subnet.broadcast_address}
    chosen = subnet.gateway
    if chosen is not None and chosen in taken:
        raise ApiError(f"failed to allocate gateway ({chosen}): {IN_USE}", 403)
    if chosen is None and gateway:
        chosen = _lowest(subnet, taken)
        if chosen is None:
            raise ApiError("failed to allocate gateway (): No available addresses on this pool")
    if chosen is not None:
        taken.add(chosen)
    for name, ip in subnet.aux_addresses.items():
        if ip in taken:
            raise ApiError(f"failed to allocate secondary ip address ({name}:{ip}): {IN_USE}", 403)
        taken.add(ip)
    change_daemon(world, host, allocated={**state.allocated, network_id: frozenset(taken)})
    return replace(subnet, gateway=chosen)


def close_pool(world: World, host: str, network_id: str) -> None:
    allocated = {key: value for key, value in daemon(world, host).allocated.items() if key != network_id}
    change_daemon(world, host, allocated=allocated)


def _lowest(subnet: Subnet, taken: set[IPv4Address] | frozenset[IPv4Address]) -> IPv4Address | None:
    pool = subnet.ip_range or subnet.subnet
    first, last = int(pool.network_address), int(pool.broadcast_address)
    return next((ip for n in range(first, last + 1) if (ip := IPv4Address(n)) not in taken), None)


def request_address(
    world: World, host: str, network_id: str, subnet: Subnet, wanted: IPv4Address | None, network_name: str
) -> IPv4Address:
    """The lowest free address of the network, or the wanted one. Held until `release_address`.

    ApiError when it is taken or none is left.
    """
    state = daemon(world, host)
    taken = state.allocated.get(network_id, frozenset())
    if wanted is not None:
        if wanted not in subnet.subnet:
            raise ApiError(f"Invalid address {wanted}: It does not belong to any of this network's subnets", 400)
        full = release_of(world).text("pool full")
        if full and len(taken) >= subnet.subnet.num_addresses:
            raise ApiError(full, 409)
        if wanted in taken:
            raise ApiError(IN_USE, 403)
    address = wanted or _lowest(subnet, taken)
    if address is None:
        raise ApiError(f"no available IPv4 addresses on this network's address pools: {network_name} ({network_id})")
    change_daemon(world, host, allocated={**state.allocated, network_id: taken | {address}})
    return address


def release_address(world: World, host: str, network_id: str, address: IPv4Address | None) -> None:
    """Give an address back; nothing for one that isn't held."""
    state = daemon(world, host)
    if address is None or network_id not in state.allocated:
        return
    change_daemon(
        world, host, allocated={**state.allocated, network_id: state.allocated[network_id] - {address}}
    )
