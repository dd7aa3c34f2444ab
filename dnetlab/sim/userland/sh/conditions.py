"""`test`, `[` and bash's `[[`: questions about texts, numbers and files, answered by a status."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dnetlab.sim.userland.regex import matches
from dnetlab.sim.userland.seam import Files, absolute
from dnetlab.sim.userland.sh import patterns
from dnetlab.sim.userland.sh.patterns import Chunk

UNARY = frozenset(
    ("-e", "-f", "-d", "-r", "-w", "-x", "-s", "-L", "-h", "-b", "-c", "-p", "-S", "-z", "-n", "-t", "-v")
)
NUMBERS: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda a, b: a == b, "-ne": lambda a, b: a != b, "-lt": lambda a, b: a < b, "-le": lambda a, b: a <= b,
    "-gt": lambda a, b: a > b, "-ge": lambda a, b: a >= b,
}  # fmt: skip
TEXTS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda a, b: a == b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b, "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}  # fmt: skip


class BadTest(Exception):
    """A question that is none; the message follows `test: `."""


@dataclass(frozen=True)
class Surroundings:
    """Where questions about files are asked. variable: is one of that name set?"""

    files: Files
    directory: str
    is_terminal: bool = False
    is_set: Callable[[str], bool] = lambda name: False


def holds(words: Sequence[str], place: Surroundings) -> bool:
    """`test WORDS`: by the number of words as POSIX has it, else by precedence. Raises BadTest."""
    words = list(words)
    if not words:
        return False
    if len(words) == 1:
        return bool(words[0])
    if len(words) == 3 and _is_binary(words[1]):
        return _binary(words[0], words[1], words[2], place)
    if len(words) == 2:
        if words[0] == "!":
            return not words[1]
        if words[0] not in UNARY:
            raise BadTest(f"{words[0]}: unary operator expected")
        return _unary(words[0], words[1], place)
    if words[0] == "!" and len(words) in (3, 4):
        return not holds(words[1:], place)
    if len(words) == 3 and words[0] == "(" and words[2] == ")":
        return bool(words[1])
    return _Precedence(words, place).all()


class _Precedence:
    def __init__(self, words: list[str], place: Surroundings) -> None:
        self.words, self.place, self.at = words, place, 0

    def peek(self, more: int = 0) -> str:
        return self.words[self.at + more] if self.at + more < len(self.words) else ""

    def all(self) -> bool:
        value = self.either()
        if self.at < len(self.words):
            raise BadTest("too many arguments" if len(self.words) > 4 else f"{self.peek()}: unexpected operator")
        return value

    def either(self) -> bool:
        value = self.both()
        while self.peek() == "-o":
            self.at += 1
            value = self.both() or value
        return value

    def both(self) -> bool:
        value = self.one()
        while self.peek() == "-a":
            self.at += 1
            value = self.one() and value
        return value

    def one(self) -> bool:
        if self.at >= len(self.words):
            raise BadTest("argument expected")
        if self.peek() == "!":
            self.at += 1
            return not self.one()
        if _is_binary(self.peek(1)) and self.at + 2 < len(self.words):
            self.at += 3
            one, operator, two = self.words[self.at - 3 : self.at]
            return _binary(one, operator, two, self.place)
        if self.peek() == "(":
            self.at += 1
            value = self.either()
            if self.peek() != ")":
                raise BadTest("closing paren expected")
            self.at += 1
            return value
        if self.peek() in UNARY and self.at + 1 < len(self.words):
            self.at += 2
            return _unary(self.words[self.at - 2], self.words[self.at - 1], self.place)
        self.at += 1
        return bool(self.words[self.at - 1])


def _is_binary(word: str) -> bool:
    return word in TEXTS or word in NUMBERS or word in ("-nt", "-ot", "-ef")


def _binary(a: str, operator: str, b: str, place: Surroundings) -> bool:
    if operator in TEXTS:
        return TEXTS[operator](a, b)
    if operator in NUMBERS:
        return NUMBERS[operator](_number(a), _number(b))
    return operator == "-ef" and absolute(place.directory, a) == absolute(place.directory, b)


def _number(text: str) -> int:
    try:
        return int(text.strip(), 10)
    except ValueError:
        raise BadTest(f"{text}: integer expression expected") from None


def _unary(operator: str, word: str, place: Surroundings) -> bool:
    if operator in ("-z", "-n"):
        return (word == "") == (operator == "-z")
    if operator == "-t":
        return place.is_terminal
    if operator == "-v":
        return place.is_set(word)
    path = absolute(place.directory, word)
    if operator in ("-L", "-h"):
        return place.files.target(path) is not None
    kind = place.files.kind(path) if word else ""
    if operator == "-s":
        return kind == "directory" or kind == "file" and bool(place.files.read(path))
    if operator == "-x":
        return kind == "directory" or bool(kind) and bool(place.files.mode(path) & 0o111)
    kinds = {"-f": ("file",), "-d": ("directory",), "-c": ("device",), "-b": (), "-p": (), "-S": ("socket",)}
    wanted = kinds.get(operator)
    return bool(kind) if wanted is None else kind in wanted


# -- [[ … ]] ------------------------------------------------------------------------------------------------------


def condition(words: Sequence[list[Chunk]], place: Surroundings) -> bool:
    """`[[ WORDS ]]`: not split; `==` compares with a pattern, `=~` with an extended regular expression."""
    return _Condition(words, place).all()


class _Condition:
    def __init__(self, words: Sequence[list[Chunk]], place: Surroundings) -> None:
        self.words, self.place, self.at = words, place, 0

    def text(self, at: int) -> str:
        return "".join(text for text, _ in self.words[at]) if at < len(self.words) else ""

    def sign(self, more: int = 0) -> str:
        """The word there as an operator: '' when it is quoted or missing."""
        at = self.at + more
        return self.text(at) if at < len(self.words) and not any(q for _, q in self.words[at]) else ""

    def all(self) -> bool:
        value = self.either()
        if self.at < len(self.words):
            raise BadTest("syntax error in conditional expression")
        return value

    def either(self) -> bool:
        value = self.both()
        while self.sign() == "||":
            self.at += 1
            value = self.both() or value
        return value

    def both(self) -> bool:
        value = self.one()
        while self.sign() == "&&":
            self.at += 1
            value = self.one() and value
        return value

    def one(self) -> bool:
        if self.sign() == "!":
            self.at += 1
            return not self.one()
        if self.sign() == "(":
            self.at += 1
            value = self.either()
            self.at += 1
            return value
        if self.sign() in UNARY and self.at + 1 < len(self.words) and self.sign(1) not in ("==", "="):
            self.at += 2
            return _unary(self.text(self.at - 2), self.text(self.at - 1), self.place)
        if self.at + 2 < len(self.words) and (self.sign(1) == "=~" or _is_binary(self.sign(1))):
            self.at += 3
            return self.compared(self.at - 3)
        self.at += 1
        return bool(self.text(self.at - 1))

    def compared(self, at: int) -> bool:
        left, operator, right = self.text(at), self.text(at + 1), self.words[at + 2]
        if operator == "=~":
            return matches(self.text(at + 2), left)
        if operator in ("=", "==", "!="):
            return bool(patterns.compiled(right).fullmatch(left)) == (operator != "!=")
        return _binary(left, operator, self.text(at + 2), self.place)
