"""The daemon's own books: which containers there are, how a name finds one, what is remembered of each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dnetlab.model import Container
from dnetlab.sim.dockerd import state
from dnetlab.sim.dockerd.config import ContainerSpec
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

RELEASES = ("20.10", "26.1", "28.5", "29.7")


def since(world: World, release: str) -> bool:
    """Is this lab's engine of that release or a later one?"""
    return RELEASES.index(world.release) >= RELEASES.index(release)


def find(world: World, host: str, reference: str) -> Container:
    """A container by full id, name or a prefix of its id (moby daemon/container.go GetContainer).

    Raises ApiError: no such container, or a prefix that several ids have.
    """
    containers = world.hosts[host].containers
    name = reference.removeprefix("/")
    exact = next((c for c in containers if c.id == reference), None)
    exact = exact or next((c for c in containers if c.name == name), None)
    if exact is not None:
        return exact
    found = [c for c in containers if reference and c.id.startswith(reference)]
    if len(found) > 1:
        words = "multiple IDs found with provided prefix" if since(world, "26.1") else (
            "Multiple IDs found with provided prefix"
        )
        raise ApiError(f"{words}: {reference}", 400 if since(world, "26.1") else 500)
    if not found:
        raise ApiError(f"No such container: {reference}", 404)
    return found[0]


def by_id(world: World, host: str, container_id: str) -> Container | None:
    """The container with that full id; None when it is gone."""
    return next((c for c in world.hosts[host].containers if c.id == container_id), None)


def change(world: World, host: str, container_id: str, **changes: Any) -> Container:
    """Replace fields of a container; the new value."""
    containers = world.hosts[host].containers
    place = next(i for i, c in enumerate(containers) if c.id == container_id)
    new = replace(containers[place], **changes)
    world.change_host(host, containers=(*containers[:place], new, *containers[place + 1 :]))
    return new


def add(world: World, host: str, container: Container, spec: ContainerSpec) -> None:
    """Book a new container; the newest is listed first."""
    world.change_host(host, containers=(container, *world.hosts[host].containers))
    put_spec(world, host, container.id, spec)


def drop(world: World, host: str, container_id: str) -> None:
    """Forget a container and all that was written for it; links to it keep its last name."""
    _keep_names(world, host, container_id)
    world.change_host(host, containers=tuple(c for c in world.hosts[host].containers if c.id != container_id))
    daemon = state.daemon(world, host)
    kept = {key: spec for key, spec in daemon.containers.items() if key != container_id}
    state.put_daemon(world, host, replace(daemon, containers=kept))
    world.logs.pop((host, container_id), None)
    for key in [key for key in world.files if key[0] == host and key[1] == container_id]:
        del world.files[key]


def _keep_names(world: World, host: str, container_id: str) -> None:
    gone = by_id(world, host, container_id)
    for key, one in state.daemon(world, host).containers.items():
        if gone is not None and any(other == container_id for other, _ in one.config.links):
            links = tuple((f"{o}/{gone.name}" if o == container_id else o, alias) for o, alias in one.config.links)
            change_spec(world, host, key, config=replace(one.config, links=links))


def spec(world: World, host: str, container_id: str) -> ContainerSpec:
    """What the daemon remembers of a container."""
    return state.daemon(world, host).containers[container_id]


def put_spec(world: World, host: str, container_id: str, new: ContainerSpec) -> None:
    daemon = state.daemon(world, host)
    state.put_daemon(world, host, replace(daemon, containers={**daemon.containers, container_id: new}))


def change_spec(world: World, host: str, container_id: str, **changes: Any) -> ContainerSpec:
    """Replace fields of a spec; the new value."""
    new = replace(spec(world, host, container_id), **changes)
    put_spec(world, host, container_id, new)
    return new


def name_of_link(world: World, host: str, other: str) -> str:
    """The name of a link's other end: its present one, or the last one of a container that is gone ('ID/NAME')."""
    found = by_id(world, host, other)
    return found.name if found else other.rpartition("/")[2]
