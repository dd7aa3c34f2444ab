"""Each student's own numbers: names, ports, subnets and addresses drawn from the student's id and the lesson's name.

A number of lesson.toml is a list to choose from, `{from, to}` for whole numbers, `{subnet, prefix}` for a subnet of a
larger network, or `{in, from, to}` for an address in a subnet drawn before. Nobody draws the same value twice, and
without an id everybody has the first of each: the numbers of the page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any

from dnetlab.errors import UsageError

_HOLE = re.compile(r"\{\{\s*(?!(?:end|else|break|continue)\b)([A-Za-z_][\w.-]*)\s*\}\}")  # not Go's own words
Number = str | int


def draw(numbers: Mapping[str, Any], student: str, lesson: str) -> dict[str, Number]:
    """Name -> value, the same for ever. Raises UsageError for a number that has no values left."""
    drawn: dict[str, Number] = {}
    for name, plan in numbers.items():
        values = _values(plan, drawn, name)
        first = _chance(student, lesson, name) % len(values) if student else 0
        turned = [*values[first:], *values[:first]]
        free = next((v for v in turned if v not in drawn.values()), None)
        if free is None:
            raise UsageError(
                "numbers.{name} of lesson {lesson} has no value that another doesn't have already",
                name=name,
                lesson=lesson,
            )
        drawn[name] = free
    return drawn


def _chance(student: str, lesson: str, name: str) -> int:
    return int.from_bytes(hashlib.sha256("\0".join((student, lesson, name)).encode()).digest()[:8], "big")


def _values(plan: Any, drawn: Mapping[str, Number], name: str) -> Sequence[Number]:
    """All that the number may be, at least one."""
    if isinstance(plan, list):
        return plan
    if "subnet" in plan:
        return [str(net) for net in IPv4Network(plan["subnet"]).subnets(new_prefix=plan.get("prefix", 24))]
    span = range(plan["from"], plan["to"] + 1)
    if "in" not in plan:
        return span
    if plan["in"] not in drawn:
        raise UsageError("numbers.{name} is in {plan!r}, which is no number before it", name=name, plan=plan["in"])
    return [str(IPv4Network(str(drawn[plan["in"]]))[number]) for number in span]


def fill(value: Any, numbers: Mapping[str, Number]) -> Any:
    """A text, list or table with each {{name}} replaced, {{subnet.N}} by the subnet's address N.

    Go templates (`{{.Name}}`, `{{end}}`) are left as they are. A text that is nothing but {{name}} becomes the number
    itself. Raises UsageError for a name that is no number.
    """
    if isinstance(value, str):
        whole = _HOLE.fullmatch(value)
        return _number(whole[1], numbers) if whole else _HOLE.sub(lambda m: str(_number(m[1], numbers)), value)
    if isinstance(value, list):
        return [fill(item, numbers) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, numbers) for key, item in value.items()}
    return value


def _number(name: str, numbers: Mapping[str, Number]) -> Number:
    head, _, place = name.partition(".")
    if head not in numbers or (place and not place.isdecimal()):
        known = ", ".join(numbers) or "none"
        raise UsageError(
            "{{{{{name}}}}} is no number of the lesson", hint="Its [numbers] are: {known}.", name=name, known=known
        )
    return str(IPv4Network(str(numbers[head]))[int(place)]) if place else numbers[head]
