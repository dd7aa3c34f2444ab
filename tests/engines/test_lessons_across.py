"""Lessons 9 to 11 on pairs of real hosts: what they say of an output is looked up in what real engines answered."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dnetlab.engines.store import ready_releases
from dnetlab.lab import Lab

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
from tests.lesson_claims_across import ACROSS  # noqa: E402
from tests.lesson_runs import Claim, Shown, run_in, shape  # noqa: E402

pytestmark = pytest.mark.engine



def lines_of(lesson: str, release: str) -> tuple[Shown, ...]:
    with Lab("docker", release, topology=shape(lesson)) as lab:
        return run_in(lab, lesson)


@pytest.fixture(scope="module")
def shown(begin):
    return begin(lines_of, "test_what_a_lesson_across_hosts_says_is_what_real_engines_answer", ("11",))


@pytest.mark.parametrize("release", ready_releases())
@pytest.mark.parametrize("lesson", ["09", "10", "11"])
def test_what_a_lesson_across_hosts_says_is_what_real_engines_answer(lesson, release, shown) -> None:
    lines = shown[lesson, release].result()

    meant = [claim for claim in ACROSS if claim.lesson == lesson and release in claim.on and asked(lines, claim)]
    assert len(meant) > 20
    assert [f"{claim.command}: {said.said}" for claim in meant if not holds(claim, said := asked(lines, claim))] == []


def asked(lines: tuple[Shown, ...], claim: Claim) -> Shown | None:
    """The line that the claim is about; None when its cell needs what this kernel lacks."""
    found = [line for line in lines if line.command == claim.command]
    return found[claim.nth - 1] if len(found) >= claim.nth else None


def holds(claim: Claim, shown: Shown) -> bool:
    right = claim.shows in shown.said and not (claim.hides and claim.hides in shown.said)
    return right and claim.code in (None, shown.exit_code)
