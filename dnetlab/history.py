"""What ran in a lab, with marks of the world before: enough to take lines back and to jump in time.

A mark is kept before each of the last lines, and of the older ones before each hundredth: from there the lines between
run again, which gives the very same world. So the memory of a long session grows with the lab, not with its square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.language import Words
from dnetlab.model import Entry, Line

Mark = Any  # what the engine's `checkpoint` gave; only the engine looks inside
RECENT, EVERY = 20, 100


@dataclass(frozen=True)
class Way:
    """How to get to a moment of the past: go to the mark, then run these lines again."""

    mark: Mark
    again: tuple[Line, ...] = ()


class History:
    """entries, the oldest first; marks of the world before some of them; and the moments that have a name.

    recent  how many of the last entries have a mark each; every: of the older ones, each how many-th
    """

    def __init__(self, recent: int = RECENT, every: int = EVERY) -> None:
        self.entries: list[Entry] = []
        self._recent, self._every = recent, every
        self._marks: dict[int, Mark] = {}
        self._named: dict[str, tuple[Mark, list[Entry], dict[int, Mark]]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Of the checkpoints, in the order they were first given."""
        return tuple(self._named)

    def add(self, entry: Entry, before: Mark) -> None:
        number = len(self.entries)
        self.entries.append(entry)
        self._marks[number] = before
        old = number - self._recent
        if old % self._every:
            self._marks.pop(old, None)

    def undo(self, commands: int) -> tuple[list[Entry], Way]:
        """Take back the last entries, at most all: what they were, and the way to the world before them.

        The way is of no use when nothing was taken back.
        """
        place = len(self.entries) - min(max(0, commands), len(self.entries))
        undone = self.entries[place:]
        if not undone:
            return [], Way(None)
        start = max(number for number in self._marks if number <= place)
        way = Way(self._marks[start], tuple(entry.line for entry in self.entries[start:place]))
        del self.entries[place:]
        self._marks = {number: mark for number, mark in self._marks.items() if number < place}
        return undone, way

    def checkpoint(self, name: str, now: Mark) -> None:
        self._named[name] = (now, list(self.entries), dict(self._marks))

    def goto(self, name: str) -> Way:
        """The way to that moment; the entries are those of then. UsageError for a name that was never given."""
        if name not in self._named:
            known = ", ".join(self._named) or Words("none yet")
            raise UsageError("there is no checkpoint {name!r}", hint="Checkpoints: {known}.", name=name, known=known)
        mark, entries, marks = self._named[name]
        self.entries, self._marks = list(entries), dict(marks)
        return Way(mark)
