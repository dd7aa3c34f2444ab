"""What is used: GET /system/df, /containers/{id}/stats, /images/{name}/history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dnetlab.model import Image
from dnetlab.sim import clock
from dnetlab.sim.dockerd import books, images, inspect, mounts, resources, volumes
from dnetlab.sim.dockerd.api.images import summary as image_summary
from dnetlab.sim.dockerd.api.summary import summary
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.userland.seam import encoded
from dnetlab.sim.world import World

Json = dict[str, Any]


def container_stats(world: World, host: str, name: str) -> Json:
    """GET /containers/{id}/stats?stream=false: one reading. Raises ApiError 404."""
    return resources.stats(world, host, name)


KINDS = {"container": "Containers", "image": "Images", "volume": "Volumes", "build-cache": "BuildCache"}


def system_data_usage(world: World, host: str, kinds: Sequence[str] = ()) -> Json:
    """GET /system/df: {'LayersSize': …, 'Images': […], 'Containers': […], 'Volumes': […], 'BuildCache': []}.

    An image has SharedSize, Size and Containers; a container SizeRw; a volume UsageData. kinds: those that were asked
    for, the others are None; () is all. Raises ApiError 400 for another kind.
    """
    unknown = next((kind for kind in kinds if kind not in KINDS), None)
    if unknown is not None:
        raise ApiError(f"unknown object type: {unknown}", 400)
    found = _used(world, host)
    wanted = {KINDS[kind] for kind in kinds} or set(KINDS.values())
    size = found["LayersSize"] if "Images" in wanted else 0
    lists = ("Images", "Containers", "Volumes", "BuildCache")
    return {"LayersSize": size, **{name: found[name] if name in wanted else None for name in lists}}


def _used(world: World, host: str) -> Json:
    machine = world.hosts[host]
    shown = [image for image in machine.images if not images.is_between(world, host, image)]
    return {
        "LayersSize": _layers_size(world, host),
        "Images": [_image(world, host, image, shown) for image in shown],
        "Containers": [summary(world, host, container, size=True) for container in machine.containers],
        "Volumes": [_volume(world, host, volume.name) for volume in machine.volumes],
        "BuildCache": [],
    }


def _layers_size(world: World, host: str) -> int:
    found: dict[str, int] = {}
    for image in world.hosts[host].images:
        recipe = images.recipe_of(world, image.id)
        found |= dict(zip(recipe.layer_ids, images.layer_rooms(world, recipe), strict=True))
    return sum(found.values())


def _image(world: World, host: str, image: Image, others: list[Image]) -> Json:
    found = image_summary(world, host, image, list(image.tags))
    specs = books.daemon(world, host).containers.values()
    recipe = images.recipe_of(world, image.id)
    elsewhere = {layer for other in others if other.id != image.id
                 for layer in images.recipe_of(world, other.id).layer_ids}  # fmt: skip
    if books.release_of(world).image_store:  # it doesn't tell (recorded from 29.7.2)
        elsewhere = set()
    shared = sum(size for layer, size in zip(recipe.layer_ids, recipe.layer_sizes, strict=True) if layer in elsewhere)
    return found | {"SharedSize": shared, "Containers": sum(spec.image_id == image.id for spec in specs)}


def _volume(world: World, host: str, name: str) -> Json:
    kept = mounts.below(world, (host, "", f"{mounts.VOLUMES}/{name}/_data"))
    used = {"Size": sum(len(encoded(world.files[key])) for key in kept),
            "RefCount": len(volumes.users(world, host, name))}  # fmt: skip
    return {**inspect.volume_json(world, host, name), "UsageData": used}


def image_history(world: World, host: str, name: str) -> list[Json]:
    """GET /images/{name}/history: the newest first; of images that aren't here the Id is '<missing>'. ApiError 404."""
    image = images.find(world, host, name)
    recipe, rows = images.recipe_of(world, image.id), []
    known: str = image.id
    for step in reversed(recipe.history):
        there = next((i for i in world.hosts[host].images if i.id == known), None)
        rows.append({
            "Id": known if there else "<missing>", "Created": clock.unix(step.created), "CreatedBy": step.by,
            "Tags": list(there.tags) or None if there else None, "Size": step.size, "Comment": step.comment,
        })  # fmt: skip
        known = images.recipe_of(world, known).parent if there else ""
    return rows

