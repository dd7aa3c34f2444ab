"""A dictionary that is cheap to copy, however many keys it has: copies share what they had when they parted.

The world keeps an older state for every command that can be taken back, and each command changes a few of thousands of
entries. A plain dictionary would be copied whole each time.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, MutableMapping, ValuesView
from itertools import chain
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
FEW = 64  # up to here copying a plain dictionary is as quick
MOST = 32  # changes that a copy carries over its base before they become one again


class Layers(MutableMapping[Key, Value]):
    """base: what it shares with its copies and no one changes; over: what was set since, in front of it.

    The order is that of a dictionary. It is equal to a dictionary with the same entries.
    """

    def __init__(self, base: Mapping[Key, Value] | None = None) -> None:
        self._base: dict[Key, Value] = dict(base or {})
        self._over: dict[Key, Value] = {}
        self._shared = False

    def copy(self) -> Layers[Key, Value]:
        if len(self._over) > MOST:
            self._base, self._over = self._whole(), {}
        made: Layers[Key, Value] = Layers()
        made._base, made._over = self._base, dict(self._over)
        made._shared = self._shared = True
        return made

    def _whole(self) -> dict[Key, Value]:
        return {**self._base, **self._over} if self._over else self._base

    def __getitem__(self, key: Key) -> Value:
        return self._over[key] if key in self._over else self._base[key]

    def __contains__(self, key: object) -> bool:
        return key in self._over or key in self._base

    def __setitem__(self, key: Key, value: Value) -> None:
        (self._over if self._shared else self._base)[key] = value

    def __delitem__(self, key: Key) -> None:
        if self._shared:
            self._base, self._over, self._shared = {**self._base, **self._over}, {}, False
        del self._base[key]

    def __iter__(self) -> Iterator[Key]:
        return chain(self._base, [key for key in self._over if key not in self._base])

    def __len__(self) -> int:
        return len(self._base) + sum(key not in self._base for key in self._over)

    def keys(self) -> KeysView[Key]:
        return self._whole().keys()

    def values(self) -> ValuesView[Value]:
        return self._whole().values()

    def items(self) -> ItemsView[Key, Value]:
        return self._whole().items()

    def __repr__(self) -> str:
        return repr(self._whole())


def with_item(entries: Mapping[Key, Value], key: Key, value: Value) -> Mapping[Key, Value]:
    """The same entries, and this one at its key; the old ones stay as they are."""
    if not isinstance(entries, Layers):
        if len(entries) < FEW:
            return {**entries, key: value}
        entries = Layers(entries)
    made = entries.copy()
    made[key] = value
    return made


def without_item(entries: Mapping[Key, Value], key: Key) -> Mapping[Key, Value]:
    """The same entries but for that key, which need not be there."""
    if key not in entries:
        return entries
    made = dict(entries.items())
    del made[key]
    return made
