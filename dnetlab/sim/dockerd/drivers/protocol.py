"""What the daemon asks of a network driver (moby libnetwork/driverapi: Driver)."""

from __future__ import annotations

from typing import Protocol

from dnetlab.model import Container, Endpoint, Network, PortBinding, Where
from dnetlab.sim.dockerd.books import Part
from dnetlab.sim.profiles import EngineProfile
from dnetlab.sim.world import World


class Driver(Protocol):
    """A driver derives from this class: what it doesn't say, holds for a driver without links and addresses.

    needs_address  its endpoints have an address, a MAC and a link of their own
    publishes      ports of its containers can be published
    shares_host    its containers live in the host's own namespace
    own_macs       each endpoint has a MAC of its own
    isolates       its containers are in no other network
    spans_hosts    its networks belong to a swarm, not to one host

    Whatever is asked for and can't be done raises ApiError in the daemon's words; the caller undoes the rest.
    """

    needs_address: bool = False
    publishes: bool = False
    shares_host: bool = False
    own_macs: bool = True
    isolates: bool = False
    spans_hosts: bool = False

    def check_request(self) -> None:
        """May a user create a network of this driver? Raises ApiError, or Refused for what the lab lacks."""
        return

    def keeps_gateway(self, release: EngineProfile, network: Network, version: int) -> bool:
        """Is an address of that family kept for the gateway of a network for which none was asked?"""
        return False

    def tells_gateway(self, release: EngineProfile, network: Network) -> bool:
        """Do containers learn the network's gateway?"""
        return not network.internal

    def is_led_out(self, release: EngineProfile, network: Network) -> bool:
        """Is it the daemon's to care for a container's way out: docker_gwbridge, where no network has a gateway?"""
        return self.needs_address

    def leads_by_link(self, network: Network) -> bool:
        """Is the container's default route its link itself, without a gateway?"""
        return False

    def create_network(self, world: World, host: str, network: Network) -> Network:
        """Make what the network needs on the host; the network with its bridge or parent. Its pools are open."""
        return network

    def restore_network(self, world: World, host: str, network: Network) -> None:
        """The daemon has started again: make what is missing of an earlier network."""
        return

    def delete_network(self, world: World, host: str, network: Network) -> None:
        """Take away what `create_network` made."""
        return

    def create_endpoint(
        self, world: World, host: str, container: Container, endpoint: Endpoint, network: Network
    ) -> None:
        """A container is to be in the network: may it, and what must be written for its address?"""
        return

    def restore_endpoint(
        self, world: World, host: str, endpoint: Endpoint, network: Network, bindings: tuple[PortBinding, ...]
    ) -> None:
        """A new daemon finds an endpoint that outlived the last one: what must be written for its address and ports?"""
        return

    def delete_endpoint(self, world: World, host: str, endpoint: Endpoint, network: Network) -> None:
        """Take away what `create_endpoint` wrote."""
        return

    def join(self, world: World, where: Where, name: str, mac: str, network: Network) -> str | None:
        """Put a link of that name and MAC into a container, down and without address; its other end on the host."""
        return None

    def leave(self, world: World, where: Where, endpoint: Endpoint, network: Network) -> None:
        """Remove the endpoint's link."""
        return

    def publish(
        self, world: World, host: str, container: Container, endpoint: Endpoint, network: Network, part: Part,
        routed: bool = True,
    ) -> tuple[PortBinding, ...]:  # fmt: skip
        """Publish the container's ports through this endpoint, at host addresses of these families; what is bound now.
        routed: open them too where the network is routed."""
        return ()

    def withdraw(
        self, world: World, host: str, endpoint: Endpoint, network: Network, bindings: tuple[PortBinding, ...]
    ) -> None:
        """Take back some of what `publish` did."""
        return
