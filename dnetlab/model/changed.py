"""Frozen values, made and changed quickly: `replace` is that of dataclasses, and `quick` gives a class a quicker start.

The standard ones set each field of a frozen class by a slow road, past the guard that keeps it frozen. A command makes
hundreds of values, so a fifth of its time went there. Nothing here has a `__post_init__` or slots.

A class whose values are changed by `replace`, or keep an Index, is quick: its values have a dictionary of their own
from the start. One that Python makes later of the keys that a class shares, because somebody asks for `__dict__`, makes
reading every field of the value three times as slow (Python 3.11: 21 ns instead of 6.5).
"""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

Kind = TypeVar("Kind", bound=type)

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value: Any, /, **changes: Any) -> Any:
        """The value with other fields. An Index goes along, as it knows which rows it stands for; what else was
        worked out from the old fields stays behind. TypeError: no such field."""
        kind, old = value.__class__, value.__dict__
        has = old | changes
        if len(has) > len(old):  # each value has all its fields
            raise TypeError(f"{kind.__name__} has no field {next(n for n in changes if n not in old)!r}")
        for name in _WORKED_OUT[kind]:
            has.pop(name, None)
        made = _new(kind)
        _set(made, "__dict__", has)
        return made

    class _WorkedOut(dict[type, tuple[str, ...]]):
        """The cached properties of each class."""

        def __missing__(self, kind: type) -> tuple[str, ...]:
            every = [name for c in kind.__mro__ for name, has in vars(c).items() if isinstance(has, cached_property)]
            self[kind] = found = tuple(every)
            return found

    _WORKED_OUT = _WorkedOut()
    _new, _set = object.__new__, object.__setattr__


def quick(kind: Kind) -> Kind:
    """The same dataclass, whose `__init__` writes its fields without asking: for classes that are made often.

        @quick
        @dataclass(frozen=True)
        class Packet: …
    """
    names = [f.name for f in fields(kind)]
    given: dict[str, Any] = {f"_{f.name}": _default(f) for f in fields(kind)}
    asked = [name if given[f"_{name}"] is MISSING else f"{name}=_{name}" for name in names]
    given["_set"] = object.__setattr__
    has = [f"{f.name!r}: {_made(f)}" for f in fields(kind)]
    exec(f"def __init__({', '.join(['self', *asked])}): _set(self, '__dict__', {{{', '.join(has)}}})", given)
    given["__init__"].__annotations__ = kind.__init__.__annotations__  # type: ignore[misc]
    kind.__init__ = given["__init__"]  # type: ignore[misc]
    return kind


def _made(field: Field[Any]) -> str:
    """What an argument gives: itself, or something new where nothing was given."""
    name = field.name
    return f"_{name}() if {name} is _{name} else {name}" if _is_made(field) else name


def _is_made(field: Field[Any]) -> bool:
    return field.default_factory is not MISSING


def _default(field: Field[Any]) -> Any:
    return field.default_factory if _is_made(field) else field.default


__all__ = ["quick", "replace"]
