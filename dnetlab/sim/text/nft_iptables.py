"""The tables of iptables as nft shows them: iptables-nft 1.8.9 keeps its rules in tables of nftables.

Interfaces, addresses, ports, TCP flags, marks and rates it writes as nft would; the rest are "xt" matches and targets,
which nft 1.0.6 translates when it lists it (recorded with both in a network namespace).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dnetlab.model import Chain, Hook, Match, NftChain, NftRule, NftTable, Rule, Table, Target
from dnetlab.model.logged import LEVELS
from dnetlab.model.nftrule import Counter, Other, Statement, Test, Verdict, Xt, in_order
from dnetlab.net.matches import options_of
from dnetlab.sim.context import Refused

_PRIORITY = {"raw": -300, "mangle": -150, "filter": 0, "security": 50}
_VERDICTS = ("ACCEPT", "DROP", "RETURN")
_LEVELS = {str(number): name for number, name in enumerate(LEVELS) if name != "warn"}  # which nft leaves unsaid


def as_nft(family: str, table: Table) -> NftTable:
    """A table of iptables as a table of nft: chains in the order they were made, built-in ones when first needed."""
    chains = tuple(_chain(family, table.name, chain) for name in table.standing
                   if (chain := table.chain(name)) is not None)  # fmt: skip
    return NftTable(family, table.name, chains, handle=table.handle)


def is_translated(table: NftTable) -> bool:
    """Has it an xt match or target? Then nft warns of it."""
    return any(isinstance(s, Xt) for chain in table.chains for rule in chain.rules for s in rule.statements)


def _chain(family: str, table: str, chain: Chain) -> NftChain:
    rules = tuple(rule_as_nft(family, rule) for rule in chain.rules)
    if chain.policy is None:
        return NftChain(chain.name, rules, chain.handle)
    hook = Hook(chain.name)
    source = 100 if hook in (Hook.POSTROUTING, Hook.INPUT) else -100
    kind = "nat" if table == "nat" else "route" if (table, hook) == ("mangle", Hook.OUTPUT) else "filter"
    priority = source if table == "nat" else _PRIORITY[table]
    return NftChain(chain.name, rules, chain.handle, kind, hook, priority, chain.policy.lower())


def rule_as_nft(family: str, rule: Rule) -> NftRule:
    """One rule. Refused for what has no word of nft here."""
    heads = [m for option in ("-i", "-o", "-s", "-d", "-p") if (m := rule.get(option))]
    statements = [statement for match in heads for statement in _head(family, match, rule)]
    for match in rule.matches:
        whole = _WHOLE.get(match.module)
        if whole is not None and not any(isinstance(s, Xt) and s.name == match.module for s in statements):
            statements.append(Xt("match", match.module, whole(options_of(rule, match.module))))
        if whole or match.option in ("", "-s", "-d", "-i", "-o", "-p", "--limit-burst"):
            continue
        statements.append(_match(family, match, rule))
    statements += [Counter(rule.packets, rule.bytes), *_target(family, rule)]
    return NftRule(tuple(statements), handle=rule.handle)


def _head(family: str, match: Match, rule: Rule) -> Iterable[Statement]:
    op = "!=" if match.negated else "=="
    if match.option in ("-i", "-o"):
        name = f"{match.value[:-1]}*" if match.value.endswith("+") else match.value
        yield Test("iifname" if match.option == "-i" else "oifname", op, (name,))
    elif match.option in ("-s", "-d"):
        left = f"{family} {'saddr' if match.option == '-s' else 'daddr'}"
        yield Test(left, op, (match.value.removesuffix("/32" if family == "ip" else "/128"),))
    elif not any(m.option in ("--sport", "--dport", "--syn", "--tcp-flags") for m in rule.matches):
        names = {"47": "gre", "1": "icmp", "6": "tcp", "17": "udp"}
        yield Test("meta l4proto", op, (names.get(match.value, match.value),))


def _match(family: str, match: Match, rule: Rule) -> Statement:
    op = "!=" if match.negated else "=="
    protocol = (rule.get("-p") or Match("-p", "tcp")).value
    if match.option in ("--sport", "--dport"):
        low, colon, high = match.value.partition(":")
        value = f"{low or 0}-{high or 65535}" if colon else low
        return Test(f"{protocol} {match.option[2:]}", op, (value,))
    if match.option in ("--syn", "--tcp-flags"):
        mask, _, wanted = match.value.lower().partition(" ") if match.value else ("fin,syn,rst,ack", "", "syn")
        flags = [in_order("tcp_flag", text.split(",")) for text in (wanted, mask)]
        return Test("tcp flags", op, flags[0], "flags", flags[1])
    if match.option == "--mark" and "/" not in match.value:
        return Test("meta mark", op, (str(int(match.value, 0)),))
    if match.option == "--limit":
        rate, _, unit = match.value.partition("/")
        units = {"sec": "second", "min": "minute", "s": "second", "m": "minute", "h": "hour", "d": "day"}
        burst = (rule.get("--limit-burst") or Match("", "5")).value
        more = f" burst {burst} packets" if burst != "5" else ""
        return Other(f"limit rate {rate}/{units.get(unit, unit)}{more}")
    text = _TRANSLATED.get(match.option)
    if text is None:
        raise _strange(match.text)
    module = "conntrack" if match.module == "state" else match.module
    return Xt("match", module, text(family, match.value, match.negated))


def _comes_back(options: dict[str, str]) -> str:
    if "--validmark" in options or "--accept-local" in options:
        return "xt match rpfilter"
    looked_up = "oif" if "--loose" in options else ". iif oif"
    return f"fib saddr {looked_up}{'' if '--invert' in options else ' !='} 0"


def _socket(options: dict[str, str]) -> str:
    return "xt match socket"


_WHOLE = {"rpfilter": _comes_back, "socket": _socket}


def _strange(what: str) -> Refused:
    return Refused("The lab can't say {what} in nft's words.", "`iptables -S` shows the rule.", what=what)


Translate = Callable[[str, str, bool], str]  # family, value, negated -> text


def _address_type(which: str) -> Translate:
    return lambda family, value, negated: f"fib {which} type {'!= ' if negated else ''}{value.lower()}"


def _state(family: str, value: str, negated: bool) -> str:
    names = value.lower().split(",")
    if any(name in ("snat", "dnat") for name in names):
        return f"ct status {','.join(names)}"
    return f"ct state {'! ' if negated else ''}{','.join(names)}"


def _ports(which: str) -> Translate:
    def text(family: str, value: str, negated: bool) -> str:
        ports = value.replace(":", "-").split(",")
        right = ports[0] if len(ports) == 1 else f"{{ {', '.join(ports)} }}"
        return f"tcp {which} {'!= ' if negated else ''}{right}"

    return text


_ICMP = {"8": "echo-request", "0": "echo-reply", "3": "destination-unreachable", "11": "time-exceeded", "5": "redirect",
         "ping": "echo-request", "pong": "echo-reply"}  # fmt: skip
_ICMPV6 = {"1": "destination-unreachable", "2": "packet-too-big", "3": "time-exceeded", "4": "parameter-problem",
           "128": "echo-request", "129": "echo-reply", "133": "nd-router-solicit", "134": "nd-router-advert",
           "135": "nd-neighbor-solicit", "136": "nd-neighbor-advert", "137": "nd-redirect"}  # fmt: skip
_TRANSLATED: dict[str, Translate] = {
    "--dst-type": _address_type("daddr"),
    "--src-type": _address_type("saddr"),
    "--ctstate": _state,
    "--state": _state,
    "--comment": lambda family, value, negated: "",
    "--dports": _ports("dport"),
    "--sports": _ports("sport"),
    "--mac-source": lambda family, value, negated: f"ether saddr {'!= ' if negated else ''}{value.lower()}",
    "--src-range": lambda family, value, negated: f"{family} saddr {'!= ' if negated else ''}{value}",
    "--dst-range": lambda family, value, negated: f"{family} daddr {'!= ' if negated else ''}{value}",
    "--icmp-type": lambda family, value, negated: (
        f"icmp type {'!= ' if negated else ''}{_ICMP.get(value, value)}"
    ),
    "--icmpv6-type": lambda family, value, negated: (
        f"icmpv6 type {'!= ' if negated else ''}{_ICMPV6.get(value, value)}"
    ),
    "--physdev-in": lambda family, value, negated: "xt match physdev",
    "--physdev-out": lambda family, value, negated: "xt match physdev",
    "--physdev-is-bridged": lambda family, value, negated: "xt match physdev",
    "--length": lambda family, value, negated: f"meta length {'!= ' if negated else ''}{value.replace(':', '-')}",
    "--ttl-lt": lambda family, value, negated: f"ip ttl lt {value}",
    "--ttl-gt": lambda family, value, negated: f"ip ttl gt {value}",
    "--ttl-eq": lambda family, value, negated: f"ip ttl {'!= ' if negated else ''}{value}",
    "--uid-owner": lambda family, value, negated: f"skuid {'!= ' if negated else ''}{value}",
    "--mss": lambda family, value, negated: (
        f"tcp option maxseg size {'!= ' if negated else ''}{value.replace(':', '-')}"
    ),
    "--helper": lambda family, value, negated: f'ct helper {"!= " if negated else ""}"{value}"',
    "--quota": lambda family, value, negated: f"quota {'over ' if negated else ''}{value} bytes",
    "--hl-lt": lambda family, value, negated: f"ip6 hoplimit lt {value}",
    "--hl-gt": lambda family, value, negated: f"ip6 hoplimit gt {value}",
    "--hl-eq": lambda family, value, negated: f"ip6 hoplimit {'!= ' if negated else ''}{value}",
    "--pkt-type": lambda family, value, negated: f"pkttype {value}",
}


_FIXED = {"TTL": "xt target TTL", "NETMAP": "xt target NETMAP",
          "CT": "xt target CT", "NOTRACK": "notrack", "TRACE": "meta nftrace set 1",
          "SET": "xt target SET", "HL": "xt target HL"}  # fmt: skip


def _target(family: str, rule: Rule) -> Iterable[Statement]:
    """What stands behind the counter."""
    target = rule.target
    name = target.name
    if not name:
        return
    if name in _VERDICTS:
        yield Verdict(name.lower())
    elif (text := _words_of_target(family, rule)) is not None:
        yield Other(text) if name in ("NFLOG", "TRACE") else Xt("target", name, text)
    else:
        yield Verdict("goto" if target.goto else "jump", name)


def _written(family: str, target: Target) -> str:
    """A target that writes something, as recorded. Of TOS its translation says IPv6 in the tables of either family."""
    option = dict(target.options)
    if target.name == "TCPMSS":
        return f"tcp option maxseg size set {option.get('--set-mss', 'rt mtu')}"
    if target.name == "DSCP":
        return f"{family} dscp set 0x{int(option.get('--set-dscp', '0'), 0):02x}"
    if target.name == "NFLOG":
        words = {"--nflog-prefix": "prefix", "--nflog-size": "snaplen", "--nflog-threshold": "queue-threshold"}
        prefix = f' prefix "{option["--nflog-prefix"]}"' if "--nflog-prefix" in option else ""
        rest = "".join(f" {words[name]} {option[name]}" for name in list(words)[1:] if name in option)
        return f"log{prefix} group {option.get('--nflog-group', '0')}{rest}"
    if target.name == "TOS":
        value, mask = (int(part, 0) for part in (option.get("--set-tos", "0") + "/0xff").split("/")[:2])
        if mask in (0xFF, 0x3F):
            return f"ip6 dscp set 0x{value >> 2:02x}"
        if value in (0, mask):
            kept = f"and 0x{(0xFF & ~mask) >> 2:02x}" if value == 0 else f"or 0x{value >> 2:02x}"
            return f"ip6 dscp set ip6 dscp {kept}"
        raise _strange(target.text)
    return _mark(target)


def _mark(target: Target) -> str:
    """MARK and CONNMARK: the bits of the mask are cleared, and those of the value turned."""
    option = dict(target.options)
    if "--save-mark" in option or "--restore-mark" in option:
        ours, theirs = (int(option.get(name, "0xffffffff"), 0) for name in ("--nfmask", "--ctmask"))
        if ours != theirs:
            return "xt target CONNMARK"
        what = "ct mark set mark" if "--save-mark" in option else "meta mark set ct mark"
        return what + ("" if ours == 0xFFFFFFFF else f" and 0x{ours:x}")
    known = "mark" if target.name == "MARK" else "ct mark"
    text, _, masked = (option.get("--set-xmark") or option.get("--set-mark") or "0").partition("/")
    value, mask = int(text, 0), int(masked or "0xffffffff", 0)
    left = f"0x{0xFFFFFFFF & ~mask:x}"
    if mask == 0xFFFFFFFF:
        how = f"0x{value:x}"
    elif value == 0:
        how = f"{known} and {left}"
    elif value == mask:
        how = f"{known} or 0x{value:x}"
    elif mask == 0:
        how = f"{known} xor 0x{value:x}"
    else:
        how = f"{known} and {left} xor 0x{value:x}" if known == "mark" else f"{known} xor 0x{value:x} and {left}"
    return f"{'meta' if known == 'mark' else 'ct'} mark set {how}"


def _words_of_target(family: str, rule: Rule) -> str | None:
    """A target as nft translates it, None for a chain."""
    target = rule.target
    to = target.option("--to-destination") or target.option("--to-source") or target.option("--to-ports")
    flags = ",".join(f for f in ("random", "persistent") if target.option(f"--{f}") is not None)
    more = f" {flags}" if flags else ""
    if target.name in ("DNAT", "SNAT"):
        return f"{target.name.lower()} to {to}{more}"
    if target.name in ("MASQUERADE", "REDIRECT"):
        return f"{target.name.lower()}{f' to :{to}' if to else ''}{more}"
    if target.name == "REJECT":
        how = target.option("--reject-with") or "icmp-port-unreachable"
        if how.endswith("port-unreachable"):
            return "reject"
        kind, _, rest = how.partition("-")
        kind = kind.replace("icmp6", "icmpv6")
        return "reject with tcp reset" if kind == "tcp" else f"reject with {kind} type {rest}"
    if target.name == "LOG":
        prefix, level = target.option("--log-prefix"), target.option("--log-level")
        words = ["log", *([f'prefix "{prefix}"'] if prefix is not None else [])]
        return " ".join([*words, *([f"level {_LEVELS[level]}"] if level in _LEVELS else [])])
    if target.name in ("MARK", "CONNMARK", "DSCP", "TOS", "TCPMSS", "NFLOG"):
        return _written(family, target)
    return "notrack" if target.option("--notrack") is not None else _FIXED.get(target.name)
