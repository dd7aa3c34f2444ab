"""Images: GET, POST and DELETE /images."""

from __future__ import annotations

from typing import Any

from dnetlab.model import Image
from dnetlab.sim import clock
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import books, images, inspect
from dnetlab.sim.dockerd.api import filters as wanted
from dnetlab.sim.dockerd.api.filters import Filters
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

Json = dict[str, Any]


def image_list(world: World, host: str, filters: Filters | None = None) -> list[Json]:
    """GET /images/json: the newest first, each with those of its names that the filters take."""
    matches = wanted.image_matches(world, host, filters or {})
    found = []
    for image in sorted(world.hosts[host].images, key=lambda i: -i.created):
        tags = [tag for tag in image.tags or ("",) if matches(image, tag)]
        if tags:
            found.append(_summary(world, host, image, [tag for tag in tags if tag]))
    return found


def _summary(world: World, host: str, image: Image, tags: list[str]) -> Json:
    recipe = images.recipe_of(image.id)
    pulled = sorted(name for name in books.daemon(world, host).pulled if name.endswith(recipe.digest))
    return {
        "Containers": -1, "Created": clock.unix(image.created), "Id": image.id, "Labels": dict(recipe.labels) or None,
        "ParentId": "", "RepoDigests": pulled, "RepoTags": tags, "SharedSize": -1, "Size": image.size,
    }  # fmt: skip


def image_inspect(world: World, host: str, name: str) -> Json:
    """GET /images/{name}/json. Raises ApiError 404."""
    try:
        return inspect.image_json(world, host, name)
    except ApiError as error:
        if error.status != 404:
            raise
        raise ApiError(release_of(world).text("inspect unknown image", name=name, message=error.message), 404) from None


def image_create(world: World, host: str, from_image: str, tag: str = "") -> list[Json]:
    """POST /images/create: pull; the messages of its progress, {'status': …, 'id': …}. Raises ApiError."""
    name = from_image if not tag else f"{from_image}@{tag}" if ":" in tag else f"{from_image}:{tag}"
    return list(images.pull(world, host, name).messages)


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
    if chosen:
        raise Refused("docker image prune --filter is not simulated.", "Remove one image with docker rmi IMAGE.")
    gone, room = images.prune(world, host, everything)
    return {"ImagesDeleted": gone or None, "SpaceReclaimed": room}
