"""What containers share beside the network: mounts of others, the processes they see, log drivers and their options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dnetlab.model import Container
from dnetlab.model.changed import replace
from dnetlab.sim.context import Context
from dnetlab.sim.dockerd import books, mounts
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.config import ContainerConfig, Mount
from dnetlab.sim.dockerd.errors import ApiError, NotModelled
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.world import World

LOG_OPTIONS: dict[str, tuple[str, ...]] = {  # moby daemon/logger/*: what each driver that the lab has takes
    "json-file": ("max-file", "max-size", "compress", "labels", "labels-regex", "env", "env-regex", "tag", "mode",
                  "max-buffer-size"),
    "local": ("max-file", "max-size", "compress", "mode", "max-buffer-size"),
    "journald": ("labels", "labels-regex", "env", "env-regex", "tag", "mode", "max-buffer-size"),
    "none": (),
}  # fmt: skip
OTHER_DRIVERS = ("awslogs", "fluentd", "gcplogs", "gelf", "splunk", "syslog", "logentries")


def check_logging(driver: str, options: Mapping[str, str]) -> None:
    """Raises ApiError for a driver or an option that no daemon knows, NotModelled for one that the lab hasn't."""
    name = driver or "json-file"
    if name in OTHER_DRIVERS:
        raise NotModelled("Other log drivers are not modelled.", "docker logs shows what the program printed.")
    if name not in LOG_OPTIONS:
        raise ApiError(f'error looking up logging plugin {name}: plugin "{name}" not found', 400)  # observed on 28.5.2
    for option in options:
        if option not in LOG_OPTIONS[name]:
            raise ApiError(f"unknown log opt '{option}' for {name} log driver", 400)


def check_mounts(world: World, host: str, config: ContainerConfig) -> None:
    """Raises ApiError for a long mount that can't be (moby volume/mounts/linux_parser.go)."""
    files = LabFiles(Context(world, host))
    for mount in config.mounts:
        head = f'invalid mount config for type "{mount.kind}": '
        if mount.kind not in ("volume", "bind", "tmpfs"):
            raise ApiError(f"{head}mount type unknown", 400)
        if not mount.long or mount.kind != "bind":
            continue
        if not mount.source.startswith("/"):
            raise ApiError(f"{head}invalid mount path: '{mount.source}' mount path must be absolute", 400)
        if not files.kind(mount.source):
            raise ApiError(f"{head}bind source path does not exist: {mount.source}", 400)


def with_mounts_of_others(world: World, host: str, config: ContainerConfig) -> ContainerConfig:
    """The mounts of --volumes-from, where the container has none of its own there. Raises ApiError."""
    own = {mount.destination: mount for mount in config.mounts}
    for text in config.volumes_from:
        name, _, mode = text.partition(":")
        if set(mode.split(",")) - {"", "ro", "rw", "z", "Z", "nocopy"}:
            raise ApiError(f"invalid mode: {mode}", 400)
        other = _given(world, host, name)
        for mount in mounts.mounts_of(world, host, other.id):
            if mount.kind != "tmpfs":
                shown = replace(mount, read_only=mount.read_only or "ro" in mode.split(","), borrowed=True)
                own.setdefault(mount.destination, shown)
    return replace(config, mounts=tuple(own.values()))


def check_modes(world: World, host: str, config: ContainerConfig) -> ContainerConfig:
    """The pid, ipc and uts modes, those of other containers by full id. Raises ApiError for what can't be."""
    if config.uts_mode == "host" and config.hostname:
        raise ApiError("conflicting options: hostname and the UTS mode", 400)
    if config.ipc_mode not in ("", "private", "shareable", "host", "none") and not _other(config.ipc_mode):
        raise ApiError(release_of(world).text("bad ipc", mode=config.ipc_mode), 400)
    return replace(config, pid_mode=_by_id(world, host, config.pid_mode),
                   ipc_mode=_by_id(world, host, config.ipc_mode))  # fmt: skip


def _other(mode: str) -> str:
    return mode.removeprefix("container:") if mode.startswith("container:") else ""


def _by_id(world: World, host: str, mode: str) -> str:
    return f"container:{_given(world, host, _other(mode)).id}" if _other(mode) else mode


def _given(world: World, host: str, name: str) -> Container:
    """Another container that one's settings name. Raises ApiError 400, not the 404 that makes clients pull the image
    (moby daemon/volumes.go, create.go: InvalidParameter)."""
    try:
        return books.find(world, host, name)
    except ApiError as error:
        raise ApiError(error.message, 400) from None


def check_start(world: World, host: str, config: ContainerConfig) -> None:
    """What is asked of the others when the container starts. Raises ApiError."""
    donor = books.by_id(world, host, _other(config.ipc_mode)) if _other(config.ipc_mode) else None
    if donor is not None and books.spec(world, host, donor.id).config.ipc_mode in ("", "private"):
        raise ApiError(release_of(world).text("ipc private", id=donor.id), 400)
    seen = books.by_id(world, host, _other(config.pid_mode)) if _other(config.pid_mode) else None
    if seen is not None and not seen.is_running:
        raise ApiError(release_of(world).text("pid stopped", id=seen.id), 409)


def logs_are_readable(config: ContainerConfig) -> bool:
    return config.log_driver != "none"


def shown_mounts(given: Iterable[Mount]) -> list[dict[str, Any]] | None:
    """`.HostConfig.Mounts`: those given with --mount."""
    found = []
    for mount in given:
        if mount.long:
            source = {"Source": mount.source} if mount.source and len(mount.source) != 64 else {}
            read_only = {"ReadOnly": True} if mount.read_only else {}
            found.append({"Type": mount.kind, **source, "Target": mount.destination, **read_only,
                          **dict(mount.settings)})  # fmt: skip
    return found or None
