"""docker network create, rm, inspect, connect, disconnect."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from typing import Any

from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.inspect import inspect_each
from dnetlab.sim.dockercli.prune import confirmed
from dnetlab.sim.dockercli.session import Failed, Session, told
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = dict[str, Any]

def pairs(values: tuple[str, ...]) -> dict[str, str]:
    """('a=b', 'c') -> {'a': 'b', 'c': ''}"""
    return dict(value.partition("=")[::2] for value in values)


def create(session: Session) -> int:
    call = session.call
    if session.own.netip:
        _check_prefixes(call.all("subnet"))
    config = ipam_config(call.all("subnet"), call.all("ip-range"), call.all("gateway"), pairs(call.all("aux-address")))
    if any(option.startswith("com.docker.network.bridge.name=") and '"' in option for option in call.all("opt")):
        raise Refused("A bridge with a quote in its name is not modelled.", "Letters and digits are names, too.")
    origin = call.text("config-from")
    body = {
        "Name": call.arguments[0],
        "Driver": call.text("driver", "bridge"),
        "Scope": call.text("scope"),
        "EnableIPv4": call.on("ipv4", True),
        "EnableIPv6": call.on("ipv6"),
        "IPAM": {
            "Driver": call.text("ipam-driver", "default"), "Options": pairs(call.all("ipam-opt")), "Config": config,
        },
        "Internal": call.on("internal"),
        "Attachable": call.on("attachable"),
        "Ingress": call.on("ingress"),
        "ConfigOnly": call.on("config-only"),
        "ConfigFrom": {"Network": origin} if origin else None,
        "Options": pairs(call.all("opt")),
        "Labels": pairs(call.all("label")),
    }  # fmt: skip
    session.out(session.ask(api.network_create, body)["Id"])
    return 0


def _check_prefixes(subnets: tuple[str, ...]) -> None:
    """Failed for a single --subnet that is none; several are compared first, which reads them in another way."""
    problem = _problem_of(subnets[0]) if len(subnets) == 1 else ""
    if problem:
        raise Failed(f'netip.ParsePrefix("{subnets[0]}"): {problem}')


def _problem_of(prefix: str) -> str:
    """In the words of Go's netip.ParsePrefix (go1.26 net/netip; the first recorded from 29.7.2)."""
    address, slash, bits = prefix.rpartition("/")
    if not slash:
        return "no '/'"
    try:
        family = ip_address(address).version
    except ValueError:
        return f'ParseAddr("{address}"): unable to parse IP'
    if not bits.isdecimal():
        return f'bad bits after slash: "{bits}"'
    return "prefix length out of range" if int(bits) > (32 if family == 4 else 128) else ""


def ipam_config(
    subnets: tuple[str, ...], ranges: tuple[str, ...], gateways: tuple[str, ...], auxiliary: dict[str, str]
) -> list[Json]:
    """One row per --subnet; Failed in the client's words (docker/cli command/network/create.go)."""
    if len(subnets) < len(ranges) or len(subnets) < len(gateways):
        raise Failed("every ip-range or gateway must have a corresponding subnet")
    rows: dict[str, Json] = {}
    for subnet in subnets:
        if any(_holds(subnet, other) or _holds(other, subnet) for other in rows):
            raise Failed("multiple overlapping subnet configuration is not supported")
        rows[subnet] = {"Subnet": subnet}
    for value in ranges:
        _parse_cidr(value)
        _put(rows, "IPRange", value, f"no matching subnet for range {value}", "ranges", "on the same")
    for value in gateways:
        _put(rows, "Gateway", value, f"no matching subnet for gateway {value}", "gateways", "for the same")
    for name, address in auxiliary.items():
        holder = next((subnet for subnet in rows if _holds(subnet, address)), None)
        if holder is None:
            raise Failed(f"no matching subnet for aux-address {address}")
        rows[holder].setdefault("AuxiliaryAddresses", {})[name] = address
    return list(rows.values())


def _put(rows: dict[str, Json], field: str, value: str, unmatched: str, plural: str, where: str) -> None:
    """Write a range or a gateway to the subnet it lies in."""
    subnet = next((subnet for subnet in rows if _holds(subnet, value)), None)
    if subnet is None:
        raise Failed(unmatched)
    if field in rows[subnet]:
        raise Failed(f"cannot configure multiple {plural} ({value}, {rows[subnet][field]}) {where} subnet ({subnet})")
    rows[subnet][field] = value


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


INGRESS = (
    "Before removing the routing-mesh network, make sure all the nodes in your swarm run the same docker "
    "engine version. Otherwise, removal may not be effective and functionality of newly create ingress networks "
    "will be impaired."
)


def _may_go(session: Session, name: str) -> bool:
    """Somebody is asked before the routing mesh of a swarm goes (docker/cli command/network/remove.go)."""
    mesh = any(n["Ingress"] and name in (n["Name"], n["Id"])
               for n in session.ask(api.network_list, {"driver": ["overlay"]}))  # fmt: skip
    return not mesh or confirmed(session, INGRESS)


def rm(session: Session) -> int:
    status = 0
    for name in session.call.arguments:
        if not name:
            session.err("invalid network name or ID: value is empty")
            status = 1
            continue
        try:
            if not _may_go(session, name):
                continue
            session.ask(api.network_delete, name)
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
    for option in call.all("driver-opt"):
        if "=" not in option:
            raise Failed("invalid key/value pair format in driver options")
    addresses: Json = {"IPv4Address": call.text("ip"), "IPv6Address": call.text("ip6"),
                       "LinkLocalIPs": list(call.all("link-local-ip"))}  # fmt: skip
    settings = {
        "IPAMConfig": {name: value for name, value in addresses.items() if value},
        "Links": list(call.all("link")),
        "Aliases": list(call.all("alias")),
        "DriverOpts": pairs(call.all("driver-opt")),
        "GwPriority": call.number("gw-priority", 0) or 0,
    }  # fmt: skip
    session.ask(api.network_connect, network, {"Container": container, "EndpointConfig": settings})
    return 0


def disconnect(session: Session) -> int:
    network, container = session.call.arguments
    session.ask(api.network_disconnect, network, {"Container": container, "Force": session.call.on("force")})
    return 0
