"""The tables of one namespace while a daemon changes them; each change is one call of iptables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from dnetlab.model import Chain, Netfilter, Rule, Where, parse_rule
from dnetlab.model.changed import replace
from dnetlab.model.rows import without_rows
from dnetlab.sim.world import World


@lru_cache(maxsize=4096)
def rule(text: str) -> Rule:
    """The rule of that text (its `iptables -S` form); equal texts are one value."""
    return parse_rule(text)


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


class Tables:
    """Changed in place; `netfilter` is the value so far."""

    def __init__(self, netfilter: Netfilter) -> None:
        self.netfilter = netfilter

    def _chain(self, table: str, chain: str) -> Chain:
        found = self.netfilter.table(table).chain(chain)
        if found is None:
            raise MissingChain
        return found

    def has_chain(self, table: str, chain: str) -> bool:
        return self.netfilter.table(table).chain(chain) is not None

    def new_chain(self, table: str, chain: str) -> None:
        """-N, nothing when it is there."""
        if not self.has_chain(table, chain):
            self.netfilter = self.netfilter.with_chain(table, Chain(chain))

    def need(self, table: str, chain: str) -> None:
        """A built-in chain is used: iptables-nft makes it in the kernel then, if it isn't there yet."""
        self.netfilter = self.netfilter.with_chain(table, self._chain(table, chain))

    def _put(self, table: str, chain: str, rules: Sequence[Rule]) -> None:
        found = self.netfilter.table(table).chain(chain)
        assert found is not None
        self.netfilter = self.netfilter.with_chain(table, replace(found, rules=rules))

    def flush(self, table: str, chain: str) -> None:
        if self.has_chain(table, chain):
            self._put(table, chain, ())

    def write(self, entry: Entry) -> None:
        """-A or -I, nothing when the rule is there already (the daemon asks with -C first). Raises MissingChain."""
        target = entry.rule.target.name
        if target.startswith("DOCKER") and not self.has_chain(entry.table, target):
            raise MissingChain
        chain = self._chain(entry.table, entry.chain)
        if entry.rule.text not in chain.texts:
            self.netfilter = self.netfilter.with_chain(entry.table, chain.with_rule(entry.rule, entry.on_top))

    def delete(self, entry: Entry) -> None:
        """-D of the first such rule, nothing when there is none."""
        if not self.has_chain(entry.table, entry.chain):
            return
        rules = self._chain(entry.table, entry.chain).rules
        place = _place(rules, entry.rule)
        if place is not None:
            self._put(entry.table, entry.chain, without_rows(rules, [place]))

    def policy(self, table: str, chain: str, policy: str) -> None:
        found = self.netfilter.table(table).chain(chain)
        if found is not None:
            self.netfilter = self.netfilter.with_chain(table, replace(found, policy=policy, counts=True))


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
        if tables.netfilter is not stack.filters(version):
            world.put_namespace(where, world.namespace(where).with_filters(version, tables.netfilter))
