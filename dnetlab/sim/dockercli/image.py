"""docker pull, push, tag, rmi."""

from __future__ import annotations

from collections.abc import Mapping

from dnetlab.commands.docker.reference import BadReference, Reference, parse_reference
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.session import Failed, Session, told
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError


def reference(text: str) -> Reference:
    """Raises Failed in the client's words for what is no image name."""
    try:
        return parse_reference(text)
    except BadReference as error:
        raise Failed(str(error)) from None


def pull_lines(session: Session, text: str) -> list[str]:
    """Pull; the daemon's messages as the client prints them without a progress bar."""
    return [_line(m) for m in session.ask(api.image_create, text)]


def _line(message: Mapping[str, str]) -> str:
    """A message of progress, as the client prints it without a bar."""
    return f"{message['id']}: {message['status']}" if "id" in message else message["status"]


def pull(session: Session) -> int:
    call = session.call
    text = call.arguments[0]
    found = reference(text)
    if call.on("all-tags"):
        raise Refused(
            "docker pull --all-tags is not simulated.",
            "Pull one tag: docker pull {repository}.",
            repository=found.repository,
        )
    if found.tag == "latest" and not text.endswith(":latest") and not call.on("quiet"):
        session.out("Using default tag: latest")
    lines = pull_lines(session, text)
    for line in [found.full] if call.on("quiet") else [*lines, found.full]:
        session.out(line)
    return 0


def push(session: Session) -> int:
    """cli/command/image/push.go; recorded from 20.10.24, 26.1.5 and 28.5.2."""
    call = session.call
    text, every, quiet = call.arguments[0], call.on("all-tags"), call.on("quiet")
    found = reference(text)
    is_bare = found.tag == "latest" and not found.digest and not text.endswith(":latest")
    if every and not is_bare:
        raise Failed("tag can't be used with --all-tags/-a")
    if is_bare and not every and not quiet:
        session.out("Using default tag: latest")
    if found.digest:
        raise Failed("cannot push a digest reference")
    messages = session.ask(api.image_push, found.repository, "" if every else found.tag)
    problem = next((m["error"] for m in messages if "error" in m), None)
    for message in messages if not quiet else ():
        if "error" not in message:
            session.out(_line(message))
    if problem is not None:
        raise Failed(problem)
    if quiet:
        session.out(found.full if every is False else found.full.rpartition(":")[0])
    return 0


def tag(session: Session) -> int:
    source, target = session.call.arguments
    for text in (source, target):
        try:
            parse_reference(text)
        except BadReference as error:
            raise Failed(f'Error parsing reference: "{text}" is not a valid repository/tag: {error}') from None
    session.ask(api.image_tag, source, target)
    return 0


def rm(session: Session) -> int:
    status = 0
    force = session.call.on("force")
    for text in session.call.arguments:
        try:
            gone = session.ask(api.image_delete, text, force)
        except ApiError as error:
            session.err(told(error))
            if not (force and error.status == 404):
                status = 1
        else:
            for change in gone:
                session.out("".join(f"{what}: {name}" for what, name in change.items()))
    return status
