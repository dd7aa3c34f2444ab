"""Routes with several next hops, in the words of iproute2 6.1 on Linux 6.18 (recorded in a network namespace)."""

from __future__ import annotations

import json

import pytest

from dnetlab import Lab
from dnetlab.checks import state
from dnetlab.explain.sentences import words
from dnetlab.model import Route, Where
from dnetlab.model.check import Evidence, Verdict
from dnetlab.model.facts import RouteMatches
from dnetlab.model.ip import ip_address, ip_network
from dnetlab.model.route import Hop


@pytest.fixture
def lab() -> Lab:
    """A client with a second network: 10.0.0.0/24 on d0, 10.0.1.0/24 on d1."""
    found = Lab()
    for number in (0, 1):
        found.run(f"client# ip link add d{number} type veth peer name d{number}p")
        found.run(f"client# ip addr add 10.0.{number}.1/24 dev d{number}")
        found.run(f"client# ip link set d{number} up; ip link set d{number}p up")
    found.run("client# ip link set eth0 down")
    return found


def said(lab: Lab, line: str) -> str:
    output = lab.run(f"client# {line}")
    return output.stdout + output.stderr


def test_it_is_shown_with_a_line_for_each_next_hop(lab: Lab):
    said(lab, "ip route add 10.9.0.0/16 proto static nexthop via 10.0.0.2 nexthop via 10.0.1.2 weight 4")
    said(lab, "ip route add 10.8.0.0/16 nexthop dev d1 nexthop via 10.0.0.2 dev d0 onlink")

    assert said(lab, "ip route show proto static") == (
        "10.9.0.0/16 \n\tnexthop via 10.0.0.2 dev d0 weight 1 \n\tnexthop via 10.0.1.2 dev d1 weight 4 \n"
    )
    assert said(lab, "ip -o route show 10.9.0.0/16") == (
        "10.9.0.0/16 proto static \\\tnexthop via 10.0.0.2 dev d0 weight 1 \\\tnexthop via 10.0.1.2 dev d1 weight 4 \n"
    )
    assert said(lab, "ip -d route show 10.8.0.0/16") == (
        "unicast 10.8.0.0/16 proto boot scope global \n"
        "\tnexthop dev d1 weight 1 \n\tnexthop via 10.0.0.2 dev d0 weight 1 onlink \n"
    )
    assert json.loads(said(lab, "ip -j route show 10.9.0.0/16")) == [{
        "dst": "10.9.0.0/16", "protocol": "static", "flags": [], "nexthops": [
            {"gateway": "10.0.0.2", "dev": "d0", "weight": 1, "flags": []},
            {"gateway": "10.0.1.2", "dev": "d1", "weight": 4, "flags": []},
        ]}]  # fmt: skip
    assert said(lab, "route -n").splitlines()[-1] == (
        "10.9.0.0        10.0.0.2        255.255.0.0     UG    0      0        0 d0"
    )


def test_a_next_hop_whose_link_is_down_is_dead_and_with_the_last_one_the_row_goes(lab: Lab):
    said(lab, "ip route add default nexthop via 10.0.0.2 nexthop via 10.0.1.2")

    said(lab, "ip link set d1 down")
    assert said(lab, "ip route show default") == (
        "default \n\tnexthop via 10.0.0.2 dev d0 weight 1 \n\tnexthop via 10.0.1.2 dev d1 weight 1 dead linkdown \n"
    )
    assert [said(lab, f"ip route get 10.9.1.{n}").split()[2] for n in range(1, 9)] == ["10.0.0.2"] * 8

    said(lab, "ip link set d1 up")
    assert "dead" not in said(lab, "ip route")

    said(lab, "ip link set d0 down; ip link set d1 down")
    assert said(lab, "ip route") == ""

    said(lab, "ip link set d0 up; ip link set d1 up; ip route add default nexthop via 10.0.0.2 nexthop via 10.0.1.2")
    said(lab, "ip link del d1")
    assert said(lab, "ip route") == "10.0.0.0/24 dev d0 proto kernel scope link src 10.0.0.1 \n"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("add 10.6.0.0/16 nexthop weight 3", "RTNETLINK answers: No such device\n"),
        ("add 10.6.0.0/16 nexthop via 10.7.0.2 nexthop via 10.0.1.2", "Error: Nexthop has invalid gateway.\n"),
        ("add 10.6.0.0/16 nexthop via 10.0.0.2 onlink nexthop dev d1", "Error: Nexthop device required for onlink.\n"),
        ("add 10.6.0.0/16 via 10.0.0.2 nexthop via 10.0.1.2",
         "Error: Nexthop gateway does not match RTA_GATEWAY or RTA_VIA.\n"),
        ("add 10.6.0.0/16 nexthop via 10.0.0.2 weight 0", 'Error: argument "0" is wrong: "weight" is invalid\n\n'),
        ("add 10.6.0.0/16 nexthop via 10.0.0.2 weight 257", 'Error: argument "257" is wrong: "weight" is invalid\n\n'),
        ("add 10.6.0.0/16 nexthop via 10.0.0.2 foo", 'Error: "nexthop" or end of line is expected instead of "foo"\n'),
        ("add 10.6.0.0/16 nexthop", 'Error: unexpected end of line after "nexthop"\n'),
        ("add 10.6.0.0/16 nexthop via", 'Command line is not complete. Try option "help"\n'),
        ("add 10.6.0.0/16 nexthop dev nope", 'Cannot find device "nope"\nError: cannot parse nexthop\n'),
        ("add 10.9.0.0/16 nexthop via 10.0.0.3 nexthop via 10.0.1.3", "RTNETLINK answers: File exists\n"),
        ("del 10.9.0.0/16 nexthop via 10.0.0.2", "RTNETLINK answers: No such process\n"),
        ("del 10.9.0.0/16 via 10.0.0.2", ""),
        ("del 10.9.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.1.2 dev d1", ""),
        ("replace 10.9.0.0/16 nexthop via 10.0.0.3", ""),
    ],
)  # fmt: skip
def test_what_a_real_one_answers(lab: Lab, line: str, answer: str):
    said(lab, "ip route add 10.9.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.1.2")

    assert said(lab, f"ip route {line}") == answer


def test_one_next_hop_is_an_ordinary_gateway(lab: Lab):
    said(lab, "ip route add default nexthop via 10.0.0.2 weight 5")

    assert said(lab, "ip route show default") == "default via 10.0.0.2 dev d0 \n"


def test_all_packets_of_two_addresses_take_one_hop_and_the_weights_say_how_many_take_which(lab: Lab):
    said(lab, "ip route add 10.9.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.1.2 weight 3")

    words = [said(lab, f"ip route get 10.9.{n % 4}.{n}").split() for n in range(1, 201)]

    hops = [row[2] for row in words]
    assert {(row[2], row[6]) for row in words} == {("10.0.0.2", "10.0.0.1"), ("10.0.1.2", "10.0.1.1")}
    assert 30 < hops.count("10.0.0.2") < 70
    assert said(lab, "ip route get 10.9.1.1 from 10.0.1.1").split()[4] == "10.0.1.2"  # it speaks from that link
    assert said(lab, "ip route get 10.9.1.1 oif d0").split()[2] == "10.0.0.2"
    assert said(lab, "ip route get fibmatch 10.9.1.1").count("nexthop") == 2


def test_a_packet_goes_by_the_hop_that_was_chosen_and_the_snapshot_has_all():
    # Given two routers to a container's network
    lab = Lab()
    lab.run("docker1# docker run -d --name web nginx")
    lab.run("client# ip route add 172.17.0.0/16 nexthop via 172.25.254.1 nexthop via 172.25.254.2 weight 2")

    # When a packet is followed
    told = lab.trace("client", "172.17.0.2:80")
    row = next(r for r in lab.snapshot().at(Where("client")).routes if r.hops)

    # Then the journey goes by the hop that `ip route get` tells
    hop = lab.run("client# ip route get 172.17.0.2").stdout.split()[2]
    facts = [step.fact for step in told.request.steps if isinstance(step.fact, RouteMatches)]
    assert words(facts[0], "en") == f"172.17.0.2 matches 172.17.0.0/16 via {hop} dev eth0, one of its 2 next hops"
    assert words(facts[0], "zh") == f"172.17.0.2 匹配路由 172.17.0.0/16 via {hop} dev eth0（2 个下一跳中的一个）"
    assert row == Route(
        ip_network("172.17.0.0/16"), None, protocol="boot", scope="global",
        hops=(Hop(ip_address("172.25.254.1"), "eth0"), Hop(ip_address("172.25.254.2"), "eth0", 2)),
    )  # fmt: skip
    assert str(row) == "172.17.0.0/16 nexthop via 172.25.254.1 dev eth0 nexthop via 172.25.254.2 dev eth0"
    shown = lab.routes(host="client").set_index("destination").loc["172.17.0.0/16"]
    assert (shown.via, shown.dev) == ("172.25.254.1, 172.25.254.2", "eth0, eth0")
    found = state.route(Evidence(lab.snapshot()), "client", "172.17.0.0/16", via="172.25.254.2")
    assert found.verdict is Verdict.PASSED


def test_those_of_ipv6_are_refused(lab: Lab):
    refused = lab.run("client# ip -6 route add fd09::/64 nexthop via fd00::2 nexthop via fd01::2").refused

    assert refused is not None
    assert str(refused.reason) == "Several next hops of IPv6 are not modelled."
