"""nc opens a connection and passes bytes on; -z only knocks.

OpenBSD nc 1.219 at a host, busybox 1.35 (which has no -z) in a container.
"""

from __future__ import annotations

import re

from dnetlab.commands.services import service_name, service_port
from dnetlab.model import Protocol, Socket, SocketState
from dnetlab.model.changed import replace
from dnetlab.model.frame import Capture
from dnetlab.model.ip import numeric_address
from dnetlab.sim import jobs, processes
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.programs import netcat
from dnetlab.sim.tools import lookup, wire
from dnetlab.sim.tools.options import BadOption, busybox_usage, fail, is_busybox, parse, shown_address
from dnetlab.sim.tools.permission import may_bind
from dnetlab.sim.tools.web import Question, Url, request

USAGE = """\
usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]
\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]
\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]
\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]
\t  [destination] [port]
"""


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`nc [-z] [-v] [-w SECONDS] HOST PORT`; exit status 1 when the connection fails."""
    wanted = netcat.read(argv)
    if wanted is not None:
        return _listen(context, argv, wanted)
    return _busybox(context, argv) if is_busybox(context) else _openbsd(context, argv)


def _listen(context: Context, argv: tuple[str, ...], wanted: netcat.Listening) -> Result:
    """`nc -l PORT &` listens while the next lines run. Refused without &, as nobody could come."""
    local = numeric_address(wanted.address or "0")
    if local is None:
        return fail("nc: getaddrinfo: Temporary failure in name resolution")
    state = SocketState.LISTEN if wanted.protocol is Protocol.TCP else SocketState.UNCONNECTED
    socket = Socket(wanted.protocol, local, wanted.port, state, 0, "nc", backlog=1)
    name = "nc: bind" if is_busybox(context) else "nc"
    why = listen(context, argv, socket, _tell)
    return fail(f"{name}: {why}") if why else Result()


def listen(context: Context, argv: tuple[str, ...], socket: Socket, tell: jobs.Tell) -> str:
    """Listen there while the next lines run; why bind() doesn't, '' when all is well. Refused without &."""
    if not may_bind(context.world, context.where, context.user, socket.local_port):
        return "Permission denied"
    if why := processes.why_not_bound(context.world, context.where, socket):
        return why
    if not jobs.begun(context, argv, Capture(0, heard=()), tell, netcat.is_over, context.stdin):
        if context.deadline == float("inf"):
            raise _listens(argv[0])
        context.world.clock = context.deadline  # a `timeout` ends it, and nobody came
        return ""
    starting = context.world.starting
    pid = starting.job.pid if starting is not None and starting.job is not None else 0
    processes.listen(context.world, context.where, [replace(socket, pid=pid)])
    return ""


def _tell(context: Context, argv: tuple[str, ...], capture: Capture, interrupted: bool) -> Result:
    """What it heard; with -v also who came (OpenBSD nc 1.219, on stderr)."""
    wanted, heard = netcat.read(argv), capture.heard or ()
    said = ""
    if wanted is not None and any(re.fullmatch(r"-[a-zA-Z]*v[a-zA-Z]*", word) for word in argv):
        verb = "Listening" if wanted.protocol is Protocol.TCP else "Bound"
        said = f"{verb} on {wanted.address or '0.0.0.0'} {wanted.port}\n"
        said += "".join(f"Connection received on {who}\n" for who, _ in heard)
    return Result("".join(text for _, text in heard), said)


def _listens(tool: str) -> Refused:
    return Refused(
        "{tool} waits here for somebody to connect, for ever.",
        "With & behind it, it listens beside the following lines of its cell; docker run -d starts a container.",
        tool=tool,
    )


def _exchange(context: Context, answer: wire.Attempt, limit: float, connected: bool = True) -> str:
    """Say the pipe's text to an nc that listens, and hear what that one has to say."""
    text, server = (context.stdin or "").encode(), answer.server
    assert server is not None
    sender = f"{answer.seen_from} {answer.local[1] if answer.local else 0}"
    try:
        if text and connected:
            wire.ask(context, answer, text, limit)
        said = netcat.hear(context.world, server, text)
        if said and connected:
            wire.hear(context, answer, said.encode())
    except wire.Silent as silent:
        wire.wait(context, min(silent.seconds, limit))
        return ""
    except ConnectionResetError:
        return ""
    wire.hang_up(context, answer)
    netcat.keep(context.world, server, text, sender)
    return said


def talk(context: Context, answer: wire.Attempt, host: str, port: int, limit: float) -> str:
    """What comes back when the pipe's text is sent: a web server answers a request line, others hang up."""
    if answer.fate is wire.Fate.ANSWERED and netcat.listens(context.world, answer.server):
        return _exchange(context, answer, limit, answer.talk is not None)
    text = context.stdin or ""
    match = re.match(r"(GET|HEAD|POST) (\S+)", text)
    if not match or answer.fate is not wire.Fate.ANSWERED:
        wire.hang_up(context, answer)
        return ""
    try:
        question = Question(match[1], "-", text.encode())
        reply = request(context, answer, Url("http", host, port, match[2], True), question, limit)
    except wire.Silent as silent:
        wire.wait(context, min(silent.seconds, limit))
        return ""
    except ConnectionResetError:
        return ""
    if reply is None:
        return ""
    head = "".join(f"{line}\r\n" for line in [reply.first_line, *(f"{k}: {v}" for k, v in reply.headers)])
    return f"{head}\r\n" + ("" if match[1] == "HEAD" else reply.body)


def _busybox(context: Context, argv: tuple[str, ...]) -> Result:
    try:
        options, words = parse(argv[1:], "li:w:p:f:e:k", permute=False)
    except BadOption as error:
        return busybox_usage("nc", str(error))
    given = dict(options)
    if "-l" in given:
        return busybox_usage("nc")
    if "-e" in given or "-f" in given:
        raise Refused("nc -e and -f are not part of the lab.", "nc HOST PORT opens a connection.")
    if not 1 <= len(words) <= 2:
        return busybox_usage("nc")
    found = lookup.find(context, words[0])
    if found is None:
        return fail(f"nc: bad address '{words[0]}'", 1)
    text = words[1] if len(words) == 2 else "0"
    if not text.isdecimal() or int(text) > 65535:
        return fail(f"nc: bad port '{text}'", 1)
    limit = float(given["-w"]) if given.get("-w", "").isdecimal() else None
    address = found.addresses[0]
    answer = wire.connect(context, address, int(text), limit or wire.CONNECT_SECONDS)
    if answer.fate in (wire.Fate.ANSWERED, wire.Fate.RESET):
        return Result(talk(context, answer, words[0], int(text), limit or wire.FOREVER))
    waited = min(answer.seconds, wire.CONNECT_SECONDS)
    if limit is not None and waited >= limit:
        context.world.clock += limit
        return fail("nc: timed out", 1)
    context.world.clock += waited
    return fail(f"nc: can't connect to remote host{shown_address(address)}: {answer.fate.value}", 1)


def _openbsd(context: Context, argv: tuple[str, ...]) -> Result:
    try:
        options, words = parse(argv[1:], "46bCDdFhklNnrStUuvZzI:i:M:m:O:P:p:q:s:T:V:W:w:X:x:")
    except BadOption as error:
        return Result("", f"nc: {error}\n{USAGE}", 1)
    flags = {name for name, _ in options}
    if "-h" in flags:
        return Result("", f"OpenBSD netcat (Debian patchlevel 1.219-1)\n{USAGE}", 0)
    if "-l" in flags:
        return Result("", USAGE, 1)
    unknown = flags - {"-z", "-v", "-w", "-n", "-4", "-N", "-q", "-u", "-t", "-d"}
    if unknown:
        raise Refused("nc {flag} is not part of the lab.", "The lab has -z -v -w -n -u.", flag=sorted(unknown)[0])
    if len(words) != 2:
        return Result("", USAGE, 1)
    limit_text = next((value for name, value in options if name == "-w"), "")
    if limit_text and not limit_text.isdecimal():
        return fail(f"nc: timeout invalid: {limit_text}", 1)
    ports = _ports(words[1])
    if isinstance(ports, Result):
        return ports
    stdout = stderr = ""
    code = 1
    for port in ports:
        one = _knock(context, words[0], port, flags, float(limit_text) if limit_text else None)
        stdout, stderr = stdout + one.stdout, stderr + one.stderr
        code = 0 if one.exit_code == 0 else code
        if one.exit_code == 2:
            return Result(stdout, stderr, 1)
    return Result(stdout, stderr, code)


def _ports(text: str) -> list[int] | Result:
    """'80', 'http' or '80-90'."""
    match = re.fullmatch(r"(\d{1,6})-(\d{1,6})", text)
    if match:
        low, high = sorted((int(match[1]), int(match[2])))
        if not low or high > 65535:
            return fail(f"nc: port number too {'small' if not low else 'large'}: {low or high}", 1)
        return list(range(low, min(high, low + 200) + 1))
    if text.isdecimal():
        if not 0 < int(text) <= 65535:
            return fail(f"nc: port number too {'small' if not int(text) else 'large'}: {text}", 1)
        return [int(text)]
    named = service_port(text, "tcp")
    return [named] if named else fail(f"nc: port number invalid: {text}", 1)


def _knock(context: Context, host: str, port: int, flags: set[str], limit: float | None) -> Result:
    found = lookup.find(context, host)
    if found is None or "-n" in flags and not found.numeric:
        return fail(f'nc: getaddrinfo for host "{host}" port {port}: Temporary failure in name resolution', 2)
    address = found.addresses[0]
    kind = "udp" if "-u" in flags else "tcp"
    patience = limit or wire.CONNECT_SECONDS
    udp = kind == "udp"
    words = (context.stdin or "").encode() if "-z" not in flags else b""
    size = (28 if address.version == 4 else 48) + len(words) if words else 60
    if udp:
        answer = wire.datagram(context, address, port, size=size, words=words)
    else:
        answer = wire.connect(context, address, port, patience)
    shown = host if found.numeric else f"{host} ({address})"
    open_ = answer.fate in (wire.Fate.ANSWERED, wire.Fate.RESET) or kind == "udp" and answer.fate is wire.Fate.SILENCE
    if open_:
        name = "*" if "-n" in flags else service_name(port, kind) or "*"
        said = f"Connection to {shown} {port} port [{kind}/{name}] succeeded!\n" if "-v" in flags else ""
        if "-z" in flags:
            wire.hang_up(context, answer)
            return Result("", said)
        return Result(talk(context, answer, host, port, limit or wire.FOREVER), said)
    waited = min(answer.seconds, wire.CONNECT_SECONDS)
    reason = f"failed: {answer.fate.value}"
    if limit is not None and waited >= limit:
        waited, reason = limit, "timed out: Operation now in progress"
    context.world.clock += waited
    if udp:  # it has sent its letters, and only the exit status tells (observed)
        return Result("", "", 1)
    return Result("", f"nc: connect to {shown} port {port} ({kind}) {reason}\n" if "-v" in flags else "", 1)
