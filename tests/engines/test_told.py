"""Who is asked, after a start, whether it has been told of the containers on an overlay network."""

from __future__ import annotations

from types import SimpleNamespace

from dnetlab.engines.told import wait_until_told
from dnetlab.model.labfile import parse_topology

OVERLAY = "abcdefghij0123456789"
TWO = parse_topology(
    '[switches.lan]\n[hosts.docker1]\ndocker = true\nnics.eth0 = { switch = "lan", address = "10.0.0.1/24" }\n'
    '[hosts.docker2]\ndocker = true\nnics.eth0 = { switch = "lan", address = "10.0.0.2/24" }\n'
)


class Asked:
    """Hosts whose daemons list one overlay network, and a container on it or on the bridge; `asked` is what ran."""

    shape = TWO

    def __init__(self, **network_of_container: str) -> None:
        self.networks, self.asked = network_of_container, []

    def client(self, host: str) -> SimpleNamespace:
        end = {"NetworkID": self.networks.get(host, ""), "MacAddress": f"02:42:0a:00:01:0{host[-1]}"}
        rows = [{"NetworkSettings": {"Networks": {"some": end}}}] if host in self.networks else []
        networks = [{"Id": OVERLAY, "Driver": "overlay"}, {"Id": "bridge", "Driver": "bridge"}]
        return SimpleNamespace(networks=lambda: networks, containers=lambda: rows)

    def run(self, host: str, text: str) -> None:
        self.asked.append((host, text.partition("do told ")[2].partition(" && exit")[0]))


def test_both_hosts_are_asked_for_the_others_container():
    hosts = Asked(docker1=OVERLAY, docker2=OVERLAY)

    wait_until_told(hosts, "docker2")

    assert hosts.asked == [("docker1", "abcdefghij 02:42:0a:00:01:02"), ("docker2", "abcdefghij 02:42:0a:00:01:01")]


def test_nobody_is_asked_about_a_container_that_is_on_the_bridge_only():
    hosts = Asked(docker1=OVERLAY, docker2="bridge")

    wait_until_told(hosts, "docker2")

    assert hosts.asked == []
