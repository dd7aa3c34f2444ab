"""Volumes: named ones, and the nameless ones that an image asks for; who uses them, and what prune may take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from dnetlab.model import Volume
from dnetlab.sim.dockerd import books, containerfiles, happenings
from dnetlab.sim.dockerd.errors import ApiError, NotModelled
from dnetlab.sim.world import World

OPTIONS = ("type", "o", "device", "size")


def create(
    world: World, host: str, name: str = "", driver: str = "local", *, labels: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """`docker volume create`: the name; an existing one is fine. Without a name it gets one of 64 digits."""
    if driver != "local":
        raise ApiError(f"create {name}: error looking up volume plugin {driver}: plugin \"{driver}\" not found", 404)
    if name and not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", name):
        raise ApiError(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only '
            '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path', 400,
        )  # fmt: skip
    _check_options(name, options or {})
    anonymous = not name
    name = name or world.hex_id("volume")
    volumes = world.hosts[host].volumes
    made = Volume(name, driver, anonymous, dict(labels or {}), dict(options or {}))
    if all(v.name != name for v in volumes):
        world.change_host(host, volumes=(*volumes, made))
        happenings.of_volume(world, host, name, "create")
    return name


def _check_options(name: str, options: Mapping[str, str]) -> None:
    """What the local driver takes: a tmpfs of the daemon's own; other devices are refused."""
    wrong = next((option for option in options if option not in OPTIONS), None)
    if wrong is not None:
        raise ApiError(f'create {name}: invalid option: "{wrong}"', 400)
    if options and options.get("type") != "tmpfs":
        raise NotModelled("Volumes on other devices are not modelled.",
                          "docker volume create NAME, or -v /directory/of/the/host:/path.")  # fmt: skip


def find(world: World, host: str, name: str) -> Volume:
    found = next((v for v in world.hosts[host].volumes if v.name == name), None)
    if found is None:
        raise ApiError(f"get {name}: no such volume", 404)
    return found


def users(world: World, host: str, name: str) -> list[str]:
    """Full ids of the containers that mount it, running or not."""
    specs = books.daemon(world, host).containers
    return [
        c.id
        for c in world.hosts[host].containers
        if c.id in specs and any(m.kind == "volume" and m.source == name for m in specs[c.id].config.mounts)
    ]


def remove(world: World, host: str, name: str, force: bool = False, tell: bool = True) -> None:
    """`docker volume rm`; a prune tells of none. Raises ApiError for an unknown one (but with force), one in use."""
    try:
        volume = find(world, host, name)
    except ApiError:
        if force:
            return
        raise
    using = users(world, host, name)
    if using:
        raise ApiError(f"remove {name}: volume is in use - [{', '.join(using)}]", 409)
    world.change_host(host, volumes=tuple(v for v in world.hosts[host].volumes if v.name != volume.name))
    containerfiles.forget_volume(world, host, volume.name)
    if tell:
        happenings.of_volume(world, host, volume.name, "destroy")


def prune(
    world: World, host: str, everything: bool, spared: Callable[[Mapping[str, str]], bool]
) -> tuple[str, ...]:
    """`docker volume prune [-a]`: the names removed. Since 23.0 only anonymous ones, without -a; before, all unused."""
    everything = everything or books.release_of(world).prunes_named_volumes
    gone = [v.name for v in world.hosts[host].volumes
            if (everything or v.anonymous) and not users(world, host, v.name) and not spared(v.labels)]  # fmt: skip
    for name in gone:
        remove(world, host, name, tell=False)
    return tuple(gone)
