"""Containers: GET, POST and DELETE /containers, but for what they print (streams.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dnetlab.model import Container, ContainerState
from dnetlab.sim.dockerd import books, containerfiles, containers, happenings, inspect, openings, resources
from dnetlab.sim.dockerd.api import filters as wanted
from dnetlab.sim.dockerd.api.create import config_of, restart_policy
from dnetlab.sim.dockerd.api.filters import Filters
from dnetlab.sim.dockerd.api.summary import summary
from dnetlab.sim.dockerd.config import RestartPolicy
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

Json = dict[str, Any]


def container_list(
    world: World, host: str, *, every: bool = False, limit: int = 0, size: bool = False, filters: Filters | None = None
) -> list[Json]:
    """GET /containers/json: the newest first; without `every` (`all` in the query) only those that run.

    limit: the newest n, running or not; 0 or less: no limit. Raises ApiError for filters the daemon refuses.
    """
    chosen = filters or {}
    matches = wanted.container_matches(world, host, chosen)
    every = every or limit > 0 or "status" in chosen
    alive = (ContainerState.RUNNING, ContainerState.PAUSED, ContainerState.RESTARTING)
    found = []
    for container in world.hosts[host].containers:
        if (every or container.state in alive) and matches(container, books.spec(world, host, container.id)):
            found.append(container)
    return [summary(world, host, container, size) for container in (found[:limit] if limit > 0 else found)]


def container_inspect(world: World, host: str, name: str, size: bool = False) -> Json:
    """GET /containers/{id}/json. Raises ApiError 404."""
    found = inspect.container_json(world, host, name)
    return {**found, "SizeRw": 0, "SizeRootFs": 0} if size else found


def container_create(world: World, host: str, body: Json, name: str = "") -> Json:
    """POST /containers/create: {'Id': …, 'Warnings': […]}. Raises ApiError, 404 for an image that isn't there.

    body: ContainerConfig with HostConfig and NetworkingConfig; see create.py for the fields that are read.
    """
    created = containers.create(world, host, config_of(world, host, name, body))
    return {"Id": created.id, "Warnings": list(created.warnings)}


def _ran(world: World, host: str, name: str) -> bool:
    """`.State.Running`, which one that is about to be started again has, too."""
    found = books.find(world, host, name)
    return found.is_running or found.state is ContainerState.RESTARTING


def container_start(world: World, host: str, name: str) -> bool:
    """POST /containers/{id}/start: did it not run? Raises ApiError when it can't; a running one stays as it is."""
    ran = _ran(world, host, name)
    containers.start(world, host, name)
    return not ran


def container_stop(world: World, host: str, name: str, t: int | None = None, signal: str = "") -> bool:
    """POST /containers/{id}/stop: did it run? t: seconds before SIGKILL, -1: never; None: the container's own."""
    ran = _ran(world, host, name)
    containers.stop(world, host, name, t, signal)
    return ran


def container_restart(world: World, host: str, name: str, t: int | None = None, signal: str = "") -> None:
    """POST /containers/{id}/restart"""
    containers.restart(world, host, name, t, signal)


def container_kill(world: World, host: str, name: str, signal: str = "KILL") -> None:
    """POST /containers/{id}/kill. Raises ApiError for one that doesn't run and an unknown signal."""
    containers.kill(world, host, name, signal)


def container_rename(world: World, host: str, name: str, new: str) -> None:
    """POST /containers/{id}/rename. Raises ApiError 404, 409 for a taken name."""
    containers.rename(world, host, name, new)


def container_update(world: World, host: str, name: str, body: Json) -> Json:
    """POST /containers/{id}/update: {'Warnings': None}. body: RestartPolicy, and limits as in HostConfig.

    Raises ApiError 404, 400, 409.
    """
    container = books.find(world, host, name)
    resources.update(world, host, container, body)
    if (body.get("RestartPolicy") or {}).get("Name"):
        _update_policy(world, host, container, body)
    happenings.of_container(world, host, container, "update")
    return {"Warnings": None}


def _update_policy(world: World, host: str, container: Container, body: Json) -> None:
    spec = books.spec(world, host, container.id)
    policy, most = restart_policy(world, body.get("RestartPolicy") or {})
    if spec.config.auto_remove and policy is not RestartPolicy.NO:  # moby container/container.go
        raise ApiError("Restart policy cannot be updated because AutoRemove is enabled for the container", 409)
    books.change_spec(world, host, container.id, config=replace(spec.config, restart=policy, restart_max=most))


def container_pause(world: World, host: str, name: str) -> None:
    """POST /containers/{id}/pause. Raises ApiError for one that doesn't run."""
    containers.pause(world, host, name)


def container_unpause(world: World, host: str, name: str) -> None:
    """POST /containers/{id}/unpause. Raises ApiError for one that isn't paused."""
    containers.unpause(world, host, name)


def container_wait(world: World, host: str, name: str) -> Json:
    """POST /containers/{id}/wait: {'StatusCode': …}, as many seconds later as it takes. Never ending: not modelled."""
    return {"StatusCode": containers.wait(world, host, name)}


def container_delete(
    world: World, host: str, name: str, *, v: bool = False, force: bool = False, link: bool = False
) -> None:
    """DELETE /containers/{id}. v: its nameless volumes too; link: `name` is a link, which goes instead. Raises ApiError
    404, 409 for one that runs."""
    if link:
        openings.remove_link(world, host, name)
        return
    containers.remove(world, host, name, force=force, volumes=v)


def container_prune(world: World, host: str, filters: Filters | None = None) -> Json:
    """POST /containers/prune: the stopped ones, the newest first; filters label, label!, until."""
    spared = wanted.spared_by_prune(world, filters or {})
    gone = [c.id for c in world.hosts[host].containers
            if not c.is_running and c.state is not ContainerState.RESTARTING
            and not spared(c.created, c.labels)]  # fmt: skip
    size = sum(containerfiles.size_of(world, host, books.get(world, host, one)) for one in gone)
    for container_id in gone:
        containers.remove(world, host, container_id)
    happenings.of_prune(world, host, "container")
    return {"ContainersDeleted": gone or None, "SpaceReclaimed": size}


def container_top(world: World, host: str, name: str, ps_args: Sequence[str] = ()) -> Json:
    """GET /containers/{id}/top: {'Titles': […], 'Processes': [[…]]}. Raises ApiError 409 when it doesn't run."""
    titles, rows = containers.top(world, host, name, tuple(ps_args))
    return {"Titles": titles, "Processes": rows}
