"""The later packets of a connection are counted where the one before met rules and links, and only while they meet the
same: each of these lists is what following every packet from machine to machine gives."""

from __future__ import annotations

from dataclasses import fields

import pytest

from dnetlab.net import conversation, memory
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


def test_only_the_first_packet_of_each_side_in_an_open_connection_is_followed_and_all_are_counted(world, monkeypatch):
    at(world, "curl -s 172.25.254.1", "client")
    at(world, "iptables -A INPUT -p tcp -j ACCEPT")
    packets = followed(monkeypatch)

    at(world, "curl -s 172.25.254.1", "client")

    # Given SYN and SYN-ACK, then one packet of the client is followed, and the server's go where his SYN-ACK went;
    # the server hears five more than the SYN.
    assert packets == ["A"]
    assert rows(world, "INPUT")[-1] == "6 396"


def test_a_rule_that_looks_at_flags_is_asked_about_every_packet(world, monkeypatch):
    at(world, "iptables -A INPUT -p tcp --tcp-flags FIN FIN -j ACCEPT")
    packets = followed(monkeypatch)

    at(world, "curl -s 172.25.254.1", "client")

    # then each of the client's packets is followed, and of the server's those behind its last one
    assert packets == ["A", "PA", "A", "FA", "A"]
    assert rows(world, "INPUT")[-1] == "1 52"


def test_a_rule_that_looks_at_the_length_is_asked_about_every_packet(world):
    at(world, "iptables -A INPUT -p tcp -m length --length 100:200 -j ACCEPT")

    at(world, "curl -s 172.25.254.1", "client")

    assert rows(world, "INPUT")[-1] == "1 128"


# -- what is left behind is what following each packet leaves behind --------------------------------------------------

PAGES = ("docker network create --subnet 172.20.0.0/16 net", "docker run -d --name web --network net -p 8080:80 nginx",
         "docker run -d --name box --network net busybox sleep 1000")  # fmt: skip
ASKED = ("docker1# curl -s 127.0.0.1:8080", "client# curl -s 172.25.254.1:8080", "docker1# curl -s 172.20.0.2",
         "docker1# docker exec box wget -qO- web", "docker1# docker exec box wget -qO- 172.25.254.1:8080",
         "client# curl -s 172.25.254.1:8080")  # fmt: skip
RULES = [
    (),
    ("iptables -I FORWARD -m conntrack --ctstate NEW -j ACCEPT", "iptables -I INPUT -m limit --limit 2/s -j ACCEPT"),
    ("iptables -t mangle -A PREROUTING -m connmark ! --mark 7 -j CONNMARK --set-mark 7",
     "iptables -A INPUT -m connmark --mark 7 -j ACCEPT"),
    ("iptables -I FORWARD -m conntrack --ctstatus ASSURED -j ACCEPT",
     "iptables -I OUTPUT -p tcp --tcp-flags SYN,ACK SYN,ACK -j ACCEPT"),
    ("iptables -I INPUT 1 -p tcp --tcp-flags PSH PSH -j DROP",),
    ("iptables -I DOCKER-USER -m connlimit --connlimit-above 1 -j DROP",),
    ("ip neigh flush all", "ip neigh add 172.20.0.2 lladdr 02:00:00:00:00:99 dev eth0"),
    ("iptables -t nat -F", "iptables -I FORWARD -m length --length 0:60 -j ACCEPT"),
    ("iptables -t mangle -A FORWARD -p tcp -j TOS --set-tos 8",
     "iptables -t raw -A PREROUTING -p tcp --dport 80 -j NOTRACK"),
]


def left_behind(rules, each):
    """All that the questions leave behind in each namespace; each: whether every packet is followed."""
    made = lab("28.5")
    with pytest.MonkeyPatch.context() as patch:
        if each:
            patch.setattr(memory.Field, "passage", lambda self, size: None)
        said = [at(made, line) for line in (*PAGES, *rules)]
        for line in ASKED:
            host, _, command = line.partition("# ")
            said.append(at(made, command, host))
    spaces = {(name, key): space for name, host in made.hosts.items() for key, space in host.namespaces.items()}
    found = {(*place, field.name): getattr(space, field.name)
             for place, space in spaces.items() for field in fields(space)}  # fmt: skip
    for key in [key for key in found if key[2] == "connections"]:  # in which order is a hash's to choose
        found[key] = sorted(found[key], key=lambda entry: (entry.original.sport, entry.original.dport))
    return said, found


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: rules[0][:40] if rules else "as made")
def test_what_is_left_behind_is_what_following_each_packet_leaves_behind(rules):
    said, spaces = left_behind(rules, each=False)

    heard, followed_each = left_behind(rules, each=True)
    assert said == heard
    assert {key: (spaces[key], value) for key, value in followed_each.items() if spaces[key] != value} == {}
    assert any(one.exit_code == 0 and "nginx" in one.stdout for one in said), "somebody got his page"
