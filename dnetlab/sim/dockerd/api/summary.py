"""One container as a list shows it: fewer fields than inspect, and the daemon's own words for its status."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from dnetlab.commands.docker.units import ago
from dnetlab.model import Container, ContainerState
from dnetlab.sim import clock
from dnetlab.sim.dockerd import books, containerfiles, images, inspect
from dnetlab.sim.dockerd.config import ContainerSpec
from dnetlab.sim.dockerd.health import STARTING
from dnetlab.sim.dockerd.inspect_host import shown_mode
from dnetlab.sim.world import World

Json = dict[str, Any]
_OWN_FILES = 4096  # bytes: the directory on top of the image, in containerd's store (recorded from 29.7.2)


def summary(world: World, host: str, container: Container, size: bool = False) -> Json:
    """One row of GET /containers/json (moby api/types/container.Summary)."""
    spec = books.spec(world, host, container.id)
    found: Json = {
        "Id": container.id,
        "Names": _names(world, host, container),
        "Image": images.shown_name(world, host, container, spec.image_id),
        "ImageID": spec.image_id,
        "Command": _command(container.command),
        "Created": clock.unix(container.created),
        "Ports": _ports(world, host, container, spec),
    }
    if size:
        there = any(image.id == spec.image_id for image in world.hosts[host].images)
        own = containerfiles.own_layer(world, host, container).size
        own += _OWN_FILES if books.release_of(world).image_store else 0
        found |= {"SizeRw": own, "SizeRootFs": own + images.room_of(world, spec.image_id).files if there else 0}
    if books.release_of(world).image_store:  # the same releases (recorded from 29.7.2)
        found["Health"] = {"Status": spec.health.status if spec.health else "none",
                           "FailingStreak": spec.health.streak if spec.health else 0}  # fmt: skip
        found["ImageManifestDescriptor"] = inspect.manifest(spec.image_id, spec.config.image)
    return found | {
        "Labels": dict(container.labels),
        "State": container.state.value,
        "Status": status_text(container, world.clock, spec.health.status if spec.health else ""),
        "HostConfig": {"NetworkMode": shown_mode(world, spec.config)},
        "NetworkSettings": {"Networks": inspect.endpoints_json(world, host, container)},
        "Mounts": inspect.mounts(spec.config),
    }


def _names(world: World, host: str, container: Container) -> list[str]:
    """Its own name, and what those who link to it call it: '/app/database' (moby container/view.go)."""
    names = [container.name]
    for key in books.daemon(world, host).linking:
        one, links = books.by_id(world, host, key), books.spec(world, host, key).config.links
        names += [f"{one.name}/{alias}" for other, alias in links if one is not None and other == container.id]
    return [f"/{name}" for name in sorted(names)]


@lru_cache(maxsize=1024)
def _command(argv: tuple[str, ...]) -> str:
    """Path and arguments; those with spaces stand in quotes (moby daemon/list.go)."""
    words = [f"'{w}'" if re.search(r"[\s\"]", w) or not w else w for w in argv[1:]]
    return " ".join((argv[0], *words)) if argv else ""


def _ports(world: World, host: str, container: Container, spec: ContainerSpec) -> list[Json]:
    """Exposed and published ports; 20.10 still shows what a start that failed half way had noted (observed)."""
    if not container.is_running:
        half = spec.half_attached and not spec.config.publish
        return [_port(name) for name in sorted(container.exposed)] if half else []
    found, shows_all = [], books.release_of(world).lists_routed_ports
    for name, bindings in inspect.port_map(world, host, container).items():
        rows = [row for row in bindings or [] if row["HostPort"] or shows_all]
        found += [{"IP": row["HostIp"], **_port(name, int(row["HostPort"] or 0))} for row in rows] or [_port(name)]
    return found


def _port(name: str, outside: int | None = None) -> Json:
    """'80/tcp' -> {'PrivatePort': 80, 'PublicPort': …, 'Type': 'tcp'}"""
    number, _, protocol = name.partition("/")
    public = {} if not outside else {"PublicPort": outside}
    return {"PrivatePort": int(number), **public, "Type": protocol}


def _since(then: float | None, now: float) -> str:
    """The lab's clock begins at 0, which is a time like any other."""
    return ago(now - (now if then is None else then))


def status_text(container: Container, now: float, health: str = "") -> str:
    """'Up 2 minutes (Paused)', 'Exited (0) 3 seconds ago' (moby container/state.go)."""
    ended = _since(container.finished, now)
    if container.is_running:
        up = f"Up {_since(container.started, now)}"
        if container.state is ContainerState.PAUSED:
            return f"{up} (Paused)"
        return f"{up} (health: starting)" if health == STARTING else f"{up} ({health})" if health else up
    if container.state is ContainerState.RESTARTING:
        return f"Restarting ({container.exit_code}) {ended} ago"
    if container.state is ContainerState.CREATED:
        return "Created"
    if container.state is ContainerState.DEAD:
        return "Dead"
    return f"Exited ({container.exit_code}) {ended} ago"
