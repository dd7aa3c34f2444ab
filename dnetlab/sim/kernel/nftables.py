"""What the kernel does with tables of nft, or says no: for the tool and for a daemon that writes such tables itself.

A batch of changes happens as a whole or not at all (net/netfilter/nf_tables_api.c): work on a Batch, and take its
`tables` when nothing was refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dnetlab.model.changed import replace
from dnetlab.model.netfilter import Hook
from dnetlab.model.nftables import Element, Nftables, NftChain, NftSet, NftTable
from dnetlab.model.nftrule import Nat, NftRule, Test, Verdict, VerdictMap

MISSING, EXISTS, BUSY = "No such file or directory", "File exists", "Device or resource busy"
UNSUPPORTED, LOOP = "Operation not supported", "Too many links"
_AT = {  # where a translation may stand (nft_chain_validate_hooks)
    "dnat": (Hook.PREROUTING, Hook.OUTPUT), "redirect": (Hook.PREROUTING, Hook.OUTPUT),
    "snat": (Hook.POSTROUTING, Hook.INPUT), "masquerade": (Hook.POSTROUTING,),
}  # fmt: skip


class KernelRefuses(Exception):
    """errno's text, and what it is about: 'table', 'name', 'place', 'jump NAME', 'element KEY', '' for the whole.

    spent: how many handles of the table are gone nevertheless. What the kernel finds only when it looks at the whole
    table it finds twice: it begins the batch again to learn which command it was (nf_tables_validate, -EAGAIN).
    """

    def __init__(self, problem: str, about: str = "", spent: int = 0) -> None:
        super().__init__(problem)
        self.problem, self.about, self.spent = problem, about, spent


class Batch:
    """Changed in place; `tables` is the value so far."""

    def __init__(self, tables: Nftables) -> None:
        self.tables = tables

    def spend(self, family: str, name: str, handles: int) -> None:
        """Those handles of a table are gone, though nothing has them."""
        table = self.tables.table(family, name)
        if table is not None and handles:
            self._put(replace(table, next_handle=table.next_handle + handles))

    # -- tables -------------------------------------------------------------------------------------------------------

    def table(self, family: str, name: str) -> NftTable:
        found = self.tables.table(family, name)
        if found is None:
            raise KernelRefuses(MISSING, "table")
        return found

    def add_table(self, family: str, name: str, must_be_new: bool = False) -> None:
        if self.tables.table(family, name) is None:
            made = self.tables.made + 1
            self.tables = replace(self.tables.with_table(NftTable(family, name, handle=made)), made=made)
        elif must_be_new:
            raise KernelRefuses(EXISTS, "table")

    def delete_table(self, family: str, name: str) -> None:
        self.tables = self.tables.without_table(self.table(family, name))

    def flush_table(self, family: str, name: str) -> None:
        """All rules of a table; chains and sets stay."""
        table = self.table(family, name)
        self._put(replace(table, chains=tuple(replace(chain, rules=()) for chain in table.chains)))

    def flush_ruleset(self, family: str = "") -> None:
        for table in self.tables.tables:
            if family in ("", table.family):
                self.tables = self.tables.without_table(table)

    def _put(self, table: NftTable) -> None:
        self.tables = self.tables.with_table(table)

    def _number(self, table: NftTable, many: int = 1) -> tuple[NftTable, int]:
        """The table, and the next of its handles."""
        after = table.next_handle + many
        return replace(table, next_handle=after), after - 1

    # -- chains -------------------------------------------------------------------------------------------------------

    def chain(self, table: NftTable, name: str) -> NftChain:
        found = table.chain(name)
        if found is None:
            raise KernelRefuses(MISSING, "name")
        return found

    def add_chain(self, family: str, table: str, wanted: NftChain, must_be_new: bool = False) -> None:
        """Make a chain as `wanted` says; of one that is there only the policy can be changed."""
        home = self.table(family, table)
        known = home.chain(wanted.name)
        if known is not None:
            self._put(_with_chain(home, _changed(known, wanted, must_be_new)))
            return
        if wanted.type == "nat" and wanted.hook is Hook.FORWARD:
            raise KernelRefuses(UNSUPPORTED)
        if wanted.policy and wanted.hook is None:
            raise KernelRefuses(UNSUPPORTED, "policy")
        home, handle = self._number(home)
        hooked = self.tables.hooked + (wanted.hook is not None)
        made = replace(wanted, handle=handle, since=hooked, policy=wanted.policy or "accept")
        self.tables = replace(self.tables.with_table(replace(home, chains=(*home.chains, made))), hooked=hooked)

    def delete_chain(self, family: str, table: str, name: str) -> None:
        home = self.table(family, table)
        self.chain(home, name)
        if any(name in _jumps_of(rule) for chain in home.chains if chain.name != name for rule in chain.rules) or any(
            isinstance(data, Verdict) and data.chain == name for one in home.sets for _, data in one.elements
        ):
            raise KernelRefuses(BUSY, "name")
        self._put(replace(home, chains=tuple(chain for chain in home.chains if chain.name != name)))

    def rename_chain(self, family: str, table: str, name: str, new: str) -> None:
        home = self.table(family, table)
        chain = self.chain(home, name)
        if home.chain(new) is not None:
            raise KernelRefuses(EXISTS)
        chains = [replace(chain, name=new) if one is chain else one for one in home.chains]
        renamed = tuple(replace(one, rules=tuple(_renamed(rule, name, new) for rule in one.rules)) for one in chains)
        sets = tuple(
            replace(one, elements=tuple((key, _verdict(data, name, new)) for key, data in one.elements))
            for one in home.sets
        )
        self._put(replace(home, chains=renamed, sets=sets))

    def flush_chain(self, family: str, table: str, name: str) -> None:
        home = self.table(family, table)
        self._put(_with_chain(home, replace(self.chain(home, name), rules=())))

    # -- rules --------------------------------------------------------------------------------------------------------

    def add_rule(self, family: str, table: str, chain: str, rule: NftRule, at: int | None = None) -> NftRule:
        """Put a rule at that place (0: on top), None at the end; the rule with its handle."""
        home = self.table(family, table)
        where = self.chain(home, chain)
        for one in _sets_of(rule):
            if home.set(one) is None:
                raise KernelRefuses(MISSING, f"set {one}")
        for target in _jumps_of(rule):
            if home.chain(target) is None:
                raise KernelRefuses(MISSING, f"jump {target}", 1 + _nameless(rule))
        home, handle = self._number(home, 1 + _nameless(rule))
        made = replace(rule, handle=handle)
        place = len(where.rules) if at is None else at
        home = _with_chain(home, replace(where, rules=(*where.rules[:place], made, *where.rules[place:])))
        if isinstance(rule.verdict, Nat) or _jumps_of(rule) or _sets_of(rule):
            try:
                _validate(home)
            except KernelRefuses as refused:
                raise KernelRefuses(refused.problem, refused.about, 2 * (1 + _nameless(rule))) from None
        self._put(home)
        return made

    def place(self, family: str, table: str, chain: str, handle: int) -> int:
        """Where the rule of that handle stands, from 0."""
        rules = self.chain(self.table(family, table), chain).rules
        found = next((at for at, rule in enumerate(rules) if rule.handle == handle), None)
        if found is None:
            raise KernelRefuses(MISSING, "place")
        return found

    def delete_rule(self, family: str, table: str, chain: str, handle: int) -> None:
        at = self.place(family, table, chain, handle)
        home = self.table(family, table)
        where = self.chain(home, chain)
        self._put(_with_chain(home, replace(where, rules=(*where.rules[:at], *where.rules[at + 1 :]))))

    # -- sets ---------------------------------------------------------------------------------------------------------

    def set(self, table: NftTable, name: str) -> NftSet:
        found = table.set(name)
        if found is None:
            raise KernelRefuses(MISSING, "name")
        return found

    def add_set(self, family: str, table: str, wanted: NftSet, must_be_new: bool = False) -> None:
        home = self.table(family, table)
        known = home.set(wanted.name)
        if known is None:
            home, handle = self._number(home)
            self._put(replace(home, sets=(*home.sets, replace(wanted, handle=handle, elements=()))))
        elif must_be_new or (known.kind, known.data) != (wanted.kind, wanted.data):
            raise KernelRefuses(EXISTS, "name")
        self.add_elements(family, table, wanted.name, wanted.elements)

    def add_elements(
        self, family: str, table: str, name: str, elements: Sequence[Element], must_be_new: bool = False
    ) -> None:
        home = self.table(family, table)
        one = self.set(home, name)
        known = dict(one.elements)
        for key, data in elements:
            if isinstance(data, Verdict) and data.chain and home.chain(data.chain) is None:
                raise KernelRefuses(MISSING, f"element {key}")
            if key in known and (must_be_new or known[key] != data):
                raise KernelRefuses(EXISTS, f"element {key}")
        home = _with_set(home, one.with_elements(elements))
        _validate(home)
        self._put(home)

    def delete_elements(self, family: str, table: str, name: str, keys: Sequence[str]) -> None:
        home = self.table(family, table)
        one = self.set(home, name)
        for key in keys:
            if key not in dict(one.elements):
                raise KernelRefuses(MISSING, f"element {key}")
        left = tuple(row for row in one.elements if row[0] not in keys)
        self._put(_with_set(home, replace(one, elements=left)))

    def flush_set(self, family: str, table: str, name: str) -> None:
        home = self.table(family, table)
        self._put(_with_set(home, replace(self.set(home, name), elements=())))

    def delete_set(self, family: str, table: str, name: str) -> None:
        home = self.table(family, table)
        self.set(home, name)
        if any(name in _sets_of(rule) for chain in home.chains for rule in chain.rules):
            raise KernelRefuses(BUSY, "name")
        self._put(replace(home, sets=tuple(one for one in home.sets if one.name != name)))


# -- parts of it ------------------------------------------------------------------------------------------------------


def _with_chain(table: NftTable, chain: NftChain) -> NftTable:
    return replace(table, chains=tuple(chain if one.name == chain.name else one for one in table.chains))


def _with_set(table: NftTable, made: NftSet) -> NftTable:
    return replace(table, sets=tuple(made if one.name == made.name else one for one in table.sets))


def _changed(known: NftChain, wanted: NftChain, must_be_new: bool) -> NftChain:
    if must_be_new or wanted.hook is not None and known.hook is None:
        raise KernelRefuses(EXISTS, "name")
    if wanted.policy and known.hook is None:
        raise KernelRefuses(UNSUPPORTED, "policy")
    as_before = (known.type, known.hook, known.priority) == (wanted.type, wanted.hook, wanted.priority)
    if wanted.hook is not None and not as_before:
        raise KernelRefuses(UNSUPPORTED)
    return replace(known, policy=wanted.policy or known.policy)


def _maps_of(rule: NftRule) -> Iterator[VerdictMap]:
    return (s for s in rule.statements if isinstance(s, VerdictMap))


def _jumps_of(rule: NftRule) -> list[str]:
    """The chains that it names."""
    own = [s.chain for s in rule.statements if isinstance(s, Verdict) and s.chain]
    return own + [verdict.chain for one in _maps_of(rule) for _, verdict in one.elements if verdict.chain]


def _sets_of(rule: NftRule) -> list[str]:
    """The sets and maps that it names."""
    tests = [s.values[0] for s in rule.statements if isinstance(s, Test) and s.shape == "named"]
    return tests + [one.name for one in _maps_of(rule) if one.name]


def _nameless(rule: NftRule) -> int:
    """How many sets it brings along; each takes a handle of the table."""
    sets = sum(isinstance(s, Test) and s.shape == "set" for s in rule.statements)
    return sets + sum(not one.name for one in _maps_of(rule))


def _verdict(data: str | Verdict, name: str, new: str) -> str | Verdict:
    return replace(data, chain=new) if isinstance(data, Verdict) and data.chain == name else data


def _renamed(rule: NftRule, name: str, new: str) -> NftRule:
    if name not in _jumps_of(rule):
        return rule
    moved = []
    for statement in rule.statements:
        if isinstance(statement, Verdict) and statement.chain == name:
            statement = replace(statement, chain=new)
        elif isinstance(statement, VerdictMap):
            rows = tuple((key, replace(v, chain=new) if v.chain == name else v) for key, v in statement.elements)
            statement = replace(statement, elements=rows)
        moved.append(statement)
    return replace(rule, statements=tuple(moved))


def _validate(table: NftTable) -> None:
    """No chain leads back to itself, and a translation is met at hooks only that can do it (nft_chain_validate)."""
    for chain in table.chains:
        if chain.hook is not None:
            _follow(table, chain, chain, ())
        else:
            _follow(table, None, chain, ())


def _follow(table: NftTable, base: NftChain | None, chain: NftChain, above: tuple[str, ...]) -> None:
    if chain.name in above:
        raise KernelRefuses(LOOP)
    for rule in chain.rules:
        for statement in rule.statements:
            if isinstance(statement, Nat) and base is not None and not _may_translate(base, statement):
                raise KernelRefuses(UNSUPPORTED)
        for name in _leads_to(table, rule):
            found = table.chain(name)
            if found is not None:
                _follow(table, base, found, (*above, chain.name))


def _may_translate(base: NftChain, nat: Nat) -> bool:
    return base.type == "nat" and base.hook in _AT[nat.name]


def _leads_to(table: NftTable, rule: NftRule) -> list[str]:
    """The chains that a packet may go to from a rule, by a map with a name too."""
    found = _jumps_of(rule)
    for one in _maps_of(rule):
        named = table.set(one.name) if one.name else None
        rows = named.elements if named is not None else ()
        found += [data.chain for _, data in rows if isinstance(data, Verdict) and data.chain]
    return found
