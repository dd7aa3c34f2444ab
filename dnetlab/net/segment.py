"""Who hears a frame? Everything on the same segment: through the veth peer, then the bridge, then its other ports.

`search` follows a frame from an interface over all that is layer 2 (veth pairs, bridges, macvlan, ipvlan, vlan, the
lab's switches, and VXLAN tunnels) until somebody is found who takes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple, TypeAlias

from dnetlab.model import Host, Interface, LinkKind, Namespace, Switch, Topology, Where
from dnetlab.model.changed import quick
from dnetlab.model.facts import Fact
from dnetlab.model.indexes import Index
from dnetlab.model.ip import IpAddress
from dnetlab.net.ports import kept_back, kept_in
from dnetlab.net.routing import is_local, main_route
from dnetlab.net.switch import comes_out

L3_MODES = ("l3", "l3s")  # of ipvlan: its parent's host routes, and no ARP question reaches it
NOTHING = Topology(())  # no switch that anybody said something about


class Link(NamedTuple):
    """An interface in the namespace it lives in: where a frame comes in or goes out."""

    where: Where
    interface: Interface

    @property
    def key(self) -> tuple[Where, str]:
        return self.where, self.interface.name


class Wanted(NamedTuple):
    """Who shall take a frame: whoever owns the address, the interface with the MAC, or who has both."""

    ip: IpAddress | None = None
    mac: str | None = None


class Event(NamedTuple):
    """One movement of a frame.

    kind  'out' (leaves through link), 'in' (arrives at it), 'bridge' (link is the bridge: from port `entry` to port
          `exit`, either '' for the bridge's own end), 'wire' (crosses the switch named in `entry`, with the tag in
          `exit`, '' for none), 'tunnel' (link is a VXLAN, which sends it to the address in `entry`).
          exit of 'out' and 'in': the tag that the frame carries there, '' for none
    """

    kind: str
    link: Link
    entry: str = ""
    exit: str = ""


class Lost(NamedTuple):
    """A tunnel that swallowed the frame: the VXLAN it went into, and where and why the packet around it ended.

    path  how the frame came to the tunnel, the tunnel itself last
    """

    tunnel: Link
    remote: IpAddress
    where: Where
    fact: Fact | None
    path: tuple[Event, ...] = ()


@quick
@dataclass(frozen=True)
class Found:
    """The interface that takes the frame and the way there. looped: the frame came back to a bridge it had left.

    lost  tunnels that did not carry it, in the order they were tried
    """

    link: Link | None
    path: tuple[Event, ...] = ()
    looped: str = ""
    lost: tuple[Lost, ...] = ()


class Law(Enum):
    """What keeps frames apart, so that one can ask who would hear a frame without it."""

    VLANS = "frames of one VLAN stay in it"
    MODES = "macvlans hear each other in bridge mode only"
    PARENT = "a parent's own stack and its macvlans never hear each other"
    FORGED = "a switch may take frames from a NIC's own MAC only"
    PORTS = "a bridge's port lets in and out what its settings say"


Carry: TypeAlias = "Callable[[Link, IpAddress], Link | Lost]"  # from a VXLAN to an address: where the frame comes out


Trail: TypeAlias = "tuple[Trail | None, Event]"  # the last event, and how it came to that


class _Quest(NamedTuple):
    """What one search is about: the frame's first link, who shall take it, and the law that is left out of account."""

    wiring: Wiring
    start: Link
    wanted: Wanted
    without: Law | None
    lost: list[Lost]

    def holds(self, law: Law) -> bool:
        return self.without is not law


class _Node(NamedTuple):
    """A link the frame is at, on its way: direction 'out' or 'in', its tag, and the chain of events so far."""

    direction: str
    link: Link
    tag: int | None
    trail: Trail | None


class Wiring:
    """Which links hang together, looked up once per packet: ports by bridge, children by parent, ends by index."""

    def __init__(self, hosts: dict[str, Host], topology: Topology = NOTHING, carry: Carry | None = None) -> None:
        self.hosts = hosts
        self.topology = topology
        self.carry = carry
        self._known: dict[str, _HostWiring] = {}
        self._found: dict[tuple[tuple[Where, str], Wanted], Found] = {}

    def search(self, start: Link, wanted: Wanted) -> Found:
        """`search`, once for each question: the later packets of a connection go the way of the first."""
        key = (start.key, wanted)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = search(self, start, wanted)
        return found

    def of(self, host: str) -> _HostWiring:
        if host not in self._known:
            self._known[host] = _wiring_of(self.hosts[host])
        return self._known[host]

    def segment(self, name: str) -> Iterator[Link]:
        for host in self.hosts:
            yield from self.of(host).plugs.get(name, ())

    def beneath(self, link: Link, ip: IpAddress) -> Link | None:
        """The ipvlan in a mode of layer 3 on this parent that has the address and is up; None without one."""
        for child in self.of(link.where.host).children.get((link.where.namespace, link.interface.name), ()):
            if child.interface.mode in L3_MODES and child.interface.up and child.interface.has_ip(ip):
                return child
        return None

    def parent_of(self, link: Link) -> Link | None:
        home = link.interface.parent_namespace or link.where.namespace
        return self.of(link.where.host).by_name.get((home, link.interface.parent or ""))

    def takes(self, link: Link, wanted: Wanted) -> bool:
        if wanted.mac is not None and link.interface.mac != wanted.mac:
            return False
        if wanted.ip is not None and wanted.ip.version == 6:
            return link.interface.has_ip(wanted.ip)
        space = self.hosts[link.where.host].namespaces[link.where.namespace]
        return wanted.ip is None or is_local(space, wanted.ip) or _stands_in(space, link.interface.name, wanted.ip)


def is_proxy(space: Namespace, dev: str) -> bool:
    """Does an interface answer ARP for others (proxy_arp)? `all` switches it on for every one."""
    return "1" in (space.sysctl(f"net.ipv4.conf.{dev}.proxy_arp"), space.sysctl("net.ipv4.conf.all.proxy_arp"))


def _stands_in(space: Namespace, dev: str, ip: IpAddress) -> bool:
    """proxy_arp: it answers for whom it would forward to through another interface (arp_fwd_proxy)."""
    if not is_proxy(space, dev) or space.sysctl("net.ipv4.ip_forward") != "1":
        return False
    route = main_route(space, ip)
    if route is not None and route.hops:
        return any(hop.dev != dev for hop in route.hops)
    return route is not None and route.dev not in (None, dev)


class _Ports:
    """The ports of a bridge, so that a flood need not go where nobody can be meant.

    A leaf is a veth whose other end is a plain link of another namespace: a frame ends there, so only the owner of the
    address or the MAC is worth a visit. rest: all other ports, with their place in the order of `all`.
    """

    def __init__(self, near: _HostWiring, bridge: Link, ports: list[Link]) -> None:
        self.all = ports
        self.rest: list[tuple[int, Link]] = []
        self.by_ip: dict[IpAddress, list[tuple[int, Link]]] = {}
        self.by_mac: dict[str, list[tuple[int, Link]]] = {}
        self._leaves: list[tuple[tuple[int, Link], Link]] = []
        for entry in enumerate(ports):
            end = near.leaf_behind(bridge, entry[1])
            if end is None:
                self.rest.append(entry)
                continue
            self.by_mac.setdefault(end.interface.mac, []).append(entry)
            self._leaves.append((entry, end))
            for ip in near.spaces[end.where.namespace].own_addresses:
                self.by_ip.setdefault(ip, []).append(entry)

    def towards(self, wanted: Wanted) -> list[Link]:
        """The ports behind which the one wanted may be, in their order."""
        if wanted.mac is not None:
            leaves = self.by_mac.get(wanted.mac, [])
        elif wanted.ip is not None:
            leaves = (self.by_ip if wanted.ip.version == 4 else self._by_ipv6).get(wanted.ip, [])
        else:
            return self.all
        return [link for _, link in sorted([*self.rest, *leaves], key=lambda entry: entry[0])]


    @cached_property
    def _by_ipv6(self) -> dict[IpAddress, list[tuple[int, Link]]]:
        """As by_ip: here the link itself has the address."""
        found: dict[IpAddress, list[tuple[int, Link]]] = {}
        for entry, end in self._leaves:
            for own in end.interface.ipv6:
                found.setdefault(own.ip, []).append(entry)
        return found


class _HostWiring:
    def __init__(self, host: Host) -> None:
        self.spaces = host.namespaces  # not the host, which keeps its wiring: a circle would outlive both
        self.plugs: dict[str, list[Link]] = {}
        self._ports: dict[tuple[str, str], _Ports] = {}
        self.by_index: dict[tuple[str, int], Link] = {}
        self.by_name: dict[tuple[str, str], Link] = {}
        self.ports: dict[tuple[str, str], list[Link]] = {}
        self.children: dict[tuple[str, str], list[Link]] = {}
        for space in host.namespaces.values():
            for interface in space.interfaces:
                link = Link(Where(host.name, space.name), interface)
                self.by_index[space.name, interface.index] = link
                self.by_name[space.name, interface.name] = link
                if interface.master:
                    self.ports.setdefault((space.name, interface.master), []).append(link)
                if interface.segment and space.name == "host":
                    self.plugs.setdefault(interface.segment, []).append(link)
                if interface.parent:
                    lower = (interface.parent_namespace or space.name, interface.parent)
                    self.children.setdefault(lower, []).append(link)

    def towards(self, bridge: Link, wanted: Wanted) -> list[Link]:
        """The ports of a bridge behind which the one wanted may be."""
        key = (bridge.where.namespace, bridge.interface.name)
        if key not in self._ports:
            self._ports[key] = _Ports(self, bridge, self.ports.get(key, []))
        return self._ports[key].towards(wanted)

    def leaf_behind(self, bridge: Link, port: Link) -> Link | None:
        """The plain link at the other end of a port, None when a frame could go on from there."""
        peer = port.interface.peer
        if port.interface.kind is not LinkKind.VETH or peer is None or peer.namespace == bridge.where.namespace:
            return None
        end = self.by_index.get((peer.namespace, peer.index))
        if end is None or end.interface.master or (peer.namespace, end.interface.name) in self.children:
            return None
        space = self.spaces[peer.namespace]
        return None if _owns_networks(space) or is_proxy(space, end.interface.name) else end


def _owns_networks(space: Namespace) -> bool:
    """Has lo other networks than 127.0.0.0/8? All their addresses are this namespace's own."""
    return any(not own.is_loopback for i in space.interfaces if i.kind is LinkKind.LOOPBACK for own in i.ipv4)


def _wiring_of(host: Host) -> _HostWiring:
    """The wiring is kept beside the host, and handed on while what changes is no link and no setting: packets leave
    counters, neighbours and connections behind."""
    kept: Index | None = host.__dict__.get("_wiring")
    if kept is None or not _same_wires(kept.rows, host.namespaces):
        kept = Index(host.namespaces, _HostWiring(host))
    elif kept.rows is not host.namespaces:
        kept = Index(host.namespaces, kept.found)
    host.__dict__["_wiring"] = kept
    found: _HostWiring = kept.found
    return found


def _same_wires(old: Mapping[str, Namespace], new: Mapping[str, Namespace]) -> bool:
    """Have these namespaces the very same links and settings?"""
    if old is new:
        return True
    if len(old) != len(new):
        return False
    for (name, was), (other, now) in zip(old.items(), new.items(), strict=True):
        if was is not now and (was.interfaces is not now.interfaces or was.sysctls is not now.sysctls):
            return False
        if name != other:
            return False
    return True


def search(wiring: Wiring, start: Link, wanted: Wanted, without: Law | None = None) -> Found:
    """Follow a frame that leaves through `start` until an interface is found that is wanted.

    Breadth first, so the nearest one answers. link None: nobody on the segment. without: a law that shall not count,
    to find out whether it is the one that keeps the two apart.
    """
    quest = _Quest(wiring, start, wanted, without, [])
    queue: deque[_Node] = deque([_Node("out", start, None, None)])
    entered: dict[tuple[Where, str], str] = {}  # bridges the frame is in already, and the port it came by
    seen: set[tuple[object, ...]] = set()
    looped = ""
    while queue:
        node = queue.popleft()
        mark = (node.direction, node.link.key, node.tag)
        if mark in seen or not node.link.interface.up:
            continue
        seen.add(mark)
        if node.direction == "out":
            queue.extend(_leave(quest, node))
            continue
        receiver, further, bridge = _arrive(quest, node)
        entry = node.link.interface.name
        if bridge is not None and entered.setdefault(bridge.key, entry) != entry:
            looped = bridge.interface.name
            continue
        untagged = node.tag is None or not quest.holds(Law.VLANS)
        if receiver is not None and untagged and wiring.takes(receiver.link, wanted):
            events = _events(receiver.trail)
            if not quest.holds(Law.FORGED) or _may_answer(wiring, receiver.link, events):
                return Found(receiver.link, events, looped, tuple(quest.lost))
        queue.extend(further)
    return Found(None, (), looped, tuple(quest.lost))


def hearers(wiring: Wiring, start: Link) -> list[Event]:
    """Where a frame for everybody that leaves through `start` is seen: 'out' and 'in' at each link, 'bridge' where a
    bridge hands it up to its host. Nearest first; what goes into a tunnel is not followed."""
    quest = _Quest(wiring, start, Wanted(), None, [])
    queue: deque[_Node] = deque([_Node("out", start, None, None)])
    seen: set[tuple[object, ...]] = set()
    heard: list[Event] = []
    while queue:
        node = queue.popleft()
        mark = (node.direction, node.link.key, node.tag)
        if mark in seen or not node.link.interface.up:
            continue
        seen.add(mark)
        heard.append(Event(node.direction, node.link, "", str(node.tag or "")))
        if node.direction == "out":
            if node.link.interface.kind is not LinkKind.VXLAN:
                queue.extend(_leave(quest, node))
            continue
        _, further, bridge = _arrive(quest, node)
        if bridge is not None and ("bridge", bridge.key, None) not in seen:
            seen.add(("bridge", bridge.key, None))
            heard.append(Event("bridge", bridge, node.link.interface.name))
        queue.extend(further)
    return heard


def _events(trail: Trail | None) -> tuple[Event, ...]:
    events: list[Event] = []
    while trail is not None:
        trail, event = trail
        events.append(event)
    return tuple(reversed(events))


def _may_answer(wiring: Wiring, receiver: Link, events: tuple[Event, ...]) -> bool:
    """Where a switch lets a NIC send from its own MAC only, nobody behind that NIC answers with another."""
    after_wire = (later for event, later in zip(events, events[1:], strict=False) if event.kind == "wire")
    return all(_may_send(wiring, arrival.link, receiver.interface.mac) for arrival in after_wire)


def _may_send(wiring: Wiring, nic: Link, mac: str) -> bool:
    switch = wiring.topology.switch(nic.interface.segment or "")
    return switch.forged_macs or mac == nic.interface.mac


def _leave(quest: _Quest, node: _Node) -> Iterator[_Node]:
    """A frame goes out of a link: where does it come in?"""
    (host, space), interface = node.link
    near = quest.wiring.of(host)
    trail = (node.trail, Event("out", node.link, "", str(node.tag or "")))
    if interface.kind is LinkKind.VETH and interface.peer:
        other = near.by_index.get((interface.peer.namespace, interface.peer.index))
        if other:
            yield _Node("in", other, node.tag, trail)
    elif interface.kind is LinkKind.PHYSICAL and interface.segment:
        yield from _over_switch(quest, node, quest.wiring.topology.switch(interface.segment), trail)
    elif interface.kind is LinkKind.BRIDGE:
        for port in near.towards(node.link, quest.wanted):
            if _lets_out(quest, node.link, None, port):
                yield _Node("out", port, node.tag, (trail, Event("bridge", node.link, "", port.interface.name)))
    elif interface.kind is LinkKind.VXLAN and interface.vxlan:
        yield from _through_tunnel(quest, node, trail)
    elif interface.parent:
        yield from _through_parent(quest, node, trail)
    if not quest.holds(Law.PARENT):
        yield from _upwards(quest, node.link, node.tag, trail)


def _over_switch(quest: _Quest, node: _Node, switch: Switch, trail: Trail) -> Iterator[_Node]:
    """From cable to cable, where the ports' VLANs and the switch's policy allow it."""
    wiring, link = quest.wiring, node.link
    if quest.holds(Law.FORGED) and not _may_send(wiring, link, quest.start.interface.mac):
        return
    entry = switch.port(link.where.host, link.interface.name)
    crossing = (trail, Event("wire", link, switch.name, str(node.tag or "")))
    for other in wiring.segment(switch.name):
        if other.key == link.key and not switch.hairpin:
            continue
        passes, tag = comes_out(switch, entry, switch.port(other.where.host, other.interface.name), node.tag)
        if passes or not quest.holds(Law.VLANS):
            yield _Node("in", other, tag if passes else node.tag, crossing)


def _through_tunnel(quest: _Quest, node: _Node, trail: Trail) -> Iterator[_Node]:
    """A VXLAN sends the frame to whoever has the MAC, as far as it knows, or to every address it floods to."""
    space = quest.wiring.hosts[node.link.where.host].namespaces[node.link.where.namespace]
    mac = quest.wanted.mac or told_mac(space, node.link.interface, quest.wanted.ip)
    for remote in space.tunnel_ends(node.link.interface.name, mac):
        if quest.wiring.carry is None:
            return
        end, tunnel = quest.wiring.carry(node.link, remote), Event("tunnel", node.link, str(remote))
        if isinstance(end, Lost):
            quest.lost.append(end._replace(path=_events((trail, tunnel))))
        else:
            yield _Node("in", end, node.tag, (trail, tunnel))


def told_mac(space: Namespace, tunnel: Interface, ip: IpAddress | None) -> str | None:
    """The MAC that a VXLAN which answers for others tells for an address (arp_reduce, drivers/net/vxlan); None when it
    doesn't, or doesn't know."""
    if ip is None or tunnel.vxlan is None or not tunnel.vxlan.proxy:
        return None
    known = space.neighbour_at.get((ip, tunnel.name))
    return known.mac if known else None


def _through_parent(quest: _Quest, node: _Node, trail: Trail) -> Iterator[_Node]:
    """A macvlan's frame reaches its siblings in bridge mode, and the wire; never the parent's own stack.

    ipvlan: the driver itself looks for a sibling with the address; the rest goes out with the parent's MAC.
    """
    (host, space), interface = node.link
    near = quest.wiring.of(host)
    lower = (interface.parent_namespace or space, interface.parent or "")
    parent = near.by_name.get(lower)
    if parent is None or not parent.interface.up:
        return
    if interface.kind is LinkKind.VLAN:
        if not quest.holds(Law.VLANS):
            yield from (n for n in _upwards(quest, parent, None, trail) if n.link.key != node.link.key)
        yield _Node("out", parent, interface.vlan_id, trail)
        return
    for sibling in near.children.get(lower, ()):
        if sibling.key != node.link.key and _are_near(quest, interface, sibling.interface):
            yield _Node("in", sibling, node.tag, trail)
    if not quest.holds(Law.PARENT):
        yield _Node("in", parent, node.tag, trail)
    yield _Node("out", parent, node.tag, trail)


def _are_near(quest: _Quest, one: Interface, other: Interface) -> bool:
    """Do two children of a parent hear each other without leaving it?"""
    if one.kind is not other.kind or one.kind not in (LinkKind.MACVLAN, LinkKind.IPVLAN):
        return False
    if one.kind is LinkKind.IPVLAN:
        return one.mode == "l2"
    both = one.mode in ("bridge", "") and other.mode in ("bridge", "")
    return both or not quest.holds(Law.MODES)


def _arrive(quest: _Quest, node: _Node) -> tuple[_Node | None, list[_Node], Link | None]:
    """A frame comes in at a link: (who may take it there, where else it goes, the bridge it entered)."""
    (host, space), interface = node.link
    near = quest.wiring.of(host)
    trail = (node.trail, Event("in", node.link, "", str(node.tag or "")))
    if interface.master is None:
        return _Node("in", node.link, node.tag, trail), _upwards(quest, node.link, node.tag, trail), None
    bridge = near.by_name.get((space, interface.master))
    if bridge is None or not bridge.interface.up:
        return None, [], None
    if quest.holds(Law.PORTS) and kept_in(_home(quest, bridge), interface, quest.start.interface.mac):
        return None, [], None
    own = (trail, Event("bridge", bridge, interface.name, ""))
    further = _upwards(quest, bridge, node.tag, own)
    for port in near.towards(bridge, quest.wanted):
        back = port.interface.name == interface.name and not interface.hairpin
        if not back and _lets_out(quest, bridge, interface, port):
            event = Event("bridge", bridge, interface.name, port.interface.name)
            further.append(_Node("out", port, node.tag, (trail, event)))
    return _Node("in", bridge, node.tag, own), further, bridge


def _lets_out(quest: _Quest, bridge: Link, entry: Interface | None, port: Link) -> bool:
    """May the frame leave its bridge by that port? entry: the port it came in by, None for one of the bridge's own."""
    wanted = quest.wanted
    kept = quest.holds(Law.PORTS) and kept_back(_home(quest, bridge), entry, port.interface, wanted.ip, wanted.mac)
    return not kept


def _home(quest: _Quest, bridge: Link) -> Namespace:
    """A bridge's namespace as it is now: what it has learned changes while its host's wiring stays."""
    return quest.wiring.hosts[bridge.where.host].namespaces[bridge.where.namespace]


def _upwards(quest: _Quest, link: Link, tag: int | None, trail: Trail) -> list[_Node]:
    """The macvlans of a link, or the vlan sub-interface whose tag the frame carries."""
    nodes = []
    near = quest.wiring.of(link.where.host)
    for child in near.children.get((link.where.namespace, link.interface.name), ()):
        if child.interface.kind is LinkKind.VLAN:
            if tag is not None and child.interface.vlan_id == tag or not quest.holds(Law.VLANS):
                nodes.append(_Node("in", child, None, trail))
        elif tag is None and child.interface.mode not in L3_MODES and _lets_back(quest, link, child):
            nodes.append(_Node("in", child, None, trail))
    return nodes


def _lets_back(quest: _Quest, parent: Link, child: Link) -> bool:
    """A frame that a switch sent back: a sender in private mode shuts its siblings out (macvlan_handle_frame)."""
    sender = quest.start.interface
    home = (quest.start.where.host, sender.parent_namespace or quest.start.where.namespace, sender.parent)
    siblings = home == (parent.where.host, parent.where.namespace, parent.interface.name)
    if not siblings or not quest.holds(Law.MODES):
        return True
    return "private" not in (sender.mode, child.interface.mode) and child.key != quest.start.key
