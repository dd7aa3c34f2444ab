"""Published ports: which host port a container gets, the rules that lead to it, and docker-proxy beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from itertools import groupby
from typing import TypeAlias

from dnetlab.model import Container, Endpoint, PortBinding, Protocol, Socket, SocketState, Where
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, bracketed
from dnetlab.model.layers import with_item
from dnetlab.sim import processes
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd.books import Part, change_daemon, daemon, release_of
from dnetlab.sim.dockerd.config import ContainerConfig, PortRequest
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import NetworkConfig, firewaller
from dnetlab.sim.world import World

PROXY = "/usr/sbin/docker-proxy"
Families: TypeAlias = "Sequence[tuple[NetworkConfig, IpAddress]]"
Targets: TypeAlias = "Mapping[int, IpAddress]"  # by family: the container's address
ANY_V4, ANY_V6 = IPv4Address("0.0.0.0"), IPv6Address("::")


def requests_of(world: World, config: ContainerConfig) -> list[PortRequest]:
    """What is to be published, in the order the release works it off.

    Up to 27 from the highest container port down, tcp first (go-connections nat/sort.go); from 28 on up, those
    that name a host port before the others (drivers/bridge/port_mapping_linux.go). Observed on 20.10, 26.1, 28.5.
    """
    wanted = list(config.publish)
    named = {request.key for request in wanted}
    if config.publish_all:
        for exposed in config.expose:
            number, _, protocol = exposed.partition("/")
            request = PortRequest(int(number), Protocol(protocol or "tcp"))
            if request.key not in named:
                wanted.append(request)
    if release_of(world).ports_ascending:
        wanted.sort(key=lambda r: (r.host_port is None, r.container_port, r.protocol.value, r.host_port or 0))
    else:
        wanted.sort(key=lambda r: (-r.container_port, r.protocol is not Protocol.TCP, -(r.host_port or 0)))
    return wanted


@dataclass(frozen=True)
class Way:
    """Through which endpoint ports are published, and how far.

    families  the network as the firewall sees it with the container's address, for each family that it has
    default   the address of ports that name none
    part      the families of the host's addresses; routed: and those in which the network is routed
    open      the families whose ports are open at the container's own address; of IPv6 also in a network without it,
              whose ports have no number on the host's [::] then (observed on 28.5.2)
    """

    endpoint: Endpoint
    families: Families
    default: IpAddress
    part: Part
    routed: bool
    open: tuple[int, ...]

    @property
    def targets(self) -> Targets:
        return {address.version: address for _, address in self.families}


def is_asked(world: World, host: str, container: Container) -> bool:
    """Is a port of the container to be published?"""
    return bool(requests_of(world, daemon(world, host).containers[container.id].config))


def publish(world: World, host: str, container: Container, way: Way) -> tuple[PortBinding, ...]:
    """Publish the container's ports; what is bound now.

    In a routed network a port is open at the container's own address, and has no number on the host: 0 (observed on
    28.5 and 29.7; where IPv6 is not routed, [::] has one). ApiError in the daemon's words when a port can't be had; the
    caller undoes the rest.
    """
    bound: list[PortBinding] = []
    endpoint = way.endpoint
    where = f"driver failed programming external connectivity on endpoint {container.name} ({endpoint.endpoint_id}): "
    for request in requests_of(world, daemon(world, host).containers[container.id].config):
        try:
            bindings = _bind(world, host, request, way, tuple(bound))
            _start_proxies(world, host, [b for b in bindings if b.host_port], way.targets)
            bound += bindings
            for network, address in way.families:
                firewaller(world, host).add_ports(network, address, bindings)
        except ApiError as error:
            raise ApiError(where + error.message, error.status) from None
    _book(world, host, bound)
    return tuple(bound)


def publish_again(world: World, host: str, families: Families, bindings: tuple[PortBinding, ...]) -> None:
    """A new daemon opens the ports of a container that outlived the last one. Refused where somebody else has one."""
    taken = [b for b in bindings if b.host_port and processes.clashes(
        processes.on_port(world, Where(host), b.host_port), _socket(b.protocol, b.host_ip, b.host_port))]  # fmt: skip
    if taken:
        raise Refused(
            "Port {port} of a container that outlived its daemon is taken: what dockerd makes of that is not modelled.",
            "End what listens there: ss -ltnp",
            port=taken[0].host_port,
        )
    targets: Targets = {address.version: address for _, address in families}
    for _, rows in groupby(bindings, key=lambda b: (b.container_port, b.protocol)):
        some = list(rows)
        _start_proxies(world, host, [b for b in some if b.host_port], targets)
        for network, address in families:
            firewaller(world, host).add_ports(network, address, some)
    _book(world, host, bindings)


def _target(binding: IpAddress, targets: Targets) -> IpAddress:
    """Whom docker-proxy asks: the container by the family it is asked by itself, by IPv4 where it has no IPv6
    (observed on 20.10.24, 26.1.5, 28.5.2)."""
    return targets.get(binding.version, targets.get(4)) or targets[6]


def _book(world: World, host: str, bindings: Sequence[PortBinding]) -> None:
    """Write the bindings into the daemon's table of host ports."""
    table = daemon(world, host).bound
    for binding in bindings:
        if not binding.host_port:
            continue
        key = binding.protocol, binding.host_port
        table = with_item(table, key, (*table.get(key, ()), binding))
    change_daemon(world, host, bound=table)


def _cross_out(world: World, host: str, bindings: Sequence[PortBinding]) -> None:
    """Take the bindings out of the daemon's table of host ports."""
    table = dict(daemon(world, host).bound.items())
    for binding in bindings:
        key = binding.protocol, binding.host_port
        left = tuple(other for other in table.pop(key, ()) if other != binding)
        if left:
            table[key] = left
    change_daemon(world, host, bound=table)


def unpublish(
    world: World, host: str, endpoint: Endpoint, families: Families, bindings: tuple[PortBinding, ...]
) -> None:
    """Take back what `publish` did: proxies, sockets, rules."""
    if not bindings or not endpoint.is_placed:
        return
    _cross_out(world, host, bindings)
    for network, address in families:
        firewaller(world, host).remove_ports(network, address, bindings)
    own = [str(address) for address in endpoint.addresses]
    served = {(str(b.host_port), b.protocol.value, str(b.host_ip)) for b in bindings}
    gone = [
        p.pid
        for p in world.hosts[host].processes
        if p.argv[:1] == (PROXY,) and _argument(p.argv, "-container-ip") in own
        and tuple(_argument(p.argv, name) for name in ("-host-port", "-proto", "-host-ip")) in served
    ]  # fmt: skip
    processes.end(world, host, gone)
    if not daemon(world, host).userland_proxy:
        _close(world, Where(host), bindings)


def _close(world: World, where: Where, bindings: Sequence[PortBinding]) -> None:
    """dockerd gives up the sockets that it held itself."""
    mine = {(b.protocol, b.host_ip, b.host_port) for b in bindings}
    stack = world.namespace(where)
    kept = tuple(s for s in stack.sockets
                 if s.program != "dockerd" or (s.protocol, s.local_address, s.local_port) not in mine)  # fmt: skip
    world.put_namespace(where, replace(stack, sockets=kept))


def _argument(argv: tuple[str, ...], name: str) -> str:
    return argv[argv.index(name) + 1] if name in argv else ""


# -- host ports -----------------------------------------------------------------------------------------------------


def _bind(
    world: World, host: str, request: PortRequest, way: Way, earlier: tuple[PortBinding, ...]
) -> list[PortBinding]:
    """The bindings of one request: one address, or every IPv4 and every IPv6 one."""
    addresses = _addresses(world, host, request, way)
    numbered = [a for a in addresses if a.version not in way.open]
    ports = dict(zip(numbered, _numbers(world, host, request, numbered, earlier, way.targets), strict=True))
    return [PortBinding(request.container_port, request.protocol, a, ports.get(a, 0)) for a in addresses]


def _addresses(world: World, host: str, request: PortRequest, way: Way) -> list[IpAddress]:
    """Where one request is to be published. A network whose own addresses are used outside opens the port there, so
    that the host's address that was asked for says nothing (port_mapping_linux.go, "NAT is disabled"; 28.5.2)."""
    asked, targets = request.host_ip, way.targets
    found: list[IpAddress] = [asked] if asked is not None else [way.default]
    if asked is None and way.default == ANY_V4:
        found = [ANY_V4, ANY_V6]
    proxy = daemon(world, host).userland_proxy  # it alone asks IPv4 containers by IPv6
    found = [a for a in found if a.version in targets or a.version == 6 and proxy]
    found = [a for a in found if (way.routed if a.version in way.open else way.part.has(a.version))]
    return [(ANY_V4 if a.version == 4 else ANY_V6) if a.version in way.open else a for a in found]


def _numbers(
    world: World, host: str, request: PortRequest, addresses: list[IpAddress], earlier: tuple[PortBinding, ...],
    targets: Targets,
) -> list[int]:  # fmt: skip
    """The host's port for each of the addresses."""
    if not addresses:
        return []
    if request.host_port is None and release_of(world).ports_per_address:
        return [_free_port(world, host, request.protocol, [address], earlier) for address in addresses]
    if request.host_port is None:
        port = _free_port(world, host, request.protocol, addresses, earlier)
    elif request.host_port_end is None or request.host_port_end == request.host_port:
        port = request.host_port
        _require_port(world, host, request, addresses, port, earlier, targets)
    else:
        port = _first_of_range(world, host, request, addresses, earlier)
    return [port] * len(addresses)


def _allocated(
    world: World, host: str, protocol: Protocol, address: IpAddress, port: int, earlier: tuple[PortBinding, ...]
) -> PortBinding | None:
    """Whose binding stands in the way in the daemon's own table.

    Up to 27 that table knows each address apart; later any address meets every other (portallocator).
    """
    apart = release_of(world).ports_per_address
    mine = [row for row in earlier if (row.protocol, row.host_port) == (protocol, port)]
    for row in (*daemon(world, host).bound.get((protocol, port), ()), *mine):
        if row.host_ip.version != address.version:
            continue
        if row.host_ip == address or (not apart and (row.host_ip.is_unspecified or address.is_unspecified)):
            return row
    return None


def _has_address(world: World, host: str, address: IpAddress) -> bool:
    stack = world.namespace(Where(host))
    if address.is_unspecified or address.is_loopback:
        return True
    return any(a.ip == address for i in stack.interfaces for a in i.addresses)


def _socket(protocol: Protocol, address: IpAddress, port: int, pid: int | None = None) -> Socket:
    state = SocketState.LISTEN if protocol is Protocol.TCP else SocketState.UNCONNECTED
    return Socket(
        protocol, address, port, state, pid, "docker-proxy", backlog=4096 if protocol is Protocol.TCP else 0,
        v6only=address.version == 6,
    )  # fmt: skip


def _require_port(
    world: World, host: str, request: PortRequest, addresses: list[IpAddress], port: int,
    earlier: tuple[PortBinding, ...], targets: Targets,
) -> None:  # fmt: skip
    """ApiError unless this very port is free on all the addresses."""
    for address in addresses:
        row = _allocated(world, host, request.protocol, address, port, earlier)
        if row is not None:
            raise ApiError(f"Bind for {row.host_ip}:{port} failed: port is already allocated")
    present = processes.on_port(world, Where(host), port)
    for address in addresses:
        problem = ""
        if not _has_address(world, host, address):
            problem = "cannot assign requested address"
        elif processes.clashes(present, _socket(request.protocol, address, port)):
            problem = "address already in use"
        if problem:
            raise ApiError(
                release_of(world).text(
                    "bind failed",
                    ip=bracketed(address),
                    port=str(port),
                    protocol=request.protocol.value,
                    family=f"{request.protocol.value}{address.version}",
                    target=f"{bracketed(_target(address, targets))}:{request.container_port}",
                    problem=problem,
                )
            )


def _is_free(
    world: World, host: str, protocol: Protocol, addresses: list[IpAddress], port: int, earlier: tuple[PortBinding, ...]
) -> bool:
    present = processes.on_port(world, Where(host), port)
    return not any(
        _allocated(world, host, protocol, address, port, earlier)
        or processes.clashes(present, _socket(protocol, address, port))
        for address in addresses
    )


def _free_port(
    world: World, host: str, protocol: Protocol, addresses: list[IpAddress], earlier: tuple[PortBinding, ...]
) -> int:
    """The next port of ip_local_port_range after the last one chosen for this protocol and (first) address.

    Each address has its own cursor, and a port that came back is not used at once (portallocator, ipMap). Up to 27
    0.0.0.0 and [::] are asked for apart, so they can drift apart too (observed on 20.10.24, 26.1.5, 28.5.2).
    """
    sysctl = world.namespace(Where(host)).sysctl("net.ipv4.ip_local_port_range", "49153 65535")
    low, high = (int(n) for n in sysctl.split())
    key = f"{protocol.value} {addresses[0]}"
    last = daemon(world, host).port_cursors.get(key, low - 1)
    for step in range(1, high - low + 2):
        port = low + (last - low + step) % (high - low + 1)
        if _is_free(world, host, protocol, addresses, port, earlier):
            cursors = {**daemon(world, host).port_cursors, key: port}
            change_daemon(world, host, port_cursors=cursors)
            return port
    raise ApiError("all ports are allocated")


def _first_of_range(
    world: World, host: str, request: PortRequest, addresses: list[IpAddress], earlier: tuple[PortBinding, ...]
) -> int:
    first, last = request.host_port or 0, request.host_port_end or 0
    for port in range(first, last + 1):
        if _is_free(world, host, request.protocol, addresses, port, earlier):
            return port
    raise ApiError("all ports are allocated")  # observed on 20.10.24, 26.1.5, 28.5.2


# -- docker-proxy ---------------------------------------------------------------------------------------------------


def _start_proxies(world: World, host: str, bindings: Sequence[PortBinding], targets: Targets) -> None:
    """Who listens on the host's ports: a docker-proxy each, or dockerd itself without them."""
    state, where = daemon(world, host), Where(host)
    sockets = [_socket(b.protocol, b.host_ip, b.host_port, state.pid) for b in bindings]
    if not state.userland_proxy:
        waiting = 0 if release_of(world).proxy_listen_fd else 4096  # it never takes a connection (observed)
        held = [replace(s, program="dockerd", backlog=waiting if s.backlog else 0) for s in sockets]
        processes.listen(world, where, held)
        return
    pids = [processes.spawn(world, where, _proxy_argv(world, b, _target(b.host_ip, targets)), ppid=state.pid or 1)
            for b in bindings]  # fmt: skip
    processes.listen(world, where, [replace(s, pid=pid) for s, pid in zip(sockets, pids, strict=True)])


def _proxy_argv(world: World, binding: PortBinding, target: IpAddress) -> list[str]:
    argv = [
        PROXY, "-proto", binding.protocol.value, "-host-ip", str(binding.host_ip), "-host-port", str(binding.host_port),
        "-container-ip", str(target), "-container-port", str(binding.container_port),
    ]  # fmt: skip
    return [*argv, "-use-listen-fd"] if release_of(world).proxy_listen_fd else argv
