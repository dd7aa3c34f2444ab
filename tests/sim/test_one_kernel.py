"""`ip`, `brctl` and the daemon ask one kernel, so what one of them did binds the others; texts are real engines'."""

from __future__ import annotations

import pytest

from dnetlab.model import Where
from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")

PREFIX = {"20.10": "", "28.5": "failed to set up container networking: "}
HELP = "\n\nRun 'docker run --help' for more information\n"


def error(release: str, text: str) -> str:
    """What `docker run` prints when the daemon could not make the network."""
    return f"docker: Error response from daemon: {PREFIX[release]}{text}{HELP}"


@pytest.mark.parametrize("release", ["20.10", "28.5"])
def test_no_macvlan_on_the_port_of_a_bridge_whoever_asks(release: str) -> None:
    # given enp7s0 in a bridge, when ip and docker want a macvlan on it, then the kernel says EBUSY to both (recorded on
    # 20.10.24 and 28.5.2)
    lab = Prompt(release)
    lab.out("ip link add br0 type bridge\nip link set enp7s0 master br0")
    lab.out("docker network create -d macvlan --subnet 10.7.0.0/24 -o parent=enp7s0 bad")

    assert lab.err("ip link add mv0 link enp7s0 type macvlan mode bridge", 2) == (
        "RTNETLINK answers: Device or resource busy\n"
    )
    assert lab.err("docker run --rm --network bad busybox true", 125) == error(
        release, "failed to create the macvlan port: device or resource busy"
    )


@pytest.mark.parametrize("release", ["20.10", "28.5"])
def test_a_parent_that_was_deleted_is_missed(release: str) -> None:
    # recorded on 20.10.24 and 28.5.2, `ip link del enp7s0.11` before `docker run`
    lab = Prompt(release)
    lab.out("docker network create -d macvlan --subnet 20.0.0.0/24 -o parent=enp7s0.11 mynet2")
    lab.out("ip link del enp7s0.11")

    assert lab.err("docker run --rm --network mynet2 busybox true", 125) == error(
        release, "the requested parent interface enp7s0.11 was not found on the Docker host"
    )


def test_passthru_takes_one_container() -> None:
    lab = Prompt("28.5")
    lab.out("docker network create -d macvlan --subnet 10.7.0.0/24 -o parent=enp7s0 -o macvlan_mode=passthru mv")
    lab.out("docker run -d --network mv nginx")

    assert lab.err("docker run --rm --network mv busybox true", 125) == error(
        "28.5", "failed to create the macvlan port: invalid argument"
    )


def test_a_parent_with_a_container_on_it_becomes_no_port_of_a_bridge() -> None:
    lab = Prompt("28.5")
    lab.out("docker network create -d macvlan --subnet 10.7.0.0/24 -o parent=enp7s0 mv")
    lab.out("docker run -d --name web --network mv nginx")
    lab.out("brctl addbr br0")
    assert lab.err("brctl addif br0 enp7s0") == "can't add enp7s0 to bridge br0: Device or resource busy\n"

    lab.out("docker rm -f web")
    lab.out("brctl addif br0 enp7s0")


def state(lab: Prompt, name: str) -> str:
    return lab.out(f"ip -br link show {name}").split()[1]


def test_carrier_follows_a_container_up_to_a_vlan_on_its_bridge() -> None:
    # given a vlan on docker0, which has no ports, when a container starts, runs and is gone, then the vlan follows
    lab = Prompt("28.5")
    lab.out("ip link add link docker0 name v5 type vlan id 5\nip link set v5 up")
    assert state(lab, "v5") == "LOWERLAYERDOWN"

    lab.out("docker run -d --name web nginx")
    assert (state(lab, "docker0"), state(lab, "v5")) == ("UP", "UP")

    lab.out("docker rm -f web")
    assert (state(lab, "docker0"), state(lab, "v5")) == ("DOWN", "LOWERLAYERDOWN")


def test_the_link_of_a_macvlan_container_has_no_more_mtu_than_its_parent() -> None:
    # recorded: after `ip link set eth0 mtu 1400` a macvlan on eth0 has 1400, before or after the container started
    lab = Prompt("28.5")
    lab.out("docker network create -d macvlan --subnet 10.7.0.0/24 -o parent=enp7s0 mv")
    lab.out("docker run -d --name old --network mv nginx")
    lab.out("ip link set enp7s0 mtu 1400")
    lab.out("docker run -d --name new --network mv nginx")

    for name in ("old", "new"):
        assert " mtu 1400 " in lab.out(f"docker exec {name} ip link show eth0")


def test_network_rm_leaves_the_link_that_the_user_made() -> None:
    # given a vlan by hand and one by Docker, when their networks go, then only Docker's goes (moby macvlan_network.go:
    # CreatedSlaveLink)
    lab = Prompt("28.5")
    lab.out("ip link add link enp7s0 name enp7s0.60 type vlan id 60")
    lab.out("docker network create -d macvlan --subnet 10.60.0.0/24 -o parent=enp7s0.60 mine")
    lab.out("docker network create -d macvlan --subnet 10.61.0.0/24 -o parent=enp7s0.61 theirs")

    lab.out("docker network rm mine theirs")

    links = lab.out("ip -br link")
    assert "enp7s0.60@enp7s0" in links
    assert "enp7s0.61" not in links


def test_a_tag_taken_by_hand_is_refused_to_docker() -> None:
    lab = Prompt("28.5")
    lab.out("ip link add link enp7s0 name mine type vlan id 10")

    said = lab.err("docker network create -d macvlan --subnet 10.7.0.0/24 -o parent=enp7s0.10 mv")

    assert said == "Error response from daemon: failed to create enp7s0.10 vlan link: file exists\n"


def test_numbers_of_links_that_a_failed_start_had_made_are_not_given_again() -> None:
    # given a host port that is taken, when a start fails after its links were made, then the next container's links
    # have later numbers, as on a real host
    lab = Prompt("20.10")
    lab.out("docker run -d --name one -p 80:80 nginx")
    lab.err("docker run -d --name two -p 80:80 nginx", 125)

    lab.out("docker run -d --name three nginx")

    host = lab.world.namespace(Where("docker1"))
    assert [link.index for link in host.interfaces if link.master] == [6, 10]


def test_what_the_daemon_made_can_be_changed_by_hand_and_the_other_way_round() -> None:
    # given a bridge by hand with an address, when a network takes it, then it has the network's address and its route
    # instead; when the network goes, the bridge stays (recorded on 28.5.2)
    lab = Prompt("28.5")
    lab.out("ip link add br0 type bridge\nip addr add 10.8.0.254/24 dev br0\nip link set br0 up")

    lab.out("docker network create -o com.docker.network.bridge.name=br0 --subnet 10.20.0.0/24 reuse")

    assert "inet 10.20.0.1/24 brd 10.20.0.255 scope global br0" in lab.out("ip addr show br0")
    assert lab.out("ip route show dev br0") == "10.20.0.0/24 proto kernel scope link src 10.20.0.1 \n"
    lab.out("docker network rm reuse")
    assert "br0" in lab.out("ip -br link")


@pytest.mark.parametrize(("release", "learned"), [("20.10", 0), ("28.5", 1)])
def test_a_bridge_has_heard_of_a_container_that_spoke_at_its_start(release: str, learned: int) -> None:
    # recorded: on 28.5.2 a container's gratuitous ARP leaves its MAC at the bridge, 20.10.24 sends none
    lab = Prompt(release)
    lab.out("docker run -d --name web nginx")

    rows = lab.out("brctl showmacs docker0").splitlines()[1:]

    assert [row.split()[2] for row in rows].count("no") == learned
    assert [row.split()[2] for row in rows].count("yes") == 1
