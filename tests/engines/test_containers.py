"""Lab hosts as containers of an outer Docker Engine: everything carries the lab's label, and only that is removed."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys

import pytest
from docker.errors import APIError

from dnetlab.commands.cell import parse_cell
from dnetlab.engines import labhosts
from dnetlab.engines.docker import DockerEngine
from dnetlab.engines.providers import cgroups, containers
from dnetlab.engines.providers.containers import LABEL, ContainerHosts, Containers
from dnetlab.engines.providers.namespaces import NamespaceHosts
from tests.engines.outer import OUTER

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def outer():
    """A dockerd in a network namespace of its own, which plays the engine that a user already has."""
    lab = NamespaceHosts("20.10", shape=OUTER)
    with lab:
        lab.run("docker1", "docker run -d --name mine nginx; docker network create mine")
        yield lab


def url_of(outer):
    return f"unix://{outer.socket('docker1')}"


@pytest.fixture(scope="module")
def inner(outer):
    """The lab's hosts as containers of that engine, docker1's and docker2's daemons started."""
    hosts = ContainerHosts(base_url=url_of(outer), proc=f"{outer.root('docker1')}/proc")
    with hosts as lab:
        yield lab


def test_hosts_are_on_the_lan_of_the_lab(inner):
    assert inner.run("docker1", "ip -4 -br addr show eth0").stdout.split()[-1] == "172.25.254.1/24"
    assert (
        inner.run("client", "ip route").stdout
        == "172.25.254.0/24 dev eth0 proto kernel scope link src 172.25.254.38 \n"
    )
    assert "PROMISC" in inner.run("docker2", "ip link show enp7s0").stdout
    assert inner.run("docker2", "ip -4 addr show enp7s0").stdout == ""
    assert inner.run("client", "cat /etc/resolv.conf; hostname").stdout == "nameserver 192.0.2.53\nclient\n"


def test_the_hosts_reach_each_other_by_ssh(inner):
    assert inner.run("docker2", "ssh docker1 hostname").stdout == "docker1\n"
    assert inner.run("docker2", "echo hi >f; scp f docker1:/tmp/; ssh docker1 cat /tmp/f").stdout == "hi\n"
    assert ":22 " not in inner.run("docker1", "ss -Htln").stdout, "sshd runs only while a line asks for it"


def test_a_published_port_is_reached_from_the_client(inner):
    engine = DockerEngine(hosts=inner)
    lines = parse_cell(
        "docker1# docker run -d --name web -p 80:80 nginx\nclient# curl -s 172.25.254.1\n"
        "docker1# docker run -it --rm busybox\n/ # ping -c 1 172.17.0.2\n/ # exit"
    )

    outputs = [engine.run(line) for line in lines]

    assert [o.exit_code for o in outputs] == [0, 0, 0, 0, 0]
    assert "Welcome to nginx!" in outputs[1].stdout


def test_the_snapshot_looks_into_the_inner_containers(inner):
    engine = DockerEngine(hosts=inner)

    snapshot = engine.snapshot()

    host = snapshot.hosts["docker1"]
    web = host.container("web")
    assert str(web.endpoints[0].address) == "172.17.0.2"
    assert host.namespaces[web.namespace].interface("eth0").peer.namespace == "host"
    assert host.stack.netfilter.table("nat").chain("DOCKER").rules[-1].target.name == "DNAT"


def test_a_second_lab_on_the_same_engine_stands_beside_the_first_with_the_same_addresses(outer, inner):
    with ContainerHosts(base_url=url_of(outer), proc=f"{outer.root('docker1')}/proc", daemons=()) as second:
        assert second.run("client", "ping -c 1 -W 5 172.25.254.1").exit_code == 0
        second.run("docker1", "ip addr flush dev eth0")
        assert inner.run("client", "ping -c 1 -W 5 172.25.254.1").exit_code == 0

    assert inner.run("client", "hostname").stdout == "client\n"


def test_a_lab_that_is_kept_is_found_again_and_is_not_swept_away(outer, inner):
    provider = Containers(url_of(outer), f"{outer.root('docker1')}/proc")
    assert {row.kept for row in provider.standing() if row.lab == inner.lab} == {False}

    inner.keep()

    rows = [row for row in provider.standing() if row.lab == inner.lab]
    assert [(row.host, row.address, row.daemon, row.state, row.kept) for row in rows] == [
        ("docker1", "172.25.254.1", "started", "up", True),
        ("docker2", "172.25.254.2", "started", "up", True),
        ("client", "172.25.254.38", "-", "up", True),
    ]
    again = provider.attach(inner.lab)
    assert (again.version, again.shape) == ("20.10", inner.shape)
    assert provider.sweep(None) == []


def test_a_host_that_was_ended_is_shown_and_made_anew(outer, inner):
    provider = Containers(url_of(outer), f"{outer.root('docker1')}/proc")
    inner.run("docker1", "touch /tmp/mine")
    outer.run("docker1", f"docker kill {inner.container('client')}")

    assert [row.host for row in provider.standing() if row.state == "gone"] == ["client"]
    assert provider.attach(inner.lab).heal() == ["client"]

    assert inner.run("client", "ping -c 1 -W 5 172.25.254.1").exit_code == 0
    assert inner.run("docker1", "ls /tmp/mine").exit_code == 0, "the others are left as they were"


def test_a_host_that_was_stopped_and_a_daemon_that_was_killed_are_told_by_ps_and_mended_by_up(
    outer, inner, monkeypatch
):
    provider = Containers(url_of(outer), f"{outer.root('docker1')}/proc")
    monkeypatch.setattr(labhosts, "providers", lambda: [provider])
    inner.run("docker1", "pid=$(cat /run/docker.pid); kill -9 $pid; while [ -d /proc/$pid ]; do :; done")
    outer.run("docker1", f"docker stop -t 1 {inner.container('docker2')}")

    assert labhosts.ps().splitlines()[-2:] == [
        f"A host of {inner.lab} has ended. Make it anew: dnetlab up {inner.lab}",
        f"dockerd doesn't run on docker1. Start it: dnetlab up {inner.lab}",
    ]
    said = []
    labhosts.up(lab=inner.lab, progress=said.append)

    assert said == [
        f"the lab {inner.lab} is up; made anew: docker2",
        f"the lab {inner.lab} is up; dockerd started: docker1",
    ]
    assert [(row.host, row.daemon, row.state) for row in provider.standing()] == [
        ("docker1", "started", "up"),
        ("docker2", "started", "up"),
        ("client", "-", "up"),
    ]
    assert inner.run("client", "ping -c 1 -W 5 172.25.254.2").exit_code == 0


def test_down_removes_what_carries_the_label_and_nothing_else(outer, inner):
    Containers(url_of(outer)).down(inner.lab)

    assert _labelled(url_of(outer)) == 0
    assert outer.run("docker1", "docker ps -q --filter name=mine").stdout != ""
    assert "mine" in outer.run("docker1", "docker network ls --format '{{.Name}}'").stdout.split()
    assert cgroups.left(inner.lab) == []


CRASH = """
import sys
from dnetlab.engines.providers.containers import LABEL, ContainerHosts, Containers
ContainerHosts(base_url=sys.argv[1], daemons=()).up()
print("up", flush=True)
sys.stdin.read()
"""


def test_kill_9_at_any_moment_leaves_nothing_that_the_next_start_does_not_remove_and_takes_nothing_else(outer):
    url = url_of(outer)
    bystanders = "docker ps -aq --filter name=mine; docker network ls -q --filter name=mine"
    there = outer.run("docker1", bystanders).stdout
    chance = random.Random(3)
    for number in range(12):
        moment = chance.uniform(0.3, 1.8)
        process = subprocess.Popen(
            [sys.executable, "-c", CRASH, url], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=moment)
        process.kill()
        process.communicate()

        for _ in range(20):  # what dockerd was still making for the one that was killed is there a moment later
            containers.sweep(url)
            if _labelled(url) == 0:
                break

        assert _labelled(url) == 0, f"kill number {number}, after {moment:.2f} s"
        assert outer.run("docker1", bystanders).stdout == there
    assert outer.run("docker1", "docker inspect -f '{{.State.Running}}' mine").stdout == "true\n"
    assert len(there.split()) == 2


@pytest.mark.parametrize("sentence", ["client: up", "docker1: up"])
def test_ctrl_c_while_hosts_come_up_leaves_nothing_behind(outer, sentence):
    url = url_of(outer)
    said = []

    def progress(text):
        said.append(text)
        if sentence in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ContainerHosts(base_url=url, daemons=(), progress=progress).up()

    assert sentence in said[-1]
    assert _labelled(url) == 0


def test_a_real_ctrl_c_while_hosts_come_up_leaves_nothing_behind(outer):
    url = url_of(outer)
    process = subprocess.Popen(
        [sys.executable, "-c", CRASH.replace("daemons=()", "progress=lambda text: print(text, flush=True)"), url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    while ": up at" not in process.stdout.readline():
        assert process.poll() is None

    for _ in range(3):  # a student who isn't heard at once presses again
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=60)
            break
    process.stdin.close()
    process.stdout.close()

    assert process.returncode not in (0, None)
    assert _labelled(url) == 0


def test_what_dockerd_can_not_remove_at_once_goes_all_the_same_and_ctrl_c_waits_for_it(outer, monkeypatch):
    # given a dockerd that fails at the first container, as one on a busy machine does, and Ctrl-C at the second
    hosts = ContainerHosts(base_url=url_of(outer), daemons=()).up()
    remove, answers = hosts.api.remove_container, iter([APIError("did not receive an exit event"), KeyboardInterrupt()])

    def refused_at_first(*words, **options):
        for answer in answers:
            raise answer
        return remove(*words, **options)

    monkeypatch.setattr(hosts.api, "remove_container", refused_at_first)

    # when it is taken down
    with pytest.raises(KeyboardInterrupt):
        hosts.down()

    # then nothing of it is left
    assert _labelled(url_of(outer)) == 0


def _labelled(url):
    api = containers.outer_client(url)
    found = api.containers(all=True, filters={"label": LABEL}) + api.networks(filters={"label": LABEL})
    api.close()
    return len(found)


def test_without_an_engine_the_reason_is_said():
    nowhere = Containers("unix:///nowhere/docker.sock")

    assert nowhere.why_not() == "no Docker Engine answers on this machine"
    assert (nowhere.standing(), nowhere.sweep(None)) == ([], [])
