"""The rules of ufw 0.36.2: how they are typed, kept in /etc/ufw/user.rules, shown by `ufw status`, and written for
iptables. Words recorded from Debian 12's ufw in a network namespace.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dnetlab.commands.services import service_port
from dnetlab.model.ip import ip_network

ACTIONS = ("allow", "deny", "reject", "limit")
ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}
_SIMPLE = re.compile(r"([\w.:,-]+)(?:/(tcp|udp|\w+))?")


class UfwError(Exception):
    """What ufw says on stderr behind 'ERROR: '."""


@dataclass(frozen=True)
class UfwRule:
    """A rule of one family. way: 'in', 'out' or 'fwd'; into, out: names of interfaces, '' for any.

    protocol: 'any', 'tcp', 'udp'; ports as text, 'any', '80', '80,443', '6000:6007'; addresses as iptables has them.
    """

    action: str
    way: str = "in"
    protocol: str = "any"
    dport: str = "any"
    destination: str = ""
    sport: str = "any"
    source: str = ""
    into: str = ""
    out: str = ""
    version: int = 4

    @property
    def same(self) -> UfwRule:
        """Rules that differ by their action only are one."""
        return replace(self, action="")


# -- as typed ---------------------------------------------------------------------------------------------------------


def read_rule(words: Sequence[str], route: bool = False) -> list[UfwRule]:
    """The rules of a line behind `ufw [route]`, one of each family that it can be of. Raises UfwError."""
    left = list(words)
    action = left.pop(0).lower() if left else ""
    if action not in ACTIONS:
        raise UfwError("Invalid syntax")
    rule = UfwRule(action, "fwd" if route else "in")
    while left and left[0] in ("in", "out"):
        way = left.pop(0)
        rule = rule if route else replace(rule, way=way)
        if left[:1] == ["on"]:
            if len(left) < 2:
                raise UfwError("Invalid syntax")
            rule = replace(rule, into=left[1]) if way == "in" else replace(rule, out=left[1])
            del left[:2]
    if len(left) == 1 and left[0] not in ("from", "to", "proto", "port", "any"):
        return _families(_simple(rule, left[0]))
    if not left and not (rule.into or rule.out):
        raise UfwError("Invalid syntax")
    return _families(_full(rule, left))


def _simple(rule: UfwRule, word: str) -> UfwRule:
    """'22', '22/tcp', 'ssh', '80,443/tcp'."""
    found = _SIMPLE.fullmatch(word)
    if found is None:
        raise UfwError("Bad port")
    ports, protocol = found[1], found[2] or "any"
    if protocol not in ("any", "tcp", "udp"):
        raise UfwError("Bad port")
    if not ports[0].isdigit():
        number = service_port(ports, "tcp")
        if number is None:
            raise UfwError(f"Could not find a profile matching '{word}'")
        protocol = "tcp" if service_port(ports, "udp") is None else protocol
        ports = str(number)
    if protocol == "any" and re.search(r"[:,]", ports):
        raise UfwError("Must specify 'tcp' or 'udp' with multiple ports")
    return replace(rule, dport=_ports(ports), protocol=protocol)


def _ports(text: str) -> str:
    for part in re.split(r"[:,]", text):
        number = int(part) if part.isdecimal() else service_port(part, "tcp")
        if number is None or not 0 < number < 65536:
            raise UfwError("Bad port")
    return text


def _full(rule: UfwRule, left: list[str]) -> UfwRule:
    """[proto PROTOCOL] [from ADDRESS [port PORT]] [to ADDRESS [port PORT]]"""
    side = "to"
    while left:
        word = left.pop(0)
        if word not in ("proto", "from", "to", "port") or not left:
            raise UfwError("Invalid syntax")
        value = left.pop(0)
        if word == "proto":
            if value not in ("tcp", "udp", "any"):
                raise UfwError(f"Unsupported protocol '{value}'")
            rule = replace(rule, protocol=value)
        elif word == "port":
            number = service_port(value, "tcp") if not value[:1].isdigit() else None
            ports = _ports(str(number) if number is not None else value)
            rule = replace(rule, sport=ports) if side == "from" else replace(rule, dport=ports)
        else:
            side = word
            address = _address(value, "source" if word == "from" else "destination")
            rule = replace(rule, source=address) if word == "from" else replace(rule, destination=address)
    if rule.protocol == "any" and re.search(r"[:,]", rule.dport + rule.sport):
        raise UfwError("Must specify 'tcp' or 'udp' with multiple ports")
    return rule


def _address(word: str, side: str) -> str:
    if word == "any":
        return ""
    try:
        return str(ip_network(word, strict=False))
    except ValueError:
        raise UfwError(f"Bad {side} address") from None


def _families(rule: UfwRule) -> list[UfwRule]:
    """A rule without addresses is one of IPv4 and one of IPv6."""
    named = [ip_network(text).version for text in (rule.source, rule.destination) if text]
    if len(set(named)) > 1:
        raise UfwError("Mixed IP versions for 'from' and 'to'")
    return [replace(rule, version=version) for version in (named[:1] or (4, 6))]


# -- as kept ----------------------------------------------------------------------------------------------------------


def kept(rule: UfwRule) -> str:
    """'### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in', as it stands in user.rules."""
    way = {"in": "in", "out": "out", "fwd": ""}[rule.way]
    places = [f"in_{rule.into}" if rule.into else "", f"out_{rule.out}" if rule.out else ""]
    named = "!".join(place for place in places if place) or way or "in"
    head = f"route:{rule.action}" if rule.way == "fwd" else rule.action
    ends = (rule.destination or ANYWHERE[rule.version], rule.source or ANYWHERE[rule.version])
    return f"### tuple ### {head} {rule.protocol} {rule.dport} {ends[0]} {rule.sport} {ends[1]} {named}"


def read_kept(text: str, version: int) -> list[UfwRule]:
    """The rules of a user.rules."""
    found = []
    for row in re.findall(r"(?m)^### tuple ### (.*)$", text):
        words = row.split()
        if len(words) != 7:
            continue
        action, protocol, dport, destination, sport, source, named = words
        places = dict(part.partition("_")[::2] for part in named.split("!"))
        way = "fwd" if action.startswith("route:") else "out" if "out" in places else "in"
        found.append(UfwRule(
            action.removeprefix("route:"), way, protocol, dport,
            "" if destination in ANYWHERE.values() else destination, sport,
            "" if source in ANYWHERE.values() else source, places.get("in", ""), places.get("out", ""), version,
        ))  # fmt: skip
    return found


# -- as shown ---------------------------------------------------------------------------------------------------------


def row(rule: UfwRule, long: bool) -> str:
    """'22/tcp                     ALLOW       Anywhere                  '; long: with IN behind the action."""
    way = {"in": " IN" if long else "", "out": " OUT", "fwd": " FWD"}[rule.way]
    to = _end(rule, rule.destination, rule.dport, rule.out if rule.way == "fwd" else rule.into)
    source = _end(rule, rule.source, rule.sport, rule.into if rule.way == "fwd" else rule.out)
    return f"{to:<26} {rule.action.upper() + way:<11} {source:<26}"


def _end(rule: UfwRule, address: str, port: str, device: str) -> str:
    """'172.17.0.2 80/tcp', '22/tcp (v6)', 'Anywhere on docker0'."""
    shown = re.sub(r"/(32|128)$", "", address)
    named = "" if port == "any" else port + ("" if rule.protocol == "any" else f"/{rule.protocol}")
    if rule.protocol != "any" and rule.dport + rule.sport == "anyany":
        named = rule.protocol
    text = " ".join(part for part in (shown, named) if part) or "Anywhere"
    text += " (v6)" if rule.version == 6 and not address else ""
    return f"{text} on {device}" if device else text


def typed(rule: UfwRule) -> str:
    """The rule as `ufw show added` and the question before a deletion tell it."""
    head = ("route " if rule.way == "fwd" else "") + rule.action
    head += " out" if rule.way == "out" and not rule.out else ""
    head += f" in on {rule.into}" if rule.into else ""
    head += f" out on {rule.out}" if rule.out else ""
    protocol = "" if rule.protocol == "any" else f"/{rule.protocol}"
    if not (rule.source or rule.destination or rule.into or rule.out or rule.sport != "any"):
        return f"{head} {rule.dport}{protocol}"
    ends = f" from {re.sub(r'/(32|128)$', '', rule.source)}" if rule.source else ""
    ends += f" port {rule.sport}" if rule.sport != "any" else ""
    if rule.destination or rule.dport != "any":
        ends += f" to {re.sub(r'/(32|128)$', '', rule.destination) or 'any'}"
        ends += f" port {rule.dport}" if rule.dport != "any" else ""
    return head + ends + (f" proto {rule.protocol}" if rule.protocol != "any" else "")


# -- for iptables -----------------------------------------------------------------------------------------------------

_CHAINS = {"in": "user-input", "out": "user-output", "fwd": "user-forward"}


def for_iptables(rule: UfwRule) -> list[str]:
    """The lines of iptables-restore that the rule is: two where a port is of TCP and of UDP."""
    prefix = "ufw" if rule.version == 4 else "ufw6"
    ports = rule.dport + rule.sport != "anyany"
    protocols = ("tcp", "udp") if rule.protocol == "any" and ports else (rule.protocol,)
    return [f"-A {prefix}-{_CHAINS[rule.way]}{_conditions(rule, one)}{end}"
            for one in protocols for end in _targets(rule, one, prefix)]  # fmt: skip


def _conditions(rule: UfwRule, protocol: str) -> str:
    text = f" -i {rule.into}" if rule.into else ""
    text += f" -o {rule.out}" if rule.out else ""
    text += "" if protocol == "any" else f" -p {protocol}"
    several = any(re.search(r"[:,]", port) for port in (rule.dport, rule.sport))
    text += " -m multiport" if several else ""
    text += f" -d {rule.destination}" if rule.destination else ""
    text += "" if rule.dport == "any" else f" --dport{'s' * several} {rule.dport}"
    text += f" -s {rule.source}" if rule.source else ""
    return text + ("" if rule.sport == "any" else f" --sport{'s' * several} {rule.sport}")


def _targets(rule: UfwRule, protocol: str, prefix: str) -> list[str]:
    if rule.action == "limit":
        new = " -m conntrack --ctstate NEW -m recent"
        return [f"{new} --set", f"{new} --update --seconds 30 --hitcount 6 -j {prefix}-user-limit",
                f" -j {prefix}-user-limit-accept"]  # fmt: skip
    if rule.action == "reject":
        return [" -j REJECT --reject-with tcp-reset" if protocol == "tcp" else " -j REJECT"]
    return [" -j ACCEPT" if rule.action == "allow" else " -j DROP"]
