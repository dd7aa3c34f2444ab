"""A lesson as one works through it: ticks, checks, hints, predictions; what is written down, and what comes back."""

from __future__ import annotations

import pytest

from dnetlab.errors import UsageError
from dnetlab.journal import read_journal
from dnetlab.lab import Lab
from dnetlab.lessons.new import new_lesson
from dnetlab.model.study import TooSoon


@pytest.fixture
def lesson(tmp_path) -> str:
    return str(new_lesson("13-mine", tmp_path))


@pytest.fixture
def lab(lesson) -> Lab:
    """The pattern of a new lesson, begun: web1 runs; it shall be on a network `blue`."""
    lab = Lab()
    lab.open_lesson(lesson)
    lab.start_lesson()
    return lab


def test_a_lab_without_a_lesson_says_how_to_open_one():
    with pytest.raises(UsageError, match=r"(?s)no lesson is open.*%dnet lesson NAME"):
        Lab().check()


def test_a_task_ticks_after_the_cell_that_solves_it_and_only_then(lab):
    first = lab.run_cell("docker network create blue")
    second = lab.run_cell("docker network connect blue web1")
    third = lab.run_cell("docker ps")

    assert [[tick.task.id for tick in cell.ticks] for cell in (first, second, third)] == [[], ["own-network"], []]


def test_what_was_right_once_stays_done(lab):
    lab.run_cell("docker network create blue\ndocker network connect blue web1")
    lab.run_cell("docker rm -f web1")

    assert (lab.tasks().done, lab.tasks().earned) == (1, 2.0)
    assert lab.check().results == ()


def test_another_way_is_as_right(lab):
    cell = lab.run_cell("docker network create blue\ndocker rm -f web1\ndocker run -d --name web1 --network blue nginx")

    assert [tick.task.id for tick in cell.ticks] == ["own-network"]


def test_the_lesson_itself_does_not_tick_before_its_tasks_begin(lesson):
    lab = Lab()
    lab.open_lesson(lesson)

    cell = lab.run_cell("docker network create blue\ndocker run -d --name web1 --network blue nginx")

    assert cell.ticks == ()


def test_checks_in_vain_cost_a_command_each_from_the_third_on(lab):
    first, second, third = lab.check("1"), lab.check("1"), lab.check("1")

    assert (len(first.results), len(second.results), third.results) == (1, 1, ())
    assert third.too_soon == TooSoon("check", 1)
    lab.run_cell("docker ps")
    assert len(lab.check("1").results) == 1
    lab.run_cell("docker ps")
    assert lab.check("1").too_soon == TooSoon("check", 1)


def test_hints_come_by_degrees_and_one_at_a_time(lab):
    first = lab.hint()
    at_once = lab.hint()
    lab.run_cell("docker ps")
    second = lab.hint()
    lab.run_cell("docker ps")
    third = lab.hint()

    assert first.text["en"] == "First there must be such a network."
    assert at_once == TooSoon("hint", 1)
    assert second.text["en"].startswith("`docker network --help` lists a verb")
    assert third.is_last


def test_a_known_mistake_gets_its_own_hint_once(lab):
    lab.run_cell("docker network create blue")
    mistake = lab.hint()
    lab.run_cell("docker ps")

    assert mistake.text["zh"] == "网络已经有了，但还没有容器接上去。"
    assert lab.hint().degree == 1


def test_a_prediction_stands_and_its_answer_is_forgiving_about_form(lab):
    assert lab.predict("names", "Ａ ").right  # full-width, as a Chinese keyboard types it

    assert lab.predict("names", "b").given == "a"
    with pytest.raises(UsageError, match=r"(?s)asks nothing called 'nams'.*Its questions: names"):
        lab.predict("nams", "b")


def test_an_answer_that_is_no_choice_is_not_written_down(lab):
    with pytest.raises(UsageError, match=r"(?s)'c' is none of the choices.*They are: a, b"):
        lab.predict("names", "c")

    assert lab.answer_to("names").given == ""


def test_a_student_has_numbers_of_his_own_and_starts_anew_with_them(lab, lesson):
    lab.run_cell("docker network create blue\ndocker network connect blue web1")

    lab.open_lesson(lesson, "ann")

    assert "called `green`" in lab.tasks().lesson.tasks[0].text["en"]
    assert lab.tasks().done == 0


def test_the_journal_has_what_was_asked_and_judged_and_resume_goes_on_from_there(lesson, tmp_path, monkeypatch):
    # given work in a lesson, and a kernel that died
    monkeypatch.setenv("DNETLAB_LESSONS", str(tmp_path))
    file = tmp_path / "j"
    before = Lab(journal=file)
    before.open_lesson(lesson, "ann")
    before.start_lesson()
    before.predict("names", "b")
    before.hint()
    before.run_cell("docker network create green\ndocker network connect green web1")

    # when resuming, twice
    middle = Lab(journal=file)
    middle.resume()
    after = Lab(journal=file)
    after.resume()

    # then everything is known, and was written once
    kinds = [type(event).__name__ for event in read_journal(file).sessions[0].events]
    assert kinds == ["Attend", "Attend", "Entry", "Predicted", "Hinted", "Entry", "Entry", "Judged"]
    assert (after.tasks().done, after.tasks().lesson.student, after.started) == (1, "ann", True)
    assert after.answer_to("names").given == "b"
    assert [type(e).__name__ for e in read_journal(file).sessions[2].events].count("Judged") == 0


def test_a_probe_of_a_check_leaves_nothing_behind(lesson, tmp_path):
    # given a check that runs a command
    file = tmp_path / "13-mine" / "lesson.toml"
    file.write_text(file.read_text("utf-8").replace(
        'kind = "network"\nname = "{{net}}"\n', 'kind = "command"\nline = "docker run -d --name probe nginx"\n', 1
    ), "utf-8")  # fmt: skip
    lab = Lab()
    lab.open_lesson(lesson)
    lab.start_lesson()

    # when checking, in a terminal of a container that stays open
    lab.run_cell("docker run -it --rm busybox")
    result = lab.check("1").results[0]

    # then it ran on the host, and the lab and the journal know nothing of it
    assert result.results[0].verdict.value == "passed"
    assert lab.snapshot().find_container("probe") is None
    ran = [entry.line.text for entry in lab.entries]
    assert ran == ["docker run -d --name web1 nginx", "docker run -it --rm busybox"]
