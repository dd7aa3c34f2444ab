"""socat 1.7.4.4 of Debian 12, in the words that it said in two network namespaces joined by a veth pair (the command
stands in each test; its time and its pid are left out)."""

from __future__ import annotations

import re

import pytest

from dnetlab import Lab


@pytest.fixture
def lab() -> Lab:
    lab = Lab()
    lab.run("docker run -d --name web nginx")
    return lab


def told(lab: Lab, cell: str) -> list[str]:
    """What each line of a cell said in the end, without times and pids."""
    return [plain(output.stdout + output.stderr) for output in lab.run_cell(cell).outputs]


def plain(text: str) -> str:
    return re.sub(r"(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d socat\[\d+\] ", "", text)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("socat - TCP:172.17.0.2:81", "E connect(5, AF=2 172.17.0.2:81, 16): Connection refused\n"),
        ("echo hi | socat - TCP4:172.17.0.9:80", "E connect(5, AF=2 172.17.0.9:80, 16): No route to host\n"),
        (
            "socat - TCP6:[::1]:80",
            "E connect(5, AF=10 [0000:0000:0000:0000:0000:0000:0000:0001]:80, 28): Connection refused\n",
        ),
        (
            "socat - TCP:nosuch:80",
            'E getaddrinfo("nosuch", "NULL", {1,0,1,6}, {}): Temporary failure in name resolution\n',
        ),
        (
            "socat - UDP:nosuch:80",
            'E getaddrinfo("nosuch", "NULL", {1,0,2,17}, {}): Temporary failure in name resolution\n',
        ),
        (
            "socat - TCP:172.17.0.2:nosuch",
            'E getaddrinfo"172.17.0.2", "nosuch", {1,0,1,0}, {}): Servname not supported for ai_socktype\n',
        ),
        ("socat - TCP:172.17.0.2", "E TCP: wrong number of parameters (1 instead of 2)\n"),
        ("socat - EXEC:echo:hi", 'E "EXEC:echo": wrong number of parameters (2 instead of 1)\n'),
        ("socat -", 'E exactly 2 addresses required (there are 1); use option "-h" for help\n'),
        ("socat - FOO:1", 'E unknown device/address "FOO"\n'),
        ("socat - TCP:172.17.0.2:80,nosuch=1", 'E parseopts_table(): unknown option "nosuch"\n'),
        ("socat TCP-LISTEN:81,fork,Foo EXEC:cat", 'E parseopts_table(): unknown option "Foo"\n'),
        ("socat -Q - TCP:172.17.0.2:80", 'E unknown option "-Q"; use option "-h" for help\n'),
        ("socat -u FILE:/tmp/nosuch STDOUT", 'E open("/tmp/nosuch", 00, 0666): No such file or directory\n'),
        ("socat - FILE:/tmp/nosuch", 'E open("/tmp/nosuch", 02, 0666): No such file or directory\n'),
        ("socat -u - OPEN:/no/such,creat,append", 'E open("/no/such", 02101, 0666): No such file or directory\n'),
        (
            "timeout 4 socat TCP-LISTEN:81,bind=9.9.9.9 EXEC:cat",
            "E bind(5, {AF=2 9.9.9.9:81}, 16): Cannot assign requested address\n",
        ),
    ],
)  # fmt: skip
def test_what_fails_is_told_in_its_words(lab: Lab, line: str, said: str) -> None:
    output = lab.run(line)
    assert plain(output.stderr) == said
    assert (output.stdout, output.exit_code) == ("", 1)
    assert re.match(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d socat\[\d+\] E ", output.stderr)


def test_a_listener_answers_everybody_with_a_program(lab: Lab) -> None:
    # given `socat TCP-LISTEN:80,fork,reuseaddr EXEC:cat &`, when two come, then both hear their own words
    said = told(lab, "docker1# socat TCP-LISTEN:9000,fork,reuseaddr EXEC:cat &\n"
                     "client$ echo hi | socat - TCP:172.25.254.1:9000\nclient$ echo ho | nc -N 172.25.254.1 9000\n"
                     "docker1# socat TCP-LISTEN:9000 -\ndocker1# ss -tlnp sport = :9000\n")  # fmt: skip
    assert said[:4] == ["", "hi\n", "ho\n", "E bind(5, {AF=2 0.0.0.0:9000}, 16): Address already in use\n"]
    assert re.search(r'LISTEN 0 +5 +0\.0\.0\.0:9000 .*users:\(\("socat",pid=\d+,fd=5\)\)', said[4])


def test_quotes_and_backslashes_are_read_as_socat_reads_them(lab: Lab) -> None:
    # socat - "SYSTEM:echo 'a  b, c'"; socat - 'SYSTEM:echo a\: b'; socat - 'EXEC:echo "a  b"'
    assert lab.run("socat - \"SYSTEM:echo 'a  b, c'\"").stdout == "a b, c\n"
    assert lab.run("socat - 'SYSTEM:echo a\\: b'").stdout == "a: b\n"
    assert lab.run("socat - 'EXEC:echo \"a  b\"'").stdout == "a b\n"


def test_a_program_that_fails_is_told_with_its_status(lab: Lab) -> None:
    missing = re.sub(r"child \d+", "child N", plain(lab.run("socat - EXEC:nosuch").stderr))
    assert missing == (
        'E execvp("nosuch", "nosuch"): No such file or directory\nE waitpid(): child N exited with status 1\n'
    )
    told_status = lab.run("socat - 'SYSTEM:exit 3'")
    assert re.fullmatch(r"E waitpid\(\): child \d+ exited with status 3\n", plain(told_status.stderr))
    assert told_status.exit_code == 1


def test_without_fork_one_connection_is_all(lab: Lab) -> None:
    # echo "hello from b" | socat TCP-LISTEN:80,reuseaddr - &     echo one | nc -N 172.17.0.2 80
    said = told(lab, "docker1# echo hello from b | socat TCP-LISTEN:9000,reuseaddr - &\n"
                     "client$ echo one | nc -N 172.25.254.1 9000\nclient$ nc -z -v 172.25.254.1 9000\n")  # fmt: skip
    assert said[:2] == ["one\n", "hello from b\n"]
    assert said[2].endswith("failed: Connection refused\n")


def test_a_forwarder_dials_for_everybody_and_says_whom_it_cant_reach(lab: Lab) -> None:
    # socat TCP-LISTEN:80,reuseaddr,fork TCP:172.17.0.1:8000 &     curl 172.17.0.2
    said = told(lab, "docker1# socat TCP-LISTEN:8080,fork TCP:172.17.0.2:80 &\nclient# curl -sI 172.25.254.1:8080\n")
    assert said[1].startswith("HTTP/1.1 200 OK")
    said = told(lab, "docker1# socat TCP-LISTEN:8081,fork TCP:172.17.0.2:81 &\n"
                     "client# curl -sS 172.25.254.1:8081\n"
                     "client# echo hi | socat - TCP:172.25.254.1:8081\n")  # fmt: skip
    assert said[0] == "E connect(5, AF=2 172.17.0.2:81, 16): Connection refused\n" * 2
    assert said[1:] == ["curl: (52) Empty reply from server\n", ""]


def test_a_forwarders_own_connection_is_seen_between_the_two_of_its_client(lab: Lab) -> None:
    # given a capture, when somebody asks the forwarder, then it sees whom that asks before the answer goes back
    said = told(lab, "docker1# tcpdump -nn -t -i docker0 'tcp port 80 and tcp[tcpflags] & tcp-syn != 0' &\n"
                     "docker1# socat TCP-LISTEN:8080,fork TCP:172.17.0.2:80 &\n"
                     "client# curl -s 172.25.254.1:8080\n")  # fmt: skip
    assert re.match(r"IP 172\.17\.0\.1\.\d+ > 172\.17\.0\.2\.80: Flags \[S\]", said[0])


def test_files_go_both_ways(lab: Lab) -> None:
    # socat -u TCP-LISTEN:80,reuseaddr OPEN:/tmp/h,creat,append &     echo data | socat -u - TCP:172.17.0.2:80
    said = told(lab, "docker1# socat -u TCP-LISTEN:9000,reuseaddr OPEN:/tmp/h,creat,append &\n"
                     "client$ echo data | socat -u - TCP:172.25.254.1:9000\ndocker1# cat /tmp/h\n")  # fmt: skip
    assert said == ["", "", "data\n"]
    listener = "docker1# socat TCP-LISTEN:9001,fork FILE:/etc/hostname &\n"
    said = told(lab, listener + "client$ socat - TCP:172.25.254.1:9001\n")
    assert said == ["", "docker1\n"]
    assert lab.run("socat -u FILE:/etc/hostname -").stdout == "docker1\n"


def test_datagrams_are_taken_and_answered(lab: Lab) -> None:
    # socat -u UDP-RECV:53 STDOUT &     echo hi | socat - UDP:172.17.0.2:53;  the same where nobody listens
    said = told(lab, "docker1# socat -u UDP-RECV:5353 STDOUT &\nclient$ echo hi | socat - UDP:172.25.254.1:5353\n"
                     "client$ echo ho | socat - UDP4-SENDTO:172.25.254.1:5353\n")  # fmt: skip
    assert said == ["hi\nho\n", "", ""]
    listener = "docker1# socat UDP-LISTEN:5353,fork EXEC:cat &\n"
    said = told(lab, listener + "client$ echo hi | socat - UDP:172.25.254.1:5353\n")
    assert said == ["", "hi\n"]
    refused = plain(lab.run("echo hi | socat - UDP:172.17.0.2:5353").stderr)
    assert re.fullmatch(r"E read\(5, 0x[0-9a-f]{12}, 8192\): Connection refused\n", refused)


def test_a_containers_socat_forwards_and_logs(lab: Lab) -> None:
    lab.run("docker run -d --name fwd nicolaka/netshoot socat TCP-LISTEN:80,fork TCP:172.17.0.2:80")
    assert "Welcome to nginx" in lab.run("curl -s 172.17.0.3").stdout
    lab.run("docker stop web")
    assert str(lab.why("docker1", "fwd:80")).startswith("docker1 reaches socat, but socat can't reach whom it dials: ")
    assert lab.run("curl -s 172.17.0.3").exit_code == 52
    assert plain(lab.run("docker logs fwd").stdout + lab.run("docker logs fwd").stderr).startswith(
        "E connect(5, AF=2 172.17.0.2:80, 16): No route to host\n"
    )


def test_it_is_installed_where_it_isnt(lab: Lab) -> None:
    lab.run("docker run -dit --name box alpine")
    assert lab.run("docker exec box socat").exit_code == 127
    assert lab.run("docker exec box apk add socat").exit_code == 0
    assert plain(lab.run("docker exec box socat - TCP:172.17.0.2:81").stderr).endswith("Connection refused\n")


def test_what_only_a_real_one_has_is_refused(lab: Lab) -> None:
    for line in ("socat - UNIX-CONNECT:/x", "socat -v - TCP:1.2.3.4:80", "socat - TCP:1.2.3.4:80,retry=3",
                 "socat TCP-LISTEN:80 -", "socat TCP-LISTEN:80,fork TCP:web:80 &"):  # fmt: skip
        assert lab.run(line).refused is not None
    assert lab.run("timeout 2 socat TCP-LISTEN:80 -").exit_code == 124
