"""A lab.toml says which hosts, NICs, switches and images a lab has; a mistake in it is one sentence and a hint."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from dnetlab.errors import UsageError
from dnetlab.model import PortMode, StaticRoute, default_topology, parse_topology, read_topology


def test_the_default_lab_has_two_docker_hosts_and_a_client_on_one_switch():
    lab = default_topology()

    assert lab.names == ("docker1", "docker2", "client")
    assert lab.docker_hosts == ("docker1", "docker2")
    assert [(n.host, n.name) for n in lab.plugged_into("lan")] == [
        ("docker1", "eth0"), ("docker2", "eth0"), ("client", "eth0"),
    ]  # fmt: skip
    assert [(n.host, n.name, n.promiscuous, n.addresses) for n in lab.plugged_into("trunk")] == [
        ("docker1", "enp7s0", True, ()), ("docker2", "enp7s0", True, ()),
    ]  # fmt: skip
    assert lab.address_of("client") == IPv4Interface("172.25.254.38/24")
    assert lab.host("docker1").resolver == IPv4Address("192.0.2.53")
    assert lab.called("foundation38") == "client" and lab.called("docker3") is None


ROUTED = """\
images = ["busybox", "webserver:v3"]

[switches.left]
[switches.right]
forged_macs = false
ports."router:eth1" = { trunk = [10, 20], native = 0 }
ports."far:eth0" = { access = 10 }

[hosts.near]
docker = true
routes.default = "10.0.1.254"
nics.eth0 = { switch = "left", address = ["10.0.1.1/24", "fd00::1/64"] }

[hosts.router]
forwarding = true
nics.eth0 = { switch = "left", address = "10.0.1.254/24" }
nics.eth1 = { switch = "right", address = "10.0.2.254/24", mac = "52:54:00:00:00:FE" }

[hosts.far]
routes = { "10.0.1.0/24" = "10.0.2.254" }
nics.eth0 = { switch = "right", address = "10.0.2.1/24" }
"""


def test_a_file_says_hosts_routers_ports_and_policies():
    lab = parse_topology(ROUTED)

    assert lab.images == ("busybox:latest", "webserver:v3")
    assert lab.host("near").routes == (StaticRoute(IPv4Network("0.0.0.0/0"), IPv4Address("10.0.1.254")),)
    assert lab.host("far").routes == (StaticRoute(IPv4Network("10.0.1.0/24"), IPv4Address("10.0.2.254")),)
    assert lab.host("router").forwarding and not lab.host("router").docker
    assert lab.nics_of("router")[1].mac == "52:54:00:00:00:fe"
    assert lab.address_of("near") == IPv4Interface("10.0.1.1/24")
    right = lab.switch("right")
    assert (right.title, right.forged_macs, right.hairpin) == ("switch right", False, False)
    trunk, access = right.port("router", "eth1"), right.port("far", "eth0")
    assert (trunk.mode, trunk.native, trunk.allowed) == (PortMode.TRUNK, None, (10, 20))
    assert (access.mode, access.vlan) == (PortMode.ACCESS, 10)
    assert lab.switch("left").port("near", "eth0").mode is PortMode.PLAIN


def test_a_lab_without_a_list_of_images_has_those_of_the_default_lab():
    assert parse_topology("[hosts.only]").images == default_topology().images


HOST = "[hosts.a]\n"
CARD = "[switches.lan]\n[hosts.a]\nnics.eth0"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lab.toml: hosts: a lab needs a host\nFor example: [hosts.docker1], and under it: docker = true"),
        ("hosts = 3", "lab.toml: hosts: 3 is no table\nWrite it as [hosts.NAME], or as { … }."),
        ('kernel_lacks = ["bridge"]\n' + HOST,
         "lab.toml: kernel_lacks: 'bridge' is no module that the lab's kernel can lack\n"
         "It may lack 8021q (VLANs) and dummy."),
        (HOST + "doker = true", "lab.toml: hosts.a.doker: nothing is called so here\nDid you mean docker?"),
        (HOST + 'docker = "yes"', "lab.toml: hosts.a.docker: 'yes' is neither true nor false\n"
                                  "Write docker = true, without quotes."),
        (HOST + "aliases = [1]", 'lab.toml: hosts.a.aliases: [1] is no list of texts\n'
                                 'For example: aliases = ["one", "two"]'),
        (HOST + 'nics.eth0 = { switch = "lna" }\n[switches.lan]',
         "lab.toml: hosts.a.nics.eth0.switch: there is no switch 'lna'\nDid you mean lan?"),
        (HOST + 'nics.eth0 = { switch = "lan" }',
         "lab.toml: hosts.a.nics.eth0.switch: there is no switch 'lan'\nSay that there is one: [switches.lan]"),
        (CARD + ' = { address = "10.0.0.300/24" }',
         "lab.toml: hosts.a.nics.eth0.address: '10.0.0.300/24' can't be read\n"
         "Write ADDRESS/PREFIX, like 172.25.254.1/24."),
        (CARD + ' = { address = "10.0.0.3" }',
         "lab.toml: hosts.a.nics.eth0.address: 10.0.0.3/32 has no prefix\nWrite 10.0.0.3/24, for example."),
        (CARD + ' = { mac = "01:00:5e:00:00:01" }',
         "lab.toml: hosts.a.nics.eth0.mac: '01:00:5e:00:00:01' is no MAC of a card\n"
         "Six pairs of digits, as 52:54:00:12:34:56."),
        ('[hosts.deadbeefcafe]', "lab.toml: hosts.deadbeefcafe: 'deadbeefcafe' can't be a host's name\n"
         "Letters, digits and -, a letter first; twelve hexadecimal digits would read as a container."),
        ('[hosts.a]\naliases = "b"\n[hosts.b]',
         "lab.toml: hosts: two hosts are called b\nA prompt must say which one is meant."),
        ('[switches.lan]\nports."a:eth1" = { access = 4095 }\n' + HOST + 'nics.eth1 = { switch = "lan" }',
         "lab.toml: switches.lan.ports.a:eth1.access: 4095 is no VLAN\nVLANs are numbers from 1 to 4094."),
        ('[switches.lan]\nports."a:eth1" = { access = 2 }\n' + HOST,
         "lab.toml: switches.lan.ports.a:eth1: no NIC a:eth1 is plugged into the switch lan\n"
         "Plugged in here: nothing."),
        (HOST + 'routes.default = "gateway"',
         "lab.toml: hosts.a.routes.default: 'gateway' can't be read\nWrite the IPv4 address of the gateway."),
    ],
)  # fmt: skip
def test_a_mistake_says_where_it_is_and_what_may_stand_there(text, message):
    with pytest.raises(UsageError) as error:
        parse_topology(text)

    assert str(error.value) == message


def test_one_address_for_two_hosts_on_a_switch_is_a_mistake_and_on_two_switches_is_none():
    two = '[switches.x]\n[switches.y]\n[hosts.a.nics]\neth0 = {{ switch = "x", address = "10.0.0.1/24" }}\n' \
          '[hosts.b.nics]\neth0 = {{ switch = "{}", address = "10.0.0.1/24" }}\n'  # fmt: skip

    assert parse_topology(two.format("y")).names == ("a", "b")
    with pytest.raises(UsageError, match="10.0.0.1 is a's already"):
        parse_topology(two.format("x"))


def test_a_file_that_is_missing_or_no_toml_is_one_sentence(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("a =")

    with pytest.raises(UsageError, match="there is no file .*nowhere.toml"):
        read_topology(tmp_path / "nowhere.toml")
    with pytest.raises(UsageError, match="broken.toml is no TOML: Invalid value"):
        read_topology(broken)
