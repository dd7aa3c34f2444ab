"""A container's sandbox: its network namespace, the names and routes of the links in it, its way to the resolver."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from ipaddress import IPv4Interface, IPv6Interface

from dnetlab.model import (
    Address,
    Container,
    Endpoint,
    Namespace,
    Network,
    Route,
    Where,
)
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, ip_network
from dnetlab.sim.dockerd import books, hostsfile, resolver
from dnetlab.sim.dockerd.answering import answer_names
from dnetlab.sim.dockerd.books import change_daemon, daemon, release_of
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.dockerd.drivers import options
from dnetlab.sim.dockerd.drivers.table import driver_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.kernel import Errno, KernelError, Stack
from dnetlab.sim.kernel.autoconf import broadcast_of, loopback
from dnetlab.sim.world import World

PREFIX = "com.docker.network.container_iface_prefix"
DEFAULT, DEFAULT6 = ip_network("0.0.0.0/0"), ip_network("::/0")
SYSCTLS = {"net.ipv4.ip_forward": "0", "net.ipv4.ip_local_port_range": "32768\t60999",
           "net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ip_default_ttl": "64",
           "net.ipv4.ping_group_range": "0\t2147483647"}  # fmt: skip
# up to 25 IPv6 is off until an endpoint brings an address of it (libnetwork/osl/namespace_linux.go, setIPv6; observed
# on 20.10.24); later it is off for the links of networks without it
NO_IPV6 = {f"net.ipv6.conf.{link}.disable_ipv6": "1" for link in ("all", "default", "lo")}


# -- the namespace --------------------------------------------------------------------------------------------------


def make_namespace(world: World, host: str, container: Container, config: ContainerConfig) -> None:
    """A fresh network namespace with lo, and the files of the container."""
    name = container.short_id
    six = release_of(world).loopback_v6
    lo, switches = loopback(v6=six), SYSCTLS if six else SYSCTLS | NO_IPV6
    stack = Namespace(name, (lo,), sysctls={**switches, **config.sysctls}, last_index=lo.index)
    world.put_namespace(Where(host, name), stack)
    if container.id in daemon(world, host).interface_counters:
        counters = {k: v for k, v in daemon(world, host).interface_counters.items() if k != container.id}
        change_daemon(world, host, interface_counters=counters)
    books.put(world, host, replace(container, namespace=name))
    hosts = hostsfile.base_hosts(world, host, config)
    for address, names in hostsfile.link_lines(world, host, config):
        hosts += f"{address}\t{names}\n"
    world.files[host, container.id, hostsfile.HOSTS] = hosts
    world.files[host, container.id, hostsfile.HOSTNAME] = f"{container.hostname}\n"
    world.files[host, container.id, hostsfile.RESOLV] = hostsfile.resolv_conf(world, host, config, internal=False)


def id_of(container: Container) -> str:
    """The sandbox's own id, another one at each start."""
    return hashlib.sha256(f"sandbox:{container.id}:{container.started}".encode()).hexdigest()


def sandbox_of(world: World, container: Container) -> tuple[str, str]:
    """SandboxID and SandboxKey; two empty texts where there is none."""
    joined = container.network_mode.startswith("container:")
    kept = release_of(world).remembers_sandbox and container.started is not None
    if joined or not (container.is_running or kept):
        return "", ""
    one = id_of(container)
    return one, f"/var/run/docker/netns/{'default' if container.namespace == 'host' else one[:12]}"


def set_sysctls(world: World, host: str, container: Container, config: ContainerConfig) -> None:
    """Up to 27 runc writes --sysctl when the network stands, so that what is said of its links holds (observed on
    20.10.24 and 26.1.5 with disable_ipv6); of `all` and `lo` it holds later, too."""
    stack = Stack(world, Where(host, container.short_id))
    links = {"all", *(link.name for link in stack.namespace.interfaces)}
    for key, value in config.sysctls.items():
        if (found := re.match(r"net\.ipv[46]\.conf\.([^.]+)\.", key)) is not None and found[1] in links:
            stack.set_sysctl(key, value)


def leave_namespace(world: World, host: str, container: Container) -> None:
    """The namespace goes, unless joined containers still live in it: it is theirs now, with nothing but lo."""
    where = Where(host, container.short_id)
    heirs = [c for c in world.hosts[host].containers
             if c.namespace == where.namespace and c.id != container.id and c.is_running]  # fmt: skip
    stack = world.namespace(where)
    world.drop_namespace(where)
    if not heirs:
        return
    new = heirs[0].short_id
    kept = tuple(s for s in stack.sockets if s.program != "dockerd")
    world.put_namespace(Where(host, new), replace(stack, name=new, sockets=kept))
    for heir in heirs:
        books.change(world, host, heir.id, namespace=new)
    processes = tuple(
        replace(p, namespace=new) if p.namespace == where.namespace and p.container != container.id else p
        for p in world.hosts[host].processes
    )
    world.change_host(host, processes=processes)


# -- links ----------------------------------------------------------------------------------------------------------


def container_mac(world: World, host: str, address: IpAddress) -> str:
    """02:42 and the address up to 27; random from 28 on (drivers/bridge/bridge_linux.go)."""
    if release_of(world).random_mac:
        return world.random_mac(f"{host}:container")
    return "02:42:" + address.packed.hex(":")


def plug(
    world: World, host: str, container: Container, endpoint: Endpoint, network: Network, called: str = ""
) -> Endpoint:
    """Make the endpoint's link in the container with its address and route; the endpoint with the names of its ends.

    called: what its link is to be called, '' for the next name that is free.
    """
    assert endpoint.is_placed and container.namespace is not None
    where = Where(host, container.namespace)
    if called:
        _check_name(world, where, called)
    name = called or _next_name(world, where, container, network.options.get(PREFIX, "eth"))
    if endpoint.mac:
        _check_mac(world, host, endpoint.mac)
    outer = driver_of(network).join(world, where, name, endpoint.mac, network)
    for address in endpoint.addresses:
        _tell_neighbours(world, host, address, network, endpoint.mac)
    stack = Stack(world, where)
    _switch_ipv6(stack, name, endpoint.address6 is not None)
    if endpoint.address is not None:
        own = IPv4Interface((int(endpoint.address), endpoint.prefixlen))
        stack.add_address(name, Address(own, broadcast_of(own.network)))
    if endpoint.address6 is not None:
        stack.add_address(name, Address(IPv6Interface((int(endpoint.address6), endpoint.prefixlen6)), nodad=True))
    _set_up(stack, name)
    told = release_of(world).advertises and options.is_advertised(network) and bool(endpoint.addresses)
    if outer is not None and told:  # a gratuitous ARP goes out (observed on 28.5.2, not 20.10)
        Stack(world, Where(host)).learn(outer, endpoint.mac)
    return replace(endpoint, interface=name, host_interface=outer)


def add_link_local(
    world: World, host: str, container: Container, endpoint: Endpoint, addresses: Sequence[IpAddress]
) -> None:
    """The addresses of --link-local-ip beside its own (libnetwork osl/interface_linux.go setInterfaceLinkLocalIPs)."""
    for address in addresses if container.namespace and endpoint.interface else ():
        if address.version == 4:
            own = IPv4Interface((int(address), 16))  # net.IP.DefaultMask
            Stack(world, Where(host, container.namespace or "")).add_address(
                endpoint.interface or "", Address(own, broadcast_of(own.network)))  # fmt: skip


def _switch_ipv6(stack: Stack, name: str, on: bool) -> None:
    """IPv6 is on for a link whose network has it (osl/interface_linux.go, setInterfaceIPv6; sandbox up to 25)."""
    stack.set_sysctl(f"net.ipv6.conf.{name}.disable_ipv6", "0" if on else "1")
    if on and not release_of(stack.world).loopback_v6:
        stack.set_sysctl("net.ipv6.conf.lo.disable_ipv6", "0")


def _check_name(world: World, where: Where, name: str) -> None:
    """What the kernel says of a name that is taken or none (dev_valid_name, net/core/dev.c; observed on 28.5.2)."""
    is_taken = world.namespace(where).interface(name) is not None
    why = Errno.EEXIST if is_taken else Errno.ERANGE if len(name.encode()) > 15 else None
    if re.search(r"[\s/:]", name) or name in (".", ".."):
        why = why or Errno.EINVAL
    if why is not None:
        link = "veth" + world.hex_id(f"{where.host}:veth", 7)
        problem = f'error renaming interface "{link}" to "{name}": {why.go_words}'
        raise ApiError(f"failed to add interface {link} to sandbox: {problem}")


def _check_mac(world: World, host: str, mac: str) -> None:
    """A link can't have a group's MAC (observed on 28.5.2)."""
    if int(mac[:2], 16) & 1:
        link = "veth" + world.hex_id(f"{host}:veth", 7)
        problem = f'error setting interface "{link}" MAC to "{mac}": cannot assign requested address'
        raise ApiError(f"failed to add interface {link} to sandbox: {problem}")


def _set_up(stack: Stack, name: str) -> None:
    """The link's last step (moby libnetwork/osl/interface_linux.go); what the kernel refuses, the daemon passes on."""
    try:
        stack.set_up(name)
    except KernelError as error:
        link = "veth" + stack.world.hex_id(f"{stack.where.host}:veth", 7)
        raise ApiError(
            f"failed to add interface {link} to sandbox: failed to set link up: {error.errno.go_words}"
        ) from None


def unplug(world: World, host: str, container: Container, endpoint: Endpoint, network: Network) -> None:
    """Remove the endpoint's link."""
    driver_of(network).leave(world, Where(host, container.namespace or ""), endpoint, network)


def _next_name(world: World, where: Where, container: Container, prefix: str) -> str:
    """eth0, eth1, …: up to 27 the number only goes up while the container runs, later the lowest free one."""
    if release_of(world).counts_interfaces:
        counters = daemon(world, where.host).interface_counters
        number = counters.get(container.id, 0)
        change_daemon(world, where.host, interface_counters={**counters, container.id: number + 1})
        return f"{prefix}{number}"
    stack, number = world.namespace(where), 0
    while stack.interface(f"{prefix}{number}"):
        number += 1
    return f"{prefix}{number}"


def _tell_neighbours(world: World, host: str, address: IpAddress, network: Network, mac: str) -> None:
    """Who knows that address in the network by the MAC of an earlier owner learns the new one (osl/interface_linux.go
    advertiseAddrs, ARP and neighbour advertisements; observed on 28.5.2). Before 28 an address keeps its MAC."""
    if not (release_of(world).advertises and options.is_advertised(network)):
        return
    places = [(Where(host), network.bridge)] if network.bridge else []
    knowing = world.hosts[host].knowing
    places += [
        (Where(host, c.namespace), e.interface)
        for c in world.hosts[host].containers if c.namespace in knowing
        for e in c.endpoints
        if e.network_id == network.id and e.interface
    ] if knowing - {"host"} else []
    if network.bridge is None:  # the wire carries it to other hosts
        others = [h for h in world.hosts.values() if h.name != host]
        places += [(Where(h.name, space), n.dev) for h in others for space in h.knowing
                   for n in h.namespaces[space].neighbours if n.address == address]  # fmt: skip
    for where, dev in places:
        Stack(world, where).hear_of_neighbour(address, dev or "", mac)


def default_route(world: World, where: Where, gateway: Endpoint | None, by_link: bool) -> None:
    """Replace the container's default route by the one of the elected endpoint; none when it has no gateway.

    by_link: the route is the endpoint's link itself.
    """
    if where.namespace not in world.hosts[where.host].namespaces:
        return
    stack = Stack(world, where)
    stack.flush_routes(lambda route: route.is_default and route.destination.version == 4)
    if gateway is not None and gateway.gateway is not None:
        stack.add_route(Route(DEFAULT, gateway.interface, via=gateway.gateway, protocol="boot"))
    elif gateway is not None and by_link:
        stack.add_route(Route(DEFAULT, gateway.interface, protocol="boot"))


def default_route6(world: World, where: Where, gateway: Endpoint | None, by_link: bool = False) -> None:
    """As `default_route`, of IPv6."""
    space = world.hosts[where.host].namespaces.get(where.namespace)
    if space is None or gateway is None and not space.routes_of(6):
        return
    stack = Stack(world, where)
    stack.flush_routes(lambda route: route.is_default and route.destination.version == 6)
    link = stack.namespace.interface(gateway.interface or "") if gateway is not None else None
    if gateway is not None and link is not None and link.ipv6:  # up to 27 a container may switch it off all the same
        via = None if by_link else gateway.gateway6
        stack.add_route(Route(DEFAULT6, gateway.interface, via=via, protocol="boot"))


# -- the resolver ---------------------------------------------------------------------------------------------------


def start_resolver(world: World, host: str, container: Container, config: ContainerConfig) -> None:
    """127.0.0.11: two sockets of dockerd in the container's namespace, rules that lead port 53 to them, resolv.conf."""
    where = Where(host, container.namespace or "")
    if resolver.answers_here(world, where):
        return
    answer_names(world, where)
    text = hostsfile.resolv_conf(world, host, config, internal=True)
    hostsfile.put(world, host, container.id, hostsfile.RESOLV, text)
