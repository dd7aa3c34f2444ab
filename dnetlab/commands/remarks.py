"""One sentence of the lab under what a tool answered: a word mistyped, a character of another keyboard, where to look.

The tool's own message stays as it is; a remark is said apart from it, in the lab's voice.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence

from dnetlab.commands import typing
from dnetlab.commands.docker.completion import complete_docker
from dnetlab.commands.docker.grammar import Command, command
from dnetlab.commands.prompts import TOOLS
from dnetlab.language import say
from dnetlab.model import Output

_POINTERS = {
    "help": "`%dnet` lists what the lab can show, `docker --help` what docker can do.",
    "?": "`%dnet` lists what the lab can show, `docker --help` what docker can do.",
    "history": "`%dnet journal` lists the commands of this session.",
    "%dnet": "`%dnet …` stands in a cell of its own, without %%dnet above it.",
    "%%dnet": "`%%dnet` stands on the first line of a cell, and only there.",
}
_IP = ("addr", "address", "link", "route", "rule", "neigh", "neighbour", "netns", "maddress", "monitor")
_SUBCOMMANDS: dict[str, Sequence[str]] = {
    "ip": _IP,
    "brctl": ("addbr", "delbr", "addif", "delif", "show", "showmacs", "showstp", "stp", "setfd", "setageing"),
    "systemctl": ("start", "stop", "restart", "status", "reload", "is-active", "enable", "disable", "daemon-reload"),
    "bridge": ("link", "fdb", "vlan", "mdb", "monitor"),
}  # fmt: skip
_OPTIONS: dict[str, Sequence[str]] = {
    "iptables": (
        "--table", "--append", "--insert", "--delete", "--list", "--list-rules", "--flush", "--policy", "--numeric",
        "--verbose", "--line-numbers", "--source", "--destination", "--in-interface", "--out-interface", "--protocol",
        "--jump", "--match", "--dport", "--sport", "--dports", "--ctstate", "--state", "--to-destination",
        "--to-source", "--to-ports", "--reject-with", "--comment", "--dst-type", "--src-type", "--limit",
    ),
    "curl": ("--head", "--silent", "--verbose", "--max-time", "--connect-timeout", "--interface", "--output"),
}  # fmt: skip


def remark(output: Output) -> str:
    """What the lab has to add to an output; '' for nothing, which is nearly always.

    It looks at the line and at whether it failed, never at what the tool printed.
    """
    line = output.line
    words = [word for word in line.argv if word != "sudo"] or line.text.split()[:1]
    failed = bool(output.exit_code) or output.refused is not None
    typed = typing.sentence(line.text, failed)
    if typed or not failed or not words:
        return typed
    if words[0] in _POINTERS:
        return "" if output.refused else say(_POINTERS[words[0]])
    meant = _meant(words, output.exit_code)
    return say("Did you mean {near}?", near=meant) if meant else ""


def _meant(words: Sequence[str], exit_code: int) -> str:
    """The nearest command, subcommand or option to the first word that is none; '' when there is no near one."""
    tool = words[0]
    if tool == "docker":
        return _docker(words)
    if tool in _SUBCOMMANDS:
        plain = [word for word in words[1:] if not word.startswith("-")]
        wrong = bool(plain) and not any(known.startswith(plain[0]) for known in _SUBCOMMANDS[tool])
        near = _near(plain[0], _SUBCOMMANDS[tool]) if wrong else ""
        return f"{tool} {near}" if near else ""
    if tool in _OPTIONS:
        return _option(words[1:], _OPTIONS[tool])
    if exit_code == 127 and tool not in TOOLS:
        return _near(tool, sorted(TOOLS))
    return ""


def _docker(words: Sequence[str]) -> str:
    found, rest = command(()), list(words[1:])
    while found is not None and rest and not rest[0].startswith("-") and found.subcommands:
        deeper = command((*found.path, rest[0]))
        if deeper is None:
            names = complete_docker(["docker", *found.path, ""]).words
            near = _near(rest[0], names)
            return " ".join(("docker", *found.path, near)) if near else ""
        found, rest = deeper, rest[1:]
    return _option(_own_words(found, rest), [f"--{flag.name}" for flag in found.flags]) if found else ""


def _own_words(found: Command, words: Sequence[str]) -> Iterator[str]:
    """The words that docker reads itself: of `docker run`, what follows the image is the container's command."""
    takes_value = False
    for word in words:
        if word == "--" or not (found.interspersed or takes_value or word.startswith("-")):
            return
        flag = found.by_name(word[2:]) if word.startswith("--") else found.by_letter(word[-1])
        takes_value = not takes_value and word.startswith("-") and bool(flag and flag.kind) and "=" not in word
        yield word


def _option(words: Iterable[str], known: Sequence[str]) -> str:
    """The nearest to the first long option that isn't known; `-name` is the commonest slip for `--name`."""
    for word in words:
        name = word.split("=", 1)[0]
        if name.startswith("--") and len(name) > 2 and name not in known:
            return _near(name, known)
        if name.startswith("-") and not name.startswith("--") and f"-{name}" in known:
            return f"-{name}"
    return ""


def _near(word: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(word, list(known), 1, 0.6)), "")
