"""The parent link of macvlan and ipvlan networks: there already, or made by the daemon and removed again."""

from __future__ import annotations

from dnetlab.model import Network, Where
from dnetlab.sim.dockerd.books import change_daemon, daemon, release_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.kernel import KernelError, Stack
from dnetlab.sim.world import World

VLAN_FORM = "required interface name format is: name.vlan_id, ex. eth0.10 for vlan 10, instead received"


def provide(world: World, host: str, network: Network) -> None:
    """Make the parent unless it is there. ApiError when its name is no sub-interface's."""
    if world.namespace(Where(host)).interface(network.parent or "") is None:
        _make(world, host, network)


def withdraw(world: World, host: str, network: Network) -> None:
    """The parent that the daemon made goes with the last network on it."""
    parent, made = network.parent or "", daemon(world, host).made_parents
    others = [n for n in world.hosts[host].networks if n.id != network.id and n.parent == parent]
    if parent in made and not others:
        _delete(world, host, parent)
        change_daemon(world, host, made_parents=made - {parent})


def _make(world: World, host: str, network: Network) -> None:
    """A dummy for a network without a parent, a sub-interface for a name like eth0.10."""
    stack, parent = Stack(world, Where(host)), network.parent or ""
    if parent in (f"dm-{network.short_id}", f"di-{network.short_id}"):
        try:
            stack.add_dummy(parent, mac=world.random_mac(f"{host}:dummy"))
        except KernelError as error:  # observed on 20.10.24 and 28.5.2 where the kernel has no dummy links
            raise ApiError(error.errno.go_words) from None
    else:
        master, tag = _sub_interface(world, host, parent)
        try:
            stack.add_vlan(parent, master, tag)
        except KernelError as error:  # moby drivers/macvlan/macvlan_setup.go
            raise ApiError(f"failed to create {parent} vlan link: {error.errno.go_words}") from None
    stack.set_up(parent)
    change_daemon(world, host, made_parents=daemon(world, host).made_parents | {parent})


def _delete(world: World, host: str, parent: str) -> None:
    stack = Stack(world, Where(host))
    if stack.namespace.interface(parent) is not None:
        stack.delete(parent)


def _sub_interface(world: World, host: str, name: str) -> tuple[str, int]:
    """What the name of an 802.1Q link says: the link below, which must be there, and its tag.

    moby macvlan_setup.go; observed on 20.10.24 and 28.5.2.
    """
    if "." not in name:
        raise ApiError(f"invalid subinterface vlan name {name}, example formatting is eth0.10")
    if name.count(".") > 1:
        raise ApiError(f"{VLAN_FORM} {name}")
    master, _, tag = name.partition(".")
    if not (tag.isascii() and tag.isdecimal()):
        raise ApiError(f"unable to parse a valid vlan id from: {tag} (ex. eth0.10 for vlan 10)")
    if world.namespace(Where(host)).interface(master) is None:
        raise ApiError(release_of(world).text("parent unknown", name=master))
    if not 1 <= int(tag) <= 4094:
        raise ApiError(f"vlan id must be between 1-4094, received: {int(tag)}")
    return master, int(tag)
