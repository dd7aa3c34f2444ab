"""One `docker compose …`: its words, the project of the folder it is typed in, and which verb answers."""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.commands.compose import project as projects
from dnetlab.commands.compose.canonical import NotThere
from dnetlab.commands.compose.problem import ComposeError
from dnetlab.commands.docker.parse import Invocation
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli import localfiles
from dnetlab.sim.dockercli.compose import building, down, inside, looks, up
from dnetlab.sim.dockercli.compose.call import VERSION, Call
from dnetlab.sim.dockercli.compose.warning import warn
from dnetlab.sim.dockercli.session import Failed, Session

VERBS: dict[str, Callable[[Call], int]] = {
    "build": building.build,
    "config": looks.config,
    "create": up.create,
    "down": down.down,
    "exec": inside.execute,
    "images": looks.images,
    "kill": down.kill,
    "logs": looks.logs,
    "pause": down.pause,
    "port": looks.port,
    "ps": looks.ps,
    "restart": down.restart,
    "rm": down.rm,
    "run": inside.run,
    "scale": up.scale,
    "start": up.start,
    "stop": down.stop,
    "top": looks.top,
    "unpause": down.unpause,
    "up": up.up,
    "volumes": looks.volumes,
}
QUIET = ("exec", "port")  # verbs that say nothing of variables that aren't set (observed with 2.40.3)
BLANK = "variable is not set. Defaulting to a blank string."
HINTS = {
    "cp": "docker cp copies between a host and a container.",
    "events": "docker events --until lists what happened.",
    "stats": "docker stats --no-stream shows what is used.",
    "wait": "docker wait CONTAINER waits for its end.",
    "pull": "docker pull IMAGE, or up, which pulls.",
}


def answer(session: Session, outer: Invocation) -> int:
    """The verb's exit status. Raises Refused, Failed, ApiError; what was printed before stands in the session."""
    call, name = session.call, session.call.command.path[1]
    if name == "version":
        session.out(f"{VERSION}-3" if call.on("short") else f"Docker Compose version {VERSION}-3")
        return 0
    if name == "ls":
        return looks.ls(session)
    if name not in VERBS:
        raise Refused(
            "docker compose {name} is not simulated.",
            HINTS.get(name, "docker compose --help lists the commands."),
            name=name,
        )
    return _answer(session, outer, VERBS[name])


def _answer(session: Session, outer: Invocation, verb: Callable[[Call], int]) -> int:
    try:
        unread = bool(outer.text("project-name")) and not outer.all("file")
        call = Call(session, _project(session, outer), unread)
        for warning in call.project.warnings:
            if not (session.call.command.path[1] in QUIET and warning.endswith(BLANK)):
                warn(call, warning)
        session.connect()
        return verb(call)
    except ComposeError as error:
        raise Failed(str(error)) from None
    except NotThere as missing:
        raise Refused(
            "`{key}` of a compose file is not simulated.",
            "Leave it out: the lab is about networks, ports and names.",
            key=missing.key,
        ) from None


def _project(session: Session, outer: Invocation) -> projects.Project:
    files = localfiles.files_of(session)

    def text_of(path: str) -> str | None:
        try:
            return files.read(path) if files.kind(path) == "file" else None
        except (OSError, Refused):
            return None

    directory = localfiles.absolute(session, outer.text("project-directory") or ".")
    environment = session.context.environment or {}
    named = outer.all("file") or tuple(filter(None, environment.get("COMPOSE_FILE", "").split(":")))
    return projects.load(
        projects.find(directory, named, text_of),
        text_of,
        environment,
        name=outer.text("project-name"),
        wanted_profiles=outer.all("profile"),
        named=session.call.arguments[: 1 if session.call.command.path[1] == "run" else None],
        env_files=outer.all("env-file"),
    )
