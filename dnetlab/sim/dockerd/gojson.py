"""JSON that can't be read, in the words of Go's encoding/json (its scanner.go and decode.go)."""

from __future__ import annotations

import json
from typing import Any


class BadJson(ValueError):
    """The text is Go's sentence."""


def loads(text: str) -> Any:
    """The value; BadJson in Go's words."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadJson(_sentence(text, error)) from None


def _sentence(text: str, error: json.JSONDecodeError) -> str:
    place = error.pos
    if "trailing comma" in error.msg or error.msg.startswith("Expecting property name"):
        place = _after_blanks(text, place + 1 if text[place : place + 1] == "," else place)
    else:
        place = _after_blanks(text, place)
    if place >= len(text) or error.msg.startswith("Unterminated string"):
        return "unexpected end of JSON input"
    return f"invalid character {_quoted(text[place])} {_where(text, place, error.msg)}"


def _after_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place


def _where(text: str, place: int, message: str) -> str:
    """What Go was doing when it met that character."""
    inside = _innermost(text[:place])
    if message.startswith("Expecting ':'"):
        return "after object key"
    if message.startswith("Extra data"):
        return "after top-level value"
    if message.startswith("Expecting ','"):
        return "after object key:value pair" if inside == "{" else "after array element"
    if message.startswith("Invalid control"):
        return "in string literal"
    if "property name" in message or ("trailing comma" in message and inside == "{"):
        return "looking for beginning of object key string"
    return "looking for beginning of value"


def _innermost(before: str) -> str:
    """The bracket that is open there: '{', '[' or ''."""
    opened: list[str] = []
    in_string = escaped = False
    for character in before:
        if in_string:
            escaped = character == "\\" and not escaped
            in_string = character != '"' or escaped
        elif character == '"':
            in_string = True
        elif character in "{[":
            opened.append(character)
        elif character in "}]" and opened:
            opened.pop()
    return opened[-1] if opened else ""


def _quoted(character: str) -> str:
    """As Go quotes a character: 'x', '\\n', '\\''; a double quote stands bare."""
    if character == "'":
        return "'\\''"
    return f"'{character}'" if character.isprintable() else f"'{character.encode('unicode_escape').decode()}'"
