"""docker start, stop, restart, kill, rm, rename, pause, unpause, wait, logs, port, top."""

from __future__ import annotations

import re
from textwrap import indent

from dnetlab.model import PortBinding
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.run import open_terminal
from dnetlab.sim.dockercli.session import Failed, Session, told
from dnetlab.sim.dockercli.table import align
from dnetlab.sim.dockerd import containers
from dnetlab.sim.dockerd.books import find
from dnetlab.sim.dockerd.errors import ApiError


def start(session: Session) -> int:
    call = session.call
    if call.on("attach") or call.on("interactive"):
        return _start_attached(session)
    failed = []
    for name in call.arguments:
        try:
            session.ask(containers.start, session.world, session.host, name)
            session.out(name)
        except ApiError as error:
            session.err(told(error))
            failed.append(name)
    if failed:
        raise Failed(f"Error: failed to start containers: {', '.join(failed)}")
    return 0


def _start_attached(session: Session) -> int:
    """`start -a`, `start -i`, `start -ai`: stay with one container."""
    if len(session.call.arguments) > 1:
        raise Failed("you cannot start and attach multiple containers at once")
    name = session.call.arguments[0]
    session.connect()
    container = find(session.world, session.host, name)
    config = containers.spec(session.world, session.host, name).config
    if containers.opens_terminal(config) and session.call.on("interactive"):
        session.ask(containers.start, session.world, session.host, name)
        open_terminal(session, container.id, main=True)
        return 0
    result = session.ask(containers.run_attached, session.world, session.host, name)
    session.stdout.append(result.stdout)
    session.stderr.append(result.stderr)
    return result.exit_code


def stop(session: Session) -> int:
    timeout, signal = session.call.number("timeout"), session.call.text("signal")

    def one(name: str) -> str:
        session.ask(containers.stop, session.world, session.host, name, timeout, signal)
        return name

    return session.each(session.call.arguments, one)


def restart(session: Session) -> int:
    timeout, signal = session.call.number("timeout"), session.call.text("signal")

    def one(name: str) -> str:
        session.ask(containers.restart, session.world, session.host, name, timeout, signal)
        return name

    return session.each(session.call.arguments, one)


def kill(session: Session) -> int:
    signal = session.call.text("signal") or "KILL"

    def one(name: str) -> str:
        session.ask(containers.kill, session.world, session.host, name, signal)
        return name

    return session.each(session.call.arguments, one)


def rm(session: Session) -> int:
    call = session.call
    if call.on("link"):
        raise Refused(
            "docker rm --link is not simulated.", "Remove the container with docker rm, and run it without --link."
        )
    status = 0
    for name in call.arguments:
        wanted = name.strip("/")
        if not wanted:
            session.err("container name cannot be empty")
            status = 1
            continue
        try:
            session.ask(
                containers.remove,
                session.world,
                session.host,
                wanted,
                force=call.on("force"),
                volumes=call.on("volumes"),
            )
            session.out(name)
        except ApiError as error:
            session.err(told(error))
            if not (call.on("force") and error.status == 404):  # observed: -f says it and still succeeds
                status = 1
    return status


def rename(session: Session) -> int:
    old, new = (name.strip() for name in session.call.arguments)
    if not old or not new:
        raise Failed("Error: Neither old nor new names may be empty")
    try:
        session.ask(containers.rename, session.world, session.host, old, new)
    except ApiError as error:
        session.err(told(error))
        raise Failed(f"Error: failed to rename container named {old}") from None
    return 0


def pause(session: Session) -> int:
    def one(name: str) -> str:
        session.ask(containers.pause, session.world, session.host, name)
        return name

    return session.each(session.call.arguments, one)


def unpause(session: Session) -> int:
    def one(name: str) -> str:
        session.ask(containers.unpause, session.world, session.host, name)
        return name

    return session.each(session.call.arguments, one)


def wait(session: Session) -> int:
    def one(name: str) -> str:
        return str(session.ask(containers.wait, session.world, session.host, name))

    return session.each(session.call.arguments, one)


# -- to look ----------------------------------------------------------------------------------------------------------


def logs(session: Session) -> int:
    call = session.call
    session.connect()
    container = find(session.world, session.host, call.arguments[0])
    if call.on("follow") and container.is_running:
        raise Refused("docker logs -f would never end.", f"Run docker logs {call.arguments[0]} without -f.")
    tail = call.text("tail", "all")
    result = session.ask(
        containers.logs,
        session.world,
        session.host,
        call.arguments[0],
        tail=int(tail) if tail.isdecimal() else None,
        timestamps=call.on("timestamps"),
        since=_moment(session, "since"),
        until=_moment(session, "until"),
    )
    margin = " " if call.on("details") else ""  # room for labels and variables, which the lab's logs don't keep
    session.stdout.append(indent(result.stdout, margin, lambda line: True))
    session.stderr.append(indent(result.stderr, margin, lambda line: True))
    return result.exit_code


def _moment(session: Session, flag: str) -> float | None:
    """--since 10m: seconds of the lab's clock; None without the flag."""
    text = session.call.text(flag)
    if not text:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)(h|m|s)", text)
    if "".join(number + unit for number, unit in parts) != text:
        if not re.match(r"-?\d", text):
            raise Failed(f'invalid value for "{flag}": failed to parse value as time or duration: "{text}"')
        raise Refused(f"docker logs --{flag} {text} is not simulated.", f"Give how long ago: --{flag} 10m.")
    return session.world.clock - sum(float(n) * {"h": 3600, "m": 60, "s": 1}[u] for n, u in parts)


def port(session: Session) -> int:
    """`80/tcp -> 0.0.0.0:8080`, or the addresses of one port."""
    name, *wanted = session.call.arguments
    session.connect()
    container = find(session.world, session.host, name)
    rows = sorted(container.ports, key=_port_order)
    if not wanted:
        for row in rows:
            session.out(f"{row.container_port}/{row.protocol.value} -> {_address(row)}")
        return 0
    number, slash, protocol = wanted[0].partition("/")
    if not number.isdecimal():
        raise Failed(f'Error: invalid port ({number}): strconv.ParseUint: parsing "{number}": invalid syntax')
    key = f"{number}/{protocol if slash else 'tcp'}"
    found = [row for row in rows if f"{row.container_port}/{row.protocol.value}" == key]
    if not found:
        raise Failed(f"Error: No public port '{wanted[0]}' published for {name}")
    for row in found:
        session.out(_address(row))
    return 0


def _port_order(row: PortBinding) -> tuple[int, str, int, int]:
    return row.container_port, row.protocol.value, row.host_ip.version, row.host_port


def _address(row: PortBinding) -> str:
    return f"[{row.host_ip}]:{row.host_port}" if row.host_ip.version == 6 else f"{row.host_ip}:{row.host_port}"


def top(session: Session) -> int:
    name, *options = session.call.arguments
    titles, rows = session.ask(containers.top, session.world, session.host, name, tuple(options))
    session.stdout.append(align(["\t".join(row) for row in (titles, *rows)], minimum=20))
    return 0
