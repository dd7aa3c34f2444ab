"""Who reaches whom, on which port? Containers that nothing tells apart are asked once, not pair by pair.

Two containers are of one class when they hang on the same networks in the same way, listen on the same ports, and
every firewall rule treats them alike up to their address (see `dnetlab.explain.classes`). The answer for a class is the
answer for each of its members; a container asking itself is a case of its own. So the work grows with the number of
classes, and a packet is sent in a small lab that holds two members of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address

from dnetlab.explain.classes import DNS, Classes, address_part, classify
from dnetlab.explain.why import LATER, label, last
from dnetlab.model import (
    Disposition,
    Exchange,
    Host,
    IcmpType,
    LinkKind,
    Packet,
    Protocol,
    Snapshot,
    Socket,
    SocketState,
    Where,
)
from dnetlab.model.ip import IpAddress, ip_address
from dnetlab.net.conversation import converse
from dnetlab.net.deliver import proxy_of
from dnetlab.net.nftwords import translations
from dnetlab.net.routing import source_address

DOCKERS_DNS = IPv4Address(DNS)


class Outcome(Enum):
    """What the asker finds out."""

    OPEN = "open"  # an echo, a connection, a datagram's answer
    REFUSED = "refused"  # reached, but nobody listens (or a rule rejects it so)
    RESET = "reset"  # docker-proxy took the connection and could not go on
    UNREACHABLE = "unreachable"  # told so by ICMP, or nobody answered ARP
    NO_ROUTE = "no route"
    SILENCE = "silence"  # nothing comes back
    SOMEBODY_ELSE = "somebody else"  # an answer, but another machine has that address too, or a rule leads elsewhere

    @property
    def reaches(self) -> bool:
        return self is Outcome.OPEN


class Relation(Enum):
    """What the asker is to the one who shall answer."""

    ANOTHER = "another"
    ITSELF = "itself"  # it asks itself, or a published port that leads to it
    TWIN = "twin"  # it has the same address, on another host


@dataclass(frozen=True)
class Target:
    """Something that can be asked: an address, and a port that something listens on (None: ping it).

    behind is the namespace of the container that a published port leads to, None for what isn't one.
    """

    where: Where
    address: IpAddress
    port: int | None = None
    protocol: Protocol = Protocol.TCP
    behind: str | None = None

    @property
    def service(self) -> str:
        """'ping', '80/tcp' …"""
        return "ping" if self.port is None else f"{self.port}/{self.protocol.value}"

    @property
    def end(self) -> Where:
        """Who shall answer: the namespace itself, or the one behind the published port."""
        return Where(self.where.host, self.behind) if self.behind else self.where


@dataclass(repr=False)
class Reach:
    """The whole matrix, kept by classes.

    askers, targets   all of them, in the lab's order
    asker_class, target_class   number of the class of each
    twins      of those whose address is had on several hosts: all who have it, itself too
    answers    (asker class, target class, what the asker is to the target) -> outcome
    sent       how many packets it took
    """

    snapshot: Snapshot
    askers: tuple[Where, ...]
    targets: tuple[Target, ...]
    asker_class: dict[Where, int] = field(default_factory=dict)
    target_class: dict[Target, int] = field(default_factory=dict)
    twins: dict[Where, tuple[Where, ...]] = field(default_factory=dict)
    answers: dict[tuple[int, int, Relation], Outcome] = field(default_factory=dict)
    sent: int = 0

    def outcome(self, asker: Where, target: Target) -> Outcome:
        """What `asker` finds when it asks `target`."""
        return self.answers[self.asker_class[asker], self.target_class[target], self.relation(asker, target)]

    def relation(self, asker: Where, target: Target) -> Relation:
        return _relation(self.twins, asker, target.end)

    def __str__(self) -> str:
        """A line: how many ask whom, and how many classes of pairs found which outcome."""
        counted = Counter(outcome.value for outcome in self.answers.values())
        found = ", ".join(f"{number} {outcome}" for outcome, number in counted.most_common())
        return f"{len(self.askers)} askers, {len(self.targets)} targets, by classes: {found or 'nobody to ask'}"

    __repr__ = __str__

    def label(self, where: Where) -> str:
        return label(self.snapshot, where)


def reach(snapshot: Snapshot) -> Reach:
    """Work the matrix out. An empty lab gives an empty one."""
    classes = classify(snapshot)
    result = Reach(snapshot, tuple(places(snapshot)), tuple(targets(snapshot)), classes.of, twins=classes.twins)
    number: dict[tuple[object, ...], int] = {}
    members: dict[int, list[Target]] = {}
    for target in result.targets:
        found = number.setdefault(_kind(snapshot, classes, target), len(number))
        result.target_class[target] = found
        members.setdefault(found, []).append(target)
    asking: dict[int, list[Where]] = {}
    for where in result.askers:
        asking.setdefault(classes.of[where], []).append(where)
    kept = {where for group in asking.values() for where in group[:2]}
    kept |= {target.end for group in members.values() for target in group[:2]}
    kept |= {twin for where in kept for twin in classes.twins.get(where, ())}
    small = classes.reduced(kept)
    for one, group in asking.items():
        for other, aims in members.items():
            for relation, asker, target in _cases(group, aims, classes):
                result.answers[one, other, relation] = outcome_of(probe(small, asker, target), target)
                result.sent += 1
    return result


def _cases(
    askers: list[Where], aims: list[Target], classes: Classes
) -> Iterator[tuple[Relation, Where, Target]]:
    """One pair of strangers, one that asks itself, one that asks its twin, as far as the classes have them."""
    pairs = ((a, t) for t in aims[:2] for a in askers[:2])
    strangers = next((p for p in pairs if _relation(classes.twins, p[0], p[1].end) is Relation.ANOTHER), None)
    if strangers:
        yield Relation.ANOTHER, *strangers
    number, first = classes.of[askers[0]], aims[0]
    if classes.of.get(first.end) == number:
        yield Relation.ITSELF, first.end, first
    twins = (t for t in classes.twins.get(first.end, ()) if t != first.end and classes.of[t] == number)
    if twin := next(twins, None):
        yield Relation.TWIN, twin, first


def _relation(twins: dict[Where, tuple[Where, ...]], asker: Where, end: Where) -> Relation:
    if asker == end:
        return Relation.ITSELF
    return Relation.TWIN if asker in twins.get(end, ()) else Relation.ANOTHER


# -- who and what


def places(snapshot: Snapshot) -> Iterator[Where]:
    """Every network stack of the lab that somebody sits in: each host's own, then its containers'."""
    for host in snapshot.hosts.values():
        yield Where(host.name)
        inner = host.inner_spaces
        yield from (Where(host.name, name) for name in host.namespaces if name != "host" and name not in inner)


def targets(snapshot: Snapshot) -> Iterator[Target]:
    """What can be asked: every address by ping, and its open ports.

    A host is asked at the addresses of its network cards, for published ports too. Nobody is asked at a link-local
    address of IPv6, which every interface has. What listens at an address of 127.0.0.0/8 or at ::1 only (a port
    published with -p 127.0.0.1:…) is asked there, where each asker meets himself; Docker's DNS server is left out.
    """
    for where in places(snapshot):
        space = snapshot.at(where)
        for interface in space.interfaces:
            card = interface.kind is not LinkKind.BRIDGE or not where.is_host
            if interface.kind is LinkKind.LOOPBACK:
                yield from _at_loopback(snapshot, where)
            if interface.kind is LinkKind.LOOPBACK or not card:
                continue
            for own in interface.routed:
                yield Target(where, own.ip)
                yield from _services(snapshot, where, own.ip)


def _at_loopback(snapshot: Snapshot, where: Where) -> Iterator[Target]:
    for socket in snapshot.at(where).sockets:
        waiting, ip = socket.state in (SocketState.LISTEN, SocketState.UNCONNECTED), socket.local_address
        if waiting and ip.is_loopback and ip != DOCKERS_DNS:
            behind = _published(snapshot.hosts[where.host], ip.version) if where.is_host else {}
            key = (socket.protocol, socket.local_port)
            yield Target(where, ip, socket.local_port, socket.protocol, behind.get(key))


def _services(snapshot: Snapshot, where: Where, ip: IpAddress) -> Iterator[Target]:
    seen: set[tuple[Protocol, int]] = set()
    links = snapshot.at(where).interfaces
    tunnel_ports = {(Protocol.UDP, link.vxlan.port) for link in links if link.vxlan}  # the kernel's own, no service
    behind = _published(snapshot.hosts[where.host], ip.version) if where.is_host else {}
    for socket in snapshot.at(where).sockets:
        address = socket.local_address
        key = (socket.protocol, socket.local_port)
        waiting = socket.state in (SocketState.LISTEN, SocketState.UNCONNECTED)
        mine = address == ip or (address.is_unspecified and _hears(socket, ip.version))
        tunnels = socket.pid is None and key in tunnel_ports
        if waiting and mine and not tunnels and key not in seen:
            seen.add(key)
            yield Target(where, ip, socket.local_port, socket.protocol, behind.get(key))
    for protocol, port in behind:
        if (protocol, port) not in seen:
            yield Target(where, ip, port, protocol, behind[protocol, port])


def _hears(socket: Socket, version: int) -> bool:
    """Does a socket at 0.0.0.0 or :: take what comes for an address of that family?"""
    return socket.local_address.version == version or (version == 4 and not socket.v6only)


def _published(machine: Host, version: int) -> dict[tuple[Protocol, int], str]:
    """(protocol, host port) -> the namespace a docker-proxy or a DNAT rule of that family leads to."""
    owner = {i.ip: n for n, s in machine.namespaces.items() for f in s.interfaces for i in f.routed if n != "host"}
    found: dict[tuple[Protocol, int], str] = {}
    for socket in machine.stack.sockets:
        to = proxy_of(machine, socket)
        if to and to[0] in owner and _hears(socket, version):
            found[socket.protocol, socket.local_port] = owner[to[0]]
    stack = machine.stack
    rules = [rule for chain in stack.filters(version).table("nat").chains for rule in chain.rules]
    rules += [rule for rule, _ in translations(stack.nftables, version)]
    for rule in rules:
        port, protocol = rule.get("--dport"), rule.get("-p")
        to_ip = address_part(rule.target.option("--to-destination") or "")
        one_port = port is not None and port.value.isdecimal()
        if rule.target.name == "DNAT" and port and protocol and one_port and to_ip and "-" not in to_ip:
            space = owner.get(ip_address(to_ip))
            if space and protocol.value in ("tcp", "udp"):
                found.setdefault((Protocol(protocol.value), int(port.value)), space)
    return found


def _kind(snapshot: Snapshot, classes: Classes, target: Target) -> tuple[object, ...]:
    """Targets of one kind are asked once: members of one class at the same place, ports published alike."""
    place = classes.place_of(target.where, target.address)
    if target.port is None or not target.where.is_host:
        return classes.of[target.where], place, target.protocol, target.port
    host = target.where.host
    if target.behind is None:
        return "host", host, target.address, target.protocol, target.port
    behind = classes.of[target.end]
    return "published", host, target.address, behind, classes.publishing(host, target.protocol, target.port)


# -- one packet


def probe(snapshot: Snapshot, asker: Where, target: Target) -> Exchange:
    """The packet that finds out."""
    start = source_address(snapshot.at(asker), target.address)
    if target.port is None:
        packet = Packet(start, target.address, Protocol.ICMP, 1, icmp=IcmpType.ECHO_REQUEST)
    else:
        flags = "S" if target.protocol is Protocol.TCP else ""
        size = 60 if target.address.version == 4 else 80
        packet = Packet(start, target.address, target.protocol, 40000, target.port, flags=flags, size=size)
    return converse(snapshot, asker, packet, snapshot.clock + LATER, leaves=False)


def outcome_of(exchange: Exchange, target: Target) -> Outcome:
    """What the asker learns of an exchange, and whether it was the target that answered."""
    if exchange.answered:
        end = last(exchange).request.hops[-1]
        return Outcome.OPEN if end.where == target.end else Outcome.SOMEBODY_ELSE
    reply = exchange.reply
    if exchange.broke_on is not None:
        return Outcome.SILENCE
    if reply is None or not reply.disposition.arrived:
        nowhere = exchange.request.disposition is Disposition.NO_ROUTE and len(exchange.request.hops) <= 1
        return Outcome.NO_ROUTE if nowhere else Outcome.SILENCE
    final = reply.final or reply.packet
    if exchange.proxied is not None and "S" in final.flags:
        return Outcome.RESET
    if "R" in final.flags or final.icmp is IcmpType.PORT_UNREACHABLE:
        return Outcome.REFUSED
    return Outcome.UNREACHABLE


def pair_by_pair(snapshot: Snapshot) -> dict[tuple[Where, Target], Outcome]:
    """The same matrix, each pair asked by itself: slow, and what `reach` is held against."""
    aims = tuple(targets(snapshot))
    return {(a, t): outcome_of(probe(snapshot, a, t), t) for a in places(snapshot) for t in aims}


__all__ = [
    "Outcome", "Reach", "Relation", "Target", "outcome_of", "pair_by_pair", "places", "probe", "reach", "targets",
]  # fmt: skip
