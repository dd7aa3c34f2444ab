"""A slice of the differential test with fixed seeds; tests/differential.py runs as many as one likes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dnetlab.engines.store import engine_tree
from dnetlab.errors import EngineError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from differential import one, shrink  # noqa: E402
from generator import script  # noqa: E402
from generator_daemon import daemon_script  # noqa: E402
from sides import Run  # noqa: E402

pytestmark = pytest.mark.engine
SLICES = [("20.10", range(7100, 7108)), ("28.5", range(7200, 7203))]
CASES = [(release, seed) for release, seeds in SLICES for seed in seeds]
DAEMON = range(3)  # of tests/generator_daemon.py: what the daemon is told, both families, gateway modes


def on_both(release: str, seed: int) -> Run:
    return one(release, script(seed), f"seed {seed}")


@pytest.fixture(scope="module")
def runs(begin):
    return begin(on_both, "test_a_random_script_goes_the_same_on_a_real_engine_and_on_the_simulator")


@pytest.mark.parametrize(("release", "seed"), CASES, ids=lambda value: str(value))
def test_a_random_script_goes_the_same_on_a_real_engine_and_on_the_simulator(release, seed, runs):
    # Given a random script of valid and invalid commands, when it runs on both sides, then answers and snapshots are
    # the same; `python tests/differential.py --docker RELEASE --seeds SEED --shrink` tells which lines a difference
    # needs.
    try:
        engine_tree(release)
    except EngineError as error:
        pytest.skip(f"{error}")

    run = runs[release, seed].result()

    assert run.agrees, run.report()


def of_daemon_on_both(seed: int) -> Run:
    return one("28.5", daemon_script(seed), f"daemon seed {seed}")


@pytest.fixture(scope="module")
def daemon_runs(begin):
    return begin(of_daemon_on_both, "test_a_random_script_of_daemon_options_goes_the_same_on_both")


@pytest.mark.parametrize("seed", DAEMON)
def test_a_random_script_of_daemon_options_goes_the_same_on_both(seed, daemon_runs):
    # Given what a daemon is told, networks of both families and gateway modes, when it runs on both sides, then answers
    # and snapshots are the same (`python tests/differential.py --docker 28.5 --kind daemon`).
    try:
        engine_tree("28.5")
    except EngineError as error:
        pytest.skip(f"{error}")

    run = daemon_runs[seed,].result()

    assert run.agrees, run.report()


def test_a_divergence_is_shrunk_to_the_lines_it_needs():
    # Given twenty lines of which two make the divergence together, when it is shrunk, then those two are left.
    lines = [f"line {number}" for number in range(20)]
    trials = []

    def diverges(shorter):
        trials.append(shorter)
        return {"line 3", "line 14"} <= set(shorter)

    assert shrink(lines, diverges) == ["line 3", "line 14"]
    assert len(trials) <= 60
