"""Completion inside `%%dnet` cells and on `%dnet` lines; Python's own is silent there, and only there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from dnetlab.model.releases import RELEASES
from dnetlab.notebook import words
from dnetlab.notebook.subcommands import SUBCOMMANDS

if TYPE_CHECKING:
    from dnetlab.model import Snapshot, Topology
    from dnetlab.notebook.magic import DnetMagics

_CELL = re.compile(r"^\s*%%dnet(?:\s|$)")
_LINE = re.compile(r"^\s*(?:[\w.]+\s*=\s*)?%dnet(?:\s+(?:[A-Za-z_]\w*\s*<<)?|$)(?P<rest>.*)$")
_OPTIONS = ("--engine", "--docker", "--check", "--quiet", "-q", "--help")


def install(shell: Any, magics: DnetMagics) -> None:
    """Add the matcher to the shell's completer (matcher API v2)."""

    @context_matcher(identifier="dnetlab")
    def dnetlab_matcher(context: CompletionContext) -> dict[str, Any]:
        found = complete(context.full_text, context.cursor_line, context.text_until_cursor, magics)
        if found is None:
            return {"completions": []}
        fragment, choices = found
        if not choices and fragment:
            choices = [fragment]  # a result without completions would let Python's through
        return {
            "completions": [SimpleCompletion(text=choice, type="dnet") for choice in choices],
            "matched_fragment": fragment,
            "ordered": True,
            "suppress": True,
        }

    shell.Completer.custom_matchers.append(dnetlab_matcher)


def complete(text: str, line: int, before: str, magics: DnetMagics) -> tuple[str, list[str]] | None:
    """(fragment, choices) for the cursor on that line of the cell, None where it is Python's turn.

    before: the cursor's line up to the cursor.
    """
    lines = text.split("\n")
    first = next((i for i, row in enumerate(lines) if row.strip()), 0)
    if _CELL.match(lines[first]) and line >= first:
        if line == first:
            return _magic_line(before, magics.topology) if "%%dnet " in before else None
        lab = magics.topology
        host = next((name for word in lines[first].split() if (name := lab.called(word))), lab.names[0])
        return words.of_line(before, host, lab, _snapshot(magics))
    found = _LINE.match(before)
    return of_subcommand(found["rest"], magics) if found else None


def _snapshot(magics: DnetMagics) -> Snapshot | None:
    """The lab as it is; None before the first cell, so that a Tab doesn't start engines."""
    lab = magics.labs.get(magics.current)
    return lab.snapshot() if lab else None


def _split(text: str) -> tuple[list[str], str]:
    parts = text.split()
    fragment = parts.pop() if parts and not text[-1:].isspace() else ""
    return parts, fragment


def _magic_line(before: str, lab: Topology) -> tuple[str, list[str]]:
    parts, fragment = _split(before.split("%%dnet", 1)[1])
    last = parts[-1] if parts else ""
    if last == "--engine":
        choices = ["sim", "docker"]
    elif last == "--docker":
        choices = list(RELEASES)
    else:
        choices = [*(() if any(map(lab.called, parts)) else lab.names), *_OPTIONS]
    return fragment, [c for c in choices if c.startswith(fragment)]


def of_subcommand(rest: str, magics: DnetMagics) -> tuple[str, list[str]]:
    """The same behind `%dnet `."""
    parts, fragment = _split(rest)
    if not parts:
        return fragment, [name for name in SUBCOMMANDS if name.startswith(fragment)]
    if parts[0] not in SUBCOMMANDS:
        return fragment, []
    return fragment, [c for c in _choices(parts, fragment, magics) if c.startswith(fragment)]


def _choices(parts: list[str], fragment: str, magics: DnetMagics) -> list[str]:
    name, last = parts[0], parts[-1]
    snapshot = _snapshot(magics)
    hosts = list(magics.topology.names)
    containers = [c.name for h in (snapshot.hosts.values() if snapshot else ()) for c in h.containers]
    networks = [n.name for h in (snapshot.hosts.values() if snapshot else ()) for n in h.networks]
    values = {
        "--host": hosts, "--container": containers, "--namespace": ["host"], "--docker": list(RELEASES),
        "--table": ["filter", "nat", "mangle", "raw", "security"], "-t": ["filter", "nat", "mangle", "raw", "security"],
    }  # fmt: skip
    if last in values:
        return values[last]
    if fragment.startswith("-"):
        return [option for names, _ in SUBCOMMANDS[name].arguments for option in names if option.startswith("-")]
    lab = magics.labs.get(magics.current)
    return {
        "topology": [*hosts, *containers, *dict.fromkeys(networks)],
        "trace": [*hosts, *containers],
        "terminal": hosts,
        "capture": [f"{host}:" for host in hosts],
        "goto": list(lab.checkpoints) if lab else [],
        "engine": ["sim", "docker"],
    }.get(name, [])
