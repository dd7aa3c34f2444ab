"""The bridge driver's links: the bridge on the host, and a veth pair for each endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface

from dnetlab.model import Address, Endpoint, Interface, LinkKind, Network, PeerEnd, Route, Subnet, Where
from dnetlab.sim.autoconf import broadcast_of, in_order, link_local
from dnetlab.sim.dockerd.books import change_daemon, daemon, release_of
from dnetlab.sim.dockerd.drivers import options
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

# -- the bridge -----------------------------------------------------------------------------------------------------


def check_device(world: World, host: str, network: Network) -> None:
    """The device's name must fit Linux, and what has the name already must be a bridge (observed on 20.10, 28.5)."""
    name = network.bridge or ""
    link = world.namespace(Where(host)).interface(name)
    if len(name) > 15:
        raise ApiError(release_of(world).text("long name"))
    if release_of(world).sets_mtu and not options.mtu_fits(network):
        raise ApiError("invalid argument")  # observed on 26.1.5 and 28.5.2
    if link is not None and link.kind is not LinkKind.BRIDGE:
        raise ApiError(f"existing interface {name} is not a bridge")
    if link is not None:
        change_daemon(world, host, adopted=daemon(world, host).adopted | {name})


def make_device(world: World, host: str, network: Network) -> None:
    """The bridge device with the gateway's address and its route. A link of that name is used as it is."""
    subnet, name = network.subnets[0], network.bridge or ""
    link = world.namespace(Where(host)).interface(name) or _new_bridge(world, host, network)
    own = IPv4Interface(f"{subnet.gateway}/{subnet.subnet.prefixlen}")
    address = Address(own, broadcast_of(subnet.subnet), "global")
    kept = tuple(a for a in link.addresses if a.interface.version == 6)
    if name in daemon(world, host).adopted and not kept:
        kept = (link_local(link.mac),)
    world.put_interface(Where(host), replace(link, up=True, addresses=(address, *kept)))
    _lead_to(world, host, name, subnet)


def _new_bridge(world: World, host: str, network: Network) -> Interface:
    mtu = options.mtu_of(network) if release_of(world).sets_mtu else 1500
    return Interface(
        network.bridge or "", world.count(f"index:{host}"), LinkKind.BRIDGE, _bridge_mac(world, host), carrier=False,
        txqlen=0, mtu=mtu,
    )  # fmt: skip


def _lead_to(world: World, host: str, bridge: str, subnet: Subnet) -> None:
    """The route to the bridge's subnet and no other; a single address needs none."""
    stack = world.namespace(Where(host))
    routes: Sequence[Route] = [r for r in stack.routes if r.dev != bridge]
    if subnet.subnet.prefixlen < 32:
        routes = in_order([*routes, Route(subnet.subnet, bridge, src=subnet.gateway)])
    world.put_namespace(Where(host), replace(stack, routes=tuple(routes)))


def _bridge_mac(world: World, host: str) -> str:
    """02:42 and four random bytes up to 27, all random later (2.4 of the notes; E20, E28)."""
    mac = world.random_mac(f"{host}:bridge")
    return mac if release_of(world).random_mac else "02:42" + mac[5:]


def leave_behind(world: World, host: str, bridge: str) -> None:
    """A network whose rules can't be written leaves its device, never set up (bridge_linux.go: setupDeviceUp is the
    last step; observed on 20.10 and 28.5)."""
    stack = world.namespace(Where(host))
    link = stack.interface(bridge)
    if link is not None:
        world.put_interface(Where(host), replace(link, up=False))
        routes = tuple(r for r in stack.routes if r.dev != bridge)
        world.put_namespace(Where(host), replace(world.namespace(Where(host)), routes=routes))


def remove_device(world: World, host: str, bridge: str) -> None:
    """Delete the bridge, but for one that was there before the network took it."""
    adopted = daemon(world, host).adopted
    if bridge in adopted:
        change_daemon(world, host, adopted=adopted - {bridge})
    else:
        world.change_namespace(Where(host), lambda stack: stack.without_interface(bridge))


def refresh_bridge(world: World, host: str, bridge: str) -> None:
    """A bridge has carrier while one of its ports has; the first time it gets its fe80:: address."""
    stack = world.namespace(Where(host))
    link = stack.interface(bridge)
    if link is None:
        return
    carrier = any(p.master == bridge and p.up and p.carrier for p in stack.interfaces)
    addresses = link.addresses
    if carrier and not any(a.interface.version == 6 for a in addresses):
        addresses = (*addresses, link_local(link.mac))
    mtu = link.mtu
    if not release_of(world).sets_mtu:  # nobody set it: the least of its ports (net/bridge/br_if.c br_mtu_auto_adjust)
        mtu = min((port.mtu for port in stack.ports_of(bridge)), default=1500)
    if (carrier, addresses, mtu) != (link.carrier, link.addresses, link.mtu):
        world.put_interface(Where(host), replace(link, carrier=carrier, addresses=addresses, mtu=mtu))


# -- veth pairs -----------------------------------------------------------------------------------------------------


def plug_veth(world: World, where: Where, link: Interface, bridge: str) -> str:
    """A veth pair between the container and the bridge. Indexes: up to 27 both ends are made on the host, the inner
    first; from 28 on each end counts in its own namespace (observed on 20.10, 26.1, 28.5, 29.7)."""
    host, namespace = where
    outer_name = veth_name(world, host)
    if release_of(world).veth_in_container:
        inner = world.count(f"index:{host}:{namespace}", 2)
    else:
        inner = world.count(f"index:{host}")
    outer = world.count(f"index:{host}")
    mac = world.random_mac(f"{host}:veth")
    world.put_interface(where, replace(link, index=inner, kind=LinkKind.VETH, peer=PeerEnd("host", outer)))
    world.put_interface(
        Where(host),
        Interface(
            outer_name, outer, LinkKind.VETH, mac, (link_local(mac),), mtu=link.mtu, peer=PeerEnd(namespace, inner),
            master=bridge, txqlen=0, hairpin=not daemon(world, host).userland_proxy,
        ),
    )  # fmt: skip
    refresh_bridge(world, host, bridge)
    return outer_name


def veth_name(world: World, host: str) -> str:
    """'veth' and seven hex digits, made up anew each time."""
    return "veth" + world.hex_id(f"{host}:veth", 7)


def unplug_veth(world: World, where: Where, endpoint: Endpoint, bridge: str) -> None:
    """Both ends go. From 28 on the inner one is moved out to be removed, under a new index when its own is taken."""
    stack = world.hosts[where.host].namespaces.get(where.namespace)
    inner = stack.interface(endpoint.interface or "") if stack else None
    if stack is not None:
        world.put_namespace(where, stack.without_interface(endpoint.interface or ""))
    outer = endpoint.host_interface
    if not outer:
        return
    space = world.namespace(Where(where.host)).without_interface(outer)
    world.put_namespace(Where(where.host), space)
    refresh_bridge(world, where.host, bridge)
    if inner is not None and release_of(world).veth_in_container and space.by_index(inner.index):
        world.count(f"index:{where.host}")


# -- what the kernel and the daemon knew ----------------------------------------------------------------------------


def forget_connections(world: World, host: str, address: IPv4Address) -> None:
    """The daemon clears conntrack of an endpoint's address (drivers/bridge, clearConntrackEntries)."""
    stack = world.namespace(Where(host))
    kept = tuple(
        c
        for c in stack.connections
        if address not in (c.original.source, c.original.destination, c.reply.source, c.reply.destination)
    )
    if len(kept) != len(stack.connections):
        world.put_namespace(Where(host), replace(stack, connections=kept))
