"""A line is one command at one prompt; an output is all that the world answered to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dnetlab.language import Words, say
from dnetlab.model.changed import quick
from dnetlab.model.request import Request


class Prompt(Enum):
    """Which prompt a line was typed at."""

    NONE = "none"  # no prompt: the open terminal of the host if there is one, else the host itself
    HOST = "host"  # docker1# … : the host, even while a container's terminal is open
    TERMINAL = "terminal"  # / # … : the container whose terminal was opened last


@quick
@dataclass(frozen=True)
class Line:
    """One command of a cell.

    number      1-based line in the cell or script, for messages
    text        the command as typed, without its prompt
    host        'docker1', 'docker2', 'client', or another host of the lab
    container   name or id of the container the line is for, None at a host's prompt; an engine fills it in for
                Prompt.TERMINAL and Prompt.NONE lines that an open terminal took
    argv        words of the first simple command after quotes are taken off; substitutions stay as written
    prompt      how the line was addressed
    answer      'y' or 'n' typed on the next line for a question, None when the cell gives no answer
    expected    the output an author pasted under the line, None when the cell is no transcript
    request     what a client of the daemon asked for, None for a command; text is how curl would ask it
    session     whose terminal the line was typed into, when a client of the daemon opened it: 'docker1 CONTAINER' or
                'docker1 exec ID'; '' for the lab's own prompts
    clock       the lab's clock when it began, where time passes by itself; None: when the line before it ended
    """

    number: int
    text: str
    host: str
    container: str | None = None
    argv: tuple[str, ...] = ()
    prompt: Prompt = Prompt.NONE
    answer: str | None = None
    expected: str | None = None
    request: Request | None = None
    session: str = ""
    clock: float | None = None


@dataclass(frozen=True)
class LeftOut:
    """A line of a cell that reads as a command and did not run.

    It was taken for the output of the line above it or, with is_comment, for a comment.
    """

    number: int
    text: str
    is_comment: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why an engine can't or won't run a line, and what to do instead. Nothing of the line was obeyed."""

    why: Words
    instead: Words = Words("")

    @property
    def reason(self) -> str:
        return str(self.why)

    @property
    def hint(self) -> str:
        return str(self.instead)

    def __str__(self) -> str:
        return f"{self.reason} {self.hint}".strip()


@quick
@dataclass(frozen=True)
class Output:
    """What one line answered.

    line        the line, with `container` filled in when it ran inside one
    stdout      text, '' when silent; ends with a newline when the tool ended its last line
    stderr      likewise
    exit_code   as the shell's $?; 0 for a refused line means nothing, look at `refused` first
    refused     None when the line ran
    prompt      the prompt a student sees in front of the line: '[root@docker1 ~]# ' or '/ # '
    """

    line: Line
    stdout: str = ""
    stderr: str = ""
    exit_code: int = 0
    refused: Refusal | None = None
    prompt: str = ""

    def __str__(self) -> str:
        """As a terminal shows it: the prompt and the command, what it printed, and how a failing one ended."""
        head = f"{self.prompt or f'[root@{self.line.host} ~]# '}{self.line.text}"
        rows = [head, *(text.removesuffix("\n") for text in (self.stdout, self.stderr) if text)]
        if self.exit_code and not self.refused:
            rows.append(say("(exit status {code})", code=self.exit_code))
        if self.refused:
            rows.append(say("dnetlab does not run this line: {reason}", reason=self.refused.reason))
            rows += [f"  {self.refused.hint}"] if self.refused.hint else []
        return "\n".join(rows)
