"""The lab as Graphviz text: a switch on top, the host under it, its bridges with their ports, containers plugged in.

    switch ── NIC ── the host's network stack ── bridge [port|port] ══ veth pair ══ container's eth0

Record nodes only, no HTML-like labels: the Graphviz that ships as WebAssembly has no XML parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dnetlab.language import say
from dnetlab.model import Container, Exchange, Host, Interface, LinkKind, Namespace, Switch, Trace
from dnetlab.views.labels import Labelled, called, forwarding, link_kind, network_on, role_of, services_of
from dnetlab.views.nodes import bridge_node, nic_node, overlay_node, space_node, stack_node, switch_node
from dnetlab.views.scene import HostScene, Overlay, Scene, bridges_of, listens, published

# Okabe and Ito's hues, which all readers tell apart, dark enough for a line (3 to 1 on white and on the tint beside
# it; WCAG 2.2, 1.4.11). Vermillion is kept for the path.
PALETTE = (
    ("#0072b2", "#dcedf8"), ("#b87d00", "#fdf0d5"), ("#008f68", "#d8f2ea"), ("#c06a98", "#f8e6f0"),
    ("#2f8ec8", "#e4f3fc"), ("#8a8000", "#f6f4c9"),
)  # fmt: skip
PATH = "#d55e00"
GREY, INK = "#8a8f94", "#22262a"


@dataclass(frozen=True)
class Visited:
    """Where the packets of a trace went: (host, namespace) pairs, and (host, namespace, interface) triples."""

    places: frozenset[tuple[str, str]] = frozenset()
    links: frozenset[tuple[str, str, str]] = frozenset()
    died: tuple[str, str] | None = None

    def through(self, host: str, namespace: str, *names: str) -> bool:
        return any((host, namespace, name) in self.links for name in names)


def visited(path: Exchange | Trace | None) -> Visited:
    """What a journey touched, there and back, with the second connection of docker-proxy."""
    places: set[tuple[str, str]] = set()
    links: set[tuple[str, str, str]] = set()
    died = None
    for trace in _traces(path):
        for hop in trace.hops:
            places.add(hop.where)
            links |= {(*hop.where, s.interface) for s in hop.steps if s.interface}
        if trace.hops and not trace.disposition.arrived:
            died = trace.hops[-1].where
    return Visited(frozenset(places), frozenset(links), died)


def _traces(path: Exchange | Trace | None) -> Iterator[Trace]:
    if isinstance(path, Trace):
        yield path
    elif path is not None:
        yield path.request
        if path.reply:
            yield path.reply
        yield from _traces(path.proxied)


@dataclass
class _Drawing:
    """Lines of DOT so far, and what of it lies on the path."""

    scene: Scene
    path: Visited
    lines: list[str] = field(default_factory=list)

    def node(self, name: str, label: str, on_path: bool = False, **attributes: str) -> None:
        if on_path:
            attributes |= {"color": PATH, "penwidth": "3"}
        self.lines.append(f"{quote(name)} [label={label} {_attributes(attributes)}];")

    def edge(self, one: str, two: str, on_path: bool = False, **attributes: str) -> None:
        """Ends are 'node' or 'node:port:compass', already quoted."""
        if on_path:
            attributes |= {"color": PATH, "penwidth": "4"}
        self.lines.append(f"{one} -- {two} [{_attributes(attributes)}];")

    def colour(self, network: str | None) -> tuple[str, str]:
        """(strong, light) of a network; grey for what belongs to none."""
        place = self.scene.colours.get(network or "")
        return (GREY, "#f2f2f0") if place is None else PALETTE[place % len(PALETTE)]


def to_dot(scene: Scene, path: Exchange | Trace | None = None) -> str:
    """The picture as DOT. The same scene gives the same text."""
    drawing = _Drawing(scene, visited(path))
    drawing.lines += [
        "graph lab {",
        # remincross=false: bridges stay in the order of _in_a_row when a container is plugged into two of them
        'graph [rankdir=TB remincross=false nodesep=0.3 ranksep=0.45 fontname="Helvetica" fontsize=14.5 '
        'bgcolor="white" pad=0.15'
        + (f" label={quote(scene.note)} labelloc=b" if scene.note else "") + "];",
        f'node [shape=record fontname="Helvetica" fontsize=12.5 fontcolor="{INK}" color="{GREY}" margin="0.16,0.07" '
        'style=filled fillcolor="white" height=0.3];',
        f'edge [fontname="Helvetica" fontsize=11.5 fontcolor="{INK}" color="{GREY}"];',
    ]  # fmt: skip
    for switch in scene.switches:
        _switch(drawing, switch)
    for host in scene.hosts:
        if host.small:
            _small_host(drawing, host)
        else:
            _host(drawing, host)
    _tunnels(drawing)
    drawing.lines.append("}")
    return "\n".join(drawing.lines) + "\n"


def _switch(drawing: _Drawing, switch: Switch) -> None:
    nets = {str(a.network) for h in drawing.scene.hosts for i in h.nics if i.segment == switch.name for a in i.routed}
    label = quote("\n".join([switch.title, *sorted(nets)]))
    drawing.node(switch_node(switch.name), label, shape="box", style="filled,rounded", fillcolor="#e9ecef", width="2.4")


def _tunnels(drawing: _Drawing) -> None:
    """A line from tunnel end to tunnel end, over all that lies between the hosts."""
    ends = [end for scene in drawing.scene.hosts for end in _tunnel_ends(scene)]
    for number, one in enumerate(ends):
        for two in ends[number + 1 :]:
            if one.host is two.host or one.number != two.number or not (one.knows(two) or two.knows(one)):
                continue
            on_path = all(drawing.path.through(e.host.name, e.space.name, e.link.name) for e in (one, two))
            colour, _ = drawing.colour(one.network)
            drawing.edge(one.node, two.node, on_path, style="dashed", constraint="false", color=colour, penwidth="2",
                         label=f" VXLAN {one.number[0]}, MTU {one.link.mtu}")  # fmt: skip


@dataclass(frozen=True)
class _TunnelEnd:
    """A VXLAN on a host, and the node of the picture it is in. number: VNI and port; network: an overlay's name."""

    host: Host
    space: Namespace
    link: Interface
    node: str
    number: tuple[int, int]
    network: str | None = None

    def knows(self, other: _TunnelEnd) -> bool:
        """Does some entry of its table lead to the other's host?"""
        table = (entry.dst for entry in self.space.fdb if entry.port == self.link.name and entry.dst is not None)
        return any(dst in other.host.stack.own_addresses for dst in table)


def _tunnel_ends(scene: HostScene) -> Iterator[_TunnelEnd]:
    host = scene.host
    for nic in scene.nics:
        if nic.vxlan:
            yield _TunnelEnd(host, host.stack, nic, quote(nic_node(scene, nic.name)), (nic.vxlan.vni, nic.vxlan.port))
    for o in scene.overlays:
        if o.tunnel.vxlan:
            number = o.tunnel.vxlan.vni, o.tunnel.vxlan.port
            yield _TunnelEnd(host, o.space, o.tunnel, quote(overlay_node(scene, o)), number, o.network.name)


def _plug(drawing: _Drawing, scene: HostScene, nic: Interface, node: str) -> None:
    if nic.segment:
        words = [scene.ports[nic.name]] if nic.name in scene.ports else []
        words += [] if nic.up else ["down"]
        style = {"label": f" {', '.join(words)}"} if words else {}
        style |= {} if nic.up else {"style": "dashed"}
        on_path = drawing.path.through(scene.host.name, "host", nic.name)
        drawing.edge(quote(switch_node(nic.segment)), node, on_path,
                     penwidth="2", **style)  # fmt: skip


def _small_host(drawing: _Drawing, scene: HostScene) -> None:
    """A host on which nothing runs: one box with its addresses."""
    host = scene.host
    rows = ["  ".join(filter(None, (f"{i.name} ({i.index})", _addresses(i), link_kind(i)))) for i in scene.nics]
    rows += [f"{b.name}  {_addresses(b)}  {say('(no containers)')}" for b in scene.bridges]
    node = stack_node(scene)
    label = record("{" + field_text(host.name) + "|" + field_text("\n".join(rows)) + "}")
    drawing.node(node, label, (host.name, "host") in drawing.path.places, fillcolor="#fbfbf9")
    for nic in scene.nics:
        _plug(drawing, scene, nic, quote(node))


def _host(drawing: _Drawing, scene: HostScene) -> None:
    host = scene.host
    drawing.lines += [
        f"subgraph {quote('cluster ' + host.name)} {{",
        f'label={quote("  " + host.name)} labeljust=l fontname="Helvetica-Bold" fontsize=17 fontcolor="{INK}" '
        'margin=12 style="rounded,filled" fillcolor="#fbfbf9" color="#b9bec3";',
    ]
    for nic in scene.nics:
        _nic(drawing, scene, nic)
    _stack(drawing, scene)
    for bridge in scene.bridges:
        _bridge(drawing, scene, bridge)
    for overlay in scene.overlays:
        _overlay(drawing, scene, overlay)
    row = [bridge_node(scene, b.name) for b in scene.bridges] + [overlay_node(scene, o) for o in scene.overlays]
    _in_a_row(drawing, row)
    for place in scene.spaces:
        _space(drawing, scene, place)
    if scene.stopped:
        _stopped(drawing, scene)
    drawing.lines.append("}")
    for nic in scene.nics:
        _plug(drawing, scene, nic, quote(nic_node(scene, nic.name)))
    for place in scene.spaces:
        _cables(drawing, scene, place)
    for overlay in scene.overlays:
        if overlay.balancer is not None:
            _cables(drawing, scene, overlay.balancer)


def _nic(drawing: _Drawing, scene: HostScene, nic: Interface) -> None:
    host = scene.host.name
    words = [f"{nic.name} ({nic.index})", _addresses(nic) or say("no address")]
    words += [link_kind(nic)] if link_kind(nic) else []
    words += [say("network {name}", name=n.name) for n in scene.host.networks if n.parent == nic.name]
    words += [say("promiscuous")] if nic.promiscuous else []
    words += [] if nic.up else ["DOWN"]
    on_path = drawing.path.through(host, "host", nic.name)
    drawing.node(nic_node(scene, nic.name), quote("\n".join(words)), on_path, shape="box")
    below_it = nic.parent or (nic.vxlan.dev if nic.vxlan else "")
    if below_it and any(other.name == below_it for other in scene.nics):
        label = {"label": f" tag {nic.vlan_id}"} if nic.kind is LinkKind.VLAN else {}
        drawing.edge(quote(nic_node(scene, below_it)), quote(nic_node(scene, nic.name)), on_path, **label)
    above = quote(nic_node(scene, nic.name))
    below = quote(bridge_node(scene, nic.master) if nic.master else stack_node(scene))
    style = "solid" if nic.routed or nic.master else "invis"
    drawing.edge(above, below, style != "invis" and on_path, style=style)


def _stack(drawing: _Drawing, scene: HostScene) -> None:
    """The host's own network stack: routing, iptables, published ports, and containers in host mode."""
    host = scene.host
    words = [say("{host}'s own network stack", host=host.name), *forwarding(host)]
    if host.has_docker and not host.docker_running:
        words.append(say("dockerd is stopped"))
    fields = [field_text("\n".join(words))]
    ports = [p.text for p in published(scene)]
    if ports:
        fields.append(field_text("\n".join([say("published ports"), *ports]), "l"))
    for container in scene.guests:
        fields.append(field_text(_guest(container)))
    at = (host.name, "host")
    label = record("{" + "|".join(fields) + "}")
    drawing.node(stack_node(scene), label, at in drawing.path.places, fillcolor="#eef0f2")


def _guest(container: Container) -> str:
    return say("{who}: --network host, no veth, no NAT", who=called(container))


def _bridge(drawing: _Drawing, scene: HostScene, bridge: Interface) -> None:
    """A bridge is drawn as the switch it is: its name and address, below them its ports."""
    host = scene.host
    network = scene.networks.get(bridge.name)
    strong, light = drawing.colour(network.name if network else None)
    head = say("bridge {name} ({index})", name=bridge.name, index=bridge.index)
    facts = [say("network {name}", name=network.name)] if network else []
    facts += [_addresses(bridge) or say("no address")]
    facts += [say("internal")] if network and network.internal else []
    facts += [] if bridge.up else ["DOWN"]
    shown = [p.namespace for p in scene.spaces] + [o.balancer.namespace for o in scene.overlays if o.balancer]
    drawn = {i.peer.index for space in shown for i in space.interfaces if i.peer and i.peer.namespace == "host"}
    ports = [i for i in host.stack.ports_of(bridge.name) if i.index in drawn or i.peer is None]
    ports.sort(key=lambda port: (_middle(scene, port), port.index))
    cells = [f"<i{p.index}> {escape(p.name)} ({p.index})" for p in ports]
    if scene.hidden.get(bridge.name):
        cells.append(escape(say("… {more} more", more=scene.hidden[bridge.name])))
    label = (
        "{"
        + field_text("\n".join([head, ", ".join(facts)]))
        + "|{"
        + ("|".join(cells) or escape(say("no ports")))
        + "}}"
    )
    on_path = drawing.path.through(host.name, "host", bridge.name)
    node = bridge_node(scene, bridge.name)
    drawing.node(node, record(label), on_path, color=strong, fillcolor=light, penwidth="2")
    drawing.edge(quote(stack_node(scene)), quote(node), on_path)


def _overlay(drawing: _Drawing, scene: HostScene, overlay: Overlay) -> None:
    """An overlay network on a host: a switch in a namespace of its own, one of whose ports is the tunnel."""
    network, bridge, tunnel = overlay.network, overlay.bridge, overlay.tunnel
    strong, light = drawing.colour(network.name)
    address = _addresses(bridge) or say("no address")
    head = [say("overlay network {name}", name=network.name), f"{bridge.name} ({bridge.index}), {address}",
            say("namespace {name}", name=overlay.space.name)]  # fmt: skip
    drawn = {p.namespace.name for p in (*scene.spaces, *([overlay.balancer] if overlay.balancer else []))}
    ports = [i for i in overlay.space.ports_of(bridge.name) if i is tunnel or (i.peer and i.peer.namespace in drawn)]
    cells = [f"<i{p.index}> " + field_text(f"{p.name} ({p.index})" + (f"\n{link_kind(p)}" if p is tunnel else ""))
             for p in ports]  # fmt: skip
    label = "{" + field_text("\n".join(head)) + "|{" + "|".join(cells) + "}}"
    on_path = (scene.host.name, overlay.space.name) in drawing.path.places
    node = overlay_node(scene, overlay)
    drawing.node(node, record(label), on_path, color=strong, fillcolor=light, penwidth="2")
    text = f" UDP {tunnel.vxlan.port}" if tunnel.vxlan else ""
    drawing.edge(quote(stack_node(scene)), quote(node), on_path, style="dashed", label=text)
    if overlay.balancer is not None:
        _balancer(drawing, scene, overlay, overlay.balancer)


def _balancer(drawing: _Drawing, scene: HostScene, overlay: Overlay, place: Labelled) -> None:
    """Who answers at the virtual addresses of a network's services, and who is behind each."""
    links = [i for i in place.namespace.interfaces if i.kind is not LinkKind.LOOPBACK]
    faces = [f"<i{i.index}> " + field_text(f"{i.name} ({i.index})\n" + "\n".join(map(str, i.routed))) for i in links]
    words = [say("load balancer of {network}", network=overlay.network.name)]
    words += [say("VIP of {service}", service=s) for s in services_of(overlay.network)]
    label = record("{{" + "|".join(faces) + "}|" + field_text("\n".join(words), "l") + "}")
    at = (scene.host.name, place.namespace.name)
    strong, _ = drawing.colour(overlay.network.name)
    look = {"color": strong, "style": "filled,rounded,dashed"}
    drawing.node(space_node(scene, place), label, at in drawing.path.places, **look)


def _middle(scene: HostScene, port: Interface) -> float:
    """Where among the bridges, counted from the left, the container behind a port stands: so cables cross less."""
    place = next((p for p in scene.spaces if port.peer and p.namespace.name == port.peer.namespace), None)
    joined = set(bridges_of(scene.host, place)) if place else set()
    order = [number for number, bridge in enumerate(scene.bridges) if bridge.name in joined]
    return sum(order) / len(order) if order else 0.0


def _in_a_row(drawing: _Drawing, nodes: list[str]) -> None:
    """Bridges stand from left to right as they were made, whatever is plugged into them, in every picture of a lab."""
    if len(nodes) > 1:
        row = " -- ".join(map(quote, nodes))
        drawing.lines.append(f"{{rank=same; {row} [style=invis];}}")


def _space(drawing: _Drawing, scene: HostScene, place: Labelled) -> None:
    """A container's namespace: its interfaces on top, below them the container, or those that share it."""
    links = [i for i in place.namespace.interfaces if i.kind is not LinkKind.LOOPBACK]
    faces = [f"<i{i.index}> " + field_text("\n".join([f"{i.name} ({i.index})", _addresses(i) or say("no address")]
                                                     + ([] if i.up else ["DOWN"]))) for i in links]  # fmt: skip
    members = [field_text("\n".join(filter(None, (c.name, c.image, role_of(c))))) for c in place.containers]
    members = members or [field_text(place.namespace.name)]
    parts = ["{" + ("|".join(faces) or field_text(say("only lo: no network"))) + "}"]
    if len(members) > 1:
        parts.append(field_text(say("one network namespace, shared by")))
    parts.append("{" + "|".join(members) + "}")
    waiting = listens(place)
    if waiting:
        parts.append(field_text("\n".join(say("listens on {what}", what=text) for text in waiting)))
    first = place.containers[0].endpoints[:1] if place.containers else ()
    strong, _ = drawing.colour(first[0].network if first else None)
    at = (scene.host.name, place.namespace.name)
    label = record("{" + "|".join(parts) + "}")
    look = {"color": strong, "style": "filled,rounded", "penwidth": "1.5"}
    drawing.node(space_node(scene, place), label, at in drawing.path.places, **look)
    if not links:
        drawing.edge(quote(stack_node(scene)), quote(space_node(scene, place)), style="invis")


def _cables(drawing: _Drawing, scene: HostScene, place: Labelled) -> None:
    """The veth pairs of a namespace, and macvlan links down to the NIC they stand on."""
    host = scene.host
    for i in place.namespace.interfaces:
        inside = f"{quote(space_node(scene, place))}:i{i.index}:n"
        on_path = drawing.path.through(host.name, place.namespace.name, i.name)
        outside = host.stack.by_index(i.peer.index) if i.peer and i.peer.namespace == "host" else None
        network = network_on(place.containers, i) or _network_of(scene, outside)
        colour, _ = drawing.colour(network)
        if i.peer and i.peer.namespace == "host":
            if outside and outside.master and any(b.name == outside.master for b in scene.bridges):
                port = f"{quote(bridge_node(scene, outside.master))}:i{outside.index}:s"
                drawing.edge(port, inside, on_path, color=colour, penwidth="2.5")
            elif outside:
                text = f" {outside.name} ({outside.index})"
                drawing.edge(quote(stack_node(scene)), inside, on_path, color=colour, style="dashed", label=text)
        elif i.peer and (overlay := next((o for o in scene.overlays if o.space.name == i.peer.namespace), None)):
            port = f"{quote(overlay_node(scene, overlay))}:i{i.peer.index}:s"
            drawing.edge(port, inside, on_path, color=drawing.colour(overlay.network.name)[0], penwidth="2.5")
        elif i.kind in (LinkKind.MACVLAN, LinkKind.IPVLAN, LinkKind.VLAN) and i.parent:
            named = "\n" + say("network {name}", name=network) if network else ""
            text = f" {i.kind.value} {i.mode}".rstrip() + named
            below = quote(nic_node(scene, i.parent))
            drawing.edge(below, inside, on_path, color=colour, penwidth="2.5", label=text)


def _network_of(scene: HostScene, port: Interface | None) -> str | None:
    """The network that the port of a bridge belongs to: docker_gwbridge, which no container's endpoint names."""
    found = scene.networks.get(port.master or "") if port else None
    return found.name if found else None


def _stopped(drawing: _Drawing, scene: HostScene) -> None:
    names = list(scene.stopped[:8]) + (["…"] if len(scene.stopped) > 8 else [])
    node = f"{scene.host.name} stopped"
    label = quote(say("not running: {names}", names=", ".join(names))).replace("&", "&amp;")
    drawing.node(node, label, shape="box", style="dashed", color=GREY, fontcolor="#5c6670")
    drawing.edge(quote(stack_node(scene)), quote(node), style="invis")


# -- text of DOT -----------------------------------------------------------------------------------------------------


def _addresses(interface: Interface) -> str:
    return ", ".join(str(a) for a in interface.routed)


def quote(text: str) -> str:
    """A double-quoted string of DOT; newlines become \\n."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def escape(text: str) -> str:
    """Text inside a field of a record, where braces, bars, angles, spaces and entities mean something."""
    text = text.replace("&", "&amp;")
    for character in '\\{}|<>"':
        text = text.replace(character, "\\" + character)
    return text.replace("  ", " \\ ")


def field_text(text: str, justify: str = "n") -> str:
    """Lines of a field; justify 'n' centres, 'l' sets them left."""
    lines = [escape(line) for line in text.split("\n")]
    return "\\l".join(lines) + "\\l" if justify == "l" else "\\n".join(lines)


def record(label: str) -> str:
    """A record's label, whose parts were escaped one by one."""
    return f'"{label}"'


def _attributes(attributes: dict[str, str]) -> str:
    return " ".join(f"{name}={quote(value)}" for name, value in attributes.items())
