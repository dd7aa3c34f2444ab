"""Where the lab hosts' namespaces can't be entered, one exec per host reads the same values.

The kernel takes an IPv6 address into use a second or two after it is set (DAD): until then nobody is reached by it.
"""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from dnetlab.commands.cell import parse_cell
from dnetlab.engines.docker import DockerEngine
from dnetlab.engines.look import one_exec
from dnetlab.engines.providers.containers import ContainerHosts
from dnetlab.engines.providers.namespaces import NamespaceHosts
from tests.engines.outer import OUTER

LAB = """\
docker1# docker network create my_net1
docker1# docker run -d --name web1 -p 80:80 nginx
docker1# docker run -d --name web2 --network my_net1 --network-alias w nginx
docker1# docker network connect bridge web2
docker1# docker run -d --name joined --network container:web2 busybox sleep 600
docker1# docker run -d --name hosty --network host busybox sleep 600
docker1# docker run --name done busybox true
docker1# docker network create -d macvlan --subnet 10.9.0.0/24 -o parent=enp7s0 mac
docker1# docker run -d --name macro --network mac busybox sh -c 'sleep 600
true '
docker1# ip route add blackhole 192.0.2.128/25
docker1# ip addr add 172.25.254.201/24 dev eth0
docker1# iptables -A DOCKER-USER -s 203.0.113.0/24 -m comment --comment "no, thanks" -j DROP
docker1# docker network create --ipv6 --subnet fd00:6::/64 six
docker1# docker run -d --name web6 --network six -p 8080:80 nginx
docker1# ! command -v nft || nft add table ip mine '{ chain c { tcp dport 80 counter accept; }; }'
docker1# ip -6 route add fd00:7::/64 via fd00:6::2
docker1# ip rule add from 172.25.254.201/24 fwmark 0x2/0xff table 100
docker1# ip -6 rule add to fd00:9::/64 prohibit
docker1# ip route add default via 172.25.254.38 table 100
docker1# ip6tables -A FORWARD -s fd00:8::/64 -m comment --comment "no, thanks" -j DROP
docker1# timeout 30 sh -c "until ping -c 1 -W 1 fd00:6::2; do :; done"
docker1# docker exec web2 ping -c 1 web2
client# curl -s 172.25.254.1
"""


@pytest.fixture(scope="module")
def pair():
    """The same lab through two engines: by netlink, and through the outer Engine's API alone."""
    outer = NamespaceHosts("20.10", shape=OUTER)
    with outer, ContainerHosts(base_url=_url(outer), proc=f"{outer.root('docker1')}/proc") as hosts:
        assert hosts.direct
        far = ContainerHosts(base_url=hosts.base_url, lab=hosts.lab, direct=False).attach()
        near, other = DockerEngine(hosts=hosts), DockerEngine(hosts=far)
        other.started = near.started
        yield near, other


def _url(outer):
    return f"unix://{outer.socket('docker1')}"


def run(engine, text):
    return [engine.run(line) for line in parse_cell(text)]


@pytest.mark.engine
def test_both_ways_see_the_same_lab(pair):
    near, far = pair
    assert [o.line.text for o in run(far, LAB) if o.exit_code] == []
    seen = near.snapshot(), far.snapshot()

    for name in ("docker1", "docker2", "client"):
        one, two = (_settled(snapshot.hosts[name]) for snapshot in seen)
        for field in fields(one):
            assert getattr(one, field.name) == getattr(two, field.name), f"{name}: {field.name}"


def _settled(host):
    """Without what goes on while one looks: the age of neighbours, and those that IPv6 meets on the links by itself,
    states of conntrack, parts of a second."""
    met = {
        name: [replace(n, state="") for n in space.neighbours if not n.address.is_link_local]
        for name, space in host.namespaces.items()
    }
    spaces = {
        name: replace(
            space,
            neighbours=tuple(sorted(met[name], key=str)),
            connections=tuple(sorted((replace(c, state=None) for c in space.connections), key=str)),
        )
        for name, space in host.namespaces.items()
    }
    processes = tuple(replace(process, started=0.0) for process in host.processes)
    images = tuple(sorted(host.images, key=lambda image: image.id))  # dockerd lists those of one second in any order
    return replace(host, namespaces=spaces, processes=processes, images=images)


@pytest.mark.engine
def test_a_terminal_opens_and_ends_where_only_the_api_reaches(pair):
    _, far = pair

    outputs = run(
        far, "docker2# docker run -it --rm --name term busybox\n/ # hostname -i\n/ # exit 3\ndocker2# docker ps -q"
    )

    assert [(o.stdout, o.exit_code) for o in outputs[1:]] == [("172.17.0.2\n", 0), ("", 3), ("", 0)]
    assert far.snapshot().hosts["docker2"].containers == ()


@pytest.mark.engine
def test_a_daemon_that_is_stopped_shows_no_containers(pair):
    _, far = pair
    run(far, "docker2# systemctl stop docker")

    host = far.snapshot().hosts["docker2"]

    assert (host.docker_running, host.containers, host.networks) == (False, (), ())
    assert host.stack.interface("docker0") is not None


@pytest.mark.engine
def test_a_look_does_not_see_itself(pair):
    _, far = pair

    snapshot = far.snapshot()

    assert [process.argv for process in snapshot.hosts["client"].processes] == [("init",)]


@pytest.mark.engine
def test_a_pid_that_is_another_process_here_is_not_entered(pair):
    near, _ = pair
    hosts = near.hosts
    behind = ContainerHosts(base_url=hosts.base_url, proc="/proc", lab=hosts.lab)

    assert behind.attach().direct is False


def test_rows_of_ss_become_sockets():
    text = (
        "udp UNCONN 0 0 172.17.0.1%docker0:68 0.0.0.0:* ino:7 sk:1\n"
        "udp ESTAB 0 0 10.0.0.1:5000 10.0.0.2:53 ino:8 sk:2\n"
        "tcp LISTEN 0 511 *:80 *:* ino:9 sk:3 v6only:0\n"
        "tcp ESTAB 0 0 10.0.0.1:80 10.0.0.2:4000 ino:10 sk:4\n"
        "tcp LISTEN 0 128 [::1]:22 [::]:* ino:11 sk:5 v6only:1\n"
    )

    found = one_exec._sockets(text, False, {"9": (42, "nginx")})

    assert [(s.protocol.value, str(s.local_address), s.local_port, s.backlog, s.v6only) for s in found] == [
        ("tcp", "::", 80, 511, False),
        ("tcp", "::1", 22, 128, True),
        ("udp", "172.17.0.1", 68, 0, False),
    ]
    assert (found[0].pid, found[0].program) == (42, "nginx")
