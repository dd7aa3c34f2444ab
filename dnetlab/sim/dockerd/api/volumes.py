"""Volumes: GET, POST and DELETE /volumes."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.dockerd import happenings, inspect, volumes
from dnetlab.sim.dockerd.api import filters as wanted
from dnetlab.sim.dockerd.api.filters import Filters
from dnetlab.sim.world import World

Json = dict[str, Any]


def volume_list(world: World, host: str, filters: Filters | None = None) -> Json:
    """GET /volumes: {'Volumes': […], 'Warnings': None}, in no order worth a promise."""
    matches = wanted.volume_matches(world, host, filters or {})
    found = [inspect.volume_json(world, host, v.name) for v in world.hosts[host].volumes if matches(v)]
    return {"Volumes": found, "Warnings": None}


def volume_inspect(world: World, host: str, name: str) -> Json:
    """GET /volumes/{name}. Raises ApiError 404."""
    return inspect.volume_json(world, host, name)


def volume_create(world: World, host: str, body: Json) -> Json:
    """POST /volumes/create: the volume, a new one or that of this name. body: Name, Driver, Labels, DriverOpts."""
    name = volumes.create(world, host, body.get("Name", ""), body.get("Driver") or "local",
                          labels=body.get("Labels"), options=body.get("DriverOpts"))  # fmt: skip
    return inspect.volume_json(world, host, name)


def volume_delete(world: World, host: str, name: str, force: bool = False) -> None:
    """DELETE /volumes/{name}. Raises ApiError 404 (not with force), 409 for one in use."""
    volumes.remove(world, host, name, force)


def volume_prune(world: World, host: str, filters: Filters | None = None) -> Json:
    """POST /volumes/prune: those no container uses; filter all=1 takes the named ones too."""
    chosen = dict(filters or {})
    everything = chosen.pop("all", []) in (["1"], ["true"])
    wanted.check_names(world, chosen, ("label", "label!"))
    spared = wanted.spared_by_prune(world, chosen)
    gone = list(volumes.prune(world, host, everything, lambda labels: spared(0, labels)))
    happenings.of_prune(world, host, "volume")
    return {"VolumesDeleted": gone, "SpaceReclaimed": 0}
