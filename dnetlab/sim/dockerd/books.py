"""The daemon's books: what one dockerd has written down, and the functions that read and change it.

What everybody can see stands in the Host (containers, networks); what only the daemon knows stands in its Daemon.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dnetlab.model import Container, Endpoint, Network, PortBinding, Protocol, Where
from dnetlab.model.changed import quick, replace
from dnetlab.model.ip import IpNetwork
from dnetlab.model.layers import with_item, without_item
from dnetlab.model.rows import with_row, without_rows
from dnetlab.sim.dockerd.addressset import AddressSet
from dnetlab.sim.dockerd.config import ContainerSpec, Exec, NetworkAttachment
from dnetlab.sim.dockerd.daemonconfig import DaemonConfig
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.profiles import ENGINES, EngineProfile
from dnetlab.sim.world import World

if TYPE_CHECKING:
    from dnetlab.sim.dockerd.cluster.membership import Joining
    from dnetlab.sim.dockerd.firewall.nftmirror import Mirror
    from dnetlab.sim.dockerd.happenings import Event


@dataclass(frozen=True)
class Part:
    """Which host addresses an endpoint publishes the container's ports at (moby portBindingMode)."""

    four: bool
    six: bool

    def has(self, version: int) -> bool:
        return self.four if version == 4 else self.six


@quick
@dataclass(frozen=True)
class Daemon:
    """One host's dockerd.

    pool_cursor   index after the last default pool it tried (engines up to 26; in memory only)
    port_cursors  last host port it chose by itself, per protocol and address (in memory only)
    allocated     subnet -> addresses in use there, gateways and auxiliary addresses included
    containers    full id -> what the container was asked to be
    names         name -> full id of its container
    waiting       full ids of the containers for which something will happen by itself: an end, a restart, a ping; or
                  that somebody stays with
    joined        full ids of the containers whose namespace another was made to share
    linking       full ids of the containers that link to others on the default bridge
    bound         (protocol, host port) -> published there
    published     endpoint id -> what is to be published through it, and what is
    attachments   (container id, network) -> what was asked of that endpoint
    interface_counters  container id -> number of the next ethN (engines up to 27 never go back)
    adopted       bridges that were there before a network took them by name; they outlive it
    made_parents  parents of macvlan networks that the daemon made; they go with the last network on them
    arguments     what stands behind `dockerd` on its command line
    config        what it was told at its last start
    failure       why its last start failed, '' when it didn't
    journal       what systemd and dockerd wrote: (clock, program, pid, text)
    pulled        'repository@digest' of every image that came from a registry
    execs         id -> a program started by `docker exec`; those that ended long ago are forgotten
    swarm, node   the swarm that it is in and its id there; '' outside
    joining       a swarm that it goes on asking to be let into, None for none
    locked        a manager of it that has started again and waits for the key
    ingress_pid   the pid under which it has set up the ingress network, None before
    balancers     network id -> the endpoint of the balancer that an overlay network has here
    gateways      container id -> its endpoint in docker_gwbridge, its way out when it is in overlay networks only
    forwards      was ip_forward on when it first looked? None: it has not looked yet (in memory only)
    openings      endpoint id -> those of the containers that it may ask by --link where icc is false (openings.py)
    mirrors       family -> the table of the nftables backend as it has it in mind; {} with another backend
    away          it is gone, and containers live on without it (liverestore.py)
    cleans        each network's rules of an earlier daemon must be taken out of iptables first
    events        what happened, the oldest first (happenings.py; in memory only)
    """

    running: bool = False
    pid: int | None = None
    pool_cursor: int = 0
    port_cursors: dict[str, int] = field(default_factory=dict)
    allocated: dict[IpNetwork, AddressSet] = field(default_factory=dict)
    containers: Mapping[str, ContainerSpec] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    waiting: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()
    linking: frozenset[str] = frozenset()
    bound: Mapping[tuple[Protocol, int], tuple[PortBinding, ...]] = field(default_factory=dict)
    published: Mapping[str, tuple[Part, tuple[PortBinding, ...]]] = field(default_factory=dict)
    attachments: dict[tuple[str, str], NetworkAttachment] = field(default_factory=dict)
    interface_counters: dict[str, int] = field(default_factory=dict)
    adopted: frozenset[str] = frozenset()
    made_parents: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()
    config: DaemonConfig = DaemonConfig()
    failure: str = ""
    journal: tuple[tuple[float, str, int, str], ...] = ()
    pulled: frozenset[str] = frozenset()
    execs: dict[str, Exec] = field(default_factory=dict)
    swarm: str = ""
    node: str = ""
    joining: Joining | None = None
    locked: bool = False
    gateways: dict[str, Endpoint] = field(default_factory=dict)
    openings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    balancers: dict[str, Endpoint] = field(default_factory=dict)
    ingress_pid: int | None = None
    forwards: bool | None = None
    events: tuple[Event, ...] = ()
    mirrors: dict[int, Mirror] = field(default_factory=dict)
    cleans: bool = False
    away: bool = False

    @property
    def userland_proxy(self) -> bool:
        """Does each published port have a docker-proxy?"""
        return self.config.userland_proxy


def daemon(world: World, host: str) -> Daemon:
    """The daemon's state. KeyError on a host without Docker."""
    found: Daemon = world.daemons[host]
    return found


def put_daemon(world: World, host: str, value: Daemon) -> None:
    world.daemons[host] = value


def change_daemon(world: World, host: str, **changes: Any) -> Daemon:
    """Replace fields of the daemon's state and return the new one."""
    made: Daemon = replace(world.daemons[host], **changes)
    world.daemons[host] = made
    return made


def daemon_id(world: World, host: str) -> str:
    """The daemon's own id, which `docker info` shows and its own events carry."""
    text = hashlib.sha256(f"{world.seed}:{host}:daemon".encode()).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"


def release_of(world: World) -> EngineProfile:
    """What the lab's Docker release does differently from the others."""
    return ENGINES[world.release]


# -- networks and containers ----------------------------------------------------------------------------------------


def sees_forwarding(world: World, host: str) -> bool:
    """Is net.ipv4.ip_forward on, as far as the daemon knows?"""
    now, seen = world.namespace(Where(host)).forwards, daemon(world, host).forwards
    if not release_of(world).looks_at_forwarding_once:
        return now
    if seen is None:
        change_daemon(world, host, forwards=now)
    return now if seen is None else seen


def find_network(world: World, host: str, reference: str) -> Network:
    """By full id, name, or unique prefix of the id. ApiError 404 in the daemon's words."""
    found = world.hosts[host].network(reference)
    if found is None:
        raise ApiError(f"network {reference} not found", 404)
    return found


def network_by_id(world: World, host: str, network_id: str) -> Network | None:
    """The network with that full id; None when it is gone."""
    return next((n for n in world.hosts[host].networks if n.id == network_id), None)


def put_network(world: World, host: str, network: Network) -> None:
    """Put a network among the host's, replacing the one of the same id; sorted by name."""
    others = [n for n in world.hosts[host].networks if n.id != network.id]
    world.change_host(host, networks=tuple(sorted([*others, network], key=lambda n: n.name)))


def drop_network(world: World, host: str, network_id: str) -> None:
    """Forget a network."""
    world.change_host(host, networks=tuple(n for n in world.hosts[host].networks if n.id != network_id))


def find(world: World, host: str, reference: str) -> Container:
    """A container by full id, name or a prefix of its id (moby daemon/container.go GetContainer).

    Raises ApiError: no such container, or a prefix that several ids have.
    """
    exact = by_id(world, host, reference) or by_name(world, host, reference.removeprefix("/"))
    if exact is not None:
        return exact
    found = [c for c in world.hosts[host].containers if reference and c.id.startswith(reference)]
    if len(found) > 1:
        release = release_of(world)
        raise ApiError(release.text("id ambiguous", reference=reference), release.ambiguous_id)
    if not found:
        raise ApiError(f"No such container: {reference}", 404)
    return found[0]


def by_id(world: World, host: str, container_id: str) -> Container | None:
    """The container with that full id; None when it is gone."""
    if container_id not in world.daemons[host].containers:
        return None
    for container in world.hosts[host].containers:
        if container.id == container_id:
            return container
    return None


def by_name(world: World, host: str, name: str) -> Container | None:
    """The container of that name; None when nobody has it."""
    return by_id(world, host, daemon(world, host).names.get(name, ""))


def get(world: World, host: str, container_id: str) -> Container:
    """The container with that full id, which must be there."""
    for container in world.hosts[host].containers:
        if container.id == container_id:
            return container
    raise KeyError(container_id)


def change(world: World, host: str, container_id: str, **changes: Any) -> Container:
    """Replace fields of a container; the new value."""
    new = replace(get(world, host, container_id), **changes)
    put(world, host, new)
    return new


def put(world: World, host: str, container: Container) -> None:
    """Replace the container of the same id."""
    rows = world.hosts[host].containers
    place = next(i for i, c in enumerate(rows) if c.id == container.id)
    world.change_host(host, containers=with_row(rows, place, container, instead=True))


def add(world: World, host: str, container: Container, spec: ContainerSpec) -> None:
    """Book a new container; the newest is listed first."""
    world.change_host(host, containers=with_row(world.hosts[host].containers, 0, container))
    state = daemon(world, host)
    owner = container.network_mode.partition("container:")[2]
    joined = state.joined | {owner} if owner else state.joined
    change_daemon(world, host, names=with_item(state.names, container.name, container.id), joined=joined)
    put_spec(world, host, container.id, spec)


def rename(world: World, host: str, container: Container, name: str) -> None:
    """The container has another name."""
    names = {key: value for key, value in daemon(world, host).names.items() if value != container.id}
    change_daemon(world, host, names={**names, name: container.id})
    change(world, host, container.id, name=name)
    change_spec(world, host, container.id, config=replace(spec(world, host, container.id).config, name=name))


def drop(world: World, host: str, container_id: str) -> None:
    """Forget a container and all that was written for it; links to it keep its last name."""
    _keep_names(world, host, container_id)
    gone, state = by_id(world, host, container_id), daemon(world, host)
    rows = world.hosts[host].containers
    places = [at for at, c in enumerate(rows) if c.id == container_id]
    world.change_host(host, containers=without_rows(rows, places))
    change_daemon(
        world,
        host,
        containers=without_item(state.containers, container_id),
        names=without_item(state.names, gone.name) if gone else state.names,
        waiting=state.waiting - {container_id},
        linking=state.linking - {container_id},
        attachments={key: value for key, value in state.attachments.items() if key[0] != container_id},
        interface_counters={key: value for key, value in state.interface_counters.items() if key != container_id},
    )
    world.logs.pop((host, container_id), None)
    world.forget_files(host, container_id)


def _keep_names(world: World, host: str, container_id: str) -> None:
    gone = by_id(world, host, container_id)
    books = daemon(world, host)
    for key, one in books.containers.items() if books.linking else ():
        if gone is not None and any(other == container_id for other, _ in one.config.links):
            links = tuple((f"{o}/{gone.name}" if o == container_id else o, alias) for o, alias in one.config.links)
            change_spec(world, host, key, config=replace(one.config, links=links))


def spec(world: World, host: str, container_id: str) -> ContainerSpec:
    """What the daemon remembers of a container."""
    found: ContainerSpec = world.daemons[host].containers[container_id]
    return found


def put_spec(world: World, host: str, container_id: str, new: ContainerSpec) -> None:
    state = daemon(world, host)
    waits = new.ends_at is not None or new.restart_at is not None or bool(new.pings) or new.loop is not None or new.kept
    waits = waits or new.health is not None
    waiting = _member(state.waiting, container_id, waits)
    linking = _member(state.linking, container_id, bool(new.config.links))
    containers = with_item(state.containers, container_id, new)
    change_daemon(world, host, containers=containers, waiting=waiting, linking=linking)


def _member(group: frozenset[str], one: str, belongs: bool) -> frozenset[str]:
    """The group with or without one; itself when nothing changes."""
    if belongs is (one in group):
        return group
    return group | {one} if belongs else group - {one}


def change_spec(world: World, host: str, container_id: str, **changes: Any) -> ContainerSpec:
    """Replace fields of a spec; the new value."""
    old = spec(world, host, container_id)
    if all(getattr(old, name) is value for name, value in changes.items()):
        return old
    new = replace(old, **changes)
    put_spec(world, host, container_id, new)
    return new


def name_of_link(world: World, host: str, other: str) -> str:
    """The name of a link's other end: its present one, or the last one of a container that is gone ('ID/NAME')."""
    found = by_id(world, host, other)
    return found.name if found else other.rpartition("/")[2]
