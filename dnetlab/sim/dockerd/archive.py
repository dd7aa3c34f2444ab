"""Files of containers as tar archives: `docker cp` both ways, and `docker export`."""

from __future__ import annotations

import io
import posixpath
import tarfile

from dnetlab.model import Container
from dnetlab.model.changed import replace
from dnetlab.sim import clock
from dnetlab.sim.dockerd import books, containerfiles, happenings, images, mounts
from dnetlab.sim.dockerd.environment import context_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.imagelayers import Layer
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.tarfiles import NotATar, entries, make_parents, spread
from dnetlab.sim.user import ROOT
from dnetlab.sim.userland.seam import encoded
from dnetlab.sim.world import World


class NoArchive(ApiError):
    """What was sent is no archive; what the daemon says of it depends on what it was for."""

    def __init__(self) -> None:
        super().__init__("unexpected EOF", 500)


def files_of(world: World, host: str, container: Container) -> LabFiles:
    """The container's files, running or not, as the daemon reaches them."""
    return LabFiles(replace(context_of(world, host, container.id), user=ROOT))


def find(world: World, host: str, name: str, path: str) -> tuple[Container, LabFiles, str]:
    """The container, its files and the path in it, made absolute. Raises ApiError 404 for a path that isn't there."""
    container = books.find(world, host, name)
    files, full = files_of(world, host, container), posixpath.normpath("/" + path.lstrip("/"))
    if not files.kind(full) and files.target(full) is None:
        raise ApiError(f"Could not find the file {path} in container {name}", 404)
    return container, files, full


def make_working_directory(world: World, host: str, container: Container) -> None:
    """The directory of -w or WORKDIR, where it isn't there yet: root's, whoever the program is (moby
    container/container_unix.go SetupWorkingDirectory)."""
    path = books.spec(world, host, container.id).config.working_dir
    if path:
        make_parents(files_of(world, host, container), posixpath.join(posixpath.normpath(path), "x"))


def stat_of(files: LabFiles, path: str, now: float) -> dict[str, object]:
    """What the header X-Docker-Container-Path-Stat tells: name, size, mode as Go counts it, mtime, linkTarget."""
    target = files.target(path)
    kind, mode = files.kind(path), files.mode(path) if target is None else 0o777
    flags, mode = (1 << 20 if mode & 0o1000 else 0), mode & 0o777
    flags |= 1 << 31 if kind == "directory" and target is None else 1 << 27 if target is not None else 0
    size = len(encoded(files.read(path))) if kind == "file" and target is None else 4096
    return {"name": posixpath.basename(path) or "/", "size": size, "mode": flags | mode,
            "mtime": f"{clock.moment(now):%Y-%m-%dT%H:%M:%S}Z", "linkTarget": target or ""}  # fmt: skip


def unpack(world: World, host: str, name: str, path: str, content: bytes) -> None:
    """Put an archive's entries into a directory of the container. Raises ApiError as the daemon does."""
    container, files, full = find(world, host, name, path)
    if files.kind(full) != "directory":
        raise ApiError("extraction point is not a directory", 400)
    mount = mounts.mount_at(world, host, container.id, full)
    if mount is not None and mount.read_only:
        raise ApiError("mounted volume is marked read-only", 403)
    if mount is None and books.spec(world, host, container.id).config.read_only:
        raise ApiError("container rootfs is marked read-only", 403)
    try:
        spread(files, full, content)
    except NotATar:
        raise NoArchive from None
    except OSError as error:
        raise ApiError(f"{error.strerror or error}".lower(), 500) from None
    happenings.of_mounts(world, host, container, "mount")
    happenings.of_container(world, host, container, "extract-to-dir")
    happenings.of_mounts(world, host, container, "unmount")


def read(content: bytes) -> list[tuple[tarfile.TarInfo, str]]:
    """The entries of an archive, each with its text. Raises NoArchive."""
    try:
        return entries(content)
    except NotATar:
        raise NoArchive from None


# -- a whole container --------------------------------------------------------------------------------------------


def export(world: World, host: str, name: str) -> bytes:
    """`docker export`: the files that the lab holds of it; what a later import must know stands in the header."""
    container = books.find(world, host, name)
    recipe = images.recipe_of(world, books.spec(world, host, container.id).image_id)
    layer = containerfiles.own_layer(world, host, container)
    whole = Layer({**recipe.content.files, **layer.files}, {**recipe.content.links, **layer.links},
                  {**recipe.content.modes, **layer.modes},
                  owners={**recipe.content.owners, **layer.owners})  # fmt: skip
    told = {"dnetlab.userland": recipe.userland, "dnetlab.key": recipe.key, "dnetlab.size": str(recipe.size),
            "dnetlab.programs": " ".join(recipe.programs)}  # fmt: skip
    happenings.of_container(world, host, container, "export")
    return packed_layer(whole, layer.gone, told)


def packed_layer(layer: Layer, gone: tuple[str, ...] = (), told: dict[str, str] | None = None) -> bytes:
    """The files of a layer as an archive, those named as gone left out."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers=told or {}) as tar:
        for path in sorted({*layer.files, *layer.links}):
            if any(path.rstrip("/") == one or path.startswith(one + "/") for one in gone):
                continue
            entry = tarfile.TarInfo(path.strip("/"))
            entry.mode = layer.modes.get(path.rstrip("/"), 0o755 if path.endswith("/") else 0o644)
            entry.uid, entry.gid = layer.owners.get(path.rstrip("/"), (0, 0))
            if path in layer.links:
                entry.type, entry.linkname = tarfile.SYMTYPE, layer.links[path]
            elif path.endswith("/"):
                entry.type = tarfile.DIRTYPE
            content = encoded(layer.files.get(path, "")) if entry.isreg() else b""
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def unpacked_layer(content: bytes) -> tuple[Layer, dict[str, str]]:
    """The files in an archive as a layer, and what its header tells. Raises ApiError for what is no archive."""
    files: dict[str, str] = {}
    links: dict[str, str] = {}
    modes: dict[str, int] = {}
    owners: dict[str, tuple[int, int]] = {}
    gone: list[str] = []
    told: dict[str, str] = {}
    for entry, text in read(content):
        told |= {key: value for key, value in entry.pax_headers.items() if key.startswith("dnetlab.")}
        path = posixpath.normpath("/" + entry.name.lstrip("/"))
        folder, base = posixpath.split(path)
        if (entry.uid, entry.gid) != (0, 0) and path != "/":
            owners[path] = entry.uid, entry.gid
        if base.startswith(".wh."):
            gone.append(posixpath.join(folder, base.removeprefix(".wh.")))
        elif path == "/":
            continue
        elif entry.isdir():
            files[path + "/"] = ""
        elif entry.issym():
            links[path] = entry.linkname
        elif entry.isreg():
            files[path] = text
            if entry.mode & 0o7777 != 0o644:
                modes[path] = entry.mode & 0o7777
    told |= _global_headers(content)
    return Layer(files, links, modes, tuple(gone), owners=owners), told


def _global_headers(content: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as tar:
        tar.getmembers()
        return {key: value for key, value in tar.pax_headers.items() if key.startswith("dnetlab.")}
