"""How places and things are named to a student: a namespace by its containers, a route as `ip route` writes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dnetlab.language import say
from dnetlab.model import (
    Container,
    Host,
    Interface,
    LinkKind,
    Namespace,
    Network,
    Port,
    PortMode,
    Route,
    Snapshot,
    Socket,
)


def forwarding(host: Host) -> list[str]:
    """Does it pass packets on? Of IPv6 only when it is off and a bridge has an address that could be routed."""
    stack = host.stack
    bridges = [link for link in stack.interfaces if link.kind is LinkKind.BRIDGE]
    has_v6 = any(not address.ip.is_link_local for link in bridges for address in link.ipv6)
    words = [say("ip_forward on") if stack.forwards else say("ip_forward OFF")]
    return words + ([say("IPv6 forwarding OFF")] if has_v6 and not stack.forwards_from("", 6) else [])


@dataclass(frozen=True)
class Labelled:
    """A namespace with what a student calls it. container: '' for the host's own, else 'web1' or 'web3, shell'."""

    host: Host
    namespace: Namespace
    containers: tuple[Container, ...]

    @property
    def container(self) -> str:
        return ", ".join(c.name for c in self.containers)

    @property
    def is_host(self) -> bool:
        return self.namespace.name == "host"

    @property
    def label(self) -> str:
        """'docker1' or 'docker1/web1' (joined containers: 'docker1/web3+shell')."""
        if self.is_host:
            return self.host.name
        names = "+".join(c.name for c in self.containers)
        return f"{self.host.name}/{names or self.namespace.name}"


def containers_in(host: Host) -> dict[str, tuple[Container, ...]]:
    """Containers by the namespace they run in, the namespace's maker first, then the oldest."""
    found: dict[str, list[Container]] = {}
    for container in reversed(host.containers):  # newest first in the model
        if container.namespace:
            found.setdefault(container.namespace, []).append(container)
    return {
        space: tuple(sorted(members, key=lambda c: c.network_mode.startswith("container:")))
        for space, members in found.items()
    }


def places(
    snapshot: Snapshot, host: str | None = None, namespace: str | None = None, container: str | None = None
) -> Iterator[Labelled]:
    """The namespaces of the lab in its order: each host's own, then its containers' by age.

    host, namespace: only those of that name; container: only the namespace of the container of that name or id.
    """
    for machine in snapshot.hosts.values():
        if host is not None and machine.name != host:
            continue
        members = containers_in(machine)
        order = ["host", *(name for name in members if name != "host")]
        order += sorted(name for name in machine.namespaces if name not in order)
        for name in order:
            space = machine.namespaces.get(name)
            if space is None or (namespace is not None and name != namespace):
                continue
            inside = () if name == "host" else members.get(name, ())
            place = Labelled(machine, space, inside)
            if container is None or any(matches(c, container) for c in members.get(name, ())):
                yield place


def matches(container: Container, reference: str) -> bool:
    """Is it the container of that name or (beginning of the) id?"""
    return container.name == reference or (len(reference) >= 4 and container.id.startswith(reference))


def peer_name(place: Labelled, interface: Interface, labels: dict[str, str] | None = None) -> str | None:
    """The other end of a veth pair: 'eth0 of web1', 'veth1a2b3c4 of docker1'; None for other links."""
    if interface.peer is None:
        return None
    space = place.host.namespaces.get(interface.peer.namespace)
    other = space.by_index(interface.peer.index) if space else None
    if other is None:
        return None
    if interface.peer.namespace == "host":
        return f"{other.name} of {place.host.name}"
    members = labels if labels is not None else names_of(place.host)
    return f"{other.name} of {members.get(interface.peer.namespace, interface.peer.namespace)}"


def link_kind(interface: Interface) -> str:
    """What a link of a host is, when it is no plain NIC: 'VLAN 10 on enp7s0', 'macvlan bridge on eth0',
    'VXLAN 42 to 172.25.254.2 by UDP 4789, MTU 1450'; '' for a NIC."""
    below = f" on {interface.parent}" if interface.parent else ""
    if interface.kind is LinkKind.VLAN:
        return f"VLAN {interface.vlan_id}{below}"
    if interface.kind in (LinkKind.MACVLAN, LinkKind.IPVLAN):
        return f"{interface.kind.value} {interface.mode}".rstrip() + below
    if interface.vxlan is not None:
        to = f" to {interface.vxlan.remote}" if interface.vxlan.remote else ""
        return f"VXLAN {interface.vxlan.vni}{to} by UDP {interface.vxlan.port}, MTU {interface.mtu}"
    return ""


def port_text(port: Port) -> str:
    """What the port of a switch does with tags: 'access 10', 'trunk 10, 20, native 1'; '' for a plain one."""
    if port.mode is PortMode.PLAIN:
        return ""
    if port.mode is PortMode.ACCESS:
        return f"access {port.vlan}"
    carried = ", ".join(map(str, port.allowed)) or "all"
    return f"trunk {carried}, native {port.native}" if port.native else f"trunk {carried}"


def role_of(container: Container) -> str:
    """'service web of shop': what compose made it for, by the labels that compose gives; '' for other containers."""
    service, project = (container.labels.get(f"com.docker.compose.{name}") for name in ("service", "project"))
    return say("service {service} of {project}", service=service, project=project) if service and project else ""


def called(container: Container) -> str:
    """'shop-web-1 (nginx, service web of shop)'; 'web1 (nginx)'."""
    return f"{container.name} ({', '.join(filter(None, (container.image, role_of(container))))})"


def services_of(network: Network) -> Iterator[str]:
    """'web 10.0.1.6 → 10.0.1.7, 10.0.1.8': each virtual address of an overlay network, and the tasks behind it."""
    found: dict[tuple[str, str], list[str]] = {}
    for record in network.records:
        if record.vip is not None:
            found.setdefault((record.service, str(record.vip)), []).append(str(record.address))
    for (service, vip), tasks in found.items():
        yield f"{service} {vip} → {', '.join(tasks)}"


def network_on(containers: Iterable[Container], interface: Interface) -> str | None:
    """The Docker network that a container's link belongs to; None when nobody wrote that down."""
    for container in containers:
        for endpoint in container.endpoints:
            if endpoint.interface == interface.name or any(map(interface.has_ip, endpoint.addresses)):
                return endpoint.network
    return None


def names_of(host: Host) -> dict[str, str]:
    """What each container namespace of a host is called: 'web1', or 'web3+shell' when joined."""
    return {space: "+".join(c.name for c in members) for space, members in containers_in(host).items()}


def route_text(route: Route) -> str:
    """A route as `ip route` prints it."""
    head = "" if route.kind == "unicast" else f"{route.kind} "
    words = [head + ("default" if route.is_default else str(route.destination))]
    if route.via:
        words.append(f"via {route.via}")
    if route.dev:
        words.append(f"dev {route.dev}")
    words += map(str, route.hops)
    if route.protocol != "boot":
        words.append(f"proto {route.protocol}")
    if route.scope == "link" and route.destination.version == 4:
        words.append("scope link")
    if route.src:
        words.append(f"src {route.src}")
    if route.metric:
        words.append(f"metric {route.metric}")
    return " ".join(words)


def socket_end(address: object, port: int | None) -> str:
    """'0.0.0.0:80', '[::]:80'; '*' for a port that is none."""
    text = f"[{address}]" if ":" in str(address) else str(address)
    return f"{text}:{port if port is not None else '*'}"


def program_of(socket: Socket, containers: Iterable[Container] = ()) -> str:
    """The program behind a socket of a namespace whose containers these are; '' for the kernel's own.

    The lab's mysql and php images are stand-ins, in which nc listens: there it is the program that the daemon was told
    to run, 'mysqld'.
    """
    if socket.program != "nc":
        return socket.program
    told = [command for c in containers for word in c.command[:2] if (command := word.rsplit("/", 1)[-1])]
    return next((name for name in told if name in ("mysqld", "php-fpm")), "nc")


def socket_text(socket: Socket, containers: Iterable[Container] = ()) -> str:
    """'tcp LISTEN 0.0.0.0:80 (docker-proxy)'."""
    name = program_of(socket, containers)
    program = f" ({name})" if name else ""
    local = socket_end(socket.local_address, socket.local_port)
    return f"{socket.protocol.value} {socket.state.value} {local}{program}"
