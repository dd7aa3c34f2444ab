"""Matches of iptables that depend on what came before, or on the hour: how many of a client's pings are answered."""

from __future__ import annotations

import re

import pytest

from tests.sim.prompt import Prompt


@pytest.fixture
def host() -> Prompt:
    return Prompt()


def answered(host: Prompt, line: str = "client$ ping -c 6 -W 1 172.25.254.1") -> list[int]:
    """The numbers of the pings that came back."""
    return [int(n) for n in re.findall(r"icmp_seq=(\d+) ttl", host.type(line).stdout)]


def test_a_limit_lets_its_burst_by_and_then_its_rate(host: Prompt) -> None:
    # given three at once and one a second, when six come in a second, then three pass, and one when a second is over
    host.type("iptables -A INPUT -p icmp -m limit --limit 1/s --limit-burst 3 -j ACCEPT\n"
              "iptables -A INPUT -p icmp -j DROP")  # fmt: skip
    assert answered(host, "client$ ping -c 6 -i 0.2 -W 1 172.25.254.1") == [1, 2, 3, 6]


def test_a_limit_has_filled_again_after_a_while(host: Prompt) -> None:
    # given a limit of which nothing is left, when a minute has passed, then it lets its burst by again
    host.type("iptables -A INPUT -p icmp -m limit --limit 6/min --limit-burst 2 -j ACCEPT\n"
              "iptables -A INPUT -p icmp -j DROP")  # fmt: skip
    assert answered(host, "client$ ping -c 3 -i 0.2 -W 1 172.25.254.1") == [1, 2]
    host.type("sleep 60")
    assert answered(host, "client$ ping -c 3 -i 0.2 -W 1 172.25.254.1") == [1, 2]


def test_hashlimit_has_a_purse_for_each_source(host: Prompt) -> None:
    # given two for each address, when one has used them up, then another still has its own
    host.type("iptables -A INPUT -p icmp -m hashlimit --hashlimit-upto 2/min --hashlimit-burst 2 "
              "--hashlimit-mode srcip --hashlimit-name x -j ACCEPT\n"
              "iptables -A INPUT -p icmp -j DROP")  # fmt: skip
    assert answered(host) == [1, 2]
    assert answered(host, "docker2# ping -c 1 172.25.254.1") == [1]


def test_recent_drops_whoever_was_seen_too_often(host: Prompt) -> None:
    # given --set and --update --hitcount 3, when six pings come, then the fourth is the first that isn't answered,
    # and a minute of silence is forgiven
    host.type("iptables -A INPUT -p icmp -m recent --name ping --update --seconds 60 --hitcount 3 -j DROP\n"
              "iptables -A INPUT -p icmp -m recent --name ping --set -j ACCEPT")  # fmt: skip
    assert answered(host) == [1, 2, 3]
    assert host.out("cat /proc/net/xt_recent/ping").startswith("src=172.25.254.38 ttl: 64 last_seen: 42948")
    host.type("sleep 61")
    assert answered(host, "client$ ping -c 1 172.25.254.1") == [1]
    host.type("iptables -F INPUT")
    assert host.type("cat /proc/net/xt_recent/ping").refused is not None  # a list goes with its last rule


def test_statistic_takes_every_second(host: Prompt) -> None:
    host.type("iptables -A INPUT -p icmp -m statistic --mode nth --every 2 --packet 0 -j DROP")
    assert answered(host) == [2, 4, 6]


def test_time_looks_at_the_clock_of_the_lab(host: Prompt) -> None:
    # given that a lab begins on a Monday at eight, when a rule is for another hour or day, then it doesn't hold
    host.type("iptables -A INPUT -p icmp -m time --timestart 09:00 --timestop 10:00 -j DROP\n"
              "iptables -A INPUT -p icmp -m time --timestart 07:00 --weekdays Tue -j DROP")  # fmt: skip
    assert answered(host, "client$ ping -c 1 172.25.254.1") == [1]
    host.type("iptables -A INPUT -p icmp -m time --timestart 22:00 --timestop 09:00 --weekdays Mon -j DROP")
    assert answered(host, "client$ ping -c 1 -W 1 172.25.254.1") == []


def test_connlimit_counts_the_connection_itself(host: Prompt) -> None:
    host.type("docker run -d --name web -p 8080:80 nginx\n"
              "iptables -A DOCKER-USER -p tcp --syn -m connlimit --connlimit-above 1 -j REJECT")  # fmt: skip
    assert host.type("client$ curl -s 172.25.254.1:8080").exit_code == 0
    host.type("iptables -A DOCKER-USER -p tcp --syn -m connlimit --connlimit-above 0 -j REJECT")
    assert host.type("client$ curl -s 172.25.254.1:8080").exit_code == 7


def test_connlimit_counts_by_address_or_by_network(host: Prompt) -> None:
    # given one flow for each address, when a client pings again, then only another machine is still answered
    host.type("iptables -A INPUT -p icmp -m connlimit --connlimit-above 1 -j DROP")
    once = "ping -c 1 -W 1 172.25.254.1"
    assert answered(host, f"client$ {once}") == [1]
    assert answered(host, f"client$ {once}") == []
    assert answered(host, f"docker2# {once}") == [1]

    # and with one for the network, nobody else of it
    host.type("iptables -F INPUT\nconntrack -F\n"
              "iptables -A INPUT -p icmp -m connlimit --connlimit-above 1 --connlimit-mask 24 -j DROP")  # fmt: skip
    assert answered(host, f"client$ {once}") == [1]
    assert answered(host, f"docker2# {once}") == []


def test_a_connections_mark_is_saved_and_asked_for(host: Prompt) -> None:
    # given a packet's mark that CONNMARK saves, when -m connmark asks, then the answers of the server are marked, too
    host.type("docker run -d --name web -p 8080:80 nginx\n"
              "iptables -t mangle -A PREROUTING -p tcp --dport 8080 -j MARK --set-mark 5\n"
              "iptables -t mangle -A PREROUTING -p tcp --dport 8080 -j CONNMARK --save-mark\n"
              "iptables -A DOCKER-USER -i docker0 -m connmark --mark 5\n"
              "iptables -A DOCKER-USER -m connmark --mark 6")  # fmt: skip
    host.type("client$ curl -s 172.25.254.1:8080")
    rows = host.out("iptables -nvL DOCKER-USER").splitlines()[2:]
    assert [row.split()[0] for row in rows] == ["4", "0"]
    assert " mark=5 " in host.type("conntrack -L -p tcp").stdout


def test_asking_why_leaves_nothing_behind(host: Prompt) -> None:
    # given a rule that remembers, when a packet is only traced, then its purse is as full as before
    from dnetlab import Lab

    lab = Lab()
    lab.run("iptables -A INPUT -p icmp -m limit --limit 1/hour --limit-burst 1 -j ACCEPT")
    lab.run("iptables -A INPUT -p icmp -j DROP")
    lab.trace("client", "docker1")
    lab.trace("client", "docker1")
    assert lab.run("client# ping -c 1 172.25.254.1").exit_code == 0
