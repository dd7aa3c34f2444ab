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
    assert str(lab.run("route -6 add fd05::/64 dev eth0").refused.reason) == "`route` changes no routes of IPv6 here."
