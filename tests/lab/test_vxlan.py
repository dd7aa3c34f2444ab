"""Tunnels made by hand: a frame travels inside a packet of the hosts, so what stops that packet stops the network.

The words of ip and bridge are those of iproute2 6.1 on Linux 6.18, typed in a network namespace of its own.
"""

from __future__ import annotations

import pytest

from dnetlab import Lab
from dnetlab.model import Crossing
from dnetlab.views.crossings import said
from dnetlab.views.diagrams import topology
from dnetlab.views.explain import text

END = """
{host}# ip link add vx0 type vxlan id {vni} remote {remote} dstport 4789 dev eth0
{host}# ip link set vx0 up
{host}# ip addr add 10.42.0.{last}/24 dev vx0
"""


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.run_cell(END.format(host="docker1", vni=42, remote="172.25.254.2", last=1))
    lab.run_cell(END.format(host="docker2", vni=42, remote="172.25.254.1", last=2))
    return lab


def out(lab: Lab, command: str, host: str = "docker1") -> str:
    return lab.run(command, host=host).stdout


def reaches(lab: Lab) -> bool:
    return lab.run("ping -c 1 -W 1 10.42.0.2").exit_code == 0


def test_a_vxlan_has_room_for_the_packet_around_it_and_sends_what_is_for_everybody_to_its_remote(lab: Lab) -> None:
    assert "vx0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UNKNOWN" in out(lab, "ip link show vx0")
    assert out(lab, "bridge fdb show dev vx0") == "00:00:00:00:00:00 dst 172.25.254.2 via eth0 self permanent\n"
    assert "vxlan id 42 remote 172.25.254.2 dev eth0 srcport 0 0 dstport 4789 ttl auto ageing 300 udpcsum" in out(
        lab, "ip -d link show vx0"
    )
    assert "0.0.0.0:4789" in out(lab, "ss -uln"), "the kernel opens a socket, which no program owns"


def test_ping_works_until_the_link_is_deleted_and_the_mac_is_learned_with_its_host(lab: Lab) -> None:
    assert reaches(lab)
    learned = out(lab, "bridge fdb show dev vx0").splitlines()[0]
    mac = lab.snapshot().hosts["docker2"].stack.interface("vx0").mac
    assert learned == f"{mac} dst 172.25.254.2 self "

    lab.run("ip link del vx0", host="docker2")

    assert not reaches(lab)
    assert "4789" not in out(lab, "ss -uln", "docker2")


def test_the_trace_shows_the_frame_inside_a_packet_of_the_host(lab: Lab) -> None:
    story = text(lab.trace("docker1", "10.42.0.2"))

    assert "tunnel       vx0 puts the frame into a packet of its own, VXLAN 42: 172.25.254.1:" in story
    assert "tunnel       vx0 takes the frame out, VXLAN 42 from 172.25.254.1" in story
    assert " > 172.25.254.2:4789 udp VXLAN 42" in story


def test_each_interface_sees_the_packet_as_it_is_there(lab: Lab) -> None:
    request = [c for direction, c in said(lab.trace("docker1", "10.42.0.2")) if direction == "request"]

    assert [(c.where.host, c.interface, c.out, c.packet.vni) for c in request] == [
        ("docker1", "vx0", True, None), ("docker1", "eth0", True, 42),
        ("docker2", "eth0", False, 42), ("docker2", "vx0", False, None),
    ]  # fmt: skip
    assert isinstance(request[0], Crossing)
    assert [c.packet.size for c in request] == [84, 134, 134, 84], "50 bytes more outside"


@pytest.mark.parametrize(("host", "chain"), [("docker2", "INPUT"), ("docker1", "OUTPUT")])
def test_a_firewall_between_the_hosts_kills_the_network_and_why_says_which(lab: Lab, host: str, chain: str) -> None:
    lab.run(f"iptables -A {chain} -p udp --dport 4789 -j DROP", host=host)

    reason = lab.why("docker1", "10.42.0.2")

    assert not reaches(lab)
    assert reason.sentence == (
        "The frame left docker1 in the tunnel vx0 (VXLAN 42) to 172.25.254.2, and the packet around it did not arrive. "
        f"A firewall rule on {host} drops the packet (table filter, chain {chain})."
    )
    assert reason.evidence == (f"iptables -t filter: -A {chain} -p udp -m udp --dport 4789 -j DROP",)
    assert reason.remedy == f"Without that rule it goes on: iptables -D {chain} 1"


def test_a_neighbour_that_is_known_is_not_asked_for_and_the_packet_itself_is_lost(lab: Lab) -> None:
    assert reaches(lab)

    lab.run("iptables -A INPUT -p udp --dport 4789 -j DROP", host="docker2")

    assert not reaches(lab)
    assert "    1   134 DROP " in out(lab, "iptables -nvL INPUT", "docker2")


def test_an_answer_that_no_tunnel_brings_back_is_as_good_as_none(lab: Lab) -> None:
    lab.run("iptables -A INPUT -p udp --dport 4789 -j DROP", host="docker1")

    assert not reaches(lab)
    assert out(lab, "ip neigh show dev vx0") == "10.42.0.2 FAILED \n"


def test_two_numbers_are_two_networks(lab: Lab) -> None:
    lab.run("ip link del vx0", host="docker2")
    lab.run_cell(END.format(host="docker2", vni=43, remote="172.25.254.1", last=2))

    assert not reaches(lab)
    assert lab.why("docker1", "10.42.0.2").sentence == (
        "The frame left docker1 in the tunnel vx0 (VXLAN 42) to 172.25.254.2, and the packet around it did not arrive. "
        "On docker2: No VXLAN 42 is up here at UDP port 4789; it has 43: nobody takes the frame out."
    )


def test_a_third_host_joins_when_the_tables_know_it(lab: Lab) -> None:
    lab.run_cell(END.format(host="client", vni=42, remote="172.25.254.1", last=3))
    assert lab.run("ping -c 1 -W 1 10.42.0.3").exit_code == 1

    lab.run("bridge fdb append 00:00:00:00:00:00 dev vx0 dst 172.25.254.38")

    assert lab.run("ping -c 1 -W 1 10.42.0.3").exit_code == 0
    assert out(lab, "bridge fdb show dev vx0").splitlines()[-2:] == [
        "00:00:00:00:00:00 dst 172.25.254.2 via eth0 self permanent",
        "00:00:00:00:00:00 dst 172.25.254.38 self permanent",
    ]


def test_a_bridge_over_a_tunnel_is_one_network_of_containers_on_two_hosts() -> None:
    lab = Lab()
    for host, other, last in (("docker1", 2, 10), ("docker2", 1, 20)):
        lab.run_cell(f"""
{host}# docker network create --subnet 172.18.0.0/16 -o com.docker.network.bridge.name=br-vx wide
{host}# ip link add vx0 type vxlan id 200 remote 172.25.254.{other} dstport 4789 dev eth0
{host}# ip link set vx0 up
{host}# ip link set vx0 master br-vx
{host}# docker run -itd --name c{last} --network wide --ip 172.18.0.{last} busybox""")

    assert lab.run("docker exec c10 ping -c 1 172.18.0.20").exit_code == 0


@pytest.mark.parametrize(("command", "status", "words"), [
    ("ip link add vx1 type vxlan id 42 remote 172.25.254.2 dstport 4789 dev eth0", 2,
     "Error: A VXLAN device with the specified VNI already exists.\n"),
    ("ip link add vx1 type vxlan remote 10.0.0.3 dstport 4789", 1, "vxlan: missing virtual network identifier\n"),
    ("ip link add vx1 type vxlan id 16777216 dstport 4789", 255,
     'Error: argument "16777216" is wrong: invalid id\n\n'),
    ("ip link add vx1 type vxlan id 45 dstport 4789 dev nope", 255, 'Cannot find device "nope"\n'),
    ("ip link add vx1 type vxlan id 45 remote nope dstport 4789", 1,
     'Error: any valid address is expected rather than "nope".\n'),
    ("ip link add vx1 type vxlan id 46 group 239.1.1.1 dstport 4789", 1,
     "vxlan: 'group' requires 'dev' to be specified\n"),
    ("ip link set vx0 mtu 1451", 2, "RTNETLINK answers: Invalid argument\n"),
    ("bridge fdb add 00:00:00:00:00:00 dev vx0 dst 172.25.254.38", 255, "RTNETLINK answers: File exists\n"),
    ("bridge fdb add 02:00:00:00:00:01 dev vx0", 255, "RTNETLINK answers: Invalid argument\n"),
    ("bridge fdb del 02:00:00:00:00:01 dev vx0 dst 172.25.254.2", 255,
     "RTNETLINK answers: No such file or directory\n"),
    ("bridge fdb add 02:00:00:00:00:01", 255, "Device and address are required arguments.\n"),
    ("bridge fdb add zz dev vx0", 255, "Invalid mac address zz\n"),
])  # fmt: skip
def test_what_ip_and_bridge_say_to_a_tunnel_that_cannot_be(lab: Lab, command: str, status: int, words: str) -> None:
    answer = lab.run(command)

    assert (answer.exit_code, answer.stderr, answer.refused) == (status, words, None)


def test_without_a_port_it_is_linux_own_and_iproute2_warns(lab: Lab) -> None:
    answer = lab.run("ip link add vx1 type vxlan id 44")

    assert (answer.exit_code, answer.stderr.splitlines()[0]) == (0, "vxlan: destination port not specified")
    assert "mtu 1500" in out(lab, "ip link show vx1")
    assert "vxlan id 44 srcport 0 0 dstport 8472 ttl auto" in out(lab, "ip -d link show vx1")


def test_a_tunnel_goes_with_the_link_it_leaves_through(lab: Lab) -> None:
    lab.run_cell("""
docker1# ip link add a0 type veth peer name a1
docker1# ip link add vx1 type vxlan id 50 remote 10.0.0.2 dstport 4789 dev a0
docker1# ip link del a0""")

    assert lab.run("ip link show vx1").stderr == 'Device "vx1" does not exist.\n'


def test_the_picture_draws_the_tunnel_between_its_ends(lab: Lab) -> None:
    picture = topology(lab.snapshot())

    line = [row for row in picture.dot.splitlines() if 'label=" VXLAN 42, MTU 1450"' in row]
    assert len(line) == 1, "one line, from end to end"
    assert '"docker1 ' in line[0] and '"docker2 ' in line[0]
    assert "vx0 (5) 10.42.0.1/24, VXLAN 42 to 172.25.254.2 by UDP 4789, MTU 1450" in picture.text
