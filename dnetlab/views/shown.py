"""A table as it is read: columns and rows of values made HTML, of a DataFrame or of plain rows."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dnetlab.language import heading, say
from dnetlab.views import look

SHOWN = 200  # rows in a notebook before "… more rows"
LONG = 100  # characters of a text that stays on one line
LAST = ("namespace",)  # says in a short id what `container` says by name
_CELL = "text-align:left;vertical-align:top;padding:2px 10px"


@dataclass(frozen=True)
class Shown:
    """What a reader is shown of a table.

    columns  their names; rows: a value per column, None for unknown; at most 200 of them
    total    how many rows the table has
    same     what is the same in every row and so stands in no column: name -> text
    worded   the cells are words of a closed set, said in the reader's language
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    total: int
    same: dict[str, str] = field(default_factory=dict)
    worded: bool = False

    def said(self, value: Any) -> str:
        """A value as it is shown."""
        return heading(text_of(value)) if self.worded else text_of(value)

    def html(self) -> str:
        heads = "".join(
            f'<th scope="col" style="{_CELL};font-weight:bold">{_safe(heading(c))}</th>' for c in self.columns
        )
        rows = ["<tr>" + "".join(_cell(self.said(value)) for value in row) + "</tr>" for row in self.rows]
        table = (
            f'<table style="border-collapse:collapse;margin:0"><thead><tr>{heads}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table>"
        )
        tail = "".join(f"<div>{_safe(text)}</div>" for text in self.below())
        return look.PRINT + look.scrolling(table, "table") + tail

    def below(self) -> list[str]:
        """The lines under a table."""
        more = self.total - SHOWN
        lines = [say("… and {more} more rows", more=more)] if more > 0 else []
        lines += [] if self.total else [say("no rows")]
        return lines + ([_in_every_row(self.same)] if self.same else [])


def chosen(
    columns: Sequence[str], first: Sequence[str], known: Iterable[str], same: Iterable[str]
) -> list[str]:
    """The columns in the order in which they are shown.

    first: those that a reader needs come first; known: those that hold something; same: those said below the table.
    """
    last = [c for c in LAST if c in columns]
    ordered = [*first, *(c for c in columns if c not in (*first, *last)), *last]
    kept, below = set(known), set(same)
    return [c for c in ordered if c in kept and c not in below]


def no_rows(columns: Iterable[str]) -> str:
    """What a table without rows is at a terminal."""
    return say("no rows; columns: {columns}", columns=", ".join(map(heading, columns)))


def text_of(value: Any) -> str:
    """'' for what isn't known, yes or no for a truth."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return str(value)


def _in_every_row(same: dict[str, str]) -> str:
    return say("In every row: {what}", what=say(", ").join(f"{heading(c)} {text}" for c, text in same.items()))


def _cell(text: str) -> str:
    """A text is broken only when it is long: a rule that wraps after every word can't be read."""
    wrap = "white-space:pre" if len(text) <= LONG else "white-space:pre-wrap;min-width:500px"
    return f'<td style="{_CELL};{wrap}">{_safe(text)}</td>'


def _safe(text: object) -> str:
    return html.escape(str(text), quote=True)
