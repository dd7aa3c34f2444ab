"""A lab host seen from its own namespaces, which only root on the same machine can enter."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from dnetlab.engines.look import api, netlink, processes
from dnetlab.model import Namespace

KEPT = "/run/docker/netns"  # moby libnetwork/osl: basePath


class Direct:
    """A lab host as it is now; `one_exec.Sight` is the other way to see one.

    root  the host's root as this process can open it;  has_docker  whether a dockerd can run there
    nics  the host's NICs and the switches they are plugged into;  host_net  the inode of its own network namespace
    """

    def __init__(self, root: str, has_docker: bool, nics: dict[str, str]) -> None:
        self.root, self.has_docker, self.nics = root, has_docker, tuple(nics.items())
        self.host_net = os.stat(f"{root}/proc/1/ns/net").st_ino

    def tasks(self, clock: Callable[[float], float]) -> list[processes.Task]:
        """The processes of the host, by pid; clock: seconds since 1970 -> seconds of the lab's clock."""
        boot, ticks = _booted(), os.sysconf("SC_CLK_TCK")
        return processes.tasks(self.root, lambda start: clock(boot + start / ticks))

    @property
    def named(self) -> dict[int, str]:
        """Inode -> name of each network namespace that dockerd keeps, those of containers too; {} where it has none."""
        found = {}
        with contextlib.suppress(OSError):
            for entry in os.scandir(f"{self.root}{KEPT}"):
                there = entry.stat()
                if there.st_dev == os.stat("/proc/self/ns/net").st_dev:  # else the file that the namespace was put over
                    found[there.st_ino] = entry.name
        return found

    def read(self, asked: list[str]) -> dict[str, Any] | None:
        """Documents of the host's dockerd by their paths; None when it does not answer, or the host has none."""
        return api.read(f"{self.root}/run/docker.sock", asked) if self.has_docker else None

    def namespaces(
        self, places: list[tuple[str, int, bool]], wants_rules: Callable[[str], bool], owners: netlink.Owners
    ) -> dict[str, Namespace]:
        """The stacks of these places (name, pid, whether it talks) by name, peers resolved between them."""
        found = [
            netlink.ToLookAt(name, entrance(self.root, name, pid), talks, self.nics if name == "host" else ())
            for name, pid, talks in places
        ]
        return netlink.namespaces(found, lambda place: wants_rules(place.name), owners)


def entrance(root: str, name: str, pid: int) -> str:
    """The file by which a namespace is entered. pid: of a process that is in it, 0 for one that dockerd keeps."""
    return f"{root}/proc/{pid}/ns/net" if pid else f"{root}{KEPT}/{name}"


def listens(root: str, pid: int, port: int) -> bool:
    """Whether a TCP socket listens on the port in the namespace of that process; True if it can't be read."""
    files = [Path(f"{root}/proc/{pid}/net/{name}") for name in ("tcp", "tcp6")]
    rows = [row for file in files if file.exists() for row in file.read_text().splitlines()]
    return is_listed(rows, port)


def is_listed(rows: list[str], port: int) -> bool:
    """Whether rows of /proc/PID/net/tcp have a socket that listens on the port; True for no rows."""
    wanted = f":{port:04X} "
    return not rows or any(wanted in row[:50] and row.split()[3] == "0A" for row in rows)


@lru_cache(maxsize=1)
def _booted() -> float:
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
