"""A request that wants to leave HTTP: whatever way its bytes come, its body is read and nothing behind it is lost."""

from __future__ import annotations

import json
import socket

import pytest
from served_lab import create

SWITCH = b"Host: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\n"


@pytest.fixture
def cat(served):
    """The path at which an exec of `cat` in a running container is started, and the body of that request."""
    full = create(served, "c1", "busybox", "sleep", "1000")
    served.ask("POST", f"/containers/{full}/start")
    exec_ = {"Cmd": ["cat"], "AttachStdin": True, "AttachStdout": True}
    _, _, made = served.ask("POST", f"/containers/{full}/exec", exec_)
    return f"/exec/{made['Id']}/start".encode(), json.dumps({"Detach": False, "Tty": False}).encode()


@pytest.fixture
def wire(served):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(served.doors.sockets["docker1"]))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        yield connection


def everything(connection):
    came = b""
    while part := connection.recv(65536):
        came += part
    return came


def of_sized(path, body):
    return b"POST " + path + b" HTTP/1.1\r\n" + SWITCH + b"Content-Length: %d\r\n\r\n" % len(body) + body


def of_chunks(path, body):
    head = b"POST " + path + b" HTTP/1.1\r\n" + SWITCH + b"Transfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n"


def test_a_request_is_read_with_its_body_and_what_comes_behind_in_one_piece(cat, wire):
    wire.sendall(of_sized(*cat) + b"typed at once\n")
    wire.shutdown(socket.SHUT_WR)

    head, _, body = everything(wire).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 101 UPGRADED\r\n")
    assert body == b"\x01\0\0\0\0\0\0\x0etyped at once\n"


@pytest.mark.parametrize("request_of", [of_sized, of_chunks])
def test_a_request_is_read_byte_by_byte(cat, wire, request_of):
    for byte in request_of(*cat):
        wire.sendall(bytes([byte]))
    wire.shutdown(socket.SHUT_WR)

    assert everything(wire).startswith(b"HTTP/1.1 101 UPGRADED\r\n")


def test_a_refused_switch_leaves_the_connection_to_http(served, wire):
    behind = b"GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    wire.sendall(of_sized(b"/exec/nosuch/start", b"{}") + behind)

    refused, _, pinged = everything(wire).partition(b"HTTP/1.1 200 OK\r\n")

    assert refused.startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert b"No such exec instance: nosuch" in refused
    assert pinged.endswith(b"\r\n\r\nOK")


def test_a_wish_for_another_protocol_than_a_handler_knows_is_an_ordinary_request(served, wire):
    wire.sendall(b"GET /_ping HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHost: x\r\n\r\n")

    assert wire.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
