"""Lab hosts are machines of their own inside this one, and nothing of them stays behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from dnetlab.engines import labhosts
from dnetlab.engines.providers import namespaces, netns, records
from dnetlab.engines.providers.namespaces import NamespaceHosts
from dnetlab.engines.store import cache
from dnetlab.model.labfile import parse_topology

pytestmark = pytest.mark.engine


def test_hosts_have_the_addresses_of_the_lab_and_no_default_route(hosts):
    assert hosts.run("docker1", "ip -4 -br addr show eth0").stdout.split()[-1] == "172.25.254.1/24"
    assert hosts.run("docker2", "ip -4 -br addr show eth0").stdout.split()[-1] == "172.25.254.2/24"
    assert (
        hosts.run("client", "ip route").stdout
        == "172.25.254.0/24 dev eth0 proto kernel scope link src 172.25.254.38 \n"
    )
    assert hosts.run("client", "cat /etc/resolv.conf; hostname").stdout == "nameserver 192.0.2.53\nclient\n"
    assert hosts.run("client", "ping -c 1 -W 20 172.25.254.2").exit_code == 0


def test_the_second_nic_is_up_and_promiscuous_without_an_address(hosts):
    words = hosts.run("docker1", "ip link show enp7s0").stdout

    assert "PROMISC,UP,LOWER_UP" in words
    assert hosts.run("docker1", "ip -4 addr show enp7s0").stdout == ""
    assert hosts.run("client", "ip link show enp7s0").exit_code == 1


def test_forwarding_was_off_before_the_daemon_so_it_set_forward_to_drop(hosts):
    assert hosts.run("docker1", "iptables -S FORWARD").stdout.startswith("-P FORWARD DROP\n")
    assert hosts.run("client", "cat /proc/sys/net/ipv4/ip_forward").stdout == "0\n"


def test_a_host_sees_its_own_processes_only(hosts):
    here = hosts.run("docker1", "ps -e -o comm=").stdout.split()

    assert here.count("dockerd") == 1
    assert hosts.run("client", "pgrep dockerd").exit_code == 1
    assert hosts.run("docker1", "pgrep -f pytest").exit_code == 1


def test_what_a_student_does_to_files_stays_in_the_lab_host(hosts):
    hosts.run("client", "rm -rf /usr/bin/curl /etc/passwd; echo mine >/usr/local/mine")

    assert hosts.run("client", "curl -V").exit_code == 127
    assert hosts.run("docker1", "curl -V").exit_code == 0
    assert os.path.exists("/etc/passwd") and not os.path.exists("/usr/local/mine")


def test_systemctl_restarts_this_hosts_dockerd(hosts):
    first = hosts.run("docker1", "cat /run/docker.pid").stdout

    ran = hosts.run("docker1", "systemctl restart docker")

    assert (ran.stdout, ran.stderr, ran.exit_code) == ("", "", 0)
    assert hosts.run("docker1", "cat /run/docker.pid").stdout != first
    assert hosts.run("docker1", "systemctl is-active docker").stdout == "active\n"
    assert hosts.run("client", "systemctl restart docker").stderr == (
        "Failed to restart docker.service: Unit docker.service not found.\n"
    )


def test_a_command_that_never_ends_gets_ctrl_c_and_then_reports(hosts):
    ran = hosts.run("client", "ping 172.25.254.1", timeout=1.2)

    assert "packets transmitted" in ran.stdout
    assert ran.exit_code == 0


def test_a_missing_command_is_said_as_in_a_terminal(hosts):
    ran = hosts.run("client", "nosuch --help")

    assert (ran.stderr, ran.exit_code) == ("bash: nosuch: command not found\n", 127)


def test_macvlan_on_a_sub_interface_reaches_the_other_host(hosts):
    for host, address in (("docker1", "20.0.0.5"), ("docker2", "20.0.0.6")):
        made = hosts.run(host, "docker network create -d macvlan --subnet 20.0.0.0/24 -o parent=enp7s0.7 vlan7")
        assert made.exit_code == 0, made.stderr
        hosts.run(host, f"docker run -d --name on-vlan --network vlan7 --ip {address} busybox sleep 600")

    assert hosts.run("docker1", "docker exec on-vlan ping -c 1 -W 20 20.0.0.6").exit_code == 0


def test_a_sub_interface_is_there_for_a_vlan_that_can_be_while_a_network_has_it(hosts):
    create = "docker network create -d macvlan --subnet 20.9.0.0/24 -o parent={} m"
    refused = {nic: hosts.run("docker1", create.format(nic)) for nic in ("enp7s0.5000", "enp7s0.0", "nosuch.5")}

    assert [ran.exit_code for ran in refused.values()] == [1, 1, 1]
    assert refused["enp7s0.5000"].stderr == (
        "Error response from daemon: vlan id must be between 1-4094, received: 5000\n"
    )
    assert hosts.run("docker1", create.format("eth0.12")).exit_code == 0
    assert hosts.run("docker1", "ip link show eth0.12").exit_code == 0

    hosts.run("docker1", "docker network rm m")

    assert hosts.run("docker1", "ip link show eth0.12").stderr == 'Device "eth0.12" does not exist.\n'


def test_a_sub_interface_made_by_hand_stays_when_the_network_on_it_goes(hosts):
    # given a sub-interface that ip made, and a network on it
    made = hosts.run("docker2", "ip link add link enp7s0 name enp7s0.8 type vlan id 8 && ip link set enp7s0.8 up")
    hosts.run("docker2", "docker network create -d macvlan --subnet 20.8.0.0/24 -o parent=enp7s0.8 mine")

    # when the network is removed
    hosts.run("docker2", "docker network rm mine")

    # then the link is still there, and can't be made twice
    assert (made.stderr, made.exit_code) == ("", 0)
    assert hosts.run("docker2", "ip link show enp7s0.8").exit_code == 0
    again = hosts.run("docker2", "ip link add link enp7s0 name enp7s0.8 type vlan id 8")
    assert again.exit_code == 2 and "File exists" in again.stderr
    hosts.run("docker2", "ip link del enp7s0.8")


def test_a_switch_that_drops_forged_macs_passes_on_a_cards_own_frames_only():
    shape = parse_topology(
        "[switches.cloud]\nforged_macs = false\n"
        '[hosts.left]\nnics.eth0 = { switch = "cloud", address = "10.0.0.1/24" }\n'
        '[hosts.right]\nnics.eth0 = { switch = "cloud", address = "10.0.0.2/24" }\n'
    )
    with NamespaceHosts("20.10", shape=shape) as lab:
        own = lab.run("left", "ping -c 1 -W 2 10.0.0.2")
        lab.run("left", "ip link set eth0 address 02:00:00:00:00:07")
        forged = lab.run("left", "ping -c 1 -W 1 10.0.0.2")

    assert (own.exit_code, forged.exit_code) == (0, 1)


def test_a_lab_that_goes_down_leaves_nothing_behind():
    lab = NamespaceHosts("20.10", daemons=("docker1",)).up()
    lab.run("docker1", "docker run -d --name web -p 80:80 nginx")

    lab.down()
    lab.down()

    assert netns.leftovers(lab.lab) == []


def test_a_daemon_that_can_not_start_takes_the_whole_lab_with_it(monkeypatch):
    lab = NamespaceHosts("20.10")
    monkeypatch.setattr(NamespaceHosts, "start_daemon", lambda self, host: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        lab.up()

    assert netns.leftovers(lab.lab) == []


CRASH = """
import sys
from dnetlab.engines.providers.namespaces import NamespaceHosts
with NamespaceHosts("20.10", daemons=("docker1",), lab=sys.argv[1]) as lab:
    lab.run("docker1", "docker run -d --name web -p 80:80 nginx")
    lab.run("docker1", "sleep 60")
"""


def test_kill_9_at_any_moment_leaves_nothing_that_the_next_sweep_does_not_remove():
    chance = random.Random(20)
    for number in range(30):
        lab = f"{0xDEAD00 + number:06x}"
        process = subprocess.Popen(
            [sys.executable, "-c", CRASH, lab], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 20
        while not (records.RUN / lab).exists() and process.poll() is None and time.monotonic() < deadline:
            os.sched_yield()
        moment = time.monotonic() + chance.uniform(0, 1.2)
        while time.monotonic() < moment:
            signal.sigtimedwait([], 0.02)
        process.kill()
        process.wait()

        namespaces.sweep()

        assert netns.leftovers(lab) == [], f"kill number {number}"


def test_a_lab_in_use_is_not_swept_away(hosts):
    namespaces.sweep()

    assert hosts.run("docker1", "docker version").exit_code == 0


def test_two_labs_stand_side_by_side(hosts):
    with NamespaceHosts("20.10", daemons=()) as other:
        assert other.run("client", "ping -c 1 -W 20 172.25.254.1").exit_code == 0
        assert hosts.run("client", "ip -4 -br addr show eth0").stdout.split()[-1] == "172.25.254.38/24"
    assert netns.leftovers(other.lab) == []
    assert hosts.run("client", "ping -c 1 -W 20 172.25.254.1").exit_code == 0


@pytest.mark.parametrize(("version", "chain"), [("26.1", "-N DOCKER-ISOLATION-STAGE-1"), ("28.5", "-N DOCKER-FORWARD")])
def test_a_newer_engine_runs_beside_the_machines_own(version, chain):
    if not (cache() / version / ".ready").exists():
        pytest.skip(f"docker {version} is not prepared: python tests/prepare_engines.py {version}")

    with NamespaceHosts(version, daemons=("docker1",)) as lab:
        assert lab.run("docker1", "docker version -f '{{.Server.Version}}'").stdout.startswith(version + ".")
        assert chain in lab.run("docker1", "iptables -S").stdout.splitlines()
        assert lab.run("docker1", "iptables -V").stdout == lab.run("client", "iptables -V").stdout
        assert lab.run("docker1", "docker run --rm busybox hostname -i").stdout == "172.17.0.2\n"
        lab.run("docker1", "echo '{\"bip\": \"10.200.0.1/24\"}' >/etc/docker/daemon.json; systemctl restart docker")
        assert lab.run("docker1", "ip -4 -br addr show docker0").stdout.split()[-1] == "10.200.0.1/24"
    assert netns.leftovers(lab.lab) == []


def test_ps_lists_the_hosts_that_stand(hosts):
    table = labhosts.ps()

    assert table.splitlines()[0].split() == ["LAB", "DOCKER", "HOST", "ADDRESS", "DOCKERD", "STATE"]
    mine = [line.split() for line in table.splitlines() if line.startswith(hosts.lab)]
    assert [row[2:5] for row in mine] == [
        ["docker1", "172.25.254.1", "started"],
        ["docker2", "172.25.254.2", "started"],
        ["client", "172.25.254.38", "-"],
    ]


def test_a_script_that_calls_ssh_finds_the_other_host_and_no_sshd_stays(hosts):
    hosts.run("docker1", "mkdir -p /root/bin; printf '%s\\n' 'ssh docker2 hostname' >/root/bin/ask.sh")

    ran = hosts.run("docker1", "cd -- /root/bin\nsh ask.sh")

    assert (ran.stdout, ran.stderr, ran.exit_code) == ("docker2\n", "", 0)
    assert hosts.run("docker2", "pgrep -x sshd").exit_code == 1


def test_no_sshd_has_run_before_a_line_asks_for_it():
    # given a new lab, whose hosts have their keys
    with NamespaceHosts("20.10", daemons=()) as lab:
        before = lab.run("docker1", "ls -d /run/sshd /root/.ssh")

        # when a host asks another by ssh
        asked = lab.run("client", "ssh docker1 hostname")
        after = lab.run("docker1", "ls -d /run/sshd; pgrep -x sshd")

    # then sshd has been there for that line alone
    assert (before.stdout, before.exit_code) == ("/root/.ssh\n", 2)
    assert (asked.stdout, asked.exit_code) == ("docker1\n", 0)
    assert (after.stdout, after.exit_code) == ("/run/sshd\n", 1)
