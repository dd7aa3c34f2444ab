"""Debian's docker compose brings its projects up at the served simulator as at a real engine (compose_plugin.py)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from compose_plugin import compare, plugin
from machine import works
from real_client import DOCKER

FOUND = plugin() if DOCKER and works() else None
REASON = "no docker compose 2.40 here: python tests/prepare_engines.py compose"
RECORDINGS = Path(__file__).resolve().parent.parent / "recordings" / "28.5"


def test_ci_has_the_plugin():
    assert FOUND or not os.environ.get("DNETLAB_REQUIRE_ENGINES"), REASON


@pytest.mark.skipif(FOUND is None, reason=REASON)
@pytest.mark.parametrize("session", ["compose_basics", "compose_files", "compose_networks", "compose_settings"])
def test_the_plugin_says_what_it_said_to_a_real_engine(session):
    number, different = compare(RECORDINGS / f"{session}.jsonl", FOUND)

    assert number > 40  # commands that it typed, of each session
    assert not different, "\n".join(different)
