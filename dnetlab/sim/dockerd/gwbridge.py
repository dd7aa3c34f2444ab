"""docker_gwbridge: the way out of containers whose networks give them no gateway: overlay networks, and IPv6-only ones
where the container has IPv6 switched off (moby libnetwork/default_gateway.go)."""

from __future__ import annotations

from dnetlab.model import Container, Endpoint, Network
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim.dockerd import ipam, sandbox
from dnetlab.sim.dockerd.books import change_daemon, daemon, network_by_id, put_network, release_of
from dnetlab.sim.dockerd.drivers.options import BRIDGE
from dnetlab.sim.dockerd.drivers.table import driver_of
from dnetlab.sim.dockerd.ipam import PoolRequest
from dnetlab.sim.world import World

NAME = "docker_gwbridge"
OPTIONS = {BRIDGE + "enable_icc": "false", BRIDGE + "enable_ip_masquerade": "true", BRIDGE + "name": NAME}


def endpoint_name(world: World, host: str, owner: str) -> str:
    """'gateway_e6b8a4745ea9' by the sandbox of a container, 'gateway_ingress-sbox' (setupDefaultGW)."""
    container = world.hosts[host].container(owner)
    return f"gateway_{owner if container is None else sandbox.id_of(container)[:12]}"


def ensure(world: World, host: str) -> Network:
    """The network, made when it is missing: its containers reach the world, and each other not at all."""
    found = world.hosts[host].network(NAME)
    if found is not None:
        return found
    network = Network(world.hex_id(f"{host}:network"), NAME, "bridge", options=dict(OPTIONS), created=world.clock)
    subnets = ipam.open_pools(world, host, [PoolRequest()], [4], gateways=[4])
    network = driver_of(network).create_network(world, host, replace(network, subnets=subnets))
    put_network(world, host, network)
    return network


def is_needed(world: World, host: str, container: Container) -> bool:
    """Is it in a network that should lead out and gives it no gateway, and in none that gives one (needDefaultGW)?"""
    needed = False
    for endpoint in container.endpoints:
        network = network_by_id(world, host, endpoint.network_id) if endpoint.endpoint_id else None
        if network is None or network.internal or not endpoint.is_placed:
            continue
        if not driver_of(network).is_led_out(release_of(world), network):
            continue
        if endpoint.gateway is not None or endpoint.gateway6 is not None:
            return False
        needed = True
    return needed


def open_gateway(world: World, host: str, container: Container) -> None:
    """Give a container its link to docker_gwbridge; nothing when it has one."""
    if container.id in daemon(world, host).gateways:
        return
    network = ensure(world, host)
    address, subnet = ipam.request_address(world, host, network, None)
    endpoint = Endpoint(
        NAME, network.id, world.hex_id(f"{host}:endpoint"), address, subnet.subnet.prefixlen, subnet.gateway,
        sandbox.container_mac(world, host, address),
    )  # fmt: skip
    driver_of(network).create_endpoint(world, host, container, endpoint, network)
    endpoint = sandbox.plug(world, host, container, endpoint, network)
    remember(world, host, container.id, endpoint)


def remember(world: World, host: str, owner: str, endpoint: Endpoint) -> None:
    change_daemon(world, host, gateways={**daemon(world, host).gateways, owner: endpoint})


def close_gateway(world: World, host: str, container: Container) -> None:
    """Take the link away; nothing when there is none."""
    endpoint = daemon(world, host).gateways.get(container.id)
    if endpoint is None:
        return
    forget(world, host, container.id)
    network = network_by_id(world, host, endpoint.network_id)
    if network is not None:
        sandbox.unplug(world, host, container, endpoint, network)
        driver_of(network).delete_endpoint(world, host, endpoint, network)
        free(world, host, network, endpoint.address)


def forget(world: World, host: str, owner: str) -> None:
    left = {key: endpoint for key, endpoint in daemon(world, host).gateways.items() if key != owner}
    change_daemon(world, host, gateways=left)


def free(world: World, host: str, network: Network, address: IpAddress | None) -> None:
    ipam.release_address(world, host, network, address)
