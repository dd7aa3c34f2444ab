"""page.md: the lesson's prose in both languages, and between it the cells, which both share.

    [en]
    # Lesson 4 · Isolation
    [zh]
    # 第四课 · 隔离
    ```dnet docker2
    docker network ls
    ```
    ```look
    topology
    ```

A line `[en]` or `[zh]` begins prose. A block ```dnet, ```look, ```predict, ```compare or ```python is a cell; all other
blocks belong to the prose around them. ```tasks (with nothing in it) stands where the tasks go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from dnetlab.errors import UsageError

_FENCE = re.compile(r"^```(\w+)[ ]*(.*)$")
_PROSE = re.compile(r"^\[(en|zh)\]\s*$")


class CellKind(Enum):
    PROSE = "prose"
    DNET = "dnet"  # commands; `options` are those of the %%dnet line
    LOOK = "look"  # a line of %dnet
    PREDICT = "predict"  # the id of a prediction: its question, and a cell to answer in
    COMPARE = "compare"  # the id of a prediction: what was predicted, beside what is so
    PYTHON = "python"
    TASKS = "tasks"


@dataclass(frozen=True)
class PageCell:
    """text: the cell's, '' for prose, whose words are en and zh. line: where it begins in page.md."""

    kind: CellKind
    line: int
    text: str = ""
    options: str = ""
    en: str = ""
    zh: str = ""


_CELLS = {kind.value: kind for kind in CellKind if kind is not CellKind.PROSE}


def read_page(text: str, name: str = "page.md") -> list[PageCell]:
    """The cells of a page in order. UsageError, with the line, for prose in one language only, or a block left open."""
    cells: list[PageCell] = []
    prose: dict[str, list[str]] = {}
    language, began, inside = "", 0, ""
    rows = iter(enumerate(text.split("\n"), 1))
    for number, row in rows:
        fence = _FENCE.match(row)
        if fence and not inside and fence[1] in _CELLS:
            cells += _prose(prose, began, name)
            prose, language = {}, ""
            cells.append(_cell(fence, number, _until_closed(rows, number, name)))
            continue
        if (mark := _PROSE.match(row)) and not inside:
            language, began = mark[1], began if prose else number
            if language in prose:
                cells += _prose(prose, began, name)
                prose, began = {}, number
            prose[language] = []
        elif language:
            prose[language].append(row)
            inside = ("" if inside else "block") if row.startswith("```") else inside
        elif row.strip():
            raise UsageError(
                "{name}:{number}: text that is in no language",
                hint="Write [en] or [zh] above it.",
                name=name,
                number=number,
            )
    return cells + _prose(prose, began, name)


def _prose(prose: dict[str, list[str]], line: int, name: str) -> list[PageCell]:
    said = {language: "\n".join(rows).strip() for language, rows in prose.items()}
    if not said:
        return []
    missing = next((language for language in ("en", "zh") if not said.get(language)), None)
    if missing:
        raise UsageError("{name}:{line}: this prose has no [{missing}]", name=name, line=line, missing=missing)
    return [PageCell(CellKind.PROSE, line, en=said["en"], zh=said["zh"])]


def _until_closed(rows: object, number: int, name: str) -> str:
    """The rows of a block, up to the one that closes it."""
    inner: list[str] = []
    for _, row in rows:  # type: ignore[attr-defined]
        if row.rstrip() == "```":
            return "\n".join(inner)
        inner.append(row)
    raise UsageError("{name}:{number}: this block is never closed", name=name, number=number)


def _cell(fence: re.Match[str], number: int, text: str) -> PageCell:
    return PageCell(_CELLS[fence[1]], number, text.rstrip(), fence[2].strip())
