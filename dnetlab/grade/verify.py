"""Hold a submission against what its journals come to when they run again: the score, and all that a report tells."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from dnetlab.grade.submission import MEGABYTES, Submission, submission
from dnetlab.grade.work import ANYBODY, Terms, run_again
from dnetlab.model.grade import Finding, FindingKind, Work
from dnetlab.report.data import Data, work_data

SAME = ("made", "verified", "findings")  # of a report, what need not be the same
ENOUGH = 5  # differences that are named


def verify(data: bytes, terms: Terms = ANYBODY, now: float | None = None) -> Data:
    """A submission's bytes, run again in this process, as `dnetlab.report.schema` describes it.

    Whatever the bytes are, there is a result; what is wrong with them is in its findings.
    """
    now = time.time() if now is None else now
    if len(data) > MEGABYTES * 1_000_000:
        return work_data(Work(findings=(Finding(FindingKind.TOO_BIG, fields={"limit": MEGABYTES}),)), (), now, True)
    found = submission(data)
    work = run_again(found.journals, terms)
    if not found.journals:
        work = replace(work, findings=(Finding(FindingKind.NO_JOURNAL),))
    if found.claim is not None:
        work = replace(work, findings=(*work.findings, *_claims(found, work)))
    return work_data(work, found.journals, now, True)


def _claims(found: Submission, work: Work) -> Iterator[Finding]:
    """Where a report tells something else than what its journals come to."""
    claim = found.claim or {}
    earned = round(sum(score.earned for score in work.scores), 2)
    if claim.get("earned") != earned:
        yield Finding(FindingKind.SCORE, fields={"recorded": _short(claim.get("earned")), "found": f"{earned:g}"})
    expected = work_data(work, found.journals, 0.0, False)
    for name in differences(_told(claim), _told(expected)):
        yield Finding(FindingKind.ACCOUNT, fields={"what": name})


def _told(report: Data) -> Data:
    """What of a report is compared: all but when and by whom it was made, what was found, and the journals' text."""
    kept = {name: value for name, value in report.items() if name not in (*SAME, "account")}
    rows = kept.get("journals")
    if isinstance(rows, list):
        kept["journals"] = [
            {k: v for k, v in row.items() if k != "base64"} if isinstance(row, dict) else row for row in rows
        ]
    return kept


def differences(one: Any, other: Any, limit: int = ENOUGH) -> list[str]:
    """The names of the first places where two JSON values differ: 'lessons 1 · tasks 2 · earned'."""
    found: list[str] = []
    for place in _differing(one, other):
        found.append(" · ".join(place) or "all of it")
        if len(found) == limit:
            break
    return found


def _differing(one: Any, other: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys([*other, *one]):
            if (name in one) != (name in other):
                yield (*place, str(name))
            else:
                yield from _differing(one[name], other[name], (*place, str(name)))
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            yield place
        for number, (a, b) in enumerate(zip(one, other, strict=False), 1):
            yield from _differing(a, b, (*place[:-1], f"{place[-1]} {number}") if place else (str(number),))
    elif one != other or isinstance(one, bool) != isinstance(other, bool):
        yield place


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else repr(value)[:40]
