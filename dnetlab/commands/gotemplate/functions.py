"""What a template may call: Go's own functions, and those that docker adds (docker/cli templates/templates.go)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from dnetlab.commands.gotemplate.errors import Unsupported
from dnetlab.commands.gotemplate.limits import fits
from dnetlab.commands.gotemplate.printing import sprintf
from dnetlab.commands.gotemplate.values import NO_VALUE, Map, Struct, is_true, show, to_json, type_name


class CallError(Exception):
    """A function refused its arguments; the text stands behind 'error calling NAME: '."""


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if value is None or value is NO_VALUE:
            raise CallError("index of untyped nil")
        if isinstance(value, Struct):
            raise CallError(f"can't index item of type {type_name(value)}")
        if isinstance(value, dict):
            if not isinstance(key, str):
                raise CallError(f"value has type {type_name(key)}; should be string")
            zero = value.zero if isinstance(value, Map) else NO_VALUE
            value = value.get(key, zero)
        elif isinstance(value, (list, tuple, str)):
            value = _item(value, key)
        else:
            raise CallError(f"can't index item of type {type_name(value)}")
    return value


def _item(value: Any, key: Any) -> Any:
    if not isinstance(key, int) or isinstance(key, bool):
        raise CallError(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key < len(value):
        raise CallError(f"index out of range: {key}")
    return ord(value[key]) if isinstance(value, str) else value[key]


def _slice(value: Any, *ends: Any) -> Any:
    if value is None or value is NO_VALUE:
        raise CallError("slice of untyped nil")
    if isinstance(value, str) and len(ends) == 3:
        raise CallError("cannot 3-index slice a string")
    if not isinstance(value, (str, list, tuple)):
        raise CallError(f"can't slice item of type {type_name(value)}")
    for end in ends:
        if not isinstance(end, int):
            raise CallError(f"cannot index slice/array with type {type_name(end)}")
        if not 0 <= end <= len(value):
            raise CallError(f"index out of range: {end}")
    first = ends[0] if ends else 0
    last = ends[1] if len(ends) > 1 else len(value)
    if first > last:
        raise CallError(f"invalid slice index: {first} > {last}")
    return value[first:last]


def _len(value: Any) -> int:
    if value is None or value is NO_VALUE:
        raise CallError("reflect: call of reflect.Value.Type on zero Value")
    if isinstance(value, (str, list, tuple, dict)) and not isinstance(value, Struct):
        return len(value.encode()) if isinstance(value, str) else len(value)
    raise CallError(f"len of type {type_name(value)}")


def _kind(value: Any) -> str:
    for kind, types in (("bool", bool), ("int", int), ("float", float), ("string", str)):
        if isinstance(value, types):
            return kind
    if value is None or value is NO_VALUE:
        return "nil"
    raise CallError("invalid type for comparison" if isinstance(value, Struct) else "non-comparable type "
                    f"{show(value)}: {type_name(value)}")  # fmt: skip


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        raise CallError("missing argument for comparison")
    kind = _kind(first)
    for other in others:
        if "nil" in (kind, _kind(other)):
            if (first in (None, NO_VALUE)) and (other in (None, NO_VALUE)):
                return True
            continue
        if _kind(other) != kind:
            raise CallError("incompatible types for comparison")
        if first == other:
            return True
    return False


def _less(first: Any, second: Any) -> bool:
    kinds = _kind(first), _kind(second)
    if kinds[0] != kinds[1]:
        raise CallError("incompatible types for comparison")
    if kinds[0] in ("bool", "nil"):
        raise CallError("invalid type for comparison")
    return bool(first < second)


def _print(*values: Any) -> str:
    """Go's Sprint: a space between two neighbours when neither is text."""
    text = ""
    for position, value in enumerate(values):
        if position and not isinstance(value, str) and not isinstance(values[position - 1], str):
            text += " "
        text += show(value)
    return text


def _println(*values: Any) -> str:
    return " ".join(show(v) for v in values) + "\n"


def _join(values: list[Any], separator: str) -> str:
    return separator.join(show(v) for v in values)


def _pad(text: str, before: int, after: int) -> str:
    if not text:
        return ""
    if before < 0 or after < 0:
        raise CallError("strings: negative Repeat count")
    fits(before + len(text) + after)
    return " " * before + text + " " * after


def _truncate(text: str, length: int) -> str:
    if length < 0:
        raise CallError(f"runtime error: slice bounds out of range [:{length}]")
    return text[:length]


def _title(text: str) -> str:
    """Go's strings.Title: a word begins after anything but a letter, a digit or _, so '/web' becomes '/Web'."""
    return re.sub(r"(?<!\w)\w", lambda m: m.group().upper(), text)


def _refuse(name: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise Unsupported("the function {name} in a template", name=name)

    return refuse


def _told(*values: Any) -> str:
    """What html and urlquery escape: as print, but nothing is `<no value>` (text/template evalArgs)."""
    return _print(*("<no value>" if v is None or v is NO_VALUE else v for v in values))


def _html(text: str) -> str:
    """text/template HTMLEscapeString"""
    for plain, escaped in (("&", "&amp;"), ("'", "&#39;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;")):
        text = text.replace(plain, escaped)
    return text


# and, or are evaluated by `execute`, which stops at the first argument that decides.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "and": lambda *values: next((v for v in values if not is_true(v)), values[-1]),
    "or": lambda *values: next((v for v in values if is_true(v)), values[-1]),
    "not": lambda value: not is_true(value),
    "index": _index, "slice": _slice, "len": _len,
    "eq": _eq, "ne": lambda a, b: not _eq(a, b), "lt": _less, "le": lambda a, b: _less(a, b) or _eq(a, b),
    "gt": lambda a, b: not (_less(a, b) or _eq(a, b)), "ge": lambda a, b: not _less(a, b),
    "print": _print, "println": _println, "printf": sprintf,
    "json": to_json, "split": lambda text, by: text.split(by) if by else list(text),
    "join": _join, "title": _title,
    "lower": str.lower, "upper": str.upper,
    "pad": _pad, "truncate": _truncate,
    "html": lambda *values: _html(_told(*values)), "urlquery": lambda *values: quote_plus(_told(*values)),
    "js": _refuse("js"), "call": _refuse("call"),
}  # fmt: skip
ARITY: dict[str, tuple[int, int | None]] = {
    "and": (1, None), "or": (1, None), "not": (1, 1), "index": (1, None), "slice": (1, 4), "len": (1, 1),
    "eq": (1, None), "ne": (2, 2), "lt": (2, 2), "le": (2, 2), "gt": (2, 2), "ge": (2, 2),
    "print": (0, None), "println": (0, None), "printf": (1, None), "json": (1, 1), "split": (2, 2), "join": (2, 2),
    "title": (1, 1), "lower": (1, 1), "upper": (1, 1), "pad": (3, 3), "truncate": (2, 2),
    "html": (0, None), "js": (0, None), "urlquery": (0, None), "call": (1, None),
}  # fmt: skip
# The Go types of the arguments of functions that want some.
TYPES: dict[str, tuple[str, ...]] = {
    "printf": ("string",), "split": ("string", "string"), "join": ("[]string", "string"), "title": ("string",),
    "lower": ("string",), "upper": ("string",), "pad": ("string", "int", "int"), "truncate": ("string", "int"),
}  # fmt: skip
# In the header row of a table these leave the column's title as it is (templates.HeaderFunctions).
HEADER: dict[str, Callable[..., Any]] = FUNCTIONS | {
    "json": lambda value: value,
    "title": lambda value: value,
    "lower": lambda value: value,
    "upper": lambda value: value,
    "truncate": lambda value, _: value,
    "join": lambda value, _: value,
    "split": lambda value, _: value,
}
