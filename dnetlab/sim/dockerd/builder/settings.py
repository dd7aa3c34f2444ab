"""What an instruction of a Dockerfile says of an image's settings (moby builder/dockerfile/dispatchers.go).

`docker commit -c` and `docker import -c` take the same instructions.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

from dnetlab.commands.docker.units import seconds_of
from dnetlab.model.changed import replace
from dnetlab.sim.dockerd.builder.dockerfile import (
    Instruction,
    Problems,
    as_list,
    expanded,
    pairs,
    parse,
    split,
    unquoted,
)
from dnetlab.sim.dockerd.catalogue import Recipe
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.processes import signal_number

Values = Mapping[str, str]
Told = tuple[Recipe, str]  # the new settings, and how the step is called in the image's history
OF_COMMIT = ("CMD", "ENTRYPOINT", "ENV", "EXPOSE", "LABEL", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR")


def changed(recipe: Recipe, lines: list[str]) -> Recipe:
    """The settings with what `-c` says. Raises ApiError 400 for what is no instruction, or none that it takes."""
    for one in parse("\n".join(lines), Problems("on line")):
        if one.name not in OF_COMMIT and one.name != "HEALTHCHECK":
            raise ApiError(f"{one.name} is not a valid change command", 400)
        recipe, _ = apply(recipe, one, recipe_values(recipe))
    return recipe


def recipe_values(recipe: Recipe) -> dict[str, str]:
    """The image's variables."""
    return dict(pair.partition("=")[::2] for pair in recipe.environment)


def apply(recipe: Recipe, one: Instruction, values: Values) -> Told:
    """One instruction that changes settings only. Raises ApiError for a value that can't be."""
    return SETTINGS[one.name](recipe, one, values)


def shell_of(recipe: Recipe) -> tuple[str, ...]:
    return recipe.shell or ("/bin/sh", "-c")


def command_of(recipe: Recipe, text: str) -> tuple[str, ...]:
    """A command in JSON form, or the shell's."""
    words = as_list(text)
    return tuple(words) if words is not None else (*shell_of(recipe), text)


def quoted(words: tuple[str, ...]) -> str:
    """As Go prints a list of texts: ["a" "b"]"""
    return "[" + " ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words) + "]"


def with_variable(env: tuple[str, ...], name: str, value: str) -> tuple[str, ...]:
    """The variables with one of that name, where it was or at the end."""
    pair = f"{name}={value}"
    if any(old.partition("=")[0] == name for old in env):
        return tuple(pair if old.partition("=")[0] == name else old for old in env)
    return (*env, pair)


def _env(recipe: Recipe, one: Instruction, values: Values) -> Told:
    found, env = pairs(one.text, values), recipe.environment
    for name, value in found:
        if not name:
            raise ApiError("ENV names can not be blank", 400)
        env = with_variable(env, name, value)
    return replace(recipe, env=env), " ENV " + " ".join(f"{name}={value}" for name, value in found)


def _label(recipe: Recipe, one: Instruction, values: Values) -> Told:
    found = pairs(one.text, values)
    return replace(recipe, labels={**recipe.labels, **dict(found)}), " LABEL " + " ".join(f"{n}={v}" for n, v in found)


def _expose(recipe: Recipe, one: Instruction, values: Values) -> Told:
    ports = [port for word in split(one.text) for port in expanded(word, values).split()]
    found = tuple(dict.fromkeys((*recipe.ports, *(p for port in ports for p in _port(port)))))
    return replace(recipe, ports=tuple(sorted(found))), f" EXPOSE {' '.join(sorted(ports))}"


def _port(text: str) -> list[str]:
    """'80' -> ['80/tcp']; a range is as many ports."""
    numbers, _, protocol = text.partition("/")
    first, dash, last = numbers.partition("-")
    if not first.isdecimal() or dash and not last.isdecimal():
        raise ApiError(f"Invalid containerPort: {numbers}", 400)
    if (protocol or "tcp") not in ("tcp", "udp", "sctp"):
        raise ApiError(f"Invalid proto: {protocol}", 400)
    return [f"{number}/{protocol or 'tcp'}" for number in range(int(first), int(last or first) + 1)]


def _volume(recipe: Recipe, one: Instruction, values: Values) -> Told:
    words = [expanded(word, values) for word in as_list(one.text) or [unquoted(word) for word in split(one.text)]]
    return replace(recipe, volumes=tuple(dict.fromkeys((*recipe.volumes, *words)))), f" VOLUME [{' '.join(words)}]"


def _user(recipe: Recipe, one: Instruction, values: Values) -> Told:
    user = expanded(one.text, values)
    return replace(recipe, user=user), f" USER {user}"


def _workdir(recipe: Recipe, one: Instruction, values: Values) -> Told:
    path = posixpath.normpath(posixpath.join(recipe.directory or "/", unquoted(expanded(one.text, values))))
    return replace(recipe, directory=path), f"WORKDIR {path}"


def _cmd(recipe: Recipe, one: Instruction, values: Values) -> Told:
    words = command_of(recipe, one.text) if one.text else ()
    return replace(recipe, command=words), f" CMD {quoted(words)}"


def _entrypoint(recipe: Recipe, one: Instruction, values: Values) -> Told:
    words = command_of(recipe, one.text) if one.text else ()
    return replace(recipe, entrypoint=words, command=()), f" ENTRYPOINT {quoted(words)}"


def _stopsignal(recipe: Recipe, one: Instruction, values: Values) -> Told:
    name = expanded(one.text, values)
    if signal_number(name) is None:
        raise ApiError(f"Invalid signal: {name}", 400)
    return replace(recipe, stop_signal=name), f" STOPSIGNAL {name}"


def _shell(recipe: Recipe, one: Instruction, values: Values) -> Told:
    words = tuple(as_list(one.text) or ())
    return replace(recipe, shell=words), f" SHELL [{' '.join(words)}]"


def _onbuild(recipe: Recipe, one: Instruction, values: Values) -> Told:
    first = one.text.partition(" ")[0].upper()
    if first in ("ONBUILD", "FROM", "MAINTAINER"):
        raise ApiError(f"Chaining ONBUILD via `ONBUILD {first}` isn't allowed" if first == "ONBUILD"
                       else f"{first} isn't allowed as an ONBUILD trigger", 400)  # fmt: skip
    return replace(recipe, on_build=(*recipe.on_build, one.text)), f" ONBUILD {one.text}"


def _maintainer(recipe: Recipe, one: Instruction, values: Values) -> Told:
    return replace(recipe, author=one.text), f" MAINTAINER {one.text}"


def _healthcheck(recipe: Recipe, one: Instruction, values: Values) -> Told:
    kind, _, rest = one.text.partition(" ")
    rest = rest.strip()
    if kind.upper() == "NONE":
        return replace(recipe, health=(("Test", ["NONE"]),)), " HEALTHCHECK &{[\"NONE\"] \"0s\" \"0s\" \"0s\" '\\x00'}"
    if kind.upper() != "CMD":
        raise ApiError(f"Unknown type \"{kind}\" in HEALTHCHECK (try CMD)", 400)
    words = as_list(rest)
    test = ["CMD", *words] if words is not None else ["CMD-SHELL", rest]
    found: dict[str, object] = {"Test": test}
    names = {"interval": "Interval", "timeout": "Timeout", "start-period": "StartPeriod",
             "start-interval": "StartInterval"}  # fmt: skip
    for flag, field in names.items():
        if text := one.flag(flag):
            found[field] = _nanoseconds(flag, text)
    if one.flag("retries"):
        found["Retries"] = int(one.flag("retries"))
    shown = " ".join(f'"{one.flag(flag) or "0s"}"' for flag in ("interval", "timeout", "start-period"))
    told = f" HEALTHCHECK &{{{quoted(tuple(test))} {shown} '\\x{int(one.flag('retries') or 0):02x}'}}"
    return replace(recipe, health=tuple(found.items())), told


def _nanoseconds(flag: str, text: str) -> int:
    found = seconds_of(text)
    if found is None:
        raise ApiError(f'time: invalid duration "{text}"', 400)
    if found < 0.001:
        raise ApiError(f"Interval {flag!r} cannot be less than 1ms".replace("'", '"'), 400)
    return round(found * 1e9)


SETTINGS: dict[str, Callable[[Recipe, Instruction, Values], Told]] = {
    "ENV": _env, "LABEL": _label, "EXPOSE": _expose, "VOLUME": _volume, "USER": _user, "WORKDIR": _workdir,
    "CMD": _cmd, "ENTRYPOINT": _entrypoint, "STOPSIGNAL": _stopsignal, "SHELL": _shell, "ONBUILD": _onbuild,
    "MAINTAINER": _maintainer, "HEALTHCHECK": _healthcheck,
}  # fmt: skip

