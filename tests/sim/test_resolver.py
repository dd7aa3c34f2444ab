"""Names: who finds whom through 127.0.0.11, and what stands in /etc/hosts and /etc/resolv.conf."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from dnetlab.model import Where
from dnetlab.sim.dockerd import containers, lifecycle, networks
from dnetlab.sim.dockerd.config import NetworkAttachment
from dnetlab.sim.dockerd.resolver import Status, ask, pointer, resolve
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World

from .daemonlab import HOST, container, run

ALL = ("20.10", "26.1", "28.5", "29.7")


def found(world: World, asker: str, name: str) -> list[str] | None:
    """What a program in that container gets for a name."""
    place = container(world, asker)
    addresses = resolve(world, Where(HOST, place.namespace or ""), place.id, name)
    return None if addresses is None else [str(ip) for ip in addresses]


def text(world: World, name: str, path: str) -> str:
    return world.files[HOST, container(world, name).id, path]


def two_on_n1(release: str) -> World:
    world = new_world(release)
    networks.create(world, HOST, "n1")
    run(world, "web1", "n1", hostname="frontend", networks=(NetworkAttachment("n1", aliases=("shop", "www")),))
    run(world, "peer", "n1")
    return world


@pytest.mark.parametrize("release", ALL)
@pytest.mark.parametrize("name", ["web1", "WEB1", "web1.", "web1.n1", "shop", "www.n1", "frontend", "SHORT"])
def test_a_container_has_many_names_on_its_network(release: str, name: str) -> None:
    # Given web1 on n1 with two aliases and a host name, when peer asks, then its name, aliases, short id and host
    # name all stand for its address, alone or with the network's name (20.10.24 to 29.7.2).
    world = two_on_n1(release)
    name = container(world, "web1").short_id if name == "SHORT" else name

    assert found(world, "peer", name) == ["172.18.0.2"]


@pytest.mark.parametrize("release", ALL)
def test_names_end_at_the_network_and_with_the_container(release: str) -> None:
    # Given web1 on n1, then nobody on another network or on the default bridge finds it, and nobody once it stopped;
    # a new name is known at once.
    world = two_on_n1(release)
    networks.create(world, HOST, "n2")
    run(world, "other", "n2")
    run(world, "plain")

    assert found(world, "other", "web1") is None
    assert found(world, "plain", "plain") is None
    assert found(world, "peer", "web1"[:3]) is None
    containers.rename(world, HOST, "web1", "web9")
    assert (found(world, "peer", "web1"), found(world, "peer", "web9")) == (None, ["172.18.0.2"])
    lifecycle.stop(world, HOST, "web9")
    assert found(world, "peer", "web9") is None


def test_two_containers_with_one_alias_take_turns() -> None:
    # Given web1 and web2 with the alias shop, when peer asks twice, then both answers hold both, the other one first.
    world = two_on_n1("28.5")
    run(world, "web2", "n1", networks=(NetworkAttachment("n1", aliases=("shop",)),))

    first, second = found(world, "peer", "shop"), found(world, "peer", "shop")

    assert first is not None and second is not None
    assert sorted(first) == sorted(second) == ["172.18.0.2", "172.18.0.4"]
    assert first[0] != second[0]


def test_a_link_alias_is_known_to_the_linking_container_only() -> None:
    # Given app on n1 with --link web1:db, then app finds db and peer doesn't.
    world = two_on_n1("28.5")
    run(world, "app", "n1", networks=(NetworkAttachment("n1", links=(("web1", "db"),)),))

    assert (found(world, "app", "db"), found(world, "peer", "db")) == (["172.18.0.2"], None)


def test_an_address_has_the_name_container_dot_network() -> None:
    # Given web1 on n1, when peer asks for the name of 172.18.0.2, then it is web1.n1; of an unknown address, nothing.
    world = two_on_n1("28.5")
    place = container(world, "peer")

    def name_of(address: str) -> str | None:
        return pointer(world, Where(HOST, place.namespace or ""), place.id, IPv4Address(address))

    assert (name_of("172.18.0.2"), name_of("172.18.0.99")) == ("web1.n1", None)


def test_an_unknown_name_waits_for_a_server_that_never_answers() -> None:
    # Given the lab's dead resolver, when peer or the host asks for a name nobody has, then the answer is a timeout
    # after five seconds.
    world = two_on_n1("28.5")
    place = container(world, "peer")

    inside = ask(world, Where(HOST, place.namespace or ""), place.id, "nosuch")
    outside = ask(world, Where(HOST), None, "nosuch")

    assert (inside.status, str(inside.server), inside.seconds) == (Status.TIMEOUT, "127.0.0.11", 5.0)
    assert (outside.status, str(outside.server), outside.seconds) == (Status.TIMEOUT, "192.0.2.53", 5.0)


BASE_OLD = (
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n"
    "ff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
)
BASE_NEW = BASE_OLD.replace("fe00::0", "fe00::").replace("ff00::0", "ff00::")


@pytest.mark.parametrize(
    ("release", "base"), [("20.10", BASE_OLD), ("26.1", BASE_OLD), ("28.5", BASE_NEW), ("29.7", BASE_NEW)]
)
def test_etc_hosts_has_a_line_for_each_network(release: str, base: str) -> None:
    # Given --add-host and two networks, then the file reads as the real one (20.10.24, 26.1.5, 28.5.2).
    world = new_world(release)
    networks.create(world, HOST, "n1")
    run(world, "web1", "n1", hostname="myhost", add_hosts=(("x", "1.2.3.4"), ("gw", "host-gateway")))
    networks.connect(world, HOST, "bridge", "web1")

    assert text(world, "web1", "/etc/hosts") == (
        base + "1.2.3.4\tx\n172.17.0.1\tgw\n172.18.0.2\tmyhost\n172.17.0.2\tmyhost\n"
    )


@pytest.mark.parametrize(
    ("release", "after_n1", "after_bridge"),
    [
        ("20.10", "", "172.18.0.2\tmyhost\n172.17.0.2\tmyhost\n"),
        ("26.1", "", "172.18.0.2\tmyhost\n172.17.0.2\tmyhost\n"),
        ("28.5", "172.17.0.2\tmyhost\n", "172.18.0.2\tmyhost\n"),
    ],
)
def test_a_disconnect_takes_lines_out_of_etc_hosts(release: str, after_n1: str, after_bridge: str) -> None:
    # Given a container on n1 and bridge, when one of them is disconnected, then up to 27 a user-defined network takes
    # all lines of its names away and the default bridge none; later each takes its own (20.10.24, 26.1.5, 28.5.2).
    def lines_after(network: str) -> str:
        world = new_world(release)
        networks.create(world, HOST, "n1")
        run(world, "web1", "n1", hostname="myhost")
        networks.connect(world, HOST, "bridge", "web1")
        networks.disconnect(world, HOST, network, "web1")
        return text(world, "web1", "/etc/hosts").split("ip6-allrouters\n")[1]

    assert (lines_after("n1"), lines_after("bridge")) == (after_n1, after_bridge)


@pytest.mark.parametrize("release", ALL)
def test_a_link_on_the_default_bridge_is_a_line_that_follows_the_target(release: str) -> None:
    # Given app linked to db as database, then its /etc/hosts names db, and when db comes back with another address,
    # the line is rewritten at once (20.10.24, 28.5.2).
    world = new_world(release)
    short = run(world, "db").short_id
    own = run(world, "app", links=(("db", "database"),)).short_id
    tail = text(world, "app", "/etc/hosts").split("ip6-allrouters\n")[1]
    assert tail == f"172.17.0.2\tdatabase {short} db\n172.17.0.3\t{own}\n"

    lifecycle.stop(world, HOST, "db")
    run(world, "filler")
    lifecycle.start(world, HOST, "db")

    tail = text(world, "app", "/etc/hosts").split("ip6-allrouters\n")[1]
    assert tail == f"172.17.0.4\tdatabase {short} db\n172.17.0.3\t{own}\n"


HEADER = (
    "# Generated by Docker Engine.\n# This file can be edited; Docker Engine will not make further changes once it\n"
    "# has been modified.\n\n"
)
FOOT = "\n# Based on host file: '/etc/resolv.conf' (internal resolver)\n"


@pytest.mark.parametrize(
    ("release", "network", "more", "expected"),
    [
        ("20.10", "n1", {}, "nameserver 127.0.0.11\noptions ndots:0\n"),
        ("20.10", "default", {}, "nameserver 192.0.2.53\n"),
        ("20.10", "n1", {"dns": ("9.9.9.9",), "dns_search": ("ex.com",), "dns_options": ("ndots:3",)},
         "search ex.com\nnameserver 127.0.0.11\noptions ndots:3\n"),
        ("26.1", "n1", {}, HEADER + "nameserver 127.0.0.11\noptions ndots:0\n" + FOOT +
         "# ExtServers: [192.0.2.53]\n# Overrides: []\n# Option ndots from: internal\n"),
        ("28.5", "n1", {}, HEADER + "nameserver 127.0.0.11\noptions ndots:0\n" + FOOT +
         "# ExtServers: [host(192.0.2.53)]\n# Overrides: []\n# Option ndots from: internal\n"),
        ("28.5", "n1", {"dns": ("9.9.9.9",), "dns_search": ("ex.com",), "dns_options": ("ndots:3",)},
         HEADER + "nameserver 127.0.0.11\nsearch ex.com\noptions ndots:3\n" + FOOT +
         "# ExtServers: [9.9.9.9]\n# Overrides: [nameservers search options]\n# Option ndots from: override\n"),
        ("28.5", "default", {}, HEADER + "nameserver 192.0.2.53\n\n# Based on host file: '/etc/resolv.conf' (legacy)\n"
         "# Overrides: []\n"),
        ("28.5", "host", {}, HEADER + "nameserver 192.0.2.53\n\n# Based on host file: '/etc/resolv.conf'\n"
         "# Overrides: []\n"),
    ],
)  # fmt: skip
def test_resolv_conf_reads_as_the_real_one(release: str, network: str, more: dict, expected: str) -> None:
    # Given a container on the network, then its /etc/resolv.conf is that of 20.10.24, 26.1.5 and 28.5.2.
    world = new_world(release)
    networks.create(world, HOST, "n1")

    run(world, "web1", network, **more)

    assert text(world, "web1", "/etc/resolv.conf") == expected


def test_the_resolver_is_two_sockets_of_dockerd_and_rules_that_lead_to_them() -> None:
    # Given a container on n1, then dockerd listens in its namespace and port 53 of 127.0.0.11 is translated; connecting
    # a container of the default bridge starts the resolver there too, and it stays after the disconnect.
    world = two_on_n1("28.5")
    run(world, "plain")
    networks.connect(world, HOST, "n1", "plain")
    networks.disconnect(world, HOST, "n1", "plain")

    for name in ("web1", "plain"):
        stack = world.namespace(Where(HOST, container(world, name).short_id))
        own = [s for s in stack.sockets if s.program == "dockerd"]
        assert [f"{s.protocol.value} {s.local_address} {s.state.value}" for s in own] == [
            "tcp 127.0.0.11 LISTEN", "udp 127.0.0.11 UNCONN",
        ]  # fmt: skip
        tcp, udp = (s.local_port for s in own)
        nat = stack.netfilter.table("nat")
        assert [f"{c.name} {r.text}" for c in nat.chains for r in c.rules] == [
            "OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT",
            "POSTROUTING -d 127.0.0.11/32 -j DOCKER_POSTROUTING",
            f"DOCKER_OUTPUT -d 127.0.0.11/32 -p tcp -m tcp --dport 53 -j DNAT --to-destination 127.0.0.11:{tcp}",
            f"DOCKER_OUTPUT -d 127.0.0.11/32 -p udp -m udp --dport 53 -j DNAT --to-destination 127.0.0.11:{udp}",
            f"DOCKER_POSTROUTING -s 127.0.0.11/32 -p tcp -m tcp --sport {tcp} -j SNAT --to-source :53",
            f"DOCKER_POSTROUTING -s 127.0.0.11/32 -p udp -m udp --sport {udp} -j SNAT --to-source :53",
        ]
        assert "nameserver 127.0.0.11" in text(world, name, "/etc/resolv.conf")
