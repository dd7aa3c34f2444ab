"""Secrets and configs of a swarm, as its managers keep them (swarmkit manager/controlapi/secret.go, config.go), and as
files of the tasks that ask for them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dnetlab.model.changed import replace
from dnetlab.sim.dockerd.cluster import identity, membership
from dnetlab.sim.dockerd.cluster.state import Content, ServiceSpec, Swarm, change
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.tarfiles import decoded
from dnetlab.sim.world import World

RPC = "rpc error: code = {code} desc = "
MOST = {"secret": 500 << 10, "config": 1000 << 10}  # bytes (swarmkit api/validation: MaxSecretSize, MaxConfigSize)
_NAME = re.compile(r"[a-zA-Z0-9]+(?:[a-zA-Z0-9-_.]*[a-zA-Z0-9])?")
INVALID_NAME = (
    "invalid name, only 64 [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]"
)


def create(world: World, host: str, kind: str, name: str, data: str, labels: Mapping[str, str],
           templating: Mapping[str, Any]) -> str:  # fmt: skip
    """`docker secret create`, `docker config create`: the id. data: base64. ApiError in the words of the manager."""
    swarm = membership.manager(world, host)
    if not _NAME.fullmatch(name) or len(name) > 64:
        raise ApiError(RPC.format(code="InvalidArgument") + INVALID_NAME, 400)
    size = _size(data)
    if not 0 < size < MOST[kind]:
        text = f"{kind} data must be larger than 0 and less than {MOST[kind]} bytes"
        raise ApiError(RPC.format(code="InvalidArgument") + text, 400)
    if any((c.kind, c.name) == (kind, name) for c in swarm.contents.values()):
        raise ApiError(f"{RPC.format(code='AlreadyExists')}{kind} {name} already exists", 409)
    made = Content(identity.new_id(world, kind), kind, name, data, dict(labels), world.clock, world.clock,
                   dict(templating), version=11 + 2 * len(swarm.contents))  # fmt: skip
    change(world, swarm.id, contents={**swarm.contents, made.id: made})
    return made.id


def _size(data: str) -> int:
    try:
        return len(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError):
        raise ApiError("illegal base64 data", 400) from None


def find(swarm: Swarm, kind: str, reference: str) -> Content:
    """By id, name or a prefix of the id that only one has. ApiError 404."""
    found = [c for c in swarm.contents.values() if c.kind == kind]
    exact = next((c for c in found if c.id == reference), None) or next((c for c in found if c.name == reference), None)
    beginning = [c for c in found if reference and c.id.startswith(reference)]
    if exact is None and len(beginning) != 1:
        raise ApiError(f"{kind} {reference} not found", 404)
    return exact or beginning[0]


def update(world: World, host: str, kind: str, reference: str, name: str, labels: Mapping[str, str],
           data: str | None) -> None:  # fmt: skip
    """Its labels; nothing else of it changes. ApiError."""
    swarm = membership.manager(world, host)
    old = find(swarm, kind, reference)
    if name != old.name or data not in (None, "", old.data):
        raise ApiError(RPC.format(code="InvalidArgument") + "only updates to Labels are allowed", 400)
    new = replace(old, labels=dict(labels), updated=world.clock, version=old.version + 1)
    change(world, swarm.id, contents={**swarm.contents, old.id: new})


def remove(world: World, host: str, kind: str, reference: str) -> None:
    """ApiError 404, and 400 while a service asks for it."""
    swarm = membership.manager(world, host)
    found = find(swarm, kind, reference)
    users = [s.spec.name for s in swarm.services.values() if found.id in {c for c, _ in _asked(s.spec, kind)}]
    if users:
        services = f"service{'s' if len(users) > 1 else ''}: {', '.join(users)}"
        text = f"{kind} '{found.name}' is in use by the following {services}"
        raise ApiError(RPC.format(code="InvalidArgument") + text, 400)
    change(world, swarm.id, contents={key: c for key, c in swarm.contents.items() if key != found.id})


# -- in tasks ---------------------------------------------------------------------------------------------------------


def _asked(spec: ServiceSpec, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(id, file) of each that a service asks for."""
    word = kind.capitalize()
    for row in spec.task["ContainerSpec"].get(f"{word}s", ()):
        yield row[f"{word}ID"], row.get("File", {})


def check(swarm: Swarm, spec: ServiceSpec) -> None:
    """Are all there that a service asks for, and each in a place of its own? ApiError."""
    for kind in ("secret", "config"):
        taken: dict[str, str] = {}
        for wanted, file in _asked(spec, kind):
            if wanted not in swarm.contents:
                raise ApiError(f"{RPC.format(code='InvalidArgument')}{kind} {wanted} not found", 400)
            target = file.get("Name", "")
            if target in taken:
                pair = f"'{taken[target]}' and '{swarm.contents[wanted].name}'"
                text = f"{kind} references {pair} have a conflicting target: '{target}'"
                raise ApiError(RPC.format(code="InvalidArgument") + text, 400)
            taken[target] = swarm.contents[wanted].name


def _places(spec: ServiceSpec) -> Iterator[tuple[str, str, int]]:
    """(path, id, permissions) of each: secrets lie in /run/secrets, configs in /, unless a path is said (moby
    daemon/container_operations_unix.go)."""
    for kind, folder in (("secret", "/run/secrets/"), ("config", "/")):
        for wanted, file in _asked(spec, kind):
            path = file.get("Name", "")
            yield path if path.startswith("/") else folder + path, wanted, file.get("Mode", 0o444)


def paths(spec: ServiceSpec) -> tuple[str, ...]:
    """Where a task has its secrets and configs."""
    return tuple(path for path, _, _ in _places(spec))


def put_files(world: World, host: str, container_id: str, swarm: Swarm, spec: ServiceSpec) -> None:
    """Into a container that was just made."""
    for path, wanted, mode in _places(spec):
        world.files[host, container_id, path] = decoded(base64.b64decode(swarm.contents[wanted].data))
        world.modes[host, container_id, path] = mode
