"""How far somebody has come in a lesson, and what the lab answers to a check, a hint, a prediction."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model.check import TaskResult
from dnetlab.model.lesson import Lesson, Prediction, Task, Text, Wrong


@dataclass(frozen=True)
class TaskState:
    """A task and how it stands. earned: the most it was ever judged to earn; waits: tasks that come first."""

    number: int
    task: Task
    done: bool
    earned: float
    waits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """A lesson and how its tasks stand."""

    lesson: Lesson
    tasks: tuple[TaskState, ...]

    @property
    def done(self) -> int:
        return sum(state.done for state in self.tasks)

    @property
    def earned(self) -> float:
        return round(sum(state.earned for state in self.tasks), 2)

    @property
    def points(self) -> float:
        return sum(state.task.points for state in self.tasks)


@dataclass(frozen=True)
class TooSoon:
    """Guessing is no use: first so many more commands. what: 'check', 'hint' or 'answer'."""

    what: str
    commands: int


@dataclass(frozen=True)
class Hint:
    """What helps with a task. degree 0: there was nothing to say; wrong: it is about a mistake that one knows."""

    task: Task
    degree: int = 0
    text: Text | None = None
    wrong: Wrong | None = None
    is_last: bool = False
    is_done: bool = False


@dataclass(frozen=True)
class Answer:
    """A question and what was said to it. given '': nothing yet; fresh: just now."""

    question: Prediction
    given: str = ""
    right: bool = False
    fresh: bool = False


@dataclass(frozen=True)
class Checked:
    """What `check` found: results in the lesson's order, or that it is too soon to ask again."""

    lesson: Lesson
    results: tuple[TaskResult, ...]
    too_soon: TooSoon | None = None
