"""A student's work is a journal: what was done, in order and with its times. Folded, it is what the lab came from.

Nothing is taken out of a journal. Going back is an event of its own, and `fold` leaves out what was taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from dnetlab.model.changed import quick
from dnetlab.model.line import Line
from dnetlab.model.topology import Topology


@quick
@dataclass(frozen=True)
class Entry:
    """One line that ran. exit_code is what it answered.

    cell counts the cells of the session from 1; 0: the lab itself ran it, and nobody can take it back.

    at (here and below): when, in seconds since 1970 (UTC); 0.0 when nobody looked at a clock.
    output: digest of what it printed, as `dnetlab.journal.output_digest` gives it; '' in journals of old.
    """

    line: Line
    cell: int
    exit_code: int = 0
    refused: bool = False
    at: float = 0.0
    output: str = ""


@dataclass(frozen=True)
class Undo:
    """The last `commands` entries were taken back."""

    commands: int
    at: float = 0.0


@dataclass(frozen=True)
class Reset:
    """A fresh lab: all entries and checkpoints are gone."""

    at: float = 0.0


@dataclass(frozen=True)
class Checkpoint:
    """This moment was given a name."""

    name: str
    at: float = 0.0


@dataclass(frozen=True)
class Goto:
    """The lab went to a checkpoint, back or forward again."""

    name: str
    at: float = 0.0


@dataclass(frozen=True)
class Resume:
    """The entries that follow were run again from an earlier session of that name."""

    session: str
    at: float = 0.0


@dataclass(frozen=True)
class Attend:
    """A lesson was opened; started: its tasks began, in a fresh lab.

    student   whose numbers it has, '' for the page's own
    edition   digest of its lesson.toml: which text it was
    language  that was spoken, '' in journals that don't say
    """

    lesson: str
    student: str = ""
    edition: str = ""
    started: bool = False
    at: float = 0.0
    language: str = ""


@dataclass(frozen=True)
class Predicted:
    """An answer to a question of the lesson, as it was given."""

    lesson: str
    question: str
    answer: str
    right: bool
    at: float = 0.0


@dataclass(frozen=True)
class Hinted:
    """A hint was taken. degree: which of the task's own, from 1; wrong: the known mistake it was about, else ''."""

    lesson: str
    task: str
    degree: int
    wrong: str = ""
    at: float = 0.0


@dataclass(frozen=True)
class Judged:
    """A task was judged. asked: the student asked; else it was seen after a cell that it is done."""

    lesson: str
    task: str
    verdict: str
    earned: float
    points: float
    asked: bool = False
    at: float = 0.0


@dataclass(frozen=True)
class Looked:
    """The lab was looked at: what is the name of the table or picture, args what it was asked for."""

    what: str
    args: Mapping[str, Any] = field(default_factory=dict)
    at: float = 0.0


@dataclass(frozen=True)
class Baseline:
    """What a lab was like before a lesson broke it.

    open   who reaches whom: 'ASKER TARGET SERVICE', as `dnetlab.explain.baseline` names them
    rules  what stands in the hosts' firewalls: 'HOST TABLE CHAIN TARGET'
    """

    lesson: str
    open: tuple[str, ...]
    rules: tuple[str, ...]
    at: float = 0.0


CourseEvent = Attend | Predicted | Hinted | Judged | Baseline
Event = Entry | Undo | Reset | Checkpoint | Goto | Resume | Looked | CourseEvent


def fold(events: Iterable[Event]) -> tuple[Entry, ...]:
    """The entries that made the lab what it is at the end: without those that were taken back."""
    entries: list[Entry] = []
    named: dict[str, list[Entry]] = {}
    for event in events:
        if isinstance(event, Entry):
            entries.append(event)
        elif isinstance(event, Undo):
            del entries[max(0, len(entries) - max(0, event.commands)) :]
        elif isinstance(event, Reset):
            entries, named = [], {}
        elif isinstance(event, Checkpoint):
            named[event.name] = list(entries)
        elif isinstance(event, Goto):
            entries = list(named.get(event.name, entries))
    return tuple(entries)


@dataclass(frozen=True)
class Journal:
    """The events of one session, and what makes them repeatable.

    session   its name in the file; '' for one that was never written
    engine, release, seed, topology  of the lab; engine '' and topology None when the row that said so is lost
    version   of dnetlab
    kernel    the kernel that wrote it, as the notebook's server calls it; '' outside a notebook
    began     seconds since 1970 (UTC)
    """

    engine: str
    release: str
    seed: int
    events: tuple[Event, ...] = ()
    topology: Topology | None = None
    session: str = ""
    version: str = ""
    kernel: str = ""
    began: float = 0.0

    @property
    def entries(self) -> tuple[Entry, ...]:
        return fold(self.events)


class LossKind(Enum):
    """What happened to a row of a journal's file."""

    UNREADABLE = "unreadable"  # half-written, or overwritten with something else
    INCOMPLETE = "incomplete"  # a row of a journal, but something of it is missing
    BROKEN = "broken"  # the row is whole, but not the one before it: that was changed, or is gone
    JOINED = "joined"  # a session that knows nothing of what stands before it: it began in another file


@dataclass(frozen=True)
class Loss:
    """A place where a journal's file is damaged. row counts what should be rows from 1.

    session  whose row it is; '' when even that can't be read
    """

    row: int
    kind: LossKind
    session: str = ""


@dataclass(frozen=True)
class JournalFile:
    """What is left of a journal's file: its sessions, the oldest first, and where it is damaged."""

    sessions: tuple[Journal, ...] = ()
    lost: tuple[Loss, ...] = ()


@dataclass(frozen=True)
class Resumed:
    """A lab that was brought back.

    journal  the session whose entries ran again
    lost     damage to the file that concerns it
    longer   another session of the file with more entries, which it did not go on from; None when there is none
    """

    journal: Journal
    lost: tuple[Loss, ...] = ()
    longer: Journal | None = None

    @property
    def commands(self) -> int:
        """How many ran again."""
        return len(self.journal.entries)
