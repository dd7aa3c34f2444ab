"""What the commands of nft do to the tables."""

from __future__ import annotations

from dnetlab.commands.nft import BadInput, ChainSpec, Command
from dnetlab.model import NftChain
from dnetlab.model.changed import replace
from dnetlab.model.netfilter import Netfilter, Table
from dnetlab.model.nftables import Nftables
from dnetlab.model.nftrule import NftRule, Test
from dnetlab.sim.context import Refused
from dnetlab.sim.kernel.nftables import MISSING, Batch, KernelRefuses

_VERSIONS = {"ip": 4, "ip6": 6}


class Work:
    """The tables while the commands of one call change them; iptables: by family, what its tables are so far."""

    def __init__(self, tables: Nftables, iptables: dict[int, Netfilter], links: frozenset[str]) -> None:
        self.batch, self.iptables, self.links = Batch(tables), dict(iptables), links

    @property
    def tables(self) -> Nftables:
        return self.batch.tables

    def is_of_iptables(self, family: str, name: str) -> bool:
        """Is it a table that iptables made, and none of nft's own?"""
        version = _VERSIONS.get(family)
        known = version is not None and any(t.name == name for t in self.iptables[version].tables)
        return known and self.tables.table(family, name) is None

    def do(self, command: Command) -> None:
        """Raises KernelRefuses, BadInput, Refused."""
        if command.kind == "ruleset":
            self._flush_ruleset(command.family)
        elif command.table and self.is_of_iptables(command.family, command.table):
            self._iptables(command)
        else:
            _OPS[command.kind](self, command)

    def _flush_ruleset(self, family: str) -> None:
        self.batch.flush_ruleset(family)
        for name, version in _VERSIONS.items():
            if family in ("", name):
                self.iptables[version] = Netfilter()

    def _iptables(self, command: Command) -> None:
        """A table of iptables may be flushed and deleted; the rest is iptables' own."""
        version, name = _VERSIONS[command.family], command.table
        table = self.iptables[version].table(name)
        if (command.op, command.kind) == ("add", "table"):
            return
        if (command.op, command.kind) == ("delete", "table"):
            left = tuple(t for t in self.iptables[version].tables if t.name != name)
            self.iptables[version] = Netfilter(left)
        elif command.op == "flush" and command.kind in ("table", "chain"):
            if command.kind == "chain" and table.chain(command.name) is None:
                raise KernelRefuses(MISSING, "name")
            self.iptables[version] = self.iptables[version].with_table(_flushed(table, command.name))
        else:
            raise Refused(
                "Table {table} is iptables' own, and in the lab only iptables writes in it.",
                "`iptables -t {name} …` does; or make a table of another name: `nft add table {family} mine`.",
                table=f"{command.family} {name}", name=name, family=command.family,
            )  # fmt: skip

    # -- its own tables -----------------------------------------------------------------------------------------------

    def _table(self, command: Command) -> None:
        where = command.family, command.table
        if command.op in ("add", "create"):
            self.batch.add_table(*where, must_be_new=command.op == "create")
        elif command.op == "delete":
            self.batch.delete_table(*where)
        else:
            self.batch.flush_table(*where)

    def _chain(self, command: Command) -> None:
        where = command.family, command.table
        if command.op in ("add", "create"):
            spec = command.spec or ChainSpec()
            wanted = NftChain(command.name, (), 0, spec.type, spec.hook, spec.priority, spec.policy)
            self.batch.add_chain(*where, wanted, must_be_new=command.op == "create")
        elif command.op == "delete":
            self.batch.delete_chain(*where, command.name)
        elif command.op == "rename":
            self.batch.rename_chain(*where, command.name, command.new_name)
        else:
            self.batch.flush_chain(*where, command.name)

    def _rule(self, command: Command) -> None:
        where = command.family, command.table, command.name
        if command.op == "delete":
            assert command.place is not None
            self.batch.delete_rule(*where, command.place[1])
            return
        assert command.rule is not None
        self._check_links(command, command.rule)
        self._check_types(command, command.rule)
        at = self._place(command)
        if command.op == "replace":
            assert command.place is not None
            self.batch.delete_rule(*where, command.place[1])
        self.batch.add_rule(*where, command.rule, at)

    def _place(self, command: Command) -> int | None:
        """Where the new rule goes, from 0; None: to the end."""
        if command.place is None:
            return 0 if command.op == "insert" else None
        how, number = command.place
        where = command.family, command.table, command.name
        if how == "index":
            rules = self.batch.chain(self.batch.table(*where[:2]), command.name).rules
            if number >= len(rules):
                raise KernelRefuses(MISSING, "place")
            at = number
        else:
            at = self.batch.place(*where, number)
        return at + (command.op == "add")

    def _check_links(self, command: Command, rule: NftRule) -> None:
        """`iif` and `oif` keep an interface's number, so it must be there."""
        for test in rule.statements:
            if isinstance(test, Test) and test.kind == "iface_index":
                for name in test.values:
                    if name not in self.links:
                        raise BadInput("Interface does not exist", command.at.get(f"link {name}", command.span))

    def _check_types(self, command: Command, rule: NftRule) -> None:
        home = self.tables.table(command.family, command.table)
        for test in rule.statements:
            name = test.values[0] if isinstance(test, Test) and test.shape == "named" else ""
            known = home.set(name) if home is not None and name else None
            if known is not None and isinstance(test, Test) and known.kind != test.kind:
                raise Refused("Set {name} holds values of type {kind}, and {left} is of type {other}.",
                              "nft refuses it too: look into a set of the same type.",
                              name=name, kind=known.kind, left=test.left, other=test.kind)  # fmt: skip

    def _set(self, command: Command) -> None:
        where = command.family, command.table
        if command.op in ("add", "create"):
            assert command.set is not None
            self.batch.add_set(*where, command.set, must_be_new=command.op == "create")
        elif command.op == "delete":
            self.batch.delete_set(*where, command.name)
        else:
            self.batch.flush_set(*where, command.name)

    def _element(self, command: Command) -> None:
        where = command.family, command.table, command.name
        if command.op == "delete":
            self.batch.delete_elements(*where, [key for key, _ in command.elements])
        else:
            self.batch.add_elements(*where, command.elements, must_be_new=command.op == "create")


_OPS = {"table": Work._table, "chain": Work._chain, "rule": Work._rule, "set": Work._set, "map": Work._set,
        "element": Work._element}  # fmt: skip


def _flushed(table: Table, chain: str) -> Table:
    """Without the rules of that chain; of all when no chain is named."""
    chains = tuple(replace(c, rules=()) if chain in ("", c.name) else c for c in table.chains)
    return replace(table, chains=chains)
