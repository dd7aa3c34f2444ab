"""On real engines: a capture beside the lines of its cell, and what a terminal keeps from line to line."""

from __future__ import annotations

import re

import pytest

from dnetlab import Lab
from dnetlab.engines.docker import DockerEngine
from dnetlab.engines.kept import MARK, Kept
from dnetlab.engines.running import Ran

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def lab(hosts):
    lab = Lab()
    lab.engine = DockerEngine(hosts=hosts)
    lab.shape = lab.engine.shape
    lab.run("docker run -d --name web nginx")
    return lab


def test_a_capture_runs_beside_the_lines_of_its_cell(lab):
    capture, ping = lab.run_cell("tcpdump -nn -t -i docker0 icmp &\nping -c 1 172.17.0.2").outputs
    assert re.sub(r"id \d+", "id N", capture.stdout) == (
        "IP 172.17.0.1 > 172.17.0.2: ICMP echo request, id N, seq 1, length 64\n"
        "IP 172.17.0.2 > 172.17.0.1: ICMP echo reply, id N, seq 1, length 64\n\n"
    )
    assert "2 packets captured" in capture.stderr
    assert ping.exit_code == 0


def test_its_file_is_a_table(lab, tmp_path):
    lab.run_cell("tcpdump -i docker0 -w /tmp/x.pcap icmp &\nping -c 1 172.17.0.2")
    table = lab.capture("docker1:/tmp/x.pcap", tmp_path / "x.pcap")
    assert table[["source", "destination", "protocol"]].values.tolist() == [
        ["172.17.0.1", "172.17.0.2", "ICMP"],
        ["172.17.0.2", "172.17.0.1", "ICMP"],
    ]


def test_ip_monitor_listens_beside_the_lines_of_its_cell(lab):
    cell = "ip monitor address route &\nip addr add 10.8.0.1/24 dev eth0\nip addr del 10.8.0.1/24 dev eth0"
    assert lab.run_cell(cell).outputs[0].stdout == (
        "2: eth0    inet 10.8.0.1/24 scope global eth0\n"
        "       valid_lft forever preferred_lft forever\n"
        "local 10.8.0.1 dev eth0 table local proto kernel scope host src 10.8.0.1 \n"
        "10.8.0.0/24 dev eth0 proto kernel scope link src 10.8.0.1 \n"
        "broadcast 10.8.0.255 dev eth0 table local proto kernel scope link src 10.8.0.1 \n"
        "Deleted 2: eth0    inet 10.8.0.1/24 scope global eth0\n"
        "       valid_lft forever preferred_lft forever\n"
        "Deleted 10.8.0.0/24 dev eth0 proto kernel scope link src 10.8.0.1 \n"
        "Deleted broadcast 10.8.0.255 dev eth0 table local proto kernel scope link src 10.8.0.1 \n"
        "Deleted local 10.8.0.1 dev eth0 table local proto kernel scope host src 10.8.0.1 \n"
    )
    alone = lab.run("ip monitor link")
    assert (alone.stdout, alone.exit_code) == ("^C\n", 130)
    assert alone.stderr.startswith("dnetlab: nothing can come while this line waits")


def test_a_hosts_terminal_keeps_directory_variables_functions_and_status(lab):
    cell = "cd /tmp; X='a b'\nf() { echo \"$1 in $PWD\"; }\nf \"$X\"\nfalse\necho $?\nunset X\necho \"[$X]\"\ncd"
    said = [output.stdout for output in lab.run_cell(cell).outputs]
    assert said == ["", "", "a b in /tmp\n", "", "1\n", "", "[]\n", ""]


def test_a_containers_terminal_does_so_too(lab):
    lab.run("docker exec -it web sh")
    outputs = lab.run_cell("cd /etc\nY=7\necho $PWD $Y\nexit").outputs
    assert [output.stdout for output in outputs] == ["", "", "/etc 7\n", ""]
    assert outputs[1].prompt == "/etc # "


def test_a_line_that_was_cut_off_leaves_what_was_kept():
    kept = Kept("declare -- X=1\n", "/tmp")
    assert kept.after(Ran("half of it", "", 130)) == (Kept("declare -- X=1\n", "/tmp", 130), Ran("half of it", "", 130))


def test_what_a_shell_tells_of_itself_is_not_shown():
    told = f"out\n{MARK}/tmp\nset +o errexit\numask 0022\ndeclare -- X=\"1\"\ndeclare -r UID=\"0\"\n"
    kept, ran = Kept().after(Ran(told, "", 0))
    assert (kept, ran.stdout) == (Kept('declare -- X="1"\n', "/tmp", 0), "out\n")


EVENTS = """\
docker1# docker events --filter type=network --format '{{.Action}} {{.Actor.Attributes.name}}' &
docker1# docker network create n1
docker1# docker run --rm --network n1 busybox true
docker1# docker network rm n1
"""
BOUNDED = """\
docker1# {line} --filter network={name} --format '{{{{.Type}}}} {{{{.Action}}}}' &
docker1# docker network create {name}
docker1# sleep 4
docker1# docker network rm {name}
"""


def test_events_are_heard_beside_the_lines_of_a_cell_as_on_the_simulator(lab):
    # given somebody who hears the daemon's events, when networks come and go, then each is told, on both engines
    heard = [made.run_cell(EVENTS).outputs[0].stdout for made in (lab, Lab())]
    assert heard == ["create n1\nconnect n1\ndisconnect n1\ndestroy n1\n"] * 2


@pytest.mark.parametrize(
    ("name", "line"),
    [("n2", "timeout 3 docker events"), ("n3", "docker events --until $(( $(date +%s) + 3 ))")],
)
def test_events_are_heard_until_their_time_has_come(lab, name, line):
    # given an end three seconds ahead, when a network goes after it, then that is not told
    cell = BOUNDED.format(name=name, line=line)
    heard = [made.run_cell(cell).outputs[0].stdout for made in (lab, Lab())]
    assert heard == ["network create\n"] * 2


def test_in_the_foreground_events_end_by_ctrl_c(lab):
    for line in ("docker events", "docker system events"):
        said = [made.run(line) for made in (lab, Lab())]
        assert [(one.stdout, one.exit_code) for one in said] == [("^C\n", 130)] * 2


SOCAT = r"""socat TCP-LISTEN:8080,fork,reuseaddr EXEC:cat &
echo hi | socat - TCP:127.0.0.1:8080
client# echo from-client | nc -w 1 172.25.254.1 8080
socat -u TCP-LISTEN:9000 STDOUT &
echo hello | nc -w 1 172.25.254.1 9000
socat UDP-LISTEN:9001,fork EXEC:cat &
echo dgram | socat -t 1 - UDP:127.0.0.1:9001
socat TCP-LISTEN:8888,fork,reuseaddr TCP:172.17.0.2:80 &
client# curl -s -o /dev/null -w '%{http_code}\n' 172.25.254.1:8888
socat - TCP:172.25.254.1:81
socat - TCP:172.25.254.77:80,connect-timeout=2
socat TCP-LISTEN:8081,fork,nosuch=1 EXEC:cat
"""


def test_socat_says_on_lab_hosts_what_it_says_in_the_simulator(lab):
    # Given a lab host that has Debian's socat
    if lab.run("command -v socat").exit_code != 0:
        pytest.skip("this machine has no socat")

    # When listeners, clients and mistakes are typed at it and at the simulator
    simulated = Lab()
    simulated.run("docker run -d --name web nginx")
    said = [[re.sub(r"^.* socat\[\d+\] |connect\(\d+", "", output.stdout + output.stderr) for output in outputs]
            for outputs in (one.run_cell(SOCAT).outputs for one in (lab, simulated))]  # fmt: skip

    # Then both say the same
    assert said[0] == said[1]
    assert said[0][1] == "hi\n"
