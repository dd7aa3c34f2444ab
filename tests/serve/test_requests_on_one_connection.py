"""What a client may do with one connection: ask again, ask twice at once, ask for the head only, ask to be left."""

from __future__ import annotations

import json
import socket

import pytest
from served_lab import create


@pytest.fixture
def wire(served):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(served.doors.sockets["docker1"]))
        yield connection


def answers(connection) -> list[tuple[bytes, bytes]]:
    """(first line, body) of each answer until the server hangs up; bodies are as long as their heads say."""
    came, found = b"", []
    while part := connection.recv(65536):
        came += part
    while came:
        head, _, came = came.partition(b"\r\n\r\n")
        first, *rest = head.split(b"\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(b": ") for line in rest)}
        length = int(headers.get(b"content-length", b"0"))
        found.append((first, came[:length]))
        came = came[length:]
    return found


def test_requests_that_come_together_are_answered_in_their_order(served, wire):
    # given one that changes something between others that look, all in one piece
    full = create(served, "c1", "busybox", "sleep", "1000")
    start = f"POST /containers/{full}/start HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    ping = b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n"
    names = b"GET /containers/json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    wire.sendall(ping + start + ping + names)
    first = answers(wire)

    assert [line for line, _ in first] == [
        b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No Content", b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK"
    ]  # fmt: skip
    assert (first[0][1], first[2][1]) == (b"OK", b"OK")
    assert [one["Names"] for one in json.loads(first[3][1])] == [["/c1"]]


def test_a_head_has_no_body_and_the_next_answer_begins_behind_it(wire):
    wire.sendall(b"HEAD /_ping HTTP/1.1\r\nHost: x\r\n\r\nGET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    came = b""
    while part := wire.recv(65536):
        came += part

    assert came.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert came.endswith(b"\r\n\r\nOK")
    assert came.count(b"OK") == 3  # two first lines and one body


@pytest.mark.parametrize("head", [b"GET /_ping HTTP/1.0\r\n\r\n", b"GET /_ping HTTP/1.1\r\nConnection: close\r\n\r\n"])
def test_who_wants_no_more_is_left(wire, head):
    wire.sendall(head)

    assert answers(wire) == [(b"HTTP/1.1 200 OK", b"OK")]


def test_a_request_to_look_that_has_a_body_is_read_to_its_end(wire):
    asked = b"GET /_ping HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"

    wire.sendall(asked)
    wire.sendall(b"12345GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert answers(wire) == [
        (b"HTTP/1.1 200 OK", b"OK"),
        (b"HTTP/1.1 404 Not Found", b'{"message":"page not found"}\n'),
    ]


def test_a_target_that_is_none_is_a_bad_request(wire):
    wire.sendall(b"GET http://[x HTTP/1.1\r\nHost: x\r\n\r\n")

    assert answers(wire)[0][0] == b"HTTP/1.1 400 Bad Request"
