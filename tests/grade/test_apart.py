"""Work is verified in a process with limits; what was earned before one was reached counts."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from dnetlab.errors import UsageError
from dnetlab.grade.child import OUT_OF_MEMORY, Limits, outcome, verify_apart
from dnetlab.grade.work import Terms
from dnetlab.report.schema import schema
from tests.grade.works import chained, rows, solved

ANN = Terms(student="ann")
LIMITS = Limits(60.0, 1024)
JUDGED = b"".join(
    json.dumps({"judged": ["01-native-networks", "ann", task, earned, done]}).encode() + b"\n"
    for task, earned, done in [("two", 0.5, False), ("two", 1.0, True), ("take-over", 1.25, False)]
)


def test_a_submission_verified_apart_is_what_it_is_here(tmp_path):
    solved(tmp_path / "a.journal")

    result = verify_apart(tmp_path / "a.journal", ANN)

    assert (result["earned"], result["findings"]) == (9.0, [])


@pytest.mark.parametrize(
    ("status", "trouble", "kind"),
    [(-14, b"", "out of time"), (-9, b"", "out of time"), (OUT_OF_MEMORY, b"", "out of memory"),
     (1, b"Traceback:\nKeyError: 7\n", "failed")],
)
def test_work_that_was_stopped_keeps_what_it_had_earned_by_then(status, trouble, kind):
    # given a child that was stopped in the middle of a line
    result = outcome(JUDGED + b'{"work": {"earned": 9', trouble, status, ANN, LIMITS)

    # then its best judgements count, and why it was stopped is said
    assert [(t["task"], t["earned"], t["done"]) for t in result["lessons"][0]["tasks"]][:3] == [
        ("two", 1.0, True), ("take-over", 1.25, False), ("last-port", 0.0, False),
    ]  # fmt: skip
    assert (result["earned"], [f["kind"] for f in result["findings"]]) == (2.25, [kind])
    assert [e.message for e in Draft202012Validator(schema()).iter_errors(json.loads(json.dumps(result)))] == []


def test_another_students_judgements_are_not_ones_own():
    assert outcome(JUDGED, b"", -9, Terms(student="bob"), LIMITS)["earned"] == 0


def test_a_journal_that_never_ends_is_stopped(tmp_path):
    # given a journal with one command, many thousand times
    told = rows(solved(tmp_path / "a.journal"))
    line = next(row for row in told if row["kind"] == "line")
    (tmp_path / "b.journal").write_bytes(chained([told[0], told[1], *[line] * 30_000]))

    result = verify_apart(tmp_path / "b.journal", ANN, Limits(seconds=4.0))

    assert [f["kind"] for f in result["findings"]] == ["out of time"]


@pytest.mark.skipif("sys.platform != 'linux'", reason="memory is limited on Linux")
def test_a_journal_that_wants_all_memory_is_stopped(tmp_path):
    head = b'{"session":"a","after":"","at":1,"kind":"x","y":['
    (tmp_path / "a.journal").write_bytes(head + b"[]," * 15_000_000 + b"1]}")

    result = verify_apart(tmp_path / "a.journal", ANN, Limits(megabytes=300))

    assert [f["kind"] for f in result["findings"]] == ["out of memory"]


def test_a_file_that_can_not_be_read_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        verify_apart(tmp_path / "nosuch.journal")
