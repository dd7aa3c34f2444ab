"""Faults are made by lines of commands, so they break and are mended on real engines too."""

from __future__ import annotations

import os

import pytest

from dnetlab.explain.sentences import words
from dnetlab.lab import Lab
from dnetlab.lessons.fault import kinds
from dnetlab.lessons.read import script
from dnetlab.model import Verdict, default_topology
from dnetlab.proof import run_blocks

pytestmark = pytest.mark.engine

RELEASE = os.environ.get("DNETLAB_FAULTS_ON", "28.5")
EVERYTHING = os.environ.get("DNETLAB_ALL_FAULTS")
EVERY_TIME = (
    "flushed-nat", "both-doors", "wrong-gateway", "docker-user-drop", "stale-arp", "stale-link", "wrong-resolver",
    "wrong-vlan", "vxlan-blocked",
)  # fmt: skip
KINDS = [kind.name for kind in kinds() if kind.stage != "tower" and (EVERYTHING or kind.name in EVERY_TIME)]


@pytest.fixture(scope="module")
def lab():
    """Real hosts of the usual shape, fresh for each fault."""
    with Lab("docker", RELEASE, topology=default_topology()) as there:
        yield there


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_is_there_on_a_real_engine_and_its_repair_mends_it(kind, lab):
    lab.forget_lessons()
    lab.reset()
    lesson = lab.open_lesson(f"fault-{kind}-1", "ann")

    # given the lab that was broken
    begun = lab.start_lesson()
    assert not begun.refused
    broken = [(r.task.id, r.earned) for r in lab.check().results]

    # when it is named and mended as its file says
    refused = run_blocks(lab, script(lesson, "solution.dnet"))
    for task in ("diagnose", "repair"):
        lab.check(task)

    # then nothing was earned before, and everything is done now
    assert (broken, refused) == ([("diagnose", 0.0), ("repair", 0.0)], [])
    undone = [state.task for state in lab.tasks().tasks if not state.done]
    failed = (r for task in undone for r in lab.judge(task).results if r.verdict is not Verdict.PASSED)
    assert [words(result.found, "en") for result in failed] == []
    assert undone == []
