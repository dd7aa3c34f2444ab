"""The macvlan driver: containers with a MAC of their own on the wire of a parent link, no bridge in between."""

from __future__ import annotations

from dataclasses import replace

from dnetlab.model import Interface, LinkKind, Network, Where
from dnetlab.sim.dockerd import ipam
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

MODES = ("private", "vepa", "bridge", "passthru")


def mode_of(network: Network) -> str:
    return network.options.get("macvlan_mode") or network.options.get("mode") or "bridge"


def set_up(world: World, host: str, network: Network) -> Network:
    """Check the options and provide the parent link; ApiError leaves nothing behind (moby drivers/macvlan)."""
    try:
        parent = network.options.get("parent", "")
        mode = mode_of(network)
        if mode not in MODES:
            words = f"requested macvlan mode '{mode}' is not valid, 'bridge' mode is the macvlan driver default"
            raise ApiError(words, 400)
        if parent == "lo":
            raise ApiError("loopback interface is not a valid macvlan parent link", 400)
        parent = parent or f"dm-{network.short_id}"
        _check_shared(world, host, network, parent, mode)
        _provide_parent(world, host, network, parent)
    except ApiError:
        ipam.close_pool(world, host, network.id)
        raise
    return replace(network, parent=parent)


def _check_shared(world: World, host: str, network: Network, parent: str, mode: str) -> None:
    for other in world.hosts[host].networks:
        if other.driver != "macvlan" or other.parent != parent:
            continue
        if not release_of(world).shared_parent:
            raise ApiError(f"network dm-{other.short_id} is already using parent interface {parent}")
        if mode == "passthru":
            raise ApiError(
                f"cannot use mode passthru, macvlan network {other.id} is already using parent interface {parent}"
            )
        if mode_of(other) == "passthru":
            raise ApiError(
                f"macvlan network {other.id} is already using parent interface {parent} in mode passthru"
            )


def _provide_parent(world: World, host: str, network: Network, parent: str) -> None:
    stack = world.namespace(Where(host))
    if stack.interface(parent):
        return
    if parent == f"dm-{network.short_id}":
        _add_link(world, host, Interface(parent, 0, LinkKind.DUMMY, world.random_mac(f"{host}:dummy")))
        return
    master, dot, tag = parent.partition(".")
    if not dot or not tag.isdecimal():
        raise ApiError(f"invalid subinterface vlan name {parent}, example formatting is eth0.10")
    if not 1 <= int(tag) <= 4094:
        raise ApiError(f"vlan id must be between 1-4094, received: {int(tag)}")
    lower = stack.interface(master)
    if lower is None:
        raise ApiError(release_of(world).text("parent unknown", name=master))
    _add_link(
        world, host,
        Interface(parent, 0, LinkKind.VLAN, lower.mac, parent=master, vlan_id=int(tag), carrier=lower.carrier),
    )  # fmt: skip


def _add_link(world: World, host: str, link: Interface) -> None:
    world.put_interface(Where(host), replace(link, index=world.count(f"index:{host}")))


def made_here(world: World, host: str, network: Network) -> bool:
    """Did Docker make the parent? Its own dummy and sub-interfaces whose name says so."""
    link = world.namespace(Where(host)).interface(network.parent or "")
    return link is not None and (link.kind is LinkKind.DUMMY or link.kind is LinkKind.VLAN)


def tear_down(world: World, host: str, network: Network) -> None:
    """Remove the parent that Docker made, with the last network on it."""
    others = [n for n in world.hosts[host].networks if n.id != network.id and n.parent == network.parent]
    if not others and made_here(world, host, network):
        world.change_namespace(Where(host), lambda stack: stack.without_interface(network.parent or ""))
