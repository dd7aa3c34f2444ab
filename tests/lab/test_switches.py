"""Switches are devices: their ports and policies decide which frames get through, and `why` names what does not."""

from __future__ import annotations

import pytest

from dnetlab import Lab
from dnetlab.model import parse_topology
from dnetlab.views.diagrams import topology
from dnetlab.views.explain import text

LAB = """
images = ["busybox"]
[switches.rack]
title = "server rack"
{rack}
[hosts.docker1]
docker = true
nics.enp7s0 = {{ switch = "rack" }}
[hosts.docker2]
docker = true
nics.enp7s0 = {{ switch = "rack" }}
[hosts.desk]
nics.enp7s0 = {{ switch = "rack", address = "172.16.10.50/24" }}
"""
ROUTER = """
[hosts.router]
nics.enp7s0 = { switch = "rack" }
"""
ONE = """
docker1# docker network create -d macvlan --subnet 172.16.10.0/24 -o parent={parent} {options} net
docker1# docker run -itd --name one --network net --ip 172.16.10.10 busybox
"""
TWO = """
docker2# docker network create -d macvlan --subnet 172.16.10.0/24 -o parent={parent} net
docker2# docker run -itd --name two --network net --ip 172.16.10.20 busybox
"""


def lab(rack: str = "", more: str = "") -> Lab:
    return Lab(topology=parse_topology(LAB.format(rack=rack) + more))


def hears(lab: Lab, who: str, ip: str) -> bool:
    return lab.run(f"docker exec {who} ping -c 1 -W 1 {ip}", host=f"docker{1 if who == 'one' else 2}").exit_code == 0


def two_on(lab: Lab, first: str, second: str, options: str = "") -> Lab:
    lab.run_cell(ONE.format(parent=first, options=options) + TWO.format(parent=second))
    return lab


def test_a_plain_switch_carries_every_vlan_and_keeps_them_apart():
    same = two_on(lab(), "enp7s0.10", "enp7s0.10")
    other = two_on(lab(), "enp7s0.10", "enp7s0.20")

    assert hears(same, "one", "172.16.10.20")
    assert not hears(other, "one", "172.16.10.20")


def test_a_trunk_passes_only_the_vlans_it_is_told():
    ports = '[switches.rack.ports]\n"docker1:enp7s0" = { trunk = [10, 20] }\n"docker2:enp7s0" = { trunk = [20] }'

    assert not hears(two_on(lab(ports), "enp7s0.10", "enp7s0.10"), "one", "172.16.10.20")
    assert hears(two_on(lab(ports), "enp7s0.20", "enp7s0.20"), "one", "172.16.10.20")


def test_an_access_port_speaks_without_a_tag_to_the_trunks_of_its_vlan():
    ports = '[switches.rack.ports]\n"docker1:enp7s0" = { trunk = "all" }\n"desk:enp7s0" = { access = 10 }'
    in_ten, in_twenty = lab(ports), lab(ports)
    in_ten.run_cell(ONE.format(parent="enp7s0.10", options=""))
    in_twenty.run_cell(ONE.format(parent="enp7s0.20", options=""))

    assert hears(in_ten, "one", "172.16.10.50")
    assert not hears(in_twenty, "one", "172.16.10.50")


def test_untagged_frames_of_a_trunk_belong_to_its_native_vlan():
    ports = '[switches.rack.ports]\n"docker1:enp7s0" = {{ trunk = [20], native = {0} }}\n'
    ports += '"desk:enp7s0" = {{ access = 10 }}'
    native, none = lab(ports.format(10)), lab(ports.format(0))
    for one in (native, none):
        one.run_cell(ONE.format(parent="enp7s0", options=""))

    assert hears(native, "one", "172.16.10.50")
    assert not hears(none, "one", "172.16.10.50")


def test_why_names_the_vlans_of_a_card_on_the_wrong_port():
    ports = '[switches.rack.ports]\n"docker1:enp7s0" = { trunk = "all" }\n"desk:enp7s0" = { access = 20 }'
    rack = lab(ports)
    rack.run_cell(ONE.format(parent="enp7s0.10", options=""))

    reason = rack.why("desk", "172.16.10.10")

    assert reason.sentence == (
        "desk and one are on one wire, but in different VLANs, and no frame goes from one into another."
    )
    assert reason.evidence[1:] == (
        "desk's enp7s0 is plugged into a port of VLAN 20", "enp7s0.10 of docker1 is in VLAN 10"
    )  # fmt: skip
    assert rack.why("one", "172.16.10.50").evidence[1:] == reason.evidence[:0:-1], "the same from the other side"


def test_a_host_with_a_link_in_each_vlan_routes_between_them():
    rack = lab(more=ROUTER)
    rack.run_cell("""
docker1# docker network create -d macvlan --subnet 172.16.10.0/24 --gateway 172.16.10.1 -o parent=enp7s0.10 net
docker1# docker run -itd --name one --network net --ip 172.16.10.10 busybox
docker2# docker network create -d macvlan --subnet 172.16.20.0/24 --gateway 172.16.20.1 -o parent=enp7s0.20 net
docker2# docker run -itd --name two --network net --ip 172.16.20.10 busybox
router# ip link add link enp7s0 name enp7s0.10 type vlan id 10
router# ip link add link enp7s0 name enp7s0.20 type vlan id 20
router# ip addr add 172.16.10.1/24 dev enp7s0.10
router# ip addr add 172.16.20.1/24 dev enp7s0.20
router# ip link set enp7s0.10 up
router# ip link set enp7s0.20 up""")
    assert rack.why("one", "172.16.20.10").sentence == (
        "router doesn't forward packets for others: net.ipv4.ip_forward is 0 there."
    )

    rack.run("sysctl -w net.ipv4.ip_forward=1", host="router")

    assert hears(rack, "one", "172.16.20.10")
    assert "crosses the switch 'rack', tagged VLAN 20" in text(rack.trace("one", "172.16.20.10"))


def test_forged_macs_die_at_a_switch_that_forbids_them():
    strict = lab("forged_macs = false")
    strict.run_cell(ONE.format(parent="enp7s0", options="") + "docker1# ip addr add 172.16.10.1/24 dev enp7s0")

    assert not hears(strict, "one", "172.16.10.50")
    assert strict.run("ping -c 1 -W 1 172.16.10.50", host="docker1").exit_code == 0, "from its own MAC it may"
    reason = strict.why("desk", "172.16.10.10")
    mac = strict.snapshot().hosts["docker1"].containers[0].endpoints[0].mac
    assert reason.sentence == (
        f"The server rack takes frames from docker1's enp7s0 only when they carry its own MAC, and one has {mac}: "
        "they are dropped."
    )


@pytest.mark.parametrize(("mode", "hairpin", "heard"), [
    ("bridge", False, True), ("private", False, False), ("vepa", False, False),
    ("vepa", True, True), ("private", True, False),
])  # fmt: skip
def test_siblings_hear_each_other_by_mode_and_by_what_the_switch_sends_back(mode, hairpin, heard):
    rack = lab(f"hairpin = {str(hairpin).lower()}")
    rack.run_cell(ONE.format(parent="enp7s0", options=f"-o macvlan_mode={mode}")
                  + "docker1# docker run -itd --name two --network net --ip 172.16.10.20 busybox")  # fmt: skip

    assert hears(rack, "one", "172.16.10.20") is heard
    if not heard:
        assert rack.why("one", "172.16.10.20").sentence == (
            f"one and two are macvlans of enp7s0, but don't hear each other: their modes are {mode} and {mode}."
        )


def test_why_proposes_the_shim_to_a_host_that_asks_its_own_macvlan_and_the_shim_helps():
    rack = lab()
    rack.run_cell(ONE.format(parent="enp7s0", options="") + "docker1# ip addr add 172.16.10.1/24 dev enp7s0")

    fix = rack.why("docker1", "172.16.10.10").remedy

    assert fix == (
        "ip link add mac0 link enp7s0 type macvlan mode bridge; ip link set mac0 up; "
        "ip route add 172.16.10.10/32 dev mac0"
    )
    rack.run_cell("\n".join(f"docker1# {line}" for line in fix.split("; ")))
    assert rack.run("ping -c 1 172.16.10.10", host="docker1").exit_code == 0


def test_the_picture_shows_ports_parents_and_networks_and_the_shim():
    ports = '[switches.rack.ports]\n"docker1:enp7s0" = { trunk = [10, 20] }\n"desk:enp7s0" = { access = 10 }'
    rack = lab(ports)
    rack.run_cell(ONE.format(parent="enp7s0.10", options="")
                  + "docker1# ip link add mac0 link enp7s0.10 type macvlan mode bridge")  # fmt: skip

    picture = topology(rack.snapshot())

    assert picture.text.splitlines()[0] == (
        "docker1  enp7s0 (2) no address on rack (trunk 10, 20, native 1)  enp7s0.10 (4) no address, VLAN 10 on enp7s0  "
        "mac0 (6) no address, macvlan bridge on enp7s0.10 DOWN"
    )
    assert "eth0 (5) 172.16.10.10/24 macvlan bridge on enp7s0.10, network net  one (busybox)" in picture.text
    assert picture.text.splitlines()[-1] == "desk  enp7s0 (2) 172.16.10.50/24 on rack (access 10)"
    assert 'label=" trunk 10, 20, native 1"' in picture.dot
    assert 'label=" access 10"' in picture.dot
    assert 'label=" macvlan bridge\\nnetwork net"' in picture.dot
