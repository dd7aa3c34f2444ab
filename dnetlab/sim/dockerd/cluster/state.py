"""A swarm as a value: what raft would keep the same on every manager (moby swarmkit, api/objects.proto)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dnetlab.model import Network
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, IpNetwork
from dnetlab.sim.dockerd.addressset import AddressSet
from dnetlab.sim.dockerd.books import daemon
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.world import World

HEARTBEAT = 5  # seconds between two signs of life of a node (swarmkit dispatcher, DefaultHeartBeatPeriod)
RESTART_DELAY = 5.0  # swarmkit defaults.Service.Task.Restart.Delay
EXPIRY = 7_776_000_000_000_000  # 90 days in nanoseconds (swarmkit ca.DefaultNodeCertExpiration)
RAFT = {"SnapshotInterval": 10000, "KeepOldSnapshots": 0, "LogEntriesForSlowFollowers": 500, "ElectionTick": 10,
        "HeartbeatTick": 1}  # fmt: skip
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

    written  as the managers keep it (specs.py), its networks by id
    config   the container of a task, but for its name, networks, ports and labels of the swarm
    """

    written: dict[str, Any]
    config: ContainerConfig

    @property
    def name(self) -> str:
        return str(self.written["Name"])

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.written["Labels"])

    @property
    def task(self) -> dict[str, Any]:
        """`.TaskTemplate`"""
        found: dict[str, Any] = self.written["TaskTemplate"]
        return found

    @property
    def image(self) -> str:
        return self.config.image

    @property
    def mode(self) -> str:
        """'Replicated', 'Global', 'ReplicatedJob' or 'GlobalJob'"""
        return str(next(iter(self.written["Mode"])))

    @property
    def is_job(self) -> bool:
        """Do its tasks run to their end, once?"""
        return self.mode.endswith("Job")

    @property
    def replicas(self) -> int | None:
        """How many tasks, None: one on each node."""
        settings = self.written["Mode"][self.mode]
        found: int | None = settings.get("Replicas", settings.get("TotalCompletions"))
        return found

    @property
    def at_once(self) -> int:
        """How many tasks of a job run side by side."""
        return int(self.written["Mode"][self.mode].get("MaxConcurrent", 0))

    @cached_property
    def networks(self) -> tuple[str, ...]:
        """Ids of swarm networks, in the order asked."""
        return tuple(row["Target"] for row in self._attachments)

    @cached_property
    def aliases(self) -> dict[str, tuple[str, ...]]:
        """The id of a network -> the names that its tasks have there, too."""
        return {row["Target"]: tuple(row["Aliases"]) for row in self._attachments if row.get("Aliases")}

    @property
    def _attachments(self) -> list[dict[str, Any]]:
        """Those of the template; older clients name them beside it."""
        return list(self.task.get("Networks") or self.written.get("Networks") or ())

    @property
    def endpoint_mode(self) -> str:
        """'vip' or 'dnsrr'"""
        return str(self.written.get("EndpointSpec", {}).get("Mode", "vip"))

    @property
    def is_unnamed(self) -> bool:
        """Has it neither a virtual address nor ports?"""
        return self.endpoint_mode == "dnsrr" and not self.ports

    @cached_property
    def ports(self) -> tuple[PublishedPort, ...]:
        return tuple(PublishedPort(row["TargetPort"], row.get("PublishedPort", 0), row["Protocol"], row["PublishMode"])
                     for row in self.written.get("EndpointSpec", {}).get("Ports", ()))  # fmt: skip

    @property
    def constraints(self) -> tuple[str, ...]:
        """'node.role==manager', 'node.hostname!=docker2', 'node.labels.zone==a'"""
        return tuple(self.task.get("Placement", {}).get("Constraints", ()))

    @property
    def most_per_node(self) -> int:
        """0: as many as there are."""
        return int(self.task.get("Placement", {}).get("MaxReplicas", 0))

    @property
    def restart(self) -> str:
        """'any', 'none' or 'on-failure'"""
        return str(self.task.get("RestartPolicy", {}).get("Condition", "any"))

    @property
    def attempts(self) -> int:
        """How often a task is restarted, 0: for ever."""
        return int(self.task.get("RestartPolicy", {}).get("MaxAttempts", 0))

    @property
    def delay(self) -> float:
        """Seconds before a task is restarted."""
        return float(self.task.get("RestartPolicy", {}).get("Delay", RESTART_DELAY * 1e9)) / 1e9


@dataclass(frozen=True)
class Content:
    """A secret or a config. data: base64, as it came. templating: of a config, {} for none."""

    id: str
    kind: str
    name: str
    data: str
    labels: dict[str, str]
    created: float
    updated: float
    templating: dict[str, Any] = field(default_factory=dict)
    version: int = 11


@dataclass(frozen=True)
class Rollout:
    """Tasks of a new specification took the place of others: the clock when it began and when it counted as done.

    back   was it the specification before?
    """

    begun: float
    done: float
    back: bool = False


@dataclass(frozen=True)
class Service:
    """vips: network id -> the address that stands for all its tasks there; ports: as published, numbers chosen.

    mark     the firewall mark by which IPVS knows its packets
    runs     how often a job was started again; begun: the clock when it was last
    rollout  what came of the last change, None where it replaced no task
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
    runs: int = 0
    begun: float = 0.0
    rollout: Rollout | None = None


@dataclass(frozen=True)
class Task:
    """One container of a service, wanted or there.

    slot     1 to n of a replicated service, 0 of a global one; 0 to n-1 of a replicated job
    desired  'running', 'complete' (a job's), 'shutdown', 'remove'
    run      of a job: the how maniest
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
    run: int = 0


@dataclass(frozen=True)
class Swarm:
    """pools, size     what networks without a --subnet are cut from; cursor: the pool after the last one tried
    networks, vnis  id -> the network as the managers have it, and its VXLAN number
    addresses       subnet -> what is in use there
    leader          the id of the manager that leads
    secrets         role -> the last part of its join token; root: the part that names the swarm
    contents        id -> a secret or a config
    raft, authority  settings of the managers among themselves and of certificates, as the API has them
    unlock_key      what a manager asks for after its start, '' when managers aren't locked
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
    contents: dict[str, Content] = field(default_factory=dict)
    raft: dict[str, int] = field(default_factory=lambda: dict(RAFT))
    authority: dict[str, Any] = field(default_factory=lambda: {"NodeCertExpiry": EXPIRY})
    unlock_key: str = ""

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


def locks(world: World, host: str) -> bool:
    """Does this host ask for the key of its swarm when its daemon starts?"""
    swarm = swarm_of(world, host)
    return swarm is not None and bool(swarm.unlock_key) and is_manager(world, host)


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
    """The nodes whose hosts are still in this swarm and whose daemons run, and aren't locked."""
    return [node for node in swarm.nodes.values() if not node.left and daemon(world, node.host).node == node.id
            and world.hosts[node.host].docker_running and not daemon(world, node.host).locked]  # fmt: skip


def is_up(swarm: Swarm, node: Node, now: float) -> bool:
    """Has a manager heard of it lately?"""
    return now - node.heard < PATIENCE * swarm.heartbeat
