"""One `docker compose …`: its words, the project of the folder it is typed in, and which verb answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dnetlab.commands.compose import project as projects
from dnetlab.commands.compose.canonical import NotThere
from dnetlab.commands.compose.problem import ComposeError
from dnetlab.commands.docker.parse import Invocation
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli import localfiles
from dnetlab.sim.dockercli.compose import building, copying, down, inside, looks, up
from dnetlab.sim.dockercli.compose.call import VERSION, Call
from dnetlab.sim.dockercli.compose.warning import warn_in
from dnetlab.sim.dockercli.session import Failed, Session

VERBS: dict[str, Callable[[Call], int]] = {
    "build": building.build,
    "config": looks.config,
    "cp": copying.cp,
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
QUIET = ("exec", "port")  # verbs that don't look at what a service's environment holds (observed with 2.40.3)
HINTS = {
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
    _check_arguments(name, session.call.arguments)
    return _answer(session, outer, VERBS[name])


LEAST = {"exec": 2, "port": 2, "run": 1}


def _check_arguments(name: str, given: Sequence[str]) -> None:
    """What compose says before it looks into any file. Raises Failed."""
    if len(given) < LEAST.get(name, 0):
        raise Failed(f"requires at least {LEAST[name]} arg(s), only received {len(given)}")
    for text in given if name == "scale" else ():
        _, equals, number = text.partition("=")
        if not equals:
            raise Failed(f"invalid scale specifier: {text}")
        if not number.isdecimal():
            raise Failed(f"invalid scale specifier: can't parse replica value as int: {text}")


def _answer(session: Session, outer: Invocation, verb: Callable[[Call], int]) -> int:
    try:
        unread = bool(outer.text("project-name")) and not outer.all("file")
        call = Call(session, _project(session, outer), unread)
        for warning in () if unread and session.call.command.path[1] == "down" else call.project.warnings:
            if session.call.command.path[1] not in QUIET or warning not in call.project.of_environments:
                warn_in(session, warning)
        session.connect()
        return verb(call)
    except ComposeError as error:
        for warning in error.warnings:
            warn_in(session, warning)
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
