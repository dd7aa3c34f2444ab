"""The words a shell answers itself (XCU 2.14 and 1.6), and bash's that lab sheets use."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from dnetlab.sim.userland import echo
from dnetlab.sim.userland.seam import Call, Input, Refused, absolute
from dnetlab.sim.userland.sh import conditions
from dnetlab.sim.userland.sh.control import Break, Continue, Exit, Return
from dnetlab.sim.userland.sh.expand import ShellProblem
from dnetlab.sim.userland.sh.reading import read
from dnetlab.sim.userland.sh.state import BASH, Streams

if TYPE_CHECKING:
    from dnetlab.sim.userland.sh.interpret import Interpreter

Argv = tuple[str, ...]
Work = Callable[["Interpreter"], int]
Status = Callable[[], int]
Builtin = Callable[["Interpreter", Argv, Streams], int]
_NAME = re.compile(r"[A-Za-z_]\w*")
_OPTIONS = "aefux"


def _number(sh: Interpreter, argv: Argv, default: int, streams: Streams) -> int:
    """The number behind exit, return, break, shift. ShellProblem for another word."""
    if len(argv) < 2:
        return default
    if not re.fullmatch(r"\d{1,9}", argv[1]):
        shown = "numeric argument required" if sh.shell.kind == BASH else "Illegal number"
        raise ShellProblem(
            f"{argv[0]}: {argv[1]}: {shown}" if sh.shell.kind == BASH else f"{argv[0]}: {shown}: {argv[1]}"
        )
    return int(argv[1])


# -- special ------------------------------------------------------------------------------------------------------


def _colon(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    return 0


def _break(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    levels = _number(sh, argv, 1, streams)
    if not sh.loops:
        return 0
    raise (Break if argv[0] == "break" else Continue)(min(levels, sh.loops))


def _exit(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    raise Exit(_number(sh, argv, sh.shell.status, streams) % 256, asked=True)


def _return(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    raise Return(_number(sh, argv, sh.shell.status, streams) % 256)


def _shift(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    count = _number(sh, argv, 1, streams)
    if count > len(sh.shell.positional):
        if sh.shell.kind == "dash":
            raise ShellProblem("shift: can't shift that many")
        return 1
    sh.shell.positional = sh.shell.positional[count:]
    return 0


def _export(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    words = argv[1:]
    if not words or words == ("-p",):
        shown = sorted(sh.shell.exported if argv[0] == "export" else sh.shell.readonly)
        head = f"declare -{'x' if argv[0] == 'export' else 'r'}" if sh.shell.kind == BASH else argv[0]
        quote = '"' if sh.shell.kind == BASH else "'"
        streams.stdout.write(
            "".join(f"{head} {n}={quote}{sh.shell.variables[n]}{quote}\n" for n in shown if n in sh.shell.variables)
        )
        return 0
    removes = words[0] == "-n"
    names = set()
    for word in words[removes:]:
        name, equals, value = word.partition("=")
        if not _NAME.fullmatch(name):
            raise ShellProblem(
                f"{argv[0]}: `{word}': not a valid identifier"
                if sh.shell.kind == BASH
                else f"{argv[0]}: {name}: bad variable name",
                1 if sh.shell.kind == BASH else 2,
            )
        if equals:
            sh.expander(streams).assign(name, value)
        names.add(name)
    if argv[0] == "readonly":
        sh.shell.readonly |= names
    else:
        sh.shell.exported = sh.shell.exported - names if removes else sh.shell.exported | names
    return 0


def _unset(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    words = argv[1:]
    functions = words[:1] == ("-f",)
    for name in words[words[:1] in (("-f",), ("-v",)) :]:
        if name in sh.shell.readonly and not functions:
            raise ShellProblem(
                f"unset: {name}: {'cannot unset: readonly variable' if sh.shell.kind == BASH else 'is read only'}"
            )
        if functions:
            sh.shell.functions.pop(name, None)
        else:
            sh.shell.variables.pop(name, None)
            sh.shell.exported -= {name}
    return 0


def _set(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    words = list(argv[1:])
    if not words:
        streams.stdout.write("".join(f"{n}={v!r}\n" for n, v in sorted(sh.shell.variables.items()) if "\0" not in n))
        return 0
    while words and re.match(r"[-+][A-Za-z]", words[0]):
        word = words.pop(0)
        for letter in word[1:]:
            if letter == "o":
                _set_option(sh, word[0] == "-", words.pop(0) if words else "")
            elif letter in _OPTIONS:
                sh.shell.options = sh.shell.options | {letter} if word[0] == "-" else sh.shell.options - {letter}
            elif letter not in "hmbC":
                raise Refused(
                    "set {word} is not part of the lab's shell.",
                    "It has set -e, -u, -x, -f, -a and -o pipefail.",
                    word=word,
                )
    if words[:1] == ["--"]:
        sh.shell.positional = tuple(words[1:])
    elif words[:1] == ["-"]:
        sh.shell.options -= {"x"}
    elif words:
        sh.shell.positional = tuple(words)
    return 0


def _set_option(sh: Interpreter, on: bool, name: str) -> None:
    letter = {
        "errexit": "e",
        "nounset": "u",
        "xtrace": "x",
        "noglob": "f",
        "allexport": "a",
        "pipefail": "pipefail",
    }.get(name)
    if letter is None:
        raise Refused(
            "set -o {name} is not part of the lab's shell.", "It has set -e, -u, -x, -f, -a and -o pipefail.", name=name
        )
    sh.shell.options = sh.shell.options | {letter} if on else sh.shell.options - {letter}


def _eval(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    script = read(" ".join(argv[1:]))
    if not script.pipelines:
        return 0
    return sh.deeper(script, streams)


def _source(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    if len(argv) < 2:
        raise ShellProblem(f"{argv[0]}: filename argument required")
    try:
        text = sh.programs.files.read(absolute(sh.shell.directory, argv[1]))
    except OSError:
        shown = (
            f"{argv[1]}: No such file or directory" if sh.shell.kind == BASH else f"{argv[0]}: can't open '{argv[1]}'"
        )
        raise ShellProblem(shown, 1 if sh.shell.kind == BASH else 2) from None
    before = sh.shell.positional
    sh.shell.positional = argv[2:] or before
    try:
        return sh.deeper(read(text), streams)
    except Return as returned:
        return returned.code
    finally:
        sh.shell.positional = before if argv[2:] else sh.shell.positional


def _exec(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    if len(argv) == 1:
        raise Refused(
            "exec without a command is not part of the lab's shell.", "Put {{ … }} around the lines and redirect them."
        )
    raise Exit(sh.program(argv[1:], {}, streams), asked=True)


def _trap(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    words = argv[1:]
    if len(words) > 1 and ("EXIT" in words[1:] or "0" in words[1:]):
        sh.shell.trap = "" if words[0] == "-" else words[0]
    return 0


# -- regular ------------------------------------------------------------------------------------------------------


def _cd(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    words = [word for word in argv[1:] if word not in ("-P", "-L", "--")]
    to = words[0] if words else sh.shell.variables.get("HOME", "/root")
    if to == "-":
        to = sh.shell.variables.get("OLDPWD", "")
        if not to:
            sh.say("cd: OLDPWD not set", streams)
            return 1
        streams.stdout.write(f"{to}\n")
    path = absolute(sh.shell.directory, to) if to else sh.shell.directory
    kind = sh.programs.files.kind(path)
    if kind != "directory":
        sh.say(_cd_failure(sh.shell.kind, to, kind), streams)
        return 2 if sh.shell.kind == "dash" else 1
    sh.shell.variables["OLDPWD"] = sh.shell.directory
    sh.shell.directory = sh.shell.variables["PWD"] = path
    return 0


def _cd_failure(kind: str, to: str, found: str) -> str:
    reason = "Not a directory" if found else "No such file or directory"
    return (
        f"cd: {to}: {reason}" if kind == BASH else f"cd: can't cd to {to}" + ("" if kind == "dash" else f": {reason}")
    )


def _pwd(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    streams.stdout.write(f"{sh.shell.directory}\n")
    return 0


def _local(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    if sh.locals is None:
        sh.say(
            "local: can only be used in a function" if sh.shell.kind == BASH else "local: not in a function", streams
        )
        return 1
    for word in argv[1:]:
        name, equals, value = word.partition("=")
        sh.locals[name] = True
        if equals:
            sh.expander(streams).assign(name, value)
        elif sh.shell.kind == BASH:
            sh.shell.variables.pop(name, None)
    return 0


def _read(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    words, raw = list(argv[1:]), False
    while words and words[0].startswith("-"):
        option = words.pop(0)
        raw = raw or "r" in option
        if option.strip("-r") not in ("", "p", "s"):
            raise Refused("read {option} is not part of the lab's shell.", "It has read [-r] NAME….", option=option)
        if option.endswith("p") and words:
            words.pop(0)
    if streams.stdin.text is None:
        raise Refused(
            "read asks at a terminal, and nobody types here.", "Give it input: echo … | while read …, or < FILE."
        )
    line, complete = _logical_line(streams, raw)
    names = words or ["REPLY"]
    values = (
        _cut(line, len(names), sh.shell.variables.get("IFS", " \t\n")) if words or sh.shell.kind != BASH else [line]
    )
    for name, value in zip(names, values, strict=True):
        if not _NAME.fullmatch(name):
            raise ShellProblem(f"read: {name}: bad variable name")
        sh.expander(streams).assign(name, "".join(character for character, _ in value))
    return 0 if complete else 1


def _logical_line(streams: Streams, raw: bool) -> tuple[list[tuple[str, bool]], bool]:
    """A line as characters, those behind a backslash marked; and whether it ended with a newline."""
    found: list[tuple[str, bool]] = []
    while True:
        line = streams.stdin.line()
        complete = line.endswith("\n")
        line = line.removesuffix("\n")
        at = 0
        joined = False
        while at < len(line):
            if line[at] == "\\" and not raw:
                joined = at + 1 == len(line)
                if not joined:
                    found.append((line[at + 1], True))
                at += 2
            else:
                found.append((line[at], False))
                at += 1
        if not (joined and complete):
            return found, complete


def _cut(characters: list[tuple[str, bool]], count: int, separators: str) -> list[list[tuple[str, bool]]]:
    """The characters of a line for `count` variables; the last one takes the rest."""
    blanks = "".join(c for c in separators if c in " \t\n")

    def is_one_of(at: int, of: str) -> bool:
        return at < len(characters) and not characters[at][1] and characters[at][0] in of

    at = 0
    while is_one_of(at, blanks):
        at += 1
    values = []
    for _ in range(count - 1):
        start = at
        while at < len(characters) and not is_one_of(at, separators):
            at += 1
        values.append(characters[start:at])
        while is_one_of(at, blanks):
            at += 1
        if is_one_of(at, separators):
            at += 1
            while is_one_of(at, blanks):
                at += 1
    return [*values, _last(characters[at:], separators, blanks)]


def _last(rest: list[tuple[str, bool]], separators: str, blanks: str) -> list[tuple[str, bool]]:
    """What the last variable gets: blanks at the end go, and a separator that ends the only field left."""
    while rest and not rest[-1][1] and rest[-1][0] in blanks:
        rest = rest[:-1]
    others = [n for n, (c, escaped) in enumerate(rest) if not escaped and c in separators and c not in blanks]
    if others and others[0] == len(rest) - 1:
        rest = rest[:-1]
        while rest and not rest[-1][1] and rest[-1][0] in blanks:
            rest = rest[:-1]
    return rest


def _test(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    words = argv[1:]
    if argv[0] == "[":
        if words[-1:] != ("]",):
            sh.say("[: missing `]'" if sh.shell.kind == BASH else "[: missing ]", streams)
            return 2
        words = words[:-1]
    try:
        return int(not conditions.holds(words, sh.place(streams)))
    except conditions.BadTest as bad:
        sh.say(f"{argv[0]}: {bad}", streams)
        return 2


def _echo(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    streams.stdout.write(echo.echoed(argv[1:], sh.shell.kind))
    return 0


def _printf(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    words = argv
    into = None
    if argv[1:2] == ("-v",) and sh.shell.kind == BASH and len(argv) > 3:
        into, words = argv[2], (argv[0], *argv[3:])
    result = echo.printf(Call(words, Input(), sh.programs.files))
    if into:
        sh.expander(streams).assign(into, result.stdout)
    else:
        streams.stdout.write(result.stdout)
    if result.stderr:
        streams.stderr.write(f"{sh.shell.prefix}{result.stderr}")
    return result.exit_code


def _true(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    return int(argv[0] == "false")


def _command(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    words = argv[1:]
    if words[:1] in (("-v",), ("-V",)):
        found = [shown for name in words[1:] if (shown := _kind_of(sh, name, words[0] == "-V"))]
        streams.stdout.write("".join(f"{row}\n" for row in found))
        return 0 if len(found) == len(words[1:]) else 127 if sh.shell.kind != BASH else 1
    if words[:1] == ("-p",):
        words = words[1:]
    if not words:
        return 0
    special = SPECIAL.get(words[0])
    return special(sh, words, streams) if special else sh.unaliased(words, {}, streams)


def _type(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    status = 0
    for name in argv[1:]:
        found = _kind_of(sh, name, True)
        if found:
            streams.stdout.write(f"{found}\n")
        else:
            status = 1 if sh.shell.kind == BASH else 127
            missing = f"{sh.shell.prefix}type: {name}: not found" if sh.shell.kind == BASH else f"{name}: not found"
            (streams.stderr if sh.shell.kind == BASH else streams.stdout).write(f"{missing}\n")
    return status


def _kind_of(sh: Interpreter, name: str, long: bool) -> str:
    if name in sh.shell.functions:
        return f"{name} is a function" if long else name
    if name in SPECIAL and sh.shell.kind != BASH:
        return f"{name} is a special shell builtin" if long else name
    if name in SPECIAL or name in REGULAR:
        return f"{name} is a shell builtin" if long else name
    path = sh.programs.where(name)
    return (f"{name} is {path}" if long else path) if path else ""


def _let(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    from dnetlab.commands.shell import Text, Word

    value = 0
    for word in argv[1:]:
        value = sh.expander(streams).arithmetic(Word((Text(word, quoted=True),)))
    return int(value == 0)


def _umask(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    if len(argv) == 1:
        streams.stdout.write("0022\n")
    return 0


def _nothing(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    return 0


def _wait(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    """`wait [PID]`: nothing more comes to a capture while its line waits, so that it ends, as by Ctrl-C."""
    pid = int(argv[1]) if len(argv) > 1 and re.fullmatch(r"\d{1,9}", argv[1]) else 0
    status = 0
    for result in sh.programs.wait(pid):
        streams.stdout.write(result.stdout)
        streams.stderr.write(result.stderr)
        status = result.exit_code
    return status


def _left_out(sh: Interpreter, argv: Argv, streams: Streams) -> int:
    raise Refused("`{tool}` is not part of the lab's shell.", "Write the full command instead.", tool=argv[0])


SPECIAL: dict[str, Builtin] = {
    ":": _colon, "break": _break, "continue": _break, "exit": _exit, "return": _return, "shift": _shift,
    "export": _export, "readonly": _export, "unset": _unset, "set": _set, "eval": _eval, ".": _source,
    "source": _source, "exec": _exec, "trap": _trap,
}  # fmt: skip
REGULAR: dict[str, Builtin] = {
    "cd": _cd, "pwd": _pwd, "local": _local, "read": _read, "test": _test, "[": _test, "echo": _echo,
    "printf": _printf, "true": _true, "false": _true, "command": _command, "type": _type, "let": _let,
    "umask": _umask, "wait": _wait, "hash": _nothing, "ulimit": _nothing, "alias": _left_out,
    "unalias": _nothing, "declare": _left_out, "typeset": _left_out, "getopts": _left_out, "mapfile": _left_out,
    "readarray": _left_out, "shopt": _nothing, "builtin": _command, "logout": _exit, "pushd": _left_out,
    "popd": _left_out, "times": _left_out,
}  # fmt: skip
