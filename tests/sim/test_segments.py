"""What a segment does with frames: neighbours that age, two with one MAC, answers for others, MTUs."""

from __future__ import annotations

from dnetlab.lab import Lab
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


def test_who_was_only_asked_is_in_doubt_for_five_seconds():
    """`ip neigh` of the one who answered a ping, recorded on 20.10.24 and 28.5.2: DELAY."""
    world = lab("28.5")
    at(world, "ping -c 1 172.25.254.1", "client")

    at_once = at(world, "ip neigh show 172.25.254.38").stdout
    at(world, "sleep 6")

    assert at_once.endswith(" DELAY \n")
    assert at(world, "ip neigh show 172.25.254.38").stdout.endswith(" REACHABLE \n")


def test_nobody_is_incomplete_while_he_is_asked_for_and_failed_afterwards():
    world = lab("28.5")
    at(world, "curl -s -m 1 172.25.254.99", "client")

    asked = at(world, "ip neigh show 172.25.254.99", "client").stdout
    at(world, "sleep 3", "client")

    assert asked == "172.25.254.99 dev eth0 INCOMPLETE \n"
    assert at(world, "ip neigh show 172.25.254.99", "client").stdout == "172.25.254.99 dev eth0 FAILED \n"


def test_a_syn_whose_answer_is_lost_stands_as_syn_recv_where_the_answer_went_by():
    lab_hosts = new_world("20.10")
    at(lab_hosts, "docker run -d --name web -p 80:80 nginx")
    at(lab_hosts, "iptables -I FORWARD -i docker0 -p tcp --tcp-flags SYN,ACK SYN,ACK -j DROP")

    assert at(lab_hosts, "curl -s -m 2 172.25.254.1", "client").exit_code == 28

    (row,) = at(lab_hosts, "conntrack -L -p tcp").stdout.splitlines()
    assert row.split()[3:6] == ["SYN_RECV", "src=172.25.254.38", "dst=172.25.254.1"]
    assert "[UNREPLIED]" not in row and "src=172.17.0.2 dst=172.25.254.38" in row


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


# -- MTU --------------------------------------------------------------------------------------------------------------


def routed():
    """docker1 routes between the client and its containers, whom the client reaches; docker0 has MTU 1400."""
    world = lab("20.10")
    at(world, "iptables -P FORWARD ACCEPT")
    at(world, "ip route add 172.17.0.0/16 via 172.25.254.1", "client")
    at(world, "ip link set docker0 mtu 1400")
    return world


def test_a_router_says_what_fits_and_the_sender_cuts_from_then_on():
    world = routed()

    first = at(world, "ping -c 1 -s 1472 -W 1 172.17.0.2", "client")
    second = at(world, "ping -c 1 -s 1472 -W 1 172.17.0.2", "client")

    assert "From 172.25.254.1 icmp_seq=1 Frag needed and DF set (mtu = 1400)\n" in first.stdout
    assert first.exit_code == 1
    assert second.exit_code == 0


def test_what_must_not_be_cut_is_not_even_sent_once_the_way_is_known():
    world = routed()
    at(world, "ping -c 1 -s 1472 -W 1 172.17.0.2", "client")

    told = at(world, "ping -M do -c 1 -s 1472 -W 1 172.17.0.2", "client")
    fits = at(world, "ping -M do -c 1 -s 1372 -W 1 172.17.0.2", "client")

    assert told.stderr == "ping: local error: message too long, mtu=1400\n"
    assert "1 packets transmitted, 0 received, +1 errors, 100% packet loss" in told.stdout
    assert fits.exit_code == 0


def test_what_may_be_cut_arrives_in_pieces():
    world = routed()

    assert at(world, "ping -M dont -c 1 -s 1472 -W 1 172.17.0.2", "client").exit_code == 0
    assert at(world, "ping -c 1 -s 4000 172.25.254.1", "client").exit_code == 0


def test_a_firewall_that_drops_icmp_errors_makes_a_black_hole():
    world = routed()
    at(world, "iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP")

    told = at(world, "ping -c 2 -s 1472 -W 1 172.17.0.2", "client")

    assert "2 packets transmitted, 0 received, 100% packet loss" in told.stdout


def test_a_link_throws_away_what_is_longer_than_its_mtu():
    """ip link set eth0 mtu 1400 at one end of a segment only: nobody is told, the bigger ones are lost."""
    world = lab("28.5")
    at(world, "ip link set eth0 mtu 1400")

    assert at(world, "ping -c 1 -W 1 -s 1472 172.25.254.1", "client").exit_code == 1
    assert at(world, "ping -c 1 -W 1 -s 1372 172.25.254.1", "client").exit_code == 0


def test_pieces_are_frames_of_their_own():
    world = lab("28.5")
    at(world, "ping -c 1 172.25.254.1", "client")
    before = at(world, "cat /sys/class/net/eth0/statistics/tx_packets", "client").stdout

    at(world, "ping -c 1 -s 4000 172.25.254.1", "client")

    assert int(at(world, "cat /sys/class/net/eth0/statistics/tx_packets", "client").stdout) - int(before) == 3


# -- IPv6 -------------------------------------------------------------------------------------------------------------


def test_a_host_pings_its_own_v6_loopback():
    result = at(lab("28.5"), "ping -c 1 ::1")

    assert result.exit_code == 0
    assert result.stdout.startswith("PING ::1(::1) 56 data bytes\n64 bytes from ::1: icmp_seq=1 ttl=64 time=")


def test_a_network_on_lo_is_all_of_it_answered_for_on_the_wire():
    # Linux 6, two namespaces and a veth pair: with 10.9.0.1/24 on lo the kernel answers ARP and ping for 10.9.0.77, too
    with Lab() as lab:
        lab.run("docker run -d --name far --cap-add NET_ADMIN busybox sleep 1d")
        lab.run("docker run -d --name near --cap-add NET_ADMIN busybox sleep 1d")
        lab.run("docker exec far ip addr add 10.9.0.1/24 dev lo")
        lab.run("docker exec near ip route add 10.9.0.0/24 dev eth0")

        assert lab.run("docker exec near ping -c 1 -W 1 10.9.0.77").exit_code == 0


def test_an_image_of_20_10_was_made_by_a_container_that_was_attached_to_nothing():
    with Lab(docker="20.10") as lab:
        asked = "docker image inspect -f '{{.Config.AttachStdin}} {{.ContainerConfig.AttachStdin}}' busybox"

        assert lab.run(asked).stdout == "false false\n"
