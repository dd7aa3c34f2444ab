"""A notebook without its journal: its cells run once in a clean lab, and what they earn is what they earn again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dnetlab.grade.child import verify_apart
from dnetlab.grade.submission import together
from dnetlab.grade.verify import verify
from dnetlab.grade.work import Terms
from tests.grade.works import solved

OPENED = "%load_ext dnetlab\n%dnet lesson 01-native-networks --lang en"
TWO = "%%dnet\ndocker run -d --name shop nginx\ndocker run -d --name cart nginx"
TAKE_OVER = "%%dnet docker1\ndocker stop shop cart\ndocker start cart\ndocker start shop"


def notebook(*cells: str) -> bytes:
    rows = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"cells": rows, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def earned(work: dict) -> dict[str, float]:
    return {task["task"]: task["earned"] for lesson in work["lessons"] for task in lesson["tasks"] if task["earned"]}


def kinds(work: dict) -> list[str]:
    return [finding["kind"] for finding in work["findings"]]


def test_the_cells_of_a_notebook_earn_what_they_would_in_its_kernel():
    work = verify(notebook(OPENED, "%%dnet\ndocker run -d --name before nginx", "%dnet start", TWO, TAKE_OVER))

    assert earned(work) == {"two": 1.0, "take-over": 2.0}
    assert kinds(work) == ["notebook"]
    assert all(finding["note"] for finding in work["findings"])


def test_in_a_lab_that_the_lesson_does_not_begin_with_nothing_counts():
    assert earned(verify(notebook("%dnet lesson 2", "%%dnet\ndocker run -d --name web1 --network host nginx"))) == {}


def test_its_python_never_runs(tmp_path):
    # given a cell that would leave a file behind, and one that patches what judges it
    there = tmp_path / "ran"
    cheats = f"open({str(there)!r}, 'w').close()\nimport dnetlab.checks.judge as j\nj.judge_task = None"

    # when it is judged
    work = verify(notebook(OPENED, cheats, "%dnet start", cheats, TWO))

    # then the commands count, and nothing else happened
    assert earned(work) == {"two": 1.0}
    assert not there.exists()


def test_answers_time_travel_numbers_and_mistakes_are_as_they_were():
    work = verify(
        notebook(
            "%dnet student ann", OPENED, "%dnet start", "%dnet lesson nonsense", "%dnet undo 99", "%%dnet\n'",
            "%%dnet nobody\nls", "%dnet predict nothing x", "%dnet predict networks 3", "%dnet answer", "%dnet",
            "%dnet checkpoint clean", "%%dnet\ndocker run -d --name news nginx", "%dnet goto clean", "%dnet undo",
            "import os\n%dnet student bob", "%dnet reset",
        )
    )  # fmt: skip

    assert work["student"] == "bob"
    given = {one["question"]: one["answer"]["en"] for one in work["lessons"][0]["predictions"] if one["given"]}
    assert given == {"networks": "3"} and earned(work) == {}


def test_a_lab_that_was_broken_on_purpose_is_broken_again():
    work = verify(notebook("%dnet fault dead-proxy 7", "%dnet diagnose z nowhere"))

    assert [lesson["lesson"] for lesson in work["lessons"]] == ["fault-dead-proxy-7"]
    assert kinds(work) == ["notebook"]


def test_the_lab_is_of_the_lessons_own_shape_and_release():
    work = verify(notebook("%dnet engine --docker 28.5", "%dnet lesson 9", "%dnet start", "%%dnet tower1\nip link"))

    assert [(lesson["lesson"], lesson["earned"]) for lesson in work["lessons"]] == [("09-macvlan", 0.0)]
    assert [session["release"] for session in work["sessions"]][-1].startswith("28.5")


def test_cells_on_real_engines_are_left_to_their_journal():
    started = notebook(OPENED, "%dnet start", TWO.replace("%%dnet", "%%dnet --engine docker"))

    assert earned(verify(started)) == {}


def test_a_notebook_beside_its_journal_is_run_only_where_that_leaves_something_open(tmp_path):
    journal = solved(tmp_path / "a.journal")
    part = notebook(OPENED, "%dnet start", TWO)

    whole = verify(together({"a.journal": journal, "a.ipynb": part}), Terms(student="ann"))
    assert (whole["earned"], kinds(whole)) == (9.0, [])

    torn = journal[: journal.index(b'"docker stop')]
    work = verify(together({"a.journal": torn, "a.ipynb": part}), Terms(student="ann"))
    assert earned(work) == {"two": 1.0}
    assert "notebook" in kinds(work)


@pytest.mark.parametrize("cells", ["null", "7", '"x"', "[7]", '[{"cell_type": "code"}]', "[" * 3000])
def test_what_only_looks_like_a_notebook_earns_nothing(cells):
    work = verify(f'{{"cells": {cells}}}'.encode())

    assert (work["earned"], work["lessons"]) == (0, [])


def test_files_that_lie_where_it_is_judged_are_no_modules_of_the_grader(tmp_path, monkeypatch):
    # given a student's folder with a file that is called as a module the grader imports
    (tmp_path / "json.py").write_text("open('ran', 'w').close(); raise SystemExit(0)")
    (tmp_path / "a.ipynb").write_bytes(notebook(OPENED, "%dnet start", TWO))
    monkeypatch.chdir(tmp_path)

    # when the work is judged from within it
    work = verify_apart(Path("a.ipynb"))

    # then it was not imported
    assert earned(work) == {"two": 1.0}
    assert not (tmp_path / "ran").exists()
