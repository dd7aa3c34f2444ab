"""The commands of a sed script, read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dnetlab.sim.userland.regex import BadPattern, Pattern, compile_pattern
from dnetlab.sim.userland.seam import Refused


class BadScript(Exception):
    """The message follows `sed: -e expression #1, `."""


@dataclass(frozen=True)
class Address:
    """kind 'line', 'last', 'pattern', 'step' or 'more' (`+N`); pattern None: the last one used."""

    kind: str
    number: int = 0
    step: int = 0
    pattern: Pattern | None = None


@dataclass
class Edit:
    """One command. until: where a range ends, once it has begun (None: it hasn't)."""

    name: str
    first: Address | None = None
    second: Address | None = None
    negated: bool = False
    text: str = ""
    pattern: Pattern | None = None
    flags: str = ""
    count: int = 0
    block_end: int = 0
    until: int | None = None
    table: dict[int, int] = field(default_factory=dict)


class Reader:
    """The commands of a script."""

    def __init__(self, text: str, extended: bool) -> None:
        self.text, self.extended, self.at = text, extended, 0
        self.edits: list[Edit] = []

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def blanks(self, also: str = "") -> None:
        while self.peek() and self.peek() in " \t" + also:
            self.at += 1

    def bad(self, what: str) -> BadScript:
        return BadScript(f"char {min(self.at, len(self.text))}: {what}")

    def all(self) -> list[Edit]:
        open_blocks: list[Edit] = []
        while True:
            self.blanks("\n;")
            if not self.peek():
                break
            if self.peek() == "}":
                self.at += 1
                if not open_blocks:
                    raise self.bad("unexpected `}'")
                open_blocks.pop().block_end = len(self.edits)
                continue
            edit = self.edit()
            if edit is None:
                continue
            self.edits.append(edit)
            if edit.name == "{":
                open_blocks.append(edit)
        if open_blocks:
            raise BadScript("char 0: unmatched `{'")
        return self.edits

    def edit(self) -> Edit | None:
        first = self.address()
        second = None
        self.blanks()
        if first and self.peek() == ",":
            self.at += 1
            self.blanks()
            second = self.address()
            if second is None:
                raise self.bad("unexpected `,'")
        self.blanks()
        negated = False
        while self.peek() == "!":
            negated = True
            self.at += 1
            self.blanks()
        name = self.peek()
        self.at += 1
        if name == "#":
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
            return None
        if not name:
            raise self.bad("missing command")
        edit = Edit(name, first, second, negated)
        self.arguments(edit)
        return edit

    def address(self) -> Address | None:
        character = self.peek()
        if character.isdigit():
            number = self.number()
            if self.peek() == "~":
                self.at += 1
                return Address("step", number, self.number())
            return Address("line", number)
        if character == "$":
            self.at += 1
            return Address("last")
        if character == "+":
            self.at += 1
            return Address("more", self.number())
        if character in ("/", "\\") and character:
            self.at += 1 + (character == "\\")
            text = self.delimited(self.text[self.at - 1])
            flags = ""
            while self.peek() and self.peek() in "IM":
                flags += self.peek()
                self.at += 1
            return Address("pattern", pattern=self.compiled(text, "I" in flags))
        return None

    def number(self) -> int:
        found = re.compile(r"\d{1,9}").match(self.text, self.at)
        if not found:
            raise self.bad("expected newer version of sed")
        self.at = found.end()
        return int(found[0])

    def delimited(self, mark: str) -> str:
        """The text up to an unescaped mark; brackets hold marks, and an escaped mark stands for itself."""
        out = ""
        while self.peek() != mark:
            if not self.peek():
                raise BadScript(f"char {len(self.text)}: unterminated address regex")
            if self.peek() == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                out += mark if following == mark and mark != "\\" else "\n" if following == "n" else "\\" + following
                self.at += 2
            elif self.peek() == "[" and (end := _bracket_end(self.text, self.at)):
                out += self.text[self.at : end].replace("\\n", "\n")
                self.at = end
            else:
                out += self.peek()
                self.at += 1
        self.at += 1
        return out

    def compiled(self, text: str, ignore_case: bool) -> Pattern | None:
        if not text:
            return None
        try:
            return compile_pattern(text, extended=self.extended, ignore_case=ignore_case, one=True)
        except BadPattern as bad:
            raise self.bad(str(bad)) from None

    def arguments(self, edit: Edit) -> None:
        name = edit.name
        if name == "s":
            self.substitution(edit)
        elif name == "y":
            self.transliteration(edit)
        elif name in "aic":
            edit.text = self.inserted()
            return
        elif name in ":btT":
            end = re.compile(r"[^\n;}]*" if name != ":" else r"[^\n;]*").match(self.text, self.at)
            edit.text = end[0].strip() if end else ""
            self.at = end.end() if end else self.at
        elif name in "qQ":
            self.blanks()
            edit.count = self.number() if self.peek().isdigit() else 0
        elif name in "rwRWe" or name in "lFzv":
            raise Refused(
                "sed's {name} is not part of the lab.", "It has s y d p q a i c n N g h x and their like.", name=name
            )
        elif name not in "{=dDgGhHnNpPx":
            raise self.bad(f"unknown command: `{name}'")
        if name != "{":
            self.end_of_command()

    def end_of_command(self) -> None:
        self.blanks()
        if self.peek() and self.peek() not in ";\n}#":
            raise self.bad("extra characters after command")

    def inserted(self) -> str:
        """The text of a, i and c: POSIX's on the next line, GNU's on the same; a backslash holds a newline."""
        self.blanks()
        if self.peek() == "\\":
            self.at += 1
            self.blanks()
            if self.peek() == "\n":
                self.at += 1
        elif not self.peek() or self.peek() == "\n":
            raise self.bad("expected \\ after `a', `c' or `i'")
        out = ""
        while self.peek() and self.peek() != "\n":
            if self.peek() == "\\":
                self.at += 1
            out += self.peek()
            self.at += 1
        return out + "\n"

    def substitution(self, edit: Edit) -> None:
        mark = self.peek()
        self.at += 1
        try:
            text = self.delimited(mark)
            edit.text = self.replacement(mark)
        except BadScript:
            raise BadScript(f"char {len(self.text)}: unterminated `s' command") from None
        while self.peek() and self.peek() in "gpiImM0123456789":
            if self.peek().isdigit():
                edit.count = self.number()
                continue
            edit.flags += self.peek()
            self.at += 1
        if self.peek() and self.peek() in "we":
            raise Refused(
                "sed's s///{peek} is not part of the lab.", "It has s///g, p, I and a number.", peek=self.peek()
            )
        if self.peek() and self.peek() not in ";\n}# \t":
            raise self.bad("unknown option to `s'")
        edit.pattern = self.compiled(text, "i" in edit.flags.lower())

    def replacement(self, mark: str) -> str:
        out = ""
        while self.peek() != mark:
            if not self.peek():
                raise self.bad("unterminated `s' command")
            if self.peek() == "\\":
                following = self.text[self.at + 1 : self.at + 2]
                out += following if following == mark and mark not in "&0123456789" else "\\" + following
                self.at += 2
            else:
                out += self.peek()
                self.at += 1
        self.at += 1
        return out

    def transliteration(self, edit: Edit) -> None:
        mark = self.peek()
        self.at += 1
        one, two = (self.delimited(mark).replace("\\\\", "\\") for _ in range(2))
        if len(one) != len(two):
            raise self.bad("strings for `y' command are different lengths")
        edit.table = {ord(a): ord(b) for a, b in zip(one, two, strict=True)}


def _bracket_end(text: str, at: int) -> int:
    """Where a bracket expression ends, 0 when it doesn't."""
    end = at + 1
    end += text[end : end + 1] == "^"
    end += text[end : end + 1] == "]"
    while text[end : end + 1] not in ("]", "", "\n"):
        named = re.compile(r"\[[:.=].*?[:.=]\]").match(text, end)
        end = named.end() if named else end + 1
    return end + 1 if text[end : end + 1] == "]" else 0
