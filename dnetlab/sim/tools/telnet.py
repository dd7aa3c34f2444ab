"""telnet (inetutils 2.4): does somebody listen there, and what does he say? Lines come from a pipe."""

from __future__ import annotations

import re

from dnetlab.commands.services import service_port
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools import lookup, wire
from dnetlab.sim.tools.options import busybox_usage, fail, is_busybox
from dnetlab.sim.tools.web import Question, Url, request


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`telnet HOST [PORT]`; without a pipe it connects, and the other end closes."""
    words = argv[1:]
    if is_busybox(context):
        return _busybox(context, words)
    if not words or words[0].startswith("-") or len(words) > 2:
        raise Refused("The lab's telnet has a host and a port.", "telnet HOST PORT")
    host, named = words[0], words[1] if len(words) == 2 else "23"
    port = int(named) if named.isdecimal() else service_port(named, "tcp")
    found = lookup.find(context, host)
    if found is None or port is None or port > 65535:
        return Result(f"Server lookup failure:  {host}:{named}, Temporary failure in name resolution\n", "", 1)
    address = found.addresses[0]
    answer = wire.connect(context, address, port)
    trying = f"Trying {address}...\n"
    if answer.fate is not wire.Fate.ANSWERED:
        context.world.clock += min(answer.seconds, wire.CONNECT_SECONDS)
        return fail(f"telnet: Unable to connect to remote host: {answer.fate.value}", 1, trying)
    said = _said(context, answer, host, port)
    return Result(f"{trying}Connected to {host}.\nEscape character is '^]'.\n{said}",
                  "Connection closed by foreign host.\n", 1)  # fmt: skip


def _busybox(context: Context, words: tuple[str, ...]) -> Result:
    """Of 1.35, recorded on 28.5: who isn't at a terminal is told that it is connected, and what comes back."""
    words = words[1:] if words[:1] == ("-a",) else words
    if not 1 <= len(words) <= 2 or words[0].startswith("-"):
        return busybox_usage("telnet", f"invalid option -- '{words[0][1:2]}'" if words else "")
    host, named = words[0], words[1] if len(words) == 2 else "23"
    port = int(named) if named.isdecimal() else service_port(named, "tcp")
    found = lookup.find(context, host)
    if port is None or port > 65535:
        return fail(f"telnet: bad port '{named}'", 1)
    if found is None:
        return fail(f"telnet: bad address '{host}'", 1)
    answer = wire.connect(context, found.addresses[0], port)
    if answer.fate is not wire.Fate.ANSWERED:
        context.world.clock += min(answer.seconds, wire.CONNECT_SECONDS)
        return fail(f"telnet: can't connect to remote host ({found.addresses[0]}): {answer.fate.value}", 1)
    return Result(f"Connected to {host}\n{_said(context, answer, host, port)}")


def _said(context: Context, answer: wire.Attempt, host: str, port: int) -> str:
    """What a web server answers to a request of the pipe; '' for anything else."""
    text = context.stdin or ""
    asked = re.match(r"(GET|HEAD|POST) (\S+)", text)
    if not asked:
        wire.hang_up(context, answer)
        return ""
    try:
        question = Question(asked[1], "-", text.encode())
        reply = request(context, answer, Url("http", host, port, asked[2], True), question)
    except (wire.Silent, ConnectionResetError):
        return ""
    return reply.words.decode() if reply else ""
