"""Docstrings as this project writes them, for Sphinx: rows of names and meanings become lists, `code` is code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_ROW = re.compile(r"(?P<names>\*{0,2}\w+(?:, \*{0,2}\w+)*) {2,}(?=\S)")
_NAMES = re.compile(r"\*{0,2}\w+(?:, \*{0,2}\w+)*")


def rest(lines: Sequence[str]) -> list[str]:
    """A docstring's lines as reStructuredText. A paragraph that begins with '>>>', or is indented, stays as it is."""
    found: list[str] = []
    for paragraph in _paragraphs(lines):
        column = _column(paragraph)
        if paragraph[0].startswith(">>>"):
            found += paragraph
        elif paragraph[0].startswith("    "):
            found += ["::", "", *paragraph]
        elif column:
            found += _list(paragraph, column)
        else:
            found += [_words(line.strip()) for line in paragraph]
        found.append("")
    return found


def _paragraphs(lines: Sequence[str]) -> Iterator[list[str]]:
    whole: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            whole.append(line)
        elif whole:
            yield whole
            whole = []


def _column(paragraph: Sequence[str]) -> int:
    """Where the meanings of `name   meaning` begin, 0 when the paragraph is no such list."""
    found = next((match.end() for line in paragraph if (match := _ROW.match(line))), 0)
    return found if found and _name(paragraph[0], found) else 0


def _name(line: str, column: int) -> str:
    """The names that stand before the column, '' for a line that goes on with the one before."""
    names = line[:column].rstrip()
    return names if _NAMES.fullmatch(names) and line[column - 1 : column] == " " else ""


def _list(paragraph: Sequence[str], column: int) -> Iterator[str]:
    for line in paragraph:
        name = _name(line, column)
        row = _ROW.match(line)
        if row and not name:  # names that are longer than the column is wide
            name, line = row["names"], " " * column + line[row.end() :]
        if name:
            yield from (f"``{name}``", f"    {_words(line[column:].strip())}")
        else:
            yield f"    {_words(line.strip())}"


def _words(text: str) -> str:
    parts = re.split(r"`([^`]+)`", text)
    return "".join(f"``{part}``" if n % 2 else re.sub(r"([*_|\\<>])", r"\\\1", part) for n, part in enumerate(parts))
