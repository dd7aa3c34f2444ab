"""The lessons that a grader knows. A journal names lessons; it can't bring its own."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from dnetlab.errors import UsageError
from dnetlab.lessons.fault import is_fault
from dnetlab.lessons.read import SHIPPED, find_lesson, read_lesson, shipped
from dnetlab.model import Lesson

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")


def known_lessons(more: Sequence[str] = ()) -> dict[str, Path]:
    """Name -> folder: those that come with dnetlab, those in the folders of DNETLAB_LESSONS, and `more`.

    more: lessons as the grader names them, by folder, number or package. Raises UsageError for one that isn't there.
    """
    folders = [SHIPPED / name for name in shipped()]
    for place in filter(None, os.environ.get("DNETLAB_LESSONS", "").split(os.pathsep)):
        folders += [file.parent.resolve() for file in sorted(Path(place).glob("*/lesson.toml"))]
    folders += [find_lesson(name) for name in more]
    return {folder.name: folder for folder in folders}


def lesson_of(known: dict[str, Path], name: str, student: str) -> Lesson | None:
    """The lesson of that name with that student's numbers; None for a name that the grader doesn't know."""
    if is_fault(name):
        return _fault(name, student)
    folder = known.get(name) if _NAME.fullmatch(name) else None
    return _read(folder, student) if folder else None


@lru_cache(64)
def _fault(name: str, student: str) -> Lesson | None:
    try:
        return read_lesson(name, student)
    except UsageError:
        return None


@lru_cache(64)  # a class has more students than one should keep
def _read(folder: Path, student: str) -> Lesson:
    return read_lesson(str(folder), student)
