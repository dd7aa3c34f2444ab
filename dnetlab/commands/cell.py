"""The text of a cell, read as a student typed it: one command per line, at the prompt of a host or a container.

    docker run -d --name web1 nginx              the cell's host, or the terminal open on it
    docker2# brctl show                          the prompt of a host of the lab; also [root@docker2 ~]# … and client$ …
    $ docker ps                                  the cell's host; also student@laptop:~$ … and, all through a cell, # …
    / # ping web1                                the container whose terminal was opened last
    for i in 1 2; do                             a loop, a quote or a here-document goes on until it ends
    y                                            the answer to the question of the line above

Once a cell has a prompt, the lines that follow without one are the output its author expects (a pasted transcript).
A command that is left out by that, or commented out, is named in `Cell.left_out`: none is lost silently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from dnetlab.commands import prompts
from dnetlab.commands.prompts import Typed
from dnetlab.commands.shell import LONGEST_LINE, ShellRefused, is_unfinished, parse_shell
from dnetlab.errors import CellError, UsageError
from dnetlab.model import LeftOut, Line, Prompt, Topology, default_topology
from dnetlab.model.changed import quick

_QUESTION = re.compile(r"\[y/N\]\s*(?P<answer>[yYnN])?\s*$")
_ASKED = re.compile(
    r"^(?P<text>.*\bprune\b.*?) *(?:WARNING!.*)?Are you sure you want to continue\? \[y/N\] *(?P<answer>[yYnN]?)$"
)
LONGEST_CELL = 1 << 20  # characters
SHORT_CELL = 4096  # characters; a longer one is read anew each time
MOST_JOINED = 500  # lines of one loop or here-document
MOST_TRIES = 2_000  # lines that are tried in all of a cell, whose loops may never end
_ANSWER = re.compile(r"^\s*(?P<answer>[yYnN])(?:es|ES|o|O)?\s*$")


@dataclass
class _Pending:
    """A line being collected: its place, its words, and the output pasted under it. at_prompt: it had a prompt."""

    number: int
    text: str
    host: str
    prompt: Prompt
    at_prompt: bool = False
    answer: str | None = None
    expected: list[str] = field(default_factory=list)

    def line(self) -> Line:
        argv, expected = first_words(self.text), None
        if self.at_prompt:
            expected = "\n".join(self.expected).strip("\n")
            expected = expected + "\n" if expected else ""
        return Line(self.number, self.text, self.host, None, argv, self.prompt, self.answer, expected)


def first_words(text: str) -> tuple[str, ...]:
    """The `Line.argv` of a command; of one that the shell can't read, its first word."""
    try:
        return parse_shell(text).argv
    except ShellRefused:
        return tuple(text.split()[:1])


@quick
@dataclass(frozen=True)
class Cell:
    """lines: the commands in order. left_out: what reads as a command and is none of them, in the cell's order."""

    lines: tuple[Line, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def parse_cell(text: str, topology: Topology | None = None, host: str | None = None) -> list[Line]:
    """The commands of a cell in order; [] for an empty cell or one of comments only.

    topology says which hosts a prompt can name (None: the default lab), host whose prompt the lines without one are
    typed at (None: the lab's first). Lines that start with `;` or `# ` are comments (`;;` is output of some tools and
    is not). A backslash at the end joins two lines. Raises CellError when a prompt names a host that the lab does not
    have or the text is longer than a mebibyte, UsageError when the lab does not have `host`.
    """
    return list(read_cell(text, topology, host).lines)


def read_cell(text: str, topology: Topology | None = None, host: str | None = None) -> Cell:
    """`parse_cell`, with the lines that were taken for output or for comments although they read as commands."""
    if len(text) > LONGEST_CELL:
        raise CellError(
            "This has {size:,} characters, and the lab reads at most {most:,} at once.",
            hint="Run it in parts; the output of an earlier run may be left out.",
            size=len(text), most=LONGEST_CELL,
        )  # fmt: skip
    lab = topology or default_topology()
    return (_read_again if len(text) <= SHORT_CELL else _read)(text, lab, host_called(lab, host))


def _read(text: str, lab: Topology, host: str) -> Cell:
    reader = _Reader(lab, host, prompts.bare_signs(text.split("\n"), lab))
    rows = _rows(text)
    at = 0
    while at < len(rows):
        raw, more = _joined(rows, at)
        for piece in prompts.split_glued(raw, lab):
            reader.take(at + 1, piece)
        at += 1 + more
        at += reader.finish(rows[at:])
    return Cell(tuple(p.line() for p in reader.pending), tuple(reader.left_out))


# Cells are run again, in the next lab too, and a check asks the same each time.
_read_again = lru_cache(maxsize=256)(_read)


class _Reader:
    """The lines of a cell so far. signs: which of `$` and `#` alone are prompts in it."""

    def __init__(self, lab: Topology, host: str, signs: str) -> None:
        self.lab, self.host, self.signs = lab, host, signs
        self.pending: list[_Pending] = []
        self.left_out: list[LeftOut] = []
        self.transcript = False
        self.tries = 0
        self.counted = 0  # commands before the last line that was taken
        self.stranger: str | None = None  # a machine of the author's own, read as the cell's host

    def take(self, number: int, raw: str) -> None:
        self.counted = len(self.pending)
        typed = self._typed(number, raw)
        if typed is not None:
            self.transcript = True
            self._command(number, typed)
        elif _is_comment(raw, self.transcript):
            if raw.lstrip().startswith("#") and prompts.is_commented_out(raw.strip().lstrip("#").strip()):
                self.left_out.append(LeftOut(number, raw.strip(), is_comment=True))
        elif self.transcript and self.pending:
            self._output(number, raw)
        elif raw.strip():
            self._plain(number, raw)

    def finish(self, rows: list[str]) -> int:
        """How many of the lines that follow belong to the last command, whose loop, quote or here-document is open.

        0 when it is whole, or never closed before the next prompt: then it stands alone, and the shell says what is
        missing. The `> ` in front of such lines in a transcript is the shell's own.
        """
        if not self.fresh or not is_unfinished(self.pending[-1].text):
            return 0
        strip = rows[:1] != [] and rows[0].startswith("> ")
        text = self.pending[-1].text
        for count, raw in enumerate(rows[:MOST_JOINED], 1):
            if not strip and prompts.read_prompt(raw, self.lab, 0) is not None:
                return 0
            self.tries += 1
            text += "\n" + (raw.removeprefix("> ") if strip else raw)
            if len(text) > LONGEST_LINE or self.tries > MOST_TRIES:
                return 0
            if not is_unfinished(text):
                self.pending[-1].text = text
                return count
        return 0

    @property
    def fresh(self) -> bool:
        """Whether the last line taken began a command."""
        return bool(self.pending) and not self.pending[-1].expected and len(self.pending) > self.counted

    def _typed(self, number: int, raw: str) -> Typed | None:
        command = prompts.bare(raw, self.signs)
        if command is not None and (prompts.reads_as_command(command) or not self.transcript):
            return Typed(Prompt.NONE, command)
        typed = prompts.read_prompt(raw, self.lab, number)
        if typed is not None and typed.stranger is not None:
            self.stranger = self.stranger or typed.stranger
            prompts.refuse_two_strangers(self.stranger, typed.stranger, number, self.lab)
        return typed

    def _command(self, number: int, typed: Typed) -> None:
        asked = _ASKED.match(typed.command)  # notes that lost their line ends: the command, its question, the answer
        if typed.command:
            text = asked["text"] if asked else typed.command
            self.pending.append(_Pending(number, text, typed.host or self.host, typed.kind, at_prompt=True))
        if asked and asked["answer"]:
            self.pending[-1].answer = asked["answer"].lower()

    def _output(self, number: int, raw: str) -> None:
        _paste(self.pending[-1], raw)
        if prompts.reads_as_command(raw):
            self.left_out.append(LeftOut(number, raw.strip()))

    def _plain(self, number: int, raw: str) -> None:
        answer = _ANSWER.match(raw)
        if answer and self.pending and self.pending[-1].answer is None:
            self.pending[-1].answer = answer["answer"].lower()
        else:
            self.pending.append(_Pending(number, raw.strip(), self.host, Prompt.NONE))


def host_called(lab: Topology, name: str | None) -> str:
    """The host of that name or alias; the lab's first for None. Raises UsageError for one that isn't in the lab."""
    host = lab.names[0] if name is None else lab.called(name)
    if host is None:
        raise UsageError(
            "the lab has no host {name!r}", hint="The hosts are {lab}.", name=name, lab=", ".join(lab.names)
        )
    return host


def _rows(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")


def _joined(rows: list[str], at: int) -> tuple[str, int]:
    """The row there with those that a backslash at its end joins to it, and how many they are."""
    text, more = rows[at], 0
    while text.endswith("\\") and not text.endswith("\\\\"):
        more += 1
        if at + more == len(rows):
            return text[:-1], more - 1
        text = text[:-1] + rows[at + more].removeprefix("> ")  # the shell's own prompt for the rest of a line
    return text, more


def _is_comment(raw: str, transcript: bool) -> bool:
    stripped = raw.strip()
    if stripped.startswith(";") and not stripped.startswith(";;"):
        return True
    return stripped.startswith("#") and not transcript


def _paste(owner: _Pending, raw: str) -> None:
    """A line of expected output; it may also carry the answer that was typed at a question."""
    question = _QUESTION.search(raw)
    alone = _ANSWER.match(raw)
    if question and question["answer"]:
        owner.answer = question["answer"].lower()
    elif alone and owner.answer is None and owner.expected and _QUESTION.search(owner.expected[-1]):
        owner.answer = alone["answer"].lower()
        owner.expected[-1] = f"{owner.expected[-1].rstrip()} {raw.strip()}"
        return
    elif alone and not owner.expected and "prune" in owner.text:
        owner.answer = alone["answer"].lower()
        return
    owner.expected.append(raw)
