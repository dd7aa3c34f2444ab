"""Control groups of lab hosts: how many processes and how much memory each may have, and which devices it may open.

A lab host sees `inside` as the root of a hierarchy of its own (a cgroup namespace); its limits stand one above, out of
its reach. All of a lab is below `dnetlab/<lab>` in every hierarchy of the machine.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

TOP = "dnetlab"
PIDS = 4096  # processes and threads of a lab host: fifty containers take about a thousand
LEAST, MOST = 1 << 30, 4 << 30  # bytes of a lab host, between which a quarter of the machine's memory lies
# What no lab host may open: disks, memory, I/O ports, loop-control (Linux, Documentation/admin-guide/devices.txt).
DENIED = ("b *:* rw", "c 1:1 rw", "c 1:2 rw", "c 1:4 rw", "c 10:237 rw")


@dataclass(frozen=True)
class Hierarchy:
    """One mount of control groups. kind: 'cgroup' or 'cgroup2'; options: as its mount takes them, '' for cgroup2."""

    path: Path
    kind: str
    options: str


@lru_cache(maxsize=1)
def hierarchies() -> tuple[Hierarchy, ...]:
    """The machine's hierarchies, from /proc/self/mountinfo; () where none is mounted."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        words, _, rest = line.partition(" - ")
        kind, _, options = rest.split()[:3]
        path = Path(words.split()[4])
        if kind in ("cgroup", "cgroup2") and words.split()[3] == "/" and path.is_relative_to("/sys/fs/cgroup"):
            kept = [word for word in options.split(",") if word not in ("rw", "ro")]
            named = ["none"] if any(word.startswith("name=") for word in kept) else []
            found.append(Hierarchy(path, kind, ",".join(named + kept) if kind == "cgroup" else ""))
    return tuple(found)


def inside(path: Path, lab: str, host: str) -> Path:
    return path / TOP / lab / host / "inside"


def make(lab: str, host: str) -> None:
    """Make a host's groups in every hierarchy, with its limits."""
    for hierarchy in hierarchies():
        below = hierarchy.path
        for name in (TOP, lab, host, "inside"):
            upper, below = below, below / name
            below.mkdir(exist_ok=True)
            _pass_on(upper, below)
        _limit(below.parent)
        if hierarchy.kind == "cgroup2":
            (below / "init").mkdir(exist_ok=True)


def _pass_on(upper: Path, below: Path) -> None:
    """What a new group needs of the one above: CPUs and memory nodes (v1), controllers (v2)."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (below / name).exists() and not (upper / "cgroup.subtree_control").exists():
            with contextlib.suppress(OSError):
                (below / name).write_text((upper / name).read_text())
    if (upper / "cgroup.subtree_control").exists():
        for controller in ("memory", "pids", "cpu", "io", "cpuset"):
            with contextlib.suppress(OSError):
                (upper / "cgroup.subtree_control").write_text(f"+{controller}")


def memory() -> int:
    """Bytes that a lab host may have."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min(max(LEAST, total // 4), MOST)


def _limit(folder: Path) -> None:
    values = {"pids.max": [str(PIDS)], "memory.limit_in_bytes": [str(memory())], "memory.max": [str(memory())]}
    for name, words in (values | {"devices.deny": list(DENIED)}).items():
        for word in words if (folder / name).exists() else ():
            with contextlib.suppress(OSError):
                (folder / name).write_text(word)


def entrances(lab: str, host: str) -> list[str]:
    """The files into which a process writes itself to belong to a host."""
    found = []
    for hierarchy in hierarchies():
        folder = inside(hierarchy.path, lab, host)
        leaf = folder / "init" if hierarchy.kind == "cgroup2" and _has_controllers(folder) else folder
        found.append(str(leaf / "cgroup.procs"))
    return found


def _has_controllers(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return bool((folder / "cgroup.controllers").read_text().split())
    return False


def mounts() -> str:
    """What a host mounts, a line each: path, kind and options."""
    return "\n".join(f"{h.path} {h.kind} {h.options or '-'}" for h in hierarchies())


def processes(lab: str) -> Iterator[int]:
    """Pids of what is in any group of the lab."""
    for hierarchy in hierarchies():
        for folder, _, _ in os.walk(hierarchy.path / TOP / lab):
            with contextlib.suppress(OSError):
                yield from map(int, Path(folder, "cgroup.procs").read_text().split())


def left(lab: str | None = None) -> list[Path]:
    """The groups of a lab, or of any lab, that are there."""
    tops = [hierarchy.path / TOP for hierarchy in hierarchies()]
    return [
        entry for top in tops if top.is_dir() for entry in top.iterdir() if entry.is_dir() and lab in (None, entry.name)
    ]


def remove(lab: str, patience: float = 5.0) -> None:
    """Remove the lab's groups; quiet when there are none."""
    deadline = time.monotonic() + patience
    for top in left(lab):
        for directory, _, _ in os.walk(top, topdown=False):
            while Path(directory).exists():
                with contextlib.suppress(OSError):
                    os.rmdir(directory)
                    break
                if time.monotonic() > deadline:
                    break
                time.sleep(0.02)
        with contextlib.suppress(OSError):
            os.rmdir(top.parent)
