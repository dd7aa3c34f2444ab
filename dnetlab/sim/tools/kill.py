"""kill, pkill and pgrep find processes and send them signals; what follows is the process's own business.

At a host kill is bash's own word for it, and a container's processes can be hit by their host pids; in a container only
the container's own can be seen. pgrep and pkill are procps 4.0.2; busybox has neither in the lab's images.
"""

from __future__ import annotations

import re

from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.processes import SIGNALS, signal_number
from dnetlab.sim.signals import send_signal
from dnetlab.sim.tools.options import BadOption, fail, is_busybox, parse
from dnetlab.sim.tools.ps import Row, rows_of, shown_user
from dnetlab.sim.userland.regex import BadPattern, Pattern, compile_pattern

BASH_USAGE = "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]"
_CLASSIC = [name for name, number in sorted(SIGNALS.items(), key=lambda item: item[1])
            if number < 32 and name not in ("IOT", "CLD", "IO", "POLL")]  # fmt: skip


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`kill [-SIGNAL] PID…`, `pkill [-SIGNAL] PATTERN`, `pgrep PATTERN`."""
    if argv[0].rsplit("/", 1)[-1] in ("pkill", "pgrep"):
        return _by_name(context, argv)
    return _kill(context, argv)


# -- kill -------------------------------------------------------------------------------------------------------------


def _kill(context: Context, argv: tuple[str, ...]) -> Result:
    words = list(argv[1:])
    name, complaint = "TERM", ""
    if words and words[0] in ("-l", "-L"):
        return _list_signals(context, words[1:])
    if words and words[0] in ("-s", "-n"):
        if len(words) < 2:
            return _no_target(context)
        name, words = words[1], words[2:]
    elif words and re.fullmatch(r"-[A-Za-z0-9+]+", words[0]):
        name, words = words[0][1:], words[1:]
    if words and words[0] == "--":
        words = words[1:]
    number = signal_number(name)
    if number is None:
        complaint = f"bad signal name '{name}'" if is_busybox(context) else f"{name}: invalid signal specification"
        return fail(f"{_speaker(context)}: {complaint}", 1)
    if not words:
        return _no_target(context)
    return _kill_each(context, words, number)


def _speaker(context: Context) -> str:
    """Who complains: bash, ash's own kill at an open terminal, or busybox's kill under docker exec."""
    if not is_busybox(context):
        return "bash: kill"
    at_terminal = any(t.container == context.container and t.host == context.host for t in context.world.terminals)
    return "sh" if at_terminal else "kill"


def _no_target(context: Context) -> Result:
    if is_busybox(context):
        return fail(f"{_speaker(context)}: you need to specify whom to kill", 1)
    return fail(BASH_USAGE, 2)


def _kill_each(context: Context, words: list[str], number: int) -> Result:
    stderr = ""
    failed = False
    speaker = _speaker(context)
    for word in [_job_pid(context, word) for word in words]:
        if not re.fullmatch(r"-?[0-9]{1,10}", word):
            failed = True
            if is_busybox(context):
                return fail(f"{stderr}{speaker}: invalid number '{word}'", 1)
            stderr += f"{speaker}: {word}: " + (
                "no such job\n" if word.startswith("%") else "arguments must be process or job IDs\n"
            )
            continue
        pid = int(word)
        if pid <= 0:
            raise Refused("The lab has no process groups to signal.", "Name the processes by their pids, or use pkill.")
        why = _not_signalled(context, pid, number)
        if why:
            failed = True
            told = f"can't kill pid {pid}: {why}" if is_busybox(context) else f"({pid}) - {why}"
            stderr += f"{speaker}: {told}\n"
    # bash answers 0 when it could signal at least one of several; one alone decides by itself.
    return Result("", stderr, 1 if failed else 0)


def _job_pid(context: Context, word: str) -> str:
    """`%1` as the pid of what runs beside the cell; other words as they are."""
    running = {job.slot: job.pid for job in context.world.jobs if job.where.host == context.host}
    found = re.fullmatch(r"%(\d{1,4}|%|\+|)", word)
    if not found or not running:
        return word
    slot = int(found[1]) if found[1].isdecimal() else max(running)
    return str(running.get(slot, word))


def _not_signalled(context: Context, pid: int, number: int) -> str:
    """Send it: ''. Or the kernel's words, when this place sees no such process or it is somebody else's."""
    row = next((r for r in rows_of(context) if r.pid == pid), None)
    if row is None:
        return "No such process"
    if not context.user.is_root and row.process.user != shown_user(context, context.user.uid):
        return "Operation not permitted"
    try:
        send_signal(context.world, context.host, row.process.pid, number, inside=context.container is not None)
    except ProcessLookupError:
        return "No such process"
    return ""


def _list_signals(context: Context, words: list[str]) -> Result:
    if words:
        found = []
        for word in words:
            number = signal_number(word)
            if number is None:
                if is_busybox(context):
                    return fail(f"{_speaker(context)}: unknown signal '{word}'", 1)
                return fail(f"bash: kill: {word}: invalid signal specification", 1)
            known = {SIGNALS[n]: n for n in _CLASSIC}
            found.append(known.get(number, str(number)) if word.isdecimal() else str(number))
        return Result("".join(f"{name}\n" for name in found))
    names = [*(_CLASSIC[:28]), "IO" if not is_busybox(context) else "POLL", "PWR", "SYS"]
    if is_busybox(context):
        return Result("".join(f"{n:2d}) {name}\n" for n, name in enumerate(names, 1)))
    table = {n: f"SIG{name}" for n, name in enumerate(names, 1)}
    table |= {34: "SIGRTMIN", 64: "SIGRTMAX"}
    table |= {34 + n: f"SIGRTMIN+{n}" for n in range(1, 16)} | {64 - n: f"SIGRTMAX-{n}" for n in range(1, 15)}
    cells = [f"{n:2d}) {table[n]}" for n in sorted(table)]
    lines = ["\t".join(cells[i : i + 5]) for i in range(0, len(cells), 5)]
    return Result("\n".join(lines) + "\t\n")


# -- pgrep and pkill --------------------------------------------------------------------------------------------------

_SHORT = "laxfcnoveiAd:u:U:P:g:G:s:t:q:F:wLr:O:hV"


def _by_name(context: Context, argv: tuple[str, ...]) -> Result:
    """Exit status: 0 something matched, 1 nothing did, 2 the line is wrong."""
    tool = argv[0].rsplit("/", 1)[-1]
    words = list(argv[1:])
    number = SIGNALS["TERM"]
    if tool == "pkill":
        for position, word in enumerate(words):
            found = signal_number(word[1:]) if re.fullmatch(r"-[A-Z0-9+]{2,}|-[0-9]+", word) else None
            if found is not None:
                number = found
                del words[position]
                break
    try:
        options, patterns = parse(
            words,
            _SHORT,
            [
                "signal=",
                "full",
                "exact",
                "list-name",
                "list-full",
                "count",
                "newest",
                "oldest",
                "inverse",
                "ignore-case",
                "echo",
                "parent=",
                "delimiter=",
            ],
        )
    except BadOption as error:
        raise_usage = USAGE_PKILL if tool == "pkill" else USAGE_PGREP
        return Result("", f"{tool}: {error}\n{raise_usage}", 2)
    given = {_LONG.get(name, name): value for name, value in options}
    if "--signal" in given:
        number = signal_number(given["--signal"]) or 0
    if len(patterns) > 1:
        return Result("", f"{tool}: only one pattern can be provided\nTry `{tool} --help' for more information.\n", 2)
    if not patterns and not {"-u", "-U", "-P", "-n", "-o"} & set(given):
        return Result("", f"{tool}: no matching criteria specified\nTry `{tool} --help' for more information.\n", 2)
    unknown = set(given) & {"-g", "-G", "-s", "-t", "-q", "-F", "-w", "-L", "-r", "-O", "-h", "-V"}
    if unknown:
        raise Refused(
            "{tool} {flag} is not part of the lab.",
            "The lab has -f -x -l -a -c -n -o -v -i -u -P.",
            tool=tool,
            flag=sorted(unknown)[0],
        )
    return _matches(context, tool, patterns[0] if patterns else "", given, number)


_LONG = {"--full": "-f", "--exact": "-x", "--list-name": "-l", "--list-full": "-a", "--count": "-c", "--newest": "-n",
         "--oldest": "-o", "--inverse": "-v", "--ignore-case": "-i", "--echo": "-e", "--parent": "-P",
         "--delimiter": "-d"}  # fmt: skip


def _matches(context: Context, tool: str, pattern: str, given: dict[str, str], number: int) -> Result:
    try:
        regex = compile_pattern(pattern, extended=True, ignore_case="-i" in given, whole="-x" in given)
    except BadPattern:
        return fail(f"{tool}: regex error: Invalid regular expression", 2)
    chosen = [r for r in rows_of(context) if _fits(r, regex, given)]
    if chosen and "-n" in given:
        chosen = [max(chosen, key=lambda r: (r.process.started, r.pid))]
    if chosen and "-o" in given:
        chosen = [min(chosen, key=lambda r: (r.process.started, r.pid))]
    if not chosen and "-f" not in given and len(pattern) > 15 and pattern.isidentifier() | ("-" in pattern):
        text = f"{tool}: pattern that searches for process name longer than 15 characters will result in zero matches\n"
        return Result("", text + f"Try `{tool} -f' option to match against the complete command line.\n", 1)
    if tool == "pgrep":
        return _listing(chosen, given)
    shown = ""
    for row in chosen:
        if not _not_signalled(context, row.pid, number) and "-e" in given:
            shown += f"{row.comm} killed (pid {row.pid})\n"
    if "-c" in given:
        shown += f"{len(chosen)}\n"
    return Result(shown, "", 0 if chosen else 1)


def _fits(row: Row, regex: Pattern, given: dict[str, str]) -> bool:
    text = row.process.command if "-f" in given else row.comm
    fits = bool(regex.search(text))
    for option in ("-u", "-U"):
        if option in given:
            fits = fits and row.process.user in given[option].replace("0", "root").split(",")
    if "-P" in given:
        fits = fits and str(row.ppid) in given["-P"].split(",")
    return not fits if "-v" in given else fits


def _listing(chosen: list[Row], given: dict[str, str]) -> Result:
    if "-c" in given:
        return Result(f"{len(chosen)}\n", "", 0 if chosen else 1)
    between = given.get("-d", "\n")
    cells = []
    for row in chosen:
        name = row.process.command if "-a" in given else row.comm
        cells.append(f"{row.pid} {name}" if "-a" in given or "-l" in given else str(row.pid))
    return Result(between.join(cells) + "\n" if cells else "", "", 0 if cells else 1)


USAGE_PGREP = """\

Usage:
 pgrep [options] <pattern>

Options:
 -d, --delimiter <string>  specify output delimiter
 -l, --list-name           list PID and process name
 -a, --list-full           list PID and full command line
 -v, --inverse             negates the matching
 -w, --lightweight         list all TID
 -c, --count               count of matching processes
 -f, --full                use full process name to match
 -g, --pgroup <PGID,...>   match listed process group IDs
 -G, --group <GID,...>     match real group IDs
 -i, --ignore-case         match case insensitively
 -n, --newest              select most recently started
 -o, --oldest              select least recently started
 -O, --older <seconds>     select where older than seconds
 -P, --parent <PPID,...>   match only child processes of the given parent
 -s, --session <SID,...>   match session IDs
 -t, --terminal <tty,...>  match by controlling terminal
 -u, --euid <ID,...>       match by effective IDs
 -U, --uid <ID,...>        match by real IDs
 -x, --exact               match exactly with the command name
 -F, --pidfile <file>      read PIDs from file
 -L, --logpidfile          fail if PID file is not locked
 -r, --runstates <state>   match runstates [D,S,Z,...]
 -A, --ignore-ancestors    exclude our ancestors from results
 --cgroup <grp,...>        match by cgroup v2 names
 --ns <PID>                match the processes that belong to the same
                           namespace as <pid>
 --nslist <ns,...>         list which namespaces will be considered for
                           the --ns option.
                           Available namespaces: ipc, mnt, net, pid, user, uts

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see pgrep(1).
"""
USAGE_PKILL = """\

Usage:
 pkill [options] <pattern>

Options:
 -<sig>, --signal <sig>    signal to send (either number or name)
 -q, --queue <value>       integer value to be sent with the signal
 -e, --echo                display what is killed
 -c, --count               count of matching processes
 -f, --full                use full process name to match
 -g, --pgroup <PGID,...>   match listed process group IDs
 -G, --group <GID,...>     match real group IDs
 -i, --ignore-case         match case insensitively
 -n, --newest              select most recently started
 -o, --oldest              select least recently started
 -O, --older <seconds>     select where older than seconds
 -P, --parent <PPID,...>   match only child processes of the given parent
 -s, --session <SID,...>   match session IDs
 -t, --terminal <tty,...>  match by controlling terminal
 -u, --euid <ID,...>       match by effective IDs
 -U, --uid <ID,...>        match by real IDs
 -x, --exact               match exactly with the command name
 -F, --pidfile <file>      read PIDs from file
 -L, --logpidfile          fail if PID file is not locked
 -r, --runstates <state>   match runstates [D,S,Z,...]
 -A, --ignore-ancestors    exclude our ancestors from results
 --cgroup <grp,...>        match by cgroup v2 names
 --ns <PID>                match the processes that belong to the same
                           namespace as <pid>
 --nslist <ns,...>         list which namespaces will be considered for
                           the --ns option.
                           Available namespaces: ipc, mnt, net, pid, user, uts

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see pgrep(1).
"""
