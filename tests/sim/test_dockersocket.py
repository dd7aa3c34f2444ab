"""The Engine API by curl over the socket of a host, in the words of 28.5.2 (recorded as pair_socket)."""

from __future__ import annotations

import pytest

from tests.sim.prompt import Prompt

SOCKET = "curl -sS --unix-socket /var/run/docker.sock"


@pytest.fixture
def prompt() -> Prompt:
    return Prompt("28.5")


def test_what_curl_asks_for_is_done(prompt):
    prompt.out(f"{SOCKET} -H 'Content-Type: application/json' -d '{{\"Name\":\"n1\"}}' http://localhost/networks/create")

    assert prompt.out("docker network ls --format '{{.Name}}' -f name=n1") == "n1\n"


def test_a_path_that_is_no_socket_and_a_daemon_that_is_stopped_answer_nobody(prompt):
    refused = "curl: (7) Failed to connect to localhost port 80 after 0 ms: Couldn't connect to server\n"
    assert prompt.err("curl -sS --unix-socket /nosuch http://localhost/_ping", 7) == refused

    prompt.type("systemctl stop docker")

    assert prompt.err(f"{SOCKET} http://localhost/_ping", 7) == refused


def test_an_answer_without_an_end_is_refused_with_what_has_one(prompt):
    refused = prompt.type(f"{SOCKET} http://localhost/events").refused

    assert refused is not None and "docker logs" in refused.hint
    assert prompt.out(f"{SOCKET} 'http://localhost/events?until=1'") == ""
