"""python benchmarks/engine.py [RELEASE]: what the real engine costs beside the plain way to ask (Linux, root, dockerd).

Two ratios, each measured in turn with its partner (A B A B …): one snapshot of everything with 50 running containers,
against asking each container for its addresses by the docker SDK's exec_run; and a line of a cell against the bare
docker client in the same lab host.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import paired  # noqa: E402

from dnetlab.commands.cell import parse_cell  # noqa: E402
from dnetlab.engines.docker import DockerEngine  # noqa: E402
from dnetlab.engines.look import netlink  # noqa: E402
from dnetlab.engines.running import CLEAN_ENVIRONMENT  # noqa: E402

CONTAINERS = 50
COMMANDS = ("docker ps", "docker network ls", "docker inspect c0", "docker exec c0 ip addr",
            "docker run --rm busybox true")  # fmt: skip


def start(engine: DockerEngine) -> None:
    """50 containers on two networks; busybox, whose `ip` is asked below."""
    lines = ["docker network create other"]
    lines += [f"docker run -d --name c{n} --network {('bridge', 'other')[n % 2]} busybox sleep 100000"
              for n in range(CONTAINERS)]  # fmt: skip
    for line in parse_cell("\n".join(lines)):
        output = engine.run(line)
        assert output.exit_code == 0, output


def exec_all(engine: DockerEngine) -> Callable[[], object]:
    """The plain way to the same addresses: one exec per container, by the SDK."""
    import docker

    client = docker.DockerClient(base_url=f"unix://{engine.hosts.socket('docker1')}")
    containers: list[Any] = client.containers.list()
    assert len(containers) == CONTAINERS

    def ask() -> None:
        for container in containers:
            code, output = container.exec_run("ip addr")
            assert code == 0, output  # now and then dockerd loses what so short a command said

    return ask


def snapshots(engine: DockerEngine) -> Callable[[], object]:
    """A snapshot of the three hosts, as after each cell."""

    def look() -> None:
        found = engine.snapshot().hosts["docker1"]
        assert len(found.containers) == CONTAINERS and len(found.namespaces) == CONTAINERS + 1

    return look


def cold(engine: DockerEngine) -> Callable[[], object]:
    """The same when the engine has forgotten everything it learned from earlier snapshots."""
    look = snapshots(engine)

    def forgetful() -> None:
        engine._known.clear()
        netlink.forget()
        look()

    return forgetful


def bare(engine: DockerEngine, text: str) -> Callable[[], object]:
    """The docker client alone, started in the namespaces of the lab host."""
    words = [*engine.hosts.words("docker1"), *text.split()]
    return lambda: subprocess.run(words, check=True, capture_output=True, env=CLEAN_ENVIRONMENT)


def measure(release: str | None = None) -> list[tuple[str, str]]:
    """Rows (what, ratio and milliseconds)."""
    rows = []
    with closing(DockerEngine(release)) as engine:
        start(engine)
        for name, look in (("snapshot", snapshots(engine)), ("first snapshot", cold(engine))):
            ours, theirs = paired(look, exec_all(engine), 5, time.perf_counter)
            rows.append((
                f"{name}, {CONTAINERS} containers, Docker {engine.release}; {CONTAINERS} × exec_run('ip addr')",
                f"{theirs / ours:.0f}× quicker  ({ours * 1e3:.0f} ms / {theirs * 1e3:.0f} ms)",
            ))  # fmt: skip
        for text in COMMANDS:
            line = parse_cell(text)[0]
            ours, theirs = paired(lambda line=line: engine.run(line), bare(engine, text), 21, time.perf_counter)
            times = f"({ours * 1e3:.0f} ms / {theirs * 1e3:.0f} ms)"
            rows.append((f"line `{text}` / bare client", f"{ours / theirs:.2f}×  {times}"))
    return rows


def main() -> None:
    for name, value in measure(sys.argv[1] if len(sys.argv) > 1 else None):
        print(f"  {name:<72} {value}", flush=True)


if __name__ == "__main__":
    main()
