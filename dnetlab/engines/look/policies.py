"""The rows of `ip -j -d rule` and a bridge's port of `ip -j -d link` as values, and routing tables that have names."""

from __future__ import annotations

import json
from dataclasses import fields
from ipaddress import ip_interface
from typing import Any

from dnetlab.model import PolicyRule
from dnetlab.model.bridgeport import BridgePort, port_told
from dnetlab.model.ip import IpInterface
from dnetlab.model.route import TABLE_NAMES, rules_told

_READ = frozenset({"priority", "src", "srclen", "dst", "dstlen", "iif", "iif_detached", "oif", "oif_detached", "fwmark",
                   "fwmask", "not", "table", "action", "protocol"})  # fmt: skip


def table_numbers(text: str) -> dict[str, int]:
    """rt_tables: name -> number. `ip` knows the kernel's own tables by name where there is no such file, too."""
    rows = (row.split("#")[0].split() for row in text.splitlines())
    told = {row[1]: int(row[0], 0) for row in rows if len(row) == 2}
    return {name: number for number, name in TABLE_NAMES.items()} | told


def number_of(table: str, tables: dict[str, int]) -> int:
    """A table as `ip` writes it: by its name where it has one."""
    return tables[table] if table in tables else int(table)


def policy(text: str, tables: dict[str, int]) -> tuple[PolicyRule, ...]:
    """What the command said of both families, a line of JSON for each."""
    four, six = [*(json.loads(line) for line in text.splitlines() if line), [], []][:2]
    return rules_told(tuple(_rule(row, version, tables) for version, rows in ((4, four), (6, six)) for row in rows))


def _rule(row: dict[str, Any], version: int, tables: dict[str, int]) -> PolicyRule:
    look = "table" in row and "action" not in row
    mark = int(row.get("fwmark", "0"), 0)
    return PolicyRule(
        row["priority"], version, _network(row, "src"), _network(row, "dst"), row.get("iif", ""), row.get("oif", ""),
        mark,
        int(row.get("fwmask", "0xffffffff" if mark else "0"), 0),
        "not" in row,
        "lookup" if look else row.get("action", "other"),
        number_of(row["table"], tables) if "table" in row else 0,
        row.get("protocol") == "kernel",
        unread=bool(row.keys() - _READ),
    )  # fmt: skip


def _network(row: dict[str, Any], name: str) -> IpInterface | None:
    address = row.get(name, "all")
    if address == "all":
        return None
    length = row.get(f"{name}len")
    return ip_interface(address if length is None else f"{address}/{length}")


def port(slave: dict[str, Any], flags: list[str]) -> BridgePort:
    """The settings of a bridge's port from its `info_slave_data`."""
    told = {field.name: slave[field.name] for field in fields(BridgePort) if field.name in slave}
    return port_told(told, {"UP", "LOWER_UP"} <= set(flags))
