"""ipset 7.17: sets of addresses, networks and ports that one rule of iptables asks (`-m set --match-set NAME src`).

    ipset create blocked hash:ip      ipset add blocked 172.25.254.38      ipset list      ipset test blocked 10.0.0.1
"""

from __future__ import annotations

import math
import shlex
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from dnetlab.commands.ipset_words import BANNER, KINDS, OLD_NAMES, OTHER_KINDS, IpsetError, elements, header
from dnetlab.model import Namespace
from dnetlab.model.changed import replace
from dnetlab.model.ipset import IpSet, Member
from dnetlab.net.matches import sets_of
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools.permission import may_configure

_COMMANDS = {
    "create": "create", "n": "create", "-N": "create", "add": "add", "-A": "add", "del": "del", "-D": "del",
    "test": "test", "-T": "test", "destroy": "destroy", "x": "destroy", "-X": "destroy", "list": "list", "-L": "list",
    "save": "save", "-S": "save", "restore": "restore", "-R": "restore", "flush": "flush", "-F": "flush",
    "rename": "rename", "e": "rename", "-E": "rename", "swap": "swap", "w": "swap", "-W": "swap", "help": "help",
    "version": "version", "-v": "version", "--version": "version", "-h": "help", "--help": "help",
}  # fmt: skip
_FLAGS = {"-exist": "exist", "-!": "exist", "-n": "name", "-name": "name", "-t": "terse", "-terse": "terse",
          "-s": "sorted", "-sorted": "sorted", "-q": "quiet", "-quiet": "quiet"}  # fmt: skip
_EXTRAS = (("timeout", 8), ("counters", 16), ("comment", 8))  # bytes beside an element
_LEAST = {"create": 2, "add": 2, "del": 2, "test": 2, "rename": 2, "swap": 2}


@dataclass
class Wish:
    """A line of ipset: its command, its words, and the options that may stand anywhere."""

    command: str = ""
    words: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """Every command of ipset; `restore` reads them from the standard input."""
    try:
        return _run(context, argv[1:])
    except IpsetError as error:
        return Result("", error.text, error.code)


def _run(context: Context, words: tuple[str, ...]) -> Result:
    wish = _read(words)
    if wish.command == "version":
        return Result("ipset v7.17, protocol version: 7\n")
    if wish.command == "help":
        return Result("ipset v7.17\n\nUsage: ipset [options] COMMAND\n")
    if not may_configure(context):
        raise IpsetError("Kernel error received: Operation not permitted")
    return _DOERS[wish.command](context, wish)


def _read(words: Iterable[str]) -> Wish:
    wish = Wish()
    for word in words:
        if word in ("-o", "-output", "-f", "-file", "-r", "-resolve", "-l"):
            raise Refused("ipset {option} is not part of the lab.", "The lab has -exist, -name, -terse, -sorted.",
                          option=word)  # fmt: skip
        if word in _FLAGS:
            wish.flags.add(_FLAGS[word])
        elif not wish.command:
            if word not in _COMMANDS:
                raise IpsetError(f"No command specified: unknown argument {word}", usage=True)
            wish.command = _COMMANDS[word]
        else:
            wish.words.append(word)
    if not wish.command:
        raise IpsetError("No command specified.", usage=True)
    if len(wish.words) < _LEAST.get(wish.command, 0):
        which = "second mandatory" if wish.words else "mandatory"
        raise IpsetError(f"Missing {which} argument to command {wish.command}", usage=True)
    return wish


def _find(context: Context, name: str) -> IpSet:
    found = context.stack.ipset(name)
    if found is None:
        raise IpsetError("The set with the given name does not exist")
    return found


def _put(context: Context, sets: Iterable[IpSet]) -> None:
    kept = tuple(sets)
    context.world.change_namespace(context.where, lambda space: replace(space, sets=kept))


def _change(context: Context, changed: IpSet, old: str = "") -> None:
    """Put a set back in its place; old: the name it had there."""
    _put(context, (changed if one.name == (old or changed.name) else one for one in context.stack.sets))


# -- sets -------------------------------------------------------------------------------------------------------------


def _create(context: Context, wish: Wish) -> Result:
    name, kind, *options = wish.words
    kind = OLD_NAMES.get(kind, kind)
    if len(name) > 31:
        raise IpsetError(f"Syntax error: setname '{name}' is longer than 31 characters")
    if kind in OTHER_KINDS:
        raise Refused("Sets of the kind {kind} are not modelled.", "The lab has {kinds}.", kind=kind,
                      kinds=", ".join(KINDS))  # fmt: skip
    if kind not in KINDS:
        raise IpsetError(f"Syntax error: typename '{kind}' is unknown")
    made = IpSet(name, kind, header(kind, options), (), int(context.world.hex_id(f"ipset:{context.host}", 8), 16))
    old = context.stack.ipset(name)
    if old is not None:
        if "exist" in wish.flags and (old.kind, old.header) == (made.kind, made.header):
            return Result()
        raise IpsetError("Set cannot be created: set with the same name already exists")
    _put(context, (*context.stack.sets, made))
    return Result()


def references(space: Namespace, name: str) -> int:
    """How many rules ask the set, and how many lists hold it."""
    rules = (rule for filters in (space.netfilter, space.netfilter6) for table in filters.tables
             for chain in table.chains for rule in chain.rules)  # fmt: skip
    asked = sum(sets_of(rule).count(name) for rule in rules)
    return asked + sum(one.kind == "list:set" and (name,) in (m.parts for m in one.members) for one in space.sets)


def _destroy(context: Context, wish: Wish) -> Result:
    chosen = [_find(context, name) for name in wish.words[:1]] or list(context.stack.sets)
    if any(references(context.stack, one.name) for one in chosen):
        raise IpsetError("Set cannot be destroyed: it is in use by a kernel component")
    _put(context, (one for one in context.stack.sets if one not in chosen))
    return Result()


def _flush(context: Context, wish: Wish) -> Result:
    chosen = [_find(context, name).name for name in wish.words[:1]] or [one.name for one in context.stack.sets]
    _put(context, (replace(one, members=()) if one.name in chosen else one for one in context.stack.sets))
    return Result()


def _rename(context: Context, wish: Wish) -> Result:
    old, new = wish.words[:2]
    found = _find(context, old)
    if references(context.stack, old):
        raise IpsetError("Set cannot be renamed: it is in use by another system")
    if context.stack.ipset(new) is not None:
        raise IpsetError("Set cannot be renamed: a set with the new name already exists")
    _change(context, replace(found, name=new), old)
    return Result()


def _swap(context: Context, wish: Wish) -> Result:
    one, other = _find(context, wish.words[0]), context.stack.ipset(wish.words[1])
    if other is None:
        raise IpsetError("Sets cannot be swapped: the second set does not exist")
    if one.kind != other.kind:
        raise IpsetError("The sets cannot be swapped: their type does not match")
    names = {one.name: replace(other, name=one.name), other.name: replace(one, name=other.name)}
    _put(context, (names.get(each.name, each) for each in context.stack.sets))
    return Result()


# -- elements ---------------------------------------------------------------------------------------------------------


def _named(context: Context, one: IpSet, word: str) -> list[tuple[str, ...]]:
    """The elements that a word names, which must fit into the set."""
    found = elements(one.kind, dict(one.header), word)
    if one.kind == "list:set" and context.stack.ipset(word) is None:
        raise IpsetError("Set to be added/deleted/tested as element does not exist.")
    span = one.option("range")
    if span is not None and not all(_is_within(parts[0], span) for parts in found):
        raise IpsetError("Element is out of the range of the set")
    return found


def _is_within(part: str, span: str) -> bool:
    low, _, high = span.partition("-")
    return _number(low) <= _number(part) <= _number(high)


def _number(part: str) -> int:
    return int("".join(f"{int(byte):03}" for byte in part.split(".")))


def _add(context: Context, wish: Wish) -> Result:
    one = _find(context, wish.words[0])
    fresh = [_member(context, one, parts, wish.words[2:]) for parts in _named(context, one, wish.words[1])]
    known = {m.parts: m for m in one.alive(context.world.clock)}
    if any(m.parts in known for m in fresh) and "exist" not in wish.flags:
        raise IpsetError("Element cannot be added to the set: it's already added")
    known |= {m.parts: m for m in fresh}
    if len(known) > int(one.option("maxelem") or one.option("size") or 65536):
        raise IpsetError("Hash is full, cannot add more elements")
    _change(context, replace(one, members=tuple(known.values())))
    return Result()


def _member(context: Context, one: IpSet, parts: tuple[str, ...], options: list[str]) -> Member:
    """An element with its timeout and comment."""
    timeout, comment, left = one.option("timeout"), "", list(options)
    while left:
        name = left.pop(0)
        if name not in ("timeout", "comment"):
            if name in ("nomatch", "packets", "bytes", "skbmark", "skbprio", "skbqueue"):
                raise Refused("{name} of an element is not modelled.", "timeout and comment are.", name=name)
            raise IpsetError(f"Unknown argument: `{name}'", usage=True)
        if not left:
            raise IpsetError(f"Missing mandatory argument of option `{name}'", usage=True)
        value = left.pop(0)
        if one.option(name) is None:
            said = f"{name.capitalize()} cannot be used: set was created without {name} support"
            raise IpsetError(said)
        if name == "timeout" and not value.isdecimal():
            raise IpsetError(f"Syntax error: '{value}' is invalid as number")
        timeout, comment = (value, comment) if name == "timeout" else (timeout, value)
    ends = context.world.clock + int(timeout) if timeout and int(timeout) else None
    return Member(parts, ends, comment)


def _del(context: Context, wish: Wish) -> Result:
    one = _find(context, wish.words[0])
    gone = _named(context, one, wish.words[1])
    known = {m.parts: m for m in one.alive(context.world.clock)}
    if any(parts not in known for parts in gone) and "exist" not in wish.flags:
        raise IpsetError("Element cannot be deleted from the set: it's not added")
    _change(context, replace(one, members=tuple(m for parts, m in known.items() if parts not in gone)))
    return Result()


def _test(context: Context, wish: Wish) -> Result:
    one = _find(context, wish.words[0])
    parts = _named(context, one, wish.words[1])[0]
    now = context.world.clock
    held = any(m.parts == parts or _covers(m, parts) for m in one.alive(now))
    if held:
        return Result("", f"Warning: {wish.words[1]} is in set {one.name}.\n")
    return Result("", f"{wish.words[1]} is NOT in set {one.name}.\n", 1)


def _covers(member: Member, parts: tuple[str, ...]) -> bool:
    """Is each part within that of the element?"""
    asked = Member(parts)
    pairs = zip(member.parts, member.networks, parts, asked.networks, strict=True)
    return all(
        own == other if network is None or inner is None else network.version == inner.version and
        int(network.network_address) <= int(inner.network_address) <= int(network.broadcast_address)
        for own, network, other, inner in pairs
    )  # fmt: skip


# -- listing ----------------------------------------------------------------------------------------------------------


def _list(context: Context, wish: Wish) -> Result:
    if len(wish.words) > 1:
        raise IpsetError(f"Unknown argument {wish.words[1]}", usage=True)
    chosen = [_find(context, name) for name in wish.words] or list(context.stack.sets)
    if "name" in wish.flags:
        return Result("".join(f"{one.name}\n" for one in chosen))
    return Result("\n".join(_shown(context, one, wish) for one in chosen))


def _shown(context: Context, one: IpSet, wish: Wish) -> str:
    members = _in_order(one, context.world.clock, "sorted" in wish.flags)
    text = (
        f"Name: {one.name}\nType: {one.kind}\nRevision: {KINDS[one.kind].revision}\nHeader: {_header(one)}\n"
        f"Size in memory: {_size(one, members)}\nReferences: {references(context.stack, one.name)}\n"
        f"Number of entries: {len(members)}\n"
    )
    if "terse" in wish.flags:
        return text
    return text + "Members:\n" + "".join(f"{_element(one, m, context.world.clock)}\n" for m in members)


def _header(one: IpSet) -> str:
    text = " ".join(f"{name} {value}".strip() for name, value in one.header)
    return f"{text} initval {one.seed:#010x}" if one.kind.startswith("hash:") else text


def _size(one: IpSet, members: list[Member]) -> int:
    """Bytes: of what the set was made with, and of a bucket for each element (as recorded for a few of each kind)."""
    kind = KINDS[one.kind]
    low, _, high = (one.option("range") or "0-0").partition("-")
    if kind.more == 0:
        span = _number(high) - _number(low) + 1 if one.kind == "bitmap:ip" else int(high) - int(low) + 1
        return (72 if one.kind == "bitmap:port" else 88) + (span + 63) // 64 * 8
    six = one.option("family") == "inet6"
    element = kind.more + (12 if six else 0)
    extras = sum(size for name, size in _EXTRAS if one.option(name) is not None)
    element = (element + 7) // 8 * 8 + extras if extras else element
    told = sum(len(m.comment.encode()) + 17 for m in members if m.comment)
    empty = {"hash:ip": 224, "hash:net": 1240}.get(one.kind, kind.empty) if six else kind.empty
    return empty + len(members) * (32 + 2 * element) + told


def _in_order(one: IpSet, now: float, by_text: bool) -> list[Member]:
    """A hash has its elements in the order of its buckets, which the seed decides; others in that of their numbers."""
    members = one.alive(now)
    if one.kind == "list:set":
        return list(members)
    if by_text or one.kind.startswith("bitmap:"):
        return sorted(members, key=lambda m: [_number(p) if p.replace(".", "").isdecimal() else 0 for p in m.parts])
    return sorted(members, key=lambda m: zlib.crc32(f"{one.seed}:{m.text}".encode()))


def _left(member: Member, now: float) -> int:
    """Whole seconds until an element goes; the last one is called 1 (ip_set_timeout_get)."""
    return 0 if member.ends is None else max(1, math.ceil(member.ends - now) - 1)


def _element(one: IpSet, member: Member, now: float) -> str:
    text = member.text
    if one.option("timeout") is not None:
        text += f" timeout {_left(member, now)}"
    if one.option("counters") is not None:
        text += f" packets {member.packets} bytes {member.bytes}"
    return text + (f' comment "{member.comment}"' if member.comment else "")


def _save(context: Context, wish: Wish) -> Result:
    chosen = [_find(context, name) for name in wish.words[:1]] or list(context.stack.sets)
    now = context.world.clock
    return Result("".join(
        f"create {one.name} {one.kind} {_header(one)}\n"
        + "".join(f"add {one.name} {_element(one, m, now)}\n" for m in _in_order(one, now, "sorted" in wish.flags))
        for one in chosen))  # fmt: skip


def _restore(context: Context, wish: Wish) -> Result:
    """Every line of the input is a command; the first that fails ends it."""
    for number, row in enumerate((context.stdin or "").splitlines(), 1):
        try:
            words = shlex.split(row, comments=True)
        except ValueError:
            raise IpsetError(f"Error in line {number}: missing close quote") from None
        initval = words.index("initval") if "initval" in words else len(words)
        words = words[:initval] + words[initval + 2 :]
        if not words or words == ["COMMIT"]:
            continue
        try:
            _run(context, (*words, *(("-exist",) if "exist" in wish.flags else ())))
        except IpsetError as error:
            said = error.text.removeprefix(BANNER).splitlines()[0]
            raise IpsetError(f"Error in line {number}: {said}") from None
    return Result()


_DOERS: dict[str, Callable[[Context, Wish], Result]] = {
    "create": _create, "add": _add, "del": _del, "test": _test, "destroy": _destroy, "list": _list, "save": _save,
    "restore": _restore, "flush": _flush, "rename": _rename, "swap": _swap,
}  # fmt: skip
