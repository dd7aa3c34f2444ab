"""A journal recorded on the simulator is run again on real Docker Engines, and judged there."""

from __future__ import annotations

import pytest

from dnetlab.grade.verify import verify
from dnetlab.grade.work import Terms
from dnetlab.lab import Lab
from tests.grade.works import Ticking, only_real

pytestmark = pytest.mark.engine


def test_work_done_on_the_simulator_is_judged_on_a_real_engine_also_what_only_that_can(tmp_path):
    # given somebody's journal of the simulator, with a command taken back
    lesson, path = only_real(tmp_path), tmp_path / "a.journal"
    with Lab(docker="20.10", journal=path, clock=Ticking()) as lab:
        lab.open_lesson(lesson, "ann")
        lab.start_lesson()
        lab.run("docker network create taken-back")
        lab.undo(1)
        lab.run("docker run -d --name web1 nginx")
        lab.run("docker network ls -q | wc -l")
        lab.check()

    # when it is run again on real hosts
    told = verify(path.read_bytes(), Terms("ann", (lesson,), engine="docker"), tell=True)

    # then the real engine has judged all of it, and did not have what was taken back
    assert (told["engine"], told["earned"], told["points"]) == ("docker", 2.0, 2.0)
    assert [check["verdict"] for check in told["lessons"][0]["tasks"][0]["checks"]] == ["passed", "passed"]
    assert [(f["kind"], f["note"]) for f in told["findings"]] == [("other engine", True)]
    assert told["account"]["end"]["tables"][1]["name"] == "networks"
    assert "taken-back" not in str(told["account"]["end"]["tables"][1]["rows"])
