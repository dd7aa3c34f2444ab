"""The host driver: one network, `host`, whose containers live in the host's own namespace."""

from __future__ import annotations

from dnetlab.sim.dockerd.drivers.protocol import Driver
from dnetlab.sim.dockerd.errors import ApiError


class Host(Driver):
    shares_host = True

    def check_request(self) -> None:
        raise ApiError('only one instance of "host" network is allowed', 403)
