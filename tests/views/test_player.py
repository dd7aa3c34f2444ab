"""A journey as frames: where the packet stands in the picture, which rule it meets, what becomes of it."""

from __future__ import annotations

import pytest

from dnetlab.lab import Lab
from dnetlab.views.diagrams import topology
from dnetlab.views.player import frames


@pytest.fixture
def lab():
    with Lab(docker="20.10") as lab:
        lab.run_cell("docker run -d --name web -p 8080:80 nginx")
        yield lab


def played(lab, source: str, destination: str):
    snapshot, exchange, _ = lab.observed(source, destination)
    return frames(exchange, topology(snapshot).scene, snapshot)


def test_from_the_client_to_a_published_port_the_packet_walks_over_the_picture(lab):
    request = [f for f in played(lab, "client", "docker1:8080") if f.leg == "Request"]

    inside = f"docker1 space {lab.snapshot().hosts['docker1'].containers[0].namespace}"
    assert list(dict.fromkeys(f.node for f in request)) == [
        "client stack", "switch lan", "docker1 nic eth0", "docker1 stack", "docker1 bridge docker0", inside,
    ]  # fmt: skip
    assert [f.last for f in request] == [False] * (len(request) - 1) + [True]


def test_beside_a_rewrite_stand_the_rule_and_the_packet_on_both_sides(lab):
    rewrite = next(f for f in played(lab, "client", "docker1:8080") if f.before)

    assert rewrite.hook == "PREROUTING"
    assert rewrite.rule == "! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80"
    assert "172.25.254.1:8080" in rewrite.before
    assert "172.17.0.2:80" in rewrite.after


def test_a_dropped_packet_stands_where_it_was_dropped_beside_the_rule(lab):
    lab.run_cell("iptables -I DOCKER-USER -p tcp -j DROP")
    last = played(lab, "client", "docker1:8080")[-1]
    decided = played(lab, "client", "docker1:8080")[-2]

    assert (last.node, last.place, last.last) == ("docker1 stack", "docker1", True)
    assert "dropped" in last.text
    assert decided.rule == "-p tcp -j DROP"


def test_a_packet_that_has_no_way_out_stands_where_it_began(lab):
    lab.run_cell("ip link set docker0 down")

    (*_, last) = [f for f in played(lab, "docker1", "web:80") if f.leg == "Request"]

    assert (last.node, last.last) == ("docker1 stack", True)


def test_what_is_not_drawn_has_no_box(lab):
    snapshot, exchange, _ = lab.observed("client", "docker1:8080")
    only = topology(snapshot, only="docker1").scene

    assert {f.node for f in frames(exchange, only, snapshot) if f.place == "client"} <= {"", "switch lan"}


def test_to_a_service_the_packet_stands_at_the_balancer_of_its_overlay_network():
    # given a service with a virtual address, on a swarm of two hosts
    with Lab(docker="29.7") as lab:
        lab.run_cell(
            "docker1# docker swarm init\n"
            "docker2# docker swarm join --token $(ssh docker1 docker swarm join-token -q worker) 172.25.254.1:2377\n"
            "docker1# docker network create -d overlay --attachable nn\n"
            "docker1# docker service create -q --name s1 --network nn nginx\n"
            "docker1# docker run -d --name aa --network nn nginx"
        )
        asked = "docker1# docker service inspect -f '{{(index .Endpoint.VirtualIPs 0).Addr}}' s1"
        address = lab.run(asked).stdout.partition("/")[0]

        # when a container asks it
        request = [f for f in played(lab, "aa", f"{address}:80") if f.leg == "Request"]

    # then the packet goes by the network's bridge to the balancer and back, and no step is beside the picture
    boxes = [f.node.partition(" ")[2].partition(" ")[0] for f in request]
    places = list(dict.fromkeys((f.place.partition("/")[2][:3], box) for f, box in zip(request, boxes, strict=True)))
    assert ("lb_", "space") in places
    assert {box for place, box in places if place.startswith("1-")} == {"overlay"}
    assert "" not in {f.node for f in request}
