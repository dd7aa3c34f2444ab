"""The shortest true explanation of a failure."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from dnetlab.explain.why import Reason, why
from dnetlab.model import Container, ContainerState, Endpoint, Network, PortBinding, Protocol, Snapshot, Subnet
from tests import builder as b


def container(
    name: str, *ends: tuple[str, str], state: ContainerState = ContainerState.RUNNING, **more: object
) -> Container:
    endpoints = tuple(Endpoint(n, n, address=IPv4Address(ip) if ip else None) for n, ip in ends)
    running = state is ContainerState.RUNNING
    return Container(
        name[0] * 64, name, "nginx", state=state, namespace=name if running else None, endpoints=endpoints, **more
    )


@pytest.fixture
def lab() -> Snapshot:
    """The builder's lab with its containers in Docker's books: n1 web1 and peer, n2 oth; `old` has stopped."""
    lab = b.docker_lab()
    networks = tuple(
        Network(n, n, "bridge", subnets=(Subnet(IPv4Network(subnet)),), bridge=f"br-{n}")
        for n, subnet in (("n1", "172.20.0.0/16"), ("n2", "172.21.0.0/16"))
    )
    port = PortBinding(80, Protocol.TCP, IPv4Address("0.0.0.0"), 8081)
    containers = (
        container("old", ("n1", ""), state=ContainerState.EXITED, exit_code=137),
        container("oth", ("n2", "172.21.0.2")),
        container("peer", ("n1", "172.20.0.3")),
        container("web1", ("n1", "172.20.0.2"), ports=(port,)),
    )
    dock = replace(lab.hosts["dock"], networks=networks, containers=containers)
    return replace(lab, hosts=lab.hosts | {"dock": dock})


def ask(lab: Snapshot, who: str, to: str | None, port: int | None = None, name: str | None = None) -> Reason:
    return why(lab, b.WHERE[who], IPv4Address(to) if to else None, port, name)


def test_what_works_is_said_to_work(lab: Snapshot) -> None:
    reason = ask(lab, "peer", "172.20.0.2", 80, "web1")

    assert reason.works
    assert reason.sentence == "peer reaches web1 (172.20.0.2:80): it works now."


def test_different_networks_are_named_with_the_rule_that_keeps_them_apart(lab: Snapshot) -> None:
    reason = ask(lab, "oth", "172.20.0.2")

    assert reason.sentence == (
        "oth and web1 (172.20.0.2) are on different Docker networks, and Docker keeps networks apart (n2 and n1)."
    )
    assert reason.evidence == ("iptables -t filter: -A DOCKER-ISOLATION-STAGE-2 -o br-n1 -j DROP",)
    assert "docker network connect" in reason.remedy


def test_a_users_own_rule_is_shown(lab: Snapshot) -> None:
    lab = b.with_rules(lab, "host", "filter", "-A DOCKER-USER -s 172.20.0.3/32 -j DROP", first=True)

    reason = ask(lab, "peer", "172.20.0.2")

    assert reason.sentence == "A firewall rule on dock drops the packet (table filter, chain DOCKER-USER)."
    assert reason.remedy == "Without that rule it goes on: iptables -D DOCKER-USER 1"


def test_a_policy_is_named_when_no_rule_decided(lab: Snapshot) -> None:
    reason = ask(b.flushed(lab, "filter"), "peer", "172.20.0.2")

    assert reason.sentence == "No rule on dock lets the packet through, and the policy of FORWARD is DROP."


def test_no_listener_says_what_is_open(lab: Snapshot) -> None:
    reason = ask(lab, "peer", "172.20.0.2", 8080)

    assert reason.sentence == "web1 (172.20.0.2:8080) is reached, but nothing listens on port 8080 of web1."
    assert "It listens on 0.0.0.0:80." in reason.evidence[0]


def test_a_published_port_that_nobody_serves_any_more(lab: Snapshot) -> None:
    reason = ask(b.without_proxy(b.flushed(lab, "nat")), "ext", "10.33.0.1", 8081)

    assert "nothing listens on port 8081 of dock" in reason.sentence
    assert "neither DNAT nor docker-proxy" in reason.evidence[1]


def test_a_port_nobody_publishes(lab: Snapshot) -> None:
    assert ask(lab, "ext", "10.33.0.1", 9000).evidence[1] == "no running container publishes port 9000; stopped: old"


def test_forwarding_off(lab: Snapshot) -> None:
    reason = ask(b.sysctl(lab, "host", "net.ipv4.ip_forward", "0"), "peer", "10.33.0.2")

    assert reason.sentence == "dock doesn't forward packets for others: net.ipv4.ip_forward is 0 there."


def test_an_address_nobody_has(lab: Snapshot) -> None:
    reason = ask(lab, "peer", "172.20.0.9")

    assert reason.sentence == "Nobody has the address 172.20.0.9 now: peer asked by ARP and got no answer."
    assert reason.evidence[1] == "stopped containers, which have no address: old"


def test_an_answer_that_does_not_find_back(lab: Snapshot) -> None:
    reason = ask(b.flushed(lab, "nat"), "peer", "10.33.0.2", 80)

    assert reason.sentence.endswith("gets the question of peer, but the answer doesn't find its way back.")
    assert reason.evidence[0] == "the question arrived, from 172.20.0.3"
    assert "MASQUERADE" in reason.remedy


def test_docker_proxy_in_front_of_a_dead_server(lab: Snapshot) -> None:
    lab = b.change(b.flushed(lab, "nat"), "web1", lambda ns: replace(ns, sockets=()))

    assert ask(lab, "ext", "10.33.0.1", 8081).sentence.startswith(
        "ext reaches docker-proxy, but docker-proxy can't reach the container: 172.20.0.2 is reached, but nothing"
    )


@pytest.mark.parametrize(("who", "name", "expected"), [
    ("peer", "old", "old is exited (137): a stopped container has neither address nor name."),
    ("peer", "nosuch", "No container on dock is called nosuch."),
    ("peer", "oth", "peer and oth share no network of your own, so the name isn't known."),
    ("host", "web1",
     "dock itself doesn't know the names of containers: Docker's DNS server answers inside containers only."),
    ("ext", "web1", "web1 is a container on dock: each Docker host knows the names of its own containers only."),
])  # fmt: skip
def test_a_name_without_address(lab: Snapshot, who: str, name: str, expected: str) -> None:
    assert ask(lab, who, None, name=name).sentence == expected


def test_the_default_bridge_has_no_names(lab: Snapshot) -> None:
    dock = lab.hosts["dock"]
    moved = tuple(replace(c, endpoints=(replace(c.endpoints[0], network="bridge"),)) for c in dock.containers)
    lab = replace(lab, hosts=lab.hosts | {"dock": replace(dock, containers=moved)})

    reason = ask(lab, "peer", None, name="web1")

    assert reason.sentence == (
        "peer and web1 meet on the default bridge only, and there Docker has no DNS: names don't work."
    )
    assert reason.evidence == ("web1 is at 172.20.0.2 on bridge",)
