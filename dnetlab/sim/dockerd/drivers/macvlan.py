"""The macvlan driver: containers with a MAC of their own on the wire of a parent link, no bridge in between."""

from __future__ import annotations

from dnetlab.model import Container, Endpoint, Network, Where
from dnetlab.model.changed import replace
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.drivers import device, options, parents
from dnetlab.sim.dockerd.drivers.protocol import Driver
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.kernel import KernelError, Stack
from dnetlab.sim.profiles import EngineProfile
from dnetlab.sim.world import World

MODES = ("private", "vepa", "bridge", "passthru")


class Macvlan(Driver):
    needs_address = True

    def keeps_gateway(self, release: EngineProfile, network: Network, version: int) -> bool:
        return release.macvlan_gateway

    def is_led_out(self, release: EngineProfile, network: Network) -> bool:
        """Since 29 never (macvlan_joinleave.go, DisableGatewayService)."""
        return release.macvlan_gateway

    def create_network(self, world: World, host: str, network: Network) -> Network:
        """Check the options and provide the parent link (moby drivers/macvlan)."""
        mode, parent = mode_of(network), network.options.get("parent", "")
        if mode not in MODES:
            words = f"requested macvlan mode '{mode}' is not valid, 'bridge' mode is the macvlan driver default"
            raise ApiError(words)
        if parent == "lo":
            raise ApiError("loopback interface is not a valid macvlan parent link")
        network = replace(network, parent=parent or f"dm-{network.short_id}")
        _check_shared(world, host, network)
        parents.provide(world, host, network)
        return network

    def delete_network(self, world: World, host: str, network: Network) -> None:
        parents.withdraw(world, host, network)

    def create_endpoint(
        self, world: World, host: str, container: Container, endpoint: Endpoint, network: Network
    ) -> None:
        if network.internal:
            check_ipv6(endpoint, network)

    def join(self, world: World, where: Where, name: str, mac: str, network: Network) -> str | None:
        """A macvlan is made on the host and moved; it keeps its index (observed on 20.10, 28.5, 29.7)."""
        host, parent = Stack(world, Where(where.host)), network.parent or ""
        if host.namespace.interface(parent) is None:  # observed on 20.10.24 and 28.5.2, as what follows
            raise ApiError(f"the requested parent interface {parent} was not found on the Docker host")
        passing = device.passing_name(mac)
        try:
            host.add_macvlan(passing, parent, mode_of(network), mac=mac, txqlen=0)
        except KernelError as error:
            raise ApiError(f"failed to create the macvlan port: {error.errno.go_words}") from None
        if options.MTU in network.options:
            host.set_mtu(passing, min(options.mtu_of(network), host.link(parent).mtu))
        host.move(passing, where.namespace, name)
        return None

    def leave(self, world: World, where: Where, endpoint: Endpoint, network: Network) -> None:
        device.remove_link(world, where, endpoint.interface or "")


def check_ipv6(endpoint: Endpoint, network: Network) -> None:
    """Refused where the daemon itself breaks off: it reads an IPv6 address that the container hasn't been given
    (macvlan_joinleave.go and ipvlan_joinleave.go; observed on 28.5.2, whose answer to the start is EOF)."""
    if network.ipv6 and endpoint.address6 is None:
        raise Refused(
            "A container with IPv6 switched off in a network of the driver {driver} with IPv6 is not modelled.",
            "Docker itself fails there. Leave --sysctl out, or make the network without --ipv6.",
            driver=network.driver,
        )


def mode_of(network: Network) -> str:
    return network.options.get("macvlan_mode") or network.options.get("mode") or "bridge"


def _check_shared(world: World, host: str, network: Network) -> None:
    """May another network have the same parent? (macvlan_network.go; observed on 20.10 and 28.5)"""
    parent = network.parent
    for other in world.hosts[host].networks:
        if other.parent != parent:
            continue
        if not release_of(world).shared_parent:
            raise ApiError(f"network dm-{other.short_id} is already using parent interface {parent}")
        if mode_of(network) == "passthru":
            raise ApiError(
                f"cannot use mode passthru, macvlan network {other.id} is already using parent interface {parent}"
            )
        if mode_of(other) == "passthru":
            raise ApiError(f"macvlan network {other.id} is already using parent interface {parent} in mode passthru")
