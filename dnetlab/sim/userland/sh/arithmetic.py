"""`$((…))`: signed 64-bit integers, the operators of C (XCU 2.6.4), assignment and bash's ++ and -- and **."""

from __future__ import annotations

import re
from collections.abc import Callable

_TOKEN = re.compile(r"\s*(0[xX][0-9a-fA-F]+|\d+|[A-Za-z_]\w*|<<=|>>=|\*\*|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||"
                    r"[-+*/%&|^]=|[-+*/%<>=!~&|^?:(),])")  # fmt: skip
_LEVELS = (("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"), ("+", "-"),
           ("*", "/", "%"), ("**",))  # fmt: skip
_ASSIGNING = ("=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "|=", "^=")
DEEPEST = 60


class ArithmeticProblem(Exception):
    """An expression that is none; the message has no shell's name in front."""


def _wrapped(number: int) -> int:
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def calculate(
    text: str,
    get: Callable[[str], str],
    put: Callable[[str, str], None],
    numbers_only: bool = False,
    eager: bool = False,
) -> int:
    """The value of an expression; '' is 0. get and put reach the variables. Raises ArithmeticProblem.

    numbers_only: a variable holds a number, as in dash; else it may hold an expression, as in bash and busybox.
    eager: variables are read also where && and || leave them out, as busybox does.
    """
    return _Reader(text, get, put, 0, numbers_only, eager).all()


class _Reader:
    def __init__(
        self,
        text: str,
        get: Callable[[str], str],
        put: Callable[[str, str], None],
        depth: int,
        numbers_only: bool,
        eager: bool,
    ) -> None:
        if depth > DEEPEST:
            raise ArithmeticProblem("expression recursion level exceeded")
        self.text, self.get, self.put, self.depth = text, get, put, depth
        self.numbers_only, self.eager = numbers_only, eager
        self.tokens = self._tokens()
        self.at = 0
        self.live = True  # False in what && || ?: leave out: nothing is assigned, nothing divides by zero

    def _tokens(self) -> list[str]:
        tokens, at = [], 0
        while at < len(self.text.rstrip()):
            found = _TOKEN.match(self.text, at)
            if not found:
                raise ArithmeticProblem(f'arithmetic expression: expecting EOF: "{self.text}"')
            tokens.append(found[1])
            at = found.end()
        return tokens

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def want(self, token: str) -> None:
        if self.take() != token:
            raise self.bad()

    def bad(self) -> ArithmeticProblem:
        return ArithmeticProblem(f'arithmetic expression: syntax error: "{self.text}"')

    def all(self) -> int:
        if not self.tokens:
            return 0
        value = self.comma()
        if self.peek():
            raise self.bad()
        return value

    def comma(self) -> int:
        value = self.assignment()
        while self.peek() == ",":
            self.take()
            value = self.assignment()
        return value

    def assignment(self) -> int:
        following = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else ""
        if not _is_name(self.peek()) or following not in _ASSIGNING:
            return self.choice()
        name, operator = self.take(), self.take()
        value = self.assignment()
        if operator != "=":
            value = self.binary(operator[:-1], self.variable(name), value)
        return self.store(name, value)

    def store(self, name: str, value: int) -> int:
        if self.live:
            self.put(name, str(value))
        return value

    def choice(self) -> int:
        condition = self.level(0)
        if self.peek() != "?":
            return condition
        self.take()
        one = self.only_if(bool(condition), self.comma)
        self.want(":")
        other = self.only_if(not condition, self.choice)
        return one if condition else other

    def only_if(self, live: bool, read: Callable[[], int]) -> int:
        before, self.live = self.live, self.live and live
        value = read()
        self.live = before
        return value

    def level(self, number: int) -> int:
        if number == len(_LEVELS):
            return self.unary()
        value = self.level(number + 1)
        while self.peek() in _LEVELS[number]:
            operator = self.take()
            if operator in ("&&", "||"):
                right = self.only_if(bool(value) == (operator == "&&"), lambda: self.level(number + 1))
                value = int(bool(value and right) if operator == "&&" else bool(value or right))
            else:
                value = self.binary(operator, value, self.level(number if operator == "**" else number + 1))
        return value

    def binary(self, operator: str, a: int, b: int) -> int:
        if operator in ("/", "%"):
            if b == 0:
                if not (self.live or self.eager):
                    return 0
                raise ArithmeticProblem("divide by zero")
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return _wrapped(quotient if operator == "/" else a - b * quotient)
        if operator == "**" and b < 0:
            raise ArithmeticProblem("exponent less than 0")
        made: dict[str, Callable[[], int]] = {
            "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "<<": lambda: a << b % 64,
            ">>": lambda: a >> b % 64, "&": lambda: a & b, "|": lambda: a | b, "^": lambda: a ^ b,
            "==": lambda: int(a == b), "!=": lambda: int(a != b), "<": lambda: int(a < b), ">": lambda: int(a > b),
            "<=": lambda: int(a <= b), ">=": lambda: int(a >= b), "**": lambda: pow(a, b, 1 << 64),
        }  # fmt: skip
        return _wrapped(made[operator]())

    def unary(self) -> int:
        token = self.take()
        self.depth += 1
        if self.depth > DEEPEST:
            raise ArithmeticProblem("expression recursion level exceeded")
        try:
            return self.operand(token)
        finally:
            self.depth -= 1

    def operand(self, token: str) -> int:
        if token in ("++", "--"):
            if _is_name(self.peek()):
                name = self.take()
                return self.store(name, _wrapped(self.variable(name) + (1 if token == "++" else -1)))
            return self.unary()  # - -5, written without a blank
        if token in ("-", "+", "!", "~"):
            value = self.unary()
            return _wrapped({"-": -value, "+": value, "!": int(not value), "~": ~value}[token])
        if token == "(":
            value = self.comma()
            self.want(")")
            return value
        if token[:1].isdigit():
            return self.number(token)
        if _is_name(token):
            return self.name(token)
        raise self.bad()

    def number(self, token: str) -> int:
        try:
            octal = len(token) > 1 and token[0] == "0" and token[1] not in "xX"
            return _wrapped(int(token, 8 if octal else 0))
        except ValueError:
            raise ArithmeticProblem(f'{token}: value too great for base (error token is "{token}")') from None

    def name(self, name: str) -> int:
        value = self.variable(name)
        if self.peek() in ("++", "--"):
            self.store(name, _wrapped(value + (1 if self.take() == "++" else -1)))
        return value

    def variable(self, name: str) -> int:
        text = self.get(name).strip()
        if not text or not (self.live or self.eager):
            return 0
        if re.fullmatch(r"[-+]?(\d{1,18})", text) and text.lstrip("+-")[:1] != "0":
            return int(text)
        if self.numbers_only and not re.fullmatch(r"[-+]?(0[xX][0-9a-fA-F]+|\d+)", text):
            raise ArithmeticProblem(f"Illegal number: {self.get(name)}")
        return _Reader(text, self.get, self.put, self.depth + 1, self.numbers_only, self.eager).all()


def _is_name(token: str) -> bool:
    return bool(token) and (token[0].isalpha() or token[0] == "_")
