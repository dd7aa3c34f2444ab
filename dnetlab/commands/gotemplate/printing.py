"""Go's Sprintf for the verbs of templates (fmt/print.go); what fits no verb is told in Go's own way."""

from __future__ import annotations

import re
from typing import Any

from dnetlab.commands.gotemplate.errors import Unsupported
from dnetlab.commands.gotemplate.limits import fits
from dnetlab.commands.gotemplate.values import NO_VALUE, shortest, show, to_json, type_name

_VERB = re.compile(r"%([-+# 0]*)(\*|\d*)(?:(\.)(\*|\d*))?(\[?)(.?)", re.DOTALL)
_TOO_LARGE = 1_000_000  # fmt's tooLarge: a number that has passed it before its last digit is none
_MOST_DIGITS = 2000  # of a floating point number; what is behind are zeros


class _Arguments:
    def __init__(self, values: tuple[Any, ...]) -> None:
        self.rest = list(values)

    def number(self, written: str, bad: list[str], name: str) -> int | None:
        """A width or precision: written, or `*`, the next argument."""
        if written != "*":
            return int(written) if written else None
        value = self.rest.pop(0) if self.rest else None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _TOO_LARGE:
            return value
        bad.append(f"%!(BAD{name})")
        return None


def sprintf(form: str, *values: Any) -> str:
    """The text. Raises TooMuch for more than a line may say, Unsupported for numbered arguments."""
    arguments, out, at = _Arguments(values), [], 0
    for match in _VERB.finditer(form):
        if match.start() < at:
            continue
        out.append(form[at : match.start()])
        at = match.end()
        if any(number and number != "*" and int(number[:-1] or 0) > _TOO_LARGE for number in match.group(2, 4)):
            out.append("%!(NOVERB)")  # the number eats what is behind it
            at = len(form)
            break
        out.append(_one(match, arguments))
    out.append(form[at:])
    if arguments.rest:
        told = ("<nil>" if v in (None, NO_VALUE) else f"{type_name(v)}={show(v)}" for v in arguments.rest)
        out.append("%!(EXTRA " + ", ".join(told) + ")")
    return "".join(out)


def _one(match: re.Match[str], arguments: _Arguments) -> str:
    flags, width, dot, digits, numbered, verb = match.groups()
    if numbered:
        raise Unsupported("an argument by its number in printf")
    bad: list[str] = []
    wide = arguments.number(width, bad, "WIDTH")
    precise = arguments.number(digits or "", bad, "PREC") if dot else None
    if dot and precise is None and not bad:
        precise = 0
    if not verb:
        return "".join(bad) + "%!(NOVERB)"
    if verb == "%":
        return "".join(bad) + "%"
    if not arguments.rest:
        return "".join(bad) + f"%!{verb}(MISSING)"
    fits(max(abs(wide or 0), precise or 0))
    return "".join(bad) + _padded(verb, flags, wide or 0, precise, arguments.rest.pop(0))


def _padded(verb: str, flags: str, width: int, precision: int | None, value: Any) -> str:
    text = _verb(verb, flags, precision, value)
    if "-" in flags or width < 0:
        return text.ljust(abs(width))
    zeros = "0" in flags and not (precision is not None and _is_number(value) and isinstance(value, int))
    return text.zfill(width) if zeros else text.rjust(width)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _verb(verb: str, flags: str, precision: int | None, value: Any) -> str:
    if value is None or value is NO_VALUE:
        return "<nil>" if verb == "v" else f"%!{verb}(<nil>)"
    if verb == "T":
        return type_name(value)
    if verb == "v" and "#" in flags:
        raise Unsupported("%#v in printf")
    text = _known(verb, flags, precision, value)
    return f"%!{verb}({type_name(value)}={show(value)})" if text is None else text


def _known(verb: str, flags: str, precision: int | None, value: Any) -> str | None:
    """The value by that verb; None when it isn't one for such a value."""
    if isinstance(value, bool):
        return show(value) if verb in "tv" else None
    if isinstance(value, int):
        plain = verb == "v"  # +v is about structs
        return _integer("d" if plain else verb, flags.replace("+", "") if plain else flags, precision, value)
    if isinstance(value, float):
        return _float(verb, flags, precision, value)
    if verb in "sv":
        return show(value)[:precision]
    if verb == "q":
        return to_json(show(value)[:precision])
    if verb in "xX" and isinstance(value, str):
        pairs = value.encode().hex(" ") if " " in flags else value.encode().hex()
        return pairs if verb == "x" else pairs.upper()
    return None


def _integer(verb: str, flags: str, precision: int | None, value: int) -> str | None:
    if verb in "cqU":
        character = chr(value) if 0 <= value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"
        code = f"U+{value:04X}" + (f" '{character}'" if "#" in flags else "")
        return {"c": character, "q": f"'{character}'", "U": code}[verb]
    if verb not in "dboOxX":
        return None
    digits = format(abs(value), verb.replace("O", "o")).zfill(precision or 0)
    prefix = {"x": "0x", "X": "0X", "o": "0", "b": "0b"}.get(verb, "") if "#" in flags else ""
    prefix = "0o" if verb == "O" else prefix
    sign = "-" if value < 0 else "+" if "+" in flags else " " if " " in flags else ""
    return sign + prefix + digits


def _float(verb: str, flags: str, precision: int | None, value: float) -> str | None:
    if verb in "xXb":
        raise Unsupported("%{verb} of a floating point number in printf", verb=verb)
    if verb not in "feEgGvF":
        return None
    digits = 6 if precision is None else precision
    if verb in "gGv" and precision is None:
        return _signed(shortest(value).upper() if verb == "G" else shortest(value), flags)
    shown = min(digits, _MOST_DIGITS)
    text = f"{value:.{shown}{verb.replace('F', 'f').replace('v', 'g')}}"
    return _signed(text + "0" * (digits - shown) if verb in "fF" else text, flags)


def _signed(text: str, flags: str) -> str:
    return "+" + text if "+" in flags and not text.startswith("-") else text
