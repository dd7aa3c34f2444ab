"""`iptables`, `ip6tables` and their `-save` at a lab host: look at rules, add and remove them (iptables 1.8.9).

Docker writes its rules with the same program; whatever a student changes here is what packets meet next.
"""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.commands.ip6tables import of_ip6tables
from dnetlab.commands.iptables import TABLES, TARGETS, Command, parse_iptables
from dnetlab.commands.iptables_modules import BANNER, IptablesError, NotModelled, problem
from dnetlab.commands.net_usage import IPTABLES
from dnetlab.model import Chain, Rule, Table
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, ip_address
from dnetlab.model.netfilter import BUILTIN, empty_table
from dnetlab.net.matches import sets_of
from dnetlab.sim.clock import moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.text.rules import (
    Style,
    chains_in_order,
    fragment_column,
    list_text,
    rule_row,
    rule_text,
    rules_text,
    save_text,
    target_column,
)
from dnetlab.sim.tools import iptables_restore
from dnetlab.sim.tools.iptables_place import Place
from dnetlab.sim.tools.lookup import hosts_file
from dnetlab.sim.tools.options import BadOption, parse

NO_CHAIN = "iptables: No chain/target/match by that name.\n"
BAD_RULE = "iptables: Bad rule (does a matching rule exist in that chain?).\n"
NAT_ONLY = {  # target -> where the kernel takes it: (table, built-in chains)
    "DNAT": ("nat", ("PREROUTING", "OUTPUT")),
    "REDIRECT": ("nat", ("PREROUTING", "OUTPUT")),
    "SNAT": ("nat", ("POSTROUTING", "INPUT")),
    "MASQUERADE": ("nat", ("POSTROUTING",)),
    "CT": ("raw", ("PREROUTING", "OUTPUT")),
    "TTL": ("mangle", ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")),
    "HL": ("mangle", ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")),
    "NOTRACK": ("raw", ("PREROUTING", "OUTPUT")),
    "REJECT": ("filter", ("INPUT", "FORWARD", "OUTPUT")),
}
SAVE_ORDER = ("mangle", "security", "raw", "filter", "nat")  # the order iptables-save 1.8.9 lists tables in


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`iptables …`, `iptables-save …`, and the same of IPv6 under the name ip6tables."""
    name = argv[0].rsplit("/", 1)[-1]
    if name.startswith("ip6tables"):
        done = _run(Place(context, 6), name.endswith("-save"), argv)
        return replace(done, stdout=of_ip6tables(done.stdout), stderr=of_ip6tables(done.stderr))
    return _run(Place(context, 4), name.endswith("-save"), argv)


def restore(context: Context, argv: tuple[str, ...]) -> Result:
    """`iptables-restore [FILE]`, and ip6tables-restore."""
    name = argv[0].rsplit("/", 1)[-1]
    done = iptables_restore.restore(Place(context, 6 if name.startswith("ip6") else 4), argv[1:], _of_a_table)
    return replace(done, stderr=of_ip6tables(done.stderr)) if name.startswith("ip6") else done


def _of_a_table(place: Place, table: str, words: list[str]) -> Result:
    return _run(place, False, ("iptables", "-t", table, *words))


def legacy(context: Context, argv: tuple[str, ...]) -> Result:
    """`iptables-legacy`: the older kernel tables, in which a host of the lab has nothing."""
    if argv[0].endswith("-save"):
        return Result()
    try:
        command = parse_iptables(argv[1:])
    except IptablesError as error:
        return Result("", error.text.replace("(nf_tables)", "(legacy)"), error.code)
    except NotModelled as error:
        raise Refused(error.why, error.instead) from None
    if command.verb == "V":
        return Result("iptables v1.8.9 (legacy)\n")
    if command.verb in "LS":
        return _list(context, empty_table(command.table), command, 4)
    raise Refused("A second firewall beside the one that Docker uses, iptables-legacy, is not modelled.",
                  "iptables changes the rules that packets of the lab meet.")  # fmt: skip


def _run(context: Place, save: bool, argv: tuple[str, ...]) -> Result:
    if save:
        return _save(context, argv[1:])
    try:
        return _do(context, parse_iptables(argv[1:], lambda name: _addresses_of(context, name), context.version))
    except IptablesError as error:
        return Result("", error.text, error.code)
    except NotModelled as error:
        raise Refused(error.why, error.instead) from None


def _addresses_of(place: Place, name: str) -> list[IpAddress]:
    """What /etc/hosts says; the lab's resolver never answers."""
    context = place.context
    text = context.world.files.get((context.host, context.container or "", "/etc/hosts"), "")
    rows = [line.split("#")[0].split() for line in text.splitlines()]
    found = [ip_address(row[0]) for row in rows if name in row[1:]]
    return [ip for ip in found if ip.version == place.version]


def _do(context: Place, command: Command) -> Result:
    if command.verb == "V":
        return Result("iptables v1.8.9 (nf_tables)\n")
    if command.verb == "h":
        return Result(IPTABLES)
    table = context.netfilter.table(command.table)
    if command.verb in "LS":
        listed = _list(context.context, table, command, context.version)
        if command.zero:
            _zero(context, _with_builtin(table), command)
        return listed
    _check_target(table, command)
    _check_sets(context, command)
    doers: dict[str, Callable[[Place, Table, Command], Result]] = {
        "A": _add, "I": _add, "D": _delete, "R": _replace, "C": _check, "F": _flush, "Z": _zero, "N": _new_chain,
        "X": _delete_chain, "E": _rename, "P": _policy,
    }  # fmt: skip
    return doers[command.verb](context, table, command)


def _check_sets(place: Place, command: Command) -> None:
    """A rule may ask only a set that is there, and is of its family."""
    for name in (name for rule in command.rules for name in sets_of(rule)):
        found = place.context.stack.ipset(name)
        if found is None:
            raise problem(f"Set {name} doesn't exist.\n")
        version = 6 if found.option("family") == "inet6" else 4
        if found.option("family") and version != place.version:
            raise problem(f"The protocol family of set {name} is IPv{version}, which is not applicable.\n")


# -- listing ----------------------------------------------------------------------------------------------------------


def _list(context: Context, table: Table, command: Command, version: int) -> Result:
    chains = chains_in_order(table)
    if command.chain is not None:
        chains = [c for c in chains if c.name == command.chain]
        if not chains:
            text = f"{BANNER}chain `{command.chain}' in table `{table.name}' is incompatible, use 'nft' tool.\n"
            return Result("", text, 1)
    if command.verbose > 1:
        raise Refused("`iptables -vv` prints the kernel's own rule code, which the lab doesn't have.", "Use -v once.")
    names = {} if command.numeric else {address: names[0] for address, names in reversed(hosts_file(context))}
    style = Style(command.numeric, command.verbose > 0, command.exact, command.line_numbers, version, names)
    if command.number is not None:
        rules = chains[0].rules[command.number - 1 : command.number]
        if command.verb == "S":
            return Result("".join(rule_text(chains[0], rule, style.verbose) + "\n" for rule in rules))
        return Result("".join(rule_row(rule, style, command.number) for rule in rules))
    if command.verb == "S":
        return Result(rules_text(table, chains, style.verbose))
    return Result(list_text(table, chains, style))


def _save(context: Place, words: tuple[str, ...]) -> Result:
    try:
        options, rest = parse(words, "bcdt:M:f:46V", ("table=", "counters", "modprobe=", "file=", "version"))
    except BadOption as error:
        text = f"iptables-save: {error}\nLook at manual page `iptables-save.8' for more information.\n"
        return Result("", text, 1)
    given = dict(options)
    if rest:
        return Result("", "Unknown arguments found on commandline\n", 1)
    if given.keys() & {"-V", "--version"}:
        return Result("iptables-save v1.8.9 (nf_tables)\n")
    if given.keys() & {"-f", "--file"}:
        raise Refused("Writing rules to a file is not modelled.", "`iptables-save` prints them.")
    name = given.get("-t") or given.get("--table")
    if name is not None and name not in TABLES:
        return Result("", f"Table `{name}' does not exist\n", 1)
    netfilter = context.netfilter
    known = {table.name for table in netfilter.tables}
    names = [name] if name else [table for table in SAVE_ORDER if table in known]
    date = f"{moment(context.context.world.clock):%a %b %e %H:%M:%S %Y}"
    counters = bool(given.keys() & {"-c", "--counters"})
    return Result("".join(save_text(netfilter.table(name), date, counters) for name in names))


# -- changing rules ---------------------------------------------------------------------------------------------------


def _check_target(table: Table, command: Command) -> None:
    """A jump goes to a target that exists or to a chain of this table."""
    for rule in command.rules:
        name = rule.target.name
        if name and (name not in TARGETS or rule.target.goto) and table.chain(name) is None:
            raise problem(f"Chain '{name}' does not exist")


def _kernel_takes(table: Table, chain: str, rule: Rule, verb: str) -> None:
    """The kernel knows where a target makes sense: DNAT only before routing, MASQUERADE only after."""
    bases = frozenset({chain}) if chain in BUILTIN[table.name] else _bases(table, chain)
    if any(_is_wrong(table, one, bases) for one in (rule, *_led_to(table, rule))):
        raise _refusal(verb, "Invalid argument", f"rule in chain {chain}")
    if rule.target.name in BUILTIN[table.name]:
        why = "Operation not supported" if rule.target.name == chain else "No such file or directory"
        raise _refusal(verb, why, f"rule in chain {chain}")


def _is_wrong(table: Table, rule: Rule, bases: frozenset[str]) -> bool:
    where, protocol = NAT_ONLY.get(rule.target.name), rule.get("-p")
    if where is not None and (table.name != where[0] or not bases <= set(where[1])):
        return True
    tcp = protocol is not None and protocol.value == "tcp" and not protocol.negated
    if rule.target.option("--reject-with") == "tcp-reset" and not tcp:
        return True
    return any(_is_misplaced(table, base, rule, m.module) for m in rule.matches for base in bases or ("",))


def _led_to(table: Table, rule: Rule) -> list[Rule]:
    """The rules that a jump leads to, as far as jumps lead."""
    found: list[Rule] = []
    names, left = set(), [rule.target.name]
    while left:
        chain = table.chain(left.pop())
        if chain is not None and chain.policy is None and chain.name not in names:
            names.add(chain.name)
            found += chain.rules
            left += [one.target.name for one in chain.rules]
    return found


def _bases(table: Table, chain: str) -> frozenset[str]:
    """The built-in chains whose packets come to a chain of one's own, as far as jumps lead: the kernel tries the rules
    of the whole table anew, from each hook (nf_tables_validate)."""
    found: set[str] = set()
    left = [chain]
    while left:
        name = left.pop()
        callers = {c.name for c in table.chains if any(rule.target.name == name for rule in c.rules)} - found
        found |= callers
        left += callers
    return frozenset(found & set(BUILTIN[table.name]))


def _is_misplaced(table: Table, builtin: str, rule: Rule, module: str) -> bool:
    """Is a match where the kernel doesn't take it? builtin: a chain whose packets it meets, '' for none."""
    if module == "owner":
        return builtin not in ("", "OUTPUT", "POSTROUTING")
    if module == "mac":
        return builtin in ("OUTPUT", "POSTROUTING")
    if module == "socket":
        return builtin not in ("", "PREROUTING", "INPUT")
    if module == "rpfilter":
        return table.name not in ("raw", "mangle") or builtin not in ("", "PREROUTING")
    protocol = rule.get("-p")
    return module == "tcpmss" and (protocol is None or protocol.value != "tcp" or protocol.negated)


def _ask_kernel(context: Place, table: Table, chain: Chain, rule: Rule, verb: str) -> None:
    """A rule that the kernel doesn't take has got a handle, and so has the chain that was made for it."""
    try:
        _kernel_takes(table, chain.name, rule, verb)
    except IptablesError:
        if any(t.name == table.name for t in context.netfilter.tables):
            context.put(replace(table, next_handle=table.next_handle + 1 + (not chain.handle)))
        raise


def _refusal(verb: str, why: str, where: str) -> IptablesError:
    names = {"A": "RULE_APPEND", "I": "RULE_INSERT", "R": "RULE_REPLACE"}
    return IptablesError(f"{BANNER} {names.get(verb, verb)} failed ({why}): {where}\n", 4)


def _chain(table: Table, command: Command) -> Chain:
    chain = table.chain(command.chain or "")
    if chain is None:
        raise IptablesError(NO_CHAIN, 1)
    return chain


def _spoken(rules: tuple[Rule, ...]) -> str:
    """What -v says about each rule."""
    text = ""
    for rule in rules:
        row = rule_row(rule, Style(numeric=True, verbose=True))[12:].rstrip("\n")
        text += _verbose_row(rule, row)
    return text


def _verbose_row(rule: Rule, row: str) -> str:
    def one(option: str, default: str) -> str:
        match = rule.get(option)
        if match is None:
            return default
        value = str(match.network.network_address) if option in "-s-d" and match.value.endswith("/32") else match.value
        return ("!" if match.negated else "") + value

    protocol = one("-p", "all")
    opt = fragment_column(rule)
    rest = row[row.index(opt) + 3 :]
    columns = rest.split(None, 4)
    tail = f" {columns[4].rstrip()}" if len(columns) > 4 else ""
    return (f"{target_column(rule)}  {protocol} opt {opt} in {one('-i', '*')} out {one('-o', '*')}  "
            f"{one('-s', '0.0.0.0/0')}  -> {one('-d', '0.0.0.0/0')}  {tail}\n")


def _add(context: Place, table: Table, command: Command) -> Result:
    chain = _chain(table, command)
    for rule in command.rules:
        _ask_kernel(context, table, chain, rule, command.verb)
        if command.verb == "A":
            rules = (*chain.rules, rule)
        else:
            at = (command.number or 1) - 1
            if at > len(chain.rules):
                return Result("", "iptables: Index of insertion too big.\n", 1)
            rules = (*chain.rules[:at], rule, *chain.rules[at:])
        table = table.with_chain(replace(chain, rules=rules))
        chain = _chain(table, command)
    context.put(table)
    return Result(_spoken(command.rules) if command.verbose else "")


def _is_made(table: Table, chain: Chain) -> bool:
    """Is the chain in the kernel? nf_tables makes a built-in one with its first rule or policy, and dockerd made those
    that it uses (observed on 20.10.24 and 28.5.2)."""
    if chain.name not in BUILTIN[table.name] or chain.rules or chain.policy != "ACCEPT":
        return True
    return table.chain("DOCKER") is not None and (table.name, chain.name) in _DAEMONS_CHAINS


_DAEMONS_CHAINS = {("filter", "FORWARD"), ("nat", "PREROUTING"), ("nat", "POSTROUTING"), ("nat", "OUTPUT")}


def _delete(context: Place, table: Table, command: Command) -> Result:
    if command.number is not None:
        chain = _chain(table, command)
        if command.number > len(chain.rules):
            known = _is_made(table, chain)
            return Result("", "iptables: Index of deletion too big.\n" if known else NO_CHAIN, 1)
        left = (*chain.rules[: command.number - 1], *chain.rules[command.number :])
        context.put(table.with_chain(replace(chain, rules=left)))
        return Result()
    found = table.chain(command.chain or "")
    if found is None:
        return Result("", BAD_RULE, 1)
    for rule in command.rules:
        at = next((i for i, r in enumerate(found.rules) if r.same_as(rule)), None)
        if at is None:
            return Result("", BAD_RULE, 1)
        found = replace(found, rules=(*found.rules[:at], *found.rules[at + 1 :]))
    context.put(table.with_chain(found))
    return Result(_spoken(command.rules) if command.verbose else "")


def _replace(context: Place, table: Table, command: Command) -> Result:
    chain, at = _chain(table, command), (command.number or 1) - 1
    if at >= len(chain.rules):
        known = _is_made(table, chain)
        return Result("", "iptables: Index of replacement too big.\n" if known else NO_CHAIN, 1)
    _kernel_takes(table, chain.name, command.rules[0], "R")
    rule = command.rules[0].numbered(chain.rules[at].handle)
    context.put(table.with_chain(replace(chain, rules=(*chain.rules[:at], rule, *chain.rules[at + 1 :]))))
    return Result(_spoken(command.rules) if command.verbose else "")


def _check(context: Place, table: Table, command: Command) -> Result:
    chain = table.chain(command.chain or "")
    for rule in command.rules:
        if chain is None or not any(r.same_as(rule) for r in chain.rules):
            return Result("", BAD_RULE, 1)
    return Result(_spoken(command.rules) if command.verbose else "")


def _chosen(table: Table, command: Command) -> list[Chain]:
    if command.chain is None:
        return chains_in_order(table)
    return [_chain(table, command)]


def _flush(context: Place, table: Table, command: Command) -> Result:
    """-F leaves policies as they are: after it a FORWARD of policy DROP drops everything."""
    chosen, text = _chosen(table, command), ""
    for chain in chosen:
        if command.chain is not None or chain.handle:  # without a name it makes no chain
            table = table.with_chain(replace(chain, rules=()))
        text += f"Flushing chain `{chain.name}'\n" if command.verbose else ""
    if command.chain is not None or any(t.name == table.name for t in context.netfilter.tables):
        context.put(table)
    return Result(text)


def _zero(context: Place, table: Table, command: Command) -> Result:
    for chain in (chain for chain in _chosen(table, command) if chain.handle or command.chain is not None):
        if command.number is not None and command.verb == "Z":
            rules = tuple(replace(r, packets=0, bytes=0) if n == command.number else r
                          for n, r in enumerate(chain.rules, 1))
            table = table.with_chain(replace(chain, rules=rules))
        else:
            rules = tuple(replace(r, packets=0, bytes=0) for r in chain.rules)
            counts = chain.policy is not None and _is_made(table, chain)
            table = table.with_chain(replace(chain, rules=rules, packets=0, bytes=0, counts=counts))
    if any(t.name == table.name for t in context.netfilter.tables):
        context.put(table)
    return Result()


# -- changing chains --------------------------------------------------------------------------------------------------


def _new_chain(context: Place, table: Table, command: Command) -> Result:
    name = command.chain or ""
    if table.chain(name) is not None:
        return Result("", "iptables: Chain already exists.\n", 1)
    context.put(table.with_chain(Chain(name)))
    return Result()


def _delete_chain(context: Place, table: Table, command: Command) -> Result:
    """-X removes a chain without rules that nobody jumps to; without a name, all of them or none."""
    if command.chain in BUILTIN[table.name]:
        chain = table.chain(command.chain or "")
        if chain is not None and chain.policy != "ACCEPT":
            return Result("", "iptables: Directory not empty.\n", 1)
        if chain is not None and chain.rules:
            return Result("", f"{BANNER} CHAIN_DEL failed (Device or resource busy): chain {chain.name}\n", 4)
        if not any(t.name == table.name for t in context.netfilter.tables):
            return Result("", NO_CHAIN, 1)
        if chain is None or chain.name not in table.standing:
            return Result("", NO_CHAIN, 1)
        context.put(_unneeded(table, [chain]))
        return Result()
    chosen = [c for c in _chosen(table, command) if c.name not in BUILTIN[table.name]]
    text = ""
    for chain in chosen:
        if chain.rules or table.references(chain.name):
            why = f"{BANNER} CHAIN_DEL failed (Device or resource busy): chain {chain.name}\n"
            return Result("", why, 4)
        text += f"Deleting chain `{chain.name}'\n" if command.verbose else ""
    for chain in chosen:
        table = table.without_chain(chain.name)
    if command.chain is None:
        empty = [table.chain(name) for name in table.standing if name in BUILTIN[table.name]]
        table = _unneeded(table, [c for c in empty if c is not None and not c.rules and c.policy == "ACCEPT"])
    if any(t.name == table.name for t in context.netfilter.tables):
        context.put(table)
    return Result(text)


def _unneeded(table: Table, chains: list[Chain]) -> Table:
    """The table without those built-in chains: they are made anew when somebody needs them."""
    gone = {chain.name for chain in chains}
    kept = tuple(Chain(c.name, policy="ACCEPT") if c.name in gone else c for c in table.chains)
    return replace(table, chains=kept, made=tuple(name for name in table.made if name not in gone))


def _with_builtin(table: Table) -> Table:
    """`-L -Z` makes those that are missing (observed with 1.8.9)."""
    for name in BUILTIN[table.name]:
        chain = table.chain(name)
        table = table.with_chain(chain) if chain is not None else table
    return table


def _rename(context: Place, table: Table, command: Command) -> Result:
    if table.chain(command.new_name) is not None:
        return Result("", "iptables: File exists.\n", 1)
    if command.chain in BUILTIN[table.name]:
        raise Refused("Renaming a built-in chain is not modelled.", "Make a chain of your own with `iptables -N`.")
    _chain(table, command)
    old, new = command.chain, command.new_name

    def renamed(rule: Rule) -> Rule:
        return replace(rule, target=replace(rule.target, name=new)) if rule.target.name == old else rule

    chains = tuple(
        replace(c, name=new if c.name == old else c.name, rules=tuple(renamed(r) for r in c.rules))
        for c in table.chains
    )
    context.put(replace(table, chains=chains))
    return Result()


def _policy(context: Place, table: Table, command: Command) -> Result:
    if command.policy not in ("ACCEPT", "DROP"):
        return Result("", "iptables: Bad policy name. Run `dmesg' for more information.\n", 1)
    if command.chain not in BUILTIN[table.name]:
        return Result("", "iptables: Bad built-in chain name.\n", 1)
    chain = table.chain(command.chain or "") or Chain(command.chain or "")
    context.put(table.with_chain(replace(chain, policy=command.policy, counts=True)))
    return Result()


