"""journalctl: what systemd and dockerd wrote (-u docker), and the kernel's log (-k), as systemd 252 prints it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from dnetlab.sim.clock import EPOCH, moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd.books import daemon
from dnetlab.sim.text.kernel_log import line
from dnetlab.sim.tools.dmesg import kernel_log
from dnetlab.sim.tools.options import BadOption, fail, parse

NOTHING = "-- No entries --\n"
_LONG = {"--unit": "-u", "--lines": "-n", "--no-pager": "", "--pager-end": "-e", "--catalog": "-x", "--follow": "-f",
         "--reverse": "-r", "--boot": "-b", "--since": "-S", "--until": "-U", "--dmesg": "-k", "--grep": "-g",
         "--output": "-o", "--identifier": "-t"}  # fmt: skip
_UNITS = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "hr": 3600,
          "d": 86400, "day": 86400, "w": 604800, "week": 604800}  # fmt: skip
Row = tuple[float, str, int, str]  # clock, program, pid (0: without one), text


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`journalctl -u docker [-n N] [-r] [-S TIME] [-U TIME] [-g PATTERN]`, `journalctl -k`; the lab keeps no other."""
    try:
        options, rest = parse(_short(argv[1:]), "u:n:xefrbaqkS:U:g:o:t:")
    except BadOption as error:
        return fail(f"journalctl: {error}", 1)
    flags = dict(options)
    if "-f" in flags:
        raise Refused("journalctl -f would never end.", "journalctl -u docker")
    if flags.get("-o", "short") not in ("short", "cat") or "-t" in flags:
        raise Refused("journalctl -o and -t are not part of the lab.", "It has -o short and -o cat.")
    try:
        rows = [row for row in _rows(context, flags, rest) if _is_wanted(row, flags, context.world.clock)]
    except ValueError as error:
        return fail(str(error))
    number = flags.get("-n", "")
    if number.isdecimal():
        rows = rows[-int(number) :] if int(number) else []
    lines = list(lines_of(context.host, rows, flags.get("-o") == "cat"))
    return Result("".join(reversed(lines) if "-r" in flags else lines) or NOTHING)


def _rows(context: Context, flags: dict[str, str], rest: Sequence[str]) -> Sequence[Row]:
    if "-k" in flags and not rest:
        return [(one.at, "kernel", 0, line(one)) for one in kernel_log(context)]
    unit = flags.get("-u", "").removesuffix(".service")
    if unit != "docker" or rest:
        raise Refused("The lab keeps the journal of docker and the kernel's log only.", "journalctl -u docker")
    return daemon(context.world, context.host).journal if context.machine.has_docker else ()


def _is_wanted(row: Row, flags: dict[str, str], now: float) -> bool:
    """Is it of the time that was asked for, and does the pattern fit? Raises ValueError in journalctl's words."""
    if "-S" in flags and row[0] < _time(flags["-S"], now) or "-U" in flags and row[0] > _time(flags["-U"], now):
        return False
    pattern = flags.get("-g", "")
    ignore = re.IGNORECASE if pattern == pattern.lower() else 0
    try:
        return not pattern or re.search(pattern, row[3], ignore) is not None
    except re.error:
        raise ValueError(f'Bad pattern "{pattern}": syntax error') from None


def _time(text: str, now: float) -> float:
    """A time of the lab's clock: '5 min ago', '-1h', 'today', '2026-11-23 08:00:10', '08:00' (systemd.time)."""
    days = {"yesterday": -86400, "today": 0, "tomorrow": 86400}
    if text == "now" or text in days:
        return now if text == "now" else _midnight(now) + days[text]
    spans = re.findall(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text.removesuffix("ago"))
    if spans and re.fullmatch(r"-?(\s*\d+(\.\d+)?\s*[a-z]+)+\s*(ago)?", text):
        known = [(float(n), _UNITS.get(u, _UNITS.get(u.removesuffix("s"), 0))) for n, u in spans]
        if all(unit for _, unit in known) and (text.startswith("-") or text.endswith("ago")):
            return now - sum(n * unit for n, unit in known)
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%H:%M:%S", "%H:%M"):
        try:
            found = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        day = moment(now) if "%Y" not in form else found
        return (found.replace(year=day.year, month=day.month, day=day.day) - EPOCH).total_seconds()
    raise ValueError(f"Failed to parse timestamp: {text}")


def _midnight(now: float) -> float:
    return (moment(now).replace(hour=0, minute=0, second=0, microsecond=0) - EPOCH).total_seconds()


def _short(words: Sequence[str]) -> tuple[str, ...]:
    """Long options as their short ones: `--unit=docker` is `-u docker`."""
    found: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        short = _LONG.get(name, word)
        found += ([short] if short else []) + ([value] if equals and name in _LONG else [])
    return tuple(found)


def lines_of(host: str, rows: Sequence[Row], bare: bool = False) -> Iterator[str]:
    """'Nov 23 08:00:01 docker1 dockerd[92]: …'; bare: the text alone."""
    for clock, program, pid, text in rows:
        who = f"{program}[{pid}]" if pid else program
        yield f"{text}\n" if bare else f"{moment(clock):%b %d %H:%M:%S} {host} {who}: {text}\n"
