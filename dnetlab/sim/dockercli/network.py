"""docker network create, rm, inspect, connect, disconnect."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.addresses import address_or_error
from dnetlab.sim.dockercli.inspect import inspect_each
from dnetlab.sim.dockercli.session import Failed, Session, told
from dnetlab.sim.dockerd import networks
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.ipam import PoolRequest

_REFUSED_FLAGS = {
    "config-only": "Networks that only hold a configuration are not simulated.",
    "config-from": "Networks that only hold a configuration are not simulated.",
    "ingress": "Swarm is not simulated.",
    "ipam-driver": "Other IPAM drivers are not simulated.",
    "ipam-opt": "Other IPAM drivers are not simulated.",
}


def pairs(values: tuple[str, ...]) -> dict[str, str]:
    """('a=b', 'c') -> {'a': 'b', 'c': ''}"""
    return dict(value.partition("=")[::2] for value in values)


def create(session: Session) -> int:
    call = session.call
    for flag, reason in _REFUSED_FLAGS.items():
        if call.has(flag) and call.text(flag) != "default":
            raise Refused(reason, "Create the network with --subnet, --gateway, --ip-range and -o.")
    if not call.on("ipv4", True):
        raise Refused("Networks without IPv4 are not modelled.", "Leave --ipv4=false out.")
    pools = pool_requests(call.all("subnet"), call.all("ip-range"), call.all("gateway"), pairs(call.all("aux-address")))
    found = session.ask(
        networks.create,
        session.world,
        session.host,
        call.arguments[0],
        driver=call.text("driver", "bridge"),
        pools=pools,
        internal=call.on("internal"),
        attachable=call.on("attachable"),
        ipv6=call.on("ipv6"),
        scope=call.text("scope"),
        labels=pairs(call.all("label")),
        options=pairs(call.all("opt")),
    )
    session.out(found)
    return 0


def pool_requests(
    subnets: tuple[str, ...], ranges: tuple[str, ...], gateways: tuple[str, ...], auxiliary: dict[str, str]
) -> tuple[PoolRequest, ...]:
    """One request per --subnet; Failed in the client's words (docker/cli command/network/create.go)."""
    if len(subnets) < len(ranges) or len(subnets) < len(gateways):
        raise Failed("every ip-range or gateway must have a corresponding subnet")
    pools: dict[str, dict[str, str]] = {}
    for subnet in subnets:
        if any(_holds(subnet, other) or _holds(other, subnet) for other in pools):
            raise Failed("multiple overlapping subnet configuration is not supported")
        pools[subnet] = {}
    for kind, word, values in (("range", "ranges", ranges), ("gateway", "gateways", gateways)):
        for value in values:
            if kind == "range":
                _parse_cidr(value)
            place = next((pools[s] for s in subnets if _holds(s, value)), None)
            if place is None:
                raise Failed(f"no matching subnet for {kind} {value}")
            if kind in place:
                subnet = next(s for s in subnets if pools[s] is place)
                where = "on the same" if kind == "range" else "for the same"
                raise Failed(f"cannot configure multiple {word} ({value}, {place[kind]}) {where} subnet ({subnet})")
            place[kind] = value
    extras: dict[str, dict[str, str]] = {subnet: {} for subnet in subnets}
    for name, address in auxiliary.items():
        holders = [s for s in subnets if _holds(s, address)]
        if not holders:
            raise Failed(f"no matching subnet for aux-address {address}")
        extras[holders[0]][name] = address
    return tuple(PoolRequest(s, pools[s].get("range", ""), pools[s].get("gateway", ""), extras[s]) for s in subnets)


def _parse_cidr(text: str) -> None:
    if "/" not in text:
        raise Failed(f"invalid CIDR address: {text}")
    try:
        ip_interface(text)
    except ValueError:
        raise Failed(f"invalid CIDR address: {text}") from None


def _holds(subnet: str, value: str) -> bool:
    """Is this address (or the first one of this range) in the subnet?"""
    try:
        network = ip_interface(subnet).network if "/" in subnet else None
    except ValueError:
        network = None
    if network is None:
        raise Failed(f"invalid subnet: invalid CIDR address: {subnet}")
    if "/" in value:
        _parse_cidr(value)
        return ip_interface(value).ip in network
    try:
        return ip_address(value) in network
    except ValueError:
        return False


def rm(session: Session) -> int:
    status = 0
    for name in session.call.arguments:
        if not name:
            session.err("invalid network name or ID: value is empty")
            status = 1
            continue
        try:
            session.ask(networks.remove, session.world, session.host, name)
        except ApiError as error:
            if session.call.on("force") and error.status == 404:
                continue
            session.err(told(error))
            status = 1
        else:
            session.out(name)
    if status:
        raise Failed("exit status 1")
    return 0


def inspect(session: Session) -> int:
    return inspect_each(session, "network")


def connect(session: Session) -> int:
    call = session.call
    network, container = call.arguments
    for kind, name in (("network", network), ("container", container)):
        if not name:
            raise Failed(f"invalid {kind} name or ID: value is empty")
    for flag in ("ip6", "link-local-ip"):
        if call.has(flag):
            raise Refused(
                "IPv6 and link-local addresses of endpoints are not modelled.", "Use --ip with an IPv4 address."
            )
    for option in call.all("driver-opt"):
        if "=" not in option:
            raise Failed("invalid key/value pair format in driver options")
    if call.has("driver-opt"):
        raise Refused("Driver options of endpoints are not modelled.", "Connect the container without --driver-opt.")
    session.connect()
    address = address_or_error(session.world, session.host, call.text("ip"), network)
    session.ask(
        networks.connect,
        session.world,
        session.host,
        network,
        container,
        address=address,
        aliases=call.all("alias"),
        links=tuple(split_link(link) for link in call.all("link")),
        gw_priority=call.number("gw-priority", 0) or 0,
    )
    return 0


def split_link(text: str) -> tuple[str, str]:
    """'web1:nginx' -> ('web1', 'nginx'); without an alias the name is used (docker/cli opts.ParseLink)."""
    name, _, alias = text.partition(":")
    return name, alias or name


def disconnect(session: Session) -> int:
    network, container = session.call.arguments
    session.ask(networks.disconnect, session.world, session.host, network, container, force=session.call.on("force"))
    return 0
