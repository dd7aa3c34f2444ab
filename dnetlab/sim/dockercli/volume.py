"""docker volume create and rm."""

from __future__ import annotations

from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockerd import api


def create(session: Session) -> int:
    call = session.call
    name = call.arguments[0] if call.arguments else call.text("name")
    if call.arguments and call.has("name"):
        raise Failed("conflicting options: cannot specify a volume-name through both --name and as a positional arg")
    refused = [flag for flag in call.options if flag not in ("name", "driver", "label", "opt")]
    if refused:
        raise Refused(
            "docker volume create --{refused} is not simulated.", "docker volume create NAME works.", refused=refused[0]
        )
    labels, options = (dict(value.partition("=")[::2] for value in call.all(flag)) for flag in ("label", "opt"))
    body = {"Name": name, "Driver": call.text("driver", "local"), "Labels": labels, "DriverOpts": options}
    made = session.ask(api.volume_create, body)
    session.out(made["Name"])
    return 0


def rm(session: Session) -> int:
    def one(name: str) -> str:
        session.ask(api.volume_delete, name, session.call.on("force"))
        return name

    return session.each(session.call.arguments, one)
