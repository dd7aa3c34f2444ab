"""A command line is read for whom it asks."""

import pytest

from dnetlab.explain.guest import Guest
from dnetlab.explain.questions import Question, question
from dnetlab.model import Protocol


@pytest.mark.parametrize(("text", "expected"), [
    ("ping web1", Question("web1")),
    ("ping -c 2 -W 1 172.17.0.2", Question("172.17.0.2")),
    ("ping -c2 web1", Question("web1")),
    ("curl web1", Question("web1", 80)),
    ("curl -s -m 3 http://web1:8080/index.html", Question("web1", 8080)),
    ("curl --max-time 3 -sS https://web1", Question("web1", 443)),
    ("curl -s localhost | head -1", Question("localhost", 80, own=False)),
    ("ping -c 1 web1 | tail -2", Question("web1", own=False)),
    ("cd / && ping -c 1 web1", Question("web1", own=False)),
    ("timeout 2 curl web1", Question("web1", 80)),
    ("timeout -s KILL 2 ping web1", Question("web1")),
    ("sudo ping -c 1 web1", Question("web1")),
    ("LANG=C ping -c 1 web1 2>/dev/null", Question("web1")),
    ('sh -c "ping -c 1 web1"', Question("web1")),
    ("docker exec web2 sh -c 'ping -c 1 web1'", Question("web1", None, "web2")),
    ("docker exec web2 timeout 2 wget -qO- web1", Question("web1", 80, "web2")),
    ("docker container exec web2 ping web1", Question("web1", None, "web2")),
    ("nslookup web1", Question("web1", lookup=True)),
    ("docker exec web2 nslookup web1 127.0.0.11", Question("web1", None, "web2", lookup=True)),
    ("traceroute -n web1", Question("web1", own=False)),
    ("docker run --rm busybox ping -c 1 web1", Question("web1", guest=Guest("bridge"))),
    ("docker run -it --rm --network n1 --name t busybox sh -c 'ping web1'",
     Question("web1", guest=Guest("n1", None, "t"))),
    ("docker run --rm --net=container:web2 busyboxplus curl localhost",
     Question("localhost", 80, guest=Guest("container:web2"))),
    ("docker run --rm --entrypoint ping busybox -c 1 web1", Question("web1", guest=Guest("bridge"))),
    ("docker run -d busybox ping web1", None), ("docker run --rm busybox", None),
    ("docker run --nosuch x ping y", None),
    ("wget -qO- web1", Question("web1", 80)),
    ("wget -q -O - web1:81", Question("web1", 81)),
    ("nc -z -w 2 web1 3306", Question("web1", 3306)),
    ("nc -uz web1 53", Question("web1", 53, protocol=Protocol.UDP)),
    ("docker exec web2 ping -c 1 web1", Question("web1", None, "web2")),
    ("docker exec -it -e A=b web2 curl -s web1", Question("web1", 80, "web2")),
    ("docker ps", None), ("ping", None), ("echo 'open", None), ("", None),
])  # fmt: skip
def test_a_line_says_whom_it_asks(text: str, expected: Question | None) -> None:
    assert question(text) == expected
