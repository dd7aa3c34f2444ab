"""POSIX regular expressions, basic and extended, for grep, sed, awk, expr and `[[ =~ ]]`.

The library `regex` matches them: leftmost and longest as POSIX wants, and under a limit of time, because patterns such
as `(a+)+$` could take for ever. Here is only what POSIX writes otherwise than Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NoReturn

from dnetlab.sim.userland.seam import Refused, Stopped

LONGEST = 500
SECONDS = 0.5  # for one line; real ones take microseconds
_CLASSES = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "space": r"\s", "blank": " \\t", "upper": "A-Z",
            "lower": "a-z", "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "print": r"\x20-\x7e", "graph": "!-~",
            "cntrl": r"\x00-\x1f\x7f"}  # fmt: skip


class BadPattern(Exception):
    """The pattern is none; the message is GNU regcomp's."""


class Pattern:
    """A compiled expression; its matches are Python's match objects. Every question may raise Refused."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def search(self, text: str, at: int = 0) -> Any:
        """The leftmost, longest match from there on, None without one."""
        try:
            return self._compiled.search(text, at, timeout=SECONDS)
        except TimeoutError:
            _too_slow()

    def finditer(self, text: str) -> Iterator[Any]:
        """The matches one after the other; an empty one directly behind another is none."""
        try:
            end = -1
            for found in self._compiled.finditer(text, timeout=SECONDS):
                if found.end() > found.start() or found.start() != end:
                    yield found
                end = found.end()
        except TimeoutError:
            _too_slow()


def _too_slow() -> NoReturn:
    raise Refused("This pattern takes too long on this text.", "One * or + is enough.")


@lru_cache(maxsize=128)
def compile_pattern(
    pattern: str, *, extended: bool = False, fixed: bool = False, ignore_case: bool = False, word: bool = False,
    whole: bool = False, perl: bool = False, one: bool = False,
) -> Pattern:  # fmt: skip
    """A pattern for `search`. Newlines in it separate alternatives, unless one is set. Raises BadPattern, Refused."""
    if len(pattern) > LONGEST:
        raise Refused(
            "This pattern has {pattern} characters.",
            "The lab takes at most {longest}.",
            pattern=len(pattern),
            longest=LONGEST,
        )
    alternatives = [
        re.escape(p) if fixed else p if perl else _translate(p, extended)
        for p in ([pattern] if one else pattern.split("\n"))
    ]
    text = "|".join(f"(?:{a})" for a in alternatives) if len(alternatives) > 1 else alternatives[0]
    if word:
        text = rf"(?<!\w)(?:{text})(?!\w)"
    if whole:
        text = rf"\A(?:{text})\Z"
    regex = _library()
    try:
        flags = regex.V0 | (0 if perl else regex.POSIX) | (regex.IGNORECASE if ignore_case else 0)
        return Pattern(regex.compile(text, flags))
    except (regex.error, OverflowError, RecursionError):
        raise BadPattern("Invalid regular expression") from None


def _library() -> Any:
    """`regex`, imported late, because only patterns need it; in a browser, which has none, what does the same."""
    try:
        import regex
    except ImportError:
        from dnetlab.sim.userland import plain_regex

        return plain_regex
    return regex


def matches(pattern: str, text: str) -> bool:
    """`[[ TEXT =~ PATTERN ]]`; a pattern that is none matches nothing."""
    try:
        return compile_pattern(pattern, extended=True).search(text) is not None
    except BadPattern:
        return False


def is_found(pattern: str, text: str) -> bool:
    """Is a pattern of Go's (or Perl's) somewhere in the text? One that is none is nowhere. Raises Stopped."""
    regex = _library()
    try:
        return regex.search(pattern[:LONGEST], text, timeout=SECONDS) is not None
    except (regex.error, OverflowError, RecursionError):
        return False
    except TimeoutError:
        raise Stopped("This pattern takes too long on this text, so the command was ended as by Ctrl-C.") from None


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
