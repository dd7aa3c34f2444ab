"""A command line is read for whom it asks."""

import pytest

from dnetlab.explain.questions import Question, question
from dnetlab.model import Protocol


@pytest.mark.parametrize(("text", "expected"), [
    ("ping web1", Question("web1")),
    ("ping -c 2 -W 1 172.17.0.2", Question("172.17.0.2")),
    ("ping -c2 web1", Question("web1")),
    ("curl web1", Question("web1", 80)),
    ("curl -s -m 3 http://web1:8080/index.html", Question("web1", 8080)),
    ("curl --max-time 3 -sS https://web1", Question("web1", 443)),
    ("curl -s localhost | head -1", Question("localhost", 80)),
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
