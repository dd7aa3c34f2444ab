"""docker exec: a command in a running container, or a shell that stays open."""

from __future__ import annotations

from dnetlab.model import Where
from dnetlab.sim import processes
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.run import open_terminal, status_of
from dnetlab.sim.dockercli.session import Session
from dnetlab.sim.dockerd import containers
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.images import recipe_of
from dnetlab.sim.programs import kinds

_SHELLS = ("sh", "ash", "bash")
_STAY = ("sleep", "tail", "top", "watch")


def execute(session: Session) -> int:
    call = session.call
    name, *words = call.arguments
    argv = tuple(words)
    session.connect()
    _refuse_flags(session)
    env = tuple(value for value in call.all("env") if "=" in value)
    context = containers.exec_context(session.world, session.host, name, env=env, tty=call.on("tty"))
    spec = containers.spec(session.world, session.host, context.container or "")
    problem = kinds.missing_in(recipe_of(spec.image_id), argv[0])
    if problem is not None:  # runc's words come out on stdout (observed on 20.10.24 and 28.5.2)
        text = kinds.runc_error(session.world, problem, "exec")
        if not call.on("detach"):
            session.stdout.append(f"{text}\r\n")
        return status_of(text) if release_of(session.world).tells_cause_of_exec else 126
    if _is_shell(argv) and not call.on("detach"):
        if call.on("interactive") and call.on("tty"):
            open_terminal(session, context.container or "", main=False, env=env)
        return 0
    if call.on("detach"):
        return _in_background(session, name, argv, env)
    result = session.ask(
        containers.execute,
        session.world,
        session.host,
        name,
        argv,
        env=env,
        tty=call.on("tty"),
        stdin=session.context.stdin if call.on("interactive") else None,
        answer=session.context.answer,
    )
    session.stdout.append(result.stdout)
    session.stderr.append(result.stderr)
    return result.exit_code


def _is_shell(argv: tuple[str, ...]) -> bool:
    """A shell to sit at: no -c, no script."""
    return argv[0].rsplit("/", 1)[-1] in _SHELLS and all(w.startswith("-") and w != "-c" for w in argv[1:])


def _refuse_flags(session: Session) -> None:
    call = session.call
    if call.text("user") not in ("", "root", "0", "root:root", "0:0"):
        raise Refused("docker exec --user: only root is simulated.", "Leave -u out.")
    if call.text("workdir") not in ("", "/"):
        raise Refused("docker exec --workdir is not simulated.", "Write full paths in the command.")
    if call.has("env-file"):
        raise Refused("docker exec --env-file is not simulated.", "Give each variable with -e NAME=VALUE.")


def _in_background(session: Session, name: str, argv: tuple[str, ...], env: tuple[str, ...]) -> int:
    """-d: the client returns at once, and nobody sees what the command prints."""
    world, host = session.world, session.host
    container = containers.find(world, host, name)
    if argv[0].rsplit("/", 1)[-1] in _STAY:
        processes.spawn(world, Where(host, container.namespace or "host"), list(argv), container=container.id)
        return 0
    clock = world.clock
    containers.execute(world, host, name, argv, env=env)
    world.clock = clock
    return 0
