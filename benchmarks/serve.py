"""How quick the served simulator is: `python benchmarks/serve.py [SECONDS] [ROUNDS]`.

One client: `containers.run`, lists, pings a second (docker-py), and what each takes of the server's processor. Then 50
clients at once for SECONDS (60): run, list, exec, remove; none may see an error. Then ROUNDS (30) of kill -9: clients
die half way, and in each third round the server does; afterwards a new client must find a whole lab. Real engines
on two cores: 7 to 8 runs, 370 to 450 lists, 1,300 pings a second (docker-py, 28.5).
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker


def start(folder: Path) -> subprocess.Popen[str]:
    server = subprocess.Popen([sys.executable, "-m", "dnetlab", "serve", "--dir", str(folder), "--docker", "28.5"],
                              stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert server.stdout is not None
    for _ in range(2):
        server.stdout.readline()
    return server


def client(folder: Path) -> docker.DockerClient:
    return docker.DockerClient(base_url=f"unix://{folder}/docker1.sock", version="1.51", timeout=60)


def used(pid: int) -> float:
    """Seconds of processor that a process has had."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def rate(pid: int, what: str, work: Callable[[], object], seconds: float = 5.0) -> None:
    begun, before, number = time.monotonic(), used(pid), 0
    while time.monotonic() - begun < seconds:
        work()
        number += 1
    spent = 1000 * (used(pid) - before) / number
    print(f"one client: {number / (time.monotonic() - begun):.0f} {what} a second, {spent:.2f} ms of the server each",
          flush=True)  # fmt: skip


def alone(folder: Path, pid: int) -> None:
    one = client(folder)
    made: list[Any] = []
    rate(pid, "containers.run", lambda: made.append(one.containers.run("nginx", detach=True)))
    for container in made:
        container.remove(force=True)
    rate(pid, "lists", one.api.containers)
    rate(pid, "pings", one.ping)


def busy(folder: Path, until: float, number: int, told: object) -> None:
    """One of the many: it tells (requests, errors)."""
    one, done, errors, attempt = client(folder), 0, 0, 0
    while time.monotonic() < until:
        attempt += 1
        try:
            container = one.containers.run("nginx", name=f"c{number}-{attempt}", detach=True)
            one.containers.list(ignore_removed=True)
            assert container.exec_run("hostname").output.decode().strip() == container.id[:12]
            assert one.containers.run("busybox", "echo hi", remove=True) == b"hi\n"
            container.remove(force=True)
            done += 1
        except Exception as error:
            errors += 1
            print(f"client {number}: {error!r}", file=sys.stderr, flush=True)
    told.put((done, errors))  # type: ignore[attr-defined]


def crowd(folder: Path, clients: int, seconds: float) -> None:
    told = multiprocessing.Queue()
    until = time.monotonic() + seconds
    many = [multiprocessing.Process(target=busy, args=(folder, until, n, told)) for n in range(clients)]
    for one in many:
        one.start()
    found = [told.get() for _ in many]
    for one in many:
        one.join()
    left = len(client(folder).containers.list(all=True))
    print(f"{clients} clients, {seconds:.0f} s: {sum(d for d, _ in found)} rounds, {sum(e for _, e in found)} errors, "
          f"{left} containers left", flush=True)  # fmt: skip


def torn(folder: Path, server: subprocess.Popen[str], rounds: int) -> subprocess.Popen[str]:
    """Clients, and sometimes the server, are killed at any moment."""
    chance = random.Random(8)
    for number in range(rounds):
        told = multiprocessing.Queue()
        many = [multiprocessing.Process(target=busy, args=(folder, time.monotonic() + 30, n, told)) for n in range(4)]
        for one in many:
            one.start()
        time.sleep(chance.uniform(0.5, 1.5))
        if number % 3 == 0:
            server.kill()
            server.wait()
        for one in many:
            os.kill(one.pid or 0, signal.SIGKILL)
            one.join()
        if number % 3 == 0:
            server = start(folder)
        there = client(folder)
        for container in there.containers.list(all=True):
            container.remove(force=True)
        assert there.containers.run("busybox", "echo whole", remove=True) == b"whole\n"
    print(f"{rounds} rounds of kill -9: whole after each", flush=True)
    return server


def main() -> None:
    seconds, rounds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0, int(sys.argv[2]) if len(sys.argv) > 2 else 30
    folder = Path(tempfile.mkdtemp(prefix="dnet"))
    server = start(folder)
    try:
        alone(folder, server.pid)
        crowd(folder, 50, seconds)
        server = torn(folder, server, rounds)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
