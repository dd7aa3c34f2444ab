"""The processes of a lab host, as its /proc shows them; nothing is started to ask."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dnetlab.model import Process


@dataclass(frozen=True)
class Task:
    """A process as its host's /proc shows it, with the inode of its network namespace and the sockets it holds."""

    process: Process
    net: int
    sockets: tuple[str, ...]


def tasks(root: str, started: Callable[[float], float]) -> list[Task]:
    """The processes of a lab host, by pid. root: its root as we can open it; started: ticks -> lab's clock."""
    found = []
    for entry in sorted((e for e in os.listdir(f"{root}/proc") if e.isdecimal()), key=int):
        try:
            found.append(_task(f"{root}/proc/{entry}", int(entry), started))
        except (OSError, ValueError, IndexError):
            continue  # it ended while we looked
    return [task for task in found if task is not None]


def _task(folder: str, pid: int, started: Callable[[float], float]) -> Task | None:
    words = _content(f"{folder}/cmdline").rstrip(b"\0").split(b"\0")
    stat = _content(f"{folder}/stat").decode(errors="replace").rpartition(")")[2].split()
    if words == [b""] or stat[0] == "Z":
        return None
    container = re.search(r"/([0-9a-f]{64})\b", _content(f"{folder}/cgroup").decode(errors="replace"))
    process = Process(
        pid,
        int(stat[1]),
        tuple(word.decode(errors="replace") for word in words),
        container=container[1] if container else None,
        user=_user(os.stat(folder).st_uid),
        started=started(float(stat[19])),
    )
    return Task(process, os.stat(f"{folder}/ns/net").st_ino, tuple(_held(folder, words)))


def _held(folder: str, words: list[bytes]) -> Iterable[str]:
    """Inodes of the sockets a process holds. A containerd-shim has many descriptors, but no socket of the network."""
    if words[0].endswith(b"/containerd-shim-runc-v2"):
        return
    for name in os.listdir(f"{folder}/fd"):
        try:
            target = os.readlink(f"{folder}/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:["):
            yield target[8:-1]


def _content(path: str) -> bytes:
    handle = os.open(path, os.O_RDONLY)
    try:
        return os.read(handle, 1 << 16)
    finally:
        os.close(handle)


def _user(uid: int) -> str:
    return "root" if uid == 0 else str(uid)
