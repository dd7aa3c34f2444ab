"""Indexes of rows: dictionaries worked out once from a field of a frozen value, and kept beside its fields.

`replace` hands them on, as most changes leave the rows alone. Where one row changes, whoever changes it may bring the
index up to date (`followed`) rather than have it worked out from thousands of rows again. An index knows the very rows
it stands for, so a value that still has an older one works out its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Rows = TypeVar("Rows")
Found = TypeVar("Found")


@dataclass
class Index:
    """found: what was worked out from these rows."""

    rows: Any
    found: Any


def index(value: object, name: str, rows: Rows, make: Callable[[Rows], Found]) -> Found:
    """The index of that name, of these rows of the value."""
    kept = value.__dict__.get(name)
    if kept is None or kept.rows is not rows:
        kept = value.__dict__[name] = Index(rows, make(rows))
    found: Found = kept.found
    return found


def followed(value: object, name: str, old: Rows, new: Rows) -> Any:
    """The index that `replace` handed on, which stands for the new rows from now on: bring it up to date.

    None when there is none of the old rows; it is worked out when somebody asks.
    """
    kept = value.__dict__.get(name)
    if kept is None or kept.rows is not old:
        return None
    kept.rows = new
    return kept.found
