"""Networks of a swarm as one host sees them: a manager all of them, a worker those that it has a container in.

One of a driver that spans no hosts (macvlan, ipvlan, bridge) is only a name in the swarm: each host makes it for
itself, from a configuration of its own, when its first container joins, and unmakes it with the last (moby
libnetwork/cnmallocator, isNodeLocal; daemon/cluster/executor/container/adapter.go; observed on 20.10.24 and 28.5.2).
"""

from __future__ import annotations

from collections.abc import Sequence

from dnetlab.model import Container, Endpoint, Network, Subnet
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim.dockerd import configured, ipam
from dnetlab.sim.dockerd.books import daemon, drop_network, find_network, network_by_id, put_network, release_of
from dnetlab.sim.dockerd.cluster import gossip, membership
from dnetlab.sim.dockerd.cluster.identity import base36
from dnetlab.sim.dockerd.cluster.specs import check_name
from dnetlab.sim.dockerd.cluster.state import Swarm, member, members, swarm_of
from dnetlab.sim.dockerd.drivers import overlay
from dnetlab.sim.dockerd.drivers.table import driver_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

WORKER = "Cannot create a multi-host network from a worker node. Please create the network from a manager node."
NOT_ATTACHABLE = (
    "Could not attach to network {name}: rpc error: code = PermissionDenied desc = network {name} not manually "
    "attachable"
)
UNKNOWN = "Could not attach to network {name}: rpc error: code = NotFound desc = network {name} not found"
IN_USE = "rpc error: code = FailedPrecondition desc = network {id} is in use by {kind} {user}"
GIVEN_UP = (
    "attaching to network failed, make sure your network options are correct and check manager logs: context deadline "
    "exceeded"
)
ATTACH_SECONDS = 20.0  # daemon/cluster: swarmRequestTimeout
TASK = "com.docker.swarm.task.id"


def create(world: World, host: str, network: Network, subnets: Sequence[Subnet]) -> str:
    """`docker network create` for a whole swarm, at a manager: its id. ApiError in the daemon's words."""
    swarm = swarm_of(world, host)
    if swarm is not None and not any(node.host == host for node in swarm.managers):
        first = release_of(world).overlay_asks_first and driver_of(network).spans_hosts
        raise ApiError(membership.NO_SWARM if first else WORKER, 403)
    if daemon(world, host).joining is not None:
        raise ApiError(membership.NO_SWARM, 503)
    managed = membership.manager(world, host)
    check_name(network.name)
    present = next((n for n in managed.networks.values() if n.ingress), None)
    if network.ingress and present is not None:
        text = f"rpc error: code = AlreadyExists desc = ingress network ({present.id}) is already present"
        raise ApiError(text, 409)
    if driver_of(network).spans_hosts:
        made = membership.create_network(world, managed.id, network, subnets)
    else:
        made = membership.note_network(world, managed.id, network)
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


def found(world: World, host: str, reference: str) -> Network:
    """A network that a container is to be in. ApiError 404, in a swarm in the words of its managers."""
    network = reached(world, host, reference)
    if network is None and swarm_of(world, host) is not None and world.hosts[host].network(reference) is None:
        raise ApiError(UNKNOWN.format(name=reference), 404)
    return network or find_network(world, host, reference)


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
        close(world, node.host, network)
        others = tuple(n for n in world.hosts[node.host].networks if n.id != network.id)
        world.change_host(node.host, networks=others)
    membership.drop_network(world, swarm.id, network)
    return network.name


# -- a host's own part ----------------------------------------------------------------------------------------------


def peers(world: World, host: str, network: Network) -> list[IpAddress]:
    """The nodes that have made their part of a network that each makes for itself, by their addresses."""
    swarm = swarm_of(world, host)
    known = ((node, network_by_id(world, node.host, network.id)) for node in (members(world, swarm) if swarm else ()))
    return [node.address for node, theirs in known if theirs is not None and gossip.is_here(world, node.host, theirs)]


def opened(world: World, host: str, network: Network) -> Network:
    """The network as the host has it, whose part it makes now unless it is there. ApiError: the agent tries in vain,
    and who waits for it hears no more than that."""
    try:
        return prepared(world, host, network)
    except ApiError:
        world.clock += ATTACH_SECONDS
        raise ApiError(GIVEN_UP) from None


def prepared(world: World, host: str, network: Network) -> Network:
    """The same for a task of a service, whose error it becomes."""
    if network.waits_for_addresses:
        raise ApiError(GIVEN_UP)
    mine = network_by_id(world, host, network.id) or network
    if network.scope != "swarm" or driver_of(network).spans_hosts or gossip.is_here(world, host, mine):
        return mine
    return _made(world, host, network)


def _made(world: World, host: str, network: Network) -> Network:
    if not network.config_from:
        return configured.make(world, host, network, [])
    template = configured.find(world, host, network.config_from)
    asked = replace(network, options=template.options, labels={**network.labels, **template.labels})
    return configured.make(world, host, asked, configured.requests_of(template))


def close(world: World, host: str, network: Network) -> None:
    """The host's part of the network goes."""
    if driver_of(network).spans_hosts:
        overlay.close_network(world, host, network)
        return
    mine = network_by_id(world, host, network.id)
    if mine is None or not gossip.is_here(world, host, mine):
        return
    driver_of(mine).delete_network(world, host, mine)
    ipam.close_pools(world, host, mine.used_subnets, mine.id)
    drop_network(world, host, mine.id)
    swarm = swarm_of(world, host)
    if swarm is not None:
        show_to_managers(world, swarm)


def left(world: World, host: str, network: Network, endpoint: Endpoint) -> None:
    """An endpoint of the network has gone: with the last one the host's part of it goes. An overlay does so itself."""
    if network.scope != "swarm" or driver_of(network).spans_hosts:
        return
    others = (e for c in world.hosts[host].containers for e in c.endpoints
              if e.network_id == network.id and e.endpoint_id not in ("", endpoint.endpoint_id))  # fmt: skip
    if next(others, None) is None:
        close(world, host, network)


def attachment_id(container_id: str) -> str:
    """The id of the task that stands for a container of the user's own in an attachable network."""
    return base36(int(container_id, 16) >> 128, 25)
