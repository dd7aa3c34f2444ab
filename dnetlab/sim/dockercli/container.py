"""docker start, stop, restart, kill, rm, rename, pause, unpause, wait, logs, port, top."""

from __future__ import annotations

import re

from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.run import attach
from dnetlab.sim.dockercli.runconfig import limits, restart_policy
from dnetlab.sim.dockercli.session import Failed, Session, told
from dnetlab.sim.dockercli.table import align
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError


def start(session: Session) -> int:
    call = session.call
    if call.on("attach") or call.on("interactive"):
        if len(call.arguments) > 1:
            raise Failed("you cannot start and attach multiple containers at once")
        return attach(session, call.arguments[0], call.on("interactive"))
    failed = []
    for name in call.arguments:
        try:
            session.ask(api.container_start, name)
            session.out(name)
        except ApiError as error:
            session.err(told(error))
            failed.append(name)
    if failed:
        raise Failed(session.own.text("start failed", names=", ".join(failed)))
    return 0


def stop(session: Session) -> int:
    timeout, signal = session.call.number("timeout"), session.call.text("signal")

    def one(name: str) -> str:
        session.ask(api.container_stop, name, timeout, signal)
        return name

    return session.each(session.call.arguments, one)


def restart(session: Session) -> int:
    timeout, signal = session.call.number("timeout"), session.call.text("signal")

    def one(name: str) -> str:
        session.ask(api.container_restart, name, timeout, signal)
        return name

    return session.each(session.call.arguments, one)


def kill(session: Session) -> int:
    signal = session.call.text("signal") or "KILL"

    def one(name: str) -> str:
        session.ask(api.container_kill, name, signal)
        return name

    return session.each(session.call.arguments, one)


def rm(session: Session) -> int:
    call = session.call
    options = {"v": call.on("volumes"), "force": call.on("force"), "link": call.on("link")}
    status = 0
    for name in call.arguments:
        wanted = name.strip("/")
        if not wanted:
            session.err("container name cannot be empty")
            status = 1
            continue
        try:
            session.ask(api.container_delete, wanted, **options)
            session.out(name)
        except ApiError as error:
            missing = call.on("force") and error.status == 404  # no failure: 28 says it, 29 says nothing
            if not (missing and session.own.silent_rm):
                session.err(told(error))
            status = status if missing else 1
    return status


def rename(session: Session) -> int:
    old, new = (name.strip() for name in session.call.arguments)
    if not old or not new:
        raise Failed(session.own.text("rename empty"))
    try:
        session.ask(api.container_rename, old, new)
    except ApiError as error:
        raise Failed(session.own.text("rename failed", name=old, problem=told(error))) from None
    return 0


def pause(session: Session) -> int:
    def one(name: str) -> str:
        session.ask(api.container_pause, name)
        return name

    return session.each(session.call.arguments, one)


def unpause(session: Session) -> int:
    def one(name: str) -> str:
        session.ask(api.container_unpause, name)
        return name

    return session.each(session.call.arguments, one)


def update(session: Session) -> int:
    if not session.call.options:
        raise Failed("you must provide one or more flags when using this command")
    body = {**limits(session.call), "RestartPolicy": restart_policy(session.call)}
    if not session.call.has("restart"):
        del body["RestartPolicy"]

    def one(name: str) -> str:
        session.ask(api.container_update, name, body)
        return name

    return session.each(session.call.arguments, one)


def wait(session: Session) -> int:
    def one(name: str) -> str:
        return str(session.ask(api.container_wait, name)["StatusCode"])

    return session.each(session.call.arguments, one)


# -- to look ----------------------------------------------------------------------------------------------------------


def logs(session: Session) -> int:
    call = session.call
    name = call.arguments[0]
    container = session.ask(api.container_inspect, name)
    if call.on("follow") and container["State"]["Running"] and not container["State"]["Restarting"]:
        raise Refused("docker logs -f would never end.", "Run docker logs {name} without -f.", name=name)
    tail = call.text("tail", "all")
    session.show(session.ask(
        api.container_logs, name, since=moment(session, "since"), until=moment(session, "until"),
        timestamps=call.on("timestamps"), tail=int(tail) if tail.isdecimal() else None, details=call.on("details"),
    ))  # fmt: skip
    return 0


def moment(session: Session, flag: str) -> float | None:
    """--since 10m: seconds since 1970; None without the flag."""
    text = session.call.text(flag)
    if not text:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)(h|m|s)", text)
    if "".join(number + unit for number, unit in parts) != text:
        if not re.match(r"-?\d", text):
            raise Failed(f'invalid value for "{flag}": failed to parse value as time or duration: "{text}"')
        raise Refused(
            "docker logs --{flag} {typed} is not simulated.", "Give how long ago: --{flag} 10m.", flag=flag, typed=text
        )
    return session.now - sum(float(n) * {"h": 3600, "m": 60, "s": 1}[u] for n, u in parts)


def port(session: Session) -> int:
    """`80/tcp -> 0.0.0.0:8080`, or the addresses of one port."""
    name, *wanted = session.call.arguments
    published = session.ask(api.container_inspect, name)["NetworkSettings"]["Ports"]
    if not wanted:
        for key in sorted(published, key=_port_order):
            for row in _by_version(published[key]):
                session.out(f"{key} -> {_address(row)}")
        return 0
    number, slash, protocol = wanted[0].partition("/")
    if not number.isdecimal():
        raise Failed(session.own.text("port invalid", number=number))
    found = published.get(f"{number}/{protocol if slash else 'tcp'}")
    if not found:
        raise Failed(session.own.text("port closed", port=wanted[0], name=name))
    for row in _by_version(found):
        session.out(_address(row))
    return 0


def _port_order(key: str) -> tuple[int, str]:
    number, _, protocol = key.partition("/")
    return int(number), protocol


def _by_version(bindings: list[dict[str, str]] | None) -> list[dict[str, str]]:
    """IPv4 first, then by port."""
    return sorted(bindings or [], key=lambda row: (":" in row["HostIp"], int(row["HostPort"] or 0)))


def _address(row: dict[str, str]) -> str:
    address, port = row["HostIp"], row["HostPort"]
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def top(session: Session) -> int:
    name, *options = session.call.arguments
    found = session.ask(api.container_top, name, options)
    session.stdout.append(align(["\t".join(row) for row in (found["Titles"], *found["Processes"])], minimum=20))
    return 0
