"""A gradebook's files: CSV with nbgrader's columns, an export of Canvas or Moodle filled in, results for Gradescope.

A cell that a spreadsheet would take for a formula begins with an apostrophe, whoever wrote it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dnetlab.errors import UsageError
from dnetlab.explain.sentences import said
from dnetlab.gradebook.handed_in import Person
from dnetlab.gradebook.roster import CANVAS, Roster
from dnetlab.gradebook.rows import Row

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")


@dataclass(frozen=True)
class Entry:
    """One line of a gradebook. key: of its row in the results, '' for somebody who handed nothing in."""

    person: Person
    assignment: str
    lesson: str
    earned: float
    points: float
    key: str = ""
    platform: str = ""  # number of the submission there
    timestamp: str = ""
    late: bool = False


def safe(cell: str) -> str:
    """
    >>> safe("=1+1"), safe("-2.5"), safe("ann")
    ("'=1+1", '-2.5', 'ann')
    """
    text = "".join(c if c.isprintable() else "\ufffd" for c in cell)
    return f"'{text}" if cell.lstrip().startswith(_BEGINS) and not _NUMBER.fullmatch(cell) else text


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows as CSV, every cell made safe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([safe(cell) for cell in row])
    return text.getvalue()


def points(number: float) -> str:
    """As nbgrader writes them: '9.0', '2.25'."""
    return str(round(float(number), 2))


def gradebook(entries: Iterable[Entry], due: str) -> Iterator[Sequence[str]]:
    """Rows, the head first."""
    yield COLUMNS
    for one in entries:
        person, earned = one.person, points(one.earned)
        yield (one.assignment, due, one.timestamp, person.id, person.last, person.first, person.email, earned, "0.0",
               earned, points(one.points))  # fmt: skip


def filled(roster: Roster, entries: Sequence[Entry], column: str) -> list[list[str]]:
    """The roster's own rows, with the scores in one column; who handed nothing in keeps what stands there.

    column: of Canvas, as the export's head has it, or a part of that; '' for the only one that can be meant. Moodle's
    is 'Grade'. UsageError when there is none such.
    """
    head = list(roster.head)
    number = _column(roster, column)
    feedback = next((n for n, name in enumerate(head) if name.strip().casefold() == "feedback comments"), None)
    rows = [list(row) + [""] * (len(head) - len(row)) for row in roster.rows]
    for one in entries:
        if one.key and one.person.row > 0:
            rows[one.person.row][number] = points(one.earned)
            if feedback is not None:
                rows[one.person.row][feedback] = said(
                    "of points", earned=f"{one.earned:g}", points=f"{one.points:g}"
                )
    return rows


_FIXED = ("student", "id", "sis user id", "sis login id", "section", "integration id", "root account", "notes")


def _column(roster: Roster, column: str) -> int:
    head = [name.strip() for name in roster.head]
    if roster.kind != CANVAS:
        wanted = column or "grade"
        fitting = [n for n, name in enumerate(head) if name.casefold() in (wanted.casefold(), "成绩")]
    elif column:
        exact = [n for n, name in enumerate(head) if name == column]
        fitting = exact or [n for n, name in enumerate(head) if column.casefold() in name.casefold()]
    else:  # assignments end in their number: 'Lab 1 (48213)'
        fitting = [n for n, name in enumerate(head) if re.search(r"\(\d+\)$", name) and name.casefold() not in _FIXED]
    if len(fitting) != 1:
        known = ", ".join(name for name in head if name.casefold() not in _FIXED) or "–"
        raise UsageError("which column of the export takes the scores?", hint="--column NAME; it has: {known}.",
                         known=known)  # fmt: skip
    return fitting[0]


def gradescope(entry: Entry, row: Row, language: str) -> str:
    """results.json of one submission, as Gradescope's autograders write it."""
    tasks = [task for lesson in row["lessons"] if lesson["lesson"] == entry.lesson for task in lesson["tasks"]]
    tests = [
        {
            "name": task["title"][language], "score": task["earned"], "max_score": task["points"],
            "status": "passed" if task["done"] else "failed", "output_format": "text",
            "output": _failing(task, language), "visibility": "visible",
        }
        for task in tasks
    ]  # fmt: skip
    told = "\n".join(finding["text"][language] for finding in row["findings"])
    whole = {"score": entry.earned, "max_score": entry.points, "output": told, "output_format": "text", "tests": tests}
    return json.dumps(whole, ensure_ascii=True, indent=1) + "\n"


def _failing(task: Row, language: str) -> str:
    """What of a task does not hold, in sentences."""
    kinds = ("expected", "found")
    return "\n".join(f"{said(kind, language)}: {one[kind][language]}" for one in task["failing"] for kind in kinds)


def write(file: Path, text: str | Iterable[str]) -> None:
    """A file, in one piece: what stood there before stays until all of it is written."""
    part = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="") as out:
            out.writelines([text] if isinstance(text, str) else text)
        part.replace(file)
    except OSError as error:
        raise UsageError("{file} can't be written: {error}", file=file, error=error.strerror) from None
    finally:
        part.unlink(missing_ok=True)


def best(entries: Iterable[Entry]) -> list[Entry]:
    """One for each person and assignment, in order: of several hand-ins the one that earned most, then the first."""
    found: dict[tuple[str, str], Entry] = {}
    for one in entries:
        before = found.get((one.assignment, one.person.id))
        if before is None or one.earned > before.earned:
            found[one.assignment, one.person.id] = one
    return [found[name] for name in sorted(found)]
