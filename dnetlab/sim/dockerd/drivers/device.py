"""The bridge driver's links: the bridge on the host, and a veth pair for each endpoint."""

from __future__ import annotations

import re
from ipaddress import IPv4Interface, IPv6Interface, IPv6Network

from dnetlab.model import Address, Endpoint, LinkKind, Network, Subnet, Where
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim.dockerd.books import change_daemon, daemon, release_of
from dnetlab.sim.dockerd.drivers import options
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.kernel import Stack
from dnetlab.sim.kernel.autoconf import broadcast_of
from dnetlab.sim.world import World

LINK_LOCAL_GATEWAY = Address(IPv6Interface("fe80::1/64"), scope="link")
KERNELS = IPv6Network("fe80::/64")  # where a link's own address is; beyond it a daemon has chosen it


# -- the bridge -----------------------------------------------------------------------------------------------------


def check_device(world: World, host: str, network: Network) -> None:
    """The device's name must fit Linux, and what has the name already must be a bridge (observed on 20.10, 28.5)."""
    name = network.bridge or ""
    link = world.namespace(Where(host)).interface(name)
    if len(name) > 15:
        raise ApiError(release_of(world).text("long name"))
    if name in (".", "..") or re.search(r"[\s/:]", name):  # dev_valid_name, net/core/dev.c; observed on 20.10.24
        raise ApiError("invalid argument")
    if release_of(world).sets_mtu and not options.mtu_fits(network):
        raise ApiError("invalid argument")  # observed on 26.1.5 and 28.5.2
    if link is not None and link.kind is not LinkKind.BRIDGE:
        raise ApiError(f"existing interface {name} is not a bridge")
    if link is not None:
        change_daemon(world, host, adopted=daemon(world, host).adopted | {name})


def make_device(world: World, host: str, network: Network) -> None:
    """The bridge device with the gateway's address, not yet up. A link of that name is used as it is."""
    stack, name = Stack(world, Where(host)), network.bridge or ""
    if stack.namespace.interface(name) is None:
        mtu = options.mtu_of(network) if release_of(world).sets_mtu else None
        stack.add_bridge(name, mac=_bridge_mac(world, host), mtu=mtu, carrier=False, txqlen=0)
    elif release_of(world).sets_mtu and stack.link(name).mtu != options.mtu_of(network) and network.name == "bridge":
        stack.set_mtu(name, options.mtu_of(network))  # docker0 of an earlier start (recorded from 29.7.2)
    if not daemon(world, host).userland_proxy:
        stack.set_sysctl(f"net.ipv4.conf.{name}.route_localnet", "1")
    if options.has_address(network, release_of(world)):
        _give_address(stack, name, network.subnets_of(4)[0])
    if options.has_address6(network, release_of(world)):
        _give_address6(world, stack, name, network.subnets_of(6)[0])


def _give_address(stack: Stack, bridge: str, subnet: Subnet) -> None:
    """The gateway's address instead of the first one, unless the bridge has it (moby setup_ipv4_linux.go)."""
    assert subnet.gateway is not None
    own = IPv4Interface((int(subnet.gateway), subnet.subnet.prefixlen))
    found = stack.link(bridge).ipv4
    if own in found:
        return
    if found:
        stack.remove_address(bridge, found[0])
    stack.add_address(bridge, Address(own, broadcast_of(subnet.subnet)))


def _give_address6(world: World, stack: Stack, bridge: str, subnet: Subnet) -> None:
    """The gateway's IPv6 address, and up to 26 fe80::1 beside it (setup_ipv6_linux.go)."""
    assert subnet.gateway is not None
    own = Address(IPv6Interface((int(subnet.gateway), subnet.subnet.prefixlen)))
    nodad = not release_of(world).bridge_link_local
    wanted = [replace(own, nodad=nodad)]
    if release_of(world).bridge_link_local:
        wanted.insert(0, LINK_LOCAL_GATEWAY)
    else:  # of an earlier daemon (observed on 28.5.2); the same one with another prefix stays as it is
        for other in [a for a in stack.link(bridge).ipv6 if a.ip not in KERNELS and a.ip != own.interface.ip]:
            stack.remove_address(bridge, other)
    known = {a.ip for a in stack.link(bridge).ipv6}
    for address in wanted:
        if address.interface.ip not in known:
            stack.add_address(bridge, address)


def _bridge_mac(world: World, host: str) -> str:
    """02:42 and four random bytes up to 27, all random later (2.4 of the notes; E20, E28)."""
    mac = world.random_mac(f"{host}:bridge")
    return mac if release_of(world).random_mac else "02:42" + mac[5:]


def set_up_device(world: World, host: str, network: Network) -> None:
    """The last step: a network whose rules can't be written leaves its device, never set up (bridge_linux.go,
    setupDeviceUp; observed on 20.10 and 28.5)."""
    Stack(world, Where(host)).set_up(network.bridge or "")


def remove_device(world: World, host: str, bridge: str) -> None:
    """Delete the bridge, but for one that was there before the network took it."""
    adopted, stack = daemon(world, host).adopted, Stack(world, Where(host))
    if bridge in adopted:
        change_daemon(world, host, adopted=adopted - {bridge})
    elif stack.namespace.interface(bridge) is not None:
        stack.delete(bridge)


# -- veth pairs -----------------------------------------------------------------------------------------------------


def plug_veth(world: World, where: Where, name: str, mac: str, network: Network) -> str:
    """A veth pair between the container and the bridge. Up to 27 both ends are made on the host and the inner one is
    moved; from 28 on it is made in the container, so that its index counts there (observed on 20.10, 26.1, 28.5, 29.7).
    """
    host, outer = Stack(world, Where(where.host)), veth_name(world, where.host)
    inside = release_of(world).veth_in_container and network.bridge != "docker_gwbridge"  # observed on 29.7.2
    inner = name if inside else passing_name(mac)
    host.add_veth(
        outer, inner, peer_in=where.namespace if inside else None, mac=world.random_mac(f"{where.host}:veth"),
        peer_mac=mac, mtu=options.mtu_of(network), txqlen=0,
    )  # fmt: skip
    host.plug(outer, network.bridge or "", hairpin=not daemon(world, where.host).userland_proxy)
    if not inside:
        host.move(inner, where.namespace, name)
    return outer


def veth_name(world: World, host: str) -> str:
    """'veth' and seven hex digits, made up anew each time."""
    return "veth" + world.hex_id(f"{host}:veth", 7)


def passing_name(mac: str) -> str:
    """What a container's link is called on the host before it is moved and renamed; nobody ever sees it."""
    return "veth" + mac.replace(":", "")[-7:]


def unplug_veth(world: World, where: Where, endpoint: Endpoint) -> None:
    """The inner end goes down, and then both go. From 28 on the inner one is moved out to be removed, under a new index
    when its own is taken."""
    host, outer = Stack(world, Where(where.host)), endpoint.host_interface or ""
    inner = world.hosts[where.host].namespaces.get(where.namespace)
    if inner is not None and inner.interface(endpoint.interface or "") is not None:
        Stack(world, where).set_down(endpoint.interface or "")
    index = remove_link(world, where, endpoint.interface or "")
    if host.namespace.interface(outer) is not None:
        host.delete(outer)
    if index and release_of(world).veth_in_container and host.namespace.by_index(index):
        host.skip_to(host.next_index())


def remove_link(world: World, where: Where, name: str) -> int:
    """Delete a container's link; its index, 0 when it wasn't there."""
    stack = world.hosts[where.host].namespaces.get(where.namespace)
    link = stack.interface(name) if stack else None
    if link is None:
        return 0
    Stack(world, where).delete(name)
    return link.index


# -- what the kernel and the daemon knew ----------------------------------------------------------------------------


def forget_connections(world: World, host: str, address: IpAddress) -> None:
    """The daemon clears conntrack of an endpoint's address (drivers/bridge, clearConntrackEntries)."""
    stack = world.namespace(Where(host))
    kept = tuple(
        c
        for c in stack.connections
        if address not in (c.original.source, c.original.destination, c.reply.source, c.reply.destination)
    )
    if len(kept) != len(stack.connections):
        world.put_namespace(Where(host), replace(stack, connections=kept))
