"""What a gradebook keeps of a hand-in: a row of JSON values, small, and the same whenever and wherever it is made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from dnetlab.commands.script import is_dnet_cell
from dnetlab.grade.known import lesson_of
from dnetlab.grade.work import Terms
from dnetlab.model import Entry, Journal, Lesson
from dnetlab.model.grade import Finding, FindingKind
from dnetlab.model.journal import Attend, Judged
from dnetlab.report.data import Data, finding_data

Row = dict[str, Any]
HARMLESS = ("%load_ext dnetlab", "%reload_ext dnetlab")
COMMANDS = 400  # of one hand-in that are kept, to be laid beside another's
LONGEST = 200  # characters of each
NOTHING_TYPED: Row = {"students": [], "commands": [], "asked": []}
_ACTIVE = {
    FindingKind.MARKUP: re.compile(
        r"<\s*/?(?:script|img|svg|iframe|a|meta|link|base|style|form|object|embed)\b|javascript:", re.I
    ),
    FindingKind.FORMULA: re.compile(r"^\s*(?:[=+@\uff1d\uff0b\uff20]|-(?!\d+(?:\.\d+)?$))."),
    FindingKind.CONTROLS: re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"),
}


def row_of(work: Data, terms: Terms, findings: Sequence[Data], trace: Row) -> Row:
    """A work as a row. findings: what was found before it ran; trace: as `trace_of` gives it."""
    lessons = [lesson for lesson in work["lessons"] if terms.only in ("", lesson["lesson"])]
    found = [*findings, *work["findings"], *map(finding_data, _active(trace))]
    if terms.only and not lessons and (trace["students"] or trace["commands"]):
        found.append(finding_data(Finding(FindingKind.NO_LESSON, fields={"lesson": terms.only})))
    return {
        "claimed": trace["students"], "lessons": [_lesson(one, terms) for one in lessons],
        "findings": [{name: one[name] for name in ("kind", "note", "session", "fields", "text")} for one in found],
        "sessions": [f"{one['session']} {one['began']}" for one in work["sessions"] if one["began"]],
        **{name: trace[name] for name in ("commands", "asked")},
    }  # fmt: skip


def _lesson(lesson: Data, terms: Terms) -> Row:
    known = lesson_of(terms.known, lesson["lesson"], lesson["student"])
    names = own_names(known) if known else {}
    kept = ("lesson", "title", "student", "earned", "points", "seconds")
    return {name: lesson[name] for name in kept} | {
        "tasks": [_task(task, names) for task in lesson["tasks"]],
        "wrong": [
            {"question": p["question"], "asked": p["asked"], "answer": p["answer"], "right": p["right"]}
            for p in lesson["predictions"] if p["given"]
        ],
    }  # fmt: skip


def _task(task: Data, names: dict[str, str]) -> Row:
    """failing: checks that do not hold; alike: the same with the student's own names and numbers replaced."""
    kept = ("task", "title", "earned", "points", "done", "done_at", "attempts", "hints", "credit", "wrong")
    failing = [check for check in task["checks"] if check["verdict"] != "passed"]
    return {name: task[name] for name in kept} | {
        "failing": [{"expected": one["expected"], "found": one["found"]} for one in failing],
        "alike": [
            [replaced(text[:160], names) for kind in ("expected", "found") for text in one[kind].values()]
            for one in failing
        ],
    }


def trace_of(sessions: Sequence[Journal], terms: Terms) -> Row:
    """What was typed, and when; what somebody else may have typed, too.

    commands  [seconds since the one before, the command, the same with the student's own names and numbers replaced]
    asked     times at which a judgement was asked for
    """
    names = _names_in(sessions, terms)
    entries = [(one, event) for one in sessions for event in one.events if isinstance(event, Entry) and event.cell]
    commands, before = [], 0.0
    for _, entry in entries[:COMMANDS]:
        gap = round(entry.at - before, 2) if before else 0.0
        before = entry.at
        text = entry.line.text[:LONGEST]
        commands.append([gap, text, replaced(text, names)])
    attends = [event for one in sessions for event in one.events if isinstance(event, Attend)]
    asked = [event.at for one in sessions for event in one.events if isinstance(event, Judged) and event.asked]
    return {
        "students": sorted({event.student[:LONGEST] for event in attends})[:20], "commands": commands,
        "asked": [round(at) for at in asked[:COMMANDS] if 0 < at < 1e11],
    }  # fmt: skip


def typed_in(notebooks: Sequence[tuple[str, ...]]) -> Row:
    """The same of notebooks that came without a journal: the commands, with nobody's names replaced."""
    cells = [cell.lstrip() for cells in notebooks for cell in cells if is_dnet_cell(cell)]
    rows = [row.strip()[:LONGEST] for cell in cells for row in cell.split("\n")[1:] if row.strip()]
    return NOTHING_TYPED | {"commands": [[0.0, row, " ".join(row.split())] for row in rows[:COMMANDS]]}


def python_in(notebooks: Sequence[tuple[str, ...]]) -> int:
    """How many cells hold Python, but for the line that brings %dnet in."""
    return sum(_is_python(cell) for cells in notebooks for cell in cells)


def _is_python(cell: str) -> bool:
    rows = [row.strip() for row in cell.split("\n")]
    return not is_dnet_cell(cell) and any(row and not row.startswith(("#", "%dnet", *HARMLESS)) for row in rows)


def _names_in(sessions: Sequence[Journal], terms: Terms) -> dict[str, str]:
    """What the lessons of these sessions gave to their students."""
    attends = {(e.lesson, e.student) for one in sessions for e in one.events if isinstance(e, Attend)}
    lessons = (lesson_of(terms.known, name, student) for name, student in sorted(attends)[:20])
    return {text: name for lesson in lessons if lesson for text, name in own_names(lesson).items()}


def own_names(lesson: Lesson) -> dict[str, str]:
    """Text that a lesson gave to one student -> what it is called in the lesson."""
    return {str(value): f"‹{key}›" for key, value in lesson.numbers.items()}


def replaced(text: str, names: dict[str, str]) -> str:
    """
    >>> replaced("docker  stop news", {"news": "‹first›"})
    'docker stop ‹first›'
    """
    plain = " ".join(text.split())
    if not names:
        return plain
    longest = sorted(map(re.escape, names), key=len, reverse=True)
    return re.sub(rf"(?<![\w.])(?:{'|'.join(longest)})(?!\w)", lambda found: names[found[0]], plain)


def _active(trace: Row) -> Iterator[Finding]:
    """Text of strangers that something could take for more than text; one finding for each kind of it."""
    yield from active([*trace["students"], *(text for _, text, _ in trace["commands"])], FindingKind.FORMULA)
    yield from (one for one in active(trace["students"]) if one.kind is FindingKind.FORMULA)


def active(texts: Sequence[str], but: FindingKind | None = None) -> Iterator[Finding]:
    """The same for any texts; nobody puts a command into a spreadsheet, so there one leaves formulas out."""
    for kind, pattern in _ACTIVE.items():
        hit = next((text for text in texts if kind is not but and pattern.search(text)), None)
        if hit is not None:
            yield Finding(kind, fields={"text": hit[:80]})
