"""Programs beside process 1: POST /containers/{id}/exec, /exec/{id}/start, GET /exec/{id}/json."""

from __future__ import annotations

from typing import Any

from dnetlab.model import Container, Where
from dnetlab.model.changed import replace
from dnetlab.sim import processes
from dnetlab.sim.context import Result
from dnetlab.sim.dockerd import books, containers, happenings
from dnetlab.sim.dockerd.api.streams import terminal
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.config import Exec
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.programs import kinds
from dnetlab.sim.programs.launch import serve_beside
from dnetlab.sim.user import name_on_host
from dnetlab.sim.world import World

Json = dict[str, Any]
KEPT = 32  # that have ended; moby forgets them after five minutes (daemon/exec.go)
_SHELLS = ("sh", "ash", "bash")
_STAY = ("sleep", "tail", "top", "watch")


def container_exec(world: World, host: str, name: str, body: Json) -> Json:
    """POST /containers/{id}/exec: {'Id': …}. body: Cmd, Env, Tty, AttachStdin, Privileged, User,
    WorkingDir.

    Raises ApiError 404, 409 for a container that can't take it, 400 for a user that it doesn't know.
    """
    env, tty, user = tuple(body.get("Env") or ()), body.get("Tty", False), body.get("User", "")
    context = containers.exec_context(world, host, name, env=env, tty=tty, user=user)
    if release_of(world).exec_checks_user:
        containers.user_of(world, host, containers.find(world, host, name), user)
    argv = body.get("Cmd") or []
    if not argv:
        raise ApiError("No exec command specified", 400)
    one = Exec(world.hex_id(f"exec:{host}"), context.container or "", tuple(argv), env, tty,
               stdin=bool(body.get("AttachStdin")), privileged=bool(body.get("Privileged")),
               directory=body.get("WorkingDir", ""), keys=body.get("DetachKeys", ""), user=user)  # fmt: skip
    kept = {e.id: e for e in _known(world, host)[-KEPT:]}
    books.change_daemon(world, host, execs={**kept, one.id: one})
    _tell(world, host, one, f"exec_create: {argv[0]} {' '.join(argv[1:])}")
    return {"Id": one.id}


def _known(world: World, host: str) -> list[Exec]:
    """Those of containers that are still there, the oldest first."""
    return [e for e in books.daemon(world, host).execs.values() if books.by_id(world, host, e.container) is not None]


def _find(world: World, host: str, exec_id: str) -> Exec:
    found = books.daemon(world, host).execs.get(exec_id)
    if found is None:
        raise ApiError(f"No such exec instance: {exec_id}", 404)
    return found


def _note(world: World, host: str, one: Exec, exit_code: int | None, pid: int = 0) -> None:
    changed = replace(one, exit_code=exit_code, pid=pid)
    books.change_daemon(world, host, execs={**books.daemon(world, host).execs, one.id: changed})
    if exit_code is not None:
        _tell(world, host, one, "exec_die", exitCode=str(exit_code))


def _tell(world: World, host: str, one: Exec, action: str, **more: str) -> None:
    container = books.by_id(world, host, one.container)
    if container is not None:
        happenings.of_container(world, host, container, action, execID=one.id, **more)


def exec_start(
    world: World, host: str, exec_id: str, body: Json, stdin: str | None = None, stays: bool = False
) -> Json:
    """POST /exec/{id}/start: what came over the connection until its end. body: Detach.

    {'Frames': […], 'Terminal': None}; a shell with a terminal waits for what is typed, see container_attach; one
    without waits where somebody stays to send it lines (open_shell). A program
    that the image lacks: runc's words as a frame of stdout. Raises ApiError 404; Refused for what isn't modelled.
    """
    one = _find(world, host, exec_id)
    container = books.find(world, host, one.container)
    detached = bool(body.get("Detach"))
    _tell(world, host, one, f"exec_start: {one.argv[0]} {' '.join(one.argv[1:])}")
    words = _unknown_user(world, host, container, one)
    words = words or containers.not_startable(world, host, container, one.argv[0], one.directory)
    if words is not None:  # they come out on stdout (observed on 20.10.24 and 28.5.2)
        return _failed(world, host, one, words, detached)
    if detached:
        _in_background(world, host, container, one)
        return {"Frames": [], "Terminal": None}
    if _is_shell(one.argv) and (one.tty or not stdin):
        waits = one.stdin and (one.tty or stays)
        _note(world, host, one, None if waits else 0)
        return {"Frames": [], "Terminal": shell_of(world, host, container, one) if waits else None}
    result = containers.execute(
        world, host, one.container, one.argv, env=one.env, tty=one.tty, stdin=stdin if one.stdin else None,
        privileged=one.privileged, directory=one.directory, user=one.user,
    )  # fmt: skip
    _note(world, host, one, result.exit_code)
    return {"Frames": frames(result), "Terminal": None}


def _unknown_user(world: World, host: str, container: Container, one: Exec) -> str | None:
    """What the daemon says of a user who isn't there; None of one who is."""
    try:
        containers.user_of(world, host, container, one.user)
    except ApiError as error:
        return error.message
    return None


def _is_shell(argv: tuple[str, ...]) -> bool:
    """A shell to sit at: no -c, no script."""
    return argv[0].rsplit("/", 1)[-1] in _SHELLS and all(w.startswith("-") and w != "-c" for w in argv[1:])


def shell_of(world: World, host: str, container: Container, one: Exec) -> Json:
    directory = one.directory or books.spec(world, host, container.id).config.working_dir
    seen_there = containers.variables(world, host, container.id, one.env, True, one.user)
    return terminal(container, directory, seen_there, one.user)


def exec_ended(world: World, host: str, exec_id: str, code: int) -> None:
    """The shell of an exec has ended."""
    _note(world, host, _find(world, host, exec_id), code)


def frames(result: Result) -> list[Json]:
    """Both streams of a program that has ended."""
    both = (("stdout", result.stdout), ("stderr", result.stderr))
    return [{"stream": stream, "text": text} for stream, text in both if text]


def _failed(world: World, host: str, one: Exec, words: str, detached: bool) -> Json:
    """126 up to 27, the start's own status later (moby api/server/router/container/exec.go; observed on 20.10.24 and
    28.5.2); who doesn't stay is told at once."""
    _note(world, host, one, kinds.start_failure_code(words) if release_of(world).tells_cause_of_exec else 126)
    if detached:
        raise ApiError(words, 400)
    return {"Frames": [{"stream": "stdout", "text": f"{words}\r\n"}], "Terminal": None}


def _in_background(world: World, host: str, container: Container, one: Exec) -> None:
    """-d: nobody sees what the command prints, and nobody waits for it."""
    if one.argv[0].rsplit("/", 1)[-1] in _STAY:
        where = Where(host, container.namespace or "host")
        user = name_on_host(containers.user_of(world, host, container, one.user).uid)
        pid = processes.spawn(world, where, list(one.argv), container=container.id, user=user)
        _note(world, host, one, None, pid)
        return
    serving = serve_beside(world, host, container, one.argv, containers.user_of(world, host, container, one.user))
    if serving is not None:
        _note(world, host, one, None, serving)
        return
    clock = world.clock
    result = containers.execute(world, host, container.id, one.argv, env=one.env, privileged=one.privileged,
                                user=one.user)  # fmt: skip
    world.clock = clock
    _note(world, host, one, result.exit_code)


def exec_inspect(world: World, host: str, exec_id: str) -> Json:
    """GET /exec/{id}/json. Raises ApiError 404."""
    one = _find(world, host, exec_id)
    entrypoint, *arguments = one.argv
    return {
        "ID": one.id, "Running": one.exit_code is None and one.pid != 0, "ExitCode": one.exit_code,
        "ProcessConfig": {"tty": one.tty, "entrypoint": entrypoint, "arguments": arguments,
                          "privileged": one.privileged, **({"user": one.user} if one.user else {})},
        "OpenStdin": one.stdin, "OpenStderr": True, "OpenStdout": True, "CanRemove": one.exit_code is not None,
        "ContainerID": one.container, "DetachKeys": one.keys, "Pid": one.pid,
    }  # fmt: skip
