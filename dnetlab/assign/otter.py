"""A lesson's tasks as tests of Otter-Grader, one file each, and the notebook that they judge.

Each check of a task is a test case worth its share of the task's points, so partial credit is exact. Otter runs a
student's notebook in a kernel, Python and all; what a test looks at is the work that lies beside it, run again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from dnetlab.errors import UsageError
from dnetlab.model import Lesson, Task

_HEAD = """\
OK_FORMAT = False

from otter.test_files import test_case

from dnetlab.assign.points import check

name = {name}
points = {points!r}
"""
_CASE = """

@test_case(points={points!r}, name={title})
def check_{number}():
    check({lesson}, {task}, {number})
"""


def otter_tests(lesson: Lesson) -> dict[str, str]:
    """File name -> text, one for each task. UsageError: a lesson without tasks has nothing to grade."""
    if not lesson.tasks:
        raise UsageError("lesson {name} has no tasks, so there is nothing to grade", name=lesson.name)
    return {f"{_name(number, task)}.py": _test(lesson, number, task) for number, task in enumerate(lesson.tasks, 1)}


def _name(number: int, task: Task) -> str:
    """Otter sorts tests by name; its names are those of Python."""
    return f"q{number}_{task.id.replace('-', '_')}"


def _test(lesson: Lesson, number: int, task: Task) -> str:
    head = _HEAD.format(name=json.dumps(_name(number, task)), points=task.points)
    return head + "".join(_cases(lesson, task))


def _cases(lesson: Lesson, task: Task) -> Iterator[str]:
    total = sum(check.weight for check in task.checks)
    for number, check in enumerate(task.checks, 1):
        if check.weight or not total:
            share = task.points * check.weight / total if total else task.points / len(task.checks)
            yield _CASE.format(points=share, title=json.dumps(f"{task.id} {number}"), number=number,
                               lesson=json.dumps(lesson.name), task=json.dumps(task.id))  # fmt: skip
