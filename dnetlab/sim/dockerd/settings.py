"""What may be asked of an endpoint, and the sentences for what may not."""

from __future__ import annotations

from collections.abc import Sequence

from dnetlab.model import Container, Network
from dnetlab.model.changed import replace
from dnetlab.model.host import RESERVED
from dnetlab.model.ip import IpAddress
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.config import NetworkAttachment
from dnetlab.sim.dockerd.drivers.table import driver_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.profiles import EngineProfile
from dnetlab.sim.world import World

SHARED = "container sharing network namespace with another container or host cannot be connected to any other network"
PRIVATE = "container cannot be connected to multiple networks with one of the networks in private (none) mode"


def _problems(world: World, name: str, network: Network | None, addresses: Sequence[IpAddress]) -> list[str]:
    """The sentences against static addresses in a network, the daemon's order (25 and later)."""
    release = release_of(world)
    found = []
    if name in RESERVED or name.startswith("container:"):
        found.append(release.text("ip predefined"))
    for address in addresses if network is not None else ():
        problem = _problem(release, network, address) if network is not None else ""
        found += [problem] if problem else []
    return found


def _problem(release: EngineProfile, network: Network, address: IpAddress) -> str:
    inside = any(address in s.subnet for s in network.subnets)
    same = [s for s in network.subnets if s.subnet.version == address.version]  # also of a family switched off
    if not release.address_anywhere and not any(s.configured for s in same):
        return release.text("ip unconfigured")
    return "" if inside else release.text("ip outside", ip=str(address))


def _listed(problems: list[str]) -> str:
    return problems[0] if len(problems) == 1 else "\n".join(f"* {problem}" for problem in problems)


def heard(network: Network, attachment: NetworkAttachment) -> NetworkAttachment:
    """What is left of an attachment on its way to a host: where the hosts of a swarm give addresses away, its managers
    pass none on that was asked for (observed on 20.10.24 and 28.5.2)."""
    return replace(attachment, address=None, address6=None) if _is_made_by_hosts(network) else attachment


def _is_made_by_hosts(network: Network) -> bool:
    return network.scope == "swarm" and not driver_of(network).spans_hosts


def check_settings(world: World, host: str, attachment: NetworkAttachment) -> None:
    """At `docker create`, 25 and later: may the address be had there? ApiError 400 when not."""
    if not attachment.addresses:
        return
    name = "bridge" if attachment.name == "default" else attachment.name
    network = world.hosts[host].network(name)
    if network is not None and _is_made_by_hosts(network):
        return
    problems = _problems(world, name, network, attachment.addresses)
    if problems:
        raise ApiError(f"invalid config for network {name}: invalid endpoint settings:\n{_listed(problems)}", 400)


def check_start(world: World, network: Network, addresses: Sequence[IpAddress]) -> None:
    """At the start, up to 20.10: the same question, one sentence."""
    release = release_of(world)
    if not addresses or release.validates_config:
        return
    if network.name in RESERVED:
        raise ApiError(release.text("ip predefined"), 400)
    for address in addresses:
        if not any(s.configured for s in network.subnets_of(address.version)):
            raise ApiError(release.text("ip unconfigured"), 400)


def check_together(world: World, host: str, container: Container) -> None:
    """At the start: are its networks such as a container can be in at once (moby container_operations.go)?"""
    names = [endpoint.network for endpoint in container.endpoints]
    if len(names) < 2:
        return
    if "host" in names and container.network_mode != "host":
        raise ApiError(release_of(world).text("connect host"), 403)
    if "host" in names:
        raise ApiError(SHARED, 403)
    if "none" in names and (container.network_mode == "none" or not release_of(world).counts_interfaces):
        raise ApiError(PRIVATE, 403)  # 26.1 lets `--network bridge --network none` pass (observed on 26.1.5)


def check_connect(
    world: World, host: str, container: Container, network: Network, attachment: NetworkAttachment
) -> None:
    """May the container be connected to the network so? ApiError when not."""
    release = release_of(world)
    driver = driver_of(network)
    if container.network_mode == "host" and driver.shares_host:  # observed on 20.10.24, 26.1.5, 28.5.2
        raise ApiError(f"endpoint with name {container.name} already exists in network host", 403)
    if container.network_mode == "host" or container.network_mode.startswith("container:"):
        raise ApiError(SHARED, 403)
    if driver.shares_host:
        raise ApiError(release.text("connect host"), 403)
    if network.config_only:
        raise ApiError("cannot create endpoint on configuration-only network", 403)
    if driver.isolates or any(e.network == "none" for e in container.endpoints):
        raise ApiError(PRIVATE, 403)
    if attachment.aliases and network.name == "bridge":  # observed on 20.10.24 and 28.5.2
        text = "network-scoped alias is supported only for containers in user defined networks"
        raise ApiError(f"invalid endpoint settings:\n{text}" if release.validates_config else text, 400)
    if attachment.addresses:
        if release.validates_config:
            problems = _problems(world, network.name, network, attachment.addresses)
            if problems:
                raise ApiError(f"invalid endpoint settings:\n{_listed(problems)}", 400)
        else:
            check_start(world, network, attachment.addresses)
    present = container.endpoint(network.name)
    if container.is_running and present is not None and present.endpoint_id:
        if network.scope == "swarm":  # observed on 20.10.24 and 28.5.2
            raise ApiError(f"{container.name} is already attached to network {network.name}")
        raise ApiError(f"endpoint with name {container.name} already exists in network {network.name}", 403)
