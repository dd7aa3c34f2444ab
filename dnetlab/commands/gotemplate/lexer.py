"""Cut a template into text and the tokens of its actions (Go's text/template/parse/lex.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

KEYWORDS = ("block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with")
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9_]*\.?[0-9_]*(?:[eE][+-]?[0-9_]+)?)")
_SPACES = " \t\r\n"


@dataclass(frozen=True)
class Token:
    """kind: text, left, right, space, field, variable, identifier, keyword, bool, number, string, char, dot, error, eof
    and the punctuation itself ('=', ':=', '|', '(', ')'). position counts characters from 0, line from 1."""

    kind: str
    value: str
    position: int
    line: int

    def __str__(self) -> str:
        if self.kind == "eof":
            return "EOF"
        if self.kind == "error":
            return self.value
        if self.kind in ("keyword", "dot"):
            return f"<{self.value}>"
        quoted = '"' + self.value[:10].replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        return quoted + ("..." if len(self.value) > 10 else "")


class Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.parens = 0

    def tokens(self) -> Iterator[Token]:
        """All tokens; the last is 'eof' or 'error'."""
        while True:
            start = self.text.find("{{", self.at)
            if start < 0:
                if self.at < len(self.text):
                    yield self._token("text", self.text[self.at :], self.at)
                yield self._token("eof", "", len(self.text))
                return
            trims = re.match(r"\{\{-[ \t\r\n]", self.text[start:]) is not None
            before = self.text[self.at : start]
            before = before.rstrip(_SPACES) if trims else before
            if before:
                yield self._token("text", before, self.at)
            self.at = start + (3 if trims else 2)
            if self.text.startswith("/*", self.at) or (trims and self.text[self.at :].lstrip(_SPACES)[:2] == "/*"):
                problem = self._comment(start)
                if problem:
                    yield problem
                    return
                continue
            yield self._token("left", "{{", start)
            for token in self._inside():
                yield token
                if token.kind == "error":
                    return

    def _token(self, kind: str, value: str, position: int) -> Token:
        return Token(kind, value, position, 1 + self.text.count("\n", 0, position))

    def _error(self, text: str) -> Token:
        return self._token("error", text, self.at)

    def _comment(self, start: int) -> Token | None:
        end = self.text.find("*/", self.at)
        if end < 0:
            return self._error("unclosed comment")
        rest = self.text[end + 2 :]
        if rest.startswith("}}"):
            self.at = end + 4
        elif re.match(r"[ \t\r\n]-\}\}", rest):
            self.at = end + 6
            self._skip_space()
        else:
            return self._error("comment ends before closing delimiter")
        return None

    def _skip_space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _SPACES:
            self.at += 1

    def _right(self) -> int:
        """Length of a closing delimiter here, trim marker included; 0 without one."""
        if re.compile(r"[ \t\r\n]-\}\}").match(self.text, self.at):
            return 4
        return 2 if self.text.startswith("}}", self.at) else 0

    def _inside(self) -> Iterator[Token]:
        self.parens = 0
        while True:
            closing = self._right()
            if closing:
                if self.parens:
                    yield self._error("unclosed left paren")
                    return
                yield self._token("right", "}}", self.at)
                self.at += closing
                if closing == 4:
                    self._skip_space()
                return
            token = self._next()
            yield token
            if token.kind == "error":
                return

    def _next(self) -> Token:
        if self.at >= len(self.text):
            return self._error("unclosed action")
        start, char = self.at, self.text[self.at]
        following = self.text[start + 1 : start + 2]
        if char in _SPACES:
            while self.at < len(self.text) and self.text[self.at] in _SPACES and not self._right():
                self.at += 1
            return self._token("space", self.text[start : self.at], start)
        if char == ":" and following != "=":
            return self._error("expected :=")
        if char == ":":
            return self._take(":=", 2)
        if char in "=|":
            return self._take(char, 1)
        if char in "\"'`":
            return self._quote(char)
        if char == "$" or (char == "." and not following.isdecimal()):
            return self._name(char)
        if char in "+-." or char.isdecimal():
            return self._number()
        if char == "_" or char.isalnum():
            return self._identifier()
        if char in "()":
            self.parens += 1 if char == "(" else -1
            return self._error("unexpected right paren") if self.parens < 0 else self._take(char, 1)
        if char.isascii() and char.isprintable():
            return self._take("char", 1)
        return self._error(f"unrecognized character in action: {_unicode(char)}")

    def _take(self, kind: str, length: int) -> Token:
        start = self.at
        self.at += length
        return self._token(kind, self.text[start : self.at], start)

    def _ends_here(self) -> bool:
        """Is this the end of a word?"""
        if self.at >= len(self.text) or self.text[self.at] in _SPACES + ".,|:)(":
            return True
        return self.text.startswith("}}", self.at)

    def _word(self) -> None:
        while self.at < len(self.text) and (self.text[self.at] == "_" or self.text[self.at].isalnum()):
            self.at += 1

    def _name(self, first: str) -> Token:
        """.Field, $variable, or the cursor alone"""
        start = self.at
        self.at += 1
        if self._ends_here():
            return self._token("dot" if first == "." else "variable", first, start)
        self._word()
        if not self._ends_here():
            return self._error(f"bad character {_unicode(self.text[self.at])}")
        return self._token("field" if first == "." else "variable", self.text[start : self.at], start)

    def _identifier(self) -> Token:
        start = self.at
        self._word()
        word = self.text[start : self.at]
        if not self._ends_here():
            return self._error(f"bad character {_unicode(self.text[self.at])}")
        if word in KEYWORDS:
            return self._token("keyword", word, start)
        return self._token("bool" if word in ("true", "false") else "identifier", word, start)

    def _number(self) -> Token:
        start = self.at
        match = _NUMBER.match(self.text, start)
        self.at = match.end() if match else start
        if self.at < len(self.text) and (self.text[self.at] == "_" or self.text[self.at].isalnum()):
            return self._error(f'bad number syntax: "{self.text[start : self.at + 1]}"')
        return self._token("number", self.text[start : self.at], start)

    def _quote(self, quote: str) -> Token:
        start = self.at
        self.at += 1
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\" and quote != "`":
                self.at += 2
                continue
            if char == "\n" and quote != "`":
                break
            self.at += 1
            if char == quote:
                kind = "character" if quote == "'" else "string"
                return self._token(kind, self.text[start : self.at], start)
        names = {'"': "quoted string", "`": "raw quoted string", "'": "character constant"}
        return self._error(f"unterminated {names[quote]}")


def _unicode(char: str) -> str:
    """Go's %#U: U+007D '}'"""
    return f"U+{ord(char):04X} '{char}'"
