"""The lessons that come with dnetlab: each is sound, and the stored notebooks are what its text makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dnetlab.explain.sentences import COURSE
from dnetlab.lab import Lab
from dnetlab.lessons.build import FOLDERS, TOUR, notebook, tour
from dnetlab.lessons.new import new_lesson
from dnetlab.lessons.read import read_lesson, script, shipped
from dnetlab.model.releases import RELEASES
from dnetlab.proof import prove
from tests import lesson_runs

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", shipped())
def test_a_lesson_is_solved_by_its_solutions_only_and_mistakes_get_their_hints(name, release):
    if release not in read_lesson(name).releases:
        pytest.skip(f"{name} does not claim to hold on {release}")

    proofs = list(prove(name, release=release))

    assert [proof for proof in proofs if proof.trouble] == []
    assert {"pages", "start", "solution.dnet"} <= {proof.what for proof in proofs}


@pytest.mark.parametrize("language", COURSE)
@pytest.mark.parametrize("name", shipped())
def test_a_stored_notebook_is_what_the_lessons_text_makes(name, language):
    stored = NOTEBOOKS / FOLDERS[language] / f"{name}.ipynb"

    assert stored.read_text(encoding="utf-8") == notebook(read_lesson(name), language), (
        f"run: dnetlab build-lesson {name} --out notebooks"
    )


@pytest.mark.parametrize("language", COURSE)
def test_the_stored_tour_is_what_its_page_makes(language):
    stored = NOTEBOOKS / FOLDERS[language] / f"{TOUR}.ipynb"

    assert stored.read_text(encoding="utf-8") == tour(language), f"run: dnetlab build-lesson {TOUR} --out notebooks"


@pytest.mark.parametrize("name", shipped())
def test_a_lesson_has_four_tasks_that_know_a_mistake(name):
    lesson = read_lesson(name)

    assert len(lesson.tasks) >= 4
    assert sum(bool(task.wrong) for task in lesson.tasks) >= 3
    assert 20 <= lesson.minutes <= 40


def test_commands_are_the_same_in_both_languages():
    for name in shipped():
        lesson = read_lesson(name)
        english, chinese = (
            [cell["source"] for cell in json.loads(notebook(lesson, language))["cells"]
             if cell["cell_type"] == "code" and "%dnet lesson" not in "".join(cell["source"])]
            for language in COURSE
        )  # fmt: skip
        assert english == chinese


# -- a lesson that is not sound is found out --------------------------------------------------------------------------


def _troubles(folder: Path) -> dict[str, str]:
    return {proof.what: proof.trouble for proof in prove(str(folder), release="28.5", students=("",)) if proof.trouble}


def test_a_new_lesson_is_sound(tmp_path):
    assert _troubles(new_lesson("13-mine", tmp_path)) == {}


@pytest.mark.parametrize(
    ("file", "text", "what", "trouble"),
    [
        ("start.dnet", "docker network create blue\n", "start",
         "task own-network earns 1 points before anything was done: give what holds weight 0"),
        ("solution.dnet", "docker network create blue\n", "solution.dnet",
         "task own-network is not done: container web1 is on network blue, but web1 is on: bridge"),
        ("solution.dnet", "docker search web\n", "solution.dnet", "`docker search web` is refused"),
        ("wrong/not-connected.dnet", "; task: own-network, hint: not-connected\ndocker ps\n",
         "wrong/not-connected.dnet", "it gets the hint 'none', not 'not-connected'"),
        ("wrong/not-connected.dnet", "docker ps\n", "wrong/not-connected.dnet", "its first line must say what it is"),
        ("wrong/x.dnet", "; task: own-network, hint: none\ndocker network create blue\n"
         "docker network connect blue web1\n",
         "wrong/x.dnet", "task own-network is done all the same"),
        ("page.md", "[en]\nHello\n", "pages", "this prose has no [zh]"),
        ("page.md", "```predict\nnothing\n```\n", "pages", "lesson.toml has no prediction 'nothing'"),
    ],
)  # fmt: skip
def test_what_is_not_sound_is_named(tmp_path, file, text, what, trouble):
    folder = new_lesson("13-mine", tmp_path)
    (folder / file).write_text(text, encoding="utf-8")

    assert trouble in _troubles(folder)[what]


@pytest.mark.parametrize("number", ["01", "02", "03", "08"])
def test_a_clean_up_that_finds_nothing_left_is_announced_by_the_page(number):
    # Given a lesson that was solved, when its last cell is run, then the error it shows is one that the page explains.
    lesson = lesson_runs.opened(number)
    *_, (_, said), (_, cell) = lesson_runs.cells(number)
    with Lab() as lab:
        lab.run_cell(script(lesson, "solution.dnet"))
        removed = lab.run_cell(cell.removeprefix("%%dnet\n")).outputs[0]

    assert (removed.line.text, removed.exit_code) == ("docker rm -f $(docker ps -aq)", 1)
    assert "'docker rm' requires at least 1 argument\n" in removed.stderr
    assert "`docker rm` gets no name, says `requires at least 1 argument`, and nothing is wrong" in said


@pytest.mark.parametrize("number", ["04", "05", "06", "07", "09", "10"])
def test_the_clean_up_of_other_lessons_runs_without_an_error_after_their_tasks(number):
    lesson = lesson_runs.opened(number)
    *_, (_, cell) = lesson_runs.cells(number)
    with Lab(topology=lesson.shape) as lab:
        lab.run_cell(script(lesson, "solution.dnet"))
        outputs = lab.run_cell(cell.removeprefix("%%dnet\n")).outputs

    assert [(o.line.text, o.stderr) for o in outputs if o.exit_code] == []
