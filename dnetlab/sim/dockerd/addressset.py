"""A set of addresses of one subnet as runs of neighbours, so that the lowest free one is found without a walk through
all of them (as moby's libnetwork/bitmap, which packs its bits the same way)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from dnetlab.model.ip import IpAddress


@dataclass(frozen=True)
class AddressSet:
    """runs: (first, last) pairs in ascending order with gaps between them."""

    runs: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.runs)

    def __contains__(self, address: IpAddress) -> bool:
        run = self._run(int(address))
        return run is not None

    def _run(self, number: int) -> tuple[int, int] | None:
        place = bisect_right(self.runs, (number, 1 << 128)) - 1
        return self.runs[place] if place >= 0 and self.runs[place][1] >= number else None

    def adding(self, address: IpAddress) -> AddressSet:
        """The set with this address."""
        number = first = last = int(address)
        if self._run(number) is not None:
            return self
        below, above = self._run(number - 1), self._run(number + 1)
        if below is not None:
            first = below[0]
        if above is not None:
            last = above[1]
        kept = (run for run in self.runs if run not in (below, above))
        return AddressSet(tuple(sorted((*kept, (first, last)))))

    def without(self, address: IpAddress) -> AddressSet:
        """The set without this address."""
        number = int(address)
        run = self._run(number)
        if run is None:
            return self
        parts = [(run[0], number - 1), (number + 1, run[1])]
        kept = [other for other in self.runs if other != run]
        return AddressSet(tuple(sorted(kept + [part for part in parts if part[0] <= part[1]])))

    def count(self, first: IpAddress, last: IpAddress) -> int:
        """How many addresses from first to last are in the set."""
        return sum(max(0, min(end, int(last)) - max(begin, int(first)) + 1) for begin, end in self.runs)

    def lowest_missing(self, first: IpAddress, last: IpAddress) -> IpAddress | None:
        """The lowest address from first to last that is not in the set; None when all are."""
        number = int(first)
        run = self._run(number)
        if run is not None:
            number = run[1] + 1
        return type(first)(number) if number <= int(last) else None
