"""Docker's networks: create, remove, connect, disconnect, and those that the daemon makes at its start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from types import MappingProxyType

from dnetlab.model import Container, Interface, Network, Route, Subnet, Where
from dnetlab.model.changed import replace
from dnetlab.model.host import RESERVED
from dnetlab.model.ip import IpAddress, ip_address, ip_network
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import books, configured, endpoints, gwbridge, happenings, ipam, swarmnets
from dnetlab.sim.dockerd.books import change_daemon, daemon, find_network, release_of
from dnetlab.sim.dockerd.cluster import gossip
from dnetlab.sim.dockerd.config import NetworkAttachment
from dnetlab.sim.dockerd.daemonconfig import DaemonConfig
from dnetlab.sim.dockerd.drivers.options import (
    DEFAULT_GATEWAY,
    DEFAULT_GATEWAY6,
    default_bridge_options,
    firewall_configs,
)
from dnetlab.sim.dockerd.drivers.protocol import Driver
from dnetlab.sim.dockerd.drivers.table import driver_of, named
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import firewaller
from dnetlab.sim.dockerd.ipam import PoolRequest
from dnetlab.sim.kernel import Stack
from dnetlab.sim.kernel.routes import METRIC6_BY_HAND
from dnetlab.sim.world import World


def create(
    world: World,
    host: str,
    name: str,
    *,
    driver: str = "bridge",
    pools: Sequence[PoolRequest] = (),
    internal: bool = False,
    attachable: bool = False,
    ipv4: bool = True,
    ipv6: bool = False,
    scope: str = "",
    ingress: bool = False,
    labels: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
    config_only: bool = False,
    config_from: str = "",
    ipam_options: Mapping[str, str] | None = MappingProxyType({}),
) -> str:
    """Create a network and its bridge device, addresses and rules; its full id. ApiError in the daemon's words."""
    requests = pools or [PoolRequest()]
    if name not in RESERVED and release_of(world).strict_subnets:
        for request in requests:  # from 25 on the addresses are looked at before the name
            ipam.parse_request(world, request)
    _check_name(world, host, name)
    if config_only:
        return _keep_configuration(world, host, name, requests, options or {}, labels or {}, config_from)
    chosen = named(driver or "bridge")
    everywhere = scope == "swarm" or chosen.spans_hosts
    if config_from:
        configured.check_nothing_else(bool(pools or labels), bool(options))
        if not everywhere or release_of(world).finds_configuration:
            template = configured.find(world, host, config_from)
        if not everywhere:  # of a swarm's network each host has its own
            requests, options, labels = configured.requests_of(template), template.options, template.labels
    _check_scope(world, host, chosen, driver, scope, ingress)
    if ipv6 and chosen.spans_hosts:
        _check_ipv6_everywhere(world, ipv4)
    ipv4 = ipv4 or not release_of(world).optional_ipv4
    if not ipv4 and not ipv6:
        raise ApiError("IPv4 or IPv6 must be enabled", 400)
    network = Network(
        id="" if everywhere else world.hex_id(f"{host}:network"),
        name=name,
        driver=driver or "bridge",
        internal=internal,
        attachable=attachable,
        options=_options(world, host, driver or "bridge", options),
        labels=dict(labels or {}),
        created=world.clock,
        config_from=config_from,
        ingress=ingress,
        ipv4=ipv4,
        ipv6=ipv6,
        ipam_options=None if ipam_options is None else dict(ipam_options),
    )
    if everywhere:
        asked = (ipam.parse_request(world, request) for request in requests)
        return swarmnets.create(world, host, network, [subnet for subnet in asked if subnet is not None])
    return configured.make(world, host, network, requests).id


def _check_ipv6_everywhere(world: World, ipv4: bool) -> None:
    if not ipv4 and release_of(world).optional_ipv4:  # observed on 28.5.2
        raise ApiError("IPv4 cannot be disabled in a Swarm scoped network", 400)
    raise Refused("Overlay networks with IPv6 are not modelled.", "Leave --ipv6 out; bridge networks have it.")


def _check_scope(world: World, host: str, chosen: Driver, driver: str, scope: str, ingress: bool) -> None:
    """May a network of that driver be the host's own, or a whole swarm's? ApiError 403."""
    if scope != "swarm":
        chosen.check_request()
    if scope == "local" and chosen.spans_hosts:
        raise ApiError(f"cannot downgrade network scope for {driver} networks", 403)
    if ingress and not chosen.spans_hosts:
        raise ApiError("Ingress network can only be global scope network", 403)
    if scope == "swarm" and not daemon(world, host).swarm:
        raise ApiError("cannot create a swarm scoped network when swarm is not active", 403)


def _options(world: World, host: str, driver: str, given: Mapping[str, str] | None) -> dict[str, str]:
    """Those asked for, before those the daemon gives to every network of that driver (default-network-opts)."""
    return {**books.daemon(world, host).config.network_options.get(driver, {}), **(given or {})}


# -- networks that only hold a configuration (moby libnetwork/controller.go, NewNetwork; observed on 20.10.24) --------


def _keep_configuration(
    world: World, host: str, name: str, requests: Sequence[PoolRequest], options: Mapping[str, str],
    labels: Mapping[str, str], other: str,
) -> str:  # fmt: skip
    if other:
        raise ApiError("a configuration network cannot depend on another configuration network", 403)
    subnets = tuple(subnet for request in requests if (subnet := ipam.parse_request(world, request)) is not None)
    network = Network(
        world.hex_id(f"{host}:network"), name, "null", subnets=subnets, options=dict(options), labels=dict(labels),
        created=world.clock, config_only=True,
    )  # fmt: skip
    books.put_network(world, host, network)
    happenings.of_network(world, host, network, "create")
    return network.id


def _check_name(world: World, host: str, name: str) -> None:
    if name in RESERVED:
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


def users_of(world: World, host: str, network: Network) -> list[tuple[str, str]]:
    """(name, short id) of the live endpoints in the network, those of docker_gwbridge's that no container shows too."""
    live = members(world, host, network)
    rows = [(c.name, e.endpoint_id[:12]) for c in live for e in c.endpoints if e.network_id == network.id]
    ways_out = daemon(world, host).gateways.items()
    return rows + [(gwbridge.endpoint_name(world, host, owner), e.endpoint_id[:12]) for owner, e in ways_out
                   if e.network_id == network.id]  # fmt: skip


def remove(world: World, host: str, reference: str) -> None:
    """Remove a network with its device and rules. ApiError when it is predefined, unknown or in use."""
    network = find_network(world, host, reference)
    if network.name in RESERVED:
        raise ApiError(f"{network.name} is a pre-defined network and cannot be removed", 403)
    there = (n for n in world.hosts[host].networks if n.scope != "swarm" or gossip.is_here(world, host, n))
    if any(other.config_from == network.name for other in there):
        raise ApiError(f'error while removing network: configuration network "{network.name}" is in use', 403)
    if network.scope == "swarm":
        swarmnets.remove(world, host, network)
        return
    rows = users_of(world, host, network)
    if rows:
        users = ", ".join(f'name:"{name}" id:"{short}"' for name, short in rows)
        text = release_of(world).text("network in use", name=network.name, id=network.id, users=users)
        raise ApiError(f"error while removing network: {text}", 403)
    if not network.config_only:
        driver_of(network).delete_network(world, host, network)
        ipam.close_pools(world, host, network.used_subnets, network.id)
    books.drop_network(world, host, network.id)
    happenings.of_network(world, host, network, "destroy")


# -- connect, disconnect --------------------------------------------------------------------------------------------


def connect(
    world: World, host: str, network_ref: str, container_ref: str, *, address: IpAddress | None = None,
    aliases: Sequence[str] = (),
) -> None:  # fmt: skip
    """Connect a container to a further network; see `endpoints.connect`, which takes all that may be asked."""
    endpoints.connect(world, host, network_ref, container_ref,
                      NetworkAttachment(network_ref, address, tuple(aliases)))  # fmt: skip


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
        _forget_default_bridge(world, host, old)
    docker0 = world.namespace(Where(host)).interface("docker0")
    config = books.daemon(world, host).config
    network = Network(
        world.hex_id(f"{host}:network"), "bridge", "bridge", bridge="docker0", options=default_bridge_options(config),
        created=world.clock,
    )  # fmt: skip
    shown = docker0 is not None or bool(config.bip) or release_of(world).fresh_gateway_shown
    chosen = _subnet_of_docker0(world, host, config, docker0)
    change_daemon(world, host, pool_cursor=0)  # docker0's subnet is chosen beside the cursor (daemon_unix.go)
    subnet = replace(ipam.open_pool(world, host, chosen), configured=not shown, gateway_configured=shown)
    both = [subnet, *_ipv6_of_docker0(world, host, config, docker0)]
    if not _asked_for(config, docker0, subnet) and release_of(world).lists_asked_first:
        both.sort(key=lambda s: s.subnet.version == 4 or not s.configured)  # what the daemon chose stands last
    network = replace(network, subnets=tuple(both), ipv6=config.ipv6)
    driver_of(network).restore_network(world, host, network)
    if network.ipv6 and config.fixed_cidr_v6 and not release_of(world).ula_pools:
        _add_route_of_its_own(world, host, network.subnets_of(6)[0])
    books.put_network(world, host, network)


def _asked_for(config: DaemonConfig, docker0: Interface | None, subnet: Subnet) -> bool:
    """Is it docker0's by bip, or because docker0 has an address in it already (observed with other pools, 28.5.2)?"""
    kept = docker0 is not None and any(address.network == subnet.subnet for address in docker0.ipv4)
    return bool(config.bip) or kept


def _add_route_of_its_own(world: World, host: str, subnet: Subnet) -> None:
    """Up to 26 the daemon adds a route for fixed-cidr-v6 beside the one that the kernel has (observed)."""
    stack, route = Stack(world, Where(host)), Route(subnet.subnet, "docker0", protocol="boot", metric=METRIC6_BY_HAND)
    if not any((r.destination, r.metric) == (route.destination, route.metric) for r in stack.namespace.routes):
        stack.add_route(route)


def _ipv6_of_docker0(world: World, host: str, config: DaemonConfig, docker0: Interface | None) -> list[Subnet]:
    """fixed-cidr-v6, else a pool, with the address that docker0 has in it as the gateway; [] without `ipv6`."""
    if not config.ipv6:
        return []
    if not config.fixed_cidr_v6:
        return [ipam.open_pool(world, host, Subnet(ipam.choose_ipv6_pool(world, host)))]
    whole = ip_network(config.fixed_cidr_v6, strict=False)
    own = next((a.ip for a in docker0.ipv6 if a.network == whole), None) if docker0 is not None else None
    part = whole if release_of(world).ula_pools else None  # since 27 it is a range of its own subnet (observed)
    found = Subnet(whole, own, part, configured=True, gateway_configured=own is not None)
    if config.default_gateway_v6:
        found = replace(found, aux_addresses={DEFAULT_GATEWAY6: ip_address(config.default_gateway_v6)})
    return [ipam.open_pool(world, host, found)]


def _forget_default_bridge(world: World, host: str, old: Network) -> None:
    """The daemon makes its default network anew; with pools of its own the device too (daemon_unix.go)."""
    for family in firewall_configs(old, release_of(world)):
        firewaller(world, host).remove_network(family)
    ipam.close_pools(world, host, old.used_subnets, old.id)
    books.drop_network(world, host, old.id)
    stack = Stack(world, Where(host))
    if books.daemon(world, host).config.pools and stack.namespace.interface("docker0") is not None:
        stack.delete("docker0")


def _subnet_of_docker0(world: World, host: str, config: DaemonConfig, docker0: Interface | None) -> Subnet:
    """bip, else the address that docker0 has, else fixed-cidr, else a pool (daemon_unix.go getDefaultBridgeIPAMConf).

    An address of docker0 that fixed-cidr doesn't fit is given up (observed in the source of 29.7.2).
    """
    part = IPv4Network(config.fixed_cidr, strict=False) if config.fixed_cidr else None
    own = IPv4Interface(config.bip) if config.bip else None
    if own is None and docker0 and docker0.ipv4:
        own = IPv4Interface(f"{docker0.ipv4[0].ip}/{docker0.ipv4[0].network.prefixlen}")
        own = own if part is None or part.subnet_of(own.network) else None
    if own is not None:
        found = Subnet(own.network, own.ip, part)
    else:
        found = Subnet(part or ipam.choose_pool(world, host), ip_range=part)
    if config.default_gateway:
        found = replace(found, aux_addresses={DEFAULT_GATEWAY: IPv4Address(config.default_gateway)})
    return found


def restore(world: World, host: str, network: Network) -> None:
    """A network that was there before the daemon's start: its pool, device and rules again."""
    if network.scope == "swarm" or network.config_only:
        return
    for subnet in network.used_subnets:
        ipam.open_pool(world, host, subnet, gateway=subnet.gateway is not None)
    driver_of(network).restore_network(world, host, network)
