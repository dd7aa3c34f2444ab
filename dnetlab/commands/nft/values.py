"""A command of nft as a value, and its errors as nft writes them: the line again, with a caret under what is meant."""

from __future__ import annotations

from dataclasses import dataclass, field

from dnetlab.model.netfilter import Hook
from dnetlab.model.nftables import Element, NftSet
from dnetlab.model.nftrule import NftRule


@dataclass(frozen=True)
class Span:
    """Columns of a line of the input, counted from 0; stop is behind the last one."""

    line: int
    start: int
    stop: int


class BadInput(Exception):
    """nft says this of a place in its input. before: another place that is underlined with tildes."""

    def __init__(self, message: str, span: Span, before: Span | None = None) -> None:
        super().__init__(message)
        self.message, self.span, self.before = message, span, before

    def shown(self, text: str, file: str = "") -> str:
        """Two lines and the caret under them. text: the whole input; file: '' for the words of the command line."""
        lines = text.split("\n")
        line = lines[self.span.line] or lines[self.span.line - 1]  # at the end of a file the last line is told
        marks = [" "] * max(self.span.stop, self.before.stop if self.before else 0)
        for span, mark in ((self.before, "~"), (self.span, "^")):
            if span is not None:
                marks[span.start : span.stop] = mark * (span.stop - span.start)
        under = "".join("\t" if line[n : n + 1] == "\t" and mark == " " else mark for n, mark in enumerate(marks))
        at = f"{file}:{self.span.line + 1}:{self.span.start + 1}-{self.span.stop}: " if file else ""
        return f"{at}Error: {self.message}\n{line}\n{under}\n"


class LabLacks(Exception):
    """nft can do it, and the lab can't: `what`, as it is typed."""

    @property
    def what(self) -> str:
        return str(self)


@dataclass(frozen=True)
class ChainSpec:
    """What a chain's braces say. hook None: it is only jumped to. policy '' when none is given."""

    type: str = ""
    hook: Hook | None = None
    priority: int = 0
    policy: str = ""


@dataclass(frozen=True)
class Command:
    """One command.

    op      add, create, insert, replace, delete, list, flush, rename, monitor
    kind    table, chain, rule, set, map, element; of list and flush also ruleset, tables, chains, sets, maps
    family  '' where none was said and it isn't ip
    place   ('handle' or 'index', number) of a rule
    span, at  the whole command, and its words by what they are: 'table', 'name', 'place', 'jump NAME', 'set NAME'
    """

    op: str
    kind: str
    span: Span
    family: str = ""
    table: str = ""
    name: str = ""
    rule: NftRule | None = None
    spec: ChainSpec | None = None
    set: NftSet | None = None
    elements: tuple[Element, ...] = ()
    place: tuple[str, int] | None = None
    new_name: str = ""
    at: dict[str, Span] = field(default_factory=dict)
