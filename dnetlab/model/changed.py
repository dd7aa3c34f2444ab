"""Frozen values, made and changed quickly: `replace` is that of dataclasses, and `quick` gives a class a quicker start.

The standard ones set each field of a frozen class by a slow road, past the guard that keeps it frozen. A command makes
hundreds of values, so a fifth of its time went there. Nothing here has a `__post_init__` or slots.
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
        worked_out = _WORKED_OUT.get(kind)
        for name in _learn(kind) if worked_out is None else worked_out:
            has.pop(name, None)
        made = object.__new__(kind)
        object.__setattr__(made, "__dict__", has)
        return made

    _WORKED_OUT: dict[type, tuple[str, ...]] = {}

    def _learn(kind: type) -> tuple[str, ...]:
        """The cached properties of a class."""
        found = [name for c in kind.__mro__ for name, has in vars(c).items() if isinstance(has, cached_property)]
        _WORKED_OUT[kind] = tuple(found)
        return _WORKED_OUT[kind]


def quick(kind: Kind) -> Kind:
    """The same frozen dataclass, whose `__init__` writes its fields without asking: for classes that are made often.

        @quick
        @dataclass(frozen=True)
        class Packet: …
    """
    names = [f.name for f in fields(kind)]
    given: dict[str, Any] = {f"_{f.name}": _default(f) for f in fields(kind)}
    asked = [name if given[f"_{name}"] is MISSING else f"{name}=_{name}" for name in names]
    given["_set"] = object.__setattr__
    has = [f"{f.name!r}: {f'_{f.name}() if {f.name} is _{f.name} else ' if _is_made(f) else ''}{f.name}" for f in fields(kind)]
    exec(f"def __init__({', '.join(['self', *asked])}): _set(self, '__dict__', {{{', '.join(has)}}})", given)
    given["__init__"].__annotations__ = kind.__init__.__annotations__  # type: ignore[misc]
    kind.__init__ = given["__init__"]  # type: ignore[misc]
    return kind


def _is_made(field: Field[Any]) -> bool:
    return field.default_factory is not MISSING


def _default(field: Field[Any]) -> Any:
    return field.default_factory if _is_made(field) else field.default


__all__ = ["quick", "replace"]
