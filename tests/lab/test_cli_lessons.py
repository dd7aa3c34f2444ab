"""Lessons from a terminal: check one's work, make a lesson, prove it, build its notebooks."""

from __future__ import annotations

import io
import json

import pytest

from dnetlab.cli import main
from dnetlab.lab import Lab
from dnetlab.lessons.new import new_lesson
from dnetlab.prompt import Desk


@pytest.fixture
def lesson(tmp_path) -> str:
    return str(new_lesson("13-mine", tmp_path))


def test_a_script_that_solves_the_lesson_ends_with_status_0(lesson, tmp_path, capsys):
    script = tmp_path / "mine.dnet"
    script.write_text("docker network create blue\ndocker network connect blue web1\n")

    status = main(["check", lesson, str(script)])

    assert status == 0
    assert capsys.readouterr().out.endswith("1 of 1 tasks done, 2 of 2 points\nAll tasks are done.\n")


def test_one_that_does_not_is_told_what_is_missing_and_ends_with_status_1(lesson, tmp_path, capsys):
    script = tmp_path / "mine.dnet"
    script.write_text("docker network create blue\n")

    status = main(["check", lesson, str(script), "--student", "ann"])

    out = capsys.readouterr().out
    assert status == 1
    assert "✗ network green exists\n      found: there is no network green" in out


def test_a_notebook_is_judged_by_what_comes_after_its_start(lesson, tmp_path):
    # given a notebook whose prose part does what the task asks, on another lab
    cells = ["%%dnet\ndocker network create blue", "%dnet start", "%%dnet\ndocker network connect blue web1"]
    code = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    notebook = tmp_path / "n.ipynb"
    notebook.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))

    assert main(["check", lesson, str(notebook)]) == 1

    code.insert(2, {**code[0]})
    notebook.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    assert main(["check", lesson, str(notebook)]) == 0


def test_without_a_file_there_must_be_a_journal(lesson, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("DNETLAB_JOURNAL", str(tmp_path / "none"))

    assert main(["check", lesson]) == 2
    assert "there is nothing to check" in capsys.readouterr().err


def test_a_journal_is_judged_as_its_student_left_it(lesson, tmp_path, monkeypatch):
    monkeypatch.setenv("DNETLAB_LESSONS", str(tmp_path))
    with Lab(journal=tmp_path / "s.journal") as lab:
        lab.open_lesson(lesson, "ann")
        lab.start_lesson()
        lab.run_cell("docker network create green\ndocker network connect green web1")

    assert main(["check", lesson, str(tmp_path / "s.journal"), "--student", "ann"]) == 0


def test_a_lesson_can_be_worked_through_at_the_shell(lesson, capsys):
    desk = Desk(Lab(), "docker1", quiet=True)

    for line in (f"%dnet lesson {lesson}", "%dnet start", "docker network create blue",
                 "docker network connect blue web1"):  # fmt: skip
        desk.answer(line)

    assert capsys.readouterr().out.endswith("✓ Task 1 is done: A network of its own (1 of 1)\n")


def test_a_new_lesson_is_made_proved_and_built_by_one_command_each(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["new-lesson", "14-vlans"]) == 0
    assert main(["check-lesson", "./14-vlans", "--docker", "28.5"]) == 0
    assert main(["build-lesson", "./14-vlans"]) == 0

    out = capsys.readouterr().out
    assert "ok      14-vlans 28.5 student ann solution.dnet\n" in out
    assert (tmp_path / "14-vlans.ipynb").exists() and (tmp_path / "zh" / "14-vlans.ipynb").exists()


def test_a_lesson_that_is_not_sound_ends_with_status_1(lesson, tmp_path, capsys):
    (tmp_path / "13-mine" / "solution.dnet").write_text("docker ps\n")

    assert main(["check-lesson", lesson, "--docker", "28.5"]) == 1
    assert "PROBLEM 13-mine 28.5 solution.dnet: task own-network is not done" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["Vlans", "../x", "a b", ""])
def test_a_name_that_can_be_no_folder_is_refused(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["new-lesson", name]) == 2
    assert "can't be a lesson's name" in capsys.readouterr().err


def test_a_lesson_that_is_there_already_is_never_written_over(lesson, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["new-lesson", "13-mine"]) == 2
    assert "is there already" in capsys.readouterr().err


def test_a_broken_lab_can_be_mended_at_a_prompt(monkeypatch, capsys):
    lines = "%dnet diagnose\nsysctl -w net.ipv4.ip_forward=1\nexit\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))

    status = main(["fault", "forwarding-off", "3", "--docker", "28.5"])

    out = capsys.readouterr().out
    assert out.startswith("Find the fault 3\n")
    assert "docker1 does not forward packets." in out
    assert "✓ Task 2 is done: Repair (1 of 2)" in out
    assert status == 1  # nobody has said what it was


def test_the_kinds_of_faults_are_listed_with_their_level(capsys):
    assert main(["fault", "--list"]) == 0

    assert "1  forwarding-off         docker1 does not forward packets.\n" in capsys.readouterr().out


def test_a_script_mends_a_broken_lab_too(tmp_path):
    script = tmp_path / "mine.dnet"
    script.write_text("; answer: words ip_forward is off\nsysctl -w net.ipv4.ip_forward=1\n")

    assert main(["check", "fault-forwarding-off-3", str(script)]) == 1  # the choice is missing


def notebook(folder, *cells: str) -> str:
    """A notebook of code cells in a folder; its path."""
    rows = [{"cell_type": "code", "id": f"c{n}", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
            for n, cell in enumerate(cells)]  # fmt: skip
    file = folder / "mine.ipynb"
    file.write_text(json.dumps({"cells": rows, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return str(file)


def test_run_takes_the_lab_of_the_lesson_that_a_notebook_opens(tmp_path, capsys):
    # given a page of lesson 10, whose lab has a router, when it is run without --lab
    page = notebook(tmp_path, "%load_ext dnetlab\n%dnet lesson 10-vlans-and-routing", "%%dnet router\nhostname")

    status = main(["run", "--json", page])

    # then its cells are for the hosts of that lab
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (status, row["host"], row["stdout"]) == (0, "router", "router\n")


def test_run_gives_a_cell_of_another_release_a_lab_of_its_own(tmp_path, capsys):
    asked = "docker version -f '{{.Server.Version}}'"
    page = notebook(tmp_path, f"%%dnet\n{asked}", f"%%dnet --docker 20.10\n{asked}", f"%%dnet --docker=26.1\n{asked}")

    main(["run", "--docker", "28.5", "--json", page])

    rows = map(json.loads, capsys.readouterr().out.splitlines())
    assert [row["stdout"] for row in rows] == ["28.5.2+dfsg4\n", "20.10.24+dfsg1\n", "26.1.5+dfsg1\n"]


def test_run_leaves_out_a_cell_that_needs_what_the_kernel_lacks_and_says_so(tmp_path, capsys, monkeypatch):
    # given hosts whose kernel has no IPVS
    monkeypatch.setattr(Lab, "lacks", lambda lab, feature: feature == "IPVS")
    page = notebook(tmp_path, "%%dnet --needs IPVS\necho a", "%%dnet --needs ipvlan\necho b")

    status = main(["run", "--json", page])

    said = capsys.readouterr()
    assert [json.loads(row)["stdout"] for row in said.out.splitlines()] == ["b\n"]
    assert said.err.endswith("the kernel of these hosts has no IPVS, so a cell was left out; the simulator runs it\n")
    assert status == 0


def test_run_names_what_a_cell_can_need(tmp_path, capsys):
    assert main(["run", notebook(tmp_path, "%%dnet --needs bridges\necho a")]) == 2
    assert "--needs takes ipvlan, IPVS, not 'bridges'" in capsys.readouterr().err
