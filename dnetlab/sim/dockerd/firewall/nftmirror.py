"""A table of nft as the daemon has it in mind, and how it makes the kernel's like it (moby internal/nftables).

The daemon never reads the kernel's table. Of each chain that it changes it writes all rules again, in the order of
their groups; so a rule that somebody else put there goes, and a table that somebody flushed comes back chain by chain.
What the kernel refuses makes it write the whole table anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from dnetlab.commands.nft import parse
from dnetlab.model import NftChain, NftSet, Where
from dnetlab.model.changed import replace
from dnetlab.model.nftrule import NftRule, Verdict
from dnetlab.sim.kernel.nftables import Batch, KernelRefuses
from dnetlab.sim.world import World


@dataclass(frozen=True)
class WithChain:
    """A chain; base: its type, hook and priority, None for one that is only jumped to."""

    name: str
    base: NftChain | None = None


@dataclass(frozen=True)
class WithRule:
    """A rule of a chain. group: rules of a lower one stand first. once: of equal ones there is only one."""

    chain: str
    group: int
    text: str


@dataclass(frozen=True)
class WithElement:
    """A map's value, an interface, and the chain that it leads to."""

    map: str
    key: str
    chain: str


TABLE = "docker-bridges"
Part: TypeAlias = WithChain | WithRule | WithElement


@dataclass(frozen=True)
class Kept:
    """A chain in the daemon's mind."""

    base: NftChain | None = None
    groups: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def rules(self) -> list[str]:
        return [text for group in sorted(self.groups) for text in self.groups[group]]


@dataclass(frozen=True)
class Mirror:
    """fresh: it wasn't written yet since the daemon's start. Chains and maps by their names."""

    family: str
    name: str
    chains: Mapping[str, Kept] = field(default_factory=dict)
    maps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fresh: bool = True


@lru_cache(maxsize=4096)
def rule(family: str, text: str) -> NftRule:
    """The rule of that text; equal texts are one value."""
    made = parse(f"add rule {family} t c {text}")[0].rule
    assert made is not None
    return made


class Change:
    """A mirror while parts are added to it and taken out, and what of the kernel's table that touches."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror
        self.chains = dict(mirror.chains)
        self.maps = {name: dict(elements) for name, elements in mirror.maps.items()}
        self.dirty: set[str] = set()
        self.gone: list[str] = []
        self.added: dict[str, dict[str, str]] = {}
        self.taken: dict[str, list[str]] = {}

    def add(self, part: Part) -> None:
        if isinstance(part, WithChain):
            self.chains[part.name] = Kept(part.base)
            self.dirty.add(part.name)
        elif isinstance(part, WithElement):
            self.maps[part.map][part.key] = part.chain
            self.added.setdefault(part.map, {})[part.key] = part.chain
        else:
            kept = self.chains[part.chain]
            group = kept.groups.get(part.group, ())
            if part.text not in group:
                self._keep(part.chain, {**kept.groups, part.group: (*group, part.text)})

    def take(self, part: Part) -> None:
        """Nothing when it isn't there."""
        if isinstance(part, WithChain):
            if self.chains.pop(part.name, None) is not None:
                self.gone.append(part.name)
                self.dirty.discard(part.name)
        elif isinstance(part, WithElement):
            if self.maps[part.map].pop(part.key, None) is not None:
                self.taken.setdefault(part.map, []).append(part.key)
        elif part.chain in self.chains:
            kept = self.chains[part.chain]
            left = tuple(text for text in kept.groups.get(part.group, ()) if text != part.text)
            if left != kept.groups.get(part.group, ()):
                self._keep(part.chain, {**kept.groups, part.group: left})

    def _keep(self, chain: str, groups: Mapping[int, tuple[str, ...]]) -> None:
        self.chains[chain] = Kept(self.chains[chain].base, groups)
        self.dirty.add(chain)

    @property
    def result(self) -> Mirror:
        return replace(self.mirror, chains=self.chains, maps=self.maps, fresh=False)


def apply(world: World, where: Where, mirror: Mirror, add: Iterable[Part] = (), take: Iterable[Part] = ()) -> Mirror:
    """Add parts to a table, or take some out, and make the kernel's so; the mirror as it is then."""
    change = Change(mirror)
    for part in take:
        change.take(part)
    for part in add:
        change.add(part)
    tables = world.namespace(where).nftables
    try:
        batch = Batch(tables)
        _update(batch, change)
    except KernelRefuses:
        batch = Batch(tables)
        _write_anew(batch, change)
    world.put_namespace(where, world.namespace(where).with_nftables(batch.tables))
    return change.result


def _update(batch: Batch, change: Change) -> None:
    """One batch, as the daemon sends it: all in the order of names."""
    at = change.mirror.family, change.mirror.name
    dirty = sorted(change.dirty)
    batch.add_table(*at)
    for name in dirty:
        batch.add_chain(*at, change.chains[name].base or NftChain(name, policy=""))
    for name in sorted(change.maps):
        batch.add_set(*at, NftSet(name, "ifname", "verdict"))
    if change.mirror.fresh:
        batch.flush_table(*at)
        for name in sorted(change.maps):
            batch.flush_set(*at, name)
    for name in dirty:
        batch.flush_chain(*at, name)
    for name in sorted(change.taken):
        batch.delete_elements(*at, name, sorted(change.taken[name]))
    for name in change.gone:
        batch.delete_chain(*at, name)
    _fill(batch, at, change, dirty, change.added)


def _write_anew(batch: Batch, change: Change) -> None:
    at = change.mirror.family, change.mirror.name
    batch.add_table(*at)
    batch.delete_table(*at)
    batch.add_table(*at)
    for name in sorted(change.chains):
        batch.add_chain(*at, change.chains[name].base or NftChain(name, policy=""))
    for name in sorted(change.maps):
        batch.add_set(*at, NftSet(name, "ifname", "verdict"))
    _fill(batch, at, change, sorted(change.chains), change.maps)


def _fill(
    batch: Batch, at: tuple[str, str], change: Change, chains: Iterable[str], maps: Mapping[str, Mapping[str, str]]
) -> None:
    for name in chains:
        for text in change.chains[name].rules:
            batch.add_rule(*at, name, rule(at[0], text))
    for name in sorted(maps):
        elements = [(key, Verdict("jump", chain)) for key, chain in sorted(maps[name].items())]
        batch.add_elements(*at, name, elements)


def drop_tables(world: World, where: Where) -> None:
    """A daemon that writes no such tables takes those of an earlier one away (nftabler/cleaner.go)."""
    batch = Batch(world.namespace(where).nftables)
    for family in ("ip", "ip6"):
        if batch.tables.table(family, TABLE) is not None:
            batch.delete_table(family, TABLE)
    if batch.tables is not world.namespace(where).nftables:
        world.put_namespace(where, world.namespace(where).with_nftables(batch.tables))
