"""socat 1.7.4.4 passes bytes on between two addresses; one that listens runs beside the lines of a cell.

    socat TCP-LISTEN:80,fork,reuseaddr EXEC:cat &       socat TCP-LISTEN:80,fork TCP:172.17.0.2:80 &
    echo hi | socat - TCP:172.17.0.2:80                 socat -u FILE:/etc/hostname TCP:172.17.0.2:80
"""

from __future__ import annotations

from dnetlab.commands.socat import (
    Address,
    BadLine,
    Kind,
    NotInTheLab,
    Wish,
    cannot_bind,
    cannot_connect,
    complaint,
    forwards_to,
    read_socat,
    shown,
)
from dnetlab.model import Protocol, Socket, SocketState
from dnetlab.model.changed import replace
from dnetlab.model.frame import Capture
from dnetlab.model.ip import IpAddress
from dnetlab.sim import processes
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.login import path_of
from dnetlab.sim.programs import netcat
from dnetlab.sim.tools import lookup, nc, wire
from dnetlab.sim.tools.options import chance


class Trouble(Exception):
    """The text is what socat says behind an E, before it ends with status 1."""


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`socat [-u|-U] ADDRESS ADDRESS`; exit status 1 when one of them fails."""
    try:
        wish = read_socat(argv)
    except BadLine as error:
        return _failed(context, argv, str(error))
    except NotInTheLab as left:
        raise Refused("`{word}` of socat is not part of the lab.",
                      "It has TCP, UDP, TCP-LISTEN, UDP-LISTEN, EXEC, SYSTEM, FILE and -; fork, reuseaddr and bind.",
                      word=str(left)) from None  # fmt: skip
    try:
        if wish.listener is not None:
            return _listen(context, argv, wish)
        return _pass_on(context, wish.ahead)
    except Trouble as error:
        return _failed(context, argv, str(error))


def _failed(context: Context, argv: tuple[str, ...], text: str) -> Result:
    return Result("", complaint(context.now, _pid(context, argv), text), 1)


def _pid(context: Context, argv: tuple[str, ...]) -> int:
    """The pid of a socat that has ended by now, as it saw it."""
    pid = processes.spawn(context.world, context.where, argv, container=context.container)
    if context.container is not None:
        rows = processes.visible_rows(context.world, context.host, context.container)
        seen = next((number for number, process in rows if process.pid == pid), pid)
    else:
        seen = pid
    processes.end(context.world, context.host, [pid])
    return seen


# -- one that listens --------------------------------------------------------------------------------------------------


def _listen(context: Context, argv: tuple[str, ...], wish: Wish) -> Result:
    near, far = wish.listener, wish.right if wish.left.kind is Kind.LISTEN else wish.left
    assert near is not None
    if near.port is None:
        raise _no_service("NULL", near, 10 if near.version == 6 else 2)
    if near.local is None or near.port == 0 or far.kind is Kind.LISTEN:
        raise Refused("socat listens here at one port, and at an address.",
                      "socat TCP-LISTEN:8080,fork,bind=127.0.0.1 EXEC:cat &")  # fmt: skip
    if far.kind is Kind.CONNECT and (forwards_to(argv) is None or "fork" not in near.options):
        raise Refused("The lab's socat passes connections on to an address, and to everybody.",
                      "socat TCP-LISTEN:8080,fork TCP:172.17.0.2:80 &")  # fmt: skip
    state = SocketState.LISTEN if near.protocol is Protocol.TCP else SocketState.UNCONNECTED
    backlog = 5 if near.protocol is Protocol.TCP else 0
    socket = Socket(near.protocol, near.local, near.port, state, 0, "socat", backlog=backlog)
    why = nc.listen(context, argv, socket, _tell)
    if why:
        raise Trouble(cannot_bind(near.local, near.port, why))
    return Result()


def _tell(context: Context, argv: tuple[str, ...], capture: Capture, interrupted: bool) -> Result:
    """What it heard, where that goes to its output; errors of its children have no sender."""
    wanted, heard = netcat.read(argv), capture.heard or ()
    told = "".join(text for who, text in heard if who) if wanted is not None and wanted.hears else ""
    return Result(told, "".join(text for who, text in heard if not who))


# -- both ends are there -----------------------------------------------------------------------------------------------


def _pass_on(context: Context, wish: Wish) -> Result:
    """From left to right, then what comes back. What ends badly is told behind what was said."""
    one_way = "u" in wish.flags
    first = _says(context, wish.left, wish) if wish.left.kind is not Kind.CONNECT or one_way else Result()
    then = _takes(context, wish.right, first.stdout, wish)
    back = then.stdout if not one_way or wish.right.kind is Kind.STDIO else ""
    stdout = back
    if back and not one_way and wish.left.kind is Kind.FILE:
        _write(context, wish.left, back, 2)
        stdout = ""
    return Result(stdout, first.stderr + then.stderr, then.exit_code or first.exit_code)


def _says(context: Context, end: Address, wish: Wish) -> Result:
    """All that an address has to say by itself."""
    if end.kind is Kind.STDIO:
        return Result(context.stdin or "")
    if end.kind is Kind.FILE:
        return Result(_contents(context, end, 0 if "u" in wish.flags else 2))
    if end.kind is Kind.CONNECT:
        return _over_the_net(replace(context, stdin=""), end, wish)
    return _program(replace(context, stdin=""), end)


def _takes(context: Context, end: Address, text: str, wish: Wish) -> Result:
    """It is given a text: what it answers, and how it ended."""
    if end.kind is Kind.STDIO:
        return Result(text)
    if end.kind is Kind.FILE:
        one_way = "u" in wish.flags
        there = "" if one_way else _contents(context, end, 2)
        _write(context, end, text, 1 if one_way else 2)
        return Result(there)
    place = replace(context, stdin=text, tty=False)
    return _over_the_net(place, end, wish) if end.kind is Kind.CONNECT else _program(place, end)


def _contents(context: Context, end: Address, mode: int) -> str:
    try:
        return LabFiles(context).read(end.words[0])
    except FileNotFoundError:
        if {"creat", "create"} & set(end.options) and mode:
            return ""
        raise _cannot_open(end, mode, "No such file or directory") from None
    except IsADirectoryError:
        raise _cannot_open(end, mode, "Is a directory") from None
    except PermissionError:
        raise _cannot_open(end, mode, "Permission denied") from None


def _write(context: Context, end: Address, text: str, mode: int) -> None:
    files, path = LabFiles(context), end.words[0]
    if not files.kind(files.absolute(path)) and not {"creat", "create"} & set(end.options):
        raise _cannot_open(end, mode, "No such file or directory")
    before = "" if "append" in end.options or "trunc" in end.options or mode == 2 else _contents(context, end, mode)
    try:
        files.write(path, text + before[len(text) :], append="trunc" not in end.options and not before)
        if before:
            files.write(path, text + before[len(text) :])
    except FileNotFoundError:
        raise _cannot_open(end, mode, "No such file or directory") from None
    except IsADirectoryError:
        raise _cannot_open(end, mode, "Is a directory") from None
    except PermissionError:
        raise _cannot_open(end, mode, "Permission denied") from None


def _cannot_open(end: Address, mode: int, why: str) -> Trouble:
    flags = mode | (0o100 if {"creat", "create"} & set(end.options) else 0) | (0o2000 if "append" in end.options else 0)
    return Trouble(f'open("{end.words[0]}", 0{flags:o}, 0666): {why}')


def _program(context: Context, end: Address) -> Result:
    from dnetlab.sim.shell import run_command

    words = ("sh", "-c", end.words[0]) if end.kind is Kind.SCRIPT else tuple(end.words[0].split())
    pid = _pid(context, ("socat",))
    if end.kind is Kind.COMMAND and (not words or "/" not in words[0] and path_of(context, words[0]) is None):
        name = words[0] if words else ""
        first = complaint(context.now, pid + 1, f'execvp("{name}", "{name}"): No such file or directory')
        return Result("", first + complaint(context.now, pid, f"waitpid(): child {pid + 1} exited with status 1"), 1)
    ran = run_command(context, words)
    if ran.exit_code == 0:
        return ran
    told = complaint(context.now, pid, f"waitpid(): child {pid + 1} exited with status {ran.exit_code}")
    return Result(ran.stdout, ran.stderr + told, 1)


# -- over the network --------------------------------------------------------------------------------------------------


def _over_the_net(context: Context, end: Address, wish: Wish) -> Result:
    address, port = _whom(context, end, wish)
    limit = end.options.get("connect-timeout", "")
    patience = float(limit) if limit.replace(".", "", 1).isdecimal() else wire.CONNECT_SECONDS
    words = (context.stdin or "").encode()
    udp = end.protocol is Protocol.UDP
    if udp and not words:
        if wire.source_for(context, address) is None:
            raise Trouble(cannot_connect(address, port, wire.no_way(context, address)))
        return Result()
    if udp:
        head = 28 if address.version == 4 else 48
        answer = wire.datagram(context, address, port, size=head + len(words), words=words)
    else:
        answer = wire.connect(context, address, port, patience)
    open_ = answer.fate is wire.Fate.ANSWERED or udp and answer.fate in (wire.Fate.SILENCE, wire.Fate.HOST_UNREACHABLE)
    if open_ or answer.fate is wire.Fate.RESET:
        return Result(nc.talk(context, answer, end.words[0], port, wish.linger))
    waited = min(answer.seconds, wire.CONNECT_SECONDS)
    if waited >= patience and limit:
        context.world.clock += patience
        raise Trouble(f"connecting to {shown(address, port)}: Connection timed out")
    context.world.clock += waited
    if udp and answer.fate is wire.Fate.REFUSED:
        raise Trouble(f"read(5, 0x55{int(chance(context, 'buffer') * 2**28):07x}000, 8192): Connection refused")
    raise Trouble(cannot_connect(address, port, answer.fate.value))


def _whom(context: Context, end: Address, wish: Wish) -> tuple[IpAddress, int]:
    name, version = end.words[0], end.version or next((int(one) for one in "46" if one in wish.flags), 0)
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
    family = {4: 2, 6: 10}.get(version, 0)
    kind, number = (1, 6) if end.protocol is Protocol.TCP else (2, 17)
    if end.port is None:
        raise _no_service(name, end, family)
    found = lookup.find(context, name, version)
    if found is None:
        raise Trouble(f'getaddrinfo("{name}", "NULL", {{1,{family},{kind},{number}}}, {{}}): '
                      "Temporary failure in name resolution")  # fmt: skip
    return found.addresses[0], end.port


def _no_service(name: str, end: Address, family: int) -> Trouble:
    kind = 1 if end.protocol is Protocol.TCP else 2
    hints = f"{{1,{family},{kind},0}}, {{}}"
    return Trouble(f'getaddrinfo"{name}", "{end.words[-1]}", {hints}): Servname not supported for ai_socktype')
