"""A class is graded: from whatever it is handed in as, to a gradebook; again, and after somebody was stopped."""

from __future__ import annotations

import json

import pytest

from dnetlab.cli import main
from dnetlab.errors import UsageError
from dnetlab.lessons.build import notebook
from dnetlab.lessons.read import read_lesson, script
from tests.gradebook.classes import LESSON, graded, lay, table, work, zipped


@pytest.fixture(scope="module")
def ann(tmp_path_factory) -> bytes:
    return work("ann", tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def bob(tmp_path_factory) -> bytes:
    return work("bob", tmp_path_factory.mktemp("work"))


def test_a_class_in_nbgraders_folders_has_nbgraders_gradebook(tmp_path, ann, bob):
    # given all of ann's work, half of bob's, and a list with somebody who handed nothing in
    root = lay(tmp_path / "submitted", {
        f"ann/{LESSON}/.dnetlab/{LESSON}.sim.journal": ann, f"ann/{LESSON}/timestamp.txt": "2026-11-20 10:00:00 UTC\n",
        f"bob/{LESSON}/.dnetlab/{LESSON}.sim.journal": b"".join(bob.splitlines(keepends=True)[:5]),
    })  # fmt: skip
    roster = tmp_path / "class.csv"
    roster.write_text("id,first_name,last_name,email\nann,Ann,Lee,ann@example.org\nbob,Bob,,\ncid,Cid,=1+1,\n")

    graded(tmp_path / "out", root, roster=roster, due="2026-11-21", jobs=2)

    assert (tmp_path / "out/gradebook.csv").read_text().splitlines() == [
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,score,max_score",
        f"{LESSON},2026-11-21,2026-11-20 10:00:00 UTC,ann,Lee,Ann,ann@example.org,9.0,0.0,9.0,9.0",
        f"{LESSON},2026-11-21,,bob,,Bob,,1.0,0.0,1.0,9.0",
        f"{LESSON},2026-11-21,,cid,'=1+1,Cid,,0.0,0.0,0.0,9.0",
    ]  # fmt: skip


def test_an_export_of_canvas_is_filled_in_and_nothing_else_in_it_changes(tmp_path, ann):
    archive = tmp_path / "submissions.zip"
    archive.write_bytes(zipped({"leeann_412_88001_a.journal": ann, "roybob_413_88002_b.journal": b"nothing"}))
    export = tmp_path / "canvas.csv"
    export.write_text(
        "Student,ID,SIS Login ID,Section,Lab 1 (48213),Final Score\n    Points Possible,,,,9.0,(read only)\n"
        '"Lee, Ann",412,ann,S1,,0\n"Roy, Bob",413,bob,S1,,0\n"Sue, Cid",414,cid,S1,,0\n'
    )

    book, _, found = graded(tmp_path / "out", archive, roster=export, lesson="1")

    assert (tmp_path / "out/canvas.csv").read_text() == (
        "Student,ID,SIS Login ID,Section,Lab 1 (48213),Final Score\n    Points Possible,,,,9.0,(read only)\n"
        '"Lee, Ann",412,ann,S1,9.0,0\n"Roy, Bob",413,bob,S1,0.0,0\n"Sue, Cid",414,cid,S1,,0\n'
    )
    assert (book["ann"]["last_name"], found) == ("Lee", {"bob": ["no journal"]})


def test_a_worksheet_of_moodle_is_filled_in(tmp_path, ann):
    archive = tmp_path / "Lab-1.zip"
    archive.write_bytes(zipped({"Ann Lee_8123_assignsubmission_file_/a.journal": ann}))
    sheet = tmp_path / "moodle.csv"
    sheet.write_text(
        "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Feedback comments\n"
        "Participant 8123,Ann Lee,ann,ann@example.org,Submitted,,9.00,\n", encoding="utf-8-sig",
    )  # fmt: skip

    graded(tmp_path / "out", archive, roster=sheet)

    assert table(tmp_path / "out/moodle.csv", "Identifier")["Participant 8123"] == {
        "Identifier": "Participant 8123", "Full name": "Ann Lee", "ID number": "ann",
        "Email address": "ann@example.org",
        "Status": "Submitted", "Grade": "9.0", "Maximum Grade": "9.00", "Feedback comments": "9 of 9 points",
    }  # fmt: skip


def test_an_export_of_gradescope_has_results_for_each_submission(tmp_path, ann):
    archive = tmp_path / "assignment_7_export.zip"
    metadata = "submission_11:\n  :submitters:\n  - :name: Ann Lee\n    :sid: ann\n    :email: a@example.org\n"
    files = {"submission_metadata.yml": metadata, "submission_11/a.journal": b"".join(ann.splitlines(True)[:5])}
    archive.write_bytes(zipped({f"assignment_7_export/{name}": data for name, data in files.items()}))

    book, _, _ = graded(tmp_path / "out", archive)

    results = json.loads((tmp_path / "out/gradescope/submission_11.json").read_text())
    assert (results["score"], results["max_score"], len(results["tests"])) == (1.0, 9.0, 6)
    assert {name: results["tests"][0][name] for name in ("name", "score", "max_score", "status")} == {
        "name": "Two on the default bridge", "score": 1.0, "max_score": 1.0, "status": "passed",
    }  # fmt: skip
    assert (book["ann"]["first_name"], book["ann"]["last_name"], book["ann"]["score"]) == ("Ann", "Lee", "1.0")


def test_a_notebook_alone_is_judged_by_its_cells_and_its_python_is_not_run(tmp_path):
    # given somebody whose notebook has the answer, and Python that would end the kernel and write a file
    made = json.loads(notebook(read_lesson("1"), "en"))
    start = next(n for n, cell in enumerate(made["cells"]) if "".join(cell["source"]).strip() == "%dnet start")
    commands = script(read_lesson("1", "ann"), "solution.dnet").split("\n\n")[0]
    code = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    evil = f"import os\nopen({str(tmp_path / 'written')!r}, 'w')\nos._exit(0)"
    made["cells"] = [*made["cells"][: start + 1], code | {"source": f"%%dnet\n{commands}"}, code | {"source": evil}]
    root = lay(tmp_path / "submitted", {f"ann/{LESSON}/a.ipynb": json.dumps(made)})

    book, _, found = graded(tmp_path / "out", root)

    assert (float(book["ann"]["score"]) >= 1.0, found) == (True, {"ann": ["python", "notebook"]})
    assert not (tmp_path / "written").exists()


def test_who_hands_in_the_work_of_another_gets_nothing_for_it_and_both_are_named(tmp_path, ann, bob):
    root = lay(tmp_path / "submitted", {f"{name}/{LESSON}/a.journal": data for name, data in
                                       {"ann": ann, "bob": bob, "eve": ann}.items()})  # fmt: skip

    book, made, found = graded(tmp_path / "out", root)

    assert [(name, book[name]["score"]) for name in book] == [("ann", "9.0"), ("bob", "9.0"), ("eve", "0.0")]
    assert found == {"ann": ["same student", "same session"], "eve": ["other student", "no lesson", "same student",
                     "same session"]}  # fmt: skip
    (pair,) = json.loads((tmp_path / "out/alike.json").read_text())
    assert (pair["one"], pair["other"], pair["share"], pair["sessions"]) == ("ann", "eve", 1.0, ["ann00000"])
    assert pair["beside"][0] == ["docker run -d --name news nginx", "docker run -d --name news nginx", True]


def test_files_alone_are_whoevers_each_says_and_of_several_the_best_counts(tmp_path, ann, bob):
    # given two of ann's, one of bob's, and the output folder among them
    less = b"".join(ann.splitlines(keepends=True)[:5])
    root = lay(tmp_path / "here", {"a.journal": less, "b.journal": ann, "c.zip": zipped({"x.journal": bob})})
    graded(root / "out", root)

    book, made, found = graded(root / "out", root)

    assert {name: row["score"] for name, row in book.items()} == {"ann": "9.0", "bob": "9.0"}
    assert (found["ann"], made.judged) == (["several"], 0)


def test_a_course_of_nbgrader_is_graded_by_what_was_submitted(tmp_path, ann):
    root = lay(tmp_path / "course", {f"submitted/ann/{LESSON}/a.journal": ann, f"source/{LESSON}/a.ipynb": "{}",
                                     f"release/{LESSON}/a.ipynb": "{}"})  # fmt: skip

    book, _, _ = graded(tmp_path / "out", root)

    assert list(book) == ["ann"]


def test_graded_again_nothing_is_judged_anew_but_what_changed(tmp_path, ann, bob):
    root = lay(tmp_path / "submitted", {f"ann/{LESSON}/a.journal": ann, f"bob/{LESSON}/a.journal": b""})
    _, first, _ = graded(tmp_path / "out", root)
    before = (tmp_path / "out/gradebook.csv").read_bytes()

    _, second, _ = graded(tmp_path / "out", root)
    assert (first.judged, second.judged, (tmp_path / "out/gradebook.csv").read_bytes() == before) == (2, 0, True)

    lay(root, {f"bob/{LESSON}/a.journal": bob})
    book, third, _ = graded(tmp_path / "out", root)
    assert (third.judged, book["bob"]["score"]) == (1, "9.0")


def test_a_row_that_was_torn_when_the_grader_was_killed_is_made_again(tmp_path, ann, bob):
    root = lay(tmp_path / "submitted", {f"ann/{LESSON}/a.journal": ann, f"bob/{LESSON}/a.journal": bob})
    graded(tmp_path / "out", root)
    before = (tmp_path / "out/gradebook.csv").read_bytes()
    results = tmp_path / "out/results.jsonl"
    results.write_bytes(results.read_bytes()[:-200])

    _, again, _ = graded(tmp_path / "out", root)

    assert (again.judged, (tmp_path / "out/gradebook.csv").read_bytes() == before) == (1, True)


def test_the_command_says_in_a_few_lines_what_the_class_did(tmp_path, ann, capsys, monkeypatch):
    monkeypatch.setenv("DNETLAB_LANG", "en")
    root = lay(tmp_path / "submitted", {f"ann/{LESSON}/a.journal": ann, f"bob/{LESSON}/a.journal": b"nothing"})

    assert main(["grade", str(root), "--out", str(tmp_path / "out"), "--jobs", "1"]) == 1
    assert capsys.readouterr().out.splitlines()[:3] == [
        "01-native-networks (Lesson 1 · Native networks): 2 of 2 handed in", "  mean 4.5, median 4.5 of 9 points",
        "  ! Hand-ins in which something is not as it is recorded, or could not be judged: 1",
    ]  # fmt: skip


def test_what_is_not_there_and_a_list_that_is_none_are_sentences(tmp_path, ann):
    (tmp_path / "list.csv").write_text("a,b\n1,2\n")

    with pytest.raises(UsageError, match="there is no file or folder"):
        graded(tmp_path / "out", tmp_path / "nosuch")
    with pytest.raises(UsageError, match="is no list of students"):
        graded(tmp_path / "out", tmp_path, roster=tmp_path / "list.csv")
