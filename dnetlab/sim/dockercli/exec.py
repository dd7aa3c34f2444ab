"""docker exec: a command in a running container, or a shell that stays open."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.dockercli.run import open_terminal
from dnetlab.sim.dockercli.runconfig import environment
from dnetlab.sim.dockercli.session import Session
from dnetlab.sim.dockerd import api

Json = dict[str, Any]


def execute(session: Session) -> int:
    call = session.call
    name, *words = call.arguments
    session.connect()
    given = environment(session)
    detached, attached = call.on("detach"), call.on("interactive")
    body = {
        "User": call.text("user"), "WorkingDir": call.text("workdir"), "Tty": call.on("tty"), "AttachStdin": attached,
        "AttachStdout": not detached, "AttachStderr": not detached, "Cmd": words,
        "Privileged": call.on("privileged"),
        "Env": given,
    }  # fmt: skip
    return start(session, name, body, session.context.stdin if attached else None, detached=detached)


def start(session: Session, container: str, body: Json, stdin: str | None, *, detached: bool) -> int:
    """Start a program in a container and show what it prints, or open its shell; its exit status, 0 when detached."""
    exec_id = session.ask(api.container_exec, container, body)["Id"]
    answer = session.ask(api.exec_start, exec_id, {"Detach": detached, "Tty": body["Tty"]}, stdin=stdin)
    if detached:
        return 0
    session.show(answer["Frames"])
    if answer["Terminal"] is not None:
        open_terminal(session, answer["Terminal"], main=False)
        return 0
    status: int = session.ask(api.exec_inspect, exec_id)["ExitCode"]
    return status
