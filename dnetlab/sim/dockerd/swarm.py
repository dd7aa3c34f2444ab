"""A host in a swarm: what happens on it when it joins and leaves, and what its swarm does as time goes by."""

from __future__ import annotations

from ipaddress import IPv6Address

from dnetlab.model import Endpoint, Network, Protocol, Socket, SocketState, Where
from dnetlab.model.changed import replace
from dnetlab.sim import processes
from dnetlab.sim.dockerd import books, endpoints, gwbridge, ipam, lifecycle, mesh, orchestrator, swarmnets
from dnetlab.sim.dockerd.books import change_daemon, daemon
from dnetlab.sim.dockerd.cluster import gossip, membership
from dnetlab.sim.dockerd.cluster.state import ServiceSpec, member, members, node_of, put_node, swarm_of
from dnetlab.sim.dockerd.drivers import device, overlay
from dnetlab.sim.dockerd.drivers.bridge import open_endpoint
from dnetlab.sim.dockerd.drivers.table import driver_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.sandbox import container_mac
from dnetlab.sim.kernel import Stack
from dnetlab.sim.world import World

ANY = IPv6Address("::")
INGRESS_SECONDS = 4.5  # how long a new node takes to set up its part of the ingress network (observed on 29.7.2)
SANDBOX = "ingress-sbox"  # the id under which networks list the ingress sandbox


def entered(world: World, host: str) -> None:
    """The host has joined: its daemon listens to the others, and lists the networks that it may see."""
    node, swarm = node_of(world, host), member(world, host)
    manager = node is not None and node.is_manager
    _listen(world, host, manager)
    if manager:
        swarmnets.show_to_managers(world, swarm)


def _listen(world: World, host: str, manager: bool) -> None:
    """7946 for the gossip of every node, 2377 for what managers are asked."""
    pid = daemon(world, host).pid
    sockets = [Socket(Protocol.TCP, ANY, gossip.PORT, SocketState.LISTEN, pid, "dockerd", backlog=4096),
               Socket(Protocol.UDP, ANY, gossip.PORT, SocketState.UNCONNECTED, pid, "dockerd")]  # fmt: skip
    if manager:
        sockets.append(Socket(Protocol.TCP, ANY, 2377, SocketState.LISTEN, pid, "dockerd", backlog=4096))
    present = {(s.protocol, s.local_port) for s in world.hosts[host].stack.sockets}
    processes.listen(world, Where(host), [s for s in sockets if (s.protocol, s.local_port) not in present])


def _follow_daemon(world: World, host: str) -> None:
    """A daemon that has stopped holds no ports; one that has started again holds them under its new number."""
    where, state = Where(host), daemon(world, host)
    space = world.namespace(where)
    ports = (2377, gossip.PORT)
    stale = [s for s in space.sockets if s.program == "dockerd" and s.local_port in ports and s.pid != state.pid]
    if stale:
        world.put_namespace(where, replace(space, sockets=tuple(s for s in space.sockets if s not in stale)))
    if state.running and state.ingress_pid not in (None, state.pid):
        for network in [n for n in world.hosts[host].networks if n.ingress]:  # made anew by a starting daemon
            _leave_ingress(world, host, network)
            overlay.close_network(world, host, network)
        mesh.forget(world, host)
        change_daemon(world, host, ingress_pid=None)
    node = node_of(world, host)
    if state.running and node is not None:
        _listen(world, host, node.is_manager)


def _fall_silent(world: World, host: str, ports: tuple[int, ...]) -> None:
    where, pid = Where(host), daemon(world, host).pid
    space = world.namespace(where)
    kept = tuple(s for s in space.sockets if s.pid != pid or s.local_port not in ports)
    world.put_namespace(where, replace(space, sockets=kept))


def change_role(world: World, host: str, role: str) -> None:
    """`docker node promote` and `demote`: what the host listens to and lists follows."""
    node, swarm = node_of(world, host), member(world, host)
    if node is None:
        return
    put_node(world, swarm.id, replace(node, role=role, version=node.version + 1))
    if role == "manager":
        entered(world, host)
    else:
        _fall_silent(world, host, (2377,))
        swarmnets.hide(world, host)


def leave(world: World, host: str, force: bool) -> None:
    """`docker swarm leave`: tasks and overlay networks go from this host; docker_gwbridge stays. ApiError."""
    membership.check_leave(world, host, force)
    if daemon(world, host).joining is not None:
        change_daemon(world, host, joining=None)
        return
    swarm = swarm_of(world, host)
    for container in world.hosts[host].containers:
        if swarmnets.TASK in container.labels:
            lifecycle.remove(world, host, container.id, force=True, volumes=True)
            continue
        for endpoint in container.endpoints:
            if swarm is not None and endpoint.network_id in swarm.networks and endpoint.endpoint_id:
                endpoints.disconnect(world, host, endpoint.network, container.id, force=True)
    for network in [n for n in world.hosts[host].networks if n.scope == "swarm"]:
        _leave_ingress(world, host, network)
        swarmnets.close(world, host, network)
    _fall_silent(world, host, (2377, gossip.PORT))
    membership.forget(world, host)
    kept = tuple(n for n in world.hosts[host].networks if n.scope != "swarm")
    world.change_host(host, networks=kept)


# -- ingress --------------------------------------------------------------------------------------------------------


def set_up_ingress(world: World, host: str) -> None:
    """The host's part of the ingress network: a sandbox with one foot in it and one in docker_gwbridge."""
    swarm = swarm_of(world, host)
    network = next((n for n in swarm.networks.values() if n.ingress), None) if swarm else None
    if network is None or SANDBOX in daemon(world, host).gateways:
        return
    bridge = gwbridge.ensure(world, host)
    overlay.open_network(world, host, network)
    if network.id not in daemon(world, host).balancers:
        overlay.open_balancer(world, host, network)
    if all(n.id != network.id for n in world.hosts[host].networks):
        books.put_network(world, host, network)
    gwbridge.remember(world, host, SANDBOX, _foot_outside(world, host, bridge))
    change_daemon(world, host, ingress_pid=daemon(world, host).pid)
    gossip.spread(world, swarm_of(world, host))


def _foot_outside(world: World, host: str, bridge: Network) -> Endpoint:
    address, subnet = ipam.request_address(world, host, bridge, None)
    where, mac = Where(host, "ingress_sbox"), container_mac(world, host, address)
    outer = device.plug_veth(world, where, "eth1", mac, bridge)
    endpoint = Endpoint(bridge.name, bridge.id, world.hex_id(f"{host}:endpoint"), address, subnet.subnet.prefixlen,
                        subnet.gateway, mac, "eth1", outer)  # fmt: skip
    open_endpoint(world, host, endpoint, bridge)
    stack = Stack(world, where)
    overlay.give_address(stack, "eth1", address, subnet.subnet)
    stack.set_up("eth1")
    overlay.default_route(stack, "eth1", subnet.gateway)
    return endpoint


def remove_ingress(world: World, host: str, network: Network) -> None:
    """`docker network rm ingress`, at a manager: no node has a part in it any more. ApiError while a service needs it
    (swarmkit controlapi/network.go)."""
    swarm = membership.manager(world, host)
    for service in swarm.services.values():
        if any(port.mode == "ingress" for port in service.spec.ports):
            text = f"ingress network cannot be removed because service {service.id} depends on it"
            raise ApiError(f"rpc error: code = FailedPrecondition desc = {text}", 400)
    for node in members(world, swarm):
        _leave_ingress(world, node.host, network)
        change_daemon(world, node.host, ingress_pid=None)
    swarmnets.remove(world, host, network)


def _leave_ingress(world: World, host: str, network: Network) -> None:
    endpoint = daemon(world, host).gateways.get(SANDBOX)
    if not network.ingress or endpoint is None:
        return
    bridge = books.network_by_id(world, host, endpoint.network_id)
    gwbridge.forget(world, host, SANDBOX)
    if bridge is not None:
        driver_of(bridge).delete_endpoint(world, host, endpoint, bridge)
        gwbridge.free(world, host, bridge, endpoint.address)


def set_up_for(world: World, host: str, spec: ServiceSpec) -> None:
    """A service that publishes a port in the mesh finds every node's part of the ingress network set up: the manager
    gave those addresses away when the nodes joined."""
    swarm = swarm_of(world, host)
    if swarm is not None and any(port.mode == "ingress" for port in spec.ports):
        for node in members(world, swarm):
            set_up_ingress(world, node.host)


# -- time -----------------------------------------------------------------------------------------------------------


def let_time_pass(world: World) -> None:
    """Signs of life, the ingress network of new nodes, and what the nodes tell each other."""
    for host in [host for host, state in world.daemons.items() if state.joining and state.running]:
        if membership.go_on_joining(world, host):
            entered(world, host)
    if not world.swarms:
        return
    for host, state in world.daemons.items():
        if state.swarm:
            _follow_daemon(world, host)
    gossip.feel_pulses(world)
    for swarm in list(world.swarms.values()):
        for node in members(world, swarm):
            if world.clock - node.joined >= INGRESS_SECONDS:
                set_up_ingress(world, node.host)
        orchestrator.reconcile(world, swarm.id)
        gossip.spread(world, world.swarms[swarm.id])
        mesh.program(world, world.swarms[swarm.id])
