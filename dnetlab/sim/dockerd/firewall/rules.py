"""Which rules a daemon writes, and in which order, by its release: ordinary rules that `iptables -S` shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from dnetlab.model import PortBinding
from dnetlab.model.ip import IpAddress, bracketed
from dnetlab.sim.dockerd.firewall.protocol import NetworkConfig
from dnetlab.sim.dockerd.firewall.tables import Entry, first, last
from dnetlab.sim.profiles import Firewall

Mark: TypeAlias = "tuple[int, int | None] | None"  # a firewall mark and its mask
STAGE_1, STAGE_2 = "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"
LOCAL = "-m addrtype --dst-type LOCAL -j DOCKER"
NO_ICC = "Unable to prevent intercontainer communication"
NAT, SKIP, OUTGOING, DROP_IN, DROP_OUT, MARKED = (
    f"Unable to enable {what} rule"
    for what in ("NAT", "SKIP DNAT", "ACCEPT OUTGOING", "DROP INCOMING", "DROP OUTGOING", "ALLOW FW MARK")
)


# -- the daemon's own -----------------------------------------------------------------------------------------------


def own_chains(layout: Firewall) -> list[Entry]:
    """What stands in the daemon's own chains from its start."""
    if not layout.forward_chain:
        return [last("filter", chain, "-j RETURN") for chain in (STAGE_1, STAGE_2)]
    second = STAGE_1 if layout.isolation else "DOCKER-INTERNAL"
    return [first("filter", "DOCKER-FORWARD", f"-j {target}") for target in ("DOCKER-BRIDGE", second, "DOCKER-CT")]


def forward_jumps(layout: Firewall, version: int = 4) -> list[Entry]:
    """The jumps of FORWARD, each put on top, so that DOCKER-USER comes first and the daemon's own chain second."""
    own = "DOCKER-FORWARD" if layout.forward_chain else STAGE_1
    users = ("DOCKER-USER",) if version == 4 or layout.user_chain6 else ()
    return [first("filter", "FORWARD", f"-j {target}") for target in (own, *users)]


def nat_jumps(proxy: bool, version: int = 4) -> list[Entry]:
    """What is sent to one of the host's own addresses may be for a published port; loopback has the proxy."""
    loopback = "127.0.0.0/8" if version == 4 else "::1/128"
    return [
        last("nat", "PREROUTING", LOCAL, NAT),
        last("nat", "OUTPUT", f"! -d {loopback} {LOCAL}" if proxy else LOCAL, NAT),
    ]


# -- one bridge network ---------------------------------------------------------------------------------------------


def of_network(layout: Firewall, proxy: bool, network: NetworkConfig, mark: Mark = None) -> list[Entry]:
    """The rules that belong to a bridge network as such, whoever is in it, in the order the daemon writes them.

    mark: packets that wear it are let through. The rule is the same for all networks, and goes with the first.
    """
    if network.internal:
        return _internal(layout, network)
    forward = _dedicated(layout, network) if layout.forward_chain else _classic(network)
    return _accepting(mark) + _nat(layout, proxy, network) + forward


def _accepting(mark: Mark) -> list[Entry]:
    if mark is None:
        return []
    number, mask = mark
    text = f"{number:#x}" if mask is None or mask == 0xFFFFFFFF else f"{number:#x}/{mask:#x}"
    return [first("filter", "DOCKER-FORWARD", f"-m mark --mark {text} -j ACCEPT", MARKED)]


def _nat(layout: Firewall, proxy: bool, network: NetworkConfig) -> list[Entry]:
    bridge, rules = network.bridge, []
    if network.masquerade:
        target = f"SNAT --to-source {network.source}" if network.source else "MASQUERADE"
        if not network.routed:
            rules.append(first("nat", "POSTROUTING", f"-s {network.subnet} ! -o {bridge} -j {target}", NAT))
        if proxy and layout.nat_returns:
            rules.append(first("nat", "DOCKER", f"-i {bridge} -j RETURN", SKIP))
    if not proxy:
        rules.append(local_hairpin(bridge))
    return rules


def local_hairpin(bridge: str) -> Entry:
    """Without docker-proxy: what the host itself sends to a published port of its own wears the bridge's address."""
    return first("nat", "POSTROUTING", f"-o {bridge} -m addrtype --src-type LOCAL -j MASQUERADE", NAT)


def _classic(network: NetworkConfig) -> list[Entry]:
    """20.10 to 27: the block in FORWARD (each rule inserted, so the last one stands first) and the isolation."""
    bridge = network.bridge
    same = f"-i {bridge} -o {bridge} -j"
    return [
        first("filter", "FORWARD", f"{same} ACCEPT") if network.icc else last("filter", "FORWARD", f"{same} DROP"),
        first("filter", "FORWARD", f"-i {bridge} ! -o {bridge} -j ACCEPT"),
        first("filter", "FORWARD", f"-o {bridge} -j DOCKER"),
        first("filter", "FORWARD", f"-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
        first("filter", STAGE_1, f"-i {bridge} ! -o {bridge} -j {STAGE_2}", DROP_OUT),
        first("filter", STAGE_2, f"-o {bridge} -j DROP", DROP_OUT),
    ]


def _dedicated(layout: Firewall, network: NetworkConfig) -> list[Entry]:
    """28 and later: one rule per bridge in each of the daemon's own chains."""
    bridge = network.bridge
    if network.icc:
        rules = [last("filter", "DOCKER-FORWARD", f"-i {bridge} -j ACCEPT", OUTGOING)]
    else:
        rules = [
            last("filter", "DOCKER-FORWARD", f"-i {bridge} -o {bridge} -j DROP", NO_ICC),
            last("filter", "DOCKER-FORWARD", f"-i {bridge} ! -o {bridge} -j ACCEPT", OUTGOING),
        ]
    if network.routed:
        echoes = "icmp" if network.subnet.version == 4 else "ipv6-icmp"
        rules.append(last("filter", "DOCKER", f"-o {bridge} -p {echoes} -j ACCEPT"))
    verdict = "ACCEPT" if network.unprotected else "DROP"
    default, spoken = f"! -i {bridge} -o {bridge} -j {verdict}", f"-o {bridge} ! -i {bridge} -j {verdict}"
    established = f"-o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"
    rules += [
        last("filter", "DOCKER", default, NO_ICC, spoken),
        last("filter", "DOCKER-CT", established, OUTGOING),
        last("filter", "DOCKER-BRIDGE", f"-o {bridge} -j DOCKER", DROP_OUT),
    ]
    if layout.isolation and network.routed:  # other networks may come in, and get their answers (setINC)
        rules.append(first("filter", STAGE_1, f"-o {bridge} -j RETURN"))
        rules.append(
            first("filter", STAGE_1, f"-i {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
        )
    if layout.isolation:
        rules.append(last("filter", STAGE_1, f"-i {bridge} ! -o {bridge} -j {STAGE_2}", DROP_OUT))
        rules.append(first("filter", STAGE_2, f"-o {bridge} -j DROP", DROP_OUT))
    return rules


def _internal(layout: Firewall, network: NetworkConfig) -> list[Entry]:
    """--internal; the daemon spells the interface first in its errors."""
    bridge, subnet = network.bridge, network.subnet
    chain = STAGE_1 if layout.isolation else "DOCKER-INTERNAL"
    six = subnet.version == 6  # link-local packets may pass from port to port of the bridge (observed on 28.5.2)
    into, out = (f" ! -o {bridge}", f" ! -i {bridge}") if six else ("", "")
    fences = [
        first("filter", chain, f"! -d {subnet} -i {bridge}{into} -j DROP", DROP_IN,
              f"-i {bridge}{into} ! -d {subnet} -j DROP"),
        first("filter", chain, f"! -s {subnet}{out} -o {bridge} -j DROP", DROP_OUT,
              f"-o {bridge}{out} ! -s {subnet} -j DROP"),
    ]  # fmt: skip
    place = first if network.icc and not layout.forward_chain else last
    forward = "DOCKER-FORWARD" if layout.forward_chain else "FORWARD"
    verdict, purpose = ("ACCEPT", OUTGOING) if network.icc else ("DROP", NO_ICC)
    return [*fences, place("filter", forward, f"-i {bridge} -o {bridge} -j {verdict}", purpose)]


# -- one endpoint, one published port -------------------------------------------------------------------------------


def of_endpoint(layout: Firewall, network: NetworkConfig, address: IpAddress) -> list[Entry]:
    """28 and later: nobody outside the bridge talks to the container's address itself (raw PREROUTING)."""
    if not layout.raw_drop or network.internal or network.routed or network.unprotected:
        return []
    one = single(address)
    trusted = [last("raw", "PREROUTING", f"-d {one} -i {name} -j ACCEPT") for name in network.trusted]
    return [*trusted, last("raw", "PREROUTING", f"-d {one} ! -i {network.bridge} -j DROP")]


def single(address: IpAddress) -> str:
    """The address as a network of its own: 172.17.0.2/32, fd00::2/128."""
    return f"{address}/{address.max_prefixlen}"


def of_port(
    layout: Firewall, proxy: bool, network: NetworkConfig, address: IpAddress, binding: PortBinding
) -> list[Entry]:
    """One published port: DNAT, ACCEPT, and what the release adds; nothing where host and container differ in family.

    In a routed network the port is only opened, in an unprotected one it is open already (observed on 28.5, 29.7).
    """
    if binding.host_ip.version != address.version:
        return []
    bridge = network.bridge
    inner = f"-p {binding.protocol.value} -m {binding.protocol.value} --dport {binding.container_port}"
    accept = _accept(layout, bridge, address, binding, inner)
    if network.routed:
        return [accept]
    rules = [_dnat(layout, proxy, bridge, address, binding), *([] if network.unprotected else [accept])]
    if layout.hairpin_per_port or not proxy:
        hairpin = f"-s {single(address)} -d {single(address)} {inner} -j MASQUERADE"
        rules.append(last("nat", "POSTROUTING", hairpin, "DNAT", _spoken_port(bridge, address, binding)))
    if layout.raw_drop and binding.host_ip.is_loopback and address.version == 4:
        outer = f"-p {binding.protocol.value} -m {binding.protocol.value} --dport {binding.host_port}"
        rules.append(last("raw", "PREROUTING", f"-d {binding.host_ip}/32 ! -i lo {outer} -j DROP", "OPEN PORT",
                          _spoken_port(bridge, address, binding)))  # fmt: skip
    return rules


def _dnat(layout: Firewall, proxy: bool, bridge: str, address: IpAddress, binding: PortBinding) -> Entry:
    name, target = binding.protocol.value, f"{bracketed(address)}:{binding.container_port}"
    to = "" if binding.host_ip.is_unspecified else f"-d {single(binding.host_ip)} "
    to = f"! -s fe80::/10 {to}" if layout.spares_link_local and address.version == 6 else to
    outside = f"! -i {bridge} " if proxy else ""
    ports = f"-p {name} -m {name} --dport {binding.host_port} -j DNAT --to-destination {target}"
    shown = "0/0" if binding.host_ip.is_unspecified else str(binding.host_ip)
    spoken = f"-p {name} -d {shown} --dport {binding.host_port} -j DNAT --to-destination {target} ! -i {bridge}"
    return last("nat", "DOCKER", f"{to}{outside}{ports}", "DNAT", spoken)


def _accept(layout: Firewall, bridge: str, address: IpAddress, binding: PortBinding, inner: str) -> Entry:
    place = first if layout.forward_chain else last
    text = f"-d {single(address)} ! -i {bridge} -o {bridge} {inner} -j ACCEPT"
    return place("filter", "DOCKER", text, "OPEN PORT", _spoken_port(bridge, address, binding))


def _spoken_port(bridge: str, address: IpAddress, binding: PortBinding) -> str:
    return (
        f"! -i {bridge} -o {bridge} -p {binding.protocol.value} -d {address} --dport {binding.container_port} -j ACCEPT"
    )


def of_link(
    network: NetworkConfig, asking: IpAddress, asked: IpAddress, ports: Sequence[tuple[int, str]]
) -> list[Entry]:
    """`--link` where icc is false: the question to each port and its answer, behind what stands there (all releases
    alike: tests/recordings/*/links_without_icc.dnet)."""
    same, entries = f"-i {network.bridge} -o {network.bridge}", []
    for port, protocol in ports:
        proto = f"-p {protocol} -m {protocol}"
        question = f"-s {asking}/32 -d {asked}/32 {same} {proto} --dport {port} -j ACCEPT"
        answer = f"-s {asked}/32 -d {asking}/32 {same} {proto} --sport {port} -j ACCEPT"
        entries += [last("filter", "DOCKER", question), last("filter", "DOCKER", answer)]
    return entries


# -- the resolver ---------------------------------------------------------------------------------------------------


def of_resolver(tcp: int, udp: int) -> list[Entry]:
    """Port 53 of 127.0.0.11 leads to sockets of dockerd, whose answers seem to come from there (resolver_unix.go)."""
    return [
        last("nat", "OUTPUT", "-d 127.0.0.11/32 -j DOCKER_OUTPUT"),
        last("nat", "POSTROUTING", "-d 127.0.0.11/32 -j DOCKER_POSTROUTING"),
        *_resolver_port("tcp", tcp),
        *_resolver_port("udp", udp),
    ]


def _resolver_port(protocol: str, port: int) -> list[Entry]:
    proto, there = f"-p {protocol} -m {protocol}", "127.0.0.11"
    return [
        last("nat", "DOCKER_OUTPUT", f"-d {there}/32 {proto} --dport 53 -j DNAT --to-destination {there}:{port}"),
        last("nat", "DOCKER_POSTROUTING", f"-s {there}/32 {proto} --sport {port} -j SNAT --to-source :53"),
    ]
