"""Which commands and flags docker has: read from its own help texts, so they can't disagree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import takewhile

from dnetlab.commands.docker.helptexts import NEWEST, SHORT_FORMS, Texts, help_of


@dataclass(frozen=True)
class Flag:
    """kind '' is a switch; 'string', 'list', 'strings', 'map', 'int', 'filter' … as the help names it."""

    name: str
    short: str = ""
    kind: str = ""

    @property
    def label(self) -> str:
        """'-t, --timeout', as the client names it in errors."""
        return f"-{self.short}, --{self.name}" if self.short else f"--{self.name}"


@dataclass(frozen=True)
class Command:
    """path is what was typed ('ps',), operation what it stands for ('container', 'ls'); texts: of its client."""

    texts: Texts
    path: tuple[str, ...]
    operation: tuple[str, ...]
    usage: str  # 'docker ps [OPTIONS]'
    summary: str
    flags: tuple[Flag, ...]
    subcommands: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return " ".join(("docker", *self.path))

    @property
    def help(self) -> str:
        """What `--help` prints."""
        return help_of(self.path, self.texts) or ""

    @property
    def interspersed(self) -> bool:
        """May flags stand behind the first argument? Not where the rest is another program's."""
        return self.operation not in _STOPS_AT_FIRST_ARGUMENT

    def by_name(self, name: str) -> Flag | None:
        return self._by_name.get(name)

    def by_letter(self, letter: str) -> Flag | None:
        return self._by_letter.get(letter)

    @cached_property
    def _by_name(self) -> dict[str, Flag]:
        return {flag.name: flag for flag in reversed(self.flags)}

    @cached_property
    def _by_letter(self) -> dict[str, Flag]:
        return {flag.short: flag for flag in reversed(self.flags)}


_STOPS_AT_FIRST_ARGUMENT = {
    (),
    ("container", "run"),
    ("container", "create"),
    ("container", "exec"),
    ("container", "top"),
    ("service", "create"),
    ("compose",),
    ("compose", "exec"),
    ("compose", "run"),
}

# Other names of subcommands ("Aliases:" of the help texts); a plugin's or removed command is not here.
ALIASES: dict[str, dict[str, str]] = {
    "container": {"list": "ls", "ps": "ls", "remove": "rm"},
    "image": {"list": "ls", "remove": "rm"},
    "network": {"list": "ls", "remove": "rm"},
    "volume": {"list": "ls", "remove": "rm"},
    "node": {"list": "ls", "remove": "rm"},
    "service": {"list": "ls", "remove": "rm"},
    "context": {"list": "ls", "remove": "rm"},
    "plugin": {"list": "ls"},
    "stack": {"list": "ls", "remove": "rm", "down": "rm", "up": "deploy"},
}

# Flags that the help hides (docker/cli, flags.MarkHidden and MarkDeprecated; tried with client 28.2.2).
_HIDDEN: dict[tuple[str, ...], tuple[Flag, ...]] = {
    ("container", "run"): (Flag("net", "", "network"), Flag("net-alias", "", "list"), Flag("dns-opt", "", "list")),
    ("container", "create"): (Flag("net", "", "network"), Flag("net-alias", "", "list"), Flag("dns-opt", "", "list")),
    ("volume", "create"): (Flag("name", "", "string"),),
    ("container", "stop"): (Flag("time", "", "int"),),
    ("container", "restart"): (Flag("time", "", "int"),),
}
SAME_FLAG = {"net": "network", "net-alias": "network-alias", "dns-opt": "dns-option", "time": "timeout"}
DEPRECATED = {"time": "timeout"}

# How many arguments each takes: (least, most); None: no limit. Read off the client's own complaints.
ARGUMENTS: dict[tuple[str, ...], tuple[int, int | None]] = {
    **{("container", n): (1, None) for n in (
        "run", "create", "start", "stop", "restart", "kill", "rm", "pause", "unpause", "wait",
        "inspect", "top", "update",
    )},
    **{("container", n): (1, 1) for n in ["logs", "attach", "diff", "export"]},
    **{("container", n): (2, 2) for n in ["rename", "cp"]},
    ("container", "exec"): (2, None),
    ("container", "ls"): (0, 0),
    ("container", "prune"): (0, 0),
    ("container", "port"): (1, 2),
    ("container", "commit"): (1, 2),
    ("container", "stats"): (0, None),
    ("image", "ls"): (0, 1),
    ("image", "pull"): (1, 1),
    ("image", "push"): (1, 1),
    ("image", "history"): (1, 1),
    ("image", "tag"): (2, 2),
    ("image", "prune"): (0, 0),
    ("image", "load"): (0, 0),
    **{("image", n): (1, None) for n in ["rm", "inspect", "save", "import"]},
    ("network", "create"): (1, 1),
    ("network", "connect"): (2, 2),
    ("network", "disconnect"): (2, 2),
    ("network", "ls"): (0, 0),
    ("network", "prune"): (0, 0),
    **{("network", n): (1, None) for n in ["rm", "inspect"]},
    ("volume", "create"): (0, 1),
    ("volume", "ls"): (0, 0),
    ("volume", "prune"): (0, 0),
    **{("volume", n): (1, None) for n in ["rm", "inspect"]},
    **{("system", n): (0, 0) for n in ["df", "info", "prune", "events"]},
    **{("swarm", n): (0, 0) for n in ["init", "leave", "update", "unlock", "unlock-key", "ca"]},
    **{("swarm", n): (1, 1) for n in ["join", "join-token"]},
    **{("node", n): (1, None) for n in ["inspect", "promote", "demote", "rm"]},
    ("node", "ls"): (0, 0),
    ("node", "ps"): (0, None),
    ("node", "update"): (1, 1),
    **{("service", n): (1, None) for n in ["create", "inspect", "ps", "rm", "scale"]},
    **{("service", n): (1, 1) for n in ["logs", "rollback", "update"]},
    ("service", "ls"): (0, 0),
    ("stack", "ls"): (0, 0),
    **{(kind, n): (1, None) for kind in ("secret", "config") for n in ["inspect", "rm"]},
    **{(kind, "ls"): (0, 0) for kind in ("secret", "config")},
    ("secret", "create"): (1, 2),
    ("config", "create"): (2, 2),
    **{("stack", n): (1, 1) for n in ["deploy", "ps", "services"]},
    ("stack", "rm"): (1, None),
    ("image", "build"): (1, 1),
    ("builder", "prune"): (0, 0),
    **{("context", n): (1, 1) for n in ["create", "update", "use"]},
    **{("context", n): (0, 0) for n in ["ls", "show"]},
    ("context", "inspect"): (0, None),
    ("context", "rm"): (1, None),
    ("context", "export"): (1, 2),
    ("context", "import"): (2, 2),
    ("plugin", "ls"): (0, 0),
    ("manifest", "inspect"): (1, 2),
    ("inspect",): (1, None),
    ("version",): (0, 0),
    ("search",): (1, 1),
}  # fmt: skip

_FLAG_LINE = re.compile(r"^ +(?:-(\w), )?--([\w-]+)(?: (\S+))?(?:  |$)")
_COMMAND_LINE = re.compile(r"^  ([a-z][a-z-]*)\*?  +\S")


@cache
def command(path: tuple[str, ...], texts: Texts = NEWEST) -> Command | None:
    """The command typed as `docker PATH…`, aliases resolved; None when that client has no such command."""
    if len(path) == 2:
        path = (path[0], ALIASES.get(path[0], {}).get(path[1], path[1]))
    text = help_of(path, texts)
    if text is None:
        return None
    lines = text.splitlines()
    operation = SHORT_FORMS.get(path[0], path) if len(path) == 1 else path
    return Command(
        texts=texts,
        path=path,
        operation=operation,
        usage="\n".join([lines[0].removeprefix("Usage:").strip(),
                         *takewhile(lambda row: row.startswith("\t"), lines[1:])]),
        summary=lines[2],
        flags=(*_flags(lines), *_HIDDEN.get(operation, ())),
        subcommands=_subcommands(lines),
    )


def _flags(lines: list[str]) -> tuple[Flag, ...]:
    found = []
    for line in lines:
        match = _FLAG_LINE.match(line)
        if match:
            short, name, kind = match.groups()
            found.append(Flag(name, short or "", kind or ""))
    return tuple(f for f in found if f.name != "help") + (Flag("help"),)


def _subcommands(lines: list[str]) -> tuple[str, ...]:
    found = []
    inside = False
    for line in lines:
        if line.endswith("Commands:"):
            inside = True
        elif line.endswith("Options:"):
            inside = False
        elif inside and (match := _COMMAND_LINE.match(line)):
            found.append(match.group(1))
    return tuple(found)
