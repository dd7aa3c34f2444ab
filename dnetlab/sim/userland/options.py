"""The words of a command line, sorted into options and operands as getopt(3) does, with its complaints."""

from __future__ import annotations

import getopt
from collections.abc import Sequence

from dnetlab.sim.userland.seam import Call, Result


class BadOption(Exception):
    """An option that the tool does not have, or one without its value; the message is getopt(3)'s."""


def parse(
    words: Sequence[str], short: str, long: Sequence[str] = (), *, permute: bool = True
) -> tuple[list[tuple[str, str]], list[str]]:
    """[(option, value), …] and operands. short 'c:n' and long 'max-time=' as in getopt; raises BadOption.

    permute: options may stand after operands, as GNU tools and busybox allow.
    """
    try:
        found, rest = (
            getopt.gnu_getopt(list(words), short, list(long))
            if permute
            else getopt.getopt(list(words), short, list(long))
        )
    except getopt.GetoptError as error:
        raise BadOption(_complaint(error)) from None
    return found, rest


def _complaint(error: getopt.GetoptError) -> str:
    name, text = error.opt, error.msg
    short = len(name) == 1
    if "requires argument" in text:
        return f"option requires an argument -- '{name}'" if short else f"option '--{name}' requires an argument"
    if "must not have an argument" in text:
        return f"option '--{name}' doesn't allow an argument"
    if "not a unique prefix" in text:
        return f"option '--{name}' is ambiguous"
    return f"invalid option -- '{name}'" if short else f"unrecognized option '--{name}'"


def complaint(call: Call, text: str, code: int = 1) -> Result:
    """What a tool says of a line it can't read."""
    if not call.gnu:
        return Result("", f"{call.name}: {text}\nTry '{call.name} --help'.\n", code)
    return Result("", f"{call.name}: {text}\nTry '{call.name} --help' for more information.\n", code)


def reason(error: OSError) -> str:
    """errno in words."""
    known = {
        FileNotFoundError: "No such file or directory",
        IsADirectoryError: "Is a directory",
        NotADirectoryError: "Not a directory",
        FileExistsError: "File exists",
        PermissionError: error.strerror or "Permission denied",
    }
    return next(
        (text for kind, text in known.items() if isinstance(error, kind)), error.strerror or "Input/output error"
    )


def lines_of(text: str) -> list[str]:
    """Lines without their ends; a last line without newline counts."""
    return text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []


def unterminated(text: str) -> bool:
    return bool(text) and not text.endswith("\n")


def inputs(call: Call, names: Sequence[str]) -> tuple[list[tuple[str, str]], str]:
    """[(name, text), …] of the files that can be read ('-' or none: the input), and what is said of the others."""
    found, said = [], ""
    for name in names or ["-"]:
        try:
            found.append((name, call.read(name)))
        except OSError as error:
            said += cannot_read(call, name, error)
    return found, said


def cannot_read(call: Call, name: str, error: OSError) -> str:
    if call.gnu:
        return f"{call.name}: {name}: {reason(error)}\n"
    if isinstance(error, IsADirectoryError):
        return f"{call.name}: read error: Is a directory\n"
    return f"{call.name}: {name}: {reason(error)}\n"
