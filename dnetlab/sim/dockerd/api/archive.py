"""Files of containers: HEAD, GET and PUT /containers/{id}/archive, GET /containers/{id}/changes and /export.

JSON has no bytes: an archive is its tar in base64.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
from typing import Any

from dnetlab.sim import clock
from dnetlab.sim.dockerd import archive, books, containerfiles, happenings
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.tarfiles import pack
from dnetlab.sim.world import World

Json = dict[str, Any]
_KINDS = {"C": 0, "A": 1, "D": 2}


def in_text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def in_bytes(text: str) -> bytes:
    """Raises ApiError 400 for what is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ApiError("the archive is not in base64", 400) from None


def container_archive_info(world: World, host: str, name: str, path: str) -> Json:
    """HEAD /containers/{id}/archive: {'name': …, 'size': …, 'mode': …, 'mtime': …, 'linkTarget': …}.

    mode as Go's FileMode: its highest bit says directory. Raises ApiError 404 for a container or path that isn't there.
    """
    _, files, full = archive.find(world, host, name, path)
    return archive.stat_of(files, full, world.clock)


def container_archive(world: World, host: str, name: str, path: str) -> Json:
    """GET /containers/{id}/archive: {'Stat': as container_archive_info, 'Archive': a tar in base64}.

    The entries begin with the last name of the path. Raises ApiError 404.
    """
    container, files, full = archive.find(world, host, name, path)
    content = pack(files, full, posixpath.basename(full) or "/", clock.since_1970(world.clock))
    happenings.of_mounts(world, host, container, "mount")
    happenings.of_container(world, host, container, "archive-path")
    happenings.of_mounts(world, host, container, "unmount")
    return {"Stat": archive.stat_of(files, full, world.clock), "Archive": in_text(content)}


def put_container_archive(world: World, host: str, name: str, path: str, content: str) -> None:
    """PUT /containers/{id}/archive: unpack a tar (base64) in that directory.

    Raises ApiError 400 for a path that is no directory, 403 where nothing may be written, 404.
    """
    archive.unpack(world, host, name, path, in_bytes(content))


def container_changes(world: World, host: str, name: str) -> list[Json]:
    """GET /containers/{id}/changes: [{'Kind': 0, 'Path': '/etc'}]: 0 changed, 1 added, 2 deleted. Raises ApiError."""
    container = books.find(world, host, name)
    return [{"Path": path, "Kind": _KINDS[kind]} for kind, path in containerfiles.changes(world, host, container)]


def container_export(world: World, host: str, name: str) -> str:
    """GET /containers/{id}/export: a tar in base64 of the files that the lab holds of it. Raises ApiError 404."""
    return in_text(archive.export(world, host, name))
