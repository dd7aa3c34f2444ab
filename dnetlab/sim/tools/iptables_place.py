"""Whose tables a call of iptables means, and how they are put back."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model import Table
from dnetlab.model.changed import replace
from dnetlab.model.netfilter import Netfilter
from dnetlab.sim.context import Context


@dataclass(frozen=True)
class Place:
    """The tables of a family (4 or 6) in a namespace."""

    context: Context
    version: int

    @property
    def netfilter(self) -> Netfilter:
        return self.context.stack.filters(self.version)

    def put(self, table: Table) -> None:
        self.put_all(self.netfilter.with_table(table))

    def put_all(self, tables: Netfilter) -> None:
        version = self.version
        if tables.recent:
            tables = _without_unused_lists(tables)
        self.context.world.change_namespace(self.context.where, lambda ns: ns.with_filters(version, tables))


def _without_unused_lists(tables: Netfilter) -> Netfilter:
    """A list of `-m recent` goes with the last rule that names it."""
    rules = (rule for table in tables.tables for chain in table.chains for rule in chain.rules)
    names = {match.value for rule in rules for match in rule.matches if match.option == "--name"}
    return replace(tables, recent={name: rows for name, rows in tables.recent.items() if name in names})
