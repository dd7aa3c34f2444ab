"""The tables of nftables in one namespace: whoever makes a table names it, and its base chains say where they hook in.

    family   ip, ip6, or inet for both
    chain    a base chain has a type, a hook and a priority, at which packets meet it; another is only jumped to
    set      values to look up; a map has something beside each value, a verdict for instance
    handle   a number that a table gives to each chain, set and rule, in the order they were made, and never twice

The tables that iptables writes are kept in `model.netfilter`, though its kernel's are tables of nftables too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dnetlab.model.changed import quick, replace
from dnetlab.model.netfilter import Hook
from dnetlab.model.nftrule import NftRule, Verdict, rank

FAMILIES = ("ip", "ip6", "inet")
# Names of priorities, nft(8); a name is printed where its hook has it (dstnat at prerouting, srcnat at postrouting).
PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
_ONLY_AT = {"dstnat": (Hook.PREROUTING,), "srcnat": (Hook.POSTROUTING,)}


def hook_of(name: str) -> Hook | None:
    """'prerouting' -> Hook.PREROUTING; None for a hook that IP packets don't meet."""
    return next((hook for hook in Hook if hook.value.lower() == name), None)


def priority_text(priority: int, hook: Hook) -> str:
    """0 -> 'filter', 10 -> 'filter + 10', -100 -> 'dstnat' at prerouting, '-100' at output (nft 1.0.6)."""
    for name, number in PRIORITIES.items():
        if abs(priority - number) > 10 or hook not in _ONLY_AT.get(name, (hook,)):
            continue
        return name if priority == number else f"{name} {'+' if priority > number else '-'} {abs(priority - number)}"
    return str(priority)


@quick
@dataclass(frozen=True)
class NftChain:
    """A list of rules. hook None: only jumped to. type: 'filter', 'nat' or 'route' of a base chain.

    since: when it was hooked in, counted in the namespace: of two at one priority the newer meets a packet first.
    """

    name: str
    rules: Sequence[NftRule] = ()
    handle: int = 0
    type: str = ""
    hook: Hook | None = None
    priority: int = 0
    policy: str = "accept"
    since: int = field(default=0, compare=False)

    @property
    def head(self) -> str:
        """'type filter hook forward priority filter; policy accept;', '' for a chain that is only jumped to."""
        if self.hook is None:
            return ""
        where = f"hook {self.hook.value.lower()} priority {priority_text(self.priority, self.hook)}"
        return f"type {self.type} {where}; policy {self.policy};"


Element = tuple[str, str | Verdict]  # a value, and in a map what stands beside it ('' in a set)


@quick
@dataclass(frozen=True)
class NftSet:
    """A set or a map with a name. kind: the type of its values; data: '' of a set, 'verdict' or a type of a map."""

    name: str
    kind: str
    data: str = ""
    flags: tuple[str, ...] = ()
    elements: tuple[Element, ...] = ()
    handle: int = 0

    @property
    def word(self) -> str:
        return "map" if self.data else "set"

    def with_elements(self, more: Sequence[Element]) -> NftSet:
        """With more elements, all as nft lists them; what is there already stays."""
        known = {key for key, _ in self.elements}
        rows = [*self.elements, *(element for element in more if element[0] not in known)]
        return replace(self, elements=tuple(sorted(rows, key=lambda row: rank(self.kind, row[0]))))

    def lookup(self, key: str) -> str | Verdict | None:
        """What stands beside that value, None when it isn't there."""
        return next((data for value, data in self.elements if value == key), None)


@quick
@dataclass(frozen=True)
class NftTable:
    """A table. next_handle: the number that its next chain, set or rule gets."""

    family: str
    name: str
    chains: tuple[NftChain, ...] = ()
    sets: tuple[NftSet, ...] = ()
    handle: int = 0
    next_handle: int = field(default=1, compare=False)

    @property
    def label(self) -> str:
        """'ip docker-bridges': by these two words it is named, and told from a table of iptables, which has one."""
        return f"{self.family} {self.name}"

    def chain(self, name: str) -> NftChain | None:
        return next((chain for chain in self.chains if chain.name == name), None)

    def set(self, name: str) -> NftSet | None:
        return next((one for one in self.sets if one.name == name), None)

    def meets(self, version: int) -> bool:
        """Do packets of that family, 4 or 6, come by its chains?"""
        return self.family in ("inet", "ip" if version == 4 else "ip6")


@quick
@dataclass(frozen=True)
class Nftables:
    """All tables, in the order they were made. made: how many tables were ever made; hooked: how many base chains."""

    tables: tuple[NftTable, ...] = ()
    made: int = field(default=0, compare=False)
    hooked: int = field(default=0, compare=False)

    def table(self, family: str, name: str) -> NftTable | None:
        return next((t for t in self.tables if (t.family, t.name) == (family, name)), None)

    def with_table(self, table: NftTable) -> Nftables:
        """Replace the table of that family and name, or append it."""
        at = next((at for at, t in enumerate(self.tables) if t.label == table.label), len(self.tables))
        return replace(self, tables=(*self.tables[:at], table, *self.tables[at + 1 :]))

    def without_table(self, table: NftTable) -> Nftables:
        return replace(self, tables=tuple(t for t in self.tables if t.label != table.label))

    def meets(self, version: int) -> bool:
        """Is there a table for packets of that family?"""
        return any(table.meets(version) for table in self.tables)

    def bases(self, hook: Hook, version: int) -> list[tuple[NftTable, NftChain]]:
        """The base chains that packets of a family meet at a hook, in the order that they meet them: by priority, and
        of equals the newer first (nf_hook_entries_grow puts it before those that stand there)."""
        found = [(table, chain) for table, chain in self.chains(version) if chain.hook is hook]
        return sorted(found, key=lambda row: (row[1].priority, -row[1].since))

    def chains(self, version: int) -> Iterator[tuple[NftTable, NftChain]]:
        """Every chain of the tables for packets of that family."""
        return ((table, chain) for table in self.tables if table.meets(version) for chain in table.chains)
