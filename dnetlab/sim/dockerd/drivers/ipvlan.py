"""The ipvlan driver: containers with addresses of their own under the MAC of a parent link.

Simulated from moby's drivers/ipvlan and Linux' Documentation/networking/ipvlan.rst: no kernel that the lab was held
against has ipvlan.
"""

from __future__ import annotations

from dnetlab.model import Container, Endpoint, Network, Where
from dnetlab.model.changed import replace
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.drivers import device, parents
from dnetlab.sim.dockerd.drivers.macvlan import check_ipv6
from dnetlab.sim.dockerd.drivers.protocol import Driver
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.kernel import KernelError, Stack
from dnetlab.sim.profiles import EngineProfile
from dnetlab.sim.world import World

FLAGS = ("bridge", "private", "vepa")


class Ipvlan(Driver):
    needs_address = True
    own_macs = False

    def keeps_gateway(self, release: EngineProfile, network: Network, version: int) -> bool:
        return release.macvlan_gateway

    def tells_gateway(self, release: EngineProfile, network: Network) -> bool:
        """In the modes l3 and l3s the parent's host routes: nobody is a gateway (ipvlan_joinleave.go), and a network
        without a parent is an internal one (ipvlan_network.go)."""
        return not network.internal and mode_of(network) == "l2" and bool(network.options.get("parent"))

    def is_led_out(self, release: EngineProfile, network: Network) -> bool:
        """Since 29 never, before in the mode l2 (ipvlan_joinleave.go, DisableGatewayService)."""
        return release.macvlan_gateway and mode_of(network) == "l2" and bool(network.options.get("parent"))

    def leads_by_link(self, network: Network) -> bool:
        return not network.internal and mode_of(network) != "l2" and bool(network.options.get("parent"))

    def create_network(self, world: World, host: str, network: Network) -> Network:
        """Check the options and provide the parent link (ipvlan_network.go)."""
        mode, parent = mode_of(network), network.options.get("parent", "")
        if mode not in release_of(world).ipvlan_modes:
            raise ApiError(f"requested ipvlan mode '{mode}' is not valid, 'l2' mode is the ipvlan driver default")
        flag = (network.options.get("ipvlan_flag") if "l3s" in release_of(world).ipvlan_modes else "") or "bridge"
        if flag not in FLAGS:
            raise ApiError(f"requested ipvlan flag '{flag}' is not valid, 'bridge' is the ipvlan driver default")
        if flag != "bridge":
            raise Refused("The flags private and vepa of ipvlan are not modelled.", "Leave the flag out: bridge it is.")
        if parent == "lo":
            raise ApiError("loopback interface is not a valid ipvlan parent link")
        network = replace(network, parent=parent or f"di-{network.short_id}")
        for other in world.hosts[host].networks:
            if other.driver == "ipvlan" and other.parent == network.parent:
                raise ApiError(f"network di-{other.short_id} is already using parent interface {network.parent}")
        parents.provide(world, host, network)
        return network

    def delete_network(self, world: World, host: str, network: Network) -> None:
        parents.withdraw(world, host, network)

    def create_endpoint(
        self, world: World, host: str, container: Container, endpoint: Endpoint, network: Network
    ) -> None:
        """No MAC can be asked for: all have the parent's (ipvlan_endpoint.go)."""
        if endpoint.mac:
            raise ApiError("ipvlan interfaces do not support custom mac address assignment")
        if network.internal or self.is_led_out(release_of(world), network):
            check_ipv6(endpoint, network)

    def join(self, world: World, where: Where, name: str, mac: str, network: Network) -> str | None:
        """An ipvlan is made on the host and moved, as macvlan's is."""
        host, parent = Stack(world, Where(where.host)), network.parent or ""
        if host.namespace.interface(parent) is None:
            raise ApiError(f"the requested parent interface {parent} was not found on the Docker host")
        passing = device.passing_name(world.random_mac(f"{where.host}:passing"))
        try:
            host.add_ipvlan(passing, parent, mode_of(network), txqlen=0)
        except KernelError as error:
            raise ApiError(f"failed to create the ipvlan port: {error.errno.go_words}") from None
        host.move(passing, where.namespace, name)
        return None

    def leave(self, world: World, where: Where, endpoint: Endpoint, network: Network) -> None:
        device.remove_link(world, where, endpoint.interface or "")


def mode_of(network: Network) -> str:
    return network.options.get("ipvlan_mode") or "l2"
