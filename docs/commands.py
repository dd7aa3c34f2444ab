"""The reference of commands, read from the parsers and grammars themselves: what isn't in them isn't on the page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

from dnetlab.cli import _parser
from dnetlab.commands import brctl, bridge, ip, iptables
from dnetlab.commands.docker.grammar import ALIASES, Command, command
from dnetlab.commands.docker.helptexts import SHORT_FORMS, all_paths
from dnetlab.commands.nft.parse import OPS
from dnetlab.commands.nft.statements import ENDS
from dnetlab.commands.userland import USERLANDS, names
from dnetlab.model.nftables import FAMILIES
from dnetlab.model.nftrule import NAMES, SELECTORS
from dnetlab.notebook.magic import DnetMagics
from dnetlab.notebook.subcommands import SUBCOMMANDS
from dnetlab.sim.dockercli.dispatch import REFUSED, verbs
from dnetlab.sim.dockercli.runconfig import REFUSED_FLAGS

PLACES = {
    "host": "a host of the lab", "busybox": "busybox", "alpine": "alpine", "busyboxplus": "busyboxplus (and nginx)",
    "debian": "debian",
}  # fmt: skip


def page() -> str:
    """The page as Markdown."""
    return "\n".join([
        "# Commands",
        "",
        "Made from the parsers and grammars by `python docs/generate.py`. What a command prints is Docker's or Linux's",
        "own and is not told again here; [parity.md](parity.md) says which of these a recording of a real engine",
        "proves, and [not-modelled.md](not-modelled.md) what is refused.",
        "",
        "## In a notebook: %%dnet and %dnet",
        "",
        "`%%dnet` on the first line of a cell runs the lines below it; [cells.md](cells.md) tells how they are read.",
        "",
        *_options(DnetMagics.dnet.parser),
        "",
        "`%dnet SUBCOMMAND` looks at the lab, takes it back, and leads through a lesson; `name << ` after `%dnet` or",
        "`%%dnet` catches the result.",
        "",
        *_magics(),
        "",
        "## In a terminal: dnetlab",
        *_terminal(),
        "",
        "## docker",
        *_docker(),
        "",
        "## ip, bridge, brctl",
        *_iproute(),
        "",
        "## iptables",
        *_iptables(),
        "",
        "## nft",
        *_nft(),
        "",
        "## Which commands there are, and where",
        *_places(),
    ]) + "\n"  # fmt: skip


def _code(words: Sequence[str]) -> str:
    return " ".join(f"`{word}`" for word in words)


def _cell(text: str) -> str:
    return text.replace("%%%%", "%%").replace("|", "\\|").replace("\n", " ").strip()


# -- ours ----------------------------------------------------------------------------------------------------------


def _typed(action: argparse.Action) -> str:
    """As it is typed: '`--docker RELEASE`', '`[NAME …]`'."""
    value = str(action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper()))
    if not action.option_strings:
        many = " …" if action.nargs in ("*", "+") else ""
        return f"`[{value}{many}]`" if action.nargs in ("?", "*") else f"`{value}{many}`"
    takes = "" if action.nargs == 0 else f" {value}"
    return ", ".join(f"`{option}{takes}`" for option in action.option_strings)


def _own(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What it takes, without --help and without its subcommands."""
    return [a for a in parser._actions if not isinstance(a, argparse._HelpAction | argparse._SubParsersAction)]


def _options(parser: argparse.ArgumentParser) -> list[str]:
    rows = [f"| {_cell(_typed(action))} | {_cell(action.help or '')} |" for action in _own(parser)]
    return ["| takes | what it is |", "|---|---|", *rows] if rows else []


def _magics() -> list[str]:
    lines = ["| `%dnet` | takes | what it does |", "|---|---|---|"]
    for one in SUBCOMMANDS.values():
        takes = " ".join(_typed(action).split(", ")[-1] for action in _own(one.parser()))
        lines.append(f"| `{one.name}` | {_cell(takes)} | {_cell(one.summary)} |")
    return lines


def _terminal() -> Iterator[str]:
    (group,) = (a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction))
    said = {action.dest: action.help or "" for action in group._choices_actions}
    for name, parser in group.choices.items():
        summary = _cell(said[name])
        yield from ("", f"### dnetlab {name}", "", f"{summary[0].upper()}{summary[1:]}.", "", *_options(parser))


# -- docker's ------------------------------------------------------------------------------------------------------


def _docker() -> Iterator[str]:
    found = {one.operation: one for path in all_paths() if (one := command(path)) and _answers(one)}
    yield ""
    yield (
        "Options stand with every command that has them in Docker's own client (29.7; older ones lack a few, "
        "[releases.md](releases.md)). Each of these answers `--help` as Docker does."
    )
    for operation, one in found.items():
        refused = [f"--{name}" for name in _refused_flags(operation)]
        options = [f"--{flag.name}" for flag in one.flags if flag.name != "help" and f"--{flag.name}" not in refused]
        yield from ("", f"### docker {' '.join(operation)}", "", f"{one.summary}. `{one.usage}`", *_also(operation))
        yield from ("", _code(options)) if options else ()
        yield from ("", f"Refused, with what to do instead: {_code(refused)}") if refused else ()
    yield from ("", "### Refused", "", "A whole group stands for those of its commands that are not above.")
    yield from ("", "| command | the lab says |", "|---|---|")
    yield from (f"| `docker {name}` | {_cell(' '.join(map(str, said)))} |" for name, said in sorted(REFUSED.items()))


def _answers(one: Command) -> bool:
    return one.operation in verbs(one.operation) and not one.subcommands


def _refused_flags(operation: tuple[str, ...]) -> Sequence[str]:
    return tuple(REFUSED_FLAGS) if operation in (("container", "run"), ("container", "create")) else ()


def _also(operation: tuple[str, ...]) -> tuple[str, ...]:
    """Other ways to type it."""
    short = [f"docker {name}" for name, whole in SHORT_FORMS.items() if whole == operation]
    group, *rest = operation
    other = [f"docker {group} {name}" for name, whole in ALIASES.get(group, {}).items() if [whole] == rest]
    return (f"Also: {_code([*short, *other]).replace('` `', '`, `')}.",) if short or other else ()


# -- Linux's -------------------------------------------------------------------------------------------------------


def _iproute() -> Iterator[str]:
    yield ""
    yield "Words may be shortened as iproute2 takes them (`ip a s`). `-br`, `-d`, `-s`, `-j`, `-o` and `-4` go before."
    yield from ("", "| command | verbs |", "|---|---|")
    for name in dict.fromkeys(ip.KNOWN.values()):
        yield f"| `ip {name}` | {_code([verb for verb in ip.VERBS[name] if verb != 'help'])} |"
    for name, known in bridge._VERBS.items():
        yield f"| `bridge {name}` | {_code([verb for verb in known if verb != 'help'])} |"
    yield f"| `brctl` | {_code(list(brctl.VERBS))}; in a container of busybox {_code(brctl.BUSYBOX_VERBS)} |"


def _iptables() -> Iterator[str]:
    yield from ("", f"Tables: {_code(iptables.TABLES)}. `iptables-save` lists them all.")
    for title, modules in (("match", iptables.MATCHES), ("target", iptables.TARGETS)):
        yield from ("", f"| {title} | options |", "|---|---|")
        yield from (f"| `{name}` | {_code(list(module.options))} |" for name, module in modules.items())


def _nft() -> Iterator[str]:
    yield from ("", "Tables of the families " + _code(FAMILIES) + "; [nftables.md](nftables.md) tells more.", "",
                "| what a rule looks at | values |", "|---|---|")  # fmt: skip
    yield from (f"| `{left}` | {_code(NAMES[kind]) if kind in NAMES else kind} |" for left, kind in SELECTORS.items())
    yield from ("", f"Commands: {_code(OPS)}; statements: `counter` `log` `limit` `meta mark set` {_code(ENDS)}.")


def _places() -> Iterator[str]:
    shared: dict[str, Any] = {place: set(names(place)) for place in USERLANDS}
    everywhere = sorted(set.intersection(*shared.values()))
    yield from ("", "| where | commands |", "|---|---|", f"| everywhere | {_code(everywhere)} |")
    for place, title in PLACES.items():
        yield f"| {title} | {_code(sorted(shared[place] - set(everywhere)))} |"
