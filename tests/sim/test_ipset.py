"""ipset 7.17 and `-m set`: each text recorded in a network namespace of Debian 12 (the command stands in the test);
the number in `initval 0x…` is a chance there and here."""

from __future__ import annotations

import re

import pytest

from tests.sim.prompt import Prompt


@pytest.fixture
def host() -> Prompt:
    return Prompt()


def listed(host: Prompt, line: str) -> list[str]:
    return re.sub(r" initval 0x[0-9a-f]{8}", "", host.out(line)).splitlines()


def test_a_set_is_listed_with_what_it_was_made_with(host: Prompt) -> None:
    # ipset create tmp hash:ip timeout 60; ipset add tmp 1.2.3.4; ipset list tmp
    host.type("ipset create tmp hash:ip timeout 60\nipset add tmp 1.2.3.4 timeout 10")
    assert listed(host, "ipset list tmp") == [
        "Name: tmp", "Type: hash:ip", "Revision: 6",
        "Header: family inet hashsize 1024 maxelem 65536 timeout 60 bucketsize 12", "Size in memory: 280",
        "References: 0", "Number of entries: 1", "Members:", "1.2.3.4 timeout 8",
    ]  # fmt: skip
    host.type("sleep 10")
    assert listed(host, "ipset list tmp")[-2:] == ["Number of entries: 0", "Members:"]


@pytest.mark.parametrize(
    ("made", "added", "size", "members"),
    [
        ("hash:net", "172.25.254.0/24", 504, ["172.25.254.0/24"]),
        ("hash:ip,port", "172.17.0.2,http", 264, ["172.17.0.2,tcp:80"]),
        ("hash:net,port", "172.17.0.0/16,udp:53", 504, ["172.17.0.0/16,udp:53"]),
        ("bitmap:port range 1-1024", "100-103", 200, ["100", "101", "102", "103"]),
        ("bitmap:ip range 10.0.0.0/24", "10.0.0.5", 120, ["10.0.0.5"]),
        ("hash:ip counters", "1.1.1.1", 296, ["1.1.1.1 packets 0 bytes 0"]),
        ("hash:ip counters comment", '1.1.1.1 comment "bad guy"', 336, ['1.1.1.1 packets 0 bytes 0 comment "bad guy"']),
        ("hash:ip family inet6", "fd00::1", 288, ["fd00::1"]),
        ("hash:ip,port,ip", "1.1.1.1,tcp:http,2.2.2.2", 264, ["1.1.1.1,tcp:80,2.2.2.2"]),
    ],
)
def test_each_kind_has_elements_of_its_own(host: Prompt, made: str, added: str, size: int, members: list[str]) -> None:
    # ipset create s KIND; ipset add s ELEMENT; ipset list s
    host.type(f"ipset create s {made}\nipset add s {added}")
    rows = listed(host, "ipset list s")
    assert rows[4] == f"Size in memory: {size}"
    assert rows[8:] == members


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("ipset create b hash:ip", 1, "Set cannot be created: set with the same name already exists"),
        ("ipset add b 172.25.254.38", 1, "Element cannot be added to the set: it's already added"),
        ("ipset del b 1.2.3.4", 1, "Element cannot be deleted from the set: it's not added"),
        ("ipset add nosuch 1.2.3.4", 1, "The set with the given name does not exist"),
        ("ipset create c foo", 1, "Syntax error: typename 'foo' is unknown"),
        ("ipset add b 1.1.1.1,80", 1, "Syntax error: Elem separator in 1.1.1.1,80, but settype hash:ip supports none."),
        ("ipset add b 300.1.1.1", 1, "Syntax error: cannot parse 300.1.1.1: resolving to IPv4 address failed"),
        ("ipset add b 1.1.1.1 timeout 5", 1, "Timeout cannot be used: set was created without timeout support"),
        ("ipset add w 1.1.1.1", 1, "Syntax error: Second element is missing from 1.1.1.1."),
        ("ipset add n 0.0.0.0/0", 1, "The value of the CIDR parameter of the IP address is invalid"),
        ("ipset add n 10.0.0.0/33", 1, "Syntax error: '33' is out of range 0-32"),
        ("ipset add p 100", 1, "Element is out of the range of the set"),
        ("ipset add all nosuch", 1, "Set to be added/deleted/tested as element does not exist."),
        ("ipset destroy b", 1, "Set cannot be destroyed: it is in use by a kernel component"),
        ("ipset rename n w", 1, "Set cannot be renamed: a set with the new name already exists"),
        ("ipset swap n w", 1, "The sets cannot be swapped: their type does not match"),
        ("ipset create q bitmap:port", 2, "Mandatory option `range' is missing"),
        ("ipset create q hash:ip timeout", 2, "Missing mandatory argument of option `timeout'"),
        ("ipset create q hash:ip timeout x", 1, "Syntax error: 'x' is invalid as number"),
        ("ipset add b", 2, "Missing second mandatory argument to command add"),
        ("ipset foo", 2, "No command specified: unknown argument foo"),
        ("ipset", 2, "No command specified."),
    ],
)
def test_it_complains_in_its_own_words(host: Prompt, line: str, code: int, said: str) -> None:
    host.type("ipset create b hash:ip\nipset add b 172.25.254.38\n"
              "ipset create w hash:ip,port\n"
              "ipset create n hash:net\nipset create p bitmap:port range 80-90\n"
              "ipset create all list:set\nipset add all b")  # fmt: skip
    told = "Try `ipset help' for more information.\n" if code == 2 else ""
    assert host.err(line, code) == f"ipset v7.17: {said}\n{told}"


def test_one_rule_closes_a_published_port_for_all_of_a_set(host: Prompt) -> None:
    # given a rule of DOCKER-USER that asks a set, when an address is added or taken out, then the rule stays as it is
    host.type("docker run -d --name web -p 8080:80 nginx\nipset create blocked hash:ip\n"
              "iptables -I DOCKER-USER -m set --match-set blocked src -j DROP")  # fmt: skip
    assert host.type("client$ curl -s -m 2 172.25.254.1:8080").exit_code == 0
    host.type("ipset add blocked 172.25.254.38")
    assert host.type("client$ curl -s -m 2 172.25.254.1:8080").exit_code == 28
    assert host.type("docker2# curl -s -m 2 172.25.254.1:8080").exit_code == 0
    assert host.out("iptables -nL DOCKER-USER").endswith("  0.0.0.0/0            match-set blocked src\n")
    assert "References: 1\n" in host.out("ipset list -t blocked")
    host.type("ipset flush blocked")
    assert host.type("client$ curl -s -m 2 172.25.254.1:8080").exit_code == 0


def test_networks_ports_and_lists_of_sets_are_asked_too(host: Prompt) -> None:
    # given a set of networks and one of servers in a list, when -m set asks dst,dst, then the port counts as well
    host.type("docker run -d --name web -p 8080:80 nginx\n"
              "ipset create nets hash:net\nipset add nets 172.25.254.0/24\n"
              "ipset create servers hash:ip,port\nipset add servers 172.17.0.2,tcp:81\n"
              "ipset create all list:set\nipset add all servers\n"
              "iptables -I DOCKER-USER -m set --match-set nets src "
              "-m set --match-set all dst,dst -j REJECT")  # fmt: skip
    assert host.type("client$ curl -s 172.25.254.1:8080").exit_code == 0
    host.type("ipset add servers 172.17.0.2,80")
    assert host.type("client$ curl -s 172.25.254.1:8080").exit_code == 7


def test_what_is_saved_can_be_restored(host: Prompt) -> None:
    # ipset save > FILE; ipset destroy; ipset restore < FILE
    host.type("ipset create a hash:ip timeout 60\nipset create b hash:net\nipset add b 10.0.0.0/8")
    host.type("ipset save > /tmp/sets")
    host.type("ipset destroy\nipset restore < /tmp/sets")
    assert host.out("ipset list -n") == "a\nb\n"
    assert "10.0.0.0/8" in host.out("ipset list b")
    assert host.err("ipset restore < /tmp/sets") == (
        "ipset v7.17: Error in line 1: Set cannot be created: set with the same name already exists\n"
    )


def test_a_rule_asks_only_a_set_that_is_there_and_of_its_family(host: Prompt) -> None:
    # iptables -A INPUT -m set --match-set nosuch src -j DROP; ip6tables -A INPUT -m set --match-set c src -j DROP
    host.type("ipset create c hash:ip")
    end = "\n\nTry `iptables -h' or 'iptables --help' for more information.\n"
    assert host.err("iptables -A INPUT -m set --match-set nosuch src -j DROP", 2) == (
        f"iptables v1.8.9 (nf_tables): Set nosuch doesn't exist.{end}"
    )
    assert host.err("ip6tables -A INPUT -m set --match-set c src -j DROP", 2) == (
        "ip6tables v1.8.9 (nf_tables): The protocol family of set c is IPv4, which is not applicable.\n"
        "\nTry `ip6tables -h' or 'ip6tables --help' for more information.\n"
    )
