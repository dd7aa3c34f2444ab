"""The text and file tools of `sim/userland`, at work in a place of the lab."""

from __future__ import annotations

from dnetlab.sim.context import Context, Result
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.login import variables
from dnetlab.sim.tools import tree
from dnetlab.sim.tools.options import is_busybox
from dnetlab.sim.userland import awk, echo, expr, filetools, find, gzips, jq, lines, sed, stat
from dnetlab.sim.userland.seam import Budget, Call, Input, Tool, failure
from dnetlab.sim.userland.sh.conditions import BadTest, Surroundings, holds


def _test(call: Call) -> Result:
    """`test` and `[` as programs: under xargs, timeout and docker exec no shell answers them."""
    words = call.words
    if call.name == "[" and words[-1:] != ("]",):
        return failure("[: missing ‘]’" if call.gnu else "[: missing ]", 2)
    asked = words[:-1] if call.name == "[" else words
    try:
        return Result(exit_code=int(not holds(asked, Surroundings(call.files, call.directory))))
    except BadTest as bad:
        return failure(f"{call.name}: {bad}", 2)


TOOLS: dict[str, Tool] = {
    "awk": awk.run, "mawk": awk.run, "sed": sed.run, "printf": echo.printf,
    "cut": lines.cut, "tr": lines.tr, "tee": lines.tee, "tac": lines.tac, "rev": lines.rev, "paste": lines.paste,
    "nl": lines.nl, "fold": lines.fold, "column": lines.column, "seq": lines.seq, "yes": lines.yes,
    "mkdir": filetools.mkdir, "rmdir": filetools.rmdir, "rm": filetools.rm, "touch": filetools.touch,
    "cp": filetools.copy, "mv": filetools.copy, "ln": filetools.ln, "chmod": filetools.chmod,
    "chown": filetools.chown, "stat": stat.run,
    "basename": filetools.basename, "dirname": filetools.dirname, "readlink": filetools.readlink,
    "realpath": filetools.readlink, "mktemp": filetools.mktemp, "find": find.find, "xargs": find.xargs,
    "gzip": gzips.run, "gunzip": gzips.run, "zcat": gzips.run,
    "expr": expr.expr, "test": _test, "[": _test, "diff": expr.diff, "jq": jq.jq,
}  # fmt: skip


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """One of them; argv[0] says which."""
    from dnetlab.sim.shell import run_command

    def inner(words: tuple[str, ...], stdin: str | None) -> Result:
        from dataclasses import replace

        place = replace(context, stdin=stdin, input=None if stdin is None else Input(stdin), tty=False)
        return run_command(place, words)

    call = Call(
        argv, context.input or Input(context.stdin), LabFiles(context), tree.directory_of(context), variables(context),
        not is_busybox(context), context.now, context.budget or Budget(), inner,
    )  # fmt: skip
    return TOOLS[call.name](call)
