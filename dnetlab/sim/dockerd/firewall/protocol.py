"""What a driver asks of the firewall (moby daemon/libnetwork/internal/firewaller: Firewaller and its Network)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dnetlab.model import PortBinding, Where
from dnetlab.model.changed import quick
from dnetlab.model.ip import IpAddress, IpNetwork


@quick
@dataclass(frozen=True)
class NetworkConfig:
    """One family of a bridge network as the firewall sees it: its subnet says which.

    internal    nothing passes between it and elsewhere
    icc         its containers may talk to each other
    masquerade  what leaves it wears the host's address, or `source` when that is given
    routed      its own addresses are used outside, so nothing is translated
    unprotected every port of its containers is open to those who can route there
    trusted     the host's links from which its containers may be asked at their own addresses
    """

    bridge: str
    subnet: IpNetwork
    internal: bool = False
    icc: bool = True
    masquerade: bool = True
    source: IpAddress | None = None
    routed: bool = False
    unprotected: bool = False
    trusted: tuple[str, ...] = ()


class Firewaller:
    """One host's rules. A backend derives from this class: what it doesn't say, it leaves undone.

    driver  as `docker info` calls it
    switches_forwarding  it can keep what nobody asked for from being forwarded, so the daemon may switch that on
    swarms  a swarm's networks can be had with it

    What adds raises ApiError in the daemon's words when a rule can't be written; what removes takes those that are
    still there."""

    driver = "iptables"
    switches_forwarding = True
    swarms = True

    def start(self) -> None:
        """What a starting daemon does before its first network: its chains, emptied, and the ways into them."""

    def drop_forwarded(self, version: int = 4) -> None:
        """The daemon has switched the forwarding of a family on: what no rule accepts is no longer forwarded."""

    def add_network(self, network: NetworkConfig) -> None: ...

    def remove_network(self, network: NetworkConfig) -> None: ...

    def add_endpoint(self, network: NetworkConfig, address: IpAddress) -> None: ...

    def remove_endpoint(self, network: NetworkConfig, address: IpAddress) -> None: ...

    def add_ports(self, network: NetworkConfig, address: IpAddress, bindings: Sequence[PortBinding]) -> None: ...

    def remove_ports(self, network: NetworkConfig, address: IpAddress, bindings: Sequence[PortBinding]) -> None: ...

    def add_link(
        self, network: NetworkConfig, asking: IpAddress, asked: IpAddress, ports: Sequence[tuple[int, str]]
    ) -> None:
        """`--link` where icc is false: one container may ask these (port, protocol) of another, and gets answers."""

    def remove_link(
        self, network: NetworkConfig, asking: IpAddress, asked: IpAddress, ports: Sequence[tuple[int, str]]
    ) -> None: ...

    def lead_to_resolver(self, where: Where, tcp: int, udp: int) -> None:
        """In a container's own namespace: port 53 of 127.0.0.11 leads to these ports of the daemon's."""
