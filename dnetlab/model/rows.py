"""Long rows that share what they have in common with the rows they were made from.

A host of thousands of containers has as many processes, links and sockets, and each command adds a few. A tuple would
be copied whole for every one, and each older world would keep its copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar, overload

Row = TypeVar("Row")
FEW = 128  # up to here copying a tuple is as quick
SIZE = 64


class Rows(Sequence[Row]):
    """A sequence that never changes, in chunks: all have SIZE rows, but for the first and the last, which have at most
    as many. It is equal to a tuple of the same rows."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        whole = tuple(rows)
        self._chunks = tuple(whole[at : at + SIZE] for at in range(0, len(whole), SIZE)) or ((),)
        self._length = len(whole)

    @classmethod
    def _of(cls, chunks: tuple[tuple[Row, ...], ...], length: int) -> Rows[Row]:
        made: Rows[Row] = cls.__new__(cls)
        made._chunks, made._length = chunks, length
        return made

    def _place(self, index: int) -> tuple[int, int]:
        """In which chunk a row stands, and where there."""
        first = len(self._chunks[0])
        if index < first:
            return 0, index
        number, offset = divmod(index - first, SIZE)
        return number + 1, offset

    def replaced(self, at: int, row: Row) -> Rows[Row]:
        number, offset = self._place(at)
        old, new = self._chunks[number], (row,)
        changed = (old[:offset] + new + old[offset + 1 :],)
        return self._of(self._chunks[:number] + changed + self._chunks[number + 1 :], self._length)

    def ended_with(self, row: Row) -> Rows[Row]:
        last, new = self._chunks[-1], (row,)
        full = len(last) == SIZE
        return self._of((*self._chunks, new) if full else (*self._chunks[:-1], last + new), self._length + 1)

    def begun_with(self, row: Row) -> Rows[Row]:
        first, new = self._chunks[0], (row,)
        full = len(first) == SIZE
        return self._of((new, *self._chunks) if full else (new + first, *self._chunks[1:]), self._length + 1)

    def without(self, places: Sequence[int]) -> Rows[Row]:
        """Without the rows at these places; where all stand in the first or in the last chunk, the rest is shared."""
        numbers = {self._place(at)[0] for at in places}
        if len(numbers) > 1 or not numbers <= {0, len(self._chunks) - 1}:
            gone = set(places)
            return Rows([row for at, row in enumerate(self) if at not in gone])
        number, offsets = numbers.pop(), {self._place(at)[1] for at in places}
        rest = tuple([row for at, row in enumerate(self._chunks[number]) if at not in offsets])
        chunks = self._chunks[:number] + ((rest,) if rest else ()) + self._chunks[number + 1 :]
        return self._of(chunks or ((),), self._length - len(offsets))

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(index, slice):
            return tuple(self)[index]
        index += self._length if index < 0 else 0
        if not 0 <= index < self._length:
            raise IndexError("there is no such row")
        number, offset = self._place(index)
        return self._chunks[number][offset]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(self._chunks)

    def __reversed__(self) -> Iterator[Row]:
        return chain.from_iterable(map(reversed, reversed(self._chunks)))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == tuple(other) if isinstance(other, (Rows, tuple)) else NotImplemented

    def __repr__(self) -> str:
        return repr(tuple(self))


def with_row(rows: Sequence[Row], at: int, row: Row, instead: bool = False) -> Sequence[Row]:
    """The rows with one more at that place, or with this one instead of the one there; the old ones stay."""
    if len(rows) < FEW or (not instead and 0 < at < len(rows)):
        return (*rows[:at], row, *rows[at + instead :])
    long = rows if isinstance(rows, Rows) else Rows(rows)
    if instead:
        return long.replaced(at, row)
    return long.begun_with(row) if at == 0 else long.ended_with(row)


def without_rows(rows: Sequence[Row], places: Sequence[int]) -> Sequence[Row]:
    """The rows but for those at these places, in their order; the old ones stay."""
    if not places:
        return rows
    if isinstance(rows, Rows):
        return rows.without(places)
    if places[-1] - places[0] == len(places) - 1:  # side by side
        return (*rows[: places[0]], *rows[places[-1] + 1 :])
    gone = set(places)
    return tuple([row for at, row in enumerate(rows) if at not in gone])


def staying(rows: tuple[Row, ...], stays: Callable[[Row], bool]) -> tuple[Row, ...]:
    """The rows that stay; the very same when all do, so that what was worked out from them still stands."""
    kept = tuple([row for row in rows if stays(row)])
    return rows if len(kept) == len(rows) else kept
