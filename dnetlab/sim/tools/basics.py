"""The small words of a shell: env, echo, sleep, date, id, timeout and their like (coreutils 9.1 and busybox 1.35)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

from dnetlab.commands.shell import CAPTURES
from dnetlab.commands.userland import USERLANDS
from dnetlab.model.changed import replace
from dnetlab.sim.clock import moment
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.login import path_of, variables
from dnetlab.sim.tools import accounts, hostname, tree
from dnetlab.sim.tools.options import BadOption, busybox_usage, fail, is_busybox, parse
from dnetlab.sim.user import User

KERNEL = ("6.1.0-32-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.129-1 (2025-03-06)", "x86_64", "GNU/Linux")


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """One of them; argv[0] says which."""
    tools: dict[str, Callable[[Context, tuple[str, ...]], Result]] = {
        "env": _env, "printenv": _printenv, "echo": _echo, "true": _true, "false": _false, "sleep": _sleep,
        "date": _date, "whoami": _whoami, "id": _id, "pwd": _pwd, "clear": _true, "uname": _uname,
        "timeout": _timeout, "which": _which, "time": _time, "tty": _tty,
    }  # fmt: skip
    return tools[argv[0].rsplit("/", 1)[-1]](context, argv)


def _true(context: Context, argv: tuple[str, ...]) -> Result:
    return Result()


def _false(context: Context, argv: tuple[str, ...]) -> Result:
    return Result(exit_code=1)


def _pwd(context: Context, argv: tuple[str, ...]) -> Result:
    return Result(f"{tree.directory_of(context)}\n")


def _complain(context: Context, tool: str, complaint: str, code: int = 1) -> Result:
    if is_busybox(context):
        return busybox_usage(tool, complaint)
    return Result(
        "", (f"{tool}: {complaint}\n" if complaint else "") + f"Try '{tool} --help' for more information.\n", code
    )


def _env(context: Context, argv: tuple[str, ...]) -> Result:
    try:
        options, words = parse(
            argv[1:], "i0u:", [] if is_busybox(context) else ["ignore-environment", "unset="], permute=False
        )
    except BadOption as error:
        return _complain(context, "env", str(error), 125)
    values = variables(context)
    for name, value in options:
        if name in ("-i", "--ignore-environment"):
            values.clear()
        elif name in ("-u", "--unset"):
            values.pop(value, None)
        else:
            raise Refused("env -0 is not part of the lab.", "Leave it out.")
    if words and words[0] == "-":
        values.clear()
        words = words[1:]
    while words and "=" in words[0][1:]:
        name, _, value = words.pop(0).partition("=")
        values[name] = value
    if not words:
        if context.container is None and "PATH" in values:
            values["_"] = "/usr/bin/env"
        return Result("".join(f"{name}={value}\n" for name, value in values.items()))
    result = _run_inner(replace(context, environment=values), tuple(words))
    if result is None:
        missing = f"can't execute '{words[0]}'" if is_busybox(context) else f"‘{words[0]}’"
        return fail(f"env: {missing}: No such file or directory", 127)
    return result


def _run_inner(context: Context, argv: tuple[str, ...]) -> Result | None:
    """Another command in the same place; None when there is no such program."""
    from dnetlab.sim.shell import run_command

    name = argv[0].rsplit("/", 1)[-1]
    if name not in USERLANDS[context.userland] and name not in ("sh", "bash", "ash"):
        return None
    return run_command(context, argv)


def _time(context: Context, argv: tuple[str, ...]) -> Result:
    """`time [-p] COMMAND`, bash's word at a host, a program in a container: how long it took, by the lab's clock."""
    words, busybox, begin = list(argv[1:]), is_busybox(context), context.world.clock
    portable = bool(words) and words[0] == "-p"
    inner = tuple(words[1:] if portable else words)
    if busybox and not inner:
        return busybox_usage("time")
    done = _run_inner(context, inner) if inner else Result()
    if done is None:
        said = f"time: can't execute '{inner[0]}': No such file or directory\n" if busybox else (
            f"bash: {inner[0]}: command not found\n")  # fmt: skip
        done = Result("", said, 127)
    took = max(context.world.clock - begin, 0.0)
    minutes, seconds = divmod(took, 60)
    if portable:
        times = f"real {took:.2f}\nuser 0.00\nsys 0.00\n"
    elif busybox:
        times = f"real\t{minutes:.0f}m {seconds:.2f}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n"
    else:
        times = f"\nreal\t{minutes:.0f}m{seconds:.3f}s\nuser\t0m0.000s\nsys\t0m0.000s\n"
    return Result(done.stdout, done.stderr + times, done.exit_code)


def _tty(context: Context, argv: tuple[str, ...]) -> Result:
    """Nobody's terminal is at a host of the lab; `docker run -t` gives its container one."""
    if context.container is not None and context.tty:
        return Result("/dev/pts/0\n")
    return Result("not a tty\n", "", 1)


def _printenv(context: Context, argv: tuple[str, ...]) -> Result:
    values = variables(context)
    names = [word for word in argv[1:] if not word.startswith("-")]
    if not names:
        return Result("".join(f"{name}={value}\n" for name, value in values.items()))
    found = [values[name] for name in names if name in values]
    return Result("".join(f"{value}\n" for value in found), "", 0 if len(found) == len(names) else 1)


# -- echo -------------------------------------------------------------------------------------------------------------

_ESCAPES = {"a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
            "\\": "\\"}  # fmt: skip


def _echo(context: Context, argv: tuple[str, ...]) -> Result:
    words = list(argv[1:])
    newline, escapes = True, False
    while words and re.fullmatch(r"-[neE]+", words[0]):
        for letter in words.pop(0)[1:]:
            newline = newline and letter != "n"
            escapes = letter == "e" if letter in "eE" else escapes
    text = " ".join(words)
    if escapes:
        text, ends = _unescape(text)
        newline = newline and not ends
    return Result(text + ("\n" if newline else ""))


def _unescape(text: str) -> tuple[str, bool]:
    """What `echo -e` makes of backslashes, and whether a \\c ended it."""
    if (stop := re.search(r"(?<!\\)(?:\\\\)*\\c", text)) is not None:
        text, ends = text[: stop.end() - 2], True
    else:
        ends = False

    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] == "0":
            return chr(int(code[1:] or "0", 8) % 256)
        if code[0] in "xuU" and len(code) > 1:
            number = int(code[1:], 16)
            return chr(number) if number < 0x110000 else match[0]
        return _ESCAPES.get(code, match[0])

    return re.sub(
        r"\\(0[0-7]{0,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|.)", one, text, flags=re.S
    ), ends


# -- time -------------------------------------------------------------------------------------------------------------


def duration(text: str) -> float | None:
    """'5', '0.5', '2m' in seconds; None when it is none."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)([smhd]?)", text)
    if not match or len(match[1]) > 12:
        return None
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]


def _sleep(context: Context, argv: tuple[str, ...]) -> Result:
    words = argv[1:]
    if not words:
        return busybox_usage("sleep") if is_busybox(context) else _complain(context, "sleep", "missing operand")
    total = 0.0
    for word in words:
        if word.startswith("-") and len(word) > 1 and not is_busybox(context):
            return _complain(context, "sleep", f"invalid option -- '{word[1]}'")
        seconds = duration(word)
        if seconds is None:
            if is_busybox(context):
                return fail(f"sleep: invalid number '{word}'", 1)
            return _complain(context, "sleep", f"invalid time interval ‘{word}’")
        total += seconds
    context.world.clock += total
    return Result()


def _date(context: Context, argv: tuple[str, ...]) -> Result:
    busybox = is_busybox(context)
    try:
        options, words = parse(
            argv[1:], "uRId:", [] if busybox else ["utc", "universal", "rfc-email", "date=", "iso-8601"]
        )
    except BadOption as error:
        return _complain(context, "date", str(error))
    given = {name.lstrip("-")[:1].replace("i", "I").replace("r", "R"): value for name, value in options}
    now = moment(context.world.clock)
    if "d" in given:
        if not re.fullmatch(r"@-?\d{1,11}", given["d"]):
            raise Refused("date -d reads only @SECONDS in the lab.", "date alone tells the lab's clock.")
        now = datetime.fromtimestamp(int(given["d"][1:]), UTC)
    if len(words) > 1 or words and not words[0].startswith("+"):
        raise Refused("The lab's clock can't be set.", "sleep N moves it on by N seconds.")
    if words:
        return Result(_formatted(now, words[0][1:]) + "\n")
    if "R" in given:
        return Result(f"{now:%a, %d %b %Y %H:%M:%S +0000}\n")
    return Result(f"{now:%Y-%m-%d}\n" if "I" in given else f"{now:%a %b %e %H:%M:%S UTC %Y}\n")


def _formatted(now: datetime, form: str) -> str:
    """A `date +FORMAT`."""

    def one(match: re.Match[str]) -> str:
        letter = match[1]
        if letter == "s":
            return str(int(now.timestamp()))
        if letter == "N":
            return f"{now.microsecond * 1000:09d}"
        if letter in "aAbBcCdDeFgGhHIjklmMnpPrRStTuUVwWxXyYzZ%":
            return now.strftime(f"%{letter}")
        return match[0]

    return re.sub(r"%(.)", one, form, flags=re.S)


def _timeout(context: Context, argv: tuple[str, ...]) -> Result:
    """`timeout SECONDS COMMAND`: a command that would take longer ends unheard, with 124 (busybox: 143)."""
    busybox = is_busybox(context)
    try:
        options, words = parse(argv[1:], "s:k:" + ("" if busybox else "v"), [] if busybox else
                               ["signal=", "kill-after=", "preserve-status", "foreground", "verbose"],
                               permute=False)  # fmt: skip
    except BadOption as error:
        return _complain(context, "timeout", str(error), 125)
    if len(words) < 2:
        return busybox_usage("timeout") if busybox else _complain(context, "timeout", "", 125)
    seconds = duration(words[0])
    if seconds is None:
        if busybox:
            return fail(f"timeout: invalid number '{words[0]}'", 1)
        return _complain(context, "timeout", f"invalid time interval ‘{words[0]}’", 125)
    begin = context.world.clock
    inner = tuple(words[1:])
    if inner[0].rsplit("/", 1)[-1] == "ping" and seconds:
        inner = _bounded_ping(inner, seconds)
    result = _run_inner(replace(context, deadline=min(context.deadline, begin + (seconds or math.inf))), inner)
    if result is None:
        shown = f"can't execute '{words[1]}'" if busybox else f"failed to run command ‘{words[1]}’"
        return fail(f"timeout: {shown}: No such file or directory", 127)
    if not seconds or context.world.clock - begin < seconds and inner == tuple(words[1:]):
        return result
    context.world.clock = begin + seconds
    if {word.rsplit("/", 1)[-1] for word in inner} & set(CAPTURES):  # they tell what they saw when they are ended
        return Result(result.stdout, result.stderr, 124)
    stdout = result.stdout.split("\n^C", 1)[0].split("\n\n--- ", 1)[0]
    stdout = stdout + "\n" if stdout and not stdout.endswith("\n") else stdout
    kept = "".join(line for line in result.stderr.splitlines(keepends=True) if line.startswith(("Connecting", "--2")))
    killed = any(name in ("-s", "--signal") and value.upper().endswith(("KILL", "9")) for name, value in options)
    return Result(stdout if inner[0].endswith("ping") else "", kept, 137 if killed else 143 if busybox else 124)


def _bounded_ping(argv: tuple[str, ...], seconds: float) -> tuple[str, ...]:
    """A ping without -c gets as many requests as fit before the signal."""
    if any(word.startswith(("-c", "-w")) for word in argv[1:]):
        return argv
    return (argv[0], "-c", str(max(1, math.ceil(seconds))), *argv[1:])


# -- who and where ----------------------------------------------------------------------------------------------------


def _whoami(context: Context, argv: tuple[str, ...]) -> Result:
    if len(argv) > 1:
        return (
            busybox_usage("whoami")
            if is_busybox(context)
            else _complain(context, "whoami", f"extra operand ‘{argv[1]}’")
        )
    name = accounts.name_of(context, context.user.uid)
    if name is None:  # busybox 1.35; coreutils 9.1 says "cannot find name for user ID"
        uid = context.user.uid
        return fail(f"whoami: unknown uid {uid}" if is_busybox(context) else
                    f"whoami: cannot find name for user ID {uid}", 1)  # fmt: skip
    return Result(f"{name}\n")


def _id(context: Context, argv: tuple[str, ...]) -> Result:
    try:
        options, names = parse(argv[1:], "ugGnr")
    except BadOption as error:
        return _complain(context, "id", str(error))
    who = context.user
    if names:
        try:
            who = accounts.resolved(context, names[0])
        except accounts.UnknownAccount:
            return fail(f"id: unknown user {names[0]}" if is_busybox(context) else f"id: ‘{names[0]}’: no such user", 1)
    return _told_of(context, who, {name[1:] for name, _ in options})


def _told_of(context: Context, who: User, flags: set[str]) -> Result:
    """A number without a name is said all the same, with a complaint behind it where only names were asked for."""
    groups = list(dict.fromkeys((who.gid, *who.groups)))
    if not flags & {"u", "g", "G"}:
        shown = ",".join(_named(number, accounts.group_name(context, number)) for number in groups)
        uid = _named(who.uid, accounts.name_of(context, who.uid))
        gid = _named(who.gid, accounts.group_name(context, who.gid))
        return Result(f"uid={uid} gid={gid} groups={shown}\n")
    of_users = "u" in flags
    wanted = groups if "G" in flags else [who.uid if of_users else who.gid]
    if "n" not in flags:
        return Result(" ".join(map(str, wanted)) + "\n")
    names = [accounts.name_of(context, n) if of_users else accounts.group_name(context, n) for n in wanted]
    lacking = [number for number, name in zip(wanted, names, strict=True) if name is None]
    kind = "user" if of_users else "group"
    said = "".join(f"id: unknown ID {n}\n" if is_busybox(context) else
                   f"id: cannot find name for {kind} ID {n}\n" for n in lacking)  # fmt: skip
    text = " ".join(name or str(number) for number, name in zip(wanted, names, strict=True))
    return Result(f"{text}\n", said, 1 if lacking else 0)


def _named(number: int, name: str | None) -> str:
    return f"{number}({name})" if name else str(number)


def _uname(context: Context, argv: tuple[str, ...]) -> Result:
    try:
        options, words = parse(argv[1:], "asnrvmpio")
    except BadOption as error:
        return _complain(context, "uname", str(error))
    if words:
        return (
            busybox_usage("uname")
            if is_busybox(context)
            else _complain(context, "uname", f"extra operand ‘{words[0]}’")
        )
    flags = {name[1:] for name, _ in options} or {"s"}
    release, version, machine, system = KERNEL
    parts = {"s": "Linux", "n": hostname.own_name(context), "r": release, "v": version, "m": machine, "p": "unknown",
             "i": "unknown", "o": system}  # fmt: skip
    chosen = "snrvmo" if "a" in flags else [key for key in "snrvmpio" if key in flags]
    return Result(" ".join(parts[key] for key in chosen) + "\n")


def _which(context: Context, argv: tuple[str, ...]) -> Result:
    names = [word for word in argv[1:] if not word.startswith("-")]
    if not names:
        return busybox_usage("which") if is_busybox(context) else Result(exit_code=1)
    found = [path for name in names if (path := path_of(context, name))]
    return Result("".join(f"{path}\n" for path in found), "", 0 if len(found) == len(names) else 1)
