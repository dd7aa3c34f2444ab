"""One hand-in, judged: its files read, its journals run again, and what a gradebook keeps of it. Runs in a child."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dnetlab.grade.known import known_lessons
from dnetlab.grade.submission import Submission, submission
from dnetlab.grade.verify import verify_submission
from dnetlab.grade.work import Terms
from dnetlab.gradebook.handed_in import Part
from dnetlab.gradebook.reading import read
from dnetlab.gradebook.rows import Row, python_in, row_of, trace_of, typed_in
from dnetlab.journal import parse_journal
from dnetlab.lessons.fault import is_fault
from dnetlab.lessons.read import find_lesson
from dnetlab.model import Journal, Lesson, TaskResult
from dnetlab.model.grade import Finding, FindingKind
from dnetlab.model.journal import Attend, Judged
from dnetlab.report.data import Data, finding_data

Tell = Callable[[dict[str, Any]], None]


def terms_of(job: dict[str, Any], student: str | None = None, tell: Tell | None = None) -> Terms:
    """How a job's work is to be run again. tell: where each judgement is written to."""
    more = tuple(job["lessons"])
    known = known_lessons(more)
    named = job["lesson"]
    only = named if not named or is_fault(named) or named in known else find_lesson(named).name
    if tell is None:
        return Terms(student, more, only, known=known)

    def heard(lesson: Lesson, result: TaskResult) -> None:
        tell({"judged": [lesson.name, lesson.student, result.task.id, result.earned, result.passed]})

    def noted(lesson: Lesson, event: Judged) -> None:
        tell({"judged": [lesson.name, lesson.student, event.task, event.earned, event.verdict == "passed"]})

    return Terms(student, more, only, heard=heard, noted=noted, known=known)


def judge(job: dict[str, Any], tell: Tell) -> Row:
    """The row of one hand-in; each judgement is told on the way, so that work that is stopped keeps it."""
    found = read([Part(**part) for part in job["parts"]])
    findings = [Finding(FindingKind(kind), fields={"file": file[:200]}) for kind, file in job["left_out"]]
    findings += found.findings
    terms = terms_of(job, tell=tell)
    chosen = _chosen([submission(data) for _, data in found.files])
    notebooks = [cells for one in chosen for cells in one.notebooks]
    sessions = [s for one in chosen for data in one.journals for s in parse_journal(data).sessions]
    terms = replace(terms, student=_whose(job["students"], sessions))
    findings += [Finding(FindingKind.PYTHON, fields={"number": number})] if (number := python_in(notebooks)) else []
    works = [verify_submission(one, terms, 0.0) for one in chosen or [Submission(())]]
    trace = trace_of(sessions, terms) if sessions else typed_in(notebooks)
    return row_of(_together(works), terms, [finding_data(one) for one in findings], trace)


def _chosen(taken: Sequence[Submission]) -> list[Submission]:
    """What is judged: journals and notebooks as one; where there are none, reports, each with the journals in it."""
    notebooks = tuple(cells for one in taken for cells in one.notebooks)
    files = [one.journals[0] for one in taken if one.claim is None and one.journals]
    journals = tuple(dict.fromkeys(data for data in files if _is_journal(data)))
    reports = [one for one in taken if one.claim is not None]
    if journals or (notebooks and not reports):
        return [Submission(journals, notebooks=notebooks)]
    return reports


def _is_journal(data: bytes) -> bool:
    """Some bytes of a journal, however damaged."""
    return b'{"session":"' in data[:100_000]


def _whose(students: Sequence[str], sessions: Sequence[Journal]) -> str | None:
    """The id, of those that it may be, that the work was done with; the likeliest when it was with none of them."""
    attended = {event.student for one in sessions for event in one.events if isinstance(event, Attend)}
    fitting = [student for student in students if student in attended]
    return next(iter([*fitting, *students]), None)


def _together(works: Sequence[Data]) -> Data:
    """Several reports of one hand-in as one work: of each lesson the one that earned most."""
    first = works[0]
    for work in works[1:]:
        lessons = {one["lesson"]: one for one in first["lessons"]}
        for one in work["lessons"]:
            before = lessons.get(one["lesson"])
            if before is None or one["earned"] > before["earned"]:
                lessons[one["lesson"]] = one
        sums = {name: [*first[name], *work[name]] for name in ("findings", "sessions", "journals")}
        first = {**first, "lessons": list(lessons.values()), **sums}
    return first
