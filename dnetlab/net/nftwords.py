"""A rule of nft in the words of iptables, for whoever sorts or tabulates rules of both kinds by what they look at."""

from __future__ import annotations

from collections.abc import Iterator

from dnetlab.model import Match, NftRule, Rule
from dnetlab.model.nftables import Nftables
from dnetlab.model.nftrule import Test, Verdict, VerdictMap
from dnetlab.net.nft import OPTIONS


def in_iptables_words(rule: NftRule) -> Rule:
    """Its conditions as matches, a value of a set each, and its target; what iptables has no option for is left out.

    >>> in_iptables_words(NftRule((Test("ip saddr", "==", ("10.0.0.1",)),))).text
    '-s 10.0.0.1'
    """
    matches: list[Match] = []
    for test in (s for s in rule.statements if isinstance(s, Test)):
        head = test.left.split()[0]
        if head in ("tcp", "udp") and not any(m.option == "-p" for m in matches):
            matches.append(Match("-p", head))
        option = OPTIONS.get(test.left)
        if option is not None and test.shape != "named":
            values = [f"{value[:-1]}+" if value.endswith("*") else value for value in test.values]
            matches += [Match(option, value, test.op == "!=") for value in values]
    return Rule(tuple(matches), rule.target, rule.packets, rule.bytes)


def translations(tables: Nftables, version: int) -> Iterator[tuple[Rule, bool]]:
    """Every DNAT rule for packets of a family, and whether a base chain leads to it."""
    for table in tables.tables:
        if not table.meets(version):
            continue
        seen: set[str] = set()
        todo = [chain.name for chain in table.chains if chain.hook is not None]
        while todo:
            name = todo.pop()
            chain = table.chain(name)
            if chain is not None and name not in seen:
                seen.add(name)
                todo += [target for rule in chain.rules for target in leads_to(rule)]
        for chain in table.chains:
            for rule in chain.rules:
                if rule.target.name == "DNAT":
                    yield in_iptables_words(rule), chain.name in seen


def leads_to(rule: NftRule) -> list[str]:
    """The chains that a rule names."""
    end = rule.verdict
    if isinstance(end, VerdictMap):
        return [verdict.chain for _, verdict in end.elements if verdict.chain]
    return [end.chain] if isinstance(end, Verdict) and end.chain else []
