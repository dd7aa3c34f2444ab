"""What nft thinks was meant by a name that isn't there: "did you mean table ‘docker-bridges’ in family ip?"."""

from __future__ import annotations

from collections.abc import Iterable

from dnetlab.commands.nft import Command
from dnetlab.model import NftTable


def hint(tables: Iterable[NftTable], command: Command, about: str) -> str:
    """about: 'table', 'name' of a chain, 'set NAME'. '' when nothing there is near enough."""
    if about == "table":
        seen = [t for t in tables if command.kind != "rule" or t.family == command.family]  # what nft had to fetch
        near = _nearest(command.table, [(t.name, t.family) for t in seen])
        return f"table ‘{near[0]}’ in family {near[1]}" if near else ""
    home = next((t for t in tables if (t.family, t.name) == (command.family, command.table)), None)
    if home is None:
        return ""
    if about.startswith("set "):
        near = _nearest(about[4:], [(one.name, one.word) for one in home.sets])
        return f"{near[1]} ‘{near[0]}’ in table {home.family} ‘{home.name}’" if near else ""
    near = _nearest(command.name, [(chain.name, "") for chain in home.chains])
    return f"chain ‘{near[0]}’ in table {home.family} ‘{home.name}’" if near else ""


def _nearest(wanted: str, known: list[tuple[str, str]]) -> tuple[str, str] | None:
    best: tuple[str, str] | None = None
    least = 10**6
    for row in known:
        longer, shorter = max(len(row[0]), len(wanted)), min(len(row[0]), len(wanted))
        allowed = max(-(-longer // 3), 1) if longer - shorter <= 1 else -(-(longer + 2) // 3)
        distance = _distance(row[0], wanted)
        if longer > 1 and distance <= allowed and distance < least:
            best, least = row, distance
    return best


def _distance(one: str, other: str) -> int:
    """How many changes lead from one to the other, as nft counts them: its rows overlap by a column, and the first
    letters are not looked at (misspell.c), so that short names are nearer than they look."""
    rows, columns = len(one), len(other)
    cost = [0] * ((rows + 1) * (columns + 1) + 1)
    for row in range(rows + 1):
        cost[row * columns] = row
    for column in range(columns + 1):
        cost[column] = column
    left, right = f"{one}\0", f"{other}\0"
    for row in range(1, rows + 1):
        for column in range(1, columns + 1):
            here, differs = row * columns + column, left[row] != right[column]
            above, before = (row - 1) * columns + column, row * columns + column - 1
            cost[here] = min(cost[above] + 1, cost[before] + 1, cost[above - 1] + differs)
            if row > 1 and column > 1 and left[row] == right[column - 1] and left[row - 1] == right[column]:
                cost[here] = min(cost[here], cost[(row - 2) * columns + column - 2] + differs)
    return cost[rows * columns + columns]
