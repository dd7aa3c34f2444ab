"""The texts of `nft list`, 1.0.6: tables in braces, one tab for each depth; and the same as JSON in nft_json.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dnetlab.model import NftChain, NftRule, NftSet, NftTable
from dnetlab.model.nftrule import Verdict, shown

# How many elements of a set stand on a line: a few of a short type, two addresses, one of any other (nft expression.c).
_PER_LINE = {"inet_service": 5, "inet_proto": 5, "mark": 5, "integer": 5, "ipv4_addr": 2}


@dataclass(frozen=True)
class Style:
    """-a handles, -s without what was counted, -t without elements."""

    handles: bool = False
    stateless: bool = False
    terse: bool = False

    def handle(self, number: int) -> str:
        return f" # handle {number}" if self.handles else ""


def table_text(
    table: NftTable, style: Style, chains: Iterable[NftChain], sets: Iterable[NftSet], whole: bool = True
) -> str:
    """`table ip t {` and the chains and sets of it that are wanted, a blank line between two; whole: all of it."""
    parts = [_set(one, style) for one in sets] + [_chain(chain, style) for chain in chains]
    handle = style.handle(table.handle) if whole else ""
    return f"table {table.label} {{{handle}\n" + "\n".join(parts) + "}\n"


def heads_text(table: NftTable, style: Style) -> str:
    """A table of `nft list chains`: what chains there are, without their rules."""
    rows = [_chain(NftChain(c.name, (), c.handle, c.type, c.hook, c.priority, c.policy), style) for c in table.chains]
    return f"table {table.label} {{\n" + "".join(rows) + "}\n"


def sets_text(table: NftTable, style: Style, sets: Iterable[NftSet]) -> str:
    """A table of `nft list sets` or `maps`."""
    return f"table {table.label} {{\n" + "".join(_set(one, style) for one in sets) + "}\n"


def rule_text(rule: NftRule, style: Style) -> str:
    return (rule.stateless if style.stateless else rule.text) + style.handle(rule.handle)


def _chain(chain: NftChain, style: Style) -> str:
    lines = [f"chain {chain.name} {{{style.handle(chain.handle)}", *([f"\t{chain.head}"] if chain.head else [])]
    lines += [f"\t{rule_text(rule, style)}" for rule in chain.rules]
    return "".join(f"\t{line}\n" for line in [*lines, "}"])


def _set(one: NftSet, style: Style) -> str:
    kind = f"{one.kind} : {one.data}" if one.data else one.kind
    lines = [f"{one.word} {one.name} {{{style.handle(one.handle)}", f"\ttype {kind}"]
    lines += [f"\tflags {','.join(one.flags)}"] if one.flags else []
    lines += [f"\telements = {{ {_elements(one)} }}"] if one.elements and not style.terse else []
    return "".join(f"\t{line}\n" for line in [*lines, "}"])


def _elements(one: NftSet) -> str:
    """'80 : accept, 443 : drop', in lines of a few."""
    per_line = _PER_LINE.get(one.kind, 1)
    words = [
        f"{shown(one.kind, key)} : {data.text}" if isinstance(data, Verdict) else shown(one.kind, key)
        for key, data in one.elements
    ]
    lines = [", ".join(words[at : at + per_line]) for at in range(0, len(words), per_line)]
    return ",\n\t\t\t     ".join(lines)
