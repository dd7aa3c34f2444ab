"""What the lab asks of the library `regex`, done by Python's own `re`: for a browser, where `regex` can't be had.

POSIX wants the longest of the leftmost matches, `re` finds the first: a longer one is looked for, while there is one.
`re` has no limit of time: a pattern that repeats repetitions, `(a+)+`, takes too long from the beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

V0, POSIX, IGNORECASE = 0, 1 << 30, int(re.IGNORECASE)
error = re.error
_TOKENS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(|\)|[*+]|\{\d*,\d*\}|.", re.S)


class Compiled:
    """A pattern of `compile`. timeout is what `regex` has; TimeoutError is raised without waiting for it."""

    def __init__(self, text: str, flags: int) -> None:
        self._text, self._flags = text, flags & ~POSIX
        self._first = re.compile(text, self._flags)
        self._varies = bool(flags & POSIX) and any(sign in text for sign in "|?*{")
        self._is_slow = piles_up(text)

    def search(self, text: str, at: int = 0, timeout: float = 0) -> re.Match[str] | None:
        if self._is_slow:
            raise TimeoutError
        found = self._first.search(text, at)
        return self._longest(found) if found and self._varies else found

    def finditer(self, text: str, timeout: float = 0) -> Iterator[re.Match[str]]:
        at = 0
        while at <= len(text) and (found := self.search(text, at)):
            yield found
            at = found.end() if found.end() > found.start() else found.end() + 1

    def _longest(self, found: re.Match[str]) -> re.Match[str]:
        """From the same place: (?!.{n}) lets a match end only where fewer than n characters are left."""
        while found.end() < len(found.string):
            left = len(found.string) - found.end()
            more = re.compile(rf"(?:{self._text})(?![\s\S]{{{left}}})", self._flags)
            longer = more.match(found.string, found.start())
            if longer is None:
                break
            found = longer
        return found


def compile(text: str, flags: int = 0) -> Compiled:
    """Raises `error` for a pattern that is none."""
    return Compiled(text, flags)


def search(pattern: str, text: str, timeout: float = 0) -> re.Match[str] | None:
    return compile(pattern).search(text)


def piles_up(text: str) -> bool:
    """Is something repeated without end that itself repeats without end?

    >>> piles_up("(a+)+$"), piles_up("(ab)+c*"), piles_up(r"(a\\+)+")
    (True, False, False)
    """
    repeats, inner = [False], False  # whether each open group repeats; whether what stands just before here does
    for token in _TOKENS.findall(text):
        if token == "(":
            repeats.append(False)
        closed = repeats.pop() if token == ")" and len(repeats) > 1 else None
        if token in ("*", "+") or (token[0] == "{" and token.endswith(",}")):
            if inner:
                return True
            closed = True
        repeats[-1] = repeats[-1] or bool(closed)
        inner = bool(closed) and token == ")"
    return False
