"""ping in the words of iputils 20221126 at a host and of busybox 1.35 in a container.

Texts recorded on a lab host: `ping …` (Debian 12, 3:20221126-1+deb12u1), `docker exec box ping …` (busybox 1.35).
"""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt
from tests.sim.toollab import at, inside, lab, shape


def test_a_host_prints_what_iputils_prints() -> None:
    # given a neighbour that answers, when a host sends two requests, then every line is iputils'
    world = lab()
    result = at(world, "ping -c 2 172.25.254.38")
    assert shape(result.stdout) == (
        "PING 172.25.254.38 (172.25.254.38) 56(84) bytes of data.\n"
        "64 bytes from 172.25.254.38: icmp_seq=1 ttl=64 time T\n"
        "64 bytes from 172.25.254.38: icmp_seq=2 ttl=64 time T\n"
        "\n--- 172.25.254.38 ping statistics ---\n"
        "2 packets transmitted, 2 received, 0% packet loss, time T\n"
        "rtt min/avg/max/mdev = T ms\n"
    )
    assert (result.stderr, result.exit_code) == ("", 0)


def test_a_container_prints_what_busybox_prints() -> None:
    # given a name that Docker's resolver knows, when box asks for it, then busybox's lines come out
    world = lab()
    result = inside(world, "box", "ping -c 2 web1")
    assert shape(result.stdout) == (
        "PING web1 (172.18.0.2): 56 data bytes\n"
        "64 bytes from 172.18.0.2: seq=0 ttl=64 time T\n"
        "64 bytes from 172.18.0.2: seq=1 ttl=64 time T\n"
        "\n--- web1 ping statistics ---\n"
        "2 packets transmitted, 2 packets received, 0% packet loss\n"
        "round-trip min/avg/max = T ms\n"
    )
    assert result.exit_code == 0


def test_without_a_count_a_student_presses_ctrl_c() -> None:
    # given no -c, when ping runs at a prompt, then three echoes come and ^C stands where the empty line was
    world = lab()
    lines = at(world, "ping 172.25.254.38").stdout.splitlines()
    assert lines[4:7] == ["^C", "--- 172.25.254.38 ping statistics ---", lines[6]]
    assert lines[6].startswith("3 packets transmitted, 3 received, 0% packet loss")
    assert world.clock == 2.0


def test_nobody_at_that_address() -> None:
    # given an address of the LAN that no machine has, when a host asks, then its own kernel says so after ARP gave up
    world = lab()
    result = at(world, "ping -c 2 172.25.254.99")
    assert shape(result.stdout) == (
        "PING 172.25.254.99 (172.25.254.99) 56(84) bytes of data.\n"
        "From 172.25.254.1 icmp_seq=1 Destination Host Unreachable\n"
        "From 172.25.254.1 icmp_seq=2 Destination Host Unreachable\n"
        "\n--- 172.25.254.99 ping statistics ---\n"
        "2 packets transmitted, 0 received, +2 errors, 100% packet loss, time T\n"
        "pipe 2\n"
    )
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("line", "stderr", "code"),
    [
        ("ping web1", "ping: web1: Temporary failure in name resolution\n", 2),
        ("ping -c 1 10.9.9.9", "ping: connect: Network is unreachable\n", 2),
        ("ping", "ping: usage error: Destination address required\n", 1),
        ("ping -c x 1.1.1.1", "ping: invalid argument: 'x'\n", 1),
        (
            "ping -c 0 1.1.1.1",
            "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n",
            1,
        ),
        ("ping -I eth9 172.25.254.38", "ping: SO_BINDTODEVICE eth9: No such device\n", 2),
        (
            "ping 172.25.254.255",
            "ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n",
            2,
        ),
    ],
)
def test_errors_of_iputils(line: str, stderr: str, code: int) -> None:
    # given a line that can't work, when a host runs it, then iputils' own words and status come out
    result = at(lab(), line)
    assert (result.stdout, result.stderr, result.exit_code) == ("", stderr, code)


def test_errors_of_busybox() -> None:
    # given names and networks out of reach, when a container asks, then busybox's words come out, and its status 1
    world = lab()
    assert inside(world, "demo", "ping web1").stderr == "ping: bad address 'web1'\n"
    assert inside(world, "box", "ping -c x web1").stderr == "ping: invalid number 'x'\n"
    assert inside(world, "box", "ping").stderr.startswith("BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1)")
    assert inside(world, "box", "ping").exit_code == 1


def test_localhost_is_v6_at_a_host_and_v4_in_a_container() -> None:
    # given ::1 localhost in both hosts files, when each pings itself, then the host takes ::1, the container 127.0.0.1
    world = lab()
    assert at(world, "ping -c 1 localhost").stdout.startswith("PING localhost(localhost (::1)) 56 data bytes\n")
    assert inside(world, "box", "ping -c 1 localhost").stdout.startswith("PING localhost (127.0.0.1): 56 data bytes\n")


def test_a_ping_that_is_bound_to_a_link_leaves_there_whatever_the_routes_say():
    # given two cables to the same host, and a route over the first, when ping is bound to the second, then it asks
    # there, and nobody there has an address that is on no link (iputils 20221126 and Linux 6.18 in two namespaces)
    host = Prompt()
    for line in (
        "ip netns add far", "ip link add name va type veth peer name vb", "ip link set vb netns far",
        "ip link add name vc type veth peer name vd", "ip link set vd netns far", "ip addr add 10.0.0.1/24 dev va",
        "ip addr add 10.1.0.1/24 dev vc", "ip link set va up", "ip link set vc up",
        "ip -n far addr add 10.0.0.2/24 dev vb", "ip -n far addr add 10.1.0.2/24 dev vd", "ip -n far link set vb up",
        "ip -n far link set vd up", "ip -n far link set lo up", "ip -n far addr add 10.9.9.9/32 dev lo",
        "ip route add 10.9.9.9 via 10.0.0.2",
    ):  # fmt: skip
        assert host.type(line).exit_code == 0, line
    said = host.out("ping -c 1 -W 1 -I vc 10.9.9.9")
    assert said.startswith("PING 10.9.9.9 (10.9.9.9) from 10.1.0.1 vc: 56(84) bytes of data.\n64 bytes from 10.9.9.9: ")
    assert "10.9.9.9 dev vc lladdr" in host.out("ip neigh")
    assert host.out("cat /sys/class/net/va/statistics/tx_packets") == "0\n"
    assert "1 received" in host.out("ping -c 1 -W 1 -I vc 10.0.0.2")
    assert host.type("ping -c 1 -W 1 -I vc 10.77.0.2").exit_code == 1
    assert "10.77.0.2 dev vc FAILED" in host.out("ip neigh")
    assert host.out("ip route get 10.77.0.2 oif vc").startswith("10.77.0.2 dev vc src 10.1.0.1 uid 0 \n")
