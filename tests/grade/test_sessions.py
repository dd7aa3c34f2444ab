"""Work in several sessions: gone on from, taken back, on another engine, in another lab."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dnetlab.grade.hand_in import of_lab
from dnetlab.grade.verify import verify
from dnetlab.grade.work import Terms, run_again
from dnetlab.lab import Lab
from dnetlab.lessons.new import new_lesson
from dnetlab.model import default_topology
from tests.grade.works import Ticking, chained, only_real, rows, solved

ANN = Terms(student="ann")


def kinds(result: dict) -> list[str]:
    return [finding["kind"] for finding in result["findings"]]


def earned(result: dict) -> dict[str, float]:
    return {task["task"]: task["earned"] for task in result["lessons"][0]["tasks"] if task["earned"]}


@pytest.fixture
def two_sessions(tmp_path) -> bytes:
    """The first task in one session, whose kernel dies; the second in another, which went on from it."""
    path = tmp_path / "a.journal"
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.open_lesson("1", "ann")
        lab.start_lesson()
        first, second = lab.lesson.numbers["first"], lab.lesson.numbers["second"]
        lab.run_cell(f"docker run -d --name {first} nginx\ndocker run -d --name {second} nginx")
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.resume()
        lab.run_cell(f"docker stop {first} {second}\ndocker start {second}\ndocker start {first}")
    return path.read_bytes()


def test_what_was_done_before_a_kernel_died_counts_in_the_session_that_went_on(two_sessions):
    result = verify(two_sessions, ANN)

    assert (earned(result), kinds(result)) == ({"two": 1.0, "take-over": 2.0}, [])


def test_a_session_that_goes_on_from_one_that_was_cut_out_is_found(two_sessions):
    told = rows(two_sessions)
    last = [row for row in told if row["session"] == told[-1]["session"]]

    assert "goes on from nothing" in kinds(verify(chained(last), ANN))


def test_what_was_right_once_stays_so_when_it_is_taken_back(tmp_path):
    path = tmp_path / "a.journal"
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.open_lesson("1", "ann")
        lab.start_lesson()
        lab.checkpoint("start")
        first, second = lab.lesson.numbers["first"], lab.lesson.numbers["second"]
        lab.run_cell(f"docker run -d --name {first} nginx\ndocker run -d --name {second} nginx")
        lab.undo(2)
        lab.run("docker network create x")
        lab.goto("start")

    result = verify(path.read_bytes(), ANN)

    assert (earned(result), kinds(result)) == ({"two": 1.0, "tidy": 1.0}, [])  # and nothing is left


def test_what_the_lab_shows_at_the_end_counts_although_nobody_asked(tmp_path):
    path = tmp_path / "a.journal"
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.open_lesson("1", "ann")
        lab.start_lesson()
        lab.run(f"docker run -d --name {lab.lesson.numbers['first']} nginx")  # half of the first task

    result = verify(path.read_bytes(), ANN)

    assert (earned(result), kinds(result)) == ({"two": 0.5}, [])


def test_an_answer_that_was_tried_and_tried_does_not_count(tmp_path):
    # given the journal of somebody who gives answer after answer, without a command between, past the lab
    told = rows(solved(tmp_path / "a.journal"))
    place = next(n for n, row in enumerate(told) if row["kind"] == "prediction" and row["question"] == "seen-as")
    wrong = told[place] | {"answer": "172.17.0.2", "right": False}

    result = verify(chained([*told[:place], wrong, *told[place:]]), ANN)

    assert "guessed" in kinds(result) and "seen-as" not in earned(result)


@pytest.fixture
def repairing(tmp_path) -> str:
    """A lesson that begins with something broken: its task is what an untouched host can do."""
    folder = new_lesson("13-repair", tmp_path)
    (folder / "start.dnet").write_text("docker run -d --name web1 nginx\nsysctl -w net.ipv4.ip_forward=0\n")
    text = (folder / "lesson.toml").read_text(encoding="utf-8")
    begin = text.index("[[tasks]]")
    (folder / "lesson.toml").write_text(text[:begin] + """[[tasks]]
id = "repair"
title = { en = "x", zh = "x" }
text = { en = "x", zh = "x" }
checks = [{ kind = "sysctl", place = "docker1", name = "net.ipv4.ip_forward", value = "1" }]
hints = [{ en = "x", zh = "x" }]
""", encoding="utf-8")
    return str(folder)


def test_a_task_that_is_done_because_the_lessons_own_start_was_left_out_earns_nothing(repairing, tmp_path):
    # given a journal in which the lab that the lesson begins with was never broken
    path = tmp_path / "a.journal"
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.open_lesson(repairing, "ann")
        lab.start_lesson()
        lab.check()
    told = [row for row in rows(path.read_bytes()) if "sysctl" not in row.get("text", "")]
    told[-1] |= {"verdict": "passed", "earned": 1.0}

    result = verify(chained(told), Terms(student="ann", lessons=(repairing,)))

    assert (result["earned"], kinds(result)) == (0.0, ["not begun"])


def test_a_line_of_the_start_that_was_run_elsewhere_is_not_the_start(repairing, tmp_path):
    path = tmp_path / "a.journal"
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.open_lesson(repairing, "ann")
        lab.start_lesson()
        lab.check()
    told = rows(path.read_bytes())
    next(row for row in told if "sysctl" in row.get("text", ""))["container"] = "web1"
    told[-1] |= {"verdict": "passed", "earned": 1.0}

    result = verify(chained(told), Terms(student="ann", lessons=(repairing,)))

    assert result["earned"] == 0.0 and "not begun" in kinds(result)


def test_a_lab_of_another_shape_is_not_run(tmp_path):
    shape = replace(default_topology(), hosts=default_topology().hosts[:2])

    result = verify(solved(tmp_path / "a.journal", topology=shape), ANN)

    assert (result["earned"], kinds(result)) == (0.0, ["other lab"])


def test_what_only_a_real_engine_can_judge_is_marked_so_and_earns_nothing_on_the_simulator(tmp_path):
    lesson = only_real(tmp_path)
    path = tmp_path / "a.journal"
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.open_lesson(lesson, "ann")
        lab.start_lesson()
        lab.run("docker run -d --name web1 nginx")
        lab.check()

    result = verify(path.read_bytes(), Terms(student="ann", lessons=(lesson,)))

    (task,) = result["lessons"][0]["tasks"]
    assert (task["earned"], task["needs_engine"], task["credit"]) == (1.0, True, "unjudged")
    assert [(c["engine"], c["verdict"]) for c in task["checks"]] == [("", "passed"), ("docker", "could not be judged")]
    assert [(f["kind"], f["note"], f["fields"]) for f in result["findings"]] == [
        ("needs engine", True, {"tasks": "web"})
    ]  # fmt: skip


def test_a_broken_lab_is_run_again_by_its_name_and_no_name_reads_a_file(tmp_path):
    path = tmp_path / "a.journal"
    with Lab(journal=path, clock=Ticking()) as lab:
        lab.open_lesson("fault-7", "ann")
        lab.start_lesson()
        lab.run("docker ps")
        lab.check()
        told = of_lab(lab)
    named = path.read_bytes().replace(b'"fault-7"', b'"fault-../../../etc"')

    result = verify(path.read_bytes(), ANN)

    assert (result["lessons"][0]["lesson"], result["earned"], kinds(result)) == ("fault-7", 0.0, [])
    assert (told["lessons"][0]["lesson"], told["findings"]) == ("fault-7", [])
    assert [s["command"] for s in told["account"]["steps"] if s["kind"] == "command"] == ["docker ps"]  # not the break
    assert "unknown lesson" in kinds(verify(named, ANN))


def test_work_of_real_engines_is_judged_on_the_simulator_and_what_it_says_otherwise_is_a_note(tmp_path):
    told = rows(solved(tmp_path / "a.journal"))
    told[0]["engine"] = "docker"
    next(row for row in told if row["kind"] == "line")["exit_code"] = 3

    result = verify(chained(told), ANN)

    assert (result["earned"], [(f["kind"], f["note"]) for f in result["findings"]]) == (9.0, [("other engine", True)])


def test_journals_that_belong_together_are_run_together(tmp_path):
    # given a lesson begun as Docker 28.5 and gone on with as 29.7, each release with a file of its own
    before, after = tmp_path / "a.sim-28.5.journal", tmp_path / "a.sim.journal"
    with Lab(docker="28.5", journal=before, clock=Ticking()) as old:
        old.open_lesson("1", "ann")
        old.start_lesson()
        first, second = old.lesson.numbers["first"], old.lesson.numbers["second"]
        old.run_cell(f"docker run -d --name {first} nginx\ndocker run -d --name {second} nginx")
        with Lab(journal=after, clock=Ticking()) as new:
            new.take_over_lesson(old)
            new.run_cell(f"docker run -d --name {second} nginx\ndocker run -d --name {first} nginx")

    work = run_again([before.read_bytes(), after.read_bytes()], ANN)

    assert {t.task.id: t.earned for t in work.scores[0].tasks if t.earned} == {"two": 1.0, "take-over": 2.0}
    assert work.findings == ()
