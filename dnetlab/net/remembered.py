"""Matches that depend on what came before, or on the hour: limit, hashlimit, recent, connlimit, statistic, quota, time.

Each remembers as the kernel does: a limit has a purse of tokens that fills again with time (xt_limit.c), recent a list
of addresses with the times at which they were seen (xt_recent.c), statistic a count of packets (xt_statistic.c).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dnetlab.model import Connection, Packet, Protocol, Rule
from dnetlab.model.calendar import moment
from dnetlab.model.ip import IpAddress, ip_network
from dnetlab.model.netfilter import Recent
from dnetlab.model.packet import TcpState

Key = tuple[str, str, int]  # table, chain, number of the rule
_SECONDS = {"sec": 1, "min": 60, "hour": 3600, "day": 86400}
_STAMPS = 20  # times kept of an address (ip_pkt_list_tot)
_OVER = (TcpState.TIME_WAIT, TcpState.CLOSE)  # connections that connlimit counts no more (nf_conncount.c)


@dataclass
class Memory:
    """What the rules of one namespace and family remember: their own, and the lists of `recent` that they share."""

    rules: dict[Key, dict[str, tuple[float, float]]] = field(default_factory=dict)
    recent: dict[str, dict[IpAddress, Recent]] | None = None

    def of(self, key: Key, rule: Rule) -> dict[str, tuple[float, float]]:
        """What the rule remembers, by what it keeps apart ('' for a match that keeps one thing)."""
        found = self.rules.get(key)
        if found is None:
            found = self.rules[key] = {name: (value, at) for name, value, at in rule.state}
        return found


@dataclass(frozen=True)
class Moment:
    """Where a match is asked: the rule, the packet, the time, and what is remembered.

    connections: what conntrack knows there; recent: the lists as the snapshot has them.
    """

    rule: Rule
    key: Key
    packet: Packet
    now: float
    memory: Memory
    connections: Callable[[], Sequence[Connection]]
    recent: Mapping[str, Mapping[IpAddress, Recent]]

    @property
    def own(self) -> dict[str, tuple[float, float]]:
        return self.memory.of(self.key, self.rule)


def judge(module: str, at: Moment) -> bool:
    """Does the match of that module hold for this packet? Asking is remembered."""
    options = {m.option: m.value for m in at.rule.matches if m.module == module}
    negated = any(m.negated for m in at.rule.matches if m.module == module)
    return _MODULES[module](options, at) is not negated


# -- limit and hashlimit: a purse that fills with time ----------------------------------------------------------------


def _takes(purse: str, rate: str, burst: int, at: Moment) -> bool:
    """Take a token from a purse of `burst`, which fills at that rate ('5/min'); False when it is empty."""
    number, _, unit = rate.partition("/")
    tokens, then = at.own.get(purse, (float(burst), at.now))
    tokens = min(float(burst), tokens + (at.now - then) * int(number) / _SECONDS[unit])
    enough = tokens >= 1
    at.own[purse] = (tokens - 1 if enough else tokens, at.now)
    return enough


def _limit(options: dict[str, str], at: Moment) -> bool:
    return _takes("", options.get("--limit", "3/hour"), int(options.get("--limit-burst", "5")), at)


def _hashlimit(options: dict[str, str], at: Moment) -> bool:
    packet = at.packet
    fields = {"srcip": packet.source, "dstip": packet.destination, "srcport": packet.sport, "dstport": packet.dport}
    purse = ",".join(str(fields[name]) for name in options.get("--hashlimit-mode", "").split(",") if name in fields)
    above = options.get("--hashlimit-above")
    within = _takes(purse, above or options.get("--hashlimit-upto", "1/sec"), int(options["--hashlimit-burst"]), at)
    return within is (above is None)


# -- recent: who was seen, and when -----------------------------------------------------------------------------------


def _recent(options: dict[str, str], at: Moment) -> bool:
    """--set, --rcheck, --update, --remove (recent_mt). What `!` turns around is turned by whoever asks."""
    lists = at.memory.recent
    if lists is None:
        lists = at.memory.recent = {name: dict(rows) for name, rows in at.recent.items()}
    rows = lists.setdefault(options["--name"], {})
    who = _masked(at.packet.destination if "--rdest" in options else at.packet.source, options["--mask"])
    entry = rows.get(who)
    if entry is not None and "--rttl" in options and entry.ttl != at.packet.ttl:
        entry = None
    seen = Recent(at.packet.ttl, (*(entry.seen if entry else ()), at.now)[-_STAMPS:])
    if "--set" in options:
        rows[who] = seen
        return True
    if entry is None:
        return False
    if "--remove" in options:
        del rows[who]
        return True
    span = float(options["--seconds"]) if "--seconds" in options else None
    hits = sum(span is None or at.now - span <= then for then in entry.seen)
    holds = hits >= int(options.get("--hitcount", "1"))
    if "--update" in options and holds:
        rows[who] = seen
    return holds


def _masked(ip: IpAddress, mask: str) -> IpAddress:
    """The part of an address that is kept apart from others'."""
    if ip.version == 6 or mask == "255.255.255.255":
        return ip
    return ip_network(f"{ip}/{mask}", strict=False).network_address


# -- connlimit, statistic ---------------------------------------------------------------------------------------------


def _connlimit(options: dict[str, str], at: Moment) -> bool:
    """The connections of the same address (or network) that are open now, with this one."""
    destination = "--connlimit-daddr" in options
    bits = options["--connlimit-mask"]

    def part(source: IpAddress, to: IpAddress) -> object:
        return ip_network(f"{to if destination else source}/{bits}", strict=False)

    packet = at.packet
    mine = part(packet.source, packet.destination)
    flows = [c.original for c in at.connections()
             if c.tcp not in _OVER and part(c.original.source, c.original.destination) == mine]  # fmt: skip
    same = [f for f in flows if (f.protocol, f.sport, f.source) == (packet.protocol, packet.sport, packet.source)]
    count = len(flows) + (0 if same else 1)
    most = options.get("--connlimit-upto")
    return count <= int(most) if most is not None else count > int(options["--connlimit-above"])


def _statistic(options: dict[str, str], at: Moment) -> bool:
    """nth: each so many; random: by chance, that is the same each time the same is typed."""
    count = at.own.get("", (0.0, 0.0))[0]
    at.own[""] = (count + 1, at.now)
    if options["--mode"] == "nth":
        every = max(1, int(options.get("--every", "1")))
        return count % every == int(options.get("--packet", "0"))
    return zlib.crc32(f"{at.rule.text}:{count}".encode()) / 2**32 < float(options.get("--probability", "0"))


def _quota(options: dict[str, str], at: Moment) -> bool:
    """So many bytes pass; from the first packet on that doesn't fit none does, be it ever so small (xt_quota.c)."""
    left = at.own.get("", (float(options["--quota"]), at.now))[0]
    fits = left >= at.packet.size
    at.own[""] = (left - at.packet.size if fits else 0.0, at.now)
    return fits


# -- time -------------------------------------------------------------------------------------------------------------


def _time(options: dict[str, str], at: Moment) -> bool:
    """UTC, or with --kerneltz the host's zone, which is UTC, too (xt_time.c)."""
    now = moment(at.now).replace(tzinfo=None)
    start, stop = (options.get(f"--date{end}") for end in ("start", "stop"))
    if start and now < datetime.fromisoformat(start) or stop and now > datetime.fromisoformat(stop):
        return False
    clock = f"{now:%H:%M:%S}"
    first, last = options.get("--timestart", "00:00:00"), options.get("--timestop", "23:59:59")
    if first <= last and not first <= clock <= last or first > last and last < clock < first:
        return False
    days = options.get("--weekdays")
    if days and f"{now:%a}" not in days.split(","):
        return False
    numbers = options.get("--monthdays")
    return not numbers or str(now.day) in numbers.split(",")


_MODULES: dict[str, Callable[[dict[str, str], Moment], bool]] = {
    "limit": _limit, "hashlimit": _hashlimit, "recent": _recent, "connlimit": _connlimit, "statistic": _statistic,
    "time": _time, "quota": _quota,
}  # fmt: skip
MODULES = frozenset(_MODULES)


def parts_of(packet: Packet, mac: str, fields: Sequence[str], directions: str) -> tuple[IpAddress | str, ...]:
    """What a packet says for the fields of a set, each of the end that was asked for ('src,dst')."""
    ends = directions.split(",")
    found: list[IpAddress | str] = []
    for name, end in zip(fields, ends, strict=False):
        if name == "port":
            number = packet.sport if end == "src" else packet.dport
            kinds = (Protocol.TCP, Protocol.UDP)
            found.append(f"{packet.protocol.value}:{number}" if packet.protocol in kinds else "")
        elif name == "mac":
            found.append(mac.upper() if end == "src" else "")
        else:
            found.append(packet.source if end == "src" else packet.destination)
    return tuple(found)
