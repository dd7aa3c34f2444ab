"""Which chains, rules and elements a daemon writes with the nftables backend (moby drivers/bridge/internal/nftabler).

Recorded from 29.7.2. Packets into a bridge meet the chains with `in` in their name, those out of it the ones with
`out`: a map of each base chain has the bridge's name and the chain beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from dnetlab.model import Hook, NftChain, PortBinding
from dnetlab.model.ip import IpAddress, bracketed
from dnetlab.sim.dockerd.firewall.nftmirror import Part, WithChain, WithElement, WithRule
from dnetlab.sim.dockerd.firewall.protocol import NetworkConfig
from dnetlab.sim.dockerd.firewall.rules import Mark

RESOLVER = "docker-dns"
FORWARD_IN, FORWARD_OUT = "filter-forward-in", "filter-forward-out"
NAT_IN, NAT_OUT = "nat-postrouting-in", "nat-postrouting-out"
MAPS = tuple(f"{name}-jumps" for name in (FORWARD_IN, FORWARD_OUT, NAT_IN, NAT_OUT))
NAT, RAW = "nat-prerouting-and-output", "raw-PREROUTING"
FIRST, MARKED, LINKS, ICC, PORTS, LAST = 0, 1, 2, 3, 4, 5  # groups of rules in a network's chain for what comes in
ESTABLISHED = "ct state established,related counter accept"


def _base(name: str, kind: str, hook: Hook, priority: int) -> WithChain:
    return WithChain(name, NftChain(name, (), 0, kind, hook, priority, "accept"))


def own_chains(version: int, proxy: bool) -> list[Part]:
    """What stands in the daemon's table from its start."""
    own = {4: "ip daddr != 127.0.0.1/8 ", 6: "ip6 daddr != ::1 "}[version] if proxy else ""
    local = f"fib daddr type local counter jump {NAT}"
    return [
        _base("filter-FORWARD", "filter", Hook.FORWARD, 0),
        WithRule("filter-FORWARD", FIRST, f"oifname vmap @{MAPS[0]}"),
        WithRule("filter-FORWARD", FIRST, f"iifname vmap @{MAPS[1]}"),
        _base("nat-POSTROUTING", "nat", Hook.POSTROUTING, 100),
        WithRule("nat-POSTROUTING", FIRST, f"iifname vmap @{MAPS[3]}"),
        WithRule("nat-POSTROUTING", FIRST, f"oifname vmap @{MAPS[2]}"),
        WithChain(NAT),
        _base("nat-PREROUTING", "nat", Hook.PREROUTING, -100),
        WithRule("nat-PREROUTING", FIRST, local),
        _base("nat-OUTPUT", "nat", Hook.OUTPUT, -100),
        WithRule("nat-OUTPUT", FIRST, own + local),
        _base(RAW, "filter", Hook.PREROUTING, -300),
    ]


def of_network(proxy: bool, network: NetworkConfig, mark: Mark = None) -> list[Part]:
    """A network's own chains, the ways into them, and the rules that hold for whoever is in it."""
    bridge = network.bridge
    into, out, nat_into, nat_out = (f"{name}__{bridge}" for name in (FORWARD_IN, FORWARD_OUT, NAT_IN, NAT_OUT))
    chains: list[Part] = []
    for name, jumps in zip((into, out, nat_into, nat_out), MAPS, strict=True):
        chains += [WithChain(name), WithElement(jumps, bridge, name)]
    rules = [WithRule(into, FIRST, ESTABLISHED), WithRule(out, FIRST, ESTABLISHED)]
    icc = "accept" if network.icc else "drop"
    if network.internal:
        rules += [
            WithRule(into, FIRST, f'iifname != {bridge} counter drop comment "INTERNAL NETWORK INGRESS"'),
            WithRule(out, FIRST, f'oifname != {bridge} counter drop comment "INTERNAL NETWORK EGRESS"'),
            WithRule(into, ICC, f"counter {icc} comment ICC"),
        ]
        return [*chains, *rules]
    if mark is not None:
        wears = f"{mark[0]}" if mark[1] is None else f"and {mark[1]} == {mark[0]}"
        rules.append(WithRule(into, MARKED, f'meta mark {wears} counter accept comment "ALLOW FW MARK"'))
    last = 'accept comment "UNPROTECTED"' if network.unprotected else 'drop comment "UNPUBLISHED PORT DROP"'
    rules += [
        WithRule(into, ICC, f"iifname == {bridge} counter {icc} comment ICC"),
        WithRule(out, FIRST, "counter accept comment OUTGOING"),
        WithRule(into, LAST, f"counter {last}"),
    ]
    if network.routed:
        echoes = "ip protocol icmp" if network.subnet.version == 4 else "meta l4proto ipv6-icmp"
        rules.append(WithRule(into, FIRST, f"{echoes} counter accept comment ICMP"))
    return [*chains, *rules, *_masquerading(proxy, network, nat_into, nat_out)]


def _masquerading(proxy: bool, network: NetworkConfig, into: str, out: str) -> list[WithRule]:
    verdict, comment = ("masquerade", "MASQUERADE") if network.source is None else (f"snat to {network.source}", "SNAT")
    rules = []
    if network.masquerade and not network.routed:
        leaving = f"oifname != {network.bridge} {_family(network.subnet.version)} saddr {network.subnet}"
        rules.append(WithRule(out, FIRST, f"{leaving} counter {verdict} comment {comment}"))
    if not proxy:
        rules.append(WithRule(into, FIRST, f'fib saddr type local counter {verdict} comment "{comment} FROM HOST"'))
    return rules


def _family(version: int) -> str:
    return "ip" if version == 4 else "ip6"


def of_endpoint(network: NetworkConfig, address: IpAddress) -> list[Part]:
    """Nobody outside the bridge, and the links that are trusted, talks to the container's address itself."""
    if network.internal or network.unprotected or network.routed:
        return []
    links = ", ".join((network.bridge, *network.trusted))
    text = f"{_family(address.version)} daddr {address} iifname != {{ {links} }} counter drop"
    return [WithRule(RAW, 1, f'{text} comment "DROP DIRECT ACCESS"')]


def of_ports(
    proxy: bool, network: NetworkConfig, address: IpAddress, bindings: Sequence[PortBinding]
) -> list[Part]:
    """Published ports: each opened, led to the container, and what a port of 127.0.0.1 or a missing proxy needs."""
    if network.internal:
        return []
    own = [b for b in bindings if b.host_ip.version == address.version]
    family, into = _family(address.version), f"{FORWARD_IN}__{network.bridge}"
    opened = [f"{family} daddr {address} {b.protocol.value} dport {b.container_port}" for b in own]
    parts: list[Part] = [] if network.unprotected else [WithRule(into, PORTS, f"{o} counter accept") for o in opened]
    for binding in (b for b in own if b.host_port):
        parts.append(WithRule(NAT, FIRST, _dnat(proxy, network.bridge, address, binding)))
    if not proxy:
        own_port = f'{family} saddr {address} {{}} counter masquerade comment "MASQ TO OWN PORT"'
        hairpin = [own_port.format(one) for one, b in zip(opened, own, strict=True) if b.host_port]
        parts += [WithRule(f"{NAT_IN}__{network.bridge}", FIRST, text) for text in hairpin]
    for binding in own:
        if binding.host_port and binding.host_ip.is_loopback and family == "ip":
            port = f"{binding.protocol.value} dport {binding.host_port}"
            text = f'iifname != lo ip daddr {binding.host_ip} {port} counter drop comment "DROP REMOTE LOOPBACK"'
            parts.append(WithRule(RAW, 1, text))
    return parts


def _dnat(proxy: bool, bridge: str, address: IpAddress, binding: PortBinding) -> str:
    skip = f"iifname != {bridge} " if proxy else ""
    skip += "ip6 saddr != fe80::/10 " if address.version == 6 else ""
    to = "" if binding.host_ip.is_unspecified else f"{_family(address.version)} daddr {binding.host_ip} "
    port = f"{binding.protocol.value} dport {binding.host_port}"
    return f"{skip}{to}{port} counter dnat to {bracketed(address)}:{binding.container_port} comment DNAT"


def of_link(
    network: NetworkConfig, asking: IpAddress, asked: IpAddress, ports: Sequence[tuple[int, str]]
) -> list[Part]:
    """`--link` where icc is false: the question to each port, and its answer."""
    into, parts = f"{FORWARD_IN}__{network.bridge}", []
    for port, protocol in ports:
        question = f"ip saddr {asking} ip daddr {asked} {protocol} dport {port} counter accept"
        answer = f"ip saddr {asked} {protocol} sport {port} ip daddr {asking} counter accept"
        parts += [WithRule(into, LINKS, question), WithRule(into, LINKS, answer)]
    return list(parts)


def of_resolver(tcp: int, udp: int) -> list[Part]:
    """Port 53 of 127.0.0.11 leads to sockets of dockerd, whose answers seem to come from there."""
    there = "127.0.0.11"
    return [
        _base("dns-dnat", "nat", Hook.OUTPUT, -100),
        WithRule("dns-dnat", FIRST, f"ip daddr {there} udp dport 53 counter dnat to {there}:{udp}"),
        WithRule("dns-dnat", FIRST, f"ip daddr {there} tcp dport 53 counter dnat to {there}:{tcp}"),
        _base("dns-snat", "nat", Hook.POSTROUTING, 100),
        WithRule("dns-snat", FIRST, f"ip saddr {there} udp sport {udp} counter snat to :53"),
        WithRule("dns-snat", FIRST, f"ip saddr {there} tcp sport {tcp} counter snat to :53"),
    ]
