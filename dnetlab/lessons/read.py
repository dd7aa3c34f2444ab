"""Read a lesson: find its folder, fill in the student's numbers, hold it against the schema, make a Lesson of it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tomllib
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.lessons.numbers import draw, fill
from dnetlab.lessons.schema import schema
from dnetlab.model import Check, Lesson, Task, Topology, read_topology
from dnetlab.model.lesson import Choice, Prediction, Text, Wrong
from dnetlab.model.releases import RELEASES

SHIPPED = Path(__file__).resolve().parent
_COMMON = ("kind", "weight", "not", "engine")


def shipped() -> list[str]:
    """The names of the lessons that come with the package, in the course's order."""
    return sorted(path.parent.name for path in SHIPPED.glob("[0-9]*/lesson.toml"))


def find_lesson(name: str) -> Path:
    """The folder of a lesson: by number ('4'), a part of its name, its folder's path, or a package that is one.

    A folder is looked for here, and in those that DNETLAB_LESSONS names.

    Raises UsageError, with the names there are.
    """
    elsewhere = os.environ.get("DNETLAB_LESSONS", "")  # folders of lessons, for those that have more of them
    for place in (Path(), *(Path(folder) for folder in elsewhere.split(os.pathsep) if folder)):
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


def _nowhere(name: str, names: Iterable[str]) -> Path:
    raise UsageError(
        "there is no lesson {name!r}",
        hint="The lessons are: {lessons}; or name a folder with a lesson.toml in it.",
        name=name,
        lessons=", ".join(names),
    )


def read_lesson(name: str, student: str = "") -> Lesson:
    """The lesson with that student's numbers. Raises UsageError that says which field of which file is wrong."""
    folder = find_lesson(name)
    file = folder / "lesson.toml"
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError("{file}: {error}", file=file, error=error) from None
    numbers = _draw(data, student, folder.name)
    filled = {"numbers": data.get("numbers", {}), **fill({k: v for k, v in data.items() if k != "numbers"}, numbers)}
    hold(filled, str(file))
    return _lesson(filled, folder, student, numbers)


def _draw(data: Mapping[str, Any], student: str, name: str) -> dict[str, str | int]:
    try:
        return draw(data.get("numbers", {}), student, name)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise UsageError("[numbers] of lesson {name}: {error}", name=name, error=error) from None


def hold(data: Mapping[str, Any], file: str) -> None:
    """Against the schema: UsageError for what doesn't fit best. Silent where jsonschema is missing."""
    try:
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import best_match
    except ImportError:  # a browser may have none
        return
    error = best_match(Draft202012Validator(schema()).iter_errors(data))
    if error is not None:
        place = ".".join(str(part) for part in error.absolute_path) or "lesson.toml"
        raise UsageError(
            "{file}: {place}: {error}",
            hint="docs/lessons.md says what a lesson holds.",
            file=file,
            place=place,
            error=error.message,
        )


def edition(lesson: Lesson) -> str:
    """Twelve hex digits that tell the text of its lesson.toml from others."""
    return hashlib.sha256((lesson.folder / "lesson.toml").read_bytes()).hexdigest()[:12]


def script(lesson: Lesson, name: str) -> str:
    """A .dnet file of the lesson with its numbers filled in; '' when there is none of that name."""
    path = lesson.folder / name
    return str(fill(path.read_text(encoding="utf-8"), lesson.numbers)) if path.is_file() else ""


def solutions(lesson: Lesson) -> list[str]:
    return sorted(path.name for path in lesson.folder.glob("solution*.dnet"))


def wrong_answers(lesson: Lesson) -> list[str]:
    return sorted(f"wrong/{path.name}" for path in lesson.folder.glob("wrong/*.dnet"))


# -- tables to values -------------------------------------------------------------------------------------------------


def _lesson(data: Mapping[str, Any], folder: Path, student: str, numbers: Mapping[str, str | int]) -> Lesson:
    lesson = Lesson(
        folder.name, _text(data["title"]), tuple(map(_text, data["goals"])), folder, data.get("minutes", 30),
        tuple(data.get("releases", RELEASES)), data.get("docker", ""), student, numbers,
        tuple(map(_prediction, data.get("predictions", ()))), tuple(map(_task, data.get("tasks", ()))), _shape(folder),
    )  # fmt: skip
    _hangs_together(lesson)
    return lesson


def _shape(folder: Path) -> Topology | None:
    file = folder / "lab.toml"
    return read_topology(file) if file.is_file() else None


def _text(data: Mapping[str, str]) -> Text:
    return Text(data["en"].strip(), data["zh"].strip())


def _prediction(data: Mapping[str, Any]) -> Prediction:
    choices = tuple(
        Choice(c["id"], _text(c["text"]), _text(c["because"]) if "because" in c else None)
        for c in data.get("choices", ())
    )
    right = tuple(str(answer) for answer in data["right"])
    return Prediction(
        data["id"], _text(data["question"]), right, _text(data["explain"]), choices, data.get("answer", False)
    )


def _task(data: Mapping[str, Any]) -> Task:
    return Task(
        data["id"], _text(data["title"]), _text(data["text"]), tuple(map(_check, data["checks"])),
        float(data.get("points", 1)), tuple(data.get("needs", ())), tuple(map(_text, data["hints"])),
        tuple(Wrong(w["id"], tuple(map(_check, w["when"])), _text(w["hint"])) for w in data.get("wrong", ())),
    )  # fmt: skip


def _check(data: Mapping[str, Any]) -> Check:
    fields = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k not in _COMMON}
    return Check(data["kind"], fields, float(data.get("weight", 1)), data.get("not", False), data.get("engine", ""))


def _hangs_together(lesson: Lesson) -> None:
    """What a schema can't say: ids are given once, and those that are named are there."""
    for what, ids in (("task", [t.id for t in lesson.tasks]), ("prediction", [p.id for p in lesson.predictions])):
        if twice := next((i for i in ids if ids.count(i) > 1), None):
            raise UsageError("lesson {name} has two of {what} {twice!r}", name=lesson.name, what=what, twice=twice)
    for task in lesson.tasks:
        _task_hangs_together(lesson, task)
    for one in lesson.predictions:
        if one.choices and not set(one.right) <= {c.id for c in one.choices}:
            raise UsageError(
                "prediction {id!r} of lesson {name}: its right answer is none of its choices",
                id=one.id,
                name=lesson.name,
            )


def _task_hangs_together(lesson: Lesson, task: Task) -> None:
    before = [t.id for t in lesson.tasks[: lesson.tasks.index(task)]]
    if missing := [name for name in task.needs if name not in before]:
        raise UsageError(
            "task {id!r} of lesson {name} needs {missing!r}, which is no task before it",
            id=task.id,
            name=lesson.name,
            missing=missing[0],
        )
    if not any(check.weight for check in task.checks):
        raise UsageError(
            "task {id!r} of lesson {name} has no check with a weight above 0", id=task.id, name=lesson.name
        )
    questions = {p.id for p in lesson.predictions if p.is_answer}
    for check in task.checks:
        if check.kind == "answer" and check.fields["question"] not in questions:
            raise UsageError("task {id!r} of lesson {name}: no prediction with `answer = true` is called "
                             "{field!r}", id=task.id, name=lesson.name, field=check.fields['question'])  # fmt: skip
