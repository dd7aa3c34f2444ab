"""Gateway modes of bridge networks, and the options around them, as real engines answered.

28.5.2, 26.1.5 and 20.10.24 answered on lab hosts (`dnetlab run --engine docker`), 29.7.2 in a recording.
"""

from __future__ import annotations

import re

import pytest

from tests.sim.prompt import Prompt

MODE = "com.docker.network.bridge.gateway_mode_ipv4"
NEW = pytest.mark.parametrize("release", ["28.5", "29.7"])


def lab(release: str, mode: str, *, internal: bool = False, option: str = MODE) -> Prompt:
    """docker1 with a network of that mode and nginx on it at 172.30.3.10, its port 80 published as 8083."""
    prompt = Prompt(release)
    prompt.out(f"docker network create --subnet 172.30.3.0/24 -o {option}={mode} {'--internal ' * internal}net")
    prompt.out("docker run -d --name web --network net --ip 172.30.3.10 -p 8083:80 nginx")
    prompt.out("client# ip route add 172.30.3.0/24 via 172.25.254.1")
    return prompt


def rules(prompt: Prompt, table: str = "filter") -> list[str]:
    """`iptables -S` about the network: its bridge is called BR."""
    listing = prompt.out(f"docker1# iptables -t {table} -S")
    bridge = prompt.out("docker1# docker network inspect -f '{{slice .Id 0 12}}' net").strip()
    found = [line.replace(f"br-{bridge}", "BR") for line in listing.splitlines()]
    return [line for line in found if "BR" in line or "172.30.3" in line]


def status(prompt: Prompt, line: str) -> int:
    return prompt.type(line).exit_code


@NEW
def test_a_routed_network_is_not_translated_and_its_ports_are_opened_at_its_own_addresses(release: str) -> None:
    prompt = lab(release, "routed")

    docker = [line for line in rules(prompt) if line.startswith("-A DOCKER ")]
    assert docker == [
        "-A DOCKER -d 172.30.3.10/32 ! -i BR -o BR -p tcp -m tcp --dport 80 -j ACCEPT",
        "-A DOCKER -o BR -p icmp -j ACCEPT",
        "-A DOCKER ! -i BR -o BR -j DROP",
    ]
    assert [line for line in rules(prompt, "nat") if "RETURN" not in line] == []
    assert rules(prompt, "raw") == []
    assert status(prompt, "client# ping -c 1 -W 1 172.30.3.10") == 0
    assert status(prompt, "client# curl -s -m 2 172.30.3.10") == 0
    assert status(prompt, "client# curl -s -m 2 172.25.254.1:8083") == 7, "the host's port has nobody"
    assert prompt.out("docker1# docker port web") == "80/tcp -> 0.0.0.0:\n80/tcp -> [::]:8083\n"


def test_28_lets_other_networks_into_a_routed_one() -> None:
    stage_1 = [line for line in rules(lab("28.5", "routed")) if "STAGE-1" in line]

    assert stage_1 == [
        "-A DOCKER-ISOLATION-STAGE-1 -i BR -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A DOCKER-ISOLATION-STAGE-1 -o BR -j RETURN",
        "-A DOCKER-ISOLATION-STAGE-1 -i BR ! -o BR -j DOCKER-ISOLATION-STAGE-2",
    ]


@pytest.mark.parametrize(("release", "shown"), [
    ("28.5", "0.0.0.0:0->80/tcp, [::]:8083->80/tcp"), ("29.7", "[::]:8083->80/tcp"),
])  # fmt: skip
def test_docker_ps_shows_a_routed_port_by_its_release(release: str, shown: str) -> None:
    assert lab(release, "routed").out("docker ps --format '{{.Ports}}'") == shown + "\n"


@NEW
def test_an_unprotected_network_is_translated_and_every_port_is_open_to_who_can_route_there(release: str) -> None:
    prompt = lab(release, "nat-unprotected")

    docker = [line for line in rules(prompt) if line.startswith("-A DOCKER ")]
    assert docker == ["-A DOCKER ! -i BR -o BR -j ACCEPT"]
    nat = [line for line in rules(prompt, "nat") if "RETURN" not in line]
    assert nat == [
        "-A POSTROUTING -s 172.30.3.0/24 ! -o BR -j MASQUERADE",
        "-A DOCKER ! -i BR -p tcp -m tcp --dport 8083 -j DNAT --to-destination 172.30.3.10:80",
    ]
    assert rules(prompt, "raw") == []
    assert status(prompt, "client# ping -c 1 -W 1 172.30.3.10") == 0
    assert status(prompt, "client# curl -s -m 2 172.25.254.1:8083") == 0


@NEW
def test_in_the_mode_nat_the_containers_own_address_is_closed_to_the_world(release: str) -> None:
    prompt = lab(release, "nat")

    assert rules(prompt, "raw") == ["-A PREROUTING -d 172.30.3.10/32 ! -i BR -j DROP"]
    assert status(prompt, "client# curl -s -m 2 172.30.3.10") == 28
    assert status(prompt, "client# curl -s -m 2 172.25.254.1:8083") == 0


@NEW
def test_an_isolated_network_leaves_the_host_out_and_its_first_address_to_a_container(release: str) -> None:
    prompt = Prompt(release)
    prompt.out(f"docker network create -o {MODE}=isolated --internal net")
    prompt.out("docker run -d --name web --network net nginx")

    assert prompt.out("docker exec web ip route") == "172.18.0.0/16 dev eth0 scope link  src 172.18.0.1 \n"
    assert prompt.out("docker network inspect -f '{{json .IPAM.Config}}' net") == '[{"Subnet":"172.18.0.0/16"}]\n'
    assert not re.search(r"^br-\w+ .*172\.18\.", prompt.out("ip -br addr"), re.MULTILINE)


@NEW
def test_what_a_gateway_mode_cannot_be(release: str) -> None:
    prompt = Prompt(release)

    assert prompt.err(f"docker network create -o {MODE}=isolated net") == (
        "Error response from daemon: gateway mode 'isolated' can only be used for an internal network\n"
    )
    assert prompt.err(f"docker network create -o {MODE}=banana net") == (
        f"Error response from daemon: failed to parse {MODE} value: banana (unknown gateway mode banana)\n"
    )


@pytest.mark.parametrize("release", ["20.10", "26.1"])
def test_before_27_the_option_says_nothing(release: str) -> None:
    prompt = lab(release, "routed")

    assert "-A POSTROUTING -s 172.30.3.0/24 ! -o BR -j MASQUERADE" in rules(prompt, "nat")
    assert prompt.out("docker port web") == "80/tcp -> 0.0.0.0:8083\n80/tcp -> [::]:8083\n"


@NEW
def test_from_trusted_links_a_container_may_be_asked_at_its_own_address(release: str) -> None:
    prompt = lab(release, "eth0:enp7s0", option="com.docker.network.bridge.trusted_host_interfaces")

    assert rules(prompt, "raw") == [
        "-A PREROUTING -d 172.30.3.10/32 -i eth0 -j ACCEPT",
        "-A PREROUTING -d 172.30.3.10/32 -i enp7s0 -j ACCEPT",
        "-A PREROUTING -d 172.30.3.10/32 ! -i BR -j DROP",
    ]
    assert status(prompt, "client# curl -s -m 2 172.30.3.10") == 0, "its published port"
    assert status(prompt, "client# ping -c 1 -W 1 172.30.3.10") == 1, "and no other way in"


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5", "29.7"])
def test_inhibit_ipv4_leaves_the_bridge_without_address_and_the_gateway_told(release: str) -> None:
    prompt = lab(release, "true", option="com.docker.network.bridge.inhibit_ipv4")

    assert "172.30.3.1/24" not in prompt.out("docker1# ip -br addr")
    assert prompt.out("docker1# docker exec web ip route").splitlines()[0] == "default via 172.30.3.1 dev eth0 "


@pytest.mark.parametrize("release", ["20.10", "26.1", "28.5", "29.7"])
def test_host_ipv4_is_the_address_that_what_leaves_wears(release: str) -> None:
    prompt = lab(release, "172.25.254.1", option="com.docker.network.host_ipv4")

    assert "-A POSTROUTING -s 172.30.3.0/24 ! -o BR -j SNAT --to-source 172.25.254.1" in rules(prompt, "nat")
    assert prompt.err("docker1# docker network create -o com.docker.network.host_ipv4=banana x") == (
        "Error response from daemon: failed to parse com.docker.network.host_ipv4 value: banana (nil ip)\n"
    )


@NEW
def test_what_belongs_to_a_network_goes_with_it(release: str) -> None:
    before = Prompt(release)
    after = lab(release, "routed")

    after.out("docker1# docker rm -f web && docker network rm net")

    for table in ("filter", "nat", "raw"):
        assert after.out(f"iptables -t {table} -S") == before.out(f"iptables -t {table} -S")


@NEW
def test_one_family_may_be_isolated_while_the_other_has_its_gateway(release: str) -> None:
    prompt = Prompt(release)
    subnets = "--subnet 172.30.3.0/24 --subnet fd00:3::/64"

    prompt.out(f"docker network create --internal --ipv6 {subnets} -o {MODE}=isolated "
               "-o com.docker.network.bridge.name=br-half half")  # fmt: skip

    addresses = prompt.out("docker1# ip -br addr show dev br-half")
    assert "fd00:3::1/64" in addresses and "172.30.3" not in addresses


@NEW
def test_a_container_without_ipv6_in_a_network_of_ipv6_only_leaves_by_docker_gwbridge(release: str) -> None:
    # Given a network of IPv6 only, when a container with IPv6 switched off is run in it, then its endpoint has no
    # address, docker_gwbridge is made for its way out, and a port is published there (observed on 28.5.2).
    prompt = Prompt(release)
    prompt.out("docker network create --ipv6 --ipv4=false --subnet fd00:5::/64 six")

    prompt.out("docker run -d --name off --network six -p 8080:80 --sysctl net.ipv6.conf.all.disable_ipv6=1 nginx")

    links = prompt.out("docker exec off ip addr")
    assert "172.18.0.2/16 brd 172.18.255.255 scope global eth1" in links and "inet6" not in links
    assert prompt.out("docker exec off ip route").splitlines()[0] == "default via 172.18.0.1 dev eth1 "
    assert prompt.out("docker exec off cat /etc/hosts") == "127.0.0.1\tlocalhost\n"
    assert "--dport 8080 -j DNAT --to-destination 172.18.0.2:80" in prompt.out("docker1# iptables -t nat -S DOCKER")
    assert status(prompt, "client# curl -s -o /dev/null http://172.25.254.1:8080") == 0
    assert status(prompt, "docker run --rm --network six busybox nslookup off") == 1


def test_docker_gwbridge_is_left_when_another_network_leads_out() -> None:
    # Given a container that leaves by docker_gwbridge, when it is connected to a network with a gateway, then its link
    # there is gone, and it is back when that network is left again (observed on 28.5.2).
    prompt = Prompt("28.5")
    prompt.out("docker network create --ipv6 --ipv4=false --subnet fd00:5::/64 six")
    prompt.out("docker run -d --name off --network six --sysctl net.ipv6.conf.all.disable_ipv6=1 nginx")

    prompt.out("docker network connect bridge off")
    with_bridge = prompt.out("docker exec off ip route")
    prompt.out("docker network disconnect bridge off")
    without = prompt.out("docker exec off ip route")

    assert with_bridge == "default via 172.17.0.1 dev eth2 \n172.17.0.0/16 dev eth2 scope link  src 172.17.0.2 \n"
    assert without == "default via 172.18.0.1 dev eth1 \n172.18.0.0/16 dev eth1 scope link  src 172.18.0.2 \n"


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
def test_where_the_daemon_itself_breaks_off_the_lab_says_so(driver: str) -> None:
    # A real 28.5.2 answers EOF to the start with macvlan, and the container stays Created.
    prompt = Prompt("28.5")
    prompt.out(f"docker network create -d {driver} --internal --ipv6 --subnet 172.30.9.0/24 --subnet fd00:9::/64 net")

    refused = prompt.type("docker run -d --network net --sysctl net.ipv6.conf.lo.disable_ipv6=1 nginx").refused

    assert refused is not None
    assert refused.reason == (
        f"A container with IPv6 switched off in a network of the driver {driver} with IPv6 is not modelled."
    )


def test_a_network_of_a_swarm_is_never_without_ipv4():
    # as 28.5.2 says it
    prompt = Prompt("28.5")
    prompt.out("docker swarm init --advertise-addr 172.25.254.1")

    said = prompt.err("docker network create -d overlay --ipv4=false --ipv6 --subnet fd00:8::/64 only6")

    assert said == "Error response from daemon: IPv4 cannot be disabled in a Swarm scoped network\n"
