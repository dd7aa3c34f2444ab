"""Where the files of a container are kept: its own, or those of a host's directory that is mounted into it.

A volume is a directory of the host, too: /var/lib/docker/volumes/NAME/_data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnetlab.sim.world import FileKey, World

if TYPE_CHECKING:
    from dnetlab.sim.dockerd.config import Mount

SOCKETS = ("/run/docker.sock", "/var/run/docker.sock")  # dockerd's own
VOLUMES = "/var/lib/docker/volumes"


def source_of(mount: Mount) -> str:
    """The path on the host; '' for a tmpfs, which has none."""
    if mount.kind == "volume":
        return f"{VOLUMES}/{mount.source}/_data"
    return mount.source.rstrip("/") if mount.kind == "bind" else ""


def mounts_of(world: World, host: str, container: str) -> tuple[Mount, ...]:
    """The mounts of a container, () for the host itself."""
    state = world.daemons.get(host) if container else None
    spec = state.containers.get(container) if state else None
    return spec.config.mounts if spec else ()


def mount_at(world: World, host: str, container: str, path: str) -> Mount | None:
    """The mount that a path of the container is in, the innermost; None when it is in none."""
    found = [m for m in mounts_of(world, host, container)
             if path == m.destination.rstrip("/") or path.startswith(m.destination.rstrip("/") + "/")]  # fmt: skip
    return max(found, key=lambda m: len(m.destination), default=None)


def key_of(world: World, host: str, container: str, path: str) -> FileKey:
    """The key of a path in the books of files."""
    mount = mount_at(world, host, container, path)
    if mount is None or mount.kind == "tmpfs":
        return host, container, path
    return host, "", source_of(mount) + path[len(mount.destination.rstrip("/")) :]


def below(world: World, key: FileKey) -> list[FileKey]:
    """The keys of what lies in a directory."""
    prefix = key[2].rstrip("/") + "/"
    return [(*key[:2], path) for path in world.files.of(*key[:2]) if path.startswith(prefix)]
