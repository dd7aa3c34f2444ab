"""A Dockerfile's text as instructions (moby/buildkit frontend/dockerfile/parser)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from dnetlab.sim.dockerd.errors import ApiError

KNOWN = (
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip
_FLAG = re.compile(r"--([a-z-]+)(?:=(\S*))?\s*")
_VARIABLE = re.compile(r"\\\$|\$\{(\w+)(?::([-+])([^}]*))?\}|\$(\w+)")


@dataclass(frozen=True)
class Instruction:
    """name: upper case; text: what stands behind it and its flags, as typed; flags: (name, value) pairs;
    shown: the whole line as the build prints it; line: where it ends, for errors."""

    name: str
    text: str
    flags: tuple[tuple[str, str], ...]
    shown: str
    line: int

    def flag(self, name: str) -> str:
        return next((value for key, value in self.flags if key == name), "")


@dataclass(frozen=True)
class Problems:
    """How a release words what it can't read: 'line' or 'on line'; unknown: of an instruction that is none."""

    place: str = "line"
    unknown: str = "unknown instruction: {name}"

    def at(self, line: int, problem: str) -> ApiError:
        return ApiError(f"dockerfile parse error {self.place} {line}: {problem}", 400)


def parse(text: str, problems: Problems) -> list[Instruction]:
    """The instructions in their order; [] for a text without any. Raises ApiError 400 for an unknown one."""
    found, pending, start = [], "", 0
    for number, row in enumerate(text.splitlines(), 1):
        if row.lstrip().startswith("#") or (not row.strip() and pending):
            continue
        row = row.strip() if not pending else row.rstrip()
        start = start if pending else number
        continued = re.search(r"\\\s*$", row)
        if continued:
            pending += row[: continued.start()]
            continue
        whole, pending = pending + row, ""
        if whole.strip():
            found.append(read_line(whole, start, problems))
    if pending.strip():
        found.append(read_line(pending, start, problems))
    return found


def _distance(one: str, other: str) -> int:
    """How many letters to put in, take out or change (Levenshtein), as buildkit's util/suggest counts."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        last, row[0] = row[0], at
        for place, wanted in enumerate(other, 1):
            last, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, last + (letter != wanted))
    return row[-1]


def read_line(whole: str, line: int, problems: Problems) -> Instruction:
    """One instruction. Raises ApiError 400."""
    word, _, rest = whole.strip().partition(" ")
    name, rest = word.upper(), rest.strip()
    if name not in KNOWN:
        near = next((known for known in sorted(KNOWN) if _distance(name, known) < 3), "")
        meant = f" (did you mean {near}?)" if near else ""
        raise problems.at(line, problems.unknown.format(name=name, meant=meant))
    flags = []
    while name != "ONBUILD" and (match := _FLAG.match(rest)):
        flags.append((match[1], match[2] or ""))
        rest = rest[match.end() :]
    shown = f"{name} {whole.strip().partition(' ')[2].strip()}".rstrip()
    made = Instruction(name, rest, tuple(flags), shown, line)
    _check(made, problems)
    return made


def _check(one: Instruction, problems: Problems) -> None:
    if not one.text and one.name in ("ENV", "LABEL"):
        raise problems.at(one.line, f"{one.name} requires at least one argument")
    if one.name in ("ADD", "COPY") and len(words_of(one)) < 2:
        raise problems.at(one.line, f"{one.name} requires at least two arguments, but only "
                                    f"{['zero', 'one'][len(words_of(one))]} was provided. "
                                    "Destination could not be determined")  # fmt: skip
    exactly_one = ("WORKDIR", "USER", "STOPSIGNAL", "MAINTAINER")
    if one.name in exactly_one and not one.text:
        raise problems.at(one.line, f"{one.name} requires exactly one argument")
    if one.name in ("ENV", "LABEL"):
        for word in split(one.text)[:1]:
            if "=" not in word and len(split(one.text)) < 2:
                raise problems.at(one.line, f"{one.name} must have two arguments")
    if one.name == "SHELL" and as_list(one.text) is None:
        raise problems.at(one.line, "SHELL requires the arguments to be in JSON form")
    if one.name in ("EXPOSE", "VOLUME", "ARG", "RUN") and not one.text:
        raise problems.at(one.line, f"{one.name} requires at least one argument")


def as_list(text: str) -> list[str] | None:
    """The JSON form of an instruction; None when it is none."""
    try:
        found = json.loads(text) if text.startswith("[") else None
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(word, str) for word in found) else None


def words_of(one: Instruction) -> list[str]:
    """The arguments, in JSON form or apart."""
    found = as_list(one.text)
    return found if found is not None else split(one.text)


def split(text: str) -> list[str]:
    """Words apart, quotes kept together and left in (moby parseWords)."""
    return re.findall(r"""(?:\\.|"(?:\\.|[^"])*"|'[^']*'|[^\s"'])+""", text)


def unquoted(word: str) -> str:
    """The word without its quotes and backslashes."""
    out, quote, at = "", "", 0
    while at < len(word):
        char = word[at]
        if char == "\\" and quote != "'" and at + 1 < len(word):
            at += 1
            out += word[at] if word[at] in "\"\\$' " or not quote else "\\" + word[at]
        elif quote == char:
            quote = ""
        elif not quote and char in "\"'":
            quote = char
        else:
            out += char
        at += 1
    return out


def expanded(text: str, values: Mapping[str, str]) -> str:
    """The text with $NAME, ${NAME}, ${NAME:-else} and ${NAME:+then} filled in."""

    def one(match: re.Match[str]) -> str:
        if match[0] == "\\$":
            return match[0]
        name, operator, other = match[1] or match[4], match[2], match[3] or ""
        value = values.get(name, "")
        if operator == "-":
            return value or other
        if operator == "+":
            return other if value else ""
        return value

    return _VARIABLE.sub(one, text)


def pairs(text: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """`A=1 B="x y"`, or the older `A the rest of the line`, filled in."""
    words = split(text)
    if "=" not in words[0]:
        name, _, rest = text.partition(" ")
        return [(name, _value(rest.strip(), values))]
    return [(_value(name, values), _value(value, values))
            for name, _, value in (word.partition("=") for word in words)]  # fmt: skip


def _value(word: str, values: Mapping[str, str]) -> str:
    filled = word if word.startswith("'") else expanded(word, values)
    return unquoted(filled)

