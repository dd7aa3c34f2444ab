"""The settings of a bridge's port, as `bridge -d link` shows them (net/bridge/br_netlink.c)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dnetlab.model.changed import quick

STATES = ("disabled", "listening", "learning", "forwarding", "blocking")  # linux/if_bridge.h BR_STATE_*


@quick
@dataclass(frozen=True)
class BridgePort:
    """Frames obey state, learning, flood, bcast_flood, mcast_flood, isolated and locked; the others are remembered.

    state: '' while the link alone says it. Whether frames may go back is `Interface.hairpin`.
    """

    state: str = ""
    priority: int = 32
    cost: int = 2
    guard: bool = False
    root_block: bool = False
    fastleave: bool = False
    learning: bool = True
    flood: bool = True
    mcast_flood: bool = True
    bcast_flood: bool = True
    mcast_to_unicast: bool = False
    neigh_suppress: bool = False
    isolated: bool = False
    locked: bool = False


AS_MADE = BridgePort()


def port_told(settings: dict[str, Any], works: bool) -> BridgePort:
    """What a kernel has told of a port, the value AS_MADE where nothing was changed. works: its link is up and has
    carrier; a state that this alone explains is none."""
    follows = "forwarding" if works else "disabled"
    found = BridgePort(**settings | {"state": "" if settings["state"] == follows else settings["state"]})
    return AS_MADE if found == AS_MADE else found
