"""What `nft -j` says: the tables as JSON (libnftables-json(5)), on one line, in nft's own order of keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from dnetlab.model import NftChain, NftRule, NftSet, NftTable
from dnetlab.model.nftrule import (
    FLAGS,
    NUMBERS,
    SELECTORS,
    Counter,
    Nat,
    Reject,
    SetMark,
    Statement,
    Test,
    Verdict,
    VerdictMap,
    Xt,
)
from dnetlab.sim.context import Refused

Json = dict[str, Any]
METAINFO = {"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}}


def table(one: NftTable) -> Json:
    return {"table": {"family": one.family, "name": one.name, "handle": one.handle}}


def chain(home: NftTable, one: NftChain) -> Json:
    row: Json = {"family": home.family, "table": home.name, "name": one.name, "handle": one.handle}
    if one.hook is not None:
        row |= {"type": one.type, "hook": one.hook.value.lower(), "prio": one.priority, "policy": one.policy}
    return {"chain": row}


def set_or_map(home: NftTable, one: NftSet) -> Json:
    row: Json = {"family": home.family, "name": one.name, "table": home.name, "type": one.kind, "handle": one.handle}
    row |= {"map": one.data} if one.data else {}
    row |= {"flags": list(one.flags)} if one.flags else {}
    if one.elements:
        row["elem"] = [_element(one.kind, key, data) for key, data in one.elements]
    return {one.word: row}


def rule(home: NftTable, where: NftChain, one: NftRule) -> Json:
    row: Json = {"family": home.family, "table": home.name, "chain": where.name, "handle": one.handle}
    row |= {"comment": one.comment} if one.comment else {}
    return {"rule": {**row, "expr": [_statement(s) for s in one.statements]}}


def _element(kind: str, key: str, data: str | Verdict) -> Any:
    return [_value(kind, key), _statement(data)] if isinstance(data, Verdict) else _value(kind, key)


def _value(kind: str, text: str) -> Any:
    if kind not in ("ifname", "iface_index", "ether_addr", "icmp_type", "icmpv6_type", "pkt_type") and "-" in text:
        return {"range": [_value(kind, end) for end in text.split("-")]} if kind in _RANGED else text
    if "/" in text:
        address, _, length = text.partition("/")
        return {"prefix": {"addr": address, "len": int(length)}}
    return int(text, 0) if kind in NUMBERS and text[:1].isdecimal() else text


_RANGED = ("ipv4_addr", "ipv6_addr", *NUMBERS)


def _left(left: str) -> Json:
    words = left.split()
    if len(words) == 1:
        return {"meta": {"key": left}}
    if words[0] in ("meta", "ct"):
        return {words[0]: {"key": words[1]}}
    if words[0] == "fib":
        return {"fib": {"result": words[2], "flags": [words[1]]}}
    return {"payload": {"protocol": words[0], "field": words[1]}}


def _values(values: Iterable[str], kind: str) -> list[Any]:
    return [_value(kind, value) for value in values]


def _test(one: Test) -> Json:
    left, op, values = _left(one.left), one.op, _values(one.values, one.kind)
    right: Any = values[0] if len(values) == 1 else values
    if one.shape == "named":
        right = f"@{one.values[0]}"
    elif one.shape == "set":
        right = {"set": values}
    elif one.mask:
        left = {"&": [left, list(one.mask)]}
    elif one.kind in FLAGS and op == "==":
        op = "in"
    return {"match": {"op": op, "left": left, "right": right}}


def _nat(one: Nat) -> Json:
    address, port = one.to, ""
    if one.to.startswith("["):
        address, _, port = one.to[1:].partition("]")
        port = port[1:]
    elif one.to.count(":") == 1:
        address, _, port = one.to.partition(":")
    row: Json = {"family": one.family} if one.family else {}
    row |= {"addr": address} if address else {}
    row |= {"port": _value("inet_service", port)} if port else {}
    row |= {"flags": one.flags[0] if len(one.flags) == 1 else list(one.flags)} if one.flags else {}
    return {one.name: row or None}


def _other(text: str) -> Json:
    if text == "log":
        return {"log": None}
    if text.startswith("log "):
        found = {key: value.strip('"') for key, value in re.findall(r'(\w+) ("[^"]*"|\S+)', text[4:])}
        return {"log": {key: int(value) if value.isdecimal() else value for key, value in found.items()}}
    limit = re.fullmatch(r"limit rate (over )?(\d+)/(\w+)(?: burst (\d+) packets)?", text)
    if limit:
        over, rate, unit, burst = limit.groups()
        return {"limit": {"rate": int(rate), "burst": int(burst or 5), "per": unit, **({"inv": True} if over else {})}}
    if text.startswith("meta nftrace set"):
        return {"mangle": {"key": {"meta": {"key": "nftrace"}}, "value": int(text.split()[-1])}}
    raise Refused("The lab doesn't say `{text}` as JSON.", "`nft list ruleset` shows it as text.", text=text)


def _statement(one: Statement) -> Json:
    if isinstance(one, Test):
        return _test(one)
    if isinstance(one, Counter):
        return {"counter": {"packets": one.packets, "bytes": one.bytes}}
    if isinstance(one, Verdict):
        return {one.name: {"target": one.chain} if one.chain else None}
    if isinstance(one, VerdictMap):
        kind = SELECTORS[one.left]
        rows = {"set": [[_value(kind, key), _statement(verdict)] for key, verdict in one.elements]}
        return {"vmap": {"key": _left(one.left), "data": f"@{one.name}" if one.name else rows}}
    if isinstance(one, Nat):
        return _nat(one)
    if isinstance(one, Reject):
        kind, _, name = one.how.partition(" ")
        row = {"type": "tcp reset"} if kind == "tcp" else {"type": kind, "expr": name}
        return {"reject": row if one.how else None}
    if isinstance(one, SetMark):
        return {"mangle": {"key": {"meta": {"key": "mark"}}, "value": one.mark}}
    if isinstance(one, Xt):
        return {"xt": {"type": one.kind, "name": one.name}}
    return _other(one.text)
