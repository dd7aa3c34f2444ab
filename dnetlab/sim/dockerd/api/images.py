"""Images: GET, POST and DELETE /images."""

from __future__ import annotations

from typing import Any

from dnetlab.model import Image
from dnetlab.sim import clock
from dnetlab.sim.dockerd import books, happenings, images, registries
from dnetlab.sim.dockerd.api import filters as wanted
from dnetlab.sim.dockerd.api.filters import Filters
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.inspect_image import image_json
from dnetlab.sim.world import World

Json = dict[str, Any]


def image_list(
    world: World, host: str, filters: Filters | None = None, manifests: bool = False, every: bool = False
) -> list[Json]:
    """GET /images/json: the newest first, each with those of its names that the filters take.

    every: (`all` in the query) steps on the way to another image, too.
    manifests: with what each takes of the disk, by platform, where containerd keeps the images.
    """
    matches = wanted.image_matches(world, host, filters or {})
    found, shown = [], books.release_of(world).image_store
    for image in sorted(world.hosts[host].images, key=lambda i: -i.created):
        if images.is_between(world, host, image) and not every:
            continue
        tags = [tag for tag in image.tags or ("",) if matches(image, tag)]
        if tags:
            one = summary(world, host, image, [tag for tag in tags if tag])
            found.append(one | {"Manifests": [_manifest(world, host, image)]} if manifests and shown else one)
    return found


def summary(world: World, host: str, image: Image, tags: list[str]) -> Json:
    """One row of the list (moby api/types/image.Summary)."""
    recipe = images.recipe_of(world, image.id)
    return {
        "Containers": -1, "Created": clock.unix(image.created), "Id": image.id, "Labels": dict(recipe.labels) or None,
        "ParentId": recipe.parent, "RepoDigests": images.digests(world, host, image), "RepoTags": tags,
        "SharedSize": -1,
        "Size": images.room_of(world, image.id).size,
    }  # fmt: skip


def _manifest(world: World, host: str, image: Image) -> Json:
    """One of `.Manifests` (moby api/types/image/manifest.go)."""
    room = images.room_of(world, image.id)
    specs = books.daemon(world, host).containers
    return {
        "ID": image.id, "Available": True, "Kind": "image",
        "Size": {"Content": room.content, "Total": room.size},
        "ImageData": {
            "Platform": {"architecture": "amd64", "os": "linux"}, "Size": {"Unpacked": room.files},
            "Containers": sorted(name for name, spec in specs.items() if spec.image_id == image.id),
        },
    }  # fmt: skip


def image_inspect(world: World, host: str, name: str) -> Json:
    """GET /images/{name}/json. Raises ApiError 404."""
    try:
        return image_json(world, host, name)
    except ApiError as error:
        if error.status != 404:
            raise
        raise ApiError(release_of(world).text("inspect unknown image", name=name, message=error.message), 404) from None


def image_create(world: World, host: str, from_image: str, tag: str = "") -> list[Json]:
    """POST /images/create: pull; the messages of its progress, {'status': …, 'id': …}. Raises ApiError."""
    name = from_image if not tag else f"{from_image}@{tag}" if ":" in tag else f"{from_image}:{tag}"
    if images.parse_reference(name).domain:
        return registries.pull(world, host, name)
    return list(images.pull(world, host, name).messages)


def image_push(world: World, host: str, name: str, tag: str = "") -> list[Json]:
    """POST /images/{name}/push: the messages of its progress, the last {'errorDetail': …, 'error': …} when it failed.

    Without a tag all of the repository go. Raises ApiError 400 for what is no name.
    """
    reference = f"{name}:{tag}" if tag else name
    said = registries.push(world, host, reference, every=not tag)
    return [{"errorDetail": {"message": row["error"]}, "error": row["error"]} if "error" in row else row
            for row in said]  # fmt: skip


def image_tag(world: World, host: str, name: str, repo: str, tag: str = "") -> None:
    """POST /images/{name}/tag. Raises ApiError 404 for an unknown image."""
    images.tag(world, host, name, f"{repo}:{tag}" if tag else repo)


def image_delete(world: World, host: str, name: str, force: bool = False) -> list[Json]:
    """DELETE /images/{name}: [{'Untagged': …}, {'Deleted': …}]. Raises ApiError 404, 409 for one in use."""
    return list(images.remove(world, host, name, force=force))


def image_prune(world: World, host: str, filters: Filters | None = None) -> Json:
    """POST /images/prune: dangling ones; filter dangling=0 takes all that no container uses."""
    chosen = dict(filters or {})
    everything = chosen.pop("dangling", ["1"]) in (["0"], ["false"])
    spared = wanted.spared_by_prune(world, chosen)
    gone, room = images.prune(world, host, everything, spared)
    happenings.of_prune(world, host, "image", room)
    return {"ImagesDeleted": gone or None, "SpaceReclaimed": room}
