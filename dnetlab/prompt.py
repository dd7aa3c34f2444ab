"""`dnetlab shell`: the lab at a prompt, with history, completion, `%dnet …`, and what each command changed.

Ctrl-C ends a command, never the lab; Ctrl-D or `exit` at a host's prompt leaves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dnetlab.commands.cell import host_called
from dnetlab.errors import DnetError
from dnetlab.notebook.seat import Said, Seat, Voice, answered, banner, wrong

if TYPE_CHECKING:
    from dnetlab.lab import Lab
    from dnetlab.model import Output
    from dnetlab.notebook.magic import DnetMagics

HISTORY = Path("~/.dnetlab_history")  # of a terminal somebody sits at; as bash keeps its own


def talk(lab: Lab, host: str | None, quiet: bool = False) -> int:
    """Read lines and answer them until the end of the input. Raises UsageError for a host that isn't in the lab."""
    name = host_called(lab.shape, host)
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    desk = Desk(lab, name, quiet)
    read = desk.reader() if interactive else input
    if interactive:
        print(banner(lab))
    while True:
        try:
            text = read(desk.lab.prompt(desk.host))
            if desk.is_the_end(text):
                return 0
            desk.answer(text)
        except EOFError:
            print()
            return 0
        except KeyboardInterrupt:
            print("^C")
        except DnetError as error:
            _print(wrong(error))


class Desk(Seat):
    """A seat in a terminal of the system."""

    def __init__(self, lab: Lab, host: str, quiet: bool) -> None:
        super().__init__(host, quiet)
        self._lab = lab
        self._magics: DnetMagics | None = None

    @property
    def lab(self) -> Lab:
        return self._magics.lab if self._magics else self._lab

    @property
    def magics(self) -> DnetMagics:
        """The same as in a notebook; made when first used, because it needs IPython."""
        if self._magics is None:
            from dnetlab.notebook.magic import DnetMagics

            self._magics = DnetMagics(None)
            self._magics.topology = self._magics.usual = self._lab.shape
            self._magics.current = (self._lab.engine.name, self._lab.engine.release)
            self._magics.labs[self._magics.current] = self._lab
        return self._magics

    def answer(self, text: str) -> None:
        """Do what one line asks for, and print the answer."""
        for piece in self.says(text):
            _print(piece)

    def reader(self) -> Callable[[str], str]:
        """A prompt with history and completion, by prompt_toolkit (which IPython brings)."""
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import CompleteEvent, Completer, Completion
        from prompt_toolkit.document import Document
        from prompt_toolkit.history import FileHistory, InMemoryHistory

        desk = self

        class Words(Completer):
            def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
                fragment, choices = desk.complete(document.text_before_cursor)
                return (Completion(choice, -len(fragment)) for choice in choices)

        try:
            file = HISTORY.expanduser()
            file.touch(0o600)
            history: FileHistory | InMemoryHistory = FileHistory(str(file))
        except (OSError, RuntimeError):  # a home that can't be written, or none
            history = InMemoryHistory()
        session: PromptSession[str] = PromptSession(history=history, completer=Words(), complete_while_typing=False)
        return session.prompt


def show(output: Output) -> None:
    """Print an answer, each stream where it belongs, and what the lab has to add."""
    for piece in answered(output):
        _print(piece)


def _print(piece: Said) -> None:
    """A prompt and a command stand in the terminal already."""
    if piece.voice in (Voice.PROMPT, Voice.COMMAND):
        return
    stream = sys.stderr if piece.voice in (Voice.ERR, Voice.WRONG) else sys.stdout
    text = piece.text
    if piece.voice is Voice.CHANGED and stream.isatty():
        text = f"\x1b[2m{text}\x1b[0m"
    print(text, end="" if text.endswith("\n") else "\n", file=stream, flush=True)
