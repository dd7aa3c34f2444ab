"""Rows become a DataFrame here: the same columns and dtypes, even for no rows. pandas is imported when first needed;
where there is none, as in a browser, a table is `rows.Rows`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame

TEXT = "string"
NUMBER = "Int64"
DECIMAL = "Float64"
YES_NO = "boolean"


def frame(
    rows: Iterable[Sequence[Any]], columns: dict[str, str], first: Sequence[str] = (), worded: bool = False
) -> DataFrame:
    """A DataFrame of `rows` (values in column order, None for unknown) with those columns and nullable dtypes.

    first: the columns that a reader needs, shown first; the frame itself keeps all of them in their order.

    worded: its cells are words of a closed set, said in the reader's language where the table is shown.

    Text stands as `string`, whole numbers as `Int64`, seconds as `Float64`, yes or no as `boolean`; None becomes <NA>.
    """
    from dnetlab.views.rows import Rows

    table = Rows(list(rows), columns, first, worded)
    return table.frame() if has_pandas() else table


def cells(table: DataFrame) -> tuple[list[str], list[list[str]]]:
    """The columns and rows of a table that a reader is shown, as text; at most 200 rows."""
    from dnetlab.views.rows import Rows

    if isinstance(table, Rows):
        return table.cells()
    from dnetlab.views import dataframe

    return dataframe.cells(table)


def has_pandas() -> bool:
    """Can it be imported? In a page that has loaded it since, the answer changes."""
    try:
        import dnetlab.views.dataframe  # noqa: F401
    except ImportError:
        return False
    return True
