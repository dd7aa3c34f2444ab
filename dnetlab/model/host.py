"""What a Docker host holds beside its network stacks: processes, containers, Docker's networks, images, volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from dnetlab.model.changed import quick, replace
from dnetlab.model.indexes import followed, index
from dnetlab.model.ip import IpAddress, IpNetwork
from dnetlab.model.layers import with_item, without_item
from dnetlab.model.network import Namespace
from dnetlab.model.packet import Protocol

PREDEFINED = ("bridge", "host", "none")  # the networks that a daemon has from its start; Docker has no DNS in them
RESERVED = (*PREDEFINED, "default")  # names of networks that nobody makes or removes; `--network default` is bridge


@quick
@dataclass(frozen=True)
class Process:
    """One row of `ps` as the host sees it. namespace: the network namespace it lives in; container: full id or None.

    started is in seconds of the lab's clock. zombie: it has ended, and its parent has not asked for its exit status.
    """

    pid: int
    ppid: int
    argv: tuple[str, ...]
    namespace: str = "host"
    container: str | None = None
    user: str = "root"
    started: float = 0.0
    zombie: bool = False

    @property
    def command(self) -> str:
        """The line `ps` shows; of a zombie only the name is left."""
        return f"[{self.argv[0].rsplit('/', 1)[-1][:15]}] <defunct>" if self.zombie else " ".join(self.argv)


class ContainerState(Enum):
    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    EXITED = "exited"
    DEAD = "dead"


@quick
@dataclass(frozen=True)
class PortBinding:
    """A published port: `host_ip:host_port->container_port/protocol`. host_port 0 is not yet chosen, or, in a
    routed network, none at all: the port is open at the container's own address."""

    container_port: int
    protocol: Protocol
    host_ip: IpAddress
    host_port: int

    def __str__(self) -> str:
        ip = f"[{self.host_ip}]" if self.host_ip.version == 6 else str(self.host_ip)
        return f"{ip}:{self.host_port}->{self.container_port}/{self.protocol.value}"


@quick
@dataclass(frozen=True)
class Endpoint:
    """A container's place in a network (CNM: sandbox, endpoint, network).

    address is None while the container isn't running, and on a network without IPv4; configured_address is the one
    asked for with --ip. address6, prefixlen6, gateway6 and configured_address6 (--ip6) are the same of IPv6. Where IPv6
    is all that the network has and is switched off in the container, its link has a MAC and no address.
    interface is the name inside the container ('eth0'), host_interface the veth on the bridge (None for macvlan,
    host, none). aliases: what the user gave with --network-alias. links: (container, alias) of --link, as real engines
    tell; the simulator's own resolver knows them from the daemon's books.
    """

    network: str  # name
    network_id: str
    endpoint_id: str = ""
    address: IpAddress | None = None
    prefixlen: int = 0
    gateway: IpAddress | None = None
    mac: str = ""
    interface: str | None = None
    host_interface: str | None = None
    aliases: tuple[str, ...] = ()
    configured_address: IpAddress | None = None
    links: tuple[tuple[str, str], ...] = ()
    address6: IpAddress | None = None
    prefixlen6: int = 0
    gateway6: IpAddress | None = None
    configured_address6: IpAddress | None = None

    @property
    def addresses(self) -> tuple[IpAddress, ...]:
        """Its addresses of either family, IPv4 first; () while it has none."""
        if self.address6 is None:
            return () if self.address is None else (self.address,)
        return (self.address6,) if self.address is None else (self.address, self.address6)

    @property
    def is_placed(self) -> bool:
        """Has it a link of its own now?"""
        return self.address is not None or self.address6 is not None or bool(self.mac)


@quick
@dataclass(frozen=True)
class Container:
    """A container, as tables, diagrams and checks see it. Times are seconds of the lab's clock, None: not yet.

    network_mode    'default', 'bridge', 'host', 'none', 'container:<full id>' or a network's name
    namespace       name of its network namespace ('host' in host mode, the other's when joined), None when not running
    exposed         ports of the image and of --expose, '80/tcp'
    ports           published ports that are bound now (empty while it isn't running)
    """

    id: str
    name: str
    image: str
    command: tuple[str, ...] = ()
    state: ContainerState = ContainerState.CREATED
    exit_code: int = 0
    created: float = 0.0
    started: float | None = None
    finished: float | None = None
    pid: int | None = None
    hostname: str = ""
    network_mode: str = "default"
    namespace: str | None = None
    endpoints: tuple[Endpoint, ...] = ()
    exposed: tuple[str, ...] = ()
    ports: tuple[PortBinding, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    restart_policy: str = "no"

    @property
    def short_id(self) -> str:
        return self.id[:12]

    @property
    def is_running(self) -> bool:
        return self.state in (ContainerState.RUNNING, ContainerState.PAUSED)

    def endpoint(self, network: str) -> Endpoint | None:
        """Its endpoint in the network of that name, None when it isn't connected."""
        return next((e for e in self.endpoints if e.network == network), None)


@quick
@dataclass(frozen=True)
class Subnet:
    """One entry of a network's IPAM config."""

    subnet: IpNetwork
    gateway: IpAddress | None = None
    ip_range: IpNetwork | None = None
    aux_addresses: dict[str, IpAddress] = field(default_factory=dict)
    configured: bool = False  # the user gave --subnet
    gateway_configured: bool = False  # the user gave --gateway


@dataclass(frozen=True)
class Record:
    """What the hosts of a swarm tell each other of an endpoint in an overlay network (moby: networkdb, the gossip).

    name       of the container or the task; others that it is called by in aliases
    service    the service of a task and its virtual address there (None with dnsrr), '' and None for a container
    known_as   the other names that the service has in the network
    node       the address of the host that it is on
    """

    name: str
    address: IpAddress
    mac: str
    node: IpAddress
    aliases: tuple[str, ...] = ()
    service: str = ""
    vip: IpAddress | None = None
    known_as: tuple[str, ...] = ()


@quick
@dataclass(frozen=True)
class Network:
    """A Docker network. bridge is the name of its bridge device, None for drivers without one; `null` drives `none`.

    config_only  it only holds what others are made from (--config-only); config_from: the name of such a one, or ''
    ingress  it carries the published ports of a swarm's services
    ipv4, ipv6  whether its endpoints get addresses of that family (EnableIPv4, EnableIPv6)
    ipam_options  of --ipam-opt; None: whoever made it said nothing of them
    records  overlay: the endpoints that this host has heard of, its own too, in the order of their addresses
    """

    id: str
    name: str
    driver: str
    scope: str = "local"
    subnets: tuple[Subnet, ...] = ()
    internal: bool = False
    attachable: bool = False
    bridge: str | None = None
    parent: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    created: float = 0.0
    config_only: bool = False
    config_from: str = ""
    ingress: bool = False
    records: tuple[Record, ...] = ()
    ipam_options: dict[str, str] | None = field(default_factory=dict)
    ipv4: bool = True
    ipv6: bool = False

    @property
    def waits_for_addresses(self) -> bool:
        """Has a swarm taken it down without being able to give it a subnet?"""
        return self.scope == "swarm" and self.driver == "overlay" and not self.subnets

    def subnets_of(self, version: int) -> tuple[Subnet, ...]:
        """Its subnets of that family that are used, in their order; () where it has that family switched off."""
        on = self.ipv4 if version == 4 else self.ipv6
        return tuple([s for s in self.subnets if s.subnet.version == version]) if on else ()

    @property
    def used_subnets(self) -> tuple[Subnet, ...]:
        """Its subnets of the families that it has switched on; the others are written down only."""
        if self.ipv4 and not self.ipv6 and all(s.subnet.version == 4 for s in self.subnets):
            return self.subnets
        return (*self.subnets_of(4), *self.subnets_of(6))

    @property
    def short_id(self) -> str:
        return self.id[:12]


@dataclass(frozen=True)
class Image:
    """An image on a host. tags: 'nginx:latest'; () is a dangling one. size in bytes."""

    id: str
    tags: tuple[str, ...]
    created: float = 0.0
    size: int = 0


@dataclass(frozen=True)
class Volume:
    name: str
    driver: str = "local"
    anonymous: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)


@quick
@dataclass(frozen=True)
class Host:
    """One machine of the lab. namespaces['host'] is its own stack; docker_running says whether dockerd answers."""

    name: str
    namespaces: Mapping[str, Namespace] = field(default_factory=dict)
    processes: Sequence[Process] = ()
    containers: Sequence[Container] = ()  # newest first, as `docker ps -a`
    networks: tuple[Network, ...] = ()  # sorted by name, as `docker network ls`
    images: tuple[Image, ...] = ()
    volumes: tuple[Volume, ...] = ()
    has_docker: bool = True
    docker_running: bool = False

    @property
    def stack(self) -> Namespace:
        """The host's own network namespace."""
        return self.namespaces["host"]

    @property
    def by_pid(self) -> dict[int, Process]:
        return index(self, "_by_pid", self.processes, lambda rows: {process.pid: process for process in rows})

    @property
    def stacked(self) -> set[str]:
        """The names of the namespaces that have links which stand on others, as vlans, macvlans and VXLANs do."""
        return self._groups.stacked

    @property
    def is_watched(self) -> bool:
        """Does somebody capture in one of its namespaces?"""
        return index(self, "_watched", self.namespaces, _watched)

    @property
    def knowing(self) -> set[str]:
        """The names of the namespaces that know a neighbour."""
        return self._groups.knowing

    @property
    def _groups(self) -> _Groups:
        return index(self, "_in_groups", self.namespaces, _grouped)

    def with_namespace(self, key: str, namespace: Namespace) -> Host:
        """Add or replace a namespace."""
        old = self.namespaces.get(key)
        made = replace(self, namespaces=with_item(self.namespaces, key, namespace))
        groups = followed(made, "_in_groups", self.namespaces, made.namespaces)
        if groups is not None and (old is None or namespace.interfaces is not old.interfaces):
            (groups.stacked.add if namespace.on_a_parent else groups.stacked.discard)(key)
        if groups is not None and (old is None or namespace.neighbours is not old.neighbours):
            (groups.knowing.add if namespace.neighbours else groups.knowing.discard)(key)
        return made

    def without_namespace(self, key: str) -> Host:
        """A namespace is gone; nothing when it isn't there."""
        made = replace(self, namespaces=without_item(self.namespaces, key))
        groups = followed(made, "_in_groups", self.namespaces, made.namespaces)
        if groups is not None:
            groups.stacked.discard(key)
            groups.knowing.discard(key)
        return made

    def container(self, reference: str) -> Container | None:
        """Find by name, full id, or a prefix of the id that only one container has."""
        reference = reference.removeprefix("/")
        exact = index(self, "_called", self.containers, _called).get(reference)
        if exact or not reference:
            return exact
        found = [c for c in self.containers if c.id.startswith(reference)]
        return found[0] if len(found) == 1 else None

    def network(self, reference: str) -> Network | None:
        """Find by full id, name, or a prefix of the id that only one network has (the daemon's order)."""
        exact = next((n for n in self.networks if n.id == reference), None)
        exact = exact or next((n for n in self.networks if n.name == reference), None)
        if exact or not reference:
            return exact
        found = [n for n in self.networks if n.id.startswith(reference)]
        return found[0] if len(found) == 1 else None


    def home_of(self, network: Network) -> Namespace | None:
        """The namespace that an overlay network has on a host where it is used, with its bridge and its VXLAN.

        dockerd calls it by how often it made it and the network's id, 1-4mi66spnvl (moby libnetwork/drivers/overlay).
        """
        own = (s for name, s in self.namespaces.items() if name.partition("-")[2] == network.id[:10])
        return next(own, None) if network.driver == "overlay" else None

    @property
    def inner_spaces(self) -> set[str]:
        """The names of the namespaces that overlay networks and their balancers have: nobody's program runs there."""
        spaces = (space for n in self.networks for space in (self.home_of(n), self.balancer_of(n)))
        return {space.name for space in spaces if space is not None}

    def balancer_of(self, network: Network) -> Namespace | None:
        """The namespace that shares out what is sent to the virtual addresses of an overlay network's services."""
        name = "ingress_sbox" if network.ingress else f"lb_{network.id[:9]}"
        return self.namespaces.get(name) if network.driver == "overlay" else None


def _watched(namespaces: Mapping[str, Namespace]) -> bool:
    return any(namespace.captures for namespace in namespaces.values())


@dataclass(frozen=True)
class _Groups:
    """The names of the namespaces with links that stand on others, and of those that know a neighbour."""

    stacked: set[str]
    knowing: set[str]


def _grouped(namespaces: Mapping[str, Namespace]) -> _Groups:
    knowing = {key for key, namespace in namespaces.items() if namespace.neighbours}
    return _Groups({key for key, namespace in namespaces.items() if namespace.on_a_parent}, knowing)


def _called(containers: Sequence[Container]) -> dict[str, Container]:
    """By name and by full id."""
    return {reference: one for one in reversed(containers) for reference in (one.id, one.name)}
