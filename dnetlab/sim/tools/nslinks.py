"""/proc/PID/ns: which namespaces a process is in, as its links there say, and `lsns` counts them (namespaces(7)).

A kernel numbers its first namespaces as below (include/linux/proc_ns.h; the others as Debian 12's Linux 6.1 does), each
later one as it comes. The lab gives a namespace one number for all its life, and no two the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from dnetlab.model import Host, Process
from dnetlab.sim import clock
from dnetlab.sim.context import Context
from dnetlab.sim.dockerd import books
from dnetlab.sim.processes import find, visible_rows
from dnetlab.sim.world import World

FIRST = {"cgroup": 4026531835, "ipc": 4026531839, "mnt": 4026531841, "net": 4026531840, "pid": 4026531836,
         "time": 4026531834, "user": 4026531837, "uts": 4026531838}  # fmt: skip
NAMES = tuple(sorted((*FIRST, "pid_for_children", "time_for_children")))
_LATER, _MOST = 4026532200, 4000
_OF_CONTAINERS = ("mnt", "uts", "ipc", "pid", "cgroup", "net")  # in the order in which runc makes them
_PATH = re.compile(r"/proc/(\d{1,9}|self)/ns(?:/(\w+))?")


def process_at(context: Context, path: str) -> Process | None:
    """The process whose /proc/PID/ns, or a link below it, the path is; None for another path, or without a process."""
    found = _PATH.fullmatch(path)
    if found is None or found[2] not in (None, *NAMES):
        return None
    pid = 1 if found[1] == "self" else int(found[1])
    if context.container is not None:
        rows = visible_rows(context.world, context.host, context.container)
        return next((process for own, process in rows if own == pid), None)
    return find(context.world, context.host, pid) or (Process(1, 0, ("/sbin/init",)) if pid == 1 else None)


def target(context: Context, path: str) -> str | None:
    """'net:[4026532557]' for /proc/PID/ns/net; None for any other path."""
    process, kind = process_at(context, path), path.rsplit("/", 1)[-1]
    if process is None or kind not in NAMES:
        return None
    real = kind.removesuffix("_for_children")
    return f"{real}:[{number(context.world, context.host, process, real)}]"


def number(world: World, host: str, process: Process, kind: str) -> int:
    """Which namespace of that kind the process is in."""
    if kind == "net":
        return number_of(world.hosts[host], process.namespace, kind)
    owner = process.container if kind in _OF_CONTAINERS else None
    while owner is not None:
        config = books.spec(world, host, owner).config
        mode = {"pid": config.pid_mode, "ipc": config.ipc_mode, "uts": config.uts_mode}.get(kind, "")
        if mode == "host":
            return FIRST[kind]
        if not mode.startswith("container:"):
            return number_of(world.hosts[host], owner[:12], kind)
        owner = mode.removeprefix("container:")
    return FIRST[kind]


def number_of(host: Host, key: str, kind: str = "net") -> int:
    """The number of a namespace by the name that the lab has for it: 'host', or a container's short id."""
    if key == "host":
        return FIRST[kind]
    taken: dict[int, str] = {}
    for name in (*host.namespaces, key):
        place = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % _MOST
        while taken.setdefault(place, name) != name:
            place = (place + 1) % _MOST
        if name == key:
            return _LATER + place * len(_OF_CONTAINERS) + _OF_CONTAINERS.index(kind)
    raise AssertionError(key)


def listed(context: Context, path: str, shown: str) -> Iterator[str]:
    """The lines of `ls -l` for /proc/PID/ns, or one link of it."""
    at = f"{clock.moment(context.world.clock):%b %e %H:%M}"
    whole = path.endswith("/ns")
    if whole:
        yield "total 0"
    for name in NAMES if whole else (path.rsplit("/", 1)[-1],):
        link = target(context, f"{path}/{name}" if whole else path)
        yield f"lrwxrwxrwx 1 root root 0 {at} {name if whole else shown} -> {link}"
