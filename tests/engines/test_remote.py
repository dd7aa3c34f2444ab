"""Hosts that are there already, by ssh: a lab host stands for somebody's machine, with sshd in its namespaces."""

from __future__ import annotations

import os

import pytest

from dnetlab.checks.judge import judge
from dnetlab.commands.cell import parse_cell
from dnetlab.engines import labhosts
from dnetlab.engines.docker import DockerEngine
from dnetlab.engines.providers import login
from dnetlab.engines.providers.namespaces import NamespaceHosts
from dnetlab.errors import EngineError
from dnetlab.model import Check, Evidence, Verdict
from dnetlab.model.labfile import parse_topology

pytestmark = pytest.mark.engine
FAR = """
images = ["busybox", "nginx"]
[switches.lan]
[hosts.far]
docker = true
nics.eth0 = { switch = "lan", address = "172.25.254.7/24" }
"""
BOTH = """
images = ["busybox", "nginx"]
[switches.lan]
[hosts.near]
nics.eth0 = { switch = "lan", address = "172.25.254.6/24" }
[hosts.far]
docker = true
at = "ssh://root@172.25.254.7"
nics.eth0 = { switch = "lan", address = "172.25.254.7/24" }
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """Somebody's machine at 172.25.254.7: dockerd and sshd run there, and ssh finds it through its namespace."""
    shape, folder = parse_topology(FAR), tmp_path_factory.mktemp("ssh")
    keys = login.new_keys()
    with NamespaceHosts("20.10", shape=shape, lab=f"far{os.getpid() % 100000}") as lab:
        assert lab.run("far", login.prepared(shape, keys)).exit_code == 0
        assert lab.run("far", login.START).exit_code == 0
        (folder / "key").write_text(keys.user)
        (folder / "key").chmod(0o600)
        (folder / "known").write_text(f"* {keys.host_public}")
        (folder / "config").write_text(
            f"Host 172.25.254.7\n IdentityFile {folder}/key\n IdentitiesOnly yes\n UserKnownHostsFile {folder}/known\n"
            f" ProxyCommand nsenter --net=/run/netns/dnetlab-{lab.lab}-far nc %h %p\n"
        )
        yield lab, f"ssh -F {folder}/config"


@pytest.fixture
def far(machine, monkeypatch):
    """The machine, marked by its owner."""
    lab, ssh = machine
    monkeypatch.setenv("DNETLAB_SSH", ssh)
    lab.run("far", "echo far >/etc/dnetlab-host")
    return lab


@pytest.fixture
def hosts(far):
    """A lab of one host that is made for it and one that is there."""
    made = labhosts.make("20.10", parse_topology(BOTH))
    yield made
    made.down()


def test_a_machine_without_the_mark_is_refused_in_a_sentence(far):
    far.run("far", "rm /etc/dnetlab-host")

    with pytest.raises(EngineError, match="is not marked as a lab's host: it has no /etc/dnetlab-host") as refused:
        labhosts.make(None, parse_topology(BOTH))

    assert "echo far >/etc/dnetlab-host" in refused.value.hint


def test_a_machine_that_is_marked_as_another_host_is_refused(far):
    far.run("far", "echo database >/etc/dnetlab-host")

    with pytest.raises(EngineError, match="is marked as database, and the lab calls it far"):
        labhosts.make(None, parse_topology(BOTH))


def test_a_machine_that_nobody_can_log_in_to_is_said_to_be_out_of_reach(far, monkeypatch):
    monkeypatch.setenv("DNETLAB_SSH", os.environ["DNETLAB_SSH"] + " -o ProxyCommand=false")

    with pytest.raises(EngineError, match="can't be reached"):
        labhosts.make(None, parse_topology(BOTH))


def test_two_labs_never_share_a_machine_and_the_second_gets_it_when_the_first_has_ended(hosts):
    shape = parse_topology(BOTH).part(["far"])
    with pytest.raises(EngineError, match="is in use by another lab"):
        labhosts.make(None, shape)

    hosts.down()

    second = labhosts.make(None, shape)
    assert second.run("far", "hostname").stdout == "far\n"
    second.down()


def test_the_same_commands_run_on_both_kinds_of_hosts(hosts):
    engine = DockerEngine(hosts=hosts)
    text = """\
near# hostname
far# hostname; pwd
far# sh -c 'echo out; echo err >&2; exit 3'
far# nosuch
far# cat
far# docker run -d --name web -p 8080:80 nginx
far# curl -s -o /dev/null -w '%{http_code}\\n' 127.0.0.1:8080
far# docker run -it --rm busybox
/ # hostname -i
/ # exit
far# docker volume prune
y
near# docker ps
"""
    said = [engine.run(line) for line in parse_cell(text, hosts.shape)]

    assert [output.refused for output in said] == [None] * len(said)
    out = [output.stdout for output in said]
    assert out[:2] == ["near\n", "far\n/root\n"]
    assert (out[2], said[2].stderr, said[2].exit_code) == ("out\n", "err\n", 3)
    assert (said[3].stderr, said[3].exit_code) == ("bash: nosuch: command not found\n", 127)
    assert (out[4], said[4].exit_code) == ("", 0)
    assert out[6] == "200\n"
    assert out[8] == "172.17.0.3\n"
    assert "Are you sure you want to continue? [y/N] y\n" in out[10]


def test_a_snapshot_is_one_exec_and_shows_what_the_machine_itself_shows(hosts, far):
    hosts.run("far", "docker rm -f $(docker ps -aq); docker run -d --name seen -p 8081:80 nginx")

    there = DockerEngine(hosts=hosts).snapshot()
    itself = DockerEngine(hosts=far).snapshot().hosts["far"]

    assert list(there.hosts) == ["near", "far"]
    seen = there.hosts["far"]
    assert seen.stack.interfaces == itself.stack.interfaces
    assert seen.stack.netfilter.table("nat") == itself.stack.netfilter.table("nat")
    assert [c.id for c in seen.containers] == [c.id for c in itself.containers]
    assert [(n.id, n.subnets, n.options) for n in seen.networks] == [
        (n.id, n.subnets, n.options) for n in itself.networks
    ]


def test_a_check_judges_what_is_on_the_machine(hosts):
    hosts.run("far", "docker rm -f $(docker ps -aq); docker run -d --name web -p 8082:80 nginx")
    engine = DockerEngine(hosts=hosts)

    evidence = Evidence(engine.snapshot(), engine.lookup)

    assert judge(Check("container", {"name": "web"}), evidence).verdict is Verdict.PASSED
    assert judge(Check("container", {"name": "nosuch"}), evidence).verdict is Verdict.FAILED


def test_reset_and_time_travel_are_refused_for_a_machine_that_the_lab_did_not_make(hosts):
    with pytest.raises(EngineError, match="far: a host of your own can't be made anew"):
        DockerEngine(hosts=hosts).reset(0)


def test_a_kept_lab_is_listed_attached_to_and_forgotten(far, monkeypatch, tmp_path):
    monkeypatch.setenv("DNETLAB_CACHE", str(tmp_path / "engines"))
    name = f"k{os.getpid() % 100000}"
    labhosts.up(None, name, parse_topology(BOTH).part(["far"]))

    assert [(r.provider, r.host, r.address) for r in labhosts.standing() if r.lab == name] == [
        ("ssh", "far", "ssh://root@172.25.254.7")
    ]
    again = labhosts.attach(name)
    assert again.run("far", "hostname").stdout == "far\n"
    again.close()
    labhosts.down(name)
    assert [r for r in labhosts.standing() if r.lab == name] == []
