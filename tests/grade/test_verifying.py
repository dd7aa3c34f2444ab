"""Work is run again in a clean lab: what was done counts, and what is not so is found and named."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from dnetlab.grade.verify import verify
from dnetlab.grade.work import Terms
from dnetlab.report.schema import schema
from tests.grade.works import chained, rows, solved

ANN = Terms(student="ann")


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> bytes:
    """Lesson 1, all of it, by ann."""
    return solved(tmp_path_factory.mktemp("work") / "a.journal")


def kinds(result: dict) -> list[str]:
    return sorted({finding["kind"] for finding in result["findings"]})


def test_honest_work_earns_what_it_is_recorded_with_and_nothing_is_found(work):
    result = verify(work, ANN)

    assert (result["student"], result["earned"], result["points"], result["findings"]) == ("ann", 9.0, 9.0, [])
    assert [(t["task"], t["earned"], t["done"]) for t in result["lessons"][0]["tasks"]] == [
        ("two", 1.0, True), ("take-over", 2.0, True), ("last-port", 2.0, True), ("way-out", 2.0, True),
        ("seen-as", 1.0, True), ("tidy", 1.0, True),
    ]  # fmt: skip


def test_a_result_is_what_the_published_schema_says(work):
    for data in (work, work[:-100], b"nothing", chained(rows(work)[1:])):
        result = json.loads(json.dumps(verify(data, ANN)))

        assert [error.message for error in Draft202012Validator(schema()).iter_errors(result)] == []


def edited(work: bytes, kind: str, **change: object) -> bytes:
    """The first row of a kind changed, and all digests made anew."""
    told = rows(work)
    next(row for row in told if row["kind"] == kind).update(change)
    return chained(told)


@pytest.mark.parametrize(
    ("kind", "change", "found"),
    [
        ("line", {"exit_code": 1}, "outcome"),
        ("line", {"refused": True}, "refused"),
        ("line", {"output": "0123456789abcdef"}, "output"),
        ("line", {"text": "docker run -d --name other nginx"}, "judged"),
        ("line", {"host": "docker7"}, "not possible"),
        ("judged", {"earned": 0.5}, "judged"),
        ("judged", {"points": 100.0}, "judged"),
        ("judged", {"verdict": "failed"}, "judged"),
        ("judged", {"task": "nosuch"}, "not possible"),
        ("judged", {"lesson": "04-isolation"}, "other lesson"),
        ("prediction", {"right": False}, "answer"),
        ("prediction", {"answer": "172.25.254.2"}, "answer"),
        ("lesson", {"student": "bob"}, "other student"),
        ("lesson", {"lesson": "99-nosuch"}, "unknown lesson"),
        ("lesson", {"lesson": "../../../etc"}, "unknown lesson"),
        ("lesson", {"edition": "000000000000"}, "other edition"),
        ("head", {"release": "1.0"}, "unknown release"),
        ("head", {"engine": "docker"}, "other engine"),
        ("head", {"dnetlab": "0.0.1"}, "other version"),
        ("head", {"topology": None}, "other lab"),
    ],
)
def test_a_row_that_was_edited_is_found_although_its_digests_were_made_anew(work, kind, change, found):
    assert found in kinds(verify(edited(work, kind, **change), ANN))


def test_an_edited_row_alone_breaks_the_chain(work):
    assert kinds(verify(work.replace(b'"exit_code":0', b'"exit_code":1', 1), ANN)) == ["broken", "outcome"]


def test_rows_that_are_reordered_cut_out_or_joined_are_found(work, tmp_path):
    lines = work.splitlines(keepends=True)
    other = solved(tmp_path / "b.journal", student="bob")

    assert "broken" in kinds(verify(b"".join([*lines[:5], lines[6], lines[5], *lines[7:]]), ANN))
    assert "broken" in kinds(verify(b"".join([*lines[:6], *lines[8:]]), ANN))
    assert "no head" in kinds(verify(b"".join(lines[1:]), ANN))
    assert kinds(verify(work + other, ANN)) == ["joined", "other student"]


def test_work_that_was_cut_off_at_its_end_earns_what_is_left(work):
    result = verify(b"".join(work.splitlines(keepends=True)[:5]), ANN)

    assert (result["earned"], result["findings"]) == (1.0, [])


def test_a_row_torn_by_a_killed_kernel_is_said_and_blames_nobody(work):
    result = verify(work[:-20], ANN)

    assert [(f["kind"], f["note"]) for f in result["findings"]] == [("unreadable", True)]


def test_another_students_journal_earns_nothing_under_ones_own_name(work):
    as_it_is, renamed = verify(work, Terms(student="bob")), verify(
        chained([row | ({"student": "bob"} if row["kind"] == "lesson" else {}) for row in rows(work)]),
        Terms(student="bob"),
    )

    assert (as_it_is["earned"], kinds(as_it_is)) == (0, ["other student"])
    assert renamed["earned"] == 0.0 and "judged" in kinds(renamed)


RUBBISH = [b"", b"\0\xff" * 500, b"{", b"[" * 5000, b'{"session":"x"}' * 9, b"PK\3\4", b"null"]


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_rubbish_has_no_journal_and_raises_nothing(rubbish):
    assert "no journal" in kinds(verify(rubbish, ANN))
