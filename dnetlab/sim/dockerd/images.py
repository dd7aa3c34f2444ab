"""Images of a host: the lab's own ones, and pull, tag, remove, prune, in the daemon's words.

An image is its id; tags only point at it. One that no tag points at any more is dangling: `<none>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dnetlab.commands.docker import reference as names
from dnetlab.commands.docker.reference import Reference
from dnetlab.errors import UsageError
from dnetlab.model import Container, Image
from dnetlab.model.changed import replace
from dnetlab.sim.dockerd import books, happenings, hub
from dnetlab.sim.dockerd.catalogue import BY_ID, BY_TAG, CATALOGUE, STORED, Recipe
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World


def parse_reference(text: str) -> Reference:
    """Read an image's name. Raises ApiError 400 in the words of distribution/reference."""
    try:
        return names.parse_reference(text)
    except names.BadReference as error:
        raise ApiError(str(error), 400) from None


# -- what is there ------------------------------------------------------------------------------------------------


def install_catalogue(world: World, host: str) -> None:
    """Put the images that the topology names on a host, in the catalogue's order. UsageError for an unknown one."""
    wanted = world.topology.images
    known = {tag for recipe in CATALOGUE for tag in (*recipe.present, *recipe.tags)}
    for tag in wanted:
        if tag not in known:
            raise UsageError(
                "the simulator has no image {tag}", hint="It knows {known}.", tag=tag, known=", ".join(sorted(known))
            )
    found = [(r, tuple(tag for tag in dict.fromkeys((*r.present, *r.tags)) if tag in wanted)) for r in CATALOGUE]
    world.change_host(host, images=tuple(Image(r.id, tags, r.created, r.size) for r, tags in found if tags))


def find(world: World, host: str, text: str) -> Image:
    """An image by name, id or the beginning of an id (an id of 12 or 64 digits is tried as such first, as moby does).

    Raises ApiError 404 `No such image: nosuch:latest`.
    """
    found = _lookup(world, host, text)
    if found is None:
        shown = text if _is_id_prefix(text, 12) else str(parse_reference(text))
        raise ApiError(f"No such image: {shown}", 404)
    return found


def _lookup(world: World, host: str, text: str) -> Image | None:
    images = world.hosts[host].images
    bare = text.removeprefix("sha256:")
    if _is_id_prefix(text, 64):
        return next((i for i in images if i.id == f"sha256:{bare}"), None)
    reference = parse_reference(text)
    if reference.digest:
        known = {f"{tag.rpartition(':')[0]}@{recipe_of(world, i.id).digest}": i for i in images for tag in i.tags}
        return known.get(f"{reference.repository}@{reference.digest}")
    named = next((i for i in images if str(reference) in i.tags), None)
    if named is not None or not _is_id_prefix(text, 1):
        return named
    by_id = [i for i in images if i.id.removeprefix("sha256:").startswith(bare)]
    return by_id[0] if len(by_id) == 1 else None


def _is_id_prefix(text: str, at_least: int) -> bool:
    bare = text.removeprefix("sha256:")
    return re.fullmatch(r"[0-9a-f]{1,64}", bare) is not None and len(bare) >= at_least


def recipe_of(world: World, image_id: str) -> Recipe:
    """What is inside an image, one of the catalogue or one that was made here. KeyError for an unknown id."""
    made: Recipe | None = world.made.get(image_id)
    return made or BY_ID[image_id]


def keep(world: World, host: str, recipe: Recipe, tag: str = "") -> None:
    """An image that was made here is on the host, and that tag points at it."""
    place(world, host, recipe, tag)
    if tag:
        happenings.of_image(world, host, recipe.id, "tag", tag)


def place(world: World, host: str, recipe: Recipe, tag: str = "") -> None:
    """The same, without telling of it; the image may be one of the catalogue."""
    if recipe.made_id:
        world.made[recipe.id] = recipe
    if all(image.id != recipe.id for image in world.hosts[host].images):
        image = Image(recipe.id, (), recipe.created, recipe.size)
        world.change_host(host, images=(*world.hosts[host].images, image))
    if tag:
        _point(world, host, tag, recipe.id)


def children(world: World, host: str, image_id: str) -> list[Image]:
    """The images on the host that were made from that one."""
    return [i for i in world.hosts[host].images if recipe_of(world, i.id).parent == image_id]


def is_between(world: World, host: str, image: Image) -> bool:
    """Is it only a step on the way to another? Lists leave it out unless they are asked for all."""
    return not image.tags and bool(children(world, host, image.id))


@dataclass(frozen=True)
class Room:
    """What an image takes, in bytes: size as a list shows it, content of its archives, files unpacked of them."""

    size: int
    content: int
    files: int


def room_of(world: World, image_id: str) -> Room:
    """What an image takes. In containerd's store both count, its content and its files (recorded from 29.7.2)."""
    recipe = recipe_of(world, image_id)
    if not books.release_of(world).image_store:
        return Room(recipe.size, recipe.size, recipe.size)
    stored = [STORED[layer] for layer in recipe.layers] + [(layer.size, layer.size) for layer in recipe.made]
    content, files = sum(c for c, _ in stored), sum(f for _, f in stored)
    return Room(content + files, content, files)


def layer_rooms(world: World, recipe: Recipe) -> tuple[int, ...]:
    """What each layer of an image takes, in bytes."""
    if not books.release_of(world).image_store:
        return recipe.layer_sizes
    below = (sum(STORED[name]) for name in recipe.layers)
    return (*below, *(2 * layer.size for layer in recipe.made))


def digests(world: World, host: str, image: Image) -> list[str]:
    """`.RepoDigests`: of what was pulled; in containerd's store every name has one, the image's id."""
    if books.release_of(world).image_store:
        return sorted({f"{tag.rpartition(':')[0]}@{image.id}" for tag in image.tags})
    digest = recipe_of(world, image.id).digest
    return sorted(name for name in books.daemon(world, host).pulled if name.endswith(digest))


def digest_of(world: World, recipe: Recipe) -> str:
    """By which a registry knows an image: that of its manifest, which is its id in containerd's store."""
    return recipe.id if books.release_of(world).image_store else recipe.digest


def of_digest(world: World, digest: str) -> Recipe | None:
    """What is in the image that a registry knows by that digest."""
    return next((r for r in (*world.made.values(), *BY_ID.values()) if digest_of(world, r) == digest), None)


def notes_of(reference: str) -> dict[str, str]:
    """What containerd notes of an image that was asked for by this name; {} for an id."""
    if _is_id_prefix(reference, 12):
        return {}
    found = parse_reference(reference)
    return {"io.containerd.image.name": found.full, "org.opencontainers.image.ref.name": found.tag}


def shown_name(world: World, host: str, container: Container, image_id: str) -> str:
    """The IMAGE column of `docker ps`: as typed, or the id when the name means another image by now."""
    try:
        now = _lookup(world, host, container.image)
    except ApiError:
        now = None
    if now is not None and now.id != image_id or now is None:
        return image_id
    return container.image


# -- pull ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pulled:
    """messages: {'status': …, 'id': layer or tag}, as the daemon tells them; new: whether anything was downloaded."""

    messages: tuple[dict[str, str], ...]
    new: bool


def pull(world: World, host: str, text: str) -> Pulled:
    """`docker pull`, whatever is there already.

    Raises ApiError in the registry's words for a name that nobody has, NotModelled for an image the lab has not.
    """
    reference = parse_reference(text)
    recipe = _in_registry(reference, tuple(tag for image in world.hosts[host].images for tag in image.tags))
    return downloaded(world, host, reference, recipe, reference.path)


def downloaded(world: World, host: str, reference: Reference, recipe: Recipe, path: str) -> Pulled:
    """An image comes from a registry, which calls it by that path. One that is there under another name needs no layer
    (recorded from 28.5.2)."""
    label = reference.tag or reference.digest
    messages = [{"status": f"Pulling from {path}", "id": label}]
    have = {layer for image in world.hosts[host].images for layer in recipe_of(world, image.id).layer_ids}
    known = any(image.id == recipe.id for image in world.hosts[host].images)
    present = any(str(reference) in image.tags and image.id == recipe.id for image in world.hosts[host].images)
    for digest in recipe.layer_ids if not known else ():
        messages.append({"status": "Already exists" if digest in have else "Pull complete", "id": digest[7:19]})
    digest = digest_of(world, recipe) if reference.domain else recipe.digest
    messages.append({"status": f"Digest: {digest}"})
    outcome = "Image is up to date" if present else "Downloaded newer image"
    messages.append({"status": f"Status: {outcome} for {reference}"})
    if not present:
        note_digest(world, host, reference, digest)
        place(world, host, recipe, str(reference) if reference.tag else "")
    happenings.of_image(world, host, str(reference), "pull", reference.repository)
    return Pulled(tuple(messages), not present)


def _in_registry(reference: Reference, present: tuple[str, ...]) -> Recipe:
    if reference.digest:
        found = [r for r in BY_TAG.values() if r.digest == reference.digest]
        if found:
            return found[0]
    elif str(reference) in BY_TAG:
        return BY_TAG[str(reference)]
    hub.refuse(reference, present)
    raise ApiError(
        f"pull access denied for {reference.repository}, repository does not exist or may require 'docker login': "
        "denied: requested access to the resource is denied", 404,
    )  # fmt: skip


def note_digest(world: World, host: str, reference: Reference, digest: str) -> None:
    """A registry knows the image by that digest."""
    daemon = books.daemon(world, host)
    books.put_daemon(world, host, replace(daemon, pulled=daemon.pulled | {f"{reference.repository}@{digest}"}))


def _point(world: World, host: str, tag: str, image_id: str | None) -> None:
    """Let a tag point at that image alone; None: at nothing."""
    images = []
    for image in world.hosts[host].images:
        tags = tuple(t for t in image.tags if t != tag)
        if image.id == image_id:
            tags = tuple(sorted((*tags, tag)))
        images.append(image if tags == image.tags else replace(image, tags=tags))
    world.change_host(host, images=tuple(images))


def tag(world: World, host: str, source: str, target: str) -> None:
    """`docker tag`: one more name for an image; a name that another image had moves over."""
    image = find(world, host, source)
    reference = parse_reference(target)
    if reference.digest:
        raise ApiError("refusing to create a tag with a digest reference", 400)
    _point(world, host, str(reference), image.id)
    happenings.of_image(world, host, image.id, "tag", str(reference))


# -- remove -------------------------------------------------------------------------------------------------------


Change = dict[str, str]  # {'Untagged': 'nginx:latest'} or {'Deleted': 'sha256:…'}


def remove(world: World, host: str, text: str, force: bool = False) -> list[Change]:
    """`docker rmi`: what was untagged and deleted, in this order (moby daemon/images/image_delete.go)."""
    image = find(world, host, text)
    if not is_prefix_of(text, image):
        reference = str(parse_reference(text))
        users = _users(world, host, image)
        if len(image.tags) == 1 and users and not force:
            raise ApiError(
                f'conflict: unable to remove repository reference "{text}" (must force) - container '
                f"{users[0].short_id} is using its referenced image {_short(image)}", 409,
            )  # fmt: skip
        gone = _untag(world, host, image, [reference])
        image = find(world, host, image.id)
        if image.tags or _conflict(world, host, image, force):
            return gone
        return gone + _delete(world, host, image)
    if len(image.tags) > 1 and not force and len({t.rpartition(":")[0] for t in image.tags}) > 1:
        raise ApiError(f"conflict: unable to delete {_short(image)} (must be forced) - image is referenced in multiple "
                       "repositories", 409)  # fmt: skip
    problem = _conflict(world, host, image, force)
    if problem is not None:
        raise ApiError(problem, 409)
    gone = _untag(world, host, image, list(image.tags))
    return gone + _delete(world, host, find(world, host, image.id))


def is_prefix_of(text: str, image: Image) -> bool:
    return image.id.startswith(text) or image.id.removeprefix("sha256:").startswith(text)


def _short(image: Image) -> str:
    return image.id.removeprefix("sha256:")[:12]


def _users(world: World, host: str, image: Image) -> list[Container]:
    specs = books.daemon(world, host).containers
    return [c for c in world.hosts[host].containers if c.id in specs and specs[c.id].image_id == image.id]


def _conflict(world: World, host: str, image: Image, force: bool) -> str | None:
    users = _users(world, host, image)
    running = next((c for c in users if c.is_running), None)
    if running is not None:
        return (f"conflict: unable to delete {_short(image)} (cannot be forced) - image is being used by running "
                f"container {running.short_id}")  # fmt: skip
    if users and not force:
        return (f"conflict: unable to delete {_short(image)} (must be forced) - image is being used by stopped "
                f"container {users[0].short_id}")  # fmt: skip
    return None


def _untag(world: World, host: str, image: Image, tags: list[str]) -> list[Change]:
    for name in tags:
        _point(world, host, name, None)
        happenings.of_image(world, host, image.id, "untag")
    left = {t.rpartition(":")[0] for t in find(world, host, image.id).tags}
    daemon = books.daemon(world, host)
    recipe = recipe_of(world, image.id)
    digests_of_it = recipe.digest, digest_of(world, recipe)
    lost = sorted(d for d in daemon.pulled if d.endswith(digests_of_it) and d.partition("@")[0] not in left)
    if lost:
        books.put_daemon(world, host, replace(daemon, pulled=daemon.pulled - set(lost)))
    return [{"Untagged": name} for name in [*tags, *lost]]


def _delete(world: World, host: str, image: Image) -> list[Change]:
    others = tuple(i for i in world.hosts[host].images if i.id != image.id)
    world.change_host(host, images=others)
    happenings.of_image(world, host, image.id, "delete")
    shared = {layer for other in others for layer in recipe_of(world, other.id).layer_ids}
    recipe = recipe_of(world, image.id)
    own = [digest for digest in recipe.layer_ids if digest not in shared]
    gone = [{"Deleted": digest} for digest in (image.id, *reversed(own))]
    parent = next((i for i in others if i.id == recipe.parent), None)
    if parent is None or parent.tags or children(world, host, parent.id) or _users(world, host, parent):
        return gone
    return gone + _delete(world, host, parent)


def prune(
    world: World, host: str, everything: bool = False,
    spared: Callable[[float, Mapping[str, str]], bool] = lambda created, labels: False,
) -> tuple[list[Change], int]:  # fmt: skip
    """`docker image prune [-a]`: what went, and the bytes reclaimed. Images of any container stay, and those spared."""
    gone: list[Change] = []
    for image in world.hosts[host].images:
        there = any(i.id == image.id for i in world.hosts[host].images)
        if not there or image.tags and not everything or is_between(world, host, image):
            continue
        if not _users(world, host, image) and not spared(image.created, recipe_of(world, image.id).labels):
            gone += _untag(world, host, image, list(image.tags)) + _delete(world, host, image)
    known = (*CATALOGUE, *world.made.values())
    bytes_of = {d: size for r in known for d, size in zip(r.layer_ids, r.layer_sizes, strict=True)}
    return gone, sum(bytes_of.get(change.get("Deleted", ""), 0) for change in gone)
