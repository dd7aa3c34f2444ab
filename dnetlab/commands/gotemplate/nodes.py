"""The tree of a template; str() of a node is how Go names it in an error (text/template/parse/node.go)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Node:
    position: int


@dataclass
class Text(Node):
    text: str


@dataclass
class Literal(Node):
    """A string, number, boolean or nil."""

    value: Any
    written: str

    def __str__(self) -> str:
        return self.written


@dataclass
class Dot(Node):
    def __str__(self) -> str:
        return "."


@dataclass
class Field(Node):
    names: list[str]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


@dataclass
class Variable(Node):
    names: list[str]  # '$x', then fields

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass
class Function(Node):
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass
class Chain(Node):
    """(pipeline).Field.Field"""

    inner: Node
    names: list[str]

    def __str__(self) -> str:
        inner = f"({self.inner})" if isinstance(self.inner, Pipe) else str(self.inner)
        return inner + "".join(f".{name}" for name in self.names)


@dataclass
class Command(Node):
    words: list[Node] = field(default_factory=list)

    def __str__(self) -> str:
        return " ".join(f"({w})" if isinstance(w, Pipe) else str(w) for w in self.words)


@dataclass
class Pipe(Node):
    variables: list[str] = field(default_factory=list)
    assigns: bool = False
    commands: list[Command] = field(default_factory=list)

    def __str__(self) -> str:
        left = ", ".join(self.variables) + (" = " if self.assigns else " := ") if self.variables else ""
        return left + " | ".join(str(c) for c in self.commands)


@dataclass
class Action(Node):
    pipe: Pipe


@dataclass
class Branch(Node):
    """{{if}}, {{range}}, {{with}}"""

    kind: str
    pipe: Pipe
    body: list[Node]
    otherwise: list[Node]


@dataclass
class Jump(Node):
    """{{break}}, {{continue}}"""

    kind: str


@dataclass
class Mark(Node):
    """{{end}} or {{else}}: where a list of nodes stops."""

    kind: str
    chained: str = ""  # 'if' or 'with' of {{else if …}}

    def __str__(self) -> str:
        return "{{" + self.kind + "}}"
