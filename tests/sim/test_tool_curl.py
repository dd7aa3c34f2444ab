"""curl 7.88.1, GNU wget 1.21.3, busybox wget and OpenBSD nc. Texts recorded from the real tools on a lab host."""

from __future__ import annotations

import pytest

from tests.sim.toollab import at, inside, lab

PAGE = (
    "<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1></body></html>\n"
)


def test_the_page_goes_to_stdout_and_nothing_to_stderr() -> None:
    # given a published port, when the client asks for it, then it gets nginx's page
    result = at(lab(), "curl 172.25.254.1:8080", "client")
    assert (result.stdout, result.stderr, result.exit_code) == (PAGE, "", 0)


@pytest.mark.parametrize(
    ("line", "stdout", "stderr", "code"),
    [
        (
            "curl 172.25.254.38:81",
            "",
            "curl: (7) Failed to connect to 172.25.254.38 port 81 after 0 ms: Couldn't connect to server\n",
            7,
        ),
        (
            "curl 10.9.9.9",
            "",
            "curl: (7) Failed to connect to 10.9.9.9 port 80 after 0 ms: Couldn't connect to server\n",
            7,
        ),
        ("curl web1", "", "curl: (6) Could not resolve host: web1\n", 6),
        ("curl -s web1", "", "", 6),
        ("curl -sS web1", "", "curl: (6) Could not resolve host: web1\n", 6),
        ("curl -m 2 172.25.254.99", "", "curl: (28) Connection timed out after 2001 milliseconds\n", 28),
        (
            "curl --connect-timeout 1 172.25.254.99",
            "",
            "curl: (28) Failed to connect to 172.25.254.99 port 80 after 1001 ms: Timeout was reached\n",
            28,
        ),
        ("curl -f 172.18.0.2/nope", "", "curl: (22) The requested URL returned error: 404\n", 22),
        ("curl -s -o /dev/null -w '%{http_code}\\n' 172.18.0.2", "200\n", "", 0),
        ("curl -s -o /dev/null -w '%{http_code}\\n' 172.18.0.2:81", "000\n", "", 7),
        ("curl", "", "curl: try 'curl --help' or 'curl --manual' for more information\n", 2),
        (
            "curl --bogus x",
            "",
            "curl: option --bogus: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
            2,
        ),
        (
            "curl -m",
            "",
            "curl: option -m: requires parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
            2,
        ),
        ("curl foo://x", "", 'curl: (1) Protocol "foo" not supported or disabled in libcurl\n', 1),
        ("curl 172.18.0.2:abc", "", "curl: (3) URL using bad/illegal format or missing URL\n", 3),
    ],
)
def test_curl_says_why(line: str, stdout: str, stderr: str, code: int) -> None:
    # given a request that goes a certain way, when curl ends, then stream, sentence and status are curl's
    result = at(lab(), line)
    assert (result.stdout, result.stderr, result.exit_code) == (stdout, stderr, code)


def test_verbose_tells_the_connection() -> None:
    # given nginx behind a name, when curl -v asks from its own network, then the talk is curl 7.88's
    result = inside(lab(), "web1", "curl -v localhost")
    assert result.stdout == PAGE
    assert result.stderr.startswith(
        "*   Trying 127.0.0.1:80...\n* Connected to localhost (127.0.0.1) port 80 (#0)\n> GET / HTTP/1.1\n"
        "> Host: localhost\n> User-Agent: curl/7.88.1\n> Accept: */*\n> \n< HTTP/1.1 200 OK\n< Server: nginx/1.22.1\n"
    )
    assert result.stderr.endswith("< \n{ [113 bytes data]\n* Connection #0 to host localhost left intact\n")


def test_busybox_wget() -> None:
    # given a page, a closed port and a wrong name, when box fetches them, then busybox's messages come out
    world = lab()
    good = inside(world, "box", "wget -O - web1")
    assert good.stdout == PAGE
    assert good.stderr == (
        "Connecting to web1 (172.18.0.2:80)\nwriting to stdout\n"
        "-                    100% |********************************|   113  0:00:00 ETA\nwritten to stdout\n"
    )
    closed = inside(world, "box", "wget -O - web1:81")
    assert closed.stderr == (
        "Connecting to web1:81 (172.18.0.2:81)\nwget: can't connect to remote host (172.18.0.2): Connection refused\n"
    )
    assert inside(world, "box", "wget nosuch").stderr == "wget: bad address 'nosuch'\n"
    assert inside(world, "box", "wget -q -O - web1/nope").stderr == (
        "wget: server returned error: HTTP/1.1 404 Not Found\n"
    )


def test_gnu_wget() -> None:
    # given a closed port and a wrong name, when the host's wget fetches them, then GNU's messages and status 4 come out
    world = lab()
    closed = at(world, "wget -O - 172.18.0.2:81")
    assert closed.stderr.splitlines()[1] == "Connecting to 172.18.0.2:81... failed: Connection refused."
    assert closed.exit_code == 4
    lost = at(world, "wget web1")
    assert lost.stderr.splitlines()[1:] == [
        "Resolving web1 (web1)... failed: Temporary failure in name resolution.",
        "wget: unable to resolve host address ‘web1’",
    ]


def test_nc_knocks() -> None:
    # given an open and a closed port, when the host knocks, then OpenBSD nc tells which; busybox has no -z
    world = lab()
    assert at(world, "nc -zv 172.18.0.2 80").stderr == "Connection to 172.18.0.2 80 port [tcp/http] succeeded!\n"
    assert at(world, "nc -z 172.18.0.2 81").exit_code == 1
    assert inside(world, "box", "nc -z web1 80").stderr.startswith("nc: invalid option -- 'z'\nBusyBox v1.35.0")


def test_nobody_answers_when_a_rule_drops() -> None:
    # given traffic to the container dropped, when the client asks with -m, then it waits that long and gives up
    world = lab()
    at(world, "iptables -I DOCKER-USER -d 172.17.0.2 -j DROP")
    before = world.clock
    result = at(world, "curl -m 3 172.25.254.1:8080", "client")
    assert (result.stderr, result.exit_code) == ("curl: (28) Connection timed out after 3001 milliseconds\n", 28)
    assert world.clock - before == 3.0
