"""Public reports and lab sheets are answered as real engines answered them; what is left has a reason."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from public_cases import RELEASES, differences, figures, load, reasons  # noqa: E402


@pytest.mark.parametrize("release", RELEASES)
def test_of_the_lines_that_are_not_refused_nearly_all_are_answered_as_recorded(release: str) -> None:
    found = figures(release)

    assert found.exit_status >= 0.995
    assert found.text >= 0.97


@pytest.mark.parametrize("release", ["20.10", "28.5"])
def test_so_are_those_of_several_hosts(release: str) -> None:
    found = figures(release, "two-")

    assert found.exit_status >= 0.995
    assert found.text >= 0.97


@pytest.mark.parametrize("release", RELEASES)
def test_each_difference_that_is_left_has_its_reason(release: str) -> None:
    without = [str(one) for one in differences(release) if not one.reason]

    assert without == [], "\n".join(without)


def test_each_reason_still_explains_a_difference() -> None:
    # Given the table of reasons, when all cases are replayed, then each explains one: what was learned is struck out.
    used = {one.reason for release in RELEASES for one in differences(release)}

    assert [reason["why"] for reason in reasons() if reason["why"] not in used] == []


def test_hundreds_of_lines_of_dozens_of_cases_are_compared() -> None:
    counted = {release: (len(cases), sum(map(len, cases.values()))) for release in RELEASES if (cases := load(release))}

    assert counted == {"20.10": (67, 1143), "26.1": (13, 305), "28.5": (51, 959)}
