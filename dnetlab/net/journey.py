"""A packet's journey, in the order of the world.

    sent by a program:  route ▸ OUTPUT ▸ POSTROUTING ▸ resolve the next hop (ARP) ▸ send
    received:           PREROUTING ▸ mine? INPUT ▸ a socket
                                   ▸ else is forwarding on? ▸ route ▸ ttl ▸ FORWARD ▸ POSTROUTING ▸ resolve ▸ send
"""

from __future__ import annotations

from ipaddress import IPv4Address

from dnetlab.model import (
    Asked,
    Disposition,
    Hook,
    IcmpType,
    Namespace,
    Packet,
    Protocol,
    Snapshot,
    Step,
    StepKind,
    VirtualServer,
)
from dnetlab.model.changed import replace
from dnetlab.model.facts import (
    AtTwoPorts,
    BeenHere,
    BridgeLoop,
    BroadcastAddress,
    BroughtBack,
    ComesIn,
    CrossesSwitch,
    Fact,
    ForEverybody,
    HandedUp,
    Leaves,
    LeftToParent,
    LinkDown,
    MartianLoopback,
    MartianSource,
    NeverEnds,
    NobodyAnswers,
    NobodyHas,
    NoCarrier,
    NoHairpin,
    NoRoute,
    NotForwarding,
    OwnAddress,
    PassedOn,
    Resolved,
    RouteMatches,
    StaysOnLink,
    StillBelieved,
    TtlUsedUp,
    Unwrapped,
    Vanished,
    Wrapped,
)
from dnetlab.model.frame import NO_MAC, Frame
from dnetlab.model.ip import IpAddress, in_zone, is_link_local, without_zone, zone_of
from dnetlab.model.network import FORWARD6
from dnetlab.net import ipvs
from dnetlab.net.arp import NextHop, introduce, resolve
from dnetlab.net.deliver import deliver
from dnetlab.net.frames import show, show_question, show_unanswered
from dnetlab.net.hooks import Doors, cross
from dnetlab.net.memory import Field
from dnetlab.net.pieces import cut, is_swallowed, may_be_cut
from dnetlab.net.routing import Way, is_broadcast, is_local, lookup
from dnetlab.net.segment import L3_MODES, Carry, Event, Link, Lost, Wanted
from dnetlab.net.trip import MARKED, Trip
from dnetlab.net.tunnel import outer_trip, swallows

ARP_SIZE = 28  # bytes of a question or answer, without the frame's head
SOLICITATION_SIZE = 72  # a neighbour solicitation or advertisement with the sender's MAC, in its IPv6 packet
MOST_MACHINES = 300  # more than any TTL allows


def journey(trip: Trip) -> Trip:
    """Go on from machine to machine until the trip has ended; the same trip, ended."""
    if trip.lab.wiring.carry is None:
        trip.lab.wiring.carry = _asks_through(trip.lab.snapshot, trip.lab.now)
    return _travel(trip)


def _travel(trip: Trip) -> Trip:
    arrived = _send_own(trip)
    for _ in range(MOST_MACHINES):
        if arrived is None:
            break
        arrived = _received(trip, *arrived)
    if trip.disposition is None:
        trip.end(Disposition.LOOP, NeverEnds())
    return trip


Arrival = tuple[Link, str] | None  # the interface, and the bridge port it came through ('' for none)


def _send_own(trip: Trip) -> Arrival:
    """A program's packet: route, OUTPUT, route again if it was rewritten, POSTROUTING, send."""
    space = trip.space
    way = _route(trip, _asked(trip))
    if way is None:
        return None
    before = trip.packet
    if not cross(trip, Hook.OUTPUT, Doors(out=way[0], hop=way[1])):
        return None
    if (trip.packet.destination, trip.packet.mark) != (before.destination, before.mark):
        way = _route(trip, Asked(trip.packet.source, oif=trip.oif, mark=trip.packet.mark))  # ip_route_me_harder
        if way is None or _leaves_from_loopback(trip, way[0]):
            return None
    dev, hop = way
    if not cross(trip, Hook.POSTROUTING, Doors(out=dev, hop=hop)):
        return None
    interface = space.interface(dev)
    if interface is None or not interface.up:
        trip.end(Disposition.LINK_DOWN, LinkDown(dev), dev)
        return None
    if dev == "lo":
        trip.note(StepKind.RECEIVED, BroughtBack(), "lo")
        lo = Link(trip.at, interface)
        trip.lab.sent(lo, trip.packet.size)
        trip.lab.received(lo, trip.packet.size)
        show(trip, lo, False, NO_MAC)
        return lo, ""
    return _transmit(trip, Link(trip.at, interface), hop)


def _leaves_from_loopback(trip: Trip, dev: str) -> bool:
    """A packet from ::1 that was given another destination goes nowhere but lo (ip6_route_me_harder); IPv4 may."""
    packet = trip.packet
    if packet.version == 4 or dev == "lo" or not packet.source.is_loopback:
        return False
    trip.end(Disposition.DROPPED, StaysOnLink(packet.source, dev), dev)
    return True


def _received(trip: Trip, link: Link, port: str) -> Arrival:
    """A packet that came in: PREROUTING, then it is ours or it is for somebody else."""
    trip.at, interface = link
    space, dev = trip.space, interface.name
    if trip.packet.version == 6:
        trip.packet = _in_zone(trip.packet, dev)
    before = trip.seen.setdefault(link.key, [])
    if trip.packet in before:
        trip.end(Disposition.LOOP, BeenHere(dev), dev)
        return None
    before.append(trip.packet)
    trip.traced = MARKED if trip.traced and dev == "lo" else 0
    if dev != "lo":
        trip.unknown()
    child = _to_child(trip, link)
    if child is not None:
        return _handed_down(trip, child)
    if trip.disposition is not None:
        return None
    asked = trip.packet.destination
    if not cross(trip, Hook.PREROUTING, Doors(into=dev, physin=port)):
        return None
    if port and _filters_frames(space, trip.packet):
        show(trip, link, False, interface.mac)
    if dev != "lo" and _martian(trip, space, dev):
        return None
    destination = trip.packet.destination
    if space.virtual and is_local(space, destination) and (virtual := ipvs.server_for(trip)):
        return _shared_out(trip, virtual, dev, port)
    if is_local(space, destination):
        if cross(trip, Hook.INPUT, Doors(into=dev, physin=port)):
            deliver(trip, dev)
        return None
    if is_broadcast(space, destination) or destination.is_multicast:
        trip.end(Disposition.DROPPED, ForEverybody(destination), dev)
        return None
    rerouted = bool(port) and destination != asked
    return _forwarded(trip, link, port, bridged=rerouted and _filters_frames(space, trip.packet))


def _in_zone(packet: Packet, dev: str) -> Packet:
    """A link-local address on the packet is one of the link that it came in by."""
    if not (is_link_local(packet.source) or is_link_local(packet.destination)):
        return packet
    return replace(packet, source=in_zone(packet.source, dev), destination=in_zone(packet.destination, dev))


def _on_the_wire(packet: Packet) -> Packet:
    """No zone travels with it."""
    if not (zone_of(packet.source) or zone_of(packet.destination)):
        return packet
    return replace(packet, source=without_zone(packet.source), destination=without_zone(packet.destination))


def _shared_out(trip: Trip, virtual: VirtualServer, dev: str, port: str) -> Arrival:
    """IPVS takes it behind the filter of INPUT and sends it on to a server, as if it came from here."""
    if not cross(trip, Hook.INPUT, Doors(into=dev, physin=port), ("mangle", "filter", "security")):
        return None
    ipvs.share_out(trip, virtual)
    return _send_own(trip)


def _martian(trip: Trip, space: Namespace, dev: str) -> bool:
    """Addresses that can't come from a wire are dropped silently (net/ipv4/route.c, martian packets). IPv6 looks for
    its loopback address only (net/ipv6/ip6_input.c), and no switch lets it in."""
    packet = trip.packet
    from_here, four = packet.source.is_loopback, packet.version == 4
    if (from_here or packet.destination.is_loopback) and not (four and _takes_loopback(space, dev)):
        trip.end(Disposition.DROPPED, MartianLoopback(dev, packet.version), dev)
        return True
    if four and not from_here and is_local(space, packet.source):
        trip.end(Disposition.DROPPED, MartianSource(packet.source), dev)
        return True
    return False


def _takes_loopback(space: Namespace, dev: str) -> bool:
    """May addresses of 127.0.0.0/8 come in by this link (route_localnet)?"""
    keys = (f"net.ipv4.conf.{dev}.route_localnet", "net.ipv4.conf.all.route_localnet")
    return any(space.sysctl(key) == "1" for key in keys)


def _filters_frames(space: Namespace, packet: Packet) -> bool:
    """Does iptables, or ip6tables, look at what bridges pass on (br_netfilter)?"""
    return space.sysctl(f"net.bridge.bridge-nf-call-{'ip' if packet.version == 4 else 'ip6'}tables") == "1"


def _forwarded(trip: Trip, link: Link, port: str, bridged: bool) -> Arrival:
    """For somebody else: forwarding on? route, ttl, FORWARD, POSTROUTING, send.

    bridged: a bridge's frame was given another destination; when that is behind the same bridge, the bridge itself
    passes it on (br_nf_pre_routing_finish), and only then does the hairpin mode of its port count.
    """
    space, dev, packet = trip.space, link.interface.name, trip.packet
    if not space.forwards_from(dev, packet.version) and not (bridged and _stays_here(trip, dev)):
        value = space.sysctl("net.ipv4.ip_forward" if packet.version == 4 else FORWARD6)
        trip.end(Disposition.FORWARDING_OFF, NotForwarding(packet.destination, value), dev)
        return None
    if is_link_local(packet.destination) or is_link_local(packet.source):
        stays = packet.destination if is_link_local(packet.destination) else packet.source
        trip.end(Disposition.DROPPED, StaysOnLink(without_zone(stays), dev), dev)
        return None
    way = _route(trip, Asked(packet.source, dev, mark=packet.mark), forwarded=True)
    if way is None:
        return None
    if packet.ttl <= 1:
        trip.end(Disposition.TTL_EXPIRED, TtlUsedUp(packet.ttl), dev)
        trip.complain(IcmpType.TIME_EXCEEDED)
        return None
    trip.packet = replace(packet, ttl=packet.ttl - 1)
    out, hop = way
    if bridged and out == dev and _comes_back(trip, link, port, hop):
        trip.end(Disposition.DROPPED, NoHairpin(dev, port), port)
        return None
    if not may_be_cut(trip, space.interface(out)):
        return None
    if not cross(trip, Hook.FORWARD, Doors(dev, out, port, "", hop)):
        return None
    if not cross(trip, Hook.POSTROUTING, Doors(dev, out, port, "", hop)):
        return None
    leaving = space.interface(out)
    assert leaving is not None  # lookup() only gives routes through links that are there and up
    return _transmit(trip, Link(trip.at, leaving), hop)


def _stays_here(trip: Trip, dev: str) -> bool:
    """A frame with another IPv6 destination behind its own bridge is passed on, whether the host forwards or not
    (br_nf_pre_routing_finish_ipv6 asks for a route only; observed on 28.5.2, where the same over IPv4 gets lost)."""
    way = lookup(trip.space, trip.packet.destination) if trip.packet.version == 6 else None
    return way is not None and way.dev == dev


def _comes_back(trip: Trip, bridge: Link, port: str, hop: IpAddress) -> bool:
    """Is the next hop behind the port that the frame came in by, and does that port give nothing back?"""
    through = trip.space.interface(port)
    if through is None or through.hairpin:
        return False
    return any(e.kind == "bridge" and e.exit == port for e in resolve(trip.lab, bridge, hop).path[:2])


def _asked(trip: Trip) -> Asked:
    """What a packet of ours is routed by. No program has told the address of an echo; a connection is routed a second
    time when it has one (ip_route_connect), but over IPv6 not."""
    packet = trip.packet
    known = trip.bound or trip.asker is not None or packet.version == 4 and packet.protocol is not Protocol.ICMP
    return Asked(packet.source if known else None, oif=trip.oif)


def _route(trip: Trip, asked: Asked, forwarded: bool = False) -> tuple[str, IpAddress] | None:
    """(dev, next hop) for the packet as it is now; None when it ended here."""
    destination = trip.packet.destination
    way = lookup(trip.space, destination, asked)
    if way is None or way.dev is None:
        _no_route(trip, way, forwarded)
        return None
    trip.note(StepKind.ROUTED, _found(destination, way), way.dev)
    return way.dev, way.via or destination


def _found(destination: IpAddress, way: Way) -> Fact:
    if way.kind == "local":
        return OwnAddress(destination)
    if way.route is None:
        return BroadcastAddress(destination, way.dev or "")
    return RouteMatches(destination, way.route, way.rule)


def _no_route(trip: Trip, way: Way | None, forwarded: bool) -> None:
    default = any(r.is_default for r in trip.space.routes_of(trip.packet.version))
    row, rule = (way.route, way.rule) if way else (None, None)
    trip.end(Disposition.NO_ROUTE, NoRoute(trip.packet.destination, row, default, rule))
    complaint = _complaint(way)
    if forwarded and complaint is not None:
        trip.complain(complaint)


def _complaint(way: Way | None) -> IcmpType | None:
    """What a router says to the sender (ip_error, net/ipv4/route.c); a blackhole says nothing. A rule that says
    `unreachable` means the network, a route the host (fib4_rule_action, fib_props)."""
    if way is None or way.kind == "unreachable" and way.route is None:
        return IcmpType.NETWORK_UNREACHABLE
    return {"unreachable": IcmpType.HOST_UNREACHABLE, "prohibit": IcmpType.ADMINISTRATIVELY_PROHIBITED}.get(way.kind)


# -- over the segment -------------------------------------------------------------------------------------------------


def _transmit(trip: Trip, start: Link, hop: IpAddress) -> Arrival:
    """Ask who has the next hop, then carry the frame there: over veth pairs, bridges and switches."""
    interface = start.interface
    dev = interface.name
    hop = without_zone(hop)
    if not interface.carrier:
        trip.end(Disposition.LINK_DOWN, NoCarrier(dev, interface.kind), dev)
        trip.complain(IcmpType.HOST_UNREACHABLE)
        return None
    if interface.mode in L3_MODES:
        return _by_parent(trip, start)
    if not may_be_cut(trip, interface):
        return None
    trip.packet = cut(trip, interface)
    space = trip.space
    if is_broadcast(space, hop) or hop.is_multicast:
        trip.end(Disposition.DROPPED, ForEverybody(hop), dev)
        return None
    answer = resolve(trip.lab, start, hop)
    if answer.looped:
        trip.end(Disposition.LOOP, BridgeLoop(answer.looped), dev)
        return None
    if answer.lost and answer.mac is None:
        trip.note(StepKind.RESOLVED, NobodyAnswers(hop, dev), dev)
        trip.end(Disposition.NO_NEIGHBOUR, swallows(hop, answer.lost), dev)
        trip.complain(IcmpType.HOST_UNREACHABLE)
        return None
    if answer.gone:
        trip.note(StepKind.RESOLVED, StillBelieved(hop, answer.mac), dev)
        trip.waits = answer.gone
        trip.mac = interface.mac
        show(trip, start, True, answer.mac or NO_MAC)
        trip.end(Disposition.NO_NEIGHBOUR, Vanished(hop, answer.mac, dev), dev)
        return None
    if answer.mac is None or not answer.path:
        size = question_size(hop)
        trip.lab.sent(start, 3 * size, 3)
        show_unanswered(trip.lab, start, _asking(trip, start), hop)
        trip.note(StepKind.RESOLVED, NobodyAnswers(hop, dev), dev)
        trip.asks = answer.asks
        trip.end(Disposition.NO_NEIGHBOUR, NobodyHas(hop, dev), dev)
        trip.complain(IcmpType.HOST_UNREACHABLE)
        return None
    trip.note(StepKind.RESOLVED, Resolved(hop, answer.mac, answer.asked), dev)
    if answer.asked:
        count_question(trip.lab, answer.path, question_size(hop))
        show_question(trip.lab, start, _asking(trip, start), hop, answer.mac, answer.path)
    trip.mac = interface.mac
    return _carry(trip, start, hop, answer)


def _by_parent(trip: Trip, start: Link) -> Arrival:
    """ipvlan in the modes l3 and l3s: a sibling takes the packet, or the parent's own stack routes it, without ARP.

    (ipvlan_xmit_mode_l3, ipvlan_process_v4_outbound of drivers/net/ipvlan: a route lookup, then ip_local_out.)
    """
    trip.packet = _on_the_wire(trip.packet)
    trip.lab.sent(start, trip.packet.size)
    trip.mac = start.interface.mac
    show(trip, start, True, start.interface.mac)
    trip.note(StepKind.SENT, LeftToParent(start.interface.name, start.interface.parent or ""), start.interface.name)
    parent = trip.lab.wiring.parent_of(start)
    if parent is None:
        trip.end(Disposition.LINK_DOWN, NoCarrier(start.interface.name, start.interface.kind), start.interface.name)
        return None
    sibling = trip.lab.wiring.beneath(parent, trip.packet.destination)
    if sibling is not None:
        return _handed_down(trip, sibling)
    trip.at = parent.where
    trip.unknown()
    return _send_own(trip)


def _handed_down(trip: Trip, child: Link) -> Arrival:
    trip.at, name = child.where, child.interface.name
    trip.lab.received(child, trip.packet.size)
    show(trip, child, False, child.interface.mac)
    trip.note(StepKind.RECEIVED, ComesIn(name), name)
    return child, ""


def _to_child(trip: Trip, link: Link) -> Link | None:
    """The ipvlan of layer 3 that a packet which came in at its parent is for; None when it is for nobody there.

    In mode l3s it meets the host's PREROUTING and INPUT first, so that conntrack sees it (ipvlan_l3s.c).
    """
    child = trip.lab.wiring.beneath(link, trip.packet.destination)
    if child is None or child.interface.mode != "l3s":
        return child
    doors = Doors(into=link.interface.name)
    passed = cross(trip, Hook.PREROUTING, doors) and cross(trip, Hook.INPUT, doors)
    return child if passed else None


def _carry(trip: Trip, start: Link, hop: IpAddress, way: NextHop) -> Arrival:
    """Follow the frame; where it is bridged from port to port, iptables may look at it too."""
    trip.packet = _on_the_wire(trip.packet)
    port = ""
    link, mac, asked = start, way.mac or "", way.asked
    for event in way.path:
        link = event.link
        trip.at, interface = link
        if event.kind in ("out", "in") and is_swallowed(trip, link):
            return None
        if event.kind == "out":
            trip.lab.sent(link, trip.packet.carried, trip.packet.pieces)
            show(trip, link, True, mac, event.exit)
            trip.note(StepKind.SENT, Leaves(interface.name, mac), interface.name)
        elif event.kind == "in":
            port = ""
            trip.lab.received(link, trip.packet.carried, trip.packet.pieces)
            show(trip, link, False, mac, event.exit)
            trip.note(StepKind.RECEIVED, ComesIn(interface.name), interface.name)
        elif event.kind == "wire":
            tag = int(event.exit) if event.exit else None
            trip.note(StepKind.BRIDGED, CrossesSwitch(event.entry, tag), interface.name)
        elif event.kind == "tunnel":
            if not _through_tunnel(trip, link, IPv4Address(event.entry), mac):
                return None
        else:
            port = event.entry
            diverted = _bridge(trip, event, mac, asked)
            if trip.disposition is not None:
                return None
            if diverted:
                return link, port
    if asked:
        introduce(trip.lab, start, _asking(trip, start), link, hop)
    return link, port


def question_size(hop: IpAddress) -> int:
    """The bytes of a question for a MAC, and of its answer: ARP, or a neighbour solicitation in an IPv6 packet."""
    return ARP_SIZE if hop.version == 4 else SOLICITATION_SIZE


def count_question(lab: Field, path: tuple[Event, ...], size: int = ARP_SIZE) -> None:
    """A question for a MAC and its answer are frames like others; those that hear it in vain are not followed."""
    for event in path:
        if event.kind == "out":
            lab.sent(event.link, size)
            lab.received(event.link, size)
        elif event.kind == "in" or event.kind == "bridge" and not event.exit:
            lab.received(event.link, size)
            lab.sent(event.link, size)


# -- through a tunnel -------------------------------------------------------------------------------------------------


def _through_tunnel(trip: Trip, link: Link, remote: IpAddress, mac: str) -> bool:
    """The frame goes on inside a packet of this host, which must arrive. False: it ended under way, and so does this.

    The outer packet's steps are steps of this journey; the frame comes out where its own `in` follows.
    """
    settings, frame = link.interface.vxlan, trip.packet
    assert settings is not None
    outer = outer_trip(trip.lab, link, remote, str(frame), frame.size)
    outer.packet = replace(outer.packet, inside=Frame(trip.mac, mac, frame))
    wrapped = Wrapped(link.interface.name, settings.vni, outer.packet)
    trip.step(Step(StepKind.TUNNELLED, wrapped, link.interface.name,
                   before=frame, after=outer.packet))  # fmt: skip
    outer.log = trip.log
    trip.lab.fickle = True  # the outer packet's port comes from the whole frame
    _travel(outer)
    if outer.tunnel is None:
        trip.disposition, trip.because, trip.packet = outer.disposition, outer.because, outer.packet
        return False
    end, sender = outer.tunnel, outer.packet.source
    taken = Unwrapped(end.interface.name, settings.vni, sender)
    trip.log.append((end.where, Step(StepKind.TUNNELLED, taken, end.interface.name, before=outer.packet, after=frame)))
    if end.interface.vxlan is not None and end.interface.vxlan.learning:
        trip.lab.learn_remote(end.where, end.interface.name, trip.mac, sender)
    return True


def _asks_through(snapshot: Snapshot, now: float) -> Carry:
    """How a question (ARP) learns whether a tunnel carries it: by a packet around it, which leaves nothing behind."""
    tried: dict[tuple[object, ...], Link | Lost] = {}

    def carry(link: Link, remote: IpAddress) -> Link | Lost:
        if (link.key, remote) not in tried:
            outer = outer_trip(Field(snapshot, now), link, remote, "arp", ARP_SIZE)
            _travel(outer)
            lost = Lost(link, remote, outer.log[-1][0] if outer.log else outer.at, outer.because)
            tried[link.key, remote] = outer.tunnel or lost
        return tried[link.key, remote]

    return carry


def _asking(trip: Trip, start: Link) -> IpAddress | None:
    """The address a question for a MAC carries: the packet's source when it is ours, else the interface's own. One of
    IPv6 must be the very link's (ndisc_solicit, net/ipv6/ndisc.c)."""
    space, source = trip.lab.space(start.where), trip.packet.source
    own = start.interface.of_family(source.version)
    if source.version == 6:
        return source if start.interface.has_ip(source) else own[-1].ip if own else None
    if is_local(space, source) and not source.is_loopback:
        return source
    return own[0].ip if own else None


def _is_behind(trip: Trip, port: str, mac: str) -> bool:
    """Does somebody behind this port of a bridge wear the MAC, so that what the bridge learned is still true?"""
    through = trip.space.interface(port)
    return through is not None and trip.lab.wiring.search(Link(trip.at, through), Wanted(mac=mac)).link is not None


def _bridge(trip: Trip, event: Event, mac: str, asked: bool) -> bool:
    """One bridge: it learns who is behind which port and passes the frame on. True: iptables sent it up instead."""
    (_, bridge), entry, leaving = event.link, event.entry, event.exit
    lab = trip.lab
    at = lab.port_of(trip.at, bridge.name, mac) if leaving else None
    learned = bool(leaving) and at == leaving
    through = trip.space.interface(entry) if entry else None
    if through is not None and through.port.learning:
        lab.learn_mac(trip.at, bridge.name, trip.mac, entry)
    if at is not None and not learned and not asked and _is_behind(trip, at, mac):
        trip.end(Disposition.DROPPED, AtTwoPorts(bridge.name, mac, at, leaving), bridge.name)
        return False
    onto = trip.space.interface(leaving) if leaving else None
    if onto is not None and onto.port.learning:
        lab.learn_mac(trip.at, bridge.name, mac, leaving)
    if not leaving:
        lab.received(event.link, trip.packet.carried, trip.packet.pieces)
        if not (entry and _filters_frames(trip.space, trip.packet)):  # else PREROUTING, read at the port, comes first
            show(trip, event.link, False, mac)
        trip.note(StepKind.BRIDGED, HandedUp(bridge.name), bridge.name)
        return False
    trip.note(StepKind.BRIDGED, PassedOn(bridge.name, entry, leaving, mac, learned), bridge.name)
    if not entry or not _filters_frames(trip.space, trip.packet):
        if entry:
            show(trip, event.link, False, mac, passed=True)
        return False
    trip.unknown()
    name, destination = bridge.name, trip.packet.destination
    if not cross(trip, Hook.PREROUTING, Doors(into=name, physin=entry)):
        return False
    if trip.packet.destination != destination:
        return True
    show(trip, event.link, False, mac, passed=True)
    if cross(trip, Hook.FORWARD, Doors(name, name, entry, leaving, destination)):
        cross(trip, Hook.POSTROUTING, Doors("", name, entry, leaving, destination))
    return False
