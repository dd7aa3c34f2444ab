"""Rows become a DataFrame here, and only here pandas is imported: the same columns and dtypes, even for no rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

TEXT = "string"
NUMBER = "Int64"
DECIMAL = "Float64"
YES_NO = "boolean"


def frame(rows: Iterable[Sequence[Any]], columns: dict[str, str]) -> DataFrame:
    """A DataFrame of `rows` (values in column order, None for unknown) with those columns and nullable dtypes.

    Text stands as `string`, whole numbers as `Int64`, seconds as `Float64`, yes or no as `boolean`; None becomes <NA>.
    """
    import pandas

    table = list(rows)
    data = {
        name: pandas.array([row[place] for row in table], dtype=dtype)
        for place, (name, dtype) in enumerate(columns.items())
    }
    return pandas.DataFrame(data, columns=list(columns))
