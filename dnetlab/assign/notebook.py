"""A lesson's notebook as nbgrader takes it for its source: after each task a locked cell that judges it.

Cells have nbgrader's metadata, schema version 3. What a student fills in has none, so nothing of it is ever replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.lessons.build import Cell, cells_of, stored
from dnetlab.model import Lesson, Task

_CHECK = (
    "# Judges task `{task}`: {points:g} points. Runs what you typed again, in a lab of its own.\n"
    "from dnetlab.assign.points import points\n\n"
    'points("{lesson}", "{task}")'
)
_IS_CHECK = re.compile(r'(?:# [^\n]*\n)+from dnetlab\.assign\.points import points\n\n'
                       r'points\("(?P<lesson>[a-z0-9-]+)", "(?P<task>[a-z0-9-]+)"\)')  # fmt: skip


def source_notebook(lesson: Lesson, language: str) -> str:
    """The notebook's file. UsageError: a lesson without tasks has nothing to grade."""
    if not lesson.tasks:
        raise UsageError("lesson {name} has no tasks, so there is nothing to grade", name=lesson.name)
    return stored(lesson, language, _cells(lesson, language))


def checked_by(source: str) -> tuple[str, str] | None:
    """(lesson, task) of a check cell's text; None for any other text, were it longer by a space."""
    found = _IS_CHECK.fullmatch(source)
    return (found["lesson"], found["task"]) if found else None


def _cells(lesson: Lesson, language: str) -> Iterator[Cell]:
    for cell in cells_of(lesson, language):
        if cell.role in ("open", "start", "task"):
            name = f"task-{cell.task.id}" if cell.task else cell.role
            yield replace(cell, id=name, metadata=_locked(name, cell.kind))
        else:
            yield cell
        if cell.role == "work" and cell.task:
            yield _check(lesson, cell.task)


def _check(lesson: Lesson, task: Task) -> Cell:
    text = _CHECK.format(task=task.id, lesson=lesson.name, points=task.points)
    name = f"check-{task.id}"
    return Cell("code", text, "check", task, name, _locked(name, "code", task.points))


def _locked(name: str, kind: str, points: float | None = None) -> dict[str, Any]:
    """Metadata of a cell that nobody edits; with points it is graded."""
    own = {
        "schema_version": 3, "grade_id": name, "locked": True, "solution": False, "task": False,
        "grade": points is not None, "cell_type": kind,
    }  # fmt: skip
    return {"deletable": False, "editable": False, "nbgrader": own | ({} if points is None else {"points": points})}
