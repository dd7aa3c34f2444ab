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
import shlex
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from ipaddress import IPv4Network


class Hook(Enum):
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
}

# Options that name the module they belong to, so that "-m tcp" can be printed back.
MODULE_OF: dict[str, str] = {
    "--ctstate": "conntrack",
    "--state": "state",
    "--dst-type": "addrtype",
    "--src-type": "addrtype",
    "--icmp-type": "icmp",
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
}
_SIMPLE = {
    "--source": "-s", "--src": "-s", "--destination": "-d", "--dst": "-d", "--in-interface": "-i",
    "--out-interface": "-o", "--protocol": "-p", "--proto": "-p", "--destination-port": "--dport",
    "--source-port": "--sport", "--jump": "-j", "--goto": "-g", "--match": "-m",
}  # fmt: skip
_HEAD = ("-s", "-d", "-i", "-o", "-p")  # printed first, in this order
_FLAGS = {"--physdev-is-bridged", "--random", "--random-fully", "--persistent"}  # options without a value


def quoted(value: str) -> str:
    """A comment or prefix as iptables prints it: quoted unless all letters, digits, - and _ (xtables_save_string)."""
    if re.fullmatch(r"[\w-]+", value, re.ASCII):
        return value
    return '"' + re.sub(r"([\"'\\\\])", r"\\\1", value) + '"'


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
    def network(self) -> IPv4Network:
        """The value of -s or -d as a network."""
        return IPv4Network(self.value, strict=False)

    @property
    def text(self) -> str:
        value = quoted(self.value) if self.option == "--comment" else self.value
        words = f"{self.option} {value}".strip()
        return f"! {words}" if self.negated else words


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
        words += [f"{key} {quoted(value) if key == '--log-prefix' else value}".strip() for key, value in self.options]
        return " ".join(words)


@dataclass(frozen=True)
class Rule:
    """One rule. `text` is its `iptables -S` form without `-A CHAIN`; packets and bytes are its counters."""

    matches: tuple[Match, ...] = ()
    target: Target = Target()
    packets: int = 0
    bytes: int = 0

    @cached_property
    def text(self) -> str:
        heads = sorted((m for m in self.matches if m.option in _HEAD), key=lambda m: _HEAD.index(m.option))
        words = [m.text for m in heads]
        shown: str | None = None
        for match in self.matches:
            if match.option in _HEAD:
                continue
            if match.module and match.module != shown:
                words.append(f"-m {match.module}")
                shown = match.module
            if match.option:
                words.append(match.text)
        if self.target.text:
            words.append(self.target.text)
        return " ".join(words)

    def same_as(self, other: Rule) -> bool:
        """Equal but for the counters, as `iptables -D` and `-C` compare."""
        return self.text == other.text

    def get(self, option: str) -> Match | None:
        return next((m for m in self.matches if m.option == option), None)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Chain:
    """A list of rules. policy: 'ACCEPT' or 'DROP' for a built-in chain, None for one that rules jump to."""

    name: str
    rules: tuple[Rule, ...] = ()
    policy: str | None = None
    packets: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Table:
    """A table: built-in chains first, in hook order, then the user's in the order they were made."""

    name: str
    chains: tuple[Chain, ...] = ()

    def chain(self, name: str) -> Chain | None:
        return next((c for c in self.chains if c.name == name), None)

    def with_chain(self, chain: Chain) -> Table:
        """Replace the chain of that name, or append it."""
        if self.chain(chain.name) is None:
            return replace(self, chains=(*self.chains, chain))
        return replace(self, chains=tuple(chain if c.name == chain.name else c for c in self.chains))

    def without_chain(self, name: str) -> Table:
        return replace(self, chains=tuple(c for c in self.chains if c.name != name))

    def references(self, name: str) -> int:
        """How many rules jump to this chain."""
        return sum(r.target.name == name for c in self.chains for r in c.rules)


def empty_table(name: str) -> Table:
    """A table as the kernel first has it: built-in chains, policy ACCEPT."""
    return Table(name, tuple(Chain(chain, policy="ACCEPT") for chain in BUILTIN[name]))


@dataclass(frozen=True)
class Netfilter:
    """The tables of one namespace; one that nobody touched is as `empty_table` says."""

    tables: tuple[Table, ...] = ()

    def table(self, name: str) -> Table:
        return next((t for t in self.tables if t.name == name), None) or empty_table(name)

    def with_table(self, table: Table) -> Netfilter:
        if any(t.name == table.name for t in self.tables):
            return Netfilter(tuple(table if t.name == table.name else t for t in self.tables))
        order = list(BUILTIN)
        return Netfilter(tuple(sorted((*self.tables, table), key=lambda t: order.index(t.name))))

    def with_chain(self, table: str, chain: Chain) -> Netfilter:
        return self.with_table(self.table(table).with_chain(chain))


def _value(option: str, value: str) -> str:
    """The value as `iptables -S` prints it back: networks with their prefix, host bits off."""
    if option in ("-s", "-d"):
        return str(IPv4Network(value, strict=False))
    return value


def parse_rule(spec: str) -> Rule:
    """Read the well-formed text of a rule, with or without its `-A CHAIN`, as iptables-save prints it.

    >>> parse_rule("-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80").target.name
    'DNAT'

    Counters in front ('[3:180] -A …') are taken. Raises ValueError for text that is no rule; the words and errors of
    the `iptables` command itself are in dnetlab.commands.iptables.
    """
    packets = size = 0
    if spec.startswith("["):
        counters, _, spec = spec[1:].partition("] ")
        packets, size = (int(n) for n in counters.split(":"))
    words = shlex.split(spec)
    if words[:1] in (["-A"], ["--append"]):
        words = words[2:]
    matches: list[Match] = []
    target: Target | None = None
    options: list[tuple[str, str]] = []
    module, protocol, negated, goto = "", "", False, False
    while words:
        word = _SIMPLE.get(words[0], words[0])
        words = words[1:]
        if word == "!":
            negated = True
            continue
        if not word.startswith("-"):
            raise ValueError(f"unexpected word {word!r} in rule {spec!r}")
        flag = word in _FLAGS or not words
        taken = 0 if flag else 2 if word == "--tcp-flags" else 1
        value, words = " ".join(words[:taken]), words[taken:]
        if target is not None:
            options.append((word, value))
        elif word in ("-j", "-g"):
            target, goto = Target(value), word == "-g"
        elif word == "-m":
            module = value
            if not any(w in MODULE_OF or w.startswith("--") for w in words[:2]):
                matches.append(Match("", "", False, module))
        elif word in _HEAD:
            protocol = value if word == "-p" else protocol
            matches.append(Match(word, _value(word, value), negated))
        else:
            matches.append(Match(word, value, negated, MODULE_OF.get(word) or module or protocol))
        negated = False
    final = Target() if target is None else Target(target.name, tuple(options), goto)
    return Rule(tuple(matches), final, packets, size)
