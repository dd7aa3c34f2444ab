"""Docker's networks: create, remove, connect, disconnect, and those that the daemon makes at its start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address

from dnetlab.model import Container, Network, Subnet, Where
from dnetlab.model.changed import replace
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import books, endpoints, ipam
from dnetlab.sim.dockerd.books import change_daemon, find_network, release_of
from dnetlab.sim.dockerd.config import NetworkAttachment
from dnetlab.sim.dockerd.drivers.options import DEFAULT_BRIDGE, firewall_config
from dnetlab.sim.dockerd.drivers.table import driver_of, named
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import firewaller
from dnetlab.sim.dockerd.ipam import PoolRequest
from dnetlab.sim.world import World

PREDEFINED = ("bridge", "host", "none", "default")


def create(
    world: World,
    host: str,
    name: str,
    *,
    driver: str = "bridge",
    pools: Sequence[PoolRequest] = (),
    internal: bool = False,
    attachable: bool = False,
    ipv6: bool = False,
    scope: str = "",
    labels: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> str:
    """Create a network and its bridge device, addresses and rules; its full id. ApiError in the daemon's words."""
    requests = pools or [PoolRequest()]
    if name not in PREDEFINED and release_of(world).strict_subnets:
        for request in requests:  # from 25 on the addresses are looked at before the name
            ipam.parse_request(world, request)
    _check_name(world, host, name)
    chosen = named(driver or "bridge")
    chosen.check_request()
    if scope == "swarm":
        raise ApiError("cannot create a swarm scoped network when swarm is not active", 403)
    if ipv6:
        raise Refused("Networks with IPv6 are not modelled.", "Leave --ipv6 out; IPv4 networks work.")
    network = Network(
        id=world.hex_id(f"{host}:network"),
        name=name,
        driver=driver or "bridge",
        internal=internal,
        attachable=attachable,
        options=dict(options or {}),
        labels=dict(labels or {}),
        created=world.clock,
    )
    subnets = ipam.open_pools(world, host, requests, keep_gateway=chosen.keeps_gateway(release_of(world)))
    try:
        network = chosen.create_network(world, host, replace(network, subnets=subnets))
    except ApiError:
        ipam.close_pools(world, host, subnets)
        raise
    books.put_network(world, host, network)
    return network.id


def _check_name(world: World, host: str, name: str) -> None:
    if name in PREDEFINED:
        raise ApiError(f"operation is not permitted on predefined {name} network", 403)
    if not name.strip():
        raise ApiError(release_of(world).text("empty network name"), 400)
    if any(n.name == name for n in world.hosts[host].networks):
        raise ApiError(f"network with name {name} already exists", 409)


# -- remove ---------------------------------------------------------------------------------------------------------


def members(world: World, host: str, network: Network) -> list[Container]:
    """The containers with a live endpoint in the network, by name."""
    return sorted(
        (c for c in world.hosts[host].containers for e in c.endpoints if e.network_id == network.id and e.endpoint_id),
        key=lambda c: c.name,
    )


def remove(world: World, host: str, reference: str) -> None:
    """Remove a network with its device and rules. ApiError when it is predefined, unknown or in use."""
    network = find_network(world, host, reference)
    if network.name in PREDEFINED:
        raise ApiError(f"{network.name} is a pre-defined network and cannot be removed", 403)
    live = members(world, host, network)
    if live:
        rows = [(c.name, e.endpoint_id[:12]) for c in live for e in c.endpoints if e.network_id == network.id]
        users = ", ".join(f'name:"{name}" id:"{short}"' for name, short in rows)
        text = release_of(world).text("network in use", name=network.name, id=network.id, users=users)
        raise ApiError(f"error while removing network: {text}", 403)
    driver_of(network).delete_network(world, host, network)
    ipam.close_pools(world, host, network.subnets, network.id)
    books.drop_network(world, host, network.id)


# -- connect, disconnect --------------------------------------------------------------------------------------------


def connect(
    world: World,
    host: str,
    network_ref: str,
    container_ref: str,
    *,
    address: IPv4Address | None = None,
    aliases: Sequence[str] = (),
    links: Sequence[tuple[str, str]] = (),
    mac: str | None = None,
    gw_priority: int = 0,
) -> None:
    """Connect a container to a further network; see `endpoints.connect`."""
    attachment = NetworkAttachment(network_ref, address, tuple(aliases), tuple(links), mac, gw_priority)
    endpoints.connect(world, host, network_ref, container_ref, attachment)


def disconnect(world: World, host: str, network_ref: str, container_ref: str, force: bool = False) -> None:
    """Disconnect a container from a network; see `endpoints.disconnect`."""
    endpoints.disconnect(world, host, network_ref, container_ref, force)


# -- the daemon's start ---------------------------------------------------------------------------------------------


def make_predefined(world: World, host: str) -> None:
    """none and host once for all, and a fresh `bridge` (the daemon makes it anew at every start, with a new id)."""
    known = {n.name for n in world.hosts[host].networks}
    for name, driver in (("none", "null"), ("host", "host")):
        if name not in known:
            books.put_network(world, host, Network(world.hex_id(f"{host}:network"), name, driver, created=world.clock))
    old = world.hosts[host].network("bridge") if "bridge" in known else None
    if old:
        firewaller(world, host).remove_network(firewall_config(old))
        ipam.close_pools(world, host, old.subnets, old.id)
        books.drop_network(world, host, old.id)
    docker0 = world.namespace(Where(host)).interface("docker0")
    if docker0 and docker0.ipv4:
        subnet = Subnet(docker0.ipv4[0].network, docker0.ipv4[0].ip)
    else:
        subnet = Subnet(ipam.choose_pool(world, host))
    change_daemon(world, host, pool_cursor=0)  # docker0's subnet is chosen beside the cursor (daemon_unix.go)
    network = Network(
        world.hex_id(f"{host}:network"), "bridge", "bridge", bridge="docker0", options=dict(DEFAULT_BRIDGE),
        created=world.clock,
    )  # fmt: skip
    shown = docker0 is not None or release_of(world).fresh_gateway_shown
    subnet = replace(ipam.open_pool(world, host, subnet), configured=not shown, gateway_configured=shown)
    network = replace(network, subnets=(subnet,))
    driver_of(network).restore_network(world, host, network)
    books.put_network(world, host, network)


def restore(world: World, host: str, network: Network) -> None:
    """A network that was there before the daemon's start: its pool, device and rules again."""
    for subnet in network.subnets:
        ipam.open_pool(world, host, subnet, gateway=subnet.gateway is not None)
    driver_of(network).restore_network(world, host, network)
