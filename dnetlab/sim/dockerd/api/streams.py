"""What containers print, as frames {'stream': 'stdout' or 'stderr', 'text': …, 'time': RFC 3339}: logs and attach.

Over HTTP a frame is one block of the multiplexed stream; of a container with a terminal everything is stdout.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dnetlab.model import Container
from dnetlab.model.changed import replace
from dnetlab.sim import clock
from dnetlab.sim.dockerd import books, containers, happenings, sharing
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.programs import logs as logbook
from dnetlab.sim.programs.launch import stays_for_a_terminal
from dnetlab.sim.world import World

Json = dict[str, Any]
_READERS = ("sh", "ash", "cat")


def container_logs(
    world: World, host: str, name: str, *, since: float | None = None, until: float | None = None,
    timestamps: bool = False, tail: int | None = None, details: bool = False,
) -> list[Json]:  # fmt: skip
    """GET /containers/{id}/logs: a frame for each line, both streams in the order they were written.

    since, until: seconds since 1970. tail: only the last n lines. Raises ApiError 404.
    """
    container = books.find(world, host, name)
    if not sharing.logs_are_readable(books.spec(world, host, container.id).config):
        raise ApiError("configured logging driver does not support reading", 501)
    lines = [(stream, line, at) for stream, text, at in logbook.read(world, host, container.id)
             for line in text.splitlines(keepends=True)
             if (since is None or clock.since_1970(at) >= since)
             and (until is None or clock.since_1970(at) <= until)]  # fmt: skip
    if tail is not None:
        lines = lines[-tail:] if tail > 0 else []
    found = _frames(world, host, container, lines)
    for frame in found:
        margin = " " if details else ""  # room for labels and variables, which the lab's logs don't keep
        frame["text"] = (f"{frame['time']} " if timestamps else "") + margin + frame["text"]
    return found


def _frames(world: World, host: str, container: Container, entries: Iterable[logbook.Entry]) -> list[Json]:
    merged = books.spec(world, host, container.id).config.tty
    return [{"stream": "stdout" if merged else stream, "text": text, "time": _time(at, number)}
            for number, (stream, text, at) in enumerate(entries)]  # fmt: skip


def _time(at: float, number: int) -> str:
    return f"{clock.moment(at).isoformat(timespec='microseconds')[:26]}{number % 1000:03d}Z"


# -- to stay with a container -----------------------------------------------------------------------------------------


def container_attach(world: World, host: str, name: str, *, start: bool = False, stdin: str | None = None) -> Json:
    """POST /containers/{id}/attach, and what came over the connection until its end.

    A value can't arrive bit by bit, so the start that a client asks for once it is attached is asked for here (start).
    stdin: what the client sends before it closes its end, None when it isn't attached to stdin.

    {'Frames': […], 'StatusCode': its exit status, 'Terminal': None}; of a shell that waits for what is typed Terminal
    is {'Container': full id, 'Directory': …, 'Env': […], 'User': …} and it runs on. Raises ApiError when it can't
    start; a program that never ends is not modelled.
    """
    container = books.find(world, host, name)
    config = books.spec(world, host, container.id).config
    happenings.of_container(world, host, container, "attach")
    if stdin is not None and stays_for_a_terminal(config):
        if start:
            containers.start(world, host, container.id)
        seen_there = containers.variables(world, host, container.id)
        return _open(terminal(container, config.working_dir, seen_there))
    if stdin is not None and config.interactive and not config.tty and _reads_to_the_end(config.argv, stdin):
        containers.start(world, host, container.id)
        containers.exited(world, host, container.id, 0)
        return _ended([{"stream": "stdout", "text": stdin, "time": _time(world.clock, 0)}] if stdin else [], 0)
    if stdin and start and config.interactive and not config.tty:
        books.change_spec(world, host, container.id, sent=stdin)
    return _followed(world, host, container, start)


def _reads_to_the_end(argv: tuple[str, ...], stdin: str) -> bool:
    """-i without -t: cat, and a shell that nothing is sent to, end with their input."""
    program = argv[0].rsplit("/", 1)[-1] if argv else ""
    return len(argv) == 1 and program in _READERS and (not stdin or program == "cat")


def _followed(world: World, host: str, container: Container, start: bool) -> Json:
    """Until it ends; a `--rm` container goes only when its output has been read."""
    wanted = books.spec(world, host, container.id).config
    books.change_spec(world, host, container.id, config=replace(wanted, auto_remove=False), watched=True)
    seen = len(logbook.read(world, host, container.id))
    try:
        if start:
            containers.start(world, host, container.id)
    except ApiError:
        if wanted.auto_remove:
            containers.remove(world, host, container.id, force=True, volumes=True)
        raise
    code = containers.wait(world, host, container.id)
    frames = _frames(world, host, container, logbook.read(world, host, container.id)[seen:])
    if books.by_id(world, host, container.id) is not None:
        books.change_spec(world, host, container.id, config=wanted, watched=False)
        if wanted.auto_remove:
            containers.remove(world, host, container.id, force=True, volumes=True)
    return _ended(frames, code)


def terminal(container: Container, directory: str, env: tuple[str, ...], user: str = "") -> Json:
    """A shell at which somebody sits from now on."""
    return {"Container": container.id, "Directory": directory or "/", "Env": list(env), "User": user}


def _open(shell: Json) -> Json:
    return {"Frames": [], "StatusCode": 0, "Terminal": shell}


def _ended(frames: list[Json], code: int) -> Json:
    return {"Frames": frames, "StatusCode": code, "Terminal": None}
