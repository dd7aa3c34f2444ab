"""What the kernel does when links and addresses change: routes appear and vanish, carrier follows the peer.

`ip`, `brctl` and `ifconfig` are three mouths for these functions. Each changes the world it is given; what the kernel
refuses is a KernelError with the words of errno.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Interface

from dnetlab.model import Address, Interface, LinkKind, Namespace, Neighbour, PeerEnd, Route, Where
from dnetlab.sim.autoconf import link_local
from dnetlab.sim.world import World

EXISTS = "File exists"
BUSY = "Device or resource busy"
NO_DEVICE = "No such device"
NO_PROCESS = "No such process"
NOT_PERMITTED = "Operation not permitted"
NOT_SUPPORTED = "Operation not supported"
UNREACHABLE = "Network is unreachable"
INVALID = "Invalid argument"


class KernelError(Exception):
    """What the kernel refused: errno in words, and iproute2's longer sentence (extended ack) where there is one."""

    def __init__(self, errno: str, sentence: str = "") -> None:
        super().__init__(sentence or errno)
        self.errno = errno
        self.sentence = sentence


def link(world: World, where: Where, name: str) -> Interface:
    """The interface of that name. KernelError 'No such device'."""
    found = world.namespace(where).interface(name)
    if found is None:
        raise KernelError(NO_DEVICE)
    return found


def _key(kind: str, where: Where, index: int) -> str:
    return f"{kind}:{where.host}:{where.namespace}:{index}"


def is_fresh(world: World, where: Where, interface: Interface) -> bool:
    """Made by hand and never up: its queueing discipline is still 'noop'."""
    return not interface.up and _key("fresh", where, interface.index) in world.counters


# -- up and down ------------------------------------------------------------------------------------------------------


def set_up(world: World, where: Where, name: str) -> None:
    """`ip link set NAME up`: connected routes come back, IPv6 gives itself a link-local address."""
    interface = link(world, where, name)
    if interface.up:
        return
    world.counters.pop(_key("fresh", where, interface.index), None)
    world.put_interface(where, replace(interface, up=True))
    refresh_carrier(world, where.host)
    _give_link_local(world, where, name)
    interface = link(world, where, name)
    routes = [r for a in interface.addresses if (r := _connected(interface, a)) is not None]
    world.change_namespace(where, lambda ns: _with_routes(ns, routes))


def _give_link_local(world: World, where: Where, name: str) -> None:
    """A link that is up and has carrier gets its fe80:: address; containers of IPv4 networks have IPv6 switched off."""
    interface, stack = link(world, where, name), world.namespace(where)
    disabled = stack.sysctl("net.ipv6.conf.all.disable_ipv6", "0" if where.is_host else "1") == "1"
    if disabled or interface.kind is LinkKind.LOOPBACK or not (interface.up and interface.carrier):
        return
    if not any(_is_link_local(a) for a in interface.addresses):
        addresses = (*interface.addresses, link_local(interface.mac))
        world.put_interface(where, replace(interface, addresses=addresses))


def set_down(world: World, where: Where, name: str) -> None:
    """`ip link set NAME down`: every route through it is lost for good, gateways too; so are its neighbours."""
    interface = link(world, where, name)
    if not interface.up:
        return
    kept = tuple(a for a in interface.addresses if isinstance(a.interface, IPv4Interface) or a.scope == "host")
    world.put_interface(where, replace(interface, up=False, addresses=kept))
    world.change_namespace(where, lambda ns: _forget(ns, name))
    refresh_carrier(world, where.host)


def _is_link_local(address: Address) -> bool:
    return isinstance(address.interface, IPv6Interface) and address.ip.is_link_local


def _forget(ns: Namespace, name: str) -> Namespace:
    """Routes, neighbours and learned MACs of a link that went down."""
    return replace(
        ns,
        routes=tuple(r for r in ns.routes if r.dev != name),
        neighbours=tuple(n for n in ns.neighbours if n.dev != name),
        fdb=tuple(f for f in ns.fdb if f.permanent or name not in (f.bridge, f.port)),
    )


def refresh_carrier(world: World, host: str) -> None:
    """LOWER_UP of every veth, vlan, macvlan and bridge of a host, after one of them changed.

    A veth has carrier while both its ends are up; a bridge with ports while one of them is up and has carrier.
    """
    for _ in range(2):  # once for the links below, once for the bridges and children above them
        for space in list(world.hosts[host].namespaces.values()):
            for interface in space.interfaces:
                where = Where(host, space.name)
                carrier = _carrier(world, host, world.namespace(where), interface)
                if carrier != interface.carrier:
                    current = world.namespace(where).by_index(interface.index) or interface
                    world.put_interface(where, replace(current, carrier=carrier))
                    _give_link_local(world, where, interface.name)


def _carrier(world: World, host: str, space: Namespace, interface: Interface) -> bool:
    spaces = world.hosts[host].namespaces
    if interface.kind is LinkKind.VETH:
        peer = interface.peer
        other = spaces[peer.namespace].by_index(peer.index) if peer and peer.namespace in spaces else None
        return interface.up and other is not None and other.up
    if interface.parent is not None:
        lower = spaces.get(interface.parent_namespace or space.name, space).interface(interface.parent)
        return lower is not None and lower.up and lower.carrier
    if interface.kind is LinkKind.BRIDGE:
        ports = space.ports_of(interface.name)
        return any(port.up and port.carrier for port in ports) if ports else interface.carrier
    return interface.carrier


# -- addresses --------------------------------------------------------------------------------------------------------


def add_address(world: World, where: Where, name: str, address: Address) -> None:
    """`ip addr add`: one more address; a second one of the same network is 'secondary' and brings no route."""
    interface = link(world, where, name)
    if any(a.interface == address.interface for a in interface.addresses):
        raise KernelError(EXISTS, "ipv4: Address already assigned." if address.ip.version == 4 else "")
    same = [a for a in interface.addresses if a.network == address.network and not a.secondary]
    secondary = bool(same) and address.ip.version == 4
    address = replace(address, secondary=secondary)
    world.put_interface(where, replace(interface, addresses=_in_order((*interface.addresses, address))))
    route = _connected(interface, address)
    if route is not None and interface.up:
        world.change_namespace(where, lambda ns: _with_routes(ns, [route]))


def _in_order(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    """The kernel's order (net/ipv4/devinet.c): IPv4 before IPv6, narrow scopes before wide ones, secondaries last."""
    width = {"host": 0, "link": 1}
    v4 = sorted((a for a in addresses if a.ip.version == 4), key=lambda a: width.get(a.scope, 2))
    v6 = [a for a in addresses if a.ip.version == 6]
    return (*(a for a in v4 if not a.secondary), *(a for a in v4 if a.secondary), *v6)


def remove_address(
    world: World, where: Where, name: str, interface_address: IPv4Interface | IPv6Interface
) -> None:
    """`ip addr del`: its secondaries go too (promote_secondaries is 0), and with the last address every route."""
    interface = link(world, where, name)
    gone = next((a for a in interface.addresses if a.interface == interface_address), None)
    if gone is None:
        raise KernelError("Cannot assign requested address", "ipv4: Address not found.")
    drop_all = not gone.secondary and gone.ip.version == 4
    left = tuple(a for a in interface.addresses
                 if a is not gone and not (drop_all and a.secondary and a.network == gone.network))
    removed = {a.ip for a in interface.addresses} - {a.ip for a in left}
    world.put_interface(where, replace(interface, addresses=left))
    last = not any(a.ip.version == 4 for a in left)

    def keep(route: Route) -> bool:
        if route.dev != name:
            return True
        return not last and route.src not in removed

    world.change_namespace(where, lambda ns: replace(ns, routes=tuple(r for r in ns.routes if keep(r))))


def _connected(interface: Interface, address: Address) -> Route | None:
    """The route that an address brings with it; None for /32, secondary, loopback and IPv6 addresses."""
    network = address.network
    if not isinstance(network, IPv4Network) or interface.kind is LinkKind.LOOPBACK:
        return None
    if network.prefixlen == 32 or address.secondary or network.network_address.is_loopback:
        return None
    return Route(network, interface.name, src=IPv4Address(int(address.ip)))


def _with_routes(ns: Namespace, routes: list[Route]) -> Namespace:
    new = tuple(r for r in routes if r not in ns.routes)
    return replace(ns, routes=ns.routes + new)


# -- making, renaming and removing links -------------------------------------------------------------------------------


def _new(world: World, where: Where, name: str, kind: LinkKind, mac: str = "") -> Interface:
    if world.namespace(where).interface(name) is not None:
        raise KernelError(EXISTS)
    index = next_index(world, where)
    mac = mac or world.random_mac(f"{where.host}:{where.namespace}:{name}")
    world.counters[_key("fresh", where, index)] = 1
    made = Interface(name, index, kind, mac, up=False, carrier=kind is LinkKind.BRIDGE)
    world.put_interface(where, made)
    return made


def next_index(world: World, where: Where) -> int:
    """The next free interface index; the host's namespace counts on from what the daemon gave out."""
    highest = max((i.index for i in world.namespace(where).interfaces), default=0)
    if not where.is_host:
        return highest + 1
    return max(world.count(f"index:{where.host}", highest + 1), highest + 1)


def add_bridge(world: World, where: Where, name: str) -> None:
    """`ip link add NAME type bridge`: its MAC is random until it has ports, then the smallest of theirs."""
    made = _new(world, where, name, LinkKind.BRIDGE)
    world.counters[_key("auto-mac", where, made.index)] = 1


def add_veth(world: World, where: Where, name: str, peer: str) -> None:
    """`ip link add NAME type veth peer name PEER`: two interfaces, the peer gets the lower index."""
    if name == peer or world.namespace(where).interface(name) is not None:
        raise KernelError(EXISTS)
    other = _new(world, where, peer, LinkKind.VETH)
    made = _new(world, where, name, LinkKind.VETH)
    world.put_interface(where, replace(made, peer=PeerEnd(where.namespace, other.index)))
    world.put_interface(where, replace(other, peer=PeerEnd(where.namespace, made.index)))


def add_child(
    world: World, where: Where, name: str, parent: str, *, vlan_id: int | None = None, mode: str = ""
) -> None:
    """A vlan (its tag given) or macvlan interface on top of parent."""
    lower = link(world, where, parent)
    kind = LinkKind.MACVLAN if vlan_id is None else LinkKind.VLAN
    if vlan_id is None and lower.master is not None:
        raise KernelError(BUSY)  # one taker per link: a bridge or macvlans (netdev_rx_handler_register)
    made = _new(world, where, name, kind, "" if vlan_id is None else lower.mac)
    world.put_interface(
        where, replace(made, parent=parent, mtu=lower.mtu, vlan_id=vlan_id, mode=mode, carrier=lower.up)
    )


def delete(world: World, where: Where, name: str) -> None:
    """`ip link del`: a veth takes its peer with it, a parent its vlans and macvlans, wherever they live."""
    interface = link(world, where, name)
    if interface.kind in (LinkKind.LOOPBACK, LinkKind.PHYSICAL):
        raise KernelError(NOT_SUPPORTED)
    if interface.peer is not None and interface.peer.namespace in world.hosts[where.host].namespaces:
        there = Where(where.host, interface.peer.namespace)
        other = world.namespace(there).by_index(interface.peer.index)
        if other is not None:
            _drop(world, there, other.name)
    for space in list(world.hosts[where.host].namespaces.values()):
        for child in space.interfaces:
            if child.parent == name and (child.parent_namespace or space.name) == where.namespace:
                _drop(world, Where(where.host, space.name), child.name)
    _drop(world, where, name)
    refresh_carrier(world, where.host)


def _drop(world: World, where: Where, name: str) -> None:
    gone = world.namespace(where).interface(name)
    world.change_namespace(where, lambda ns: ns.without_interface(name))
    if gone is not None:
        for kind in ("fresh", "auto-mac"):
            world.counters.pop(_key(kind, where, gone.index), None)
        if gone.master is not None:
            _port_left(world, where, gone.master)


def rename(world: World, where: Where, old: str, new: str) -> None:
    """`ip link set OLD name NEW`: whatever names the link follows. Live renaming is allowed since Linux 6.2."""
    interface = link(world, where, old)
    if old == new:
        return
    if world.namespace(where).interface(new) is not None:
        raise KernelError(EXISTS)

    def change(ns: Namespace) -> Namespace:
        return replace(
            ns,
            interfaces=tuple(
                replace(i, name=new if i is interface else i.name, master=new if i.master == old else i.master,
                        parent=new if i.parent == old and i.parent_namespace in (None, where.namespace) else i.parent)
                for i in ns.interfaces
            ),
            routes=tuple(replace(r, dev=new) if r.dev == old else r for r in ns.routes),
            neighbours=tuple(replace(n, dev=new) if n.dev == old else n for n in ns.neighbours),
            fdb=tuple(replace(f, bridge=new if f.bridge == old else f.bridge, port=new if f.port == old else f.port)
                      for f in ns.fdb),
        )

    world.change_namespace(where, change)
    for space in list(world.hosts[where.host].namespaces.values()):
        for child in space.interfaces:
            if space.name != where.namespace and child.parent == old and child.parent_namespace == where.namespace:
                world.put_interface(Where(where.host, space.name), replace(child, parent=new))


def change_link(world: World, where: Where, name: str, change: Callable[[Interface], Interface]) -> None:
    """Replace an interface by what change makes of it, and let the carriers follow."""
    world.put_interface(where, change(link(world, where, name)))
    refresh_carrier(world, where.host)


# -- bridges ----------------------------------------------------------------------------------------------------------


def enslave(world: World, where: Where, name: str, bridge: str) -> None:
    """`ip link set NAME master BRIDGE`: from now on its frames are the bridge's."""
    port, master = link(world, where, name), link(world, where, bridge)
    if master.kind is not LinkKind.BRIDGE:
        raise KernelError(NOT_SUPPORTED)
    if port.kind is LinkKind.LOOPBACK:
        raise KernelError(INVALID, "Can not enslave a loopback device to a bridge.")
    if port.kind is LinkKind.BRIDGE:
        raise KernelError("Too many levels of symbolic links", "Can not enslave a bridge to a bridge.")
    if port.master == bridge:
        return
    if _has_macvlans(world, where, name):
        raise KernelError(BUSY)
    if port.master is not None:
        release(world, where, name)
        port = link(world, where, name)
    world.put_interface(where, replace(port, master=bridge))
    _follow_ports(world, where, bridge)
    refresh_carrier(world, where.host)


def _has_macvlans(world: World, where: Where, name: str) -> bool:
    return any(
        child.kind is LinkKind.MACVLAN
        and child.parent == name
        and (child.parent_namespace or space.name) == where.namespace
        for space in world.hosts[where.host].namespaces.values()
        for child in space.interfaces
    )


def release(world: World, where: Where, name: str) -> None:
    """`ip link set NAME nomaster`: the bridge forgets what it learned behind it."""
    port = link(world, where, name)
    if port.master is None:
        return
    bridge = port.master
    world.put_interface(where, replace(port, master=None, hairpin=False))
    world.change_namespace(where, lambda ns: replace(ns, fdb=tuple(f for f in ns.fdb if f.port != name)))
    _port_left(world, where, bridge)
    refresh_carrier(world, where.host)


def _port_left(world: World, where: Where, bridge: str) -> None:
    master = world.namespace(where).interface(bridge)
    if master is None:
        return
    if not world.namespace(where).ports_of(bridge):
        world.put_interface(where, replace(master, carrier=False))
    _follow_ports(world, where, bridge)


def _follow_ports(world: World, where: Where, bridge: str) -> None:
    """A bridge whose MAC nobody set wears the smallest of its ports' (net/bridge/br_stp_if.c)."""
    master = link(world, where, bridge)
    if _key("auto-mac", where, master.index) not in world.counters:
        return
    macs = [port.mac for port in world.namespace(where).ports_of(bridge)]
    world.put_interface(where, replace(master, mac=min(macs, default="00:00:00:00:00:00")))


def set_mac(world: World, where: Where, name: str, mac: str) -> None:
    """`ip link set NAME address MAC`."""
    interface = link(world, where, name)
    world.counters.pop(_key("auto-mac", where, interface.index), None)
    world.put_interface(where, replace(interface, mac=mac))
    if interface.master is not None:
        _follow_ports(world, where, interface.master)


# -- neighbours -------------------------------------------------------------------------------------------------------


def put_neighbour(world: World, where: Where, neighbour: Neighbour, *, only_new: bool) -> None:
    """`ip neigh add` (only_new) or `replace`."""
    found = [n for n in world.namespace(where).neighbours
             if (n.address, n.dev) == (neighbour.address, neighbour.dev)]
    if found and only_new:
        raise KernelError(EXISTS)
    world.change_namespace(
        where,
        lambda ns: replace(ns, neighbours=(*(n for n in ns.neighbours if n not in found), neighbour)),
    )
