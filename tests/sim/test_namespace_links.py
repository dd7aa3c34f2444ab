"""Which namespaces a process is in: the links of /proc/PID/ns, `lsns`, and what dockerd keeps in /run/docker/netns."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt

PID = "$(docker inspect -f '{{{{.State.Pid}}}}' {})"


@pytest.fixture
def prompt() -> Prompt:
    """A container, one that joins it, one in the host's network, and a namespace of the host's own making."""
    found = Prompt("28.5")
    found.out("docker run -d --name web nginx")
    found.out("docker run -d --name joined --network container:web busybox sleep 1000")
    found.out("docker run -d --name near --network host busybox sleep 1000")
    found.out("ip netns add blue")
    return found


def link(prompt: Prompt, name: str, kind: str = "net") -> str:
    return prompt.out(f"readlink /proc/{PID.format(name)}/ns/{kind}").strip()


def test_who_shares_a_network_has_the_same_link_and_who_does_not_has_another(prompt):
    # given processes of three containers and the host, when their links are read
    own, joined, near = link(prompt, "web"), link(prompt, "joined"), link(prompt, "near")
    host = prompt.out("readlink /proc/1/ns/net").strip()

    # then a joined container is where the other is, and --network host is where the host is
    assert own == joined != host
    assert near == host == "net:[4026531840]"
    assert prompt.out("docker exec web readlink /proc/self/ns/net").strip() == own

    # but its files and its processes are its own
    assert link(prompt, "joined", "mnt") != link(prompt, "web", "mnt")
    assert link(prompt, "joined", "pid") != link(prompt, "web", "pid")
    assert link(prompt, "joined", "user") == link(prompt, "web", "user") == "user:[4026531837]"


def test_a_namespace_keeps_its_number_while_others_come_and_go(prompt):
    before = link(prompt, "web")
    prompt.out("docker run -d --name other nginx")
    prompt.out("docker rm -f near")
    assert link(prompt, "web") == before
    assert link(prompt, "other") != before


def test_pid_and_ipc_of_another_are_its_namespaces(prompt):
    prompt.out("docker run -d --name guest --pid container:web --ipc host busybox sleep 1000")
    assert link(prompt, "guest", "pid") == link(prompt, "web", "pid")
    assert link(prompt, "guest", "ipc") == "ipc:[4026531839]"
    assert link(prompt, "guest") != link(prompt, "web")


def test_ls_shows_the_links(prompt):
    """As coreutils' ls does without a terminal."""
    net = link(prompt, "web")
    pid = prompt.out("docker inspect -f '{{.State.Pid}}' web").strip()
    one = prompt.out(f"ls -l /proc/{pid}/ns/net")
    assert one == f"lrwxrwxrwx 1 root root 0 Nov 23 08:00 /proc/{pid}/ns/net -> {net}\n"
    every = prompt.out(f"ls -l /proc/{pid}/ns").splitlines()
    assert every[0] == "total 0"
    assert [line.split()[8] for line in every[1:]] == [
        "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts",
    ]  # fmt: skip
    assert prompt.type("readlink /proc/99999/ns/net").exit_code == 1


def test_lsns_lists_the_networks_that_have_a_process(prompt):
    """util-linux 2.38.1's table, as a lab host with 28.5.2 gave it; `blue` has no process, so it isn't there."""
    number = link(prompt, "web").strip("net:[]")
    pid = prompt.out("docker inspect -f '{{.State.Pid}}' web").strip()
    key = prompt.out("docker inspect -f '{{.NetworkSettings.SandboxKey}}' web").strip().removeprefix("/var")
    head, host, container = prompt.out("lsns -t net").splitlines()
    assert head == f"        NS TYPE NPROCS   PID USER    NETNSID {'NSFS':<{len(key)}} COMMAND"
    assert host.split()[:2] == ["4026531840", "net"]
    command = "nginx: master process nginx -g daemon off;"
    assert container == f"{number} net       3 {pid:>5} root          0 {key} {command}"
    assert prompt.out(f"lsns -n -t net -o ns,nprocs -p {pid}") == f"{number} 3\n"
    assert prompt.out(f"lsns --noheadings --type net --output NS --task {pid}") == f"{number}\n"
    assert prompt.err("lsns -t net -o foo") == "lsns: unknown column: foo\n"


def test_lsns_of_other_kinds_is_refused(prompt):
    assert str(prompt.type("lsns").refused) == (
        "The lab knows network namespaces only. lsns -t net, with -n, -p PID or -o COLUMNS"
    )


def test_dockerd_keeps_a_file_for_each_sandbox_and_none_for_what_ip_netns_made(prompt):
    key = prompt.out("docker inspect -f '{{.NetworkSettings.SandboxKey}}' web").strip()
    assert prompt.out("ls /run/docker/netns") == f"{key.rpartition('/')[2]}\ndefault\n"
