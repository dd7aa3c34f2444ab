"""Networks of a swarm as one host sees them: a manager all of them, a worker those that it has a container in."""

from __future__ import annotations

from collections.abc import Sequence

from dnetlab.model import Container, Network, Subnet
from dnetlab.model.changed import replace
from dnetlab.sim.dockerd.books import put_network
from dnetlab.sim.dockerd.cluster import gossip, membership
from dnetlab.sim.dockerd.cluster.identity import base36
from dnetlab.sim.dockerd.cluster.state import Swarm, member, members, swarm_of
from dnetlab.sim.dockerd.drivers import overlay
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

WORKER = "Cannot create a multi-host network from a worker node. Please create the network from a manager node."
NOT_ATTACHABLE = (
    "Could not attach to network {name}: rpc error: code = PermissionDenied desc = network {name} not manually "
    "attachable"
)
IN_USE = "rpc error: code = FailedPrecondition desc = network {id} is in use by {kind} {user}"
TASK = "com.docker.swarm.task.id"


def create(world: World, host: str, network: Network, subnets: Sequence[Subnet]) -> str:
    """`docker network create -d overlay` at a manager: its id. ApiError in the daemon's words."""
    swarm = swarm_of(world, host)
    if swarm is not None and not any(node.host == host for node in swarm.managers):
        raise ApiError(WORKER, 403)
    managed = membership.manager(world, host)
    present = next((n for n in managed.networks.values() if n.ingress), None)
    if network.ingress and present is not None:
        text = f"rpc error: code = AlreadyExists desc = ingress network ({present.id}) is already present"
        raise ApiError(text, 409)
    made = membership.create_network(world, managed.id, network, subnets)
    show_to_managers(world, member(world, host))
    return made.id


def show_to_managers(world: World, swarm: Swarm) -> None:
    """Every manager lists every network of its swarm."""
    for node in members(world, swarm):
        if node.is_manager:
            known = {network.id for network in world.hosts[node.host].networks}
            for network in world.swarms[swarm.id].networks.values():
                if network.id not in known:
                    put_network(world, node.host, network)


def hide(world: World, host: str) -> None:
    """The host has left its swarm, or manages it no more: of its networks it knows those it uses."""
    kept = tuple(n for n in world.hosts[host].networks if n.scope != "swarm" or gossip.is_here(world, host, n))
    world.change_host(host, networks=kept)


def reached(world: World, host: str, reference: str) -> Network | None:
    """A network of the host's swarm, also one that the host doesn't list yet; None when there is no such."""
    swarm = swarm_of(world, host)
    network = swarm.network(reference) if swarm else None
    if network is None:
        return None
    listed = next((n for n in world.hosts[host].networks if n.id == network.id), None)
    return listed or network


def check_attachable(world: World, host: str, container: Container, network: Network) -> None:
    """May a container that no service made be in the network? The host lists it from now on. ApiError."""
    if network.scope != "swarm":
        return
    if not network.attachable and TASK not in container.labels:
        raise ApiError(NOT_ATTACHABLE.format(name=network.name), 403)
    if all(n.id != network.id for n in world.hosts[host].networks):
        put_network(world, host, replace(network, created=world.clock))


def remove(world: World, host: str, network: Network) -> str:
    """`docker network rm` of a swarm's network, at a manager. ApiError while it is in use."""
    swarm = membership.manager(world, host)
    for service in swarm.services.values():
        if network.id in service.spec.networks:
            raise ApiError(IN_USE.format(id=network.id, kind="service", user=service.id), 403)
    user = next((c.id for node in members(world, swarm) for c in world.hosts[node.host].containers
                 for e in c.endpoints if e.network_id == network.id and e.endpoint_id), None)  # fmt: skip
    if user is not None:
        raise ApiError(IN_USE.format(id=network.id, kind="task", user=attachment_id(user)), 403)
    for node in members(world, swarm):
        overlay.close_network(world, node.host, network)
        others = tuple(n for n in world.hosts[node.host].networks if n.id != network.id)
        world.change_host(node.host, networks=others)
    membership.drop_network(world, swarm.id, network)
    return network.name


def attachment_id(container_id: str) -> str:
    """The id of the task that stands for a container of the user's own in an attachable network."""
    return base36(int(container_id, 16) >> 128, 25)
