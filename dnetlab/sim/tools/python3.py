"""`… | python3 -m json.tool`, which many sheets put behind docker and curl; the lab has no other Python."""

from __future__ import annotations

import json
from typing import Any

from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.left_out import NOT_MODELLED

VERSION = "Python 3.11.2\n"  # of Debian 12
USAGE = """\
usage: python -m json.tool [-h] [--sort-keys] [--no-ensure-ascii]
                           [--json-lines]
                           [--indent INDENT | --tab | --no-indent | --compact]
                           [infile] [outfile]
python -m json.tool: error: {problem}
"""


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """The text of the input or a file with an indent of four; status 1 for what is no JSON (observed with 3.11)."""
    if argv[1:] in (("--version",), ("-V",)):
        return Result(VERSION)
    if argv[1:3] != ("-m", "json.tool"):
        raise Refused("`{name}` is not part of this lab.", NOT_MODELLED["python3"], name="python3")
    try:
        style, names = _asked(argv[3:])
    except ValueError as error:
        return Result("", USAGE.format(problem=error), 2)
    text = context.stdin or ""
    if names and names[0] != "-":
        try:
            files = LabFiles(context)
            text = files.read(files.absolute(names[0]))
        except FileNotFoundError:
            why = f"argument infile: can't open '{names[0]}': [Errno 2] No such file or directory: '{names[0]}'"
            return Result("", USAGE.format(problem=why), 2)
    try:
        return Result(json.dumps(json.loads(text), **style) + "\n")
    except RecursionError:
        return Result("", "maximum recursion depth exceeded\n", 1)
    except ValueError as error:
        return Result("", f"{error}\n", 1)


def _asked(words: tuple[str, ...]) -> tuple[dict[str, Any], list[str]]:
    """(arguments of json.dumps, files). Raises ValueError with argparse's words."""
    style: dict[str, Any] = {"indent": 4}
    names, left = [], list(words)
    while left:
        word = left.pop(0)
        if word == "--sort-keys":
            style["sort_keys"] = True
        elif word == "--no-ensure-ascii":
            style["ensure_ascii"] = False
        elif word == "--compact":
            style |= {"indent": None, "separators": (",", ":")}
        elif word == "--no-indent":
            style["indent"] = None
        elif word == "--tab":
            style["indent"] = "\t"
        elif word == "--indent" and left and left[0].isdecimal():
            style["indent"] = int(left.pop(0))
        elif word.startswith("-") and word != "-":
            raise ValueError(f"unrecognized arguments: {word}")
        else:
            names.append(word)
    if len(names) > 1:
        raise Refused("The lab's json.tool prints.", "python3 -m json.tool FILE > OTHER")
    return style, names
