"""Read a lesson: find its folder, fill in the student's numbers, hold it against the schema, make a Lesson of it.

A lesson called `fault-…` lies in no folder: `fault` makes it up.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tomllib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.lessons import fault
from dnetlab.lessons.numbers import draw, fill
from dnetlab.lessons.values import hold, lesson_of
from dnetlab.model import Lesson, read_topology

STARTS = ("before.dnet", "break.dnet", "start.dnet")  # scripts that make the lab of the tasks, in this order
SHIPPED = Path(__file__).resolve().parent


def shipped() -> list[str]:
    """The names of the lessons that come with the package, in the course's order."""
    return sorted(path.parent.name for path in SHIPPED.glob("[0-9]*/lesson.toml"))


def find_lesson(name: str) -> Path:
    """The folder of a lesson: by number ('4'), a part of its name, its folder's path, or a package that is one.

    A folder is looked for here, in the two folders above (a notebook of it may lie in zh/ of a working folder beside
    it), and in those that DNETLAB_LESSONS names.

    Raises UsageError, with the names there are.
    """
    elsewhere = os.environ.get("DNETLAB_LESSONS", "")  # folders of lessons, for those that have more of them
    here = Path.cwd()
    for place in (here, *here.parents[:2], *(Path(folder) for folder in elsewhere.split(os.pathsep) if folder)):
        if (place / name / "lesson.toml").is_file():
            return (place / name).resolve()
    names = shipped()
    number = name.zfill(2) + "-" if name.isdecimal() else None
    for known in names:
        if known == name or (number and known.startswith(number)) or (not number and name in known):
            return SHIPPED / known
    return _package(name) or _nowhere(name, names)


def _package(name: str) -> Path | None:
    """The folder of an importable package that holds a lesson.toml; nothing of a plain package is executed."""
    with contextlib.suppress(ImportError, ValueError, AttributeError):
        spec = find_spec(name)
        for place in (spec and spec.submodule_search_locations) or ():
            if (Path(place) / "lesson.toml").is_file():
                return Path(place)
    return None


def called(lesson: Lesson) -> str:
    """How a notebook names it: its folder, or the whole name of a package that others can import as well."""
    names = [lesson.folder.name]
    for place in lesson.folder.parents:
        if place == SHIPPED or not (place / "__init__.py").is_file():
            break
        names.insert(0, place.name)
    name = ".".join(names)
    return name if len(names) > 1 and _package(name) == lesson.folder else lesson.name


def _nowhere(name: str, names: Iterable[str]) -> Path:
    raise UsageError(
        "there is no lesson {name!r}",
        hint="The lessons are: {lessons}; or name a folder with a lesson.toml in it.",
        name=name,
        lessons=", ".join(names),
    )


def read_lesson(name: str, student: str = "") -> Lesson:
    """The lesson with that student's numbers. Raises UsageError that says which field of which file is wrong."""
    if fault.is_fault(name):
        return fault.read_fault(name, student)
    folder = find_lesson(name)
    file = folder / "lesson.toml"
    try:
        text = file.read_text(encoding="utf-8")
        data = _parsed(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError("{file}: {error}", file=file, error=error) from None
    numbers = _draw(data, student, folder.name)
    filled = {"numbers": data.get("numbers", {}), **fill({k: v for k, v in data.items() if k != "numbers"}, numbers)}
    fitting = (hashlib.sha256(text.encode()).digest(), *map(type, numbers.values()))
    if fitting not in _fitting:  # another student's numbers of the same types fit the schema, too
        hold(filled, str(file))
        _fitting.add(fitting)
    file = folder / "lab.toml"
    shape = read_topology(file) if file.is_file() else None
    return lesson_of(filled, folder.name, folder, student, numbers, shape, is_broken=(folder / "break.dnet").is_file())


_fitting: set[tuple[object, ...]] = set()


@lru_cache(32)
def _parsed(text: str) -> Mapping[str, Any]:
    return tomllib.loads(text)


def _draw(data: Mapping[str, Any], student: str, name: str) -> dict[str, str | int]:
    try:
        return draw(data.get("numbers", {}), student, name)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise UsageError("[numbers] of lesson {name}: {error}", name=name, error=error) from None


def edition(lesson: Lesson) -> str:
    """Twelve hex digits that tell the text of its lesson.toml (of its scripts, where it has none) from others."""
    if lesson.scripts:
        return hashlib.sha256("\0".join(lesson.scripts.values()).encode()).hexdigest()[:12]
    return hashlib.sha256((lesson.folder / "lesson.toml").read_bytes()).hexdigest()[:12]


def script(lesson: Lesson, name: str) -> str:
    """A .dnet file of the lesson with its numbers filled in; '' when there is none of that name."""
    if lesson.scripts:
        return lesson.scripts.get(name, "")
    path = lesson.folder / name
    return str(fill(path.read_text(encoding="utf-8"), lesson.numbers)) if path.is_file() else ""


def solutions(lesson: Lesson) -> list[str]:
    names = list(lesson.scripts) or [path.name for path in lesson.folder.glob("solution*.dnet")]
    return sorted(name for name in names if name.startswith("solution"))


def wrong_answers(lesson: Lesson) -> list[str]:
    names = list(lesson.scripts) or [f"wrong/{path.name}" for path in lesson.folder.glob("wrong/*.dnet")]
    return sorted(name for name in names if name.startswith("wrong/"))
