"""Tables to values: what stands in a lesson.toml, its numbers filled in, held against the schema and made a Lesson."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dnetlab.errors import UsageError
from dnetlab.language import Words, near_or
from dnetlab.lessons.schema import schema
from dnetlab.model import Check, Lesson, Task, Topology
from dnetlab.model.lesson import Choice, Prediction, Text, Wrong
from dnetlab.model.releases import RELEASES

_COMMON = ("kind", "weight", "not", "engine")


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
            hint=near_or(_near(error), Words("docs/lessons.md says what a lesson holds.")),
            file=file,
            place=place,
            error=error.message,
        )


def _near(error: Any) -> list[str]:
    """What a mistyped field or choice may have been."""
    if error.validator == "enum":
        return difflib.get_close_matches(str(error.instance), map(str, error.validator_value), 1, 0.5)
    known = error.schema.get("properties", {}) if error.validator == "additionalProperties" else {}
    typed = [name for name in error.instance if name not in known] if known else []
    return [near for name in typed for near in difflib.get_close_matches(name, known, 1, 0.5)]


def lesson_of(
    data: Mapping[str, Any], name: str, folder: Path, student: str, numbers: Mapping[str, str | int],
    shape: Topology | None = None, scripts: Mapping[str, str] | None = None, is_broken: bool = False,
) -> Lesson:  # fmt: skip
    """The lesson of a table that `hold` has found right. Raises UsageError when its parts don't hang together."""
    lesson = Lesson(
        name, _text(data["title"]), tuple(map(_text, data["goals"])), folder, data.get("minutes", 30),
        tuple(data.get("releases", RELEASES)), data.get("docker", ""), student, numbers,
        tuple(map(_prediction, data.get("predictions", ()))), tuple(map(_task, data.get("tasks", ()))), shape,
        scripts or {}, is_broken,
    )  # fmt: skip
    _hangs_together(lesson)
    return lesson


def _text(data: Mapping[str, str]) -> Text:
    return Text(data["en"].strip(), data["zh"].strip())


def _prediction(data: Mapping[str, Any]) -> Prediction:
    choices = tuple(
        Choice(c["id"], _text(c["text"]), _text(c["because"]) if "because" in c else None)
        for c in data.get("choices", ())
    )
    right = tuple(str(answer) for answer in data["right"])
    return Prediction(
        data["id"], _text(data["question"]), right, _text(data["explain"]), choices, data.get("answer", False),
        tuple(tuple(group) for group in data.get("named", ())),
    )  # fmt: skip


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
