"""What a task has earned, for a check cell of nbgrader or a test of Otter: a number that tells its reason.

The work that lies here, journals and notebooks, is run again in a process of its own; nothing of the kernel that asks
is looked at. A task that isn't there, or a grader that fails, raises: nbgrader gives nothing for an error, but all
points for an answer that is no number.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dnetlab.errors import DnetError, UsageError
from dnetlab.grade.child import USUAL, Limits, verify_apart
from dnetlab.grade.submission import MEGABYTES, together
from dnetlab.grade.work import Terms
from dnetlab.lessons.read import find_lesson
from dnetlab.report.data import Data
from dnetlab.report.text import task_text
from dnetlab.views.course import html_of

JOURNALS = ("*.journal", ".dnetlab/*.journal")  # beside a notebook, and where its kernel writes them


class Points(float):
    """Points of a task; text and its HTML say what they are for. As a cell's value it is shown with its reason.

    >>> Points(1.5, "✗ …")
    1.5
    """

    text: str

    def __new__(cls, earned: float, text: str) -> Points:
        made = super().__new__(cls, earned)
        made.text = text
        return made

    __repr__ = float.__repr__

    def _repr_html_(self) -> str:
        return html_of(self.text)


@dataclass(frozen=True)
class Here:
    """Where work lies, and whose it is.

    folder   of journals and notebooks
    notebook  its file name, '' for all that are there
    students  ids that its student may go by, () for anybody's work
    own      only numbers of such an id count; else the page's own, which anybody has, are right as well
    """

    folder: Path = Path()
    notebook: str = ""
    students: tuple[str, ...] = ()
    own: bool = False


def points(lesson: str, task: str) -> Points:
    """What the work in this folder earns in that task. DNETLAB_STUDENT names whose work it should be."""
    student = os.environ.get("DNETLAB_STUDENT")
    return earned(work_in(Here(students=(student,) if student else ()), lesson), task)


def check(lesson: str, task: str, number: int) -> None:
    """For a test of Otter: AssertionError, saying why, where that check of the task (the first is 1) earns nothing."""
    student = os.environ.get("DNETLAB_STUDENT")
    work = work_in(Here(students=(student,) if student else ()), lesson)
    row = _task(work, task)
    checks = row["checks"]
    counts = row["done"] or (row["earned"] and len(checks) >= number and checks[number - 1]["verdict"] == "passed")
    assert counts, "\n" + task_text(row, work["findings"])


def earned(work: Data, task: str) -> Points:
    """The points of a task in what `work_in` gave. UsageError: the lesson has no such task."""
    row = _task(work, task)
    return Points(max(0.0, min(float(row["earned"]), float(row["points"]))), task_text(row, work["findings"]))


def _task(work: Data, task: str) -> Data:
    (lesson,) = work["lessons"]
    row = next((one for one in lesson["tasks"] if one["task"] == task), None)
    if row is None:
        known = ", ".join(one["task"] for one in lesson["tasks"])
        raise UsageError("the lesson has no task {name!r}", hint="Its tasks: {known}.", name=task, known=known)
    return dict(row)


def work_in(here: Here, lesson: str, limits: Limits = USUAL) -> Data:
    """That lesson's work in a folder, run again, as `dnetlab.report.schema` describes it; its one lesson is that one.

    UsageError: a file that can't be read, a lesson that the grader hasn't. DnetError: dnetlab failed over it.
    """
    files = _files(here)
    data = together(files)
    work = _best([_verified(data, lesson, student, limits) for student in _whose(here, files)])
    broken = next((one["text"]["en"] for one in work["findings"] if one["kind"] == "failed"), None)
    if broken:
        raise DnetError("dnetlab itself failed over this work: {error}", error=broken)
    return work


def _whose(here: Here, files: dict[str, bytes]) -> tuple[str | None, ...]:
    """The ids that the work may be of: those that it names, the first where it names none; and nobody's."""
    if not here.students:
        return (None,)
    named = tuple(one for one in here.students if any(_names(data, one) for data in files.values()))
    ids = named or here.students[:1]
    return ids if here.own else (*ids, "")


def _names(data: bytes, student: str) -> bool:
    """A journal's row, or a notebook's `%dnet student ID`."""
    return json.dumps(student).encode() in data or f"student {student}".encode() in data


def _best(tried: list[Data]) -> Data:
    """The first of those that earned most."""
    return max(tried, key=lambda work: float(work["earned"]))


@lru_cache(8)  # a notebook's check cells ask one after the other
def _verified(data: bytes, lesson: str, student: str | None, limits: Limits) -> Data:
    folder = find_lesson(lesson)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "work.json")
        file.write_bytes(data)
        work = verify_apart(file, Terms(student, (str(folder),), folder.name), limits)
    return work if work["lessons"] else work | {"lessons": [_untouched(lesson)]}


def _untouched(lesson: str) -> Data:
    """A lesson in which nobody did anything."""
    from dnetlab.lessons.read import read_lesson
    from dnetlab.model.grade import Score, TaskScore, Work
    from dnetlab.report.data import work_data

    found = read_lesson(lesson)
    score = Score(found, tuple(TaskScore(task, 0.0, False) for task in found.tasks))
    return dict(work_data(Work(scores=(score,)), (), 0.0, True)["lessons"][0])


def _files(here: Here) -> dict[str, bytes]:
    """Journals and notebooks of a folder by name, in order; what leads out of it is not followed."""
    patterns = (*JOURNALS, here.notebook or "*.ipynb")
    found = {file for pattern in patterns for file in here.folder.glob(pattern) if file.is_file()}
    inside = here.folder.resolve()
    return {
        str(file.relative_to(here.folder)): _read(file)
        for file in sorted(found) if file.resolve().is_relative_to(inside)
    }  # fmt: skip


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MEGABYTES * 1_000_000)
    except OSError as error:
        raise UsageError("{file} can't be read: {error}", file=file, error=error.strerror) from None
