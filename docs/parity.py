"""What real engines were asked, and the simulator answered alike: command by option by release, from the evidence.

A line of a recording is evidence for each command in it and each of its options, unless it is listed with a difference.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from dnetlab.commands.cell import parse_cell
from dnetlab.commands.docker import Stop, parse
from dnetlab.commands.docker.grammar import command
from dnetlab.commands.docker.helptexts import SHORT_FORMS, all_paths
from dnetlab.commands.shell import parse_shell
from dnetlab.commands.shell.nodes import Simple
from dnetlab.errors import DnetError
from dnetlab.model.releases import RELEASES
from dnetlab.sim.profiles import CLIENTS

TESTS = Path(__file__).resolve().parent.parent / "tests"
Evidence = dict[tuple[str, str], dict[str, list[str]]]  # (command, option or '') -> release -> where it was asked
TOOLS = (  # of hosts and containers, beside docker
    "arp", "arping", "bridge", "brctl", "busybox", "conntrack", "curl", "dig", "ethtool", "getent", "host", "hostname",
    "ifconfig", "ip", "ip6tables", "iptables", "iptables-save", "lsof", "mtr", "nc", "netstat", "nmap", "nslookup",
    "nsenter", "pgrep", "ping", "pkill", "ps", "route", "ss", "ssh", "scp", "sysctl", "systemctl", "tcpdump", "telnet",
    "traceroute", "wget",
)  # fmt: skip


def page() -> str:
    """The page as Markdown."""
    found = evidence()
    lines = [
        "# Parity: what was asked of real engines",
        "",
        "Made from `tests/recordings` and `tests/cases` by `python docs/generate.py`. A cell says how many lines of",
        "recordings of that release hold the command, or the command with that option, and names the first of them;",
        "each is replayed by the tests and answered alike. Lines with a known difference",
        "([conformance](conformance.md)) are not counted. `–` is a gap: the simulator may know it, but none recorded",
        "from that release shows that it is right.",
        "",
        "## docker",
        "",
        *_table(found, [name for name in _docker_names() if any(key[0] == name for key in found)]),
        "",
        "### Never asked",
        "",
        "| command | options that no recording has |",
        "|---|---|",
        *_gaps(found),
        "",
        "## Other tools",
        "",
        *_table(found, [name for name in TOOLS if any(key[0] == name for key in found)]),
    ]
    return "\n".join(lines) + "\n"


def evidence() -> Evidence:
    """Every command and option of the recorded lines that are answered alike."""
    found: Evidence = {}
    for release in RELEASES:
        for where, line in _lines(release):
            for key in dict.fromkeys(_asked(line, release)):
                found.setdefault(key, {}).setdefault(release, []).append(where)
    return found


def _lines(release: str) -> Iterator[tuple[str, str]]:
    """(recording:number, line) of a release; those that differ left out."""
    folder = TESTS / "recordings"
    listed = tomllib.loads((folder / "differences.toml").read_text(encoding="utf-8"))["difference"]
    known = {(row["recording"], row["line"]) for row in listed if row["release"] == release}
    for path in sorted((folder / release).glob("*")):
        if path.suffix == ".jsonl":
            lines = [json.loads(row)["command"] for row in path.read_text(encoding="utf-8").splitlines()]
        elif path.suffix == ".dnet":
            lines = [line.text for line in parse_cell(path.read_text(encoding="utf-8"))]
        else:
            continue
        yield from (
            (f"{path.stem}:{number}", line)
            for number, line in enumerate(lines, 1) if (path.stem, number) not in known
        )  # fmt: skip
    yield from _cases(release)


def _cases(release: str) -> Iterator[tuple[str, str]]:
    sys.path.insert(0, str(TESTS))
    from public_cases import RELEASES as ASKED
    from public_cases import differences, load

    if release not in ASKED:
        return
    known = {(one.case, one.number) for one in differences(release)}
    for case, answers in load(release).items():
        for number, answer in enumerate(answers, 1):
            if (case, number) not in known:
                yield f"{case}:{number}", answer.command


def _asked(line: str, release: str) -> Iterator[tuple[str, str]]:
    """(command, option) of each command in a line, (command, '') for the command itself."""
    try:
        script = parse_shell(line)
    except DnetError:
        return
    for simple in _simple(script):
        words = [word.text for word in simple.words]
        while words and words[0] in ("sudo", "timeout", "nohup", "exec"):
            words = words[1:]
        if words and words[0] == "docker":
            yield from _of_docker(words, release)
        elif words and words[0] in TOOLS:
            yield words[0], ""
            yield from ((words[0], word.split("=")[0]) for word in words[1:] if word.startswith("-") and len(word) > 1)


def _of_docker(words: list[str], release: str) -> Iterator[tuple[str, str]]:
    try:
        invocation = parse(words, "", CLIENTS[release].helps)
    except Stop:  # a help text, or a mistake: the client's own words were compared
        path = next((p for n in (2, 1) if (p := tuple(words[1 : n + 1])) in all_paths(CLIENTS[release].helps)), ())
        yield _name(path), "mistakes and help"
        return
    name = _name(invocation.command.operation)
    yield name, ""
    yield from ((name, f"--{option}") for option in invocation.options)


def _simple(value: Any) -> Iterator[Simple]:
    """Every simple command in a script, those in substitutions and loops too."""
    if isinstance(value, Simple):
        yield value
    if isinstance(value, tuple):
        for item in value:
            yield from _simple(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _simple(getattr(value, field.name))


def _name(path: tuple[str, ...]) -> str:
    """'docker ps' for ('container', 'ls') too: two ways to type one command."""
    short = next((short for short, whole in SHORT_FORMS.items() if whole == path), None)
    return " ".join(("docker", *((short,) if short else path)))


def _docker_names() -> list[str]:
    return sorted({_name(path) for path in (*all_paths(), ())})


def _table(found: Evidence, names: list[str]) -> list[str]:
    rows = ["| command | option | " + " | ".join(RELEASES) + " |", "|---|---|" + "---|" * len(RELEASES)]
    for name in names:
        for option in sorted(option for known, option in found if known == name):
            cells = [_cell(found[name, option].get(release, [])) for release in RELEASES]
            rows.append(f"| `{name}` | {f'`{option}`' if option.startswith('-') else option} | {' | '.join(cells)} |")
    return rows


def _cell(where: list[str]) -> str:
    return f"{len(where)} ({where[0]})" if where else "–"


def _gaps(found: Evidence) -> Iterator[str]:
    commands = {_name(path): command(path) for path in all_paths()}
    for name, known in sorted(commands.items()):
        if known is None or known.subcommands:
            continue
        flags = [flag.name for flag in known.flags if flag.name != "help"]
        missing = [f"`--{flag}`" for flag in flags if (name, f"--{flag}") not in found]
        if (name, "") not in found:
            yield f"| `{name}` | never run |"
        elif missing:
            yield f"| `{name}` | {' '.join(missing)} |"
