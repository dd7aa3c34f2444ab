"""`xtables-monitor --trace` and the handles of iptables' rules against real ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dnetlab import Lab

FOLDER = Path(__file__).resolve().parent.parent / "recordings" / "tools" / "nft"
SHAPES = (  # what no two runs have in common
    (r"MAC(SRC|DST)=[0-9a-f:]+", r"MAC\1"), (r"\bID=\d+", "ID=N"), (r"FLOWLBL=\d+", "FLOWLBL=N"),
    (r"SPORT=\d{5}", "SPORT=N"),
)  # fmt: skip


def shaped(text: str) -> list[str]:
    """The lines with packets numbered in the order they came, and without what is another in each run."""
    numbers: dict[str, int] = {}
    rows = []
    for row in text.splitlines():
        for pattern, shape in SHAPES:
            row = re.sub(pattern, shape, row)
        found = re.sub(r"(: \d+) ([0-9a-f]{8})\b", lambda m: f"{m[1]} #{numbers.setdefault(m[2], len(numbers))}", row)
        rows.append(found)
    return rows


def test_what_a_real_one_told_of_the_same_packets_and_the_handles_of_the_rules_they_met():
    # Given rules of iptables and ip6tables on a router, appended, inserted, replaced and with chains of one's own
    cell = (FOLDER / "xtables.cell").read_text(encoding="utf-8")

    # When two listen beside packets through it, to it, from it, and within it
    rules, six, both = (output.stdout for output in Lab().run_cell(cell).outputs[-3:])

    # Then nft lists the rules with the handles that they had on the real host, and of the packets the same is told
    real = (FOLDER / "xtables.out").read_text(encoding="utf-8")
    at = real.index("PACKET: ")
    assert rules == real[:at]
    assert "meta l4proto ipv6-icmp counter packets 2 bytes 208 accept # handle 6" in rules
    assert shaped(six + both) == shaped(real[at:])
    assert "INPUT:rule:0xe:JUMP:two  -4 -t filter -A INPUT -j two" in both


def handles(lab: Lab) -> str:
    """The chains and rules of a host, each with its handle, on one line."""
    rows = [row.strip() for row in lab.run("client# nft -a list ruleset").stdout.splitlines() if "handle" in row]
    return "; ".join(re.sub(r"(table ip |chain | \{|counter packets 0 bytes 0 | #)", "", row) for row in rows)


def test_handles_go_on_in_the_order_of_creation_whatever_is_replaced_refused_or_taken_away():
    # Given a chain that -P makes, two rules of one call, and one that is replaced: as on a real host (iptables 1.8.9)
    lab = Lab()
    for words in ("-P FORWARD DROP", "-A INPUT -s 1.1.1.1 -j ACCEPT", "-R INPUT 1 -s 1.1.1.9 -j DROP",
                  "-I INPUT -s 2.1.1.1,2.1.1.7 -j ACCEPT", "-N a", "-A a -j RETURN"):  # fmt: skip
        assert lab.run(f"client# iptables {words}").exit_code == 0
    assert handles(lab) == (
        "filter handle 1; FORWARD handle 1; INPUT handle 2; ip saddr 2.1.1.7 accept handle 5; "
        "ip saddr 2.1.1.1 accept handle 4; ip saddr 1.1.1.9 drop handle 3; a handle 6; return handle 7"
    )

    # When the kernel refuses a rule, one is deleted, a chain is emptied, and all that is empty is removed
    assert lab.run("client# iptables -A INPUT -j MASQUERADE").exit_code == 4
    for words in ("-D INPUT 3", "-A INPUT -j ACCEPT", "-F a", "-Z", "-X", "-t nat -F", "-t mangle -F OUTPUT"):
        assert lab.run(f"client# iptables {words}").exit_code == 0

    # Then its handle is gone, and nobody's is another one
    assert handles(lab) == (
        "filter handle 1; FORWARD handle 1; INPUT handle 2; ip saddr 2.1.1.7 accept handle 5; "
        "ip saddr 2.1.1.1 accept handle 4; accept handle 9; mangle handle 2; OUTPUT handle 1"
    )


def test_built_in_chains_go_when_they_are_removed_empty_and_come_again_with_new_handles():
    lab = Lab()
    lab.run("client# iptables -P INPUT ACCEPT; iptables -P FORWARD DROP; iptables -A OUTPUT -j ACCEPT")

    assert lab.run("client# iptables -X FORWARD").stderr == "iptables: Directory not empty.\n"
    lab.run("client# iptables -P FORWARD ACCEPT; iptables -X FORWARD")
    assert handles(lab) == "filter handle 1; INPUT handle 1; OUTPUT handle 3; accept handle 4"
    missing = lab.run("client# iptables -X FORWARD")
    assert missing.stderr == "iptables: No chain/target/match by that name.\n"

    lab.run("client# iptables -nL -Z")
    assert handles(lab) == "filter handle 1; INPUT handle 1; OUTPUT handle 3; accept handle 4; FORWARD handle 5"


def test_a_table_that_is_restored_is_a_new_one():
    lab = Lab()
    lab.run("client# iptables -A INPUT -j ACCEPT; iptables -t nat -A OUTPUT -j RETURN; iptables -N c")
    lab.run("client# iptables-save -t filter > saved")

    lab.run("client# iptables-restore < saved")

    assert handles(lab) == (
        "nat handle 2; OUTPUT handle 1; return handle 2; "
        "filter handle 3; INPUT handle 1; accept handle 5; FORWARD handle 2; OUTPUT handle 3; c handle 4"
    )


def test_what_it_says_without_listening():
    lab = Lab()

    version, bad, usage, bounded, events = (
        lab.run(f"client# {line}") for line in (
            "xtables-monitor --version", "xtables-monitor -x", "xtables-monitor", "timeout 3 xtables-monitor -t",
            "xtables-monitor -e")
    )  # fmt: skip

    assert version.stdout == "xtables-monitor 1.8.9\n"
    assert (bad.stdout, bad.exit_code) == ("", 2)
    assert bad.stderr == "xtables-monitor 1.8.9: Bad argument.\nTry `xtables-monitor -h' for more information.\n"
    assert usage.stdout.splitlines()[1] == "Usage: xtables-monitor [ -t | -e ]"
    assert usage.exit_code == 1
    assert (bounded.stdout, bounded.exit_code) == ("", 124)
    assert str(events.refused.reason) == "xtables-monitor -e is not part of the lab."


def test_a_rule_of_ip6tables_that_it_cannot_read_ends_it():
    # Given a port of IPv6, which the real one reads as if it were of IPv4
    lab = Lab()
    lab.run("client# ip6tables -t raw -A PREROUTING -p tcp --dport 80 -j TRACE")
    lab.run("client# ip -6 addr add fd09::1/64 dev eth0 nodad; ip6tables -A INPUT -p tcp -j REJECT")
    lab.run("docker1# ip -6 addr add fd09::2/64 dev eth0 nodad")

    # When such a packet comes
    told = lab.run_cell("client# xtables-monitor -t &\ndocker1# curl -s -m 0.5 'http://[fd09::1]/'").outputs[0]

    # Then it prints as far as it came, and its error
    assert told.stdout.endswith("raw:PREROUTING:rule:0x2:CONTINUE  -6 -t raw ")
    assert told.stderr.splitlines()[0] == "Error: unsupported layer 4 protocol value"


def test_the_rules_of_docker_have_the_handles_that_a_real_28_5_gave_them():
    # Given a daemon that has just started, and a container with a port in a network of its own
    lab = Lab(docker="28.5")
    lab.run("docker network create -o com.docker.network.bridge.name=br1 net1")
    lab.run("docker run -d --name web -p 8080:80 nginx")
    lab.run("docker run -d --name web2 --network net1 -p 8081:80 nginx")

    # When nft lists what it wrote
    said = lab.run("nft -a list table ip filter").stdout

    # Then the handles tell in which order: first the jump to its chain, then what stands there, each put on top
    rows = [re.sub(r"counter packets 0 bytes 0 ", "", row.strip()) for row in said.splitlines() if " # handle" in row]
    assert rows == [
        "table ip filter { # handle 2",
        "chain DOCKER { # handle 1",
        'iifname != "br1" oifname "br1" ip daddr 172.18.0.2 tcp dport 80 accept # handle 27',
        'iifname != "docker0" oifname "docker0" ip daddr 172.17.0.2 tcp dport 80 accept # handle 26',
        'iifname != "docker0" oifname "docker0" drop # handle 15',
        'iifname != "br1" oifname "br1" drop # handle 21',
        "chain DOCKER-FORWARD { # handle 2",
        "jump DOCKER-CT # handle 11",
        "jump DOCKER-ISOLATION-STAGE-1 # handle 10",
        "jump DOCKER-BRIDGE # handle 9",
        'iifname "docker0" accept # handle 14',
        'iifname "br1" accept # handle 20',
        "chain DOCKER-BRIDGE { # handle 3",
        'oifname "docker0" jump DOCKER # handle 17',
        'oifname "br1" jump DOCKER # handle 23',
        "chain DOCKER-CT { # handle 4",
        'oifname "docker0" ct state related,established accept # handle 16',
        'oifname "br1" ct state related,established accept # handle 22',
        "chain DOCKER-ISOLATION-STAGE-1 { # handle 5",
        'iifname "docker0" oifname != "docker0" jump DOCKER-ISOLATION-STAGE-2 # handle 18',
        'iifname "br1" oifname != "br1" jump DOCKER-ISOLATION-STAGE-2 # handle 24',
        "chain DOCKER-ISOLATION-STAGE-2 { # handle 6",
        'oifname "br1" drop # handle 25',
        'oifname "docker0" drop # handle 19',
        "chain FORWARD { # handle 7",
        "jump DOCKER-USER # handle 13",
        "jump DOCKER-FORWARD # handle 8",
        "chain DOCKER-USER { # handle 12",
    ]


@pytest.mark.parametrize(("release", "line"), [("28.5", "systemctl restart docker"), ("20.10", "true")])
def test_after_docker_has_started_again_and_of_older_ones_nobody_knows_the_handles_of_its_rules(release, line):
    lab = Lab(docker=release)
    lab.run(f"iptables -t mangle -A OUTPUT -j ACCEPT; {line}")

    lost, own = lab.run("nft -a list ruleset"), lab.run("nft -a list table ip mangle")
    monitor = lab.run("timeout 2 xtables-monitor -t")

    assert str(lost.refused.reason) == (
        "In which order Docker has written its rules in the table nat is not modelled, and so not their handles."
    )
    assert own.stdout.splitlines()[-3].strip() == "counter packets 0 bytes 0 accept # handle 2"
    assert monitor.refused is not None
