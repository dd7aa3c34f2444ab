"""What did a command line ask of whom? `ping web1` asks web1 for an echo, `curl web1:8080/x` asks it for port 8080."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from dnetlab.model import Protocol


@dataclass(frozen=True)
class Question:
    """container: the one that `docker exec` ran the command in, None when it ran where it was typed.

    name  what was asked, a name or an address; port None: an echo
    """

    name: str
    port: int | None = None
    container: str | None = None
    protocol: Protocol = Protocol.TCP


_VALUED = {  # options that take the next word, so that it isn't read as the target
    "ping": "cWwistIQp", "curl": "oHmXdAuebTxEwrK", "wget": "OTtUPYo", "traceroute": "mqwfspPi", "nc": "wipsl",
    "exec": "euw",
}  # fmt: skip
_LONG_VALUED = {
    "--max-time", "--connect-timeout", "--header", "--output", "--user", "--env", "--workdir", "--timeout", "--retry",
    "--resolve", "--interface", "--request", "--data", "--write-out", "--tries",
}  # fmt: skip


def question(text: str) -> Question | None:
    """The first question in a command line; None when it asks nobody anything (or can't be read)."""
    try:
        words = shlex.split(text.split("|")[0])
    except ValueError:
        return None
    container = None
    if words[:2] == ["docker", "exec"]:
        rest = _operands(words[2:], "exec", stop=True)
        if len(rest) < 2:
            return None
        container, words = rest[0], rest[1:]
    if not words:
        return None
    tool, rest = words[0].rpartition("/")[2], words[1:]
    operands = _operands(rest, tool)
    if tool not in ("ping", "traceroute", "curl", "wget", "nc", "telnet") or not operands:
        return None
    if tool in ("ping", "traceroute"):
        return Question(operands[-1] if tool == "ping" else operands[0], None, container)
    if tool in ("curl", "wget"):
        return _from_url(operands[0], container)
    udp = any(w.startswith("-") and not w.startswith("--") and "u" in w for w in rest)
    port = next((int(w) for w in operands[1:] if w.isdecimal()), 23)
    return Question(operands[0], port, container, Protocol.UDP if tool == "nc" and udp else Protocol.TCP)


def _operands(words: list[str], tool: str, stop: bool = False) -> list[str]:
    """The words that are no options. stop: from the first of them on, all are (docker exec NAME COMMAND …)."""
    found: list[str] = []
    valued = _VALUED.get(tool, "")
    waiting = False
    for place, word in enumerate(words):
        if waiting:
            waiting = False
        elif word.startswith("--"):
            waiting = word in _LONG_VALUED
        elif word.startswith("-") and len(word) > 1:
            waiting = word[-1] in valued and (len(word) == 2 or word[1:-1].isalpha())
        elif stop:
            return words[place:]
        else:
            found.append(word)
    return found


def _from_url(url: str, container: str | None) -> Question | None:
    scheme, marks, rest = url.partition("://")
    if not marks:
        scheme, rest = "http", url
    place = rest.split("/")[0].rpartition("@")[2]
    name, _, port = place.partition(":")
    if not name or scheme not in ("http", "https") or (port and not port.isdecimal()):
        return None
    return Question(name, int(port) if port else 443 if scheme == "https" else 80, container)
