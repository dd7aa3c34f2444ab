"""The links of containers: veth pairs on a bridge, macvlan on a parent; their names, indexes, MACs and routes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from dnetlab.model import Address, Container, Endpoint, Interface, LinkKind, Network, PeerEnd, Route, Where
from dnetlab.sim.autoconf import link_local
from dnetlab.sim.dockerd import macvlan
from dnetlab.sim.dockerd.books import change_daemon, daemon, release_of
from dnetlab.sim.world import World

MTU = "com.docker.network.driver.mtu"
MTU_LEAST, MTU_MOST = 68, 65535  # what Linux takes for a veth and a bridge
PREFIX = "com.docker.network.container_iface_prefix"
DEFAULT = IPv4Network("0.0.0.0/0")


def container_mac(world: World, host: str, address: IPv4Address) -> str:
    """02:42 and the address up to 27; random from 28 on (drivers/bridge/bridge_linux.go)."""
    if release_of(world).random_mac:
        return world.random_mac(f"{host}:container")
    return "02:42:" + ":".join(f"{byte:02x}" for byte in address.packed)


def mtu_of(network: Network) -> int:
    value = network.options.get(MTU, "")
    return int(value) if value.isdecimal() and int(value) else 1500


def plug(world: World, host: str, container: Container, endpoint: Endpoint, network: Network) -> Endpoint:
    """Make the endpoint's interface in the container with its address and route; the endpoint with both names."""
    name = _next_name(world, host, container, network.options.get(PREFIX, "eth"))
    assert endpoint.address is not None and container.namespace is not None
    where = Where(host, container.namespace)
    subnet = network.subnets[0].subnet
    address = Address(IPv4Interface(f"{endpoint.address}/{subnet.prefixlen}"), _broadcast(subnet))
    link = Interface(
        name, 0, LinkKind.VETH, endpoint.mac, (address,), mtu=mtu_of(network), txqlen=0,
    )  # fmt: skip
    if network.driver == "macvlan":
        outer = None
        _plug_macvlan(world, where, link, network)
    else:
        outer = _plug_veth(world, where, link, network)
    forget_neighbour(world, host, endpoint.address, network)
    if subnet.prefixlen < 32:
        _add_routes(world, where, Route(subnet, name, src=endpoint.address))
    return replace(endpoint, interface=name, host_interface=outer)


def _broadcast(subnet: IPv4Network) -> IPv4Address | None:
    return subnet.broadcast_address if subnet.prefixlen < 31 else None


def _next_name(world: World, host: str, container: Container, prefix: str) -> str:
    """eth0, eth1, …: up to 27 the number only goes up while the container runs, later the lowest free one."""
    state = daemon(world, host)
    stack = world.namespace(Where(host, container.namespace or ""))
    if release_of(world).counts_interfaces:
        number = state.interface_counters.get(container.id, 0)
        change_daemon(world, host, interface_counters={**state.interface_counters, container.id: number + 1})
        return f"{prefix}{number}"
    number = 0
    while stack.interface(f"{prefix}{number}"):
        number += 1
    return f"{prefix}{number}"


def _plug_veth(world: World, where: Where, link: Interface, network: Network) -> str:
    """A veth pair between the container and the bridge. Indexes: up to 27 both ends are made on the host, the inner
    first; from 28 on each end counts in its own namespace (observed on 20.10, 26.1, 28.5, 29.7)."""
    host, namespace = where
    outer_name = "veth" + world.hex_id(f"{host}:veth", 7)
    if release_of(world).veth_in_container:
        inner = world.count(f"index:{host}:{namespace}", 2)
    else:
        inner = world.count(f"index:{host}")
    outer = world.count(f"index:{host}")
    mac = world.random_mac(f"{host}:veth")
    world.put_interface(where, replace(link, index=inner, peer=PeerEnd("host", outer)))
    world.put_interface(
        Where(host),
        Interface(
            outer_name, outer, LinkKind.VETH, mac, (link_local(mac),), mtu=link.mtu, peer=PeerEnd(namespace, inner),
            master=network.bridge, txqlen=0, hairpin=not daemon(world, host).userland_proxy,
        ),
    )  # fmt: skip
    refresh_bridge(world, host, network.bridge or "")
    return outer_name


def _plug_macvlan(world: World, where: Where, link: Interface, network: Network) -> None:
    """A macvlan is made on the host and moved; it keeps its index (observed on 20.10, 28.5, 29.7)."""
    host = where.host
    parent = world.namespace(Where(host)).interface(network.parent or "")
    carrier = parent is not None and parent.up and parent.carrier
    link = replace(
        link,
        index=world.count(f"index:{host}"),
        kind=LinkKind.MACVLAN,
        parent=network.parent,
        parent_namespace="host",
        mode=macvlan.mode_of(network),
        carrier=carrier,
    )
    world.put_interface(where, link)


def refresh_bridge(world: World, host: str, bridge: str) -> None:
    """A bridge has carrier while one of its ports has; the first time it gets its fe80:: address."""
    stack = world.namespace(Where(host))
    link = stack.interface(bridge)
    if link is None:
        return
    carrier = any(p.up and p.carrier for p in stack.ports_of(bridge))
    addresses = link.addresses
    if carrier and not any(a.interface.version == 6 for a in addresses):
        addresses = (*addresses, link_local(link.mac))
    mtu = link.mtu
    if not release_of(world).sets_mtu:  # nobody set it: the least of its ports (net/bridge/br_if.c br_mtu_auto_adjust)
        mtu = min((port.mtu for port in stack.ports_of(bridge)), default=1500)
    if (carrier, addresses, mtu) != (link.carrier, link.addresses, link.mtu):
        world.put_interface(Where(host), replace(link, carrier=carrier, addresses=addresses, mtu=mtu))


def unplug(world: World, host: str, container: Container, endpoint: Endpoint, network: Network) -> None:
    """Remove the endpoint's interface and what the kernel and the daemon knew through it."""
    where, name = Where(host, container.namespace or ""), endpoint.interface or ""
    stack = world.hosts[host].namespaces.get(where.namespace)
    inner = stack.interface(name) if stack else None
    if stack is not None:
        world.put_namespace(where, stack.without_interface(name))
    if endpoint.host_interface:
        outer = endpoint.host_interface
        world.change_namespace(Where(host), lambda ns: ns.without_interface(outer))
        refresh_bridge(world, host, network.bridge or "")
        # From 28 on the inner end is moved out to be removed, under a new index when its own is taken there.
        space = world.namespace(Where(host))
        if inner is not None and release_of(world).veth_in_container and space.by_index(inner.index):
            world.count(f"index:{host}")
    if endpoint.address is not None:
        _forget_connections(world, host, endpoint.address)


def _forget_connections(world: World, host: str, address: IPv4Address) -> None:
    """The daemon clears conntrack of an endpoint's address (drivers/bridge, clearConntrackEntries)."""
    stack = world.namespace(Where(host))
    kept = tuple(
        c
        for c in stack.connections
        if address not in (c.original.source, c.original.destination, c.reply.source, c.reply.destination)
    )
    if len(kept) != len(stack.connections):
        world.put_namespace(Where(host), replace(stack, connections=kept))


def forget_neighbour(world: World, host: str, address: IPv4Address, network: Network) -> None:
    """Nobody on the network goes on using the MAC that an earlier owner of this address had.

    Up to 27 an address always has the same MAC; from 28 on a gratuitous ARP tells the new one.
    """
    if not release_of(world).random_mac:
        return
    places = [(Where(host), network.bridge)] if network.bridge else []
    places += [
        (Where(host, c.namespace), e.interface)
        for c in world.hosts[host].containers
        for e in c.endpoints
        if c.namespace and e.network_id == network.id and e.interface
    ]
    for where, dev in places:
        stack = world.hosts[host].namespaces.get(where.namespace)
        if stack is None:
            continue
        kept = tuple(n for n in stack.neighbours if not (n.address == address and n.dev == dev))
        if len(kept) != len(stack.neighbours):
            world.put_namespace(where, replace(stack, neighbours=kept))


# -- routes ---------------------------------------------------------------------------------------------------------


def _add_routes(world: World, where: Where, *routes: Route) -> None:
    stack = world.namespace(where)
    world.put_namespace(where, replace(stack, routes=in_order([*stack.routes, *routes])))


def in_order(routes: Iterable[Route]) -> tuple[Route, ...]:
    """As the kernel lists them: by destination, the default route first."""
    return tuple(sorted(routes, key=lambda r: (int(r.destination.network_address), r.destination.prefixlen, r.metric)))


def default_route(world: World, where: Where, gateway: Endpoint | None) -> None:
    """Replace the container's default route by the one of the elected endpoint; none when it has no gateway."""
    stack = world.hosts[where.host].namespaces.get(where.namespace)
    if stack is None:
        return
    routes = [r for r in stack.routes if not r.is_default]
    if gateway is not None and gateway.gateway is not None:
        routes.append(Route(DEFAULT, gateway.interface, via=gateway.gateway, protocol="boot", scope="global"))
    world.put_namespace(where, replace(stack, routes=in_order(routes)))
