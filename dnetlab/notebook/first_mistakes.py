"""The two mistakes of a first hour: a command in a cell of Python, and a magic's name that isn't quite one."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from dnetlab.commands.prompts import TOOLS, read_prompt
from dnetlab.errors import CellError
from dnetlab.language import say
from dnetlab.model import Topology

if TYPE_CHECKING:
    from dnetlab.notebook.magic import DnetMagics


def install(shell: Any, magics: DnetMagics) -> None:
    """Say one sentence under the error of such a cell; cells that ran are left alone."""

    def after(result: Any) -> None:
        if result.error_before_exec is not None or result.error_in_exec is not None:
            text = sentence(result.info.raw_cell or "", magics.topology)
            if text:
                print(f"dnetlab: {text}")

    shell.events.register("post_run_cell", after)


def sentence(cell: str, lab: Topology) -> str:
    """What the author of a failed cell may have meant; '' when it doesn't look like a command of the lab.

    >>> sentence("docker ps", default_topology())
    '`docker ps` is a command of the lab. Put %%dnet on the first line of the cell, above it.'
    """
    rows = [row.strip() for row in cell.split("\n") if row.strip()]
    if not rows:
        return ""
    first = rows[0]
    word = first.split()[0]
    if word.startswith("%"):
        name = word.lstrip("%")
        near = name != "dnet" and difflib.get_close_matches(name, ["dnet"], 1, 0.6)
        meant = "%" * (len(word) - len(name)) + "dnet"
        return say("Did you mean {near}?", near=meant) if near else ""
    command = _command(first, lab)
    if not command:
        return ""
    return say(
        "`{command}` is a command of the lab. Put %%dnet on the first line of the cell, above it.", command=command
    )


def _command(row: str, lab: Topology) -> str:
    """The row, when it begins as a command or a prompt of the lab does; '' when it may be Python."""
    try:
        typed = read_prompt(row, lab)
    except CellError:  # a prompt, of a host that is not there
        return row
    if typed is not None and typed.command:
        return row
    words = row.removeprefix("!").split()
    shell_like = len(words) == 1 or not words[1].startswith(("=", "(", ".", "in ", "+=", "["))
    return row if words and words[0] in TOOLS and shell_like else ""
