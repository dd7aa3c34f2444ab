"""A chain of nftables is read as one of iptables is: from the top, until a verdict; what a test asks of the packet is
asked of the same judges (`net.filter`).

Differences of nft's own: a rule is read from left to right, so that a counter counts what came as far as it; `accept`
ends the base chain and its jumps, and the next base chain at the hook sees the packet all the same; a map of verdicts
that lacks the packet's value ends the rule, not the chain.
"""

from __future__ import annotations

import re

from dnetlab.model import Hook, Match, Protocol, Rule, Step, StepKind, Target
from dnetlab.model.changed import replace
from dnetlab.model.facts import Counts, Decides, Fact, Jumps, NotJudged, PolicyDecides, Returns
from dnetlab.model.logged import LEVELS
from dnetlab.model.nftables import Nftables, NftChain, NftTable
from dnetlab.model.nftrule import Counter, Nat, NftRule, Other, Reject, SetMark, Test, Verdict, VerdictMap, Xt
from dnetlab.net import remembered
from dnetlab.net.filter import MOST_JUMPS, Counters, Decision
from dnetlab.net.matches import Scene, judge
from dnetlab.net.remembered import Moment

# What a test looks at, as an option of iptables that looks at the same.
OPTIONS = {
    "iifname": "-i", "oifname": "-o", "iif": "-i", "oif": "-o", "meta l4proto": "-p", "meta mark": "--mark",
    "meta skuid": "--uid-owner", "meta pkttype": "--pkt-type", "ether saddr": "--mac-source",
    "ip saddr": "-s", "ip daddr": "-d", "ip protocol": "-p", "ip ttl": "--ttl-eq", "ip length": "--length",
    "ip6 saddr": "-s", "ip6 daddr": "-d", "ip6 nexthdr": "-p", "ip6 hoplimit": "--hl-eq",
    "tcp sport": "--sport", "tcp dport": "--dport", "udp sport": "--sport", "udp dport": "--dport",
    "th sport": "--sport", "th dport": "--dport", "icmp type": "--icmp-type", "icmpv6 type": "--icmpv6-type",
    "ct state": "--ctstate", "ct status": "--ctstatus", "ct direction": "--ctdir",
    "fib daddr type": "--dst-type", "fib saddr type": "--src-type",
}  # fmt: skip
_SAID = {  # values that iptables calls otherwise
    "nd-router-solicit": "router-solicitation", "nd-router-advert": "router-advertisement", "nd-redirect": "redirect",
    "nd-neighbor-solicit": "neighbour-solicitation", "nd-neighbor-advert": "neighbour-advertisement",
    "host": "unicast",
}  # fmt: skip
COUNTED = 0  # under which the lab's memory counts, beside 4 and 6 of iptables
_UPPER = ("ct_state", "ct_dir", "fib_addrtype")


_NFTRACE = "meta nftrace set "
_LOGGED = re.compile(r'(prefix|level) ("[^"]*"|\S+)')


_LIMIT = re.compile(r"limit rate (over )?(\d+)/(second|minute|hour|day)(?: burst (\d+) packets)?")
_UNITS = {"second": "sec", "minute": "min", "hour": "hour", "day": "day"}


def walk(table: NftTable, chain: NftChain, hook: Hook, scene: Scene, counters: Counters) -> tuple[Decision, list[Step]]:
    """Read a base chain, and what it jumps to; each rule that matched becomes a step."""
    reading = _Reading(table, hook, scene, counters)
    decision = reading.chain(chain, 0)
    if decision is None:
        decision = reading.policy(chain)
    return decision, reading.steps


class _Reading:
    """One walk through one base chain."""

    def __init__(self, table: NftTable, hook: Hook, scene: Scene, counters: Counters) -> None:
        self.table, self.hook, self.scene, self.counters = table, hook, scene, counters
        self.steps: list[Step] = []

    def chain(self, chain: NftChain, depth: int) -> Decision | None:
        """None: the end of the chain (or `return`) was reached."""
        for number, rule in enumerate(chain.rules, 1):
            end = self.rule(chain, number, rule)
            if end is None or isinstance(end, Verdict) and end.name == "continue":
                continue
            if isinstance(end, Nat | Reject) or end.name in ("accept", "drop"):
                name = rule.target.name if isinstance(end, Nat | Reject) else end.name.upper()
                return Decision(name, self.table.label, chain.name, number, rule)
            if end.name == "return":
                return None
            found = self.table.chain(end.chain)
            if found is not None and depth < MOST_JUMPS:
                decision = self.chain(found, depth + 1)
                if decision or end.name == "goto":
                    return decision
        return None

    def rule(self, chain: NftChain, number: int, rule: NftRule) -> Verdict | Nat | Reject | None:
        """What the rule says of the packet, None when it doesn't match or only counts."""
        matched = False
        for statement in rule.statements:
            if isinstance(statement, Test):
                if not holds(statement, self.scene, self.table):
                    return None
            elif isinstance(statement, Counter):
                self.counters.add((self.table.label, chain.name, number), self.scene.packet.size)
                matched = True
            elif isinstance(statement, SetMark):
                self.scene.packet = replace(self.scene.packet, mark=statement.mark)
                matched = True
            elif isinstance(statement, Other | Xt):
                if isinstance(statement, Xt) or not statement.judged:
                    self.note(chain, number, rule, NotJudged(statement.text))
                    return None
                if not self.within(chain, number, rule, statement.text):
                    return None
                if statement.text.startswith(_NFTRACE):
                    self.scene.traced = statement.text.endswith(" 1")
                self.log(statement.text)
                matched = True
            else:
                end = _looked_up(statement, self.scene, self.table)
                if end is not None:
                    self.note(chain, number, rule, _fact(chain, rule, end))
                return end
        if matched:
            self.note(chain, number, rule, Counts("LOG" if _logs(rule) else ""))
        elif self.scene.traced:  # only looked at; the kernel tells of it all the same
            self.report(self.step(chain, number, rule, Counts("")), rule)
        return None

    def within(self, chain: NftChain, number: int, rule: NftRule, text: str) -> bool:
        """Is the packet within the rate of a `limit`, or with `over` beyond it? True for any other statement.

        The purse is that of iptables' limit; a rate of bytes no packet of the lab exceeds.
        """
        rate = _LIMIT.fullmatch(text)
        if rate is None:
            return "limit rate over" not in text
        over, each, unit, burst = rate.groups()
        limit = f"{each}/{_UNITS[unit]}"
        matches = Match("--limit", limit, False, "limit"), Match("--limit-burst", burst or "5", False, "limit")
        scene, key = self.scene, (self.table.label, chain.name, number)
        scene.fickle = True
        asked = Rule(matches, state=rule.state)
        moment = Moment(asked, key, scene.packet, scene.now, self.counters.memory, scene.connections, {})
        return remembered.judge("limit", moment) is not bool(over)

    def log(self, text: str) -> None:
        """A `log` statement is a line of the kernel's log, as that of a LOG rule of iptables; one of a group is not."""
        if text.split()[0] == "log" and " group " not in f"{text} ":
            said = dict(_LOGGED.findall(text))
            level = str(LEVELS.index(said["level"])) if "level" in said else "4"
            options = (("--log-prefix", said.get("prefix", "").strip('"')), ("--log-level", level))
            self.scene.logged.append((Rule(target=Target("LOG", options)), self.scene.packet))
            self.scene.fickle = True

    def policy(self, chain: NftChain) -> Decision:
        name = chain.policy.upper()
        if chain.rules or name != "ACCEPT":
            fact = PolicyDecides(chain.name, name)
            self.steps.append(
                Step(StepKind.MATCHED, fact, self.dev, self.hook.value, self.table.label, chain.name, f"policy {name}")
            )
        return Decision(name, self.table.label, chain.name)

    @property
    def dev(self) -> str:
        return self.scene.out_dev if self.hook in (Hook.OUTPUT, Hook.POSTROUTING) else self.scene.in_dev

    def note(self, chain: NftChain, number: int, rule: NftRule, fact: Fact) -> None:
        step = self.step(chain, number, rule, fact)
        self.steps.append(step)
        if not isinstance(fact, NotJudged):
            self.report(step, rule)

    def step(self, chain: NftChain, number: int, rule: NftRule, fact: Fact) -> Step:
        packets, size = self.counters.so_far((self.table.label, chain.name, number))
        place = self.hook.value, self.table.label, chain.name, rule.stateless, number
        return Step(StepKind.MATCHED, fact, self.dev, *place, rule.packets + packets, rule.bytes + size)

    def report(self, step: Step, rule: NftRule) -> None:
        """Of a packet that is traced it is told which rules matched."""
        if self.scene.traced:
            self.scene.reported.append((step, rule, self.scene.packet.mark))


def _fact(chain: NftChain, rule: NftRule, end: Verdict | Nat | Reject) -> Fact:
    if isinstance(end, Verdict):
        if end.name == "return":
            return Returns(chain.name)
        if end.name == "continue":
            return Counts("")
        return Jumps(end.chain) if end.chain else Decides(end.name.upper())
    return Decides(rule.target.name)


def _logs(rule: NftRule) -> bool:
    return any(isinstance(s, Other) and s.text.startswith("log") for s in rule.statements)


def _looked_up(
    end: Verdict | VerdictMap | Nat | Reject, scene: Scene, table: NftTable
) -> Verdict | Nat | Reject | None:
    """The verdict itself, or the one that a map has beside the packet's value."""
    if not isinstance(end, VerdictMap):
        return end
    named = table.set(end.name) if end.name else None
    elements = named.elements if named is not None else end.elements
    for key, verdict in elements:
        if isinstance(verdict, Verdict) and holds(Test(end.left, "==", (key,)), scene, table):
            return verdict
    return None


# -- one test ---------------------------------------------------------------------------------------------------------


def holds(test: Test, scene: Scene, table: NftTable) -> bool:
    """Is it so of the packet in hand? sets with a name are the table's."""
    if not _carries(test.left, scene):
        return False
    if test.op in ("<", ">", "<=", ">="):
        return _compares(test, scene)
    values = test.values
    if test.shape == "named":
        found = table.set(test.values[0])
        values = tuple(key for key, _ in found.elements) if found is not None else ()
    if test.left == "tcp flags":
        return _flags(test, scene)
    hit = any(_is(test, value, scene) for value in values)
    return hit is not (test.op == "!=")


def _carries(left: str, scene: Scene) -> bool:
    """Has the packet the header that is asked for?"""
    head, version, protocol = left.split()[0], scene.packet.version, scene.packet.protocol
    if head in ("ip", "icmp") and version != 4 or head in ("ip6", "icmpv6") and version != 6:
        return False
    wanted = {"tcp": Protocol.TCP, "udp": Protocol.UDP, "icmp": Protocol.ICMP, "icmpv6": Protocol.ICMP}.get(head)
    return (wanted is None or protocol is wanted) and (head != "th" or protocol is not Protocol.ICMP)


def _is(test: Test, value: str, scene: Scene) -> bool:
    if test.left == "meta nfproto":
        return value == f"ipv{scene.packet.version}"
    option, said = OPTIONS[test.left], _SAID.get(value, value)
    if test.kind == "ifname":
        said = f"{value[:-1]}+" if value.endswith("*") else value
    elif test.kind in _UPPER:
        said = value.upper()
    elif test.kind == "ct_status":
        said = value.upper().replace("-", "_")
        if value in ("snat", "dnat"):
            known = scene.connection
            return known is not None and (known.is_source_nat if value == "snat" else known.is_destination_nat)
    elif test.kind in ("inet_service", "integer"):
        said = value.replace("-", ":")
    elif "-" in value and test.kind in ("ipv4_addr", "ipv6_addr"):
        option = "--src-range" if test.left.endswith("saddr") else "--dst-range"
    return judge(option)(said, scene)


def _compares(test: Test, scene: Scene) -> bool:
    """'tcp dport < 1024': the numbers below or above are a range."""
    number = int(test.values[0], 0)
    if test.kind == "mark":
        mark = scene.packet.mark
        return {"<": mark < number, "<=": mark <= number, ">": mark > number, ">=": mark >= number}[test.op]
    low, high = (0, number - (test.op == "<")) if test.op[0] == "<" else (number + (test.op == ">"), 65535)
    if test.left in ("ip ttl", "ip6 hoplimit"):
        return low <= scene.packet.ttl <= high
    return high >= low and judge(OPTIONS[test.left])(f"{low}:{high}", scene)


def _flags(test: Test, scene: Scene) -> bool:
    """`tcp flags syn` asks for any of them, `tcp flags syn / syn,ack` for these of those, `== syn` for just them."""
    wanted = ",".join(test.values).upper() or "NONE"
    looked_at = ",".join(test.mask).upper() if test.mask else "ALL"
    if test.mask or test.op != "==":
        return judge("--tcp-flags")(f"{looked_at} {wanted}", scene) is not (test.op == "!=")
    return any(judge("--tcp-flags")(f"{flag.upper()} {flag.upper()}", scene) for flag in test.values)


# -- what the counters become -----------------------------------------------------------------------------------------


def counted(tables: Nftables, counters: Counters) -> Nftables:
    """The tables with their rules' counters moved on."""
    touched: dict[tuple[str, str], dict[int, list[int]]] = {}
    for label, chain, number in counters.memory.rules:
        touched.setdefault((label, chain), {})[number] = [0, 0]
    for (label, chain, number), hit in counters.hits.items():
        touched.setdefault((label, chain), {})[number] = hit
    for table in tables.tables:
        if any(label == table.label for label, _ in touched):
            moved = tuple(_counted_chain(chain, touched.get((table.label, chain.name))) for chain in table.chains)
            moved = tuple(_remembering(table.label, chain, counters) for chain in moved)
            tables = tables.with_table(replace(table, chains=moved))
    return tables


def _counted_chain(chain: NftChain, hits: dict[int, list[int]] | None) -> NftChain:
    if not hits:
        return chain
    rules = list(chain.rules)
    for number, (packets, size) in hits.items():
        rules[number - 1] = rules[number - 1].counted(packets, size)
    return replace(chain, rules=tuple(rules))


def _remembering(label: str, chain: NftChain, counters: Counters) -> NftChain:
    kept = {key[2]: state for key, state in counters.memory.rules.items() if key[:2] == (label, chain.name)}
    if not kept:
        return chain
    rules = list(chain.rules)
    for number, state in kept.items():
        rows = tuple((name, value, at) for name, (value, at) in state.items())
        rules[number - 1] = replace(rules[number - 1], state=rows)
    return replace(chain, rules=tuple(rules))
