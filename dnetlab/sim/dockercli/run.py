"""docker run and docker create."""

from __future__ import annotations

from dnetlab.sim.dockercli.image import reference, show_pull
from dnetlab.sim.dockercli.runconfig import container_config
from dnetlab.sim.dockercli.session import Failed, Session, Unreachable, told
from dnetlab.sim.dockerd import containers, images
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import Terminal

STATUS = 125  # the daemon said no; 126 and 127 when the program can't be started


def run(session: Session) -> int:
    """Create and start; stay with it unless -d. Its own exit status, or 125, 126, 127."""
    call = session.call
    try:
        if call.on("detach") and call.has("attach"):
            session.err("conflicting options: cannot specify both --attach and --detach")
            return 1
        config = container_config(session.world, session.host, call)
        container_id = _create(session, config)
        if call.on("detach"):
            session.out(container_id)
            session.ask(containers.start, session.world, session.host, container_id)
            return 0
        return _stay(session, container_id)
    except (ApiError, Failed) as error:
        return _refused(session, error)


def create(session: Session) -> int:
    try:
        session.out(_create(session, container_config(session.world, session.host, session.call)))
    except ApiError as error:
        session.err(told(error))
        return 1
    except Failed as error:
        return _refused(session, error)
    return 0


def _refused(session: Session, error: ApiError | Failed) -> int:
    """`docker: …`, and where to read on (docker/cli command/container/run.go)."""
    text = told(error) if isinstance(error, ApiError) else error.text
    name = session.call.command.name
    session.err(f"docker: {text}\n\nRun '{name} --help' for more information")
    return status_of(error.message) if isinstance(error, ApiError) and not isinstance(error, Unreachable) else STATUS


def status_of(message: str) -> int:
    """The exit status for a start that failed (run.go toStatusError)."""
    if "executable file not found" in message or "no such file or directory" in message:
        return 127
    if "permission denied" in message or "is a directory" in message:
        return 126
    return STATUS


def _create(session: Session, config: ContainerConfig) -> str:
    reference(config.image)
    session.connect()
    pull = session.call.text("pull", "missing")
    if pull == "always":
        show_pull(session, config.image, on_stderr=True)
    try:
        created = session.ask(containers.create, session.world, session.host, config)
    except ApiError as error:
        if error.status != 404 or not error.message.startswith("No such image") or pull == "never":
            raise
        session.err(f"Unable to find image '{_full_name(config.image)}' locally")
        show_pull(session, config.image, on_stderr=True)
        created = session.ask(containers.create, session.world, session.host, config)
    for warning in created.warnings:
        session.err(f"WARNING: {warning}")
    return created.id


def _full_name(image: str) -> str:
    return str(images.parse_reference(image))


def _stay(session: Session, container_id: str) -> int:
    """Without -d: a shell with -i and -t opens a terminal, anything else runs to its end."""
    world, host = session.world, session.host
    spec = containers.spec(world, host, container_id).config
    if containers.opens_terminal(spec):
        session.ask(containers.start, world, host, container_id)
        open_terminal(session, container_id, main=True)
        return 0
    if spec.interactive and not spec.tty and spec.argv and spec.argv[0].rsplit("/", 1)[-1] in _READERS:
        return _until_end_of_input(session, container_id, spec)
    result = session.ask(containers.run_attached, world, host, container_id)
    session.stdout.append(result.stdout)
    session.stderr.append(result.stderr)
    return result.exit_code


_READERS = ("sh", "ash", "cat")


def _until_end_of_input(session: Session, container_id: str, spec: ContainerConfig) -> int:
    """-i without -t: a program that reads its input ends with it, and a cell gives none but a pipe's."""
    if len(spec.argv) > 1 or (session.context.stdin and spec.argv[0] != "cat"):
        result = session.ask(containers.run_attached, session.world, session.host, container_id)
        session.stdout.append(result.stdout)
        session.stderr.append(result.stderr)
        return result.exit_code
    session.ask(containers.start, session.world, session.host, container_id)
    session.stdout.append(session.context.stdin or "")
    containers.exited(session.world, session.host, container_id, 0)
    return 0


def open_terminal(
    session: Session, container_id: str, *, main: bool, directory: str = "", env: tuple[str, ...] = ()
) -> None:
    """From now on lines at `/ #` go to this container."""
    spec = containers.spec(session.world, session.host, container_id).config
    place = directory or spec.working_dir or "/"
    variables = containers.variables(session.world, session.host, container_id, env, None if main else True)
    session.world.terminals = (*session.world.terminals, Terminal(session.host, container_id, main, place, variables))
