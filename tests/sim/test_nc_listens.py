"""`nc -l` both ways: beside the lines of a cell, and as a container's program (OpenBSD nc 1.219, busybox 1.35)."""

from __future__ import annotations

import pytest

from dnetlab import Lab


@pytest.fixture
def lab() -> Lab:
    return Lab()


def told(lab: Lab, cell: str) -> dict[str, str]:
    """Each line of a cell, and all that it said in the end."""
    return {output.line.text: output.stdout + output.stderr for output in lab.run_cell(cell).outputs}


def test_a_listener_beside_a_cell_tells_what_it_heard(lab: Lab) -> None:
    # given `nc -l PORT &`, when a client sends a line, then the listener prints it, and has ended
    said = told(lab, "docker1# nc -l -p 9000 &\nclient$ echo hello | nc -w 1 172.25.254.1 9000\ndocker1# ss -tln\n")
    assert said["nc -l -p 9000 &"] == "hello\n"
    assert ":9000" not in said["ss -tln"]


def test_with_k_it_takes_one_after_the_other_and_v_names_them(lab: Lab) -> None:
    said = told(lab, "docker1# nc -lvk 9001 &\nclient$ echo one | nc -N 172.25.254.1 9001\n"
                     "docker2$ echo two | nc -N 172.25.254.1 9001\n")  # fmt: skip
    lines = said["nc -lvk 9001 &"].splitlines()
    assert lines[:3] == ["one", "two", "Listening on 0.0.0.0 9001"]
    assert [line.rpartition(" ")[0] for line in lines[3:]] == [
        "Connection received on 172.25.254.38", "Connection received on 172.25.254.2",
    ]  # fmt: skip


def test_what_is_piped_into_it_goes_to_whoever_comes(lab: Lab) -> None:
    # given a listener that is to say something, when curl comes, then the words are an answer of HTTP if they are one
    said = told(lab, "docker1# printf 'HTTP/1.1 200 OK\\n\\nhi\\n' | nc -l 9004 &\nclient$ curl -s 172.25.254.1:9004\n")
    assert said["curl -s 172.25.254.1:9004"] == "hi\n"
    assert next(iter(said.values())).startswith("GET / HTTP/1.1\r\nHost: 172.25.254.1:9004\r\n")
    said = told(lab, "docker1# nc -l 9005 < /etc/hostname &\nclient$ nc -w 1 172.25.254.1 9005\n")
    assert said["nc -w 1 172.25.254.1 9005"] == "docker1\n"


def test_datagrams_are_heard_too(lab: Lab) -> None:
    said = told(lab, "docker1# nc -u -l 9002 &\nclient$ echo hi | nc -u -w 1 172.25.254.1 9002\n")
    assert said["nc -u -l 9002 &"] == "hi\n"


def test_a_port_has_one_listener_and_killed_it_is_closed(lab: Lab) -> None:
    said = told(lab, "docker1# nc -l 9000 &\ndocker1# nc -lk 9000 &\ndocker1# kill %1\n"
                     "client$ nc -z -v -w 1 172.25.254.1 9000\n")  # fmt: skip
    assert said["nc -lk 9000 &"] == "nc: Address already in use\n"
    assert said["nc -z -v -w 1 172.25.254.1 9000"].endswith("failed: Connection refused\n")


def test_a_rule_closes_it_as_any_port(lab: Lab) -> None:
    said = told(lab, "docker1# iptables -A INPUT -p tcp --dport 9000 -j DROP\ndocker1# nc -l 9000 &\n"
                     "client$ echo x | nc -w 1 172.25.254.1 9000\n")  # fmt: skip
    assert said["nc -l 9000 &"] == ""


def test_in_the_foreground_it_is_refused_and_a_timeout_ends_it(lab: Lab) -> None:
    assert lab.run("nc -l 9000").refused is not None
    assert lab.run("timeout 2 nc -l 9000").exit_code == 124


def test_a_containers_nc_logs_what_it_hears_and_ends(lab: Lab) -> None:
    # given a container whose program is nc -l, when somebody has been there, then it has exited with status 0
    lab.run("docker run -d --name nc1 -p 9010:9010 busybox nc -l -p 9010")
    assert lab.run("client# echo hello | nc -w 1 172.25.254.1 9010").exit_code == 0
    assert lab.run("docker logs nc1").stdout == "hello\n"
    assert lab.run("docker ps -a --format '{{.Status}}'").stdout.startswith("Exited (0) ")


def test_a_loop_of_nc_answers_everybody(lab: Lab) -> None:
    # given the small web server of many posts, when it is asked twice, then it answers twice
    lab.run("docker run -d --name web -p 9011:80 busybox sh -c 'while true; do "
            r'printf "HTTP/1.1 200 OK\n\n$(hostname)\n" | nc -l -p 80; done' "'")  # fmt: skip
    name = lab.run("docker exec web hostname").stdout
    assert [lab.run("client# curl -s 172.25.254.1:9011").stdout for _ in range(2)] == [name, name]


def test_e_runs_a_program_for_whoever_comes(lab: Lab) -> None:
    lab.run("docker run -d --name echo -p 9020:9020 busybox nc -lk -p 9020 -e cat")
    assert lab.run("client# echo hello | nc -w 1 172.25.254.1 9020").stdout == "hello\n"


def test_curl_wants_an_answer_of_http(lab: Lab) -> None:  # curl 7.88.1
    said = told(lab, "docker1# echo hi | nc -l 9006 &\nclient$ curl -sS 172.25.254.1:9006\n")
    assert said["curl -sS 172.25.254.1:9006"] == "curl: (1) Received HTTP/0.9 when not allowed\n"
