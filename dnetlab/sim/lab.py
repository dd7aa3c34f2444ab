"""The default lab before the first command: docker1, docker2 and client on a closed LAN, daemons started."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface

from dnetlab.model import Address, Host, Interface, LinkKind, Namespace, Process, Route
from dnetlab.sim.profiles import DEFAULT_RELEASE, engine
from dnetlab.sim.world import World

LAN = IPv4Network("172.25.254.0/24")
RESOLVER = IPv4Address("192.0.2.53")  # TEST-NET-1: nobody ever answers there
HOSTS: dict[str, tuple[IPv4Address, bool]] = {  # name -> address on the LAN, has Docker
    "docker1": (IPv4Address("172.25.254.1"), True),
    "docker2": (IPv4Address("172.25.254.2"), True),
    "client": (IPv4Address("172.25.254.38"), False),
}
SYSCTLS: dict[str, str] = {  # as a Debian 12 has them after boot
    "net.ipv4.ip_forward": "0",
    "net.ipv4.conf.all.forwarding": "0",
    "net.ipv4.conf.default.forwarding": "0",
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "0",
    "net.ipv4.conf.all.route_localnet": "0",
    "net.ipv4.conf.all.proxy_arp": "0",
    "net.ipv4.icmp_echo_ignore_all": "0",
    "net.ipv4.ip_local_port_range": "32768\t60999",
    "net.ipv4.ip_unprivileged_port_start": "1024",
    "net.ipv4.ip_default_ttl": "64",
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.bridge.bridge-nf-call-iptables": "1",
    "net.bridge.bridge-nf-call-ip6tables": "1",
    "net.bridge.bridge-nf-call-arptables": "1",
}


def new_world(release: str = DEFAULT_RELEASE, seed: int = 0) -> World:
    """The lab of DESIGN.md with the daemons of that release running. UsageError for a release nobody knows.

    Two calls with the same release and seed give equal worlds.
    """
    from dnetlab.sim.dockerd.images import install_catalogue
    from dnetlab.sim.dockerd.system import install_daemon, start_daemon

    engine(release)
    world = World(release=release, seed=seed)
    for name, (address, docker) in HOSTS.items():
        _plug_in(world, name, address, docker)
    for name, (_, docker) in HOSTS.items():
        if docker:
            install_daemon(world, name)
            install_catalogue(world, name)
            start_daemon(world, name)
    return world


def _plug_in(world: World, name: str, address: IPv4Address, docker: bool) -> None:
    """One host without its daemon: links, addresses, files and its first process."""
    interfaces = [loopback(), lan_interface(world, name, address)]
    if docker:
        interfaces.append(_bare_interface(world, name))
    stack = Namespace(
        "host",
        tuple(interfaces),
        (Route(LAN, "eth0", src=address),),
        sysctls=dict(SYSCTLS),
    )
    world.put_host(Host(name, {"host": stack}, (Process(1, 0, ("/sbin/init",)),), has_docker=docker))
    world.counters[f"pid:{name}"] = 88  # a booted machine is past its first numbers
    world.counters[f"index:{name}"] = len(interfaces) + 1
    _write_files(world, name, address)


def loopback(v6: bool = True) -> Interface:
    """lo of a namespace; v6: with ::1."""
    addresses = [Address(IPv4Interface("127.0.0.1/8"), scope="host")]
    if v6:
        addresses.append(Address(IPv6Interface("::1/128"), scope="host"))
    return Interface("lo", 1, LinkKind.LOOPBACK, "00:00:00:00:00:00", tuple(addresses), mtu=65536)


def link_local(mac: str) -> Address:
    """The fe80:: address that the kernel gives an interface of this MAC (EUI-64)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    eui = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return Address(IPv6Interface((IPv6Address(b"\xfe\x80" + bytes(6) + eui), 64)), scope="link")


def lan_interface(world: World, name: str, address: IPv4Address) -> Interface:
    mac = world.random_mac(f"{name}:eth0")
    v4 = Address(IPv4Interface(f"{address}/{LAN.prefixlen}"), LAN.broadcast_address)
    return Interface("eth0", 2, LinkKind.PHYSICAL, mac, (v4, link_local(mac)), segment="lan")


def _bare_interface(world: World, name: str) -> Interface:
    """enp7s0: up and promiscuous, without an IPv4 address, on the second switch; lessons on macvlan use it."""
    mac = world.random_mac(f"{name}:enp7s0")
    return Interface(
        "enp7s0", 3, LinkKind.PHYSICAL, mac, (link_local(mac),), promiscuous=True, segment="trunk"
    )


def _write_files(world: World, name: str, address: IPv4Address) -> None:
    world.files[name, "", "/etc/hostname"] = f"{name}\n"
    world.files[name, "", "/etc/resolv.conf"] = f"nameserver {RESOLVER}\n"
    world.files[name, "", "/etc/hosts"] = (
        f"127.0.0.1\tlocalhost\n{address}\t{name}\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
    )
