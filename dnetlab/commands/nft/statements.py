"""The statements of a rule, from left to right, as one types them or as `nft list` prints them."""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.commands.nft.lexer import Reader, Token
from dnetlab.commands.nft.selectors import value_of
from dnetlab.commands.nft.values import BadInput, LabLacks, Span
from dnetlab.model.nftrule import (
    FLAGS,
    SELECTORS,
    Counter,
    Nat,
    NftRule,
    Other,
    Reject,
    SetMark,
    Statement,
    Test,
    Verdict,
    VerdictMap,
    in_order,
)

VERDICTS = ("accept", "drop", "return", "continue")
ENDS = (*VERDICTS, "jump", "goto", "reject", "dnat", "snat", "masquerade", "redirect")
_NOT_MODELLED = ("notrack", "queue", "quota", "synproxy", "dup", "fwd", "tproxy", "set", "flow", "numgen", "jhash")
_OPERATORS = ("==", "!=", "<", ">", "<=", ">=", "eq", "ne", "lt", "gt", "le", "ge")
_SPELLED = {"eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">="}
_TWO = {left.split()[0] for left in SELECTORS if " " in left}
_OTHER_FIELDS = {  # what nft can look at, and the lab's packets don't have
    "ip": "version hdrlength dscp ecn id frag-off checksum option", "udp": "length checksum",
    "ip6": "version dscp ecn flowlabel length", "tcp": "sequence ackseq doff reserved window checksum urgptr option",
    "icmp": "code checksum id sequence gateway mtu", "icmpv6": "code checksum id sequence mtu max-delay",
    "ct": "mark expiration helper label original reply bytes packets avgpkt zone id count event l3proto protocol",
    "meta": "length protocol priority random cpu iiftype oiftype skgid nftrace rtclassid ibrname obrname iifgroup "
            "oifgroup cgroup secpath ipsec time day hour iifkind oifkind broute", "ether": "daddr type",
    "fib": "iif oif mark",
}  # fmt: skip
Names = dict[str, Span]  # where chains and sets are named: 'jump c', 'set ok'


def read_rule(reader: Reader, family: str, at: Names) -> NftRule:
    """Statements up to the end of the command. at: filled with where they name chains and sets."""
    statements: list[Statement] = []
    comment, begun, last = "", reader.at, None
    while not reader.is_over:
        if reader.is_at("comment"):
            if reader.at == begun:
                raise reader.unexpected()
            reader.take()
            comment = reader.expect_text().text
            break
        start = reader.next.span
        statement = _statement(reader, family, at)
        stop = reader.peek(-1).span
        here = Span(start.line, start.start, stop.stop)
        if last is not None:
            raise BadInput("Statement after terminal statement has no effect", here, last)
        _check(statement, statements, family, here)
        statements.append(statement)
        if isinstance(statement, Verdict | Reject | Nat):
            last = here
    if not statements:
        raise reader.unexpected()
    return NftRule(tuple(_without_needless(statements)), comment)


def _check(statement: Statement, before: list[Statement], family: str, here: Span) -> None:
    """Headers that no packet has both of, and a second counter."""
    if isinstance(statement, Counter) and any(isinstance(s, Counter) for s in before):
        raise LabLacks("counter … counter")
    if not isinstance(statement, Test | VerdictMap):
        return
    head = statement.left.split()[0]
    if (family, head) in (("ip", "ip6"), ("ip6", "ip"), ("ip", "icmpv6"), ("ip6", "icmp")):
        where = Span(here.line, here.start, here.start + len(statement.left))
        raise BadInput(f"conflicting protocols specified: {family} vs. {head}", where)
    heads = [s.left.split()[0] for s in before if isinstance(s, Test)]
    other = next((h for h in heads if {h, head} == {"tcp", "udp"}), None)
    if other:
        where = Span(here.line, here.start, here.start + len(statement.left))
        raise BadInput(f"conflicting protocols specified: {other} vs. {head}", where)


def _without_needless(statements: list[Statement]) -> list[Statement]:
    """nft prints no `meta l4proto tcp` in front of what asks for TCP anyway."""
    kept = []
    for number, statement in enumerate(statements):
        after = statements[number + 1] if number + 1 < len(statements) else None
        alone = isinstance(statement, Test) and statement.left == "meta l4proto" and statement.op == "=="
        if alone and isinstance(statement, Test) and statement.shape == "":
            implied = isinstance(after, Test) and after.left.split()[0] == statement.values[0]
            reset = isinstance(after, Reject) and after.how == "tcp reset" and statement.values[0] == "tcp"
            if implied or reset:
                continue
        kept.append(statement)
    return kept


def _statement(reader: Reader, family: str, at: Names) -> Statement:
    token = reader.next
    word = token.text if token.kind == "word" else ""
    if word in _NOT_MODELLED:
        raise LabLacks(word)
    if word in ("jump", "goto") or word in VERDICTS:
        return read_verdict(reader, at)
    simple: dict[str, Callable[[Reader], Statement]] = {
        "counter": _counter, "reject": _reject, "log": _log, "limit": _limit, "dnat": _nat, "snat": _nat,
        "masquerade": _nat, "redirect": _nat,
    }  # fmt: skip
    if word in simple:
        reader.take()
        return simple[word](reader) if word not in ("dnat", "snat", "masquerade", "redirect") else _nat(reader, word)
    if word == "meta" and reader.peek().text in ("mark", "nftrace") and reader.peek(2).text == "set":
        return _meta_set(reader)
    return _test(reader, at)


def read_verdict(reader: Reader, at: Names) -> Verdict:
    """accept, drop, return, continue, jump CHAIN, goto CHAIN."""
    name = reader.take().text
    if name not in ("jump", "goto"):
        return Verdict(name)
    if reader.is_at("{"):
        raise LabLacks(f"{name} {{")
    chain = reader.expect_name("'{'")
    at[f"jump {chain.text}"] = chain.span
    return Verdict(name, chain.text)


def _counter(reader: Reader) -> Counter:
    if reader.is_at("name"):
        raise LabLacks("counter name")
    if reader.accept("packets"):
        packets = int(reader.expect("number", _is_number).text)
        reader.expect_word("bytes")
        return Counter(packets, int(reader.expect("number", _is_number).text))
    return Counter()


def _is_number(token: Token) -> bool:
    return token.kind == "word" and token.text.isdecimal()


def _reject(reader: Reader) -> Reject:
    if not reader.accept("with"):
        return Reject()
    kind = reader.expect_word("tcp", "icmp", "icmpv6", "icmpx").text
    if kind == "icmpx":
        raise LabLacks("reject with icmpx")
    if kind == "tcp":
        reader.expect_word("reset")
        return Reject("tcp reset")
    reader.accept("type")
    name = reader.take().text
    return Reject("" if name == "port-unreachable" else f"{kind} {name}")


def _log(reader: Reader) -> Other:
    """log [prefix "…"] [level …] [group N]; nft prints the prefix first."""
    said: dict[str, str] = {}
    while reader.is_at("prefix", "level", "group", "snaplen", "queue-threshold"):
        key = reader.take().text
        said[key] = reader.expect_text().text
    words = ["log", *([f'prefix "{said["prefix"]}"'] if "prefix" in said else [])]
    if said.get("level", "warn") != "warn":
        words.append(f"level {said['level']}")
    words += [f"{key} {said[key]}" for key in ("group", "snaplen", "queue-threshold") if key in said]
    return Other(" ".join(words))


def _limit(reader: Reader) -> Other:
    reader.expect_word("rate")
    over = "over " if reader.accept("over") else ""
    reader.accept("until")
    rate = reader.take().text
    if reader.is_at("/"):
        reader.take()
        rate = f"{rate}/{reader.take().text}"
    elif reader.next.text.split("/")[0] in ("bytes", "kbytes", "mbytes"):
        rate = f"{rate} {reader.take().text}"
        if reader.accept("/"):
            rate = f"{rate}/{reader.take().text}"
    burst = ""
    if reader.accept("burst"):
        number, unit = reader.take().text, reader.take().text
        burst = "" if (number, unit) == ("5", "packets") else f" burst {number} {unit}"
    return Other(f"limit rate {over}{rate}{burst}")


def _nat(reader: Reader, name: str = "") -> Nat:
    family = reader.take().text if reader.is_at("ip", "ip6") else ""
    to = ""
    if name in ("dnat", "snat") or reader.is_at("to"):
        if not reader.accept("to") and reader.is_over:
            raise reader.unexpected()
        if reader.is_over:
            raise reader.unexpected()
        to = reader.take().text
        if to == ":":
            to = f":{reader.take().text}"
    flags = []
    while reader.is_at("random", "fully-random", "persistent"):
        flags.append(reader.take().text)
        reader.accept(",")
    return Nat(name, to, family, tuple(flags))


def _meta_set(reader: Reader) -> Statement:
    reader.take()
    key = reader.take().text
    reader.take()
    value = value_of("mark", reader.take())
    return SetMark(int(value)) if key == "mark" else Other(f"meta nftrace set {value}")


# -- tests ------------------------------------------------------------------------------------------------------------


def _left(reader: Reader) -> str:
    """What a test looks at: 'iifname', 'ip daddr', 'fib daddr type'. Raises BadInput, LabLacks."""
    first = reader.take()
    word = first.text
    if word == "meta" and f"{reader.next.text}" in ("iifname", "oifname", "iif", "oif"):
        return reader.take().text
    if word in SELECTORS:
        return word
    if word in ("mark", "l4proto", "skuid", "pkttype") and not reader.is_over:
        return f"meta {word}"
    if word not in _TWO:
        if reader.is_over or reader.next.is_keyword:
            raise reader.unexpected()
        raise BadInput("No symbol type information", first.span)
    if reader.is_over:
        raise reader.unexpected()
    second = reader.take()
    left = f"{word} {second.text}"
    if word == "fib":
        if reader.is_at("."):
            raise LabLacks(f"{left} .")
        reader.expect_word("type")
        left = f"{left} type"
    if left in SELECTORS:
        return left
    if second.text in _OTHER_FIELDS.get(word, "").split():
        raise LabLacks(left)
    raise BadInput(f"syntax error, unexpected {second.told}", second.span)


def _test(reader: Reader, at: Names) -> Test | VerdictMap:
    if reader.next.kind != "word":
        raise reader.unexpected()
    left = _left(reader)
    kind = SELECTORS[left]
    if reader.is_at(".") or reader.is_at("&", "and", "|", "or"):
        raise LabLacks(f"{left} {reader.next.text}")
    if reader.accept("vmap"):
        return _verdict_map(reader, left, at)
    said = reader.take().text if reader.is_at(*_OPERATORS) else ""
    op = _SPELLED.get(said, said) or "=="
    if reader.is_over:
        raise reader.unexpected()
    if reader.next.kind == "set":
        token = reader.take()
        at[f"set {token.text}"] = token.span
        return Test(left, op, (token.text,), "named")
    if reader.is_at("{"):
        inside = _in_braces(reader, kind)
        shape = "set" if len(inside) > 1 else ""  # of one value nft makes no set
        return Test(left, op, in_order(kind, dict.fromkeys(inside)), shape)
    if reader.is_at("(", "$", "&"):
        raise LabLacks(f"{left} {reader.next.text}")
    at[f"link {reader.next.text}"] = reader.next.span
    if kind == "iface_index" and reader.next.text.isdecimal():
        raise LabLacks(f"{left} {reader.next.text}")
    values = [value_of(kind, reader.take())]
    while reader.is_at(",") and kind in FLAGS:
        reader.take()
        values.append(value_of(kind, reader.take()))
    mask: list[str] = []
    if left == "tcp flags" and reader.accept("/"):
        mask.append(value_of(kind, reader.take()))
        while reader.accept(","):
            mask.append(value_of(kind, reader.take()))
    shape = "flags" if len(values) > 1 else ""
    return Test(left, op, in_order(kind, dict.fromkeys(values)), shape, in_order(kind, mask))


def _in_braces(reader: Reader, kind: str) -> list[str]:
    reader.expect_mark("{")
    values = []
    while True:
        if reader.next.kind not in ("word", "quoted"):
            raise reader.unexpected()
        values.append(value_of(kind, reader.take()))
        if not reader.accept(",") or reader.is_at("}"):
            break
    reader.expect_mark("}")
    return values


def _verdict_map(reader: Reader, left: str, at: Names) -> VerdictMap:
    if reader.next.kind == "set":
        token = reader.take()
        at[f"set {token.text}"] = token.span
        return VerdictMap(left, token.text)
    kind = SELECTORS[left]
    reader.expect_mark("{")
    found: dict[str, Verdict] = {}
    while not reader.is_at("}"):
        key = value_of(kind, reader.take())
        reader.expect_word(":")
        found[key] = read_verdict(reader, at)
        if not reader.accept(","):
            break
    reader.expect_mark("}")
    return VerdictMap(left, "", tuple((key, found[key]) for key in in_order(kind, found)))
