"""What can go wrong, as a tree; each name says in one sentence when it happens.

    DnetError                 anything dnetlab says to a user instead of a traceback
    ├── UsageError            the magic's or the CLI's own line is wrong (an option, a file, a host name)
    │   └── NotHere           this engine can't do that; the other one can
    ├── CellError             the text of a cell can't be read (a quote that never closes)
    ├── EngineError           the engine itself can't be reached, started or asked: our side, not the student's
    └── UnknownName           something asked for by name is not in the lab (with the nearest names)

A line that an engine can't or won't do is no error but a value: `dnetlab.model.Refusal`. A command that fails as
the real one would is no error either: it is an `Output` with its exit status. A bug of ours stays a traceback.
"""

from __future__ import annotations

from typing import Any

from dnetlab.language import Words, worded


class DnetError(Exception):
    """Anything dnetlab says to a user instead of a traceback: what happened, where, and what to do next.

    message and hint are templates of `dnetlab.language`, filled in with the fields; or Words that are made already.
    In a notebook only the message is shown (IPython asks `_render_traceback_`), and the cell still counts as failed.
    """

    def __init__(self, message: str | Words, /, *, hint: str | Words = "", **fields: Any) -> None:
        super().__init__(message, hint, fields)
        self.what = worded(message, fields)
        self.next = worded(hint, fields)

    @property
    def message(self) -> str:
        return str(self.what)

    @property
    def hint(self) -> str:
        """'' when there is nothing to do."""
        return str(self.next)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.next else self.message

    def _render_traceback_(self) -> list[str]:
        lines = [f"dnetlab: {self.message}"]
        if self.hint:
            lines.append(f"  {self.hint}")
        return lines


class UsageError(DnetError):
    """The magic's or the CLI's own line is wrong: an unknown option, file or host name."""


class NotHere(UsageError):
    """This engine can't do what was asked, and says so; the other one can."""


class CellError(DnetError):
    """The text of a cell can't be read, for example a quote that never closes."""


class EngineError(DnetError):
    """The engine can't be reached, started or asked. The student has done nothing wrong."""


class UnknownName(DnetError):
    """Something asked for by name is not in the lab; the message offers the nearest names."""
