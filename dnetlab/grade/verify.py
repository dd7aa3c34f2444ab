"""Hold a submission against what its journals come to when they run again: the score, and all that a report tells."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from dnetlab.grade.export import told
from dnetlab.grade.known import known_lessons
from dnetlab.grade.looks import look
from dnetlab.grade.notebook import notebook_journals
from dnetlab.grade.sign import fingerprint, is_signed
from dnetlab.grade.submission import MEGABYTES, Submission, submission
from dnetlab.grade.work import ANYBODY, Terms, run_again
from dnetlab.model.grade import Finding, FindingKind, Work
from dnetlab.report.data import Data, finding_data, work_data
from dnetlab.report.page import page

SAME = ("made", "verified", "findings")  # of a report, what need not be the same
ENOUGH = 5  # differences that are named


def verify(data: bytes, terms: Terms = ANYBODY, now: float | None = None, tell: bool = False) -> Data:
    """A submission's bytes, run again in this process, as `dnetlab.report.schema` describes it.

    Whatever the bytes are, there is a result; what is wrong with them is in its findings. tell: with the account of a
    report, and the journals in it.
    """
    now = time.time() if now is None else now
    if len(data) > MEGABYTES * 1_000_000:
        return work_data(Work(findings=(Finding(FindingKind.TOO_BIG, fields={"limit": MEGABYTES}),)), (), now, True)
    return verify_submission(submission(data), terms, now, tell)


def verify_submission(found: Submission, terms: Terms, now: float, tell: bool = False) -> Data:
    """The same for what was taken apart already: journals that belong together, or a report."""
    claim = found.claim
    is_told = claim is not None and isinstance(claim.get("account"), dict)
    looking = partial(look, draw=tell) if is_told or tell else None
    terms = replace(terms, only=terms.only or _only(claim), look=looking)
    journals, work = _run(found, replace(terms, known=terms.known or known_lessons(terms.lessons)))
    expected = work_data(work, journals, now, True)
    if is_told or tell:
        expected = told(work, expected, journals, draw=tell)
    findings = [*([] if journals else [Finding(FindingKind.NO_JOURNAL)]), *_signature(found, terms.key)]
    try:
        findings += _claims(found, expected) if claim is not None else []
    except RecursionError:  # nested deeper than any report is
        findings.append(Finding(FindingKind.ACCOUNT, fields={"what": "JSON"}))
    expected["findings"] += map(finding_data, findings)
    return expected if tell else {name: value for name, value in expected.items() if name != "account"} | {
        "journals": [{k: v for k, v in row.items() if k != "base64"} for row in expected["journals"]]
    }  # fmt: skip


def _run(found: Submission, terms: Terms) -> tuple[tuple[bytes, ...], Work]:
    """The journals, and what they come to. Where they leave something open, the cells of the notebooks run as well."""
    work = run_again(found.journals, terms)
    if not found.notebooks or (work.scores and all(task.done for score in work.scores for task in score.tasks)):
        return found.journals, work
    made = [
        one for cells in found.notebooks
        for one in notebook_journals(cells, terms.known, terms.student or "", terms.noted)
    ]  # fmt: skip
    journals = (*found.journals, *made)
    work = run_again(journals, terms)
    return journals, replace(work, findings=(*work.findings, Finding(FindingKind.NOTEBOOK)))


def _only(claim: Data | None) -> str:
    """The lesson that a report is about, '' when it is about several, or says nothing that one can read."""
    lessons = (claim or {}).get("lessons")
    one = lessons[0] if isinstance(lessons, list) and len(lessons) == 1 else None
    name = one.get("lesson") if isinstance(one, dict) else None
    return name if isinstance(name, str) else ""


def _signature(found: Submission, key: str) -> Iterator[Finding]:
    if found.claim is None or found.signature is None:
        if key:
            yield Finding(FindingKind.UNSIGNED)
    elif not key:
        yield Finding(FindingKind.NOT_CHECKED)
    elif is_signed(found.claim, found.signature, key):
        yield Finding(FindingKind.SIGNED, fields={"fingerprint": fingerprint(key)})
    else:
        yield Finding(FindingKind.SIGNATURE)


def _claims(found: Submission, expected: Data) -> Iterator[Finding]:
    """Where a report tells something else than what its journals come to."""
    claim = found.claim or {}
    if claim.get("earned") != expected["earned"]:
        fields = {"recorded": _short(claim.get("earned")), "found": f"{expected['earned']:g}"}
        yield Finding(FindingKind.SCORE, fields=fields)
    if claim.get("dnetlab") != expected["dnetlab"]:
        fields = {"version": _short(claim.get("dnetlab")), "here": expected["dnetlab"]}
        yield Finding(FindingKind.OTHER_VERSION, fields=fields)
        return
    for name in differences(_told(claim), _told(expected)):
        yield Finding(FindingKind.ACCOUNT, fields={"what": name})
    if found.page is not None and not _is_page_of(claim, found.page):
        yield Finding(FindingKind.ACCOUNT, fields={"what": "HTML"})


def _is_page_of(claim: Data, given: bytes) -> bool:
    """Whether the page is what its own data makes."""
    language = "zh" if b'<html lang="zh' in given[:400] else "en"
    try:
        return page(claim, language).encode("utf-8") == given
    except Exception:  # data that no report ever had: whatever it breaks, the page is not of it
        return False


def _told(report: Data) -> Data:
    """What of a report is compared: all but when and by whom it was made, what was found, the journals' text, and how
    pictures are drawn, which another Graphviz does otherwise."""
    kept = {name: value for name, value in report.items() if name not in SAME}
    return dict(_without(kept, ("base64", "svg")))


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {name: _without(one, names) for name, one in value.items() if name not in names}
    return [_without(one, names) for one in value] if isinstance(value, list) else value


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
