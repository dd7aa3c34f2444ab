"""The tables of one namespace while a daemon changes them; each change is one call of iptables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from dnetlab.model import Chain, Netfilter, Rule, Table, Where, parse_rule
from dnetlab.model.changed import quick, replace
from dnetlab.model.rows import without_rows
from dnetlab.sim.world import World


@lru_cache(maxsize=4096)
def rule(text: str) -> Rule:
    """The rule of that text (its `iptables -S` form); equal texts are one value."""
    return parse_rule(text)


@quick
@dataclass(frozen=True)
class Entry:
    """A rule and its place: at the end of a chain, or on top of it.

    purpose  what the daemon says it was for when it can't be written: 'Unable to enable NAT rule'
    spoken   the rule as the daemon spells it then; '' as -S does
    """

    table: str
    chain: str
    rule: Rule
    on_top: bool = False
    purpose: str = ""
    spoken: str = ""

    @property
    def call(self) -> str:
        """'-I DOCKER -i docker0 -j RETURN': the words after the table."""
        return f"-{'I' if self.on_top else 'A'} {self.chain} {self.spoken or self.rule.text}"


def last(table: str, chain: str, text: str, purpose: str = "", spoken: str = "") -> Entry:
    """`iptables -A`"""
    return Entry(table, chain, rule(text), False, purpose, spoken)


def first(table: str, chain: str, text: str, purpose: str = "", spoken: str = "") -> Entry:
    """`iptables -I`"""
    return Entry(table, chain, rule(text), True, purpose, spoken)


class MissingChain(Exception):
    """What iptables says when a chain, or the target of a jump, isn't there."""

    def __init__(self) -> None:
        super().__init__("iptables: No chain/target/match by that name.")


class _Open:
    """One table while it is changed: its chains by name, in their order, and the names as iptables made them."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.chains = {chain.name: chain for chain in table.chains}
        self.made = dict.fromkeys(table.made)
        self.next_handle = table.next_handle
        self.is_changed = False

    def handle(self) -> int:
        """The next of the table's handles."""
        self.next_handle += 1
        return self.next_handle - 1

    def put(self, chain: Chain) -> None:
        self.chains[chain.name] = chain if chain.handle else replace(chain, handle=self.handle())
        self.made.setdefault(chain.name)
        self.is_changed = True

    def drop(self, chain: str) -> None:
        del self.chains[chain]
        self.made.pop(chain, None)
        self.is_changed = True

    def closed(self) -> Table:
        chains, made = tuple(self.chains.values()), tuple(self.made)
        return replace(self.table, chains=chains, made=made, next_handle=self.next_handle)


class Tables:
    """Changed in place: each change is that of a chain, and the whole is put together once, by `closed`."""

    def __init__(self, netfilter: Netfilter) -> None:
        self._before = netfilter
        self._open: dict[str, _Open] = {}

    def closed(self) -> Netfilter:
        """The value with all changes; the very same when there was none."""
        netfilter = self._before
        for table in self._open.values():
            if table.is_changed:
                netfilter = netfilter.with_table(table.closed())
        return netfilter

    def _table(self, name: str) -> _Open:
        found = self._open.get(name)
        if found is None:
            found = self._open[name] = _Open(self._before.table(name))
        return found

    def chain(self, table: str, chain: str) -> Chain | None:
        return self._table(table).chains.get(chain)

    def _chain(self, table: str, chain: str) -> Chain:
        found = self._table(table).chains.get(chain)
        if found is None:
            raise MissingChain
        return found

    def has_chain(self, table: str, chain: str) -> bool:
        return chain in self._table(table).chains

    def new_chain(self, table: str, chain: str) -> None:
        """-N, nothing when it is there."""
        if not self.has_chain(table, chain):
            self._table(table).put(Chain(chain))

    def drop_chain(self, table: str, chain: str) -> None:
        """-X, nothing when it isn't there."""
        if self.has_chain(table, chain):
            self._table(table).drop(chain)

    def need(self, table: str, chain: str) -> None:
        """A built-in chain is used: iptables-nft makes it in the kernel then, if it isn't there yet."""
        self._table(table).put(self._chain(table, chain))

    def flush(self, table: str, chain: str) -> None:
        found = self.chain(table, chain)
        if found is not None:
            self._table(table).put(replace(found, rules=()))

    def write(self, entry: Entry) -> None:
        """-A or -I, nothing when the rule is there already (the daemon asks with -C first). Raises MissingChain."""
        target = entry.rule.target.name
        if target.startswith("DOCKER") and not self.has_chain(entry.table, target):
            raise MissingChain
        chain = self._chain(entry.table, entry.chain)
        if entry.rule.text not in chain.texts:
            home = self._table(entry.table)
            if not chain.handle:  # the kernel gets a built-in chain with its first rule
                home.put(chain)
                chain = self._chain(entry.table, entry.chain)
            home.put(chain.with_rule(entry.rule.numbered(home.handle()), entry.on_top))

    def delete(self, entry: Entry) -> None:
        """-D of the first such rule, nothing when there is none."""
        chain = self.chain(entry.table, entry.chain)
        place = None if chain is None else _place(chain.rules, entry.rule)
        if chain is not None and place is not None:
            self._table(entry.table).put(replace(chain, rules=without_rows(chain.rules, [place])))

    def in_unknown_order(self, table: str) -> None:
        """From now on nobody knows the handles of its rules."""
        home = self._table(table)
        home.table, home.is_changed = replace(home.table, jumbled=True), True

    def policy(self, table: str, chain: str, policy: str) -> None:
        found = self.chain(table, chain)
        if found is not None:
            self._table(table).put(replace(found, policy=policy, counts=True))


def _place(rules: Sequence[Rule], wanted: Rule) -> int | None:
    """Where the rule stands, counters aside; None when it doesn't."""
    texts = list(map(attrgetter("text"), rules))
    return texts.index(wanted.text) if wanted.text in texts else None


@contextmanager
def edit(world: World, where: Where, version: int = 4) -> Iterator[Tables]:
    """Change the tables of a family in a namespace. They are put back at the end, after an error too: each call of
    iptables that succeeded has happened."""
    stack = world.namespace(where)
    tables = Tables(stack.filters(version))
    try:
        yield tables
    finally:
        changed = tables.closed()
        if changed is not stack.filters(version):
            world.put_namespace(where, world.namespace(where).with_filters(version, changed))
