"""Everything `docker container …` can ask of the daemon. The life itself is in lifecycle.py, creation in create.py."""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.model import Container, ContainerState, Process
from dnetlab.sim import clock, processes
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import books, happenings
from dnetlab.sim.dockerd.books import find
from dnetlab.sim.dockerd.config import ContainerSpec
from dnetlab.sim.dockerd.create import Created, check_name, conflict, create
from dnetlab.sim.dockerd.environment import user_of, variables
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.exec import exec_context, execute, not_startable, terminal_context
from dnetlab.sim.dockerd.lifecycle import (
    exited,
    kill,
    let_go,
    let_time_pass,
    not_running,
    remove,
    restart,
    start,
    stop,
)
from dnetlab.sim.user import uid_on_host
from dnetlab.sim.world import World

__all__ = [
    "Created", "create", "exec_context", "execute", "exited", "find", "kill", "let_go", "let_time_pass",
    "not_startable", "pause", "remove", "rename", "restart", "spec", "start", "stop", "terminal_context",
    "top", "unpause", "user_of", "variables", "wait",
]  # fmt: skip


def spec(world: World, host: str, reference: str) -> ContainerSpec:
    """What the daemon remembers of a container, by name or id."""
    return books.spec(world, host, find(world, host, reference).id)


# -- to wait for its end -------------------------------------------------------------------------


def wait(world: World, host: str, reference: str) -> int:
    """`docker wait`: the exit status, after as many seconds as it takes. Raises Refused when it would take for ever."""
    container = find(world, host, reference)
    if container.is_running:
        ends_at = books.spec(world, host, container.id).ends_at
        if ends_at is None:
            program = container.command[0] if container.command else "its program"
            raise Refused(
                "{name} runs on ({program} does not end by itself), so this line would never come back.",
                "Run it in the background with docker run -d, and look at it with docker logs and docker exec.",
                name=container.name,
                program=program,
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
    renamed = books.get(world, host, container.id)
    happenings.of_container(world, host, renamed, "rename", oldName=f"/{container.name}")


def pause(world: World, host: str, reference: str) -> None:
    """`docker pause`: its processes stand still; addresses, rules and sockets stay."""
    container = find(world, host, reference)
    not_running(world, container)
    if container.state is ContainerState.PAUSED:
        raise ApiError(f"Container {container.id} is already paused", 409)
    books.change(world, host, container.id, state=ContainerState.PAUSED)
    happenings.of_container(world, host, container, "pause")


def unpause(world: World, host: str, reference: str) -> None:
    """`docker unpause`"""
    container = find(world, host, reference)
    if container.state is not ContainerState.PAUSED:
        raise ApiError(f"Container {container.id} is not paused")
    books.change(world, host, container.id, state=ContainerState.RUNNING)
    happenings.of_container(world, host, container, "unpause")


# -- to look ----------------------------------------------------------------------------------------------------------


def top(world: World, host: str, reference: str, options: tuple[str, ...] = ()) -> tuple[list[str], list[list[str]]]:
    """`docker top`: titles and rows as the host's ps prints them. Raises ApiError when it doesn't run."""
    container = find(world, host, reference)
    not_running(world, container)
    happenings.of_container(world, host, container, "top")
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
        raise Refused(
            "docker top with the ps options `{typed}` is not modelled.",
            "Use docker top CONTAINER, docker top CONTAINER aux, or docker top CONTAINER -o pid,ppid,cmd.",
            typed=text,
        )
    if "pid" not in chosen:
        raise ApiError("Couldn't find PID field in ps output", 500)
    cells: dict[str, Callable[[Process], str]] = {
        "pid": lambda p: str(p.pid), "ppid": lambda p: str(p.ppid), "user": lambda p: p.user,
        "uid": lambda p: uid_on_host(p.user), "cmd": lambda p: p.command, "args": lambda p: p.command,
        "command": lambda p: p.command, "comm": lambda p: p.argv[0].rsplit("/", 1)[-1].split(":")[0],
    }  # fmt: skip
    return [_COLUMNS[name] for name in chosen], [[cells[name](p) for name in chosen] for p in rows]
