"""`dnetlab shell`: the lab at a prompt, with history, completion, `%dnet …`, and what each command changed.

Each line is a cell of one line. Ctrl-C ends a command, never the lab; Ctrl-D or `exit` at a host's prompt leaves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dnetlab import __version__
from dnetlab.commands.cell import host_called
from dnetlab.commands.remarks import remark
from dnetlab.errors import DnetError
from dnetlab.language import say

if TYPE_CHECKING:
    from dnetlab.lab import Lab
    from dnetlab.model import Output
    from dnetlab.notebook.magic import DnetMagics

HISTORY = Path("~/.dnetlab_history")  # of a terminal somebody sits at; as bash keeps its own
_HELP = """\
Type commands as at work: docker, ip, iptables, brctl, ping, curl, ps, kill, systemctl …
  docker2# hostname      a prompt in front picks the host for one line
  %dnet                  lists what the lab can show: %dnet ips, %dnet rules, %dnet trace SRC DST[:PORT], %dnet undo
  history                the commands of this session
  exit, Ctrl-D           leave; inside a container `exit` leaves the container"""


def banner(lab: Lab) -> str:
    """What is said before the first prompt."""
    from dnetlab.views.engine import engine_text

    return say(
        "dnetlab {version}: {engine}. Hosts: {hosts}. `help` says what can be typed here.",
        version=__version__,
        engine=engine_text(lab.engine.name, lab.engine.release),
        hosts=", ".join(lab.shape.names),
    )


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
            print(f"dnetlab: {error}", file=sys.stderr)


class Desk:
    """Somebody's seat at the lab: whose prompt, and whether changes are shown."""

    def __init__(self, lab: Lab, host: str, quiet: bool) -> None:
        self.host = host
        self.quiet = quiet
        self._lab = lab
        self._magics: DnetMagics | None = None

    @property
    def lab(self) -> Lab:
        """The lab that lines run in; `%dnet engine` and `%dnet lab FILE` may have chosen another."""
        return self._magics.lab if self._magics else self._lab

    @property
    def magics(self) -> DnetMagics:
        """What `%dnet` works on, in a notebook as here; made when first used, because it needs IPython."""
        if self._magics is None:
            from dnetlab.notebook.magic import DnetMagics

            self._magics = DnetMagics(None)
            self._magics.topology = self._magics.usual = self._lab.shape
            self._magics.current = (self._lab.engine.name, self._lab.engine.release)
            self._magics.labs[self._magics.current] = self._lab
        return self._magics

    def is_the_end(self, text: str) -> bool:
        return text.strip() in ("exit", "logout") and self.lab.terminal(self.host) is None

    def answer(self, text: str) -> None:
        """Do what one line asks for, and print the answer."""
        words = text.split()
        if not words:
            return
        if words[0] in ("%dnet", "%%dnet"):
            self._look(text.strip().split("dnet", 1)[1])
        elif text.strip() in ("help", "?"):
            print(say(_HELP))
        elif text.strip() == "history":
            self._look(" journal")
        else:
            self._run(text)

    def _look(self, rest: str) -> None:
        from dnetlab.notebook import subcommands

        value = subcommands.run(self.magics, rest)
        if value is not None:
            print(value)
        if self.host not in self.lab.shape.names:
            self.host = self.lab.shape.names[0]

    def _run(self, text: str) -> None:
        from dnetlab.views import terminal
        from dnetlab.views.course import tick_texts
        from dnetlab.views.difference import difference
        from dnetlab.views.journal import unwritten_text

        before = self.lab.terminal(self.host)
        result = self.lab.run_cell(text, self.host, goes_on=True)
        for output in result.outputs:
            show(output)
        after = self.lab.terminal(self.host)
        if after is not None and after != before:
            print(terminal.open_text(after, self.host))
        changed = "" if self.quiet or not result.outputs else difference(result.before, result.after).text
        if changed:
            print(f"\x1b[2m{changed}\x1b[0m" if sys.stdout.isatty() else changed)
        for tick in tick_texts(result.ticks, self.lab.tasks()) if result.ticks else ():
            print(tick)
        record = self.lab.record
        if record and (trouble := record.news()):
            print(f"dnetlab: {unwritten_text(record.path, trouble)}", file=sys.stderr)

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

    def complete(self, text: str) -> tuple[str, list[str]]:
        """The fragment before the cursor and what may replace it."""
        from dnetlab.notebook import words

        if text.lstrip().startswith("%dnet "):
            from dnetlab.notebook.completion import of_subcommand

            return of_subcommand(text.lstrip().removeprefix("%dnet "), self.magics)
        return words.of_line(text, self.host, self.lab.shape, self.lab.snapshot())


def show(output: Output) -> None:
    """Print an answer, each stream where it belongs, and what the lab has to add."""
    for stream, text in ((sys.stdout, output.stdout), (sys.stderr, output.stderr)):
        if text:
            print(text, end="" if text.endswith("\n") else "\n", file=stream, flush=True)
    if output.refused:
        refused = say("refused: {reason}", reason=output.refused.reason)
        print(f"dnetlab: {refused}\n  {output.refused.hint}", file=sys.stderr, flush=True)
    added = remark(output)
    if added:
        print(f"dnetlab: {added}", file=sys.stderr, flush=True)
