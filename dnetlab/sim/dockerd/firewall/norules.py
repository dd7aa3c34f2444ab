"""A daemon that may write rules of neither family: it leaves the host's rules alone, those of an earlier daemon too.

Recorded from 29.7.2. The resolver's rules in a container's own namespace are written nevertheless.
"""

from __future__ import annotations

from dnetlab.model import Where
from dnetlab.sim.dockerd.firewall.iptables import Iptables
from dnetlab.sim.dockerd.firewall.protocol import Firewaller
from dnetlab.sim.world import World


class NoRules(Firewaller):
    """What a Firewaller is asked for and isn't said here, it leaves undone."""

    def __init__(self, world: World, host: str) -> None:
        self.world = world
        self.host = host

    def lead_to_resolver(self, where: Where, tcp: int, udp: int) -> None:
        Iptables(self.world, self.host).lead_to_resolver(where, tcp, udp)
