"""A container that `docker run` made for one command and that is gone: put back into the snapshot, to ask again from.

It hangs on its network as any new container does: the next free address, a veth on the bridge or a macvlan on the
parent, the gateway as its default route. What the daemon would write for it into the firewall concerns only who asks
it, so nothing of that is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Interface, IPv4Network

from dnetlab.errors import UsageError
from dnetlab.model import (
    Address,
    Container,
    ContainerState,
    Endpoint,
    Host,
    Interface,
    LinkKind,
    Namespace,
    Network,
    PeerEnd,
    Route,
    Snapshot,
    Where,
)
from dnetlab.model.ip import IpAddress, IpInterface, IpNetwork

SPACE = "asked-again"
_INDEX = 1_000_000  # beyond any that the kernel has given out
_MAC = "02:42:00:00:00:fe"


@dataclass(frozen=True)
class Guest:
    """What `docker run` said of it. network: a name, 'host', 'none' or 'container:NAME'; name '' when Docker chose."""

    network: str = "bridge"
    address: IpAddress | None = None
    name: str = ""


def seat(snapshot: Snapshot, host: str, guest: Guest) -> tuple[Snapshot, Where]:
    """The snapshot with the guest in it, and where he is. UsageError when his network is gone."""
    machine = snapshot.hosts[host]
    mode, _, whose = guest.network.partition(":")
    if mode == "host":
        return snapshot, Where(host)
    if mode == "container" and whose:
        return snapshot, Where(host, _namespace(machine, whose))
    name = guest.name or f"the container of docker run (on {guest.network})"
    if mode == "none":
        return _with(snapshot, machine, Namespace(SPACE, (_loopback(),)), machine.stack, _container(name, (), "none"))
    network = machine.network(guest.network)
    if network is None or not network.subnets:
        raise UsageError(
            "the network {network} is gone, so nothing can be asked again from there", network=guest.network
        )
    own = guest.address or _free(machine, network)
    address = IPv4Interface(f"{own}/{network.subnets[0].subnet.prefixlen}")
    link, stack = _wired(machine, network, address)
    space = Namespace(SPACE, (_loopback(), link), _routes(network, address.network, own))
    gateway = network.subnets[0].gateway
    end = Endpoint(network.name, network.id, "guest", own, address.network.prefixlen, gateway, _MAC, "eth0")
    return _with(snapshot, machine, space, stack, _container(name, (end,)))


def _namespace(machine: Host, whose: str) -> str:
    owner = machine.container(whose)
    if owner is None or owner.namespace is None:
        raise UsageError("{whose} doesn't run now, so nothing can be asked again from its namespace", whose=whose)
    return owner.namespace


def _container(name: str, ends: tuple[Endpoint, ...], mode: str = "bridge") -> Container:
    return Container(SPACE, name, "", state=ContainerState.RUNNING, namespace=SPACE, endpoints=ends, network_mode=mode)


def _with(
    snapshot: Snapshot, machine: Host, space: Namespace, stack: Namespace, container: Container
) -> tuple[Snapshot, Where]:
    spaces = {**machine.namespaces, "host": stack, SPACE: space}
    host = replace(machine, namespaces=spaces, containers=(container, *machine.containers))
    return replace(snapshot, hosts=snapshot.hosts | {machine.name: host}), Where(machine.name, SPACE)


def _loopback() -> Interface:
    return Interface("lo", 1, LinkKind.LOOPBACK, "00:00:00:00:00:00", (Address(IPv4Interface("127.0.0.1/8")),))


def _wired(machine: Host, network: Network, address: IpInterface) -> tuple[Interface, Namespace]:
    """His eth0, and the host's stack with the other end of it."""
    stack, addresses = machine.stack, (Address(address),)
    if network.bridge is None:
        parent = stack.interface(network.parent or "")
        mode = network.options.get("macvlan_mode", "bridge")
        link = Interface("eth0", _INDEX + 1, LinkKind.MACVLAN, _MAC, addresses, parent=network.parent,
                         parent_namespace="host", mode=mode, carrier=parent is not None and parent.up)  # fmt: skip
        return link, stack
    link = Interface("eth0", _INDEX + 1, LinkKind.VETH, _MAC, addresses, peer=PeerEnd("host", _INDEX))
    port = Interface("veth-asked", _INDEX, LinkKind.VETH, "02:42:00:00:00:fd", peer=PeerEnd(SPACE, _INDEX + 1),
                     master=network.bridge)  # fmt: skip
    return link, stack.with_interface(port)


def _routes(network: Network, subnet: IpNetwork, own: IpAddress) -> tuple[Route, ...]:
    attached = Route(subnet, "eth0", src=own)
    gateway = network.subnets[0].gateway
    if network.internal or gateway is None:
        return (attached,)
    return (Route(IPv4Network("0.0.0.0/0"), "eth0", via=gateway, scope="global"), attached)


def _free(machine: Host, network: Network) -> IpAddress:
    """The lowest address that nobody of the network has."""
    taken = {e.address for c in machine.containers for e in c.endpoints if e.network == network.name}
    subnet = network.subnets[0]
    for address in (subnet.ip_range or subnet.subnet).hosts():
        if address not in taken and address != subnet.gateway and address not in subnet.aux_addresses.values():
            return address
    raise UsageError("the network {name} has no free address to ask from", name=network.name)
