"""Journals of students' work, and ways to tamper with them."""

from __future__ import annotations

import json
from pathlib import Path

from dnetlab.journal import JournalWriter, digest
from dnetlab.lab import Lab
from dnetlab.lessons.new import new_lesson
from dnetlab.lessons.read import script
from dnetlab.proof import run_blocks

START = 1764244853.0


class Ticking:
    """A clock on which every look is ten seconds later."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        self.now += 10.0
        return self.now


def solved(path: Path, lesson: str = "1", student: str = "ann", **lab: object) -> bytes:
    """The journal of somebody who did the lesson as its solution does."""
    with Lab(journal=path, clock=Ticking(), **lab) as there:
        there.record = JournalWriter(path, there.record.head, f"{student}00000")
        there.open_lesson(lesson, student)
        there.start_lesson()
        run_blocks(there, script(there.lesson, "solution.dnet"))
    return path.read_bytes()


def rows(journal: bytes) -> list[dict]:
    return [json.loads(row) for row in journal.splitlines()]


def chained(told: list[dict]) -> bytes:
    """Rows as a file whose digests fit: what somebody makes who knows how."""
    last: dict[str, str] = {}
    newest, made = "", []
    for row in told:
        after = last.get(row["session"], newest)
        text = json.dumps({**row, "after": after}, separators=(",", ":")).encode("ascii")
        last[row["session"]] = newest = digest(text)
        made.append(text)
    return b"\n".join(made) + b"\n"


def only_real(place: Path) -> str:
    """A lesson with one task of two points, one of which only a real engine can judge."""
    folder = new_lesson("13-real", place)
    text = (folder / "lesson.toml").read_text(encoding="utf-8")
    task = """[[tasks]]
id = "web"
points = 2
title = { en = "x", zh = "x" }
text = { en = "x", zh = "x" }
checks = [
    { kind = "container", name = "web1" },
    { kind = "reaches", source = "docker1", target = "web1:80", engine = "docker" },
]
hints = [{ en = "x", zh = "x" }]
"""
    (folder / "lesson.toml").write_text(text[: text.index("[[tasks]]")] + task, encoding="utf-8")
    (folder / "start.dnet").unlink(missing_ok=True)
    return str(folder)
