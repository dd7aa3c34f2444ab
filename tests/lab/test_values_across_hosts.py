"""What two hosts answer about macvlan, VXLAN and swarm, in the words of real engines (20.10.24, 28.5.2)."""

from __future__ import annotations

import json

import pytest

from dnetlab.lab import Lab

BOTH = ["20.10", "28.5"]
JOIN = "docker swarm join --token $(ssh docker1 docker swarm join-token -q worker) 172.25.254.1:2377"


def answers(lab: Lab, text: str) -> list[tuple[str, int]]:
    """(what it says on both streams, exit status) of each line."""
    return [(output.stdout + output.stderr, output.exit_code) for output in lab.run_cell(text).outputs]


def swarm(release: str) -> Lab:
    """Two nodes and an attachable network, `aa` on the first and `bb` on the second."""
    lab = Lab(docker=release)
    started = answers(lab, f"""docker1# docker swarm init --advertise-addr eth0
docker2# {JOIN}
docker1# docker network create -d overlay --attachable test-net
docker1# docker run -d --name aa --network test-net nginx
""")
    assert [code for _, code in started] == [0, 0, 0, 0]
    return lab


@pytest.mark.parametrize("release", BOTH)
def test_a_second_macvlan_network_may_share_the_subnet_but_not_the_gateway(release):
    lab = Lab(docker=release)
    create = "docker1# docker network create -d macvlan --subnet 192.168.34.0/24 -o parent=enp7s0.{vlan}"
    first = create.format(vlan=34) + " --ip-range 192.168.34.2/32 --gateway 192.168.34.1 one\n"
    second = create.format(vlan=35) + " --ip-range 192.168.34.3/32 --gateway {gateway} two\n"

    assert answers(lab, first)[0][1] == 0
    (refused, code), = answers(lab, second.format(gateway="192.168.34.1"))
    (made, good), = answers(lab, second.format(gateway="192.168.34.254"))

    assert (refused, code) == (
        "Error response from daemon: failed to allocate gateway (192.168.34.1): Address already in use\n", 1
    )
    assert (len(made.strip()), good) == (64, 0)


def test_a_manager_with_two_addresses_must_say_which_one_it_advertises():
    said = answers(Lab(docker="20.10"), "docker1# ip addr add 10.9.9.1/24 dev enp7s0\ndocker1# docker swarm init\n")[1]

    assert said == (
        "Error response from daemon: could not choose an IP address to advertise since this system has multiple "
        "addresses on different interfaces (172.25.254.1 on eth0 and 10.9.9.1 on enp7s0) - specify one with "
        "--advertise-addr\n",
        1,
    )


@pytest.mark.parametrize("release", BOTH)
def test_an_overlay_of_two_nodes_has_its_subnet_its_number_and_its_addresses(release):
    # given two nodes, of which only the first has a container of the network
    lab = swarm(release)
    before = answers(lab, "docker2# docker network ls -q --filter name=test-net")

    # when the second has one, too
    answers(lab, "docker2# docker run -d --name bb --network test-net nginx")

    # then it lists the network, and addresses, tunnel and way out are these
    assert before == [("", 0)]
    assert answers(lab, "docker2# docker network ls --filter name=test-net --format '{{.Name}}'") == [("test-net\n", 0)]
    ((found, _),) = answers(lab, "docker2# docker network inspect test-net")
    (network,) = json.loads(found)
    assert network["IPAM"]["Config"][0]["Subnet"] == "10.0.1.0/24"
    assert network["Options"]["com.docker.network.driver.overlay.vxlanid_list"] == "4097"
    assert network["Containers"]["lb-test-net"]["IPv4Address"] == "10.0.1.5/24"
    inside = "docker exec {name} ip {what}"
    first, second, route = (text for text, _ in answers(lab, "\n".join([
        f"docker1# {inside.format(name='aa', what='-4 addr show eth0')}",
        f"docker2# {inside.format(name='bb', what='-4 addr show eth0')}",
        f"docker2# {inside.format(name='bb', what='route')}",
    ])))  # fmt: skip
    assert "inet 10.0.1.2/24 " in first and "mtu 1450 " in first
    assert "inet 10.0.1.4/24 " in second and "mtu 1450 " in second
    assert route.splitlines()[0].strip() == "default via 172.18.0.1 dev eth1"


@pytest.mark.parametrize("release", BOTH)
def test_a_plain_overlay_lets_no_container_in_that_no_service_made(release):
    lab = swarm(release)

    said = answers(lab, "docker1# docker network create -d overlay plain\ndocker1# docker run -d --network plain nginx")

    assert "Could not attach to network plain: rpc error: code = PermissionDenied desc = network plain not manually " \
        "attachable" in said[1][0]  # fmt: skip
    assert said[1][1] == 125


def test_a_tunnel_made_by_hand_carries_a_ping_until_it_is_deleted():
    # given a tunnel between two hosts
    lab = Lab(docker="20.10")
    made = answers(lab, """docker1# ip link add vx0 type vxlan id 42 remote 172.25.254.2 dstport 4789 dev eth0
docker1# ip addr add 10.42.0.1/24 dev vx0
docker1# ip link set vx0 up
docker2# ip link add vx0 type vxlan id 42 remote 172.25.254.1 dstport 4789 dev eth0
docker2# ip addr add 10.42.0.2/24 dev vx0
docker2# ip link set vx0 up
""")
    assert made == [("", 0)] * 6

    link, table, ping = answers(lab, "docker1# ip link show vx0\ndocker1# bridge fdb show dev vx0\n"
                                     "docker1# ping -c 1 10.42.0.2\n")  # fmt: skip
    gone = answers(lab, "docker1# ip link del vx0\ndocker1# ping -c 1 -W 1 10.42.0.2")

    assert " mtu 1450 " in link[0]
    assert table[0] == "00:00:00:00:00:00 dst 172.25.254.2 via eth0 self permanent\n"
    assert " 0% packet loss" in ping[0]
    assert (gone[0], gone[1][1] != 0) == (("", 0), True)
