"""Does a packet fit the link that it leaves by? A longer one is cut in pieces, where its sender allows that."""

from __future__ import annotations

from dnetlab.model import Disposition, IcmpType, Interface, Packet, StepKind
from dnetlab.model.changed import replace
from dnetlab.model.facts import CutUp, DoesNotFit, TooBig
from dnetlab.net.routing import fits
from dnetlab.net.segment import Link
from dnetlab.net.trip import Trip


def may_be_cut(trip: Trip, leaving: Interface | None) -> bool:
    """Does the packet fit the link it leaves by, or may it be cut? The sender of one that mustn't hears what fits.

    Of IPv6 packets none may, but by their own sender (RFC 8200).
    """
    packet = trip.packet
    if leaving is None or not (packet.df or packet.version == 6):
        return True
    most, by_route = fits(trip.space, packet.destination, leaving)
    if packet.longest <= most:
        return True
    trip.end(Disposition.TOO_BIG, TooBig(leaving.name, most, packet.longest, by_route), leaving.name)
    trip.complain(IcmpType.FRAGMENTATION_NEEDED, most)
    return False


def cut(trip: Trip, leaving: Interface) -> Packet:
    """The packet as it leaves a link: in pieces, when it is longer than the MTU."""
    packet = trip.packet
    most, by_route = fits(trip.space, packet.destination, leaving)
    if packet.longest <= most:
        return packet
    made = replace(packet, piece=most)
    trip.note(StepKind.SENT, CutUp(leaving.name, most, made.pieces, by_route), leaving.name)
    return made


def is_swallowed(trip: Trip, link: Link) -> bool:
    """A frame longer than the MTU of a link that takes it or hands it on ends there (is_skb_forwardable: a VLAN tag
    more is let through)."""
    interface, size = link.interface, trip.packet.longest
    if size <= interface.mtu + 4:
        return False
    trip.end(Disposition.DROPPED, DoesNotFit(interface.name, interface.mtu, size), interface.name)
    return True
