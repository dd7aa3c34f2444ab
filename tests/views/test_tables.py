"""Tables read the snapshot: the same columns and dtypes whatever the lab holds."""

from __future__ import annotations

import pytest

from dnetlab.errors import UnknownName, UsageError
from dnetlab.lab import Lab
from dnetlab.model import Snapshot
from dnetlab.views import tables

from . import labs


@pytest.mark.parametrize("name", tables.TABLES)
def test_an_empty_lab_gives_no_rows_and_the_same_columns_and_dtypes(name):
    empty = tables.table(name, Snapshot())
    full = tables.table(name, labs.full())
    assert len(empty) == 0
    assert empty.dtypes.astype(str).to_dict() == full.dtypes.astype(str).to_dict()
    assert set(empty.dtypes.astype(str)) <= {"string", "Int64", "boolean", "Float64"}


def test_ips_lists_each_address_with_the_container_that_has_it():
    ips = tables.ips(labs.full())
    rows = ips[ips["scope"] == "global"][["host", "container", "dev", "address"]].fillna("-").values.tolist()
    assert rows == [
        ["docker1", "-", "eth0", "172.25.254.1/24"],
        ["docker1", "-", "docker0", "172.17.0.1/16"],
        ["docker1", "-", "br-444444444444", "172.18.0.1/16"],
        ["docker1", "web1", "eth0", "172.17.0.2/16"],
        ["docker1", "web2", "eth0", "172.17.0.3/16"],
        ["docker1", "web2", "eth1", "172.18.0.2/16"],
        ["docker1", "web3, shell", "eth0", "172.18.0.3/16"],
        ["docker1", "mac1", "eth0", "10.0.0.10/24"],
        ["client", "-", "eth0", "172.25.254.38/24"],
    ]


def test_a_link_names_the_other_end_of_its_veth_pair():
    links = tables.links(labs.full(), host="docker1", namespace="host").set_index("dev")
    assert links.loc["veth1a2b3c4", "peer"] == "eth0 of web1"
    assert links.loc["veth1a2b3c4", "master"] == "docker0"
    assert links.loc["vethccccccc", "peer"] == "eth0 of web3+shell"


def test_a_route_of_another_table_names_its_table():
    with Lab() as lab:
        lab.run_cell("ip route add blackhole default table 100\nip rule add from 10.0.0.0/8 lookup 100")
        routes = lab.routes(host="docker1", namespace="host")

    assert routes[["destination", "kind", "table"]].fillna("-").values.tolist() == [
        ["default", "blackhole", "100"], ["172.17.0.0/16", "unicast", "-"], ["172.25.254.0/24", "unicast", "-"],
    ]  # fmt: skip


def test_rules_of_a_chain_have_iptables_columns_and_text():
    rules = tables.rules(labs.published(), table="nat", chain="PREROUTING")
    assert rules["number"].tolist() == [0, 1]
    dnat = rules.iloc[1]
    assert dnat["rule"] == "-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80"
    assert (dnat["target"], dnat["protocol"], dnat["source"], dnat["in"]) == ("DNAT", "tcp", "0.0.0.0/0", "*")
    masquerade = tables.rules(labs.published(), table="nat", chain="POSTROUTING").iloc[1]
    assert masquerade["out"] == "!docker0"


def test_a_filter_keeps_one_host_or_one_container_and_joined_containers_share_rows():
    assert set(tables.ips(labs.full(), host="client")["host"]) == {"client"}
    assert tables.ips(labs.full(), container="shell")["address"].tolist() == ["127.0.0.1/8", "172.18.0.3/16"]


def test_containers_show_what_docker_ps_shows():
    containers = tables.containers(labs.full()).set_index("name")
    assert containers.loc["web1", "ports"] == "0.0.0.0:8080->80/tcp"
    assert containers.loc["web2", "addresses"] == "172.17.0.3, 172.18.0.2"
    assert containers.loc["shell", "network_mode"] == "container:web3"
    assert containers.loc["old", "exit_code"] == 137


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda lab: tables.table("ip", lab), UsageError, "Did you mean ips?"),
        (lambda lab: tables.ips(lab, host="docker9"), UnknownName, "docker1, client"),
        (lambda lab: tables.ips(lab, container="wbe1"), UnknownName, "Did you mean web"),
        (lambda lab: tables.rules(lab, table="nta"), UsageError, "raw, mangle, nat, filter"),
        (lambda lab: tables.table("ips", lab, colour="red"), UsageError, "host, namespace, container"),
    ],
)
def test_a_name_that_is_not_there_is_said_and_not_an_empty_table(call, error, words):
    with pytest.raises(error) as caught:
        call(labs.full())
    assert words in str(caught.value)


def test_one_table_is_offered_for_a_name_that_is_nearly_one():
    with pytest.raises(UsageError, match="there is no table 'route'\nDid you mean routes\\?$"):
        tables.table("route", labs.full())


def test_a_container_that_was_joined_and_is_gone_is_named_by_the_twelve_digits_of_its_id():
    with Lab() as lab:
        lab.run_cell("docker run -d --name own nginx")
        lab.run_cell("docker run -d --name guest --network container:own busybox sleep 100")
        gone = lab.snapshot().hosts["docker1"].container("own").id
        lab.run_cell("docker rm -f own")

        (mode,) = tables.containers(lab.snapshot())["network_mode"]

    assert (mode, len(mode)) == (f"container:{gone[:12]}", len("container:") + 12)
