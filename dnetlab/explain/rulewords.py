"""How one shows or changes a rule at a prompt: the command, which is the same in every language.

A table of iptables is called by one word, a table of nft by two, family and name.
"""

from __future__ import annotations

from dnetlab.model.facts import PolicyDrops, RuleStops
from dnetlab.model.ip import rules_tool


def is_nft(table: str) -> bool:
    """Is it a table of nft, 'ip docker-bridges'?"""
    return " " in table


def shown(table: str, chain: str, rule: str, version: int, number: int = 1) -> str:
    """'iptables -t nat: -A DOCKER …', 'nft list chain ip t c: …'. number 0: rule is a policy, 'policy DROP'."""
    if is_nft(table):
        return f"nft list chain {table} {chain}: {rule if number else rule.lower()}"
    text = f"-A {chain} {rule}" if number else f"-P {chain} {rule.removeprefix('policy ')}"
    return f"{rules_tool(version)} -t {table}: {text}"


def met(table: str, chain: str, rule: str, version: int) -> str:
    """The same, of a rule or a policy that a packet met: 'iptables -t filter: FORWARD policy DROP'."""
    if is_nft(table):
        return f"nft list chain {table} {chain}: {rule}"
    return f"{rules_tool(version)} -t {table}: {chain} {rule}"


def deleting(stops: RuleStops) -> str:
    """The command that takes the rule away."""
    if is_nft(stops.table):
        return f"nft delete rule {stops.table} {stops.chain} handle {stops.handle}"
    table = "" if stops.table == "filter" else f" -t {stops.table}"
    return f"{rules_tool(stops.version)}{table} -D {stops.chain} {stops.number}"


def accepting(drops: PolicyDrops) -> tuple[str, str]:
    """The commands that would have let a packet through: a rule, and the policy."""
    if is_nft(drops.table):
        policy = f"nft add chain {drops.table} {drops.chain} '{{ policy accept; }}'"
        return f"nft insert rule {drops.table} {drops.chain} … accept", policy
    tool = rules_tool(drops.version)
    return f"{tool} -I {drops.chain} … -j ACCEPT", f"{tool} -P {drops.chain} ACCEPT"
