"""One network namespace of the world, read and replaced: the ground that the rest of the kernel stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dnetlab.model import Interface, Namespace, Where
from dnetlab.model.changed import quick
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.watched import take_down
from dnetlab.sim.world import World


@quick
@dataclass(frozen=True)
class Space:
    """The namespace at `where`. Every change replaces the frozen Namespace in the world."""

    world: World
    where: Where

    @property
    def namespace(self) -> Namespace:
        return self.world.namespace(self.where)

    def link(self, name: str) -> Interface:
        """The interface of that name. KernelError ENODEV."""
        found = self.namespace.interface(name)
        if found is None:
            raise KernelError(Errno.ENODEV)
        return found

    def put(self, interface: Interface) -> None:
        self.change(lambda ns: ns.with_interface(interface))

    def change(self, change: Callable[[Namespace], Namespace]) -> None:
        """Every change of the kernel comes by here; who watches it takes it down (`ip monitor &`)."""
        self.world.change_namespace(self.where, change)
        if self.world.jobs:
            take_down(self.world, self.where.host)

    def beside(self, namespace: str) -> Space:
        """Another namespace of the same host."""
        return Space(self.world, Where(self.where.host, namespace))

    def knows(self, namespace: str) -> bool:
        """Is there a namespace of that name on the host?"""
        return namespace in self.world.hosts[self.where.host].namespaces

    def _stacked(self) -> list[Namespace]:
        """The namespaces of the host that have links which stand on others; mostly none."""
        host = self.world.hosts[self.where.host]
        stacked = host.stacked
        return [space for key, space in host.namespaces.items() if key in stacked] if stacked else []

    def children(self, name: str) -> Iterator[tuple[Space, Interface]]:
        """The vlans, macvlans and ipvlans on top of a link, wherever on the host they live."""
        mine = self.where.namespace
        for space in self._stacked():
            for child in space.on_a_parent:
                if child.parent == name and (child.parent_namespace or space.name) == mine:
                    yield self.beside(space.name), child

    def tunnels_through(self, name: str) -> Iterator[tuple[Space, Interface]]:
        """The VXLANs that leave through a link of this namespace, wherever on the host they live."""
        mine = self.where.namespace
        for space in self._stacked():
            for link in space.on_a_parent:
                if link.vxlan is not None and link.vxlan.dev == name and (link.vxlan.underlay or space.name) == mine:
                    yield self.beside(space.name), link

    def peer(self, interface: Interface) -> tuple[Space, Interface] | None:
        """The other end of a veth and where it is; None for other links, and when it is gone."""
        end = interface.peer
        namespace = end and self.world.hosts[self.where.host].namespaces.get(end.namespace)
        other = namespace.by_index(end.index) if end and namespace else None
        return None if end is None or other is None else (self.beside(end.namespace), other)

    def next_index(self, beyond: int = 0) -> int:
        """The index of the next link; one that was given out is not given again (dev_new_index, net/core/dev.c)."""
        index = max(self.namespace.last_index, beyond) + 1
        while self.namespace.by_index(index) is not None:
            index += 1
        return index

    def skip_to(self, index: int) -> None:
        """Indexes up to this one were given out, to links that are gone or never stood here."""
        if self.namespace.last_index < index:
            self.change(lambda ns: ns.numbered(index))

    def put_new(self, interface: Interface) -> None:
        """A link that was just made; its index is used up."""
        self.change(lambda ns: ns.with_interface(interface).numbered(interface.index))
