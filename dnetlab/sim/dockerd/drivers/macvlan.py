"""The macvlan driver: containers with a MAC of their own on the wire of a parent link, no bridge in between."""

from __future__ import annotations

from dataclasses import replace

from dnetlab.model import Endpoint, Interface, LinkKind, Network, Where
from dnetlab.sim.dockerd.books import change_daemon, daemon, release_of
from dnetlab.sim.dockerd.drivers.protocol import Driver
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.profiles import EngineProfile
from dnetlab.sim.world import World

MODES = ("private", "vepa", "bridge", "passthru")
VLAN_FORM = "required interface name format is: name.vlan_id, ex. eth0.10 for vlan 10, instead received"


class Macvlan(Driver):
    needs_address = True

    def keeps_gateway(self, release: EngineProfile) -> bool:
        return release.macvlan_gateway

    def create_network(self, world: World, host: str, network: Network) -> Network:
        """Check the options and provide the parent link (moby drivers/macvlan)."""
        mode, parent = mode_of(network), network.options.get("parent", "")
        if mode not in MODES:
            words = f"requested macvlan mode '{mode}' is not valid, 'bridge' mode is the macvlan driver default"
            raise ApiError(words, 400)
        if parent == "lo":
            raise ApiError("loopback interface is not a valid macvlan parent link", 400)
        network = replace(network, parent=parent or f"dm-{network.short_id}")
        _check_shared(world, host, network)
        if world.namespace(Where(host)).interface(network.parent or "") is None:
            _make_parent(world, host, network)
        return network

    def delete_network(self, world: World, host: str, network: Network) -> None:
        """The parent that the driver made goes with the last network on it."""
        parent, made = network.parent or "", daemon(world, host).made_parents
        others = [n for n in world.hosts[host].networks if n.id != network.id and n.parent == parent]
        if parent in made and not others:
            world.change_namespace(Where(host), lambda stack: stack.without_interface(parent))
            change_daemon(world, host, made_parents=made - {parent})

    def join(self, world: World, where: Where, link: Interface, network: Network) -> str | None:
        """A macvlan is made on the host and moved; it keeps its index (observed on 20.10, 28.5, 29.7)."""
        parent = _parent_link(world, where.host, network)
        _check_mac(world, where.host, network, link)
        link = replace(
            link,
            index=world.count(f"index:{where.host}"),
            kind=LinkKind.MACVLAN,
            parent=parent.name,
            parent_namespace="host",
            mode=mode_of(network),
            carrier=parent.up and parent.carrier,
        )
        world.put_interface(where, link)
        return None

    def leave(self, world: World, where: Where, endpoint: Endpoint, network: Network) -> None:
        name = endpoint.interface or ""
        if where.namespace in world.hosts[where.host].namespaces:
            world.change_namespace(where, lambda stack: stack.without_interface(name))


def mode_of(network: Network) -> str:
    return network.options.get("macvlan_mode") or network.options.get("mode") or "bridge"


def _check_shared(world: World, host: str, network: Network) -> None:
    """May another network have the same parent? (macvlan_network.go; observed on 20.10 and 28.5)"""
    parent = network.parent
    for other in world.hosts[host].networks:
        if other.parent != parent:
            continue
        if not release_of(world).shared_parent:
            raise ApiError(f"network dm-{other.short_id} is already using parent interface {parent}")
        if mode_of(network) == "passthru":
            raise ApiError(
                f"cannot use mode passthru, macvlan network {other.id} is already using parent interface {parent}"
            )
        if mode_of(other) == "passthru":
            raise ApiError(f"macvlan network {other.id} is already using parent interface {parent} in mode passthru")


# -- the parent -----------------------------------------------------------------------------------------------------


def _make_parent(world: World, host: str, network: Network) -> None:
    """A dummy for a network without a parent, a sub-interface for a name like eth0.10."""
    parent = network.parent or ""
    if parent == f"dm-{network.short_id}":
        link = Interface(parent, 0, LinkKind.DUMMY, world.random_mac(f"{host}:dummy"))
    else:
        link = _sub_interface(world, host, parent)
    world.put_interface(Where(host), replace(link, index=world.count(f"index:{host}")))
    change_daemon(world, host, made_parents=daemon(world, host).made_parents | {parent})


def _sub_interface(world: World, host: str, name: str) -> Interface:
    """The 802.1Q link of that name, not yet there (macvlan_setup.go; observed on 20.10.24 and 28.5.2)."""
    if "." not in name:
        raise ApiError(f"invalid subinterface vlan name {name}, example formatting is eth0.10")
    if name.count(".") > 1:
        raise ApiError(f"{VLAN_FORM} {name}")
    master, _, tag = name.partition(".")
    if not (tag.isascii() and tag.isdecimal()):
        raise ApiError(f"unable to parse a valid vlan id from: {tag} (ex. eth0.10 for vlan 10)")
    lower = world.namespace(Where(host)).interface(master)
    if lower is None:
        raise ApiError(release_of(world).text("parent unknown", name=master))
    if not 1 <= int(tag) <= 4094:
        raise ApiError(f"vlan id must be between 1-4094, received: {int(tag)}")
    return Interface(name, 0, LinkKind.VLAN, lower.mac, parent=master, vlan_id=int(tag), carrier=lower.carrier)


def _parent_link(world: World, host: str, network: Network) -> Interface:
    """The parent of a new macvlan link, which must be there and free (observed on 20.10.24 and 28.5.2)."""
    name = network.parent or ""
    parent = world.namespace(Where(host)).interface(name)
    if parent is None:
        raise ApiError(f"the requested parent interface {name} was not found on the Docker host")
    if parent.master is not None:
        raise ApiError("failed to create the macvlan port: device or resource busy")
    if mode_of(network) == "passthru" and _children(world, host, name):
        raise ApiError("failed to create the macvlan port: invalid argument")
    return parent


def _check_mac(world: World, host: str, network: Network, link: Interface) -> None:
    """No two links on one parent with the same MAC: Linux doesn't set the second up (drivers/net/macvlan.c
    macvlan_open; moby libnetwork/osl/interface_linux.go)."""
    same = {n.id for n in world.hosts[host].networks if n.parent == network.parent}
    for container in world.hosts[host].containers:
        if any(e.mac == link.mac and e.network_id in same and e.interface for e in container.endpoints):
            name = "veth" + world.hex_id(f"{host}:veth", 7)
            raise ApiError(f"failed to add interface {name} to sandbox: failed to set link up: address already in use")


def _children(world: World, host: str, parent: str) -> bool:
    """Has some macvlan link of a container this parent?"""
    spaces = world.hosts[host].namespaces.values()
    return any(link.parent == parent for space in spaces for link in space.interfaces if link.kind is LinkKind.MACVLAN)
