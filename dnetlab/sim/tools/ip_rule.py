"""`ip rule list|add|del|flush`: which routing table a packet is looked up in (iproute2 6.1)."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from typing import Any

from dnetlab.commands.ip import IpError, IpLine, Options
from dnetlab.model import PolicyRule
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpInterface
from dnetlab.model.route import table_name
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import Errno, KernelError
from dnetlab.sim.tools.ip_show import Words, as_json, prefix
from dnetlab.sim.tools.rt_tables import name_of, table_of

_NUMBERED = ("preference", "order", "priority")
_REFUSING = ("blackhole", "unreachable", "prohibit")
_NOT_READ = ("tos", "dsfield", "uidrange", "ipproto", "sport", "dport", "suppress_prefixlength", "sup_pl", "realms",
             "suppress_ifgroup", "sup_group", "l3mdev", "goto", "nop", "nat", "map-to", "protocol")  # fmt: skip


def run(context: Context, line: IpLine) -> Result:
    """`ip rule VERB …`. Raises IpError, KernelError, Refused."""
    verbs: dict[str, Callable[[Context, IpLine], Result]] = {"show": _show, "add": _add, "delete": _delete,
                                                             "flush": _flush}  # fmt: skip
    if line.verb not in verbs:
        raise Refused("`ip rule {verb}` is not modelled.", "`ip rule` shows them, add and del change them.",
                      verb=line.verb)  # fmt: skip
    return verbs[line.verb](context, line)


def _add(context: Context, line: IpLine) -> Result:
    if not line.words:
        raise IpError('"ip rule add" requires arguments.', 1)
    rule, given = _read(context, line, PolicyRule(0, line.options.family or 4))
    _check_family(rule)
    context.kernel.add_rule(rule, "pref" in given)
    return Result()


def _delete(context: Context, line: IpLine) -> Result:
    if not line.words:
        raise IpError('"ip rule del" requires arguments.', 1)
    rule, given = _read(context, line, PolicyRule(0, line.options.family or 4))
    context.kernel.delete_rule(_like(rule, given))
    return Result()


def _like(rule: PolicyRule, given: set[str]) -> Callable[[PolicyRule], bool]:
    """Is a row one that `ip rule del` means? What was not said does not count."""
    fields = [name for word, name in _FIELDS.items() if word in given]

    def takes(row: PolicyRule) -> bool:
        fits = row.version == rule.version and all(getattr(row, name) == getattr(rule, name) for name in fields)
        if fits and row.priority == 0 and row.kernel:
            raise Refused("The rule that asks the table local first can't be taken away in the lab.",
                          "Take away another one: `ip rule del pref N`.")  # fmt: skip
        return fits

    return takes


_FIELDS = {"from": "source", "to": "destination", "iif": "iif", "oif": "oif", "fwmark": "mark", "mask": "mask",
           "pref": "priority", "table": "table", "action": "action", "not": "negated"}  # fmt: skip


def _flush(context: Context, line: IpLine) -> Result:
    """All but those of number 0, or those of a table."""
    rule, given = _read(context, line, PolicyRule(0, line.options.family or 4))
    for row in context.stack.rules:
        mine = row.version == rule.version and ("table" not in given or row.table == rule.table)
        if mine and row.priority:
            context.kernel.delete_rule(row.__eq__)
    return Result()


def _check_family(rule: PolicyRule) -> None:
    for network, name in ((rule.source, "source"), (rule.destination, "destination")):
        if network is not None and network.version != rule.version:
            raise KernelError(Errno.EINVAL, f"Invalid {name} address.")


def _read(context: Context, line: IpLine, rule: PolicyRule) -> tuple[PolicyRule, set[str]]:
    """The words of `ip rule add|del`, and what was said."""
    words, given, family = Words(line.words), set[str](), line.options.family
    while words:
        word = words.next()
        if word == "not":
            rule, key = replace(rule, negated=True), "not"
        elif word == "from":
            rule, key = replace(rule, source=_interface(words.next(), family)), "from"
        elif word == "to":
            rule, key = replace(rule, destination=_interface(words.next(), family)), "to"
        elif len(word) > 1 and any(full.startswith(word) for full in _NUMBERED):
            rule, key = replace(rule, priority=_number(words.next(), "preference")), "pref"
        elif word == "fwmark":
            rule, key = _marked(rule, words.next()), "fwmark"
            given |= {"mask"} if rule.mask != 0xFFFFFFFF else set()
        elif word in ("dev", "iif"):
            rule, key = replace(rule, iif=words.next()), "iif"
        elif word == "oif":
            rule, key = replace(rule, oif=words.next()), "oif"
        elif word and ("table".startswith(word) or word == "lookup"):
            rule, key = replace(rule, table=_table(context, words.next())), "table"
        elif word in _NOT_READ:
            raise Refused("`ip rule … {word}` is not modelled.",
                          "from, to, iif, oif, fwmark, pref, table, blackhole, unreachable and prohibit are.",
                          word=word)  # fmt: skip
        else:
            rule, key = replace(rule, action=_action(words.next() if word == "type" else word)), "action"
        given.add(key)
    if rule.action != "lookup" and "table" not in given:
        rule = replace(rule, table=0)
    return rule, given


def _action(word: str) -> str:
    if word not in _REFUSING:
        raise IpError(f'Error: argument "{word}" is wrong: Failed to parse rule type')
    return word


def _interface(word: str, family: int) -> IpInterface | None:
    """A network with the address that was typed; None for all of them."""
    network = prefix(word, family)
    if network.prefixlen == 0:
        return None
    typed = word.split("/")[0]
    try:
        found: IPv4Interface | IPv6Interface = ip_interface(f"{typed}/{network.prefixlen}")
    except ValueError:
        found = ip_interface(network)
    return found


def _number(word: str, what: str) -> int:
    try:
        return int(word, 0)
    except ValueError:
        raise IpError(f'Error: argument "{word}" is wrong: {what} value is invalid\n\n') from None


def _marked(rule: PolicyRule, word: str) -> PolicyRule:
    mark, slash, mask = word.partition("/")
    bits = _number(mask, "fwmask") if slash else 0xFFFFFFFF
    number = _number(mark, "fwmark")
    return replace(rule, mark=number, mask=bits if number or slash else 0)


def _table(context: Context, word: str) -> int:
    found = table_of(context, word)
    if found is None:
        raise IpError(f'Error: argument "{word}" is wrong: invalid table ID\n\n')
    return found


# -- what it shows ----------------------------------------------------------------------------------------------------


def _show(context: Context, line: IpLine) -> Result:
    wanted, given = _asked(context, line)
    fields = [name for word, name in _FIELDS.items() if word in given]
    rows = [r for r in context.stack.rules if r.version == wanted.version and _shown(r, wanted, fields)]
    if line.options.json:
        return as_json([_json(context, r) for r in rows], line.options)
    return Result("".join(f"{line_of(context, r, line.options)}\n" for r in rows))


def _asked(context: Context, line: IpLine) -> tuple[PolicyRule, set[str]]:
    words = line.words
    if words[:1] and words[0] in ("all", "default", "any"):
        words = words[1:]
    family = line.options.family or 4
    if (
        words
        and words[0] not in ("from", "to", "iif", "oif", "dev", "fwmark", "table", "lookup", "not")
        and not any(full.startswith(words[0]) for full in _NUMBERED)
    ):
        words = ("to", *words)
    options = replace(line.options, family=family)
    return _read(context, replace(line, words=words, options=options), PolicyRule(0, family))


def _shown(row: PolicyRule, wanted: PolicyRule, fields: list[str]) -> bool:
    """A network asks for all rows that lie in it."""
    for name in fields:
        have, want = getattr(row, name), getattr(wanted, name)
        if name in ("source", "destination") and want is not None:
            if have is None or have.network.prefixlen < want.network.prefixlen or have.ip not in want.network:
                return False
        elif have != want:
            return False
    return True


def line_of(context: Context, rule: PolicyRule, options: Options) -> str:
    """A row as iproute2 prints it."""
    text = rule.text
    for word, name in (("iif", rule.iif), ("oif", rule.oif)):
        if name and context.stack.interface(name) is None:
            text = text.replace(f"{word} {name}", f"{word} {name} [detached]")
    if rule.action == "lookup":
        text = text.removesuffix(table_name(rule.table)) + name_of(context, rule.table)
    told = f" proto {'kernel' if rule.kernel else 'unspec'}" if options.details else ""
    return f"{rule.priority}:\t{text}{told}"


def _json(context: Context, rule: PolicyRule) -> dict[str, Any]:
    found: dict[str, Any] = {"priority": rule.priority}
    found |= {"not": None} if rule.negated else {}
    found |= _network(rule.source, "src", "srclen") or {"src": "all"}
    found |= _network(rule.destination, "dst", "dstlen")
    if rule.mask:
        found["fwmark"] = f"{rule.mark:#x}"
        found |= {"fwmask": f"{rule.mask:#x}"} if rule.mask != 0xFFFFFFFF else {}
    for word, name in (("iif", rule.iif), ("oif", rule.oif)):
        if name:
            found[word] = name
            found |= {f"{word}_detached": None} if context.stack.interface(name) is None else {}
    look = rule.action == "lookup"
    return found | ({"table": name_of(context, rule.table)} if look else {"action": rule.action})


def _network(network: IpInterface | None, name: str, length: str) -> dict[str, Any]:
    if network is None:
        return {}
    whole = network.network.prefixlen == network.max_prefixlen
    return {name: str(network.ip)} | ({} if whole else {length: network.network.prefixlen})
