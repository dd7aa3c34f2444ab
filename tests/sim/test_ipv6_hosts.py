"""IPv6 by hand: addresses, neighbours, routes and forwarding, as real hosts answered."""

from __future__ import annotations

import re

import pytest

from tests.sim.prompt import Prompt
from tests.sim.toollab import at, lab


@pytest.fixture
def world():
    """docker1 is fd01::1 and the client fd01::38, on their LAN."""
    made = lab("28.5")
    at(made, "ip -6 addr add fd01::1/64 dev eth0")
    at(made, "ip -6 addr add fd01::38/64 dev eth0", "client")
    return made


@pytest.fixture
def routed(world):
    """Behind docker1, over a veth pair, the namespace blue with fd02::2 and its default route."""
    for line in (
        "ip netns add blue", "ip link add v0 type veth peer name v1", "ip link set v1 netns blue", "ip link set v0 up",
        "ip -n blue link set lo up", "ip -n blue link set v1 up", "ip addr add fd02::1/64 dev v0",
        "ip -n blue addr add fd02::2/64 dev v1", "ip -n blue -6 route add default via fd02::1",
        "sysctl -w net.ipv6.conf.all.forwarding=1",
    ):  # fmt: skip
        assert at(world, line).exit_code == 0, line
    at(world, "ip -6 route add fd02::/64 via fd01::1", "client")
    return world


def test_a_neighbour_is_found_by_its_global_address_and_remembered(world):
    answer = at(world, "ping -c 1 fd01::1", "client")

    assert answer.exit_code == 0
    assert answer.stdout.startswith("PING fd01::1(fd01::1) 56 data bytes\n64 bytes from fd01::1: icmp_seq=1 ttl=64 ")
    assert at(world, "ip -6 neigh", "client").stdout.startswith("fd01::1 dev eth0 lladdr ")


def test_an_address_brings_the_route_of_its_network(world):
    shown = at(world, "ip -6 route", "client").stdout

    assert shown == (
        "fd01::/64 dev eth0 proto kernel metric 256 pref medium\n"
        "fe80::/64 dev eth0 proto kernel metric 256 pref medium\n"
    )


def test_a_link_local_address_needs_its_zone(world):
    own = next(a for a in world.hosts["docker1"].stack.interface("eth0").ipv6 if str(a.ip).startswith("fe80")).ip

    assert at(world, f"ping -c 1 {own}%eth0", "client").exit_code == 0


def test_a_packet_is_passed_on_where_forwarding_is_on(routed):
    assert at(routed, "ip netns exec blue ping -c 1 fd01::38").exit_code == 0

    at(routed, "sysctl -w net.ipv6.conf.all.forwarding=0")

    assert at(routed, "ip netns exec blue ping -c 1 -W 1 fd01::38").exit_code == 1


def test_traceroute_names_the_router_between(routed):
    shown = at(routed, "traceroute -n fd02::2", "client").stdout.splitlines()

    assert shown[0] == "traceroute to fd02::2 (fd02::2), 30 hops max, 80 byte packets"
    assert shown[1].startswith(" 1  fd01::1  ")
    assert shown[2].startswith(" 2  fd02::2  ")


def test_ipv6_is_switched_off_for_one_link_and_on_again(world):
    at(world, "sysctl -w net.ipv6.conf.eth0.disable_ipv6=1", "client")

    assert at(world, "ip -6 addr show dev eth0", "client").stdout == ""
    assert at(world, "ip -6 route", "client").stdout == ""
    assert at(world, "ping -c 1 fd01::1", "client").exit_code == 2

    at(world, "sysctl -w net.ipv6.conf.eth0.disable_ipv6=0", "client")

    shown = at(world, "ip -6 addr show dev eth0", "client").stdout
    assert "inet6 fe80::" in shown
    assert "fd01::38" not in shown


def test_a_link_that_goes_down_loses_its_ipv6_addresses(world):
    at(world, "ip link add v0 type veth peer name v1")
    at(world, "ip link set v1 up")
    at(world, "ip link set v0 up")
    at(world, "ip addr add fd02::1/64 dev v0")

    at(world, "ip link set v0 down")
    at(world, "ip link set v0 up")

    assert "fd02::1" not in at(world, "ip -6 addr show dev v0").stdout
    assert "inet6 fe80::" in at(world, "ip -6 addr show dev v0").stdout


def test_ipv4_tables_do_not_show_ipv6(world):
    at(world, "ping -c 1 fd01::1", "client")

    rows = at(world, "ip route", "client").stdout
    assert rows == "172.25.254.0/24 dev eth0 proto kernel scope link src 172.25.254.38 \n"
    assert "fd01" not in at(world, "arp -n", "client").stdout
    assert "fd01" not in at(world, "route -n", "client").stdout


@pytest.mark.parametrize(
    ("release", "order"),
    [("28.5", ["eth0", "enp7s0", "veth", "br", "veth", "docker0"]),
     ("20.10", ["eth0", "enp7s0", "br", "veth", "veth", "docker0"])],
)  # fmt: skip
def test_the_rows_of_link_local_networks_stand_in_the_order_in_which_links_got_them(release, order):
    # given a network of IPv6 with a container, then one on docker0, as on real engines: a bridge's own row comes with
    # its first port, or at once where it has fe80::1
    host = Prompt(release)
    host.type("docker network create --ipv6 --subnet 2001:db8:1::/64 six\ndocker run -d --network six nginx\n"
              "docker run -d nginx")  # fmt: skip
    rows = [row for row in host.out("ip -6 route").splitlines() if row.startswith("fe80::/64")]
    assert [re.match(r"docker0|eth0|enp7s0|br|veth", row.split()[2])[0] for row in rows] == order
