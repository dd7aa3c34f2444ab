"""The grammar of awk (POSIX XCU awk), read into nodes: (kind, parts…)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from dnetlab.sim.userland.echo import Ended, unescaped
from dnetlab.sim.userland.seam import Refused

_TOKEN = re.compile(
    r"(?P<blank>(?:[ \t\r]|\\\n|#[^\n]*)+)|(?P<newline>\n)|"
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|0[xX][0-9a-fA-F]+)|"
    r'(?P<string>"(?:\\.|[^"\\\n])*")|(?P<name>[A-Za-z_]\w*)|'
    r"(?P<sign>\+\+|--|\+=|-=|\*=|/=|%=|\^=|\*\*=?|==|<=|>=|!=|&&|\|\||>>|!~|[-+*/%^!<>|?:~$=,;(){}\[\]])",
    re.S,
)
KEYWORDS = frozenset(
    ("BEGIN", "END", "function", "func", "if", "else", "while", "for", "do", "break", "continue", "next", "nextfile",
     "exit", "return", "delete", "in", "getline", "print", "printf")
)  # fmt: skip
BUILTINS = frozenset(
    ("length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper", "int", "rand",
     "srand", "sqrt", "exp", "log", "sin", "cos", "atan2", "system", "close", "fflush")
)  # fmt: skip
DEEPEST = 80


class BadProgram(Exception):
    """The program is none."""


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    called: bool = False  # a name with ( directly behind it


@dataclass(frozen=True)
class Node:
    kind: str
    parts: tuple[Any, ...] = ()


@dataclass
class Program:
    """rules: (pattern, second pattern of a range, body); a body None prints the line."""

    begin: list[Node] = field(default_factory=list)
    end: list[Node] = field(default_factory=list)
    rules: list[tuple[Node | None, Node | None, Node | None]] = field(default_factory=list)
    functions: dict[str, tuple[tuple[str, ...], Node]] = field(default_factory=dict)


def tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] == "/" and _regex_may_stand(found):
            end = _regex_end(text, at)
            found.append(Token("regex", text[at + 1 : end]))
            at = end + 1
            continue
        match = _TOKEN.match(text, at)
        if not match:
            raise BadProgram(f"syntax error at or near {text[at : at + 10]!r}")
        kind = match.lastgroup or ""
        at = match.end()
        if kind == "name":
            kind = "keyword" if match[0] in KEYWORDS else "builtin" if match[0] in BUILTINS else "name"
            found.append(Token(kind, match[0], text[at : at + 1] == "("))
        elif kind != "blank":
            found.append(Token(kind, match[0]))
    return [*found, Token("newline", "\n"), Token("end", "")]


def _regex_may_stand(found: list[Token]) -> bool:
    if not found:
        return True
    last = found[-1]
    return not (
        last.kind in ("number", "string", "name", "builtin", "regex") or last.text in (")", "]", "$", "++", "--")
    )


def _regex_end(text: str, at: int) -> int:
    end = at + 1
    while text[end : end + 1] != "/":
        if text[end : end + 1] in ("", "\n"):
            raise BadProgram("regular expression compile failed (missing '/')")
        if text[end] == "[":
            closed = re.compile(r"\[\^?\]?[^\]\n]*\]").match(text, end)
            end = closed.end() if closed else end + 1
        else:
            end += 2 if text[end] == "\\" else 1
    return end


def parse(text: str) -> Program:
    """Raises BadProgram, and Refused for what the lab's awk leaves out."""
    try:
        return _Parser(tokens(text)).program()
    except RecursionError:
        raise Refused("This awk program is nested too deeply.", "Write it in smaller pieces.") from None


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.found, self.at = found, 0
        self.no_in = self.no_greater = False

    def peek(self, more: int = 0) -> Token:
        return self.found[min(self.at + more, len(self.found) - 1)]

    def is_sign(self, *texts: str) -> bool:
        return self.peek().kind in ("sign", "keyword") and self.peek().text in texts

    def take(self, text: str = "") -> Token:
        token = self.peek()
        if text and token.text != text:
            raise BadProgram(f"syntax error at or near {token.text or 'end of file'}")
        self.at += 1
        return token

    def maybe(self, text: str) -> bool:
        if self.is_sign(text):
            self.at += 1
            return True
        return False

    def lines(self, also: str = "") -> None:
        while self.peek().kind == "newline" or (also and self.is_sign(also)):
            self.at += 1

    # -- rules and statements ------------------------------------------------------------------------------------

    def program(self) -> Program:
        made = Program()
        self.lines(";")
        while self.peek().kind != "end":
            self.rule(made)
            self.lines(";")
        return made

    def rule(self, made: Program) -> None:
        if self.is_sign("BEGIN", "END"):
            where = made.begin if self.take().text == "BEGIN" else made.end
            where.append(self.block())
        elif self.is_sign("function", "func"):
            self.take()
            name = self.take().text
            made.functions[name] = (self.names(), self.block())
        else:
            first = None if self.is_sign("{") else self.expression()
            second = None
            if first and self.maybe(","):
                self.lines()
                second = self.expression()
            made.rules.append((first, second, self.block() if self.is_sign("{") else None))

    def names(self) -> tuple[str, ...]:
        self.take("(")
        found = []
        while not self.is_sign(")"):
            found.append(self.take().text)
            self.maybe(",")
            self.lines()
        self.take(")")
        self.lines()
        return tuple(found)

    def block(self) -> Node:
        self.take("{")
        statements = []
        self.lines(";")
        while not self.is_sign("}"):
            if self.peek().kind == "end":
                raise BadProgram("syntax error at or near end of file")
            statements.append(self.statement())
            self.lines(";")
        self.take("}")
        return Node("block", tuple(statements))

    def statement(self) -> Node:
        if self.is_sign("{"):
            return self.block()
        word = self.peek().text if self.peek().kind == "keyword" else ""
        if word == "if":
            return self.conditional()
        if word == "while":
            self.take()
            condition = self.bracketed()
            return Node("while", (condition, Node("block") if self.maybe(";") else self.body()))
        if word == "do":
            return self.do()
        if word == "for":
            return self.counted()
        made = self.simple()
        self.ended()
        return made

    def ended(self) -> None:
        if self.is_sign("}") or self.peek().kind == "end":
            return
        if not (self.is_sign(";") or self.peek().kind == "newline"):
            raise BadProgram(f"syntax error at or near {self.peek().text}")
        self.at += 1

    def body(self) -> Node:
        self.lines()
        return self.statement()

    def bracketed(self) -> Node:
        self.take("(")
        made = self.expression()
        self.take(")")
        return made

    def conditional(self) -> Node:
        self.take()
        condition = self.bracketed()
        then = Node("block") if self.maybe(";") else self.body()
        before = self.at
        self.lines(";")
        if self.maybe("else"):
            return Node("if", (condition, then, self.body()))
        self.at = before
        return Node("if", (condition, then, None))

    def do(self) -> Node:
        self.take()
        body = self.body()
        self.lines(";")
        self.take("while")
        made = Node("do", (body, self.bracketed()))
        self.ended()
        return made

    def counted(self) -> Node:
        self.take()
        self.take("(")
        if self.peek().kind == "name" and self.peek(1).text == "in" and self.peek(3).text == ")":
            name, _, array, _ = (self.take().text for _ in range(4))
            return Node("for in", (name, array, self.body()))
        first = None if self.is_sign(";") else self.simple()
        self.take(";")
        self.lines()
        condition = None if self.is_sign(";") else self.expression()
        self.take(";")
        self.lines()
        last = None if self.is_sign(")") else self.simple()
        self.take(")")
        return Node("for", (first, condition, last, Node("block") if self.maybe(";") else self.body()))

    def simple(self) -> Node:
        word = self.peek().text if self.peek().kind == "keyword" else ""
        if word in ("print", "printf"):
            return self.printing()
        if word in ("next", "break", "continue", "nextfile"):
            return Node(self.take().text)
        if word in ("exit", "return"):
            self.take()
            alone = self.is_sign(";", "}") or self.peek().kind in ("newline", "end")
            return Node(word, (None if alone else self.expression(),))
        if word == "delete":
            self.take()
            name = self.take().text
            return Node("delete", (name, self.subscripts() if self.is_sign("[") else None))
        return Node("expression", (self.expression(),))

    def printing(self) -> Node:
        word = self.take().text
        arguments: list[Node] = []
        self.no_greater = True
        if not (self.is_sign(";", "}", ">", ">>", "|") or self.peek().kind in ("newline", "end")):
            arguments.append(self.expression())
            if arguments[0].kind == "group" and len(arguments[0].parts) > 1:
                arguments = list(arguments[0].parts)
            while self.maybe(","):
                self.lines()
                arguments.append(self.expression())
        self.no_greater = False
        target = None
        if self.is_sign(">", ">>", "|"):
            target = (self.take().text, self.concatenation())
        return Node(word, (tuple(arguments), target))

    # -- expressions ---------------------------------------------------------------------------------------------

    def expression(self) -> Node:
        left = self.choice()
        if self.is_sign("=", "+=", "-=", "*=", "/=", "%=", "^=", "**=") and left.kind in ("name", "field", "element"):
            operator = self.take().text
            self.lines()
            return Node("assign", (left, operator[:-1].replace("**", "^"), self.expression()))
        return left

    def choice(self) -> Node:
        condition = self.either()
        if not self.maybe("?"):
            return condition
        self.lines()
        one = self.expression()
        self.lines()
        self.take(":")
        self.lines()
        return Node("choice", (condition, one, self.expression()))

    def either(self) -> Node:
        left = self.both()
        while self.maybe("||"):
            self.lines()
            left = Node("or", (left, self.both()))
        return left

    def both(self) -> Node:
        left = self.member()
        while self.maybe("&&"):
            self.lines()
            left = Node("and", (left, self.member()))
        return left

    def member(self) -> Node:
        left = self.matched()
        while self.is_sign("in"):
            self.take()
            left = Node("in", ((left,) if left.kind != "group" else left.parts, self.take().text))
        return left

    def matched(self) -> Node:
        left = self.compared()
        while self.is_sign("~", "!~"):
            operator = self.take().text
            left = Node("match", (left, self.compared(), operator == "!~"))
        return left

    def compared(self) -> Node:
        left = self.concatenation()
        signs = ("<", "<=", "==", "!=", ">=") if self.no_greater else ("<", "<=", "==", "!=", ">", ">=")
        if self.is_sign(*signs):
            return Node("compare", (self.take().text, left, self.concatenation()))
        return left

    def concatenation(self) -> Node:
        left = self.sum()
        while self.begins_operand():
            left = Node("join", (left, self.sum()))
        return left

    def begins_operand(self) -> bool:
        token = self.peek()
        if token.kind == "keyword":
            if token.text == "getline":
                raise Refused("awk's getline is not part of the lab.", "awk reads its input line by line anyway.")
            return False
        return (
            token.kind in ("number", "string", "name", "builtin")
            or token.kind == "sign"
            and token.text in ("$", "(", "!", "-", "+", "++", "--")
            and token.text not in ("+", "-")
        )

    def sum(self) -> Node:
        left = self.product()
        while self.is_sign("+", "-"):
            left = Node("calculate", (self.take().text, left, self.product()))
        return left

    def product(self) -> Node:
        left = self.unary()
        while self.is_sign("*", "/", "%"):
            left = Node("calculate", (self.take().text, left, self.unary()))
        return left

    def unary(self) -> Node:
        if self.is_sign("!", "-", "+"):
            return Node("unary", (self.take().text, self.unary()))
        return self.power()

    def power(self) -> Node:
        left = self.stepped()
        if self.is_sign("^", "**"):
            self.take()
            return Node("calculate", ("^", left, self.unary() if self.is_sign("-", "+", "!") else self.power()))
        return left

    def stepped(self) -> Node:
        if self.is_sign("++", "--"):
            operator = self.take().text
            return Node("step", (operator, self.operand(), True))
        made = self.operand()
        if self.is_sign("++", "--") and made.kind in ("name", "field", "element"):
            return Node("step", (self.take().text, made, False))
        return made

    def operand(self) -> Node:
        token = self.take()
        match token.kind:
            case "number":
                return Node(
                    "constant", (float(int(token.text, 16)) if token.text[:2] in ("0x", "0X") else float(token.text),)
                )
            case "string":
                return Node("constant", (string(token.text[1:-1]),))
            case "regex":
                return Node("regex", (token.text,))
            case "builtin":
                return self.called(token)
            case "name":
                return self.named(token)
        if token.text == "$":
            return Node("field", (self.stepped() if self.is_sign("++", "--") else self.operand(),))
        if token.text == "(":
            return self.grouped()
        if token.text in ("-", "+", "!"):
            return Node("unary", (token.text, self.unary()))
        if token.text == "getline":
            raise Refused("awk's getline is not part of the lab.", "awk reads its input line by line anyway.")
        raise BadProgram(f"syntax error at or near {token.text.strip() or 'end of file'}")

    def grouped(self) -> Node:
        before, self.no_greater = self.no_greater, False
        parts = [self.expression()]
        while self.maybe(","):
            self.lines()
            parts.append(self.expression())
        self.take(")")
        self.no_greater = before
        return Node("group", tuple(parts))

    def named(self, token: Token) -> Node:
        if token.called:
            return Node("call", (token.text, self.arguments()))
        if self.is_sign("["):
            return Node("element", (token.text, self.subscripts()))
        return Node("name", (token.text,))

    def subscripts(self) -> tuple[Node, ...]:
        self.take("[")
        found = [self.expression()]
        while self.maybe(","):
            found.append(self.expression())
        self.take("]")
        return tuple(found)

    def arguments(self) -> tuple[Node, ...]:
        self.take("(")
        before, self.no_greater = self.no_greater, False
        found = []
        self.lines()
        while not self.is_sign(")"):
            found.append(self.expression())
            self.lines()
            if not self.is_sign(")"):
                self.take(",")
                self.lines()
        self.take(")")
        self.no_greater = before
        return tuple(found)

    def called(self, token: Token) -> Node:
        if token.text in ("system", "close", "fflush"):
            raise Refused("awk's {typed}() is not part of the lab.", "Use a loop of the shell.", typed=token.text)
        if not self.is_sign("("):
            if token.text == "length":
                return Node("builtin", ("length", ()))
            raise BadProgram(f"syntax error at or near {self.peek().text}")
        return Node("builtin", (token.text, self.arguments()))


def string(text: str) -> str:
    """A string constant with its backslashes read."""
    text = re.sub(r'\\(["/])', r"\1", text)
    try:
        return unescaped(text, "[0-7]{1,3}", "c")
    except Ended as ended:
        return str(ended)
