"""What did a command line ask of whom? `ping web1` asks web1 for an echo, `curl web1:8080/x` asks it for port 8080."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address

from dnetlab.commands.docker.parse import Invocation, Stop, parse
from dnetlab.explain.guest import Guest
from dnetlab.model import Protocol


@dataclass(frozen=True)
class Question:
    """container: the one that `docker exec` ran the command in, None when it ran where it was typed.

    name    what was asked, a name or an address; port None: an echo
    guest   the container that `docker run` made to ask, None without one
    lookup  only the address of the name was asked (nslookup)
    own     the line's exit status is the question's own: no pipe and no other command stands beside it
    """

    name: str
    port: int | None = None
    container: str | None = None
    protocol: Protocol = Protocol.TCP
    guest: Guest | None = None
    lookup: bool = False
    own: bool = True


_VALUED = {  # options that take the next word, so that it isn't read as the target
    "ping": "cWwistIQp", "curl": "oHmXdAuebTxEwrK", "wget": "OTtUPYo", "traceroute": "mqwfspPi", "nc": "wipsl",
    "timeout": "sk", "env": "u",
}  # fmt: skip
_LONG_VALUED = {
    "--max-time", "--connect-timeout", "--header", "--output", "--user", "--env", "--workdir", "--timeout", "--retry",
    "--resolve", "--interface", "--request", "--data", "--write-out", "--tries",
}  # fmt: skip
_SHELLS = ("sh", "bash", "ash")
_BETWEEN = {"|", "||", "&&", ";", "&", "|&", "(", ")"}
_TOOLS = ("ping", "ping6", "traceroute", "curl", "wget", "nc", "telnet", "nslookup")
MOST_DEEP = 6  # docker exec web1 sh -c "timeout 2 ping …" has three


def question(text: str) -> Question | None:
    """The first question in a command line; None when it asks nobody anything (or can't be read)."""
    return _of_text(text, MOST_DEEP)


def _of_text(text: str, deep: int) -> Question | None:
    """The commands of a line one after the other, up to the first that asks."""
    try:
        reader = shlex.shlex(text, posix=True, punctuation_chars="|&;()")
        reader.whitespace_split, reader.commenters = True, ""
        words = list(reader)
    except ValueError:
        return None
    commands: list[list[str]] = [[]]
    for word in words:
        if word in _BETWEEN:
            commands.append([])
        else:
            commands[-1].append(word)
    found = next((q for command in commands if (q := _of_words(command, deep)) is not None), None)
    return found if found is None or len(commands) == 1 else replace(found, own=False)


def _of_words(words: list[str], deep: int) -> Question | None:
    """One command: what stands around the one that asks is looked through."""
    if not words or deep == 0:
        return None
    tool, rest = words[0].rpartition("/")[2], words[1:]
    if tool == "docker":
        return _in_docker(words, deep)
    if tool in _SHELLS and "-c" in rest:
        return _of_text(" ".join(rest[rest.index("-c") + 1 :][:1]), deep - 1)
    if tool in ("sudo", "time", "busybox", "exec", "!"):
        return _of_words(rest, deep - 1)
    if tool == "timeout":
        return _of_words(_operands(rest, tool, stop=True)[1:], deep - 1)
    if tool == "env" or re.fullmatch(r"\w+=.*", words[0]):
        return _of_words([w for w in rest if not re.fullmatch(r"\w+=.*", w)] if tool == "env" else rest, deep - 1)
    return _of_tool(tool, rest) if tool in _TOOLS else None


def _of_tool(tool: str, rest: list[str]) -> Question | None:
    operands = _operands(rest, tool)
    if not operands:
        return None
    if tool in ("ping", "ping6"):
        return Question(operands[-1])
    if tool == "traceroute":  # it ends with 0 whether it got there or not
        return Question(operands[0], own=False)
    if tool == "nslookup":
        return Question(operands[0], lookup=True)
    if tool in ("curl", "wget"):
        return _from_url(operands[0])
    udp = any(w.startswith("-") and not w.startswith("--") and "u" in w for w in rest)
    port = next((int(w) for w in operands[1:] if w.isdecimal()), 23)
    return Question(operands[0], port, protocol=Protocol.UDP if tool == "nc" and udp else Protocol.TCP)


# -- docker exec and docker run -------------------------------------------------------------------------------------


def _in_docker(words: list[str], deep: int) -> Question | None:
    try:
        call = parse(words, "")
    except Stop:
        return None
    if call.command.operation == ("container", "exec"):
        inner = _of_words(list(call.arguments[1:]), deep - 1)
        return None if inner is None else replace(inner, container=call.arguments[0])
    if call.command.operation != ("container", "run") or call.on("detach"):
        return None
    entry = call.text("entrypoint")
    inner = _of_words([*([entry] if entry else []), *call.arguments[1:]], deep - 1)
    return None if inner is None else replace(inner, guest=_guest(call))


def _guest(call: Invocation) -> Guest:
    try:
        address = IPv4Address(call.text("ip")) if call.text("ip") else None
    except AddressValueError:
        address = None
    network = call.text("network") or call.text("net") or "bridge"
    return Guest("bridge" if network == "default" else network, address, call.text("name"))


# -- words ----------------------------------------------------------------------------------------------------------


def _operands(words: list[str], tool: str, stop: bool = False) -> list[str]:
    """The words that are no options. stop: from the first of them on, all are (timeout 2 COMMAND …)."""
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
        elif re.fullmatch(r"\d*[<>].*", word):
            waiting = re.fullmatch(r"\d*[<>]+", word) is not None
        elif stop:
            return words[place:]
        else:
            found.append(word)
    return found


def _from_url(url: str) -> Question | None:
    scheme, marks, rest = url.partition("://")
    if not marks:
        scheme, rest = "http", url
    place = rest.split("/")[0].rpartition("@")[2]
    name, _, port = place.partition(":")
    if not name or scheme not in ("http", "https") or (port and not port.isdecimal()):
        return None
    return Question(name, int(port) if port else 443 if scheme == "https" else 80)
