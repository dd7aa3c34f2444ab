"""The null driver: one network, `none`, whose containers have nothing but lo."""

from __future__ import annotations

from dnetlab.sim.dockerd.drivers.protocol import Driver
from dnetlab.sim.dockerd.errors import ApiError


class Null(Driver):
    isolates = True

    def check_request(self) -> None:
        raise ApiError('only one instance of "null" network is allowed', 403)
