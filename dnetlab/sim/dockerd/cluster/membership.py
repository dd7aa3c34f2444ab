"""Who is in a swarm: init, join, leave, roles (moby daemon/cluster/swarm.go and noderunner.go)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dnetlab.model import IcmpType, Network, Packet, Protocol, Subnet, Where
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, IpNetwork
from dnetlab.net.forward import forward
from dnetlab.net.routing import source_for
from dnetlab.sim.dockerd.books import change_daemon, daemon
from dnetlab.sim.dockerd.cluster import addresses, advertise, identity
from dnetlab.sim.dockerd.cluster.state import (
    Node,
    Swarm,
    change,
    member,
    members,
    node_of,
    put_node,
    swarm_of,
)
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall import firewaller
from dnetlab.sim.world import World

FIRST_VNI = 4096  # cnmallocator/drivers_network_linux.go
VNI_OPTION = "com.docker.network.driver.overlay.vxlanid_list"
TAKEN = 'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.'
OUTSIDE = "This node is not part of a swarm"
NO_SWARM = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm '
    "and try again."
)
WORKER = (
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this "
    "command on a manager node or promote the current node to a manager."
)
LOCKED = (
    'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.'
)
LEAVING_LOCKED = "Swarm is encrypted and locked. Please unlock it first or use `--force` to ignore this message."
LEAVING = "You are attempting to leave the swarm on a node that is participating as a manager. "
LAST = "Removing the last manager erases all current state of the swarm. Use `--force` to ignore this message."
QUORUM = (
    "The only way to restore a swarm that has lost consensus is to reinitialize it with `--force-new-cluster`. Use "
    "`--force` to suppress this message."
)
NO_LEADER = (
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are "
    "online. Make sure more than half of the managers are online."
)
GONE_ON = (
    'Timeout was reached before node joined. The attempt to join the swarm will continue in the background. Use the '
    '"docker info" command to see the current swarm status of your node.'
)
JOIN_SECONDS = 20.0  # swarmConnectTimeout
TRIES, TRY_SECONDS = 5, 7.0  # five seconds each and two between them (swarmkit ca/certificates.go, DownloadRootCA)
AVAILABILITIES = ("active", "pause", "drain")


@dataclass(frozen=True)
class Settings:
    """What `docker swarm init` and `join` may say of a node: texts, '' for what was not said."""

    advertise: str = ""
    listen: str = ""
    data_path: str = ""
    availability: str = ""


@dataclass(frozen=True)
class Joining:
    """Where a daemon asks to be let in, as long as it does.

    root, secret  the parts of its token, which name the swarm and the role
    begun         the clock when it was told to
    problem       what it was told last, '' where nobody answered
    """

    settings: Settings
    root: str
    secret: str
    address: IpAddress
    port: int
    begun: float
    problem: str = ""

    def has_failed(self, now: float) -> bool:
        """Has it given up? Then it is of no swarm, and does nothing until it is told to leave."""
        return now - self.begun >= TRIES * TRY_SECONDS


def manager(world: World, host: str) -> Swarm:
    """The swarm that this host manages. ApiError 503 when it is no manager."""
    if daemon(world, host).locked:
        raise ApiError(LOCKED, 503)
    node = node_of(world, host)
    if node is None:
        joining = daemon(world, host).joining
        raise ApiError(WORKER if joining is not None and not joining.has_failed(world.clock) else NO_SWARM, 503)
    if not node.is_manager:
        raise ApiError(WORKER, 503)
    if not has_quorum(world, member(world, host)):
        raise ApiError(NO_LEADER)
    return member(world, host)


# -- init -----------------------------------------------------------------------------------------------------------


def init(
    world: World, host: str, settings: Settings, pools: Sequence[IpNetwork] = (), size: int = 24, port: int = 4789
) -> str:
    """`docker swarm init`: a new swarm of one manager; the id of the node. ApiError."""
    _check_free(world, host)
    check_config(world, host)
    check_availability(settings.availability or "active")
    shown, _ = advertise.choose(world, host, settings.advertise, settings.listen)
    data = advertise.data_address(world, host, settings.data_path, shown)
    node_id = identity.new_id(world, "node")
    swarm = Swarm(
        identity.new_id(world, "cluster"), world.clock, identity.new_root(world),
        {"worker": identity.new_secret(world), "manager": identity.new_secret(world)}, node_id,
        tuple(pools) or addresses.DEFAULT_POOLS, size or 24, port or 4789, updated=world.clock,
    )  # fmt: skip
    world.swarms[swarm.id] = swarm
    _add(world, host, swarm.id, Node(node_id, host, "manager", shown, data, settings.availability or "active"))
    create_network(world, swarm.id, Network("", "ingress", "overlay", ingress=True))
    return node_id


def check_config(world: World, host: str) -> None:
    """ApiError for what a daemon was told that no swarm goes with (daemon/config, IsSwarmCompatible)."""
    if daemon(world, host).config.live_restore:  # observed on 20.10.24, 26.1.5, 28.5.2
        raise ApiError("--live-restore daemon configuration is incompatible with swarm mode")
    if not firewaller(world, host).swarms:  # recorded from 29.7.2
        raise ApiError("--firewall-backend=nftables is incompatible with swarm mode")


def _add(world: World, host: str, swarm_id: str, node: Node) -> None:
    put_node(world, swarm_id, replace(node, joined=world.clock, heard=world.clock))
    change_daemon(world, host, swarm=swarm_id, node=node.id, joining=None)


def check_availability(text: str) -> None:
    if text not in AVAILABILITIES:
        raise ApiError(f'invalid Availability: "{text}"', 400)


def create_network(world: World, swarm_id: str, network: Network, subnets: Sequence[Subnet] = ()) -> Network:
    """Write a network down in the swarm: an id, a pool unless it has subnets, a VXLAN number. ApiError.

    One whose subnet overlaps another's is only a name: the manager takes it and then can't give it addresses (28.5.2).
    """
    wanted = list(subnets) or [Subnet(addresses.choose_pool(world, swarm_id))]
    if any(addresses.is_taken(world, swarm_id, subnet) for subnet in wanted):
        return note_network(world, swarm_id, network)
    opened = tuple(addresses.open_pool(world, swarm_id, subnet) for subnet in wanted)
    swarm: Swarm = world.swarms[swarm_id]
    vni = next(n for n in range(FIRST_VNI, FIRST_VNI + len(swarm.vnis) + 1) if n not in swarm.vnis.values())
    made = replace(
        network, id=identity.new_id(world, "network"), scope="swarm", subnets=opened, created=world.clock,
        options={VNI_OPTION: str(vni), **network.options},
    )  # fmt: skip
    change(world, swarm_id, networks={**swarm.networks, made.id: made}, vnis={**swarm.vnis, made.id: vni})
    return made


def note_network(world: World, swarm_id: str, network: Network) -> Network:
    """Write a network down that each host makes for itself, or nobody: an id, and nothing else."""
    made = replace(network, id=identity.new_id(world, "network"), scope="swarm", options={}, created=world.clock)
    change(world, swarm_id, networks={**world.swarms[swarm_id].networks, made.id: made})
    return made


def drop_network(world: World, swarm_id: str, network: Network) -> None:
    swarm: Swarm = world.swarms[swarm_id]
    change(world, swarm_id, networks={k: n for k, n in swarm.networks.items() if k != network.id},
           vnis={k: n for k, n in swarm.vnis.items() if k != network.id})  # fmt: skip
    addresses.close_pools(world, swarm_id, network)


# -- join -----------------------------------------------------------------------------------------------------------


def join(world: World, host: str, settings: Settings, token: str, remotes: Sequence[str]) -> str:
    """`docker swarm join`: become what the token says; the id of the node. ApiError; where nobody answers the daemon
    goes on asking."""
    _check_free(world, host)
    check_config(world, host)
    check_availability(settings.availability or "active")
    parts = identity.parts(token) if token else ("", "")  # without one the manager says no, not the node itself
    if parts is None:
        raise ApiError("invalid join token", 400)
    root, secret = parts
    remote, port = advertise.split(remotes[0] if remotes else "")
    address = advertise.address_of(remote)
    if address is None:
        problem = f"connection error: name resolver error: produced zero addresses for {remote}"
        raise ApiError(f"rpc error: code = Unavailable desc = {problem}")
    asked = Joining(settings, root, secret, address, port, world.clock)
    swarm = _called(world, host, asked)
    if swarm is None:
        world.clock += JOIN_SECONDS
        change_daemon(world, host, joining=asked)
        raise ApiError(GONE_ON)
    return _let_in(world, host, asked, swarm)


def go_on_joining(world: World, host: str) -> bool:
    """A daemon that nobody answered asks again, unless it has given up; is it in now?"""
    asked = daemon(world, host).joining
    if asked is None or asked.has_failed(world.clock):
        return False
    try:
        swarm = _called(world, host, asked)
        if swarm is not None:
            _let_in(world, host, asked, swarm)
    except ApiError as error:
        change_daemon(world, host, joining=replace(asked, problem=error.message))
        return False
    return swarm is not None


def _check_free(world: World, host: str) -> None:
    if swarm_of(world, host) is not None or daemon(world, host).joining is not None:
        raise ApiError(TAKEN, 503)


def _let_in(world: World, host: str, asked: Joining, swarm: Swarm) -> str:
    if asked.root and swarm.root != asked.root:
        raise ApiError(f"remote CA does not match fingerprint. Expected: {asked.root}")
    role = next((role for role, secret in swarm.secrets.items() if secret == asked.secret), None)
    if role is None:
        raise ApiError("rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster")
    settings = asked.settings
    shown = seen_from(world, host, asked)
    data = advertise.data_address(world, host, settings.data_path, shown)
    node_id = identity.new_id(world, "node")
    _add(world, host, swarm.id, Node(node_id, host, role, shown, data, settings.availability or "active"))
    return node_id


def seen_from(world: World, host: str, asked: Joining) -> IpAddress:
    """What is advertised when nothing was said: the address that the manager sees."""
    if asked.settings.advertise:
        return advertise.choose(world, host, asked.settings.advertise, asked.settings.listen)[0]
    return source_for(world.namespace(Where(host)), asked.address) or advertise.only_address(world, host)


def _called(world: World, host: str, asked: Joining) -> Swarm | None:
    """The swarm of the manager that answers there; None where nothing comes back. ApiError where somebody says no."""
    address, port = asked.address, asked.port
    reached, problem = dial(world, host, address, port)
    found = swarm_of(world, reached) if reached in world.daemons else None
    node = node_of(world, reached) if found else None
    if found is not None and node is not None and node.is_manager:
        return found
    if not problem and not reached:
        return None
    raise ApiError(
        'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: '
        f'dial tcp {address}:{port}: connect: {problem or "connection refused"}"'
    )


def dial(world: World, host: str, address: IpAddress, port: int) -> tuple[str, str]:
    """Who takes a connection to that address: (host, '') when one does, ('', problem) when it fails at once, ('', '')
    when nothing comes back. A manager listens at 2377 in its host's own namespace, every member at 7946."""
    space = world.namespace(Where(host))
    source = source_for(space, address)
    if source is None:
        return "", "network is unreachable"
    packet = Packet(source, address, Protocol.TCP, 40000 + port % 1000, port, 64, "S", size=60)
    exchange = forward(world.snapshot(), Where(host), packet, world.clock)
    if exchange.answered and exchange.listener is not None:
        return exchange.listener.where.host, ""
    reply = exchange.reply.final if exchange.reply and exchange.reply.disposition.arrived else None
    if reply is not None and ("R" in reply.flags or reply.icmp is IcmpType.PORT_UNREACHABLE):
        return "", "connection refused"  # icmp_err_convert, net/ipv4/icmp.c
    if reply is not None or not exchange.seconds or exchange.seconds < JOIN_SECONDS:
        return "", "no route to host"
    return "", ""


# -- leave ----------------------------------------------------------------------------------------------------------


def check_leave(world: World, host: str, force: bool) -> None:
    """May this node leave? ApiError 503 when it is in no swarm, or when a manager needs --force."""
    node = node_of(world, host)
    if not daemon(world, host).swarm and daemon(world, host).joining is None:
        raise ApiError(OUTSIDE, 503)
    if daemon(world, host).locked and not force:
        raise ApiError(LEAVING_LOCKED, 503)
    if node is None or not node.is_manager or force:
        return
    swarm = member(world, host)
    managers = [n for n in swarm.managers if not n.left]
    reachable = [n for n in members(world, swarm) if n.is_manager]
    if len(managers) == 1:
        raise ApiError(LEAVING + LAST, 503)
    if (len(reachable) - 1) * 2 <= len(managers):
        left = f"Removing this node leaves {len(reachable) - 1} managers out of {len(managers)}. "
        raise ApiError(f"{LEAVING}{left}Without a Raft quorum your swarm will be inaccessible. {QUORUM}", 503)
    raise ApiError(LEAVING + QUORUM, 503)


def forget(world: World, host: str) -> None:
    """The host is in no swarm any more; the swarm keeps its node until somebody removes it, or goes with the last."""
    swarm, node = member(world, host), node_of(world, host)
    change_daemon(world, host, swarm="", node="", locked=False)
    if node is not None:
        put_node(world, swarm.id, replace(node, left=True))
    others = [n for n in members(world, world.swarms[swarm.id]) if n.is_manager]
    if not others:
        return
    if node is not None and node.id == swarm.leader:
        change(world, swarm.id, leader=others[0].id)


def has_quorum(world: World, swarm: Swarm) -> bool:
    """Do more than half of the managers answer? A manager that left without being demoted still counts."""
    return len([n for n in members(world, swarm) if n.is_manager]) * 2 > len(swarm.managers)


def unlock(world: World, host: str, key: str) -> None:
    """`docker swarm unlock`. ApiError for another key, and where nothing is locked."""
    if swarm_of(world, host) is None:
        raise ApiError(NO_SWARM, 503)
    if not daemon(world, host).locked:
        raise ApiError("swarm is not locked", 409)
    if key != member(world, host).unlock_key:
        raise ApiError("swarm could not be unlocked: invalid key provided", 400)
    change_daemon(world, host, locked=False)


def rotate(world: World, swarm_id: str, role: str) -> None:
    """`join-token --rotate`: the old token no longer lets anybody in."""
    secrets = {**world.swarms[swarm_id].secrets, role: identity.new_secret(world)}
    change(world, swarm_id, secrets=secrets, updated=world.clock)
