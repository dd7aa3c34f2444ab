"""Which of a container's endpoints gives the default route, and with it the published ports."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dnetlab.model import Endpoint


def by_gateway(
    endpoints: Iterable[Endpoint],
    internal: Callable[[Endpoint], bool] = lambda endpoint: False,
    priority: Callable[[Endpoint], int] = lambda endpoint: 0,
    families: str = "",
) -> list[Endpoint]:
    """The order of libnetwork's sandbox.go Less: priority, not internal, with a gateway, then the network's name.

    families: not empty for releases that count the gateways of both families.
    """

    def lacking(endpoint: Endpoint) -> int:
        return (endpoint.gateway is None) + (endpoint.gateway6 is None if families else 0)

    return sorted(endpoints, key=lambda e: (-priority(e), internal(e), lacking(e), e.network))
