"""What labs in namespaces are there: each is written down in /run/dnetlab before anything of it is made.

A name alone says nothing about whose a namespace is. A lab removes what its record names, and a name is taken into a
record only while nothing is called so.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dnetlab.errors import EngineError

RUN = Path("/run/dnetlab")
NETNS = Path("/run/netns")
SWITCH = "+switch"  # no host can be called so


@dataclass
class LabRecord:
    """What is written down about a lab, in /run/dnetlab/<lab>/lab.json.

    shape       the text of its lab.toml
    kept        whether the lab outlives its maker;  maker: the pid of that
    namespaces  names of its network namespaces -> their inodes, 0 for one that is still to be made
    pids        the machine's numbers of the hosts' first processes
    """

    lab: str
    version: str
    shape: str
    kept: bool = False
    maker: int = 0
    created: float = 0.0
    namespaces: dict[str, int] = field(default_factory=dict)
    pids: dict[str, int] = field(default_factory=dict)
    daemons: list[str] = field(default_factory=list)

    @property
    def directory(self) -> Path:
        return RUN / self.lab

    def save(self) -> None:
        """Write the record so that a reader sees the old one or the new one, never half of it."""
        part = self.directory / "lab.json.part"
        part.write_text(json.dumps(asdict(self)))
        part.replace(self.directory / "lab.json")

    def owns(self, name: str) -> bool:
        """Whether the network namespace of that name is the one that the lab made."""
        try:
            return name in self.namespaces and self.namespaces[name] in (0, (NETNS / name).stat().st_ino)
        except OSError:
            return False

    def named(self) -> list[str]:
        """The names in /run/netns that are the lab's to remove: its namespaces, and files that were those of one.

        Such a file is left for a moment by `ip netns add` before it mounts the namespace there, and by whoever removes
        one after unmounting it: for good when it is killed in that moment.
        """
        return [name for name in self.namespaces if self.owns(name) or _is_bare(NETNS / name)]


def _is_bare(path: Path) -> bool:
    """Whether a file is there on which no namespace is mounted: nsfs is a file system of its own."""
    try:
        return path.stat().st_dev != Path("/proc/self/ns/net").stat().st_dev
    except OSError:
        return False


def netns_name(lab: str, host: str) -> str:
    """Name of a host's network namespace: 'dnetlab-<lab>-<host>'."""
    return f"dnetlab-{lab}-{host}"


def load_record(lab: str) -> LabRecord | None:
    """The record of a lab, or None when there is none (or it was never finished)."""
    try:
        return LabRecord(**json.loads((RUN / lab / "lab.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def known_labs() -> list[str]:
    """Names of all labs that are written down on this machine; [] when there is none."""
    return sorted(entry.name for entry in RUN.iterdir() if entry.is_dir()) if RUN.is_dir() else []


def records() -> list[LabRecord]:
    """The labs whose record can be read, by name."""
    return [record for lab in known_labs() if (record := load_record(lab)) is not None]


def open_record(lab: str, version: str, shape: str, hosts: tuple[str, ...]) -> tuple[LabRecord, int]:
    """Write a new lab down before anything of it exists; the record and the descriptor of the lock its maker holds.

    Raises EngineError when a lab of that name is there, or somebody else's network namespace is called as one of its.
    """
    names = [netns_name(lab, host) for host in (SWITCH, *hosts)]
    record = LabRecord(lab, version, shape, maker=os.getpid(), created=time.time(), namespaces=dict.fromkeys(names, 0))
    with registry():
        taken = [name for name in names if (NETNS / name).exists()]
        if taken:
            raise EngineError(
                "a network namespace {taken} is there, and no lab made it", hint="Name another lab.", taken=taken[0]
            )
        try:
            record.directory.mkdir()
        except FileExistsError:
            raise EngineError(
                "a lab {lab} is there already", hint="End it first: dnetlab down {lab}", lab=lab
            ) from None
        lock = os.open(record.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        record.save()
    return record, lock


@contextlib.contextmanager
def registry() -> Iterator[None]:
    """Hold the one lock under which labs are written down and abandoned ones are looked for."""
    with _locked("lock"):
        yield


@contextlib.contextmanager
def removing() -> Iterator[None]:
    """Hold the lock under which abandoned labs are removed, so that two who find one don't trip over each other."""
    with _locked("removing"):
        yield


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
    RUN.mkdir(parents=True, exist_ok=True)
    handle = os.open(RUN / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def abandoned_labs() -> list[str]:
    """Labs whose maker died before it finished or removed them; [] when there is none."""
    with registry():
        found = []
        for lab in known_labs():
            record = load_record(lab)
            if (record is None or not record.kept) and not maker_is_alive(lab):
                found.append(lab)
        return found


def maker_is_alive(lab: str, patience: float = 10.0) -> bool:
    """Whether the process that made the lab still holds its lock.

    A process that is killed while it starts another one leaves the lock to that for a moment, which is waited for.
    """
    deadline = time.monotonic() + patience
    while _is_locked(lab):
        record = load_record(lab)
        if record is None or Path(f"/proc/{record.maker}").exists() or time.monotonic() > deadline:
            return True
        time.sleep(0.01)
    return False


def _is_locked(lab: str) -> bool:
    try:
        handle = os.open(RUN / lab / "lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def forget(lab: str) -> None:
    """Remove the lab's directory, its record last: whoever is stopped on the way leaves a lab that can be found."""
    with contextlib.suppress(FileNotFoundError):
        for entry in (RUN / lab).iterdir():
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != "lab.json":
                entry.unlink()
    shutil.rmtree(RUN / lab, ignore_errors=True)
