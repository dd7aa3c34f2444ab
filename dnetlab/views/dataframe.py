"""The one place that imports pandas: a DataFrame that a student can read, with blanks for what isn't there."""

from __future__ import annotations

import html
from typing import Any

import pandas

SHOWN = 200  # rows in a notebook before "… more rows"
_CELL = "text-align:left;vertical-align:top;padding:2px 10px;white-space:pre-wrap"


class LabFrame(pandas.DataFrame):
    """A DataFrame in all it does; only its picture differs: whole texts, no row numbers, blanks for <NA>."""

    @property
    def _constructor(self) -> type[LabFrame]:
        return LabFrame

    def _repr_html_(self) -> str:
        named = _has_named_index(self)
        shown = self.head(SHOWN)
        shown = shown.reset_index() if named else shown
        heads = "".join(f'<th style="{_CELL};font-weight:bold">{html.escape(str(c))}</th>' for c in shown.columns)
        rows = [
            "<tr>" + "".join(f'<td style="{_CELL}">{html.escape(_text(v))}</td>' for v in row) + "</tr>"
            for row in shown.itertuples(index=False, name=None)
        ]
        more = len(self) - len(shown)
        tail = f"<div>… and {more} more rows</div>" if more > 0 else ""
        empty = "<div>no rows</div>" if not len(self) else ""
        return (
            f'<table style="border-collapse:collapse;margin:0"><thead><tr>{heads}</tr></thead>'
            f"<tbody>{''.join(rows)}</tbody></table>{tail}{empty}"
        )

    def __repr__(self) -> str:
        if not len(self):
            return f"no rows; columns: {', '.join(map(str, self.columns))}"
        shown = self.head(SHOWN).astype(object)
        shown = shown.where(shown.notna(), "")
        text = shown.to_string(index=_has_named_index(self), justify="left", max_colwidth=None)
        text = "\n".join(line.rstrip() for line in text.split("\n"))
        more = len(self) - SHOWN
        return f"{text}\n… and {more} more rows" if more > 0 else text


def _has_named_index(frame: pandas.DataFrame) -> bool:
    """Row numbers say nothing; an index that a student set does."""
    index = frame.index
    return not (index.nlevels == 1 and index.name is None and pandas.api.types.is_integer_dtype(index.dtype))


def _text(value: Any) -> str:
    if value is None or value is pandas.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def build(rows: list[Any], columns: dict[str, str]) -> LabFrame:
    """See `dnetlab.views.frame.frame`."""
    data = {
        name: pandas.array([row[place] for row in rows], dtype=dtype)
        for place, (name, dtype) in enumerate(columns.items())
    }
    return LabFrame(data, columns=list(columns))
