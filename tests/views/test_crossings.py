"""A journey held against a capture: what agrees, what was only said, what was only seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dnetlab.lab import Lab
from dnetlab.model import Packet
from dnetlab.views import crossings


@pytest.fixture(scope="module")
def told():
    with Lab() as lab:
        lab.run_cell("docker run -d --name web1 nginx\ndocker run -d --name web2 nginx")
        return lab.snapshot(), lab.trace("web1", "web2:80")


def test_on_the_simulator_nothing_is_captured():
    with Lab() as lab:
        assert lab.observed("client", "docker1")[2] is None


def test_what_was_seen_as_said_agrees_whatever_port_the_asker_had(told):
    snapshot, exchange = told
    seen = [c for _, c in crossings.said(exchange)]
    moved = [replace(c, packet=replace(c.packet, sport=51234)) for c in seen if c.packet.flags == "S"]

    table = crossings.beside(exchange, moved + [c for c in seen if c.packet.flags != "S"], snapshot)

    assert len(table) == 8 and table["said"].all() and table["seen"].all()
    assert list(table["container"].dropna().unique()) == ["web1", "web2"]


@pytest.mark.parametrize(("release", "seen_at_the_bridge"), [("20.10", True), ("28.5", False)])
def test_what_a_rule_of_prerouting_stops_is_never_seen_at_the_bridge_behind_its_port(release, seen_at_the_bridge):
    # Given two networks, when one's container asks the other's, then 20.10 drops in FORWARD, behind the bridge, and
    # 28 in raw PREROUTING, which is read at the port already (tcpdump on br-… of a real 28.5.2 shows nothing).
    with Lab(docker=release) as lab:
        lab.run_cell("docker network create front\ndocker network create rear\n"
                     "docker run -d --name web3 --network front nginx\ndocker run -d --name web4 --network rear nginx")
        told = [crossing.interface for _, crossing in crossings.said(lab.trace("web3", "web4"))]

    assert [name[:3] for name in told] == ["eth", "vet", *(["br-"] if seen_at_the_bridge else [])]


def test_a_difference_is_marked_on_its_line_and_counted(told):
    snapshot, exchange = told
    seen = [c for _, c in crossings.said(exchange)]
    other = replace(seen[-1], interface="eth9")

    text = crossings.text(exchange, [*seen[:-1], other], snapshot)

    assert text.count("as said") == 7 and text.count("not seen") == 1 and text.count("not said") == 1
    assert text.endswith("= 2 of them differ.\n")


def test_data_and_the_end_of_a_connection_are_left_out(told):
    snapshot, exchange = told
    seen = [c for _, c in crossings.said(exchange)]
    first: Packet = seen[0].packet
    later = [replace(seen[0], packet=replace(first, flags=flags)) for flags in ("S", "A", "RA", "FA")]

    assert len(crossings.beside(exchange, [*seen, *later], snapshot)) == 8
