"""Docker's networks: create, remove, prune, inspect, and the bridge devices behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface

from dnetlab.model import Address, Container, Interface, LinkKind, Network, Route, Subnet, Where
from dnetlab.sim.autoconf import link_local
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import firewall, interfaces, ipam, macvlan
from dnetlab.sim.dockerd.books import change_daemon, daemon, find_network, release_of
from dnetlab.sim.dockerd.config import NetworkAttachment
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.ipam import PoolRequest
from dnetlab.sim.world import World

PREDEFINED = ("bridge", "host", "none", "default")
BRIDGE = "com.docker.network.bridge."
MTU = "com.docker.network.driver.mtu"
TRUE = ("1", "t", "T", "true", "TRUE", "True")
FALSE = ("0", "f", "F", "false", "FALSE", "False")
DEFAULT_BRIDGE_OPTIONS = {
    BRIDGE + "default_bridge": "true",
    BRIDGE + "enable_icc": "true",
    BRIDGE + "enable_ip_masquerade": "true",
    BRIDGE + "host_binding_ipv4": "0.0.0.0",
    BRIDGE + "name": "docker0",
    MTU: "1500",
}


def create(
    world: World,
    host: str,
    name: str,
    *,
    driver: str = "bridge",
    pools: Sequence[PoolRequest] = (),
    internal: bool = False,
    attachable: bool = False,
    ipv6: bool = False,
    scope: str = "",
    labels: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> str:
    """Create a network and its bridge device, addresses and rules; its full id. ApiError in the daemon's words."""
    driver = driver or "bridge"
    request = pools[0] if pools else PoolRequest()
    if name not in PREDEFINED and release_of(world).strict_subnets:
        ipam.parse_request(world, request)  # from 25 on the addresses are looked at before the name
    _check_name(world, host, name)
    _check_driver(driver, scope)
    if ipv6:
        raise Refused("Networks with IPv6 are not modelled.", "Leave --ipv6 out; IPv4 networks work.")
    if driver == "bridge" and len([p for p in pools if p.subnet]) > 1:
        raise ApiError("bridge driver doesn't support multiple subnets", 403)
    network = Network(
        id=world.hex_id(f"{host}:network"),
        name=name,
        driver=driver,
        internal=internal,
        attachable=attachable,
        options=dict(options or {}),
        labels=dict(labels or {}),
        created=world.clock,
    )
    subnet = ipam.parse_request(world, request)
    if subnet is None:
        subnet = Subnet(ipam.choose_pool(world, host))
    else:
        ipam.check_overlap(world, host, subnet.subnet)
    keep_gateway = driver == "bridge" or release_of(world).macvlan_gateway
    subnet = ipam.open_pool(world, host, network.id, subnet, gateway=keep_gateway)
    network = replace(network, subnets=(subnet,))
    if driver == "macvlan":
        network = macvlan.set_up(world, host, network)
    else:
        network = _set_up_bridge(world, host, network)
    _list(world, host, network)
    return network.id


def _check_name(world: World, host: str, name: str) -> None:
    if name in PREDEFINED:
        raise ApiError(f"operation is not permitted on predefined {name} network", 403)
    if not name.strip():
        raise ApiError(release_of(world).text("empty network name"), 400)
    if any(n.name == name for n in world.hosts[host].networks):
        raise ApiError(f"network with name {name} already exists", 409)


def _check_driver(driver: str, scope: str) -> None:
    if driver in ("host", "null"):
        raise ApiError(f'only one instance of "{driver}" network is allowed', 403)
    if driver == "overlay":
        raise ApiError(
            'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to '
            "swarm and try again.",
            503,
        )
    if driver == "ipvlan":
        raise Refused("The ipvlan driver is not modelled.", "macvlan is: docker network create -d macvlan …")
    if driver not in ("bridge", "macvlan"):
        raise ApiError(f'plugin "{driver}" not found', 404)
    if scope == "swarm":
        raise ApiError("cannot create a swarm scoped network when swarm is not active", 403)


def _check_options(options: Mapping[str, str]) -> None:
    """The bridge driver's own options (drivers/bridge/bridge_linux.go, observed on 20.10 and 28.5)."""
    for name in ("enable_icc", "enable_ip_masquerade", "gateway_mode_ipv4"):
        value = options.get(BRIDGE + name)
        if name == "gateway_mode_ipv4" and value not in (None, "", "nat"):
            raise Refused(f"Gateway mode {value} is not modelled.", "Leave the option out: the mode nat is.")
        if name != "gateway_mode_ipv4" and value is not None and value not in TRUE + FALSE:
            raise ApiError(
                f"failed to parse {BRIDGE}{name} value: {value} "
                f'(strconv.ParseBool: parsing "{value}": invalid syntax)', 400,
            )  # fmt: skip
    binding = options.get(BRIDGE + "host_binding_ipv4")
    if binding is not None and not _is_address(binding):
        raise ApiError(f"failed to parse {BRIDGE}host_binding_ipv4 value: {binding} (nil ip)", 400)
    mtu = options.get(MTU)
    if mtu is not None and not mtu.removeprefix("-").isdecimal():
        raise ApiError(f'failed to parse {MTU} value: {mtu} (strconv.Atoi: parsing "{mtu}": invalid syntax)', 400)
    if mtu is not None and int(mtu) < 0:
        raise ApiError(f"invalid MTU number: {mtu}", 400)


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def _list(world: World, host: str, network: Network) -> None:
    """Put a network among the host's, replacing the one of the same id; sorted by name."""
    others = [n for n in world.hosts[host].networks if n.id != network.id]
    world.change_host(host, networks=tuple(sorted([*others, network], key=lambda n: n.name)))


# -- the bridge driver ----------------------------------------------------------------------------------------------


def flag(network: Network, name: str, default: bool = True) -> bool:
    """A yes/no option of the bridge driver, as strconv.ParseBool reads it."""
    value = network.options.get(BRIDGE + name)
    return default if value is None else value in TRUE


def bridge_name(network: Network) -> str:
    return network.options.get(BRIDGE + "name") or f"br-{network.short_id}"


def _set_up_bridge(world: World, host: str, network: Network) -> Network:
    try:
        _check_options(network.options)  # only now, when the pool is taken: a cursor has moved on (20.10.24, 26.1.5)
    except ApiError:
        ipam.close_pool(world, host, network.id)
        raise
    name = bridge_name(network)
    for other in world.hosts[host].networks:
        if other.bridge == name:
            ipam.close_pool(world, host, network.id)
            raise ApiError(
                f"cannot create network {network.id} ({name}): conflicts with network {other.id} ({name}): "
                "networks have same bridge name", 403,
            )  # fmt: skip
    network = replace(network, bridge=name)
    _check_device(world, host, network)
    make_device(world, host, network)
    if release_of(world).create_forwards:
        firewall.forwarding(world, host)
    try:
        firewall.add_network(world, host, rules_of(world, host, network), internal=network.internal)
    except ApiError:
        ipam.close_pool(world, host, network.id)
        _leave_behind(world, host, name)
        raise
    return network


def _check_device(world: World, host: str, network: Network) -> None:
    """The device's name must fit Linux, and what has the name already must be a bridge (observed on 20.10, 28.5)."""
    name = network.bridge or ""
    link = world.namespace(Where(host)).interface(name)
    problem = ""
    if len(name) > 15:
        problem = release_of(world).text("long name")
    elif release_of(world).sets_mtu and not interfaces.MTU_LEAST <= interfaces.mtu_of(network) <= interfaces.MTU_MOST:
        problem = "invalid argument"  # observed on 26.1.5 and 28.5.2
    elif link is not None and link.kind is not LinkKind.BRIDGE:
        problem = f"existing interface {name} is not a bridge"
    if problem:
        ipam.close_pool(world, host, network.id)
        raise ApiError(problem)
    if link is not None:
        change_daemon(world, host, adopted=daemon(world, host).adopted | {name})


def _leave_behind(world: World, host: str, bridge: str) -> None:
    """A network whose rules can't be written leaves its device, never set up (bridge_linux.go: setupDeviceUp is the
    last step; observed on 20.10 and 28.5)."""
    stack = world.namespace(Where(host))
    link = stack.interface(bridge)
    if link is not None:
        world.put_interface(Where(host), replace(link, up=False))
        routes = tuple(r for r in stack.routes if r.dev != bridge)
        world.put_namespace(Where(host), replace(world.namespace(Where(host)), routes=routes))


def make_device(world: World, host: str, network: Network) -> None:
    """The bridge device with the gateway's address and its route. A link of that name is used as it is."""
    subnet, name = network.subnets[0], network.bridge or ""
    stack = world.namespace(Where(host))
    link = stack.interface(name)
    if link is None:
        link = Interface(
            name, world.count(f"index:{host}"), LinkKind.BRIDGE, _bridge_mac(world, host), carrier=False, txqlen=0,
            mtu=interfaces.mtu_of(network) if release_of(world).sets_mtu else 1500,
        )  # fmt: skip
    address = Address(
        IPv4Interface(f"{subnet.gateway}/{subnet.subnet.prefixlen}"), _broadcast(subnet), "global"
    )
    kept = tuple(a for a in link.addresses if a.interface.version == 6)
    if name in daemon(world, host).adopted and not kept:
        kept = (link_local(link.mac),)
    world.put_interface(Where(host), replace(link, up=True, addresses=(address, *kept)))
    routes = tuple(r for r in world.namespace(Where(host)).routes if r.dev != name)
    if subnet.subnet.prefixlen < 32:  # a single address needs no route
        routes = interfaces.in_order([*routes, Route(subnet.subnet, name, src=subnet.gateway)])
    world.put_namespace(Where(host), replace(world.namespace(Where(host)), routes=routes))


def _broadcast(subnet: Subnet) -> IPv4Address | None:
    return subnet.subnet.broadcast_address if subnet.subnet.prefixlen < 31 else None


def _bridge_mac(world: World, host: str) -> str:
    """02:42 and four random bytes up to 27, all random later (2.4 of the notes; E20, E28)."""
    mac = world.random_mac(f"{host}:bridge")
    return mac if release_of(world).random_mac else "02:42" + mac[5:]


def rules_of(world: World, host: str, network: Network) -> list[tuple[str, str, str, str]]:
    """The rules that belong to a bridge network as such, whoever is in it."""
    source = network.options.get("com.docker.network.host_ipv4")
    return firewall.network_rules(
        world,
        host,
        network.bridge or "",
        network.subnets[0].subnet,
        internal=network.internal,
        icc=flag(network, "enable_icc"),
        masquerade=flag(network, "enable_ip_masquerade"),
        source=IPv4Address(source) if source else None,
    )


# -- remove, prune --------------------------------------------------------------------------------------------------


def members(world: World, host: str, network: Network) -> list[Container]:
    """The containers with a live endpoint in the network, by name."""
    return sorted(
        (c for c in world.hosts[host].containers for e in c.endpoints if e.network_id == network.id and e.endpoint_id),
        key=lambda c: c.name,
    )


def remove(world: World, host: str, reference: str) -> None:
    """Remove a network with its device and rules. ApiError when it is predefined, unknown or in use."""
    network = find_network(world, host, reference)
    if network.name in PREDEFINED:
        raise ApiError(f"{network.name} is a pre-defined network and cannot be removed", 403)
    live = members(world, host, network)
    if live:
        rows = [(c.name, e.endpoint_id[:12]) for c in live for e in c.endpoints if e.network_id == network.id]
        users = ", ".join(f'name:"{name}" id:"{short}"' for name, short in rows)
        text = release_of(world).text("network in use", name=network.name, id=network.id, users=users)
        raise ApiError(f"error while removing network: {text}", 403)
    if network.driver == "macvlan":
        macvlan.tear_down(world, host, network)
    elif network.bridge:
        firewall.remove_network(world, host, rules_of(world, host, network))
        adopted = daemon(world, host).adopted
        if network.bridge in adopted:
            change_daemon(world, host, adopted=adopted - {network.bridge})
        else:
            world.change_namespace(Where(host), lambda stack: stack.without_interface(network.bridge or ""))
    ipam.close_pool(world, host, network.id)
    world.change_host(host, networks=tuple(n for n in world.hosts[host].networks if n.id != network.id))


def prune(world: World, host: str) -> list[str]:
    """Remove every network of the user's that no running container is in; the names removed, by name."""
    unused = [n.name for n in world.hosts[host].networks if n.name not in PREDEFINED and not members(world, host, n)]
    for name in unused:
        remove(world, host, name)
    return unused


# -- connect, disconnect --------------------------------------------------------------------------------------------


def connect(
    world: World,
    host: str,
    network_ref: str,
    container_ref: str,
    *,
    address: IPv4Address | None = None,
    aliases: Sequence[str] = (),
    links: Sequence[tuple[str, str]] = (),
    mac: str | None = None,
    gw_priority: int = 0,
) -> None:
    """Connect a container to a further network; see `endpoints.connect`."""
    from dnetlab.sim.dockerd import endpoints

    attachment = NetworkAttachment(network_ref, address, tuple(aliases), tuple(links), mac, gw_priority)
    endpoints.connect(world, host, network_ref, container_ref, attachment)


def disconnect(world: World, host: str, network_ref: str, container_ref: str, force: bool = False) -> None:
    """Disconnect a container from a network; see `endpoints.disconnect`."""
    from dnetlab.sim.dockerd import endpoints

    endpoints.disconnect(world, host, network_ref, container_ref, force)


# -- the daemon's start ---------------------------------------------------------------------------------------------


def make_predefined(world: World, host: str) -> None:
    """none and host once for all, and a fresh `bridge` (the daemon makes it anew at every start, with a new id)."""
    known = {n.name for n in world.hosts[host].networks}
    for name, driver in (("none", "null"), ("host", "host")):
        if name not in known:
            _list(world, host, Network(world.hex_id(f"{host}:network"), name, driver, created=world.clock))
    old = world.hosts[host].network("bridge") if "bridge" in known else None
    if old:
        firewall.remove_network(world, host, rules_of(world, host, old))
        ipam.close_pool(world, host, old.id)
        world.change_host(host, networks=tuple(n for n in world.hosts[host].networks if n.id != old.id))
    docker0 = world.namespace(Where(host)).interface("docker0")
    if docker0 and docker0.ipv4:
        subnet = Subnet(docker0.ipv4[0].network, docker0.ipv4[0].ip)
    else:
        subnet = Subnet(ipam.choose_pool(world, host))
    change_daemon(world, host, pool_cursor=0)  # docker0's subnet is chosen beside the cursor (daemon_unix.go)
    network = Network(
        world.hex_id(f"{host}:network"), "bridge", "bridge", bridge="docker0", options=dict(DEFAULT_BRIDGE_OPTIONS),
        created=world.clock,
    )  # fmt: skip
    shown = docker0 is not None or release_of(world).fresh_gateway_shown
    subnet = replace(ipam.open_pool(world, host, network.id, subnet), configured=not shown, gateway_configured=shown)
    network = replace(network, subnets=(subnet,))
    make_device(world, host, network)
    firewall.add_network(world, host, rules_of(world, host, network))
    _list(world, host, network)


def restore(world: World, host: str, network: Network) -> None:
    """A network that was there before the daemon's start: its pool, device and rules again."""
    if not network.subnets:
        return
    ipam.open_pool(world, host, network.id, network.subnets[0], gateway=network.subnets[0].gateway is not None)
    if network.bridge:
        make_device(world, host, network)
        firewall.add_network(world, host, rules_of(world, host, network))
