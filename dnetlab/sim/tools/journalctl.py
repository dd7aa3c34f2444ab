"""journalctl -u docker: what systemd and dockerd wrote, as systemd 252 (Debian 12) prints it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dnetlab.sim.clock import moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd.books import daemon
from dnetlab.sim.tools.options import BadOption, fail, parse

NOTHING = "-- No entries --\n"
_LONG = {"--unit": "-u", "--lines": "-n", "--no-pager": "", "--pager-end": "-e", "--catalog": "-x", "--follow": "-f",
         "--reverse": "-r", "--boot": "-b"}  # fmt: skip


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`journalctl -u docker [-n N] [-r]`; the lab keeps the journal of that unit only."""
    try:
        options, rest = parse(_short(argv[1:]), "u:n:xefrbaq")
    except BadOption as error:
        return fail(f"journalctl: {error}", 1)
    flags = dict(options)
    if "-f" in flags:
        raise Refused("journalctl -f would never end.", "journalctl -u docker")
    unit = flags.get("-u", "").removesuffix(".service")
    if unit != "docker" or rest:
        raise Refused("The lab keeps the journal of docker only.", "journalctl -u docker")
    rows = daemon(context.world, context.host).journal if context.machine.has_docker else ()
    number = flags.get("-n", "")
    lines = list(lines_of(context.host, rows[-int(number) :] if number.isdecimal() and int(number) else rows))
    return Result("".join(reversed(lines) if "-r" in flags else lines) or NOTHING)


def _short(words: Sequence[str]) -> tuple[str, ...]:
    """Long options as their short ones: `--unit=docker` is `-u docker`."""
    found: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        short = _LONG.get(name, word)
        found += ([short] if short else []) + ([value] if equals and name in _LONG else [])
    return tuple(found)


def lines_of(host: str, rows: Sequence[tuple[float, str, int, str]]) -> Iterator[str]:
    """'Nov 23 08:00:01 docker1 dockerd[92]: …'"""
    for clock, program, pid, text in rows:
        yield f"{moment(clock):%b %d %H:%M:%S} {host} {program}[{pid}]: {text}\n"
