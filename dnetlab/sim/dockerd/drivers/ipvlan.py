"""The ipvlan driver: containers share the MAC of a parent link. The lab has none."""

from __future__ import annotations

from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd.drivers.protocol import Driver


class Ipvlan(Driver):
    def check_request(self) -> None:
        raise Refused("The ipvlan driver is not modelled.", "macvlan is: docker network create -d macvlan …")
