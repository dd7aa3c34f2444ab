"""ipvlan: addresses of one's own under the MAC of the parent. Simulated from the documents of Docker and Linux."""

from __future__ import annotations

import pytest

from dnetlab import Lab
from dnetlab.model import parse_topology


def lab(*commands: str, docker: str = "28.5") -> Lab:
    lab = Lab(docker=docker)
    for command in commands:
        answer = lab.run(command)
        assert answer.exit_code == 0, answer.stderr
    return lab


def net(mode: str, name: str = "net", subnet: str = "172.25.254.0/24", more: str = "--gateway 172.25.254.99") -> str:
    return f"docker network create -d ipvlan --subnet {subnet} {more} -o ipvlan_mode={mode} -o parent=eth0 {name}"


def run(name: str, ip: str, network: str = "net") -> str:
    return f"docker run -itd --name {name} --network {network} --ip {ip} busybox"


def reaches(lab: Lab, who: str, ip: str) -> bool:
    return lab.run(f"docker exec {who} ping -c 1 -W 1 {ip}").exit_code == 0


def test_in_mode_l2_all_speak_with_the_mac_of_the_card() -> None:
    two = lab(net("l2"), run("one", "172.25.254.10"), run("two", "172.25.254.20"))

    card = two.snapshot().hosts["docker1"].stack.interface("eth0").mac
    assert card in two.run("docker exec one ip link show eth0").stdout
    assert reaches(two, "one", "172.25.254.20")
    assert two.run("ping -c 1 172.25.254.10", host="client").exit_code == 0
    assert card in two.run("ip neigh show 172.25.254.10", host="client").stdout
    assert two.run("docker exec one ip route").stdout.splitlines()[0] == "default via 172.25.254.99 dev eth0 "


def test_a_host_and_its_own_ipvlan_containers_never_hear_each_other() -> None:
    one = lab(net("l2"), run("one", "172.25.254.10"))

    assert one.run("ping -c 1 -W 1 172.25.254.10").exit_code == 1
    assert not reaches(one, "one", "172.25.254.1")


def test_ipvlan_passes_a_switch_that_forbids_forged_macs() -> None:
    strict = Lab(topology=parse_topology("""
images = ["busybox"]
[switches.lan]
forged_macs = false
[hosts.docker1]
docker = true
nics.eth0 = { switch = "lan" }
[hosts.desk]
nics.eth0 = { switch = "lan", address = "172.25.254.50/24" }
"""))
    strict.run_cell(net("l2") + "\n" + run("one", "172.25.254.10"))

    assert reaches(strict, "one", "172.25.254.50")


@pytest.mark.parametrize("mode", ["l3", "l3s"])
def test_in_mode_l3_the_host_routes_and_nobody_asks_by_arp(mode: str) -> None:
    routed = lab(net(mode, subnet="192.168.214.0/24", more=""), run("one", "192.168.214.10"))

    assert routed.run("docker exec one ip route").stdout.splitlines()[0] == "default dev eth0 scope link "
    assert not reaches(routed, "one", "172.25.254.38"), "the client has no way back"
    routed.run("ip route add 192.168.214.0/24 via 172.25.254.1", host="client")
    assert reaches(routed, "one", "172.25.254.38")
    assert routed.run("ping -c 1 192.168.214.10", host="client").exit_code == 0


def test_in_mode_l3_networks_of_one_parent_reach_each_other() -> None:
    cell = "ip link add link eth0 name {0} type ipvlan mode l3"
    both = lab(
        net("l3", subnet="192.168.214.0/24", more="--subnet 10.1.214.0/24"),
        run("one", "192.168.214.10"), run("two", "10.1.214.9"),
    )  # fmt: skip

    assert reaches(both, "one", "10.1.214.9")
    assert both.run(cell.format("ipv0")).exit_code == 0
    shown = both.run("ip -d link show ipv0").stdout
    assert "    ipvlan  mode l3 bridge " in shown
    assert "<BROADCAST,MULTICAST,NOARP>" in shown


@pytest.mark.parametrize(("command", "words"), [
    (net("l4"), "requested ipvlan mode 'l4' is not valid, 'l2' mode is the ipvlan driver default"),
    ("docker network create -d ipvlan -o parent=lo x", "loopback interface is not a valid ipvlan parent link"),
    ("docker network create -d ipvlan -o parent=eth9.5 x", "-o parent interface was not found on the host: eth9"),
])  # fmt: skip
def test_what_an_ipvlan_network_cannot_be(command: str, words: str) -> None:
    answer = lab().run(command)

    assert (answer.exit_code, answer.stderr) == (1, f"Error response from daemon: {words}\n")


def test_20_10_knows_no_l3s_and_a_parent_has_one_network() -> None:
    old = lab(docker="20.10")
    assert old.run(net("l3s")).stderr == (
        "Error response from daemon: requested ipvlan mode 'l3s' is not valid, 'l2' mode is the ipvlan driver default\n"
    )

    assert old.run(net("l2")).exit_code == 0
    again = old.run("docker network create -d ipvlan --subnet 10.9.9.0/24 -o parent=eth0 other")
    short = old.snapshot().hosts["docker1"].network("net").short_id
    assert again.stderr == f"Error response from daemon: network di-{short} is already using parent interface eth0\n"


def test_a_card_is_parent_of_macvlans_or_of_ipvlans() -> None:
    one = lab(net("l2"), run("one", "172.25.254.10"),
              "docker network create -d macvlan --subnet 10.8.0.0/24 -o parent=eth0 mac")  # fmt: skip

    answer = one.run("docker run -itd --name two --network mac busybox")

    assert answer.exit_code == 125
    assert "failed to create the macvlan port: device or resource busy" in answer.stderr


def test_no_mac_can_be_asked_for() -> None:
    answer = lab(net("l2")).run("docker run -itd --network net --mac-address 02:42:00:00:00:09 busybox")

    assert "ipvlan interfaces do not support custom mac address assignment" in answer.stderr


@pytest.mark.parametrize("command", [
    "docker network create -d ipvlan -o parent=eth0 -o ipvlan_flag=private net",
    "ip link add ipv0 link eth0 type ipvlan mode l2 vepa",
])  # fmt: skip
def test_flags_that_keep_siblings_apart_are_refused_and_the_usual_one_is_not(command: str) -> None:
    one = lab()

    assert one.run(command).refused.reason == "The flags private and vepa of ipvlan are not modelled."

    assert one.run(command.replace("private", "bridge").replace("vepa", "bridge")).exit_code == 0
