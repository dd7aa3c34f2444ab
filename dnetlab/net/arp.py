"""Who has this address? The question goes to everyone on the segment; whoever owns the address answers with his MAC.

Linux answers for any of its own IPv4 addresses, whichever interface was asked (arp_ignore 0), as long as that one is
up. IPv6 asks by neighbour discovery (RFC 4861), the same question in other frames, and there only the interface that
has the address answers (ndisc_recv_ns, net/ipv6/ndisc.c).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from dnetlab.model import LinkKind, Neighbour
from dnetlab.model.changed import quick, replace
from dnetlab.model.ip import IpAddress
from dnetlab.model.network import ARP_SECONDS, DELAY_SECONDS, PROBE_SECONDS, REACHABLE_SECONDS
from dnetlab.net.memory import Field
from dnetlab.net.segment import Event, Found, Link, Lost, Wanted, told_mac
from dnetlab.net.tunnel import outside, speaks_from

# An entry is REACHABLE for base_reachable_time, then STALE; used again it is in DELAY, then asked thrice (PROBE): so
# long are frames sent to somebody who has gone (observed 14 to 39 s; ip-sysctl, neigh/default).
PROVING = DELAY_SECONDS + PROBE_SECONDS


@quick
@dataclass(frozen=True)
class NextHop:
    """asked: ARP was needed, nothing was known. mac None: nobody answered.

    gone: the seconds for which the kernel will still believe in somebody who isn't there any more; 0.0 otherwise.
    lost: the tunnel that swallowed the question or its answer; path then leads into it when the MAC is known.
    asks: the seconds after which a question that nobody answers is given up: fewer where it was under way already.
    """

    mac: str | None
    path: tuple[Event, ...] = ()
    asked: bool = True
    looped: str = ""
    gone: float = 0.0
    lost: Lost | None = None
    asks: float = ARP_SECONDS


def resolve(field: Field, start: Link, hop: IpAddress) -> NextHop:
    """The MAC of the next hop and the way a frame takes to it. What is learned stays in the field."""
    known = field.neighbour(start.where, hop, start.interface.name)
    if known and known.state == "PERMANENT":
        found = field.wiring.search(start, Wanted(mac=known.mac))
        if found.lost and not found.link:
            return NextHop(known.mac, found.lost[0].path, False, lost=found.lost[0])
        return NextHop(known.mac, found.path, False, found.looped) if found.link else NextHop(None, (), False)
    if known is not None and known.mac is not None and known.state != "FAILED":
        believed = _as_known(field, start, known)
        if believed is not None:
            return believed
    found = field.wiring.search(start, Wanted(hop))
    if found.link is None and not found.lost and known is not None and known.state_at(field.now) == "INCOMPLETE":
        left = ARP_SECONDS - known.age_at(field.now)  # it waits with the others for what has been asked already
        return NextHop(None, (), True, found.looped, asks=left)
    told = _told(field, found, hop)
    if told is not None:
        field.learn(start.where, Neighbour(hop, start.interface.name, told))
        return NextHop(told, found.lost[0].path, True, lost=found.lost[0])
    lost = _swallowed(field, found, hop)
    if lost is not None:
        field.learn(start.where, Neighbour(hop, start.interface.name, None, "FAILED"))
        return NextHop(None, (), True, lost=lost)
    if found.link is None or _is_double(found.link, start):
        field.learn(start.where, Neighbour(hop, start.interface.name, None, "FAILED"))
        return NextHop(None, (), True, found.looped)
    mac = found.link.interface.mac
    field.learn(start.where, _heard(field, hop, start.interface.name, found.link))
    return NextHop(mac, found.path, known is None or known.mac != mac)


def _heard(field: Field, hop: IpAddress, dev: str, owner: Link) -> Neighbour:
    """The owner of an address, who has just answered; one of IPv6 says whether he is a router."""
    router = hop.version == 6 and field.space(owner.where).forwards_from(owner.interface.name, 6)
    return Neighbour(hop, dev, owner.interface.mac, router=router)


def _told(field: Field, found: Found, hop: IpAddress) -> str | None:
    """The MAC that a tunnel has told by itself, though it gets nothing through to its owner; None for another."""
    if found.link is not None or not found.lost:
        return None
    tunnel = found.lost[0].tunnel
    return told_mac(field.space(tunnel.where), tunnel.interface, hop)


def _swallowed(field: Field, found: Found, hop: IpAddress) -> Lost | None:
    """The tunnel that lost the question, or the answer that would come back through it; None when neither did."""
    if found.link is None:
        return found.lost[0] if found.lost else None
    for number, event in enumerate(found.path):
        if told_mac(field.space(event.link.where), event.link.interface, hop):
            return None  # it has answered by itself
        if event.kind == "tunnel" and field.wiring.carry is not None:
            asker = speaks_from(field.space(outside(event.link)), event.link, IPv4Address(event.entry))
            back = field.wiring.carry(found.path[number + 1].link, asker)
            if isinstance(back, Lost):
                return back
    return None


def _as_known(field: Field, start: Link, known: Neighbour) -> NextHop | None:
    """The way to the one who is known, whoever else has the address by now; None when it is time to ask anew."""
    found = field.wiring.search(start, Wanted(known.address, known.mac))
    state = known.state_at(field.now)
    if found.link is not None and (state == "REACHABLE" or _swallowed(field, found, known.address) is None):
        _used(field, start, known, state)
        return NextHop(known.mac, found.path, False, found.looped)
    if found.link is not None or known.since is None or state == "FAILED" or found.lost and state != "REACHABLE":
        return None
    if found.lost:
        return NextHop(known.mac, found.lost[0].path, False, lost=found.lost[0])
    if state == "STALE" or state == "DELAY" and known.answers:
        field.learn(start.where, replace(known, state="DELAY", answers=False))
        return NextHop(known.mac, (), False, found.looped, PROVING)
    left = (0.0 if state in ("DELAY", "PROBE") else REACHABLE_SECONDS) + PROVING - known.age_at(field.now)
    return NextHop(known.mac, (), False, found.looped, left)


def _used(field: Field, start: Link, known: Neighbour, state: str) -> None:
    """An entry is used whose owner is there: in doubt, it is asked about in a while, and he will answer; what is
    being asked about is answered. Use alone proves nothing, so one that is REACHABLE ages on."""
    if state == "STALE" or state == "DELAY" and not known.answers:
        field.learn(start.where, replace(known, state="DELAY", answers=True))
    elif state not in ("REACHABLE", "DELAY"):
        field.learn(start.where, replace(known, state="REACHABLE"))


def _is_double(owner: Link, start: Link) -> bool:
    """Two with one MAC on a bridge: the answer comes in where the bridge now takes it to be at home, and is dropped."""
    shared = owner.interface.kind is LinkKind.IPVLAN or start.interface.kind is LinkKind.IPVLAN  # one MAC for all
    return owner.interface.mac == start.interface.mac and owner.key != start.key and not shared


def introduce(field: Field, start: Link, sender: IpAddress | None, receiver: Link, hop: IpAddress) -> None:
    """Being asked, the owner of `hop` learns who asked: an entry that is STALE until it is used, as nobody has answered
    him; one that he has with the same MAC stays as it is (arp_process, neigh_update)."""
    if sender is None or hop == sender:
        return
    dev, mac = receiver.interface.name, start.interface.mac
    known = field.neighbour(receiver.where, sender, dev)
    if known is None or known.mac != mac or known.state_at(field.now) == "FAILED":
        field.learn(receiver.where, Neighbour(sender, dev, mac, "STALE"))
