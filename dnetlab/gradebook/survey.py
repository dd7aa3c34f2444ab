"""What a class did, added up hand-in by hand-in: scores, which task fails how, common wrong answers, time spent.

The size of what is kept depends on the lesson, not on the number of students.
"""

from __future__ import annotations

import statistics
from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dnetlab.gradebook.rows import Row

MOST = 8  # ways in which a task fails, wrong answers to a question, that are named
BINS = 10  # of the distribution of scores
KINDS = 4000  # different answers that are counted


@dataclass
class TaskTally:
    """title in every language; earned: the points of each hand-in; failing: (expected, found) -> how often."""

    title: dict[str, str]
    points: float
    done: int = 0
    tried: int = 0
    earned: float = 0.0
    attempts: int = 0
    hints: int = 0
    failing: Counter[tuple[str, ...]] = field(default_factory=Counter)
    mistakes: Counter[str] = field(default_factory=Counter)


@dataclass
class Survey:
    """Of one assignment."""

    assignment: str
    lesson: str
    title: dict[str, str] = field(default_factory=dict)
    points: float = 0.0
    people: int = 0  # who are to have a grade
    handed_in: int = 0
    shares: Any = field(default_factory=lambda: array("d"))  # of the points, 0 to 1, of each hand-in
    minutes: Any = field(default_factory=lambda: array("d"))
    tasks: dict[str, TaskTally] = field(default_factory=dict)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    right: Counter[str] = field(default_factory=Counter)
    answers: dict[str, Counter[tuple[str, ...]]] = field(default_factory=dict)
    findings: Counter[str] = field(default_factory=Counter)
    days: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row, earned: float, points: float) -> None:
        """A hand-in."""
        self.handed_in += 1
        self.points = max(self.points, points)
        self.shares.append(earned / points if points else 0.0)
        self.findings.update({finding["kind"] for finding in row["findings"]})
        self.days.update(_day(at) for at in row["asked"])
        for lesson in row["lessons"]:
            if lesson["lesson"] == self.lesson:
                self._lesson(lesson)

    def _lesson(self, lesson: Row) -> None:
        self.title = self.title or lesson["title"]
        self.minutes.append(lesson["seconds"] / 60)
        for task in lesson["tasks"]:
            self._task(self.tasks.setdefault(task["task"], TaskTally(task["title"], task["points"])), task)
        for one in lesson["wrong"]:
            question = one["question"]
            self.asked.setdefault(question, one["asked"])
            self.right[question] += one["right"]
            kinds = self.answers.setdefault(question, Counter())
            if not one["right"] and (len(kinds) < KINDS or tuple(one["answer"].values()) in kinds):
                kinds[tuple(text[:80] for text in one["answer"].values())] += 1

    def _task(self, tally: TaskTally, task: Row) -> None:
        tally.done += task["done"]
        tally.tried += bool(task["attempts"] or task["earned"])
        tally.earned += task["earned"]
        tally.attempts += task["attempts"]
        tally.hints += task["hints"]
        tally.mistakes.update([task["wrong"]] if task["wrong"] else [])
        for reason in map(tuple, task["alike"] if not task["done"] else ()):
            if len(tally.failing) < KINDS or reason in tally.failing:
                tally.failing[reason] += 1

    def data(self) -> dict[str, Any]:
        """As JSON values; see docs/grading.md."""
        shares = list(self.shares)
        return {
            "assignment": self.assignment, "lesson": self.lesson, "title": self.title, "points": self.points,
            "people": self.people, "handed_in": self.handed_in, "mean": _rounded(statistics.fmean, shares, self.points),
            "median": _rounded(statistics.median, shares, self.points), "distribution": _bins(shares),
            "minutes": {"median": _rounded(statistics.median, list(self.minutes)), "spread": _quartiles(self.minutes)},
            "tasks": [self._told(name, tally) for name, tally in self.tasks.items()],
            "questions": [self._question(name) for name in self.asked],
            "findings": dict(sorted(self.findings.items())), "asked_by_day": dict(sorted(self.days.items())),
        }  # fmt: skip

    def _told(self, name: str, tally: TaskTally) -> dict[str, Any]:
        return {
            "task": name, "title": tally.title, "points": tally.points, "done": tally.done, "tried": tally.tried,
            "mean": round(tally.earned / self.handed_in, 2) if self.handed_in else 0.0, "attempts": tally.attempts,
            "hints": tally.hints, "mistakes": dict(_first(tally.mistakes)),
            "failing": [
                {"expected": {"en": a, "zh": b}, "found": {"en": c, "zh": d}, "number": number}
                for (a, b, c, d), number in _first(tally.failing)
            ],
        }  # fmt: skip

    def _question(self, name: str) -> dict[str, Any]:
        wrong = [{"answer": {"en": a, "zh": b}, "number": n} for (a, b), n in _first(self.answers[name])]
        given = self.right[name] + self.answers[name].total()
        return {"question": name, "asked": self.asked[name], "given": given, "right": self.right[name], "wrong": wrong}


def _first(counted: Counter[Any]) -> list[tuple[Any, int]]:
    """The most frequent ones; of those that are as frequent, in the order of their names."""
    return sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:MOST]


def _day(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return ""


def _rounded(mean: Any, values: list[float], times: float = 1.0) -> float:
    return round(mean(values) * times, 2) if values else 0.0


def _bins(shares: list[float]) -> list[int]:
    """How many earned up to 10 %, 20 % … of the points; all of them is in the last one."""
    counted = [0] * BINS
    for share in shares:
        counted[min(BINS - 1, max(0, int(share * BINS)))] += 1
    return counted


def _quartiles(values: Any) -> list[float]:
    """Of minutes: the least, the quartiles, the most; [] when nobody worked."""
    if not len(values):
        return []
    ordered = sorted(values)
    middle = statistics.quantiles(ordered, n=4, method="inclusive") if len(ordered) > 1 else [ordered[0]] * 3
    return [round(value, 1) for value in (ordered[0], *middle, ordered[-1])]
