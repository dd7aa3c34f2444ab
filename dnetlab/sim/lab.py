"""A lab before the first command: the hosts of its topology as they are after boot, their daemons started."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Interface, IPv6Interface

from dnetlab.model import (
    Address,
    Host,
    HostPlan,
    Interface,
    LinkKind,
    Namespace,
    Nic,
    Process,
    Route,
    StaticRoute,
    Topology,
    default_topology,
)
from dnetlab.sim.kernel.autoconf import link_local, loopback
from dnetlab.sim.profiles import DEFAULT_RELEASE, engine
from dnetlab.sim.world import World

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
FORWARDING = ("net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv4.conf.default.forwarding")


def new_world(release: str = DEFAULT_RELEASE, seed: int = 0, topology: Topology | None = None) -> World:
    """The lab of that topology (None: the default one) with the daemons of that release running.

    Two calls with the same arguments give equal worlds, and each caller one of its own. UsageError for a release or an
    image that nobody knows.
    """
    return _started(release, seed, topology or default_topology()).copy()


@lru_cache(maxsize=8)  # a reset, the next hand-in of a class: the same lab again
def _started(release: str, seed: int, shape: Topology) -> World:
    from dnetlab.sim.dockerd.images import install_catalogue
    from dnetlab.sim.dockerd.system import install_daemon, start_daemon
    from dnetlab.sim.tools.by_name import TOOLS

    engine(release)
    world = World(release=release, seed=seed, topology=shape, tools=TOOLS)
    for plan in shape.hosts:
        _boot(world, plan, shape.nics_of(plan.name))
    for name in shape.docker_hosts:
        install_daemon(world, name)
        install_catalogue(world, name)
        start_daemon(world, name)
    return world


def _boot(world: World, plan: HostPlan, nics: tuple[Nic, ...]) -> None:
    """One host without its daemon: links, addresses, routes, files and its first process."""
    name = plan.name
    interfaces = [loopback(), *(_interface(world, nic, index) for index, nic in enumerate(nics, 2))]
    attached = [Route(address.network, nic.name, src=address.ip) for nic in nics for address in nic.ipv4]
    routes = (*attached, *(_static(route, nics) for route in plan.routes))
    sysctls = SYSCTLS | (dict.fromkeys(FORWARDING, "1") if plan.forwarding else {})
    stack = Namespace("host", tuple(interfaces), routes, sysctls=sysctls, last_index=len(interfaces))
    world.put_host(Host(name, {"host": stack}, (Process(1, 0, ("/sbin/init",)),), has_docker=plan.docker))
    world.counters[f"pid:{name}"] = 88  # a booted machine is past its first numbers
    _write_files(world, plan)


def _interface(world: World, nic: Nic, index: int) -> Interface:
    """A card as it is after boot: up, with what the topology gave it and the link-local address of its MAC."""
    mac = nic.mac or world.random_mac(f"{nic.host}:{nic.name}")
    own = (*map(_address, nic.addresses), link_local(mac))
    return Interface(nic.name, index, LinkKind.PHYSICAL, mac, own, carrier=bool(nic.switch),
                     promiscuous=nic.promiscuous, segment=nic.switch or None)  # fmt: skip


def _address(given: IPv4Interface | IPv6Interface) -> Address:
    return Address(given, given.network.broadcast_address if isinstance(given, IPv4Interface) else None)


def _static(route: StaticRoute, nics: tuple[Nic, ...]) -> Route:
    """As `ip route add … via GATEWAY` leaves it, through the card that shares a network with the gateway."""
    dev = next(nic.name for nic in nics for address in nic.ipv4 if route.gateway in address.network)
    return Route(route.destination, dev, route.gateway, protocol="boot", scope="global")


def _write_files(world: World, plan: HostPlan) -> None:
    name, address = plan.name, world.topology.address_of(plan.name)
    world.files[name, "", "/etc/hostname"] = f"{name}\n"
    world.files[name, "", "/etc/resolv.conf"] = f"nameserver {plan.resolver}\n" if plan.resolver else ""
    world.files[name, "", "/etc/hosts"] = (
        f"127.0.0.1\tlocalhost\n{address.ip if address else '127.0.1.1'}\t{name}\n"
        "::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
    )
