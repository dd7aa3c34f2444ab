"""The daemon's firewall: what must be written when a network, an endpoint or a published port comes and goes.

    protocol.py   Firewaller: what the drivers ask for, whoever writes the rules
    iptables.py   the backend that writes iptables rules, and its sentences when it can't
    nftables.py   the backend that writes tables of nft, from nftrules.py through nftmirror.py
    cleaning.py   what one backend takes away of another's
    norules.py    the backend of a daemon that may not write any
    rules.py      which rules those are, by release
    tables.py     the tables of a namespace while they are changed

A further backend is a further file beside iptables.py, chosen here.
"""

from __future__ import annotations

from dnetlab.sim.dockerd.books import daemon
from dnetlab.sim.dockerd.firewall.iptables import Iptables, families
from dnetlab.sim.dockerd.firewall.nftables import Nftables
from dnetlab.sim.dockerd.firewall.norules import NoRules
from dnetlab.sim.dockerd.firewall.protocol import Firewaller, NetworkConfig
from dnetlab.sim.world import World

__all__ = ["Firewaller", "NetworkConfig", "firewaller"]


def firewaller(world: World, host: str) -> Firewaller:
    """The backend of that host's daemon: iptables, the default of every release, nftables, or none, when it may write
    rules of neither family."""
    if not families(world, host):
        return NoRules(world, host)
    nft = daemon(world, host).config.firewall_backend == "nftables"
    return Nftables(world, host) if nft else Iptables(world, host)
