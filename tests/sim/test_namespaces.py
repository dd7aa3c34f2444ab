"""nsenter and ip netns: a host's own tools in the network namespace of a container (util-linux 2.38, iproute2 6.1)."""

from __future__ import annotations

import pytest

from dnetlab import Lab

PID = "$(docker inspect -f '{{.State.Pid}}' web)"


@pytest.fixture
def lab() -> Lab:
    made = Lab(docker="28.5")
    made.run_cell("docker run -d --name web nginx")
    return made


def out(lab: Lab, line: str) -> str:
    return lab.run_cell(line).outputs[0].stdout


def test_nsenter_shows_the_containers_interfaces_with_the_hosts_ip(lab: Lab) -> None:
    # given a container without an ip of its own, when nsenter enters its network, then the host's tool shows it
    shown = out(lab, f"nsenter -t {PID} -n ip -br addr | awk '{{print $1, $3}}'")

    assert shown.splitlines()[1].split() == ["eth0@if5", "172.17.0.2/16"]


def test_nsenter_takes_the_file_that_docker_names(lab: Lab) -> None:
    key = "$(docker inspect -f '{{.NetworkSettings.SandboxKey}}' web)"
    assert "172.17.0.2/16" in out(lab, f"nsenter --net={key} ip -4 addr show eth0")


def test_nsenter_of_everything_finds_the_containers_own_hostname(lab: Lab) -> None:
    assert out(lab, f"nsenter -t {PID} -a hostname") == out(lab, "docker exec web hostname")


def test_ip_netns_knows_a_container_by_the_link_that_somebody_made(lab: Lab) -> None:
    # given the link that teaches ip netns a container's name
    lab.run_cell(f"mkdir -p /var/run/netns\nln -s /proc/{PID}/ns/net /var/run/netns/web")

    # when it is listed and entered, in both ways
    listed, asked = out(lab, "ip netns list"), out(lab, "ip -n web route")
    entered = out(lab, "ip netns exec web ip route")

    # then it is the container's namespace
    assert listed == "web (id: 0)\n"
    assert entered == asked == out(lab, f"nsenter -t {PID} -n ip route")
    assert entered.startswith("default via 172.17.0.1 dev eth0")


@pytest.mark.parametrize(
    ("line", "stderr", "code"),
    [
        ("ip netns exec no ip addr", 'Cannot open network namespace "no": No such file or directory\n', 255),
        ("ip -n no addr", 'Cannot open network namespace "no": No such file or directory\n', 255),
        ("nsenter -t 99999 -n ip addr", "nsenter: cannot open /proc/99999/ns/net: No such file or directory\n", 1),
    ],
)
def test_what_is_not_there_is_named(lab: Lab, line: str, stderr: str, code: int) -> None:
    output = lab.run_cell(line).outputs[0]

    assert (output.stderr, output.exit_code) == (stderr, code)


def test_ip_netns_tells_whose_namespace_a_process_is_in_as_iproute2_does(lab):
    # given two namespaces with names, and a name for that of a container (words as of iproute2 6.1 on Linux 6.18)
    pid = out(lab, "docker inspect -f '{{.State.Pid}}' web").strip()
    for line in ("ip netns add a", "ip netns add b", f"ln -s /proc/{pid}/ns/net /run/netns/web"):
        out(lab, line)

    # when it is asked of itself, of a process there, of one that is in none, and of nobody
    asked = [
        lab.run(f"docker1# ip netns {words}") for words in (
            "identify", f"identify {pid}", "identify 1", "identify 99999", "identify web", "identify 1 2", "pids",
            "pids no", "exec a ip netns identify", "attach c 99999", "attach c x", "attach c",
            "add x/y", "foo", "delete")
    ]  # fmt: skip

    # then it says so, and what is wrong in its own words
    assert [(o.stdout + o.stderr, o.exit_code) for o in asked] == [
        ("\n", 0), ("web\n", 0), ("\n", 0),
        ("Cannot open network namespace: No such file or directory\n", 1),
        ("Specified string 'web' is not a pid\n", 1), ("extra arguments specified\n", 1),
        ("No netns name specified\n", 1), ("Cannot open network namespace: No such file or directory\n", 1),
        ("a\n", 0), ("Bind /proc/99999/ns/net -> /run/netns/c failed: No such file or directory\n", 1),
        ("Invalid PID: x\n", 1), ("No netns name and PID specified\n", 1), ('Invalid netns name "x/y"\n', 255),
        ('Command "foo" is unknown, try "ip netns help".\n', 255), ("No netns name specified\n", 1),
    ]  # fmt: skip


def test_the_numbers_of_other_namespaces_are_listed_with_their_names(lab):
    out(lab, "ip netns add a; ip link add v0 type veth peer name v1; ip link set v1 netns a")

    ids = out(lab, "ip netns list-id").splitlines()
    number = next(row.split()[1] for row in ids if row.endswith("(iproute2 netns name: a)"))

    assert f"nsid {number} (iproute2 netns name: a)" in ids
    assert all(row.startswith("nsid ") for row in ids)
    assert f'{{"name":"a","id":{number}}}' in out(lab, "ip -j netns")
