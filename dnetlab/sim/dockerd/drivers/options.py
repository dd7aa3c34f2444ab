"""The bridge driver's options: what they may be, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from dnetlab.model import Network
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd.daemonconfig import DaemonConfig
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import NetworkConfig
from dnetlab.sim.profiles import EngineProfile

BRIDGE = "com.docker.network.bridge."
MTU = "com.docker.network.driver.mtu"
GATEWAY_MODE = BRIDGE + "gateway_mode_ipv4"
OTHER_MODES = ("routed", "nat-unprotected", "isolated")
HOST_BINDING = BRIDGE + "host_binding_ipv4"
TRUE = ("1", "t", "T", "true", "TRUE", "True")
FALSE = ("0", "f", "F", "false", "FALSE", "False")
MTU_LEAST, MTU_MOST = 68, 65535  # what Linux takes for a veth and a bridge
DEFAULT_GATEWAY = "DefaultGatewayIPv4"  # the auxiliary address that containers take for their gateway


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


def check(options: Mapping[str, str], release: EngineProfile) -> None:
    """ApiError for a value that the driver can't read (bridge_linux.go, observed on 20.10 and 28.5)."""
    _check_flags(options)
    if release.gateway_modes:
        _check_mode(options.get(GATEWAY_MODE))
    binding = options.get(HOST_BINDING)
    if binding is not None and not _is_address(binding):
        raise ApiError(f"failed to parse {HOST_BINDING} value: {binding} (nil ip)", 400)
    mtu = options.get(MTU)
    if mtu is not None and not mtu.removeprefix("-").isdecimal():
        raise ApiError(f'failed to parse {MTU} value: {mtu} (strconv.Atoi: parsing "{mtu}": invalid syntax)', 400)
    if mtu is not None and int(mtu) < 0:
        raise ApiError(f"invalid MTU number: {mtu}", 400)


def _check_flags(options: Mapping[str, str]) -> None:
    for name in (BRIDGE + "enable_icc", BRIDGE + "enable_ip_masquerade"):
        value = options.get(name)
        if value is not None and value not in TRUE + FALSE:
            problem = f'strconv.ParseBool: parsing "{value}": invalid syntax'
            raise ApiError(f"failed to parse {name} value: {value} ({problem})", 400)


def _check_mode(mode: str | None) -> None:
    if mode not in (None, "", "nat", *OTHER_MODES):
        raise ApiError(f"failed to parse {GATEWAY_MODE} value: {mode} (unknown gateway mode {mode})", 400)
    if mode in OTHER_MODES:
        raise Refused(f"Gateway mode {mode} is not modelled.", "Leave the option out: the mode nat is.")


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def flag(network: Network, name: str, default: bool = True) -> bool:
    """A yes/no option of the bridge driver, as strconv.ParseBool reads it."""
    value = network.options.get(BRIDGE + name)
    return default if value is None else value in TRUE


def bridge_name(network: Network) -> str:
    return network.options.get(BRIDGE + "name") or f"br-{network.short_id}"


def mtu_of(network: Network) -> int:
    value = network.options.get(MTU, "")
    return int(value) if value.isdecimal() and int(value) else 1500


def mtu_fits(network: Network) -> bool:
    """Does Linux take it?"""
    return MTU_LEAST <= mtu_of(network) <= MTU_MOST


def host_binding(network: Network) -> IPv4Address | IPv6Address:
    """Where a port is published that names no address; 0.0.0.0 stands for every address."""
    return ip_address(network.options.get(HOST_BINDING, "0.0.0.0"))


def firewall_config(network: Network) -> NetworkConfig:
    """A bridge network as the firewall sees it."""
    source = network.options.get("com.docker.network.host_ipv4")
    return NetworkConfig(
        network.bridge or "",
        network.subnets[0].subnet,
        network.internal,
        icc=flag(network, "enable_icc"),
        masquerade=flag(network, "enable_ip_masquerade"),
        source=IPv4Address(source) if source else None,
    )
