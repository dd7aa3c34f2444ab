"""What is read of real containers beyond one document: whom they are linked to, and in whose namespace they live."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from dnetlab.engines.look import host
from dnetlab.engines.look.api import _endpoint
from dnetlab.explain.asking import lookup_on_networks
from dnetlab.lab import Lab
from dnetlab.model import Container, ContainerState, Snapshot, Where

LINKED = {"NetworkID": "n", "EndpointID": "e", "IPAddress": "172.17.0.3", "IPPrefixLen": 16, "Links": None}


def test_links_on_the_default_bridge_and_on_a_network_of_ones_own_are_read_where_docker_tells_them() -> None:
    # documents of Docker 28.5, docker run --link db:data and --link web3:nginx --network my_net1
    bridge = _endpoint("bridge", LINKED, ["/db:/app/data"])
    own = _endpoint("my_net1", {**LINKED, "Links": ["web3:nginx"]}, ["/db:/app/data"])

    assert bridge.links == (("db", "data"),)
    assert own.links == (("web3", "nginx"),)


def seen(*commands: str) -> Snapshot:
    lab = Lab(docker="28.5")
    for command in commands:
        assert lab.run(command).exit_code == 0
    return lab.snapshot()


def linked(snapshot: Snapshot, name: str, network: str, links: tuple[tuple[str, str], ...]) -> Snapshot:
    """As a real engine tells it."""
    machine = snapshot.hosts["docker1"]
    one = machine.container(name)
    assert one is not None
    ends = tuple(replace(e, links=links) if e.network == network else e for e in one.endpoints)
    containers = tuple(replace(c, endpoints=ends) if c.name == name else c for c in machine.containers)
    return replace(snapshot, hosts={**snapshot.hosts, "docker1": replace(machine, containers=containers)})


def asked(snapshot: Snapshot, name: str) -> IPv4Address | None:
    app = snapshot.hosts["docker1"].container("app")
    assert app is not None
    return lookup_on_networks(snapshot, Where("docker1", app.short_id), name)


def test_a_link_on_the_default_bridge_answers_to_alias_name_and_id_while_the_other_runs() -> None:
    there = seen("docker run -d --name db nginx", "docker run -d --name app busybox sleep 1000")
    gone = seen("docker run -d --name db nginx", "docker run -d --name app busybox sleep 1000", "docker stop db")
    with_link = linked(there, "app", "bridge", (("db", "data"),))

    assert asked(there, "db") is None
    assert asked(with_link, "data") == asked(with_link, "db") == IPv4Address("172.17.0.2")
    assert asked(linked(gone, "app", "bridge", (("db", "data"),)), "data") is None


def test_a_link_on_a_network_of_ones_own_is_one_more_name() -> None:
    there = seen("docker network create n1", "docker run -d --name web --network n1 nginx",
                 "docker run -d --name app --network n1 busybox sleep 1000")  # fmt: skip

    assert asked(there, "pages") is None
    assert asked(linked(there, "app", "n1", (("web", "pages"),)), "pages") == IPv4Address("172.18.0.2")


def container(name: str, namespace: str) -> Container:
    return Container(name * 64, name, "nginx", state=ContainerState.RUNNING, namespace=namespace * 12)


def test_who_joined_a_joined_container_lives_where_that_one_lives() -> None:
    containers = [container("a", "a"), container("b", "a"), container("c", "b"), container("d", "c")]

    assert [c.namespace for c in host._with_makers(containers)] == ["a" * 12] * 4
