"""POSIX regular expressions, basic and extended, as grep reads them, in the words of Python's re.

Patterns that could take for ever are refused: they are no question that somebody asks of a command's output.
"""

from __future__ import annotations

import re

from dnetlab.sim.context import Refused

LONGEST = 500
_CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "space": r"\s", "blank": " \\t", "upper": "A-Z",
            "lower": "a-z", "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "print": r"\x20-\x7e", "graph": "!-~",
            "cntrl": r"\x00-\x1f\x7f"}  # fmt: skip


class BadPattern(Exception):
    """The pattern is none; the message is GNU regcomp's."""


def compile_pattern(
    pattern: str, *, extended: bool = False, fixed: bool = False, ignore_case: bool = False, word: bool = False,
    whole: bool = False,
) -> re.Pattern[str]:  # fmt: skip
    """A Python pattern for `search`. Newlines in the pattern separate alternatives. Raises BadPattern, Refused."""
    if len(pattern) > LONGEST:
        raise Refused(f"This pattern has {len(pattern)} characters.", f"The lab takes at most {LONGEST}.")
    alternatives = [re.escape(p) if fixed else _translate(p, extended) for p in pattern.split("\n")]
    text = "|".join(f"(?:{a})" for a in alternatives)
    if word:
        text = rf"(?<!\w)(?:{text})(?!\w)"
    if whole:
        text = rf"\A(?:{text})\Z"
    if not fixed and _nests_repeats(text):
        raise Refused("This pattern repeats a repetition, which can take for ever.", "One * or + is enough.")
    try:
        return re.compile(text, re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError, RecursionError):
        raise BadPattern("Invalid regular expression") from None


def _translate(pattern: str, extended: bool) -> str:
    """One POSIX pattern as a Python one."""
    out: list[str] = []
    at, depth = 0, 0
    while at < len(pattern):
        character = pattern[at]
        following = pattern[at + 1 : at + 2]
        if character == "\\":
            if not following:
                raise BadPattern("Trailing backslash")
            piece, depth = _escaped(pattern, at, extended, out, depth)
            out.append(piece)
            at += 2
            continue
        if character == "[":
            piece, at = _bracket(pattern, at)
            out.append(piece)
            continue
        special = extended and character in "(){}|+?"
        start = not out or out[-1] in ("(", "|", "^")
        if out and out[-1] in ("*", "+", "?") and (character == "*" or special and character in "+?"):
            out[-1] = "*"  # POSIX lets repetitions pile up; Python reads a++ as something else
        elif character == "*":
            out.append(r"\*" if start and not extended else "" if start else "*")
        elif character == "^":
            out.append("^" if extended or start else r"\^")
        elif character == "$":
            ends = at + 1 == len(pattern) or pattern[at + 1 : at + 3] in (r"\)", r"\|")
            out.append("$" if extended or ends else r"\$")
        elif special and character == "(":
            depth += 1
            out.append("(")
        elif special and character == ")":
            out.append(")" if depth else r"\)")  # GNU takes a lone ) for itself
            depth = max(0, depth - 1)
        elif special and character == "{":
            out.append("{" if re.match(r"\{\d*(,\d*)?\}", pattern[at:]) and not start else r"\{")
        elif special and character == "}":
            out.append("}" if _closes_interval(out) else r"\}")
        elif special:
            out.append("" if start and character in "+?" else character)
        else:
            out.append(character if character == "." else re.escape(character))
        at += 1
    if depth:
        raise BadPattern("Unmatched ( or \\(")
    return "".join(out)


def _closes_interval(out: list[str]) -> bool:
    return "{" in out and "}" not in out[len(out) - 1 - out[::-1].index("{") :]


def _escaped(pattern: str, at: int, extended: bool, out: list[str], depth: int) -> tuple[str, int]:
    """`\\c`: an operator of basic patterns, an extension of GNU, or the character itself."""
    character = pattern[at + 1]
    if not extended and character in "(){}|+?":
        if character == "(":
            return "(", depth + 1
        if character == ")":
            if not depth:
                raise BadPattern("Unmatched ) or \\)")
            return ")", depth - 1
        if character == "{" and not re.match(r"\\\{\d*(,\d*)?\\\}", pattern[at:]):
            raise BadPattern("Unmatched \\{")
        return character, depth
    if character in "wWsSbB":
        return "\\" + character, depth
    if character in "<>":
        return (r"\b(?=\w)" if character == "<" else r"\b(?<=\w)"), depth
    if character == "`":
        return r"\A", depth
    if character == "'":
        return r"\Z", depth
    if character.isdecimal() and character != "0":
        if int(character) > sum(piece == "(" for piece in out):
            raise BadPattern("Invalid back reference")
        return "\\" + character, depth
    return re.escape(character), depth


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    """A bracket expression; a backslash inside is a backslash."""
    position = at + 1
    body = ""
    if pattern[position : position + 1] == "^":
        body, position = "^", position + 1
    first = True
    while True:
        character = pattern[position : position + 1]
        if not character:
            if position == at + 1:
                raise BadPattern("Invalid regular expression")
            raise BadPattern("Unmatched [, [^, [:, [., or [=")
        if character == "]" and not first:
            return f"[{body}]", position + 1
        first = False
        named = re.match(r"\[:(\w+):\]", pattern[position:])
        if named:
            if named[1] not in _CLASSES:
                raise BadPattern("Invalid character class name")
            body += _CLASSES[named[1]]
            position += len(named[0])
            continue
        body += "\\" + character if character in "\\[]&~|^" else character
        position += 1


def _nests_repeats(text: str) -> bool:
    """(a+)+ and its like: a group with a repetition inside is itself repeated."""
    stack: list[bool] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character == "\\":
            position += 2
            continue
        if character == "[":
            end = position + 1
            while end < len(text) and (text[end] != "]" or end == position + 1):
                end += 2 if text[end] == "\\" else 1
            position = end + 1
            continue
        if character == "(":
            stack.append(False)
        elif character == ")":
            inner = stack.pop() if stack else False
            repeated = text[position + 1 : position + 2] in ("*", "+", "{")
            if inner and repeated:
                return True
            if stack and (inner or repeated):
                stack[-1] = True
        elif character in "*+{" and stack:
            stack[-1] = True
        position += 1
    return text.count("*") + text.count("+") > 12
