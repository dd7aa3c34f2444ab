"""docker pull, tag, rmi."""

from __future__ import annotations

from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.session import Failed, Session, told
from dnetlab.sim.dockerd import images
from dnetlab.sim.dockerd.errors import ApiError


def reference(text: str) -> images.Reference:
    """Raises Failed in the client's words for what is no image name."""
    try:
        return images.parse_reference(text)
    except ApiError as error:
        raise Failed(error.message) from None


def show_pull(session: Session, text: str, *, on_stderr: bool = False) -> None:
    """Pull, and print what the client prints without a progress bar; `docker run` prints it on stderr."""
    pulled = session.ask(images.pull, session.world, session.host, text)
    lines = pulled.lines[:-1] if on_stderr else pulled.lines
    for line in lines:
        (session.err if on_stderr else session.out)(line)


def pull(session: Session) -> int:
    call = session.call
    text = call.arguments[0]
    found = reference(text)
    if call.on("all-tags"):
        raise Refused("docker pull --all-tags is not simulated.", f"Pull one tag: docker pull {found.repository}.")
    if call.on("quiet"):
        session.out(session.ask(images.pull, session.world, session.host, text).lines[-1])
        return 0
    if found.tag == "latest" and not text.endswith(":latest"):
        session.out("Using default tag: latest")
    show_pull(session, text)
    return 0


def tag(session: Session) -> int:
    source, target = session.call.arguments
    for text in (source, target):
        try:
            images.parse_reference(text)
        except ApiError as error:
            raise Failed(f'Error parsing reference: "{text}" is not a valid repository/tag: {error.message}') from None
    session.ask(images.tag, session.world, session.host, source, target)
    return 0


def rm(session: Session) -> int:
    status = 0
    for text in session.call.arguments:
        try:
            lines = session.ask(images.remove, session.world, session.host, text, force=session.call.on("force"))
        except ApiError as error:
            session.err(told(error))
            if not (session.call.on("force") and error.status == 404):
                status = 1
        else:
            for line in lines:
                session.out(line)
    return status
