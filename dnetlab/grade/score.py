"""What sessions that ran again are worth: a score for each lesson, task by task, the best of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from dnetlab import study
from dnetlab.grade.known import lesson_of
from dnetlab.model import Lesson, Task, Verdict
from dnetlab.model.grade import Replayed, Score, TaskScore
from dnetlab.model.journal import Attend, Event, Hinted, Judged
from dnetlab.model.study import Answer

MOST = 1e6  # points that a journal may claim for a task; what is more is no number of points
PAUSE = 300.0  # seconds without an event that are a break


def scores(sessions: Sequence[Replayed], known: dict[str, Path], student: str | None = None) -> tuple[Score, ...]:
    """One for each lesson that was attended, in the order of first sight.

    student None: whoever attended it last.
    """
    attended: dict[str, str] = {}
    for one in sessions:
        for event in one.session.events:
            if isinstance(event, Attend) and (student is None or event.student == student):
                attended.setdefault(event.lesson, "")
                attended[event.lesson] = event.student
    lessons = (lesson_of(known, name, who) for name, who in attended.items())
    return tuple(_score(lesson, sessions) for lesson in lessons if lesson is not None)


def _score(lesson: Lesson, sessions: Sequence[Replayed]) -> Score:
    found = [study.own(lesson, one.events) for one in sessions]
    recorded = [study.own(lesson, one.session.events) for one in sessions]
    events = [event for those in found for event in those]
    tasks = tuple(_task(lesson, task, sessions, found, recorded) for task in lesson.tasks)
    return Score(lesson, tasks, _answers(lesson, events), sum(map(_seconds, recorded)))


def _task(
    lesson: Lesson, task: Task, sessions: Sequence[Replayed], found: list[list[Event]], recorded: list[list[Event]]
) -> TaskScore:
    events = [e for those in found for e in those if _is_of(e, lesson, task)]
    judged = [e for e in events if isinstance(e, Judged)]
    claimed = [e.earned for those in recorded for e in those if isinstance(e, Judged) and _is_of(e, lesson, task)]
    claimed = [points for points in claimed if 0 <= points < MOST]
    passed = [e.at for e in judged if e.verdict == Verdict.PASSED.value]
    results = [one.results.get((lesson.name, lesson.student), {}).get(task.id) for one in sessions]
    best = max((r for r in results if r is not None), key=lambda r: (r.earned, not r.waits), default=None)
    return TaskScore(
        task, max((e.earned for e in judged), default=0.0), bool(passed), best, max(claimed, default=0.0),
        sum(e.asked for e in judged), sum(isinstance(e, Hinted) for e in events), min(passed, default=0.0),
    )  # fmt: skip


def _is_of(event: Event, lesson: Lesson, task: Task) -> bool:
    return isinstance(event, Judged | Hinted) and event.lesson == lesson.name and event.task == task.id


def _answers(lesson: Lesson, events: list[Event]) -> tuple[Answer, ...]:
    return tuple(study.given(lesson, question, events) for question in lesson.predictions)


def _seconds(events: Sequence[Event]) -> float:
    times = [event.at for event in events if event.at]
    return sum(gap for a, b in pairwise(times) if 0 < (gap := b - a) <= PAUSE)
