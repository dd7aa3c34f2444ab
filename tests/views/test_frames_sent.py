"""`%dnet capture SRC DST`: each frame of an exchange at each interface that sees it, and one file of all of them."""

from __future__ import annotations

import pytest

from dnetlab import Lab
from dnetlab.errors import UnknownName, UsageError
from dnetlab.net.capture import pcap
from dnetlab.notebook import subcommands
from dnetlab.notebook.magic import DnetMagics


@pytest.fixture
def lab():
    with Lab() as made:
        made.run("docker run -d --name web nginx")
        yield made


def rows(table) -> list[tuple]:
    return list(table[["place", "interface", "way", "protocol"]].itertuples(index=False, name=None))


def test_a_ping_across_a_bridge_is_seen_at_each_interface_on_its_way(lab):
    table = lab.frames("docker1", "web")

    veth = table["interface"][1]
    assert veth.startswith("veth")
    assert rows(table) == [
        ("docker1", "docker0", "out", "ARP"), ("docker1", veth, "out", "ARP"), ("docker1/web", "eth0", "in", "ARP"),
        ("docker1/web", "eth0", "out", "ARP"), ("docker1", veth, "in", "ARP"), ("docker1", "docker0", "in", "ARP"),
        ("docker1", "docker0", "out", "ICMP"), ("docker1", veth, "out", "ICMP"), ("docker1/web", "eth0", "in", "ICMP"),
        ("docker1/web", "eth0", "out", "ICMP"), ("docker1", veth, "in", "ICMP"), ("docker1", "docker0", "in", "ICMP"),
    ]  # fmt: skip
    assert table["info"][6] == "IP 172.17.0.1 > 172.17.0.2: ICMP echo request, id 1, seq 0, length 64"


def test_masquerade_is_seen_between_two_interfaces_of_one_host(lab):
    table = lab.frames("web", "client")

    asked = table[table["info"].str.contains("echo request")]
    seen = dict(zip(asked["place"] + " " + asked["interface"], asked["source"], strict=True))
    assert (seen["docker1 docker0"], seen["docker1 eth0"]) == ("172.17.0.2", "172.25.254.1")


def test_a_connection_is_opened_used_and_closed(lab):
    table = lab.frames("docker1", "web:80")

    at_web = table[(table["place"] == "docker1/web") & (table["protocol"] == "TCP")]
    flags = [info.split("Flags [")[1].split("]")[0] for info in at_web["info"]]
    assert flags[:3] == ["S", "S.", "."]
    assert "F." in flags


def test_the_file_has_all_of_them_and_the_lab_is_as_before(lab, tmp_path):
    before = lab.snapshot()

    table = lab.frames("docker1", "web", tmp_path / "all.pcap")

    stored = pcap.read((tmp_path / "all.pcap").read_bytes())
    assert (stored.link, len(stored.records)) == (pcap.ETHERNET, len(table))
    assert lab.snapshot() == before
    assert [event for event in lab.events if "tcpdump" in str(event)] == []


def test_a_frame_that_a_rule_stops_is_seen_up_to_there(lab):
    lab.run("docker1# iptables -I DOCKER-USER -j DROP")

    table = lab.frames("client", "172.17.0.2")

    assert set(table["place"]) <= {"client", "docker1"}


def test_an_end_that_is_not_there_is_a_sentence(lab):
    with pytest.raises(UnknownName, match="nobody"):
        lab.frames("nobody", "web")


def test_on_real_engines_it_says_how_to_capture_what_is_really_sent(lab, monkeypatch):
    monkeypatch.setattr(lab.engine, "name", "docker", raising=False)

    with pytest.raises(UsageError, match="only what is really sent can be captured"):
        lab.frames("docker1", "web")


def test_the_magic_names_the_file_after_the_two_ends(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    magics = DnetMagics(None)
    magics.lab.run("docker run -d --name web nginx")

    table = subcommands.run(magics, "capture docker1 web:80")

    assert capsys.readouterr().out == f"{len(table)} frames; docker1-web-80.pcap is a copy that Wireshark opens.\n"
    assert {"docker0", "eth0"} <= set(table["interface"])
    assert (tmp_path / "docker1-web-80.pcap").stat().st_size > 1000
    magics.close()
