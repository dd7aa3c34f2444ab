"""Published ports: what is bound, by which docker-proxy, and what is said when a port can't be had."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from dnetlab.model import Protocol, Socket, SocketState, Where
from dnetlab.sim import signals
from dnetlab.sim.dockerd import containers, lifecycle, networks, system
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World

from .daemonlab import HOST, container, run

OLD, NEW = ("20.10", "26.1"), ("28.5", "29.7")


def ports(world: World, name: str) -> list[str]:
    return [str(binding) for binding in container(world, name).ports]


def proxies(world: World) -> list[str]:
    return [p.command for p in world.hosts[HOST].processes if "docker-proxy" in p.argv[0]]


def said(world: World, name: str, *wanted: str) -> str:
    """What the daemon says to `run -p …`, with the endpoint's id taken out."""
    with pytest.raises(ApiError) as failure:
        run(world, name, ports=wanted)
    head, _, tail = failure.value.message.partition(f"endpoint {name} (")
    return f"{head}endpoint {name} (){tail[65:]}"


@pytest.mark.parametrize(
    ("release", "last"), [("20.10", ""), ("26.1", ""), ("28.5", " -use-listen-fd"), ("29.7", " -use-listen-fd")]
)
def test_a_port_has_a_proxy_for_each_family_with_its_sockets(release: str, last: str) -> None:
    # Given -p 8081:80, then two docker-proxies listen, with the command lines of 20.10.24 and 28.5.2.
    world = new_world(release)

    run(world, "web1", ports=("8081:80",))

    tail = f"-host-port 8081 -container-ip 172.17.0.2 -container-port 80{last}"
    assert proxies(world) == [
        f"/usr/sbin/docker-proxy -proto tcp -host-ip 0.0.0.0 {tail}",
        f"/usr/sbin/docker-proxy -proto tcp -host-ip :: {tail}",
    ]
    sockets = world.namespace(Where(HOST)).sockets
    assert [f"{s.local_address} {s.local_port} {s.state.value} {s.backlog}" for s in sockets] == [
        "0.0.0.0 8081 LISTEN 4096", ":: 8081 LISTEN 4096",
    ]  # fmt: skip
    assert ports(world, "web1") == ["0.0.0.0:8081->80/tcp", "[::]:8081->80/tcp"]


@pytest.mark.parametrize("release", OLD + NEW)
def test_ports_chosen_by_the_daemon_count_up_per_protocol(release: str) -> None:
    # Given free ports asked for by several containers, then numbers go up from 32768 for tcp and udp apart, and for
    # each address: one that came back on 127.0.0.1 is the next on all (20.10.24, 26.1.5, 28.5.2).
    world = new_world(release)
    run(world, "web1", ports=("80", "6000/udp"))
    run(world, "web5", ports=("80",))
    run(world, "web6", ports=("127.0.0.1::80",))
    containers.remove(world, HOST, "web6", force=True)
    run(world, "web7", ports=("80",))

    assert ports(world, "web1") in (
        ["0.0.0.0:32768->80/tcp", "[::]:32768->80/tcp", "0.0.0.0:32768->6000/udp", "[::]:32768->6000/udp"],
        ["0.0.0.0:32768->6000/udp", "[::]:32768->6000/udp", "0.0.0.0:32768->80/tcp", "[::]:32768->80/tcp"],
    )
    assert ports(world, "web5")[0] == "0.0.0.0:32769->80/tcp"
    assert ports(world, "web7")[0] == "0.0.0.0:32770->80/tcp"


@pytest.mark.parametrize("release", OLD + NEW)
def test_a_range_gives_its_first_free_port_and_publish_all_takes_the_images_ports(release: str) -> None:
    # Given a range for one container port and -P, then the first free port of the range and port 80 are published.
    world = new_world(release)

    run(world, "web7", ports=("8000-8002:80",))
    run(world, "web8", ports=("8000-8002:80",))
    run(world, "web9", publish_all=True)

    assert ports(world, "web7")[0] == "0.0.0.0:8000->80/tcp"
    assert ports(world, "web8")[0] == "0.0.0.0:8001->80/tcp"
    assert ports(world, "web9") == ["0.0.0.0:32768->80/tcp", "[::]:32768->80/tcp"]


@pytest.mark.parametrize("release", OLD)
def test_a_clash_is_told_in_the_words_of_20_10(release: str) -> None:
    # Given a published port, one on an address, and a program of the host's on 80,
    # when others ask for the same, then they hear what 20.10.24 and 26.1.5 say, and nothing of theirs stays.
    world = new_world(release)
    run(world, "web1", ports=("8080:80",))
    run(world, "web2", ports=("172.25.254.1:81:80",))
    run(world, "hosty", "host")
    before = (proxies(world), world.namespace(Where(HOST)))
    where = "driver failed programming external connectivity on endpoint {} (): "
    bind = "Bind for {} failed: port is already allocated"
    proxy = "Error starting userland proxy: listen tcp4 {}: bind: {}"
    taken, absent = "address already in use", "cannot assign requested address"

    assert said(world, "xx1", "8080:80") == where.format("xx1") + bind.format("0.0.0.0:8080")
    assert said(world, "xx2", "127.0.0.1:8080:80") == where.format("xx2") + proxy.format("127.0.0.1:8080", taken)
    assert said(world, "xx3", "81:80") == where.format("xx3") + proxy.format("0.0.0.0:81", taken)
    assert said(world, "xx4", "9.9.9.9:82:80") == where.format("xx4") + proxy.format("9.9.9.9:82", absent)
    assert said(world, "xx5", "80:80") == where.format("xx5") + proxy.format("0.0.0.0:80", taken)
    assert (proxies(world), world.namespace(Where(HOST))) == before


def test_a_clash_is_told_in_the_words_of_28_5() -> None:
    # Given the same lab on 28.5, then the words are those of 28.5.2: the daemon's table knows that addresses meet.
    world = new_world("28.5")
    run(world, "web1", ports=("8080:80",))
    run(world, "web2", ports=("172.25.254.1:81:80",))
    run(world, "hosty", "host")
    where = (
        "failed to set up container networking: driver failed programming external connectivity on endpoint {} (): "
    )
    bind = "Bind for {} failed: port is already allocated"
    real = "failed to bind host port for {}:172.17.0.4:80/tcp: {}"
    taken, absent = "address already in use", "cannot assign requested address"

    assert said(world, "xx1", "8080:80") == where.format("xx1") + bind.format("0.0.0.0:8080")
    assert said(world, "xx2", "127.0.0.1:8080:80") == where.format("xx2") + bind.format("0.0.0.0:8080")
    assert said(world, "xx3", "81:80") == where.format("xx3") + bind.format("172.25.254.1:81")
    assert said(world, "xx4", "9.9.9.9:82:80") == where.format("xx4") + real.format("9.9.9.9:82", absent)
    assert said(world, "xx5", "80:80") == where.format("xx5") + real.format("0.0.0.0:80", taken)


@pytest.mark.parametrize("release", OLD + NEW)
def test_an_end_frees_the_ports_and_a_killed_proxy_stays_dead(release: str) -> None:
    # Given a published port whose proxies were killed, then the daemon still shows the port and starts no new proxy;
    # when the container restarts, then both proxies are back, and after its end nothing is left.
    world = new_world(release)
    run(world, "web1", ports=("8081:80",))
    pids = [p.pid for p in world.hosts[HOST].processes if "docker-proxy" in p.argv[0]]
    for pid in pids:
        signals.send_signal(world, HOST, pid, 15)
    assert ports(world, "web1") == ["0.0.0.0:8081->80/tcp", "[::]:8081->80/tcp"]
    left = ["[docker-proxy] <defunct>"] * 2 if release == "20.10" else []  # which waits for them at the end only
    assert (proxies(world), world.namespace(Where(HOST)).sockets) == (left, ())

    lifecycle.restart(world, HOST, "web1")
    assert len(proxies(world)) == 2
    lifecycle.stop(world, HOST, "web1")

    assert (proxies(world), world.namespace(Where(HOST)).sockets, ports(world, "web1")) == ([], (), [])


@pytest.mark.parametrize("release", OLD + NEW)
@pytest.mark.parametrize("network", ["none", "inner"])
def test_some_networks_publish_nothing(release: str, network: str) -> None:
    # Given a container without a network, or on an internal one, then -p is accepted and nothing is bound.
    world = new_world(release)
    networks.create(world, HOST, "inner", internal=True)

    run(world, "web1", network, ports=("8081:80",))

    assert (ports(world, "web1"), proxies(world), world.namespace(Where(HOST)).sockets) == ([], [], ())


@pytest.mark.parametrize("release", OLD + NEW)
def test_the_networks_host_binding_is_the_default_address(release: str) -> None:
    # Given a network with host_binding_ipv4=127.0.0.1, then a port without an address is bound there only.
    world = new_world(release)
    networks.create(world, HOST, "n1", options={"com.docker.network.bridge.host_binding_ipv4": "127.0.0.1"})

    run(world, "web1", "n1", ports=("8081:80",))

    assert ports(world, "web1") == ["127.0.0.1:8081->80/tcp"]


@pytest.mark.parametrize("release", OLD + NEW)
def test_a_program_on_one_address_leaves_the_others_free(release: str) -> None:
    # Given a program of the host's on 127.0.0.1:81, when a container asks for 172.25.254.1:81, then it gets it.
    world = new_world(release)
    taken = Socket(Protocol.TCP, container_ip("127.0.0.1"), 81, SocketState.LISTEN, 1, "busybox")
    world.change_namespace(Where(HOST), lambda stack: replace(stack, sockets=(taken,)))

    run(world, "web1", ports=("172.25.254.1:81:80",))

    assert ports(world, "web1") == ["172.25.254.1:81->80/tcp"]


def container_ip(text: str) -> IPv4Address:
    return IPv4Address(text)


def test_a_daemon_restart_sets_the_port_cursor_back() -> None:
    # Given a port chosen by the daemon, when it restarts and the container starts again, then it is 32768 again.
    world = new_world("28.5")
    run(world, "web1", ports=("80",))
    lifecycle.restart(world, HOST, "web1")
    assert ports(world, "web1")[0] == "0.0.0.0:32769->80/tcp"

    system.restart_daemon(world, HOST)
    lifecycle.start(world, HOST, "web1")

    assert ports(world, "web1")[0] == "0.0.0.0:32768->80/tcp"
