"""A rule of nftables, in the words of `nft`: statements read from left to right, each with its text and its meaning.

    iifname != "br-1" tcp dport 8080 counter packets 0 bytes 0 dnat to 172.18.0.2:80 comment "DNAT"
    ───── Test ────── ──── Test ──── ───────── Counter ─────── ───────── Nat ────────

A Test that fails ends the rule; a Counter counts what came so far; a verdict ends the rule, or the chain. Texts are
those of `nft list` 1.0.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from typing import Union

from dnetlab.model.changed import quick, replace
from dnetlab.model.ip import ip_address, ip_network
from dnetlab.model.netfilter import Target

# What a test may look at, as it stands in front -> the type of its values (nft's own names, `nft describe`).
SELECTORS: dict[str, str] = {
    "iifname": "ifname", "oifname": "ifname", "iif": "iface_index", "oif": "iface_index",
    "meta l4proto": "inet_proto", "meta nfproto": "nf_proto", "meta mark": "mark", "meta skuid": "uid",
    "meta pkttype": "pkt_type", "ether saddr": "ether_addr",
    "ip saddr": "ipv4_addr", "ip daddr": "ipv4_addr", "ip protocol": "inet_proto", "ip ttl": "integer",
    "ip length": "integer", "ip6 saddr": "ipv6_addr", "ip6 daddr": "ipv6_addr", "ip6 nexthdr": "inet_proto",
    "ip6 hoplimit": "integer", "tcp sport": "inet_service", "tcp dport": "inet_service", "tcp flags": "tcp_flag",
    "udp sport": "inet_service", "udp dport": "inet_service", "th sport": "inet_service", "th dport": "inet_service",
    "icmp type": "icmp_type", "icmpv6 type": "icmpv6_type", "ct state": "ct_state", "ct status": "ct_status",
    "ct direction": "ct_dir", "fib daddr type": "fib_addrtype", "fib saddr type": "fib_addrtype",
}  # fmt: skip
# Values with names, in the order of their numbers.
NAMES: dict[str, tuple[str, ...]] = {
    "ct_state": ("invalid", "established", "related", "new", "untracked"),
    "ct_status": ("expected", "seen-reply", "assured", "confirmed", "snat", "dnat", "dying"),
    "ct_dir": ("original", "reply"),
    "tcp_flag": ("fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"),
    "fib_addrtype": ("unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable",
                     "prohibit"),
    "nf_proto": ("ipv4", "ipv6"),
    "pkt_type": ("host", "broadcast", "multicast", "other"),
}  # fmt: skip
PROTOCOLS = {"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "gre": 47, "esp": 50, "ah": 51, "ipv6-icmp": 58, "sctp": 132}
ICMP = {"echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8,
        "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12,
        "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15, "info-reply": 16,
        "address-mask-request": 17, "address-mask-reply": 18}  # fmt: skip
ICMPV6 = {"destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
          "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
          "mld-listener-done": 132, "nd-router-solicit": 133, "nd-router-advert": 134, "nd-neighbor-solicit": 135,
          "nd-neighbor-advert": 136, "nd-redirect": 137}  # fmt: skip
FLAGS = ("ct_state", "ct_status", "tcp_flag")  # their values may be had together: `ct state established,related`
NUMBERS = ("inet_service", "integer", "uid", "mark")
QUOTED = ("ifname", "iface_index")


def rank(kind: str, value: str) -> tuple[int, int]:
    """Where a value of that type stands among others, as nft sorts the elements that it lists: by number, where the
    bytes of an interface's name are a number whose last byte counts most."""
    if kind in QUOTED:
        return int.from_bytes(value.encode(), "little"), 0
    if kind in NAMES:
        return (NAMES[kind].index(value) if value in NAMES[kind] else 99), 0
    if kind in ("inet_proto", "icmp_type", "icmpv6_type"):
        names = {"inet_proto": PROTOCOLS, "icmp_type": ICMP, "icmpv6_type": ICMPV6}[kind]
        return names.get(value, int(value) if value.isdecimal() else 999), 0
    low = value.partition("-")[0]
    if kind in ("ipv4_addr", "ipv6_addr"):
        return int(ip_network(low, strict=False).network_address if "/" in low else ip_address(low)), 0
    return (int(low, 0) if low[:1].isdecimal() else 0), 0


def in_order(kind: str, values: Iterable[str]) -> tuple[str, ...]:
    """Those values as nft lists them; where one is a range, neighbours become one."""
    values = tuple(values)
    if kind in ("ipv4_addr", "ipv6_addr", "inet_service") and any("-" in value or "/" in value for value in values):
        return tuple(_merged(kind, values))
    return tuple(sorted(values, key=lambda value: rank(kind, value)))


def _merged(kind: str, values: Iterable[str]) -> Iterator[str]:
    """'10.0.0.1', '10.0.0.2-10.0.0.5' -> '10.0.0.1-10.0.0.5'; a range that is a network is written as one."""
    ranges: list[list[int]] = []
    for low, high in sorted(_ends(kind, value) for value in values):
        if ranges and low <= ranges[-1][1] + 1:
            ranges[-1][1] = max(high, ranges[-1][1])
        else:
            ranges.append([low, high])
    for low, high in ranges:
        if kind == "inet_service":
            yield str(low) if low == high else f"{low}-{high}"
            continue
        made = IPv4Address if kind == "ipv4_addr" else IPv6Address
        whole = list(summarize_address_range(made(low), made(high)))
        one = str(whole[0]).removesuffix("/32" if kind == "ipv4_addr" else "/128")
        yield one if len(whole) == 1 else f"{made(low)}-{made(high)}"


def _ends(kind: str, value: str) -> tuple[int, int]:
    if kind == "inet_service":
        low, _, high = value.partition("-")
        return int(low), int(high or low)
    if "/" in value:
        network = ip_network(value, strict=False)
        return int(network.network_address), int(network.broadcast_address)
    low, _, high = value.partition("-")
    return int(ip_address(low)), int(ip_address(high or low))


def shown(kind: str, value: str) -> str:
    """A value as nft prints it."""
    if kind in QUOTED:
        return f'"{value}"'
    return f"0x{int(value, 0):08x}" if kind == "mark" else value


@quick
@dataclass(frozen=True)
class Test:
    """A condition. left: what it looks at, a key of SELECTORS; op: '==' (not printed), '!=', '<', '>', '<=', '>='.

    values  '172.17.0.0/16', '80', '8000-8100' …, plain; shape says how they stand: '' one value, 'set' in braces,
            'flags' with commas, 'named' the name of a set of the table
    mask    the flags that are looked at at all: `tcp flags syn / syn,ack`
    """

    left: str
    op: str
    values: tuple[str, ...]
    shape: str = ""
    mask: tuple[str, ...] = ()

    __test__ = False  # it is no test of pytest's

    @property
    def kind(self) -> str:
        """The type of its values."""
        return SELECTORS[self.left]

    @property
    def text(self) -> str:
        words = [shown(self.kind, value) for value in self.values]
        right = {"set": f"{{ {', '.join(words)} }}", "named": f"@{self.values[0]}"}.get(self.shape, ",".join(words))
        mask = f" / {','.join(self.mask)}" if self.mask else ""
        return f"{self.left} {right}{mask}" if self.op == "==" else f"{self.left} {self.op} {right}{mask}"


@quick
@dataclass(frozen=True)
class Counter:
    packets: int = 0
    bytes: int = 0

    @property
    def text(self) -> str:
        return f"counter packets {self.packets} bytes {self.bytes}"


@quick
@dataclass(frozen=True)
class Verdict:
    """accept, drop, return, continue; jump and goto with a chain."""

    name: str
    chain: str = ""

    @property
    def text(self) -> str:
        return f"{self.name} {self.chain}".strip()


@quick
@dataclass(frozen=True)
class VerdictMap:
    """`oifname vmap @jumps`, or with its elements in braces: the verdict that stands beside the packet's value."""

    left: str
    name: str = ""
    elements: tuple[tuple[str, Verdict], ...] = ()

    @property
    def text(self) -> str:
        kind = SELECTORS[self.left]
        inside = ", ".join(f"{shown(kind, key)} : {verdict.text}" for key, verdict in self.elements)
        return f"{self.left} vmap @{self.name}" if self.name else f"{self.left} vmap {{ {inside} }}"


@quick
@dataclass(frozen=True)
class Nat:
    """dnat, snat, masquerade, redirect. to: '172.18.0.2:80', ':53'; family: 'ip' where the table has both."""

    name: str
    to: str = ""
    family: str = ""
    flags: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        to = " ".join(word for word in (self.family, "to", self.to) if word) if self.to else ""
        flags = ",".join(self.flags)
        return " ".join(word for word in (self.name, to, flags) if word)


@quick
@dataclass(frozen=True)
class Reject:
    """how: '' for the usual port-unreachable, 'tcp reset', 'icmp host-unreachable'."""

    how: str = ""

    @property
    def text(self) -> str:
        return f"reject with {self.how}" if self.how else "reject"


@quick
@dataclass(frozen=True)
class Other:
    """A statement that changes no packet's way: 'log prefix "x"', 'limit rate 5/second', 'meta nftrace set 1'.

    judged  False for what a real host's rules say and the lab can't judge: then the rule counts as not matching.
    """

    text: str
    judged: bool = True


@quick
@dataclass(frozen=True)
class Xt:
    """A match or target of iptables-nft that nftables has no expression for; text: as nft 1.0.6 translates it."""

    kind: str
    name: str
    text: str


@quick
@dataclass(frozen=True)
class SetMark:
    """meta mark set: what other rules, and iptables, can look at later."""

    mark: int

    @property
    def text(self) -> str:
        return f"meta mark set 0x{self.mark:08x}"


Statement = Union[  # noqa: UP007 (a name for people)
    Test, Counter, Verdict, VerdictMap, Nat, Reject, Other, SetMark, Xt
]  # fmt: skip
_TARGETS = {"dnat": ("DNAT", "--to-destination"), "snat": ("SNAT", "--to-source"),
            "masquerade": ("MASQUERADE", "--to-ports"), "redirect": ("REDIRECT", "--to-ports")}  # fmt: skip


@quick
@dataclass(frozen=True)
class NftRule:
    """One rule. handle: by which `nft delete rule` names it; a table gives each number once. state: what its limit
    remembers, as that of a rule of iptables."""

    statements: tuple[Statement, ...] = ()
    comment: str = ""
    handle: int = 0
    state: tuple[tuple[str, float, float], ...] = field(default=(), compare=False)

    @cached_property
    def text(self) -> str:
        """As `nft list` prints it."""
        words = [statement.text for statement in self.statements]
        return " ".join([*words, *([f'comment "{self.comment}"'] if self.comment else [])])

    @cached_property
    def stateless(self) -> str:
        """As `nft -s list` prints it: without what was counted."""
        words = ["counter" if isinstance(s, Counter) else s.text for s in self.statements]
        return " ".join([*words, *([f'comment "{self.comment}"'] if self.comment else [])])

    @property
    def counter(self) -> Counter:
        """What it has counted; zeros for a rule that doesn't count."""
        return next((s for s in self.statements if isinstance(s, Counter)), Counter())

    @property
    def packets(self) -> int:
        return self.counter.packets

    @property
    def bytes(self) -> int:
        return self.counter.bytes

    def counted(self, packets: int, size: int) -> NftRule:
        """The rule with its counter moved on by so much."""
        moved = tuple(
            Counter(s.packets + packets, s.bytes + size) if isinstance(s, Counter) else s for s in self.statements
        )
        return replace(self, statements=moved)

    @property
    def verdict(self) -> Verdict | Nat | Reject | VerdictMap | None:
        """The statement that ends it, None for a rule that only looks or counts."""
        ends = (s for s in self.statements if isinstance(s, Verdict | Nat | Reject | VerdictMap))
        return next(ends, None)

    @cached_property
    def target(self) -> Target:
        """What it does in the words of iptables: DNAT, MASQUERADE, REJECT, ACCEPT …, '' for one that goes on."""
        end = self.verdict
        if isinstance(end, Nat):
            name, option = _TARGETS[end.name]
            to = end.to if end.name in ("dnat", "snat") else end.to.removeprefix(":")
            return Target(name, ((option, to),) if to else ())
        if isinstance(end, Reject):
            return Target("REJECT", (("--reject-with", _reject_with(end.how)),))
        if isinstance(end, Verdict):
            return Target(end.chain or end.name.upper())
        return Target()

    def test(self, left: str) -> Test | None:
        """Its condition on that, None without one."""
        return next((s for s in self.statements if isinstance(s, Test) and s.left == left), None)

    def __str__(self) -> str:
        return self.text


def _reject_with(how: str) -> str:
    """'icmp host-unreachable' as iptables' --reject-with says it."""
    kind, _, name = how.partition(" ")
    if kind == "tcp":
        return "tcp-reset"
    names = {"no-route": "icmp6-no-route", "admin-prohibited": "icmp6-adm-prohibited",
             "addr-unreachable": "icmp6-addr-unreachable", "port-unreachable": "icmp6-port-unreachable"}  # fmt: skip
    if kind == "icmpv6":
        return names.get(name, "icmp6-port-unreachable")
    return f"icmp-{name or 'port-unreachable'}"
