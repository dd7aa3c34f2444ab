"""Why a text is no script that an engine runs."""

from __future__ import annotations

from typing import Any

from dnetlab.language import Words
from dnetlab.model import Refusal


class ShellRefused(Exception):
    """A text that neither engine takes; carries the Refusal."""

    def __init__(self, why: str, instead: str = "", /, **fields: Any) -> None:
        super().__init__(why, instead, fields)
        self.refusal = Refusal(Words(why, **fields), Words(instead, **fields))

    def __str__(self) -> str:
        return self.refusal.reason


class Unfinished(ShellRefused):
    """The text ends inside a quote, a substitution, a loop, a here-document: a terminal would ask for more."""


class NotModelled(ShellRefused):
    """A real shell reads it, the simulator's doesn't."""
