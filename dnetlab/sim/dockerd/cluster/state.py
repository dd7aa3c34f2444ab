"""A swarm as a value: what raft would keep the same on every manager (moby swarmkit, api/objects.proto)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dnetlab.model import Network
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, IpNetwork
from dnetlab.sim.dockerd.addressset import AddressSet
from dnetlab.sim.dockerd.books import daemon
from dnetlab.sim.world import World

HEARTBEAT = 5  # seconds between two signs of life of a node (swarmkit dispatcher, DefaultHeartBeatPeriod)
PATIENCE = 3  # heartbeats that a manager waits for before it calls a node down (dispatcher gracePeriodMultiplier)


@dataclass(frozen=True)
class Node:
    """A member of the swarm.

    host          the lab host it is; a host that left and joined again is another node
    address       what it advertises; data_address: where the others send VXLAN packets
    availability  'active', 'pause' or 'drain'
    heard         the lab's clock when a manager last heard of it; left: it said goodbye
    """

    id: str
    host: str
    role: str
    address: IpAddress
    data_address: IpAddress
    availability: str = "active"
    labels: dict[str, str] = field(default_factory=dict)
    joined: float = 0.0
    heard: float = 0.0
    left: bool = False
    version: int = 1

    @property
    def is_manager(self) -> bool:
        return self.role == "manager"


@dataclass(frozen=True)
class Pool:
    """The addresses of one swarm network: those in use, and the last one given out, after which the next is looked for
    (moby libnetwork/cnmallocator asks for serial allocation). promised: what the next one who asks gets."""

    taken: AddressSet = AddressSet()
    last: IpAddress | None = None
    promised: IpAddress | None = None


@dataclass(frozen=True)
class PublishedPort:
    """One `--publish` of a service. published 0: the manager chooses. mode 'ingress' or 'host'."""

    target: int
    published: int = 0
    protocol: str = "tcp"
    mode: str = "ingress"

    @property
    def text(self) -> str:
        """'*:8080->80/tcp'"""
        return f"*:{self.published}->{self.target}/{self.protocol}"


@dataclass(frozen=True)
class ServiceSpec:
    """What a service was asked to be.

    replicas       None: one task on each node ('global')
    networks       ids of swarm networks, in the order asked
    endpoint_mode  'vip' or 'dnsrr'
    constraints    'node.role==manager', 'node.hostname!=docker2', 'node.labels.zone==a'
    forced         how often `--force` was said
    """

    name: str
    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    container_labels: dict[str, str] = field(default_factory=dict)
    hostname: str = ""
    replicas: int | None = 1
    networks: tuple[str, ...] = ()
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    endpoint_mode: str = "vip"
    ports: tuple[PublishedPort, ...] = ()
    constraints: tuple[str, ...] = ()
    restart: str = "any"
    forced: int = 0


@dataclass(frozen=True)
class Service:
    """vips: network id -> the address that stands for all its tasks there; ports: as published, numbers chosen.

    mark: the firewall mark by which IPVS knows its packets.
    """

    id: str
    spec: ServiceSpec
    created: float
    updated: float
    vips: dict[str, IpAddress] = field(default_factory=dict)
    ports: tuple[PublishedPort, ...] = ()
    previous: ServiceSpec | None = None
    version: int = 1
    mark: int = 256


@dataclass(frozen=True)
class Task:
    """One container of a service, wanted or there.

    slot     1 to n of a replicated service, 0 of a global one
    desired  'running', 'shutdown', 'remove'
    state    'new', 'pending', 'running', 'complete', 'failed', 'rejected', 'shutdown'; since: the clock at its change
    """

    id: str
    service: str
    slot: int
    node: str
    image: str
    created: float
    since: float
    spec: ServiceSpec
    desired: str = "running"
    state: str = "new"
    container: str = ""
    addresses: dict[str, IpAddress] = field(default_factory=dict)
    error: str = ""
    exit_code: int | None = None


@dataclass(frozen=True)
class Swarm:
    """pools, size     what networks without a --subnet are cut from; cursor: the pool after the last one tried
    networks, vnis  id -> the network as the managers have it, and its VXLAN number
    addresses       subnet -> what is in use there
    leader          the id of the manager that leads
    secrets         role -> the last part of its join token; root: the part that names the swarm
    """

    id: str
    created: float
    root: str
    secrets: dict[str, str]
    leader: str
    pools: tuple[IpNetwork, ...]
    size: int = 24
    port: int = 4789
    cursor: int = 0
    history: int = 5
    heartbeat: int = HEARTBEAT
    updated: float = 0.0
    version: int = 10
    nodes: dict[str, Node] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    vnis: dict[str, int] = field(default_factory=dict)
    addresses: dict[IpNetwork, Pool] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    next_mark: int = 256

    @property
    def managers(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.is_manager]

    def network(self, reference: str) -> Network | None:
        """By id, name, or a prefix of the id that only one has."""
        found = list(self.networks.values())
        exact = next((n for n in found if reference in (n.id, n.name)), None)
        beginning = [n for n in found if reference and n.id.startswith(reference)]
        return exact or (beginning[0] if len(beginning) == 1 else None)


# -- read and replace -----------------------------------------------------------------------------------------------


def swarm_of(world: World, host: str) -> Swarm | None:
    """The swarm that this host is in; None when it is in none."""
    found: Swarm | None = world.swarms.get(daemon(world, host).swarm)
    return found


def member(world: World, host: str) -> Swarm:
    """The swarm that this host is in, which it must be. KeyError."""
    found: Swarm = world.swarms[daemon(world, host).swarm]
    return found


def node_of(world: World, host: str) -> Node | None:
    """This host as a node of its swarm."""
    swarm = swarm_of(world, host)
    return swarm.nodes.get(daemon(world, host).node) if swarm else None


def is_manager(world: World, host: str) -> bool:
    node = node_of(world, host)
    return node is not None and node.is_manager


def change(world: World, swarm_id: str, **changes: Any) -> Swarm:
    """Replace fields of a swarm; the new value."""
    found: Swarm = replace(world.swarms[swarm_id], **changes)
    world.swarms[swarm_id] = found
    return found


def put_node(world: World, swarm_id: str, node: Node) -> None:
    nodes = world.swarms[swarm_id].nodes
    change(world, swarm_id, nodes={**nodes, node.id: node})


def put_service(world: World, swarm_id: str, service: Service) -> None:
    change(world, swarm_id, services={**world.swarms[swarm_id].services, service.id: service})


def put_task(world: World, swarm_id: str, task: Task) -> None:
    change(world, swarm_id, tasks={**world.swarms[swarm_id].tasks, task.id: task})


def change_task(world: World, swarm_id: str, task_id: str, **changes: Any) -> Task:
    """Replace fields of a task; the new value. A new state counts from now."""
    old: Task = world.swarms[swarm_id].tasks[task_id]
    if changes.get("state", old.state) != old.state:
        changes.setdefault("since", world.clock)
    new = replace(old, **changes)
    put_task(world, swarm_id, new)
    return new


def drop_tasks(world: World, swarm_id: str, gone: Iterable[str]) -> None:
    leaving = set(gone)
    tasks = world.swarms[swarm_id].tasks
    change(world, swarm_id, tasks={key: task for key, task in tasks.items() if key not in leaving})


def members(world: World, swarm: Swarm) -> list[Node]:
    """The nodes whose hosts are still in this swarm and whose daemons run."""
    return [node for node in swarm.nodes.values() if not node.left and daemon(world, node.host).node == node.id
            and world.hosts[node.host].docker_running]  # fmt: skip


def is_up(swarm: Swarm, node: Node, now: float) -> bool:
    """Has a manager heard of it lately?"""
    return now - node.heard < PATIENCE * swarm.heartbeat
