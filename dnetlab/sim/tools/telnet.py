"""telnet (inetutils 2.4): does somebody listen there, and what does he say? Lines come from a pipe."""

from __future__ import annotations

import re

from dnetlab.commands.services import service_port
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.tools import lookup, wire
from dnetlab.sim.tools.options import fail
from dnetlab.sim.tools.web import Question, Url, request


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`telnet HOST [PORT]`; without a pipe it connects, and the other end closes."""
    words = argv[1:]
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
