"""What a work as JSON may hold, as JSON Schema (2020-12); docs/work.schema.json is this, written down."""

from __future__ import annotations

from typing import Any

from dnetlab.language import LANGUAGES
from dnetlab.model.check import Credit, Verdict
from dnetlab.model.grade import FindingKind
from dnetlab.report.data import FORMAT

Schema = dict[str, Any]
_STRING, _YES_NO, _WHOLE, _NUMBER = ({"type": t} for t in ("string", "boolean", "integer", "number"))
_TIME = {"description": "ISO 8601 in UTC; '' when nobody knows", "type": "string"}
_POINTS = {"type": "number", "minimum": 0}


def schema() -> Schema:
    """The whole schema."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Somebody's work, run again from its journal",
        **_object({
            "format": {"const": FORMAT}, "dnetlab": _said("version of dnetlab that ran it again", _STRING),
            "made": _TIME, "verified": _said("false: its student made it, and nobody has run it again", _YES_NO),
            "engine": _said("what it was run again on", {"enum": ["sim", "docker"]}),
            "student": _STRING, "earned": _POINTS, "points": _POINTS,
            "lessons": _list(_lesson()), "findings": _list(_finding()), "sessions": _list(_session()),
            "journals": _list(_object({"sha256": _STRING, "bytes": _WHOLE, "base64": _STRING}, "base64")),
            "account": _account(),
        }, "account"),
    }  # fmt: skip


def _object(properties: Schema, optional: str = "") -> Schema:
    required = [name for name in properties if name not in optional.split()]
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _said(description: str, schema: Schema) -> Schema:
    return {"description": description, **schema}


def _text() -> Schema:
    return _said("the same in every language", _object(dict.fromkeys(LANGUAGES, _STRING)))


def _lesson() -> Schema:
    return _object({
        "lesson": _STRING, "title": _text(), "edition": _said("digest of the lesson's text", _STRING),
        "student": _said("whose numbers; '' for the page's own", _STRING), "earned": _POINTS, "points": _POINTS,
        "recorded": _said("what the journal says was earned", _POINTS),
        "seconds": _said("time at work, without breaks", _WHOLE),
        "tasks": _list(_task()), "predictions": _list(_prediction()),
    })  # fmt: skip


def _task() -> Schema:
    return _object({
        "task": _STRING, "title": _text(), "earned": _POINTS, "points": _POINTS, "recorded": _POINTS,
        "done": _YES_NO, "done_at": _TIME, "attempts": _said("how often a judgement was asked for", _WHOLE),
        "hints": _said("how many were taken", _WHOLE),
        "needs_engine": _said("some of it only a real engine can judge, and has not", _YES_NO),
        "credit": _said("why so many points", {"enum": [c.value for c in Credit]}),
        "waits": _said("tasks that come first", _list(_STRING)),
        "wrong": _said("the known mistake that it is; '' for none", _STRING),
        "checks": _list(_object({
            "kind": _STRING, "verdict": {"enum": [v.value for v in Verdict]}, "weight": _POINTS,
            "engine": _said("'docker': only a real engine can judge it", {"enum": ["", "docker"]}),
            "expected": _text(), "found": _text(), "because": _list(_text()),
        })),
    })  # fmt: skip


def _prediction() -> Schema:
    return _object({
        "question": _STRING, "asked": _text(), "judged": _said("it is asked after the work, by a task", _YES_NO),
        "given": _YES_NO, "answer": _text(), "right": _YES_NO,
        "so": _said("what is so; empty for those who did not answer, or may again", _list(_text())), "explain": _text(),
    })  # fmt: skip


def _finding() -> Schema:
    return _object({
        "kind": {"enum": [kind.value for kind in FindingKind]},
        "note": _said("it blames nobody", _YES_NO), "session": _STRING, "text": _text(),
        "fields": {"type": "object", "additionalProperties": _STRING},
    })  # fmt: skip


def _session() -> Schema:
    return _object({
        "session": _STRING, "engine": _STRING, "release": _STRING, "dnetlab": _STRING, "began": _TIME,
        "commands": _said("those that were not taken back", _WHOLE),
        "run": _said("false: it could not be run again", _YES_NO),
    })  # fmt: skip


def _account() -> Schema:
    """What a report tells beside the score."""
    table = _object({"name": _STRING, "columns": _list(_STRING), "rows": _list(_list(_STRING))})
    picture = _object({"alt": _text(), "svg": _STRING, "text": _text()})
    seen = {"table": table, "picture": picture, "told": _text()}
    return _said("the transcript, and the lab at its end", _object({
        "steps": _list(_object({
            "session": _STRING, "at": _TIME, "cell": _WHOLE, "kind": {"enum": ["command", "look", "event"]},
            "prompt": _STRING, "command": _STRING, "exit_code": _WHOLE, "refused": _text(),
            "stdout": _STRING, "stderr": _STRING, "taken_back": _YES_NO, **seen,
        }, "exit_code refused stdout stderr table picture told prompt")),
        "end": _said("missing when no session could be run", _object({"picture": picture, "tables": _list(table)})),
    }, "end"))  # fmt: skip
