"""Which address a node shows to the others (moby daemon/cluster/listen_addr.go)."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address

from dnetlab.model import Interface, LinkKind, Where
from dnetlab.model.ip import IpAddress, IpInterface
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

PORT = 2377
MUST_SPECIFY = (
    "must specify a listening address because the address to advertise is not recognized as a system address, and a "
    "system's IP address to use could not be uniquely identified"
)
BAD_ADVERTISE = "advertise address must be a non-zero IP address or network interface (with optional port number)"
BAD_LISTEN = "listen address must be an IP address or network interface (with optional port number)"
BAD_DATA = "data path address must be a non-zero IP address or network interface (without a port number)"


def split(text: str, port: int = PORT) -> tuple[str, int]:
    """'eth0:2378' -> ('eth0', 2378)"""
    host, colon, number = text.rpartition(":")
    return (host, int(number)) if colon and number.isdecimal() else (text, port)


def address_of(text: str) -> IpAddress | None:
    """The address that is written there; None for a name."""
    try:
        return IPv4Address(text)
    except AddressValueError:
        return None


def of_interface(world: World, host: str, name: str) -> IpAddress | None:
    """The only address of an interface; None when there is no such interface. ApiError when it has none or several."""
    link = world.namespace(Where(host)).interface(name)
    if link is None:
        return None
    if not link.ipv4:
        raise ApiError(f"interface {name} has no usable IPv4 or IPv6 address", 400)
    if len(link.ipv4) > 1:
        both = f"{link.ipv4[0].ip} and {link.ipv4[1].ip}"
        raise ApiError(f"interface {name} has more than one IPv4 address ({both})", 400)
    return link.ipv4[0].ip


def choose(world: World, host: str, asked: str, listen: str) -> tuple[IpAddress, int]:
    """The address and the port to advertise. ApiError in the daemon's words when it can't be told."""
    listen_host, port = split(listen or f"0.0.0.0:{PORT}")
    heard = address_of(listen_host) or of_interface(world, host, listen_host)
    if heard is None:
        raise ApiError(BAD_LISTEN, 400)
    if asked:
        name, port = split(asked, port)
        found = of_interface(world, host, name) or address_of(name)
        if found is None or found.is_unspecified:
            raise ApiError(BAD_ADVERTISE, 400)
    else:
        found = heard if not heard.is_unspecified else only_address(world, host)
    if heard.is_unspecified and not _is_ours(world, host, found):
        _system_address_or_ask(world, host)
    return found, port


def data_address(world: World, host: str, asked: str, advertised: IpAddress) -> IpAddress:
    """Where VXLAN packets are to be sent: --data-path-addr, else what is advertised. ApiError."""
    if not asked:
        return advertised
    found = of_interface(world, host, asked) or address_of(asked)
    if found is None or found.is_unspecified:
        raise ApiError(BAD_DATA, 400)
    return found


def _system_address_or_ask(world: World, host: str) -> None:
    try:
        only_address(world, host)
    except ApiError:
        raise ApiError(MUST_SPECIFY, 400) from None


def _is_ours(world: World, host: str, address: IpAddress) -> bool:
    return any(link.has_ip(address) for link in world.namespace(Where(host)).interfaces)


def only_address(world: World, host: str) -> IpAddress:
    """The host's only address. ApiError with the first two when it has several, or when it has none.

    Not counted: lo, links that are down, and those of Docker's own networks (observed on 20.10.24).
    """
    found: tuple[str, IpInterface] | None = None
    for link in _candidates(world, host):
        for own in link.ipv4:
            if found is not None:
                raise ApiError(_several(found, (link.name, own)), 400)
            found = link.name, own
    if found is None:
        raise ApiError("could not find the system's IP address", 400)
    return found[1].ip


def _candidates(world: World, host: str) -> list[Interface]:
    docker = [s.subnet for n in world.hosts[host].networks if n.scope == "local" for s in n.subnets]
    return [link for link in world.namespace(Where(host)).interfaces
            if link.up and link.kind is not LinkKind.LOOPBACK
            and not any(own.ip in subnet for own in link.ipv4 for subnet in docker)]  # fmt: skip


def _several(first: tuple[str, IpInterface], second: tuple[str, IpInterface]) -> str:
    if first[0] == second[0]:
        where = f"multiple addresses on interface {first[0]} ({first[1].ip} and {second[1].ip})"
    else:
        where = (f"multiple addresses on different interfaces ({first[1].ip} on {first[0]} and {second[1].ip} on "
                 f"{second[0]})")  # fmt: skip
    return f"could not choose an IP address to advertise since this system has {where}"
