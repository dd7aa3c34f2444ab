"""The one place that imports pandas: a DataFrame that a student can read, with blanks for what isn't there."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import pandas

from dnetlab.language import heading, say
from dnetlab.views import look

SHOWN = 200  # rows in a notebook before "… more rows"
LONG = 100  # characters of a text that stays on one line
_CELL = "text-align:left;vertical-align:top;padding:2px 10px"
_LAST = ("namespace",)  # says in a short id what `container` says by name


class LabFrame(pandas.DataFrame):
    """A DataFrame in all it does; only its picture differs: whole texts, no row numbers, blanks for <NA>.

    Of a table that says which columns a reader needs first, these come first, empty ones are left out, and another one
    that holds the same in every row is said once, below.
    """

    @property
    def _constructor(self) -> type[LabFrame]:
        return LabFrame

    def _repr_html_(self) -> str:
        shown, same = self._shown()
        heads = "".join(
            f'<th scope="col" style="{_CELL};font-weight:bold">{_safe(heading(str(c)))}</th>' for c in shown.columns
        )
        rows = [
            "<tr>" + "".join(_cell(self._said(value)) for value in row) + "</tr>"
            for row in shown.itertuples(index=False, name=None)
        ]
        table = (
            f'<table style="border-collapse:collapse;margin:0"><thead><tr>{heads}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table>"
        )
        tail = "".join(f"<div>{_safe(text)}</div>" for text in self._below(same))
        return look.PRINT + look.scrolling(table, "table") + tail

    def __repr__(self) -> str:
        if not len(self):
            return say("no rows; columns: {columns}", columns=", ".join(heading(str(c)) for c in self.columns))
        shown, same = self._shown()
        shown = shown.astype(object)
        shown = shown.where(shown.notna(), "")
        shown = shown.map(self._said) if self.attrs.get("worded") else shown
        shown = shown.rename(columns=lambda name: heading(str(name)))
        with pandas.option_context("display.unicode.east_asian_width", True):
            text = shown.to_string(index=False, justify="left", max_colwidth=None)
        lines = [line.rstrip() for line in text.split("\n")]
        return "\n".join([*lines, *self._below(same)])

    def _said(self, value: Any) -> str:
        """A value as it is shown; of a table whose cells are words, in the language that is spoken."""
        return heading(_text(value)) if self.attrs.get("worded") else _text(value)

    def _shown(self) -> tuple[pandas.DataFrame, dict[str, str]]:
        """The rows and columns to show, in their order, and what is the same in every row."""
        head = pandas.DataFrame(self.head(SHOWN))
        if _has_named_index(self):
            return head.reset_index(), {}
        first = self.attrs.get("first", ())
        if not first or tuple(self.columns) != self.attrs["columns"]:  # whoever chose columns wants those
            return head, {}
        last = [c for c in _LAST if c in self.columns]
        columns = [*first, *(c for c in self.columns if c not in (*first, *last)), *last]
        said = [c for c in columns if not len(self) or self[c].notna().any()]
        same = {c: _text(self[c].iloc[0]) for c in said if len(self) > 1 and c not in first and _is_one(self[c])}
        return head[[c for c in said if c not in same]], {str(c): text for c, text in same.items()}

    def _below(self, same: dict[str, str]) -> list[str]:
        """The lines under a table."""
        more = len(self) - SHOWN
        lines = [say("… and {more} more rows", more=more)] if more > 0 else []
        lines += [] if len(self) else [say("no rows")]
        return lines + ([_in_every_row(same)] if same else [])


def _in_every_row(same: dict[str, str]) -> str:
    return say("In every row: {what}", what=say(", ").join(f"{heading(c)} {text}" for c, text in same.items()))


def _is_one(column: pandas.Series[Any]) -> bool:
    """Does every row hold the same value?"""
    return bool(column.notna().all()) and column.astype(str).nunique() == 1


def _cell(text: str) -> str:
    """A text is broken only when it is long: a rule that wraps after every word can't be read."""
    wrap = "white-space:pre" if len(text) <= LONG else "white-space:pre-wrap;min-width:500px"
    return f'<td style="{_CELL};{wrap}">{_safe(text)}</td>'


def _safe(text: object) -> str:
    return html.escape(str(text), quote=True)


def _has_named_index(frame: pandas.DataFrame) -> bool:
    """Row numbers say nothing; an index that a student set does."""
    index = frame.index
    return not (index.nlevels == 1 and index.name is None and pandas.api.types.is_integer_dtype(index.dtype))


def _text(value: Any) -> str:
    if value is None or value is pandas.NA or (isinstance(value, float) and value != value):
        return ""
    if pandas.api.types.is_bool(value):
        return say("yes") if value else say("no")
    return str(value)


def build(rows: list[Any], columns: dict[str, str], first: Sequence[str] = (), worded: bool = False) -> LabFrame:
    """See `dnetlab.views.frame.frame`."""
    data = {
        name: pandas.array([row[place] for row in rows], dtype=dtype)
        for place, (name, dtype) in enumerate(columns.items())
    }
    made = LabFrame(data, columns=list(columns))
    made.attrs.update(first=tuple(first), columns=tuple(columns), worded=worded)
    return made


def cells(table: LabFrame) -> tuple[list[str], list[list[str]]]:
    """The columns and rows that a reader is shown, as text; what is the same in every row stands in no column."""
    shown, _ = table._shown()
    rows = [[_text(value) for value in row] for row in shown.itertuples(index=False, name=None)]
    return [str(column) for column in shown.columns], rows
