"""The files of a container beside its image's: unpacked when it is created, compared for `docker diff`, and taken as a
layer for `docker commit`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dnetlab.model import Container
from dnetlab.model.owned import Owned
from dnetlab.sim.dockerd import books, images, mounts
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.dockerd.imagelayers import Layer
from dnetlab.sim.world import FileKey, World

# What the daemon mounts into a container or the kernel makes: no part of its own layer.
_OF_DAEMON = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
_OF_KERNEL = ("/proc/", "/sys/", "/dev/")
_DIRECTORIES = frozenset((
    "/bin", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr",
    "/usr/bin", "/usr/sbin", "/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/share", "/usr/lib", "/var",
    "/var/run", "/var/log", "/var/lib", "/var/tmp", "/var/cache", "/opt", "/mnt", "/media",
))  # fmt: skip
_BUSYBOX_LACKS = ("/srv", "/opt", "/mnt", "/media", "/run", "/var/cache")
_DIRECTORIES_OF = {
    "php-fpm": ("/var/www", "/var/www/html"),
}  # fmt: skip
_ALWAYS = ("/etc/passwd", "/etc/group", "/etc/nsswitch.conf")


def has_directory(world: World, image_id: str, path: str) -> bool:
    """Is there such a directory in the image?"""
    recipe = images.recipe_of(world, image_id)
    small = recipe.userland not in ("debian",)
    if path in _DIRECTORIES and not (small and path in _BUSYBOX_LACKS):
        return True
    if path in _DIRECTORIES_OF.get(recipe.key, ()) or path + "/" in recipe.content.files:
        return True
    return any(other.startswith(path + "/") for other in (*recipe.content.files, *recipe.content.links))


def has_file(world: World, image_id: str, path: str) -> bool:
    """Is there such a file, or link, in the image?"""
    recipe = images.recipe_of(world, image_id)
    own = recipe.content
    return path in own.files or path in own.links or path in _ALWAYS


def unpack(world: World, host: str, container_id: str, image_id: str) -> None:
    """The files of an image, where its new container has them."""
    content = images.recipe_of(world, image_id).content
    world.files.give(host, container_id, content.files)
    world.links.give(host, container_id, content.links)
    world.modes.give(host, container_id, content.modes)
    world.owners.give(host, container_id, content.owners)


def fill_mounts(world: World, host: str, config: ContainerConfig, image_id: str) -> None:
    """A new volume begins with what the image has there; a directory of the host that isn't there is made."""
    recipe = images.recipe_of(world, image_id)
    for mount in config.mounts:
        at = (host, "", mounts.source_of(mount))
        there = at in world.files or at[2] in mounts.SOCKETS or mounts.below(world, at)
        if mount.kind == "bind" and not there:
            world.files[host, "", at[2] + "/"] = ""
        kept_empty = dict(mount.settings).get("VolumeOptions", {}).get("NoCopy")
        if mount.kind != "volume" or kept_empty or mounts.below(world, at):
            continue
        prefix = mount.destination.rstrip("/") + "/"
        for path, text in recipe.content.files.items():
            if path.startswith(prefix):
                world.files[host, "", f"{at[2]}/{path.removeprefix(prefix)}"] = text
        _fill_owners(world, host, recipe.content.owners, mount.destination.rstrip("/"), at[2])


def _fill_owners(world: World, host: str, owners: Mapping[str, tuple[int, int]], place: str, source: str) -> None:
    """A new volume is whose the image's directory is, and so is what lies in it."""
    for path, owner in owners.items():
        if path == place or path.startswith(place + "/"):
            world.owners[host, "", source + path.removeprefix(place)] = owner


def forget_volume(world: World, host: str, name: str) -> None:
    """A volume is gone, and its files with it."""
    place = f"{mounts.VOLUMES}/{name}"
    for key in mounts.below(world, (host, "", place)):
        del world.files[key]
    for key in [(host, "", path) for path in world.owners.of(host) if (path + "/").startswith(place + "/")]:
        del world.owners[key]


# -- what is different --------------------------------------------------------------------------------------------


def _is_own(world: World, key: FileKey) -> bool:
    path = key[2]
    if path in _OF_DAEMON or path.startswith(_OF_KERNEL):
        return False
    spec = books.daemon(world, key[0]).containers.get(key[1])
    if spec is not None and path in spec.config.given:
        return False
    return mounts.mount_at(world, key[0], key[1], path) is None


def own_layer(world: World, host: str, container: Container) -> Layer:
    """What the container has on top of its image."""
    content = images.recipe_of(world, books.spec(world, host, container.id).image_id).content
    files = _different(world, host, container.id, world.files, content.files)
    links = _different(world, host, container.id, world.links, content.links)
    modes = _different(world, host, container.id, world.modes, content.modes)
    owners = _different(world, host, container.id, world.owners, content.owners)
    here = {*world.files.of(host, container.id), *world.links.of(host, container.id)}
    gone = [path for path in (*content.files, *content.links)
            if path not in here and _is_own(world, (host, container.id, path))]  # fmt: skip
    return Layer(files, links, modes, tuple(sorted(path.rstrip("/") for path in gone)), owners=owners)


def size_of(world: World, host: str, container: Container) -> int:
    """Bytes of its own layer."""
    return sum(len(text.encode()) for text in own_layer(world, host, container).files.values())


def _different(world: World, host: str, container_id: str, book: Owned[Any], below: Any) -> dict[str, Any]:
    return {path: value for path, value in book.of(host, container_id).items()
            if _is_own(world, (host, container_id, path)) and below.get(path) != value}  # fmt: skip


def changes(world: World, host: str, container: Container) -> list[tuple[str, str]]:
    """(kind, path) by path; kind: 'C' changed, 'A' added, 'D' deleted. A directory in which something changed has
    changed itself (moby pkg/archive/changes.go)."""
    layer = own_layer(world, host, container)
    image_id = books.spec(world, host, container.id).image_id
    found: dict[str, str] = {path: "D" for path in layer.gone}
    touched = [path.rstrip("/") for path in (*layer.files, *layer.links, *layer.modes, *layer.owners)]
    for mount in mounts.mounts_of(world, host, container.id):
        if container.started is not None:
            touched.append(mount.destination.rstrip("/"))
    for path in touched:
        known = has_file(world, image_id, path) or has_directory(world, image_id, path)
        is_point = any(m.destination.rstrip("/") == path for m in mounts.mounts_of(world, host, container.id))
        if not (known and is_point):
            found.setdefault(path, "C" if known else "A")
    for path in [path for path in found if path.count("/") > 1]:
        for parent in _parents(path):
            found.setdefault(parent, "C" if has_directory(world, image_id, parent) else "A")
    return [(found[path], path) for path in sorted(found, key=lambda path: path.split("/"))]


def _parents(path: str) -> Iterable[str]:
    parts = path.split("/")
    return ("/".join(parts[:n]) for n in range(2, len(parts)))
