"""Services as the managers keep them: created, changed, removed (moby daemon/cluster/services.go, swarmkit controlapi).

What a service was asked to be becomes containers in orchestrator.py.
"""

from __future__ import annotations

import re

from dnetlab.model import Network
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress
from dnetlab.sim.dockerd import contents
from dnetlab.sim.dockerd.cluster import addresses, identity, membership, specs
from dnetlab.sim.dockerd.cluster.state import (
    PublishedPort,
    Rollout,
    Service,
    ServiceSpec,
    Swarm,
    Task,
    change,
    put_service,
)
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

FIRST_PORT = 30000  # swarmkit portallocator: dynamicPortStart
RPC = "rpc error: code = {code} desc = "


def find(swarm: Swarm, reference: str) -> Service:
    """By id, name or a prefix of the id that only one has. ApiError 404."""
    found = list(swarm.services.values())
    exact = next((s for s in found if reference in (s.id, s.spec.name)), None)
    beginning = [s for s in found if reference and s.id.startswith(reference)]
    if exact is None and len(beginning) != 1:
        raise ApiError(f"service {reference} not found", 404)
    return exact or beginning[0]


def tasks_of(swarm: Swarm, service_id: str) -> list[Task]:
    return [task for task in swarm.tasks.values() if task.service == service_id]


def find_task(swarm: Swarm, reference: str) -> Task:
    """By id, or a beginning of it. ApiError 404."""
    found = next((t for t in swarm.tasks.values() if reference and t.id.startswith(reference)), None)
    if found is None:
        raise ApiError(f"task {reference} not found", 404)
    return found


def create(world: World, host: str, spec: ServiceSpec) -> str:
    """`docker service create`: its id. ApiError in the words of the manager."""
    swarm = membership.manager(world, host)
    specs.check_name(spec.name)
    if any(s.spec.name == spec.name for s in swarm.services.values()):
        prefix = RPC.format(code="AlreadyExists")
        raise ApiError(f"{prefix}name conflicts with an existing object: service {spec.name} already exists", 409)
    _check(swarm, spec, "")
    made = Service(identity.new_id(world, "service"), spec, world.clock, world.clock, mark=swarm.next_mark,
                   begun=world.clock)  # fmt: skip
    change(world, swarm.id, next_mark=swarm.next_mark + 1)
    put_service(world, swarm.id, _allocated(world, swarm.id, made))
    return made.id


def update(world: World, host: str, reference: str, spec: ServiceSpec, back: bool = False) -> str:
    """`docker service update`, `scale`, and, back to the specification before, `rollback`: its id. ApiError."""
    swarm = membership.manager(world, host)
    old = find(swarm, reference)
    if spec.name != old.spec.name:
        raise ApiError(RPC.format(code="Unimplemented") + "renaming services is not supported")
    if spec.mode != old.spec.mode:
        raise ApiError(RPC.format(code="Unimplemented") + "service mode change is not allowed")
    _check(swarm, spec, old.id)
    rollout = Rollout(world.clock, world.clock, back) if back else None
    changed = replace(old, spec=spec, updated=world.clock, version=old.version + 1, rollout=rollout)
    if spec.is_job:  # each change of a job runs it again (observed on 28.5.2)
        changed = replace(changed, runs=old.runs + 1, begun=world.clock)
    if {**spec.written, "Mode": old.spec.written["Mode"]} != old.spec.written:
        changed = replace(changed, previous=old.spec)
    put_service(world, swarm.id, _allocated(world, swarm.id, changed))
    return old.id


def remove(world: World, host: str, reference: str) -> Service:
    """`docker service rm`: the service, which is no longer there; its tasks are the orchestrator's to end. ApiError."""
    swarm = membership.manager(world, host)
    found = find(swarm, reference)
    for address in found.vips.values():
        addresses.release(world, swarm, address)
    left = {key: s for key, s in world.swarms[swarm.id].services.items() if key != found.id}
    change(world, swarm.id, services=left)
    return found


# -- what the manager checks and gives out ----------------------------------------------------------------------------


_KEY = re.compile(r"[a-z_][a-z0-9\-_.]+", re.IGNORECASE)
_VALUE = re.compile(r"[a-z0-9:\-_\s.*()?+\[\]\\^$|/]+", re.IGNORECASE)


def _check_constraint(text: str) -> None:
    """(swarmkit manager/constraint/constraint.go, Parse; observed on 28.5.2)"""
    unknown = RPC.format(code="Unknown")
    sign = next((sign for sign in ("==", "!=") if sign in text), None)
    if sign is None:
        raise ApiError(f"{unknown}constraint expected one operator from ==, !=")
    key, _, value = (part.strip() for part in text.partition(sign))
    for what, part, pattern in (("key", key, _KEY), ("value", value, _VALUE)):
        if not pattern.fullmatch(part):
            raise ApiError(f"{unknown}{what} '{part}' is invalid")


def _check(swarm: Swarm, spec: ServiceSpec, own: str) -> None:
    invalid = RPC.format(code="InvalidArgument")
    for text in spec.constraints:
        _check_constraint(text)
    contents.check(swarm, spec)
    if any(p.mode == "ingress" for p in spec.ports) and not any(n.ingress for n in swarm.networks.values()):
        text = "service needs ingress network, but no ingress network is present"
        raise ApiError(RPC.format(code="FailedPrecondition") + text, 400)
    if spec.endpoint_mode == "dnsrr" and any(port.mode == "ingress" for port in spec.ports):
        raise ApiError(f"{invalid}EndpointSpec: port published with ingress mode can't be used with dnsrr mode", 400)
    for port in spec.ports:
        for other in swarm.services.values():
            for theirs in other.ports if other.id != own else ():
                if port.published and (port.published, port.protocol) == (theirs.published, theirs.protocol):
                    _check_port(invalid, port, theirs, other)


def _check_port(invalid: str, port: PublishedPort, theirs: PublishedPort, other: Service) -> None:
    """Two services publish one port only where both do so in host mode."""
    if "ingress" not in (port.mode, theirs.mode):
        return
    how = "an ingress port" if theirs.mode == "ingress" else "a host-published port"
    user = f"'{other.spec.name}' ({other.id})"
    raise ApiError(f"{invalid}port '{port.published}' is already in use by service {user} as {how}", 400)


def _allocated(world: World, swarm_id: str, service: Service) -> Service:
    """With its ports' numbers and a virtual address in each network that it needs one in."""
    ports = tuple(_numbered(world.swarms[swarm_id], service, port) for port in service.spec.ports)
    wanted = networks_of(world.swarms[swarm_id], service.spec) if service.spec.endpoint_mode == "vip" else []
    vips: dict[str, IpAddress] = {}
    for network in (network for network in wanted if network.subnets):
        vips[network.id] = service.vips.get(network.id) or addresses.request(world, world.swarms[swarm_id], network)
    for network_id, address in service.vips.items():
        if network_id not in vips:
            addresses.release(world, world.swarms[swarm_id], address)
    return replace(service, ports=ports, vips=vips)


def _numbered(swarm: Swarm, service: Service, port: PublishedPort) -> PublishedPort:
    """A published port without a number keeps the one it has, or gets the lowest free from 30000 on."""
    if port.published or port.mode == "host":
        return port
    had = next((p for p in service.ports if (p.target, p.protocol) == (port.target, port.protocol)), None)
    taken = {p.published for s in swarm.services.values() for p in s.ports}
    number = had.published if had else next(n for n in range(FIRST_PORT, FIRST_PORT + 2768) if n not in taken)
    return replace(port, published=number)


def networks_of(swarm: Swarm, spec: ServiceSpec) -> list[Network]:
    """The networks that its tasks are in: the ingress network first, when it publishes ports there."""
    ingress = [n for n in swarm.networks.values() if n.ingress and any(p.mode == "ingress" for p in spec.ports)]
    known = {**swarm.networks, **{network.id: network for network in predefined(swarm)}}
    return [*ingress, *(known[key] for key in spec.networks if key in known)]


def predefined(swarm: Swarm) -> list[Network]:
    """Those that every node has by itself; for the swarm each is one network that nobody lists (swarmkit
    manager/allocator/networkallocator, PredefinedNetworks; observed on 28.5.2)."""
    labels = {"com.docker.swarm.predefined": "true"}
    return [Network(identity.predefined(swarm, name), name, name, scope="swarm", labels=labels, created=swarm.created)
            for name in ("bridge", "host")]  # fmt: skip


def predefined_network(world: World, host: str, reference: str, by_name: bool) -> Network | None:
    """The one that a manager knows by that id, by its beginning, or by_name; None elsewhere, and when there is none."""
    try:
        swarm = membership.manager(world, host)
    except ApiError:
        return None
    return next((n for n in predefined(swarm) if n.id.startswith(reference) or by_name and n.name == reference), None)


def network_id(world: World, host: str, swarm: Swarm, reference: str) -> str:
    """The id of the swarm network that `--network` names. ApiError for another (daemon/cluster/networks.go,
    populateNetworkID)."""
    found = swarm.network(reference)
    own = world.hosts[host].network(reference) if found is None else None
    always = next((n for n in predefined(swarm) if reference in (n.id, n.name)), None)
    if found is None and always is not None:
        return always.id
    if own is not None and own.name == "none":
        raise ApiError("could not find the corresponding predefined swarm network: network none not found", 404)
    if own is not None:
        text = (f"The network {own.name} cannot be used with services. Only networks scoped to the swarm can be used, "
                "such as those created with the overlay driver.")  # fmt: skip
        raise ApiError(text, 403)
    if found is None:
        raise ApiError(f"network {reference} not found", 404)
    if found.ingress:
        text = "Service cannot be explicitly attached to the ingress network \"ingress\""
        raise ApiError(RPC.format(code="InvalidArgument") + text, 400)
    return found.id


def image_name(text: str) -> str:
    """'nginx' -> 'nginx:latest': a service's image always has a tag (docker/cli trust, reference.TagNameOnly)."""
    last = text.rpartition("/")[2]
    return text if ":" in last or "@" in text else f"{text}:latest"


