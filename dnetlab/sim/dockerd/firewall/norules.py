"""A daemon with `iptables: false`: it leaves the host's rules alone, those of an earlier daemon too.

Recorded from 29.7.2. The resolver's rules in a container's own namespace are written nevertheless.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address

from dnetlab.model import PortBinding, Where
from dnetlab.sim.dockerd.firewall.iptables import Iptables
from dnetlab.sim.dockerd.firewall.protocol import Firewaller, NetworkConfig
from dnetlab.sim.world import World


class NoRules(Firewaller):
    """See Firewaller."""

    def __init__(self, world: World, host: str) -> None:
        self.world = world
        self.host = host

    def start(self) -> None: ...

    def drop_forwarded(self) -> None: ...

    def add_network(self, network: NetworkConfig) -> None: ...

    def remove_network(self, network: NetworkConfig) -> None: ...

    def add_endpoint(self, network: NetworkConfig, address: IPv4Address) -> None: ...

    def remove_endpoint(self, network: NetworkConfig, address: IPv4Address) -> None: ...

    def add_ports(self, network: NetworkConfig, address: IPv4Address, bindings: Sequence[PortBinding]) -> None: ...

    def remove_ports(self, network: NetworkConfig, address: IPv4Address, bindings: Sequence[PortBinding]) -> None: ...

    def lead_to_resolver(self, where: Where, tcp: int, udp: int) -> None:
        Iptables(self.world, self.host).lead_to_resolver(where, tcp, udp)
