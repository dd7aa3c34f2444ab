"""A fault that somebody found counts when it is run again; one that was never there does not."""

from __future__ import annotations

import pytest

from dnetlab.grade.verify import verify
from dnetlab.grade.work import Terms
from grade.works import chained, rows, solved

ANN = Terms(student="ann")


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> bytes:
    """A fault that ann named and mended."""
    return solved(tmp_path_factory.mktemp("work") / "a.journal", "fault-forwarding-off-3", docker="28.5")


def test_honest_work_counts(work):
    result = verify(work, ANN)

    assert (result["earned"], result["points"], result["findings"]) == (5.0, 5.0, [])


def test_a_lab_that_was_not_broken_earns_nothing(work):
    # given a journal without the line that breaks the lab, its digests made anew
    told = [row for row in rows(work) if row.get("text") != "sysctl -w net.ipv4.ip_forward=0"]

    result = verify(chained(told), ANN)

    assert result["earned"] == 0.0
    assert "not begun" in {finding["kind"] for finding in result["findings"]}


def test_a_baseline_of_the_broken_lab_is_none(work):
    # given one that was written down after the lab was broken
    told = rows(work)
    baseline = next(row for row in told if row["kind"] == "baseline")
    told.remove(baseline)
    told.insert(next(n for n, row in enumerate(told) if row.get("text") == "docker ps"), baseline)

    result = verify(chained(told), ANN)

    assert "not possible" in {finding["kind"] for finding in result["findings"]}
    assert result["earned"] == 2.0  # what it is was said all the same
