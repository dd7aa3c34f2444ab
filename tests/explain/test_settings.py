"""`why` names the setting behind a failure, on every release: it looks at the snapshot only."""

from __future__ import annotations

import pytest

from dnetlab.errors import UsageError
from dnetlab.explain.why import Reason
from dnetlab.lab import Lab

RELEASES = ("20.10", "26.1", "28.5", "29.7")
UNUSED = "Nobody has the address 172.17.0.9 now: {} asked by ARP and got no answer."
MACVLAN = "docker network create -d macvlan --subnet 10.0.0.0/24 -o parent={} {} {}"


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def asked(release: str, *lines: str) -> Reason:
    lab = Lab(docker=release)
    lab.run_cell("\n".join(lines))
    return lab.why()


def test_a_port_published_for_loopback_only(release: str) -> None:
    reason = asked(
        release, "docker run -d --name web1 -p 127.0.0.1:8080:80 nginx", "client$ curl -m 2 172.25.254.1:8080"
    )

    assert reason.sentence == (
        "Port 8080 of docker1 is published for 127.0.0.1 only (by web1), and 172.25.254.1 was asked."
    )
    assert reason.kernel == "NO_SOCKET"
    assert reason.remedy.endswith("docker run -p 8080:80 …")


def test_a_paused_container_whose_kernel_still_answers(release: str) -> None:
    reason = asked(release, "docker run -d --name web1 nginx", "docker pause web1", "curl -m 2 172.17.0.2")

    assert reason.sentence.startswith("web1 is paused: the kernel still answers pings and handshakes for it")
    assert reason.remedy == "docker unpause web1"


def test_a_permanent_neighbour_entry_that_lies(release: str) -> None:
    lab = Lab(docker=release)
    lab.run_cell(
        "docker run -d --name web1 nginx\n"
        "ip neigh replace 172.17.0.2 lladdr 02:42:00:00:00:99 dev docker0 nud permanent\nping -c 1 -W 1 172.17.0.2"
    )

    real = lab.snapshot().hosts["docker1"].containers[0].endpoints[0].mac
    assert lab.why().sentence == (
        "docker1 sends everything for 172.17.0.2 to 02:42:00:00:00:99, by a permanent entry of its neighbour table; "
        f"the one who has the address is {real}."
    )
    assert lab.why().remedy == "ip neigh del 172.17.0.2 dev docker0"


def test_a_port_wanted_from_an_internal_network(release: str) -> None:
    reason = asked(
        release, "docker network create --internal inn", "docker run -d --name web1 --network inn -p 8080:80 nginx",
        "client$ curl -m 2 172.25.254.1:8080",
    )  # fmt: skip

    assert reason.sentence == (
        "Nothing publishes port 8080 on docker1: web1 is on the internal network inn only, and Docker publishes no "
        "port from there, whatever -p says."
    )
    assert "--network mynet -p 8080:PORT" in reason.remedy


def test_the_way_out_of_an_internal_network(release: str) -> None:
    reason = asked(
        release, "docker network create --internal inn", "docker run -d --name web1 --network inn nginx",
        "docker exec web1 ping -c 1 -W 1 172.25.254.38",
    )  # fmt: skip

    assert reason.sentence == (
        "web1 has no way to 172.25.254.38: it is on the internal network inn only, and Docker lets nothing out of "
        "there, on purpose."
    )
    assert "docker network connect" in reason.remedy
    assert "ip route" not in reason.remedy


def test_a_container_whose_namespace_lost_its_owner(release: str) -> None:
    reason = asked(
        release, "docker run -d --name web1 nginx",
        "docker run -d --name box --network container:web1 busybox sleep 99",
        "docker stop web1", "docker exec box ping -c 1 -W 1 172.25.254.38",
    )  # fmt: skip

    assert reason.sentence == (
        "box lives in the network namespace of web1, and web1 has stopped: its links went with it."
    )
    assert reason.remedy == "docker start web1, then docker restart box"


@pytest.mark.parametrize("probe", ["docker exec web1 ping -c 1 -W 1 172.25.254.38", "ping -c 1 -W 1 172.17.0.2"])
def test_docker0_is_down(release: str, probe: str) -> None:
    reason = asked(release, "docker run -d --name web1 nginx", "ip link set docker0 down", probe)

    assert reason.sentence == (
        "docker0 is down on docker1, so nothing gets across it: it is the bridge of network bridge."
    )
    assert reason.remedy == "ip link set docker0 up"


def test_icc_false_names_the_option_with_its_rule(release: str) -> None:
    reason = asked(
        release, "docker network create -o com.docker.network.bridge.enable_icc=false quiet",
        "docker run -d --name web1 --network quiet nginx", "docker run -d --name web2 --network quiet nginx",
        "docker exec web2 ping -c 1 -W 1 web1",
    )  # fmt: skip

    assert reason.sentence == (
        "web2 and web1 (172.18.0.2) are both on quiet, which has com.docker.network.bridge.enable_icc=false: its "
        "containers may not talk to each other."
    )
    assert reason.evidence[0].endswith("-j DROP")
    assert reason.kernel == "NETFILTER_DROP"


def test_a_host_and_its_own_macvlan_container_are_shown_the_shim(release: str) -> None:
    reason = asked(
        release, MACVLAN.format("enp7s0", "", "lan"), "docker run -d --name web1 --network lan --ip 10.0.0.2 nginx",
        "ip addr add 10.0.0.250/24 dev enp7s0", "ping -c 1 -W 1 10.0.0.2",
    )  # fmt: skip

    assert reason.evidence[-1] == (
        "a host and its own macvlan containers never hear each other: the parent's stack is left out"
    )
    assert reason.remedy.startswith("ip link add mac0 link enp7s0 type macvlan mode bridge")
    assert reason.remedy.endswith("ip route add 10.0.0.2/32 dev mac0")
    assert reason.kernel == "NEIGH_FAILED"


def test_macvlan_in_mode_private(release: str) -> None:
    reason = asked(
        release, MACVLAN.format("enp7s0", "-o macvlan_mode=private", "lan"),
        "docker run -d --name web1 --network lan --ip 10.0.0.2 nginx", "docker run -d --name web2 --network lan nginx",
        "docker exec web2 ping -c 1 -W 1 10.0.0.2",
    )  # fmt: skip

    assert reason.sentence == (
        "web2 and web1 are macvlans of enp7s0, but don't hear each other: their modes are private and private."
    )


def test_macvlan_on_two_vlans(release: str) -> None:
    reason = asked(
        release, MACVLAN.format("enp7s0.10", "", "lan"), "docker run -d --name web1 --network lan --ip 10.0.0.2 nginx",
        f"docker2# {MACVLAN.format('enp7s0.20', '', 'lan')}",
        "docker2# docker run -d --name web2 --network lan --ip 10.0.0.9 nginx",
        "docker2# docker exec web2 ping -c 1 -W 1 10.0.0.2",
    )  # fmt: skip

    assert reason.sentence == (
        "web2 and web1 are on one wire, but in different VLANs, and no frame goes from one into another."
    )


def two_macvlans(release: str, *lines: str) -> Reason:
    """web1 of docker1 in VLAN 10, 10.0.0.0/24, asks web2 of docker2 in VLAN 20, 10.1.0.0/24, after these lines."""
    other = "docker2# docker network create -d macvlan --subnet 10.1.0.0/24 -o parent=enp7s0.20 lan"
    return asked(
        release, MACVLAN.format("enp7s0.10", "--gateway 10.0.0.1", "lan"), other,
        "docker1# docker run -d --name web1 --network lan --ip 10.0.0.2 nginx",
        "docker2# docker run -d --name web2 --network lan --ip 10.1.0.2 nginx", *lines,
        "docker1# docker exec web1 ping -c 1 -W 1 10.1.0.2",
    )  # fmt: skip


def test_a_gateway_whose_address_nobody_has(release: str) -> None:
    reason = two_macvlans(release)

    assert reason.sentence == "The way from web1 to web2 leads over the gateway 10.0.0.1, and nobody has that address."
    assert reason.remedy == "a host in both networks, with 10.0.0.1 in this one and net.ipv4.ip_forward=1"


def test_a_gateway_in_another_vlan_is_the_one_that_is_told_of(release: str) -> None:
    reason = two_macvlans(
        release, "docker2# ip link add link enp7s0 name enp7s0.30 type vlan id 30",
        "docker2# ip addr add 10.0.0.1/24 dev enp7s0.30", "docker2# ip link set enp7s0.30 up",
    )  # fmt: skip

    assert reason.sentence == (
        "web1 and docker2 are on one wire, but in different VLANs, and no frame goes from one into another."
    )
    assert reason.evidence[-2:] == ("enp7s0.10 of docker1 is in VLAN 10", "enp7s0.30 of docker2 is in VLAN 30")


def test_a_container_on_the_network_none(release: str) -> None:
    reason = asked(release, "docker run -d --name solo --network none busybox sleep 9",
                   "docker exec solo ping -c 1 10.0.0.1")  # fmt: skip

    assert reason.sentence == "solo has no interface but lo: on the network none it is alone."


def test_a_joined_container_whose_owner_was_started_again_is_left_in_the_old_namespace(release: str) -> None:
    reason = asked(release, "docker run -d --name web nginx",
                   "docker run -d --name php --network container:web php-fpm",
                   "docker restart web", "docker exec php ping -c 1 172.25.254.38")  # fmt: skip

    assert reason.sentence == ("php lives in a network namespace that web has left: started again, web got a new one.")
    assert reason.remedy == "docker restart php"


def test_a_joined_container_whose_owner_is_gone(release: str) -> None:
    reason = asked(release, "docker run -d --name web nginx",
                   "docker run -d --name php --network container:web php-fpm",
                   "docker rm -f web", "docker exec php ping -c 1 172.25.254.38")  # fmt: skip

    assert reason.sentence == (
        "php lives in the network namespace of a container that has been removed: its links went with it."
    )


def test_a_container_that_was_disconnected_from_its_only_network(release: str) -> None:
    reason = asked(release, "docker run -d --name web nginx", "docker network disconnect bridge web",
                   "docker exec web ping -c 1 172.25.254.38")  # fmt: skip

    assert reason.sentence == "web has no interface but lo: it has been disconnected from every network."
    assert reason.remedy == "docker network connect NETWORK web"


# -- probes as tutorials type them ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("probe", "sentence"),
    [
        (
            "docker run --rm busybox ping -c 1 -W 1 172.17.0.9",
            "Nobody has the address 172.17.0.9 now: the container of docker run (on bridge) asked by ARP and got no "
            "answer.",
        ),
        (
            "docker run --rm busybox ping -c 1 web1",
            "the container of docker run (on bridge) and web1 meet on the default bridge only, and there Docker has no "
            "DNS: names don't work.",
        ),
        (
            "docker run --rm --network n1 --name probe busybox sh -c 'ping -c 1 -W 1 172.17.0.2'",
            "probe and 172.17.0.2 are on different Docker networks, and Docker keeps networks apart (n1 and bridge).",
        ),
        (
            "docker run --rm --network none busybox ping -c 1 172.17.0.2",
            "the container of docker run (on none) has no interface but lo: on the network none it is alone.",
        ),
        ("docker exec web1 sh -c 'ping -c 1 -W 1 172.17.0.9'", UNUSED.format("web1")),
        ("timeout 2 curl 172.17.0.9", UNUSED.format("docker1")),
        ("ping -c 1 -W 1 172.17.0.9 | tail -1", UNUSED.format("docker1")),
        ("docker exec web1 nslookup web2", "No container on docker1 is called web2."),
        ("traceroute -m 2 -w 1 10.1.1.1", "docker1 has no route to 10.1.1.1: Network is unreachable."),
    ],
)  # fmt: skip
def test_a_probe_is_understood_as_tutorials_type_it(release: str, probe: str, sentence: str) -> None:
    reason = asked(release, "docker network create n1", "docker run -d --name web1 nginx", probe)

    assert reason.sentence == sentence


def test_a_pipe_that_worked_does_not_hide_an_earlier_failure() -> None:
    pipe = "curl -s 172.17.0.2 | head -1"
    reason = asked("28.5", "docker run -d --name web1 nginx", "ping -c 1 -W 1 172.17.0.9", pipe)

    assert reason.sentence.startswith("Nobody has the address 172.17.0.9 now")


def test_a_network_that_is_gone_can_not_be_asked_from_again() -> None:
    lab = Lab()
    probe = "docker run --rm --network n1 busybox ping -c 1 -W 1 172.18.0.9"
    lab.run_cell(f"docker network create n1\n{probe}\ndocker network rm n1")

    with pytest.raises(UsageError, match="the network n1 is gone"):
        lab.why()
