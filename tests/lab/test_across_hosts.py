"""Several hosts: a parent that goes down under a ping, ssh, services right after a join, labs of many hosts."""

from __future__ import annotations

import re

import pytest

from dnetlab import Lab
from dnetlab.explain.reach import places, targets
from dnetlab.model.labfile import parse_topology
from tests.sim.prompt import Prompt

JOIN = "docker2# docker swarm join --token $(ssh docker1 docker swarm join-token -q worker) 172.25.254.1:2377"
LAN = "docker network create -d macvlan --subnet 10.9.0.0/24 --gateway 10.9.0.1 -o parent=enp7s0 --ip-range"


@pytest.fixture
def pinging() -> Prompt:
    """A container on docker1 that pings one on docker2 once a second, over macvlan."""
    prompt = Prompt("28.5")
    prompt.out(f"docker1# {LAN} 10.9.0.64/27 lan")
    prompt.out(f"docker2# {LAN} 10.9.0.96/27 lan")
    prompt.out("docker2# docker run -d --name bb --network lan nginx")
    prompt.out("docker1# docker run -d -t --name pp --network lan busybox ping 10.9.0.96")
    return prompt


def numbers(prompt: Prompt) -> list[int]:
    return [int(n) for n in re.findall(r"seq=(\d+)", prompt.out("docker1# docker logs pp"))]


def late(prompt: Prompt) -> list[tuple[int, int]]:
    """(number, seconds) of the answers that took longer than ten milliseconds."""
    found = re.findall(r"seq=(\d+) ttl=64 time=([\d.]+)", prompt.out("docker1# docker logs pp"))
    return [(int(n), round(float(t) / 1000)) for n, t in found if float(t) > 10]


# -- a parent that goes down while a ping runs: as on pairs of 20.10.24, 26.1.5 and 28.5.2, 2026-11-27 ---------------


def test_pings_that_wait_for_the_neighbour_are_answered_late_when_the_parent_is_soon_up_again(pinging):
    # Given a ping that has found its neighbour, when the parent is down for less than the three seconds in which he is
    # asked for again,
    pinging.out("docker1# ip link set enp7s0 down")
    pinging.out("docker1# true")
    pinging.out("docker1# ip link set enp7s0 up")
    pinging.out("docker1# sleep 3")

    # then none is lost: what waited is answered two seconds late, one second late, at once.
    assert late(pinging) == [(2, 2), (3, 1), (4, 0)]
    found = numbers(pinging)
    assert found == list(range(len(found)))


def test_pings_are_lost_by_fours_when_the_neighbour_is_asked_for_in_vain(pinging):
    # Given a parent that is down for 22 seconds, when it is up again, then of the 22 pings the last two waited for the
    # question that is answered at last; the others went with the questions that nobody heard.
    pinging.out("docker1# ip link set enp7s0 down")
    pinging.out("docker1# sleep 20")
    pinging.out("docker1# ip link set enp7s0 up")
    pinging.out("docker1# sleep 4")

    found = numbers(pinging)
    assert sorted(set(range(found[-1])) - set(found)) == list(range(2, 22))
    assert late(pinging) == [(22, 2), (23, 1), (24, 0)]


def test_who_was_found_through_a_parent_is_forgotten_when_it_goes_down(pinging):
    assert "10.9.0.96 dev eth0 lladdr" in pinging.out("docker1# docker exec pp ip neigh")

    pinging.out("docker1# ip link set enp7s0 down")

    assert "lladdr" not in pinging.out("docker1# docker exec pp ip neigh")


def test_answers_are_lost_and_none_is_late_when_the_far_end_goes_down(pinging):
    pinging.out("docker2# ip link set enp7s0 down")
    pinging.out("docker2# sleep 2")
    pinging.out("docker2# ip link set enp7s0 up")
    pinging.out("docker2# sleep 2")

    found = numbers(pinging)
    assert late(pinging) == []
    assert found != list(range(len(found)))


# -- ssh: words of OpenSSH 9.2 on lab hosts, 2026-11-27 ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("REJECT", "Connection refused"),
        ("REJECT --reject-with icmp-host-prohibited", "No route to host"),
        ("DROP", "Connection timed out"),
    ],
)
def test_ssh_says_how_the_firewall_turned_it_away(rule, words):
    prompt = Prompt("28.5")
    prompt.out(f"docker1# iptables -A INPUT -p tcp --dport 22 -j {rule}")

    said = prompt.err("docker2# ssh docker1 hostname", 255)

    assert said == f"ssh: connect to host 172.25.254.1 port 22: {words}\n"


def test_a_command_that_the_other_host_has_not_is_not_found_by_its_shell():
    assert Prompt("28.5").err("docker2# ssh docker1 nosuch", 127) == "bash: line 1: nosuch: command not found\n"


# -- overlay networks and services ------------------------------------------------------------------------------------


@pytest.fixture
def swarm() -> Prompt:
    prompt = Prompt("28.5")
    prompt.out("docker1# docker swarm init --advertise-addr eth0")
    prompt.out(JOIN)
    return prompt


def test_a_port_is_published_in_the_mesh_even_when_the_service_comes_right_after_the_join(swarm):
    swarm.type("docker1# docker service create -d --name web --replicas 2 -p 8080:80 nginx")
    swarm.out("docker1# sleep 6")

    assert swarm.out("client$ curl -s -o /dev/null -w '%{http_code}\\n' 172.25.254.2:8080") == "200\n"


def test_tasks_have_their_addresses_before_the_nodes_balancers(swarm):
    # 20.10.24 and 28.5.2: the virtual address .2, tasks .3 and .4
    swarm.out("docker1# docker network create -d overlay --attachable net")
    swarm.type("docker1# docker service create -d --name web --replicas 2 --network net nginx")
    swarm.out("docker1# sleep 6")

    said = swarm.out("docker1# docker run --rm --network net busybox nslookup tasks.web")

    assert re.findall(r"Address: (\S+)", said) == ["10.0.1.3", "10.0.1.4"]


def test_the_sandboxes_of_balancers_answer_names_too(swarm):
    swarm.out("docker1# sleep 5")

    rules = swarm.out("docker1# nsenter --net=/run/docker/netns/ingress_sbox iptables -t nat -S")

    assert "-A OUTPUT -d 127.0.0.11/32 -j DOCKER_OUTPUT\n" in rules


def test_reach_asks_nobody_in_the_namespaces_of_overlay_networks(swarm):
    swarm.out("docker1# docker network create -d overlay --attachable net")
    swarm.out("docker1# docker run -d --name aa --network net nginx")
    swarm.out("docker1# sleep 5")
    snapshot = swarm.world.snapshot()
    container = snapshot.hosts["docker1"].container("aa").namespace

    assert {w.namespace for w in places(snapshot)} == {"host", container}
    assert {t.end.namespace for t in targets(snapshot)} == {"host", container}


# -- pictures ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def drawn() -> Lab:
    """A network with a container on each host, and a service in it."""
    lab = Lab(docker="28.5")
    lab.run("docker swarm init --advertise-addr eth0")
    lab.run(JOIN.removeprefix("docker2# "), "docker2")
    lab.run("docker network create -d overlay --attachable net")
    lab.run("docker run -d --name aa --network net nginx")
    lab.run("docker run -d --name bb --network net nginx", "docker2")
    lab.run("sleep 5")
    return lab


def test_the_picture_of_an_overlay_network_has_a_switch_on_each_host_and_the_tunnel_between_them(drawn):
    picture = drawn.topology()

    assert '"docker1 overlay net" -- "docker2 overlay net"' in picture.dot
    assert "VXLAN 4097, MTU 1450" in picture.dot
    assert "overlay network net  br0 (2) 10.0.1.1/24  in the namespace 1-" in picture.text
    assert "VXLAN 4097 by UDP 4789, MTU 1450, to 172.25.254.2" in picture.text
    assert "overlay network net joining aa, by VXLAN 4097" in picture.summary
    assert "ingress" not in picture.text, "a mesh that carries nothing is left out"


def test_the_picture_has_the_virtual_address_of_a_service_and_who_is_behind_it(drawn):
    drawn.run("docker service create -d --name web --replicas 2 --network net -p 8080:80 nginx")
    drawn.run("sleep 6")

    picture = drawn.topology()

    assert "VIP of web 10.0.1.6 → 10.0.1.7, 10.0.1.8" in picture.text
    assert "overlay network ingress" in picture.text
    assert "load balancer of net" in picture.dot


def test_the_path_of_a_packet_lies_on_the_tunnel(drawn):
    exchange = drawn.trace("bb", "aa")

    rows = drawn.topology(path=exchange).dot.splitlines()
    line = next(row for row in rows if row.startswith('"docker1 overlay net" -- "docker2'))
    assert 'color="#d55e00"' in line


# -- labs of 1, 3, 5 and 12 hosts -------------------------------------------------------------------------------------


def lab_of(number: int) -> str:
    """That many Docker hosts on one switch, host1 with .1."""
    hosts = "\n".join(
        f'[hosts.host{n}]\ndocker = true\nnics.eth0 = {{ switch = "lan", address = "10.1.0.{n}/24" }}'
        for n in range(1, number + 1)
    )
    return f'images = ["busybox", "nginx"]\n[switches.lan]\n{hosts}\n'


@pytest.mark.parametrize("number", [1, 3, 5, 12])
def test_every_host_of_a_lab_joins_one_swarm_and_its_containers_meet(number):
    # Given a lab of so many hosts, when each joins the first one's swarm and runs a container in one network,
    lab = Lab(docker="28.5", topology=parse_topology(lab_of(number)))
    lab.run("docker swarm init", "host1")
    lab.run("docker network create -d overlay --attachable net", "host1")
    join = "docker swarm join --token $(ssh host1 docker swarm join-token -q worker) 10.1.0.1:2377"
    for n in range(2, number + 1):
        assert lab.run(join, f"host{n}").stdout == "This node joined a swarm as a worker.\n"
    for n in range(1, number + 1):
        assert lab.run(f"docker run -d --name box{n} --network net nginx", f"host{n}").exit_code == 0
    lab.run("sleep 2", "host1")

    # then the last one's container reaches the first one's by name, and each node is listed.
    said = lab.run(f"docker exec box{number} ping -c 1 -q box1", f"host{number}")
    assert "1 packets received" in said.stdout
    assert lab.run("docker node ls -q | wc -l", "host1").stdout == f"{number}\n"
