"""Who reaches a published port, and whose address does the server see? The tables observed on real engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dnetlab.explain.sentences import remedy, words
from dnetlab.model import Snapshot
from tests import builder as b

BASELINE = [  # observed on 20.10.24 and 28.5.2: who asks, address, port, outcome with the source that web1 sees
    ("ext", "10.33.0.1", 8081, "ok 10.33.0.2"),
    ("host", "10.33.0.1", 8081, "ok 10.33.0.1"),
    ("host", "127.0.0.1", 8081, "ok 172.20.0.1"),
    ("host", "172.20.0.1", 8081, "ok 172.20.0.1"),
    ("host", "172.20.0.2", 80, "ok 172.20.0.1"),
    ("web1", "10.33.0.1", 8081, "ok 172.20.0.1"),
    ("web1", "172.20.0.1", 8081, "ok 172.20.0.1"),
    ("peer", "172.20.0.2", 80, "ok 172.20.0.3"),
    ("peer", "10.33.0.1", 8081, "ok 172.20.0.1"),
    ("peer", "172.20.0.1", 8081, "ok 172.20.0.1"),
    ("oth", "172.20.0.2", 80, "timeout"),
    ("oth", "10.33.0.1", 8081, "ok 172.20.0.1"),
    ("oth", "172.21.0.1", 8081, "ok 172.20.0.1"),
    ("oth", "172.20.0.1", 8081, "ok 172.20.0.1"),
    ("peer", "10.33.0.2", 80, "ok 10.33.0.1"),
]
PUBLISHED = [row[:3] for row in BASELINE if row[2] == 8081]
PROXY_ONLY = [
    ("host", "127.0.0.1"),
    ("web1", "10.33.0.1"),
    ("peer", "10.33.0.1"),
    ("peer", "172.20.0.1"),
    ("oth", "10.33.0.1"),
    ("oth", "172.21.0.1"),
    ("oth", "172.20.0.1"),
]


@pytest.mark.parametrize("release", ["20.10", "28.5"])
@pytest.mark.parametrize(("who", "ip", "port", "expected"), BASELINE)
def test_who_reaches_what_and_which_source_is_seen(release: str, who: str, ip: str, port: int, expected: str) -> None:
    exchange = b.tcp(b.docker_lab(release), who, ip, port)

    assert b.outcome(exchange) == expected, b.story(exchange)


@pytest.mark.parametrize(("release", "expected"), [("20.10", "ok 10.33.0.2"), ("28.5", "timeout")])
def test_an_outside_machine_with_a_route_reaches_a_published_container_directly_until_28(
    release: str, expected: str
) -> None:
    lab = b.change(b.docker_lab(release), "ext", lambda ns: b.namespace("host", ns.interfaces[1], gateway="10.33.0.1"))

    assert b.outcome(b.tcp(lab, "ext", "172.20.0.2", 80)) == expected


@pytest.mark.parametrize(("who", "ip", "port"), PUBLISHED)
def test_after_nat_is_flushed_docker_proxy_still_serves_everyone_from_the_gateway(who: str, ip: str, port: int) -> None:
    lab = b.flushed(b.docker_lab(), "nat")

    exchange = b.tcp(lab, who, ip, port)

    assert b.outcome(exchange) == "ok 172.20.0.1", b.story(exchange)


def test_after_nat_is_flushed_nobody_outside_can_answer_a_container() -> None:
    lab = b.flushed(b.docker_lab(), "nat")

    exchange = b.tcp(lab, "peer", "10.33.0.2", 80)

    assert b.outcome(exchange) == "timeout"
    assert exchange.request.disposition.arrived, "the question arrives, with the container's own address"
    assert exchange.request.final.source.compressed == "172.20.0.3"
    assert exchange.reply.disposition.value == "no route"


@pytest.mark.parametrize(("who", "ip"), PROXY_ONLY)
def test_without_docker_proxy_those_it_served_are_refused(who: str, ip: str) -> None:
    assert b.outcome(b.tcp(b.without_proxy(b.docker_lab()), who, ip, 8081)) == "refused"


@pytest.mark.parametrize(("who", "ip"), [("ext", "10.33.0.1"), ("host", "10.33.0.1"), ("host", "172.20.0.1")])
def test_without_docker_proxy_dnat_still_serves(who: str, ip: str) -> None:
    assert b.outcome(b.tcp(b.without_proxy(b.docker_lab()), who, ip, 8081)).startswith("ok")


@pytest.mark.parametrize(("who", "ip", "port"), PUBLISHED)
def test_without_nat_and_docker_proxy_the_published_port_is_refused(who: str, ip: str, port: int) -> None:
    lab = b.without_proxy(b.flushed(b.docker_lab(), "nat"))

    assert b.outcome(b.tcp(lab, who, ip, port)) == "refused"


def test_when_docker_proxy_cannot_reach_the_container_the_client_connects_and_is_reset() -> None:
    lab = b.change(b.flushed(b.docker_lab(), "nat"), "web1", lambda ns: replace(ns, sockets=()))

    exchange = b.tcp(lab, "ext", "10.33.0.1", 8081)

    assert b.outcome(exchange) == "reset"
    assert exchange.request.disposition.arrived
    assert exchange.proxied.request.disposition.value == "no listener"


FLUSHED_FILTER = [
    ("ext", "10.33.0.1", 8081, "timeout"),
    ("peer", "172.20.0.2", 80, "timeout"),
    ("host", "127.0.0.1", 8081, "ok 172.20.0.1"),
    ("peer", "10.33.0.1", 8081, "ok 172.20.0.1"),
    ("oth", "10.33.0.1", 8081, "ok 172.20.0.1"),
    ("peer", "10.33.0.2", 80, "timeout"),
]


@pytest.mark.parametrize(("who", "ip", "port", "expected"), FLUSHED_FILTER)
def test_an_empty_filter_table_with_policy_drop_stops_even_the_bridge(
    who: str, ip: str, port: int, expected: str
) -> None:
    lab = b.flushed(b.docker_lab(), "filter")

    assert b.outcome(b.tcp(lab, who, ip, port)) == expected


def test_bridged_frames_pass_when_bridge_nf_is_off() -> None:
    lab = b.sysctl(b.flushed(b.docker_lab(), "filter"), "host", "net.bridge.bridge-nf-call-iptables", "0")

    assert b.outcome(b.tcp(lab, "peer", "172.20.0.2", 80)) == "ok 172.20.0.3"


@pytest.mark.parametrize(
    ("who", "ip", "port", "expected"),
    [
        ("ext", "10.33.0.1", 8081, "timeout"),
        ("peer", "10.33.0.2", 80, "timeout"),
        ("host", "10.33.0.1", 8081, "ok 10.33.0.1"),
        ("peer", "172.20.0.2", 80, "ok 172.20.0.3"),
        ("peer", "10.33.0.1", 8081, "ok 172.20.0.1"),
    ],
)
def test_with_forwarding_off_only_what_is_routed_stops(who: str, ip: str, port: int, expected: str) -> None:
    lab = b.with_rules(b.docker_lab(), "host", "filter", "-P FORWARD ACCEPT")

    exchange = b.tcp(b.sysctl(lab, "host", "net.ipv4.ip_forward", "0"), who, ip, port)

    assert b.outcome(exchange) == expected, b.story(exchange)


def test_a_rule_in_docker_user_stops_a_peer_on_the_same_bridge_but_not_its_ping_to_the_gateway() -> None:
    lab = b.with_rules(b.docker_lab(), "host", "filter", "-A DOCKER-USER -s 172.20.0.3/32 -j DROP", first=True)

    assert b.outcome(b.ping(lab, "peer", "172.20.0.2")) == "timeout"
    assert b.outcome(b.ping(lab, "peer", "172.20.0.1")) == "ok 172.20.0.3"


def test_isolation_is_said_with_the_rule_that_did_it() -> None:
    exchange = b.ping(b.docker_lab(), "oth", "172.20.0.2")

    assert exchange.request.disposition.value == "dropped"
    last = exchange.request.steps[-2]
    assert (last.hook, last.table, last.chain, last.rule_number) == ("FORWARD", "filter", "DOCKER-ISOLATION-STAGE-2", 2)
    assert last.rule == "-o br-n1 -j DROP"
    assert "docker network connect" in remedy(exchange.request.because)


SELF = "-A PREROUTING -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.20.0.2:80"


def gives_back(lab: Snapshot) -> Snapshot:
    """With hairpin mode on every port, as userland-proxy=false has it."""
    return b.change(lab, "host", lambda ns: replace(ns, interfaces=tuple(
        replace(i, hairpin=bool(i.master)) for i in ns.interfaces)))  # fmt: skip


def test_a_bridge_gives_nothing_back_through_the_port_it_came_by() -> None:
    """A container that asks itself by a DNAT of the host: nothing came on 20.10 and 26.1 with docker-proxy killed."""
    lab = b.flushed(b.docker_lab(), "nat")
    lab = b.with_rules(lab, "host", "nat", SELF)
    lab = b.with_rules(lab, "host", "nat", b.HAIRPIN)

    exchange = b.tcp(lab, "web1", "10.33.0.1", 8081)

    assert b.outcome(exchange) == "timeout"
    assert words(exchange.request.because).endswith("the port it came in by, and that port's hairpin mode is off.")
    assert b.outcome(b.tcp(gives_back(lab), "web1", "10.33.0.1", 8081)) == "ok 172.20.0.1"
    bare = b.sysctl(lab, "host", "net.bridge.bridge-nf-call-iptables", "0")
    assert b.outcome(b.tcp(bare, "web1", "10.33.0.1", 8081)) == "ok 172.20.0.1", "then the host routes it"


def test_without_hairpin_masquerade_a_container_cannot_reach_itself_through_dnat() -> None:
    lab = b.flushed(b.docker_lab(), "nat")
    lab = gives_back(b.with_rules(lab, "host", "nat", SELF))

    exchange = b.tcp(lab, "web1", "10.33.0.1", 8081)

    assert b.outcome(exchange) == "timeout"
    assert "our own (martian)" in words(exchange.request.because)
    cured = b.with_rules(lab, "host", "nat", b.HAIRPIN)
    assert b.outcome(b.tcp(cured, "web1", "10.33.0.1", 8081)) == "ok 172.20.0.1"
