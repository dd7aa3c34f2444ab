"""The matrix by classes is the matrix pair by pair, whatever a student has done to the firewall."""

from __future__ import annotations

import random

import pytest

from dnetlab.explain.reach import Outcome, Reach, outcome_of, pair_by_pair, places, probe, reach, targets
from dnetlab.lab import Lab
from dnetlab.model import Snapshot, Where
from tests import builder as b

LAB = [
    "docker network create n1",
    "docker network create n2",
    "docker network create --internal inner",
    *(f"docker run -d --name a{k} --network n1 nginx" for k in range(3)),
    *(f"docker run -d --name b{k} --network n2 -p {8080 + k}:80 nginx" for k in range(3)),
    *(f"docker run -d --name c{k} nginx" for k in range(2)),
    "docker run -d --name shy --network n1 -p 127.0.0.1:9000:80 nginx",
    "docker run -d --name i0 --network inner nginx",
    "docker run -d --name i1 --network inner nginx",
    "docker run -d --name quiet --network n1 busybox sleep 10000",
    "docker network connect n2 a2",
    "docker2# docker run -d --name far -p 80:80 nginx",
]
EDITS = [
    "iptables -I DOCKER-USER -s {one} -j DROP",
    "iptables -I DOCKER-USER -d {one} -j REJECT",
    "iptables -I DOCKER-USER -s {one} -d {two} -j DROP",
    "iptables -I DOCKER-USER -s {one} -j DROP",
    "iptables -I INPUT -p tcp --dport {port} -j DROP",
    "iptables -I INPUT -p icmp -j DROP",
    "iptables -I DOCKER-USER ! -s {one} -p tcp --dport 80 -j DROP",
    "iptables -I DOCKER-USER -s 172.18.0.0/30 -j ACCEPT",
    "iptables -I FORWARD -d 172.19.0.2/31 -j DROP",
    "iptables -t nat -F",
    "iptables -t nat -F DOCKER",
    "iptables -F FORWARD",
    "iptables -P FORWARD ACCEPT",
    "iptables -t nat -I PREROUTING -p tcp --dport 9999 -j DNAT --to-destination {one}:80",
    "iptables -t nat -D POSTROUTING 1",
    "sysctl -w net.ipv4.ip_forward=0",
    "sysctl -w net.bridge.bridge-nf-call-iptables=0",
    "docker stop b1",
    "docker network disconnect n1 a0",
    "docker exec --privileged a1 ip link set eth0 down",
    "docker network connect inner a0",
]
ADDRESSES = ["172.18.0.2", "172.18.0.3", "172.18.0.4", "172.19.0.2", "172.19.0.3", "172.17.0.2", "172.20.0.2"]


def differences(snapshot: Snapshot) -> list[str]:
    found = reach(snapshot)
    return [
        f"{found.label(asker)} asks {target.address} {target.service}: {outcome.value}, by classes "
        f"{found.outcome(asker, target).value}"
        for (asker, target), outcome in pair_by_pair(snapshot).items()
        if found.outcome(asker, target) is not outcome
    ]


@pytest.mark.parametrize("release", ["20.10", "28.5", "29.7"])
def test_classes_give_what_pairs_give(release: str) -> None:
    lab = Lab(docker=release)
    lab.run_cell("\n".join(line if "#" in line else f"docker1# {line}" for line in LAB))

    assert differences(lab.snapshot()) == []


@pytest.mark.parametrize("seed", range(12))
def test_classes_give_what_pairs_give_after_random_edits(seed: int) -> None:
    chance = random.Random(seed)
    lab = Lab(docker=chance.choice(["20.10", "28.5", "29.7"]))
    lab.run_cell("\n".join(line if "#" in line else f"docker1# {line}" for line in LAB))
    for edit in chance.sample(EDITS, 4):
        one, two = chance.sample(ADDRESSES, 2)
        lab.run_cell("docker1# " + edit.format(one=one, two=two, port=chance.choice([80, 8080, 8081])))

    assert differences(lab.snapshot()) == []


@pytest.mark.parametrize(
    "line",
    [
        "ip rule add from 172.18.0.3 prohibit",
        "ip rule add to 172.18.0.2 prohibit",
        "ip route add blackhole default table 7\nip rule add from 172.18.0.2/31 lookup 7",
        "nsenter -t $(docker inspect -f '{{.State.Pid}}' a3) -n ip rule add to 172.18.0.2 prohibit",
        "bridge link set dev $(ip -br link show type veth | head -1 | cut -d@ -f1) isolated on\n"
        "bridge link set dev $(ip -br link show type veth | head -2 | tail -1 | cut -d@ -f1) isolated on",
        "bridge link set dev $(ip -br link show type veth | head -1 | cut -d@ -f1) state 1",
    ],
)
def test_classes_see_rules_of_routing_and_settings_of_ports(line: str) -> None:
    # given four equal containers on a network, one or two of which are singled out by this line
    lab = Lab(docker="28.5")
    lines = ["docker network create n1", *(f"docker run -d --name a{k} --network n1 nginx" for k in range(4))]
    lines += ["docker run -d --name quiet --network n1 busybox sleep 10000", "docker run -d --name out nginx"]
    lab.run_cell("\n".join(lines))
    before = reach(lab.snapshot()).answers
    for each in line.splitlines():
        told = lab.run(each)
        assert (told.refused, told.exit_code) == (None, 0)

    # then they are told apart from the others, and it makes a difference
    assert differences(lab.snapshot()) == []
    assert reach(lab.snapshot()).answers != before


@pytest.mark.parametrize("release", ["20.10", "28.5"])
def test_the_lab_made_by_hand(release: str) -> None:
    assert differences(b.docker_lab(release)) == []


@pytest.fixture(scope="module")
def many() -> Reach:
    """Twelve equal containers on each of two networks, one of them singled out by a rule."""
    lab = Lab()
    lines = ["docker network create n1", "docker network create n2"]
    lines += [f"docker run -d --name {n}{k} --network {n} nginx" for n in ("n1", "n2") for k in range(12)]
    lab.run_cell("\n".join([*lines, "iptables -I DOCKER-USER -s 172.18.0.5 -j DROP"]))
    return reach(lab.snapshot())


def test_equal_containers_are_one_class_and_one_named_by_a_rule_is_its_own(many: Reach) -> None:
    containers = [spot for spot in many.askers if spot[1] != "host"]

    assert len(containers) == 24
    assert len({many.asker_class[spot] for spot in containers}) == 3
    assert many.sent < 160


def test_the_matrix_says_who_reaches_whom(many: Reach) -> None:
    spot = {many.label(s): s for s in many.askers}
    aim = {(many.label(t.end), t.service): t for t in many.targets}

    assert many.outcome(spot["n11"], aim["n10", "80/tcp"]) is Outcome.OPEN
    assert many.outcome(spot["n11"], aim["n20", "80/tcp"]) is Outcome.SILENCE
    assert many.outcome(spot["n13"], aim["n10", "ping"]) is Outcome.SILENCE, "the rule singles it out"
    assert many.outcome(spot["n13"], aim["n13", "ping"]) is Outcome.OPEN, "itself, over lo"
    assert many.outcome(spot["client"], aim["n10", "ping"]) is Outcome.NO_ROUTE


def test_an_empty_lab_has_an_empty_matrix() -> None:
    assert reach(Snapshot()).answers == {}


def test_targets_are_addresses_and_open_ports() -> None:
    lab = b.docker_lab()

    dock = [t for t in targets(lab) if t.where.host == "dock"]
    assert [(t.where.namespace, str(t.address), t.service, t.behind) for t in dock] == [
        ("host", "10.33.0.1", "ping", None),
        ("host", "10.33.0.1", "8081/tcp", "web1"),
        ("web1", "172.20.0.2", "ping", None),
        ("web1", "172.20.0.2", "80/tcp", None),
        ("peer", "172.20.0.3", "ping", None),
        ("oth", "172.21.0.2", "ping", None),
    ]
    assert list(places(lab))[:2] == [("dock", "host"), ("dock", "web1")]
    first = next(iter(targets(lab)))
    assert outcome_of(probe(lab, Where("dock", "oth"), first), first) is Outcome.OPEN


def test_an_address_that_two_hosts_use_is_not_the_same_machine() -> None:
    lab = Lab()
    lab.run_cell("docker1# docker run -d --name here nginx\ndocker2# docker run -d --name there nginx")
    found = reach(lab.snapshot())
    here = next(t for t in found.targets if found.label(t.end) == "here" and t.port == 80)

    assert found.outcome(("docker1", "host"), here) is Outcome.OPEN
    assert found.outcome(("docker2", "host"), here) is Outcome.SOMEBODY_ELSE


def test_a_port_published_for_loopback_is_open_to_its_own_host_only() -> None:
    lab = Lab()
    lab.run_cell("docker run -d --name shy -p 127.0.0.1:9000:80 nginx")

    found = reach(lab.snapshot())

    target = next(t for t in found.targets if str(t.address) == "127.0.0.1")
    assert (target.where, target.port) == (Where("docker1"), 9000)
    assert found.outcome(Where("docker1"), target) is Outcome.OPEN
    assert found.outcome(Where("client"), target) is Outcome.REFUSED
