"""The daemon's own stop, start and restart: what goes, what stays, what comes back."""

from __future__ import annotations

import pytest

from dnetlab.model import ContainerState, Where
from dnetlab.sim.dockerd import lifecycle, networks, system
from dnetlab.sim.dockerd.books import daemon
from dnetlab.sim.dockerd.config import RestartPolicy
from dnetlab.sim.lab import new_world

from .daemonlab import HOST, address, container, listing, run

ALL = ("20.10", "26.1", "28.5", "29.7")


@pytest.mark.parametrize("release", ALL)
def test_a_stopped_daemon_leaves_bridges_and_network_rules(release: str) -> None:
    # Given a container with a port on n1, when the daemon stops, then the container, its proxies, port rules and veth
    # are gone, and bridges, addresses and the networks' own rules stay (20.10.24, 28.5.2).
    world = new_world(release)
    networks.create(world, HOST, "n1")
    before = {table: listing(world, table) for table in ("filter", "nat", "raw")}
    run(world, "web1", "n1", ports=("8080:80",))

    system.stop_daemon(world, HOST)

    host = world.hosts[HOST]
    assert container(world, "web1").state is ContainerState.EXITED
    assert {table: listing(world, table) for table in ("filter", "nat", "raw")} == before
    assert [i.name[:3] for i in host.stack.interfaces] == ["lo", "eth", "enp", "doc", "br-"]
    assert [p.command for p in host.processes] == ["/sbin/init"]
    assert (host.docker_running, host.stack.sockets, list(host.namespaces)) == (False, (), ["host"])


@pytest.mark.parametrize("release", ALL)
def test_a_restart_starts_what_its_policy_says(release: str) -> None:
    # Given containers with each restart policy, one of them stopped by the user, when the daemon restarts,
    # then always and unless-stopped run again, with their ports, and the others don't.
    world = new_world(release)
    run(world, "plain", ports=("8080:80",))
    run(world, "always", restart=RestartPolicy.ALWAYS, ports=("8081:80",))
    run(world, "unless", restart=RestartPolicy.UNLESS_STOPPED)
    run(world, "stopped", restart=RestartPolicy.UNLESS_STOPPED)
    run(world, "gone", restart=RestartPolicy.ALWAYS)
    lifecycle.stop(world, HOST, "stopped")
    lifecycle.stop(world, HOST, "gone")

    system.restart_daemon(world, HOST)

    running = [name for name in ("plain", "always", "unless", "stopped", "gone") if container(world, name).is_running]
    assert running == ["always", "unless", "gone"]
    assert [str(p) for p in container(world, "always").ports] == ["0.0.0.0:8081->80/tcp", "[::]:8081->80/tcp"]
    assert sum("docker-proxy" in p.argv[0] for p in world.hosts[HOST].processes) == 2
    assert {address(world, name) for name in running} == {"172.17.0.2", "172.17.0.3", "172.17.0.4"}


@pytest.mark.parametrize("release", ALL)
def test_a_restart_keeps_user_networks_and_makes_the_default_one_anew(release: str) -> None:
    # Given n1 and a container on the default bridge, when the daemon restarts, then n1, host and none keep their ids,
    # bridge has a new one, the bridges keep index and MAC, and the container starts on the new network.
    world = new_world(release)
    networks.create(world, HOST, "n1")
    run(world, "web1")
    ids = {n.name: n.id for n in world.hosts[HOST].networks}
    bridges = [(i.name, i.index, i.mac) for i in world.namespace(Where(HOST)).interfaces[3:5]]

    system.restart_daemon(world, HOST)
    lifecycle.start(world, HOST, "web1")

    now = {n.name: n.id for n in world.hosts[HOST].networks}
    assert {name for name in ids if ids[name] != now[name]} == {"bridge"}
    assert [(i.name, i.index, i.mac) for i in world.namespace(Where(HOST)).interfaces[3:5]] == bridges
    assert container(world, "web1").endpoints[0].network_id == now["bridge"]
    assert address(world, "web1") == "172.17.0.2"


@pytest.mark.parametrize("release", ALL)
def test_two_restarts_are_one(release: str) -> None:
    # Given networks and a stopped container, when the daemon restarts twice, then the second changes nothing but
    # process ids and the default network's id.
    world = new_world(release)
    networks.create(world, HOST, "n1")
    networks.create(world, HOST, "inner", internal=True)
    run(world, "web1", "n1", ports=("8080:80",))
    system.restart_daemon(world, HOST)
    first = world.hosts[HOST]
    held = sorted(len(a) for a in daemon(world, HOST).allocated.values())

    system.restart_daemon(world, HOST)

    second = world.hosts[HOST]
    assert second.stack == first.stack
    assert [(p.ppid == 1, p.argv) for p in second.processes] == [(p.ppid == 1, p.argv) for p in first.processes]
    assert sorted(len(a) for a in daemon(world, HOST).allocated.values()) == held


def test_equal_seeds_give_equal_worlds_and_other_seeds_other_ids() -> None:
    # Given two labs of one seed and one of another, then the first two are equal and the third has other ids.
    one, two, other = new_world("28.5", 7), new_world("28.5", 7), new_world("28.5", 8)

    assert one == two
    assert {n.id for n in one.hosts[HOST].networks}.isdisjoint(n.id for n in other.hosts[HOST].networks)
