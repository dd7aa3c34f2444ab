"""The picture for a terminal: hosts, their bridges, and what is plugged into each port, as a tree."""

from __future__ import annotations

from collections.abc import Iterable

from dnetlab.explain.sentences import phrase
from dnetlab.language import say
from dnetlab.model import Container, Exchange, Interface, LinkKind, Trace
from dnetlab.views.labels import Labelled, called, forwarding, link_kind, names_of, network_on, services_of
from dnetlab.views.scene import HostScene, Overlay, Scene, listens, published

Tree = list[tuple[str, "Tree"]]


def tree_text(scene: Scene) -> str:
    """The scene as lines of text; 'nothing to draw' for an empty lab. Ends without a newline."""
    lines: list[str] = []
    for host in scene.hosts:
        lines.append(_head(host))
        lines += _draw(_host(host))
    if scene.note:
        lines.append(scene.note)
    return "\n".join(lines) or say("nothing to draw")


def _draw(tree: Tree, indent: str = "") -> list[str]:
    lines = []
    for place, (text, below) in enumerate(tree):
        last = place == len(tree) - 1
        lines.append(f"{indent}{'└─ ' if last else '├─ '}{text}")
        lines += _draw(below, indent + ("   " if last else "│  "))
    return lines


def _head(scene: HostScene) -> str:
    return "  ".join([scene.host.name, *(_nic(scene, nic) for nic in scene.nics)])


def _nic(scene: HostScene, nic: Interface) -> str:
    """'eth0 (2) 172.25.254.1/24 on lan', 'enp7s0 (3) no address on trunk (access 20)', 'vx0 (5) …, VXLAN 42 …'."""
    port = scene.ports.get(nic.name, "")
    switch = f"{nic.segment}{f' ({port})' if port else ''}"
    plugged = " " + say("on {name}", name=switch) if nic.segment else ""
    kind = link_kind(nic)
    return f"{nic.name} ({nic.index}) {_ips(nic)}{plugged}{f', {kind}' if kind else ''}{_down(nic)}"


def _host(scene: HostScene) -> Tree:
    host = scene.host
    tree: Tree = []
    if not scene.small:
        tree += [(word, []) for word in forwarding(host)]
    tree += [(say("published {port}", port=p.text), []) for p in published(scene)]
    for bridge in scene.bridges:
        tree.append((_bridge(scene, bridge), _ports(scene, bridge)))
    tree += [(_overlay(overlay), _overlay_ports(scene, overlay)) for overlay in scene.overlays]
    tree += [(_space(place), []) for place in scene.spaces if not _on_bridge(scene, place)]
    tree += [(say("{who}: --network host, uses {host}'s own stack", who=called(c), host=host.name), [])
             for c in scene.guests]  # fmt: skip
    if scene.stopped:
        tree.append((say("not running: {names}", names=", ".join(scene.stopped)), []))
    return tree


def _bridge(scene: HostScene, bridge: Interface) -> str:
    network = scene.networks.get(bridge.name)
    words = [say("bridge {name} ({index})", name=bridge.name, index=bridge.index), _ips(bridge)]
    words += [say("network {name}", name=network.name)] if network else []
    words += [say("internal")] if network and network.internal else []
    return "  ".join(words) + _down(bridge)


def _ports(scene: HostScene, bridge: Interface) -> Tree:
    drawn = {(p.namespace.name, i.index): (p, i) for p in scene.spaces for i in p.namespace.interfaces}
    tree: Tree = []
    for port in scene.host.stack.ports_of(bridge.name):
        head = f"{port.name} ({port.index}){_down(port)}"
        if port.peer is None:
            tree.append((head, []))
        elif (port.peer.namespace, port.peer.index) in drawn:
            place, inside = drawn[port.peer.namespace, port.peer.index]
            end = f"{inside.name} ({inside.index}) {_ips(inside)}{_down(inside)}"
            tree.append((f"{head} ══ {end}  {_members(place)}", []))
    if scene.hidden.get(bridge.name):
        tree.append((say("… {more} more", more=scene.hidden[bridge.name]), []))
    return tree


def _overlay(overlay: Overlay) -> str:
    bridge = overlay.bridge
    words = [say("overlay network {name}", name=overlay.network.name), f"{bridge.name} ({bridge.index}) {_ips(bridge)}"]
    return "  ".join([*words, say("in the namespace {name}", name=overlay.space.name)]) + _down(bridge)


def _overlay_ports(scene: HostScene, overlay: Overlay) -> Tree:
    drawn = {(p.namespace.name, i.index): (p, i) for p in scene.spaces for i in p.namespace.interfaces}
    tree: Tree = []
    for port in overlay.space.ports_of(overlay.bridge.name):
        head = f"{port.name} ({port.index}){_down(port)}"
        if port is overlay.tunnel:
            ends = sorted({f.dst for f in overlay.space.fdb if f.port == port.name and f.dst is not None})
            kind = link_kind(port)
            tunnel = say("{kind}, to {ends}", kind=kind, ends=", ".join(map(str, ends))) if ends else kind
            tree.append((f"{head}  {tunnel}", []))
        elif port.peer and (port.peer.namespace, port.peer.index) in drawn:
            place, inside = drawn[port.peer.namespace, port.peer.index]
            tree.append((f"{head} ══ {inside.name} ({inside.index}) {_ips(inside)}  {_members(place)}", []))
        elif port.peer and overlay.balancer is not None and port.peer.namespace == overlay.balancer.namespace.name:
            vips: Tree = [(say("VIP of {service}", service=service), []) for service in services_of(overlay.network)]
            tree.append((f"{head} ══ {say('load balancer')}", vips))
    return tree


def _on_bridge(scene: HostScene, place: Labelled) -> bool:
    homes = {overlay.space.name for overlay in scene.overlays}
    if any(i.peer and i.peer.namespace in homes for i in place.namespace.interfaces):
        return True
    ends = [i.peer for i in place.namespace.interfaces if i.peer and i.peer.namespace == "host"]
    outside = [scene.host.stack.by_index(peer.index) for peer in ends]
    return any(o is not None and o.master in {b.name for b in scene.bridges} for o in outside)


def _space(place: Labelled) -> str:
    """A namespace that hangs on no bridge: macvlan, or none."""
    links = [i for i in place.namespace.interfaces if i.kind is not LinkKind.LOOPBACK]
    if not links:
        return say("{names}: only lo, no network", names=_members(place))
    ends = []
    for i in links:
        network = network_on(place.containers, i)
        facts = [link_kind(i) or i.kind.value, *([say("network {name}", name=network)] if network else [])]
        ends.append(f"{i.name} ({i.index}) {_ips(i)} {', '.join(facts)}{_down(i)}")
    return f"{'; '.join(ends)}  {_members(place)}"


def _members(place: Labelled) -> str:
    names = ", ".join(map(called, place.containers)) or place.namespace.name
    told = say("{names} share one network namespace", names=names) if len(place.containers) > 1 else names
    waiting = listens(place)
    return say("{who}, listens on {what}", who=told, what=", ".join(waiting)) if waiting else told


def _ips(interface: Interface) -> str:
    return ", ".join(str(a) for a in interface.routed) or say("no address")


def _down(interface: Interface) -> str:
    return "" if interface.up else " DOWN"


def sentence(scene: Scene) -> str:
    """What the picture shows, for those who hear it: the alt text."""
    parts = []
    for host in scene.hosts:
        where = host.host.name
        if host.small:
            parts.append(say("{where} without containers", where=where) if host.host.has_docker else where)
            continue
        words = [_bridge_sentence(host, bridge) for bridge in host.bridges]
        words += [_overlay_sentence(host, overlay) for overlay in host.overlays]
        free = [p for p in host.spaces if not _on_bridge(host, p)]
        words += [say("{names} on no bridge", names=_names(p.containers)) for p in free]
        words += [say("{names} in the host's own network", names=_names(host.guests))] if host.guests else []
        parts.append(say("{where} with {what}", where=where, what="; ".join(words)) if words else where)
    text = say("Topology of the lab: {parts}.", parts=". ".join(parts))
    return f"{text} {scene.note}".strip()


def path_sentence(path: Exchange | Trace | None, scene: Scene) -> str:
    """Which way the packets of a journey took, and how they ended; '' for a picture without one."""
    if path is None:
        return ""
    names = {f"{h.host.name}/{space}": name for h in scene.hosts for space, name in names_of(h.host).items()}
    if isinstance(path, Trace):
        return _way(say("The packet"), path, names)
    parts = [_way(say("The request"), path.request, names)]
    parts += [_way(say("Its answer"), path.reply, names)] if path.reply else []
    parts += [_way(say("docker-proxy's own request"), path.proxied.request, names)] if path.proxied else []
    return " ".join(parts)


def _way(what: str, trace: Trace, names: dict[str, str]) -> str:
    """'The request goes through client by eth0; docker1 by eth0, docker0; web1 by eth0, and arrives.'"""
    hops = []
    for hop in trace.hops:
        links = ", ".join(dict.fromkeys(s.interface for s in hop.steps if s.interface))
        place = names.get(str(hop.where), str(hop.where))
        hops.append(say("{place} by {links}", place=place, links=links) if links else place)
    ended = phrase(f"ends {trace.disposition.value}")
    end = say("arrives") if trace.disposition.arrived else say("ends: {how}", how=ended)
    if not hops:
        return say("{what} {end}.", what=what, end=end)
    return say("{what} goes through {hops}, and {end}.", what=what, hops="; ".join(hops), end=end)


def _bridge_sentence(scene: HostScene, bridge: Interface) -> str:
    network = scene.networks.get(bridge.name)
    called = say("network {name} ({bridge})", name=network.name, bridge=bridge.name) if network else _alone(bridge)
    ports = {p.peer.namespace for p in scene.host.stack.ports_of(bridge.name) if p.peer}
    members = [c for place in scene.spaces if place.namespace.name in ports for c in place.containers]
    if not members:
        return say("{where} without containers", where=called)
    return say("{called} joining {names}", called=called, names=_names(members))


def _alone(bridge: Interface) -> str:
    return say("bridge {name}", name=bridge.name)


def _overlay_sentence(scene: HostScene, overlay: Overlay) -> str:
    """'overlay network test-net joining aa, by VXLAN 4097'."""
    ports = {p.peer.namespace for p in overlay.space.ports_of(overlay.bridge.name) if p.peer}
    members = [c for place in scene.spaces if place.namespace.name in ports for c in place.containers]
    number = overlay.tunnel.vxlan.vni if overlay.tunnel.vxlan else 0
    return say(
        "overlay network {name} joining {members}, by VXLAN {number}" if members
        else "overlay network {name} without containers, by VXLAN {number}",
        name=overlay.network.name, members=_names(members), number=number,
    )  # fmt: skip


def _names(containers: Iterable[Container]) -> str:
    return ", ".join(c.name for c in containers)
