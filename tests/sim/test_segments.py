"""What a segment does with frames: neighbours that age, two with one MAC, answers for others, MTUs."""

from __future__ import annotations

from dnetlab.sim.lab import new_world
from tests.sim.toollab import at, inside, lab


def test_two_containers_with_one_mac_answer_the_host_but_not_each_other():
    """docker run --mac-address twice, recorded on 20.10.24 and 28.5.2."""
    world = new_world("28.5")
    for name in ("m1", "m2"):
        at(world, f"docker run -d --name {name} --mac-address 02:42:ac:11:00:99 nginx")

    assert at(world, "curl -s -m 2 172.17.0.2").exit_code == 0
    assert at(world, "curl -s -m 2 172.17.0.3").exit_code == 0
    assert inside(world, "m1", "ping -c 1 -W 1 172.17.0.3").exit_code == 1


def test_the_host_asks_the_wrong_one_of_two_with_one_mac_when_the_bridge_heard_him_last():
    world = new_world("28.5")
    for name in ("m1", "m2"):
        at(world, f"docker run -d --name {name} --mac-address 02:42:ac:11:00:99 nginx")
    at(world, "curl -s -m 2 172.17.0.2")
    at(world, "curl -s -m 2 172.17.0.3")

    assert at(world, "curl -s -m 2 172.17.0.2").exit_code == 28


def test_a_neighbour_is_stale_after_half_a_minute():
    world = lab("28.5")
    at(world, "ping -c 1 172.25.254.1", "client")
    at(world, "sleep 31", "client")

    assert at(world, "ip neigh show 172.25.254.1", "client").stdout.endswith(" STALE \n")


def test_a_host_with_proxy_arp_answers_for_its_containers():
    """The client has no route, only an address in the containers' network."""
    world = lab("28.5")
    at(world, "iptables -P FORWARD ACCEPT")
    at(world, "iptables -t raw -F")
    at(world, "iptables -I DOCKER-USER -j ACCEPT")
    at(world, "ip route add 172.17.0.0/16 dev eth0", "client")
    before = at(world, "ping -c 1 -W 1 172.17.0.2", "client").exit_code

    at(world, "sysctl -w net.ipv4.conf.eth0.proxy_arp=1")
    at(world, "ip neigh flush all", "client")

    assert before == 1
    assert at(world, "ping -c 1 -W 1 172.17.0.2", "client").exit_code == 0
    assert "172.17.0.2 dev eth0 lladdr" in at(world, "ip neigh", "client").stdout
