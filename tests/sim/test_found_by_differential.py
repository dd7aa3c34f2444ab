"""What random scripts found out about real engines: each claim was a divergence of the simulator once.

Expected texts are those of the real engines 20.10.24, 26.1.5 and 28.5.2.
"""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt

pytestmark = pytest.mark.usefixtures("transport")


class At(Prompt):
    """A prompt at docker1 that takes several lines."""

    def run(self, *lines: str) -> None:
        for line in lines:
            self.type(line)

    def error(self, line: str) -> str:
        return self.type(line).stderr

    def said(self, line: str) -> str:
        return self.type(line).stdout

RELEASES = ("20.10", "26.1", "28.5")
NETWORKS = "docker inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}} {{end}}' "


@pytest.mark.parametrize("release", RELEASES)
def test_a_rule_number_beyond_the_chain_is_too_big_and_an_untouched_chain_is_not_there(release):
    # Given a chain of one's own and one that dockerd uses, both empty, when a rule is deleted or replaced by number,
    # then the number is too big; INPUT has never had a rule, so the kernel has no such chain yet.
    at = At(release)
    at.run("iptables -N MINE", "iptables -F DOCKER-USER")

    too_big = "iptables: Index of deletion too big.\n"
    assert at.error("iptables -D MINE 1") == too_big
    assert at.error("iptables -D DOCKER-USER 1") == too_big
    assert at.error("iptables -R MINE 1 -j ACCEPT") == "iptables: Index of replacement too big.\n"
    assert at.error("iptables -D INPUT 1") == "iptables: No chain/target/match by that name.\n"


@pytest.mark.parametrize(
    ("release", "text"),
    [
        ("20.10", "No available addresses on this pool"),
        ("26.1", "no available addresses on this pool"),
        ("28.5", "failed to set up container networking: Address already in use"),
    ],
)
def test_a_full_pool_is_what_a_static_address_is_told_first(release, text):
    # Given a network with one address and a container that has it, when another asks for that very address,
    # then the older releases say that the pool is full, the newer that the address is taken.
    at = At(release)
    at.run("docker network create --subnet 10.26.4.0/30 full", "docker run -d --name web1 --network full nginx")

    said = at.error("docker run -d --name web2 --network full --ip 10.26.4.2 nginx")

    assert said.splitlines()[0] == f"docker: Error response from daemon: {text}"


@pytest.mark.parametrize("release", ("26.1", "28.5"))
def test_a_range_wider_than_its_subnet_is_refused_before_the_name_is_looked_at(release):
    # Given a network of that name already, when one with too wide a range is created, then the range is the error.
    at = At(release)
    at.run("docker network create net2")

    said = at.error("docker network create --subnet 10.26.3.0/30 --ip-range 10.26.3.0/29 net2")

    assert said == (
        "Error response from daemon: invalid network config:\n"
        "invalid ip-range 10.26.3.0/29: CIDR block is bigger than its parent subnet 10.26.3.0/30\n"
    )


@pytest.mark.parametrize(("release", "prefix"), [("20.10", ""), ("28.5", "failed to set up container networking: ")])
def test_a_network_that_could_not_be_connected_stays_written_down(release, prefix):
    # Given a running container, when connecting it fails for want of the address, then the network is listed without
    # an address, it can't be disconnected, and the next start fails because it asks for the address again.
    at = At(release)
    at.run("docker network create --subnet 10.27.4.0/24 wide", "docker run -d --name web1 nginx")

    assert at.error("docker network connect --ip 10.27.4.1 wide web1") == (
        "Error response from daemon: Address already in use\n"
    )
    assert at.said(NETWORKS + "web1") == "bridge=172.17.0.2 wide= \n"
    assert at.error("docker network disconnect wide web1").endswith(" is not connected to network wide\n")
    assert at.error("docker restart -t 1 web1") == (
        f"Error response from daemon: Cannot restart container web1: {prefix}Address already in use\n"
    )


@pytest.mark.parametrize("release", RELEASES)
def test_connecting_a_stopped_container_again_changes_nothing(release):
    # Given a container that could not start because its address is the network's last, when it is connected to that
    # network once more without an address, then it still asks for the first one.
    at = At(release)
    at.run("docker network create --subnet 10.34.2.0/30 net3", "docker run -d --name web1 --network net3 --ip 10.34.2.3 nginx")  # fmt: skip # noqa: E501
    at.run("docker network connect net3 web1")

    assert "Address already in use" in at.error("docker start web1")


@pytest.mark.parametrize(
    ("release", "said"),
    [
        ("20.10", ""),
        ("26.1", "Error response from daemon: could not find a network matching network mode net6: network net6 not found\n"),  # noqa: E501
        ("28.5", "Error response from daemon: could not find a network matching network mode net6: network net6 not found\n"),  # noqa: E501
    ],
)
def test_a_container_whose_first_network_is_gone_can_be_connected_only_on_old_releases(release, said):
    # Given a running container that left the network it was run with, and the network removed, when it is connected
    # to another one, then 20.10 does so and newer releases miss the first.
    at = At(release)
    at.run("docker network create net6", "docker network create net7", "docker run -d --name web1 --network net6 nginx")
    at.run("docker network disconnect net6 web1", "docker network rm net6")

    assert at.error("docker network connect net7 web1") == said


@pytest.mark.parametrize(("release", "left"), [("20.10", "2\n"), ("26.1", "0\n"), ("28.5", "0\n")])
def test_a_killed_proxy_is_a_zombie_on_20_10_until_its_container_stops(release, left):
    # Given a published port, when its proxies are killed, then 20.10 does not ask for their exit status before the
    # container stops; pkill finds the zombies again and nothing comes of it.
    at = At(release)
    at.run("docker run -d --name web1 -p 8009:80 nginx", "pkill docker-proxy", "pkill docker-proxy")

    assert at.said("pgrep -c docker-proxy") == left
    if release == "20.10":
        assert at.said("ps -ef | grep -c '[d]efunct'") == "2\n"
    at.run("docker stop -t 1 web1")
    assert at.said("pgrep -c docker-proxy") == "0\n"
    assert at.said("ps -ef | grep -c '[n]ginx: '") == "0\n"


@pytest.mark.parametrize("release", ("20.10", "26.1"))
def test_an_internal_network_does_not_bring_back_the_jumps_of_nat(release):
    # Given a nat table that was flushed, when an internal network is created, then nat stays as it was; an ordinary
    # one brings the jumps back.
    at = At(release)
    at.run("iptables -t nat -F", "docker network create --internal inner")
    assert at.said("iptables -t nat -S PREROUTING") == "-P PREROUTING ACCEPT\n"

    at.run("docker network create outer")

    assert at.said("iptables -t nat -S PREROUTING") == (
        "-P PREROUTING ACCEPT\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
    )


def test_a_start_that_failed_half_way_leaves_its_ports_in_the_list_on_20_10():
    # Given a container of a network that is missing, connected to the default one as well, when its start fails, then
    # 20.10 shows its exposed port although it has never run.
    at = At("20.10")
    at.run("docker run -d --name web1 --network nosuch nginx", "docker network connect bridge web1")
    listing = "docker ps -a --format '{{.Names}} {{.State}} {{.Ports}}'"
    assert at.said(listing) == "web1 created \n"

    at.run("docker start web1")

    assert at.said(listing) == "web1 created 80/tcp\n"


def test_docker0_lists_a_subnet_that_the_daemon_chose_behind_the_one_that_is_written_down():
    # Given a docker0, when a daemon with other pools and a fixed-cidr-v6 starts, then its IPv6 subnet stands first
    # (28.5.2); with docker0's old subnet kept, IPv4 does.
    at = At("28.5")
    subnets = "docker network inspect -f '{{range .IPAM.Config}}{{.Subnet}} {{end}}' bridge"
    both = '"ipv6": true, "fixed-cidr-v6": "fd00:d0c::/64"'

    at.run(f"echo '{{{both}}}' > /etc/docker/daemon.json", "systemctl restart docker")
    assert at.said(subnets) == "172.17.0.0/16 fd00:d0c::/64 \n"

    pools = '"default-address-pools": [{"base": "10.50.0.0/16", "size": 24}]'
    at.run(f"echo '{{{pools}, {both}}}' > /etc/docker/daemon.json", "systemctl restart docker")
    assert at.said(subnets) == "fd00:d0c::/64 10.50.0.0/24 \n"


def test_a_daemon_without_iptables_writes_rules_of_ipv6_all_the_same():
    # Given iptables=false, when a container of a network with IPv6 runs, then ip6tables has its rule and iptables has
    # none (28.5.2).
    at = At("28.5")
    told = '{"iptables": false, "ipv6": true, "fixed-cidr-v6": "fd00:d0c::/64"}'
    at.run(f"echo '{told}' > /etc/docker/daemon.json", "systemctl restart docker", "docker run -d --name web1 nginx")

    assert at.said("ip6tables -t raw -S PREROUTING") == (
        "-P PREROUTING ACCEPT\n-A PREROUTING -d fd00:d0c::2/128 ! -i docker0 -j DROP\n"
    )
    assert at.said("iptables -t raw -S PREROUTING") == "-P PREROUTING ACCEPT\n"


def test_a_routed_network_opens_a_port_whatever_address_was_asked_for():
    # Given a network in whose own addresses others are answered, when a port of 127.0.0.1 is published, then it is
    # listed without that address (28.5.2).
    at = At("28.5")
    at.run("docker network create -o com.docker.network.bridge.gateway_mode_ipv4=routed net1",
           "docker run -d --name web2 --network net1 -p 127.0.0.1:8001:80 nginx")  # fmt: skip

    ports = at.said("docker inspect -f '{{json .NetworkSettings.Ports}}' web2")

    assert ports == '{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":""}]}\n'


def test_a_network_connected_at_rest_is_missed_by_its_name():
    # Given a container at rest that was connected to a network, when that network has gone, then the start names it by
    # its name (28.5.2), not by its id.
    at = At("28.5")
    at.run("docker run -d --name web1 nginx", "docker stop -t 1 web1", "docker network create net3",
           "docker network connect net3 web1", "docker network rm net3")  # fmt: skip

    said = at.error("docker start web1")

    assert "network net3 not found" in said


def test_ports_of_a_network_without_ipv6_whose_mode_of_ipv6_is_routed_have_no_number_on_every_ipv6_address():
    # Given an IPv4 network with gateway_mode_ipv6=routed, when a port is published, then [::] is listed with 0 and has
    # no docker-proxy (28.5.2).
    at = At("28.5")
    at.run("docker network create -o com.docker.network.bridge.gateway_mode_ipv6=routed net1",
           "docker run -d --name web2 --network net1 -p 8002:80 nginx")  # fmt: skip

    assert at.said("docker ps --format '{{.Ports}}'") == "0.0.0.0:8002->80/tcp, [::]:0->80/tcp\n"
    assert at.said("ps aux | grep -c '[d]ocker-proxy'") == "1\n"


def test_a_name_in_two_networks_is_that_of_the_network_with_both_families():
    # Given a container in a network of both families and in another that stands first by its name, when it asks for
    # its own name, then the first network with a gateway of each family is asked first (28.5.2): busybox takes IPv6.
    at = At("28.5")
    at.run("docker network create --subnet 10.22.5.0/24 net5",
           "docker network create --subnet 10.25.6.0/24 --ipv6 --subnet fd00:46::/64 net6",
           "docker run -d --name web2 --network net6 nginx", "docker network connect net5 web2")  # fmt: skip

    assert at.said("docker exec web2 ping -c 1 -W 1 web2").startswith("PING web2 (fd00:46::2): 56 data bytes\n")
