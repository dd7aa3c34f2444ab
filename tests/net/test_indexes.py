"""Indexes make a trace quick in a large lab; they change no answer."""

from __future__ import annotations

import random
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from dnetlab.model import Chain, Hook, LinkKind, Packet, PeerEnd, Protocol, Where, parse_rule
from dnetlab.net import filter as filtering
from dnetlab.net.filter import Counters, walk
from dnetlab.net.matches import Scene
from dnetlab.net.segment import Link, Wanted, Wiring, search
from tests import builder as b

SPACE = b.namespace("host", b.link("eth0", 2, LinkKind.PHYSICAL, "10.0.0.1/24"))


def rules(seed: int) -> list[str]:
    """Many rules for one address or port each, some for networks, ports, marks or nobody in particular."""
    chance = random.Random(seed)
    made = []
    for _ in range(60):
        number = chance.randrange(4)
        made.append(chance.choice([
            f"-d 10.0.0.{number}/32 -j RETURN",
            f"! -d 10.0.0.{number}/32 -p udp -j LOG", f"-s 10.0.1.{number}/32 -j LOG",
            f"-s 10.0.1.{number}/32 -d 10.0.0.{number}/32 -j LOG", f"-p tcp -m tcp --dport {80 + number} -j LOG",
            f"-p tcp -m tcp ! --dport {80 + number} -j LOG", "-m string --algo bm -j DROP", "-j LOG",
            f"-d 10.0.0.{number}/32 -m string --algo bm -j DROP", f"-p tcp -m tcp --dport {80 + number}:90 -j LOG",
            f"-d 10.0.0.0/30 -p tcp -m tcp --dport {80 + number} -j LOG",
        ]))  # fmt: skip
    return [*made, "-j ACCEPT"]


@pytest.mark.parametrize("seed", range(40))
def test_a_long_chain_meets_the_same_rules_by_its_index_as_one_by_one(seed, monkeypatch):
    table = b.netfilter(filter="\n".join(f"-A INPUT {rule}" for rule in rules(seed))).table("filter")
    chance = random.Random(seed + 1000)
    source, destination = (IPv4Address(f"10.0.{1 - n}.{chance.randrange(4)}") for n in range(2))
    packet = Packet(source, destination, Protocol.TCP, 40000, 80 + chance.randrange(4), flags="S")

    by_index = walk(table, Hook.INPUT, Scene(SPACE, packet), Counters())
    monkeypatch.setattr(filtering, "LONG", 1000)
    one_by_one = walk(table, Hook.INPUT, Scene(SPACE, packet), Counters())

    assert by_index == one_by_one


def test_the_index_of_a_chain_outlives_its_counters():
    chain = Chain("INPUT", tuple(parse_rule(f"-d 10.0.0.{n}/32 -j ACCEPT") for n in range(30)))
    known = chain.index

    assert chain.counted(chain.rules, 1, 84).index is known
    assert replace(chain, rules=chain.rules[1:]).index is not known


def bridged(containers: int):
    """A host with that many containers on one bridge."""
    pairs = [b.pair(2 * n + 10, "br0", f"c{n}", f"10.9.{n // 200}.{n % 200 + 2}/16") for n in range(containers)]
    stack = b.namespace("host", b.link("br0", 3, LinkKind.BRIDGE, "10.9.0.1/16"), *(outer for outer, _ in pairs))
    inside = {f"c{n}": b.namespace(f"c{n}", inner) for n, (_, inner) in enumerate(pairs)}
    return {"h": b.Host("h", {"host": stack, **inside})}


def eth0(hosts, name):
    return Link(Where("h", name), hosts["h"].namespaces[name].interface("eth0"))


@pytest.mark.parametrize("wanted", [Wanted(IPv4Address("10.9.0.30")), Wanted(mac="0a:00:00:00:00:42")])
def test_a_flood_reaches_the_one_it_is_meant_for(wanted):
    hosts = bridged(40)

    found = search(Wiring(hosts), eth0(hosts, "c0"), wanted)

    assert found.link == eth0(hosts, "c28")
    assert [event.kind for event in found.path] == ["out", "in", "bridge", "out", "in"]


def test_of_two_with_one_address_the_first_port_answers():
    hosts = bridged(10)
    twin = b.namespace("c7", replace(eth0(hosts, "c7").interface, addresses=eth0(hosts, "c3").interface.addresses))
    hosts["h"] = replace(hosts["h"], namespaces=hosts["h"].namespaces | {"c7": twin})

    assert search(Wiring(hosts), eth0(hosts, "c0"), Wanted(IPv4Address("10.9.0.5"))).link.where.namespace == "c3"


def test_a_bridge_inside_a_container_is_searched_too():
    hosts = bridged(3)
    outer, inner = b.pair(90, "br1", "deep", "10.9.0.99/16")
    inner = replace(inner, peer=PeerEnd("c2", 91))
    port = replace(eth0(hosts, "c2").interface, master="br1", addresses=())
    middle = b.namespace("c2", port, b.link("br1", 92, LinkKind.BRIDGE), outer)
    spaces = hosts["h"].namespaces | {"c2": middle, "deep": b.namespace("deep", inner)}
    hosts["h"] = replace(hosts["h"], namespaces=spaces)

    assert search(Wiring(hosts), eth0(hosts, "c0"), Wanted(IPv4Address("10.9.0.99"))).link.where.namespace == "deep"
