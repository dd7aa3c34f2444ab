"""Plain HTTP to ask a served lab: no client of Docker is between a test and the bytes."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from dnetlab.lab import Lab
from dnetlab.serve.thread import Served


class Http(http.client.HTTPConnection):
    """A connection over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(str(self._path))


class Asking:
    """doors: the served lab. `ask` gives (status, headers, body), JSON read."""

    def __init__(self, lab: Lab, doors: Served) -> None:
        self.lab, self.doors = lab, doors

    def ask(self, method: str, path: str, body: Any = None, host: str = "docker1") -> tuple[int, Any, Any]:
        connection = Http(self.doors.sockets[host])
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        kind = answer.headers.get("Content-Type", "")
        return answer.status, answer.headers, json.loads(data) if kind == "application/json" and data else data

    def hijack(self, path: str, body: Any = None, host: str = "docker1") -> Raw:
        return Raw(self.doors.sockets[host], path, body)


class Raw:
    """A connection that was taken over: what comes, and what is sent."""

    def __init__(self, where: Path, path: str, body: Any) -> None:
        data = json.dumps(body or {}).encode()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(20)
        self.socket.connect(str(where))
        self.socket.sendall(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data
        )
        self.head = self.until(b"\r\n\r\n").decode()

    def until(self, end: bytes) -> bytes:
        """All that comes up to these bytes."""
        came = b""
        while not came.endswith(end):
            byte = self.socket.recv(1)
            assert byte, f"the connection ended after {came!r}"
            came += byte
        return came

    def rest(self) -> bytes:
        came = b""
        while part := self.socket.recv(65536):
            came += part
        return came

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)


def create(served: Asking, name: str, image: str = "busybox", *command: str, **more: Any) -> str:
    """The full id of a container that was just created."""
    body = {"Image": image, "Cmd": list(command) or None, **more}
    status, _, answer = served.ask("POST", f"/v1.51/containers/create?name={name}", body)
    assert status == 201, answer
    full: str = answer["Id"]
    return full
