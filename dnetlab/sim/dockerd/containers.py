"""Everything `docker container …` can ask of the daemon. The life itself is in lifecycle.py, creation in create.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dnetlab.model import Container, ContainerState, Process
from dnetlab.sim import clock, processes
from dnetlab.sim.context import Refused, Result
from dnetlab.sim.dockerd import books
from dnetlab.sim.dockerd.books import find
from dnetlab.sim.dockerd.config import ContainerConfig, ContainerSpec
from dnetlab.sim.dockerd.create import Created, check_name, conflict, create
from dnetlab.sim.dockerd.environment import variables
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.exec import exec_context, execute, terminal_context
from dnetlab.sim.dockerd.lifecycle import (
    autostart,
    containers_of_daemon_stopping,
    exited,
    kill,
    let_time_pass,
    not_running,
    remove,
    restart,
    start,
    stop,
)
from dnetlab.sim.programs import logs as logbook
from dnetlab.sim.programs.launch import stays_for_a_terminal
from dnetlab.sim.world import World

__all__ = [
    "Created", "autostart", "containers_of_daemon_stopping", "create", "exec_context", "execute", "exited", "find",
    "follow", "kill", "let_time_pass", "log_text", "logs", "opens_terminal", "pause", "prune", "remove", "rename",
    "restart", "run_attached", "spec", "start", "stop", "terminal_context", "top", "unpause", "variables", "wait",
]  # fmt: skip


def spec(world: World, host: str, reference: str) -> ContainerSpec:
    """What the daemon remembers of a container, by name or id."""
    return books.spec(world, host, find(world, host, reference).id)


# -- to stay with a container until it ends -------------------------------------------------------------------------


def opens_terminal(config: ContainerConfig) -> bool:
    """Is it a shell with -i and -t, at which a student sits after `docker run`?"""
    return stays_for_a_terminal(config)


def run_attached(world: World, host: str, reference: str) -> Result:
    """Start a container and stay until it ends: its output and exit status (`docker run` without -d, `start -a`).

    Raises ApiError when it can't start, and Refused when its program would never end.
    """
    container = find(world, host, reference)
    wanted = books.spec(world, host, container.id).config
    removes = wanted.auto_remove
    books.change_spec(world, host, container.id, config=replace(wanted, auto_remove=False), watched=True)
    seen = len(world.logs.get((host, container.id), ()))
    try:
        start(world, host, container.id)
    except ApiError:
        if removes:
            remove(world, host, container.id, force=True, volumes=True)
        raise
    result = follow(world, host, container.id, seen)
    if books.by_id(world, host, container.id) is not None:
        books.change_spec(world, host, container.id, config=wanted, watched=False)
        if removes:
            remove(world, host, container.id, force=True, volumes=True)
    return result


def follow(world: World, host: str, reference: str, seen: int = 0) -> Result:
    """Wait for the end of a running container: what it printed after its first `seen` log entries, its exit status."""
    container = find(world, host, reference)
    code = wait(world, host, container.id)
    merged = books.spec(world, host, container.id).config.tty
    entries = logbook.read(world, host, container.id)[seen:]
    out = "".join(text for stream, text, _ in entries if merged or stream == "stdout")
    errors = "" if merged else "".join(text for stream, text, _ in entries if stream == "stderr")
    return Result(out, errors, code)


def wait(world: World, host: str, reference: str) -> int:
    """`docker wait`: the exit status, after as many seconds as it takes. Raises Refused when it would take for ever."""
    container = find(world, host, reference)
    if container.is_running:
        ends_at = books.spec(world, host, container.id).ends_at
        if ends_at is None:
            program = container.command[0] if container.command else "its program"
            raise Refused(
                f"{container.name} runs on ({program} does not end by itself), so this line would never come back.",
                "Run it in the background with docker run -d, and look at it with docker logs and docker exec.",
            )
        world.clock = max(world.clock, ends_at)
        code = books.spec(world, host, container.id).exit_when_ended
        let_time_pass(world)
        return code
    return container.exit_code


# -- rename, pause ----------------------------------------------------------------------------------------------------


def rename(world: World, host: str, reference: str, name: str) -> None:
    """`docker rename`. Raises ApiError for its own name, a taken one, one that Docker doesn't take."""
    container = find(world, host, reference)
    name = name.removeprefix("/")
    if not name:
        raise ApiError("Neither old nor new names may be empty", 400)
    if name == container.name:
        raise ApiError("Renaming a container with the same name as its current name", 400)
    try:
        check_name(name, f"/{name}")
        other = books.by_name(world, host, name)
        if other is not None:
            raise conflict(name, other.id)
    except ApiError as error:
        raise ApiError(f"Error when allocating new name: {error.message}", error.status) from None
    books.rename(world, host, container, name)


def pause(world: World, host: str, reference: str) -> None:
    """`docker pause`: its processes stand still; addresses, rules and sockets stay."""
    container = find(world, host, reference)
    not_running(world, container)
    if container.state is ContainerState.PAUSED:
        raise ApiError(f"Container {container.id} is already paused", 409)
    books.change(world, host, container.id, state=ContainerState.PAUSED)


def unpause(world: World, host: str, reference: str) -> None:
    """`docker unpause`"""
    container = find(world, host, reference)
    if container.state is not ContainerState.PAUSED:
        raise ApiError(f"Container {container.id} is not paused", 409)
    books.change(world, host, container.id, state=ContainerState.RUNNING)


def prune(world: World, host: str) -> tuple[str, ...]:
    """`docker container prune`: full ids of the stopped ones that are gone, newest first."""
    gone = [c.id for c in world.hosts[host].containers
            if not c.is_running and c.state is not ContainerState.RESTARTING]  # fmt: skip
    for container_id in gone:
        remove(world, host, container_id)
    return tuple(gone)


# -- to look ----------------------------------------------------------------------------------------------------------


def logs(
    world: World, host: str, reference: str, *, tail: int | None = None, timestamps: bool = False,
    since: float | None = None, until: float | None = None,
) -> Result:  # fmt: skip
    """`docker logs`: what its programs wrote to stdout and stderr. since, until: seconds of the lab's clock."""
    container = find(world, host, reference)
    lines = [(stream, line, at) for stream, text, at in logbook.read(world, host, container.id)
             for line in text.splitlines(keepends=True)
             if (since is None or at >= since) and (until is None or at <= until)]  # fmt: skip
    if tail is not None:
        lines = lines[-tail:] if tail > 0 else []
    merged = books.spec(world, host, container.id).config.tty
    out = errors = ""
    for number, (stream, line, at) in enumerate(lines):
        shown = f"{_log_time(at, number)} {line}" if timestamps else line
        if stream == "stdout" or merged:
            out += shown
        else:
            errors += shown
    return Result(out, errors)


def log_text(world: World, host: str, reference: str) -> str:
    """Everything a container printed, both streams together in order."""
    container = find(world, host, reference)
    return "".join(text for _, text, _ in logbook.read(world, host, container.id))


def _log_time(at: float, number: int) -> str:
    return f"{clock.moment(at):%Y-%m-%dT%H:%M:%S}.{clock.moment(at).microsecond:06d}{number % 1000:03d}Z"


def top(world: World, host: str, reference: str, options: tuple[str, ...] = ()) -> tuple[list[str], list[list[str]]]:
    """`docker top`: titles and rows as the host's ps prints them. Raises ApiError when it doesn't run."""
    container = find(world, host, reference)
    not_running(world, container)
    rows = [p for p in processes.host_rows(world, host) if p.container == container.id]
    text = " ".join(options) or "-ef"
    if text in ("-ef", "-f", "-fe", "-e -f"):
        titles = ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"]
        return titles, [[p.user, str(p.pid), str(p.ppid), "0", f"{clock.moment(p.started):%H:%M}",
                         _tty(world, host, container), "00:00:00", p.command] for p in rows]  # fmt: skip
    if text in ("aux", "-aux", "au", "u"):
        titles = ["USER", "PID", "%CPU", "%MEM", "VSZ", "RSS", "TTY", "STAT", "START", "TIME", "COMMAND"]
        return titles, [[p.user, str(p.pid), "0.0", "0.0", "4400", "1700", _tty(world, host, container), "Ss",
                         f"{clock.moment(p.started):%H:%M}", "0:00", p.command] for p in rows]  # fmt: skip
    return _chosen_columns(text, rows)


def _tty(world: World, host: str, container: Container) -> str:
    return "pts/0" if books.spec(world, host, container.id).config.tty else "?"


_COLUMNS = {"pid": "PID", "ppid": "PPID", "user": "USER", "uid": "UID", "cmd": "CMD", "args": "COMMAND",
            "command": "COMMAND", "comm": "COMMAND"}  # fmt: skip


def _chosen_columns(text: str, rows: list[Process]) -> tuple[list[str], list[list[str]]]:
    """`-o pid,cmd` and `-eo pid,cmd`; ps options beyond that are refused."""
    words = text.split()
    chosen = words[1].split(",") if len(words) == 2 and words[0] in ("-o", "-eo", "o") else []
    if not chosen or any(name not in _COLUMNS for name in chosen):
        raise Refused(f"docker top with the ps options `{text}` is not modelled.",
                      "Use docker top CONTAINER, docker top CONTAINER aux, or docker top CONTAINER -o pid,ppid,cmd.")
    if "pid" not in chosen:
        raise ApiError("Couldn't find PID field in ps output", 500)
    cells: dict[str, Callable[[Process], str]] = {
        "pid": lambda p: str(p.pid), "ppid": lambda p: str(p.ppid), "user": lambda p: p.user,
        "uid": lambda p: "0", "cmd": lambda p: p.command, "args": lambda p: p.command,
        "command": lambda p: p.command, "comm": lambda p: p.argv[0].rsplit("/", 1)[-1].split(":")[0],
    }  # fmt: skip
    return [_COLUMNS[name] for name in chosen], [[cells[name](p) for name in chosen] for p in rows]

