"""`dnetlab serve --engine docker`: the real hosts' own daemons, through doors that pass everything on."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnetlab.engines.docker import DockerEngine
from dnetlab.errors import UsageError
from dnetlab.lab import Lab
from dnetlab.serve.thread import Served

pytestmark = pytest.mark.engine


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, as the path of a socket has to be."""
    path = Path(tempfile.mkdtemp(prefix="dnet"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def lab(hosts) -> Lab:
    made = Lab()
    made.engine = DockerEngine(hosts=hosts)
    return made


def docker(url: str, *words: str, typed: str = "") -> str:
    done = subprocess.run(["docker", "-H", url, *words], input=typed, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_clients_reach_the_daemon_of_each_host_and_no_other(lab, folder):
    with lab.serve(folder) as doors:
        assert sorted(doors.sockets) == ["docker1", "docker2"]
        docker(doors.urls["docker1"], "network", "create", "through_the_door")

        here, there = (docker(doors.urls[host], "network", "ls", "--format", "{{.Name}}") for host in doors.sockets)
        docker(doors.urls["docker1"], "network", "rm", "through_the_door")

    assert "through_the_door" in here
    assert "through_the_door" not in there
    assert list(folder.iterdir()) == []


def test_what_a_client_sends_reaches_a_program_to_its_end(lab, folder):
    with lab.serve(folder) as doors:
        said = docker(doors.urls["docker1"], "run", "--rm", "-i", "busybox", "wc", "-l", typed="one\ntwo\n")

    assert said == "2\n"


def test_a_client_that_dies_leaves_no_connection_behind(lab, folder):
    with lab.serve(folder) as doors:
        for _ in range(3):
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(doors.sockets["docker1"]))
            client.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")
            client.close()

        assert docker(doors.urls["docker1"], "version", "-f", "{{.Server.Os}}") == "linux\n"


def test_time_is_the_real_engines_own(lab, folder):
    with pytest.raises(UsageError, match="in their own time"):
        Served(lab, folder, skips=True)
