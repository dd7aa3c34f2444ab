"""What a daemon takes away that one with the other backend has left (moby iptabler/cleaner.go, nftabler/cleaner.go).

Of iptables the chains of Docker's own go, with what leads to them, and then, as each network is made again, its rules
in the built-in chains. DOCKER-USER stays, and so does the policy of FORWARD: where that is DROP, it goes on dropping.
"""

from __future__ import annotations

from collections.abc import Iterable

from dnetlab.model import Where
from dnetlab.sim.dockerd.firewall import rules
from dnetlab.sim.dockerd.firewall.iptables import Iptables
from dnetlab.sim.dockerd.firewall.protocol import NetworkConfig
from dnetlab.sim.dockerd.firewall.tables import Tables, edit, last
from dnetlab.sim.world import World

_CHAINS = ("DOCKER-FORWARD", "DOCKER-BRIDGE", "DOCKER", "DOCKER-CT", "DOCKER-INTERNAL", rules.STAGE_1, rules.STAGE_2)


def clean(world: World, where: Where, versions: Iterable[int]) -> bool:
    """Take Docker's chains out of iptables; whether there were any, so that its networks' rules must go too."""
    return any([_clean(world, where, version) for version in versions])


def _clean(world: World, where: Where, version: int) -> bool:
    with edit(world, where, version) as tables:
        ways_in = [last("filter", "FORWARD", f"-j {chain}") for chain in ("DOCKER-FORWARD", rules.STAGE_1)]
        forward = tables.chain("filter", "FORWARD")
        if forward is None or not any(way.rule.text in forward.texts for way in ways_in):
            return False
        for way in ways_in:
            tables.delete(way)
        for proxy in (True, False):
            for jump in rules.nat_jumps(proxy, version):
                tables.delete(jump)
        _remove(tables, "nat", "DOCKER")
        for chain in _CHAINS:
            _remove(tables, "filter", chain)
    return True


def _remove(tables: Tables, table: str, chain: str) -> None:
    tables.flush(table, chain)
    tables.drop_chain(table, chain)


def clean_network(world: World, where: Where, network: NetworkConfig) -> None:
    """Take a network's rules out of the built-in chains of iptables."""
    if not network.internal:
        Iptables(world, where.host).remove_network(network)

