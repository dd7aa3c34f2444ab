"""The names of routing tables: /etc/iproute2/rt_tables, which a course writes a line into."""

from __future__ import annotations

from dnetlab.model.route import DEFAULT, LOCAL, MAIN, table_name
from dnetlab.sim.context import Context
from dnetlab.sim.tools import tree


def table_of(context: Context, word: str) -> int | None:
    """The number of a routing table; None for what is no table. /etc/iproute2/rt_tables may give it a name."""
    names = {table_name(table): table for table in (LOCAL, MAIN, DEFAULT)}
    if word not in names:
        names |= _names(context)
    if word in names:
        return names[word]
    try:
        number = int(word, 0)
    except ValueError:
        return None
    return number if 0 <= number < 2**32 else None


def name_of(context: Context, table: int) -> str:
    """A table as iproute2 writes it."""
    names = {number: name for name, number in _names(context).items()}
    return names.get(table, table_name(table))


def _names(context: Context) -> dict[str, int]:
    if tree.file_key(context, tree.RT_TABLES) not in context.world.files:
        return {}
    rows = (row.split("#")[0].split() for row in tree.read(context, tree.RT_TABLES).splitlines())
    return {row[1]: int(row[0], 0) for row in rows if len(row) == 2 and row[0].isdecimal()}
