"""A text becomes a script, or a refusal."""

from __future__ import annotations

from dnetlab.commands.shell import Script, ShellRefused, parse_shell
from dnetlab.sim.userland.seam import Refused


def read(text: str) -> Script:
    """A script, or Refused in the words of the cell language."""
    try:
        return parse_shell(text)
    except ShellRefused as refused:
        raise Refused.as_is(refused.refusal) from None
