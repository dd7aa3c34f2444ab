"""ps lists processes: a host sees all of them, those in containers too; a container sees only its own, counted from 1.

procps 4.0.2 at a host, busybox 1.35 in a container.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from dnetlab.model import Process
from dnetlab.model.changed import replace
from dnetlab.sim.clock import moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.processes import FIRST_PID, host_rows, visible_rows
from dnetlab.sim.tools import accounts
from dnetlab.sim.tools.options import BadOption, busybox_usage, fail, is_busybox, parse

USAGE = """
Usage:
 ps [options]

 Try 'ps --help <simple|list|output|threads|misc|all>'
  or 'ps --help <s|l|o|t|m|a>'
 for additional help text.

For more details see ps(1).
"""
# comm -> (%CPU, %MEM, VSZ, RSS, STAT): what a lab host showed; ("", …) stands for the rest.
_SIZES: dict[str, tuple[str, str, int, int, str]] = {
    "dockerd": ("0.4", "0.2", 1933568, 72940, "Ssl"),
    "containerd": ("0.2", "0.1", 1819920, 40600, "Ssl"),
    "containerd-shim": ("0.0", "0.0", 1233804, 13480, "Sl"),
    "docker-proxy": ("0.0", "0.0", 1671012, 3692, "Sl"),
    "nginx": ("0.0", "0.0", 11156, 7232, "S"),
    "bash": ("0.0", "0.0", 4360, 3084, "S"),
    "ps": ("0.0", "0.0", 8548, 4640, "R"),
    "init": ("0.0", "0.0", 2268, 1472, "Ss"),
    "": ("0.0", "0.0", 2268, 1500, "S"),
}


@dataclass(frozen=True)
class Row:
    """A process as this place numbers it."""

    pid: int
    ppid: int
    process: Process
    main: bool = False

    @property
    def comm(self) -> str:
        return short_name(self.process)

    @property
    def sizes(self) -> tuple[str, str, int, int, str]:
        if self.process.zombie:
            return "0.0", "0.0", 0, 0, "Z"
        cpu, memory, vsz, rss, stat = _SIZES.get(self.comm, _SIZES[""])
        return cpu, memory, vsz, rss, "Ss" if self.main and stat == "S" else stat


def short_name(process: Process) -> str:
    """What /proc/PID/comm holds: the program's name, at most 15 characters."""
    first = process.argv[0] if process.argv else ""
    if first == "/bin/sh" and len(process.argv) > 1 and process.argv[1].startswith("/"):
        first = process.argv[1]  # a script keeps its own name
    return first.split(":")[0].split(" ")[0].rsplit("/", 1)[-1].lstrip("-")[:15]


def rows_of(context: Context, argv: tuple[str, ...] = ()) -> list[Row]:
    """All processes that this place sees, by pid; argv adds the program that is looking (and, at a host, its shell)."""
    world = context.world
    if context.container is not None:
        inside = visible_rows(world, context.host, context.container)
        numbers = {p.pid: pid for pid, p in inside}
        rows = [Row(pid, numbers.get(p.ppid, 0), _as_called_here(context, p), main=pid == 1) for pid, p in inside]
        if argv and all(tuple(p.argv) != argv for _, p in inside):  # else it is the container's own program
            own = max([6, *(r.pid for r in rows)]) + 1  # runc's own short-lived helpers took the numbers before
            looking = Process(own, 0, argv, container=context.container, user=shown_user(context, context.user.uid),
                              started=world.clock)  # fmt: skip
            rows.append(Row(own, 0, looking))
        return rows
    processes = host_rows(world, context.host)
    mains = {c.pid for c in world.hosts[context.host].containers if c.pid}
    rows = [Row(p.pid, p.ppid, p, main=p.pid in mains) for p in processes]
    if argv:
        shell = max(world.counters.get(f"pid:{context.host}", FIRST_PID), max([r.pid for r in rows], default=0) + 1)
        rows.append(Row(shell, 0, Process(shell, 0, ("bash",), started=world.clock)))
        for pid, words in enumerate((argv, *context.beside), shell + 1):  # `ps ax | grep proxy` finds the grep too
            rows.append(Row(pid, shell, Process(pid, shell, words, started=world.clock)))
    return rows


def shown_user(context: Context, uid: int) -> str:
    """The name that the place's /etc/passwd has for an id, else its number."""
    return accounts.name_of(context, uid) or str(uid)


def _as_called_here(context: Context, process: Process) -> Process:
    """The host names few users; a container's own /etc/passwd may name more."""
    if not process.user.isdecimal():
        return process
    return replace(process, user=shown_user(context, int(process.user)))


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ps [options]`; exit status 1 when nothing was selected."""
    return _busybox(context, argv) if is_busybox(context) else _procps(context, argv)


# -- busybox ----------------------------------------------------------------------------------------------------------

_BUSYBOX_COLUMNS: dict[str, tuple[str, int, bool, Callable[[Row], str]]] = {  # header, width, right-aligned, value
    "user": ("USER", 8, False, lambda r: r.process.user),
    "group": ("GROUP", 8, False, lambda r: r.process.user),
    "comm": ("COMMAND", 16, False, lambda r: r.comm),
    "args": ("COMMAND", 256, False, lambda r: _with_script(r)),
    "pid": ("PID", 5, True, lambda r: str(r.pid)),
    "ppid": ("PPID", 5, True, lambda r: str(r.ppid)),
    "pgid": ("PGID", 5, True, lambda r: str(r.pid)),
    "nice": ("NI", 5, True, lambda r: "0"),
    "rgroup": ("RGROUP", 8, False, lambda r: r.process.user),
    "ruser": ("RUSER", 8, False, lambda r: r.process.user),
    "tty": ("TT", 6, False, lambda r: "?"),
    "vsz": ("VSZ", 4, False, lambda r: str(r.sizes[2])),
    "sid": ("SID", 5, True, lambda r: str(r.pid)),
    "stat": ("STAT", 4, False, lambda r: r.sizes[4][:1]),
    "rss": ("RSS", 4, False, lambda r: str(r.sizes[3])),
}


def _with_script(row: Row) -> str:
    """`{name} command` where the program's own name isn't the first word's (busybox libbb/procps.c)."""
    first = row.process.argv[0].rsplit("/", 1)[-1] if row.process.argv else ""
    return row.process.command if first.startswith(row.comm) else f"{{{row.comm}}} {row.process.command}"


def _busybox(context: Context, argv: tuple[str, ...]) -> Result:
    words = argv[1:]
    if "--help" in words:
        return replace(busybox_usage("ps"), exit_code=0)
    chosen = "pid,user,args"
    for_getopt = list(words)
    try:
        # busybox ps takes and forgets the letters people type from habit: aux, -ef, -Z
        options, _ = parse(for_getopt, "o:TaAdefluxwZ")
    except BadOption as error:
        return busybox_usage("ps", str(error))
    given = [value for name, value in options if name == "-o"]
    if given:
        chosen = ",".join(given)
    columns = []
    for name in chosen.split(","):
        key, equals, header = name.partition("=")
        if key not in _BUSYBOX_COLUMNS:
            known = ",".join(_BUSYBOX_COLUMNS)
            return fail(f"ps: bad -o argument '{name}', supported arguments: {known}", 1)
        default, width, right, value = _BUSYBOX_COLUMNS[key]
        columns.append((header if equals else default, width, right, value))
    rows = rows_of(context, argv)
    lines = [" ".join(f"{h:<{w}}" for h, w, _, _ in columns).rstrip()]
    for row in rows:
        cells = [f"{value(row):>{w}}" if right else f"{value(row):<{w}}" for _, w, right, value in columns]
        lines.append(" ".join(cells).rstrip())
    return Result("".join(f"{line}\n" for line in lines))


# -- procps -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    header: str
    width: int
    right: bool
    value: Callable[[Context, Row], str]


def _started(context: Context, row: Row) -> str:
    """HH:MM today, else MonDD, as START and STIME show."""
    then, now = moment(row.process.started), moment(context.world.clock)
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%b%d}"


def _elapsed(context: Context, row: Row) -> str:
    seconds = int(max(0.0, context.world.clock - row.process.started))
    hours, rest = divmod(seconds, 3600)
    text = f"{rest // 60:02d}:{rest % 60:02d}"
    if hours >= 24:
        return f"{hours // 24}-{hours % 24:02d}:{text}"
    return f"{hours:02d}:{text}" if hours else text


_COLUMNS: dict[str, Column] = {
    "pid": Column("PID", 7, True, lambda c, r: str(r.pid)),
    "ppid": Column("PPID", 7, True, lambda c, r: str(r.ppid)),
    "user": Column("USER", 8, False, lambda c, r: r.process.user),
    "UID": Column("UID", 8, False, lambda c, r: r.process.user),
    "uid": Column("UID", 5, True, lambda c, r: "0" if r.process.user == "root" else "1000"),
    "comm": Column("COMMAND", 15, False, lambda c, r: r.comm),
    "CMD": Column("CMD", 15, False, lambda c, r: r.comm),
    "args": Column("COMMAND", 27, False, lambda c, r: r.process.command),
    "cmd": Column("CMD", 27, False, lambda c, r: r.process.command),
    "tty": Column("TT", 8, False, lambda c, r: "?"),
    "TTY": Column("TTY", 8, False, lambda c, r: "?"),
    "time": Column("TIME", 8, True, lambda c, r: "00:00:00"),
    "bsdtime": Column("TIME", 6, True, lambda c, r: "0:00"),
    "stat": Column("STAT", 4, False, lambda c, r: r.sizes[4]),
    "s": Column("S", 1, False, lambda c, r: r.sizes[4][:1]),
    "c": Column("C", 2, True, lambda c, r: "0"),
    "%cpu": Column("%CPU", 4, True, lambda c, r: r.sizes[0]),
    "%mem": Column("%MEM", 4, True, lambda c, r: r.sizes[1]),
    "vsz": Column("VSZ", 6, True, lambda c, r: str(r.sizes[2])),
    "rss": Column("RSS", 5, True, lambda c, r: str(r.sizes[3])),
    "start": Column("START", 5, False, _started),
    "stime": Column("STIME", 5, False, _started),
    "lstart": Column("STARTED", 24, True, lambda c, r: f"{moment(r.process.started):%a %b %e %H:%M:%S %Y}"),
    "etime": Column("ELAPSED", 11, True, _elapsed),
    "ni": Column("NI", 3, True, lambda c, r: "0"),
    "pri": Column("PRI", 3, True, lambda c, r: "19"),
    "pgid": Column("PGID", 7, True, lambda c, r: str(r.pid)),
    "sid": Column("SID", 7, True, lambda c, r: str(r.pid)),
}
_SAME = {"command": "args", "ucmd": "CMD", "tt": "tty", "tname": "TTY", "cputime": "time", "state": "s", "pcpu": "%cpu",
         "pmem": "%mem", "vsize": "vsz", "rssize": "rss", "start_time": "stime", "bsdstart": "start", "euser": "user",
         "uname": "user", "ruser": "user", "euid": "uid", "nice": "ni", "fname": "comm", "pgrp": "pgid",
         "sess": "sid", "session": "sid"}  # fmt: skip
_LAYOUTS = {
    "plain": ("pid", "TTY", "time", "CMD"),
    "full": ("UID", "pid", "ppid", "c", "stime", "TTY", "time", "cmd"),
    "bsd": ("pid", "TTY", "stat", "bsdtime", "args"),
    "user": ("user", "pid", "%cpu", "%mem", "vsz", "rss", "TTY", "stat", "start", "bsdtime", "args"),
}


class _Wrong(Exception):
    """procps can't read the line."""


@dataclass
class _Asked:
    layout: str = "plain"
    columns: list[Column] = field(default_factory=list)
    pids: set[int] | None = None
    parents: set[int] | None = None
    names: set[str] | None = None
    users: set[str] | None = None
    forest: bool = False
    headers: bool = True
    wide: bool = False
    sort: str = ""


def _procps(context: Context, argv: tuple[str, ...]) -> Result:
    if "--help" in argv[1:]:
        return Result(USAGE)
    if "--version" in argv[1:] or argv[1:] == ("-V",):
        return Result("ps from procps-ng 4.0.2\n")
    try:
        asked = _read(list(argv[1:]))
    except _Wrong as wrong:
        return Result("", f"error: {wrong}\n{USAGE}", 1)
    rows = [row for row in rows_of(context, argv) if _is_chosen(asked, row)]
    if asked.sort:
        backwards = asked.sort.startswith("-")
        key = asked.sort.lstrip("+-")
        column = _COLUMNS[key]
        rows.sort(key=lambda r: _sort_key(column.value(context, r)), reverse=backwards)
    columns = asked.columns or [_COLUMNS[name] for name in _LAYOUTS[asked.layout]]
    depths = _tree(rows) if asked.forest else {}
    if depths:
        rows = sorted(rows, key=lambda r: list(depths).index(r.pid))
    lines = [_line([c.header for c in columns], columns)] if asked.headers and any(c.header for c in columns) else []
    for row in rows:
        cells = [c.value(context, row) for c in columns]
        if depths.get(row.pid):
            cells[-1] = "    " * (depths[row.pid] - 1) + " \\_ " + cells[-1]
        lines.append(_line(cells, columns))
    return Result("".join(f"{line}\n" for line in lines), "", 0 if rows else 1)


def _sort_key(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), ""
    except ValueError:
        return 1, 0.0, text


def _tree(rows: list[Row]) -> dict[int, int]:
    """pid -> depth, parents before their children."""
    known = {row.pid for row in rows}
    order: dict[int, int] = {}

    def visit(row: Row, depth: int) -> None:
        if row.pid in order or depth > 50:
            return
        order[row.pid] = depth
        for child in rows:
            if child.ppid == row.pid and child.pid != row.pid:
                visit(child, depth + 1 if row.pid != 1 else 0)

    for row in rows:
        if row.ppid not in known or row.ppid == row.pid:
            visit(row, 0)
    return order


def _line(cells: list[str], columns: list[Column]) -> str:
    """Cells side by side; one that is too wide takes room from the next, as procps does."""
    text = ""
    debt = 0
    for position, (cell, column) in enumerate(zip(cells, columns, strict=True)):
        width = max(0, column.width - debt)
        last = position == len(columns) - 1
        shown = cell if last and not column.right else f"{cell:>{width}}" if column.right else f"{cell:<{width}}"
        debt = max(0, len(shown) - width)
        text += shown + ("" if last else " ")
    return text


def _is_chosen(asked: _Asked, row: Row) -> bool:
    tests = []
    if asked.pids is not None:
        tests.append(row.pid in asked.pids)
    if asked.parents is not None:
        tests.append(row.ppid in asked.parents)
    if asked.names is not None:
        tests.append(row.comm in asked.names)
    if asked.users is not None:
        tests.append(row.process.user in asked.users)
    return any(tests) if tests else True


def _read(words: list[str]) -> _Asked:
    asked = _Asked()
    if words and words[0] == "-aux":  # "ps -aux": procps takes it for "ps aux"
        words[0] = "aux"
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            _gnu(asked, word[2:], words)
        elif word.startswith("-") and word != "-":
            _unix(asked, word[1:], words)
        elif word[:1].isdecimal():
            asked.pids = (asked.pids or set()) | _pids(word)
            asked.layout = "bsd" if asked.layout == "plain" else asked.layout
        else:
            _bsd(asked, word, words)
    return asked


def _gnu(asked: _Asked, name: str, words: list[str]) -> None:
    name, equals, value = name.partition("=")
    if name in ("pid", "ppid", "sort", "format", "user") and not equals:
        if not words:
            raise _Wrong(f"argument missing to --{name}")
        value = words.pop(0)
    match name:
        case "forest":
            asked.forest = True
        case "no-headers" | "no-heading" | "no-headings" | "noheader" | "noheaders" | "noheading":
            asked.headers = False
        case "pid":
            asked.pids = (asked.pids or set()) | _pids(value)
        case "ppid":
            asked.parents = (asked.parents or set()) | _pids(value)
        case "user":
            asked.users = (asked.users or set()) | set(value.split(","))
        case "format":
            asked.columns += _columns(value)
        case "sort":
            asked.sort = _sort_name(value)
        case "cols" | "width" | "columns" | "headers":
            pass
        case _:
            raise _Wrong("unknown gnu long option")


def _sort_name(value: str) -> str:
    first = value.split(",")[0]
    sign = "-" if first.startswith("-") else ""
    key = _SAME.get(first.lstrip("+-"), first.lstrip("+-"))
    if key not in _COLUMNS:
        raise _Wrong("unknown sort specifier")
    return sign + key


_UNIX_VALUED = {"o": "o", "O": "o", "p": "p", "q": "p", "C": "C", "u": "u", "U": "u"}


def _unix(asked: _Asked, letters: str, words: list[str]) -> None:
    for position, letter in enumerate(letters):
        if letter in _UNIX_VALUED:
            value = letters[position + 1 :] or (words.pop(0) if words else "")
            if not value:
                raise _Wrong(
                    "format specification must follow -o" if letter == "o" else
                    "must set list of process IDs following -p" if letter in "pq" else
                    "list of command names must follow -C" if letter == "C" else
                    "list of users must follow -u")  # fmt: skip
            _valued(asked, _UNIX_VALUED[letter], value)
            return
        match letter:
            case "e" | "A" | "w" | "a" | "d" | "N" | "c":
                if letter in "Nc":
                    raise Refused(
                        "ps -{letter} is not part of the lab.", "The lab has -e -f -o -p -C -u and aux.", letter=letter
                    )
            case "f" | "F":
                asked.layout = "full"
            case "H":
                asked.forest = True
            case "l" | "j" | "L" | "T" | "m" | "y" | "M" | "Z" | "g" | "G" | "s" | "t" | "n" | "P":
                raise Refused(
                    "ps -{letter} is not part of the lab.", "The lab has -e -f -o -p -C -u and aux.", letter=letter
                )
            case _:
                raise _Wrong("unsupported option (BSD syntax)" if letter.isalpha() else "garbage option")


def _bsd(asked: _Asked, letters: str, words: list[str]) -> None:
    for position, letter in enumerate(letters):
        if letter in "opU":
            value = letters[position + 1 :] or (words.pop(0) if words else "")
            if not value:
                raise _Wrong("format specification must follow o" if letter == "o" else "process ID list syntax error")
            _valued(asked, {"U": "u"}.get(letter, letter), value)
            return
        match letter:
            case "a" | "x" | "w" | "g" | "r":
                asked.layout = "bsd" if asked.layout == "plain" else asked.layout
            case "u":
                asked.layout = "user"
            case "f":
                asked.forest = True
                asked.layout = "bsd" if asked.layout == "plain" else asked.layout
            case "h":
                asked.headers = False
            case "e" | "l" | "j" | "s" | "v" | "X" | "m" | "H" | "c" | "n" | "S" | "t" | "k" | "T" | "Z" | "L":
                raise Refused(
                    "ps {letter} is not part of the lab.", "The lab has ps ax, ps aux and ps -ef.", letter=letter
                )
            case _:
                raise _Wrong("unsupported option (BSD syntax)" if letter.isalpha() else "garbage option")


def _valued(asked: _Asked, letter: str, value: str) -> None:
    match letter:
        case "o":
            asked.columns += _columns(value)
        case "p":
            asked.pids = (asked.pids or set()) | _pids(value)
        case "C":
            asked.names = (asked.names or set()) | {name[:15] for name in value.split(",")}
        case "u":
            asked.users = (asked.users or set()) | {"root" if name == "0" else name for name in value.split(",")}


def _pids(text: str) -> set[int]:
    parts = text.replace(" ", ",").split(",")
    if not all(part.isascii() and part.isdecimal() and len(part) < 11 for part in parts):
        raise _Wrong("process ID list syntax error")
    return {int(part) for part in parts}


def _columns(text: str) -> list[Column]:
    """The columns of -o: 'pid,cmd', 'pid=', 'comm=NAME'."""
    if "=" in text:
        before, _, header = text.partition("=")
        names = before.split(",")
        found = [_column(name) for name in names]
        if header.startswith(",") or "," in header and header.split(",")[-1].rstrip("=") in _COLUMNS:
            rest = header.lstrip(",")
            return [*found[:-1], replace(found[-1], header=""), *(_columns(rest) if rest else [])]
        return [*found[:-1], replace(found[-1], header=header)]
    return [_column(name) for name in text.replace(" ", ",").split(",")]


def _column(name: str) -> Column:
    key = _SAME.get(name, name)
    if key not in _COLUMNS or key in ("UID", "CMD", "TTY") and name == key:
        raise _Wrong(f'unknown user-defined format specifier "{name}"')
    return _COLUMNS[key]
