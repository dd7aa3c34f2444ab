"""Carrier: is there something at the other end? What hangs on a link that changed follows it, and nothing else does."""

from __future__ import annotations

from dnetlab.model import Interface, LinkKind, Namespace
from dnetlab.model.changed import replace
from dnetlab.sim.kernel.addresses import with_link_local
from dnetlab.sim.kernel.space import Space


def alive(space: Space, link: Interface) -> Interface:
    """The link with the carrier that it has now, and the fe80:: address that carrier brings."""
    carrier = _carrier(space, link)
    return with_link_local(space, link if carrier == link.carrier else replace(link, carrier=carrier))


def settle(space: Space, link: Interface) -> None:
    """A link went up or down, or moved: work out the carrier of its peer, its bridge and its children, and so on."""
    todo = _hanging_on(space, link)
    while todo:
        there, index = todo.pop(0)
        found = there.namespace.by_index(index)
        if found is not None and _follow(there, found):
            todo += _hanging_on(there, found)


def follow(space: Space, link: Interface) -> None:
    """What this link's carrier hangs on changed: `link` is as it is to be, and takes the carrier that it has now; when
    that is another one, what hangs on it follows too."""
    if _follow(space, link):
        settle(space, link)


def _hanging_on(space: Space, link: Interface) -> list[tuple[Space, int]]:
    """The links whose carrier this one's decides."""
    found = [(there, child.index) for there, child in space.children(link.name)]
    peer = space.peer(link)
    if peer is not None:
        found.append((peer[0], peer[1].index))
    master = space.namespace.interface(link.master) if link.master else None
    if master is not None:
        found.append((space, master.index))
    return found


def _follow(space: Space, link: Interface) -> bool:
    """Put a link there with the carrier it has; is it another one?"""
    return carry(space, link, _carrier(space, link))


def carry(space: Space, link: Interface, carrier: bool) -> bool:
    """Put a link there, as it is to be and with this carrier; is it another one than `link` has?"""
    if carrier == link.carrier:
        known = space.namespace.by_index(link.index)
        if link is not known and link != known:
            space.put(link)
        return False
    made = with_link_local(space, replace(link, carrier=carrier))
    if carrier:
        space.put(made)
    else:  # net/core/neighbour.c: neigh_carrier_down
        space.change(lambda ns: _without_neighbours(ns.with_interface(made), link.name))
    return True


def _without_neighbours(ns: Namespace, dev: str) -> Namespace:
    """Who was found through a link is forgotten when its carrier goes, but for what hands wrote."""
    kept = tuple(n for n in ns.neighbours if n.dev != dev or n.state == "PERMANENT")
    return ns if len(kept) == len(ns.neighbours) else replace(ns, neighbours=kept)


def _carrier(space: Space, link: Interface) -> bool:
    """A veth has carrier while both ends are up, a child while its parent is up and has it, a bridge while one of its
    ports is. A bridge without ports keeps what it has, as a NIC does."""
    if link.kind is LinkKind.VETH:
        peer = space.peer(link)
        return link.up and peer is not None and peer[1].up
    if link.parent is not None:
        home = link.parent_namespace or space.where.namespace
        lower = space.beside(home).namespace.interface(link.parent) if space.knows(home) else None
        return lower is not None and lower.up and lower.carrier
    if link.kind is LinkKind.BRIDGE:
        return _port_with_carrier(space, link)
    return link.carrier


def _port_with_carrier(space: Space, bridge: Interface) -> bool:
    alone = True
    for port in space.namespace.interfaces:
        if port.master == bridge.name:
            alone = False
            if port.up and port.carrier:
                return True
    return alone and bridge.carrier
