"""What an awk program works on: the record and its fields, variables, arrays, and values that are text and number."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod

from dnetlab.sim.userland.awk_parse import Node, Program
from dnetlab.sim.userland.regex import Pattern, compile_pattern
from dnetlab.sim.userland.seam import Call, Refused

MOST_STEPS = 300_000  # nodes that one run may evaluate
MOST_FIELDS = 10_000
NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


class FromInput(str):
    """A text that was read: it compares as a number when it looks like one (POSIX: a numeric string)."""

    @property
    def is_number(self) -> bool:
        found = NUMBER.match(self)
        return bool(found) and not self[found.end() :].strip()  # type: ignore[union-attr]


Value = str | float


class Leave(Exception):
    """next, exit, break, continue or return; value: what goes with it."""

    def __init__(self, kind: str, value: Value = "") -> None:
        super().__init__()
        self.kind, self.value = kind, value


class Machine(ABC):
    def __init__(self, call: Call, program: Program, names: list[str]) -> None:
        self.call, self.program, self.files = call, program, names
        self.variables: dict[str, Value] = {
            "FS": " ",
            "OFS": " ",
            "ORS": "\n",
            "RS": "\n",
            "NR": 0.0,
            "NF": 0.0,
            "FNR": 0.0,
            "SUBSEP": "\x1c",
            "CONVFMT": "%.6g",
            "OFMT": "%.6g",
            "RSTART": 0.0,
            "RLENGTH": -1.0,
            "FILENAME": "",
        }
        self.arrays: dict[str, dict[str, Value]] = {"ENVIRON": {k: FromInput(v) for k, v in call.environment.items()}}
        self.locals: dict[str, Value | dict[str, Value]] = {}
        self.record, self.fields = "", []  # type: str, list[str]
        self.out: list[str] = []
        self.errors = ""
        self.written: set[str] = set()
        self.ranges: set[int] = set()
        self.steps = self.depth = 0
        self.random = 1

    @abstractmethod
    def value(self, node: Node) -> Value:
        """What an expression comes to."""

    def spend(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Refused(
                "This awk program takes too many steps.", "The lab gives it {most_steps:,}.", most_steps=MOST_STEPS
            )

    # -- fields --------------------------------------------------------------------------------------------------

    def set_record(self, text: str) -> None:
        self.record = text
        self.fields = self.split(text, self.text(self.variables["FS"]))
        self.variables["NF"] = float(len(self.fields))

    def split(self, text: str, separator: str) -> list[str]:
        if separator == " ":
            return text.split()
        if not text:
            return []
        if separator == "":
            return list(text)
        if len(separator) == 1 and separator not in "\\^$.[]|()*+?{}":
            return text.split(separator)
        return _cut(self.pattern(separator), text)

    def field(self, number: int) -> Value:
        if number < 0 or number > MOST_FIELDS:
            raise Refused("awk has no field {number}.", "Fields count from $1; $0 is the line.", number=number)
        if number == 0:
            return FromInput(self.record)
        return FromInput(self.fields[number - 1]) if number <= len(self.fields) else FromInput("")

    def set_field(self, number: int, value: str) -> None:
        if number < 0 or number > MOST_FIELDS:
            raise Refused("awk has no field {number}.", "Fields count from $1; $0 is the line.", number=number)
        if number == 0:
            self.set_record(value)
            return
        self.fields += [""] * (number - len(self.fields))
        self.fields[number - 1] = value
        self.variables["NF"] = float(len(self.fields))
        self.rebuild()

    def rebuild(self) -> None:
        self.record = self.text(self.variables["OFS"]).join(self.fields)

    # -- values --------------------------------------------------------------------------------------------------

    def number(self, value: Value) -> float:
        if isinstance(value, float):
            return value
        found = NUMBER.match(value)
        return float(found[0]) if found else 0.0

    def text(self, value: Value, form: str = "CONVFMT") -> str:
        if isinstance(value, str):
            return str(value)
        if math.isfinite(value) and value == int(value):
            return str(int(value))
        if not math.isfinite(value):
            return ("-" if value < 0 else "") + ("nan" if math.isnan(value) else "inf")
        shown = self.variables.get(form, "%.6g")
        return (
            str(shown) % value if re.fullmatch(r"%[-+0 #]*\d{0,3}(\.\d{1,3})?[efgEFGd]", str(shown)) else f"{value:.6g}"
        )

    def truth(self, value: Value) -> bool:
        if isinstance(value, FromInput) and value.is_number:
            return self.number(value) != 0
        return value != 0 if isinstance(value, float) else value != ""

    def pattern(self, text: str) -> Pattern:
        return compile_pattern(re.sub(r"\\/", "/", text), extended=True, one=True)

    def array(self, name: str) -> dict[str, Value]:
        local = self.locals.get(name)
        if isinstance(local, dict):
            return local
        if name in self.locals and local == "":
            self.locals[name] = {}
            return self.array(name)
        return self.arrays.setdefault(name, {})

    def key(self, parts: tuple[Node, ...]) -> str:
        return self.text(self.variables["SUBSEP"]).join(self.text(self.value(part)) for part in parts)

    def get(self, node: Node) -> Value:
        if node.kind == "field":
            return self.field(int(self.number(self.value(node.parts[0]))))
        if node.kind == "element":
            return self.array(node.parts[0]).setdefault(self.key(node.parts[1]), FromInput(""))
        name = node.parts[0]
        local = self.locals.get(name)
        if local is not None and not isinstance(local, dict):
            return local
        return self.variables.get(name, FromInput(""))

    def put(self, node: Node, value: Value) -> Value:
        if node.kind == "field":
            self.set_field(int(self.number(self.value(node.parts[0]))), self.text(value))
        elif node.kind == "element":
            array = self.array(node.parts[0])
            array[self.key(node.parts[1])] = value
        elif node.parts[0] in self.locals:
            self.locals[node.parts[0]] = value
        else:
            self.variables[node.parts[0]] = value
            if node.parts[0] == "NF":
                count = min(max(int(self.number(value)), 0), MOST_FIELDS)
                self.fields = (self.fields + [""] * count)[:count]
                self.rebuild()
        return value


def _cut(pattern: Pattern, text: str) -> list[str]:
    pieces, at = [], 0
    for found in pattern.finditer(text):
        if found.end() > found.start():
            pieces.append(text[at : found.start()])
            at = found.end()
    return [*pieces, text[at:]]
