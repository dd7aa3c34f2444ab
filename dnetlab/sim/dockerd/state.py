"""What only the daemon knows: the tables a dockerd keeps in memory and on disk, beside what everybody can see."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.profiles import Profile, profile

if TYPE_CHECKING:
    from dnetlab.model import Container, Network
    from dnetlab.sim.dockerd.config import ContainerSpec, NetworkAttachment
    from dnetlab.sim.world import World


@dataclass(frozen=True)
class Daemon:
    """One host's dockerd.

    pool_cursor   index after the last default pool it tried (engines up to 26; in memory only)
    port_cursors  last host port it chose by itself, per protocol and address (in memory only)
    allocated     network id -> addresses in use there, gateways and auxiliary addresses included
    containers    full id -> what the container was asked to be
    attachments   (container id, network id) -> what was asked of that endpoint
    interface_counters  container id -> number of the next ethN (engines up to 27 never go back)
    adopted       bridges that were there before a network took them by name; they outlive it
    arguments     what stands behind `dockerd` on its command line
    pulled        'repository@digest' of every image that came from a registry
    """

    running: bool = False
    pid: int | None = None
    pool_cursor: int = 0
    port_cursors: dict[str, int] = field(default_factory=dict)
    allocated: dict[str, frozenset[IPv4Address]] = field(default_factory=dict)
    containers: dict[str, ContainerSpec] = field(default_factory=dict)
    attachments: dict[tuple[str, str], NetworkAttachment] = field(default_factory=dict)
    interface_counters: dict[str, int] = field(default_factory=dict)
    adopted: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()
    userland_proxy: bool = True
    pulled: frozenset[str] = frozenset()


def daemon(world: World, host: str) -> Daemon:
    """The daemon's state. KeyError on a host without Docker."""
    found: Daemon = world.daemons[host]
    return found


def put_daemon(world: World, host: str, value: Daemon) -> None:
    world.daemons[host] = value


def change_daemon(world: World, host: str, **changes: Any) -> Daemon:
    """Replace fields of the daemon's state and return the new one."""
    world.daemons[host] = replace(daemon(world, host), **changes)
    return daemon(world, host)


def release_of(world: World) -> Profile:
    """What the lab's Docker release does differently from the others."""
    return profile(world.release)


def find_network(world: World, host: str, reference: str) -> Network:
    """By full id, name, or unique prefix of the id. ApiError 404 in the daemon's words."""
    found = world.hosts[host].network(reference)
    if found is None:
        raise ApiError(f"network {reference} not found", 404)
    return found


def find_container(world: World, host: str, reference: str) -> Container:
    """By name, full id, or unique prefix of the id. ApiError 404 in the daemon's words."""
    found = world.hosts[host].container(reference)
    if found is None:
        raise ApiError(f"No such container: {reference}", 404)
    return found


def put_container(world: World, host: str, container: Container) -> None:
    """Replace the container of the same id, or put it first (the newest, as `docker ps` lists)."""
    machine = world.hosts[host]
    if any(c.id == container.id for c in machine.containers):
        rows = tuple(container if c.id == container.id else c for c in machine.containers)
    else:
        rows = (container, *machine.containers)
    world.change_host(host, containers=rows)
