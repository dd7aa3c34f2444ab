"""The lines of `xtables-monitor --trace`, 1.8.9: a packet with what its heads say, the rules it met, and the policy.

A rule has its handle, in hexadecimal, and stands there as `iptables -S` would print it. A verdict without a name is
printed as its number: RETURN is -5. As recorded in network namespaces, both families, and in xtables-monitor.c.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import IPv6Address

from dnetlab.model import Rule
from dnetlab.model.frame import NO_MAC, Frame
from dnetlab.model.traced import Traced
from dnetlab.net.capture.octets import carried

_FAMILY = {"inet": 1, "ip": 2, "ip6": 10}  # as the kernel numbers them
_RETURN = "0xfffffffb"
_FLAGS = (("SYN", 0x02), ("ACK", 0x10), ("FIN", 0x01), ("RST", 0x04), ("PSH", 0x08), ("URG", 0x20))
_DONT_FRAGMENT, _MORE = 0x4000, 0x2000


_STRANGE = """\
Error: {what}
xtables-monitor v1.8.9 (nf_tables): Parsing nftables rule failed
Perhaps xtables-monitor or your kernel needs to be upgraded.
"""
# What it makes of REJECT of ip6tables, whose words it looks up among those of iptables.
_REJECTS = {"icmp6-no-route": "icmp-net-unreachable", "icmp6-adm-prohibited": "icmp-host-unreachable",
            "icmp6-addr-unreachable": "icmp-port-unreachable", "icmp6-policy-fail": "tcp-reset",
            "icmp6-reject-route": "icmp-admin-prohibited", "icmp6-port-unreachable": "(null)",
            "tcp-reset": "icmp-host-prohibited"}  # fmt: skip


class Ended(Exception):
    """It met a rule of ip6tables that it can't read as one of iptables, and has ended."""

    def __init__(self, stdout: str, what: str) -> None:
        super().__init__(what)
        self.stdout, self.stderr = stdout, _STRANGE.format(what=what)


def trace_text(steps: Iterable[Traced], families: tuple[str, ...]) -> str:
    """What it tells of tables of those families. Raises Ended."""
    rows = [step for step in steps if step.table.partition(" ")[0] in families]
    text = ""
    for at, step in enumerate(rows):
        if step.rule is None and not step.verdict:
            mark = rows[at + 1].packet.mark if at + 1 < len(rows) else step.packet.mark  # told with its first rule
            text += f"PACKET: {_head(step)} {_packet(step)}" + (f"MARK=0x{mark:x} " if mark else "") + "\n"
        else:
            text += f" TRACE: {_head(step)} {step.table.partition(' ')[2]}:{step.chain}:{_met(step)}"
            if what := _unknown(step):
                raise Ended(text, what)
            text += f"{_rule(step)}\n"
    return text


def _head(step: Traced) -> str:
    return f"{_FAMILY[step.table.partition(' ')[0]]} {step.number:08x}"


def _met(step: Traced) -> str:
    """'rule:0x5:JUMP:mine  -4 -t filter ' or 'policy:ACCEPT '."""
    word, _, chain = step.verdict.partition(" ")
    verdict = _RETURN if word == "return" else word.upper() + (f":{chain}" if chain else "")
    if step.rule is None:
        return f"policy:{verdict} "
    family, _, table = step.table.partition(" ")
    whose = f"-{4 if family == 'ip' else 6} -t {table} " if isinstance(step.rule, Rule) else ""
    return f"rule:0x{step.rule.handle:x}:{verdict}  {whose}"


def _rule(step: Traced) -> str:
    """'-A INPUT -j mine'"""
    if not isinstance(step.rule, Rule):
        return ""
    text, how = step.rule.text, step.rule.target.option("--reject-with")
    if step.table.startswith("ip6 ") and how is not None:
        text = f"{text.removesuffix(how)}{_REJECTS.get(how, how)}"
    return f"-A {step.chain} {text}".rstrip()


def _unknown(step: Traced) -> str:
    """Why it can't read the rule, '' when it can."""
    rule = step.rule
    if not isinstance(rule, Rule) or step.table.startswith("ip "):
        return ""
    if any(match.module in ("icmp6", "hl") for match in rule.matches):
        return "match extension not found"
    if any(match.option in ("--sport", "--dport", "--syn", "--tcp-flags") for match in rule.matches):
        return "unsupported layer 4 protocol value"
    return "target extension not found" if rule.target.name == "HL" else ""


# -- packets ----------------------------------------------------------------------------------------------------------


def _packet(step: Traced) -> str:
    """'IN=eth0 MACSRC=… SRC=172.17.0.2 … SPORT=40000 DPORT=80 SYN '"""
    version = step.packet.version
    words = [f"{word}={name}" for word, name in (("IN", step.into), ("OUT", step.out)) if name]
    if step.table.startswith("inet "):
        words.append(f"NFPROTO={2 if version == 4 else 10}")
    if step.source == NO_MAC:
        words.append("LOOPBACK")
    elif step.source:
        proto = "0800" if version == 4 else "86dd"
        words.append(f"MACSRC={_mac(step.source)} MACDST={_mac(step.destination)} MACPROTO={proto}")
    data = next(carried(Frame(step.source or NO_MAC, step.destination or NO_MAC, step.packet), step.at))
    head, number, rest = _ipv4(data) if version == 4 else _ipv6(data)
    return "".join(f"{word} " for word in [*words, *head, *_transport(number, rest)])


def _mac(text: str) -> str:
    """Without leading zeros, as ether_ntoa(3) writes it."""
    return ":".join(f"{int(part, 16):x}" for part in text.split(":"))


def _ipv4(data: bytes) -> tuple[list[str], int, bytes]:
    _, service, length, identity, fragment, ttl, number = struct.unpack(">BBHHHBB", data[:10])
    source, destination = (".".join(map(str, data[at : at + 4])) for at in (12, 16))
    words = [f"SRC={source} DST={destination} LEN={length} TOS=0x{service:x} TTL={ttl} ID={identity}"]
    words += ["DF"] if fragment & _DONT_FRAGMENT else []
    words += ["MF"] if fragment & _MORE else []
    words += [f"FRAG:{fragment & 0x1FFF}"] if fragment & 0x1FFF else []
    return words, number, data[20:]


def _ipv6(data: bytes) -> tuple[list[str], int, bytes]:
    """Its LEN is that of the payload and of an IPv4 head, which it takes for an IPv6 one."""
    first, length, number, hops = struct.unpack(">IHBB", data[:8])
    source, destination = (IPv6Address(data[at : at + 16]) for at in (8, 24))
    head = f"SRC={source} DST={destination} LEN={length + 20} TC={first >> 20 & 0xFF} HOPLIMIT={hops}"
    return [f"{head} FLOWLBL={first & 0xFFFFF}"], number, data[40:]


def _transport(number: int, data: bytes) -> list[str]:
    if number not in (6, 17, 33, 132, 136):  # those with ports: TCP, UDP, DCCP, SCTP, UDP-Lite
        return []
    sport, dport = struct.unpack(">HH", data[:4])
    return [f"SPORT={sport} DPORT={dport}", *(name for name, bit in _FLAGS if number == 6 and data[13] & bit)]
