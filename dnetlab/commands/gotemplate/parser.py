"""From tokens to the tree of a template (Go's text/template/parse/parse.go); errors in its words."""

from __future__ import annotations

import re
from collections.abc import Collection
from math import inf

from dnetlab.commands.gotemplate.errors import TemplateError, Unsupported
from dnetlab.commands.gotemplate.lexer import Lexer, Token
from dnetlab.commands.gotemplate.limits import DEEPEST
from dnetlab.commands.gotemplate.nodes import (
    Action,
    Branch,
    Chain,
    Command,
    Dot,
    Field,
    Function,
    Jump,
    Literal,
    Mark,
    Node,
    Pipe,
    Text,
    Variable,
)

_OLD_OCTAL = re.compile(r"[+-]?0[0-7]+")
_ESCAPE = re.compile(r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.|$)")
_SHORT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"'}
_OPERANDS = {"bool", "character", "dot", "field", "identifier", "number", "string", "variable", "("}


class Parser:
    def __init__(self, text: str, functions: Collection[str]) -> None:
        self.tokens = list(Lexer(text).tokens())
        self.at = 0
        self.functions = functions
        self.variables = ["$"]
        self.ranges = 0
        self.depth = 0

    # -- tokens -------------------------------------------------------------------------------------------------

    def next(self) -> Token:
        token = self.tokens[min(self.at, len(self.tokens) - 1)]
        self.at += 1
        return token

    def peek(self) -> Token:
        return self.tokens[min(self.at, len(self.tokens) - 1)]

    def next_word(self) -> Token:
        token = self.next()
        return self.next() if token.kind == "space" else token

    def error(self, text: str, line: int | None = None) -> TemplateError:
        line = line or self.tokens[min(max(self.at - 1, 0), len(self.tokens) - 1)].line
        return TemplateError(f"template: :{line}: {text}")

    def unexpected(self, token: Token, where: str) -> TemplateError:
        if token.kind == "error":
            return self.error(str(token), token.line)
        return self.error(f"unexpected {token} in {where}", token.line)

    # -- lists --------------------------------------------------------------------------------------------------

    def template(self) -> list[Node]:
        nodes: list[Node] = []
        while self.peek().kind != "eof":
            node = self._text_or_action()
            if isinstance(node, Mark):
                raise self.error(f"unexpected {node}")
            nodes.append(node)
        return nodes

    def _body(self) -> tuple[list[Node], Mark]:
        nodes: list[Node] = []
        while self.peek().kind != "eof":
            node = self._text_or_action()
            if isinstance(node, Mark):
                return nodes, node
            nodes.append(node)
        raise self.error("unexpected EOF")

    def _text_or_action(self) -> Node:
        token = self.next()
        if token.kind == "text":
            return Text(token.position, token.value)
        if token.kind == "left":
            return self._action()
        raise self.unexpected(token, "input")

    def _action(self) -> Node:
        token = self.next_word()
        if token.kind == "keyword":
            word = token.value
            if word in ("if", "range", "with"):
                return self._branch(word, token.position)
            if word == "else":
                return self._else(token.position)
            if word in ("end", "break", "continue"):
                return self._lone(word, token)
            if word in ("block", "define", "template"):
                raise Unsupported("{{{{{word}}}}} in a template", word=word)
        self.at -= 1
        pipe = self._pipeline("command", "right")
        return Action(token.position, pipe)

    def _lone(self, word: str, token: Token) -> Node:
        closing = self.next_word()
        if closing.kind != "right":
            raise self.unexpected(closing, word if word == "end" else "{{" + word + "}}")
        if word == "end":
            return Mark(token.position, "end")
        if not self.ranges:
            raise self.error(f"{{{{{word}}}}} outside {{{{range}}}}")
        return Jump(token.position, word)

    def _else(self, position: int) -> Mark:
        token = self.next_word()
        if token.kind == "keyword" and token.value in ("if", "with"):
            return Mark(position, "else", token.value)
        if token.kind != "right":
            raise self.unexpected(token, "else")
        return Mark(position, "else")

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unsupported("A template with more than {most} brackets or blocks inside one another", most=DEEPEST)

    def _branch(self, kind: str, position: int) -> Branch:
        self._deeper()
        kept = len(self.variables)
        pipe = self._pipeline(kind, "right")
        self.ranges += kind == "range"
        body, stop = self._body()
        self.ranges -= kind == "range"
        otherwise: list[Node] = []
        if stop.kind == "else":
            if stop.chained and stop.chained == kind:
                otherwise = [self._branch(stop.chained, stop.position)]
            elif stop.chained:
                raise self.error(f"unexpected <{stop.chained}> in else")
            else:
                otherwise, last = self._body()
                if last.kind != "end":
                    raise self.error(f"expected end; found {last}")
        del self.variables[kept:]
        self.depth -= 1
        return Branch(position, kind, pipe, body, otherwise)

    # -- pipelines ----------------------------------------------------------------------------------------------

    def _pipeline(self, where: str, end: str) -> Pipe:
        while self.peek().kind == "space":
            self.next()
        pipe = Pipe(self.peek().position)
        self._declarations(pipe, where)
        while True:
            token = self.next_word()
            if token.kind == end:
                self._check(pipe, where)
                return pipe
            if token.kind in _OPERANDS or (token.kind == "keyword" and token.value == "nil"):
                self.at -= 1
                pipe.commands.append(self._command())
            else:
                raise self.unexpected(token, where)

    def _declarations(self, pipe: Pipe, where: str) -> None:
        start = self.at
        names: list[str] = []
        while self.peek().kind == "variable":
            names.append(self.next().value)
            token = self.next_word()
            if token.kind in (":=", "="):
                pipe.variables, pipe.assigns = names, token.kind == "="
                if token.kind == ":=":
                    self.variables += names
                return
            if token.kind == "char" and token.value == "," and where == "range" and len(names) < 2:
                while self.peek().kind == "space":
                    self.next()
                continue
            break
        self.at = start

    def _check(self, pipe: Pipe, where: str) -> None:
        if not pipe.commands:
            raise self.error(f"missing value for {where}")
        for number, command in enumerate(pipe.commands[1:], 2):
            if isinstance(command.words[0], (Dot, Literal)):
                raise self.error(f"non executable command in pipeline stage {number}")

    def _command(self) -> Command:
        command = Command(self.peek().position)
        while True:
            while self.peek().kind == "space":
                self.next()
            operand = self._operand()
            if operand is not None:
                command.words.append(operand)
            token = self.next()
            if token.kind == "space":
                continue
            if token.kind in ("right", ")"):
                self.at -= 1
            elif token.kind != "|":
                raise self.unexpected(token, "operand")
            break
        if not command.words:
            raise self.error("empty command")
        return command

    def _operand(self) -> Node | None:
        node = self._term()
        if node is None or self.peek().kind != "field":
            return node
        position = self.peek().position
        names = []
        while self.peek().kind == "field":
            names.append(self.next().value[1:])
        if isinstance(node, Field):
            return Field(position, node.names + names)
        if isinstance(node, Variable):
            return Variable(position, node.names + names)
        if isinstance(node, (Literal, Dot)):
            raise self.error(f'unexpected . after term "{node}"')
        return Chain(position, node, names)

    def _term(self) -> Node | None:
        token = self.next_word()
        at, value = token.position, token.value
        if token.kind == "identifier":
            if value not in self.functions:
                raise self.error(f'function "{value}" not defined', token.line)
            return Function(at, value)
        if token.kind == "dot":
            return Dot(at)
        if token.kind == "variable":
            if value not in self.variables:
                raise self.error(f'undefined variable "{value}"', token.line)
            return Variable(at, [value])
        if token.kind == "field":
            return Field(at, [value[1:]])
        if token.kind == "(":
            self._deeper()
            inner = self._pipeline("parenthesized pipeline", ")")
            self.depth -= 1
            return inner
        literal = self._literal(token)
        if literal is None:
            self.at -= 1
        return literal

    def _literal(self, token: Token) -> Literal | None:
        at, value = token.position, token.value
        if token.kind == "bool":
            return Literal(at, value == "true", value)
        if token.kind == "keyword" and value == "nil":
            return Literal(at, None, value)
        if token.kind == "number":
            return Literal(at, self._number(token), value)
        if token.kind == "string":
            return Literal(at, self._unquote(token), value)
        if token.kind == "character":
            inner = _unescaped(value[1:-1])
            if inner is None or len(inner) != 1:
                raise self.error(f"malformed character constant: {value}", token.line)
            return Literal(at, ord(inner), value)
        return None

    def _number(self, token: Token) -> int | float:
        text = token.value.replace("_", "")
        try:
            if not _is_integer(text):
                number = float(text)
                if number in (inf, -inf):
                    raise ValueError
                return number
            whole = int(text, 8) if _OLD_OCTAL.fullmatch(text) else int(text[:30], 0)
        except ValueError:
            raise self.error(f'illegal number syntax: "{token.value}"', token.line) from None
        if not -1 << 63 <= whole < 1 << 64:
            raise self.error(f'integer overflow: "{token.value}"', token.line)
        return whole

    def _unquote(self, token: Token) -> str:
        if token.value.startswith("`"):
            return token.value[1:-1].replace("\r", "")
        text = _unescaped(token.value[1:-1])
        if text is None:
            raise self.error("invalid syntax", token.line)
        return text


def _unescaped(text: str) -> str | None:
    """What a quoted text of Go means (strconv.Unquote); None when it has an escape that is none."""
    found = _ESCAPE.sub(_meant, text)
    return None if "\ud800" in found else found


def _meant(escape: re.Match[str]) -> str:
    """One escape's character, a surrogate for none."""
    if len(escape[0]) == 2:
        return _SHORT.get(escape[0][1], "\ud800")
    code = int(escape[0].lstrip("\\xuU"), 8 if escape[0][1] not in "xuU" else 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ud800"


def _is_integer(text: str) -> bool:
    bare = text.lower().lstrip("+-")
    return bare.startswith(("0x", "0o", "0b")) or bare.replace("_", "").isdecimal()
