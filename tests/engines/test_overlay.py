"""Overlay networks on pairs of real engines: what is read, told, drawn and captured of them is what happens."""

from __future__ import annotations

import pytest

from dnetlab.engines.look import one_exec
from dnetlab.engines.look.host import seen
from dnetlab.engines.store import ready_releases
from dnetlab.lab import Lab
from dnetlab.model import LinkKind
from dnetlab.model.labfile import parse_topology
from dnetlab.views import crossings

pytestmark = pytest.mark.engine

START = """\
docker1# docker swarm init --advertise-addr eth0
docker2# docker swarm join --token $(ssh docker1 docker swarm join-token -q worker) 172.25.254.1:2377
docker1# docker network create -d overlay --attachable test-net
docker1# docker run -d --name aa --network test-net nginx
docker2# docker run -d --name bb --network test-net nginx
docker2# for i in 1 2 3 4 5 6 7 8 9; do docker exec bb ping -c 1 -W 1 aa && break; sleep 1; done
"""


@pytest.fixture(scope="module", params=["20.10", "28.5"])
def lab(request):
    """Two nodes, and a container of one network on each."""
    if request.param not in ready_releases():
        pytest.skip(f"the engine {request.param} is not prepared on this machine")
    with Lab("docker", request.param) as made:
        result = made.run_cell(START)
        assert [o.refused for o in result.outputs] == [None] * 6
        yield made


def home(lab, host):
    machine = lab.snapshot().hosts[host]
    return machine.home_of(machine.network("test-net"))


def test_a_snapshot_has_the_namespace_of_the_network_with_its_tunnel(lab):
    space = home(lab, "docker1")

    tunnel = next(i for i in space.interfaces if i.kind is LinkKind.VXLAN)
    assert (tunnel.vxlan.vni, tunnel.vxlan.port, tunnel.mtu) == (4097, 4789, 1450)
    assert (tunnel.vxlan.underlay, tunnel.vxlan.proxy) == ("host", True)
    remote = [str(f.dst) for f in space.fdb if f.mac == "02:42:0a:00:01:04" and f.dst]
    assert remote == ["172.25.254.2"]


def test_one_exec_sees_the_same_as_netlink(lab):
    engine = lab.engine
    mine = lab.snapshot().hosts["docker1"]
    nics = {nic.name: nic.switch for nic in engine.shape.nics_of("docker1")}

    other = seen("docker1", True, one_exec.look(engine.hosts, "docker1", nics), {}, lambda seconds: seconds)

    assert sorted(other.namespaces) == sorted(mine.namespaces)
    for name in mine.namespaces:
        assert other.namespaces[name].interfaces == mine.namespaces[name].interfaces
    assert [n.records for n in other.networks] == [n.records for n in mine.networks]


def test_the_hosts_have_told_each_other_of_the_containers(lab):
    machine = lab.snapshot().hosts["docker1"]

    told = {r.name: (str(r.address), str(r.node)) for r in machine.network("test-net").records}

    assert told["aa"] == ("10.0.1.2", "172.25.254.1")
    assert told["bb"] == ("10.0.1.4", "172.25.254.2")


def test_a_journey_goes_through_the_tunnel_and_captures_see_what_it_says(lab):
    snapshot, told, captured = lab.observed("bb", "aa")

    outer = [(c.where.host, c.interface, c.packet.vni, c.packet.size) for c in captured if c.packet.vni]
    assert told.answered
    assert ("docker2", "eth0", 4097, 134) in outer, "84 bytes of ping, and 50 around them"
    table = crossings.beside(told, captured, snapshot)
    assert table[~(table["said"] & table["seen"])].empty, str(table)


def test_reach_finds_the_containers_and_asks_nobody_in_the_networks_own_namespaces(lab):
    found = lab.reach()

    assert "1-" not in str(found) and "lb_" not in str(found)
    assert "10.0.1.2" in str(found)


def test_the_picture_has_the_tunnel_between_the_hosts(lab):
    picture = lab.topology()

    assert "VXLAN 4097, MTU 1450" in picture.dot
    assert "overlay network test-net" in picture.text
    assert "to 172.25.254.2" in picture.text


def test_a_firewall_between_the_hosts_kills_the_network_and_why_names_its_rule(lab):
    # Given a rule that drops what carries the network's frames, when the ping fails, then why says which rule it is,
    lab.run("iptables -I INPUT -p udp --dport 4789 -j DROP", "docker1")
    assert lab.run("docker exec bb ping -c 1 -W 1 10.0.1.2", "docker2").exit_code == 1

    reason = lab.why("bb", "10.0.1.2")

    assert reason.evidence == ("iptables -t filter: -A INPUT -p udp -m udp --dport 4789 -j DROP",)
    # and without it the ping works again.
    lab.run("iptables -D INPUT 1", "docker1")
    assert lab.run("docker exec bb ping -c 1 -W 2 10.0.1.2", "docker2").exit_code == 0


def test_the_lab_of_five_hosts_shares_one_network():
    five = """images = ["busybox", "nginx"]
[switches.lan]
""" + "\n".join(
        f'[hosts.host{n}]\ndocker = true\nnics.eth0 = {{ switch = "lan", address = "10.1.0.{n}/24" }}'
        for n in range(1, 6)
    )
    with Lab("docker", "20.10", topology=parse_topology(five)) as lab:
        lab.run("docker swarm init", "host1")
        lab.run("docker network create -d overlay --attachable net", "host1")
        join = "docker swarm join --token $(ssh host1 docker swarm join-token -q worker) 10.1.0.1:2377"
        for n in range(2, 6):
            assert lab.run(join, f"host{n}").exit_code == 0
        for n in range(1, 6):
            assert lab.run(f"docker run -d --name box{n} --network net nginx", f"host{n}").exit_code == 0
        asked = "docker exec box5 ping -c 1 -W 1 -q box1 && exit 0; sleep 1"
        said = lab.run(f"sh -c 'for i in 1 2 3 4 5 6 7 8 9; do {asked}; done; exit 1'", "host5")
        assert "1 packets received" in said.stdout
        assert lab.trace("box5", "box1").answered
