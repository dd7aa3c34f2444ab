"""The kernel of a lab host, asked as `ip`, `brctl` and the daemon ask it; expected values are Linux's own."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from dnetlab.model import Address, Interface, LinkKind, Neighbour, Route, Where
from dnetlab.sim.kernel import Errno, KernelError, Stack
from dnetlab.sim.lab import new_world

HOST = Where("docker1")


@pytest.fixture
def kernel() -> Stack:
    return Stack(new_world("28.5"), HOST)


def refusal(error: pytest.ExceptionInfo[KernelError]) -> tuple[Errno, str]:
    return error.value.errno, error.value.sentence


def carriers(kernel: Stack, *names: str) -> list[bool]:
    return [kernel.link(name).carrier for name in names]


def test_a_refusal_is_a_value_with_the_words_of_c_and_of_go() -> None:
    assert Errno.EBUSY.words == "Device or resource busy"
    assert Errno.EBUSY.go_words == "device or resource busy"


# -- one taker for a link ---------------------------------------------------------------------------------------------


def test_the_port_of_a_bridge_carries_no_macvlan(kernel: Stack) -> None:
    # given enp7s0 in a bridge, when a macvlan is put on it, then EBUSY: a link has one rx handler
    kernel.add_bridge("br0")
    kernel.enslave("enp7s0", "br0")

    with pytest.raises(KernelError) as error:
        kernel.add_macvlan("mv0", "enp7s0", "bridge")

    assert refusal(error) == (Errno.EBUSY, "")
    assert kernel.namespace.interface("mv0") is None


def test_the_parent_of_a_macvlan_becomes_no_port_until_the_macvlan_is_gone(kernel: Stack) -> None:
    kernel.add_bridge("br0")
    kernel.add_macvlan("mv0", "enp7s0", "bridge")
    with pytest.raises(KernelError) as error:
        kernel.enslave("enp7s0", "br0")
    assert refusal(error) == (Errno.EBUSY, "")

    kernel.delete("mv0")
    kernel.enslave("enp7s0", "br0")

    assert kernel.link("enp7s0").master == "br0"


@pytest.mark.parametrize(("first", "second"), [("bridge", "passthru"), ("passthru", "bridge"), ("passthru",) * 2])
def test_passthru_is_alone_on_its_parent(kernel: Stack, first: str, second: str) -> None:
    # recorded on Linux 6.18: `ip link add mv3 link enp7s0 type macvlan mode passthru` beside another is EINVAL
    kernel.add_macvlan("mv1", "enp7s0", first)

    with pytest.raises(KernelError) as error:
        kernel.add_macvlan("mv2", "enp7s0", second)

    assert refusal(error) == (Errno.EINVAL, "")


def test_a_tag_is_used_once_on_a_parent(kernel: Stack) -> None:
    kernel.add_vlan("enp7s0.10", "enp7s0", 10)

    with pytest.raises(KernelError) as error:
        kernel.add_vlan("again", "enp7s0", 10)

    assert refusal(error) == (Errno.EEXIST, "8021q: VLAN device already exists.")


# -- carrier ----------------------------------------------------------------------------------------------------------


def test_carrier_climbs_from_a_port_through_its_bridge_to_a_vlan_on_it(kernel: Stack) -> None:
    # given veth -> br0 -> br0.5, all up but the veth's peer, when the peer comes up, then all of them have carrier
    kernel.add_bridge("br0")
    kernel.add_veth("in0", "out0")
    kernel.enslave("in0", "br0")
    kernel.add_vlan("br0.5", "br0", 5)
    for name in ("br0", "in0", "br0.5"):
        kernel.set_up(name)
    assert carriers(kernel, "in0", "br0", "br0.5") == [False, False, False]

    kernel.set_up("out0")
    assert carriers(kernel, "in0", "br0", "br0.5") == [True, True, True]

    kernel.set_down("out0")
    assert carriers(kernel, "in0", "br0", "br0.5") == [False, False, False]


def test_a_bridge_that_loses_its_last_port_has_no_carrier(kernel: Stack) -> None:
    kernel.add_bridge("br0")
    kernel.set_up("br0")
    assert carriers(kernel, "br0") == [True]  # without any port yet: state UNKNOWN

    kernel.enslave("enp7s0", "br0")
    kernel.release("enp7s0")

    assert carriers(kernel, "br0") == [False]


# -- MTU --------------------------------------------------------------------------------------------------------------


def test_children_get_no_more_than_their_parent_has(kernel: Stack) -> None:
    # recorded on Linux 6.18: after `ip link set eth0 mtu 1400` a macvlan on eth0 has 1400
    kernel.add_macvlan("mv0", "eth0", "bridge")
    kernel.add_vlan("eth0.5", "eth0", 5)

    kernel.set_mtu("eth0", 1400)
    assert [kernel.link(name).mtu for name in ("mv0", "eth0.5")] == [1400, 1400]

    kernel.set_mtu("eth0", 1500)  # only downwards
    assert [kernel.link(name).mtu for name in ("mv0", "eth0.5")] == [1400, 1400]


@pytest.mark.parametrize(("child", "errno"), [("mv0", Errno.EINVAL), ("eth0.5", Errno.ERANGE)])
def test_a_child_cannot_be_bigger_than_its_parent(kernel: Stack, child: str, errno: Errno) -> None:
    # macvlan_change_mtu says EINVAL, vlan_dev_change_mtu ERANGE
    kernel.add_macvlan("mv0", "eth0", "bridge")
    kernel.add_vlan("eth0.5", "eth0", 5)

    with pytest.raises(KernelError) as error:
        kernel.set_mtu(child, 1501)

    assert refusal(error) == (errno, "")


def test_a_bridge_takes_the_least_mtu_of_its_ports_until_somebody_sets_its_own(kernel: Stack) -> None:
    kernel.add_bridge("br0")
    kernel.enslave("enp7s0", "br0")
    kernel.set_mtu("enp7s0", 1400)
    assert kernel.link("br0").mtu == 1400

    kernel.set_mtu("br0", 1450)
    kernel.set_mtu("enp7s0", 1300)

    assert kernel.link("br0").mtu == 1450


# -- bridges ----------------------------------------------------------------------------------------------------------


def test_a_bridge_wears_its_ports_mac_until_somebody_sets_its_own(kernel: Stack) -> None:
    kernel.add_bridge("br0")
    kernel.enslave("enp7s0", "br0")
    assert kernel.link("br0").mac == kernel.link("enp7s0").mac

    kernel.set_mac("br0", "02:00:00:00:00:07")
    kernel.release("enp7s0")
    assert kernel.link("br0").mac == "02:00:00:00:00:07"


def test_a_bridge_that_nobody_named_a_mac_has_none_after_its_last_port(kernel: Stack) -> None:
    kernel.add_bridge("br0")
    kernel.enslave("enp7s0", "br0")
    kernel.release("enp7s0")

    assert kernel.link("br0").mac == "00:00:00:00:00:00"  # recorded: bridge id 8000.000000000000


@pytest.mark.parametrize(
    ("port", "master", "expected"),
    [
        ("enp7s0", "eth0", (Errno.EOPNOTSUPP, "")),
        ("lo", "br0", (Errno.EINVAL, "Can not enslave a loopback device to a bridge.")),
        ("docker0", "br0", (Errno.ELOOP, "Can not enslave a bridge to a bridge.")),
        ("enp9s0", "br0", (Errno.ENODEV, "")),
    ],
)
def test_what_is_no_port(kernel: Stack, port: str, master: str, expected: tuple[Errno, str]) -> None:
    kernel.add_bridge("br0")

    with pytest.raises(KernelError) as error:
        kernel.enslave(port, master)

    assert refusal(error) == expected


def test_what_hides_nowhere_but_in_the_snapshot(kernel: Stack) -> None:
    # given a bridge by hand, then that it was never up, follows its ports and has STP on is part of the link
    kernel.add_bridge("br0")
    kernel.set_stp("br0", True)
    made = kernel.world.snapshot().at(HOST).interface("br0")
    assert made is not None
    assert (made.fresh, made.auto_mac, made.auto_mtu, made.stp) == (True, True, True, True)

    kernel.set_up("br0")
    kernel.set_mac("br0", "02:00:00:00:00:07")

    seen = kernel.world.snapshot().at(HOST).interface("br0")
    assert seen is not None
    assert (seen.fresh, seen.auto_mac) == (False, False)


# -- names, namespaces, deletion --------------------------------------------------------------------------------------


def test_a_link_that_is_gone_is_not_remembered_as_one_with_a_link_local_row(kernel: Stack) -> None:
    # given a pair of links that are up, and so have rows fe80::/64
    kernel.add_veth("v0", "v1")
    kernel.set_up("v0")
    kernel.set_up("v1")
    numbers = {kernel.link("v0").index, kernel.link("v1").index}
    assert numbers <= set(kernel.namespace.near)

    # when the pair is deleted, then nothing of it is left
    kernel.delete("v0")

    assert numbers.isdisjoint(kernel.namespace.near)


def test_whatever_names_a_link_follows_its_new_name(kernel: Stack) -> None:
    kernel.add_bridge("br0")
    kernel.add_veth("in0", "out0")
    kernel.enslave("in0", "br0")
    kernel.add_vlan("v5", "br0", 5)
    kernel.set_up("br0")
    kernel.add_address("br0", Address(IPv4Interface("10.7.0.1/24")))

    kernel.rename("br0", "lan")

    assert kernel.link("in0").master == "lan"
    assert kernel.link("v5").parent == "lan"
    assert [r.dev for r in kernel.namespace.routes if str(r.destination) == "10.7.0.0/24"] == ["lan"]


def test_a_link_that_moves_keeps_its_mac_and_its_peer_and_comes_down(kernel: Stack) -> None:
    # given a veth whose other end is up here, when one end moves to another namespace, then it is down there without
    # addresses, each end knows the other, and the one that stayed has lost carrier
    other = _other(kernel)
    kernel.add_veth("a", "b")
    for name in ("a", "b"):
        kernel.set_up(name)
    kernel.add_address("b", Address(IPv4Interface("10.7.0.1/24")))
    mac = kernel.link("b").mac

    kernel.move("b", "blue")

    there = other.link("b")
    assert (there.mac, there.up, there.addresses) == (mac, False, ())
    assert kernel.peer(kernel.link("a")) == (kernel.beside("blue"), there)
    assert carriers(kernel, "a") == [False]


def test_an_index_that_is_taken_there_is_changed_by_the_move(kernel: Stack) -> None:
    other = _other(kernel)
    kernel.add_veth("a", "b")
    index = kernel.link("b").index
    other.put(Interface("x", index, LinkKind.DUMMY, "02:00:00:00:00:01"))

    kernel.move("b", "blue", "c")

    assert other.link("c").index != index


def test_a_macvlan_that_lives_elsewhere_goes_with_its_parent(kernel: Stack) -> None:
    other = _other(kernel)
    kernel.add_vlan("enp7s0.11", "enp7s0", 11)
    kernel.add_macvlan("mv0", "enp7s0.11", "bridge")
    kernel.move("mv0", "blue", "eth0")
    assert other.link("eth0").parent_namespace == "host"

    kernel.delete("enp7s0.11")

    assert other.namespace.interface("eth0") is None


def _other(kernel: Stack) -> Stack:
    """A second, empty namespace of the host, called blue."""
    where = Where("docker1", "blue")
    kernel.world.put_namespace(where, replace(kernel.namespace, name="blue", interfaces=(), routes=()))
    return Stack(kernel.world, where)


def test_a_nic_is_not_deleted(kernel: Stack) -> None:
    with pytest.raises(KernelError) as error:
        kernel.delete("eth0")

    assert refusal(error) == (Errno.EOPNOTSUPP, "")


# -- addresses, routes, neighbours, sysctls ---------------------------------------------------------------------------


def test_routes_lie_in_the_order_of_the_kernels_trie(kernel: Stack) -> None:
    kernel.add_route(Route(IPv4Network("10.0.0.0/8"), None, via=IPv4Address("172.25.254.2"), protocol="boot"))
    kernel.add_route(Route(IPv4Network("10.0.0.0/24"), None, via=IPv4Address("172.25.254.2"), protocol="boot"))
    kernel.add_route(Route(IPv4Network("0.0.0.0/0"), None, via=IPv4Address("172.25.254.2"), protocol="boot"))

    assert [str(r.destination) for r in kernel.namespace.routes] == [
        "0.0.0.0/0", "10.0.0.0/24", "10.0.0.0/8", "172.17.0.0/16", "172.25.254.0/24",
    ]  # fmt: skip


def test_with_a_primary_address_its_secondaries_and_its_routes_go(kernel: Stack) -> None:
    first, second = IPv4Interface("10.7.0.1/24"), IPv4Interface("10.7.0.2/24")
    kernel.add_address("enp7s0", Address(first))
    kernel.add_address("enp7s0", Address(second))
    assert [(str(a), a.secondary) for a in kernel.link("enp7s0").addresses][:2] == [
        ("10.7.0.1/24", False), ("10.7.0.2/24", True),
    ]  # fmt: skip

    kernel.remove_address("enp7s0", first)

    assert kernel.link("enp7s0").ipv4 == ()
    assert [r for r in kernel.namespace.routes if r.dev == "enp7s0"] == []


def test_a_neighbour_is_added_once_and_forgotten(kernel: Stack) -> None:
    entry = Neighbour(IPv4Address("172.25.254.9"), "eth0", "02:00:00:00:00:09", "PERMANENT")
    kernel.put_neighbour(entry, only_new=True)
    with pytest.raises(KernelError) as error:
        kernel.put_neighbour(entry, only_new=True)
    assert refusal(error) == (Errno.EEXIST, "")

    assert kernel.forget_neighbours(lambda n: n.address == entry.address) == 1
    assert kernel.namespace.neighbours == ()


def test_the_two_masters_of_forwarding_move_together(kernel: Stack) -> None:
    kernel.set_sysctl("net.ipv4.conf.all.forwarding", "0")

    assert kernel.namespace.sysctl("net.ipv4.ip_forward") == "0"
    assert kernel.namespace.sysctl("net.ipv4.conf.default.forwarding") == "0"


@pytest.mark.parametrize(
    ("key", "value", "errno"),
    [("net.ipv4.nosuch", "1", Errno.ENOENT), ("net.ipv4.ip_forward", "yes", Errno.EINVAL)],
)
def test_a_switch_that_cannot_be_set(kernel: Stack, key: str, value: str, errno: Errno) -> None:
    with pytest.raises(KernelError) as error:
        kernel.set_sysctl(key, value)

    assert refusal(error) == (errno, "")
