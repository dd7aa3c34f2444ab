"""Classes that hand in: folders and archives as nbgrader and learning platforms lay them out."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from dnetlab.gradebook.grade import Graded, Order, grade, write_books
from dnetlab.gradebook.roster import read_roster
from tests.grade.works import solved

LESSON = "01-native-networks"
_made: dict[tuple[str, str], bytes] = {}


def work(student: str, folder: Path, lesson: str = "1") -> bytes:
    """The journal of somebody who solved it, made once for each student."""
    if (student, lesson) not in _made:
        folder.mkdir(parents=True, exist_ok=True)
        _made[student, lesson] = solved(folder / f"{student}.{lesson}.journal", lesson, student)
    return _made[student, lesson]


def lay(root: Path, files: dict[str, bytes | str]) -> Path:
    """Files by name below a folder."""
    for name, data in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data.encode() if isinstance(data, str) else data)
    return root


def zipped(files: dict[str, bytes | str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def graded(out: Path, *paths: Path, **order: object) -> tuple[dict[str, dict[str, str]], Graded, dict[str, list[str]]]:
    """(the gradebook by student, what it is made of, kinds of findings by student)."""
    roster = {"roster": read_roster(order.pop("roster"))} if "roster" in order else {}
    wanted = Order(paths, out, **roster, **order)
    made, results = grade(wanted)
    write_books(made, results, wanted, "en")
    results.close()
    return table(out / "gradebook.csv", "student_id"), made, kinds(out)


def table(file: Path, by: str) -> dict[str, dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as rows:
        return {row[by]: row for row in csv.DictReader(rows)}


def kinds(out: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with (out / "findings.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            found.setdefault(row["student_id"], []).append(row["kind"])
    return found
