"""Tables, chains and rules, in the words of iptables.

            received ──▶ PREROUTING ──▶ for me? ──yes──▶ INPUT ──▶ a socket
                        raw mangle nat     │             mangle filter nat
                                           no
                                           ▼
                                        FORWARD ───────┐
                                      mangle filter    ▼
            a socket ──▶ OUTPUT ──────────────────▶ POSTROUTING ──▶ sent
                     raw mangle nat filter           mangle nat

A rule keeps its options in the order `iptables -S` prints them, so its text and its meaning are one value.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, cached_property

from dnetlab.model.changed import quick, replace
from dnetlab.model.indexes import followed, index
from dnetlab.model.ip import IpAddress, IpNetwork, ip_network
from dnetlab.model.rows import with_row


class Hook(Enum):
    """Where netfilter asks; a member is hashed as what it is, once and for all, as every packet asks by it."""

    __hash__ = object.__hash__
    PREROUTING = "PREROUTING"
    INPUT = "INPUT"
    FORWARD = "FORWARD"
    OUTPUT = "OUTPUT"
    POSTROUTING = "POSTROUTING"


# Tables in the order of their priority at each hook, with the built-in chains each has (iptables(8)).
BUILTIN: dict[str, tuple[str, ...]] = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}

# Options that name the module they belong to, so that "-m tcp" can be printed back.
MODULE_OF: dict[str, str] = {
    "--ctstate": "conntrack",
    "--state": "state",
    "--dst-type": "addrtype",
    "--src-type": "addrtype",
    "--icmp-type": "icmp",
    "--icmpv6-type": "icmp6",
    "--comment": "comment",
    "--mark": "mark",
    "--mac-source": "mac",
    "--limit": "limit",
    "--limit-burst": "limit",
    "--dports": "multiport",
    "--sports": "multiport",
    "--ports": "multiport",
    "--physdev-in": "physdev",
    "--physdev-out": "physdev",
    "--physdev-is-bridged": "physdev",
    "--src-range": "iprange",
    "--dst-range": "iprange",
    "--length": "length",
    "--ipvs": "ipvs",
} | {
    f"--ct{side}{what}": "conntrack"
    for side in ("orig", "repl")
    for what in ("src", "dst", "srcport", "dstport")
} | {
    f"--{option}": module
    for module, options in {
        "conntrack": ("ctdir", "ctproto", "ctstatus"), "ttl": ("ttl-eq", "ttl-lt", "ttl-gt"),
        "hl": ("hl-eq", "hl-lt", "hl-gt"), "tcpmss": ("mss",), "pkttype": ("pkt-type",), "dscp": ("dscp",),
        "tos": ("tos",), "owner": ("uid-owner", "gid-owner"),
        "rpfilter": ("loose", "validmark", "accept-local", "invert"),
        "socket": ("transparent", "nowildcard", "restore-skmark"),
    }.items()
    for option in options
}  # fmt: skip
_SIMPLE = {
    "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d", "--in-interface": "-i",
    "--out-interface": "-o", "--protocol": "-p", "--proto": "-p", "--destination-port": "--dport",
    "--source-port": "--sport", "--jump": "-j", "--goto": "-g", "--match": "-m",
}  # fmt: skip
_HEAD = ("-s", "-d", "-i", "-o", "-p")  # printed first, in this order
PREFIXES = ("--log-prefix", "--nflog-prefix")  # free text, of targets
# options without a value
_FLAGS = ("--syn", "--physdev-is-bridged", "--ipvs", "--random", "--random-fully", "--persistent", "--loose",
          "--validmark", "--accept-local", "--invert", "--transparent", "--nowildcard", "--restore-skmark")  # fmt: skip


def quoted(value: str) -> str:
    """A comment or prefix as iptables prints it: quoted unless all letters, digits, - and _ (xtables_save_string)."""
    if re.fullmatch(r"[\w-]+", value, re.ASCII):
        return value
    return '"' + re.sub(r"([\"'\\\\])", r"\\\1", value) + '"'


@quick
@dataclass(frozen=True)
class Match:
    """One condition of a rule: option ('-s', '-i', '--dport', '--ctstate', …), its value as text, and `!`.

    `module` is what stands after -m ('tcp' for --dport of tcp), '' for -s -d -i -o -p.
    """

    option: str
    value: str = ""
    negated: bool = False
    module: str = ""

    @cached_property
    def network(self) -> IpNetwork:
        """The value of -s or -d as a network."""
        return ip_network(self.value, strict=False)

    @property
    def text(self) -> str:
        value = quoted(self.value) if self.option == "--comment" else self.value
        words = f"{self.option} {value}".strip()
        return f"! {words}" if self.negated else words


@quick
@dataclass(frozen=True)
class Target:
    """What a rule does: a verdict (ACCEPT, DROP, REJECT, RETURN), a rewrite (DNAT, SNAT, MASQUERADE), or a chain.

    options are pairs as written: (('--to-destination', '172.17.0.2:80'),). name '' is a rule that only counts.
    """

    name: str = ""
    options: tuple[tuple[str, str], ...] = ()
    goto: bool = False

    def option(self, name: str) -> str | None:
        return next((value for key, value in self.options if key == name), None)

    @property
    def text(self) -> str:
        if not self.name:
            return ""
        words = [("-g " if self.goto else "-j ") + self.name]
        words += [f"{key} {quoted(value) if key in PREFIXES else value}".strip() for key, value in self.options]
        return " ".join(words)


@quick
@dataclass(frozen=True)
class Rule:
    """One rule. `text` is its `iptables -S` form without `-A CHAIN`; packets and bytes are its counters.

    state: what its limit, hashlimit or statistic remembers (simulator only): what is kept apart, a number, and when.
    handle: its number in its table, 0 where nobody knows it (`iptables -S` doesn't tell).
    """

    matches: tuple[Match, ...] = ()
    target: Target = Target()
    packets: int = 0
    bytes: int = 0
    state: tuple[tuple[str, float, float], ...] = field(default=(), compare=False)
    handle: int = field(default=0, compare=False)

    @cached_property
    def text(self) -> str:
        heads = sorted((m for m in self.matches if m.option[:2] in _HEAD), key=lambda m: _HEAD.index(m.option[:2]))
        words = [m.text for m in heads]
        shown: str | None = None
        for match in self.matches:
            if match.option[:2] in _HEAD:
                continue
            if match.module and (match.module != shown or match.option == "--match-set"):
                words.append(f"-m {match.module}")
                shown = match.module
            if match.option:
                words.append(match.text)
        if self.target.text:
            words.append(self.target.text)
        return " ".join(words)

    def counted(self, packets: int, size: int) -> Rule:
        """The rule with its counters moved on by so much; its text is still the same, and kept."""
        return self._like(replace(self, packets=self.packets + packets, bytes=self.bytes + size))

    def remembering(self, state: tuple[tuple[str, float, float], ...]) -> Rule:
        """The rule after its matches were asked; its text is still the same, and kept."""
        return self._like(replace(self, state=state))

    def numbered(self, handle: int) -> Rule:
        """The rule with a handle; its text is still the same, and kept."""
        return self._like(replace(self, handle=handle))

    def _like(self, changed: Rule) -> Rule:
        if "text" in self.__dict__:
            changed.__dict__["text"] = self.text
        return changed

    def same_as(self, other: Rule) -> bool:
        """Equal but for the counters, as `iptables -D` and `-C` compare."""
        return self.text == other.text

    def get(self, option: str) -> Match | None:
        return next((m for m in self.matches if m.option == option), None)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class RuleIndex:
    """The numbers (1-based) of a chain's rules by the one address or port that a rule asks for, and of all others.

    A rule stands under one key only, ('-d', 2886729730), ('-s', …) or ('--dport', 80): whoever lacks it can't match.
    """

    others: tuple[int, ...]
    by_key: dict[tuple[str, int], tuple[int, ...]]

    def may_match(self, source: int, destination: int, dport: int) -> list[int]:
        """The numbers of the rules that a packet may match, in order."""
        found = list(self.others)
        for key in (("-s", source), ("-d", destination), ("--dport", dport)):
            found += self.by_key.get(key, ())
        found.sort()
        return found


def _is_single(value: str) -> bool:
    """Does it say one address, and not a network?"""
    return "/" not in value or value.endswith("/128" if ":" in value else "/32")


def _key_of(rule: Rule) -> tuple[str, int] | None:
    """The one address or port without which the rule can't match; None when it asks for no single one."""
    for match in rule.matches:
        if match.negated:
            continue
        if match.option in ("-s", "-d") and _is_single(match.value):
            return match.option, int(match.network.network_address)
        if match.option == "--dport" and match.value.isdecimal():
            return match.option, int(match.value)
    return None


def _indexed(rules: Sequence[Rule]) -> RuleIndex:
    others: list[int] = []
    by_key: dict[tuple[str, int], list[int]] = {}
    for number, rule in enumerate(rules, 1):
        key = _key_of(rule)
        if key is None:
            others.append(number)
        else:
            by_key.setdefault(key, []).append(number)
    return RuleIndex(tuple(others), {key: tuple(numbers) for key, numbers in by_key.items()})


@quick
@dataclass(frozen=True)
class Chain:
    """A list of rules. policy: 'ACCEPT' or 'DROP' for a built-in chain, None for one that rules jump to.

    counts: whether the policy counts. iptables-nft 1.8.9 makes its base chains without a counter; `-P` and `-Z` give
    them one (observed: a policy's counter stays 0 until then). handle: as of a rule; 0 also while nobody has needed it.
    """

    name: str
    rules: Sequence[Rule] = ()
    policy: str | None = None
    packets: int = 0
    bytes: int = 0
    counts: bool = field(default=False, compare=False)
    handle: int = field(default=0, compare=False)

    @cached_property
    def index(self) -> RuleIndex:
        """Which rules a packet may match: of hundreds that name one container each, the few that name this one."""
        return _indexed(self.rules)

    def counted(self, rules: tuple[Rule, ...], packets: int, size: int) -> Chain:
        """The chain with the same rules, but for their counters; its index is still true, and kept."""
        changed = replace(self, rules=rules, packets=packets, bytes=size)
        if "index" in self.__dict__:
            changed.__dict__["index"] = self.index
        followed(changed, "_texts", self.rules, rules)
        return changed

    @property
    def texts(self) -> set[str]:
        """The texts of its rules, for whoever asks whether one stands."""
        return index(self, "_texts", self.rules, lambda rules: {rule.text for rule in rules})

    def with_rule(self, rule: Rule, on_top: bool = False) -> Chain:
        """With one more rule, at the end or on top."""
        made = replace(self, rules=with_row(self.rules, 0 if on_top else len(self.rules), rule))
        texts = followed(made, "_texts", self.rules, made.rules)
        if texts is not None:
            texts.add(rule.text)
        return made


@quick
@dataclass(frozen=True)
class Table:
    """A table: built-in chains first, in hook order, then the user's in the order they were made.

    made: the chains in the order that iptables-nft made them, built-in ones too, each when it was first needed; that is
    how `nft list ruleset` shows them.
    handle: the table's own number in its namespace, 0 unknown;  next_handle: what its next chain or rule gets.
    jumbled: a daemon has written its rules in an order of which the lab knows only the outcome, so not their handles.
    """

    name: str
    chains: tuple[Chain, ...] = ()
    made: tuple[str, ...] = field(default=(), compare=False)
    handle: int = field(default=0, compare=False)
    next_handle: int = field(default=1, compare=False)
    jumbled: bool = field(default=False, compare=False)

    def chain(self, name: str) -> Chain | None:
        for chain in self.chains:
            if chain.name == name:
                return chain
        return None

    @property
    def standing(self) -> tuple[str, ...]:
        """The chains that are there, in the order they were made; a built-in one is made when it is first needed."""
        order = [name for name in self.made if self.chain(name)]
        touched = [c.name for c in self.chains if c.policy is None or c.rules or c.policy != "ACCEPT"]
        return tuple(dict.fromkeys([*order, *touched]))

    def with_chain(self, chain: Chain) -> Table:
        """Replace the chain of that name, or append it; what is new of it gets the next handles, the chain before its
        rules (as recorded with iptables 1.8.9 on Linux 6.18)."""
        name, chains = chain.name, self.chains
        made = self.made if name in self.made else (*self.made, name)
        at = next((at for at, known in enumerate(chains) if known.name == name), len(chains))
        chain, after = numbered(chain, chains[at].handle if at < len(chains) else 0, self.next_handle)
        return replace(self, chains=(*chains[:at], chain, *chains[at + 1 :]), made=made, next_handle=after)

    def without_chain(self, name: str) -> Table:
        made = tuple(one for one in self.made if one != name)
        return replace(self, chains=tuple(c for c in self.chains if c.name != name), made=made)

    def references(self, name: str) -> int:
        """How many rules jump to this chain."""
        return sum(r.target.name == name for c in self.chains for r in c.rules)


def numbered(chain: Chain, known: int, number: int) -> tuple[Chain, int]:
    """The chain, and its rules, with the handles that they lack, from `number` on; and the number after those.

    known: the handle that the chain had before, 0 when it is new.
    """
    if not chain.handle:
        chain, number = replace(chain, handle=known or number), number + (not known)
    if all(rule.handle for rule in chain.rules):
        return chain, number
    rules = []
    for rule in chain.rules:
        rules.append(rule if rule.handle else rule.numbered(number))
        number += not rule.handle
    return replace(chain, rules=tuple(rules)), number


@cache
def empty_table(name: str) -> Table:
    """A table as the kernel first has it: built-in chains, policy ACCEPT."""
    return Table(name, tuple(Chain(chain, policy="ACCEPT") for chain in BUILTIN[name]))


@quick
@dataclass(frozen=True)
class Recent:
    """An address in a list of `-m recent`: the TTL of its last packet, and the seconds at which it was seen."""

    ttl: int = 64
    seen: tuple[float, ...] = ()


@quick
@dataclass(frozen=True)
class Netfilter:
    """The tables of one namespace; one that nobody touched is as `empty_table` says.

    recent: the lists of `-m recent`, by name and address (simulator only).
    """

    tables: tuple[Table, ...] = ()
    recent: dict[str, dict[IpAddress, Recent]] = field(default_factory=dict, compare=False)

    def table(self, name: str) -> Table:
        for table in self.tables:
            if table.name == name:
                return table
        return empty_table(name)

    def with_table(self, table: Table) -> Netfilter:
        for at, known in enumerate(self.tables):
            if known.name == table.name:
                return replace(self, tables=(*self.tables[:at], table, *self.tables[at + 1 :]))
        order = list(BUILTIN)
        return replace(self, tables=tuple(sorted((*self.tables, table), key=lambda t: order.index(t.name))))

    def numbered(self, made: int) -> tuple[Netfilter, int]:
        """With a handle for each table that has none yet, after `made`; and how many tables there have been then."""
        if all(table.handle for table in self.tables):
            return self, made
        tables = []
        for table in self.tables:
            made += not table.handle
            tables.append(table if table.handle else replace(table, handle=made))
        return replace(self, tables=tuple(tables)), made

    def with_chain(self, table: str, chain: Chain) -> Netfilter:
        return self.with_table(self.table(table).with_chain(chain))


# What the words behind these take; all other options take what stands before the next word with a dash.
_WORDS = dict.fromkeys((*MODULE_OF, *_HEAD, "-j", "-g", "-m", "--dport", "--sport", *PREFIXES), 1)
_WORDS |= {"--tcp-flags": 2} | dict.fromkeys(_FLAGS, 0)
KNOWN_MODULES = frozenset((*MODULE_OF.values(), "connmark", "tcp", "udp", "udplite", "sctp", "dccp"))


def _words(spec: str) -> list[str]:
    """The words of a rule, each as iptables-save writes it: quotes and backslashes still there."""
    return re.findall(r'(?:"(?:\\.|[^"\\])*"|[^\s"])+|"', spec)


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word[:1] == '"' and word[-1:] == '"' and len(word) > 1 else word


def _take(words: list[str], option: str) -> list[str]:
    """Take the values of an option off the words that follow it."""
    count = _WORDS.get(option)
    if count is None:
        count = next((at for at, word in enumerate(words) if word == "!" or word[:1] == "-"), len(words))
    taken, words[:count] = words[:count], []
    return taken


def _take_module(words: list[str]) -> str:
    """All that belongs to a match the lab can't judge, up to the next -m or -j, as text."""
    count = next((at for at, word in enumerate(words) if word in ("-m", "-j", "-g")), len(words))
    taken, words[:count] = words[:count], []
    return " ".join(taken)


def parse_rule(spec: str) -> Rule:
    """Read the text of a rule, with or without its `-A CHAIN`, as iptables-save prints it.

    >>> parse_rule("-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80").target.name
    'DNAT'

    Counters in front ('[3:180] -A …') are taken. A match that the lab has no name for is one condition, whose option is
    its whole text: it prints back as it came, and nobody can judge it.

    >>> parse_rule("-A INPUT -m recent --set --name ssh -j DROP").matches[0].option
    '-m recent --set --name ssh'

    Raises ValueError for text that is no rule; the words and errors of the `iptables` command itself are in
    dnetlab.commands.iptables.
    """
    packets = size = 0
    if spec.startswith("["):
        counters, _, spec = spec[1:].partition("] ")
        packets, size = (int(n) for n in counters.split(":"))
    words = _words(spec)
    if words[:1] in (["-A"], ["--append"]):
        words = words[2:]
    matches = _take_matches(words)
    return Rule(tuple(matches), _take_target(words), packets, size)


def _take_matches(words: list[str]) -> list[Match]:
    """The conditions at the head of the words, up to -j or -g."""
    matches: list[Match] = []
    module, protocol = "", ""
    while words and _SIMPLE.get(words[0], words[0]) not in ("-j", "-g"):
        negated = words[0] == "!" and bool(words.pop(0))
        word = words.pop(0) if words else ""
        option = _SIMPLE.get(word, word)
        if not option.startswith("-"):
            raise ValueError(f"unexpected word {option!r} in a rule")
        if option == "-m" and (words[:1] or [""])[0] not in KNOWN_MODULES:
            matches.append(Match(f"-m {_take_module(words)}"))
            continue
        values = [_unquoted(word) if option in MODULE_OF else word for word in _take(words, option)]
        if option == "-m":
            module = values[0]
            if words[:1] == [] or not (words[0].startswith("--") or words[0] == "!" and words[1][:2] == "--"):
                matches.append(Match("", "", False, module))
            continue
        protocol = values[0] if option == "-p" and values else protocol
        matches.append(_match(option, " ".join(values), negated, _module(option, module) or protocol))
    return matches


def _module(option: str, loaded: str) -> str:
    """Whose option it is: -m connmark has one of the name that -m mark has."""
    return loaded if loaded == "connmark" else MODULE_OF.get(option) or loaded


def _match(option: str, value: str, negated: bool, module: str) -> Match:
    if option not in _HEAD:
        return Match(option, value, negated, module if option.startswith("--") else "")
    if option not in ("-s", "-d"):
        return Match(option, value, negated)
    try:
        return Match(option, str(ip_network(value, strict=False)), negated)
    except ValueError:  # a mask with holes: nothing of ours can judge it
        return Match(f"{option} {value}", "", negated)


def _take_target(words: list[str]) -> Target:
    if not words:
        return Target()
    goto = _SIMPLE.get(words[0], words[0]) == "-g"
    name, words[:] = words[1] if len(words) > 1 else "", words[2:]
    options = []
    while words:
        option = words.pop(0)
        values = _take(words, option)
        options.append((option, " ".join(_unquoted(v) if option in PREFIXES else v for v in values)))
    return Target(name, tuple(options), goto)
