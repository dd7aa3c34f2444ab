"""What a journey says of each interface is what a capture there sees when the packet is really sent."""

from __future__ import annotations

import pytest

from dnetlab.lab import Lab
from dnetlab.views import crossings

pytestmark = pytest.mark.engine

START = """\
docker1# docker network create my_net1
docker1# docker network create my_net2
docker1# docker run -d --name web1 --network my_net1 nginx
docker1# docker run -d --name web2 --network my_net1 nginx
docker1# docker run -d --name web4 --network my_net2 nginx
docker1# docker run -d --name demo -p 80:80 nginx
"""


@pytest.fixture(scope="module")
def lab():
    with Lab("docker", "20.10") as made:
        made.run_cell(START)
        yield made


def wire(lab, source, destination):
    """(the rows as tuples, what differs)"""
    snapshot, told, seen = lab.observed(source, destination)
    table = crossings.beside(told, seen, snapshot)
    return table, table[~(table["said"] & table["seen"])]


@pytest.mark.parametrize(
    ("source", "destination", "rows"),
    [
        ("web1", "web2", 8),
        ("web1", "web2:80", 8),
        ("web1", "web4", 3),
        ("web1", "client", 10),
        ("client", "docker1:80", 10),
        ("client", "docker1:81", 4),
        ("client", "docker1", 4),
        ("client", "172.17.0.2", 0),
        ("docker1", "127.0.0.1:80", 10),
        ("web1", "docker1:80", 12),
        ("demo", "docker1:80", 12),
        ("docker1", "docker2", 4),
    ],
)
def test_a_capture_sees_what_the_journey_says(lab, source, destination, rows):
    table, differing = wire(lab, source, destination)

    assert len(table) == rows
    assert differing.empty, str(differing)


def test_the_table_names_each_place_in_order(lab):
    table, _ = wire(lab, "client", "docker1:80")

    places = [tuple(row) for row in table[["direction", "host", "container", "way"]].fillna("").itertuples(index=False)]
    assert places[:5] == [
        ("request", "client", "", "out"),
        ("request", "docker1", "", "in"),
        ("request", "docker1", "", "out"),
        ("request", "docker1", "", "out"),
        ("request", "docker1", "demo", "in"),
    ]
    assert list(table["interface"][:3]) == ["eth0", "eth0", "docker0"]


def test_after_a_flush_and_a_kill_the_capture_still_agrees(lab):
    lab.run("iptables -t nat -F")
    flushed, differing = wire(lab, "client", "docker1:80")
    assert differing.empty and "proxied request" in set(flushed["direction"])

    lab.run("pkill docker-proxy")
    refused, differing = wire(lab, "client", "docker1:80")
    assert differing.empty and len(refused) == 4

    lab.run("sysctl -w net.ipv4.ip_forward=0")
    stuck, differing = wire(lab, "demo", "client")
    assert differing.empty and len(stuck) == 3
