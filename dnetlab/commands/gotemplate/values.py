"""How Go sees the data of a template: structs, maps, what is true, what printing looks like."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from dnetlab.commands.gotemplate.errors import Unsupported


class Struct(dict[str, Any]):
    """A value with fields of its own: asking for another is an error that names its type.


    extra are fields that JSON leaves out when they are empty. pointer: inside maps and lists Go prints its address.
    """

    def __init__(
        self, fields: dict[str, Any], type_name: str = "struct", extra: dict[str, Any] | None = None,
        pointer: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(fields)
        self.type_name = type_name
        self.extra = extra or {}
        self.pointer = pointer
        self.opaque = False  # has fields that JSON doesn't tell, so it can't be printed, only taken apart
        self.aliases: dict[str, str] = {}

    def alias(self, name: str, field: str) -> None:
        """Give a field a second name; its first one is then JSON's only."""
        self.aliases[name] = field

    def field(self, name: str) -> Any:
        """The value of a field. Raises KeyError when the struct has none of that name."""
        if name in self.aliases:
            return self[self.aliases[name]]
        if name in self.extra:
            return self.extra[name]
        if name in self.aliases.values():
            raise KeyError(name)
        return self[name]


class Named(Struct):
    """A struct that says its own name where it is printed (Go's Stringer); as JSON it is its fields."""

    def __init__(self, fields: dict[str, Any], name: str) -> None:
        super().__init__(fields)
        self.name = name


class Row(Struct):
    """One row of a listing: its fields are text, and as JSON it is a map with escaped < > &."""


class Map(dict[str, Any]):
    """A map of a known type: a key that isn't there gives its zero value to `index`, no value to `.Field`."""

    def __init__(self, items: dict[str, Any], zero: Any = "", nil: bool = False) -> None:
        super().__init__(items)
        self.zero = zero
        self.nil = nil  # null in JSON, empty everywhere else


class NilList(list[Any]):
    """A list that was never made: null in JSON, empty everywhere else."""


class Number(str):
    """A number of raw JSON, whose type nobody knows: it prints as written and compares as text (json.Number)."""


def raw_numbers(value: Any) -> Any:
    """The same JSON with every number as a Number."""
    if isinstance(value, dict):
        return {key: raw_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [raw_numbers(item) for item in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Number(value)
    return value


class Netip(str):
    """An address or a prefix of Go's netip, a struct: the empty one prints as `invalid IP` or `invalid Prefix`."""

    prefix: bool

    def __new__(cls, text: str, prefix: bool = False) -> Netip:
        found = super().__new__(cls, text)
        found.prefix = prefix
        return found

    @property
    def shown(self) -> str:
        """What `{{value}}` prints."""
        return str(self) or ("invalid Prefix" if self.prefix else "invalid IP")


class Duration(int):
    """Nanoseconds as Go's time.Duration: `{{value}}` prints 1m30s, `{{json value}}` the number."""

    @property
    def shown(self) -> str:
        """time.Duration.String"""
        number, sign = abs(self), "-" if self < 0 else ""
        if number < 1_000_000_000:
            unit, size = next((u, s) for u, s in (("ms", 1_000_000), ("µs", 1000), ("ns", 1)) if number >= s or s == 1)
            return f"{sign}{Decimal(number) / size:f}{unit}" if number else "0s"
        minutes, rest = divmod(number, 60_000_000_000)
        hours, minutes = divmod(minutes, 60)
        head = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
        return f"{sign}{head}{Decimal(rest) / 1_000_000_000:f}s"


class _NoValue:
    def __repr__(self) -> str:
        return "<no value>"


NO_VALUE = _NoValue()


def is_true(value: Any) -> bool:
    """Go's truth: false, 0, nil and what is empty are not; a struct always is."""
    if isinstance(value, (Struct, Netip)):
        return True
    if value is NO_VALUE or value is None:
        return False
    return bool(value)


def show(value: Any) -> str:
    """What `{{value}}` prints (fmt's %v)."""
    if isinstance(value, (Netip, Duration)):
        return value.shown
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return shortest(value)
    if isinstance(value, Named):
        return value.name
    if isinstance(value, Struct) and value.opaque:
        raise Unsupported("a whole {type_name} in a template", type_name=value.type_name)
    if isinstance(value, Struct):
        return "{" + " ".join(_inside(v) for v in (*value.values(), *value.extra.values())) + "}"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{k}:{_inside(value[k])}" for k in sorted(value)) + "]"
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(_inside(v) for v in value) + "]"
    return str(value)


def shortest(value: float) -> str:
    """The fewest digits that mean this number; with an exponent below 1e-4 and from 1e6 on (strconv's 'g', -1)."""
    exact = Decimal(repr(value))
    exponent = exact.adjusted()
    if -4 <= exponent < 6 or not value:
        return repr(value).removesuffix(".0")
    sign, digits, _ = exact.normalize().as_tuple()
    rest = "".join(map(str, digits[1:]))
    return f"{'-' * sign}{digits[0]}{'.' + rest if rest else ''}e{exponent:+03d}"


def _inside(value: Any) -> str:
    if isinstance(value, Struct) and value.pointer:
        return "0xc0001847e0"  # an address of the client's memory, a different one each time
    return show(value)


def to_json(value: Any) -> str:
    """Go's compact JSON without escaping < > &: maps by key, structs in their own order."""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, Row):
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, NilList) or (isinstance(value, Map) and value.nil) or value is NO_VALUE:
        return None
    if isinstance(value, Number):
        return json.loads(value)
    if isinstance(value, Row):
        return {k: v for k, v in sorted(value.items()) if not callable(v) and v is not NO_VALUE}
    if isinstance(value, Struct):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, dict):
        return {k: _plain(value[k]) for k in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def type_name(value: Any) -> str:
    """The Go type named in errors."""
    if isinstance(value, Struct):
        return value.type_name
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Duration):
        return "time.Duration"
    if isinstance(value, int):
        return "int"
    if isinstance(value, float):
        return "float64"
    if isinstance(value, Netip):
        return "netip.Prefix" if value.prefix else "netip.Addr"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "map[string]interface {}"
    if isinstance(value, (list, tuple)):
        return "[]interface {}"
    return "interface {}"
