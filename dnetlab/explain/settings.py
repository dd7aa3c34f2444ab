"""What a lab's own settings explain: a port for one address only, --internal, icc=false, a paused or orphaned
container, a bridge that is down, a neighbour entry that lies. What keeps two apart on one wire is in `apart`.

Each function looks at the snapshot and returns a Finding, None when that isn't it.
"""

from __future__ import annotations

from collections.abc import Iterable

from dnetlab.explain.reasons import Cause, Clue, Remedy, RuleText
from dnetlab.explain.rulewords import is_nft
from dnetlab.explain.setting_reasons import (
    AnotherThanNone,
    BridgeIsDown,
    ConnectAnywhere,
    ConnectSomewhere,
    ForgetNeighbour,
    IccOff,
    InternalNoWay,
    InternalUnpublished,
    LeftBehind,
    LinkUp,
    NeighbourLies,
    OnlyLoopback,
    OnNoNetwork,
    OwnerStopped,
    Paused,
    PublishedFor,
    PublishForAll,
    PublishOnOrdinary,
    Rejoin,
    StartBoth,
    Unpause,
    WithoutIcc,
)
from dnetlab.model import (
    Container,
    ContainerState,
    Host,
    LinkKind,
    Network,
    Packet,
    Rule,
    Snapshot,
    Where,
    parse_rule,
)
from dnetlab.model.facts import Keeper, RuleStops
from dnetlab.model.ip import IpAddress

Finding = tuple[Cause, tuple[Clue, ...], Remedy | None]
ICC = "com.docker.network.bridge.enable_icc"


def paused(snapshot: Snapshot, where: Where) -> Finding | None:
    """A container there is frozen: its kernel still answers pings and handshakes, its program answers nothing."""
    found = next((c for c in inside(snapshot, where) if c.state is ContainerState.PAUSED), None)
    return (Paused(found.name), (), Unpause(found.name)) if found else None


def inside(snapshot: Snapshot, where: Where) -> list[Container]:
    """The containers in a namespace, the oldest first."""
    return [c for c in reversed(snapshot.hosts[where.host].containers) if c.namespace == where.namespace]


# -- ports ----------------------------------------------------------------------------------------------------------


def published_for_another(machine: Host, packet: Packet) -> Finding | None:
    """The port is published, for another address of the host than the one that was asked (-p 127.0.0.1:8080:80)."""
    for container in machine.containers:
        for port in container.ports:
            if (port.host_port, port.protocol) != (packet.dport, packet.protocol):
                continue
            if not port.host_ip.is_unspecified and port.host_ip != packet.destination:
                told = PublishedFor(port.host_port, container.name, port.host_ip, packet.destination, machine.name)
                return told, (), PublishForAll(port.host_port, port.container_port)
    return None


def internal_unpublished(machine: Host, port: int) -> Finding | None:
    """Containers on internal networks only: Docker publishes no port of theirs, whatever -p says."""
    found = [c for c in machine.containers if c.is_running and _internal(machine, c)]
    if not found:
        return None
    networks = sorted({e.network for c in found for e in c.endpoints})
    names = tuple(c.name for c in reversed(found))
    return InternalUnpublished(port, machine.name, names, tuple(networks)), (), PublishOnOrdinary(port)


def _internal(machine: Host, container: Container) -> bool:
    networks = [machine.network(e.network) for e in container.endpoints]
    return bool(networks) and all(n is not None and n.internal for n in networks)


# -- no way out -----------------------------------------------------------------------------------------------------


def no_way_out(snapshot: Snapshot, where: Where, destination: IpAddress) -> Finding | None:
    """Why a place has no route: it is on internal networks, the namespace's owner stopped, or a bridge is down."""
    machine = snapshot.hosts[where.host]
    if where.is_host:
        return bridge_is_down(machine, destination)
    for container in inside(snapshot, where):
        if found := _orphaned(machine, container) or _without_a_gateway(machine, container, destination):
            return found
    found_there = inside(snapshot, where)
    if found_there and all(link.kind is LinkKind.LOOPBACK for link in snapshot.at(where).interfaces):
        return _alone(found_there[0])
    return None


def _alone(container: Container) -> Finding:
    """Nothing but lo: so it was asked for, or its last network was taken away."""
    if container.network_mode == "none":
        return OnlyLoopback(container.name), (), AnotherThanNone(container.name)
    return OnNoNetwork(container.name), (), ConnectAnywhere(container.name)


def _orphaned(machine: Host, container: Container) -> Finding | None:
    """It joined another's namespace (--network container:X), and X has stopped: X's links went with it.

    An X that was started again has a new namespace, and who joined the old one is still there.
    """
    mode, _, whose = container.network_mode.partition(":")
    if mode != "container" or not whose:
        return None
    owner = machine.container(whose)
    if owner is None:
        return LeftBehind(container.name, ""), (), Rejoin("", container.name)
    if not owner.is_running:
        return OwnerStopped(container.name, owner.name), (), StartBoth(owner.name, container.name)
    if owner.namespace == container.namespace:
        return None
    return LeftBehind(container.name, owner.name), (), Rejoin(owner.name, container.name)


def _without_a_gateway(machine: Host, container: Container, destination: IpAddress) -> Finding | None:
    if not _internal(machine, container):
        return None
    networks = tuple(e.network for e in container.endpoints)
    return InternalNoWay(container.name, networks, destination), (), ConnectSomewhere(container.name)


def bridge_is_down(machine: Host, hop: IpAddress) -> Finding | None:
    """The next hop is on a Docker network whose bridge somebody has taken down."""
    network = network_of(machine, hop)
    bridge = machine.stack.interface(network.bridge) if network and network.bridge else None
    if network is None or bridge is None or bridge.up:
        return None
    return BridgeIsDown(bridge.name, network.name, machine.name), (), LinkUp(bridge.name)


def network_of(machine: Host, ip: IpAddress) -> Network | None:
    """The Docker network of a host whose subnet holds the address."""
    real = (n for n in machine.networks if not n.config_only)
    return next((n for n in real if any(ip in s.subnet for s in n.subnets)), None)


# -- neighbours -----------------------------------------------------------------------------------------------------


def neighbour_lies(
    snapshot: Snapshot, where: Where, hop: IpAddress, dev: str, owners: Iterable[Where]
) -> Finding | None:
    """A permanent entry of the neighbour table names a MAC that whoever has the address has not."""
    entry = snapshot.at(where).neighbour_at.get((hop, dev))
    if entry is None or entry.mac is None or entry.state != "PERMANENT":
        return None
    links = (snapshot.at(owner).own_addresses.get(hop) for owner in owners)
    real = next((link.mac for link in links if link is not None), "")
    if real == entry.mac:
        return None
    whose = where.host if where.is_host else next((c.name for c in inside(snapshot, where)), where.namespace)
    return NeighbourLies(whose, hop, entry.mac, real), (), ForgetNeighbour(hop, dev)


# -- rules ----------------------------------------------------------------------------------------------------------


def kept_inside(machine: Host, fact: RuleStops, packet: Packet) -> Finding | None:
    """The rule that Docker writes for an internal network: from its bridge to anywhere else, DROP."""
    bridge = fact.bridge if fact.keeper is Keeper.INTERNAL else _internal_bridge(fact)
    network = next((n for n in machine.networks if n.internal and n.bridge == bridge), None)
    asker = next((c for c in machine.containers for e in c.endpoints if e.address == packet.source), None)
    if network is None or asker is None:
        return None
    seen = (RuleText(fact.table, fact.chain, fact.number, fact.rule, fact.version),)
    return InternalNoWay(asker.name, (network.name,), packet.destination), seen, ConnectSomewhere(asker.name)


def _internal_bridge(fact: RuleStops) -> str | None:
    """The bridge of a rule of iptables that stops what comes from it for elsewhere."""
    rule = Rule() if is_nft(fact.table) else parse_rule(fact.rule)
    came, goes = rule.get("-i"), rule.get("-d")
    return came.value if came is not None and goes is not None and goes.negated else None


def _bridge_to_itself(fact: RuleStops) -> str | None:
    """The bridge of a rule of iptables that stops what goes from it back to it."""
    rule = Rule() if is_nft(fact.table) else parse_rule(fact.rule)
    came, goes = rule.get("-i"), rule.get("-o")
    same = came is not None and goes is not None and came.value == goes.value
    return came.value if same and came is not None and not (came.negated or goes is None or goes.negated) else None


def icc_off(machine: Host, fact: RuleStops, who: str, whom: str) -> Finding | None:
    """The rule that Docker writes for a network with enable_icc=false: from the bridge to itself, DROP."""
    bridge = fact.bridge if fact.keeper is Keeper.CONTAINERS_APART else _bridge_to_itself(fact)
    network = next((n for n in machine.networks if n.bridge == bridge and n.options.get(ICC) == "false"), None)
    if network is None:
        return None
    seen = (RuleText(fact.table, fact.chain, fact.number, fact.rule, fact.version),)
    return IccOff(who, whom, network.name), seen, WithoutIcc(network.name)
