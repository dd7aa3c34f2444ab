"""What `ip6tables` says otherwise than `iptables`: ICMPv6's types, its own name (iptables 1.8.9, nf_tables).

All else is the same program: dnetlab.commands.iptables.
"""

from __future__ import annotations

import re

from dnetlab.commands.iptables_modules import Given, Module, Option, problem

TYPES: dict[str, tuple[int, int | None]] = {  # extensions/libxt_icmp.h, icmpv6_codes
    "destination-unreachable": (1, None), "no-route": (1, 0), "communication-prohibited": (1, 1),
    "beyond-scope": (1, 2), "address-unreachable": (1, 3), "port-unreachable": (1, 4), "failed-policy": (1, 5),
    "reject-route": (1, 6), "packet-too-big": (2, None), "time-exceeded": (3, None), "ttl-exceeded": (3, None),
    "ttl-zero-during-transit": (3, 0), "ttl-zero-during-reassembly": (3, 1), "parameter-problem": (4, None),
    "bad-header": (4, 0), "unknown-header-type": (4, 1), "unknown-option": (4, 2), "echo-request": (128, None),
    "ping": (128, None), "echo-reply": (129, None), "pong": (129, None), "router-solicitation": (133, None),
    "router-advertisement": (134, None), "neighbour-solicitation": (135, None), "neighbor-solicitation": (135, None),
    "neighbour-advertisement": (136, None), "neighbor-advertisement": (136, None), "redirect": (137, None),
}  # fmt: skip
DEFAULT_REJECT = "icmp6-port-unreachable"


def _type(word: str, given: Given) -> str:
    named = [pair for name, pair in TYPES.items() if name.startswith(word.lower())]
    if word.lower() in TYPES:
        kind, code = TYPES[word.lower()]
    elif len(set(named)) == 1:
        kind, code = named[0]
    elif match := re.fullmatch(r"(\d+)(?:/(\d+))?", word):
        kind, code = int(match[1]), int(match[2]) if match[2] else None
    else:
        raise problem(f"Unknown ICMPv6 type `{word}'")
    return str(kind) if code is None else f"{kind}/{code}"


ICMP6 = Module("icmp6", {"--icmpv6-type": Option("--icmpv6-type", _type)}, ("ipv6-icmp",),
               "icmpv6: match requires '-p icmpv6'", 'icmp6: option "--icmpv6-type" must be specified\n')  # fmt: skip


def type_text(value: str, negated: bool, numeric: bool) -> str:
    """The condition as `ip6tables -L` shows it."""
    bang, (kind, _, code) = "!" if negated else "", value.partition("/")
    if not numeric:
        pair = (int(kind), int(code) if code else None)
        name = next((name for name, known in TYPES.items() if known == pair), None)
        if name is not None:
            return f"ipv6-icmp {bang}{name}"
    return f"ipv6-icmp{bang}type {kind}" + (f" code {code}" if code else "")


def of_ip6tables(text: str) -> str:
    """What iptables would print, under the other name."""
    return re.sub(r"\biptables\b", "ip6tables", text)
