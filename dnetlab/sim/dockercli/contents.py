"""docker secret and docker config: create, ls, inspect, rm (docker/cli command/secret, command/config)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli import localfiles
from dnetlab.sim.dockercli.inspect import inspect_each
from dnetlab.sim.dockercli.listing import natural
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockercli.table import Listing
from dnetlab.sim.dockerd import api

Json = Mapping[str, Any]
SECRETS = Listing(
    "*secret.secretContext",
    {"ID": "ID", "Name": "NAME", "Driver": "DRIVER", "CreatedAt": "CREATED", "UpdatedAt": "UPDATED",
     "Labels": "LABELS"},
    "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}",
)  # fmt: skip
CONFIGS = Listing(
    "*config.configContext",
    {"ID": "ID", "Name": "NAME", "CreatedAt": "CREATED", "UpdatedAt": "UPDATED", "Labels": "LABELS"},
    "{{.ID}}\t{{.Name}}\t{{.CreatedAt}}\t{{.UpdatedAt}}",
)


def _kind(session: Session) -> str:
    return session.call.command.path[0]


def create(session: Session) -> int:
    """From a file, or from what comes in; nothing is read for a secret that a driver keeps."""
    call = session.call
    refused = [flag for flag in ("driver", "template-driver") if call.text(flag)]
    if refused:
        raise Refused("docker secret create --{flag} is not modelled.", "docker secret create NAME FILE works.",
                      flag=refused[0])  # fmt: skip
    if len(call.arguments) < 2:
        raise Failed("secret file is required")
    name, path = call.arguments
    labels = dict(value.partition("=")[::2] for value in call.all("label"))
    body = {"Name": name, "Labels": labels, "Data": base64.b64encode(_data(session, path)).decode()}
    session.out(session.ask(api.content_create, _kind(session), body)["ID"])
    return 0


def _data(session: Session, path: str) -> bytes:
    shown = "STDIN" if path == "-" else path
    try:
        data = localfiles.from_stdin(session) if path == "-" else localfiles.read_bytes(session, path)
    except Failed as failed:
        raise Failed(f"error reading from {shown}: {failed.text}") from None
    if not data:
        raise Failed(f"error reading from {shown}: data is empty")
    return data


def ls(session: Session) -> int:
    kind = _kind(session)
    found = sorted(session.ask(api.content_list, kind, session.filters()), key=lambda c: natural(c["Spec"]["Name"]))
    listing = SECRETS if kind == "secret" else CONFIGS
    rows = [listing.row({"ID": one["ID"], "Name": one["Spec"]["Name"], **({"Driver": ""} if kind == "secret" else {}),
                         "CreatedAt": session.since(one["CreatedAt"]), "UpdatedAt": session.since(one["UpdatedAt"]),
                         "Labels": ",".join(f"{k}={v}" for k, v in sorted(one["Spec"]["Labels"].items()))})
            for one in found]  # fmt: skip
    session.stdout.append(listing.render(rows, session.call.text("format"), quiet=session.call.on("quiet")))
    return 0


def inspect(session: Session) -> int:
    kind = _kind(session)
    if not session.call.on("pretty"):
        return inspect_each(session, kind)
    for name in session.call.arguments:
        one = session.ask(api.content_inspect, kind, name)
        session.stdout.append(_pretty_secret(one) if kind == "secret" else _pretty_config(one))
    return 0


def _pretty_secret(one: Json) -> str:
    return "\n".join([
        f"ID:              {one['ID']}", f"Name:              {one['Spec']['Name']}", *_labels(one),
        "Driver:            ", f"Created at:        {_date(one['CreatedAt'])}",
        f"Updated at:        {_date(one['UpdatedAt'])}",
    ]) + "\n"  # fmt: skip


def _pretty_config(one: Json) -> str:
    data = base64.b64decode(one["Spec"]["Data"]).decode("utf-8", "replace")
    return "\n".join([
        f"ID:\t\t\t{one['ID']}", f"Name:\t\t\t{one['Spec']['Name']}", *_labels(one),
        f"Created at:            \t{_date(one['CreatedAt'])}", f"Updated at:            \t{_date(one['UpdatedAt'])}",
        "Data:", data,
    ]) + "\n"  # fmt: skip


def _labels(one: Json) -> list[str]:
    labels = one["Spec"]["Labels"]
    return ["Labels:", *(f" - {key}={value}" for key, value in sorted(labels.items()))] if labels else []


def _date(text: str) -> str:
    """'2026-11-27T21:59:49.036Z' -> '2026-11-27 21:59:49.036 +0000 utc'"""
    return f"{text.replace('T', ' ').removesuffix('Z')} +0000 utc"


def rm(session: Session) -> int:
    def one(name: str) -> str:
        session.ask(api.content_delete, _kind(session), name)
        return name

    return session.each(session.call.arguments, one)
