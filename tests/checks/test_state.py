"""Checks of what is there: any way that led to it is right, and what is missing is named."""

from __future__ import annotations

import pytest

from dnetlab.explain.sentences import words
from tests.checks.labs import evidence_after, result, verdict

WEB = "docker run -d --name web1 nginx"


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        ("container", {"name": "web1"}, "passed"),
        ("container", {"name": "web1", "image": "nginx:latest"}, "passed"),
        ("container", {"name": "web1", "image": "busybox"}, "failed"),
        ("container", {"name": "web1", "state": "stopped"}, "failed"),
        ("container", {"name": "web1", "state": "gone"}, "failed"),
        ("container", {"name": "docker1/web1"}, "passed"),
        ("container", {"name": "docker2/web1"}, "failed"),
        ("container", {"name": "web1", "mode": "host"}, "failed"),
        ("on_network", {"container": "web1", "network": "bridge"}, "passed"),
        ("on_network", {"container": "web1", "network": "bridge", "only": True}, "failed"),
        ("on_network", {"container": "web1", "network": "net1", "address": "172.30.0.9"}, "passed"),
        ("on_network", {"container": "web1", "network": "net1", "address": "172.30.0.8"}, "failed"),
        ("on_network", {"container": "old", "network": "bridge"}, "failed"),
        ("network", {"name": "net1", "driver": "bridge", "subnet": "172.30.0.0/24"}, "passed"),
        ("network", {"name": "net1", "internal": True}, "failed"),
        ("network", {"name": "net1", "host": "docker2"}, "failed"),
        ("network", {"name": "net1", "host": "docker9"}, "could not be judged"),
        ("network", {"name": "net2", "exists": False}, "passed"),
        ("joined", {"container": "side", "other": "web1"}, "passed"),
        ("joined", {"container": "old", "other": "web1"}, "failed"),
        ("link", {"place": "web1", "dev": "eth0", "up": True, "mtu": 1500}, "passed"),
        ("link", {"place": "web1", "dev": "eth0", "mtu": 1450}, "failed"),
        ("link", {"place": "web1", "dev": "eth1", "address": "172.30.0.9"}, "passed"),
        ("link", {"place": "web1", "dev": "eth2", "exists": False}, "passed"),
        ("link", {"place": "docker1", "dev": "eth7"}, "failed"),
        ("route", {"place": "web1", "to": "8.8.8.8", "via": "172.17.0.1"}, "passed"),
        ("route", {"place": "client", "to": "172.17.0.0/16", "via": "172.25.254.1"}, "failed"),
        ("sysctl", {"place": "docker1", "name": "net.ipv4.ip_forward", "value": "1"}, "passed"),
        ("sysctl", {"place": "client", "name": "net.ipv4.ip_forward", "value": "1"}, "failed"),
        ("process", {"name": "nginx"}, "passed"),
        ("process", {"name": "docker-proxy", "running": False}, "passed"),
        ("process", {"name": "docker-proxy"}, "failed"),
        ("clean", {"host": "docker2"}, "passed"),
        ("clean", {"keep": ("web1", "side", "old", "net1")}, "passed"),
        ("clean", {"keep": ("web1",)}, "failed"),
    ],
)
def test_a_check_of_state_says_what_is_so(kind, fields, expected):
    # given a container on two networks, another in its namespace, and one that was stopped
    evidence = evidence_after(
        "docker network create --subnet 172.30.0.0/24 net1", WEB,
        "docker network connect --ip 172.30.0.9 net1 web1",
        "docker run -d --name side --network container:web1 busybox sleep 1000",
        "docker run -d --name old nginx", "docker stop old",
    )  # fmt: skip

    assert verdict(evidence, kind, **fields) == expected


def test_a_failed_check_says_what_was_expected_and_what_was_found_in_both_languages():
    found = result(evidence_after(WEB), "on_network", container="web1", network="blue")

    assert words(found.expected, "en") == "container web1 is on network blue"
    assert words(found.found, "en") == "web1 is on: bridge"
    assert words(found.expected, "zh") == "容器 web1 连接在网络 blue 上"
    assert words(found.found, "zh") == "web1 连接的网络：bridge"


def test_a_process_of_docker_proxy_is_told_by_its_port():
    evidence = evidence_after("docker run -d -p 8080:80 nginx")

    assert verdict(evidence, "process", name="docker-proxy", port=8080) == "passed"
    assert verdict(evidence, "process", name="docker-proxy", port=80) == "failed"


def test_not_turns_a_verdict_around_but_not_one_that_could_not_be_given():
    evidence = evidence_after(WEB)

    assert result(evidence, "container", True, name="web1").verdict.value == "failed"
    assert result(evidence, "container", True, name="web2").verdict.value == "passed"
    assert result(evidence, "clean", True, host="nowhere").verdict.value == "could not be judged"
    assert words(result(evidence, "container", True, name="web2").expected, "en") == "not so: container web2 runs"
