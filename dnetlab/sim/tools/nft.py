"""`nft` 1.0.6: its own tables shown and changed, and those of iptables shown. Words as recorded in a network namespace.

What changes tables happens as a whole or not at all, a file too. The tables that iptables made are iptables' to change:
only to flush or delete them nft is heard.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable

from dnetlab.commands.nft import BadInput, Command, LabLacks, parse
from dnetlab.model import NftTable
from dnetlab.model.changed import replace
from dnetlab.model.netfilter import Netfilter
from dnetlab.model.nftables import Nftables
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel.nftables import MISSING, Batch, KernelRefuses
from dnetlab.sim.text.nft import Style
from dnetlab.sim.tools import nft_change, nft_list, nft_monitor, tree
from dnetlab.sim.tools.nft_misspelt import hint
from dnetlab.sim.tools.nft_options import Options, UsageProblem, read_options
from dnetlab.sim.tools.permission import may_configure

_DENIED = (
    "Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted\n"
)


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`nft [OPTIONS] COMMANDS` and `nft [OPTIONS] -f FILE`."""
    try:
        options = read_options(argv[1:])
    except UsageProblem as said:
        return Result(said.stdout, said.stderr, said.code)
    if not may_configure(context):
        return Result("", _DENIED, 1)
    text, file = options.words, ""
    if options.file:
        file = "/dev/stdin" if options.file == "-" else options.file
        found = _read(context, options.file)
        if found is None:
            problem = f'Could not open file "{options.file}": No such file or directory'
            return Result("", f"internal:0:0-0: Error: {problem}\n\n\n", 1)
        text = found
    return _run(context, options, text, file)


def _read(context: Context, file: str) -> str | None:
    """The text of a file, or of what a pipe brought; None: no such file."""
    if file == "-":
        return context.stdin or ""
    try:
        return tree.read(context, tree.absolute(context, file))
    except OSError:
        return None


def _run(context: Context, options: Options, text: str, file: str) -> Result:
    def kind_of(family: str, table: str, name: str) -> str:
        home = context.stack.nftables.table(family, table)
        known = home.set(name) if home is not None else None
        return known.kind if known is not None else ""

    try:
        commands = parse(text, kind_of)
        return _obey(context, options, commands)
    except BadInput as error:
        return Result("", error.shown(text, file), 1)
    except LabLacks as error:
        raise Refused(
            "The lab's nft doesn't do `{what}`.",
            "It has tables of the families ip, ip6 and inet, with chains, rules, sets and maps of verdicts.",
            what=error.what,
        ) from None


def _obey(context: Context, options: Options, commands: list[Command]) -> Result:
    """All commands, or none when the kernel refuses one."""
    stack = context.stack
    work = nft_change.Work(stack.nftables, {4: stack.netfilter, 6: stack.netfilter6}, _links(context))
    stdout, stderr = "", ""
    for command in commands:
        if command.op == "monitor":
            return nft_monitor.begin(context, options)
        if command.op == "list":
            said = _list(context, work, options, command)
            stdout, stderr = stdout + said.stdout, stderr + said.stderr
            continue
        try:
            work.do(command)
        except KernelRefuses as refused:
            raise _problem(context, work, command, refused) from None
    if not options.check:
        _put(context, work)
    return Result(stdout, stderr)


def _spend(context: Context, work: nft_change.Work, command: Command, refused: KernelRefuses) -> None:
    """Nothing of the batch has happened, but numbers that it was given are gone."""
    spent = Batch(replace(context.stack.nftables, made=work.tables.made))
    spent.spend(command.family, command.table, refused.spent)
    context.world.change_namespace(context.where, lambda ns: ns.with_nftables(spent.tables))


def _links(context: Context) -> frozenset[str]:
    return frozenset(link.name for link in context.stack.interfaces)


def _put(context: Context, work: nft_change.Work) -> None:
    stack = context.stack
    if work.tables is stack.nftables and (work.iptables[4], work.iptables[6]) == (stack.netfilter, stack.netfilter6):
        return
    context.world.change_namespace(
        context.where,
        lambda ns: replace(ns, netfilter=work.iptables[4], netfilter6=work.iptables[6]).with_nftables(work.tables),
    )


# -- what it says -----------------------------------------------------------------------------------------------------


def _all_tables(context: Context, tables: Nftables, iptables: dict[int, Netfilter]) -> list[NftTable]:
    """Every table there is, iptables' too, in the order they were made."""
    return nft_list.all_tables(tables, iptables)


def _list(context: Context, work: nft_change.Work, options: Options, command: Command) -> Result:
    tables = _all_tables(context, work.tables, work.iptables)
    style = Style(options.handles, options.stateless, options.terse)
    if (options.handles or options.json) and command.kind not in ("tables", "sets", "maps"):
        for version, family in ((4, "ip"), (6, "ip6")):
            known = [table for table in tables if table.family == family and nft_list.is_wanted(table, command)]
            refuse_unknown(work.iptables[version], {table.name for table in known})
    missing = nft_list.missing(tables, command)
    if missing:
        raise BadInput(MISSING, command.at[missing])
    if options.json:
        rows = [nft_list.METAINFO, *nft_list.rows(tables, command)]
        return Result(json.dumps({"nftables": rows}) + "\n")
    text, warned = nft_list.text(tables, command, style)
    warnings = [f"# Warning: table {label} is managed by iptables-nft, do not touch!\n" for label in warned]
    return Result(text, "".join(warnings))


def refuse_unknown(tables: Netfilter, names: Container[str]) -> None:
    """Refused when one of those tables has handles that the lab doesn't know."""
    for table in tables.tables:
        if table.jumbled and table.name in names:
            raise Refused(
                "In which order Docker has written its rules in the table {name} is not modelled, and so not their "
                "handles.",
                "`iptables -t {name} -L --line-numbers` numbers its rules, for `iptables -D`.", name=table.name,
            )  # fmt: skip


def _problem(context: Context, work: nft_change.Work, command: Command, refused: KernelRefuses) -> BadInput:
    """What nft says when the kernel, or nft itself on the way to it, refuses a command."""
    span = command.at.get(refused.about, command.span)
    own = _said_by_nft(work.tables.tables, command, refused.about) if refused.problem == MISSING else None
    if own is not None:
        return BadInput(own, span)
    _spend(context, work, command, refused)
    return BadInput(f"Could not process rule: {refused.problem}", span)


def _said_by_nft(tables: Iterable[NftTable], command: Command, about: str) -> str | None:
    """Of some of what is missing nft knows itself, and sometimes what was meant (its cache, cmd.c); None: it asks the
    kernel."""
    op, kind = command.op, command.kind
    if about == "table" and any(word.startswith("set ") for word in command.at):
        return MISSING
    changes = op in ("add", "insert", "delete", "replace")
    if about in ("table", "name") and kind in ("rule", "chain", "table") and changes:
        meant = hint(tables, command, about) if op != "delete" or kind == "table" else ""
        own = f"{MISSING}; did you mean {meant}?" if meant else None
        return own or (MISSING if op == "insert" and about == "table" else None)
    if about.startswith("set "):
        meant = hint(tables, command, about)
        return f"{MISSING}; did you mean {meant}?" if meant else MISSING
    by_itself = kind in ("set", "map", "element") and op != "delete" or kind == "element" or op == "rename"
    return MISSING if about in ("table", "name") and by_itself else None
