"""A small lab made by hand: one Docker host between an outside machine and two bridge networks.

    ext 10.33.0.2 ── 10.33.0.1 dock ── br-n1 172.20.0.1/16 ── web1 .2 (:80, published 8081), peer .3
                                    └─ br-n2 172.21.0.1/16 ── oth .2

The rules are those the daemon writes (20.10.24 and 28.5.2), so what a test finds here a student finds there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address

from dnetlab.model import (
    Address,
    Chain,
    Exchange,
    Host,
    IcmpType,
    Interface,
    LinkKind,
    Namespace,
    Netfilter,
    Packet,
    PeerEnd,
    Process,
    Protocol,
    Route,
    Snapshot,
    Socket,
    SocketState,
    Where,
    parse_rule,
)
from dnetlab.net.forward import forward
from dnetlab.net.routing import source_address

ANY = IPv4Address("0.0.0.0")
PROXY_PID = 77

NAT = """
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.21.0.0/16 ! -o br-n2 -j MASQUERADE
-A POSTROUTING -s 172.20.0.0/16 ! -o br-n1 -j MASQUERADE
{hairpin}
-A DOCKER -i br-n2 -j RETURN
-A DOCKER -i br-n1 -j RETURN
-A DOCKER ! -i br-n1 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.20.0.2:80
"""
HAIRPIN = "-A POSTROUTING -s 172.20.0.2/32 -d 172.20.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE"
FILTER_20 = """
-P FORWARD DROP
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o br-n2 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o br-n2 -j DOCKER
-A FORWARD -i br-n2 ! -o br-n2 -j ACCEPT
-A FORWARD -i br-n2 -o br-n2 -j ACCEPT
-A FORWARD -o br-n1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o br-n1 -j DOCKER
-A FORWARD -i br-n1 ! -o br-n1 -j ACCEPT
-A FORWARD -i br-n1 -o br-n1 -j ACCEPT
-A DOCKER -d 172.20.0.2/32 ! -i br-n1 -o br-n1 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i br-n2 ! -o br-n2 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -i br-n1 ! -o br-n1 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o br-n2 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -o br-n1 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
"""
FILTER_28 = """
-P FORWARD DROP
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-FORWARD
-A DOCKER -d 172.20.0.2/32 ! -i br-n1 -o br-n1 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER ! -i br-n1 -o br-n1 -j DROP
-A DOCKER ! -i br-n2 -o br-n2 -j DROP
-A DOCKER-BRIDGE -o br-n1 -j DOCKER
-A DOCKER-BRIDGE -o br-n2 -j DOCKER
-A DOCKER-CT -o br-n1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-CT -o br-n2 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A DOCKER-FORWARD -j DOCKER-CT
-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1
-A DOCKER-FORWARD -j DOCKER-BRIDGE
-A DOCKER-FORWARD -i br-n1 -j ACCEPT
-A DOCKER-FORWARD -i br-n2 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i br-n1 ! -o br-n1 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -i br-n2 ! -o br-n2 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-2 -o br-n2 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -o br-n1 -j DROP
"""
RAW_28 = """
-A PREROUTING -d 172.20.0.2/32 ! -i br-n1 -j DROP
-A PREROUTING -d 172.20.0.3/32 ! -i br-n1 -j DROP
-A PREROUTING -d 172.21.0.2/32 ! -i br-n2 -j DROP
"""


def netfilter(**tables: str) -> Netfilter:
    """Tables from lines of iptables-save: `netfilter(filter='-P FORWARD DROP\\n-A FORWARD …')`."""
    result = Netfilter()
    for name, text in tables.items():
        table = result.table(name)
        for line in filter(None, (line.strip() for line in text.splitlines())):
            words = line.split()
            chain = table.chain(words[1]) or Chain(words[1])
            if words[0] == "-P":
                chain = replace(chain, policy=words[2])
            else:
                chain = replace(chain, rules=(*chain.rules, parse_rule(line)))
            table = table.with_chain(chain)
        for chain in tuple(table.chains):  # chains only jumped to
            for rule in chain.rules:
                if rule.target.name.startswith("DOCKER") and table.chain(rule.target.name) is None:
                    table = table.with_chain(Chain(rule.target.name))
        result = result.with_table(table)
    return result


def lo() -> Interface:
    return Interface(
        "lo",
        1,
        LinkKind.LOOPBACK,
        "00:00:00:00:00:00",
        (Address(IPv4Interface("127.0.0.1/8"), scope="host"),),
        mtu=65536,
    )


def link(name: str, index: int, kind: LinkKind, ip: str | None = None, **more: object) -> Interface:
    """An interface whose MAC ends in its index; bridges 02:42…, everything else 0a:00…."""
    face = IPv4Interface(ip) if ip else None
    addresses = (Address(face, face.network.broadcast_address),) if face else ()
    head = "02:42:00:00" if kind is LinkKind.BRIDGE else "0a:00:00:00"
    mac = more.pop("mac", f"{head}:{index // 256:02x}:{index % 256:02x}")
    return Interface(name, index, kind, mac, addresses, **more)


def namespace(name: str, *links: Interface, gateway: str | None = None, **more: object) -> Namespace:
    """A stack with a route per address, and a default route."""
    routes = [Route(i.ipv4[0].network, i.name, src=i.ipv4[0].ip) for i in links if i.ipv4]
    if gateway:
        first = next(i.name for i in links if i.ipv4)
        routes.append(Route(IPv4Network("0.0.0.0/0"), first, via=IPv4Address(gateway), scope="global"))
    return Namespace(name, (lo(), *links), tuple(routes), **more)


def pair(index: int, master: str | None, space: str, ip: str, dev: str = "eth0") -> tuple[Interface, Interface]:
    """(host's end, container's end) of a veth pair."""
    outer = link(f"veth{index}", index + 1, LinkKind.VETH, peer=PeerEnd(space, index), master=master)
    return outer, link(dev, index, LinkKind.VETH, ip, peer=PeerEnd("host", index + 1))


def listening(
    port: int, ip: str = "0.0.0.0", program: str = "httpd", pid: int = 500, protocol: Protocol = Protocol.TCP
) -> Socket:
    state = SocketState.LISTEN if protocol is Protocol.TCP else SocketState.UNCONNECTED
    address = IPv6Address(ip) if ":" in ip else IPv4Address(ip)
    return Socket(protocol, address, port, state, pid, program)


def docker_lab(release: str = "20.10") -> Snapshot:
    """The lab of this module's first lines, with the rules of that release and both of web1's docker-proxies."""
    spaces = {
        "web1": ("172.20.0.2/16", "172.20.0.1", 10, "br-n1"),
        "peer": ("172.20.0.3/16", "172.20.0.1", 12, "br-n1"),
        "oth": ("172.21.0.2/16", "172.21.0.1", 14, "br-n2"),
    }
    links = [
        link("eth0", 2, LinkKind.PHYSICAL, "10.33.0.1/24", segment="lan"),
        link("br-n1", 3, LinkKind.BRIDGE, "172.20.0.1/16"),
        link("br-n2", 4, LinkKind.BRIDGE, "172.21.0.1/16"),
    ]
    inside: dict[str, Namespace] = {}
    for name, (ip, gateway, index, bridge) in spaces.items():
        outer, inner = pair(index, bridge, name, ip)
        links.append(outer)
        inside[name] = namespace(name, inner, gateway=gateway)
    inside["web1"] = replace(inside["web1"], sockets=(listening(80),))
    if release == "20.10":
        rules = netfilter(nat=NAT.format(hairpin=HAIRPIN), filter=FILTER_20)
    else:
        rules = netfilter(raw=RAW_28, nat=NAT.format(hairpin=""), filter=FILTER_28)
    proxy = listening(8081, program="docker-proxy", pid=PROXY_PID)
    stack = namespace(
        "host",
        *links,
        netfilter=rules,
        sockets=(proxy,),
        sysctls={"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"},
    )
    argv = (
        "/usr/bin/docker-proxy",
        "-proto",
        "tcp",
        "-host-ip",
        "0.0.0.0",
        "-host-port",
        "8081",
        "-container-ip",
        "172.20.0.2",
        "-container-port",
        "80",
    )
    dock = Host("dock", {"host": stack, **inside}, (Process(PROXY_PID, 1, argv),))
    eth0 = link("eth0", 2, LinkKind.PHYSICAL, "10.33.0.2/24", segment="lan", mac="0a:00:00:00:ff:02")
    outside = namespace("host", eth0, sockets=(listening(80, program="www"),))
    ext = Host("ext", {"host": outside}, has_docker=False)
    return Snapshot({"dock": dock, "ext": ext})


WHERE = {
    "ext": Where("ext"),
    "host": Where("dock"),
    "web1": Where("dock", "web1"),
    "peer": Where("dock", "peer"),
    "oth": Where("dock", "oth"),
}


def change(lab: Snapshot, who: str, edit: Callable[[Namespace], Namespace]) -> Snapshot:
    """The lab with one namespace edited: `change(lab, 'host', lambda ns: replace(ns, …))`."""
    host, space = WHERE.get(who, Where(who))
    machine = lab.hosts[host]
    spaces = machine.namespaces | {space: edit(machine.namespaces[space])}
    return replace(lab, hosts=lab.hosts | {host: replace(machine, namespaces=spaces)})


def with_rules(lab: Snapshot, who: str, table: str, text: str, first: bool = False) -> Snapshot:
    """Rules (and -P lines) added to a table, at the end of their chains or at the top."""

    def edit(space: Namespace) -> Namespace:
        found = space.netfilter.table(table)
        for line in filter(None, (line.strip() for line in text.splitlines())):
            words = line.split()
            chain = found.chain(words[1]) or Chain(words[1])
            if words[0] == "-P":
                chain = replace(chain, policy=words[2])
            else:
                rule = parse_rule(line)
                chain = replace(chain, rules=(rule, *chain.rules) if first else (*chain.rules, rule))
            found = found.with_chain(chain)
        return replace(space, netfilter=space.netfilter.with_table(found))

    return change(lab, who, edit)


def flushed(lab: Snapshot, table: str) -> Snapshot:
    """`iptables -t TABLE -F` on the Docker host."""

    def edit(space: Namespace) -> Namespace:
        found = space.netfilter.table(table)
        empty = replace(found, chains=tuple(replace(c, rules=()) for c in found.chains))
        return replace(space, netfilter=space.netfilter.with_table(empty))

    return change(lab, "host", edit)


def sysctl(lab: Snapshot, who: str, key: str, value: str) -> Snapshot:
    return change(lab, who, lambda ns: replace(ns, sysctls=ns.sysctls | {key: value}))


def without_proxy(lab: Snapshot) -> Snapshot:
    """`kill` of web1's docker-proxy."""
    return change(lab, "host", lambda ns: replace(ns, sockets=()))


def ping(lab: Snapshot, who: str, to: str, ttl: int = 64, source: str | None = None) -> Exchange:
    where = WHERE.get(who, Where(who))
    ip = IPv4Address(to)
    start = IPv4Address(source) if source else source_address(lab.at(where), ip)
    echo = Packet(start, ip, Protocol.ICMP, 7, ttl=ttl, icmp=IcmpType.ECHO_REQUEST)
    return forward(lab, where, echo, lab.clock)


def tcp(lab: Snapshot, who: str, to: str, port: int, protocol: Protocol = Protocol.TCP) -> Exchange:
    where = WHERE.get(who, Where(who))
    ip = IPv4Address(to)
    start = source_address(lab.at(where), ip)
    flags = "S" if protocol is Protocol.TCP else ""
    return forward(lab, where, Packet(start, ip, protocol, 40000, port, flags=flags, size=60))


def outcome(exchange: Exchange) -> str:
    """'ok SOURCE' with the address the server saw, 'refused', 'reset', 'unreachable' or 'timeout'."""
    last = exchange
    while last.proxied:
        last = last.proxied
    if exchange.answered:
        return f"ok {last.request.final.source}"
    if exchange.proxied is not None:
        return "reset"
    reply = exchange.reply
    if reply is None or not reply.disposition.arrived:
        return "timeout"
    if "R" in reply.final.flags or reply.final.icmp is IcmpType.PORT_UNREACHABLE:
        return "refused"
    return "unreachable"


def story(exchange: Exchange) -> str:
    """For failure messages: every step of the request and its answer."""
    lines = []
    for trace in (exchange.request, exchange.reply):
        if trace is None:
            continue
        for hop in trace.hops:
            lines += [
                f"{hop.where} {s.kind.value} {s.hook} {s.table} {s.chain} {s.rule} {s.fact}"
                for s in hop.steps
            ]
        lines.append(f"== {trace.disposition}: {trace.because}")
    return "\n".join(lines)
