"""A lesson as an assignment of the real nbgrader: generated, handed in, graded without a kernel, told and exported."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dnetlab.cli import main
from tests.grade.works import solved

ROOT = Path(__file__).resolve().parents[2]
def nbgrader(course: Path, lessons: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Its commands in a course's folder, parted by '--'."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # it calls alembic
    known = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT), "DNETLAB_LESSONS": str(lessons)}
    command = [sys.executable, "-m", "tests.assign.nbgrader_commands", *words]
    return subprocess.run(command, cwd=course, env=known, capture_output=True, text=True, timeout=300)


def cells_of(notebook: Path) -> dict[str, dict]:
    """grade_id -> cell."""
    rows = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return {row["metadata"]["nbgrader"]["grade_id"]: row for row in rows if "nbgrader" in row["metadata"]}


def hand_in(course: Path, student: str, cells: dict[str, str], journal: bool = False) -> None:
    """The released notebook with those sources after the cell of that grade_id."""
    released = json.loads((course / "release" / "ps1" / "13-pair.ipynb").read_text(encoding="utf-8"))
    rows = []
    for row in released["cells"]:
        rows.append(row)
        typed = cells.get(row["metadata"].get("nbgrader", {}).get("grade_id"))
        if typed:
            rows.append({"cell_type": "code", "id": f"own-{len(rows)}", "metadata": {}, "outputs": [],
                         "execution_count": None, "source": typed})  # fmt: skip
    folder = course / "submitted" / student / "ps1"
    folder.mkdir(parents=True)
    (folder / "13-pair.ipynb").write_text(json.dumps(released | {"cells": rows}), encoding="utf-8")


@pytest.fixture(scope="module")
def course(lessons, tmp_path_factory) -> Path:
    """A course in which ann handed in her journal, and bob a notebook with one of two, Python, and a forged check."""
    course = tmp_path_factory.mktemp("course")
    assert main(["assign", str(lessons / "13-pair"), "--out", str(course), "--name", "ps1", "--lang", "en"]) == 0
    done = nbgrader(course, lessons, "generate_assignment", "ps1")
    assert done.returncode == 0, done.stderr
    hand_in(course, "ann", {})
    kept = course / "submitted" / "ann" / "ps1" / ".dnetlab"
    kept.mkdir()
    solved(kept / "13-pair.sim.journal", str(lessons / "13-pair"), "ann")
    cheat = f"open({str(course / 'ran')!r}, 'w').close()\nimport dnetlab.assign.points as p\np.points = lambda *a: 3"
    hand_in(course, "bob", {"open": cheat, "task-pair": "%%dnet\ndocker run -d --name web1 nginx"})
    forged = course / "submitted" / "bob" / "ps1" / "13-pair.ipynb"
    forged.write_text(forged.read_text("utf-8").replace('points(\\"13-pair\\", \\"third\\")', "100"), encoding="utf-8")
    done = nbgrader(course, lessons, "autograde", "ps1", "--", "generate_feedback", "ps1", "--", "export")
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "ERROR" not in done.stderr, done.stderr
    return course


def test_the_source_has_locked_check_cells_by_nbgraders_own_schema(course):
    from nbgrader.nbgraderformat import MetadataValidator

    cells = cells_of(course / "source" / "ps1" / "13-pair.ipynb")

    assert list(cells) == ["open", "start", "task-pair", "check-pair", "task-third", "check-third"]
    assert cells["check-pair"]["metadata"] == {
        "deletable": False, "editable": False,
        "nbgrader": {"schema_version": 3, "grade_id": "check-pair", "grade": True, "locked": True, "solution": False,
                     "task": False, "points": 3.0, "cell_type": "code"},
    }  # fmt: skip
    import nbformat

    MetadataValidator().validate_nb(nbformat.read(course / "source" / "ps1" / "13-pair.ipynb", as_version=4))


def test_what_a_student_fills_in_is_an_empty_cell_of_the_labs(course):
    released = json.loads((course / "release" / "ps1" / "13-pair.ipynb").read_text(encoding="utf-8"))["cells"]

    assert ["".join(c["source"]) for c in released if "nbgrader" not in c["metadata"] and c["cell_type"] == "code"] == [
        "%%dnet\n", "%%dnet\n", "%dnet tasks",
    ]  # fmt: skip


def test_a_journal_and_a_notebook_earn_exact_points_and_no_python_of_a_students_ran(course):
    with (course / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert [(row["student_id"], row["score"], row["max_score"]) for row in rows] == [
        ("ann", "3.1", "3.1"), ("bob", "2.0", "3.1"),
    ]  # fmt: skip
    assert not (course / "ran").exists()


def test_each_check_cell_says_its_points_and_why(course):
    cells = cells_of(course / "autograded" / "bob" / "ps1" / "13-pair.ipynb")
    (output,) = cells["check-pair"]["outputs"]

    assert output["output_type"] == "execute_result"
    assert "".join(output["data"]["text/plain"]) == "2.0"
    told = "".join(output["data"]["text/html"])
    assert "✗ A pair: 2 of 3 points\n  ✓ container web1 runs\n  ✗ container web2 runs\n" in told
    assert "Found: there is no container web2" in told
    assert "".join(cells["check-third"]["source"]).endswith('points("13-pair", "third")')


def test_the_students_feedback_tells_it(course):
    page = (course / "feedback" / "bob" / "ps1" / "13-pair.html").read_text(encoding="utf-8")

    assert "there is no container web2" in page


def test_export_quotes_names_and_lets_no_formula_through(course, lessons):
    add = ("db", "student", "add", "eve", "--last-name", 'O"Hara, Eve', "--first-name", "=1+1")
    done = nbgrader(course, lessons, *add, "--", "export", "--to", "some.csv", "--student", "['eve', 'ann']")

    assert done.returncode == 0, done.stderr
    rows = (course / "some.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith("assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,")
    assert rows[1:] == ["ps1,,,ann,,,,3.1,0.0,3.1,3.1", "ps1,,,eve,\"O\"\"Hara, Eve\",'=1+1,,0.0,0.0,0.0,3.1"]
