"""The overlay driver: networks across the hosts of a swarm. No host of the lab is in one."""

from __future__ import annotations

from dnetlab.sim.dockerd.drivers.protocol import Driver
from dnetlab.sim.dockerd.errors import ApiError


class Overlay(Driver):
    publishes = True

    def check_request(self) -> None:
        raise ApiError(
            'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to '
            "swarm and try again.",
            503,
        )
