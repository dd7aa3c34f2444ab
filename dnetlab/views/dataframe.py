"""The one place that imports pandas: a DataFrame that a student can read, with blanks for what isn't there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas

from dnetlab.language import heading
from dnetlab.views.shown import SHOWN, Shown, chosen, no_rows, text_of


class LabFrame(pandas.DataFrame):
    """A DataFrame in all it does; only its picture differs: whole texts, no row numbers, blanks for <NA>.

    Of a table that says which columns a reader needs first, these come first, empty ones are left out, and another one
    that holds the same in every row is said once, below.
    """

    @property
    def _constructor(self) -> type[LabFrame]:
        return LabFrame

    def _repr_html_(self) -> str:
        head, same = self._shown()
        rows = [[_plain(value) for value in row] for row in head.itertuples(index=False, name=None)]
        return self._seen(head, rows, same).html()

    def __repr__(self) -> str:
        if not len(self):
            return no_rows(map(str, self.columns))
        head, same = self._shown()
        seen = self._seen(head, [], same)
        head = head.astype(object)
        head = head.where(head.notna(), "")
        head = head.map(lambda value: seen.said(_plain(value))) if seen.worded else head
        head = head.rename(columns=lambda name: heading(str(name)))
        with pandas.option_context("display.unicode.east_asian_width", True):
            text = head.to_string(index=False, justify="left", max_colwidth=None)
        lines = [line.rstrip() for line in text.split("\n")]
        return "\n".join([*lines, *seen.below()])

    def _seen(self, head: pandas.DataFrame, rows: list[list[Any]], same: dict[str, str]) -> Shown:
        return Shown(list(map(str, head.columns)), rows, len(self), same, bool(self.attrs.get("worded")))

    def _shown(self) -> tuple[pandas.DataFrame, dict[str, str]]:
        """The rows and columns to show, in their order, and what is the same in every row."""
        head = pandas.DataFrame(self.head(SHOWN))
        if _has_named_index(self):
            return head.reset_index(), {}
        first = self.attrs.get("first", ())
        if not first or tuple(self.columns) != self.attrs["columns"]:  # whoever chose columns wants those
            return head, {}
        known = [c for c in self.columns if not len(self) or self[c].notna().any()]
        same = {
            c: text_of(_plain(self[c].iloc[0])) for c in chosen(tuple(self.columns), (), known, first)
            if len(self) > 1 and _is_one(self[c])
        }  # fmt: skip
        return head[chosen(tuple(self.columns), first, known, same)], {str(c): text for c, text in same.items()}


def _is_one(column: pandas.Series[Any]) -> bool:
    """Does every row hold the same value?"""
    return bool(column.notna().all()) and column.astype(str).nunique() == 1


def _has_named_index(frame: pandas.DataFrame) -> bool:
    """Row numbers say nothing; an index that a student set does."""
    index = frame.index
    return not (index.nlevels == 1 and index.name is None and pandas.api.types.is_integer_dtype(index.dtype))


def _plain(value: Any) -> Any:
    """A cell's value as Python has it: None for <NA>, a bool for NumPy's."""
    if value is pandas.NA:
        return None
    return bool(value) if pandas.api.types.is_bool(value) else value


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
    rows = [[text_of(_plain(value)) for value in row] for row in shown.itertuples(index=False, name=None)]
    return [str(column) for column in shown.columns], rows
