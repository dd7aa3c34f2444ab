"""The neighbour table (`ip neigh`, `arp`) as hands and the daemon change it. Packets learn by themselves (net/)."""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.model import Neighbour
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.space import Space


class Neighbours(Space):
    """Who has which MAC, as this namespace believes it."""

    def put_neighbour(self, neighbour: Neighbour, *, only_new: bool = False) -> None:
        """`ip neigh replace`, or `add` with only_new: KernelError EEXIST when there is one."""
        key = (neighbour.address, neighbour.dev)
        left = tuple(n for n in self.namespace.neighbours if (n.address, n.dev) != key)
        if only_new and len(left) != len(self.namespace.neighbours):
            raise KernelError(Errno.EEXIST)
        self.change(lambda ns: replace(ns, neighbours=(*left, neighbour)))

    def hear_of_neighbour(self, address: IpAddress, dev: str, mac: str) -> None:
        """He says, unasked, that he has another MAC now: an entry that there is takes it and is STALE (arp_process,
        ndisc_recv_na); what hands wrote stays."""
        found = self.namespace.neighbour_at.get((address, dev))
        if found is not None and found.state != "PERMANENT":
            self.put_neighbour(replace(found, mac=mac, state="STALE", since=self.world.clock))

    def forget_neighbours(self, fits: Callable[[Neighbour], bool]) -> int:
        """Remove every entry that fits; how many there were."""
        known = self.namespace.neighbours
        left = tuple(n for n in known if not fits(n))
        gone = len(known) - len(left)
        if gone:
            self.change(lambda ns: replace(ns, neighbours=left))
        return gone
