"""How quick the served simulator is: `python benchmarks/serve.py [SECONDS] [ROUNDS] [--beside RELEASE]`.

One client: `containers.run`, lists, pings a second (docker-py), and what each takes of the server's processor; then two
clients at once. With --beside (Linux, root) the same against a real Docker Engine of that release, in turns. Then 50
clients at once for SECONDS (60): run, list, exec, remove; none may see an error. Then ROUNDS (30) of kill -9: clients
die half way, and in each third round the server does; afterwards a new client must find a whole lab. 0 SECONDS or
ROUNDS leaves that part out.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker

DOOR = "docker1.sock"


def start(folder: Path) -> subprocess.Popen[str]:
    server = subprocess.Popen([sys.executable, "-m", "dnetlab", "serve", "--dir", str(folder), "--docker", "28.5"],
                              stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert server.stdout is not None
    for _ in range(2):
        server.stdout.readline()
    return server


def client(socket: Path) -> docker.DockerClient:
    return docker.DockerClient(base_url=f"unix://{socket}", timeout=60)


def used(pid: int) -> float:
    """Seconds of processor that a process has had."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def rate(work: Callable[[], object], seconds: float, pid: int) -> tuple[float, float]:
    """How often it is done in a second, and how many milliseconds of that process each takes."""
    begun, before, number = time.monotonic(), used(pid), 0
    while time.monotonic() - begun < seconds or not number:
        work()
        number += 1
    return number / (time.monotonic() - begun), 1000 * (used(pid) - before) / number


def runs(socket: Path, seconds: float, pid: int) -> tuple[float, float]:
    one = client(socket)
    made: list[Any] = []
    found = rate(lambda: made.append(one.containers.run("nginx", detach=True)), seconds, pid)
    for container in made:
        container.remove(force=True)
    return found


def lists(socket: Path, seconds: float, pid: int) -> tuple[float, float]:
    return rate(client(socket).api.containers, seconds, pid)


def pings(socket: Path, seconds: float, pid: int) -> tuple[float, float]:
    return rate(client(socket).ping, seconds, pid)


Work = Callable[[Path, float, int], tuple[float, float]]


def told(works: tuple[Work, ...], doors: dict[str, tuple[Path, int]]) -> None:
    """Each kind of work at each door in turn, three times two seconds; the median."""
    for work in works:
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in doors}
        for _ in range(3):
            for name, (socket, pid) in doors.items():
                found[name].append(work(socket, 2.0, pid))
        for name in doors:
            often, spent = (statistics.median(column) for column in zip(*found[name], strict=True))
            per = f", {spent:.2f} ms of the server each" if name == "served" else ""
            print(f"{name}, one client: {often:.1f} {work.__name__} a second{per}", flush=True)


def pair(socket: Path, pid: int) -> None:
    """Two clients at once."""
    with multiprocessing.Pool(2) as pool:
        found = pool.starmap(runs, [(socket, 5.0, pid)] * 2)
    print(f"served, two clients: {sum(often for often, _ in found):.0f} runs a second", flush=True)


def busy(folder: Path, until: float, number: int, said: object) -> None:
    """One of the many: it tells (requests, errors)."""
    one, done, errors, attempt = client(folder / DOOR), 0, 0, 0
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
    said.put((done, errors))  # type: ignore[attr-defined]


def crowd(folder: Path, clients: int, seconds: float) -> None:
    said = multiprocessing.Queue()
    until = time.monotonic() + seconds
    many = [multiprocessing.Process(target=busy, args=(folder, until, n, said)) for n in range(clients)]
    for one in many:
        one.start()
    found = [said.get() for _ in many]
    for one in many:
        one.join()
    left = len(client(folder / DOOR).containers.list(all=True))
    print(f"{clients} clients, {seconds:.0f} s: {sum(d for d, _ in found)} rounds, {sum(e for _, e in found)} errors, "
          f"{left} containers left", flush=True)  # fmt: skip


def torn(folder: Path, server: subprocess.Popen[str], rounds: int) -> subprocess.Popen[str]:
    """Clients, and sometimes the server, are killed at any moment."""
    chance = random.Random(8)
    for number in range(rounds):
        said = multiprocessing.Queue()
        many = [multiprocessing.Process(target=busy, args=(folder, time.monotonic() + 30, n, said)) for n in range(4)]
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
        there = client(folder / DOOR)
        for container in there.containers.list(all=True):
            container.remove(force=True)
        assert there.containers.run("busybox", "echo whole", remove=True) == b"whole\n"
    print(f"{rounds} rounds of kill -9: whole after each", flush=True)
    return server


def beside(release: str) -> contextlib.AbstractContextManager[Any]:
    from dnetlab.lab import Lab

    return Lab("docker", release)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=float, nargs="?", default=60.0)
    parser.add_argument("rounds", type=int, nargs="?", default=30)
    parser.add_argument("--beside", metavar="RELEASE")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dnet"))
    server = start(folder)
    try:
        doors = {"served": (folder / DOOR, server.pid)}
        with beside(asked.beside) if asked.beside else contextlib.nullcontext() as lab:
            if lab is not None:
                doors[f"dockerd {asked.beside}"] = Path(lab.engine.sockets()["docker1"]), os.getpid()
            print("load:", *os.getloadavg(), flush=True)
            told((runs, lists, pings), doors)
        pair(folder / DOOR, server.pid)
        if asked.seconds:
            crowd(folder, 50, asked.seconds)
        if asked.rounds:
            server = torn(folder, server, asked.rounds)
        print("load:", *os.getloadavg(), flush=True)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
