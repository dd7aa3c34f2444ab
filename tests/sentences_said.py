"""Every sentence that the lab's code says, found by reading it: the templates given to refusals, errors, Words, say.

A template is written where it is used, or stands in a table or a name of its module; anything else is a finding.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from string import Formatter
from typing import Any

from dnetlab.language import Words

ROOT = Path(__file__).resolve().parent.parent
SPEAKERS: dict[str, tuple[int, ...]] = {  # what takes templates -> the places of its templates
    "say": (0,), "tell": (1,), "Words": (0,), "Unsupported": (0,), "Stopped": (0,), "wrong": (1, 2),
    "Refused": (0, 1), "ShellRefused": (0, 1), "Unfinished": (0, 1), "NotModelled": (0, 1),
    "DnetError": (0,), "UsageError": (0,), "NotHere": (0,), "CellError": (0,), "EngineError": (0,), "UnknownName": (0,),
}  # fmt: skip
READY = {  # attributes that were made of Words, or of tables that the tests walk
    "what", "next", "why", "instead", "hint", "reason", "message", "summary", "value",
}  # fmt: skip
DEFINED_HERE = ("language/", "errors.py")  # what takes templates is itself written here


@dataclass(frozen=True)
class Sentence:
    """place: 'sim/shell.py:162'. fields: what it is filled in with; None when that is known only when it runs."""

    template: str
    place: str
    fields: frozenset[str] | None = None

    @property
    def holes(self) -> set[str]:
        return holes(self.template)


def holes(template: str) -> set[str]:
    """The names of the fields of a template. ValueError for one that can't be read."""
    return {field for _, field, _, _ in Formatter().parse(template) if field is not None}


class Unreadable(Exception):
    """A template that is made in a way nobody can look up."""


def sentences() -> Iterator[Sentence]:
    """Of the whole package. Raises Unreadable, naming the place."""
    for path in sorted((ROOT / "dnetlab").rglob("*.py")):
        name = str(path.relative_to(ROOT / "dnetlab"))
        if not name.startswith(DEFINED_HERE):
            yield from _Reader(path, name).sentences()


class _Reader:
    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        self.others = self._of_other_modules()
        self.saying = {f.name for f in functions if f.returns and "Words" in ast.unparse(f.returns)} | {"near_or"}

    def _of_other_modules(self) -> set[str]:
        """Names that are called like a speaker and are something else: a cause `Stopped`, the reader `Words` of ip."""
        froms = [node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom)]
        ours = {alias.name for node in froms if node.module == "dnetlab.language" for alias in node.names}
        others = {"say", "Words"} - ours
        return others | ({"Stopped"} if self.module.startswith("dnetlab.explain") else set())

    def sentences(self) -> Iterator[Sentence]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and self._speaks(node):
                named = {k.arg for k in node.keywords}
                fields = None if None in named else frozenset(str(n) for n in named - {"hint"})
                place = f"{self.name}:{node.lineno}"
                for part in self._templates(node):
                    try:
                        found = list(self._texts(part))
                    except Unreadable as error:
                        raise Unreadable(f"{place}: {ast.unparse(part)}: {error}") from None
                    yield from (Sentence(text, place, fields) for text in found if text)

    def _speaks(self, call: ast.Call) -> bool:
        if isinstance(call.func, ast.Attribute):
            return call.func.attr == "wrong" and bool(call.args)
        if not isinstance(call.func, ast.Name) or call.func.id not in SPEAKERS:
            return False
        return call.func.id not in self.others

    def _templates(self, call: ast.Call) -> Iterator[ast.expr]:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id  # type: ignore[attr-defined]
        yield from (call.args[place] for place in SPEAKERS[name] if place < len(call.args))
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "hint")

    def _texts(self, node: ast.expr) -> Iterator[str]:
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.IfExp():
                yield from (*self._texts(node.body), *self._texts(node.orelse))
            case ast.BoolOp():
                for part in node.values:
                    yield from self._texts(part)
            case ast.Call(func=ast.Name(id=name)) if name in {*SPEAKERS, *self.saying, "worded", "phrase"}:
                pass  # Words: read where they are made
            case ast.Call(func=ast.Attribute(attr="get", value=ast.Name(id=table)), args=[_, default]):
                yield from (*self._table(table), *self._texts(default))
            case ast.Subscript(value=ast.Name(id=table)) | ast.Starred(value=ast.Subscript(value=ast.Name(id=table))):
                yield from self._table(table)
            case ast.Attribute(attr=attribute) if attribute in READY:
                pass
            case ast.Name(id=name):
                yield from self._named(node, name)
            case _:
                raise Unreadable("write the template where it is used")

    def _table(self, name: str) -> Iterator[str]:
        """The texts of a table of the module."""
        for value in getattr(import_module(self.module), name).values():
            yield from (v for v in (value if isinstance(value, tuple) else (value,)) if not isinstance(v, Words))

    def _named(self, node: ast.AST, name: str) -> Iterator[str]:
        """What a name stands for: set in the same function, a row of a table, a parameter of Words, a constant."""
        while node in self.parents and not isinstance(node, ast.FunctionDef):
            node = self.parents[node]
        for inner in ast.walk(node) if isinstance(node, ast.FunctionDef) else ():
            match inner:
                case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                    yield from self._texts(value)
                case ast.For(target=target, iter=ast.Call(func=ast.Attribute(value=ast.Name(id=table)))) if any(
                    isinstance(t, ast.Name) and t.id == name for t in ast.walk(target)
                ):
                    yield from self._table(table)
                case ast.arg(arg=found, annotation=annotation) if found == name and annotation is not None:
                    if "Words" not in ast.unparse(annotation) and node.name not in ("__init__", *SPEAKERS):  # type: ignore[attr-defined]
                        raise Unreadable(f"the parameter {name} must be Words")
        constant: Any = getattr(import_module(self.module), name, None)
        if isinstance(constant, str):
            yield constant
