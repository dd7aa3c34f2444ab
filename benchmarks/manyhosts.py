"""A lab of thousands of containers on several Docker hosts, as a snapshot made at once: no command is run.

Each host has the same two networks, with the same addresses on every host, and the rules that 28.5.2 writes.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from dnetlab.model import Host, Interface, LinkKind, Namespace, Netfilter, Snapshot, parse_rule

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests import builder as b  # noqa: E402

NETWORKS = 2
FORWARD = """
-P FORWARD DROP
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD
-A DOCKER-FORWARD -j DOCKER-CT
-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1
-A DOCKER-FORWARD -j DOCKER-BRIDGE
"""
FORWARD_OF_A_NETWORK = """
-A DOCKER ! -i {bridge} -o {bridge} -j DROP
-A DOCKER-BRIDGE -o {bridge} -j DOCKER
-A DOCKER-CT -o {bridge} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-FORWARD -i {bridge} -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i {bridge} ! -o {bridge} -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-2 -o {bridge} -j DROP
"""
NAT = """
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
"""


def many(containers: int, hosts: int = 10) -> Snapshot:
    """That many containers with a web server each, dealt out evenly to hosts docker1, docker2 … on one LAN."""
    return Snapshot({f"docker{h + 1}": _host(h, containers // hosts) for h in range(hosts)})


def _host(number: int, containers: int) -> Host:
    made = [_container(number, n) for n in range(containers)]
    inside = {space.name: space for _, space, _ in made}
    eth0 = b.link("eth0", 2, LinkKind.PHYSICAL, f"172.25.254.{number + 1}/24", segment="lan", mac=_mac(0, number, 2))
    bridges = [
        b.link(f"br-n{k}", 3 + k, LinkKind.BRIDGE, f"172.{18 + k}.0.1/16", mac=_mac(1, number, k))
        for k in range(NETWORKS)
    ]
    stack = b.namespace(
        "host", eth0, *bridges, *(outer for outer, _, _ in made), netfilter=_rules([rule for _, _, rule in made]),
        sysctls={"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"},
    )  # fmt: skip
    return Host(f"docker{number + 1}", {"host": stack, **inside})


def _container(host: int, number: int) -> tuple[Interface, Namespace, str]:
    """(the veth on the host, the container's namespace, its rule of the raw table)."""
    network, index = number % NETWORKS, 100 + 2 * number
    ip = f"172.{18 + network}.{(number // NETWORKS + 2) // 256}.{(number // NETWORKS + 2) % 256}"
    name = f"{host:02x}{number:010x}"
    outer, inner = b.pair(index, f"br-n{network}", name, f"{ip}/16")
    outer, inner = replace(outer, mac=_mac(2, host, index)), replace(inner, mac=_mac(3, host, index))
    space = b.namespace(name, inner, gateway=f"172.{18 + network}.0.1", sockets=(b.listening(80),))
    return outer, space, f"-A PREROUTING -d {ip}/32 ! -i br-n{network} -j DROP"


def _mac(kind: int, host: int, number: int) -> str:
    return f"06:{kind:02x}:{host:02x}:00:{number // 256:02x}:{number % 256:02x}"


def _rules(raw: list[str]) -> Netfilter:
    forward, nat = FORWARD, NAT
    for k in range(NETWORKS):
        forward += FORWARD_OF_A_NETWORK.format(bridge=f"br-n{k}")
        nat += f"-A POSTROUTING -s 172.{18 + k}.0.0/16 ! -o br-n{k} -j MASQUERADE\n"
    made = b.netfilter(filter=forward, nat=nat)
    chain = made.table("raw").chain("PREROUTING")
    assert chain is not None
    return made.with_chain("raw", replace(chain, rules=tuple(parse_rule(rule) for rule in raw)))
