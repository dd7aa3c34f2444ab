"""What stands after -m and -j: the matches and targets of iptables, and how it writes each value back.

Values come out as `iptables -S` prints them: `--icmp-type echo-request` is 8, `--set-mark 5` is `--set-xmark
0x5/0xffffffff`. Texts of errors recorded from iptables 1.8.9 (nf_tables).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, ip_address
from typing import Any

from dnetlab.commands.services import service_port
from dnetlab.language import Words

HINT = "Try `iptables -h' or 'iptables --help' for more information.\n"
BANNER = "iptables v1.8.9 (nf_tables): "


class IptablesError(Exception):
    """What iptables answers on stderr, whole, and its exit status."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class NotModelled(Exception):
    """A part of the real iptables that the lab doesn't have: reason and hint of a refusal."""

    def __init__(self, why: str, instead: str, /, **fields: Any) -> None:
        super().__init__(why, instead, fields)
        self.why, self.instead = Words(why, **fields), Words(instead, **fields)

    def __str__(self) -> str:
        return str(self.why)


def problem(message: str) -> IptablesError:
    """A parameter problem: exit status 2 and the hint to --help."""
    return IptablesError(f"{BANNER}{message}\n{HINT}", 2)


@dataclass(frozen=True)
class Given:
    """What an option's reader may know: the protocol so far ('' when none), and whose rule it is, 6 for ip6tables."""

    protocol: str = ""
    version: int = 4


Reader = Callable[[str, Given], str]


@dataclass(frozen=True)
class Option:
    """One option of a module. values: how many words it takes (0, 1, 2); once: what a second one is answered."""

    name: str
    read: Reader
    values: int = 1
    inverts: bool = True
    once: str = ""


@dataclass(frozen=True)
class Module:
    """A match or target: its options by every name they have, the order they are printed in, and its last check.

    needs: protocols it must stand with ('' any), with the sentence otherwise; required: what a rule without any
    option is answered, None when that is fine; always: the options it is printed with in any case; mandatory: groups
    of options of which one must stand there, each with what is answered otherwise.
    """

    name: str
    options: dict[str, Option]
    needs: tuple[str, ...] = ()
    complaint: str = ""
    required: str | None = None
    always: tuple[tuple[str, str], ...] = ()
    mandatory: tuple[tuple[tuple[str, ...], str], ...] = ()

    @property
    def order(self) -> list[str]:
        return list(dict.fromkeys(option.name for option in self.options.values()))


# -- readers ----------------------------------------------------------------------------------------------------------


def port(word: str, protocol: str) -> int:
    """A port by number or name. IptablesError for none."""
    if re.fullmatch(r"\d+|0[xX][0-9a-fA-F]+", word):
        number = int(word, 0) if not re.fullmatch(r"0\d+", word) else int(word, 8)
        if number <= 65535:
            return number
    else:
        found = service_port(word, protocol or "tcp")
        if found is not None:
            return found
    raise problem(f"invalid port/service `{word}' specified")


def _ports(word: str, given: Given) -> str:
    low, colon, high = word.partition(":")
    first = port(low, given.protocol) if low or not colon else 0
    if not colon:
        return str(first)
    last = port(high, given.protocol) if high else 65535
    if first > last:
        raise problem("invalid portrange (min > max)")
    return str(first) if first == last else f"{first}:{last}"


def _multiport(word: str, given: Given) -> str:
    if given.protocol not in ("tcp", "udp", "udplite", "sctp", "dccp"):
        raise problem("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'")
    found = [_ports(part, given) for part in word.split(",")]
    if sum(2 if ":" in part else 1 for part in found) > 15:
        raise problem("too many ports specified")
    return ",".join(found)


FLAGS = {"FIN": 1, "SYN": 2, "RST": 4, "PSH": 8, "ACK": 16, "URG": 32}


def flag_bits(word: str) -> int:
    """'SYN,ACK' -> 0x12; ALL and NONE as tcp(7) has them."""
    bits = 0
    for name in word.split(","):
        if name.upper() in ("ALL", "NONE"):
            bits |= 63 if name.upper() == "ALL" else 0
        elif name.upper() in FLAGS:
            bits |= FLAGS[name.upper()]
        else:
            raise problem(f"Unknown TCP flag `{name}'")
    return bits


def flag_names(bits: int) -> str:
    return ",".join(name for name, bit in FLAGS.items() if bits & bit) or "NONE"


def _tcp_flags(word: str, given: Given) -> str:
    mask, comp = word.split(" ", 1)
    return f"{flag_names(flag_bits(mask))} {flag_names(flag_bits(comp))}"


CT_STATES = ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT")


def _states(word: str, what: str, known: tuple[str, ...]) -> str:
    typed = [part.upper() for part in word.split(",")]
    for part, upper in zip(word.split(","), typed, strict=True):
        if upper not in known:
            raise problem(f'Bad {what} "{part}"')
    return ",".join(state for state in known if state in typed)


def _ctstate(word: str, given: Given) -> str:
    return _states(word, "ctstate", CT_STATES)


def _state(word: str, given: Given) -> str:
    return _states(word, "state", CT_STATES[:5])


ADDRESS_TYPES = ("UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE",
                 "PROHIBIT", "THROW", "NAT", "XRESOLVE")  # fmt: skip


def _address_type(word: str, given: Given) -> str:
    typed = [part.upper() for part in word.split(",")]
    for part, upper in zip(word.split(","), typed, strict=True):
        if upper not in ADDRESS_TYPES:
            raise problem(f'addrtype: bad type "{part}"')
    return ",".join(kind for kind in ADDRESS_TYPES if kind in typed)


# name -> (type, code or None); the first name of a type and code is the one `iptables -L` prints
ICMP_TYPES: dict[str, tuple[int, int | None]] = {
    "any": (255, None), "echo-reply": (0, None), "pong": (0, None), "destination-unreachable": (3, None),
    "network-unreachable": (3, 0), "host-unreachable": (3, 1), "protocol-unreachable": (3, 2),
    "port-unreachable": (3, 3), "fragmentation-needed": (3, 4), "source-route-failed": (3, 5),
    "network-unknown": (3, 6), "host-unknown": (3, 7), "network-prohibited": (3, 9), "host-prohibited": (3, 10),
    "communication-prohibited": (3, 13), "source-quench": (4, None), "redirect": (5, None),
    "network-redirect": (5, 0), "host-redirect": (5, 1), "echo-request": (8, None), "ping": (8, None),
    "router-advertisement": (9, None), "router-solicitation": (10, None), "time-exceeded": (11, None),
    "ttl-exceeded": (11, None), "ttl-zero-during-transit": (11, 0), "ttl-zero-during-reassembly": (11, 1),
    "parameter-problem": (12, None), "timestamp-request": (13, None), "timestamp-reply": (14, None),
    "address-mask-request": (17, None), "address-mask-reply": (18, None),
}  # fmt: skip


def _icmp_type(word: str, given: Given) -> str:
    named = [pair for name, pair in ICMP_TYPES.items() if name.startswith(word.lower())]
    if word.lower() in ICMP_TYPES:
        kind, code = ICMP_TYPES[word.lower()]
    elif len(named) == 1:
        kind, code = named[0]
    elif match := re.fullmatch(r"(\d+)(?:/(\d+))?", word):
        kind, code = int(match[1]), int(match[2]) if match[2] else None
        if kind > 255 or (code or 0) > 255:
            raise problem(f"Invalid ICMP type `{match[1]}'" if kind > 255 else f"Invalid ICMP code `{match[2]}'")
    else:
        raise problem(f"Unknown ICMP type `{word}'")
    return "any" if kind == 255 and code is None else str(kind) if code is None else f"{kind}/{code}"


def _mark(word: str, given: Given) -> str:
    value, mask = value_and_mask(word, 'mark: bad integer value for option "--mark", or out of range.\n')
    return hex(value) if mask == 0xFFFFFFFF else f"{hex(value)}/{hex(mask)}"


def value_and_mask(word: str, complaint: str) -> tuple[int, int]:
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]+|\d+)(?:/(0[xX][0-9a-fA-F]+|\d+))?", word)
    if match is None:
        raise problem(complaint)
    value, mask = int(match[1], 0), int(match[2], 0) if match[2] else 0xFFFFFFFF
    if max(value, mask) > 0xFFFFFFFF:
        raise problem(complaint)
    return value, mask


def _mac(word: str, given: Given) -> str:
    parts = word.split(":")
    if len(parts) != 6 or not all(re.fullmatch(r"[0-9a-fA-F]{1,2}", part) for part in parts):
        raise problem("Invalid MAC address specified.")
    return ":".join(f"{int(part, 16):02x}" for part in parts)


_UNITS = {"second": "sec", "minute": "min", "hour": "hour", "day": "day"}


def _limit(word: str, given: Given) -> str:
    match = re.fullmatch(r"(\d+)(?:/([a-z]+))?", word)
    unit = next((u for u in _UNITS if match and u.startswith(match[2] or "second")), None)
    if match is None or unit is None or int(match[1]) == 0:
        raise problem(f'bad rate "{word}"\'')
    return f"{int(match[1])}/{_UNITS[unit]}"


def _burst(word: str, given: Given) -> str:
    if not word.isdecimal() or not 0 < int(word) <= 10000:
        raise problem('limit: bad value for option "--limit-burst", or out of range (0-10000).\n')
    return str(int(word))


def _comment(word: str, given: Given) -> str:
    if len(word) > 255:
        raise problem('comment: option "--comment" got too long an argument (255 characters at most)')
    return word


def interface_name(word: str) -> str:
    """An interface of -i, -o or --physdev-in, '+' at its end for 'begins with'."""
    if not word:
        raise problem("Empty interface is likely to be undesired")
    if len(word) > 15:
        raise problem(f"interface name `{word}' must be shorter than IFNAMSIZ (15)")
    return word


def _interface(word: str, given: Given) -> str:
    return interface_name(word)


def _address(word: str, given: Given) -> str:
    """An address or network of --ctorigsrc and its like; a host is printed without /32."""
    try:
        network = IPv4Network(word, strict=False)
    except ValueError:
        raise problem(f"host/network `{word}' not found") from None
    return str(network.network_address) if network.prefixlen == 32 else str(network)


def _direction(word: str, given: Given) -> str:
    if word.upper() not in ("ORIGINAL", "REPLY"):
        raise problem(f'conntrack: Bad value for "--ctdir" option: "{word}"')
    return word.upper()


def _address_range(word: str, given: Given) -> str:
    """FROM-TO of iprange; one address alone is a range of one."""
    low, dash, high = word.partition("-")
    try:
        first, last = IPv4Address(low), IPv4Address(high if dash else low)
    except ValueError:
        raise problem(f'iprange: Bad value for "--src-range" option: "{word}"') from None
    return f"{first}-{last}"


def _length(word: str, given: Given) -> str:
    low, colon, high = word.partition(":")
    if not all(part.isdecimal() and int(part) <= 65535 for part in (low or "0", high or "0")) or not word:
        raise problem('length: bad value for option "--length", or out of range (0-65535).\n')
    first, last = int(low or 0), int(high or 65535) if colon else int(low)
    if first > last:
        raise problem(f"length: min. range value `{first}' greater than max. range value `{last}'")
    return str(first) if first == last else f"{first}:{last}"


def _none(word: str, given: Given) -> str:
    return ""


# -- targets' readers --------------------------------------------------------------------------------------------------

REJECTS: dict[str, str] = {
    "icmp-net-unreachable": "icmp-net-unreachable", "net-unreach": "icmp-net-unreachable",
    "icmp-host-unreachable": "icmp-host-unreachable", "host-unreach": "icmp-host-unreachable",
    "icmp-proto-unreachable": "icmp-proto-unreachable", "proto-unreach": "icmp-proto-unreachable",
    "icmp-port-unreachable": "icmp-port-unreachable", "port-unreach": "icmp-port-unreachable",
    "icmp-net-prohibited": "icmp-net-prohibited", "net-prohib": "icmp-net-prohibited",
    "icmp-host-prohibited": "icmp-host-prohibited", "host-prohib": "icmp-host-prohibited",
    "tcp-reset": "tcp-reset", "tcp-rst": "tcp-reset",
    "icmp-admin-prohibited": "icmp-admin-prohibited", "admin-prohib": "icmp-admin-prohibited",
}  # fmt: skip


REJECTS6: dict[str, str] = {
    "icmp6-no-route": "icmp6-no-route", "no-route": "icmp6-no-route",
    "icmp6-adm-prohibited": "icmp6-adm-prohibited", "adm-prohibited": "icmp6-adm-prohibited",
    "icmp6-addr-unreachable": "icmp6-addr-unreachable", "addr-unreach": "icmp6-addr-unreachable",
    "icmp6-port-unreachable": "icmp6-port-unreachable", "port-unreach": "icmp6-port-unreachable",
    "tcp-reset": "tcp-reset", "tcp-rst": "tcp-reset",
    "icmp6-policy-fail": "icmp6-policy-fail", "policy-fail": "icmp6-policy-fail",
    "icmp6-reject-route": "icmp6-reject-route", "reject-route": "icmp6-reject-route",
}  # fmt: skip


def _reject_with(word: str, given: Given) -> str:
    kinds = REJECTS if given.version == 4 else REJECTS6
    found = next((full for name, full in kinds.items() if name.startswith(word.lower())), None)
    if found is None:
        raise problem(f'unknown reject type "{word}"')
    return found


def _of_ipv6(word: str) -> tuple[str, str]:
    """The addresses and the ports of '[fd00::2]:80', 'fd00::2', ':80'."""
    if word.startswith("["):
        addresses, bracket, rest = word[1:].partition("]")
        if not bracket or rest and not rest.startswith(":"):
            raise problem("Invalid address format")
        return addresses, rest[1:]
    return ("", word[1:]) if word.startswith(":") and not word.startswith("::") else (word, "")


def _to_address(word: str, given: Given) -> str:
    """[ADDRESS[-ADDRESS]][:PORT[-PORT]] of DNAT and SNAT; of IPv6 an address with a port stands in brackets."""
    addresses, colon, ports = word.partition(":")
    if given.version == 6:
        addresses, ports = _of_ipv6(word)
        colon = ":" if ports else ""
    if colon:
        if given.protocol not in ("tcp", "udp", "sctp", "dccp"):
            raise problem("Need TCP, UDP, SCTP or DCCP with port specification")
        _port_range(ports, given.protocol)
    for address in addresses.split("-") if addresses else []:
        try:
            if ip_address(address).version != given.version:
                raise ValueError(address)
        except ValueError:
            raise problem(f'Bad IP address "{address}"') from None
    return word


def _port_range(word: str, protocol: str) -> str:
    for part in word.split("-", 1):
        number = int(part) if part.isdecimal() else service_port(part, protocol)
        if number is None or number > 65535:
            raise problem(f"Port `{part}' not valid")
    return word


def _to_ports(word: str, given: Given) -> str:
    if given.protocol not in ("tcp", "udp", "sctp", "dccp"):
        raise problem("Need TCP, UDP, SCTP or DCCP with port specification")
    return _port_range(word, given.protocol)


# The bits of a LOG rule's flags (linux/netfilter/nf_log.h), in the order in which they are printed.
LOG_FLAGS = {"--log-tcp-sequence": 1, "--log-tcp-options": 2, "--log-ip-options": 4, "--log-uid": 8,
             "--log-macdecode": 32}  # fmt: skip
LOG_LEVELS = ("emerg", "alert", "crit", "error", "warning", "notice", "info", "debug")


def _log_level(word: str, given: Given) -> str:
    aliases = {"panic": 0, "warn": 4}
    if word.isdecimal() and int(word) < 8:
        return str(int(word))
    found = [i for i, name in enumerate(LOG_LEVELS) if name.startswith(word.lower())]
    if word.lower() in aliases:
        return str(aliases[word.lower()])
    if not found:
        raise problem(f'log level "{word}" unknown\n')
    return str(found[0])


def xmark(target: str, name: str) -> Reader:
    """--set-mark, --and-mark, --or-mark and --xor-mark are all kept as --set-xmark (xt_MARK, xt_connmark)."""

    def read(word: str, given: Given) -> str:
        value, mask = value_and_mask(word, f'{target}: bad integer value for option "{name}", or out of range.\n')
        if name == "--set-mark":
            mask |= value
        elif name == "--and-mark":
            value, mask = 0, ~value & 0xFFFFFFFF
        elif name == "--or-mark":
            mask = value
        elif name == "--xor-mark":
            mask = 0
        return f"{hex(value)}/{hex(mask)}"

    return read


# -- the tables --------------------------------------------------------------------------------------------------------


def _names(*options: tuple[Option, tuple[str, ...]]) -> dict[str, Option]:
    return {name: option for option, names in options for name in (option.name, *names)}


def _layer4(name: str) -> dict[str, Option]:
    return _names(
        (Option("--sport", _ports, once="source-port"), ("--source-port",)),
        (Option("--dport", _ports, once="destination-port"), ("--destination-port",)),
    )


_TCP = _layer4("tcp") | {"--tcp-flags": Option("--tcp-flags", _tcp_flags, 2), "--syn": Option("--syn", _none, 0)}
_CONNTRACK = {  # in the order in which they are printed (libxt_conntrack.c)
    "--ctstate": Option("--ctstate", _ctstate),
    **{name: Option(name, _address) for name in ("--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst")},
    **{name: Option(name, _ports)
       for name in ("--ctorigsrcport", "--ctorigdstport", "--ctreplsrcport", "--ctrepldstport")},
    "--ctdir": Option("--ctdir", _direction, inverts=False),
}  # fmt: skip
MATCHES: dict[str, Module] = {
    m.name: m
    for m in (
        Module("tcp", _TCP, ("tcp",), "TCP match requires '-p tcp'"),
        Module("udp", _layer4("udp"), ("udp",), "UDP match requires '-p udp'"),
        Module("icmp", {"--icmp-type": Option("--icmp-type", _icmp_type)}, ("icmp",),
               "ICMP match requires '-p icmp'", 'icmp: option "--icmp-type" must be specified\n'),
        Module("conntrack", _CONNTRACK,
               required="conntrack: At least one option is required"),
        Module("state", {"--state": Option("--state", _state)}, required='state: option "--state" must be specified\n'),
        Module("addrtype", {"--src-type": Option("--src-type", _address_type),
                            "--dst-type": Option("--dst-type", _address_type)},
               required="addrtype: you must specify --src-type or --dst-type"),
        Module("comment", {"--comment": Option("--comment", _comment, inverts=False)},
               required='comment: option "--comment" must be specified\n'),
        Module("mark", {"--mark": Option("--mark", _mark)}, required='mark: option "--mark" must be specified\n'),
        Module("mac", {"--mac-source": Option("--mac-source", _mac)},
               required='mac: option "--mac-source" must be specified\n'),
        Module("limit", {"--limit": Option("--limit", _limit, inverts=False),
                         "--limit-burst": Option("--limit-burst", _burst, inverts=False)}),
        Module("multiport", _names((Option("--sports", _multiport), ("--source-ports",)),
                                   (Option("--dports", _multiport), ("--destination-ports",)),
                                   (Option("--ports", _multiport), ())), required="multiport expection an option"),
        Module("physdev", {"--physdev-in": Option("--physdev-in", _interface),
                           "--physdev-out": Option("--physdev-out", _interface),
                           "--physdev-is-bridged": Option("--physdev-is-bridged", _none, 0)},
               required="PHYSDEV: no physdev option specified"),
        Module("iprange", {"--src-range": Option("--src-range", _address_range),
                           "--dst-range": Option("--dst-range", _address_range)},
               required="iprange match: You must specify `--src-range' or `--dst-range'"),
        Module("length", {"--length": Option("--length", _length)},
               required='length: option "--length" must be specified\n'),
    )
}  # fmt: skip
_RANDOM = Option("--random", _none, 0, False)
_FULLY = Option("--random-fully", _none, 0, False)
_PERSISTENT = Option("--persistent", _none, 0, False)
TARGETS: dict[str, Module] = {
    m.name: m
    for m in (
        Module("ACCEPT", {}), Module("DROP", {}), Module("RETURN", {}),
        Module("REJECT", {"--reject-with": Option("--reject-with", _reject_with, inverts=False)}),
        Module("DNAT", {"--to-destination": Option("--to-destination", _to_address, inverts=False),
                        "--random": _RANDOM, "--persistent": _PERSISTENT},
               required='DNAT: option "--to-destination" must be specified\n'),
        Module("SNAT", {"--to-source": Option("--to-source", _to_address, inverts=False), "--random": _RANDOM,
                        "--random-fully": _FULLY, "--persistent": _PERSISTENT},
               required='SNAT: option "--to-source" must be specified\n'),
        Module("MASQUERADE", {"--to-ports": Option("--to-ports", _to_ports, inverts=False), "--random": _RANDOM,
                              "--random-fully": _FULLY}),
        Module("REDIRECT", {"--to-ports": Option("--to-ports", _to_ports, inverts=False), "--random": _RANDOM}),
        Module("LOG", {"--log-prefix": Option("--log-prefix", lambda word, given: word[:29], inverts=False),
                       "--log-level": Option("--log-level", _log_level, inverts=False),
                       **{name: Option(name, _none, 0, inverts=False) for name in LOG_FLAGS}}),
        Module("MARK", {name: Option("--set-xmark", xmark("MARK", name), inverts=False)
                        for name in ("--set-xmark", "--set-mark", "--and-mark", "--or-mark", "--xor-mark")},
               required="MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required"),
    )
}  # fmt: skip
# what a real iptables has and the lab doesn't: refused with a hint instead of 'Couldn't load match'
OTHER_OPTIONS = {  # options of modules that the lab has
    "tcp": ("--tcp-option",),
    "addrtype": ("--limit-iface-in", "--limit-iface-out"),
    "physdev": ("--physdev-is-in", "--physdev-is-out"),
    "SET": ("--map-set", "--map-mark", "--map-prio", "--map-queue"),
}
OTHER_MATCHES = frozenset({
    "ah", "bpf", "cgroup", "cluster", "connbytes", "connlabel", "cpu", "dccp",
    "devgroup", "ecn", "esp", "ipvs", "nfacct", "osf", "policy", "rateest", "realm", "sctp",
})  # fmt: skip
OTHER_TARGETS = frozenset({
    "AUDIT", "CHECKSUM", "CLASSIFY", "CLUSTERIP", "CONNSECMARK", "ECN", "HMARK",
    "IDLETIMER", "LED", "NFQUEUE", "QUEUE", "RATEEST", "SECMARK",
    "SYNPROXY", "TCPOPTSTRIP", "TEE", "TPROXY", "ULOG",
})  # fmt: skip
PROTOCOLS: dict[str, int] = {
    "all": 0, "ip": 0, "icmp": 1, "igmp": 2, "ipencap": 4, "tcp": 6, "udp": 17, "dccp": 33, "ipv6": 41, "gre": 47,
    "esp": 50, "ah": 51, "ipv6-icmp": 58, "ospf": 89, "ipip": 94, "pim": 103, "vrrp": 112, "sctp": 132,
    "udplite": 136,
}  # fmt: skip
