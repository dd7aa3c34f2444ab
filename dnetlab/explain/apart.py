"""What keeps two apart on one wire? The frame is followed again, each time without one of the laws of layer 2.

The law without which the question is heard is the reason: VLANs, the mode of macvlans, the switch's policy for forged
MACs, the settings of a bridge's port, or the parent of macvlans, whose own stack is left out.
"""

from __future__ import annotations

from dnetlab.explain.reasons import Cause, DifferentVlans, ForgedMacs, MacvlanModes, Member, PortKeepsBack
from dnetlab.model import LinkKind, PortMode, Snapshot, Where
from dnetlab.model.ip import IpAddress
from dnetlab.net.ports import kept_back, kept_in
from dnetlab.net.routing import local_interface
from dnetlab.net.segment import Event, Found, Law, Link, Wanted, Wiring, search


def law_between(snapshot: Snapshot, where: Where, dev: str, hop: IpAddress) -> tuple[Law, Found] | None:
    """The law that keeps the question for `hop`, asked on `dev`, from being heard, and the way it would take.

    None when no single law does: nobody on the wire has the address, or something else is in the way.
    """
    interface = snapshot.at(where).interface(dev)
    if interface is None:
        return None
    wiring = Wiring(snapshot.hosts, snapshot.topology)
    for law in Law:
        found = search(wiring, Link(where, interface), Wanted(hop), law)
        if found.link is not None:
            return law, found
    return None


def cause_of(snapshot: Snapshot, law: Law, found: Found, hop: IpAddress, ends: tuple[str, str]) -> Cause | None:
    """The law as a reason; None for that of the parent, which is told otherwise. ends: who asks, and whom."""
    who, whom = ends
    if found.link is None or law is Law.PARENT:
        return None
    if law is Law.VLANS:
        there = next((n for n, event in enumerate(found.path) if event.kind == "in"), len(found.path))
        mine, theirs = _member(snapshot, found.path[:there]), _member(snapshot, found.path[there:])
        holder = local_interface(snapshot.at(found.link.where), hop)
        if holder is not None and holder.kind is LinkKind.VLAN:  # its host hears the question on the card itself
            theirs = Member(found.link.where.host, holder.name, holder.vlan_id)
        return DifferentVlans(who, mine, whom, theirs)
    if law is Law.MODES:
        asker = found.path[0].link.interface
        return MacvlanModes(who, whom, asker.parent or "", asker.mode, found.link.interface.mode)
    if law is Law.PORTS:
        return _port(snapshot, found, hop)
    return _forged(snapshot, found, who, whom)


def _port(snapshot: Snapshot, found: Found, hop: IpAddress) -> PortKeepsBack | None:
    """The first port on the way whose settings keep the question back."""
    asker = found.path[0].link.interface.mac
    for event in found.path:
        if event.kind != "bridge":
            continue
        space, bridge = snapshot.at(event.link.where), event.link.interface.name
        entry, leaving = space.interface(event.entry), space.interface(event.exit)
        if entry is not None and (name := kept_in(space, entry, asker)):
            return PortKeepsBack(event.link.where.host, bridge, entry.name, name, entry.port.state)
        if leaving is not None and (name := kept_back(space, entry, leaving, hop, None)):
            return PortKeepsBack(event.link.where.host, bridge, leaving.name, name, leaving.port.state)
    return None


def _member(snapshot: Snapshot, path: tuple[Event, ...]) -> Member:
    """Which VLAN one side is in: by its vlan link, else by the port that its NIC is plugged into."""
    links = [event.link for event in path]
    tagging = next((link for link in links if link.interface.kind is LinkKind.VLAN), None)
    nic = next((link for link in links if link.interface.kind is LinkKind.PHYSICAL), None)
    if nic is not None:
        switch = snapshot.topology.switch(nic.interface.segment or "")
        port = switch.port(nic.where.host, nic.interface.name)
        if port.mode is PortMode.ACCESS:
            return Member(nic.where.host, nic.interface.name, port.vlan, access=True)
    chosen = tagging or nic or links[-1]
    return Member(chosen.where.host, chosen.interface.name, tagging.interface.vlan_id if tagging else None)


def _forged(snapshot: Snapshot, found: Found, who: str, whom: str) -> ForgedMacs | None:
    """Who would speak with a MAC that is not its NIC's: the asker, else the one who should answer."""
    for number, event in enumerate(found.path):
        switch = snapshot.topology.switch(event.entry) if event.kind == "wire" else None
        if switch is None or switch.forged_macs or found.link is None:
            continue
        asker, answerer = found.path[0].link, found.link
        if asker.interface.mac != event.link.interface.mac:
            return ForgedMacs(who, asker.interface.mac, event.link.where.host, event.link.interface.name, switch.title)
        nic = found.path[number + 1].link
        if answerer.interface.mac != nic.interface.mac:
            return ForgedMacs(whom, answerer.interface.mac, nic.where.host, nic.interface.name, switch.title)
    return None
