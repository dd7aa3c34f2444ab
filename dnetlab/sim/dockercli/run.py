"""docker run and docker create."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from dnetlab.model.ip import IpAddress, ip_address
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli import localfiles
from dnetlab.sim.dockercli.image import pull_lines, reference
from dnetlab.sim.dockercli.runconfig import container_body
from dnetlab.sim.dockercli.session import Failed, Session, Unreachable, told
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

STATUS = 125  # the daemon said no; 126 and 127 when the program can't be started


def run(session: Session) -> int:
    """Create and start; stay with it unless -d. Its own exit status, or 125, 126, 127."""
    call = session.call
    try:
        if call.on("detach") and call.has("attach"):
            session.err("conflicting options: cannot specify both --attach and --detach")
            return 1
        container_id = _create(session)
        if call.on("detach"):
            session.out(container_id)
            session.ask(api.container_start, container_id)
            return 0
        return attach(session, container_id, call.on("interactive"))
    except (ApiError, Failed) as error:
        return _refused(session, error)


def create(session: Session) -> int:
    try:
        session.out(_create(session))
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


def _create(session: Session) -> str:
    """The new container's full id; an image that isn't there is pulled first."""
    body = container_body(session)
    image = body["Image"]
    name, full = session.call.text("name"), str(reference(image))
    id_file = session.call.text("cidfile")
    if id_file and localfiles.files_of(session).kind(localfiles.absolute(session, id_file)):
        raise Failed(f"container ID file found, make sure the other container isn't running or delete {id_file}")
    pull = session.call.text("pull", "missing")
    if pull == "always":
        _pull(session, image)
    try:
        created = session.ask(api.container_create, body, name)
    except ApiError as error:
        if error.status != 404 or not error.message.startswith("No such image") or pull == "never":
            raise
        session.err(f"Unable to find image '{full}' locally")
        _pull(session, image)
        created = session.ask(api.container_create, body, name)
    for warning in [*created["Warnings"], *_of_loopback_dns(session, body["HostConfig"].get("Dns") or [])]:
        session.err(f"WARNING: {warning}")
    found: str = created["Id"]
    if id_file:
        localfiles.write_bytes(session, id_file, found.encode())
    return found


def _of_loopback_dns(session: Session, servers: list[str]) -> list[str]:
    """What the client thinks of `--dns 127.0.0.1` (docker/cli localhostDNSWarning; gone in 29)."""
    found = (_address(text) for text in servers if session.own.loopback_dns)
    return [f"Localhost DNS ({address}) may fail in containers." for address in found
            if address is not None and address.is_loopback][:1]  # fmt: skip


def _address(text: str) -> IpAddress | None:
    with suppress(ValueError):
        return ip_address(text)
    return None


def _pull(session: Session, image: str) -> None:
    for line in pull_lines(session, image):
        session.err(line)


def attach(session: Session, container: str, interactive: bool) -> int:
    """Start a container and stay with it: to the end of its program, or at the prompt of its shell."""
    sent = (session.context.stdin or "") if interactive else None
    answer = session.ask(api.container_attach, container, start=True, stdin=sent)
    session.show(answer["Frames"])
    if answer["Terminal"] is not None:
        open_terminal(session, answer["Terminal"], main=True)
    status: int = answer["StatusCode"]
    return status


PATIENCE = 2.6  # seconds that somebody looks on before Ctrl-C, as on a real engine


def attach_to(session: Session) -> int:
    """docker attach: what a container prints from now on; at a shell, its terminal (docker/cli container/attach.go)."""
    call, name = session.call, session.call.arguments[0]
    found = session.ask(api.container_inspect, name)
    state, config = found["State"], found["Config"]
    if not state["Running"]:
        raise Failed("You cannot attach to a stopped container, start it first")
    if state["Paused"]:
        raise Failed("You cannot attach to a paused container, unpause it first")
    if state["Restarting"]:
        raise Failed("You cannot attach to a restarting container, wait until it is running")
    sits = config["OpenStdin"] and not call.on("no-stdin")
    if sits and config["Tty"] and session.context.stdin is not None:
        raise Failed("the input device is not a TTY")
    try:
        answer = session.ask(api.container_attach, name, stdin="" if sits and config["Tty"] else None)
    except Refused:
        return _looked_on(session, name)
    session.show(answer["Frames"])
    if answer["Terminal"] is not None:
        open_terminal(session, answer["Terminal"], main=True)
    status: int = answer["StatusCode"]
    return status


def _looked_on(session: Session, name: str) -> int:
    """A program that doesn't end by itself: after a while Ctrl-C is pressed, and the client passes it on."""
    since = session.now
    session.wait(PATIENCE)
    if session.call.text("sig-proxy", "true") != "false":
        session.ask(api.container_kill, name, "INT")
    session.show(session.ask(api.container_logs, name, since=since))
    if session.ask(api.container_inspect, name)["State"]["Running"]:
        session.err("^C")
    return int(session.ask(api.container_inspect, name)["State"]["ExitCode"])


def open_terminal(session: Session, shell: dict[str, Any], *, main: bool) -> None:
    """From now on lines at `/ #` go to this container."""
    privileged = not main and session.call.on("privileged")  # run's own belongs to the container
    where = shell["Container"], main, shell["Directory"], shell["Env"]
    session.context.open_terminal(*where, privileged, shell["User"])
