"""`dnetlab check-lesson --engine docker`: start, solutions and wrong answers, judged on real engines as well."""

from __future__ import annotations

import pytest

from dnetlab.cli import main
from dnetlab.lessons.new import new_lesson
from dnetlab.lessons.read import shipped
from dnetlab.proof import Proof, prove

pytestmark = pytest.mark.engine

RELEASE = "20.10"


def test_a_lesson_is_proved_on_a_real_engine_its_commands_for_checks_too(tmp_path, capsys):
    # given a lesson one of whose checks runs a command
    folder = new_lesson("13-mine", tmp_path)
    file = folder / "lesson.toml"
    text = file.read_text(encoding="utf-8")
    assert 'kind = "network"\nname = "{{net}}"\n' in text
    asked = 'kind = "command"\nline = "docker network inspect {{net}}"\n'
    file.write_text(text.replace('kind = "network"\nname = "{{net}}"\n', asked, 1), encoding="utf-8")

    # when it is proved, and again with a solution that solves nothing
    sound = main(["check-lesson", str(folder), "--engine", "docker", "--docker", RELEASE])
    said = capsys.readouterr().out
    (folder / "solution.dnet").write_text("docker network create blue\n")
    unsound = main(["check-lesson", str(folder), "--engine", "docker", "--docker", RELEASE])

    # then each try is told, and what fails says where
    assert (sound, unsound) == (0, 1)
    assert said.splitlines() == [
        "ok      13-mine  pages",
        "ok      13-mine 20.10 start",
        "ok      13-mine 20.10 solution.dnet",
        "ok      13-mine 20.10 wrong/not-connected.dnet",
    ]
    assert "PROBLEM 13-mine 20.10 solution.dnet: task own-network is not done" in capsys.readouterr().out


def tried(name: str) -> list[Proof]:
    return list(prove(name, "docker", RELEASE))


@pytest.fixture(scope="module")
def proofs(begin):
    longest = ("11-overlay-and-swarm", "05-joined-containers", "02-host-and-none")
    return begin(tried, "test_a_lesson_of_the_course_is_as_sound_on_a_real_engine", longest)


@pytest.mark.parametrize("name", shipped())
def test_a_lesson_of_the_course_is_as_sound_on_a_real_engine(name, proofs):
    found = proofs[name,].result()

    assert len(found) > 2, "a start, solutions and wrong answers"
    assert [proof for proof in found if proof.trouble] == []
