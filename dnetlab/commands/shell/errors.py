"""Why a text is no script that an engine runs."""

from __future__ import annotations

from dnetlab.model import Refusal


class ShellRefused(Exception):
    """A text that neither engine takes; carries the Refusal."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.refusal = Refusal(reason, hint)


class Unfinished(ShellRefused):
    """The text ends inside a quote, a substitution, a loop, a here-document: a terminal would ask for more."""


class NotModelled(ShellRefused):
    """A real shell reads it, the simulator's doesn't."""
