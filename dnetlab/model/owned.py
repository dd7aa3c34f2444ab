"""What belongs to hosts and to their containers, kept by whose it is: cheap to copy, to look through and to forget.

The world keeps an older state for every command that can be taken back. A copy shares everything with the one it was
made from; who writes into an owner's entries copies those first, and nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TypeVar

from dnetlab.model.layers import Layers

Key = tuple[str, str, str]  # host, container id or '', path
Value = TypeVar("Value")


class Owned(MutableMapping[Key, Value]):
    """(host, container id or '', path) -> value; in the order of the owners, then of what was written."""

    __slots__ = ("_own", "_owners", "_shared")

    def __init__(self) -> None:
        self._owners: Layers[tuple[str, str], Mapping[str, Value]] = Layers()
        self._own: dict[tuple[str, str], dict[str, Value]] = {}  # those that no copy has, too
        self._shared = False  # has a copy the very same entries?

    def copy(self) -> Owned[Value]:
        made: Owned[Value] = Owned.__new__(Owned)
        made._owners, made._own = self._owners, self._own
        made._shared = self._shared = True
        return made

    def _part(self) -> None:
        """From now on, what is written here is written here alone."""
        if self._shared:
            self._owners, self._own, self._shared = self._owners.copy(), {}, False

    def of(self, host: str, container: str = "") -> Mapping[str, Value]:
        """path -> value of that host or container; {} when it has nothing. Read only."""
        return self._owners.get((host, container), {})

    def give(self, host: str, container: str, entries: Mapping[str, Value]) -> None:
        """A container begins with these entries, which whoever else has them may go on to share."""
        if entries:
            self._part()
            self._own.pop((host, container), None)
            self._owners[host, container] = entries

    def drop(self, host: str, container: str) -> None:
        """All that it has goes; it need not have anything."""
        owner = host, container
        if owner in self._owners:
            self._part()
            self._own.pop(owner, None)
            del self._owners[owner]

    def __getitem__(self, key: Key) -> Value:
        return self._owners[key[0], key[1]][key[2]]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and key[2] in self.of(key[0], key[1])

    def __setitem__(self, key: Key, value: Value) -> None:
        self._writable(key)[key[2]] = value

    def __delitem__(self, key: Key) -> None:
        if key not in self:
            raise KeyError(key)
        del self._writable(key)[key[2]]

    def _writable(self, key: Key) -> dict[str, Value]:
        self._part()
        owner = key[0], key[1]
        entries = self._own.get(owner)
        if entries is None:
            self._own[owner] = self._owners[owner] = entries = dict(self.of(*owner))
        return entries

    def __iter__(self) -> Iterator[Key]:
        return ((*owner, path) for owner, entries in self._owners.items() for path in entries)

    def __len__(self) -> int:
        return sum(map(len, self._owners.values()))
