"""The drivers by the names that users and networks say."""

from __future__ import annotations

from dnetlab.model import Network
from dnetlab.sim.dockerd.drivers.bridge import Bridge
from dnetlab.sim.dockerd.drivers.host import Host
from dnetlab.sim.dockerd.drivers.ipvlan import Ipvlan
from dnetlab.sim.dockerd.drivers.macvlan import Macvlan
from dnetlab.sim.dockerd.drivers.null import Null
from dnetlab.sim.dockerd.drivers.overlay import Overlay
from dnetlab.sim.dockerd.drivers.protocol import Driver
from dnetlab.sim.dockerd.errors import ApiError

DRIVERS: dict[str, Driver] = {
    "bridge": Bridge(),
    "host": Host(),
    "null": Null(),
    "macvlan": Macvlan(),
    "ipvlan": Ipvlan(),
    "overlay": Overlay(),
}


def named(name: str) -> Driver:
    """ApiError 404 for a driver that nobody knows: the daemon takes it for a plugin."""
    if name not in DRIVERS:
        raise ApiError(f'plugin "{name}" not found', 404)
    return DRIVERS[name]


def driver_of(network: Network) -> Driver:
    """The driver of a network that is there."""
    return DRIVERS[network.driver]
