"""Words of nft's language with their places: names, numbers and addresses are words alike."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dnetlab.commands.nft.values import BadInput, LabLacks, Span

_PATTERN = re.compile(
    r'(?P<blank>[ \t\r]+|\\\n|#[^\n]*)|(?P<newline>\n)|(?P<quoted>"[^"\n]*")|(?P<mark>==|!=|<=|>=|[{};,=<>&|()/!$])'
    r"|(?P<set>@[\w.\-]+)|(?P<word>[^\s{};,=<>&|()\"!$#]+)"
)
_NAMES = {"{": "'{'", "}": "'}'", ",": "comma", ";": "semicolon", "=": "'='"}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that have a name of their own in nft's grammar, as its errors tell them.
_KEYWORDS = _words(
    "table chain rule set map element list flush delete insert replace add create rename monitor reset describe "
    "accept drop return jump goto continue queue reject counter log limit comment dnat snat masquerade redirect "
    "tcp udp ip ip6 inet icmp icmpv6 ct meta fib ether iif oif iifname oifname handle index position policy "
    "type hook priority with to ruleset tables chains sets maps flags elements vmap and or"
)


@dataclass(frozen=True)
class Token:
    """kind: word, quoted, mark, set, newline, end. text: of a quoted one without its quotes, of a set without its @."""

    kind: str
    text: str
    span: Span

    @property
    def is_keyword(self) -> bool:
        """Is it a word of nft's grammar, and nobody's name?"""
        return self.kind == "word" and self.text in _KEYWORDS

    @property
    def told(self) -> str:
        """As an error calls it: 'unexpected newline'."""
        if self.kind == "end":
            return "end of file"
        if self.kind == "mark":
            return _NAMES.get(self.text, f"'{self.text}'")
        if self.kind == "word":
            return self.text if self.text in _KEYWORDS else "number" if self.text.isdecimal() else "string"
        return {"quoted": "quoted string", "set": "'@'"}.get(self.kind, self.kind)


def tokens(text: str) -> list[Token]:
    """The tokens of an input, with a newline and an end behind the last."""
    found, line, begin = [], 0, 0
    place = 0
    while place < len(text):
        match = _PATTERN.match(text, place)
        if match is None:
            raise LabLacks(text[place : place + 1])
        kind, said = match.lastgroup or "", match.group()
        span = Span(line, place - begin, match.end() - begin)
        if kind != "blank":
            plain = said[1:-1] if kind == "quoted" else said[1:] if kind == "set" else said
            found.append(Token(kind, plain, span))
        place = match.end()
        if said.endswith("\n"):
            line, begin = line + 1, place
    end = Span(line, place - begin, place - begin + 1)
    return [*found, Token("newline", "\n", end), Token("end", "", end)]


class Reader:
    """The tokens from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.at = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def take(self) -> Token:
        token = self.next
        self.at += token.kind != "end"
        return token

    def is_at(self, *words: str) -> bool:
        """Is the next token one of these words or marks?"""
        return self.next.kind in ("word", "mark") and self.next.text in words

    def accept(self, *words: str) -> bool:
        """Take the next token if it is one of these."""
        found = self.is_at(*words)
        self.at += found
        return found

    def expect(self, what: str, good: Callable[[Token], bool], shown: str = "") -> Token:
        """Take the next token, or say what was expected there."""
        if not good(self.next):
            raise self.unexpected(shown or what)
        return self.take()

    def expect_word(self, *words: str) -> Token:
        return self.expect(words[0], lambda token: token.kind in ("word", "mark") and token.text in words)

    def expect_mark(self, mark: str) -> Token:
        return self.expect(_NAMES[mark], lambda token: token.kind == "mark" and token.text == mark)

    def expect_name(self, shown: str = "string") -> Token:
        """A name of somebody's own: a word that is no number and that nft's grammar doesn't know."""
        token = self.next
        digits = len(token.text) - len(token.text.lstrip("0123456789"))
        if token.kind == "word" and digits:
            span = Span(token.span.line, token.span.start, token.span.start + digits)
            raise BadInput(f"syntax error, unexpected number, expecting {shown}", span)
        free = token.kind == "quoted" or token.kind == "word" and token.text not in _KEYWORDS
        return self.expect("string", lambda _: free, shown)

    def expect_text(self) -> Token:
        """A word or a quoted text, whatever it says."""
        return self.expect("string", lambda token: token.kind in ("word", "quoted"))

    def unexpected(self, expected: str = "") -> BadInput:
        """'syntax error, unexpected newline, expecting string'; expected '' where nft says none."""
        tail = f", expecting {expected}" if expected else ""
        return BadInput(f"syntax error, unexpected {self.next.told}{tail}", self.next.span)

    @property
    def is_over(self) -> bool:
        """Has the command come to its end?"""
        return self.next.kind in ("newline", "end") or self.is_at(";", "}")

    def skip_separators(self) -> None:
        while self.next.kind == "newline" or self.is_at(";"):
            self.at += 1
