"""Labs of real hosts side by side: each is its own, whoever made it, and what is nobody's lab is left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dnetlab.cli import main
from dnetlab.engines import labhosts
from dnetlab.engines.docker import DockerEngine
from dnetlab.engines.providers import cgroups, netns, records
from dnetlab.engines.providers.namespaces import NamespaceHosts, Namespaces
from dnetlab.errors import EngineError, UnknownName, UsageError
from dnetlab.model.labfile import parse_topology

pytestmark = pytest.mark.engine
ONE = parse_topology('[switches.lan]\n[hosts.only]\nnics.eth0 = { switch = "lan", address = "10.0.0.1/24" }\n')
ROUTED = parse_topology(
    """
images = ["busybox"]
[switches.left]
[switches.right]
[hosts.docker1]
docker = true
nics.eth0 = { switch = "left", address = "10.1.0.1/24" }
routes.default = "10.1.0.254"
[hosts.left2]
nics.eth0 = { switch = "left", address = "10.1.0.2/24" }
routes.default = "10.1.0.254"
[hosts.router]
forwarding = true
nics.eth0 = { switch = "left", address = "10.1.0.254/24" }
nics.eth1 = { switch = "right", address = "10.2.0.254/24", mac = "52:54:00:00:00:fe" }
[hosts.right1]
nics.eth0 = { switch = "right", address = "10.2.0.1/24" }
routes.default = "10.2.0.254"
[hosts.right2]
nics.eth0 = { switch = "right", address = "10.2.0.2/24" }
routes.default = "10.2.0.254"
"""
)


@pytest.fixture
def made():
    """Names for labs of this test alone; whatever is left of them is removed afterwards."""
    names = [f"t{os.getpid() % 100000}{letter}" for letter in "abc"]
    yield names
    for name in names:
        netns.remove_lab(name)
        assert netns.leftovers(name) == []


def dnetlab(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "dnetlab", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_three_ups_at_once_make_the_three_labs_that_were_asked_for(made, tmp_path):
    file = tmp_path / "lab.toml"
    file.write_text('[switches.lan]\n[hosts.only]\nnics.eth0 = { switch = "lan", address = "10.0.0.1/24" }\n')

    running = [dnetlab("up", name, "--lab", str(file), "--docker", "20.10") for name in made]
    said = [process.communicate(timeout=300) for process in running]

    assert [process.returncode for process in running] == [0, 0, 0], said
    assert {row.lab for row in labhosts.standing() if row.kept} >= set(made)
    assert "no wall" in said[0][0] or "guard against accidents" in said[0][0]


def test_down_of_one_lab_leaves_the_other_and_asks_which_when_there_are_two(made):
    for name in made[:2]:
        labhosts.up("20.10", name, ONE)

    with pytest.raises(UsageError, match="labs are up: "):
        labhosts.down()
    labhosts.down(made[0])

    assert [row.state for row in labhosts.standing() if row.lab == made[1]] == ["up"]
    assert netns.leftovers(made[0]) == []
    with pytest.raises(UnknownName, match=f"no lab {made[0]} is up"):
        labhosts.down(made[0])


def test_a_lab_in_use_is_no_ones_to_take_down(made):
    with NamespaceHosts("20.10", lab=made[0], shape=ONE) as hosts:
        with pytest.raises(EngineError, match=f"in use by the process {os.getpid()}"):
            Namespaces().down(made[0])
        assert hosts.run("only", "hostname").stdout == "only\n"


@pytest.mark.parametrize("moment", range(6))
def test_a_down_that_is_killed_half_way_is_finished_by_the_next_start(made, moment):
    labhosts.up("20.10", made[0], ONE)
    process = dnetlab("down", made[0])
    for _ in range(moment):
        signal.sigtimedwait([], 0.12)
    process.kill()
    process.communicate()

    Namespaces().sweep(None)
    if records.load_record(made[0]) is not None:  # it was killed before it began
        labhosts.down(made[0])

    assert netns.leftovers(made[0]) == []


def test_a_namespace_that_was_on_its_way_when_the_lab_was_removed_goes_too(made, monkeypatch):
    # given a lab of which nothing is there yet, and an `ip netns add` that comes as far as its file before it is killed
    _, lock = records.open_record(made[0], "20.10", "", ("only",))
    os.close(lock)
    late, kill = records.NETNS / records.netns_name(made[0], "only"), netns.kill_lab

    def killed_late(*words):
        late.touch()
        kill(*words)

    monkeypatch.setattr(netns, "kill_lab", killed_late)

    # when the lab is removed
    records.NETNS.mkdir(exist_ok=True)
    netns.remove_lab(made[0])

    # then the file is gone
    assert not late.exists()
    assert netns.leftovers(made[0]) == []


@pytest.mark.parametrize("host", ["only", records.SWITCH])
def test_a_namespace_that_was_unmounted_but_not_yet_deleted_when_its_remover_was_killed_goes_too(made, host):
    # given a lab whose `down` was killed between the two steps by which a network namespace goes
    labhosts.up("20.10", made[0], ONE)
    subprocess.run(["umount", records.NETNS / records.netns_name(made[0], host)], check=True)

    # when it is taken down again
    labhosts.down(made[0])

    # then the file is gone
    assert netns.leftovers(made[0]) == []


@pytest.mark.parametrize("host", ["only", records.SWITCH])
def test_a_host_is_made_anew_where_the_file_of_a_namespace_was_left(made, host):
    labhosts.up("20.10", made[0], ONE)
    subprocess.run(["umount", records.NETNS / records.netns_name(made[0], host)], check=True)

    labhosts.up("20.10", made[0])

    assert states(made[0]) == {"only": ("up", "-")}
    assert labhosts.attach(made[0]).run("only", "cat /sys/class/net/eth0/operstate").stdout == "up\n"


def test_a_namespace_of_somebody_else_is_never_taken_whatever_it_is_called(made):
    mine = [f"dnetlab-{made[0]}-mine", "dnetlab-mine-x"]
    for name in mine:
        subprocess.run(["ip", "netns", "add", name], check=True)
    sleeper = subprocess.Popen(["ip", "netns", "exec", mine[1], "sleep", "600"])
    try:
        labhosts.up("20.10", made[0], ONE)
        Namespaces().sweep(None)
        labhosts.down(made[0])

        assert all((records.NETNS / name).exists() for name in mine) and sleeper.poll() is None
        subprocess.run(["ip", "netns", "add", f"dnetlab-{made[1]}-only"], check=True)
        with pytest.raises(EngineError, match="no lab made it"):
            NamespaceHosts("20.10", lab=made[1], shape=ONE).up()
        assert (records.NETNS / f"dnetlab-{made[1]}-only").exists()
    finally:
        sleeper.kill()
        sleeper.wait()
        for name in [*mine, f"dnetlab-{made[1]}-only"]:
            subprocess.run(["ip", "netns", "del", name])


def test_run_makes_a_lab_of_its_own_unless_it_is_told_to_attach(made, tmp_path, capsys):
    labhosts.up("20.10", made[0], ROUTED)
    script = tmp_path / "a.dnet"
    script.write_text("docker1# ip link add marked type bridge\nright1$ ping -c 1 -W 10 10.1.0.1\n")

    assert main(["run", "--engine", "docker", "--attach", made[0], "--json", str(script)]) == 0

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["host"], row["exit_code"]) for row in rows] == [("docker1", 0), ("right1", 0)]
    assert labhosts.attach(made[0]).run("docker1", "ip link show marked").exit_code == 0
    with NamespaceHosts("20.10", lab=made[1], shape=ONE) as own:
        assert own.run("only", "ip link show marked").exit_code == 1
    assert main(["run", "--engine", "docker", "--attach", "nosuch", str(script)]) == 1
    assert "no lab nosuch stands" in capsys.readouterr().err


def test_five_hosts_with_a_router_are_made_from_a_file(made):
    with NamespaceHosts("20.10", lab=made[0], shape=ROUTED) as hosts:
        engine = DockerEngine(hosts=hosts)

        assert hosts.run("left2", "ping -c 1 -W 10 10.2.0.2").exit_code == 0
        assert hosts.run("router", "cat /sys/class/net/eth1/address").stdout == "52:54:00:00:00:fe\n"
        assert hosts.run("docker1", "docker images --format '{{.Repository}}'").stdout == "busybox\n"
        snapshot = engine.snapshot()
        assert list(snapshot.hosts) == ["docker1", "left2", "router", "right1", "right2"]
        assert [name for name, _ in snapshot.plugged_into("right")] == ["router", "right1", "right2"]
        assert Namespaces().standing()[0].lab == made[0]


def test_a_host_that_was_ended_from_inside_is_shown_and_the_others_go_on(made):
    labhosts.up("20.10", made[0], ROUTED)
    engine = DockerEngine(attach=made[0])
    engine.hosts.run("right1", "busybox poweroff -f", timeout=5)

    assert {row.host: row.state for row in Namespaces().standing() if row.lab == made[0]}["right1"] == "gone"
    assert f"Make it anew: dnetlab up {made[0]}" in labhosts.ps()
    assert engine.snapshot().hosts["right1"].namespaces["host"].interfaces == ()
    assert engine.hosts.run("right2", "hostname").stdout == "right2\n"
    with pytest.raises(EngineError, match="the lab host right1 is gone"):
        engine.hosts.run("right1", "hostname")

    engine.hosts.run("docker1", "ip link add marked type bridge")
    assert labhosts.up("20.10", made[0]).missing() == []
    healed = labhosts.attach(made[0])
    assert healed.run("right1", "ping -c 1 -W 10 10.1.0.2").exit_code == 0
    assert healed.run("docker1", "ip link show marked").exit_code == 0, "the others are left as they were"


def states(lab):
    return {row.host: (row.state, row.daemon) for row in Namespaces().standing() if row.lab == lab}


def test_what_is_ended_behind_the_labs_back_is_told_by_ps_and_mended_by_up_and_by_reset(made):
    lab = made[0]
    labhosts.up("20.10", lab, ROUTED)
    hosts = labhosts.attach(lab)
    whole = {name: ("up", "started" if name == "docker1" else "-") for name in ROUTED.names}
    assert states(lab) == whole

    # given a dockerd that was killed and a network namespace whose name was deleted
    kill = "pid=$(cat /run/docker.pid); kill -9 $pid; while [ -d /proc/$pid ]; do :; done"
    hosts.run("docker1", f"touch /tmp/mine; {kill}")
    subprocess.run(["ip", "netns", "del", records.netns_name(lab, "right1")], check=True)

    # then ps says both, and up mends both and leaves the rest as it is
    assert states(lab) == whole | {"docker1": ("up", "stopped"), "right1": ("gone", "-")}
    assert labhosts.ps().splitlines()[-2:] == [
        f"A host of {lab} has ended. Make it anew: dnetlab up {lab}",
        f"dockerd doesn't run on docker1. Start it: dnetlab up {lab}",
    ]
    said = []
    labhosts.up("20.10", lab, progress=said.append)
    assert said[-2:] == [f"the lab {lab} is up; made anew: right1", f"the lab {lab} is up; dockerd started: docker1"]
    assert states(lab) == whole
    healed = labhosts.attach(lab)
    assert healed.run("right1", "ping -c 1 -W 10 10.1.0.1").exit_code == 0
    assert healed.run("docker1", "docker ps -q; ls /tmp/mine").stdout == "/tmp/mine\n"

    # when the switches went, with every cable of the lab
    engine = DockerEngine(attach=lab)
    subprocess.run(["ip", "netns", "del", records.netns_name(lab, records.SWITCH)], check=True)
    assert {state for state, _ in states(lab).values()} == {"gone"}

    # then reset makes the lab as it was
    engine.reset(0)
    assert states(lab) == whole
    assert engine.hosts.run("right1", "ping -c 1 -W 10 10.1.0.1").exit_code == 0
    engine.close()


def test_reset_makes_a_kept_lab_anew_and_keeps_it(made):
    labhosts.up("20.10", made[0], ONE)
    engine = DockerEngine(attach=made[0])
    engine.hosts.run("only", "rm -rf --no-preserve-root / 2>/dev/null; touch /tmp/mine", timeout=60)

    engine.reset(0)

    assert engine.hosts.run("only", "ls /tmp").stdout == ""
    assert records.load_record(made[0]).kept
    engine.close()
    assert labhosts.attach(made[0]).run("only", "hostname").stdout == "only\n"


def test_a_host_can_not_write_what_the_machine_has_only_once(made):
    before = Path("/proc/sys/kernel/printk").read_text(), Path("/proc/sys/kernel/pid_max").read_text()
    with NamespaceHosts("20.10", lab=made[0], shape=ONE) as hosts:
        tried = [
            "echo 1 >/proc/sys/kernel/printk", "echo 400 >/proc/sys/kernel/pid_max", "echo b >/proc/sysrq-trigger",
            "rmdir /sys/fs/cgroup/*/* /sys/kernel", "echo 1 >/sys/kernel/mm/ksm/run",
            "mknod /dev/disk b 254 0 && head -c 1 /dev/disk", "mknod /dev/mem c 1 1 && head -c 1 /dev/mem",
        ]  # fmt: skip
        assert [text for text in tried if hosts.run("only", text).exit_code == 0] == []
        hosts.run("only", "rm -rf --no-preserve-root /sys 2>/dev/null", timeout=60)
        own = "sysctl -qw net.ipv4.ip_default_ttl=63; cat /proc/sys/net/ipv4/ip_default_ttl"
        assert hosts.run("only", own).stdout == "63\n"
        assert hosts.run("only", "find /sys/fs/cgroup -name '*dnetlab*'").stdout == ""

    assert (Path("/proc/sys/kernel/printk").read_text(), Path("/proc/sys/kernel/pid_max").read_text()) == before
    assert Path("/sys/class/net/lo").exists()


def test_processes_memory_and_files_of_a_host_have_a_limit(made):
    with NamespaceHosts("20.10", lab=made[0], shape=ONE) as hosts:
        bomb = hosts.run("only", "for i in $(seq 5000); do sleep 30 & done 2>&1 | sort -u | head -20", timeout=120)
        assert "Resource temporarily unavailable" in bomb.stdout + bomb.stderr
        limit = int(hosts.run("only", "df --output=size -B1 / | tail -1").stdout)
        assert limit <= cgroups.memory()
        for hierarchy in cgroups.hierarchies():
            folder = cgroups.inside(hierarchy.path, made[0], "only").parent
            if (folder / "pids.max").exists():
                assert (folder / "pids.max").read_text() == f"{cgroups.PIDS}\n"
            if (folder / "memory.limit_in_bytes").exists():
                assert int((folder / "memory.limit_in_bytes").read_text()) == cgroups.memory() // 4096 * 4096


def test_containers_with_rights_and_limits_of_their_own_run_below_those_of_their_host(made):
    with NamespaceHosts("20.10", lab=made[0], shape=ROUTED) as hosts:
        asked = "docker run --rm --cap-add NET_ADMIN -m 64m --pids-limit 50 busybox ip link add x type bridge"
        ran = hosts.run("docker1", asked)

    assert (ran.stderr, ran.exit_code) == ("", 0)
