"""What lesson.toml may hold, as JSON Schema (2020-12); `docs/lesson.schema.json` is this, written down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dnetlab.model.releases import RELEASES

_NAME = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"}
_TEXT = {
    "description": "the same in English and in Chinese",
    "type": "object", "required": ["en", "zh"], "additionalProperties": False,
    "properties": {"en": {"type": "string", "minLength": 1}, "zh": {"type": "string", "minLength": 1}},
}  # fmt: skip
_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"}, "boolean": {"type": "boolean"}, "integer": {"type": "integer"},
    "array": {"type": "array", "items": {"type": "string"}},
}  # fmt: skip


def schema() -> dict[str, Any]:
    """The whole schema. Placeholders such as {{net}} are filled in before a lesson is held against it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A lesson of dnetlab (lesson.toml)",
        **_object(
            {
                "title": _TEXT, "goals": _list(_TEXT),
                "minutes": {"type": "integer", "minimum": 1}, "releases": _list({"enum": list(RELEASES)}),
                "docker": {"description": "the release that the page runs on", "enum": list(RELEASES)},
                "numbers": {"type": "object", "additionalProperties": _number()},
                "predictions": _list(_prediction()), "tasks": _list(_task()),
            },
            "title goals",
        ),
    }  # fmt: skip


def _object(properties: dict[str, Any], required: str = "") -> dict[str, Any]:
    return {
        "type": "object", "additionalProperties": False, "required": required.split(), "properties": properties,
    }  # fmt: skip


def _list(item: dict[str, Any], least: int = 1) -> dict[str, Any]:
    return {"type": "array", "minItems": least, "items": item}


def _number() -> dict[str, Any]:
    whole = {"type": "integer", "minimum": 0}
    return {
        "description": "a list to choose from, {from, to}, {subnet, prefix}, or {in, from, to}: an address in a subnet",
        "oneOf": [
            _list({"type": ["string", "integer"]}),
            _object({"from": whole, "to": whole}, "from to"),
            _object({"subnet": {"type": "string"}, "prefix": {"type": "integer", "maximum": 30}}, "subnet"),
            _object({"in": {"type": "string"}, "from": whole, "to": whole}, "in from to"),
        ],
    }


def _prediction() -> dict[str, Any]:
    choice = _object({"id": _NAME, "text": _TEXT, "because": _TEXT}, "id text")
    return _object(
        {
            "id": _NAME, "question": _TEXT, "choices": _list(choice, 2), "explain": _TEXT,
            "right": {"description": "ids of choices, or typed answers", **_list({"type": "string"})},
            "answer": {"description": "asked after the work, and judged by a check", "type": "boolean"},
            "named": {
                "description": "of an answer in one's own words: it is right when it has a word of each group",
                **_list(_list({"type": "string", "minLength": 1})),
            },
        },
        "id question right explain",
    )  # fmt: skip


def _task() -> dict[str, Any]:
    wrong = _object({"id": _NAME, "when": _list(_check()), "hint": _TEXT}, "id when hint")
    return _object(
        {
            "id": _NAME, "title": _TEXT, "text": _TEXT, "points": {"type": "number", "exclusiveMinimum": 0},
            "needs": _list(_NAME), "checks": _list(_check()), "hints": _list(_TEXT), "wrong": _list(wrong),
        },
        "id title text checks hints",
    )  # fmt: skip


def _check() -> dict[str, Any]:
    from dnetlab.checks.kinds import ALLOWED, KINDS

    common = {
        "weight": {"description": "0: a condition of all credit", "type": "number", "minimum": 0},
        "not": {"description": "it shall not be so", "type": "boolean"},
        "engine": {"description": "only a real engine can judge it", "const": "docker"},
    }
    kinds = []
    for name, kind in KINDS.items():
        fields = {field: _field(ALLOWED.get(field), type_) for field, type_ in kind.fields.items()}
        one = _object({"kind": {"const": name}, **fields, **common}, " ".join(["kind", *kind.needs]))
        kinds.append({"description": kind.summary, **one})
    tag = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": list(KINDS)}}}
    rules = [
        {"if": {"properties": {"kind": {"const": name}}}, "then": one} for name, one in zip(KINDS, kinds, strict=True)
    ]
    return {**tag, "allOf": rules}


def _field(allowed: Iterable[str] | None, kind: str) -> dict[str, Any]:
    return _TYPES[kind] if allowed is None else {"enum": list(allowed)}
