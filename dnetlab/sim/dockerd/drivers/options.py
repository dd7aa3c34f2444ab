"""The bridge driver's options: what they may be, and what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from ipaddress import IPv4Address, ip_address

from dnetlab.model import Endpoint, Network
from dnetlab.model.ip import IpAddress, IpNetwork
from dnetlab.sim.dockerd.daemonconfig import DaemonConfig
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import NetworkConfig
from dnetlab.sim.profiles import EngineProfile

BRIDGE = "com.docker.network.bridge."
MTU = "com.docker.network.driver.mtu"
GATEWAY_MODE, GATEWAY_MODE6 = BRIDGE + "gateway_mode_ipv4", BRIDGE + "gateway_mode_ipv6"
TRUSTED = BRIDGE + "trusted_host_interfaces"
HOST_IPV4, HOST_IPV6 = "com.docker.network.host_ipv4", "com.docker.network.host_ipv6"
HOST_BINDING = BRIDGE + "host_binding_ipv4"
EVERY_ADDRESS = IPv4Address("0.0.0.0")
TRUE = ("1", "t", "T", "true", "TRUE", "True")
FALSE = ("0", "f", "F", "false", "FALSE", "False")
MTU_LEAST, MTU_MOST = 68, 65535  # what Linux takes for a veth and a bridge
ADVERTISED = "com.docker.network.advertise_addr_nmsgs"
ADVERTISED_MS = "com.docker.network.advertise_addr_ms"
# the auxiliary address that containers take for their gateway
LINK_NAME = "com.docker.network.endpoint.ifname"  # of an endpoint: what its link is called in the container
LINK_SYSCTLS = "com.docker.network.endpoint.sysctls"
DEFAULT_GATEWAY, DEFAULT_GATEWAY6 = "DefaultGatewayIPv4", "DefaultGatewayIPv6"


def default_bridge_options(config: DaemonConfig) -> dict[str, str]:
    """What docker0 is made with (moby daemon/daemon_unix.go initBridgeDriver)."""
    return {
        BRIDGE + "default_bridge": "true",
        BRIDGE + "enable_icc": "true" if config.icc else "false",
        BRIDGE + "enable_ip_masquerade": "true" if config.ip_masq else "false",
        HOST_BINDING: config.ip or "0.0.0.0",
        BRIDGE + "name": "docker0",
        MTU: str(config.mtu),
    }


class GatewayMode(Enum):
    """How a bridge network meets the world outside (since 27.0; the last two since 28.0)."""

    NAT = "nat"  # it wears the host's address, and only published ports let anybody in
    ROUTED = "routed"  # its own addresses are used outside too, and published ports are open at them
    UNPROTECTED = "nat-unprotected"  # NAT, and every port is open at the container's own address
    ISOLATED = "isolated"  # internal, and the host has no address in it either


def check(options: Mapping[str, str], release: EngineProfile, internal: bool) -> None:
    """ApiError for a value that the driver can't read (bridge_linux.go, observed on 20.10 and 28.5)."""
    status = release.unread_option
    _check_flags(options, status)
    if release.gateway_modes:
        for key in (GATEWAY_MODE, GATEWAY_MODE6):
            _check_mode(key, options.get(key), internal)
    for name in (HOST_BINDING, HOST_IPV4):
        address = options.get(name)
        if address is not None and not _is_address(address):
            raise ApiError(f"failed to parse {name} value: {address} (nil ip)", status)
    mtu = options.get(MTU)
    if mtu is not None and not mtu.removeprefix("-").isdecimal():
        raise ApiError(f'failed to parse {MTU} value: {mtu} (strconv.Atoi: parsing "{mtu}": invalid syntax)', status)
    if mtu is not None and int(mtu) < 0:
        raise ApiError(f"invalid MTU number: {mtu}", status)


def check_advertised(options: Mapping[str, str]) -> None:
    """ApiError for how often, and how soon again, a network is told of its addresses (libnetwork/network_unix.go)."""
    problems = []
    counted, timed = (ADVERTISED, 0, 3, "an integer"), (ADVERTISED_MS, 100, 2000, "integer milliseconds")
    for name, least, most, unit in (counted, timed):
        value = options.get(name)
        if value is None:
            continue
        if not re.fullmatch(r"[+-]?\d+", value, re.ASCII):
            problems.append(f'value for option {name} "{value}" must be {unit}')
        elif not least <= int(value) <= most:
            problems.append(f"{name} must be in the range {least} to {most}")
    if problems:
        raise ApiError("\n".join(problems))


def is_advertised(network: Network) -> bool:
    """Are the network's neighbours told of an address when somebody gets it?"""
    return int(network.options.get(ADVERTISED, "3")) > 0


def _check_flags(options: Mapping[str, str], status: int) -> None:
    for name in (BRIDGE + "enable_icc", BRIDGE + "enable_ip_masquerade", BRIDGE + "inhibit_ipv4"):
        value = options.get(name)
        if value is not None and value not in TRUE + FALSE:
            problem = f'strconv.ParseBool: parsing "{value}": invalid syntax'
            raise ApiError(f"failed to parse {name} value: {value} ({problem})", status)


def _check_mode(key: str, mode: str | None, internal: bool) -> None:
    if mode and mode not in [known.value for known in GatewayMode]:
        raise ApiError(f"failed to parse {key} value: {mode} (unknown gateway mode {mode})", 400)
    if mode == GatewayMode.ISOLATED.value and not internal:
        raise ApiError("gateway mode 'isolated' can only be used for an internal network", 400)


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def flag(options: Mapping[str, str], name: str, default: bool = True) -> bool:
    """A yes/no option of the bridge driver, as strconv.ParseBool reads it."""
    value = options.get(BRIDGE + name)
    return default if value is None else value in TRUE


def bridge_name(network: Network) -> str:
    return network.options.get(BRIDGE + "name") or f"br-{network.short_id}"


def mtu_of(network: Network) -> int:
    value = network.options.get(MTU, "")
    return int(value) if value.isdecimal() and int(value) else 1500


def mtu_fits(network: Network) -> bool:
    """Does Linux take it?"""
    return MTU_LEAST <= mtu_of(network) <= MTU_MOST


def host_binding(network: Network) -> IpAddress:
    """Where a port is published that names no address; 0.0.0.0 stands for every address."""
    asked = network.options.get(HOST_BINDING)
    return ip_address(asked) if asked is not None else EVERY_ADDRESS


def mode6_of(options: Mapping[str, str], release: EngineProfile) -> GatewayMode:
    """As `mode_of`, of IPv6."""
    return mode_of(options, release, GATEWAY_MODE6)


def mode_of(options: Mapping[str, str], release: EngineProfile, key: str = GATEWAY_MODE) -> GatewayMode:
    """The gateway mode of a network with these options; a release that has none does NAT, and so does a word that
    `check` will refuse."""
    asked = options.get(key) if release.gateway_modes else None
    if asked is None:
        return GatewayMode.NAT
    return next((mode for mode in GatewayMode if mode.value == asked), GatewayMode.NAT)


def routed_families(network: Network, release: EngineProfile) -> tuple[int, ...]:
    """The families whose gateway mode is routed, those too that the network doesn't have."""
    modes = {4: mode_of(network.options, release), 6: mode6_of(network.options, release)}
    return tuple(version for version, mode in modes.items() if mode is GatewayMode.ROUTED)


def has_address6(network: Network, release: EngineProfile) -> bool:
    """Does the bridge wear the gateway's IPv6 address?"""
    return bool(network.subnets_of(6)) and mode6_of(network.options, release) is not GatewayMode.ISOLATED


def has_address(network: Network, release: EngineProfile) -> bool:
    """Does the bridge wear the gateway's address? (inhibit_ipv4 in every release; observed on 20.10, 26.1, 28.5)"""
    if not network.ipv4:
        return False
    isolated = mode_of(network.options, release) is GatewayMode.ISOLATED
    return not isolated and not flag(network.options, "inhibit_ipv4", default=False)


def firewall_configs(network: Network, release: EngineProfile) -> list[NetworkConfig]:
    """A bridge network as the firewall sees it: once for each family that it has."""
    firsts = network.subnets_of(4)[:1] + network.subnets_of(6)[:1]
    return [_firewall_config(network, release, first.subnet) for first in firsts]


def by_family(
    network: Network, release: EngineProfile, endpoint: Endpoint
) -> list[tuple[NetworkConfig, IpAddress]]:
    """The network as the firewall sees it with the endpoint's address in it, for each family that it has."""
    own = {address.version: address for address in endpoint.addresses}
    configs = firewall_configs(network, release)
    return [(c, own[c.subnet.version]) for c in configs if c.subnet.version in own]


def _firewall_config(network: Network, release: EngineProfile, subnet: IpNetwork) -> NetworkConfig:
    four = subnet.version == 4
    source, trusted = network.options.get(HOST_IPV4 if four else HOST_IPV6), network.options.get(TRUSTED)
    mode = mode_of(network.options, release) if four else mode6_of(network.options, release)
    return NetworkConfig(
        network.bridge or "",
        subnet,
        network.internal,
        icc=flag(network.options, "enable_icc"),
        masquerade=flag(network.options, "enable_ip_masquerade"),
        source=ip_address(source) if source else None,
        routed=mode is GatewayMode.ROUTED,
        unprotected=mode is GatewayMode.UNPROTECTED,
        trusted=tuple([name for name in trusted.split(":") if name]) if trusted else (),
    )
