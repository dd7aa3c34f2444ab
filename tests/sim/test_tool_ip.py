"""What `ip`, `ifconfig` and `sysctl` do to a lab: the consequences that the kernel adds to a student's one line."""

from __future__ import annotations

import pytest

from dnetlab.model import Where
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.lab import new_world
from dnetlab.sim.shell import run_tool
from dnetlab.sim.world import World


@pytest.fixture
def world() -> World:
    return new_world("28.5")


def at(world: World, line: str, host: str = "client") -> Result:
    result = run_tool(Context(world, host), tuple(line.split()))
    assert result is not None
    return result


def test_a_link_that_goes_down_takes_its_gateway_with_it_and_comes_back_without(world: World) -> None:
    at(world, "ip route add default via 172.25.254.1")

    at(world, "ip link set eth0 down")
    assert at(world, "ip route").stdout == ""

    at(world, "ip link set eth0 up")
    assert at(world, "ip route").stdout == "172.25.254.0/24 dev eth0 proto kernel scope link src 172.25.254.38 \n"


def test_a_gateway_must_be_on_a_network_we_are_attached_to(world: World) -> None:
    result = at(world, "ip route add 10.0.0.0/8 via 172.30.9.1")

    assert result == Result("", "Error: Nexthop has invalid gateway.\n", 2)


def test_an_address_brings_its_connected_route_and_takes_it_away(world: World) -> None:
    at(world, "ip addr add 10.9.0.1/24 dev eth0")
    assert "10.9.0.0/24 dev eth0 proto kernel scope link src 10.9.0.1 \n" in at(world, "ip route").stdout

    at(world, "ip addr del 10.9.0.1/24 dev eth0")
    assert "10.9.0.0/24" not in at(world, "ip route").stdout


def test_ip_forward_and_its_file_are_one_switch(world: World) -> None:
    assert at(world, "sysctl -w net.ipv4.ip_forward=1").stdout == "net.ipv4.ip_forward = 1\n"

    assert world.namespace(Where("client")).forwards
    assert at(world, "cat /proc/sys/net/ipv4/ip_forward").stdout == "1\n"
    assert at(world, "cat /proc/sys/net/ipv4/conf/all/forwarding").stdout == "1\n"


def test_what_ip_netns_has_and_the_lab_has_not_is_refused_with_a_hint(world: World) -> None:
    with pytest.raises(Refused) as raised:
        at(world, "ip netns monitor")

    assert "docker exec" in raised.value.refusal.hint


def test_the_last_port_of_a_bridge_takes_its_carrier_away(world: World) -> None:
    for line in ("brctl addbr br0", "ip link add v0 type veth peer name v1", "brctl addif br0 v0",
                 "ip link set v0 up", "ip link set v1 up", "ip link set br0 up"):
        assert at(world, line).exit_code == 0
    assert at(world, "ip -br link show br0").stdout.split()[1] == "UP"

    at(world, "brctl delif br0 v0")

    assert at(world, "ip -br link show br0").stdout.split()[1] == "DOWN"


def test_the_lab_remains_as_it_was_after_a_refused_option(world: World) -> None:
    before = world.snapshot()

    assert at(world, "ip link set eth0 up nosuchword").exit_code == 255

    assert world.snapshot() == before


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("172.25.254.255", "broadcast 172.25.254.255 dev eth0 src 172.25.254.38 uid 0 \n    cache <local,brd> \n"),
        ("172.25.254.38", "local 172.25.254.38 dev lo src 172.25.254.38 uid 0 \n    cache <local> \n"),
        ("172.25.254.1", "172.25.254.1 dev eth0 src 172.25.254.38 uid 0 \n    cache \n"),
    ],
)
def test_a_route_is_asked_of_the_table_that_packets_ask(world: World, target: str, answer: str) -> None:
    # given the LAN, when a route is asked for, then the local table answers first, as for packets (iproute2 6.1)
    assert at(world, f"ip route get {target}") == Result(answer)


def test_no_route_is_said_in_the_words_of_errno(world: World) -> None:
    at(world, "ip route add prohibit 10.0.0.0/8")

    assert at(world, "ip route get 10.1.1.1") == Result("", "RTNETLINK answers: Permission denied\n", 2)
    assert at(world, "ip route get 11.1.1.1") == Result("", "RTNETLINK answers: Network is unreachable\n", 2)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ip link add v type vlan id 5", "Error: 8021q: link not specified.\n"),
        ("ip link add link eth0 name v type vlan", "Error: 8021q: VLAN properties not specified.\n"),
        ("ip link add link eth0 name v type vlan id 4095", "Error: 8021q: Invalid VLAN id.\n"),
    ],
)
def test_a_vlan_is_refused_in_the_words_of_its_module(world: World, line: str, words: str) -> None:
    # vlan_validate and vlan_newlink, net/8021q/vlan_netlink.c
    assert at(world, line) == Result("", words, 2)


def test_a_gateway_that_is_onlink_is_taken_for_a_neighbour(world: World) -> None:
    """`ip route add … onlink` without a gateway, recorded on Debian 12's ip and Linux 6.18."""
    bare = at(world, "ip route add 10.7.0.0/16 dev eth0 onlink")
    far = at(world, "ip route add 10.8.0.0/16 via 10.99.0.1 dev eth0")
    taken = at(world, "ip route add 10.8.0.0/16 via 10.99.0.1 dev eth0 onlink")

    assert (bare.stderr, bare.exit_code) == (
        "Error: Invalid flags for nexthop - PERVASIVE and ONLINK can not be set.\n", 2
    )
    assert (far.stderr, far.exit_code) == ("Error: Nexthop has invalid gateway.\n", 2)
    assert taken.exit_code == 0
    assert "10.8.0.0/16 via 10.99.0.1 dev eth0 onlink \n" in at(world, "ip route").stdout
