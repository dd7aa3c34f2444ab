"""Walk the tree of a template over some data (Go's text/template/exec.go); errors in its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from dnetlab.commands.gotemplate import nodes as n
from dnetlab.commands.gotemplate.errors import TemplateError
from dnetlab.commands.gotemplate.functions import ARITY, FUNCTIONS, HEADER, TYPES, CallError
from dnetlab.commands.gotemplate.limits import Limits
from dnetlab.commands.gotemplate.parser import Parser
from dnetlab.commands.gotemplate.values import NO_VALUE, Row, Struct, is_true, raw_numbers, show, type_name


class _Jump(Exception):
    """break or continue on its way to the range."""


class Template:
    """A parsed template. `text` is what it was read from."""

    def __init__(self, text: str, tree: list[n.Node]) -> None:
        self.text = text
        self.tree = tree
        self._plain = _plain(tree)

    def execute(
        self, data: Any, *, missing_is_error: bool = False, header: bool = False, limits: Limits | None = None
    ) -> str:
        """The text for these data. missing_is_error: a key that a map lacks is an error, and types are unknown, as
        when docker reads a daemon's raw JSON. header: docker's functions leave titles alone. limits: what the rows of
        one listing share. Raises TemplateError, and TooMuch where the limits end."""
        limits = limits or Limits()
        if self._plain and isinstance(data, Row) and (line := _filled(self._plain, data, limits)) is not None:
            return line
        data = raw_numbers(data) if missing_is_error else data
        run = _Run(self.text, data, missing_is_error, HEADER if header else FUNCTIONS, limits)
        run.walk(self.tree, data)
        return "".join(run.out)


@lru_cache(maxsize=64)
def parse(text: str) -> Template:
    """Read a template; the last ones are remembered, as every list has its own.

    Raises TemplateError in Go's words, Unsupported for what is left out.
    """
    return Template(text, Parser(text, FUNCTIONS).template())


def _plain(tree: list[n.Node]) -> tuple[tuple[bool, str], ...]:
    """(whether it is a field's name, text) for each part of a template of text and plain fields, as listings have; ()
    for any other."""
    parts = []
    for node in tree:
        if isinstance(node, n.Text):
            parts.append((False, node.text))
        elif isinstance(node, n.Action) and not node.pipe.variables and (name := _field(node.pipe)):
            parts.append((True, name))
        else:
            return ()
    return tuple(parts)


def _field(pipe: n.Pipe) -> str:
    """'Names' of {{.Names}}, '' for anything more."""
    words = pipe.commands[0].words if len(pipe.commands) == 1 else []
    names = words[0].names if len(words) == 1 and isinstance(words[0], n.Field) else []
    return names[0] if len(names) == 1 else ""


def _filled(parts: tuple[tuple[bool, str], ...], row: Row, limits: Limits) -> str | None:
    """The row's texts in their places; None when one is no text, or goes by another name."""
    if row.aliases or row.extra:
        return None
    said: list[Any] = [row.get(text) if is_field else text for is_field, text in parts]
    if not all(type(text) is str for text in said):
        return None
    limits.spend(len(parts))
    return limits.say("".join(said))


class _Run:
    def __init__(
        self, text: str, data: Any, raw: bool, functions: dict[str, Callable[..., Any]], limits: Limits
    ) -> None:
        self.text = text
        self.raw = raw
        self.functions = functions
        self.limits = limits
        self.variables: list[tuple[str, Any]] = [("$", data)]
        self.out: list[str] = []
        self.node: n.Node = n.Dot(0)  # what is being looked at: errors name it, as Go's state.at

    def error(self, message: str, node: n.Node | None = None) -> TemplateError:
        node = node or self.node
        before = self.text[: node.position]
        line = 1 + before.count("\n")
        column = len(before) - (before.rfind("\n") + 1)
        column += line > 1
        return TemplateError(f'template: :{line}:{column}: executing "" at <{node}>: {message}')

    # -- statements ---------------------------------------------------------------------------------------------

    def walk(self, nodes: list[n.Node], dot: Any) -> None:
        for node in nodes:
            self.limits.spend()
            if isinstance(node, n.Text):
                self.out.append(self.limits.say(node.text))
            elif isinstance(node, n.Action):
                self.node = node.pipe
                value = self.pipe(node.pipe, dot)
                if not node.pipe.variables:
                    self.out.append(self.limits.say(self.printed(value)))
            elif isinstance(node, n.Branch):
                self.branch(node, dot)
            elif isinstance(node, n.Jump):
                raise _Jump(node.kind)

    def printed(self, value: Any) -> str:
        return "<no value>" if value is NO_VALUE or (value is None and self.raw) else show(value)

    def branch(self, node: n.Branch, dot: Any) -> None:
        kept = len(self.variables)
        if node.kind == "range":
            self.range(node, dot)
        else:
            value = self.pipe(node.pipe, dot)
            if is_true(value):
                self.walk(node.body, value if node.kind == "with" else dot)
            else:
                self.walk(node.otherwise, dot)
        del self.variables[kept:]

    def range(self, node: n.Branch, dot: Any) -> None:
        value = self.pipe(node.pipe, dot, declare=False)
        names = node.pipe.variables
        if len(names) == 2 and isinstance(value, int):
            raise self.error(f"can't use {show(value)} to iterate over more than one variable")
        kept, empty = len(self.variables), True
        for key, item in self.items(node, value):
            self.limits.spend()
            empty = False
            found = (item,) if len(names) == 1 else (key, item)
            for name, bound in zip(names, found, strict=False):
                if node.pipe.assigns:
                    self.assign(name, bound)
                else:
                    self.variables.append((name, bound))
            try:
                self.walk(node.body, item)
            except _Jump as jump:
                if jump.args[0] == "break":
                    break
            finally:
                del self.variables[kept:]
        if empty:
            self.walk(node.otherwise, dot)

    def items(self, node: n.Branch, value: Any) -> Iterator[tuple[Any, Any]]:
        if value is None or value is NO_VALUE:
            return iter(())
        if isinstance(value, dict) and not isinstance(value, Struct):
            return iter([(key, value[key]) for key in sorted(value)])
        if isinstance(value, (list, tuple)):
            return iter(enumerate(value))
        if isinstance(value, int) and not isinstance(value, bool):
            return ((i, i) for i in range(value))
        raise self.error(f"range can't iterate over {show(value)}")

    # -- expressions --------------------------------------------------------------------------------------------

    def pipe(self, pipe: n.Pipe, dot: Any, *, declare: bool = True) -> Any:
        value: Any = NO_VALUE
        for position, command in enumerate(pipe.commands):
            value = self.command(command, dot, (value,) if position else ())
        if declare:
            for name in pipe.variables:
                if pipe.assigns:
                    self.assign(name, value)
                else:
                    self.variables.append((name, value))
        return value

    def assign(self, name: str, value: Any) -> None:
        for position in range(len(self.variables) - 1, -1, -1):
            if self.variables[position][0] == name:
                self.variables[position] = (name, value)
                return
        raise self.error(f"undefined variable: {name}")

    def command(self, command: n.Command, dot: Any, final: tuple[Any, ...]) -> Any:
        first, rest = command.words[0], command.words[1:]
        self.node = first
        if isinstance(first, n.Function):
            return self.call(command, first, rest, dot, final)
        if isinstance(first, n.Literal) and first.value is None:
            raise self.error("nil is not a command")
        value = self.value(first, dot, (*[self.value(w, dot) for w in rest], *final))
        if isinstance(first, (n.Pipe, n.Literal, n.Dot)) and (rest or final):
            raise self.error(f"can't give argument to non-function {first}", first)
        return value

    def value(self, node: n.Node, dot: Any, arguments: tuple[Any, ...] = ()) -> Any:
        self.node = node
        if isinstance(node, n.Dot):
            return dot
        if isinstance(node, n.Literal):
            if isinstance(node.value, int) and node.value >= 1 << 63:
                raise self.error(f"{node} overflows int")
            return node.value
        if isinstance(node, n.Field):
            return self.fields(dot, node.names, arguments)
        if isinstance(node, n.Variable):
            found = self.variable(node.names[0])
            if len(node.names) == 1 and arguments:
                raise self.error(f"can't give argument to non-function {node}", node)
            return self.fields(found, node.names[1:], arguments)
        if isinstance(node, n.Chain):
            return self.fields(self.value(node.inner, dot), node.names, arguments)
        if isinstance(node, n.Pipe):
            return self.pipe(node, dot)
        assert isinstance(node, n.Function)
        return self.call(n.Command(node.position, [node]), node, [], dot, ())

    def variable(self, name: str) -> Any:
        for known, value in reversed(self.variables):
            if known == name:
                return value
        raise self.error(f"undefined variable: {name}")

    def fields(self, value: Any, names: list[str], arguments: tuple[Any, ...]) -> Any:
        for position, name in enumerate(names):
            of_row = isinstance(value, Row)
            value = self.field(value, name)
            last = position == len(names) - 1
            if callable(value):
                value = value(*(arguments if last else ()))
            elif last and arguments:
                method = f"wrong number of args for {name}: want 0 got {len(arguments)}"
                raise self.error(method if of_row else f"{name} has arguments but cannot be invoked as function")
        return value

    def field(self, value: Any, name: str) -> Any:
        if isinstance(value, Struct):
            try:
                return value.field(name)
            except KeyError:
                what = f"can't evaluate field {name} in type {type_name(value)}"
                raise self.error(what) from None
        if isinstance(value, dict):
            if name in value:
                return value[name]
            if self.raw:
                raise self.error(f'map has no entry for key "{name}"')
            return NO_VALUE
        if value is NO_VALUE:
            if self.raw:
                raise self.error(f'nil data; no entry for key "{name}"')
            return NO_VALUE
        type_ = "interface {}" if self.raw else type_name(value)
        if value is None:
            raise self.error(f"nil pointer evaluating {type_}.{name}")
        raise self.error(f"can't evaluate field {name} in type {type_}")

    def call(self, command: n.Command, name: n.Function, words: list[n.Node], dot: Any, final: tuple[Any, ...]) -> Any:
        given = len(words) + len(final)
        least, most = ARITY[name.name]
        if given < least or (most is not None and given > most):
            wanted = f"want {least}" if least == most else f"want at least {least}"
            raise self.error(f"wrong number of args for {name.name}: {wanted} got {given}", name)
        arguments: list[Any] = []
        for word in words:
            arguments.append(self.value(word, dot))
            decided = is_true(arguments[-1]) if name.name == "or" else not is_true(arguments[-1])
            if name.name in ("and", "or") and decided:
                return arguments[-1]
        self.check(name, words, [*arguments, *final])
        try:
            return self.limits.value(self.functions[name.name](*arguments, *final))
        except CallError as error:
            raise self.error(f"error calling {name.name}: {error}", command) from None

    def check(self, name: n.Function, words: list[n.Node], arguments: list[Any]) -> None:
        """Are the arguments of the types that the function wants? Functions on titles take any."""
        wanted = TYPES.get(name.name, ()) if self.functions is FUNCTIONS else ()
        for position, (type_, value) in enumerate(zip(wanted, arguments, strict=False)):
            if self.is_of(type_, value):
                continue
            word = words[position] if position < len(words) else words[-1] if words else name
            if position < len(words) and isinstance(word, n.Literal):
                kind = {"int": "integer"}.get(type_, type_)
                nil = word.value is None
                raise self.error(f"cannot assign nil to {type_}" if nil else f"expected {kind}; found {word}", word)
            raise self.error(f"wrong type for value; expected {type_}; got {type_name(value)}", word)

    def is_of(self, type_: str, value: Any) -> bool:
        if type_ == "int":
            return isinstance(value, int) and not isinstance(value, bool)
        return isinstance(value, str) if type_ == "string" else isinstance(value, (list, tuple))
