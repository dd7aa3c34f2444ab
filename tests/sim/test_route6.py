"""`route` and `netstat` of net-tools 2.10 over IPv6, as recorded in a network namespace after the same lines.

Ref is a count of the kernel's own; it was 1 to 4 there, and is left out. There br0 had no port, and so no address of
its own link yet; those rows are left out here, as are addresses that follow from a MAC.
"""

from __future__ import annotations

import re

from dnetlab import Lab

TYPED = """\
client# ip -6 addr add fd01::1/64 dev eth0 nodad
client# ip link add br0 type bridge
client# ip link add near type veth peer name far
client# ip link set near up
client# ip link set far master br0 up
client# ip -6 addr add fd02::1/64 dev br0 nodad
client# ip link set br0 up
client# ip -6 route add fd05::/64 via fd01::2
client# ip -6 route add default via fd01::2
client# ip -6 route add fd07::/48 dev eth0 metric 5
"""
HEAD = [
    "Kernel IPv6 routing table",
    "Destination                    Next Hop                   Flag Met Ref  Use If",
]
REAL = [
    "fd01::/64                      ::                         U    256 N      0 eth0",
    "fd02::/64                      ::                         U    256 N      0 br0",
    "fd05::/64                      fd01::2                    UG   1024 N      0 eth0",
    "fd07::/48                      ::                         U    5   N      0 eth0",
    "fe80::/64                      ::                         U    256 N      0 eth0",
    "::/0                           fd01::2                    UG   1024 N      0 eth0",
    "::1/128                        ::                         Un   0   N      0 lo",
    "fd01::1/128                    ::                         Un   0   N      0 eth0",
    "fd02::1/128                    ::                         Un   0   N      0 br0",
    "ff00::/8                       ::                         U    256 N      0 eth0",
    "::/0                           ::                         !n   -1  N      0 lo",
]
ROUTER = [  # what a host that forwards has besides: the anycast address of each subnet
    "fd01::/128                     ::                         Un   0   N      0 eth0",
    "fd02::/128                     ::                         Un   0   N      0 br0",
]


def rows(lab: Lab, line: str) -> list[str]:
    """The rows without Ref, and without those of links that the recording had not, or another MAC's address of."""
    said = [re.sub(r" \d(?= +0 \w+$)", " N", row) for row in lab.run(f"client# {line}").stdout.splitlines()]
    return [row for row in said if not re.match(r"fe80::\S*/128", row) and row.split()[-1] not in ("near", "far")
            and not (row.endswith(" br0") and row.startswith(("fe80", "ff00")))]  # fmt: skip


def test_the_ipv6_table_is_that_of_the_real_route_and_netstat():
    lab = Lab()
    lab.run_cell(TYPED)

    for line in ("route -6 -n", "route -n -A inet6", "route -n --inet6", "netstat -rn6", "netstat -6rn"):
        assert rows(lab, line) == [*HEAD, *REAL], line

    lab.run("client# sysctl -qw net.ipv6.conf.all.forwarding=1")
    router = rows(lab, "route -6 -n")
    assert router == [*HEAD, *REAL[:7], ROUTER[0], REAL[7], ROUTER[1], *REAL[8:]]


def test_what_would_ask_a_name_server_or_changes_routes_is_refused():
    lab = Lab()

    assert str(lab.run("route -6").refused.reason) == "Only addresses are shown of the IPv6 table."
    assert str(lab.run("route -6 add gateway gw fd01::1").refused.reason) == "The name gateway is not looked up here."
    lab.run("docker run -d --name box busybox top")
    inside = lab.run("docker exec box route -A inet6 add fd05::/64 dev eth0")
    assert str(inside.refused.reason) == "`route` changes no routes of IPv6 here."


# What net-tools 2.10 said in a namespace of Linux 6.18, whose v0 had fd00:1::1/64: its last line and its exit status.
USAGE = "       inet6_route [-FC] flush      NOT supported"
CHANGES = [
    ("add fd00:2::/64 gw fd00:1::2", "", 0),
    ("add fd00:3::/64 dev v0", "", 0),
    ("add fd00:2::/64 gw fd00:1::2", "SIOCADDRT: File exists", 7),
    ("add fd00:4::5 gw fd00:1::2 metric 7", "SIOCADDRT: No such device", 7),
    ("add fd00:6::8/128 gw fd00:1::2 dev v0", "", 0),
    ("add default gw fd00:1::9", "", 0),
    ("add default gw fd00:1::9 dev v0", "SIOCADDRT: File exists", 7),
    ("add fd00:7::/64 gw fd99::1", "SIOCADDRT: No route to host", 7),
    ("add fd00:7::/64", "SIOCADDRT: No such device", 7),
    ("add fd00:7::/64 dev nosuch", "SIOGIFINDEX: No such device", 7),
    ("add fd00:7::/64 gw 10.0.0.1", "10.0.0.1: Resolver Error 0 (no error)", 6),
    ("add 10.0.0.0/8 gw fd00:1::2", "10.0.0.0: Resolver Error 0 (no error)", 1),
    ("add fd00:7::/129 gw fd00:1::2", USAGE, 3),
    ("add fd00:7::1/64 gw fd00:1::2", "", 0),
    ("add -net fd00:8::/64 gw fd00:1::2", "#net: Unknown host", 1),
    ("add", USAGE, 3),
    ("add fd00:9::/64 gw", USAGE, 3),
    ("add fd00:9::/64 metric x dev v0", USAGE, 3),
    ("add fd00:9::/64 v0", "", 0),
    ("add fd00:a::/64 gw fd00:1::2 mtu 1400", USAGE, 3),
    ("add fd00:b::/64 reject", "SIOGIFINDEX: No such device", 7),
    ("add fd00:c::/64 gw fe80::1", "SIOCADDRT: Invalid argument", 7),
    ("add fd00:d::/64 gw fd00:1::1", "SIOCADDRT: Invalid argument", 7),
    ("add fd00:5::/64 gw fd00:1::2 metric 7", "", 0),
    ("del fd00:5::/64", "SIOCDELRT: No such process", 7),
    ("del fd00:5::/64 metric 7", "", 0),
    ("del fd00:2::/64 gw fd00:1::2", "", 0),
    ("del fd00:2::/64 gw fd00:1::2", "SIOCDELRT: No such process", 7),
    ("del fd00:1::/64 dev v0", "SIOCDELRT: No such process", 7),
    ("del fd00:1::/64 metric 256", "", 0),
    ("del default", "", 0),
    ("flush", USAGE, 3),
]


def test_route_6_changes_the_table_and_complains_as_net_tools_does():
    # Given a link with an address of its own, when one line after the other is typed
    lab = Lab()
    lab.run_cell("ip link add v0 type veth peer name v1\nip link set v0 up\nip link set v1 up\n"
                 "ip addr add fd00:1::1/64 dev v0 nodad")  # fmt: skip
    said = [(text, lab.run(f"route -6 {text}")) for text, _, _ in CHANGES]

    # Then each answers as it did, and the table is the one that was left
    assert [(text, out.stderr.rpartition("\n")[0].rpartition("\n")[2], out.exit_code) for text, out in said] == CHANGES
    assert lab.run("ip -6 route | grep -v fe80").stdout == (
        "fd00:3::/64 dev v0 metric 1 pref medium\n"
        "fd00:6::8 via fd00:1::2 dev v0 metric 1 pref medium\n"
        "fd00:7::/64 via fd00:1::2 dev v0 metric 1 pref medium\n"
        "fd00:9::/64 dev v0 metric 1 pref medium\n"
    )
