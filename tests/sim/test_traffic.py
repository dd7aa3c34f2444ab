"""Interfaces count what goes through them; figures of a real 20.10.24 without what IPv6 says by itself."""

from __future__ import annotations

import pytest

from dnetlab.sim.lab import new_world
from dnetlab.sim.world import World
from tests.sim.toollab import at, inside, lab


@pytest.fixture
def asked() -> World:
    """docker1 with one nginx, whose page two hosts have fetched (client by a route and an open FORWARD)."""
    world = new_world("20.10")
    at(world, "docker run -d --name web nginx")
    at(world, "ip route add 172.17.0.0/16 via 172.25.254.1", "client")
    at(world, "iptables -P FORWARD ACCEPT")
    at(world, "curl -s -m 1 172.17.0.2", "client")
    at(world, "curl -s -m 1 172.17.0.2")
    return world


def test_a_container_has_sent_two_pages_and_an_answer_to_arp(asked):
    """9 packets, 1286 bytes sent, as the recording; received: six packets for each page and the question of ARP."""
    listing = inside(asked, "web", "ifconfig eth0").stdout

    assert "RX packets:13 errors:0 dropped:0 overruns:0 frame:0" in listing
    assert "TX packets:9 errors:0 dropped:0 overruns:0 carrier:0" in listing
    assert "RX bytes:998 (998.0 B)  TX bytes:1286 (1.2 KiB)" in listing


def test_a_bridge_counts_received_bytes_without_the_frames_heads(asked):
    """1160 received by docker0 are 1286 by the veth behind it, less 14 for each of the 9 packets (recorded)."""
    assert at(asked, "ip -s link show docker0").stdout.splitlines()[2:] == [
        "    RX:  bytes packets errors dropped  missed   mcast           ",
        "          1160       9      0       0       0       0 ",
        "    TX:  bytes packets errors dropped carrier collsns           ",
        "           998      13      0       0       0       0 ",
    ]
    assert at(asked, "cat /sys/class/net/docker0/statistics/rx_packets").stdout == "9\n"


def test_netstat_and_proc_tell_the_same(asked):
    row = next(r for r in at(asked, "netstat -i").stdout.splitlines() if r.startswith("docker0"))

    assert row == "docker0          1500        9      0      0 0            13      0      0      0 BMRU"
    dev = at(asked, "cat /proc/net/dev").stdout
    assert "docker0:    1160       9    0    0    0     0          0         0      998      13    0" in dev


def test_loopback_counts_a_ping_twice_and_without_heads():
    world = lab("28.5")

    at(world, "ping -c 1 127.0.0.1")

    assert at(world, "ip -s -o link show lo").stdout.count("           168       2 ") == 2


def test_two_s_are_refused_as_the_lab_counts_no_errors():
    world = lab("28.5")

    with pytest.raises(Exception, match="not errors by kind"):
        at(world, "ip -s -s link")


def test_json_has_the_counters_too(asked):
    told = at(asked, "ip -j -s link show docker0").stdout

    assert '"stats64":{"rx":{"bytes":1160,"packets":9,"errors":0,"dropped":0,"over_errors":0,"multicast":0}' in told
