"""Who has this address? The question goes to everyone on the segment; whoever owns the address answers with his MAC.

Linux answers for any of its own addresses, whichever interface was asked (arp_ignore 0), as long as that one is up.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from dnetlab.model import Neighbour
from dnetlab.net.memory import Field
from dnetlab.net.segment import Event, Found, Link, Lost, Wanted, search
from dnetlab.net.tunnel import outside, speaks_from

ARP_SECONDS = 3.06  # three questions, one second apart (net/core/neighbour.c mcast_solicit 3; observed 3.058 s)


# An entry is believed for reachable_time (about 30 s), then for delay_first_probe_time (5 s), then asked thrice more:
# so long are frames sent to somebody who has gone (observed 14 to 39 s; ip-sysctl, neigh/default).
BELIEVED = 38.0


@dataclass(frozen=True)
class Answer:
    """asked: ARP was needed, nothing was known. mac None: nobody answered.

    gone: the seconds for which the kernel will still believe in somebody who isn't there any more; 0.0 otherwise.
    lost: the tunnel that swallowed the question or its answer; path then leads into it when the MAC is known.
    """

    mac: str | None
    path: tuple[Event, ...] = ()
    asked: bool = True
    looped: str = ""
    gone: float = 0.0
    lost: Lost | None = None


def resolve(field: Field, start: Link, hop: IPv4Address) -> Answer:
    """The MAC of the next hop and the way a frame takes to it. What is learned stays in the field."""
    known = field.neighbour(start.where, hop, start.interface.name)
    if known and known.state == "PERMANENT":
        found = search(field.wiring, start, Wanted(mac=known.mac))
        if found.lost and not found.link:
            return Answer(known.mac, found.lost[0].path, False, lost=found.lost[0])
        return Answer(known.mac, found.path, False, found.looped) if found.link else Answer(None, (), False)
    found = _owner(field, start, hop, known)
    if found.link is None and found.lost and known is not None and _still_believed(known, field.now) > 0:
        return Answer(known.mac, found.lost[0].path, False, lost=found.lost[0])
    lost = _swallowed(field, found) if _still_believed(known, field.now) <= 0 else None
    if lost is not None:
        field.learn(start.where, Neighbour(hop, start.interface.name, None, "FAILED"))
        return Answer(None, (), True, lost=lost)
    if found.link is None:
        left = _still_believed(known, field.now)
        if known is not None and left > 0:
            return Answer(known.mac, (), False, found.looped, left)
        field.learn(start.where, Neighbour(hop, start.interface.name, None, "FAILED"))
        return Answer(None, (), True, found.looped)
    mac = found.link.interface.mac
    asked = known is None or known.mac != mac
    field.learn(start.where, Neighbour(hop, start.interface.name, mac))
    return Answer(mac, found.path, asked, found.looped)


def _swallowed(field: Field, found: Found) -> Lost | None:
    """The tunnel that lost the question, or the answer that would come back through it; None when neither did."""
    if found.link is None:
        return found.lost[0] if found.lost else None
    for number, event in enumerate(found.path):
        if event.kind == "tunnel" and field.wiring.carry is not None:
            asker = speaks_from(field.space(outside(event.link)), event.link, IPv4Address(event.entry))
            back = field.wiring.carry(found.path[number + 1].link, asker)
            if isinstance(back, Lost):
                return back
    return None


def _still_believed(known: Neighbour | None, now: float) -> float:
    if known is None or known.mac is None or known.since is None:
        return 0.0
    return max(0.0, known.since + BELIEVED - now)


def _owner(field: Field, start: Link, hop: IPv4Address, known: Neighbour | None) -> Found:
    if known and known.mac and known.state != "FAILED":  # two may have the address: stay with the one we know
        found = search(field.wiring, start, Wanted(hop, known.mac))
        if found.link is not None:
            return found
    return search(field.wiring, start, Wanted(hop))


def introduce(field: Field, start: Link, sender: IPv4Address | None, receiver: Link, hop: IPv4Address) -> None:
    """Being asked, the owner of `hop` learns who asked."""
    if sender is None or hop == sender:
        return
    neighbour = Neighbour(sender, receiver.interface.name, start.interface.mac)
    field.learn(receiver.where, neighbour)
