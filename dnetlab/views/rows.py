"""A table where pandas is missing, as in a browser: read as a DataFrame is, and one itself once pandas is there."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from dnetlab.errors import DnetError
from dnetlab.language import Words, heading
from dnetlab.place import in_browser
from dnetlab.views.shown import SHOWN, Shown, chosen, no_rows, text_of

if TYPE_CHECKING:
    from pandas import DataFrame

NO_PANDAS = Words("pandas is not here, so this table is rows and no DataFrame")
IN_A_PAGE = Words(
    "A cell `import pandas` loads it, from Pyodide's own server where this site has none; then ask again."
)
ON_A_COMPUTER = Words("pip install pandas, and ask again in a new kernel.")


class Rows:
    """Rows of plain values. What only a DataFrame can is asked of one, where pandas can be imported.

    columns  name -> dtype, in order
    rows     a value per column, None for unknown
    """

    def __init__(
        self, rows: Sequence[Sequence[Any]], columns: dict[str, str], first: Sequence[str] = (), worded: bool = False
    ) -> None:
        self.rows = [tuple(row) for row in rows]
        self.columns = dict(columns)
        self.first, self.worded = tuple(first), worded

    def frame(self) -> DataFrame:
        """The same as a DataFrame. Raises DnetError where pandas can't be imported."""
        try:
            from dnetlab.views.dataframe import build
        except ImportError:
            raise DnetError(NO_PANDAS, hint=IN_A_PAGE if in_browser() else ON_A_COMPUTER) from None
        return build(self.rows, self.columns, self.first, self.worded)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[str]:
        """The columns' names, as of a DataFrame."""
        return iter(self.columns)

    @overload
    def __getitem__(self, key: str) -> list[Any]: ...
    @overload
    def __getitem__(self, key: list[str]) -> Rows: ...
    def __getitem__(self, key: Any) -> Any:
        """A column's values by its name, a table of fewer columns by a list of names; anything else of the frame."""
        if isinstance(key, str) and key in self.columns:
            return [row[list(self.columns).index(key)] for row in self.rows]
        if isinstance(key, list) and all(name in self.columns for name in key):
            places = [list(self.columns).index(name) for name in key]
            picked = [[row[place] for place in places] for row in self.rows]
            return Rows(picked, {name: self.columns[name] for name in key}, worded=self.worded)
        return self.frame()[key]

    def __getattr__(self, name: str) -> Any:
        """`groupby`, `query` and all else that a DataFrame has."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.frame(), name)

    def __repr__(self) -> str:
        if not self.rows:
            return no_rows(self.columns)
        seen = self._shown
        lines = [[heading(c) for c in seen.columns], *([seen.said(v) for v in row] for row in seen.rows)]
        widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
        text = [" ".join(_padded(cell, width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        return "\n".join([*(line.rstrip() for line in text), *seen.below()])

    def _repr_html_(self) -> str:
        return self._shown.html()

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """See `dnetlab.views.frame.cells`."""
        return list(self._shown.columns), [[text_of(value) for value in row] for row in self._shown.rows]

    @cached_property
    def _shown(self) -> Shown:
        names, same = list(self.columns), {}
        if self.first:
            known = [c for c in names if not self.rows or any(value is not None for value in self[c])]
            same = {c: text_of(self[c][0]) for c in known if c not in self.first and self._is_one(c)}
            names = chosen(names, self.first, known, same)
        rows = [row for row in zip(*(self[name][:SHOWN] for name in names), strict=True)]
        return Shown(names, rows, len(self.rows), same, self.worded)

    def _is_one(self, name: str) -> bool:
        """Does every row hold the same value?"""
        values = self[name]
        return len(values) > 1 and None not in values and len(set(map(str, values))) == 1


def _width(text: str) -> int:
    """Places at a terminal: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
