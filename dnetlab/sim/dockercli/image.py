"""docker pull, tag, rmi."""

from __future__ import annotations

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
    messages = session.ask(api.image_create, text)
    return [f"{m['id']}: {m['status']}" if "id" in m else m["status"] for m in messages]


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
