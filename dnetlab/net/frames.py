"""What a capture sees of a journey: each frame at each interface, and the questions of ARP that everybody hears."""

from __future__ import annotations

from dnetlab.model import Packet
from dnetlab.model.changed import replace
from dnetlab.model.frame import BROADCAST, NO_MAC, Arp, Frame
from dnetlab.model.ip import IpAddress, nowhere
from dnetlab.net.memory import Field
from dnetlab.net.segment import Event, Link, hearers
from dnetlab.net.trip import Trip


def show(trip: Trip, link: Link, out: bool, mac: str, tag: str = "", passed: bool = False) -> None:
    """The packet of a trip is at a link, in a frame for that MAC. passed: a bridge passes it on."""
    if not trip.lab.watched:
        return
    packet: Packet = trip.packet
    if trip.inner is not None:
        packet = replace(packet, inside=trip.inner)
    trip.lab.seen(link, out, Frame(trip.mac or NO_MAC, mac, packet, int(tag) if tag else None), passed)


def show_question(
    lab: Field, start: Link, sender: IpAddress | None, hop: IpAddress, mac: str, path: tuple[Event, ...]
) -> None:
    """Who has that address? Everybody on the segment hears it; the answer takes the way back to the one who asked."""
    if not lab.watched:
        return
    asked = _ask(lab, start, sender, hop)
    answer = Frame(mac, start.interface.mac, Arp(mac, hop, asked.sender, start.interface.mac, True))
    for event in reversed(path):
        if event.kind in ("out", "in"):
            _show(lab, event, event.kind == "in", answer)
        elif event.kind == "bridge" and event.entry:
            lab.seen(event.link, not event.exit, answer, passed=bool(event.exit))


def show_unanswered(
    lab: Field, start: Link, sender: IpAddress | None, hop: IpAddress, times: int = 3
) -> None:
    """The question is asked three times, a second apart (net/core/neighbour.c, mcast_solicit)."""
    if not lab.watched:
        return
    now = lab.now
    for second in range(times):
        lab.now = now + second
        _ask(lab, start, sender, hop)
    lab.now = now


def _everybody(hop: IpAddress) -> str:
    """Whom a question for that address goes to: everybody, in IPv6 those whose addresses end alike (RFC 2464)."""
    return BROADCAST if hop.version == 4 else "33:33:ff:" + hop.packed[13:].hex(":")


def _ask(lab: Field, start: Link, sender: IpAddress | None, hop: IpAddress) -> Arp:
    own = start.interface
    asked = Arp(own.mac, sender or nowhere(hop.version), hop)
    for event in hearers(lab.wiring, start):
        _show(lab, event, event.kind == "out", Frame(own.mac, _everybody(hop), asked))
    return asked


def _show(lab: Field, event: Event, out: bool, frame: Frame) -> None:
    lab.seen(event.link, out, replace(frame, tag=int(event.exit)) if event.exit and event.kind != "bridge" else frame)
