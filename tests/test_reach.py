"""Who reaches whom: what moby's tests claim of 29.7, and what real engines of older releases answered."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import pytest

from dnetlab.engines.simulator import Simulator

sys.path.insert(0, str(Path(__file__).resolve().parent / "engines"))
import reach  # noqa: E402

ALL = reach.situations()
RECORDED = [(release, situation) for release in reach.RELEASES for situation in ALL
            if release in situation.releases]  # fmt: skip


@pytest.mark.parametrize("situation", ALL, ids=lambda s: s.name)
def test_the_simulator_of_29_answers_as_moby_s_tests_claim(situation):
    with closing(Simulator("29.7")) as engine:
        assert reach.ask(engine, situation) == reach.claimed(situation)


@pytest.mark.parametrize(("release", "situation"), RECORDED, ids=lambda v: getattr(v, "name", v))
def test_the_simulator_answers_as_a_real_engine_did(release, situation):
    with closing(Simulator(release)) as engine:
        assert reach.ask(engine, situation) == reach.recorded(release)[situation.name]


def test_the_page_is_made_from_the_table_and_the_recordings():
    assert reach.PAGE.read_text(encoding="utf-8") == reach.page()


def test_there_are_more_than_two_hundred_rows():
    asked = [row for situation in ALL for row, answer in situation.rows if answer]

    assert len(asked) > 200
