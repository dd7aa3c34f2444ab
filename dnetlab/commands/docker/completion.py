"""What may come next on a docker line: subcommands, flags, and which kind of name an argument is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from dnetlab.commands.docker.grammar import ALIASES, Command, Flag, command


class Kind(Enum):
    """What a name at this place names; the notebook looks it up in the lab."""

    NONE = "none"
    CONTAINER = "container"
    RUNNING = "running container"
    NETWORK = "network"
    IMAGE = "image"
    VOLUME = "volume"
    PROGRAM = "program in the container"


@dataclass(frozen=True)
class Candidates:
    """words: what can be typed here as it stands; kind: what else may stand here; prefix: what they must begin with.

    container: the container (or, for run, the image) a PROGRAM would run in, '' otherwise.
    """

    words: tuple[str, ...] = ()
    kind: Kind = Kind.NONE
    prefix: str = ""
    container: str = ""


_RUNNING, _ANY = Kind.RUNNING, Kind.CONTAINER
# operation -> kind of the first, second, … argument; the last one repeats when the command takes many.
_ARGUMENTS: dict[tuple[str, ...], tuple[Kind, ...]] = {
    **{("container", verb): (_RUNNING,) for verb in ("stop", "kill", "pause", "unpause", "wait")},
    **{("container", verb): (_ANY,) for verb in ("start", "restart", "rm", "inspect")},
    **{("container", verb): (_ANY, Kind.NONE) for verb in ("logs", "port", "rename", "top")},
    ("container", "exec"): (_RUNNING, Kind.PROGRAM, Kind.NONE),
    ("container", "run"): (Kind.IMAGE, Kind.PROGRAM, Kind.NONE),
    ("container", "create"): (Kind.IMAGE, Kind.PROGRAM, Kind.NONE),
    ("image", "ls"): (Kind.IMAGE,),
    ("image", "pull"): (Kind.IMAGE,),
    ("image", "rm"): (Kind.IMAGE,),
    ("image", "inspect"): (Kind.IMAGE,),
    ("image", "tag"): (Kind.IMAGE, Kind.NONE),
    ("network", "rm"): (Kind.NETWORK,),
    ("network", "inspect"): (Kind.NETWORK,),
    ("network", "connect"): (Kind.NETWORK, _ANY, Kind.NONE),
    ("network", "disconnect"): (Kind.NETWORK, _ANY, Kind.NONE),
    ("volume", "rm"): (Kind.VOLUME,),
    ("volume", "inspect"): (Kind.VOLUME,),
    ("inspect",): (_ANY,),
}
_VALUES: dict[str, Kind] = {"network": Kind.NETWORK, "net": Kind.NETWORK, "link": Kind.CONTAINER, "volume": Kind.VOLUME}
_WORDS: dict[str, tuple[str, ...]] = {
    "restart": ("no", "on-failure", "always", "unless-stopped"),
    "driver": ("bridge", "macvlan", "host", "null", "overlay"),
    "pull": ("always", "missing", "never"),
    "type": ("container", "image", "network", "volume"),
    "filter": ("name=", "status=", "network=", "ancestor=", "publish=", "label=", "driver=", "type=custom", "id="),
    "publish": ("80:80", "8080:80", "127.0.0.1:8080:80"),
    "format": ("'{{.Name}}'", "'{{json .}}'", "json", "'table {{.Names}}'"),
    "opt": ("parent=enp7s0", "com.docker.network.bridge.name=", "com.docker.network.bridge.enable_icc=false"),
    "entrypoint": ("sh",),
}


def complete_docker(words: Sequence[str]) -> Candidates:
    """The candidates for the last word of `docker …`; words[0] is docker, the last may be ''.

    >>> complete_docker(["docker", "network", "cr"]).words
    ('create',)
    """
    done, current = list(words[1:-1]), words[-1] if len(words) > 1 else ""
    root = command(())
    assert root is not None
    found, rest = root, done
    while rest and not rest[0].startswith("-") and found.subcommands:
        deeper = command((*found.path, rest[0]))
        if deeper is None:
            return Candidates(prefix=current)
        found, rest = deeper, rest[1:]
    if found.subcommands:
        if current.startswith("-"):
            return _flags(found, current)
        names = (*found.subcommands, *ALIASES.get(found.path[0] if found.path else "", ()))
        return Candidates(tuple(sorted(n for n in names if n.startswith(current))), prefix=current)
    return _in_command(found, rest, current)


def _in_command(found: Command, rest: list[str], current: str) -> Candidates:
    arguments: list[str] = []
    waiting: Flag | None = None
    for word in rest:
        if waiting is not None:
            waiting = None
        elif arguments and not found.interspersed:
            arguments.append(word)
        elif word.startswith("-") and len(word) > 1:
            waiting = _wants_value(found, word)
        else:
            arguments.append(word)
    if waiting is not None:
        return _value(waiting, current)
    if current.startswith("-") and (found.interspersed or not arguments):
        name, equals, value = current[2:].partition("=")
        flag = found.by_name(name) if equals else None
        return _value(flag, value) if flag else _flags(found, current)
    kinds = _ARGUMENTS.get(found.operation, (Kind.NONE,))
    kind = kinds[min(len(arguments), len(kinds) - 1)]
    if kind is Kind.PROGRAM:
        return Candidates(kind=kind, prefix=current, container=arguments[0])
    return Candidates(kind=kind, prefix=current)


def _wants_value(found: Command, word: str) -> Flag | None:
    """The flag that takes the next word as its value, None when this word is complete."""
    if word.startswith("--"):
        flag = found.by_name(word[2:])
        return flag if flag and flag.kind and "=" not in word else None
    for position, letter in enumerate(word[1:], 1):
        flag = found.by_letter(letter)
        if flag is None:
            return None
        if flag.kind:
            return flag if position == len(word) - 1 else None
    return None


def _value(flag: Flag, current: str) -> Candidates:
    words = tuple(w for w in _WORDS.get(flag.name, ()) if w.startswith(current))
    return Candidates(words, _VALUES.get(flag.name, Kind.NONE), current)


def _flags(found: Command, current: str) -> Candidates:
    names = [f"--{f.name}" for f in found.flags]
    names += [f"-{f.short}" for f in found.flags if f.short and not current.startswith("--")]
    return Candidates(tuple(sorted(n for n in names if n.startswith(current))), prefix=current)
