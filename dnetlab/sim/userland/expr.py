"""expr and diff."""

from __future__ import annotations

import difflib
import re

from dnetlab.sim.userland.options import BadOption, complaint, lines_of, parse, reason
from dnetlab.sim.userland.regex import BadPattern, compile_pattern
from dnetlab.sim.userland.seam import Call, Refused, Result, failure


class BadExpression(Exception):
    pass


def expr(call: Call) -> Result:
    """`expr A + B`, comparisons, `:` and length, substr, index, match; status 1 when the value is 0 or empty."""
    if not call.words:
        return complaint(call, "missing operand", 2)
    try:
        reader = _Reader(list(call.words))
        value = reader.either()
        if reader.words:
            raise BadExpression(f"syntax error: unexpected argument ‘{reader.words[0]}’")
    except BadExpression as bad:
        return failure(f"expr: {bad}" if call.gnu or "zero" in str(bad) else "expr: syntax error", 2)
    except BadPattern as bad:
        return failure(f"expr: {bad}", 2)
    return Result(f"{value}\n", "", int(value in ("", "0") or bool(re.fullmatch(r"-?0+", value))))


class _Reader:
    def __init__(self, words: list[str]) -> None:
        self.words = words

    def take(self) -> str:
        if not self.words:
            raise BadExpression("syntax error: missing argument")
        return self.words.pop(0)

    def peek(self) -> str:
        return self.words[0] if self.words else ""

    def either(self) -> str:
        left = self.both()
        while self.peek() == "|":
            self.take()
            right = self.both()
            left = left if not _is_empty(left) else right if not _is_empty(right) else "0"
        return left

    def both(self) -> str:
        left = self.compared()
        while self.peek() == "&":
            self.take()
            right = self.compared()
            left = "0" if _is_empty(left) or _is_empty(right) else left
        return left

    def compared(self) -> str:
        left = self.sum()
        while self.peek() in ("<", "<=", "=", "==", "!=", ">=", ">"):
            operator, right = self.take(), self.sum()
            a: int | str = left
            b: int | str = right
            if _is_number(left) and _is_number(right):
                a, b = int(left), int(right)
            answers = {"<": a < b, "<=": a <= b, "=": a == b, "==": a == b, "!=": a != b, ">=": a >= b, ">": a > b}  # type: ignore[operator]
            left = str(int(answers[operator]))
        return left

    def sum(self) -> str:
        left = self.product()
        while self.peek() in ("+", "-"):
            operator, right = self.take(), self.product()
            left = str(_number(left) + (_number(right) if operator == "+" else -_number(right)))
        return left

    def product(self) -> str:
        left = self.matched()
        while self.peek() in ("*", "/", "%"):
            operator, right = self.take(), _number(self.matched())
            a = _number(left)
            if operator != "*" and right == 0:
                raise BadExpression("division by zero")
            quotient = abs(a) // abs(right) * (1 if (a < 0) == (right < 0) else -1) if operator != "*" else 0
            left = str(a * right if operator == "*" else quotient if operator == "/" else a - right * quotient)
        return left

    def matched(self) -> str:
        left = self.operand()
        while self.peek() == ":":
            self.take()
            left = _match(left, self.operand())
        return left

    def operand(self) -> str:
        word = self.take()
        if word == "(":
            value = self.either()
            if self.take() != ")":
                raise BadExpression("syntax error: expecting ')'")
            return value
        if word == "length" and self.words:
            return str(len(self.operand()))
        if word == "substr" and len(self.words) > 2:
            text, start, count = self.operand(), _number(self.operand()), _number(self.operand())
            return text[start - 1 : start - 1 + count] if start > 0 and count > 0 else ""
        if word == "index" and len(self.words) > 1:
            text, characters = self.operand(), self.operand()
            return str(next((n for n, c in enumerate(text, 1) if c in characters), 0))
        if word == "match" and len(self.words) > 1:
            return _match(self.operand(), self.operand())
        return word


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"-?\d{1,40}", text))


def _number(text: str) -> int:
    if not _is_number(text):
        raise BadExpression("non-integer argument")
    return int(text)


def _is_empty(text: str) -> bool:
    return text == "" or bool(re.fullmatch(r"-?0+", text))


def _match(text: str, pattern: str) -> str:
    compiled = compile_pattern(rf"^{pattern.removeprefix('^')}", one=True)
    found = compiled.search(text)
    if found is None:
        return "" if r"\(" in pattern else "0"
    return (found[1] or "") if found.re.groups else str(found.end())


# -- diff ---------------------------------------------------------------------------------------------------------


def diff(call: Call) -> Result:
    """`diff [-q] [-u] [-i] [-w] [-b] [-B] ONE TWO`."""
    try:
        options, names = parse(call.words, "uqiwbBsU:rNay", ["unified", "brief", "ignore-case"])
    except BadOption as error:
        return complaint(call, str(error), 2)
    flags = {name.lstrip("-")[0] for name, _ in options}
    if len(names) != 2:
        return complaint(
            call, "missing operand after 'diff'" if not names else f"missing operand after '{names[0]}'", 2
        )
    if flags & {"r", "N", "y"} or call.files.kind(call.path(names[0])) == "directory":
        raise Refused("The lab's diff compares two files.", "diff -u ONE TWO")
    texts = []
    for name in names:
        try:
            texts.append(call.read(name))
        except OSError as error:
            return failure(
                f"diff: {name}: {reason(error)}" if call.gnu else f"diff: can't stat '{name}': {reason(error)}", 2
            )
    if _same(texts, flags):
        return Result(f"Files {names[0]} and {names[1]} are identical\n" if "s" in flags else "")
    if flags & {"q"}:
        return Result(f"Files {names[0]} and {names[1]} differ\n", "", 1)
    return Result(_unified(names, texts, flags) if flags & {"u", "U"} or not call.gnu else _normal(texts, flags), "", 1)


def _same(texts: list[str], flags: set[str]) -> bool:
    return [_plain(line, flags) for line in lines_of(texts[0])] == [
        _plain(line, flags) for line in lines_of(texts[1])
    ] and (texts[0].endswith("\n") == texts[1].endswith("\n"))


def _plain(line: str, flags: set[str]) -> str:
    line = line.lower() if "i" in flags else line
    line = re.sub(r"\s+", "", line) if "w" in flags else line
    return re.sub(r"\s+", " ", line.rstrip()) if "b" in flags else line


def _blocks(texts: list[str], flags: set[str]) -> list[tuple[str, int, int, int, int]]:
    one, two = ([_plain(line, flags) for line in lines_of(text)] for text in texts)
    return difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes()  # type: ignore[return-value]


def _normal(texts: list[str], flags: set[str]) -> str:
    one, two = map(lines_of, texts)
    out = ""
    for kind, a, b, c, d in _blocks(texts, flags):
        if kind == "equal":
            continue
        left = f"{a + 1},{b}" if b > a + 1 else str(a + 1 if b > a else a)
        right = f"{c + 1},{d}" if d > c + 1 else str(c + 1 if d > c else c)
        out += left + {"replace": "c", "delete": "d", "insert": "a"}[kind] + right + "\n"
        out += "".join(f"< {line}\n" for line in one[a:b])
        out += "---\n" if kind == "replace" else ""
        out += "".join(f"> {line}\n" for line in two[c:d])
    return out


def _unified(names: list[str], texts: list[str], flags: set[str]) -> str:
    rows = difflib.unified_diff(lines_of(texts[0]), lines_of(texts[1]), names[0], names[1], lineterm="")
    return "".join(f"{row}\n" for row in rows)
