"""A line takes no more time, memory and output than there is for it, and says so in a sentence."""

from __future__ import annotations

import pytest

from dnetlab.lab import Lab
from dnetlab.model import Protocol

TOO_MUCH = "dnetlab: The command said more than 1024 KiB, so it was ended as by Ctrl-C, and the rest is not shown.\n"
TOO_LONG = "dnetlab: The command makes a text of more than 1024 KiB, so it was ended as by Ctrl-C.\n"
INVALID = "Invalid argument\n"
PORTS = "ports, and a real engine starts two docker-proxy for each."


def said(line: str) -> tuple[int, str]:
    """(exit status, standard error) of a line in a lab of its own."""
    output = Lab().run(line)
    return output.exit_code, output.stderr


def refused(line: str) -> str:
    output = Lab().run(line)
    assert output.refused is not None
    return output.refused.reason


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("x=a; while :; do x=$x$x; done", TOO_LONG),
        ("x=$(seq 100000); echo ${x//1/22222222222222222222222}", TOO_LONG),
        ("printf '%1000000000d' 1", TOO_LONG),
        ("printf '%.1000000000f' 1", TOO_LONG),
        ("awk 'BEGIN{printf \"%1000000000d\", 1}'", TOO_LONG),
        ("awk 'BEGIN{while(1) x = x \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}'", TOO_LONG),
        ("seq 10 | sed ':a;H;x;ba'", TOO_LONG),
        ("yes", TOO_MUCH),
        ("yes > /tmp/x", TOO_MUCH),
        ("x=$(yes)", TOO_MUCH),
        ("seq 99999999", TOO_MUCH),
        ("while :; do :; done", "dnetlab: The command took more than 10,000 steps, so it was ended as by Ctrl-C.\n"),
        (
            "echo {1..999999}",
            "dnetlab: Braces make more than 10,000 words here, so the command was ended as by Ctrl-C.\n",
        ),
        (
            "echo {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}",
            "dnetlab: Braces make more than 10,000 words here, so the command was ended as by Ctrl-C.\n",
        ),
        (
            "yes | wc -l",
            "dnetlab: More than 1024 KiB came through the pipe, and wc reads all of it, so the line was ended as by "
            "Ctrl-C.\n",
        ),
        (
            "docker ps --format '{{range 9999999999}}{{end}}'",
            "dnetlab: The template took more than 100,000 steps, so it was ended as by Ctrl-C.\n",
        ),
        (
            "docker network ls --format '{{pad \"x\" 1000000000 0}}'",
            "dnetlab: The template makes a text of more than 1024 KiB, so it was ended as by Ctrl-C.\n",
        ),
    ],
)
def test_a_line_that_would_never_end_is_ended_with_a_sentence(line: str, sentence: str) -> None:
    assert said(line) == (130, sentence)


@pytest.mark.parametrize("program", ["[range(1e12)]", "def f: f; f", '"a"*1000000000'])
def test_a_jq_program_without_an_end_is_ended(program: str) -> None:
    code, error = said(f"jq -n '{program}'")

    assert (code, error) == (130, "dnetlab: jq took more than 2 seconds or 512 MiB, so it was ended as by Ctrl-C.\n")


def test_what_is_shown_of_an_endless_output_is_its_first_mebibyte() -> None:
    output = Lab().run("yes")

    assert (len(output.stdout), output.stdout[:4]) == (1 << 20, "y\ny\n")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("yes | head -2", "y\ny\n"),
        ("yes | cat | head -1", "y\n"),
        ("seq 99999999 | grep -m1 9", "9\n"),
        ("seq 99999999 | sed 2q", "1\n2\n"),
        ("yes | true", ""),
    ],
)
def test_who_stops_reading_ends_the_one_who_writes(line: str, shown: str) -> None:
    output = Lab().run(line)

    assert (output.stdout, output.stderr, output.exit_code) == (shown, "", 0)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("iptables -A INPUT -p tcp --dport " + "9" * 5000 + " -j DROP", "This line has a number of 5000 digits."),
        ("docker run -m " + "9" * 400 + " nginx", "This line has a number of 400 digits."),
        ("kill -" + "9" * 5000 + " 1", "This line has a number of 5000 digits."),
        ("docker run -d -p 1-60000:1-60000 nginx", f"This publishes 60,000 {PORTS}"),
        ("docker run -d -P --expose 1-20000 nginx", f"This publishes 20,000 {PORTS}"),
        (
            "x=$(seq 100000); echo ${x#*zzz}",
            "The lab's shell cuts and replaces by pattern in texts of at most 20,000 characters.",
        ),
        ("echo x | sed ':a;s/x/x/;ta'", "This sed script does not end."),
        ("echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab | grep -E '(a|a)*$'", "This pattern takes too long on this text."),
    ],
)
def test_what_no_command_needs_is_refused(line: str, reason: str) -> None:
    assert refused(line) == reason


@pytest.mark.parametrize(
    ("pattern", "code"), [("(a+)+$", 0), (".*.*.*.*.*.*.*.*.*.*x", 0), ("(a|aa)*$", 130)]
)  # fmt: skip
def test_a_pattern_that_blows_up_elsewhere_does_not_hold_a_filter(pattern: str, code: int) -> None:
    # Given a container whose name is long, when it is sought with a pattern on which Python's `re` would never end,
    # then there is an answer, or the command is ended.
    lab = Lab()
    lab.run(f"docker run -d --name {'a' * 60}b nginx")

    output = lab.run(f"docker ps -q --filter name='{pattern}'")

    assert output.exit_code == code


@pytest.mark.parametrize(
    "line",
    [
        'echo "" | sh',
        "docker run -d --restart always busybox false",
        "docker run -d --restart always busybox sleep 86400",
        "docker ps --format 'table {{with .Mounts}}{{index}}{{end}}'",
        "docker ps --filter name='" + "(a+)+" * 200 + "$'",
        "docker " + "prune " * 3000,
        "docker volume prune [y/N]" + " " * 19_000 + "y",
        "docker events --since 1h --until 0s",
        "grep '\ud800' /etc/hosts",
        "seq 1 1e300",
        "traceroute -m 99999999999999999999 127.0.0.1",
        "awk 'BEGIN{print int(2^1e9), substr(\"abc\", 1e300, 1e300), -log(0)}'",
        "set -- 1 2 3 4 5 6 7 8; while :; do set -- \"$@\" \"$@\"; done",
        "docker run -d -p 10000-11999:1-2000 nginx",
        "sleep 99999999999; date; docker ps",
        "docker network create -o com.docker.network.bridge.name='a\"b' n",
    ],
)
def test_no_line_ends_in_a_traceback(line: str) -> None:
    output = Lab().run(line)

    assert output.exit_code is not None


def test_deeply_nested_brackets_are_no_bug_of_ours() -> None:
    assert said("echo '" + "[" * 9000 + "' | jq .")[0] in (2, 130)
    assert said("echo '{}' | jq '" + "[" * 1000 + "]" * 1000 + "'")[0] in (3, 130)


@pytest.mark.parametrize("line", ["dockerd --validate", "systemctl restart docker"])
def test_a_daemon_file_that_is_nested_too_deeply_is_refused(line: str) -> None:
    lab = Lab()
    lab.run("echo '" + "[" * 9000 + "' > /etc/docker/daemon.json")

    assert lab.run(line).refused.reason == "/etc/docker/daemon.json is nested deeper than the lab reads."


def test_removing_a_container_with_many_ports_looks_at_each_proxy_once() -> None:
    # Given two thousand published ports, when the container is removed, then none of its four thousand proxies stays.
    lab = Lab()
    lab.run("docker run -d --name many -p 10000-11999:1-2000 nginx")
    assert lab.run("ps aux | grep -c docker-proxy").stdout == "4001\n"

    lab.run("docker rm -f many")

    assert lab.run("ps aux | grep -c docker-proxy").stdout == "1\n"


@pytest.mark.parametrize(
    ("line", "stderr"),
    [
        ("docker network create -o com.docker.network.bridge.name='a b' n", "invalid argument"),
        ("docker network create -o com.docker.network.bridge.name=a/b n", "invalid argument"),
        ("docker network create -o com.docker.network.bridge.name=. n", "invalid argument"),
        ("docker network create -o com.docker.network.bridge.name=a:b n", "invalid argument"),
    ],
)
def test_a_name_that_no_link_can_have_is_the_kernels_to_refuse(line: str, stderr: str) -> None:
    # 28.5.2 with client 28.2
    lab = Lab(docker="28.5")

    assert lab.run(line).stderr == f"Error response from daemon: {stderr}\n"


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("sysctl -w net.ipv4.ip_forward=1e9", 1, 'sysctl: setting key "net.ipv4.ip_forward": Invalid argument\n'),
        ("sysctl -w net.ipv4.ip_forward=7", 0, ""),
        ("echo 99999999999 > /proc/sys/net/ipv4/ip_forward", 1, f"bash: echo: write error: {INVALID}"),
        ("seq 99999999999 99999999999 > /proc/sys/net/ipv4/ip_forward", 1, "seq: write error: Invalid argument\n"),
    ],
)
def test_a_switch_of_the_kernel_takes_what_fits_into_it(line: str, code: int, said: str) -> None:
    output = Lab().run(line)

    assert (output.exit_code, output.stderr) == (code, said)


def test_the_pause_before_a_restart_doubles_up_to_a_minute():
    # Given a container that fails at once, when five hundred seconds go by, then it was started again after 0.1, 0.2,
    # 0.4 … 51.2 seconds, and from then on after a minute each time (moby restartmanager).
    lab = Lab()
    lab.run("docker run -d --name ff --restart always busybox false")

    counted = []
    for seconds in (100, 200, 180):
        lab.run(f"sleep {seconds}")
        counted.append(lab.run("docker inspect -f '{{.RestartCount}}' ff").stdout)

    assert counted == ["10\n", "14\n", "17\n"]


def test_on_failure_leaves_what_ended_well():
    lab = Lab()
    lab.run("docker run -d --name ok --restart on-failure busybox true")
    lab.run("docker run -d --name bad --restart on-failure busybox false")

    lab.run("sleep 2")

    states = lab.run("docker inspect -f '{{.State.Status}} {{gt .RestartCount 3}}' ok bad").stdout
    assert states == "exited false\nrestarting true\n"


def test_conntrack_forgets_a_datagram_after_half_a_minute():
    # Given a datagram that nobody answered, when 27 and then 34 seconds have gone by, then its entry is there, then not
    # (nf_conntrack_udp_timeout, 30 seconds).
    lab = Lab()
    lab.run("docker run -d --name srv -p 5353:53/udp busybox nc -u -l -p 53")
    lab.run("client$ nc -u -z -w 1 172.25.254.1 5353")

    def datagrams() -> int:
        stack = lab.engine.snapshot().hosts["docker1"].namespaces["host"]
        return sum(connection.original.protocol is Protocol.UDP for connection in stack.connections)

    lab.run("sleep 27")
    lab.run("client$ ping -c 1 172.25.254.1")
    before = datagrams()
    lab.run("sleep 6")
    lab.run("client$ ping -c 1 172.25.254.1")

    assert (before, datagrams()) == (1, 0)
