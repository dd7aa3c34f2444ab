"""docker inspect, in all its forms: the daemon's JSON, or a template over it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dnetlab.commands.gotemplate import Template, TemplateError
from dnetlab.sim.dockercli.session import Failed, Session, told
from dnetlab.sim.dockercli.table import read
from dnetlab.sim.dockercli.typed import typed
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

GETTERS: dict[str, Callable[..., dict[str, Any]]] = {
    "container": api.container_inspect,
    "image": api.image_inspect,
    "network": api.network_inspect,
    "volume": api.volume_inspect,
}
OF_A_SWARM: dict[str, Callable[..., dict[str, Any]]] = {
    "service": api.service_inspect,
    "task": api.task_inspect,
    "node": api.node_inspect,
    "secret": api.content_inspect,
    "config": api.content_inspect,
}
TYPES = ("config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume")
TEMPLATE_STATUS = 64  # a template that can't be read


def containers(session: Session) -> int:
    return inspect_each(session, "container")


def images(session: Session) -> int:
    return inspect_each(session, "image")


def volumes(session: Session) -> int:
    return inspect_each(session, "volume")


def anything(session: Session) -> int:
    """docker inspect: containers, images, networks and volumes, whatever has that name."""
    wanted = session.call.text("type")
    if wanted and wanted not in TYPES:
        known = ", ".join(f'"{name}"' for name in TYPES)
        raise Failed(f'unknown type: "{wanted}": must be one of {known}')
    return inspect_each(session, wanted)


def inspect_each(session: Session, kind: str) -> int:
    """Print every one that is found, complain of the others; kind '' tries all kinds."""
    form = session.call.text("format")
    template = None
    if form not in ("", "json"):
        template = read(form, exit_code=TEMPLATE_STATUS)
    found: list[tuple[str, dict[str, Any]]] = []
    text = ""
    problems: list[str] = []
    for name in session.call.arguments:
        try:
            one = _get(session, kind, name)
            if template is not None:
                text += _execute(template, *one, session.own.netip) + "\n"
            found.append(one)
        except ApiError as error:
            problems.append(told(error))
        except (Failed, TemplateError) as error:
            problems.append(str(error))
    session.stdout.append(_shown(form, found) if template is None else text or "\n")
    if problems:
        raise Failed("\n".join(problems))
    return 0


def _shown(form: str, found: list[tuple[str, dict[str, Any]]]) -> str:
    documents = [document for _, document in found]
    if form == "json":
        return json.dumps(documents, ensure_ascii=False, separators=(",", ":")) + "\n"
    return json.dumps(documents, ensure_ascii=False, indent=4) + "\n"


def _get(session: Session, kind: str, name: str) -> tuple[str, dict[str, Any]]:
    getters = _getters(session, kind)
    for one in [kind] if kind else getters:
        if one not in getters:
            raise Failed(f"Error: No such {one}: {name}")
        options = {"size": True} if session.call.on("size") and one == "container" else {}
        options |= {"insert_defaults": True} if one == "service" else {}
        words = (one, name) if one in ("secret", "config") else (name,)
        try:
            return one, session.ask(getters[one], *words, **options)
        except ApiError as error:
            if kind == "service" and error.status == 404:
                raise Failed(f"Error: no such service: {name}") from None
            if kind or error.status not in (400, 404):
                raise
    raise Failed(session.own.text("no object", name=name))


def _getters(session: Session, kind: str) -> dict[str, Callable[..., dict[str, Any]]]:
    """What may have that name; what a swarm has is asked for by its kind, or of a manager."""
    if kind or session.ask(api.system_info)["Swarm"]["ControlAvailable"]:
        return {**GETTERS, **OF_A_SWARM}
    return GETTERS


def _execute(template: Template, kind: str, document: dict[str, Any], netip: bool) -> str:
    """First over what the client knows the answer to be, then over the bare JSON (docker/cli inspect/inspector.go)."""
    try:
        return template.execute(typed(kind, document, netip))
    except TemplateError:
        pass
    try:
        return template.execute(document, missing_is_error=True)
    except TemplateError as error:
        raise Failed(f"template parsing error: {error}") from None
