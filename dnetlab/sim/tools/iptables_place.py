"""Whose tables a call of iptables means, and how they are put back."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model import Table
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
        self.context.world.change_namespace(self.context.where, lambda ns: ns.with_filters(version, tables))
