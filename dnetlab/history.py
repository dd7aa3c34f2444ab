"""What ran in a lab, with a mark of the world before each line: enough to take lines back and to jump in time."""

from __future__ import annotations

from typing import Any

from dnetlab.errors import UsageError
from dnetlab.model import Entry

Mark = Any  # what the engine's `checkpoint` gave; only the engine looks inside


class History:
    """entries, the oldest first, each with the mark of the world before it; and the moments that have a name."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._before: list[Mark] = []
        self._named: dict[str, tuple[Mark, list[Entry], list[Mark]]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Of the checkpoints, in the order they were first given."""
        return tuple(self._named)

    def add(self, entry: Entry, before: Mark) -> None:
        self.entries.append(entry)
        self._before.append(before)

    def undo(self, commands: int) -> tuple[list[Entry], Mark]:
        """Take back the last entries, at most all; what they were, and the mark to go to. [] and None for none."""
        place = len(self.entries) - min(max(0, commands), len(self.entries))
        undone, marks = self.entries[place:], self._before[place:]
        del self.entries[place:], self._before[place:]
        return undone, marks[0] if marks else None

    def checkpoint(self, name: str, now: Mark) -> None:
        self._named[name] = (now, list(self.entries), list(self._before))

    def goto(self, name: str) -> Mark:
        """The mark of that moment; the entries are those of then. UsageError for a name that was never given."""
        if name not in self._named:
            known = ", ".join(self._named) or "none yet"
            raise UsageError(f"there is no checkpoint {name!r}", hint=f"Checkpoints: {known}.")
        mark, entries, before = self._named[name]
        self.entries, self._before = list(entries), list(before)
        return mark
