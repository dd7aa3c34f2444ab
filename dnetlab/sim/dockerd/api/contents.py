"""Secrets and configs of a swarm: GET, POST and DELETE /secrets and /configs. Only managers answer: ApiError 503.

kind: 'secret' or 'config'; they differ in that nobody reads a secret back.
"""

from __future__ import annotations

from typing import Any

from dnetlab.sim.clock import rfc3339
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import contents
from dnetlab.sim.dockerd.api.filters import Filters, check_names, has_label
from dnetlab.sim.dockerd.api.versions import check_version
from dnetlab.sim.dockerd.cluster import membership
from dnetlab.sim.dockerd.cluster.specs import named
from dnetlab.sim.dockerd.cluster.state import Content
from dnetlab.sim.world import World

Json = dict[str, Any]


def content_create(world: World, host: str, kind: str, body: Json) -> Json:
    """POST /secrets/create, /configs/create: {'ID': …}. body: Name, Labels, Data (base64), Templating. ApiError."""
    given = _spec(body)
    if given.get("Driver") and given["Driver"].get("Name"):
        raise Refused("Drivers of secrets are not modelled.", "docker secret create NAME FILE works.")
    if given.get("Templating") and kind == "secret":
        raise Refused("Templates of secrets are not modelled.", "A config may name one: it is kept as it is.")
    return {"ID": contents.create(world, host, kind, given.get("Name") or "", given.get("Data") or "",
                                  given.get("Labels") or {}, _templating(given))}  # fmt: skip


def _spec(body: Json) -> Json:
    return named(body, ("Name", "Labels", "Data", "Driver", "Templating"))


def _templating(given: Json) -> Json:
    return named(given.get("Templating") or {}, ("Name", "Options"))


def content_list(world: World, host: str, kind: str, filters: Filters | None = None) -> list[Json]:
    """GET /secrets, /configs, in no order. Filters id, label, name, names. Raises ApiError 400."""
    swarm, wanted = membership.manager(world, host), filters or {}
    check_names(world, wanted, ("id", "label", "name", "names"))
    return [content_json(c) for c in swarm.contents.values() if c.kind == kind and _matches(c, wanted)]


def _matches(content: Content, wanted: Filters) -> bool:
    return (
        (not wanted.get("id") or any(content.id.startswith(v) for v in wanted["id"]))
        and (not wanted.get("name") or any(v in content.name for v in wanted["name"]))
        and (not wanted.get("names") or content.name in wanted["names"])
        and all(has_label(content.labels, v) for v in wanted.get("label", ()))
    )


def content_inspect(world: World, host: str, kind: str, name: str) -> Json:
    """GET /secrets/{id}, /configs/{id}. Raises ApiError 404."""
    return content_json(contents.find(membership.manager(world, host), kind, name))


def content_json(content: Content) -> Json:
    """Without its data when it is secret (moby api/types/swarm.Secret, Config; observed on 28.5.2)."""
    spec: Json = {"Name": content.name, "Labels": dict(content.labels)}
    if content.kind == "config":
        spec["Data"] = content.data
    if content.templating:
        spec["Templating"] = dict(content.templating)
    return {
        "ID": content.id, "Version": {"Index": content.version}, "CreatedAt": rfc3339(content.created, content.id),
        "UpdatedAt": rfc3339(content.updated, content.id if content.updated == content.created else f"{content.id}u"),
        "Spec": spec,
    }  # fmt: skip


def content_update(world: World, host: str, kind: str, name: str, body: Json, version: int | None = None) -> None:
    """POST /secrets/{id}/update, /configs/{id}/update: labels. Raises ApiError 404, 400, 500 for another version."""
    check_version(version, content_inspect(world, host, kind, name))
    given = _spec(body)
    contents.update(world, host, kind, name, given.get("Name") or "", given.get("Labels") or {}, given.get("Data"))


def content_delete(world: World, host: str, kind: str, name: str) -> None:
    """DELETE /secrets/{id}, /configs/{id}. Raises ApiError 404, and 400 while a service asks for it."""
    contents.remove(world, host, kind, name)
