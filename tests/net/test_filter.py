"""When a rule matches, and where a chain goes on."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from dnetlab.model import ConnState, Hook, IcmpType, LinkKind, Packet, Protocol, parse_rule
from dnetlab.model.facts import NotJudged
from dnetlab.net.filter import Counters, walk
from dnetlab.net.matches import Scene, matches, port_ranges
from tests import builder as b

SPACE = b.namespace("host", b.link("eth0", 2, LinkKind.PHYSICAL, "10.0.0.1/24"))


def scene(**more: object) -> Scene:
    """A SYN from 10.0.0.9 to port 8081 of 10.0.0.1, coming in through eth0."""
    packet = Packet(
        IPv4Address("10.0.0.9"),
        IPv4Address("10.0.0.1"),
        Protocol.TCP,
        40000,
        8081,
        flags="S",
        mark=int(more.pop("mark", 0)),
    )
    return Scene(SPACE, packet, **({"in_dev": "eth0", "mac": "0A:00:00:00:00:99"} | more))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("-j ACCEPT", True),
        ("-s 10.0.0.0/24 -j ACCEPT", True),
        ("-s 10.0.1.0/24 -j ACCEPT", False),
        ("! -s 10.0.1.0/24 -j ACCEPT", True),
        ("-d 10.0.0.1/32 -j ACCEPT", True),
        ("-d 10.0.0.2/32 -j ACCEPT", False),
        ("-i eth0 -j ACCEPT", True),
        ("-i eth+ -j ACCEPT", True),
        ("-i br+ -j ACCEPT", False),
        ("! -i eth0 -j ACCEPT", False),
        ("-o eth0 -j ACCEPT", False),
        ("! -o eth0 -j ACCEPT", True),
        ("-p tcp -j ACCEPT", True),
        ("-p udp -j ACCEPT", False),
        ("-p 6 -j ACCEPT", True),
        ("! -p udp -j ACCEPT", True),
        ("-p tcp -m tcp --dport 8081 -j ACCEPT", True),
        ("-p tcp -m tcp --dport 8000:9000 -j ACCEPT", True),
        ("-p tcp -m tcp --dport :8080 -j ACCEPT", False),
        ("-p tcp -m tcp --dport 8082: -j ACCEPT", False),
        ("-p tcp -m tcp ! --dport 80 -j ACCEPT", True),
        ("-p tcp -m tcp --sport 40000 -j ACCEPT", True),
        ("-p tcp -m multiport --dports 80,8080:8090 -j ACCEPT", True),
        ("-p tcp -m multiport --dports 80,443 -j ACCEPT", False),
        ("-m conntrack --ctstate NEW -j ACCEPT", True),
        ("-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", False),
        ("-m state --state NEW,ESTABLISHED -j ACCEPT", True),
        ("-m conntrack ! --ctstate NEW -j ACCEPT", False),
        ("-m addrtype --dst-type LOCAL -j ACCEPT", True),
        ("-m addrtype --src-type LOCAL -j ACCEPT", False),
        ("-m addrtype ! --dst-type LOCAL -j ACCEPT", False),
        ("-m mark --mark 0x1 -j ACCEPT", False),
        ("-m mark --mark 0x0/0xff -j ACCEPT", True),
        ("-m mac --mac-source 0a:00:00:00:00:99 -j ACCEPT", True),
        ('-m comment --comment "let them in" -j ACCEPT', True),
        ("-m physdev --physdev-is-bridged -j ACCEPT", False),
        ("-m physdev ! --physdev-is-bridged -j ACCEPT", True),
        ("-p icmp -m icmp --icmp-type 8 -j ACCEPT", False),
        ("-m string --algo bm --string hello -j ACCEPT", False),
    ],
)
def test_a_rule_matches_when_all_its_conditions_hold(rule: str, expected: bool) -> None:
    assert matches(parse_rule(rule), scene()) is expected


@pytest.mark.parametrize(("value", "expected"), [("8", True), ("echo-request", True), ("0", False), ("any", True)])
def test_icmp_types_have_numbers_and_names(value: str, expected: bool) -> None:
    ping = Packet(IPv4Address("10.0.0.9"), IPv4Address("10.0.0.1"), Protocol.ICMP, icmp=IcmpType.ECHO_REQUEST)

    assert matches(parse_rule(f"-p icmp -m icmp --icmp-type {value} -j DROP"), Scene(SPACE, ping)) is expected


def test_where_a_packet_has_no_in_interface_only_a_negated_one_matches() -> None:
    from_here = scene(in_dev="", out_dev="lo")

    assert not matches(parse_rule("-i docker0 -j RETURN"), from_here)
    assert matches(parse_rule("! -i docker0 -j ACCEPT"), from_here)


def read(text: str, **more: object) -> tuple[str, str, int]:
    table = b.netfilter(filter=text).table("filter")
    decision, _ = walk(table, Hook.INPUT, scene(**more), Counters())
    return decision.name, decision.chain, decision.number


def test_return_goes_back_to_the_chain_that_jumped() -> None:
    assert read("-A INPUT -j DOCKER-A\n-A INPUT -j DROP\n-A DOCKER-A -j RETURN\n-A DOCKER-A -j ACCEPT") == (
        "DROP",
        "INPUT",
        2,
    )


def test_the_end_of_a_chain_goes_back_too() -> None:
    assert read("-A INPUT -j DOCKER-A\n-A INPUT -j DROP\n-A DOCKER-A -p udp -j ACCEPT") == ("DROP", "INPUT", 2)


def test_goto_does_not_come_back() -> None:
    assert read("-P INPUT DROP\n-A INPUT -g DOCKER-A\n-A INPUT -j ACCEPT\n-A DOCKER-A -p udp -j ACCEPT") == (
        "DROP",
        "INPUT",
        0,
    )


def test_return_in_a_built_in_chain_means_the_policy() -> None:
    assert read("-P INPUT DROP\n-A INPUT -j RETURN\n-A INPUT -j ACCEPT") == ("DROP", "INPUT", 0)


def test_a_mark_set_by_one_rule_is_seen_by_the_next() -> None:
    assert read("-A INPUT -j MARK --set-mark 0x7\n-A INPUT -m mark --mark 0x7 -j DROP") == ("DROP", "INPUT", 2)


def test_log_and_a_rule_without_target_go_on() -> None:
    assert read("-A INPUT -j LOG\n-A INPUT -p tcp\n-A INPUT -j DROP") == ("DROP", "INPUT", 3)


def test_established_packets_meet_the_rule_for_them() -> None:
    rules = "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A INPUT -j DROP"

    assert read(rules, state=ConnState.ESTABLISHED) == ("ACCEPT", "INPUT", 1)


def test_a_condition_the_lab_cannot_judge_is_said_and_does_not_match() -> None:
    table = b.netfilter(filter="-A INPUT -m string --algo bm --string hello -j DROP").table("filter")

    decision, steps = walk(table, Hook.INPUT, scene(), Counters())

    assert decision.name == "ACCEPT"
    assert steps[0].fact == NotJudged("-m string --algo bm --string hello")


@pytest.mark.parametrize(
    ("text", "first", "last"), [("80", 80, 80), ("1024:", 1024, 65535), (":1023", 0, 1023), ("80:90", 80, 90)]
)
def test_a_range_of_ports_that_is_open_goes_to_the_end_of_all(text: str, first: int, last: int) -> None:
    # iptables-extensions(8), tcp: "If the first port is omitted, '0' is assumed; if the last is omitted, '65535'"
    assert port_ranges(text) == ((first, last),)
