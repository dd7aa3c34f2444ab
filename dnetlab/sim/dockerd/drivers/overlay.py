"""The overlay driver: networks across the hosts of a swarm, frames between hosts in VXLAN.

On each host where such a network is used it has a namespace of its own with a bridge, a VXLAN and a veth for each
endpoint (moby libnetwork/drivers/overlay; names as /run/docker/netns shows them on 29.7.2).
"""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv4Network

from dnetlab.model import Address, Endpoint, Namespace, Network, Route, Vxlan, Where
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, IpNetwork
from dnetlab.sim.dockerd.answering import answer_names
from dnetlab.sim.dockerd.books import change_daemon, daemon
from dnetlab.sim.dockerd.cluster import addresses, gossip, membership
from dnetlab.sim.dockerd.cluster.state import is_manager, node_of, swarm_of
from dnetlab.sim.dockerd.drivers import device, options
from dnetlab.sim.dockerd.drivers.protocol import Driver
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.kernel import Stack
from dnetlab.sim.kernel.autoconf import broadcast_of, loopback
from dnetlab.sim.profiles import EngineProfile
from dnetlab.sim.world import World

HEADERS = 50  # bytes that VXLAN puts around a frame
BRIDGE = "br0"
SYSCTLS = {"net.ipv4.ip_forward": "1"}  # a new namespace has what the host has (devinet_init_net)


class Overlay(Driver):
    needs_address = True
    publishes = True
    spans_hosts = True

    def tells_gateway(self, release: EngineProfile, network: Network) -> bool:
        return False  # the way out leads over docker_gwbridge

    def join(self, world: World, where: Where, name: str, mac: str, network: Network) -> str | None:
        open_network(world, where.host, network)
        plug(world, where, name, mac, network)
        if network.id not in daemon(world, where.host).balancers:
            open_balancer(world, where.host, network)
        return None

    def leave(self, world: World, where: Where, endpoint: Endpoint, network: Network) -> None:
        device.remove_link(world, where, endpoint.interface or "")
        others = (e for c in world.hosts[where.host].containers for e in c.endpoints
                  if e.network_id == network.id and e.endpoint_id not in ("", endpoint.endpoint_id))  # fmt: skip
        if next(others, None) is None and not network.ingress:
            close_network(world, where.host, network)


def mtu_of(network: Network) -> int:
    """What is left of the network's MTU inside a VXLAN."""
    return options.mtu_of(network) - HEADERS


def mac_for(address: IpAddress) -> str:
    """02:42 and the address, in every release (drivers/overlay: netutils.GenerateMACFromIP)."""
    return "02:42:" + ":".join(f"{byte:02x}" for byte in address.packed)


# -- the network on one host ----------------------------------------------------------------------------------------


def open_network(world: World, host: str, network: Network) -> None:
    """The namespace of the network with its bridge and its VXLAN; nothing when it is there."""
    where = Where(host, gossip.home_of(network))
    swarm, node = swarm_of(world, host), node_of(world, host)
    if where.namespace in world.hosts[host].namespaces:
        return
    if swarm is None or node is None:
        raise ApiError(membership.NO_SWARM, 503)
    _new_namespace(world, where)
    stack, subnet = Stack(world, where), network.subnets[0]
    stack.add_bridge(BRIDGE, mtu=mtu_of(network), txqlen=0)
    if subnet.gateway is not None:
        give_address(stack, BRIDGE, subnet.gateway, subnet.subnet)
    settings = Vxlan(swarm.vnis[network.id], port=swarm.port, learning=False, underlay="host", proxy=True)
    stack.add_vxlan(gossip.TUNNEL, settings, mtu=mtu_of(network))
    stack.enslave(gossip.TUNNEL, BRIDGE)
    stack.set_up(gossip.TUNNEL)
    stack.set_up(BRIDGE)


def give_address(stack: Stack, name: str, address: IpAddress, subnet: IpNetwork) -> None:
    stack.add_address(name, Address(IPv4Interface(f"{address}/{subnet.prefixlen}"), broadcast_of(subnet)))


def default_route(stack: Stack, name: str, gateway: IpAddress | None) -> None:
    stack.add_route(Route(IPv4Network("0.0.0.0/0"), name, via=gateway, protocol="boot"))


def _new_namespace(world: World, where: Where) -> None:
    lo = loopback()
    world.put_namespace(where, Namespace(where.namespace, (lo,), sysctls=dict(SYSCTLS), last_index=lo.index))


def plug(world: World, where: Where, name: str, mac: str, network: Network) -> None:
    """A veth pair, made on the host: one end into the sandbox under that name, the other to the network's bridge."""
    host, home = Stack(world, Where(where.host)), Where(where.host, gossip.home_of(network))
    outer, inner = device.veth_name(world, where.host), device.passing_name(mac)
    host.add_veth(outer, inner, peer_mac=mac, mtu=mtu_of(network), txqlen=0)
    number, there = 0, Stack(world, home)
    while there.namespace.interface(f"veth{number}") is not None:
        number += 1
    host.move(outer, home.namespace, f"veth{number}")
    host.move(inner, where.namespace, name)
    there.enslave(f"veth{number}", BRIDGE)
    there.set_up(f"veth{number}")


def close_network(world: World, host: str, network: Network) -> None:
    """Nobody on this host is in the network any more: its namespaces go, and on a worker the network itself."""
    close_balancer(world, host, network)
    _drop(world, Where(host, gossip.home_of(network)))
    known = next((n for n in world.hosts[host].networks if n.id == network.id), None)
    if known is None:
        return
    others = tuple(n for n in world.hosts[host].networks if n.id != network.id)
    if not is_manager(world, host):
        world.change_host(host, networks=others)
        return
    kept = (*others, replace(known, records=()))
    world.change_host(host, networks=tuple(sorted(kept, key=lambda n: n.name)))


def _drop(world: World, where: Where) -> None:
    """A namespace goes with all its links, and the other ends of its veth pairs."""
    if where.namespace not in world.hosts[where.host].namespaces:
        return
    stack = Stack(world, where)
    for name in [link.name for link in stack.namespace.interfaces if link.name != "lo"]:
        if stack.namespace.interface(name) is not None:
            stack.delete(name)
    world.drop_namespace(where)


# -- the load balancer's sandbox ------------------------------------------------------------------------------------


def balancer_of(network: Network) -> str:
    """The namespace that shares out what is sent to virtual addresses: one for each network and host."""
    return "ingress_sbox" if network.ingress else f"lb_{network.id[:9]}"


def open_balancer(world: World, host: str, network: Network) -> Endpoint | None:
    """The balancer of a network on this host, with an address of its own; None when the network has none."""
    swarm = swarm_of(world, host)
    if swarm is None:
        return None
    address = addresses.request(world, swarm, network)
    where = Where(host, balancer_of(network))
    _new_namespace(world, where)
    mac = mac_for(address)
    plug(world, where, "eth0", mac, network)
    subnet, stack = network.subnets[0].subnet, Stack(world, where)
    give_address(stack, "eth0", address, subnet)
    stack.set_up("eth0")
    answer_names(world, where)
    endpoint = Endpoint(network.name, network.id, world.hex_id(f"{host}:endpoint"), address, subnet.prefixlen,
                        mac=mac, interface="eth0")  # fmt: skip
    change_daemon(world, host, balancers={**daemon(world, host).balancers, network.id: endpoint})
    return endpoint


def close_balancer(world: World, host: str, network: Network) -> None:
    found = daemon(world, host).balancers.get(network.id)
    if found is None:
        return
    swarm = addresses.home_of(world, network)
    if swarm is not None and found.address is not None:
        addresses.release(world, swarm, found.address)
    _drop(world, Where(host, balancer_of(network)))
    left = {key: endpoint for key, endpoint in daemon(world, host).balancers.items() if key != network.id}
    change_daemon(world, host, balancers=left)
