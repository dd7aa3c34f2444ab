"""Run a journal's sessions again in clean labs, event by event, and hold what comes out against what was recorded.

The commands run through the same road as a student's own; judgements and answers are made anew. What a journal says of
itself (a score, a right answer) is only compared, never believed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from dnetlab.errors import DnetError, NotHere
from dnetlab.grade.known import lesson_of
from dnetlab.journal import output_digest
from dnetlab.lab import Lab
from dnetlab.lessons.fault import is_fault
from dnetlab.lessons.read import edition
from dnetlab.model import Entry, Journal, Lesson, TaskResult, Topology
from dnetlab.model.grade import Finding, FindingKind, Replayed
from dnetlab.model.journal import (
    Attend,
    Baseline,
    Checkpoint,
    CourseEvent,
    Event,
    Goto,
    Hinted,
    Judged,
    Looked,
    Predicted,
    Reset,
    Resume,
    Undo,
    fold,
)
from dnetlab.model.study import TooSoon
from dnetlab.version import __version__

BACKWARDS = 120.0  # seconds that a clock may be set back while somebody works
_MARKS = {"passed": "✓", "failed": "✗", "could not be judged": "?"}
LONGEST = 200  # characters of a command, a name, that a finding repeats
ENOUGH = 50  # findings of a session; more of them say nothing new
Heard = Callable[[Lesson, TaskResult], None]


class Clock:
    """Tells the time that was recorded."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Replay:
    """One session on its way through a clean lab.

    known    lessons that the grader knows, by name
    earlier  sessions that ran again before, by name: one may go on from them
    usual    the lab of lessons that have none of their own
    student  whose work it should be, None when anybody's
    heard    called for each judgement, so that somebody who runs out of time keeps what was earned
    look     called for each look that was recorded, with the lab as it is then; what it returns is kept
    """

    def __init__(
        self, lab: Lab, session: Journal, clock: Clock, known: dict[str, Path],
        earlier: dict[str, Replayed], usual: Topology, student: str | None = None, heard: Heard | None = None,
        look: Callable[[Lab, Looked], Any] | None = None,
    ) -> None:  # fmt: skip
        self.lab, self.session, self.known, self.earlier = lab, session, known, earlier
        self.student, self.heard, self.look, self.clock = student, heard, look, clock
        self.usual = usual
        self.findings: list[Finding] = []
        self.results: dict[tuple[str, str], dict[str, TaskResult]] = {}
        self.outputs: list[Any] = []
        self.past: tuple[Event, ...] = ()
        self.walked: list[Event] = []
        self.same_engine = session.engine == lab.engine.name
        self.same_version = session.version == __version__
        self.differing = 0  # commands and judgements that another engine answered otherwise

    def run(self) -> Replayed:
        """All events, then what the lab earns at the end."""
        last = 0.0
        for event in self.session.events:
            self.walked.append(event)
            self.clock.now = event.at
            self.outputs.append(self._event(event))
            if event.at and event.at < last - BACKWARDS:
                self._find(FindingKind.CLOCK, seconds=int(last - event.at))
            last = max(last, event.at)
        self._at_the_end()
        if not self.same_version:
            self._find(FindingKind.OTHER_VERSION, version=self.session.version, here=__version__)
        if not self.same_engine:
            self._find(FindingKind.OTHER_ENGINE, engine=self.session.engine, number=self.differing)
        return Replayed(self.session, tuple(self.lab.events), self.past, tuple(self.findings), self.results,
                        tuple(self.outputs), self.lab.snapshot())  # fmt: skip

    def _find(self, kind: FindingKind, **fields: Any) -> None:
        short = {name: value[:LONGEST] if isinstance(value, str) else value for name, value in fields.items()}
        finding = Finding(kind, self.session.session, short)
        if len(self.findings) < ENOUGH and finding not in self.findings:
            self.findings.append(finding)

    def _event(self, event: Event) -> Any:
        if isinstance(event, Entry):
            return self._entry(event)
        if isinstance(event, Looked):
            return self.look(self.lab, event) if self.look else None
        if isinstance(event, Attend):
            return self._attend(event)
        if isinstance(event, Resume):
            return self._resume(event)
        if isinstance(event, CourseEvent):
            return self._course(event)
        return self._travel(event)

    # -- commands ---------------------------------------------------------------------------------------------------

    def _entry(self, entry: Entry) -> Any:
        line = entry.line
        if line.host not in self.lab.shape.names:
            return self._find(FindingKind.NOT_POSSIBLE, what=line.text, cell=entry.cell)
        output = self.lab.run_again(entry)
        refused = output.refused is not None
        if (entry.exit_code, entry.refused) != (output.exit_code, refused):
            kind = FindingKind.OUTCOME if entry.refused == refused else FindingKind.REFUSED
            if self.same_engine:
                self._find(kind, what=line.text, cell=entry.cell, recorded=entry.exit_code, found=output.exit_code)
            self.differing += not self.same_engine
        elif entry.output and self._is_comparable() and entry.output != output_digest(output):
            self._find(FindingKind.OUTPUT, what=line.text, cell=entry.cell)
        return output

    def _is_comparable(self) -> bool:
        """What a line prints is the same again on the simulator of the same version only."""
        return self.same_engine and self.same_version and self.session.engine == "sim"

    def _travel(self, event: Event) -> None:
        """Back in time, or to a fresh lab. What can't go back runs all again that was not taken back."""
        try:
            if isinstance(event, Undo):
                if len(self.lab.undo(event.commands)) != event.commands:
                    self._find(FindingKind.NOT_POSSIBLE, what=f"%dnet undo {event.commands}", cell=self.lab.cells)
            elif isinstance(event, Checkpoint):
                self.lab.checkpoint(event.name)
            elif isinstance(event, Goto):
                self.lab.goto(event.name)
            elif isinstance(event, Reset):
                self.lab.reset()
        except NotHere:
            if not isinstance(event, Checkpoint):
                self.lab.reset()
                for entry in fold(self.walked):
                    self.lab.run_again(entry)
        except DnetError:
            self._find(FindingKind.NOT_POSSIBLE, what=f"%dnet goto {getattr(event, 'name', '')}", cell=self.lab.cells)

    # -- the course -------------------------------------------------------------------------------------------------

    def _attend(self, event: Attend) -> None:
        if self.student is not None and event.student != self.student:
            self._find(FindingKind.OTHER_STUDENT, student=event.student, expected=self.student)
        lesson = lesson_of(self.known, event.lesson, event.student)
        if lesson is None:
            return self._find(FindingKind.UNKNOWN_LESSON, lesson=event.lesson)
        if self.lab.shape != (lesson.shape or self.usual):
            return self._find(FindingKind.OTHER_LAB)
        if event.edition != edition(lesson):
            self._find(FindingKind.OTHER_EDITION, lesson=event.lesson)
        self.lab.attend(lesson, event.started)
        return None

    def _resume(self, event: Resume) -> None:
        before = self.earlier.get(event.session)
        if before is None:
            return self._find(FindingKind.GOES_ON_FROM_NOTHING, before=event.session)
        self.past = tuple(e for e in (*before.past, *before.events) if isinstance(e, CourseEvent))
        self.lab.remember(self.past)
        return None

    def _course(self, event: CourseEvent) -> None:
        lesson = self.lab.lesson
        if lesson is None or lesson.name != event.lesson:
            if event.lesson in self.known or is_fault(event.lesson):
                self._find(FindingKind.OTHER_LESSON, lesson=event.lesson)
        elif isinstance(event, Judged):
            self._judged(event, lesson)
        elif isinstance(event, Predicted):
            self._predicted(event)
        elif isinstance(event, Baseline) and not self.lab.note_baseline():
            self._find(FindingKind.NOT_POSSIBLE, what="%dnet start", cell=self.lab.cells)
        elif isinstance(event, Hinted):
            self.lab.events.append(event)

    def _judged(self, event: Judged, lesson: Lesson) -> None:
        task = lesson.task(event.task)
        if task is None:
            return self._find(FindingKind.NOT_POSSIBLE, what=event.task, cell=self.lab.cells)
        if not self.lab.begun:
            if event.earned:
                self._find(FindingKind.NOT_BEGUN, task=task.id)
            return None
        result = self.lab.judge_again(task, event.asked)
        self._keep(lesson, result)
        recorded = _judgement(event.verdict, event.earned, event.points)
        found = _judgement(result.verdict.value, result.earned, task.points)
        if recorded != found and self.same_engine:
            self._find(FindingKind.JUDGED, task=task.id, recorded=recorded, found=found)
        self.differing += recorded != found and not self.same_engine
        return None

    def _keep(self, lesson: Lesson, result: TaskResult) -> None:
        best = self.results.setdefault((lesson.name, lesson.student), {})
        if result.task.id not in best or result.earned >= best[result.task.id].earned:
            best[result.task.id] = result
        if self.heard and not result.waits:
            self.heard(lesson, result)

    def _predicted(self, event: Predicted) -> None:
        try:
            found = self.lab.predict(event.question, event.answer)
        except DnetError:
            return self._find(FindingKind.NOT_POSSIBLE, what=event.question, cell=self.lab.cells)
        if isinstance(found, TooSoon):
            return self._find(FindingKind.GUESSED, question=event.question)
        if not found.fresh or found.right != event.right:
            self._find(FindingKind.ANSWER, question=event.question)
        return None

    def _at_the_end(self) -> None:
        """Tasks that aren't done are judged once more: what the lab shows counts, asked for or not."""
        lesson = self.lab.lesson
        if lesson is None or not self.lab.begun:
            return
        for state in self.lab.tasks().tasks:
            if not state.done:
                self._keep(lesson, self.lab.judge_again(state.task, asked=False))


def _judgement(verdict: str, earned: float, points: float) -> str:
    """'✓ 1/2', the same in every language."""
    return f"{_MARKS.get(verdict, '-')} {earned:g}/{points:g}"
