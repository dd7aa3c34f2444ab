"""What the daemon tells of what happened: the events of `docker events`, kept with the rest of its books.

A daemon keeps the last 256 in memory; a restart forgets them (moby daemon/events). Which there are, their attributes
and their order were recorded from 20.10.24, 26.1.5 and 28.5.2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from dnetlab.model import Container, Network
from dnetlab.sim import clock
from dnetlab.sim.dockerd import books
from dnetlab.sim.world import World

MOST = 256
STEP = 1_003_217  # nanoseconds from one event to the next of the same moment


class Event(NamedTuple):
    """kind: 'container', 'network', 'image', 'volume', 'daemon'; actor: an id, of a volume its name;
    attributes: in the order of their names; nano: since 1970, no two alike."""

    kind: str
    action: str
    actor: str
    attributes: Mapping[str, str]
    nano: int


def note(world: World, host: str, kind: str, action: str, actor: str, attributes: Mapping[str, str]) -> None:
    """Write an event down."""
    known: tuple[Event, ...] = books.daemon(world, host).events
    nano = round(clock.since_1970(world.clock) * 10) * 100_000_000
    if known and nano <= known[-1].nano:
        nano = known[-1].nano + STEP
    event = Event(kind, action, actor, dict(sorted(attributes.items())), nano)
    books.change_daemon(world, host, events=(*known[-MOST + 1 :], event))


def of_container(world: World, host: str, container: Container, action: str, **more: str) -> None:
    """An event of a container: its labels, its image and its name go with it (moby daemon/events.go)."""
    spec = books.daemon(world, host).containers.get(container.id)
    image = spec.config.image if spec else container.image
    note(world, host, "container", action, container.id,
         {**container.labels, "image": image, "name": container.name, **more})  # fmt: skip


def of_mounts(world: World, host: str, container: Container, action: str) -> None:
    """'mount' or 'unmount' of every volume of a container: at its start and end, and while its files are copied."""
    for mount in books.spec(world, host, container.id).config.mounts:
        more = {"destination": mount.destination, "propagation": "", "read/write": str(not mount.read_only).lower()}
        if mount.kind == "volume":
            of_volume(world, host, mount.source, action, container=container.id,
                      **(more if action == "mount" else {}))  # fmt: skip


def of_reload(world: World, host: str) -> None:
    """The daemon has read its file again: all that it may take from it then (observed on 20.10.24, 26.1.5, 28.5.2)."""
    config = books.daemon(world, host).config
    note(world, host, "daemon", "reload", books.daemon_id(world, host), {
        **books.release_of(world).telling.reload, "name": host,
        "debug": str(config.debug).lower(), "live-restore": str(config.live_restore).lower(),
        "insecure-registries": _as_json(config.insecure_registries),
        "registry-mirrors": _as_json(config.registry_mirrors),
    })  # fmt: skip


def _as_json(texts: tuple[str, ...]) -> str:
    return json.dumps(texts, separators=(",", ":"))


def of_prune(world: World, host: str, kind: str, reclaimed: int = 0) -> None:
    note(world, host, kind, "prune", "", {"reclaimed": str(reclaimed)})


def of_network(world: World, host: str, network: Network, action: str, container: str = "") -> None:
    """container: the full id of who comes or goes."""
    joined = {"container": container} if container else {}
    note(world, host, "network", action, network.id, {**joined, "name": network.name, "type": network.driver})


def of_volume(world: World, host: str, name: str, action: str, **more: str) -> None:
    note(world, host, "volume", action, name, {"driver": "local", **more})


def of_image(world: World, host: str, image_id: str, action: str, name: str = "", **more: str) -> None:
    """name: what it is called in the event, its id when nothing is given."""
    note(world, host, "image", action, image_id, {"name": name or image_id, **more})
