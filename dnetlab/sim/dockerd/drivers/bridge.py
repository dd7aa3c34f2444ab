"""The bridge driver: a bridge on the host, a veth pair for each container, NAT, and published ports."""

from __future__ import annotations

from dnetlab.model import Container, Endpoint, Network, PortBinding, Where
from dnetlab.model.changed import replace
from dnetlab.model.network import FORWARD6
from dnetlab.sim.dockerd import ports
from dnetlab.sim.dockerd.books import Part, daemon, release_of
from dnetlab.sim.dockerd.drivers import device, options
from dnetlab.sim.dockerd.drivers.options import GatewayMode, flag, mode6_of, mode_of
from dnetlab.sim.dockerd.drivers.protocol import Driver
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import firewaller
from dnetlab.sim.kernel import Stack
from dnetlab.sim.profiles import EngineProfile
from dnetlab.sim.world import World

_CHECK = "check your host's firewalling and set"
_OR = "or disable this check using daemon option --ip-forward=false"
NO_FORWARDING = f"IPv4 forwarding is disabled: {_CHECK} sysctl net.ipv4.ip_forward=1, {_OR}"
NO_FORWARDING6 = (
    f"IPv6 global forwarding is disabled: {_CHECK} sysctls net.ipv6.conf.all.forwarding=1 and "
    f"net.ipv6.conf.default.forwarding=1, {_OR}"
)


class Bridge(Driver):
    needs_address = True
    publishes = True

    def keeps_gateway(self, release: EngineProfile, network: Network, version: int) -> bool:
        """Since 28 not where the bridge won't wear it (drivers/bridge/bridge_linux.go, GetSkipGwAlloc)."""
        if version == 6:
            return mode6_of(network.options, release) is not GatewayMode.ISOLATED
        bare = release.gateway_modes and network.internal and flag(network.options, "inhibit_ipv4", default=False)
        return mode_of(network.options, release) is not GatewayMode.ISOLATED and not bare

    def tells_gateway(self, release: EngineProfile, network: Network) -> bool:
        return not network.internal or release.internal_default_route

    def create_network(self, world: World, host: str, network: Network) -> Network:
        if max(len(network.subnets_of(version)) for version in (4, 6)) > 1:
            raise ApiError("bridge driver doesn't support multiple subnets", 403)
        # Only now, when the pool is taken: a cursor has moved on (observed on 20.10.24 and 26.1.5).
        options.check(network.options, release_of(world), network.internal)
        network = replace(network, bridge=options.bridge_name(network))
        _check_conflicts(world, host, network)
        check_forwarding(world, host, 4 if network.subnets_of(4) else 0, 6 if network.subnets_of(6) else 0)
        device.check_device(world, host, network)
        device.make_device(world, host, network)
        if release_of(world).create_forwards and daemon(world, host).config.ip_forward:
            switch_forwarding_on(world, host)
        _add_rules(world, host, network)
        device.set_up_device(world, host, network)
        return network

    def restore_network(self, world: World, host: str, network: Network) -> None:
        device.make_device(world, host, network)
        _add_rules(world, host, network)
        device.set_up_device(world, host, network)

    def delete_network(self, world: World, host: str, network: Network) -> None:
        for config in options.firewall_configs(network, release_of(world)):
            firewaller(world, host).remove_network(config)
        device.remove_device(world, host, network.bridge or "")

    def create_endpoint(
        self, world: World, host: str, container: Container, endpoint: Endpoint, network: Network
    ) -> None:
        _check_endpoint(world, host, container, network)
        open_endpoint(world, host, endpoint, network)

    def restore_endpoint(
        self, world: World, host: str, endpoint: Endpoint, network: Network, bindings: tuple[PortBinding, ...]
    ) -> None:
        open_endpoint(world, host, endpoint, network)
        ports.publish_again(world, host, options.by_family(network, release_of(world), endpoint), bindings)

    def delete_endpoint(self, world: World, host: str, endpoint: Endpoint, network: Network) -> None:
        for config, address in options.by_family(network, release_of(world), endpoint):
            firewaller(world, host).remove_endpoint(config, address)
            device.forget_connections(world, host, address)

    def join(self, world: World, where: Where, name: str, mac: str, network: Network) -> str | None:
        return device.plug_veth(world, where, name, mac, network)

    def leave(self, world: World, where: Where, endpoint: Endpoint, network: Network) -> None:
        device.unplug_veth(world, where, endpoint)

    def publish(
        self, world: World, host: str, container: Container, endpoint: Endpoint, network: Network, part: Part,
        routed: bool = True,
    ) -> tuple[PortBinding, ...]:  # fmt: skip
        if network.internal or not ports.is_asked(world, host, container):
            return ()
        release = release_of(world)
        configs, open_ = options.by_family(network, release, endpoint), options.routed_families(network, release)
        way = ports.Way(endpoint, configs, options.host_binding(network), part, routed, open_)
        return ports.publish(world, host, container, way)

    def withdraw(
        self, world: World, host: str, endpoint: Endpoint, network: Network, bindings: tuple[PortBinding, ...]
    ) -> None:
        ports.unpublish(world, host, endpoint, options.by_family(network, release_of(world), endpoint), bindings)


def open_endpoint(world: World, host: str, endpoint: Endpoint, network: Network) -> None:
    """The rules of an endpoint's own addresses."""
    for config, address in options.by_family(network, release_of(world), endpoint):
        firewaller(world, host).add_endpoint(config, address)


def _add_rules(world: World, host: str, network: Network) -> None:
    """The rules of each family that the network has; a first one with IPv6 switches the forwarding of that on."""
    if network.subnets_of(6) and daemon(world, host).config.ip_forward:
        switch_forwarding6_on(world, host)
    for config in options.firewall_configs(network, release_of(world)):
        firewaller(world, host).add_network(config)


def _check_conflicts(world: World, host: str, network: Network) -> None:
    """No two networks on one bridge (observed on 26.1.5 and 28.5.2), nor with overlapping addresses (moby
    bridge_linux.go conflictsWithNetworks)."""
    for other in world.hosts[host].networks:
        if not other.bridge:
            continue
        problem = ""
        if other.name == "bridge" and release_of(world).lends_default_bridge:
            continue
        if other.bridge == network.bridge:
            problem = "networks have same bridge name"
        else:
            shared = [version for version in (4, 6) if _overlap(network, other, version)]
            problem = f"networks have overlapping IPv{shared[0]}" if shared else ""
        if problem:
            raise ApiError(
                f"cannot create network {network.id} ({network.bridge}): conflicts with network {other.id} "
                f"({other.bridge}): {problem}", 403,
            )  # fmt: skip


def _overlap(one: Network, other: Network, version: int) -> bool:
    pairs = ((a.subnet, b.subnet) for a in one.subnets_of(version) for b in other.subnets_of(version))
    return any(a.network_address in b or b.network_address in a for a, b in pairs)


def _check_endpoint(world: World, host: str, container: Container, network: Network) -> None:
    where = f"failed to create endpoint {container.name} on network {network.name}: "
    if world.namespace(Where(host)).interface(network.bridge or "") is None:
        problem = release_of(world).text("bridge missing", name=network.bridge or "")
        link = device.veth_name(world, host)
        raise ApiError(f"{where}adding interface {link} to bridge {network.bridge} failed: {problem}")
    if not options.mtu_fits(network):  # observed on 20.10.24; later releases refuse the network
        link = device.veth_name(world, host)
        raise ApiError(f"{where}failed to set MTU on host interface {link}: invalid argument")


def check_forwarding(world: World, host: str, *versions: int) -> None:
    """ApiError when a family's forwarding is off, the backend can't switch it on, and --ip-forward isn't false."""
    stack = world.namespace(Where(host))
    if firewaller(world, host).switches_forwarding or not daemon(world, host).config.ip_forward:
        return
    if 4 in versions and not stack.forwards:
        raise ApiError(NO_FORWARDING)
    if 6 in versions and stack.sysctl(FORWARD6) != "1":
        raise ApiError(NO_FORWARDING6)


def switch_forwarding_on(world: World, host: str) -> None:
    """Only a daemon that had to switch ip_forward on sets the policy of FORWARD to DROP.

    drivers/bridge/setup_ip_forwarding.go; E20: a policy ACCEPT beside ip_forward=1 stays. With a backend that has no
    such policy it is the user's to switch on: see `check_forwarding`.
    """
    stack = Stack(world, Where(host))
    if stack.namespace.forwards or not firewaller(world, host).switches_forwarding:
        return
    stack.set_sysctl("net.ipv4.ip_forward", "1")
    if not daemon(world, host).config.ip_forward_no_drop:
        firewaller(world, host).drop_forwarded()


def switch_forwarding6_on(world: World, host: str) -> None:
    """As `switch_forwarding_on`, of IPv6 (drivers/bridge/setup_ipv6_linux.go, setupIPv6Forwarding)."""
    stack = Stack(world, Where(host))
    if stack.namespace.sysctl(FORWARD6) == "1" or not firewaller(world, host).switches_forwarding:
        return
    stack.set_sysctl(FORWARD6, "1")
    if not daemon(world, host).config.ip_forward_no_drop:
        firewaller(world, host).drop_forwarded(6)
