"""How a packet fares in chains of nft; of two at one priority Linux asks the newer first (seen in a namespace)."""

from __future__ import annotations

from contextlib import closing

import pytest

from dnetlab.commands.cell import parse_cell
from dnetlab.engines.simulator import Simulator


def told(text: str) -> list:
    """What the lines answered on a fresh lab of three hosts."""
    with closing(Simulator("29.7")) as engine:
        return [engine.run(line) for line in parse_cell(text)]


def test_of_two_chains_at_one_priority_the_newer_meets_a_packet_first():
    text = (
        "docker2# nft 'add table ip t; add chain ip t old { type filter hook input priority 0; }'\n"
        "docker2# nft add rule ip t old counter\n"
        "docker2# nft 'add chain ip t new { type filter hook input priority 0; }'\n"
        "docker2# nft add rule ip t new ip protocol icmp counter drop\n"
        "client# ping -c 1 -W 1 172.25.254.2\n"
        "docker2# nft list table ip t\n"
    )

    *_, ping, listed = told(text)

    assert ping.exit_code == 1
    assert "counter packets 0 bytes 0\n" in listed.stdout
    assert "ip protocol icmp counter packets 1 bytes 84 drop\n" in listed.stdout


def test_accept_ends_a_chain_and_not_the_packets_way():
    text = (
        "docker2# nft 'add table ip t; add chain ip t first { type filter hook input priority -1; }'\n"
        "docker2# nft add rule ip t first accept\n"
        "docker2# iptables -A INPUT -p icmp -j DROP\n"
        "client# ping -c 1 -W 1 172.25.254.2\n"
    )

    assert told(text)[-1].exit_code == 1


@pytest.mark.parametrize(("rule", "passes"), [
    ("ip saddr 172.25.254.38 drop", False),
    ("ip saddr != 172.25.254.38 drop", True),
    ("ip saddr { 172.25.254.1, 172.25.254.38 } drop", False),
    ("ip saddr 172.25.254.30-172.25.254.40 drop", False),
    ("ip saddr @bad drop", False),
    ("iifname vmap { lo : accept, eth0 : drop }", False),
    ("iifname vmap { lo : drop }", True),
    ('iifname "eth*" drop', False),
    ("icmp type echo-request drop", False),
    ("icmp type echo-reply drop", True),
    ("tcp dport 80 drop", True),
    ("meta l4proto { tcp, udp } drop", True),
    ("ct state established,related drop", True),
    ("ct state new drop", False),
    ("ip ttl < 64 drop", True),
    ("ip ttl >= 64 drop", False),
    ("fib daddr type local drop", False),
    ("fib saddr type local drop", True),
    ("meta mark 7 drop", True),
    ("limit rate 1/minute burst 1 packets accept comment kept", True),
    ("limit rate over 1/minute burst 1 packets drop", True),
    ("jump far", False),
    ("goto near", True),
    ("reject with icmp host-prohibited", False),
    ("meta nfproto ipv6 drop", True),
])  # fmt: skip
def test_a_rule_lets_an_echo_by_or_not(rule, passes):
    text = (
        "docker2# nft 'add table inet t; add chain inet t far; add chain inet t near; add rule inet t far drop'\n"
        "docker2# nft 'add set inet t bad { type ipv4_addr; elements = { 172.25.254.38 }; }'\n"
        "docker2# nft 'add chain inet t in { type filter hook input priority 0; }'\n"
        f"docker2# nft 'add rule inet t in {rule}'\n"
        "client# ping -c 1 -W 1 172.25.254.2\n"
    )

    *made, ping = told(text)

    assert all(output.exit_code == 0 and output.refused is None for output in made)
    assert (ping.exit_code == 0) is passes


def test_a_limit_is_used_up_and_fills_with_time():
    text = (
        "docker2# nft 'add table ip t; add chain ip t in { type filter hook input priority 0; policy drop; }'\n"
        "docker2# nft add rule ip t in limit rate 1/minute burst 2 packets counter accept\n"
        "client# ping -c 4 -W 1 172.25.254.2\n"
        "docker2# nft -s list table ip t\n"
    )

    *_, ping, listed = told(text)

    assert "4 packets transmitted, 2 received" in ping.stdout
    assert "limit rate 1/minute burst 2 packets counter accept\n" in listed.stdout
