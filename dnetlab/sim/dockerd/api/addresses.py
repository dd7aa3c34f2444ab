"""An address a student typed that is none: the client passes it on, and each release of the daemon has its words."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from dnetlab.model.host import RESERVED
from dnetlab.model.ip import IpAddress
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World


def address_or_error(
    world: World, host: str, text: str, network: str, frame: str = "", version: int = 4
) -> IpAddress | None:
    """The address of that family, None for ''. Raises ApiError in the words of the release.

    frame: what daemons since 25 put in front when a container is created ('invalid config for network NAME: ').
    Observed on 20.10.24, 28.5.2 and 29.7.2.
    """
    if not text:
        return None
    with suppress(AddressValueError):
        return IPv4Address(text) if version == 4 else IPv6Address(text)
    only_defined = "user specified IP address is supported on user defined networks only"
    only_configured = (
        "user specified IP address is supported only when connecting to networks with user configured subnets"
    )
    built_in = network in RESERVED
    found = world.hosts[host].network(network)
    configured = found is not None and any(s.configured for s in found.subnets)
    release = release_of(world)
    if not release.validates_config:
        if not frame and (built_in or (found and not configured)):
            raise ApiError(only_defined if built_in else only_configured, 400)
        raise ApiError(f"invalid IPv{version} address: {text}", 400)
    if release.addresses_in_json:
        raise ApiError(f'invalid JSON: ParseAddr("{text}"): unable to parse IP', 400)
    lines = [only_defined] if built_in else []
    lines.append(f"invalid IPv{version} address: {text}")
    if configured and not built_in:
        lines.append(f"no configured subnet or ip-range contain the IP address {text}")
    elif found is not None or built_in:
        lines.append(only_configured)
    body = lines[0] if len(lines) == 1 else "\n".join(f"* {line}" for line in lines)
    raise ApiError(f"{frame}invalid endpoint settings:\n{body}", 400)
