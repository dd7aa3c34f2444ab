"""dmesg of util-linux 2.38: what LOG rules of this host wrote into the kernel's log.

    iptables -I DOCKER-USER -j LOG --log-prefix "DU: "      dmesg | grep DU:      dmesg -T      dmesg -C

A host of the lab keeps nothing else there: its kernel says nothing of links that come and go.
"""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.model.changed import replace
from dnetlab.model.logged import LEVELS, Logged
from dnetlab.model.where import Where
from dnetlab.sim.clock import moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.text.kernel_log import line
from dnetlab.sim.tools.options import BadOption, fail, parse
from dnetlab.sim.tools.permission import is_privileged

_LONG = {"--ctime": "-T", "--clear": "-C", "--read-clear": "-c", "--follow": "-w", "--follow-new": "-W",
         "--notime": "-t", "--decode": "-x", "--human": "-H", "--nopager": "-P", "--kernel": "-k", "--raw": "-r",
         "--reltime": "-e", "--level": "-l", "--facility": "-f", "--userspace": "-u"}  # fmt: skip


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`dmesg [-T|-t] [-x] [-l LEVEL,…] [-c]`, `dmesg -C`."""
    words = [part for word in argv[1:] for part in _short(word)]
    try:
        options, rest = parse(tuple(words), "CDEFHJKLPSTUVWcdef:hikl:n:prs:tuwx")
    except BadOption as error:
        return fail(f"dmesg: {error}\nTry 'dmesg --help' for more information.", 1)
    flags = dict(options)
    if rest:
        return fail("dmesg: bad usage\nTry 'dmesg --help' for more information.", 1)
    if "-w" in flags or "-W" in flags:
        raise Refused("dmesg -w would never end.", "Use dmesg | tail.")
    if not is_privileged(context):
        return fail("dmesg: read kernel buffer failed: Operation not permitted")
    wanted = flags["-l"].split(",") if "-l" in flags else list(LEVELS)
    for name in wanted:
        if name not in LEVELS:
            return fail(f"dmesg: unknown level '{name}'")
    rows = [one for one in kernel_log(context) if LEVELS[one.level] in wanted and "-u" not in flags]
    if "-c" in flags or "-C" in flags:
        _clear(context)
    stamp = _stamp(flags)
    shown = "" if "-C" in flags else "".join(f"{_lead(one, flags)}{stamp(one)}{line(one)}\n" for one in rows)
    return Result(shown)


def _short(word: str) -> list[str]:
    """`--level=warn` is `-l warn`; `--color=never` changes nothing here."""
    name, equals, value = word.partition("=")
    if name in ("--color", "-L"):
        return []
    return [_LONG[name], *([value] if equals else [])] if name in _LONG else [word]


def kernel_log(context: Context) -> tuple[Logged, ...]:
    """All containers of a host see the one log of its kernel."""
    return context.world.namespace(Where(context.host)).logged


def _clear(context: Context) -> None:
    context.world.change_namespace(Where(context.host), lambda space: replace(space, logged=()))


def _stamp(flags: dict[str, str]) -> Callable[[Logged], str]:
    """The time in front: seconds since the host came up, or with -T a date."""
    if "-t" in flags or "-r" in flags:
        return lambda one: ""
    if "-T" in flags:
        return lambda one: f"[{moment(one.at):%a %b %e %H:%M:%S %Y}] "
    return lambda one: f"[{one.at:12.6f}] "


def _lead(one: Logged, flags: dict[str, str]) -> str:
    if "-r" in flags:
        return f"<{one.level}>[{one.at:12.6f}] "
    return f"kern  :{LEVELS[one.level]:<6}: " if "-x" in flags else ""
