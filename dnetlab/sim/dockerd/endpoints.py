"""A container's place in its networks (sandbox and endpoints of the Container Network Model): made at the start,
gone at the end, changed by `network connect` and `network disconnect`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dnetlab.model import Container, Endpoint, Network, Where
from dnetlab.model.changed import replace
from dnetlab.model.host import PREDEFINED
from dnetlab.model.ip import IpAddress
from dnetlab.net.endpoints_order import by_gateway
from dnetlab.sim.dockerd import (
    books,
    gwbridge,
    happenings,
    hostsfile,
    ipam,
    openings,
    resolver,
    sandbox,
    swarmnets,
    wayout,
)
from dnetlab.sim.dockerd.books import change_daemon, daemon, find_network, release_of
from dnetlab.sim.dockerd.cluster import gossip
from dnetlab.sim.dockerd.cluster.state import swarm_of
from dnetlab.sim.dockerd.config import ContainerConfig, NetworkAttachment
from dnetlab.sim.dockerd.drivers.options import DEFAULT_GATEWAY, DEFAULT_GATEWAY6, LINK_NAME
from dnetlab.sim.dockerd.drivers.overlay import mac_for
from dnetlab.sim.dockerd.drivers.table import driver_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.settings import check_connect, check_settings, check_start, check_together, heard
from dnetlab.sim.dockerd.wayout import attachment_of, gateway_endpoint
from dnetlab.sim.kernel import Stack
from dnetlab.sim.world import World


@contextmanager
def _undone_on_error(world: World) -> Iterator[None]:
    """An ApiError leaves no trace but numbers given out (as a real daemon skips them)."""
    saved = dict(world.hosts), dict(world.daemons), world.files.copy(), dict(world.swarms)
    try:
        yield
    except ApiError:
        indexes = {name: host.namespaces["host"].last_index for name, host in world.hosts.items()}
        world.hosts, world.daemons, world.files, world.swarms = saved
        for name, index in indexes.items():
            Stack(world, Where(name)).skip_to(index)
        raise


def config_of(world: World, host: str, container: Container) -> ContainerConfig:
    return daemon(world, host).containers[container.id].config


def _with_endpoint(world: World, host: str, container_id: str, endpoint: Endpoint) -> Container:
    """Put an endpoint into a container, replacing the one of the same network, and return the container."""
    container = books.get(world, host, container_id)
    known = [e.network for e in container.endpoints]
    if endpoint.network in known:
        rows = tuple(endpoint if e.network == endpoint.network else e for e in container.endpoints)
    else:
        rows = (*container.endpoints, endpoint)
    books.put(world, host, replace(container, endpoints=rows))
    return books.get(world, host, container_id)


# -- open -----------------------------------------------------------------------------------------------------------


def open_sandbox(world: World, host: str, container_id: str) -> None:
    """Give a container its network at its start: namespace, interfaces, files, resolver, rules, published ports.

    ApiError with the daemon's text, and then nothing of it stays.
    """
    container = books.get(world, host, container_id)
    joined = config_of(world, host, container).joins
    with _undone_on_error(world):
        if joined is not None:
            _join(world, host, container, joined)
            return
        _check_links(world, host, container)
        try:
            check_together(world, host, container)
            if container.network_mode == "host":
                _share_host(world, host, container)
            else:
                sandbox.make_namespace(world, host, container, config_of(world, host, container))
                _attach_all(world, host, container)
        except ApiError as error:
            raise ApiError(release_of(world).start_prefix + error.message, error.status) from None


def _join(world: World, host: str, container: Container, reference: str) -> None:
    """`--network container:X`: the other's namespace and files."""
    release = release_of(world)
    other = world.hosts[host].container(reference)
    if other is None:
        raise ApiError(release.text("join unknown", name=reference), 404)
    if other.id == container.id:
        raise ApiError(release.text("join itself"), 400)
    if not other.is_running:
        state = other.state.value
        raise ApiError(release.text("join stopped", id=other.id, name=other.name, state=state), 409)
    books.put(world, host, replace(container, namespace=other.namespace, hostname=other.hostname))
    hostsfile.copy_from(world, host, other.id, container.id)


def _check_links(world: World, host: str, container: Container) -> None:
    """--link on the default bridge: the other end is on it too."""
    if container.network_mode not in ("default", "bridge"):
        return
    for reference, _ in config_of(world, host, container).links:
        other = world.hosts[host].container(reference)
        if other is not None and other.endpoint("bridge") is None:
            raise ApiError(release_of(world).text("link elsewhere", id=other.id, name=other.name), 400)


def _share_host(world: World, host: str, container: Container) -> None:
    network = find_network(world, host, "host")
    for endpoint in container.endpoints:
        asked = (endpoint.configured_address, endpoint.configured_address6)
        check_start(world, network, [a for a in asked if a is not None])
    endpoint = Endpoint("host", network.id, endpoint_id=world.hex_id(f"{host}:endpoint"))
    books.put(world, host, replace(container, namespace="host", endpoints=(endpoint,)))
    happenings.of_network(world, host, network, "connect", container.id)
    hostsfile.copy_from(world, host, "", container.id)
    config = config_of(world, host, container)
    world.files[host, container.id, hostsfile.RESOLV] = hostsfile.resolv_conf(world, host, config, False, shared=True)
    world.files[host, container.id, hostsfile.HOSTNAME] = f"{container.hostname}\n"


def _attach_all(world: World, host: str, container: Container) -> None:
    pairs = [(endpoint, _network_of(world, host, endpoint)) for endpoint in container.endpoints]
    if pairs:
        _check_mode(world, host, container)
    if release_of(world).counts_interfaces:  # up to 27: eth0 is the one that gives the default route
        internal = {network.name: network.internal for _, network in pairs}
        order = [e.network for e in by_gateway([e for e, _ in pairs], lambda e: internal[e.network])]
        pairs.sort(key=lambda pair: order.index(pair[0].network))
    for endpoint, network in pairs:
        if network.config_only:
            raise ApiError("cannot create endpoint on configuration-only network", 403)
        attachment = heard(network, attachment_of(world, host, container, endpoint))
        check_start(world, network, attachment.addresses)
        swarmnets.check_attachable(world, host, container, network)
        attach(world, host, container.id, replace(endpoint, network_id=network.id), network, attachment)
    hostsfile.tell_linkers(world, host, books.get(world, host, container.id))
    wayout.settle(world, host, container.id)
    sandbox.set_sysctls(world, host, books.get(world, host, container.id), config_of(world, host, container))
    if container.id in daemon(world, host).linking:
        openings.open_links(world, host, books.get(world, host, container.id))


def _network_of(world: World, host: str, endpoint: Endpoint) -> Network:
    """The network an endpoint was made for: by id, so that one of the same name made later is not it."""
    if endpoint.network in PREDEFINED or not endpoint.network_id:
        return swarmnets.found(world, host, endpoint.network)
    found = books.network_by_id(world, host, endpoint.network_id)
    found = found or swarmnets.reached(world, host, endpoint.network_id)
    return found or swarmnets.found(world, host, endpoint.network_id)


def attach(
    world: World, host: str, container_id: str, endpoint: Endpoint, network: Network, attachment: NetworkAttachment
) -> Endpoint:
    """Make one endpoint live: address, MAC, interface, line in /etc/hosts, resolver, rules of its own."""
    container = books.get(world, host, container_id)
    network = swarmnets.opened(world, host, network)
    endpoint = replace(endpoint, endpoint_id=world.hex_id(f"{host}:endpoint"), network_id=network.id)
    driver = driver_of(network)
    if not driver.needs_address:
        _with_endpoint(world, host, container_id, endpoint)
        happenings.of_network(world, host, network, "connect", container_id)
        return endpoint
    config = config_of(world, host, container)
    endpoint = _addressed(world, host, container, config, endpoint, network, attachment)
    driver.create_endpoint(world, host, container, endpoint, network)
    called = dict(attachment.driver_options).get(LINK_NAME, "") if release_of(world).names_links else ""
    endpoint = sandbox.plug(world, host, container, endpoint, network, called)
    sandbox.add_link_local(world, host, container, endpoint, attachment.link_local)
    container = _with_endpoint(world, host, container_id, endpoint)
    for address in hostsfile.shown(world, config, endpoint.addresses):
        hostsfile.add_line(world, host, container_id, address, hostsfile.own_names(container, config))
    if network.name != "bridge":
        sandbox.start_resolver(world, host, container, config)
    if driver.spans_hosts:
        gossip.spread(world, swarm_of(world, host))
    happenings.of_network(world, host, network, "connect", container_id)
    return endpoint


def _addressed(
    world: World, host: str, container: Container, config: ContainerConfig, endpoint: Endpoint, network: Network,
    attachment: NetworkAttachment,
) -> Endpoint:  # fmt: skip
    """The endpoint with its address, MAC and gateway: those asked for, or the daemon's choice."""
    made = (_addressed4 if network.ipv4 else _with_mac)(world, host, container, config, endpoint, network, attachment)
    # since 28 a container that switches IPv6 off is given no address of it (daemon/network.go, DisableIPv6)
    without = release_of(world).task_before_network and config.switches_ipv6_off
    return _addressed6(world, host, made, network, attachment) if network.ipv6 and not without else made


def _addressed4(
    world: World, host: str, container: Container, config: ContainerConfig, endpoint: Endpoint, network: Network,
    attachment: NetworkAttachment,
) -> Endpoint:  # fmt: skip
    address, subnet = ipam.request_address(world, host, network, attachment.address)
    mac = attachment.mac or (config.mac_address if network.name == _main_network(container) else None)
    told = driver_of(network).tells_gateway(release_of(world), network)
    return replace(
        endpoint,
        address=address,
        prefixlen=subnet.subnet.prefixlen,
        gateway=subnet.aux_addresses.get(DEFAULT_GATEWAY, subnet.gateway) if told else None,
        mac=mac or (_made_mac(world, host, network, address) if driver_of(network).own_macs else ""),
        aliases=attachment.aliases,
        # the manager of a swarm gives the address away, so that the daemon is told to take that one
        configured_address=attachment.address or (address if driver_of(network).spans_hosts else None),
    )


def _addressed6(
    world: World, host: str, endpoint: Endpoint, network: Network, attachment: NetworkAttachment
) -> Endpoint:
    """The endpoint with its IPv6 address and gateway."""
    wanted = attachment.address6 or _of_its_mac(world, network, endpoint.mac)
    address, subnet = ipam.request_address(world, host, network, wanted, 6)
    told = driver_of(network).tells_gateway(release_of(world), network)
    return replace(
        endpoint, address6=address, prefixlen6=subnet.subnet.prefixlen, configured_address6=attachment.address6,
        gateway6=subnet.aux_addresses.get(DEFAULT_GATEWAY6, subnet.gateway) if told else None,
    )  # fmt: skip


def _of_its_mac(world: World, network: Network, mac: str) -> IpAddress | None:
    """Up to 26 an address on docker0 ends in the container's MAC, where the prefix leaves room for it
    (drivers/bridge/bridge.go, CreateEndpoint; observed on 20.10.24 and 26.1.5)."""
    block = network.subnets_of(6)[0].subnet
    if network.name != "bridge" or release_of(world).ula_pools or block.prefixlen > 80:
        return None
    return block.network_address + int(mac.replace(":", ""), 16)


def _with_mac(
    world: World, host: str, container: Container, config: ContainerConfig, endpoint: Endpoint, network: Network,
    attachment: NetworkAttachment,
) -> Endpoint:  # fmt: skip
    """An endpoint of IPv6 only, with its MAC: releases that know such networks make one up."""
    mac = attachment.mac or (config.mac_address if network.name == _main_network(container) else None)
    made = world.random_mac(f"{host}:container") if driver_of(network).own_macs else ""
    return replace(endpoint, mac=mac or made, aliases=attachment.aliases)


def _made_mac(world: World, host: str, network: Network, address: IpAddress) -> str:
    return mac_for(address) if driver_of(network).spans_hosts else sandbox.container_mac(world, host, address)


def _main_network(container: Container) -> str:
    return "bridge" if container.network_mode in ("default", "bridge") else container.network_mode


# -- close ----------------------------------------------------------------------------------------------------------


def close_sandbox(world: World, host: str, container_id: str) -> None:
    """Take a container's network away at its end; addresses, host ports and rules are free again."""
    container = books.get(world, host, container_id)
    owns = container.namespace == container.short_id
    wayout.withdraw_all(world, host, container)
    for endpoint in container.endpoints:
        if endpoint.endpoint_id:
            _detach(world, host, container, endpoint)
            for address in endpoint.addresses if release_of(world).stop_clears_hosts else ():
                names = hostsfile.own_names(container, config_of(world, host, container))
                hostsfile.drop_line(world, host, container.id, address, names)
    gwbridge.close_gateway(world, host, container)
    fresh = books.get(world, host, container_id)
    books.put(
        world, host, replace(fresh, namespace=None, ports=(), endpoints=tuple(_at_rest(e) for e in fresh.endpoints))
    )
    if owns:
        sandbox.leave_namespace(world, host, container)


def _forget_lines(world: World, host: str, container: Container, endpoint: Endpoint) -> None:
    """What `network disconnect` takes out of /etc/hosts."""
    if not endpoint.is_placed:
        return
    if not release_of(world).hosts_forgets_names:
        names = hostsfile.own_names(container, config_of(world, host, container))
        for address in endpoint.addresses:
            hostsfile.drop_line(world, host, container.id, address, names)
    elif endpoint.network != "bridge":  # whose containers have no names
        known = resolver.registered_names(world, host, endpoint.network_id)
        hostsfile.drop_names(world, host, container.id, known)


def _at_rest(endpoint: Endpoint) -> Endpoint:
    """What stays of an endpoint while its container doesn't run."""
    return replace(
        endpoint, endpoint_id="", address=None, prefixlen=0, gateway=None, mac="", interface=None, host_interface=None,
        address6=None, prefixlen6=0, gateway6=None,
    )  # fmt: skip


def _detach(world: World, host: str, container: Container, endpoint: Endpoint) -> None:
    """Undo `attach` but for the files."""
    network = books.network_by_id(world, host, endpoint.network_id)
    if network is None:
        return
    happenings.of_network(world, host, network, "disconnect", container.id)
    if not endpoint.is_placed:
        return
    openings.close_links(world, host, endpoint)
    sandbox.unplug(world, host, container, endpoint, network)
    driver_of(network).delete_endpoint(world, host, endpoint, network)
    for address in endpoint.addresses:
        ipam.release_address(world, host, network, address)
    swarmnets.left(world, host, network, endpoint)
    if driver_of(network).spans_hosts:
        gossip.spread(world, swarm_of(world, host))


# -- connect, disconnect --------------------------------------------------------------------------------------------


def connect(world: World, host: str, network_ref: str, container_ref: str, attachment: NetworkAttachment) -> None:
    """`docker network connect`: at once for a running container, at its next start for another. ApiError when not."""
    container = books.find(world, host, container_ref)
    if not container.is_running and world.hosts[host].network(network_ref) is None:
        # Written down under the name as typed; whether it exists is asked at the start (daemon/container_operations.go
        # ConnectToNetwork; observed on 20.10.24 and 28.5.2).
        _with_endpoint(world, host, container.id, Endpoint(network_ref, "", aliases=attachment.aliases,
                                                           configured_address=attachment.address,
                                                           configured_address6=attachment.address6))  # fmt: skip
        return
    network = swarmnets.found(world, host, network_ref)
    attachment = heard(network, attachment)
    check_connect(world, host, container, network, attachment)
    swarmnets.check_attachable(world, host, container, network)
    if container.is_running:
        _check_mode(world, host, container)
    attachment = replace(attachment, name=network.name)
    endpoint = Endpoint(network.name, network.id, aliases=attachment.aliases, configured_address=attachment.address,
                        configured_address6=attachment.address6)  # fmt: skip
    present = container.endpoint(network.name)
    if present is None or present.network_id not in ("", network.id):
        # Written down first, and it stays when the connecting fails (daemon/container_operations.go
        # updateNetworkSettings; observed on 20.10.24, 26.1.5 and 28.5.2).
        # At rest without the network's id, which is heard at the start (updateNetworkConfig; observed on 28.5.2).
        noted = endpoint if container.is_running else replace(endpoint, network_id="")
        _note(world, host, container, noted, attachment)
    if not container.is_running:
        return
    with _undone_on_error(world):
        _note(world, host, container, endpoint, attachment)
        attach(world, host, container.id, endpoint, network, attachment)
        if release_of(world).links_follow_connect:
            hostsfile.tell_linkers(world, host, books.get(world, host, container.id))
        wayout.settle(world, host, container.id)


def _note(world: World, host: str, container: Container, endpoint: Endpoint, attachment: NetworkAttachment) -> None:
    """Keep what was asked of an endpoint, for this start and the next ones."""
    living = {c.id for c in world.hosts[host].containers}
    others = {k: v for k, v in daemon(world, host).attachments.items() if k[0] in living}
    change_daemon(world, host, attachments={**others, (container.id, endpoint.network): attachment})
    _with_endpoint(world, host, container.id, endpoint)


def _check_mode(world: World, host: str, container: Container) -> None:
    """From 25 on a container can't be plugged into anything once the network it was run with has gone; one that has no
    network at all starts without (observed on 26.1.5 and 28.5.2)."""
    mode, text = container.network_mode, release_of(world).texts["mode gone"]
    if not text or mode in ("default", "bridge", "none", "host") or ":" in mode:
        return
    if world.hosts[host].network(mode) is None and swarmnets.reached(world, host, mode) is None:
        raise ApiError(text.format(name=mode), 404)


def disconnect(world: World, host: str, network_ref: str, container_ref: str, force: bool = False) -> None:
    """`docker network disconnect`. ApiError when it isn't connected or may not be. force: the daemon takes a container
    that it doesn't know for an endpoint of that name (daemon/network.go ForceEndpointDelete)."""
    try:
        container = books.find(world, host, container_ref)
    except ApiError:
        if not force:
            raise
        find_network(world, host, network_ref)
        raise ApiError(f"endpoint {container_ref} not found", 404) from None
    if not container.is_running and world.hosts[host].network(network_ref) is None:
        _cross_out(world, host, container, network_ref)
        return
    network = find_network(world, host, network_ref)
    endpoint = container.endpoint(network.name)
    if driver_of(network).shares_host and endpoint is not None:
        raise ApiError(release_of(world).text("disconnect host"), 403)
    if endpoint is None or (container.is_running and not endpoint.endpoint_id):
        where = "network" if container.is_running else "the network"  # observed on 20.10 and 28.5
        raise ApiError(f"container {container.id} is not connected to {where} {network.name}", 403)
    with _undone_on_error(world):
        _take_out(world, host, container, endpoint, network)


def _cross_out(world: World, host: str, container: Container, name: str) -> None:
    """A container at rest forgets a network that is not there."""
    if container.endpoint(name) is None:
        raise ApiError(f"container {container.id} is not connected to the network {name}", 403)
    rest = tuple(e for e in container.endpoints if e.network != name)
    books.put(world, host, replace(container, endpoints=rest))


def _take_out(world: World, host: str, container: Container, endpoint: Endpoint, network: Network) -> None:
    """The endpoint goes, its published ports and the default route too if they were its own."""
    if endpoint.endpoint_id:
        wayout.withdraw(world, host, container, endpoint)
        _forget_lines(world, host, container, endpoint)
        _detach(world, host, container, endpoint)
    elif release_of(world).telling.rest_disconnect:
        happenings.of_network(world, host, network, "disconnect", container.id)
    fresh = books.get(world, host, container.id)
    rest = tuple(e for e in fresh.endpoints if e.network != network.name)
    books.put(world, host, replace(fresh, endpoints=rest))
    attachments = {k: v for k, v in daemon(world, host).attachments.items() if k != (container.id, network.name)}
    change_daemon(world, host, attachments=attachments)
    if container.is_running and container.namespace:
        wayout.settle(world, host, container.id)


__all__ = [
    "attach", "attachment_of", "check_settings", "close_sandbox", "connect", "disconnect", "gateway_endpoint",
    "open_sandbox",
]  # fmt: skip
