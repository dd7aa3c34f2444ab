"""The simulator gives the answers that real engines gave, for every recording and release."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conformance import compare, load, named_differences, unnamed  # noqa: E402

pytestmark = pytest.mark.usefixtures("transport")

FOLDER = Path(__file__).resolve().parent / "recordings"
RECORDINGS = sorted(FOLDER.glob("*/*.jsonl"))
RANDOM = sorted(FOLDER.glob("random/*/*.jsonl"))  # a sample of the random scripts of tests/differential.py


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_recording_of_a_real_engine_is_answered_the_same(path):
    mismatches = unnamed(path, compare(path))

    assert len(load(path)) > 10
    assert not mismatches, "\n".join(str(m) for m in mismatches)


@pytest.mark.parametrize("path", RANDOM, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_random_script_is_answered_as_the_real_engine_did(path):
    mismatches = unnamed(path, compare(path))

    assert not mismatches, "\n".join(str(m) for m in mismatches)


def test_each_named_difference_is_still_one():
    # Given the table of differences, when its recordings are replayed, then each still differs there: what the
    # simulator has learned is struck out.
    for row in named_differences():
        path = next(p for p in (*RECORDINGS, *RANDOM) if (p.parent.name, p.stem) == (row["release"], row["recording"]))
        assert row["line"] in {m.number for m in compare(path)}, row


def test_hundreds_of_commands_are_compared():
    assert sum(len(load(path)) for path in (*RECORDINGS, *RANDOM)) > 3000
