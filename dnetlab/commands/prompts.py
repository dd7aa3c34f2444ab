"""Whose prompt does a line begin with? All habits are read: notes, Debian, CentOS, busybox, a bare `$ ` or `# `."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dnetlab.errors import CellError
from dnetlab.model import Prompt, Topology, default_topology

_BRACKET = re.compile(r"^\[(?:[\w.-]+@)?(?P<host>[\w.-]+)(?: [^\]]*)?\][#$](?P<text>.*)$")
_DEBIAN = re.compile(r"^[\w.-]+@(?P<host>[\w.-]+):[^#$\s]*[#$](?: (?P<text>.*)|(?P<empty>))$")
_SHORT = re.compile(r"^(?P<host>[A-Za-z][\w.-]*)[#$](?: (?P<text>.*)|(?P<empty>))$")
_INSIDE = re.compile(r"^(?:(?:/[\w./-]*|~) |(?:ba)?sh-\d\.\d+)[#$](?: (?P<text>.*)|(?P<empty>))$")
_INSIDE_GLUED = re.compile(r"(?<=\S) */ # (?=[a-z])")
_AS_ROOT = re.compile(r"^((?:[A-Za-z][\w.-]*|/[\w./-]* |~ ))#(?= |$)", re.MULTILINE)
_CONTAINER = re.compile(r"^[0-9a-f]{12}$")
_BARE = re.compile(r"^\s*(?P<sign>[#$]) +(?P<text>\S.*)$")

# First words by which a line is known for a command, wherever it stands.
TOOLS = frozenset((  # noqa: SIM905
    "apt apt-get arp arping bridge brctl cat cd conntrack curl dig docker docker-compose echo ethtool getent grep "
    "hostname ifconfig ip ip6tables iptables iptables-save journalctl kill killall ls lsof mkdir modprobe nc "
    "netstat nft nmap nslookup nsenter pgrep ping ping6 pkill podman ps route service ss ssh sudo sysctl "
    "systemctl tc tcpdump telnet top traceroute vi vim wget yum"
).split(" "))  # fmt: skip
# Words of a sentence: a comment that begins with the name of a command is a comment all the same.
_PROSE = frozenset((  # noqa: SIM905
    "a about an and are as at because but by does for gets has have how in into is it its lists not of on or our "
    "prints shows so that the then there this to uses was what when where which why with works your"
).split(" "))  # fmt: skip


@dataclass(frozen=True)
class Typed:
    """What a line was typed at. host: the lab's host in its prompt; stranger: a machine's name the lab doesn't have."""

    kind: Prompt
    command: str
    host: str | None = None
    stranger: str | None = None


def read_prompt(raw: str, lab: Topology, number: int = 0) -> Typed | None:
    """The prompt that a line begins with; None for a line without one.

    Raises CellError for a name that looks like one of a lab's hosts and is none: the notes are of another lab.
    """
    line = raw.rstrip()
    inside = _INSIDE.match(line)
    if inside:
        return Typed(Prompt.TERMINAL, (inside["text"] or "").strip())
    for pattern in (_BRACKET, _DEBIAN, _SHORT):
        found = pattern.match(line) or pattern.match(line.lstrip())
        if not found or (line[:1].isspace() and lab.called(found["host"]) is None):
            continue
        name, host, command = found["host"], lab.called(found["host"]), (found["text"] or "").strip()
        if host is not None:
            return Typed(Prompt.HOST, command, host)
        if pattern is _DEBIAN and _CONTAINER.match(name):
            return Typed(Prompt.TERMINAL, command)
        near = difflib.get_close_matches(name, lab.names, 1, 0.6)
        if near or (pattern is _BRACKET and name != "localhost") or default_topology().called(name):
            raise _no_such_host(number, name, lab, near=near)
        if pattern is not _SHORT:
            return Typed(Prompt.HOST, command, None, name)
    return None


def in_an_editor(text: str) -> str:
    """The same cell with `$` in its prompts: editors take a notebook's cells for Python, where # begins a comment, and
    show grey what is typed at `docker1# ` or `/ # `."""
    return _AS_ROOT.sub(r"\1$", text)


def refuse_two_strangers(one: str, two: str, number: int, lab: Topology) -> None:
    """One machine of the author's own is the cell's host; of two nobody can say which is which. Raises CellError."""
    if one != two:
        raise _no_such_host(number, two, lab, one)


def _no_such_host(number: int, name: str, lab: Topology, above: str = "", near: Sequence[str] = ()) -> CellError:
    return CellError(
        "Line {number} is typed at {name}, and the lab has no such host. "
        "(The lines above are typed at {above}, and it has none either.)"
        if above
        else "Line {number} is typed at {name}, and the lab has no such host. Did you mean {near}?"
        if near
        else "Line {number} is typed at {name}, and the lab has no such host.",
        hint="The hosts of this lab are {lab}.",
        number=number,
        name=name,
        above=above,
        near=", ".join(near),
        lab=", ".join(lab.names),
    )


def bare(raw: str, signs: str) -> str | None:
    """The command behind a lone `$ ` or `# `, for those of `signs` that are prompts in this cell; None without one."""
    found = _BARE.match(raw)
    return found["text"].strip() if found and found["sign"] in signs else None


def bare_signs(rows: Sequence[str], lab: Topology) -> str:
    """Which of `$` and `#` are prompts in this cell: '', '$', '#' or '$#'.

    `# docker ps` is a prompt and a command where every command of the cell is written so; in any other cell it is a
    command that somebody commented out.
    """
    signs = "$" if any(reads_as_command(text) for row in rows if (text := bare(row, "$"))) else ""
    hashed = [text for row in rows if (text := bare(row, "#"))]
    if not any(map(is_commented_out, hashed)):
        return signs
    others = [row for row in rows if not row.lstrip().startswith("#")]
    plain = any(reads_as_command(row) or _INSIDE.match(row) or _names_host(row, lab) for row in others)
    return signs if plain else signs + "#"


def _names_host(row: str, lab: Topology) -> bool:
    matches = (pattern.match(row.strip()) for pattern in (_BRACKET, _DEBIAN, _SHORT))
    return any(found and lab.called(found["host"]) for found in matches)


def reads_as_command(text: str) -> bool:
    """Does the line begin as commands here do, and look neither like a row of a table nor like a tool's version?"""
    words = text.split()
    if not words or words[0] not in TOOLS or re.search(r"\S(?:\t|  )\s*\S", text):
        return False
    if words[0] == "bridge":  # `docker network ls` prints a network of that name
        return len(words) > 1 and words[1].startswith(("link", "fdb", "vlan", "-"))
    return len(words) == 1 or not re.match(r"v?\d+\.\d+\.\d+$", words[1]) or words[0] in ("ping", "curl", "nc")


def is_commented_out(text: str) -> bool:
    """Is this text behind a `#` a command, and not a sentence that begins with the name of one?"""
    words = [word.strip("`'\",;") for word in text.split()]
    sentence = text.rstrip()[-1:] in ".:!?" or bool(_PROSE & set(words)) or bool(re.search(r"[^\W\d_a-zA-Z]", text))
    return reads_as_command(text) and not sentence


def split_glued(raw: str, lab: Topology) -> Iterator[str]:
    """A line whose paste lost its line ends, cut in front of every prompt of a lab host that stands inside it."""
    if "[" not in raw and "root@" not in raw:
        yield from _split_inside(raw) if _INSIDE.match(raw) else (raw,)
        return
    names = tuple([name for plan in lab.hosts for name in (plan.name, *plan.aliases)])
    for piece in _glued(names).split(raw):
        yield from _split_inside(piece) if _INSIDE.match(piece) else (piece,)


@lru_cache(maxsize=8)
def _glued(names: tuple[str, ...]) -> re.Pattern[str]:
    """In front of a prompt of one of these hosts that stands inside a line."""
    hosts = "|".join(map(re.escape, names))
    return re.compile(rf"(?<=\S) *(?=\[(?:[\w.-]+@)?(?:{hosts})(?: [^\]]*)?\][#$]|root@(?:{hosts}):[^#$\s]*[#$] )")


def _split_inside(raw: str) -> Iterator[str]:
    first, *rest = _INSIDE_GLUED.split(raw)
    if all(reads_as_command(text) or text.split()[0] == "exit" for text in rest):
        yield first
        yield from (f"/ # {text}" for text in rest)
    else:
        yield raw
