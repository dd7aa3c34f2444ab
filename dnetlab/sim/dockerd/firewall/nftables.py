"""The backend that writes tables of nft: docker-bridges, one for each family (29, `"firewall-backend": "nftables"`).

It switches no forwarding on and leaves FORWARD's policy alone: with forwarding off no network can be made. There is no
DOCKER-USER: whoever wants a rule before Docker's writes a base chain of his own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dnetlab.model import PortBinding, Where
from dnetlab.model.ip import IpAddress
from dnetlab.sim.dockerd.books import change_daemon, daemon
from dnetlab.sim.dockerd.firewall import cleaning, nftrules
from dnetlab.sim.dockerd.firewall.iptables import families
from dnetlab.sim.dockerd.firewall.nftmirror import TABLE, Mirror, Part, apply
from dnetlab.sim.dockerd.firewall.protocol import Firewaller, NetworkConfig
from dnetlab.sim.world import World

Bindings = Sequence[PortBinding]
Ports = Sequence[tuple[int, str]]


class Nftables(Firewaller):
    """See Firewaller. Which rules they are is in nftrules.py, how they come into the kernel's table in nftmirror.py."""

    driver = "nftables"
    switches_forwarding = False
    swarms = False

    def __init__(self, world: World, host: str) -> None:
        self.world = world
        self.where = Where(host)
        self.proxy = daemon(world, host).userland_proxy
        self.direct = daemon(world, host).config.allow_direct_routing  # nothing is dropped in raw for endpoints
        self.mark = daemon(world, host).config.accept_mark
        self.families = families(world, host)

    def start(self) -> None:
        """What an earlier daemon wrote with iptables is taken away; chains of its own are emptied and filled."""
        cleaned = cleaning.clean(self.world, self.where, self.families)
        change_daemon(self.world, self.where.host, mirrors={}, cleans=cleaned)
        for version in self.families:
            fresh = Mirror("ip" if version == 4 else "ip6", TABLE, {}, {name: {} for name in nftrules.MAPS})
            self._change(version, nftrules.own_chains(version, self.proxy), (), fresh)

    def add_network(self, network: NetworkConfig) -> None:
        if daemon(self.world, self.where.host).cleans:
            cleaning.clean_network(self.world, self.where, network)
        self._add(network.subnet.version, nftrules.of_network(self.proxy, network, self.mark))

    def remove_network(self, network: NetworkConfig) -> None:
        self._take(network.subnet.version, reversed(nftrules.of_network(self.proxy, network, self.mark)))

    def add_endpoint(self, network: NetworkConfig, address: IpAddress) -> None:
        if not self.direct:
            self._add(address.version, nftrules.of_endpoint(network, address))

    def remove_endpoint(self, network: NetworkConfig, address: IpAddress) -> None:
        self._take(address.version, nftrules.of_endpoint(network, address))

    def add_ports(self, network: NetworkConfig, address: IpAddress, bindings: Bindings) -> None:
        self._add(address.version, nftrules.of_ports(self.proxy, network, address, bindings))

    def remove_ports(self, network: NetworkConfig, address: IpAddress, bindings: Bindings) -> None:
        self._take(address.version, nftrules.of_ports(self.proxy, network, address, bindings))

    def add_link(self, network: NetworkConfig, asking: IpAddress, asked: IpAddress, ports: Ports) -> None:
        self._add(4, nftrules.of_link(network, asking, asked, ports))

    def remove_link(self, network: NetworkConfig, asking: IpAddress, asked: IpAddress, ports: Ports) -> None:
        self._take(4, nftrules.of_link(network, asking, asked, ports))

    def lead_to_resolver(self, where: Where, tcp: int, udp: int) -> None:
        apply(self.world, where, Mirror("ip", nftrules.RESOLVER), nftrules.of_resolver(tcp, udp))

    def _add(self, version: int, parts: Iterable[Part]) -> None:
        self._change(version, list(parts), ())

    def _take(self, version: int, parts: Iterable[Part]) -> None:
        self._change(version, (), list(parts))

    def _change(self, version: int, add: Sequence[Part], take: Sequence[Part], fresh: Mirror | None = None) -> None:
        host = self.where.host
        mirrors = daemon(self.world, host).mirrors
        mirror = fresh or mirrors.get(version)
        if mirror is None or version not in self.families or not (add or take):
            return
        made = apply(self.world, self.where, mirror, add, take)
        change_daemon(self.world, host, mirrors={**mirrors, version: made})
