"""A chain is read from the top; the first rule that matches and has a verdict decides; the policy comes last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dnetlab.model import (
    Chain,
    Hook,
    Packet,
    Rule,
    Step,
    StepKind,
    Table,
)
from dnetlab.model.changed import quick, replace
from dnetlab.model.facts import (
    Counts,
    Decides,
    Fact,
    Jumps,
    NotJudged,
    PolicyDecides,
    Returns,
    UnknownTarget,
    Untracked,
)
from dnetlab.model.netfilter import Netfilter
from dnetlab.model.nftrule import NftRule
from dnetlab.net import sets
from dnetlab.net.matches import Scene, holds, others_match, questions
from dnetlab.net.passage import UNLIMITED, Count
from dnetlab.net.remembered import Memory, Moment

VERDICTS = frozenset(("ACCEPT", "DROP", "REJECT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"))
PASSING = frozenset(("", "LOG", "NFLOG", "CHECKSUM", "TCPMSS", "TRACE", "TOS", "DSCP", "CONNMARK"))  # count only
_CHANGING = frozenset(("MARK", "CONNMARK", "TTL", "HL", "TCPMSS", "SET", "NOTRACK", "CT"))  # the packet, or more
LONG = 24  # rules from which on an index pays
MOST_JUMPS = 64  # a deeper nest than any real one; iptables itself refuses loops
_NO_CHAINS = PASSING | _CHANGING


@quick
@dataclass(frozen=True)
class Decision:
    """name: what happens to the packet. rule None: the chain's policy (or the table is untouched).

    table  of iptables one word, of nft family and name: 'ip docker-bridges'
    """

    name: str
    table: str
    chain: str
    number: int = 0
    rule: Rule | NftRule | None = None


@dataclass
class Counters:
    """What was counted since the snapshot: (table, chain, rule number) -> [packets, bytes]; 0 is the policy.

    met: each count in its order, for whoever wants to know what a packet met.
    """

    hits: dict[tuple[str, str, int], list[int]] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    met: list[Count] = field(default_factory=list)

    def add(self, key: tuple[str, str, int], size: int) -> None:
        entry = self.hits.setdefault(key, [0, 0])
        entry[0] += 1
        entry[1] += size
        self.met.append((entry, 0, 1, size, UNLIMITED))

    def so_far(self, key: tuple[str, str, int]) -> tuple[int, int]:
        packets, size = self.hits.get(key, (0, 0))
        return packets, size


def passed(table: Table, hook: Hook, counters: Counters, size: int) -> Decision | None:
    """What a chain without rules decides by its policy ACCEPT, whatever the packet is; it is counted. None: read it."""
    chain = table.chain(hook.value)
    if chain is not None:
        if chain.rules or chain.policy not in (None, "ACCEPT"):
            return None
        if chain.counts:
            counters.add((table.name, chain.name, 0), size)
    return Decision("ACCEPT", table.name, hook.value)


def walk(table: Table, hook: Hook, scene: Scene, counters: Counters) -> tuple[Decision, list[Step]]:
    """Read the built-in chain of `hook`, and what it jumps to; each rule that matched becomes a step."""
    chain = table.chain(hook.value)
    if chain is None:
        return Decision("ACCEPT", table.name, hook.value), []
    reading = _Reading(table, hook, scene, counters)
    decision = reading.chain(chain, 0)
    if decision is None:
        decision = reading.policy(chain)
    return decision, reading.steps


class _Reading:
    """One walk through one table."""

    def __init__(self, table: Table, hook: Hook, scene: Scene, counters: Counters) -> None:
        self.table, self.hook, self.scene, self.counters = table, hook, scene, counters
        self.steps: list[Step] = []

    def chain(self, chain: Chain, depth: int) -> Decision | None:
        """None: the end of the chain (or RETURN) was reached."""
        for number, rule in _fitting(chain, self.scene):
            asked = questions(rule)
            self.scene.moment = self.moment(chain, number, rule) if asked.remembers else None
            if not holds(asked, rule, self.scene):
                if (strange := asked.unknown) and others_match(rule, self.scene):
                    self.note(chain, number, rule, NotJudged(strange))
                continue
            name = rule.target.name
            self.scene.traced |= name == "TRACE"
            self.count(chain, number, rule)
            if name == "RETURN":
                return None
            if name in VERDICTS:
                return Decision(name, self.table.name, chain.name, number, rule)
            if name == "LOG":
                self.scene.logged.append((rule, self.scene.packet))
                self.scene.fickle = True  # the next packet of the connection is a line of its own
            if name in _CHANGING:
                self.change(rule)
            elif name not in _NO_CHAINS and depth < MOST_JUMPS:
                found = self.table.chain(name)
                if found is None:
                    self.note(chain, number, rule, UnknownTarget(name))
                    continue
                decision = self.chain(found, depth + 1)
                if decision or rule.target.goto:
                    return decision
        return None

    def moment(self, chain: Chain, number: int, rule: Rule) -> Moment:
        """What a match that remembers may look at; the next packet of the connection may fare otherwise."""
        scene, key = self.scene, (self.table.name, chain.name, number)
        scene.fickle = True
        lists = scene.space.filters(scene.packet.version).recent
        return Moment(rule, key, scene.packet, scene.now, self.counters.memory, scene.connections, lists)

    def policy(self, chain: Chain) -> Decision:
        name = chain.policy or "ACCEPT"
        if chain.counts:
            self.counters.add((self.table.name, chain.name, 0), self.scene.packet.size)
        if chain.rules or name != "ACCEPT":
            self.steps.append(
                Step(
                    StepKind.MATCHED,
                    PolicyDecides(chain.name, name),
                    self.dev,
                    self.hook.value,
                    self.table.name,
                    chain.name,
                    f"policy {name}",
                    0,
                    chain.packets,
                    chain.bytes,
                )
            )
        return Decision(name, self.table.name, chain.name)

    @property
    def dev(self) -> str:
        return self.scene.out_dev if self.hook in (Hook.OUTPUT, Hook.POSTROUTING) else self.scene.in_dev

    def count(self, chain: Chain, number: int, rule: Rule) -> None:
        key = (self.table.name, chain.name, number)
        self.note(chain, number, rule, _fact(chain, rule))
        self.counters.add(key, self.scene.packet.size)

    def note(self, chain: Chain, number: int, rule: Rule, fact: Fact) -> None:
        packets, size = self.counters.so_far((self.table.name, chain.name, number))
        place = self.hook.value, self.table.name, chain.name, rule.text, number
        step = Step(StepKind.MATCHED, fact, self.dev, *place, rule.packets + packets, rule.bytes + size)
        self.steps.append(step)
        if self.scene.traced and not isinstance(fact, NotJudged | UnknownTarget):
            self.scene.reported.append((step, rule, self.scene.packet.mark))

    def change(self, rule: Rule) -> None:
        """What a target does to the packet, to its connection, or to a set."""
        self._change(rule)
        if self.scene.traced and self.scene.reported:
            self.scene.reported[-1] = (*self.scene.reported[-1][:2], self.scene.packet.mark)

    def _change(self, rule: Rule) -> None:
        name, options = rule.target.name, dict(rule.target.options)
        if name == "SET":
            sets.change(self.scene, options)
        elif is_notrack(rule):
            self.scene.untracked = True
        elif name == "CONNMARK":
            self.connmark(options)
        elif name != "CT":
            self.scene.packet = _written(self.scene, name, options)

    def connmark(self, options: dict[str, str]) -> None:
        """The mark of the connection: set, saved from the packet's, or given back to it (xt_connmark.c)."""
        scene, packet = self.scene, self.scene.packet
        ours, theirs = (int(options.get(name, "0xffffffff"), 0) for name in ("--nfmask", "--ctmask"))
        if "--save-mark" in options:
            scene.connmark = scene.connmark & ~theirs ^ packet.mark & ours
        elif "--restore-mark" in options:
            scene.packet = replace(packet, mark=packet.mark & ~ours ^ scene.connmark & theirs)
        else:
            scene.connmark = _xmark(scene.connmark, options.get("--set-xmark", "0"))


def _written(scene: Scene, name: str, options: dict[str, str]) -> Packet:
    """The packet with another mark (MARK), another TTL (TTL, HL), or another size told by its SYN (TCPMSS)."""
    packet = scene.packet
    if name in ("TTL", "HL"):
        option, value = next(iter(options.items()), ("--ttl-set", str(packet.ttl)))
        by = {"dec": packet.ttl - int(value), "inc": packet.ttl + int(value)}
        return replace(packet, ttl=max(0, min(255, by.get(option.rpartition("-")[2], int(value)))))
    if name == "TCPMSS":
        out = scene.space.interface(scene.out_dev)
        wanted = int(options.get("--set-mss") or (out.mtu - packet.head - 20 if out is not None else packet.mss))
        return replace(packet, mss=min(packet.mss or wanted, wanted) if packet.mss else 0)
    return replace(packet, mark=_xmark(packet.mark, options.get("--set-mark") or options.get("--set-xmark") or "0"))


def _xmark(mark: int, text: str) -> int:
    """A mark after --set-xmark VALUE/MASK: the bits of the mask are cleared, those of the value turned."""
    value, _, mask = text.partition("/")
    return mark & ~int(mask or "0xffffffff", 0) ^ int(value, 0)


def _fitting(chain: Chain, scene: Scene) -> Iterable[tuple[int, Rule]]:
    """The rules with their numbers, in order; of a long chain only those that this packet may match."""
    if len(chain.rules) < LONG:
        return enumerate(chain.rules, 1)
    numbers = chain.index.may_match(scene.source, scene.destination, scene.packet.dport)
    return ((number, chain.rules[number - 1]) for number in numbers)


def is_notrack(rule: Rule) -> bool:
    """-j NOTRACK, or what it stands for, -j CT --notrack."""
    return rule.target.name == "NOTRACK" or rule.target.name == "CT" and rule.target.option("--notrack") is not None


def _fact(chain: Chain, rule: Rule) -> Fact:
    name = rule.target.name
    if name == "RETURN":
        return Returns(chain.name)
    if name in VERDICTS:
        return Decides(name)
    if name in ("CT", "NOTRACK"):
        return Untracked() if is_notrack(rule) else UnknownTarget(name)
    return Counts(name) if name in PASSING or name in _CHANGING else Jumps(name)


# -- what the counters become -----------------------------------------------------------------------------------------


def counted(netfilter: Netfilter, counters: Counters) -> Netfilter:
    """The tables with their rules' and policies' counters moved on."""
    touched: dict[str, dict[str, dict[int, list[int]]]] = {}
    for (table, chain, number), hit in counters.hits.items():
        touched.setdefault(table, {}).setdefault(chain, {})[number] = hit
    for key in counters.memory.rules:
        touched.setdefault(key[0], {}).setdefault(key[1], {}).setdefault(key[2], [0, 0])
    if counters.memory.recent is not None:
        netfilter = replace(netfilter, recent=counters.memory.recent)
    for table_name, chains in touched.items():
        old = netfilter.table(table_name)
        moved = tuple([_counted_chain(c, chains[c.name]) if c.name in chains else c for c in old.chains])
        if counters.memory.rules:
            moved = tuple([_remembering(table_name, c, counters.memory) for c in moved])
        netfilter = netfilter.with_table(replace(old, chains=moved))
    return netfilter


def _counted_chain(chain: Chain, hits: dict[int, list[int]]) -> Chain:
    rules = list(chain.rules)
    for number, (packets, size) in hits.items():
        if number:
            rules[number - 1] = rules[number - 1].counted(packets, size)
    packets, size = hits.get(0, (0, 0))
    return chain.counted(tuple(rules), chain.packets + packets, chain.bytes + size)


def _remembering(table: str, chain: Chain, memory: Memory) -> Chain:
    """The chain whose rules remember what they were asked."""
    rules = list(chain.rules)
    for (name, where, number), state in memory.rules.items():
        if (name, where) == (table, chain.name):
            kept = tuple((key, value, at) for key, (value, at) in state.items())
            rules[number - 1] = rules[number - 1].remembering(kept)
    return chain.counted(tuple(rules), chain.packets, chain.bytes)
