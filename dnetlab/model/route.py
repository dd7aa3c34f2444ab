"""Rows of the routing tables, and which table is asked, as `ip route` and `ip rule` say it."""

from __future__ import annotations

from dataclasses import dataclass

from dnetlab.model.changed import quick
from dnetlab.model.ip import IpAddress, IpInterface, IpNetwork

LOCAL, MAIN, DEFAULT = 255, 254, 253  # linux/rtnetlink.h
TABLE_NAMES = {LOCAL: "local", MAIN: "main", DEFAULT: "default"}  # /etc/iproute2/rt_tables of Debian 12


def table_name(table: int) -> str:
    """A table as iproute2 writes it: by its name when /etc/iproute2/rt_tables has one."""
    return TABLE_NAMES.get(table, str(table))


@quick
@dataclass(frozen=True)
class Hop:
    """One of several next hops of a row. weight: how many of the flows take it, beside the weights of the others."""

    via: IpAddress | None
    dev: str | None
    weight: int = 1
    onlink: bool = False

    def __str__(self) -> str:
        return f"nexthop{f' via {self.via}' if self.via else ''}{f' dev {self.dev}' if self.dev else ''}"


@quick
@dataclass(frozen=True)
class Route:
    """One row of `ip route`. `via` None: directly attached. kind: 'unicast', 'blackhole', 'unreachable', 'prohibit'.

    onlink: the gateway is taken for a neighbour, whatever the addresses of the link say.
    mtu: the bytes of a packet that fit on this way, 0 for as many as the link takes. table: see `table_name`.
    hops: of a row with several next hops, which has no `via` and `dev` of its own; see `net.routing.by_hop`.
    """

    destination: IpNetwork  # which says of which family the row is
    dev: str | None
    via: IpAddress | None = None
    src: IpAddress | None = None
    protocol: str = "kernel"  # 'kernel', 'boot', 'static'
    scope: str = "link"  # 'link' for attached networks, 'global' for routes through a gateway
    metric: int = 0
    kind: str = "unicast"
    onlink: bool = False
    mtu: int = 0
    table: int = MAIN
    hops: tuple[Hop, ...] = ()

    @property
    def is_default(self) -> bool:
        return self.destination.prefixlen == 0

    @property
    def ways(self) -> tuple[Hop, ...]:
        """Its next hops, or the one that it is itself."""
        return self.hops or (Hop(self.via, self.dev),)

    def leaves_by(self, dev: str) -> bool:
        """Is that link its own, or that of one of its next hops?"""
        return self.dev == dev or any(hop.dev == dev for hop in self.hops)

    def __str__(self) -> str:
        """As `ip route` prints it, without its attributes."""
        kind = "" if self.kind == "unicast" else f"{self.kind} "
        via = f" via {self.via}" if self.via else ""
        dev = f" dev {self.dev}" if self.dev else ""
        hops = "" if self.dev else "".join(f" {hop}" for hop in self.hops)
        return f"{kind}{'default' if self.is_default else self.destination}{via}{dev}{hops}"


@quick
@dataclass(frozen=True)
class Asked:
    """What a route is looked up for besides the destination.

    source  None while a packet of ours has no address yet;  iif  the link it came in by, '' when it is ours
    oif     the link that a program has bound itself to;     mark of the firewall (MARK)
    """

    source: IpAddress | None = None
    iif: str = ""
    oif: str = ""
    mark: int = 0


@quick
@dataclass(frozen=True)
class PolicyRule:
    """A row of `ip rule`. Networks, with the address that was typed, None, links '' and mask 0: whatever it is.

    action  'lookup' in the table, or 'blackhole', 'unreachable', 'prohibit'; 'other' is one the lab doesn't follow
    unread  selectors that the lab doesn't follow (`dport` …): such a row of a real host is passed by
    """

    priority: int
    version: int = 4
    source: IpInterface | None = None
    destination: IpInterface | None = None
    iif: str = ""
    oif: str = ""
    mark: int = 0
    mask: int = 0
    negated: bool = False
    action: str = "lookup"
    table: int = MAIN
    kernel: bool = False  # the kernel made it (`ip -d rule`: proto kernel)
    unread: bool = False

    def takes(self, destination: IpAddress, asked: Asked) -> bool:
        """Is a packet to there, looked up for so much, one of this row's? (fib_rule_match, net/core/fib_rules.c)"""
        if self.unread or self.action == "other":
            return False
        fits = (
            self.iif in ("", asked.iif or "lo")
            and self.oif in ("", asked.oif)
            and (asked.mark ^ self.mark) & self.mask == 0
            and (self.destination is None or destination in self.destination.network)
            and (self.source is None or asked.source is not None and asked.source in self.source.network)
        )
        return fits is not self.negated

    def __str__(self) -> str:
        """As `ip rule` prints it."""
        return f"{self.priority}: {self.text}"

    @property
    def text(self) -> str:
        """As `ip rule` prints it, behind its priority."""
        words = ["not"] * self.negated + [f"from {_network(self.source)}"]
        words += [f"to {_network(self.destination)}"] if self.destination is not None else []
        if self.mask:
            words.append(f"fwmark {self.mark:#x}" + f"/{self.mask:#x}" * (self.mask != 0xFFFFFFFF))
        words += [f"iif {self.iif}"] if self.iif else []
        words += [f"oif {self.oif}"] if self.oif else []
        return " ".join([*words, f"lookup {table_name(self.table)}" if self.action == "lookup" else self.action])


def _network(typed: IpInterface | None) -> str:
    if typed is None:
        return "all"
    return str(typed.ip if typed.network.prefixlen == typed.max_prefixlen else typed)


# IPv6 has no table default (net/ipv4/fib_rules.c, net/ipv6/fib6_rules.c)
DEFAULT_RULES = (
    PolicyRule(0, 4, table=LOCAL, kernel=True), PolicyRule(32766, 4, kernel=True),
    PolicyRule(32767, 4, table=DEFAULT, kernel=True),
    PolicyRule(0, 6, table=LOCAL, kernel=True), PolicyRule(32766, 6, kernel=True),
)  # fmt: skip


def rules_told(rows: tuple[PolicyRule, ...]) -> tuple[PolicyRule, ...]:
    """The rows that a kernel has told: the value DEFAULT_RULES where nobody made any, or where it knows none."""
    return DEFAULT_RULES if rows in ((), DEFAULT_RULES) else rows
