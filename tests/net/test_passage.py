"""The later packets of a connection are counted where the one before met rules and links, and only while they meet the
same: each of these lists is what following every packet from machine to machine gives."""

from __future__ import annotations

import pytest

from dnetlab.net import conversation
from tests.sim.toollab import at, lab


@pytest.fixture
def world():
    """docker1 serves a page at port 80 itself; the client asks for it."""
    made = lab("28.5")
    at(made, "docker run -d --name hw --network host nginx")
    return made


def rows(world, chain):
    listing = at(world, f"iptables -nvL {chain}").stdout.splitlines()[2:]
    return [" ".join(row.split()[:2]) for row in listing]


def followed(monkeypatch):
    """The packets that are followed from machine to machine."""
    packets = []

    def journey(trip, go=conversation.journey):
        packets.append(trip.first.flags)
        return go(trip)

    monkeypatch.setattr(conversation, "journey", journey)
    return packets


def test_only_the_first_packet_of_each_side_is_followed_and_all_are_counted(world, monkeypatch):
    at(world, "curl -s 172.25.254.1", "client")
    at(world, "iptables -A INPUT -p tcp -j ACCEPT")
    packets = followed(monkeypatch)

    at(world, "curl -s 172.25.254.1", "client")

    # Given SYN and SYN-ACK, then of each side one packet is followed; the server hears five more than the SYN.
    assert packets == ["A", "A"]
    assert rows(world, "INPUT")[-1] == "6 396"


def test_a_rule_that_looks_at_flags_is_asked_about_every_packet(world, monkeypatch):
    at(world, "iptables -A INPUT -p tcp --tcp-flags FIN FIN -j ACCEPT")
    packets = followed(monkeypatch)

    at(world, "curl -s 172.25.254.1", "client")

    assert packets == ["A", "PA", "A", "A", "FA", "A"]
    assert rows(world, "INPUT")[-1] == "1 52"


def test_a_rule_that_looks_at_the_length_is_asked_about_every_packet(world):
    at(world, "iptables -A INPUT -p tcp -m length --length 100:200 -j ACCEPT")

    at(world, "curl -s 172.25.254.1", "client")

    assert rows(world, "INPUT")[-1] == "1 128"
