"""docker context: the lab has the one context that every client has, `default`."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockercli.table import Listing, read, unescape

SOCKET = "unix:///var/run/docker.sock"
CONTEXTS = Listing(
    "*formatter.clientContextContext",
    {"Name": "NAME", "Description": "DESCRIPTION", "DockerEndpoint": "DOCKER ENDPOINT", "Error": "ERROR"},
    "{{.Name}}{{if .Current}} *{{end}}\t{{.Description}}\t{{.DockerEndpoint}}\t{{.Error}}",
    quiet="{{.Name}}",
)  # fmt: skip


def ls(session: Session) -> int:
    row = CONTEXTS.row({"Name": "default", "Description": "Current DOCKER_HOST based configuration",
                        "DockerEndpoint": SOCKET, "Current": True, "Error": "", "ContextType": "moby"})  # fmt: skip
    call = session.call
    session.stdout.append(CONTEXTS.render([row], call.text("format"), quiet=call.on("quiet")))
    return 0


def show(session: Session) -> int:
    session.out("default")
    return 0


def use(session: Session) -> int:
    name = session.call.arguments[0]
    if name != "default":
        raise Failed(_missing(name))
    session.out("default")
    session.err("Current context is now \"default\"")
    return 0


def inspect(session: Session) -> int:
    """Observed with client 28.2."""
    found, problems = [], []
    for name in session.call.arguments or ("default",):
        if name == "default":
            found.append(_document())
        else:
            problems.append(_missing(name))
    form = session.call.text("format")
    if form:
        session.stdout.append("".join(read(unescape(form)).execute(one) + "\n" for one in found))
    else:
        text = json.dumps(found, indent=4).replace("<", "\\u003c").replace(">", "\\u003e")
        session.out(text)
    if problems:
        raise Failed("\n".join(problems))
    return 0


def _document() -> dict[str, Any]:
    return {
        "Name": "default", "Metadata": {}, "Endpoints": {"docker": {"Host": SOCKET, "SkipTLSVerify": False}},
        "TLSMaterial": {}, "Storage": {"MetadataPath": "<IN MEMORY>", "TLSPath": "<IN MEMORY>"},
    }  # fmt: skip


def _missing(name: str) -> str:
    place = hashlib.sha256(name.encode()).hexdigest()
    return (f'context "{name}": context not found: open /root/.docker/contexts/meta/{place}/meta.json: '
            "no such file or directory")  # fmt: skip


def rm(session: Session) -> int:
    for name in session.call.arguments:
        raise Failed('context "default" cannot be removed' if name == "default" else _missing(name))
    return 0


def plugins(session: Session) -> int:
    """docker plugin ls: none is installed."""
    if not session.call.on("quiet"):
        session.out("ID        NAME      DESCRIPTION   ENABLED")
    return 0


def other(session: Session) -> int:
    raise Refused("The lab has one context, the host you are at.", "A prompt picks the host: docker2# docker ps")
