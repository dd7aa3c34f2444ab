"""`nc -l` and socat: a program that listens, hands on what comes, and says what it was given to say.

    nc -l -p 9000 &         beside the lines of a cell: it tells what it heard when somebody has been there
    docker run -d busybox nc -l -p 9000         in a container: it goes to the log, and the container ends
    sh -c 'while true; do echo hi | nc -l -p 80; done'         a container that answers everybody

Without -k (busybox: a second -l, or -lk) it is for one connection. A datagram's listener stays with its first sender.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from dnetlab.commands import socat
from dnetlab.commands.shell import Script, Simple
from dnetlab.commands.socat import Address, BadLine, Kind, NotInTheLab, cannot_connect, complaint, read_socat
from dnetlab.model import Process, Protocol
from dnetlab.model.changed import replace
from dnetlab.model.frame import Capture
from dnetlab.model.ip import IpAddress, ip_address
from dnetlab.model.trace import Listener
from dnetlab.sim import jobs, processes
from dnetlab.sim.clock import since_1970
from dnetlab.sim.context import Context
from dnetlab.sim.dockerd import books
from dnetlab.sim.dockerd.environment import context_of
from dnetlab.sim.programs import logs
from dnetlab.sim.programs.kinds import basename, last_program, script_of
from dnetlab.sim.programs.loops import endless
from dnetlab.sim.shell import run_command, run_script
from dnetlab.sim.world import World


@dataclass(frozen=True)
class Listening:
    """What the words of `nc -l` say. keeps: it takes one connection after the other; command: of -e.

    hears, says: it tells what it hears, and says what it is given, where it has no command
    """

    port: int
    protocol: Protocol = Protocol.TCP
    address: str = ""
    keeps: bool = False
    command: tuple[str, ...] = ()
    hears: bool = True
    says: bool = True


NAMES = ("nc", "socat")
_WITH_VALUE = "IiMmOPpqsTVWwXxo"


def read(argv: tuple[str, ...]) -> Listening | None:
    """None for an nc that does not listen, or not at a port that the lab can tell."""
    if basename(argv[0]) == "socat":
        return _of_socat(argv)
    flags, operands, port, left = "", [], "", list(argv[1:])
    while left:
        word = left.pop(0)
        if not word.startswith("-") or len(word) == 1:
            operands.append(word)
            continue
        for at, letter in enumerate(word[1:], 1):
            if letter == "e":
                operands.append("\0")
                break
            if letter in _WITH_VALUE:
                value = word[at + 1 :] or (left.pop(0) if left else "")
                port = value if letter == "p" else port
                break
            flags += letter
        if operands[-1:] == ["\0"]:
            operands[-1:] = ["\0", *left]
            break
    before = operands[: operands.index("\0")] if "\0" in operands else operands
    command = tuple(operands[operands.index("\0") + 1 :]) if "\0" in operands else ()
    port = port or (before[-1] if before else "")
    if "l" not in flags or not port.isdecimal() or not 0 < int(port) < 65536:
        return None
    kind = Protocol.UDP if "u" in flags else Protocol.TCP
    address = before[0] if len(before) == 2 or before and before[-1] != port else ""
    keeps = "k" in flags or flags.count("l") > 1
    return Listening(int(port), kind, address if re.fullmatch(r"[\d.]+", address) else "", keeps, command)


def _of_socat(argv: tuple[str, ...]) -> Listening | None:
    try:
        wish = read_socat(argv).ahead
    except (BadLine, NotInTheLab):
        return None
    near, far = wish.listener, wish.right if wish.left.kind is Kind.LISTEN else wish.left
    if near is None or not near.port or near.local is None:
        return None
    comes, goes = wish.left is near or "u" not in wish.flags, wish.right is near or "u" not in wish.flags
    name = near.name.upper().partition("-")[2]
    keeps, goes = ("fork" in near.options or name == "RECV"), goes and name != "RECV"
    plain = far.kind is Kind.STDIO
    address = "" if near.local == ip_address("::") else str(near.local)
    command = _command(far, comes, goes)
    return Listening(near.port, near.protocol, address, keeps, command, comes and plain, goes and plain)


def _command(far: Address, comes: bool, goes: bool) -> tuple[str, ...]:
    """What is run for whoever comes: a program, or what reads and writes a file."""
    if far.kind is Kind.COMMAND:
        return tuple(far.words[0].split())
    if far.kind is Kind.SCRIPT:
        return "sh", "-c", far.words[0]
    if far.kind is not Kind.FILE:
        return ()
    name, more = shlex.quote(far.words[0]), ">" if "trunc" in far.options else ">>"
    is_there = "" if {"creat", "create"} & set(far.options) else f"test -e {name} && "
    return "sh", "-c", is_there + "; ".join([f"cat {name}"] * goes + [f"cat {more} {name}"] * comes)


def in_loop(argv: tuple[str, ...]) -> tuple[str, ...] | None:
    """`sh -c 'while true; do … | nc -l -p 80; done'` answers everybody: the words of the nc at the end of its body."""
    script = script_of(argv)
    node = endless(script) if script is not None else None
    if node is None or len(node.body.pipelines) != 1:
        return None
    last = node.body.pipelines[0][1].commands[-1].node
    if not isinstance(last, Simple) or not all(word.is_plain for word in last.words) or not last.words:
        return None
    words = tuple(word.text for word in last.words)
    return words if basename(words[0]) == "nc" and read(words) is not None else None


def listens(world: World, server: Listener | None) -> bool:
    """Is it an nc that listens there, beside a cell or in a container?"""
    if server is None or server.pid is None:
        return False
    process = processes.find(world, server.where.host, server.pid)
    ours = process is not None and process.container is not None and basename(process.argv[0]) in NAMES
    return ours or _job(world, server) is not None


def _job(world: World, server: Listener) -> jobs.Job | None:
    found = (job for job in world.jobs if job.pid == server.pid and job.where.host == server.where.host)
    return next((job for job in found if (c := jobs.capture_of(world, job)) and c.heard is not None), None)


def hear(world: World, server: Listener, words: bytes) -> str:
    """What an nc that `listens` answers to these words; one in a container has logged them then."""
    text, job = words.decode("utf-8", "replace"), _job(world, server)
    if job is not None:
        return _beside(world, job, text)
    process = processes.find(world, server.where.host, server.pid or 0)
    return _in_container(world, server.where.host, process, text) if process is not None else ""


def _beside(world: World, job: jobs.Job, text: str) -> str:
    found, mine = read(job.argv), jobs.capture_of(world, job)
    if found is not None and found.command:
        return run_command(replace(job.place, world=world, stdin=text), found.command).stdout
    if found is not None and not found.says:
        return ""
    return "" if mine is None or mine.heard else job.place.stdin or ""  # what it was given is said once


def keep(world: World, server: Listener, words: bytes, sender: str) -> None:
    """An nc beside a cell keeps what it heard, until it tells it; once the packets have left behind what they do.

    sender: 'ADDRESS PORT'.
    """
    job = _job(world, server)
    if job is None:
        return
    entry, space = (sender, words.decode("utf-8", "replace")), world.namespace(job.where)
    captures = tuple(replace(c, heard=(*(c.heard or ()), entry)) if c.number == job.number else c
                     for c in space.captures)  # fmt: skip
    world.put_namespace(job.where, replace(space, captures=captures))


def forwards(world: World, server: Listener) -> bool:
    """Is it a socat that listens there?"""
    process = processes.find(world, server.where.host, server.pid or 0)
    return process is not None and basename(process.argv[0]) == "socat"


def cannot_forward(world: World, server: Listener, address: IpAddress, port: int, why: str) -> None:
    """A child of socat says why it can't reach whom it dials: beside a cell that is told in the end, in a container it
    is logged."""
    host = server.where.host
    process = processes.find(world, host, server.pid or 0)
    child = world.count(f"pid:{host}", processes.FIRST_PID)
    text = complaint(since_1970(world.clock), child, cannot_connect(address, port, why))
    keep(world, server, text.encode(), "")
    if process is not None and process.container is not None and _job(world, server) is None:
        logs.write(world, host, process.container, "stderr", text)


def cannot_bind(world: World, name: str, local: IpAddress, port: int, why: str) -> str:
    """What a container's program says where it can't listen; as process 1 it knows itself by that number."""
    if name != "socat":
        return f"nc: bind: {why}\n"
    return complaint(since_1970(world.clock), 1, socat.cannot_bind(local, port, why))


def is_over(context: Context, argv: tuple[str, ...], capture: Capture) -> bool:
    """One connection is all that it takes without -k or fork; a datagram may be followed by others."""
    wanted = read(argv)
    return bool(capture.heard) and wanted is not None and not wanted.keeps and wanted.protocol is Protocol.TCP


def _in_container(world: World, host: str, process: Process, text: str) -> str:
    container, found = books.by_id(world, host, process.container or ""), read(process.argv)
    if container is None or found is None:
        return ""
    argv = books.spec(world, host, container.id).config.argv
    place = replace(context_of(world, host, container.id), tty=False)
    if found.command:
        said = run_command(replace(place, stdin=text), found.command).stdout
    else:
        if found.hears:
            logs.write(world, host, container.id, "stdout", text)
        said = _of_its_loop(place, argv)
    if last_program(argv) == process.argv and not found.keeps and found.protocol is Protocol.TCP:
        books.change_spec(world, host, container.id, ends_at=world.clock, exit_when_ended=0)
    return said


def _of_its_loop(place: Context, argv: tuple[str, ...]) -> str:
    """What stands in front of the nc of a loop is run anew for everybody who comes."""
    script = script_of(argv)
    node = endless(script) if script is not None and in_loop(argv) is not None else None
    if node is None or len(node.body.pipelines[0][1].commands) == 1:
        return ""
    pipeline = node.body.pipelines[0][1]
    return run_script(place, Script((("", replace(pipeline, commands=pipeline.commands[:-1])),)), own_shell=True).stdout
