"""What the nodes of a swarm tell each other at port 7946 (moby libnetwork/networkdb, drivers/overlay/peerdb.go).

Each node tells of the endpoints that its overlay networks have there; the others write them down: names for the
resolver, and for the VXLAN of the network who has which address and MAC, and behind which host. A firewall that keeps
7946 from a node keeps its endpoints unknown.
"""

from __future__ import annotations

from collections.abc import Iterator

from dnetlab.model import Endpoint, FdbEntry, Neighbour, Network, Packet, Protocol, Record, Where
from dnetlab.model.changed import replace
from dnetlab.net.forward import forward
from dnetlab.net.routing import source_for
from dnetlab.sim.dockerd.books import daemon, put_network, spec
from dnetlab.sim.dockerd.cluster import membership
from dnetlab.sim.dockerd.cluster.state import Node, Service, Swarm, members, put_node
from dnetlab.sim.world import World

PORT = 7946
TUNNEL = "vxlan0"


def home_of(network: Network) -> str:
    """The namespace that an overlay network has on each host where it is used: its bridge and its VXLAN."""
    return f"1-{network.id[:10]}"


def is_here(world: World, host: str, network: Network) -> bool:
    """Is the network in use on this host? An overlay has a namespace then, another what its driver made of it."""
    made = network.parent is not None or network.bridge is not None
    return made or home_of(network) in world.hosts[host].namespaces


# -- who hears whom -------------------------------------------------------------------------------------------------


def hear_each_other(world: World, one: Node, other: Node) -> bool:
    """Do these two get through to each other at port 7946, by UDP, or else by TCP?"""
    return _speaks(world, one, other) and _speaks(world, other, one)


def _speaks(world: World, one: Node, other: Node) -> bool:
    source = source_for(world.namespace(Where(one.host)), other.address)
    if source is None:
        return False
    for protocol, flags in ((Protocol.UDP, ""), (Protocol.TCP, "S")):
        packet = Packet(source, other.address, protocol, PORT, PORT, 64, flags, size=60)
        exchange = forward(world.snapshot(), Where(one.host), packet, world.clock)
        if exchange.listener is not None and exchange.listener.where == Where(other.host):
            return True
    return False


def feel_pulses(world: World) -> None:
    """Every node that reaches a manager at port 2377 gives a sign of life."""
    for swarm in list(world.swarms.values()):
        there = members(world, swarm)
        managers = [node for node in there if node.is_manager]
        for node in there:
            if node.is_manager or any(_reports(world, node, manager) for manager in managers):
                put_node(world, swarm.id, replace(node, heard=world.clock))


def _reports(world: World, node: Node, manager: Node) -> bool:
    return membership.dial(world, node.host, manager.address, 2377)[0] == manager.host


# -- what they tell -------------------------------------------------------------------------------------------------


def spread(world: World, swarm: Swarm | None) -> None:
    """Let all that hear each other know the endpoints of their networks."""
    there = members(world, swarm) if swarm else []
    told = {node.id: list(_own(world, node)) for node in there}
    heard = {(a.id, b.id): hear_each_other(world, a, b) for n, a in enumerate(there) for b in there[n + 1 :]
             if told[a.id] or told[b.id]}  # fmt: skip
    for node in there:
        near = [o for o in there if o is node or heard.get((node.id, o.id)) or heard.get((o.id, node.id))]
        rows = [row for other in near for row in told[other.id]]
        for network in world.hosts[node.host].networks:
            if network.scope == "swarm":
                _write_down(world, node, network, [record for network_id, record in rows if network_id == network.id])


def _own(world: World, node: Node) -> Iterator[tuple[str, Record]]:
    """The endpoints of a node in swarm networks: (network id, record)."""
    machine = world.hosts[node.host]
    swarm_scope = {network.id for network in machine.networks if network.scope == "swarm"}
    for container in machine.containers:
        for endpoint in container.endpoints:
            if endpoint.network_id in swarm_scope and endpoint.endpoint_id and endpoint.address:
                service = _service(world, node, container.labels.get("com.docker.swarm.service.id", ""))
                own = () if service is None else service.spec.aliases.get(endpoint.network_id, ())
                names = [*(name for name in endpoint.aliases if name not in own), container.short_id]
                config = spec(world, node.host, container.id).config
                if config.hostname not in (container.name, *names):
                    names.append(config.hostname)
                vip = service.vips.get(endpoint.network_id) if service is not None else None
                called = container.labels.get("com.docker.swarm.service.name", "")
                yield endpoint.network_id, Record(container.name, endpoint.address, endpoint.mac, node.data_address,
                                                  tuple(names), called, vip, own)  # fmt: skip
    for network_id, endpoint in daemon(world, node.host).balancers.items():
        if endpoint.address is not None:
            yield network_id, balancer_record(endpoint, node)


def balancer_record(endpoint: Endpoint, node: Node) -> Record:
    assert endpoint.address is not None
    return Record("", endpoint.address, endpoint.mac, node.data_address)


def _service(world: World, node: Node, service_id: str) -> Service | None:
    swarm = world.swarms.get(daemon(world, node.host).swarm)
    return swarm.services.get(service_id) if swarm else None


def _write_down(world: World, node: Node, network: Network, records: list[Record]) -> None:
    found = tuple(sorted(records, key=lambda record: record.address)) if is_here(world, node.host, network) else ()
    if found == network.records:
        return
    put_network(world, node.host, replace(network, records=found))
    if home_of(network) in world.hosts[node.host].namespaces:
        _program(world, node, Where(node.host, home_of(network)), found)


def _program(world: World, node: Node, where: Where, records: tuple[Record, ...]) -> None:
    """The VXLAN's neighbours and forwarding table: an entry of each for every endpoint on another host."""
    far = [record for record in records if record.node != node.data_address]
    space = world.namespace(where)
    kept = tuple(entry for entry in space.fdb if entry.dst is None)
    table = tuple(FdbEntry("", r.mac, TUNNEL, True, r.node) for r in far)
    near = tuple(entry for entry in space.neighbours if entry.dev != TUNNEL)
    known = tuple(Neighbour(r.address, TUNNEL, r.mac, "PERMANENT") for r in far)
    world.put_namespace(where, replace(space, fdb=(*kept, *table), neighbours=(*near, *known)))
