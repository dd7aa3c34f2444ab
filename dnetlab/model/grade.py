"""What a journal is worth: its score task by task, and what of it is not as it was written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from dnetlab.model.check import TaskResult
from dnetlab.model.journal import Event, Journal
from dnetlab.model.lesson import Lesson, Task
from dnetlab.model.line import Output
from dnetlab.model.snapshot import Snapshot
from dnetlab.model.study import Answer


class FindingKind(Enum):
    """What there is to say about somebody's work. Its words, with {fields} filled in, stand in the sentences."""

    # the file
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    BROKEN = "broken"
    JOINED = "joined"
    NO_JOURNAL = "no journal"
    NO_HEAD = "no head"
    TOO_BIG = "too big"
    UNREADABLE_FILE = "unreadable file"
    LINK = "link"
    OUTSIDE = "outside"
    ARCHIVE = "archive"
    NESTED = "nested"
    INFLATES = "inflates"
    TOO_MANY = "too many"
    # whose work it is, and where it was done
    OTHER_STUDENT = "other student"
    OTHER_LESSON = "other lesson"
    OTHER_LAB = "other lab"
    UNKNOWN_LESSON = "unknown lesson"
    UNKNOWN_RELEASE = "unknown release"
    NOT_BEGUN = "not begun"
    GOES_ON_FROM_NOTHING = "goes on from nothing"
    # what doesn't come out again
    OUTCOME = "outcome"
    REFUSED = "refused"
    OUTPUT = "output"
    JUDGED = "judged"
    ANSWER = "answer"
    GUESSED = "guessed"
    NOT_POSSIBLE = "not possible"
    SCORE = "score"
    ACCOUNT = "account"
    SIGNATURE = "signature"
    UNSIGNED = "unsigned"
    CLOCK = "clock"
    # beside the rest of a class
    NO_LESSON = "no lesson"
    SAME_SESSION = "same session"
    SAME_STUDENT = "same student"
    # what the grader could not do
    OUT_OF_TIME = "out of time"
    OUT_OF_MEMORY = "out of memory"
    FAILED = "failed"
    # notes: nobody is to blame
    OTHER_EDITION = "other edition"
    OTHER_VERSION = "other version"
    OTHER_ENGINE = "other engine"
    NEEDS_ENGINE = "needs engine"
    NOTEBOOK = "notebook"
    SIGNED = "signed"
    NOT_CHECKED = "not checked"
    PYTHON = "python"
    MARKUP = "markup"
    FORMULA = "formula"
    CONTROLS = "controls"
    ALIKE = "alike"
    SEVERAL = "several"


NOTES = frozenset({
    FindingKind.OTHER_EDITION, FindingKind.OTHER_VERSION, FindingKind.OTHER_ENGINE, FindingKind.NEEDS_ENGINE,
    FindingKind.NOTEBOOK, FindingKind.SIGNED, FindingKind.NOT_CHECKED, FindingKind.PYTHON,
    FindingKind.MARKUP, FindingKind.FORMULA, FindingKind.CONTROLS, FindingKind.ALIKE,
    FindingKind.SEVERAL,
    FindingKind.UNREADABLE,  # a kernel that was killed leaves a row torn
})  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One of them. session '' when it is about the whole; a note says what one should know and blames nobody."""

    kind: FindingKind
    session: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_note(self) -> bool:
        return self.kind in NOTES


@dataclass(frozen=True)
class Replayed:
    """A session of a journal that was run again.

    session   as it was recorded
    events    what the same events came to now, the sessions it went on from not among them
    past      what those say of lessons
    results   (lesson, student) -> task id -> the judgement that earned most, the last of those that earned the same
    outputs   what each recorded event printed now, None for one that is no command; () when nobody wanted them
    taken     numbers of the recorded events that were taken back later
    snapshot  the lab at its end; None for a session that could not be run
    """

    session: Journal
    events: tuple[Event, ...] = ()
    past: tuple[Event, ...] = ()
    findings: tuple[Finding, ...] = ()
    results: Mapping[tuple[str, str], Mapping[str, TaskResult]] = field(default_factory=dict)
    outputs: tuple[Output | None, ...] = ()
    snapshot: Snapshot | None = None


@dataclass(frozen=True)
class TaskScore:
    """A task and what it earned.

    result    the judgement that earned most; None when it was never judged
    recorded  points that the journal says it earned
    attempts  how often its student asked for a judgement; hints: how many were taken
    at        when it was done, 0.0 while it isn't
    """

    task: Task
    earned: float
    done: bool
    result: TaskResult | None = None
    recorded: float = 0.0
    attempts: int = 0
    hints: int = 0
    at: float = 0.0

    @property
    def needs_engine(self) -> bool:
        """Some of its checks only a real engine can judge, and have not been judged."""
        return bool(self.result) and any(
            r.check.engine and r.verdict.value == "could not be judged" for r in self.result.results  # type: ignore[union-attr]
        )


@dataclass(frozen=True)
class Score:
    """A lesson as one student did it. seconds: time at work, gaps of more than five minutes left out."""

    lesson: Lesson
    tasks: tuple[TaskScore, ...]
    predictions: tuple[Answer, ...] = ()
    seconds: float = 0.0

    @property
    def earned(self) -> float:
        return round(sum(one.earned for one in self.tasks), 2)

    @property
    def recorded(self) -> float:
        return round(sum(one.recorded for one in self.tasks), 2)

    @property
    def points(self) -> float:
        return sum(one.task.points for one in self.tasks)


@dataclass(frozen=True)
class Work:
    """Somebody's work, run again: the sessions of its journals, a score for each lesson, and what was found.

    engine, release  what it was run again on; release '' when no session could be
    """

    sessions: tuple[Replayed, ...] = ()
    scores: tuple[Score, ...] = ()
    findings: tuple[Finding, ...] = ()
    engine: str = "sim"

    def score(self, lesson: str) -> Score | None:
        return next((s for s in self.scores if s.lesson.name == lesson), None)
