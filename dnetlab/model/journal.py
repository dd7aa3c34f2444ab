"""A student's work is a journal of commands: enough to bring the lab back, to undo, and to grade."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model.line import Line


@dataclass(frozen=True)
class Entry:
    """One line that ran. cell counts the cells of the session from 1; exit_code is what it answered."""

    line: Line
    cell: int
    exit_code: int = 0
    refused: bool = False


@dataclass(frozen=True)
class Journal:
    """Entries in the order they ran, with the engine and seed that make them repeatable."""

    engine: str
    release: str
    seed: int
    entries: tuple[Entry, ...] = ()
