"""What Docker's DNS server answers, from a snapshot alone."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from dnetlab.explain.asking import lookup_on_networks
from dnetlab.lab import Lab
from dnetlab.model import Where
from dnetlab.net.dns import addresses, names_in


@pytest.fixture(scope="module")
def snapshot():
    lab = Lab()
    lab.run_cell(
        "docker network create n1\ndocker network create n2\n"
        "docker run -d --name web1 --network n1 --network-alias www --hostname shop nginx\n"
        "docker run -d --name web2 --network n1 nginx\ndocker network connect n2 web2\n"
        "docker run -d --name web3 --network n2 nginx\ndocker run -d --name old1 nginx\ndocker run -d --name old2 nginx"
    )
    return lab.snapshot()


@pytest.mark.parametrize(
    ("asker", "name", "expected"),
    [
        ("web2", "web1", "172.18.0.2"),
        ("web2", "WEB1", "172.18.0.2"),
        ("web2", "web1.n1", "172.18.0.2"),
        ("web2", "www", "172.18.0.2"),
        ("web2", "shop", "172.18.0.2"),
        ("web2", "web3", "172.19.0.3"),
        ("web1", "web3", None),
        ("web1", "web2.n2", None),
        ("old1", "old2", None),
    ],
)
def test_a_name_is_known_on_a_network_of_ones_own_that_both_are_on(snapshot, asker, name, expected):
    host = snapshot.hosts["docker1"]
    found = addresses(host, host.container(asker), name)

    assert found == ([IPv4Address(expected)] if expected else [])


def test_an_alias_of_link_is_asked_before_the_names_of_the_network(snapshot):
    host = snapshot.hosts["docker1"]

    found = addresses(host, host.container("web2"), "db", lambda endpoint, name: "web1" if name == "db" else None)

    assert found == [IPv4Address("172.18.0.2")]


def test_a_container_is_called_by_name_alias_short_id_and_hostname(snapshot):
    web1 = snapshot.hosts["docker1"].container("web1")

    assert names_in(web1, web1.endpoint("n1")) == ["web1", "www", web1.short_id, "shop"]


def test_a_host_itself_knows_no_container_by_name(snapshot):
    web2 = snapshot.hosts["docker1"].container("web2")

    assert lookup_on_networks(snapshot, Where("docker1"), "web1") is None
    assert lookup_on_networks(snapshot, Where("docker1", web2.short_id), "web1") == IPv4Address("172.18.0.2")
    assert lookup_on_networks(snapshot, Where("docker1"), "localhost") == IPv4Address("127.0.0.1")
