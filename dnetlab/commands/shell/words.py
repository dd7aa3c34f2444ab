"""Words of a script: quotes, backslashes, `$NAME`, `${…}`, `$((…))`, `$(…)` and backticks."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from dnetlab.commands.shell.errors import NotModelled, ShellRefused, Unfinished
from dnetlab.commands.shell.nodes import Arithmetic, Parameter, Part, Script, Substitution, Text, Word

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
META = frozenset(" \t\r\n;|&<>()")  # what ends a word outside quotes
DEEPEST = 20  # substitutions, quotes and brackets inside one another
_SPECIAL = "@*#?-$!"
_OPERATORS = (":-", ":=", ":?", ":+", "-", "=", "?", "+", "##", "#", "%%", "%", "//", "/", ":")

Nested = Callable[
    [str, int, int, str], tuple[Script, int]
]  # text, from where, depth, until -> the script, where it ends


@cache
def _ordinary(end: frozenset[str]) -> re.Pattern[str]:
    """Characters outside quotes that neither end a word nor have a meaning."""
    return re.compile(f"[^{re.escape(''.join(end))}'\"\\\\$`]*")


@cache
def _quoted(end: str) -> re.Pattern[str]:
    """Characters inside double quotes that have no meaning."""
    return re.compile(f"[^{end}\\\\$`]*")


class WordReader:
    """Reads words of `text` from `at` on. nested: what reads a script inside one."""

    def __init__(self, text: str, nested: Nested, at: int = 0, depth: int = 0) -> None:
        self.text, self.at, self.depth, self.nested = text, at, depth, nested
        if depth > DEEPEST:
            raise ShellRefused("Command substitutions are nested too deeply.", "Run the inner command first.")

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def skip(self, pattern: re.Pattern[str], more: int = 0) -> None:
        """Go on behind so many characters and what the pattern, which takes nothing too, takes there."""
        found = pattern.match(self.text, self.at + more)
        assert found is not None
        self.at = found.end()

    def word(self) -> Word:
        """One word, up to a blank or an operator outside quotes."""
        parts: list[Part] = []
        while self.peek() and self.peek() not in META:
            parts += self._piece(META)
        return Word(_joined(parts))

    def _piece(self, end: frozenset[str]) -> list[Part]:
        """A quote, a backslash, something behind a dollar, or plain characters."""
        match self.peek():
            case "'":
                return [self._single_quoted()]
            case '"':
                return self._double_quoted()
            case "\\":
                return self._backslash()
            case "$" | "`":
                return [self._dollar(quoted=False)]
            case _:
                return [self._plain(end)]

    def _plain(self, end: frozenset[str]) -> Text:
        start = self.at
        self.skip(_ordinary(end), 1)
        return Text(self.text[start : self.at])

    def _single_quoted(self) -> Text:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise open_quote("'")
        text, self.at = self.text[self.at + 1 : end], end + 1
        return Text(text, quoted=True)

    def _backslash(self) -> list[Part]:
        text = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        return [] if text == "\n" else [Text(text or "\\", quoted=True)]

    def _double_quoted(self) -> list[Part]:
        """A field even if nothing stands in it, unless that is `$@`, which may be none."""
        self.at += 1
        inner = self.quoted_until('"')
        self.at += 1
        only_all = inner and all(isinstance(p, Parameter) and p.name == "@" and not p.operator for p in inner)
        return inner if only_all else [Text("", quoted=True), *inner]

    def quoted_until(self, end: str) -> list[Part]:
        """What stands inside double quotes (or a here-document, end ''), up to `end`, which stays."""
        parts: list[Part] = []
        plain = ""
        while self.peek() != end:
            character = self.peek()
            if not character:
                raise open_quote(end)
            if character == "\\" and (following := self.text[self.at + 1 : self.at + 2]) in (
                "$",
                "`",
                "\\",
                "\n",
                end or "$",
            ):
                plain += "" if following == "\n" else following
                self.at += 2
            elif character in "$`":
                parts += [Text(plain, quoted=True)] if plain else []
                plain = ""
                parts.append(self._dollar(quoted=True))
            else:
                start = self.at
                self.skip(_quoted(end), 1)
                plain += self.text[start : self.at]
        return [*parts, Text(plain, quoted=True)] if plain else parts

    # -- behind a dollar ------------------------------------------------------------------------------------------

    def _dollar(self, quoted: bool) -> Part:
        if self.peek() == "`":
            return self._backticks(quoted)
        if self.peek(3) == "$((" and (found := self._arithmetic(quoted)):
            return found
        if self.peek(2) == "$(":
            return self._substitution(quoted)
        if self.peek(2) == "${":
            return self._braces(quoted)
        if self.peek(2) == "$'" and not quoted:
            raise NotModelled("$'…' is not part of the lab's shell.", "printf writes such characters.")
        name = self._name(self.at + 1)
        self.at += 1 + len(name)
        return Parameter(name, quoted=quoted) if name else Text("$", quoted)

    def _name(self, at: int, braces: bool = False) -> str:
        """The name of a parameter there, '' when there is none; without braces `$10` is `$1` and a 0."""
        if found := NAME.match(self.text, at):
            return found[0]
        character = self.text[at : at + 1]
        if character.isascii() and character.isdigit():
            digits = re.compile(r"[0-9]+").match(self.text, at)
            return digits[0] if braces and digits else character
        return character if character and character in _SPECIAL else ""

    def _backticks(self, quoted: bool) -> Substitution:
        end = self.at + 1
        while self.text[end : end + 1] not in ("`", ""):
            end += 2 if self.text[end] == "\\" else 1
        if not self.text[end : end + 1]:
            raise open_quote("`")
        escaped = '\\\\([$`\\\\"])' if quoted else r"\\([$`\\])"
        text = re.sub(escaped, r"\1", self.text[self.at + 1 : end])
        self.at = end + 1
        script, _ = self.nested(text, 0, self.depth + 1, "")
        return Substitution(script, text, quoted)

    def _substitution(self, quoted: bool) -> Substitution:
        start = self.at + 2
        script, end = self.nested(self.text, start, self.depth + 1, ")")
        if self.text[end : end + 1] != ")":
            raise open_quote("$(")
        self.at = end + 1
        return Substitution(script, self.text[start:end], quoted)

    def _arithmetic(self, quoted: bool) -> Arithmetic | None:
        """`$((…))`; None when its parentheses are those of a sub-shell."""
        word, end = self.calculation(self.at + 3)
        if word is None:
            return None
        self.at = end
        return Arithmetic(word, quoted)

    def calculation(self, start: int) -> tuple[Word | None, int]:
        """The expression that begins there and ends with `))`, and where that ends; None when it ends otherwise."""
        depth, at = 0, start
        while self.text[at : at + 1]:
            character = self.text[at]
            if character == "(":
                depth += 1
            elif character == ")" and depth:
                depth -= 1
            elif character == ")":
                break
            at += 1
        else:
            raise Unfinished("The $(( in this line is never closed.", "Add the closing )) and run it again.")
        if self.text[at : at + 2] != "))":
            return None, start
        inner = WordReader(self.text[start:at].replace('"', ""), self.nested, 0, self.depth + 1)
        return Word(_joined(inner.quoted_until(""))), at + 2

    def _braces(self, quoted: bool) -> Parameter:
        """`${…}`: a parameter, and what is to be made of it."""
        begin = self.at
        self.at += 2
        length = self.peek() == "#" and self.text[self.at + 1 : self.at + 2] not in ("}", "")
        if length and self.text[self.at + 1] in "-+=?:%#" and self.text[self.at + 2 : self.at + 3] != "}":
            length = False  # ${#-word} asks for $#
        self.at += int(length)
        name = self._name(self.at, braces=True)
        if not name:
            raise self._bad(begin)
        self.at += len(name)
        if length or self.peek() == "}":
            if self.peek() != "}":
                raise self._bad(begin)
            self.at += 1
            return Parameter(name, "length" if length else "", quoted=quoted)
        return self._operated(begin, name, quoted)

    def _operated(self, begin: int, name: str, quoted: bool) -> Parameter:
        operator = next((o for o in _OPERATORS if self.peek(len(o)) == o), "")
        if not operator:
            raise self._bad(begin)
        self.at += len(operator)
        pattern = operator[0] in "#%/"
        word = self._operand(quoted and not pattern, "/:}" if operator[0] == "/" else ":}" if operator == ":" else "}")
        second = None
        if operator in ("/", "//", ":") and self.peek() in ("/", ":"):
            self.at += 1
            second = self._operand(quoted, "}")
        self.at += 1
        return Parameter(name, "slice" if operator == ":" else operator, word, second, quoted)

    def _operand(self, quoted: bool, ends: str) -> Word:
        """The word behind an operator, up to one of `ends`; blanks and operators of the shell are characters in it."""
        end = frozenset(ends.replace(":", "") if "/" in ends else ends)
        parts: list[Part] = []
        inner_quote = False
        while inner_quote or self.peek() not in end:
            if not self.peek():
                raise open_quote("${")
            if quoted and self.peek() == '"':
                inner_quote = not inner_quote
                self.at += 1
                parts.append(Text("", quoted=True))
            elif quoted:
                parts += self._in_quotes(end, inner_quote)
            else:
                parts += self._piece(end)
        return Word(_joined(parts))

    def _in_quotes(self, end: frozenset[str], inner: bool) -> list[Part]:
        """A piece of `"${NAME:-word}"`: the quotes around it hold inside as well."""
        if self.peek() in "$`":
            return [self._dollar(quoted=True)]
        if self.peek() == "\\" and self.text[self.at + 1 : self.at + 2] in ("$", "`", '"', "\\", "}"):
            return self._backslash()
        start = self.at
        self.at += 1
        while self.peek() and self.peek() not in '$`"\\' and (inner or self.peek() not in end):
            self.at += 1
        return [Text(self.text[start : self.at], quoted=True)]

    def _bad(self, begin: int) -> ShellRefused:
        shown = self.text[begin : begin + 20].split("\n")[0]
        if "}" not in self.text[begin:]:
            return open_quote("${")
        return NotModelled(
            "The lab's shell can't read {shown} .",
            "It has ${{NAME}}, ${{NAME:-word}}, ${{#NAME}}, ${{NAME%pattern}}.",
            shown=shown,
        )


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Neighbouring texts of one kind put together."""
    out: list[Part] = []
    for part in parts:
        last = out[-1] if out else None
        if isinstance(part, Text) and isinstance(last, Text) and part.quoted == last.quoted:
            out[-1] = Text(last.text + part.text, part.quoted)
        else:
            out.append(part)
    return tuple(out)


def read_quoted(text: str, nested: Nested) -> Word:
    """The body of a here-document: expanded as inside double quotes, in which `"` is a character."""
    return Word(_joined(WordReader(text, nested).quoted_until("")))


def open_quote(quote: str) -> Unfinished:
    closing = {"$(": ")", "${": "}"}.get(quote, quote)
    return Unfinished(
        "The {quote} in this line is never closed.",
        "Add the closing {closing} and run it again.",
        quote=quote,
        closing=closing,
    )
