"""The text of a cell, read as a student typed it: one command per line, at the prompt of a host or a container.

    docker run -d --name web1 nginx              the cell's host, or the terminal open on it
    docker2# brctl show                          the prompt of a host of the lab; also [root@docker2 ~]# … and client$ …
    / # ping web1                                the container whose terminal was opened last
    y                                            the answer to the question of the line above

Once a cell has a prompt, the lines that follow without one are the output its author expects (a pasted transcript).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field

from dnetlab.commands.shell import ShellRefused, parse_shell
from dnetlab.errors import CellError, UsageError
from dnetlab.model import Line, Prompt, Topology, default_topology

_BRACKET = re.compile(r"^\[(?:[\w.-]+@)?(?P<host>[\w.-]+)(?: [^\]]*)?\][#$](?P<text>.*)$")
_DEBIAN = re.compile(r"^[\w.-]+@(?P<host>[\w.-]+):[^#$\s]*[#$](?: (?P<text>.*)|(?P<empty>))$")
_SHORT = re.compile(r"^(?P<host>[A-Za-z][\w.-]*)[#$](?: (?P<text>.*)|(?P<empty>))$")
_INSIDE = re.compile(r"^(?:(?:/[\w./-]*|~) |(?:ba)?sh-\d\.\d+)[#$](?: (?P<text>.*)|(?P<empty>))$")
_CONTAINER = re.compile(r"^[0-9a-f]{12}$")
_QUESTION = re.compile(r"\[y/N\]\s*(?P<answer>[yYnN])?\s*$")
_ASKED = re.compile(
    r"^(?P<text>.*\bprune\b.*?) *(?:WARNING!.*)?Are you sure you want to continue\? \[y/N\] *(?P<answer>[yYnN]?)$"
)
_ANSWER = re.compile(r"^\s*(?P<answer>[yYnN])(?:es|ES|o|O)?\s*$")


@dataclass
class _Pending:
    """A line being collected: its place, its words, and the output pasted under it."""

    number: int
    text: str
    host: str
    prompt: Prompt
    answer: str | None = None
    expected: list[str] = field(default_factory=list)

    def line(self, transcript: bool) -> Line:
        try:
            argv = parse_shell(self.text).argv
        except ShellRefused:
            argv = tuple(self.text.split()[:1])
        expected = None
        if transcript and self.prompt is not Prompt.NONE:
            expected = "\n".join(self.expected).strip("\n")
            expected = expected + "\n" if expected else ""
        return Line(self.number, self.text, self.host, None, argv, self.prompt, self.answer, expected)


def parse_cell(text: str, topology: Topology | None = None, host: str | None = None) -> list[Line]:
    """The commands of a cell in order; [] for an empty cell or one of comments only.

    topology says which hosts a prompt can name (None: the default lab), host whose prompt the lines without one are
    typed at (None: the lab's first). Lines that start with `;` or `# ` are comments (`;;` is output of some tools and
    is not). A backslash at the end joins two lines. Raises CellError when a prompt names a host that the lab does not
    have, UsageError when `host` does.
    """
    lab = topology or default_topology()
    host = host_called(lab, host)
    pending: list[_Pending] = []
    transcript = False
    for number, raw in _physical_lines(text):
        kind, name, command = _prompt(raw, lab, transcript, number)
        if kind is not Prompt.NONE:
            transcript = True
            asked = _ASKED.match(command)  # notes that lost their line ends: the command, its question, the answer
            if command:
                pending.append(_Pending(number, asked["text"] if asked else command, name or host, kind))
            if asked and asked["answer"]:
                pending[-1].answer = asked["answer"].lower()
            continue
        if _is_comment(raw, transcript):
            continue
        if transcript and pending:
            _paste(pending[-1], raw)
        elif raw.strip():
            answer = _ANSWER.match(raw)
            if answer and pending and pending[-1].answer is None:
                pending[-1].answer = answer["answer"].lower()
            else:
                pending.append(_Pending(number, raw.strip(), host, Prompt.NONE))
    return [p.line(transcript) for p in pending]


def host_called(lab: Topology, name: str | None) -> str:
    """The host of that name or alias; the lab's first for None. Raises UsageError for one that isn't in the lab."""
    host = lab.names[0] if name is None else lab.called(name)
    if host is None:
        raise UsageError(f"the lab has no host {name!r}", hint=f"The hosts are {', '.join(lab.names)}.")
    return host


def _physical_lines(text: str) -> list[tuple[int, str]]:
    """(number, text) with continuation lines joined to the first of them."""
    lines: list[tuple[int, str]] = []
    held = ""
    start = 0
    for number, raw in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), 1):
        start = start or number
        if held:
            raw = raw.removeprefix("> ")  # the shell's own prompt for the rest of a line
        if raw.endswith("\\") and not raw.endswith("\\\\"):
            held += raw[:-1]
            continue
        lines.append((start, held + raw))
        held, start = "", 0
    if held:
        lines.append((start, held))
    return lines


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


def _prompt(raw: str, lab: Topology, transcript: bool, number: int) -> tuple[Prompt, str | None, str]:
    """Which prompt a line begins with, whose, and the command after it."""
    line = raw.rstrip()
    inside = _INSIDE.match(line)
    if inside:
        return Prompt.TERMINAL, None, (inside["text"] or "").strip()
    for pattern in (_BRACKET, _DEBIAN, _SHORT):
        found = pattern.match(line) or pattern.match(line.lstrip())
        if not found or (line[:1].isspace() and lab.called(found["host"]) is None):
            continue
        name, host = found["host"], lab.called(found["host"])
        command = (found["text"] or "").strip()
        if host is not None:
            return Prompt.HOST, host, command
        if pattern is _DEBIAN and _CONTAINER.match(name):
            return Prompt.TERMINAL, None, command
        near = difflib.get_close_matches(name, lab.names, 1, 0.6)
        if pattern is _BRACKET or near:
            meant = f" Did you mean {near[0]}?" if near else ""
            raise CellError(
                f"Line {number} is typed at {name}, and the lab has no such host.{meant}",
                hint=f"The hosts of this lab are {', '.join(lab.names)}.",
            )
    return Prompt.NONE, None, line
