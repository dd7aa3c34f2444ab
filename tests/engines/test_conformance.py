"""Lessons 1 to 8 on real engines and on the simulator: every answer, and snapshots field by field on the way.

20.10 runs every lesson; 26.1 and 28.5 the first, the one about NAT and the proxies, and the one about clearing up.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dnetlab.engines.store import engine_tree
from dnetlab.errors import EngineError

sys.path.insert(0, str(Path(__file__).resolve().parent))
from sides import Run, run_both  # noqa: E402

pytestmark = pytest.mark.engine
SCRIPTS = Path(__file__).resolve().parent.parent / "recordings"
CASES = [("20.10", number) for number in range(1, 9)]
CASES += [(release, number) for release in ("26.1", "28.5") for number in (1, 7, 8)]
compared: dict[str, tuple[int, int]] = {}  # case -> (commands, pairs of snapshots)


def need(release: str) -> None:
    """Skip, with the reason, when this machine has no engine of the release."""
    try:
        engine_tree(release)
    except EngineError as error:
        pytest.skip(f"{error}")


def on_both(release: str, number: int) -> Run:
    return run_both((SCRIPTS / f"lesson{number}.dnet").read_text(encoding="utf-8"), release, f"lesson{number}")


@pytest.fixture(scope="module")
def runs(begin):
    return begin(on_both, "test_a_lesson_goes_the_same_on_a_real_engine_and_on_the_simulator")


@pytest.mark.parametrize(("release", "number"), CASES, ids=lambda value: str(value))
def test_a_lesson_goes_the_same_on_a_real_engine_and_on_the_simulator(release, number, runs):
    # Given the commands of a lesson, when they run on a fresh real lab and on a fresh simulated one, then each answer
    # is the same by shape, and so is every field of the snapshots taken after every fifth command.
    need(release)

    run = runs[release, number].result()

    compared[f"{release}-{number}"] = len(run.answers), run.looks
    assert run.agrees, run.report()
    assert run.looks >= 6


def test_hundreds_of_commands_were_compared():
    # Given the lessons above on 20.10, when all of them have run, then more than 300 commands and 60 pairs of
    # snapshots have been compared.
    mine = [counts for case, counts in compared.items() if case.startswith("20.10-")]
    if len(mine) < 8:
        pytest.skip("only some of the lessons were run")

    assert sum(commands for commands, _ in mine) >= 300
    assert sum(looks for _, looks in mine) >= 60
