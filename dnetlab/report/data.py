"""A work as JSON: what `dnetlab verify --json` prints, what a report carries, what is signed.

`dnetlab.report.schema` says what may stand in it; docs/work.schema.json is that, written down.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from dnetlab.explain.sentences import words
from dnetlab.language import LANGUAGES
from dnetlab.lessons.read import edition
from dnetlab.model import CheckResult
from dnetlab.model.grade import Finding, Replayed, Score, TaskScore, Work
from dnetlab.model.study import Answer
from dnetlab.version import __version__

FORMAT = "dnetlab-work-1"
Data = dict[str, Any]


def work_data(work: Work, journals: Sequence[bytes], now: float, verified: bool) -> Data:
    """A work as JSON values; verified: it was run again by somebody else than its student."""
    return {
        "format": FORMAT, "dnetlab": __version__, "made": time_text(now), "verified": verified, "engine": work.engine,
        "journals": [{"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for data in journals],
        "student": next((s.lesson.student for s in work.scores), ""),
        "earned": round(sum(s.earned for s in work.scores), 2), "points": round(sum(s.points for s in work.scores), 2),
        "lessons": [_lesson(score) for score in work.scores],
        "findings": [finding_data(finding) for finding in work.findings],
        "sessions": [_session(one) for one in work.sessions],
    }  # fmt: skip


def finding_data(finding: Finding) -> Data:
    """Its kind, what it is about, and its sentence."""
    return {
        "kind": finding.kind.value, "note": finding.is_note, "session": finding.session, "text": both(finding),
        "fields": {name: str(value) for name, value in finding.fields.items()},
    }  # fmt: skip


def both(value: Any) -> dict[str, str]:
    """A value in the words of every language."""
    return {language: words(value, language) for language in LANGUAGES}


def time_text(seconds: float) -> str:
    """ISO 8601 in UTC, '' for a time that is none."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else ""
    except (ValueError, OverflowError, OSError):
        return ""


def _session(one: Replayed) -> Data:
    head = one.session
    return {
        "session": head.session, "engine": head.engine, "release": head.release, "dnetlab": head.version,
        "began": time_text(head.began), "commands": len(head.entries), "run": one.snapshot is not None,
    }  # fmt: skip


def _lesson(score: Score) -> Data:
    lesson = score.lesson
    return {
        "lesson": lesson.name, "title": vars(lesson.title), "edition": edition(lesson), "student": lesson.student,
        "earned": score.earned, "points": score.points, "recorded": score.recorded, "seconds": round(score.seconds),
        "tasks": [_task(one) for one in score.tasks],
        "predictions": [_prediction(one) for one in score.predictions],
    }  # fmt: skip


def _task(one: TaskScore) -> Data:
    result = one.result
    return {
        "task": one.task.id, "title": vars(one.task.title), "earned": one.earned, "points": one.task.points,
        "recorded": one.recorded, "done": one.done, "done_at": time_text(one.at), "attempts": one.attempts,
        "hints": one.hints, "needs_engine": one.needs_engine,
        "credit": result.credit.value if result else "nothing", "waits": list(result.waits) if result else [],
        "wrong": result.wrong.name if result and result.wrong else "",
        "checks": [_check(r) for r in result.results] if result else [],
    }  # fmt: skip


def _check(one: CheckResult) -> Data:
    return {
        "kind": one.check.kind, "verdict": one.verdict.value, "weight": one.check.weight, "engine": one.check.engine,
        "expected": both(one.expected), "found": both(one.found), "because": [both(value) for value in one.because],
    }  # fmt: skip


def _prediction(one: Answer) -> Data:
    """What was asked, what was said, and what is so: told to those who predicted, and to those who answered rightly."""
    asked = one.question
    is_told = bool(one.given) and (one.right or not asked.is_answer)
    texts = {choice.id: vars(choice.text) for choice in asked.choices}
    right = [texts.get(text, dict.fromkeys(LANGUAGES, text)) for text in asked.right[: len(texts) or 1]]
    return {
        "question": asked.id, "asked": vars(asked.question), "judged": asked.is_answer, "given": bool(one.given),
        "answer": texts.get(one.given, dict.fromkeys(LANGUAGES, one.given)), "right": one.right,
        "so": right if is_told else [], "explain": vars(asked.explain) if is_told else dict.fromkeys(LANGUAGES, ""),
    }  # fmt: skip
