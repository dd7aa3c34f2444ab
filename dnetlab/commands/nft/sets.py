"""What stands in the braces of a set or a map, and its elements."""

from __future__ import annotations

from dnetlab.commands.nft.lexer import Reader
from dnetlab.commands.nft.selectors import value_of
from dnetlab.commands.nft.statements import Names, read_verdict
from dnetlab.commands.nft.values import BadInput, LabLacks
from dnetlab.model.nftables import Element, NftSet
from dnetlab.model.nftrule import SELECTORS

KINDS = frozenset(SELECTORS.values()) - {"tcp_flag"}


def read_set(reader: Reader, name: str, is_map: bool, at: Names) -> NftSet:
    """`{ type ifname : verdict; flags interval; elements = { … }; }`, the braces too."""
    reader.expect_mark("{")
    kind, data, flags = "", "", list[str]()
    elements: tuple[Element, ...] = ()
    reader.skip_separators()
    while not reader.is_at("}"):
        word = reader.expect_text()
        if word.text == "type":
            kind, data = _types(reader, is_map)
        elif word.text == "flags":
            flags.append(reader.take().text)
            while reader.accept(","):
                flags.append(reader.take().text)
        elif word.text == "elements":
            reader.expect_mark("=")
            elements = read_elements(reader, kind, is_map, at)
        else:
            raise LabLacks(f"{'map' if is_map else 'set'} {name} {{ {word.text}")
        if not reader.is_at("}") and not reader.is_over:
            raise reader.unexpected()
        reader.skip_separators()
    reader.expect_mark("}")
    return NftSet(name, kind, data, tuple(flags)).with_elements(elements)


def _types(reader: Reader, is_map: bool) -> tuple[str, str]:
    token = reader.expect_name()
    if token.text not in KINDS:
        raise BadInput(f"unknown datatype {token.text}", token.span)
    if reader.is_at("."):
        raise LabLacks(f"type {token.text} .")
    if not is_map:
        return token.text, ""
    reader.expect_word(":")
    data = reader.expect_name().text
    if data != "verdict":
        raise LabLacks(f"type {token.text} : {data}")
    return token.text, data


def read_elements(reader: Reader, kind: str, is_map: bool, at: Names) -> tuple[Element, ...]:
    """`{ 10.0.0.1, 10.0.0.2 }`, `{ "docker0" : jump c }`; with deletions a map's elements come without verdicts."""
    reader.expect_mark("{")
    found: list[Element] = []
    while not reader.is_at("}"):
        while reader.next.kind == "newline":
            reader.take()
        if reader.next.kind not in ("word", "quoted"):
            raise reader.unexpected()
        token = reader.take()
        key = value_of(kind, token) if kind else token.text
        at[f"element {key}"] = token.span
        if is_map and reader.accept(":"):
            found.append((key, read_verdict(reader, at)))
        else:
            found.append((key, ""))
        while reader.next.kind == "newline":
            reader.take()
        if not reader.accept(","):
            break
        while reader.next.kind == "newline":
            reader.take()
    reader.expect_mark("}")
    return tuple(found)
