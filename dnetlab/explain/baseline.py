"""What a lab that works is like, in names: who reaches whom, and which firewall rules stand. Held against it later.

Names and not addresses, because a container that was made anew may have another address and be as good.
"""

from __future__ import annotations

from dnetlab.explain.reach import reach
from dnetlab.explain.why import label
from dnetlab.model import Snapshot
from dnetlab.model.journal import Baseline


def baseline(lesson: str, snapshot: Snapshot) -> Baseline:
    """What the lab is like, for a lesson that is about to break it, or for holding against what it was like."""
    return Baseline(lesson, open_pairs(snapshot), rule_kinds(snapshot))


def open_pairs(snapshot: Snapshot) -> tuple[str, ...]:
    """'ASKER TARGET SERVICE' of hosts and containers, sorted: 'client docker1 8080/tcp', 'web db ping' …"""
    found = reach(snapshot)
    names = {where: label(snapshot, where) for where in found.askers}
    named = {where: name for where, name in names.items() if where.is_host or name != where.namespace}
    pairs = {
        f"{named[asker]} {named[target.where]} {target.service}"
        for asker in found.askers if asker in named
        for target in found.targets if target.where in named and found.outcome(asker, target).reaches
    }  # fmt: skip
    return tuple(sorted(pairs))


def rule_kinds(snapshot: Snapshot) -> tuple[str, ...]:
    """'HOST TABLE CHAIN TARGET' for what the hosts' firewalls hold, sorted: 'docker1 nat POSTROUTING MASQUERADE' …"""
    return tuple(sorted({
        f"{host.name} {table.name} {chain.name} {rule.target.name}"
        for host in snapshot.hosts.values()
        for table in host.stack.netfilter.tables
        for chain in table.chains
        for rule in chain.rules
    } | {
        f"{host.name} {table.label} {chain.name} {rule.target.name}"
        for host in snapshot.hosts.values()
        for table in host.stack.nftables.tables
        for chain in table.chains
        for rule in chain.rules
    }))  # fmt: skip


def lost(before: tuple[str, ...], now: tuple[str, ...]) -> list[str]:
    """What was so before and is not any more."""
    return [one for one in before if one not in set(now)]


def opened(before: tuple[str, ...], now: tuple[str, ...]) -> list[str]:
    """Pairs that are open now and were not, of those who were there, and of what one could reach then."""
    askers = {pair.split(" ", 1)[0] for pair in before}
    services = {pair.split(" ", 1)[1] for pair in before}
    known = (pair for pair in now if pair.split(" ", 1)[0] in askers and pair.split(" ", 1)[1] in services)
    return [pair for pair in known if pair not in set(before)]
