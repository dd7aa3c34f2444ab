"""Carrier: is there something at the other end? What hangs on a link that changed follows it, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

from dnetlab.model import Interface, LinkKind
from dnetlab.sim.kernel.addresses import give_link_local
from dnetlab.sim.kernel.space import Space


def settle(space: Space, name: str) -> None:
    """Work out the carrier of a link that changed, of its peer, its bridge and its children; then what hangs on those
    of them whose carrier is another now."""
    link = space.namespace.interface(name)
    if link is None:
        return
    _follow(space, link)
    todo = _hanging_on(space, link)
    while todo:
        there, index = todo.pop(0)
        found = there.namespace.by_index(index)
        if found is not None and _follow(there, found):
            todo += _hanging_on(there, found)


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
    """Give a link the carrier it has; did that change it?"""
    carrier = _carrier(space, link)
    if carrier == link.carrier:
        return False
    space.put(replace(link, carrier=carrier))
    give_link_local(space, link.name)
    return True


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
        ports = space.namespace.ports_of(link.name)
        return any(port.up and port.carrier for port in ports) if ports else link.carrier
    return link.carrier
