"""docker commit, save, load, import: images that come from the lab itself."""

from __future__ import annotations

import base64

from dnetlab.commands.docker.reference import BadReference, parse_reference
from dnetlab.sim.dockercli import localfiles
from dnetlab.sim.dockercli.copy import TERMINAL
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockerd import api


def _checked(text: str) -> str:
    """Raises Failed in the client's words for what is no image name."""
    try:
        return str(parse_reference(text)) if text else ""
    except BadReference as error:
        raise Failed(str(error)) from None


def commit(session: Session) -> int:
    call = session.call
    name = call.arguments[1] if len(call.arguments) > 1 else ""
    made = session.ask(
        api.image_commit, call.arguments[0], repo=_checked(name), comment=call.text("message"),
        author=call.text("author"), pause=call.text("pause", "true") != "false", changes=list(call.all("change")),
    )  # fmt: skip
    session.out(made["Id"])
    return 0


def save(session: Session) -> int:
    target = session.call.text("output")
    if not target and session.context.tty:
        raise Failed(TERMINAL)
    content = base64.b64decode(session.ask(api.image_get, list(session.call.arguments)))
    if target:
        localfiles.write_bytes(session, target, content)
    else:
        localfiles.print_archive(session, content, TERMINAL)
    return 0


def load(session: Session) -> int:
    source = session.call.text("input")
    if not source and session.context.stdin is None:
        raise Failed("requested load from stdin, but stdin is empty")
    content = localfiles.read_bytes(session, source) if source else localfiles.from_stdin(session)
    for row in session.ask(api.image_load, base64.b64encode(content).decode()):
        if "error" in row:
            raise Failed(row["error"])
        session.stdout.append(row["stream"])
    return 0


def import_(session: Session) -> int:
    call = session.call
    source, name = call.arguments[0], call.arguments[1] if len(call.arguments) > 1 else ""
    content = localfiles.from_stdin(session) if source == "-" else localfiles.read_bytes(session, source)
    for row in session.ask(api.image_import, base64.b64encode(content).decode(), repo=_checked(name),
                           message=call.text("message"), changes=list(call.all("change"))):  # fmt: skip
        session.out(row["status"])
    return 0
