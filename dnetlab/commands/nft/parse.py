"""Commands of nft, from the words behind `nft` or from a file: `add rule ip t c accept`, `table ip t { … }`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dnetlab.commands.nft.lexer import Reader, Token
from dnetlab.commands.nft.sets import read_elements, read_set
from dnetlab.commands.nft.statements import Names, read_rule
from dnetlab.commands.nft.values import BadInput, ChainSpec, Command, LabLacks, Span
from dnetlab.model.nftables import FAMILIES, PRIORITIES, Element, hook_of

OPS = ("add", "create", "insert", "replace", "delete", "list", "flush", "rename", "monitor")
_OTHER_OPS = ("reset", "describe", "export", "import", "destroy", "include", "define", "undefine", "redefine", "get")
_OTHER_FAMILIES = ("arp", "bridge", "netdev")
KINDS = ("table", "chain", "rule", "set", "map", "element")
_OTHER_KINDS = ("flowtable", "counter", "quota", "ct", "limit", "secmark", "synproxy", "meter", "flow", "hooks",
                "counters", "quotas", "limits", "secmarks", "synproxys", "flowtables", "meters")  # fmt: skip
MANY = ("ruleset", "tables", "chains", "sets", "maps")
_TYPES = ("filter", "nat", "route")
KindOf = Callable[[str, str, str], str]  # family, table, set -> the type of its values, '' for none


def parse(text: str, kind_of: KindOf = lambda family, table, name: "") -> list[Command]:
    """The commands of an input. kind_of: the type of a set that is there already, for its elements.

    Raises BadInput for what nft doesn't read, LabLacks for what the lab doesn't.
    """
    reader, found = Reader(text), list[Command]()
    reader.skip_separators()
    while reader.next.kind != "end":
        found += _command(reader, kind_of)
        if reader.is_at("}") or not reader.is_over:
            raise reader.unexpected("end of file or newline or semicolon")
        reader.skip_separators()
    return found


def _command(reader: Reader, kind_of: KindOf) -> Iterator[Command]:
    start = reader.next
    op = "add"
    if start.text in _OTHER_OPS and start.kind == "word":
        raise LabLacks(f"nft {start.text}")
    if reader.is_at(*OPS):
        op = reader.take().text
    if op == "monitor":
        yield _monitor(reader, start)
    elif op in ("list", "flush") and reader.is_at(*MANY):
        yield _many(reader, op, start)
    elif reader.is_at(*_OTHER_KINDS) and reader.next is not start:
        raise LabLacks(f"{op} {reader.next.text}")
    elif reader.is_at(*KINDS):
        yield from _one(reader, op, start, kind_of)
    elif op == "insert" or op == "replace":
        raise reader.unexpected("rule")
    elif op in ("list", "flush", "delete", "rename") or reader.is_at(*MANY):
        raise reader.unexpected()
    else:  # a rule may be added without saying so: `add ip t c accept`
        yield from _one(reader, op, start, kind_of, "rule")


def _span(start: Token, reader: Reader) -> Span:
    """From a token to what ends the command, which nft underlines too."""
    stop = reader.peek(-1).span
    return Span(start.span.line, start.span.start, stop.stop + 1 if stop.line == start.span.line else start.span.stop)


def _family(reader: Reader) -> str:
    if reader.is_at(*_OTHER_FAMILIES):
        raise LabLacks(reader.next.text)
    return reader.take().text if reader.is_at(*FAMILIES) else ""


def _many(reader: Reader, op: str, start: Token) -> Command:
    kind = reader.take().text
    if op == "flush" and kind != "ruleset":
        raise reader.unexpected()
    family = _family(reader)
    return Command(op, kind, _span(start, reader), family)


def _monitor(reader: Reader, start: Token) -> Command:
    if not reader.is_at("trace"):
        if reader.is_over:
            raise LabLacks("nft monitor")
        word = reader.take()
        if word.text in ("ruleset", "tables", "chains", "sets", "rules", "elements", "new", "destroy"):
            raise LabLacks(f"nft monitor {word.text}")
        raise BadInput(f"invalid event {word.text}", word.span)
    reader.take()
    return Command("monitor", "trace", _span(start, reader))


def _one(reader: Reader, op: str, start: Token, kind_of: KindOf, kind: str = "") -> Iterator[Command]:
    """A command about one table, chain, rule, set, map, or elements of one."""
    kind = kind or reader.take().text
    changes = op in ("add", "create", "delete")
    if kind == "rule" and op in ("list", "flush", "rename") or kind == "element" and not changes:
        raise LabLacks(f"{op} {kind}")
    family = _family(reader)
    handles = "handle or string" if op == "delete" and kind not in ("rule", "element") else "string"
    at: Names = {}
    if reader.is_at("handle"):
        raise LabLacks(f"{op} {kind} handle")
    table = reader.expect_name(handles if kind == "table" else "string")
    at["table"] = table.span
    if kind == "table":
        yield from _table(reader, op, start, family or "ip", table.text, at, kind_of)
        return
    if reader.is_at("handle"):
        raise LabLacks(f"{op} {kind} handle")
    name = reader.expect_name(handles)
    at["name"] = name.span
    yield _of_table(reader, op, kind, start, (family or "ip", table.text, name.text), at, kind_of)


def _of_table(
    reader: Reader, op: str, kind: str, start: Token, where: tuple[str, str, str], at: Names, kind_of: KindOf
) -> Command:
    family, table, name = where
    rule = spec = made = place = None
    elements: tuple[Element, ...] = ()
    new_name = ""
    if kind == "rule":
        place = _place(reader, op, at)
        rule = read_rule(reader, family, at) if op != "delete" else None
    elif kind == "chain" and op in ("add", "create"):
        spec = _spec(reader, at) if reader.is_at("{") else ChainSpec()
    elif kind == "chain" and op == "rename":
        new_name = reader.expect_name().text
    elif kind in ("set", "map") and op in ("add", "create"):
        made = read_set(reader, name, kind == "map", at)
    elif kind == "element":
        known = kind_of(family, table, name)
        elements = read_elements(reader, known, True, at)
    span = _span(start, reader)
    return Command(op, kind, span, family, table, name, rule, spec, made, elements, place, new_name, at)


def _place(reader: Reader, op: str, at: Names) -> tuple[str, int] | None:
    """handle N, index N, position N; delete and replace must have the handle."""
    words = ("handle",) if op in ("delete", "replace") else ("handle", "index", "position")
    if op in ("delete", "replace") and not reader.is_at("handle"):
        raise reader.unexpected("handle")
    if not reader.is_at(*words):
        return None
    how = reader.take()
    number = reader.expect("number", lambda token: token.kind == "word" and token.text.isdecimal())
    whole = how.text != "handle"
    at["place"] = Span(how.span.line, how.span.start, number.span.stop) if whole else number.span
    return ("index" if how.text == "index" else "handle"), int(number.text)


def _spec(reader: Reader, at: Names) -> ChainSpec:
    """`{ type filter hook input priority 0; policy drop; }`; only that: rules come later."""
    reader.expect_mark("{")
    spec, rules = _chain_body(reader, "", at)
    if rules:
        raise LabLacks("add chain { rules }")
    return spec


def _chain_body(reader: Reader, family: str, at: Names) -> tuple[ChainSpec, list[tuple[Token, Command]]]:
    """What stands in a chain's braces up to the closing one: its head, and its rules."""
    spec, rules = ChainSpec(), list[tuple[Token, Command]]()
    reader.skip_separators()
    while not reader.is_at("}"):
        start = reader.next
        if reader.is_at("type"):
            spec = _base(reader, spec)
        elif reader.is_at("policy"):
            reader.take()
            policy = reader.expect("accept or drop or '$'", lambda token: token.text in ("accept", "drop"))
            at["policy"] = Span(start.span.line, start.span.start, policy.span.stop)
            spec = ChainSpec(spec.type, spec.hook, spec.priority, policy.text)
        elif reader.is_at("comment", "flags"):
            raise LabLacks(f"chain {{ {reader.next.text}")
        elif family:
            names: Names = {}
            rule = read_rule(reader, family, names)
            rules.append((start, Command("add", "rule", _span(start, reader), family, rule=rule, at=names)))
        else:
            raise reader.unexpected()
        if not reader.is_over:
            raise reader.unexpected()
        reader.skip_separators()
    reader.expect_mark("}")
    return spec, rules


def _base(reader: Reader, spec: ChainSpec) -> ChainSpec:
    reader.take()
    kind = reader.expect_text()
    if kind.text not in _TYPES:
        raise BadInput("unknown chain type", kind.span)
    reader.expect_word("hook")
    hook = reader.expect_text()
    if hook.text in ("ingress", "egress"):
        raise LabLacks(f"hook {hook.text}")
    found = hook_of(hook.text)
    if found is None:
        raise BadInput("unknown chain hook", hook.span)
    if reader.is_at("device"):
        raise LabLacks("device")
    word = reader.expect_word("priority")
    return ChainSpec(kind.text, found, _priority(reader, word), spec.policy)


def _priority(reader: Reader, word: Token) -> int:
    """-100, filter, 'filter + 10', dstnat-5."""
    token = reader.expect_text()
    try:
        return int(token.text)
    except ValueError:
        pass
    if token.text not in PRIORITIES:
        whole = Span(word.span.line, word.span.start, token.span.stop)
        raise BadInput("invalid priority expression value in this context.", whole)
    base = PRIORITIES[token.text]
    if reader.is_at("+", "-"):
        sign = 1 if reader.take().text == "+" else -1
        return base + sign * int(reader.expect("number", lambda t: t.text.isdecimal()).text)
    return base


def _table(
    reader: Reader, op: str, start: Token, family: str, name: str, at: Names, kind_of: KindOf
) -> Iterator[Command]:
    """A table, and with `table ip t { … }` what stands in its braces: chains first, then sets, then rules, as nft
    sends them to the kernel."""
    made = Command(op, "table", _span(start, reader), family, name, at=at)
    if op not in ("add", "create") or not reader.accept("{"):
        yield made
        return
    chains, sets, rules = list[Command](), list[Command](), list[Command]()
    reader.skip_separators()
    while not reader.is_at("}"):
        begin = reader.next
        if not reader.is_at("chain", "set", "map"):
            if reader.is_at(*_OTHER_KINDS, "flags", "comment"):
                raise LabLacks(f"table {{ {begin.text}")
            raise reader.unexpected()
        kind, own = reader.take().text, reader.expect_name()
        here: Names = {"table": at["table"], "name": own.span}
        if kind == "chain":
            reader.expect_mark("{")
            spec, found = _chain_body(reader, family, here)
            chains.append(Command("add", "chain", _span(begin, reader), family, name, own.text, spec=spec, at=here))
            for _, rule in found:
                names = {**here, **rule.at}
                rules.append(
                    Command("add", "rule", rule.span, family, name, own.text, rule.rule, at=names)
                )
        else:
            one = read_set(reader, own.text, kind == "map", here)
            sets.append(Command("add", kind, _span(begin, reader), family, name, own.text, set=one, at=here))
        reader.skip_separators()
    reader.expect_mark("}")
    yield made
    yield from chains
    yield from sets
    yield from rules
