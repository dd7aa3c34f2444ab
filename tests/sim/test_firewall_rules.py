"""The rules that the daemon writes, against listings of real engines (tests/sim/rules, one folder a release)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dnetlab.model import Where
from dnetlab.sim.dockerd import lifecycle, networks, system
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.firewall.tables import edit, last
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World

from .daemonlab import HOST, drop_chain, flush, listing, run

RULES = Path(__file__).with_name("rules")
ENGINES = ("20.10", "26.1", "28.5")
BRIDGE = "com.docker.network.bridge."


def real(release: str, name: str) -> str:
    """What the real engine's iptables printed, without the line of provenance."""
    return (RULES / release / f"{name}.txt").read_text().split("\n", 1)[1]


def four_networks(release: str) -> World:
    world = new_world(release)
    networks.create(world, HOST, "n1")
    networks.create(world, HOST, "inner", internal=True)
    networks.create(world, HOST, "noicc", options={BRIDGE + "enable_icc": "false"})
    networks.create(world, HOST, "nomasq", options={BRIDGE + "enable_ip_masquerade": "false"})
    return world


def published(release: str) -> World:
    world = four_networks(release)
    run(world, "web1", "n1", ports=("8080:80", "127.0.0.1:8443:443", "53:53/udp"))
    run(world, "in1", "inner", ports=("9090:80",))
    return world


def connected(release: str) -> World:
    world = published(release)
    networks.connect(world, HOST, "bridge", "web1")
    return world


def disconnected(release: str) -> World:
    world = connected(release)
    networks.disconnect(world, HOST, "n1", "web1")
    return world


def started_again(release: str) -> World:
    world = disconnected(release)
    lifecycle.stop(world, HOST, "web1")
    lifecycle.start(world, HOST, "web1")
    return world


def flushed(release: str) -> World:
    world = new_world(release)
    networks.create(world, HOST, "n1")
    networks.create(world, HOST, "n2")
    run(world, "web1", "n1", ports=("8080:80",))
    run(world, "old", ports=("8081:80",))
    flush(world, "nat")
    lifecycle.restart(world, HOST, "web1")
    return world


def flushed_then_created(release: str) -> World:
    world = flushed(release)
    networks.create(world, HOST, "n3")
    return world


def flushed_then_removed(release: str) -> World:
    world = flushed_then_created(release)
    networks.remove(world, HOST, "n2")
    return world


def forward_flushed(release: str) -> World:
    world = flushed_then_removed(release)
    flush(world, "filter", "FORWARD")
    networks.create(world, HOST, "n4")
    return world


def all_flushed(release: str) -> World:
    world = forward_flushed(release)
    networks.remove(world, HOST, "n4")
    flush(world, "filter")
    lifecycle.restart(world, HOST, "web1")
    return world


@pytest.mark.parametrize("release", ENGINES)
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("start.filter", new_world),
        ("networks.filter", four_networks),
        ("networks.nat", four_networks),
        ("published.filter", published),
        ("published.nat", published),
        ("published.raw", published),
        ("connected.filter", connected),
        ("connected.nat", connected),
        ("disconnected.nat", disconnected),
        ("started-again.filter", started_again),
        ("flushed-container-restarted.nat", flushed),
        ("flushed-network-created.nat", flushed_then_created),
        ("flushed-network-removed.nat", flushed_then_removed),
        ("forward-flushed-network-created.filter", forward_flushed),
        ("all-flushed-container-restarted.filter", all_flushed),
    ],
)
def test_a_table_is_the_real_engines(release: str, name: str, make: Callable[[str], World]) -> None:
    # Given a lab of this release, when the scenario was played, then the whole table reads as the real engine's.
    table = name.rsplit(".", 1)[1]

    assert listing(make(release), table) == real(release, name)


@pytest.mark.parametrize("release", ENGINES)
def test_removing_the_newest_network_leaves_only_the_repaired_jumps(release: str) -> None:
    # Given FORWARD flushed and a network made since, when it is removed, then FORWARD reads as the real engine's.
    world = forward_flushed(release)

    networks.remove(world, HOST, "n4")

    assert listing(world, "filter", "FORWARD") == real(release, "forward-flushed-network-removed.forward")


@pytest.mark.parametrize("release", ENGINES)
@pytest.mark.parametrize("table", ["filter", "nat"])
def test_a_daemon_restart_writes_the_real_engines_rules(release: str, table: str) -> None:
    # Given containers with ports and four networks, when the daemon restarts, then every chain holds the same rules
    # as the real engine's; networks come back in the order of their ids, which are not the real ones.
    world = started_again(release)
    run(world, "def1")

    system.restart_daemon(world, HOST)

    expected = real(release, f"daemon-restarted.{table}")
    assert Counter(listing(world, table).splitlines()) == Counter(expected.splitlines())


@pytest.mark.parametrize("release", ENGINES)
@pytest.mark.parametrize("table", ["filter", "nat"])
def test_a_daemon_restart_keeps_docker_user_and_a_policy_it_did_not_set(release: str, table: str) -> None:
    # Given a flushed firewall, a rule of the user's and policy ACCEPT with ip_forward on,
    # when the daemon restarts, then the rule and the policy stay and everything else is rebuilt.
    world = all_flushed(release)
    with edit(world, Where(HOST)) as tables:
        tables.write(last("filter", "DOCKER-USER", "-s 9.9.9.9/32 -j DROP"))
        tables.policy("filter", "FORWARD", "ACCEPT")

    system.restart_daemon(world, HOST)

    expected = real(release, f"policy-accept-daemon-restarted.{table}")
    assert Counter(listing(world, table).splitlines()) == Counter(expected.splitlines())


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5", "29.7"])
def test_a_daemon_that_finds_forwarding_off_sets_the_policy_to_drop(release: str) -> None:
    # Given ip_forward switched off and policy ACCEPT, when the daemon restarts, then it forwards and drops.
    world = new_world(release)
    with edit(world, Where(HOST)) as tables:
        tables.policy("filter", "FORWARD", "ACCEPT")
    stack = world.namespace(Where(HOST))
    world.put_namespace(Where(HOST), replace(stack, sysctls={**stack.sysctls, "net.ipv4.ip_forward": "0"}))

    system.restart_daemon(world, HOST)

    assert world.namespace(Where(HOST)).forwards
    assert listing(world, "filter", "FORWARD").startswith("-P FORWARD DROP\n")


def test_29_7_writes_the_tables_of_its_recording() -> None:
    # Given what lessons 4 to 7 were recorded with on 29.7.2, when the same is done here, then the tables are equal.
    world = new_world("29.7")
    networks.create(world, HOST, "my_net2", pools=(networks.PoolRequest("172.20.0.0/24"),))
    networks.create(world, HOST, "a_net", pools=(networks.PoolRequest("172.21.0.0/24"),))
    networks.create(world, HOST, "inner", internal=True)
    run(world, "web4", "my_net2", ports=("8080:80",))
    run(world, "web3", "a_net")

    assert listing(world, "filter") == real("29.7", "lessons-4-7.filter")
    assert listing(world, "nat") == real("29.7", "lessons-4-7.nat")
    assert listing(world, "raw") == real("29.7", "lessons-4-7.raw")


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("20.10", " (iptables failed: iptables --wait -t nat -A DOCKER -p tcp -d 0/0 --dport 9999 -j DNAT "
                  "--to-destination 172.17.0.2:80 ! -i docker0: iptables: No chain/target/match by that name.\n"
                  " (exit status 1))"),
        ("28.5", "Unable to enable DNAT rule:  (iptables failed: iptables --wait -t nat -A DOCKER -p tcp -d 0/0 "
                 "--dport 9999 -j DNAT --to-destination 172.17.0.2:80 ! -i docker0: "
                 "iptables: No chain/target/match by that name.\n (exit status 1))"),
    ],
)  # fmt: skip
def test_without_its_nat_chain_the_daemon_cannot_publish(release: str, words: str) -> None:
    # Given nat flushed and its DOCKER chain deleted, when a container with -p starts,
    # then it fails in the words of 20.10.24 and 28.5.2, and nothing of it stays.
    world = new_world(release)
    flush(world, "nat")
    drop_chain(world, "nat", "DOCKER")

    with pytest.raises(ApiError) as failure:
        run(world, "x1", ports=("9999:80",))

    assert failure.value.message.endswith(words)
    assert [p.argv for p in world.hosts[HOST].processes if "docker-proxy" in p.argv[0]] == []
    assert world.namespace(Where(HOST)).sockets == ()


@pytest.mark.parametrize("release", ["20.10", "28.5"])
def test_without_its_nat_chain_the_daemon_cannot_make_a_network(release: str) -> None:
    # Given nat's DOCKER chain gone, when a network is created, then it fails in the words of 20.10.24 and 28.5.2
    # and, as there, the bridge and its MASQUERADE stay behind.
    world = new_world(release)
    flush(world, "nat")
    drop_chain(world, "nat", "DOCKER")

    with pytest.raises(ApiError) as failure:
        networks.create(world, HOST, "n5")

    bridge = world.namespace(Where(HOST)).interfaces[-1].name
    assert failure.value.message == (
        "Failed to Setup IP tables: Unable to enable SKIP DNAT rule:  (iptables failed: iptables --wait -t nat "
        f"-I DOCKER -i {bridge} -j RETURN: iptables: No chain/target/match by that name.\n (exit status 1))"
    )
    assert f"-A POSTROUTING -s 172.18.0.0/16 ! -o {bridge} -j MASQUERADE" in listing(world, "nat")
    assert [n.name for n in world.hosts[HOST].networks] == ["bridge", "host", "none"]
