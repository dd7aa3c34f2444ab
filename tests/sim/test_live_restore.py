"""Containers that outlive their daemon; real engines answered it in tests/recordings/*/pair_live_restore.jsonl."""

from __future__ import annotations

import re

import pytest

from dnetlab.engines.simulator import Simulator
from dnetlab.model import Line
from tests.sim.prompt import Prompt

LIVE = """echo '{"live-restore": true}' > /etc/docker/daemon.json"""


def lab(release: str, config: str = LIVE) -> Prompt:
    """A host whose daemon was told so."""
    prompt = Prompt(release)
    prompt.out(config)
    prompt.out("systemctl restart docker")
    return prompt


def shown(prompt: Prompt, command: str) -> list[str]:
    """What it lists, without comments, counts, and an order."""
    rows = re.sub(r"packets \d+ bytes \d+|\[\d+:\d+\]", "", prompt.type(command).stdout).splitlines()
    return sorted(row for row in rows if not row.startswith("#"))


@pytest.mark.parametrize("config", [
    LIVE,
    """echo '{"live-restore": true, "userland-proxy": false}' > /etc/docker/daemon.json""",
    """echo '{"live-restore": true, "firewall-backend": "nftables"}' > /etc/docker/daemon.json""",
], ids=["iptables", "without docker-proxy", "nftables"])  # fmt: skip
def test_a_daemon_of_29_finds_its_containers_and_writes_its_rules_as_they_were(config):
    # Given a server with a published port and one in a network of both families (29.7.2's daemon/daemon.go is 28.5.2's)
    prompt = lab("29.7", config)
    prompt.out("sysctl -w net.ipv4.ip_forward=1")
    prompt.out("sysctl -w net.ipv6.conf.all.forwarding=1")
    prompt.out("sysctl -w net.ipv6.conf.default.forwarding=1")
    prompt.out("iptables -P FORWARD ACCEPT")
    prompt.out("docker network create --ipv6 nn")
    prompt.out("docker run -d --name web1 -p 8080:80 nginx")
    prompt.out("docker run -d --name web2 --network nn -p 8081:80 nginx")
    looks = ("iptables-save", "ip6tables-save", "nft list ruleset", "ip -br address", "ss -Hltn",
             "docker ps --format '{{.Names}} {{.Ports}}'",
             "docker inspect -f '{{.State.Pid}} {{.State.StartedAt}}' web1",
             "docker exec web2 ip address")  # fmt: skip
    before = [shown(prompt, look) for look in looks]

    # When the daemon goes, then the container can be asked through the rules, and nothing listens
    prompt.out("systemctl stop docker")
    assert prompt.out("client# curl -s -o /dev/null -w '%{http_code}' 172.25.254.1:8080") == "200"
    assert prompt.out("ss -Hltn") == ""

    # When it is there again, then all is as it was
    prompt.out("systemctl start docker")
    after = [shown(prompt, look) for look in looks]
    assert after == before
    assert prompt.out("docker exec web2 nslookup web2").count("Address") >= 2


@pytest.mark.parametrize(("release", "status"), [("20.10", "healthy"), ("26.1", "starting"), ("28.5", "starting")])
def test_health_is_asked_anew_from_26_on(release, status):
    # Given a container that is healthy (observed on the three: `docker inspect` right after the start)
    prompt = lab(release)
    prompt.out("docker run -d --name well --health-cmd true --health-interval 20s nginx")
    prompt.out("sleep 30")
    assert prompt.out("docker inspect -f '{{.State.Health.Status}}' well") == "healthy\n"

    prompt.out("systemctl restart docker")

    assert prompt.out("docker inspect -f '{{.State.Health.Status}}' well") == f"{status}\n"
    prompt.out("sleep 30")
    assert prompt.out("docker inspect -f '{{.State.Health.Status}}' well") == "healthy\n"


@pytest.mark.parametrize(("release", "code"), [("20.10", "7"), ("26.1", "255"), ("28.5", "255")])
def test_who_ends_while_no_daemon_looks_is_found_so_by_the_next(release, code):
    # Given a program that ends with 7, and one that a policy starts again (observed on the three)
    prompt = lab(release)
    prompt.out("docker run -d --name short busybox sh -c 'sleep 60; exit 7'")
    prompt.out("docker run -d --name back --restart on-failure busybox sh -c 'sleep 60; exit 7'")

    # When they end meanwhile, then their processes are gone, and their links stay until the daemon tidies up
    prompt.out("systemctl stop docker")
    prompt.out("sleep 100")
    assert "sleep 60" not in prompt.out("ps ax")
    assert prompt.out("ip -br link | grep -c veth") == "2\n"

    prompt.out("systemctl start docker")
    assert prompt.out("docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' short") == f"exited {code}\n"
    assert prompt.out("docker inspect -f '{{.State.Status}} {{.RestartCount}}' back") == "running 0\n"
    assert prompt.out("ip -br link | grep -c veth") == "1\n"


def test_a_daemon_that_finds_a_port_taken_is_refused():
    prompt = lab("28.5")
    prompt.out("docker run -d --name web1 -p 8080:80 nginx")
    prompt.out("systemctl stop docker")

    output = prompt.type("nc -l -p 8080 &\nsystemctl start docker")

    assert output.refused is not None
    assert output.refused.reason.startswith("Port 8080 of a container that outlived its daemon is taken")


def test_a_file_that_is_wrong_changes_nothing_when_it_is_read_again():
    # Given a daemon that runs, when its file is none and it is told to read it, then it says so and goes on
    prompt = lab("28.5")
    prompt.out("echo '{' > /etc/docker/daemon.json")

    prompt.out("systemctl reload docker")

    assert prompt.out("docker info -f '{{.LiveRestoreEnabled}}'") == "true\n"
    assert "Error reconfiguring the daemon" in prompt.out("journalctl -u docker -n 1")


def test_a_terminal_inside_closes_when_the_daemon_goes():
    # Given a shell in a container, when the daemon goes from elsewhere, then its client has hung up
    engine = Simulator("28.5")
    for text in (LIVE, "systemctl restart docker", "docker run -d --name job busybox sleep 1000",
                 "docker exec -it job sh", "exit"):  # fmt: skip
        assert engine.run(Line(0, text, "docker1")).refused is None

    assert engine.run(Line(0, "systemctl stop docker", "docker1")).exit_code == 0
    assert "sleep 1000" in engine.run(Line(0, "ps ax", "docker1")).stdout
