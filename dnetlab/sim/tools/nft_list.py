"""Which tables, chains and sets `nft list` means, and their texts."""

from __future__ import annotations

from typing import Any

from dnetlab.commands.nft import Command
from dnetlab.model import NftChain, NftSet, NftTable
from dnetlab.model.netfilter import Netfilter
from dnetlab.model.nftables import Nftables
from dnetlab.sim.text import nft as texts
from dnetlab.sim.text import nft_json
from dnetlab.sim.text.nft import Style
from dnetlab.sim.text.nft_iptables import as_nft, is_translated

METAINFO = nft_json.METAINFO


def all_tables(tables: Nftables, iptables: dict[int, Netfilter]) -> list[NftTable]:
    """Every table, iptables' too, in the order they were made; handles number them so."""
    found = [as_nft(family, table) for version, family in ((4, "ip"), (6, "ip6")) for table in iptables[version].tables]
    return sorted([*found, *tables.tables], key=lambda table: table.handle)


def is_wanted(table: NftTable, command: Command) -> bool:
    """Does a `list` mean this table? One without a name means all, or those of a family."""
    if command.table:
        return (table.family, table.name) == (command.family, command.table)
    return command.family in ("", table.family)


def missing(tables: list[NftTable], command: Command) -> str:
    """'table' or 'name' when that isn't there, else ''."""
    if not command.table:
        return ""
    home = next((t for t in tables if is_wanted(t, command)), None)
    if home is None:
        return "table"
    if command.kind == "chain":
        return "" if home.chain(command.name) else "name"
    if command.kind in ("set", "map"):
        one = home.set(command.name)
        return "" if one is not None and one.word == command.kind else "name"
    return ""


def _parts(table: NftTable, command: Command) -> tuple[list[NftSet], list[NftChain]]:
    """The sets and chains of a table that are wanted."""
    if command.kind == "chain":
        return [], [chain for chain in table.chains if chain.name == command.name]
    if command.kind in ("set", "map"):
        return [one for one in table.sets if one.name == command.name], []
    return list(table.sets), list(table.chains)


def text(tables: list[NftTable], command: Command, style: Style) -> tuple[str, list[str]]:
    """The text, and the tables that nft warns of: those where iptables-nft has a match or a target of its own."""
    said, warned = "", []
    for table in (t for t in tables if is_wanted(t, command)):
        if command.kind == "tables":
            said += f"table {table.label}\n"
        elif command.kind == "chains":
            said += texts.heads_text(table, style)
        elif command.kind in ("sets", "maps"):
            some = [one for one in table.sets if f"{one.word}s" == command.kind]
            said += texts.sets_text(table, style, some) if some else ""
        else:
            sets, chains = _parts(table, command)
            said += texts.table_text(table, style, chains, sets, command.kind in ("table", "ruleset"))
            if is_translated(NftTable(table.family, table.name, tuple(chains))):
                warned.append(table.label)
    return said, warned


def rows(tables: list[NftTable], command: Command) -> list[dict[str, Any]]:
    """The same as JSON, without the line about nft itself."""
    found: list[dict[str, Any]] = []
    for table in (t for t in tables if is_wanted(t, command)):
        sets, chains = _parts(table, command)
        if command.kind in ("ruleset", "table", "tables"):
            found.append(nft_json.table(table))
        if command.kind in ("tables", "chains", "sets", "maps"):
            sets = [one for one in sets if f"{one.word}s" == command.kind]
            chains = chains if command.kind == "chains" else []
        found += [nft_json.set_or_map(table, one) for one in sets]
        found += [nft_json.chain(table, chain) for chain in chains]
        if command.kind != "chains":
            found += [nft_json.rule(table, chain, rule) for chain in chains for rule in chain.rules]
    return found
