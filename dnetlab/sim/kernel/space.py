"""One network namespace of the world, read and replaced: the ground that the rest of the kernel stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dnetlab.model import Interface, Namespace, Where
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.world import World


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
        self.world.put_interface(self.where, interface)

    def change(self, change: Callable[[Namespace], Namespace]) -> None:
        self.world.change_namespace(self.where, change)

    def beside(self, namespace: str) -> Space:
        """Another namespace of the same host."""
        return Space(self.world, Where(self.where.host, namespace))

    def knows(self, namespace: str) -> bool:
        """Is there a namespace of that name on the host?"""
        return namespace in self.world.hosts[self.where.host].namespaces

    def children(self, name: str) -> Iterator[tuple[Space, Interface]]:
        """The vlans and macvlans on top of a link, wherever on the host they live."""
        mine = self.where.namespace
        for space in list(self.world.hosts[self.where.host].namespaces.values()):
            for child in space.on_a_parent:
                if child.parent == name and (child.parent_namespace or space.name) == mine:
                    yield self.beside(space.name), child

    def peer(self, interface: Interface) -> tuple[Space, Interface] | None:
        """The other end of a veth and where it is; None for other links, and when it is gone."""
        if interface.peer is None or not self.knows(interface.peer.namespace):
            return None
        there = self.beside(interface.peer.namespace)
        other = there.namespace.by_index(interface.peer.index)
        return None if other is None else (there, other)

    def new_index(self) -> int:
        """Give out an interface index; one that was given out on a host is not given again."""
        highest = max((i.index for i in self.namespace.interfaces), default=0)
        if not self.where.is_host:
            return highest + 1
        return max(self.world.count(f"index:{self.where.host}", highest + 1), highest + 1)
