"""The words of a command line, sorted into options and operands as getopt(3) does, with its complaints."""

from __future__ import annotations

import getopt
import hashlib
from collections.abc import Sequence

from dnetlab.sim.context import Context, Result
from dnetlab.sim.tools.busybox_usage import usage


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


def fail(text: str, code: int = 1, stdout: str = "") -> Result:
    """One line on stderr and an exit status."""
    return Result(stdout, f"{text}\n", code)


def busybox_usage(tool: str, complaint: str = "") -> Result:
    """What a busybox tool answers to a line it can't read (busybox 1.35: all on stderr, exit status 1)."""
    first = f"{tool}: {complaint}\n" if complaint else ""
    return Result("", first + usage(tool), 1)


def is_busybox(context: Context) -> bool:
    return context.userland in ("busybox", "busyboxplus", "alpine", "nginx")


def chance(context: Context, kind: str) -> float:
    """A number in [0, 1) that the world's seed and the count of earlier ones of its kind decide."""
    number = context.world.count(f"chance:{kind}")
    digest = hashlib.sha256(f"{context.world.seed}:{kind}:{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
