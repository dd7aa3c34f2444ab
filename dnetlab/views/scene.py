"""What of the lab is drawn: everything while it is small, else the part that was asked for, and a sentence about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from dnetlab.errors import UnknownName
from dnetlab.language import Words, near_or, say
from dnetlab.model import (
    Container,
    Host,
    Interface,
    LinkKind,
    Namespace,
    Netfilter,
    Network,
    PortBinding,
    Snapshot,
    Switch,
)
from dnetlab.model.ip import bracketed
from dnetlab.net.nftwords import translations
from dnetlab.views.labels import Labelled, containers_in, places, port_text, program_of, services_of

LIMIT = 40  # containers in one picture; more can't be read


@dataclass(frozen=True)
class Overlay:
    """An overlay network on one host: the namespace with its bridge and its VXLAN, drawn as the switch it is.

    balancer  the namespace that answers at the virtual addresses of its services; None while it has none
    """

    network: Network
    space: Namespace
    bridge: Interface
    tunnel: Interface
    balancer: Labelled | None = None


@dataclass(frozen=True)
class HostScene:
    """One host's part of the picture.

    overlays  the overlay networks in use, but for an ingress network that carries nothing
    spaces    the container namespaces drawn, oldest first
    guests    containers that live in the host's own namespace (--network host)
    stopped   names of containers without a namespace
    bridges   the bridges drawn, in index order, and nics the NICs
    hidden    how many containers of each bridge are left out
    small     nothing but what the daemon made at its start: one box is enough
    whole     the whole host was asked for, not only parts of it
    ports     what the port of a switch does with tags, by the NIC in it: 'access 10'; plain ones left out
    """

    host: Host
    spaces: tuple[Labelled, ...] = ()
    guests: tuple[Container, ...] = ()
    stopped: tuple[str, ...] = ()
    bridges: tuple[Interface, ...] = ()
    nics: tuple[Interface, ...] = ()
    hidden: dict[str, int] = field(default_factory=dict)
    small: bool = False
    whole: bool = True
    ports: dict[str, str] = field(default_factory=dict)
    overlays: tuple[Overlay, ...] = ()

    @cached_property
    def networks(self) -> dict[str, Network]:
        """Docker's networks by the name of their bridge."""
        return {n.bridge: n for n in self.host.networks if n.bridge}


@dataclass(frozen=True)
class Scene:
    """hosts in the lab's order; switches: those they are plugged into; note: a sentence on what is left out."""

    hosts: tuple[HostScene, ...]
    switches: tuple[Switch, ...]
    colours: dict[str, int]
    note: str = ""

    @property
    def drawn(self) -> int:
        return sum(len(s.containers) for h in self.hosts for s in h.spaces) + sum(len(h.guests) for h in self.hosts)


def scene(snapshot: Snapshot, only: str | Iterable[str] | None = None) -> Scene:
    """Choose what to draw. `only`: a name or names of hosts, containers and networks; None is the whole lab.

    Raises UnknownName for a name that is none of these.
    """
    wanted = _wanted(snapshot, only)
    hosts: list[HostScene] = []
    budget = LIMIT
    left_out = 0
    for host in snapshot.hosts.values():
        if wanted is not None and host.name not in wanted:
            continue
        one = _host(snapshot, host, wanted[host.name] if wanted is not None else None, budget)
        budget = max(0, budget - sum(len(s.containers) for s in one.spaces))
        left_out += sum(one.hidden.values())
        hosts.append(one)
    plugged = dict.fromkeys(i.segment for h in hosts for i in h.nics if i.segment)
    switches = tuple(map(snapshot.topology.switch, plugged))
    note = ""
    if left_out:
        drawn = sum(len(s.containers) for h in hosts for s in h.spaces)
        note = say("{drawn} of {all} containers are drawn; name a container or network to see its part.",
                   drawn=drawn, all=drawn + left_out)  # fmt: skip
    return Scene(tuple(hosts), switches, _colours(snapshot), note)


def _colours(snapshot: Snapshot) -> dict[str, int]:
    """A number per network's name, in the order they were made, so that a network keeps its colour on every host."""
    networks = [n for host in snapshot.hosts.values() for n in host.networks if n.driver not in ("host", "null")]
    networks.sort(key=lambda n: (n.name != "bridge", n.created, n.name))
    return {name: place for place, name in enumerate(dict.fromkeys(n.name for n in networks))}


def _wanted(snapshot: Snapshot, only: str | Iterable[str] | None) -> dict[str, set[str] | None] | None:
    """host -> names of the containers and networks to draw there (None: all of the host); None: the whole lab."""
    names = [only] if isinstance(only, str) else list(only or ())
    if not names:
        return None
    wanted: dict[str, set[str] | None] = {}
    for name in names:
        if name in snapshot.hosts:
            wanted[name] = None
            continue
        found = False
        for host in snapshot.hosts.values():
            container = host.container(name)
            network = host.network(name)
            thing = container.name if container else network.name if network else None
            if thing is not None:
                found = True
                parts = wanted.setdefault(host.name, set())
                if parts is not None:
                    parts.add(thing)
        if not found:
            raise _unknown(snapshot, name)
    return wanted


def _unknown(snapshot: Snapshot, name: str) -> UnknownName:
    known = list(snapshot.hosts)
    for host in snapshot.hosts.values():
        known += [c.name for c in host.containers] + [n.name for n in host.networks]
    near = list(dict.fromkeys(difflib.get_close_matches(name, known, 3, 0.5)))
    hint = near_or(near, Words("The lab has: {known}.", known=", ".join(dict.fromkeys(known))))
    return UnknownName("nothing in the lab is called {name!r}", hint=hint, name=name)


def _host(snapshot: Snapshot, host: Host, parts: set[str] | None, budget: int) -> HostScene:
    overlays = tuple(_overlays(snapshot, host, parts))
    inner = host.inner_spaces
    everything = [p for p in places(snapshot, host.name) if not p.is_host and p.namespace.name not in inner]
    chosen = [p for p in everything if parts is None or _is_part(p.containers, parts)]
    shown, beyond = chosen[:budget], chosen[budget:]
    hidden: dict[str, int] = {}
    for place in beyond:
        for bridge in bridges_of(host, place):
            hidden[bridge] = hidden.get(bridge, 0) + len(place.containers)
    guests = tuple(c for c in containers_in(host).get("host", ()) if parts is None or _is_part((c,), parts))
    resting = [c.name for c in reversed(host.containers) if c.namespace is None]
    stopped = tuple(name for name in resting if parts is None or name in parts)
    bridges = [i for i in host.stack.interfaces if i.kind is LinkKind.BRIDGE]
    small = parts is None and not (shown or guests or stopped or hidden or overlays) and len(bridges) <= 1
    if parts is not None:
        used = {b for p in shown for b in bridges_of(host, p)} | {n.bridge for n in host.networks if n.name in parts}
        bridges = [b for b in bridges if b.name in used]
    nics = tuple(i for i in host.stack.interfaces if _is_nic(snapshot, i, everything if parts is None else shown))
    ports = {nic.name: _port(snapshot, host.name, nic) for nic in nics if nic.segment}
    return HostScene(
        host, tuple(shown), guests, stopped, tuple(bridges), nics, hidden, small, parts is None,
        {name: text for name, text in ports.items() if text}, overlays,
    )  # fmt: skip


def _overlays(snapshot: Snapshot, host: Host, parts: set[str] | None) -> Iterator[Overlay]:
    for network in host.networks:
        space = host.home_of(network)
        if space is None:
            continue
        bridge = next((i for i in space.interfaces if i.kind is LinkKind.BRIDGE), None)
        tunnel = next((i for i in space.interfaces if i.vxlan is not None), None)
        used = [c.name for c in host.containers if any(e.network_id == network.id for e in c.endpoints)]
        needed = not network.ingress or any(services_of(network))
        wanted = {network.name, *used} & parts if parts is not None else needed
        if wanted and bridge is not None and tunnel is not None:
            own = host.balancer_of(network) if any(services_of(network)) else None
            yield Overlay(network, space, bridge, tunnel, Labelled(host, own, ()) if own else None)


def _port(snapshot: Snapshot, host: str, nic: Interface) -> str:
    return port_text(snapshot.topology.switch(nic.segment or "").port(host, nic.name))


def _is_part(containers: Iterable[Container], parts: set[str]) -> bool:
    return any(c.name in parts or any(e.network in parts for e in c.endpoints) for c in containers)


def bridges_of(host: Host, place: Labelled) -> Iterator[str]:
    """The bridges of a host that a container's namespace is plugged into, one for each of its veth pairs."""
    for interface in place.namespace.interfaces:
        if interface.peer and interface.peer.namespace == "host":
            outside = host.stack.by_index(interface.peer.index)
            if outside and outside.master:
                yield outside.master


def _is_nic(snapshot: Snapshot, interface: Interface, shown: list[Labelled]) -> bool:
    """A NIC is drawn when it carries an address or something stands on it; the idle second NIC is not. So is what a
    host put on one by hand: vlan links, the shim beside its macvlan containers, tunnels."""
    if interface.kind in (LinkKind.VLAN, LinkKind.VXLAN, LinkKind.MACVLAN, LinkKind.IPVLAN):
        return True
    if interface.kind is not LinkKind.PHYSICAL:
        return False
    if interface.routed or interface.master or not interface.up:
        return True
    above = [i for place in shown for i in place.namespace.interfaces]
    if any(i.vxlan is not None and i.vxlan.dev == interface.name for i in above):
        return True
    return any(i.parent == interface.name for i in above) or any(
        i.parent == interface.name for h in snapshot.hosts.values() for i in h.stack.interfaces
    )


# -- published ports -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Published:
    """A published port and its two ways in: a DNAT rule that packets can reach, and a docker-proxy process."""

    binding: PortBinding
    container: str
    dnat: str  # 'DNAT', 'no DNAT rule', 'DNAT rule that no chain jumps to'
    proxy: int | None  # pid of docker-proxy

    @property
    def text(self) -> str:
        b = self.binding
        ip = f"[{b.host_ip}]" if b.host_ip.version == 6 else str(b.host_ip)
        protocol = "" if b.protocol.value == "tcp" else f"/{b.protocol.value}"
        proxy = f"docker-proxy {self.proxy}" if self.proxy else say("no docker-proxy")
        return f"{ip}:{b.host_port} → {self.container}:{b.container_port}{protocol} ({self.dnat}, {proxy})"


def published(scene: HostScene) -> list[Published]:
    """The published ports of what is drawn, with what serves each of them now; [] for none.

    Those of IPv6 are told of containers that have an address of it: Docker binds them for others too.
    """
    host = scene.host
    stack = host.stack
    drawn = {c.id for place in scene.spaces for c in place.containers}
    targets = {
        (chain.name in reachable, rule.target.option("--to-destination"), dport)
        for tables in (stack.netfilter, stack.netfilter6)
        for reachable in [_reachable(tables, "PREROUTING")]
        for chain in tables.table("nat").chains
        for rule in chain.rules
        if rule.target.name == "DNAT"
        for match in [rule.get("--dport")]
        for dport in [match.value if match else ""]
    } | {
        (reached, rule.target.option("--to-destination"), match.value)
        for version in (4, 6)
        for rule, reached in translations(stack.nftables, version)
        for match in [rule.get("--dport")] if match is not None
    }  # fmt: skip
    proxies = [s for s in stack.sockets if "docker-proxy" in s.program]
    listening = {(s.local_address.version, s.local_port, s.protocol): s.pid for s in proxies}
    found = []
    for container in reversed(host.containers):
        addresses = [ip for e in container.endpoints for ip in e.addresses]
        families = {4, *(ip.version for ip in addresses)}
        for binding in container.ports:
            version = binding.host_ip.version
            if version not in families or not (scene.whole or container.id in drawn):
                continue
            ends = {f"{bracketed(ip)}:{binding.container_port}" for ip in addresses if ip.version == version}
            mine = [reach for reach, to, dport in targets if to in ends and dport == str(binding.host_port)]
            dnat = "DNAT" if any(mine) else say("DNAT rule that no chain jumps to") if mine else say("no DNAT rule")
            proxy = listening.get((version, binding.host_port, binding.protocol))
            found.append(Published(binding, container.name, dnat, proxy))
    return found


def _reachable(netfilter: Netfilter, start: str) -> set[str]:
    """The chains of nat that a packet can come to from a built-in one."""
    table = netfilter.table("nat")
    seen: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        chain = table.chain(name)
        if name in seen or chain is None:
            continue
        seen.add(name)
        todo += [rule.target.name for rule in chain.rules]
    return seen


def listens(place: Labelled) -> list[str]:
    """What waits for somebody in a container's namespace: ['80/tcp nginx']; its resolver at 127.0.0.11 left out."""
    found = {
        (s.local_port, s.protocol.value, program_of(s, place.containers)): None
        for s in place.namespace.sockets
        if s.state.value in ("LISTEN", "UNCONN") and not s.local_address.is_loopback
    }
    return [f"{port}/{protocol} {program}".strip() for port, protocol, program in found]
