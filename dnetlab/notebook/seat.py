"""A seat at a prompt of the lab: `dnetlab shell` prints what is said there, `%dnet terminal` shows it in a page.

Each line is a cell of one line, and goes the road of every command; what is said in answer are values.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from dnetlab.commands.remarks import remark
from dnetlab.errors import DnetError
from dnetlab.language import say
from dnetlab.version import __version__

if TYPE_CHECKING:
    from dnetlab.lab import Lab
    from dnetlab.model import Output
    from dnetlab.notebook.magic import DnetMagics

_HELP = """\
Type commands as at work: docker, ip, iptables, brctl, ping, curl, ps, kill, systemctl …
  docker2# hostname      a prompt in front picks the host for one line
  %dnet                  lists what the lab can show: %dnet ips, %dnet rules, %dnet trace SRC DST[:PORT], %dnet undo
  history                the commands of this session
  exit, Ctrl-D           leave; inside a container `exit` leaves the container"""


class Voice(Enum):
    """Who speaks, so that a front can set it apart."""

    PROMPT = "prompt"  # in front of a command that ran
    COMMAND = "command"  # the command, as it was typed
    OUT = "out"  # what it printed
    ERR = "err"  # the same, on stderr
    CHANGED = "changed"  # what it changed in the lab
    LAB = "lab"  # a sentence of the lab
    WRONG = "wrong"  # a sentence of the lab about what did not work


@dataclass(frozen=True)
class Said:
    """Something said at a prompt. The text of OUT and ERR is as the program wrote it, other texts end no line."""

    voice: Voice
    text: str


def banner(lab: Lab) -> str:
    """What is said before the first prompt."""
    from dnetlab.views.engine import engine_text

    return say(
        "dnetlab {version}: {engine}. Hosts: {hosts}. `help` says what can be typed here.",
        version=__version__,
        engine=engine_text(lab.engine.name, lab.engine.release),
        hosts=", ".join(lab.shape.names),
    )


class Seat:
    """Somebody's seat at the lab: whose prompt, and whether changes are shown."""

    def __init__(self, host: str, quiet: bool = False) -> None:
        self.host = host
        self.quiet = quiet

    @property
    def magics(self) -> DnetMagics:
        """What `%dnet` works on."""
        raise NotImplementedError

    @property
    def lab(self) -> Lab:
        """The lab that lines run in; `%dnet engine` and `%dnet lab FILE` may have chosen another."""
        return self.magics.lab

    def is_the_end(self, text: str) -> bool:
        return text.strip() in ("exit", "logout") and self.lab.terminal(self.host) is None

    def says(self, text: str) -> Iterator[Said]:
        """Do what one line asks for, and say the answer; nothing for a line without words. Raises DnetError."""
        words = text.split()
        if not words:
            return
        if words[0] in ("%dnet", "%%dnet"):
            yield from self._look(text.strip().split("dnet", 1)[1])
        elif text.strip() in ("help", "?"):
            yield Said(Voice.LAB, say(_HELP))
        elif text.strip() == "history":
            yield from self._look(" journal")
        else:
            yield from self._run(text)

    def _look(self, rest: str) -> Iterator[Said]:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):  # of a subcommand that prints its help
            value = self.magics.look(rest)
        if printed.getvalue():
            yield Said(Voice.OUT, printed.getvalue())
        if value is not None:
            yield Said(Voice.LAB, str(value))
        if self.host not in self.lab.shape.names:
            self.host = self.lab.shape.names[0]

    def _run(self, text: str) -> Iterator[Said]:
        from dnetlab.views import terminal
        from dnetlab.views.course import tick_texts
        from dnetlab.views.difference import difference
        from dnetlab.views.journal import unwritten_text

        before = self.lab.terminal(self.host)
        result = self.lab.run_cell(text, self.host, goes_on=True)
        for output in result.outputs:
            yield Said(Voice.PROMPT, terminal.prompt_of(output))
            yield Said(Voice.COMMAND, output.line.text)
            yield from answered(output)
        after = self.lab.terminal(self.host)
        if after is not None and after != before:
            yield Said(Voice.LAB, terminal.open_text(after, self.host))
        changed = "" if self.quiet or not result.outputs else difference(result.before, result.after).text
        if changed:
            yield Said(Voice.CHANGED, changed)
        for tick in tick_texts(result.ticks, self.lab.tasks()) if result.ticks else ():
            yield Said(Voice.LAB, tick)
        record = self.lab.record
        if record and (trouble := record.news()):
            yield wrong(unwritten_text(record.path, trouble))

    def complete(self, text: str) -> tuple[str, list[str]]:
        """The fragment before the cursor and what may replace it."""
        from dnetlab.notebook import words

        if text.lstrip().startswith("%dnet "):
            return self.magics.complete(text.lstrip().removeprefix("%dnet "))
        return words.of_line(text, self.host, self.lab.shape, self.lab.snapshot())


def wrong(sentence: str | DnetError) -> Said:
    """What did not work, in the lab's voice."""
    return Said(Voice.WRONG, f"dnetlab: {sentence}")


def answered(output: Output) -> Iterator[Said]:
    """What a command printed, that it was refused, and what the lab has to add."""
    if output.stdout:
        yield Said(Voice.OUT, output.stdout)
    if output.stderr:
        yield Said(Voice.ERR, output.stderr)
    if output.refused:
        yield wrong(say("refused: {reason}", reason=output.refused.reason) + f"\n  {output.refused.hint}")
    added = remark(output)
    if added:
        yield wrong(added)
