"""`nft -a list ruleset` of a real host as tables, read by the grammar that reads what a student types."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dnetlab.commands.nft import BadInput, ChainSpec, LabLacks, parse
from dnetlab.model import Nftables, NftChain, NftRule, NftSet, NftTable
from dnetlab.model.changed import replace
from dnetlab.model.netfilter import BUILTIN
from dnetlab.model.nftables import FAMILIES
from dnetlab.model.nftrule import Other

_HANDLE = re.compile(r" ?# handle (\d+)$")
_COMMENT = re.compile(r' comment "([^"]*)"$')


def is_of_iptables(family: str, name: str) -> bool:
    """Is it a table that iptables writes, and `iptables-save` tells?"""
    return family in ("ip", "ip6") and name in BUILTIN


def parse_ruleset(text: str) -> Nftables:
    """The tables of nft's own, in the order listed; none for an empty text.

    A rule that the lab can't read is one condition that nobody can judge, with the rule's words as its text.
    """
    tables, made, since = list[NftTable](), 0, 0
    lines = _Lines(text)
    for line in lines:
        words = line.split()
        if words[:1] != ["table"]:
            continue
        family, name = words[1], words[2]
        table = NftTable(family, name, handle=_handle(line))
        for inner in lines.block(1):
            kind, own = inner.split()[:2]
            body = [row.strip() for row in lines.block(2)]
            if kind == "chain":
                since += 1
                table = replace(table, chains=(*table.chains, _chain(family, own, _handle(inner), body, since)))
            elif kind in ("set", "map"):
                table = replace(table, sets=(*table.sets, _set(family, kind, own, _handle(inner), body)))
        if family in FAMILIES and not is_of_iptables(family, name):
            tables.append(table)
        made = max(made, table.handle)
    return Nftables(tuple(tables), made, since)


class _Lines:
    """The lines of a listing, one after the other; a block ends with the brace of its depth."""

    def __init__(self, text: str) -> None:
        self._lines = iter(line for line in text.splitlines() if line.strip() and not line.startswith("#"))

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def block(self, depth: int) -> Iterator[str]:
        end = "\t" * (depth - 1) + "}"
        for line in self._lines:
            if line == end:
                return
            yield line


def _handle(line: str) -> int:
    found = _HANDLE.search(line)
    return int(found[1]) if found else 0


def _chain(family: str, name: str, handle: int, body: list[str], since: int) -> NftChain:
    spec, rules = ChainSpec(), []
    for row in body:
        if row.startswith("type ") and " hook " in row:
            spec = _spec(family, row)
        else:
            rules.append(_rule(family, row))
    return NftChain(name, tuple(rules), handle, spec.type, spec.hook, spec.priority, spec.policy or "accept", since)


def _spec(family: str, row: str) -> ChainSpec:
    try:
        found = parse(f"add chain {family} t c {{ {row} }}")[0].spec
    except (BadInput, LabLacks):  # a hook that IP packets of the lab don't meet
        found = None
    return found or ChainSpec()


def _rule(family: str, row: str) -> NftRule:
    text, handle = _HANDLE.sub("", row), _handle(row)
    try:
        made = parse(f"add rule {family} t c {text}")[0].rule
    except (BadInput, LabLacks):
        made = None
    if made is not None:
        return replace(made, handle=handle)
    comment = _COMMENT.search(text)
    return NftRule((Other(_COMMENT.sub("", text), judged=False),), comment[1] if comment else "", handle)


def _set(family: str, kind: str, name: str, handle: int, body: list[str]) -> NftSet:
    inside = re.sub(r"(?<!,)\n", ";\n", "\n".join(body))
    try:
        made = parse(f"add {kind} {family} t {name} {{\n{inside};\n}}")[0].set
    except (BadInput, LabLacks):
        made = None
    if made is None:
        types = next((row.removeprefix("type ") for row in body if row.startswith("type ")), "")
        key, _, data = types.partition(" : ")
        made = NftSet(name, key, data or ("verdict" if kind == "map" else ""))
    return replace(made, handle=handle)
