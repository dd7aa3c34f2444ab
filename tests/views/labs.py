"""Labs made by hand, so that the views are tested without the simulator."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from dnetlab.model import (
    Address,
    Container,
    ContainerState,
    Endpoint,
    Host,
    Interface,
    LinkKind,
    Namespace,
    Netfilter,
    Network,
    PeerEnd,
    PortBinding,
    Process,
    Protocol,
    Route,
    Snapshot,
    Socket,
    SocketState,
    Subnet,
    parse_rule,
)
from dnetlab.model.netfilter import empty_table

ANY = IPv4Address("0.0.0.0")


def lo() -> Interface:
    own = Address(IPv4Interface("127.0.0.1/8"), scope="host")
    return Interface("lo", 1, LinkKind.LOOPBACK, "00:00:00:00:00:00", (own,), mtu=65536)


def address(text: str) -> tuple[Address, ...]:
    face = IPv4Interface(text)
    return (Address(face, face.network.broadcast_address),)


def nic(name: str, index: int, segment: str, ip: str | None = None) -> Interface:
    mac = f"52:54:00:00:00:{index:02x}"
    return Interface(name, index, LinkKind.PHYSICAL, mac, address(ip) if ip else (), segment=segment)


def bridge(name: str, index: int, ip: str) -> Interface:
    return Interface(name, index, LinkKind.BRIDGE, f"02:42:00:00:00:{index:02x}", address(ip))


def pair(index: int, veth: str, master: str, space: str, dev: str, ip: str) -> tuple[Interface, Interface]:
    """(the end on the host, the end in the container); indexes are index + 1 and index."""
    outside = Interface(
        veth, index + 1, LinkKind.VETH, f"06:00:00:00:00:{index:02x}", peer=PeerEnd(space, index), master=master
    )
    inside = Interface(
        dev, index, LinkKind.VETH, f"02:42:ac:11:00:{index:02x}", address(ip), peer=PeerEnd("host", index + 1)
    )
    return outside, inside  # fmt: skip


def ident(letter: str) -> str:
    return letter * 64


def space(letter: str, *interfaces: Interface) -> Namespace:
    routes = tuple(Route(i.ipv4[0].network, i.name, src=i.ipv4[0].ip) for i in interfaces if i.ipv4)
    return Namespace(letter * 12, (lo(), *interfaces), routes)


def container(letter: str, name: str, networks: tuple[tuple[str, str], ...] = (), **more: object) -> Container:
    ends = tuple(
        Endpoint(network, ident("0"), address=IPv4Interface(ip).ip, prefixlen=16, interface=f"eth{n}")
        for n, (network, ip) in enumerate(networks)
    )
    return Container(
        ident(letter), name, "nginx", ("nginx",), ContainerState.RUNNING, pid=100 + ord(letter), endpoints=ends,
        **({"namespace": letter * 12, "network_mode": networks[0][0] if networks else "none"} | more),
    )  # fmt: skip


def network(name: str, driver: str, subnet: str | None, device: str | None, letter: str) -> Network:
    subnets = ()
    if subnet:
        net = IPv4Network(subnet)
        subnets = (Subnet(net, net.network_address + 1),)
    parent = device if driver == "macvlan" else None
    return Network(ident(letter), name, driver, subnets=subnets, bridge=None if parent else device, parent=parent)


def client() -> Host:
    stack = Namespace("host", (lo(), nic("eth0", 2, "lan", "172.25.254.38/24")),
                      (Route(IPv4Network("172.25.254.0/24"), "eth0", src=IPv4Address("172.25.254.38")),))  # fmt: skip
    return Host("client", {"host": stack}, has_docker=False)


def quiet() -> Snapshot:
    """docker1 and client; no containers."""
    stack = Namespace(
        "host",
        (
            lo(), nic("eth0", 2, "lan", "172.25.254.1/24"), nic("enp7s0", 3, "trunk"),
            bridge("docker0", 4, "172.17.0.1/16"),
        ),
        (Route(IPv4Network("172.25.254.0/24"), "eth0", src=IPv4Address("172.25.254.1")),
         Route(IPv4Network("172.17.0.0/16"), "docker0", src=IPv4Address("172.17.0.1"))),
        netfilter=nat("-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"),
        sysctls={"net.ipv4.ip_forward": "1"},
    )  # fmt: skip
    networks = (network("bridge", "bridge", "172.17.0.0/16", "docker0", "1"), network("host", "host", None, None, "2"),
                network("none", "null", None, None, "3"))  # fmt: skip
    docker1 = Host(
        "docker1", {"host": stack}, (Process(1, 0, ("/sbin/init",)),), networks=networks, docker_running=True
    )
    return Snapshot({"docker1": docker1, "client": client()})


def nat(*rules: str) -> Netfilter:
    table = empty_table("nat")
    for text in rules:
        name = text.split()[1]
        chain = table.chain(name)
        table = table.with_chain(replace(chain, rules=(*chain.rules, parse_rule(text))))
    return Netfilter((table,))


def published() -> Snapshot:
    """quiet() and web1 on the default bridge with port 8080 published and its docker-proxy."""
    lab = quiet()
    docker1 = lab.hosts["docker1"]
    outside, inside = pair(5, "veth1a2b3c4", "docker0", "a" * 12, "eth0", "172.17.0.2/16")
    port = PortBinding(80, Protocol.TCP, ANY, 8080)
    web1 = container("a", "web1", (("bridge", "172.17.0.2/16"),), ports=(port,), network_mode="default")
    proxy = Socket(Protocol.TCP, ANY, 8080, SocketState.LISTEN, 77, "docker-proxy")
    stack = replace(
        docker1.stack.with_interface(outside),
        sockets=(proxy,),
        netfilter=nat("-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
                      "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"),
    )  # fmt: skip
    argv = ("/usr/bin/docker-proxy", "-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "8080", "-container-ip",
            "172.17.0.2", "-container-port", "80")  # fmt: skip
    inner = replace(space("a", inside), sockets=(Socket(Protocol.TCP, ANY, 80, SocketState.LISTEN, 88, "nginx"),))
    changed = replace(
        docker1,
        namespaces={"host": stack, "a" * 12: inner},
        processes=(*docker1.processes, Process(77, 1, argv), Process(88, 1, ("nginx",), "a" * 12, ident("a"))),
        containers=(web1,),
    )
    return replace(lab, hosts=lab.hosts | {"docker1": changed})


def full() -> Snapshot:
    """published() and: web2 on two networks, web3 joined by shell, demo in host mode, lonely without a network, mac1
    on a macvlan network, and a stopped one."""
    lab = published()
    docker1 = lab.hosts["docker1"]
    stack = docker1.stack.with_interface(bridge("br-444444444444", 7, "172.18.0.1/16"))
    o1, i1 = pair(8, "vethbbbbbb1", "docker0", "b" * 12, "eth0", "172.17.0.3/16")
    o2, i2 = pair(10, "vethbbbbbb2", "br-444444444444", "b" * 12, "eth1", "172.18.0.2/16")
    o3, i3 = pair(12, "vethccccccc", "br-444444444444", "c" * 12, "eth0", "172.18.0.3/16")
    for end in (o1, o2, o3):
        stack = stack.with_interface(end)
    macvlan = Interface("eth0", 14, LinkKind.MACVLAN, "02:42:0a:00:00:0a", address("10.0.0.10/24"), parent="enp7s0",
                        parent_namespace="host", mode="bridge")  # fmt: skip
    spaces = {
        "b" * 12: space("b", i1, i2), "c" * 12: space("c", i3), "e" * 12: space("e"), "f" * 12: space("f", macvlan),
    }  # fmt: skip
    newest_first = (
        stopped(),
        container("f", "mac1", (("mynet1", "10.0.0.10/24"),)),
        container("e", "lonely"),
        container("8", "demo", namespace="host", network_mode="host"),
        container("d", "shell", namespace="c" * 12, network_mode=f"container:{ident('c')}"),
        container("c", "web3", (("my_net1", "172.18.0.3/16"),)),
        container("b", "web2", (("bridge", "172.17.0.3/16"), ("my_net1", "172.18.0.2/16"))),
    )
    networks = (*docker1.networks, network("my_net1", "bridge", "172.18.0.0/16", "br-444444444444", "4"),
                network("mynet1", "macvlan", "10.0.0.0/24", "enp7s0", "5"))  # fmt: skip
    changed = replace(
        docker1,
        namespaces={"host": stack, "a" * 12: docker1.namespaces["a" * 12]} | spaces,
        containers=(*newest_first, *docker1.containers),
        networks=tuple(sorted(networks, key=lambda n: n.name)),
    )
    return replace(lab, hosts=lab.hosts | {"docker1": changed})


def stopped() -> Container:
    return Container(ident("9"), "old", "busybox", ("sh",), ContainerState.EXITED, exit_code=137)
