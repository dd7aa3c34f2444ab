"""A kernel's rules and tables, written by `ip` in a network namespace of the test's own, as a snapshot has them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from dnetlab.engines.look import netlink

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs a network namespace")
NAME = f"dnetrule{os.getpid()}"
LINES = """\
link add v0 type veth peer name v1
link set v0 up
link set v1 up
addr add 10.0.0.1/24 dev v0
rule add from 10.0.0.3/24 to 10.9.0.0/16 table 100 pref 100
rule add not fwmark 0x2/0xff iif v0 oif v1 lookup 101 pref 90
rule add from 10.7.0.0/16 prohibit pref 80
rule add dport 80 ipproto tcp table 7 pref 70
-6 rule add from fd00::/64 table 100 pref 60
route add default via 10.0.0.9 table 100
route add throw 10.6.0.0/16 table 100
"""


@pytest.fixture
def space():
    subprocess.run(["ip", "netns", "add", NAME], check=True)
    try:
        for line in LINES.splitlines():
            subprocess.run(["ip", "-n", NAME, *line.split()], check=True)
        place = netlink.ToLookAt("host", f"/run/netns/{NAME}")
        yield netlink.namespaces([place], lambda _: False, {})["host"]
    finally:
        subprocess.run(["ip", "netns", "del", NAME], check=True)


def test_rules_and_tables_of_a_kernel_are_read_as_ip_prints_them(space) -> None:
    """GIVEN rules of all kinds and two routes beside the main table
    WHEN the namespace is looked at
    THEN each row is what `ip rule` and `ip route show table 100` print (iproute2 6.1), in their order, and the one that
         asks for a port is known as one that the lab doesn't follow
    """
    assert [str(rule) for rule in space.rules if rule.version == 4] == [
        "0: from all lookup local", "70: from all lookup 7", "80: from 10.7.0.0/16 prohibit",
        "90: not from all fwmark 0x2/0xff iif v0 oif v1 lookup 101", "100: from 10.0.0.3/24 to 10.9.0.0/16 lookup 100",
        "32766: from all lookup main", "32767: from all lookup default",
    ]  # fmt: skip
    assert [str(rule) for rule in space.rules if rule.version == 6] == [
        "0: from all lookup local", "60: from fd00::/64 lookup 100", "32766: from all lookup main",
    ]  # fmt: skip
    assert [rule.unread for rule in space.rules[:3]] == [False, True, False]
    assert [str(route) for route in space.routes if route.table == 100] == [
        "default via 10.0.0.9 dev v0", "throw 10.6.0.0/16",
    ]  # fmt: skip
    assert [str(route) for route in space.routes_of(4)] == ["10.0.0.0/24 dev v0"]
