"""Who hears a frame? Everything on the same segment: through the veth peer, then the bridge, then its other ports.

`search` follows a frame from an interface over all that is layer 2 (veth pairs, bridges, macvlan, vlan, the lab's
switches) until somebody is found who takes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import NamedTuple, TypeAlias

from dnetlab.model import Host, Interface, LinkKind, Namespace, Where
from dnetlab.net.routing import is_local


class Link(NamedTuple):
    """An interface in the namespace it lives in: where a frame comes in or goes out."""

    where: Where
    interface: Interface

    @property
    def key(self) -> tuple[Where, str]:
        return self.where, self.interface.name


class Wanted(NamedTuple):
    """Who shall take a frame: whoever owns the address, the interface with the MAC, or who has both."""

    ip: IPv4Address | None = None
    mac: str | None = None


class Event(NamedTuple):
    """One movement of a frame. kind: 'out' (leaves through link), 'in' (arrives at it), 'bridge' (link is the bridge:
    from port `entry` to port `exit`, either '' for the bridge's own end), 'wire' (crosses the switch named in `entry`).
    """

    kind: str
    link: Link
    entry: str = ""
    exit: str = ""


@dataclass(frozen=True)
class Found:
    """The interface that takes the frame and the way there. looped: the frame came back to a bridge it had left."""

    link: Link | None
    path: tuple[Event, ...] = ()
    looped: str = ""


Trail: TypeAlias = "tuple[Trail | None, Event]"  # the last event, and how it came to that


class _Node(NamedTuple):
    """A link the frame is at, on its way: direction 'out' or 'in', its tag, and the chain of events so far."""

    direction: str
    link: Link
    tag: int | None
    trail: Trail | None


class Wiring:
    """Which links hang together, looked up once per packet: ports by bridge, children by parent, ends by index."""

    def __init__(self, hosts: dict[str, Host]) -> None:
        self.hosts = hosts
        self._known: dict[str, _HostWiring] = {}

    def of(self, host: str) -> _HostWiring:
        if host not in self._known:
            self._known[host] = _wiring_of(self.hosts[host])
        return self._known[host]

    def segment(self, name: str) -> Iterator[Link]:
        for host in self.hosts:
            yield from self.of(host).plugs.get(name, ())

    def takes(self, link: Link, wanted: Wanted) -> bool:
        if wanted.mac is not None and link.interface.mac != wanted.mac:
            return False
        space = self.hosts[link.where.host].namespaces[link.where.namespace]
        return wanted.ip is None or is_local(space, wanted.ip)


class _Ports:
    """The ports of a bridge, so that a flood need not go where nobody can be meant.

    A leaf is a veth whose other end is a plain link of another namespace: a frame ends there, so only the owner of the
    address or the MAC is worth a visit. rest: all other ports, with their place in the order of `all`.
    """

    def __init__(self, near: _HostWiring, bridge: Link, ports: list[Link]) -> None:
        self.all = ports
        self.rest: list[tuple[int, Link]] = []
        self.by_ip: dict[IPv4Address, list[tuple[int, Link]]] = {}
        self.by_mac: dict[str, list[tuple[int, Link]]] = {}
        for entry in enumerate(ports):
            end = near.leaf_behind(bridge, entry[1])
            if end is None:
                self.rest.append(entry)
                continue
            self.by_mac.setdefault(end.interface.mac, []).append(entry)
            for ip in near.host.namespaces[end.where.namespace].own_addresses:
                self.by_ip.setdefault(ip, []).append(entry)

    def towards(self, wanted: Wanted) -> list[Link]:
        """The ports behind which the one wanted may be, in their order."""
        if wanted.mac is not None:
            leaves = self.by_mac.get(wanted.mac, [])
        elif wanted.ip is not None:
            leaves = self.by_ip.get(wanted.ip, [])
        else:
            return self.all
        return [link for _, link in sorted([*self.rest, *leaves], key=lambda entry: entry[0])]


class _HostWiring:
    def __init__(self, host: Host) -> None:
        self.host = host
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
        return None if _owns_networks(self.host.namespaces[peer.namespace]) else end


def _owns_networks(space: Namespace) -> bool:
    """Has lo other networks than 127.0.0.0/8? All their addresses are this namespace's own."""
    return any(not own.is_loopback for i in space.interfaces if i.kind is LinkKind.LOOPBACK for own in i.ipv4)


_LATEST: dict[int, tuple[Host, _HostWiring]] = {}  # by id; the host itself is kept, so that its id stays its own


def _wiring_of(host: Host) -> _HostWiring:
    """Hosts are frozen, so the wiring of the same host is the same: the last few are kept."""
    kept = _LATEST.pop(id(host), None)
    if kept is None or kept[0] is not host:
        kept = (host, _HostWiring(host))
    _LATEST[id(host)] = kept
    if len(_LATEST) > 8:
        del _LATEST[next(iter(_LATEST))]
    return kept[1]


def search(wiring: Wiring, start: Link, wanted: Wanted) -> Found:
    """Follow a frame that leaves through `start` until an interface is found that is wanted.

    Breadth first, so the nearest one answers. link None: nobody on the segment.
    """
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
            queue.extend(_leave(wiring, node, wanted))
            continue
        receiver, further, bridge = _arrive(wiring, node, wanted)
        entry = node.link.interface.name
        if bridge is not None and entered.setdefault(bridge.key, entry) != entry:
            looped = bridge.interface.name
            continue
        if receiver is not None and node.tag is None and wiring.takes(receiver.link, wanted):
            return Found(receiver.link, _events(receiver.trail), looped)
        queue.extend(further)
    return Found(None, (), looped)


def _events(trail: Trail | None) -> tuple[Event, ...]:
    events: list[Event] = []
    while trail is not None:
        trail, event = trail
        events.append(event)
    return tuple(reversed(events))


def _leave(wiring: Wiring, node: _Node, wanted: Wanted) -> Iterator[_Node]:
    """A frame goes out of a link: where does it come in?"""
    (host, space), interface = node.link
    near = wiring.of(host)
    trail = (node.trail, Event("out", node.link))
    if interface.kind is LinkKind.VETH and interface.peer:
        other = near.by_index.get((interface.peer.namespace, interface.peer.index))
        if other:
            yield _Node("in", other, node.tag, trail)
    elif interface.kind is LinkKind.PHYSICAL and interface.segment:
        crossing = (trail, Event("wire", node.link, interface.segment))
        for other in wiring.segment(interface.segment):
            if other.key != node.link.key:
                yield _Node("in", other, node.tag, crossing)
    elif interface.kind is LinkKind.BRIDGE:
        for port in near.towards(node.link, wanted):
            yield _Node("out", port, node.tag, (trail, Event("bridge", node.link, "", port.interface.name)))
    elif interface.kind in (LinkKind.MACVLAN, LinkKind.VLAN) and interface.parent:
        yield from _through_parent(near, node, trail)


def _through_parent(near: _HostWiring, node: _Node, trail: Trail) -> Iterator[_Node]:
    """A macvlan's frame reaches its siblings in bridge mode, and the wire; never the parent's own stack."""
    (_, space), interface = node.link
    lower = (interface.parent_namespace or space, interface.parent or "")
    parent = near.by_name.get(lower)
    if parent is None or not parent.interface.up:
        return
    if interface.kind is LinkKind.VLAN:
        yield _Node("out", parent, interface.vlan_id, trail)
        return
    if interface.mode in ("bridge", ""):
        for sibling in near.children.get(lower, ()):
            if sibling.key != node.link.key and sibling.interface.mode in ("bridge", ""):
                yield _Node("in", sibling, node.tag, trail)
    yield _Node("out", parent, node.tag, trail)


def _arrive(wiring: Wiring, node: _Node, wanted: Wanted) -> tuple[_Node | None, list[_Node], Link | None]:
    """A frame comes in at a link: (who may take it there, where else it goes, the bridge it entered)."""
    (host, space), interface = node.link
    near = wiring.of(host)
    trail = (node.trail, Event("in", node.link))
    if interface.master is None:
        return _Node("in", node.link, node.tag, trail), _upwards(near, node.link, node.tag, trail), None
    bridge = near.by_name.get((space, interface.master))
    if bridge is None or not bridge.interface.up:
        return None, [], None
    own = (trail, Event("bridge", bridge, interface.name, ""))
    further = _upwards(near, bridge, node.tag, own)
    for port in near.towards(bridge, wanted):
        if port.interface.name != interface.name:
            event = Event("bridge", bridge, interface.name, port.interface.name)
            further.append(_Node("out", port, node.tag, (trail, event)))
    return _Node("in", bridge, node.tag, own), further, bridge


def _upwards(near: _HostWiring, link: Link, tag: int | None, trail: Trail) -> list[_Node]:
    """The macvlans of a link, or the vlan sub-interface whose tag the frame carries."""
    nodes = []
    for child in near.children.get((link.where.namespace, link.interface.name), ()):
        if child.interface.kind is LinkKind.VLAN:
            if tag is not None and child.interface.vlan_id == tag:
                nodes.append(_Node("in", child, None, trail))
        elif tag is None:
            nodes.append(_Node("in", child, None, trail))
    return nodes
