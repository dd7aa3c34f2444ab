"""A lab host is a network namespace with processes of its own: here is how one is made, found again and removed.

Linux only, root only. Everything that is made carries the lab's name, `dnetlab-<lab>`: network namespaces (in
/run/netns), processes (in their environment), control groups and the lab's directory under /run/dnetlab. What does
not carry it is never touched. A lab is first written down and then made, so that a crash at any moment leaves
nothing that `remove_lab` can't find.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dnetlab.errors import EngineError

RUN = Path("/run/dnetlab")
NETNS = Path("/run/netns")
CGROUPS = Path("/sys/fs/cgroup")
HOSTFILES = Path(__file__).with_name("hostfiles")
MARK = "DNETLAB_LAB"
MNT_DETACH = 2


@dataclass(frozen=True)
class HostPlan:
    """One host of a lab before it exists: its name, its address on the LAN, and whether it runs a dockerd."""

    name: str
    address: str
    docker: bool


DEFAULT_LAB = (
    HostPlan("docker1", "172.25.254.1", docker=True),
    HostPlan("docker2", "172.25.254.2", docker=True),
    HostPlan("client", "172.25.254.38", docker=False),
)


@dataclass
class LabRecord:
    """What is written down about a lab, in /run/dnetlab/<lab>/lab.json.

    `pids` are the machine's numbers of the hosts' first processes; `kept` says that the lab outlives its maker.
    """

    lab: str
    version: str
    provider: str = "namespaces"
    kept: bool = False
    created: float = 0.0
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
    """Names of all labs that left anything on this machine, by directory or by namespace; [] when there is none."""
    labs = {entry.name for entry in RUN.iterdir() if entry.is_dir()} if RUN.is_dir() else set()
    if NETNS.is_dir():
        labs |= {entry.name.split("-")[1] for entry in NETNS.glob("dnetlab-*-*")}
    return sorted(labs | _labs_of_empty_cgroups())


def _labs_of_empty_cgroups() -> set[str]:
    """Labs of which control groups are left that no process is in (those of hosts that were containers, say)."""
    found: dict[str, bool] = {}
    for top in [*CGROUPS.glob("dnetlab-*-*"), *CGROUPS.glob("*/dnetlab-*-*")]:
        lab = top.name.split("-")[1]
        busy = any(_first_line(Path(folder, "cgroup.procs")) for folder, _, _ in os.walk(top))
        found[lab] = found.get(lab, False) or busy
    return {lab for lab, busy in found.items() if not busy}


def _first_line(path: Path) -> str:
    try:
        with path.open() as file:
            return file.readline()
    except OSError:
        return ""


def run_tool(*words: str, stdin: str | None = None) -> str:
    """Run a program of the machine; its stdout. Raises EngineError with its own words when it fails."""
    done = subprocess.run(words, input=stdin, capture_output=True, text=True)
    if done.returncode != 0:
        raise EngineError(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def open_record(lab: str, version: str) -> tuple[LabRecord, int]:
    """Write a new lab down before anything of it exists; the record and the descriptor of the lock its maker holds."""
    record = LabRecord(lab=lab, version=version, created=time.time())
    with registry():
        record.directory.mkdir()
        lock = os.open(record.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        record.save()
    return record, lock


@contextlib.contextmanager
def registry() -> Iterator[None]:
    """Hold the one lock under which labs are written down and abandoned ones are looked for."""
    RUN.mkdir(parents=True, exist_ok=True)
    handle = os.open(RUN / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def removing() -> Iterator[None]:
    """Hold the lock under which abandoned labs are removed, so that two who find one don't trip over each other."""
    RUN.mkdir(parents=True, exist_ok=True)
    handle = os.open(RUN / "removing", os.O_RDWR | os.O_CREAT, 0o600)
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


def maker_is_alive(lab: str) -> bool:
    """Whether the process that made the lab still holds its lock."""
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


def make_switches(lab: str, hosts: tuple[HostPlan, ...]) -> None:
    """The hosts' network namespaces, and a further one with two bridges: `lan` joins eth0, `trunk` joins enp7s0."""
    for name in ("switch", *(host.name for host in hosts)):
        run_tool("ip", "netns", "add", netns_name(lab, name))
    switch = netns_name(lab, "switch")
    run_tool(
        "ip",
        "-n",
        switch,
        "-batch",
        "-",
        stdin="link add lan type bridge\nlink set lan up\nlink add trunk type bridge\nlink set trunk up\n",
    )
    for number, host in enumerate(hosts, 1):
        name, there = host.name, netns_name(lab, host.name)
        run_tool("ip", "netns", "exec", there, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
        cables = [("eth0", f"l-{name}", "lan")] + ([("enp7s0", f"t-{name}", "trunk")] if host.docker else [])
        # High indexes on the switch: busybox takes an index of the other namespace for one of its own ("eth0@docker0").
        outer = "".join(
            f"link add {far} index {1000 * number + position} type veth peer name {near} netns {there}\n"
            f"link set {far} master {bridge} up\n"
            for position, (near, far, bridge) in enumerate(cables)
        )
        run_tool("ip", "-n", switch, "-batch", "-", stdin=outer)
        inner = f"link set lo up\naddr add {host.address}/24 brd + dev eth0\nlink set eth0 up\n"
        if host.docker:
            inner += "link set enp7s0 promisc on\nlink set enp7s0 up\n"
        run_tool("ip", "-n", there, "-batch", "-", stdin=inner)


def start_host(record: LabRecord, host: HostPlan, tree: Path | None, data: Path | None, arguments: str = "") -> int:
    """Start a host's first process in namespaces of its own; the machine's pid of it. Raises EngineError."""
    base = record.directory / host.name
    base.mkdir()
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        MARK: record.lab,
        "DNETLAB_NAME": netns_name(record.lab, host.name),
        "DNETLAB_HOST": host.name,
        "DNETLAB_ADDRESS": host.address,
        "DNETLAB_BASE": str(base),
        "DNETLAB_TREE": str(tree) if tree else "",
        "DNETLAB_DATA": str(data) if data and host.docker else "",
        "DNETLAB_FILES": str(HOSTFILES),
        "DNETLAB_CGROUP": "/" + netns_name(record.lab, host.name),
        "DNETLAB_ARGS": arguments,
    }
    log = (record.directory / f"{host.name}.log").open("wb")
    namespace = NETNS / netns_name(record.lab, host.name)
    starter = subprocess.Popen(
        [
            "nsenter",
            f"--net={namespace}",
            "unshare",
            "--mount",
            "--uts",
            "--ipc",
            "--pid",
            "--fork",
            "--kill-child=KILL",
            "sh",
            str(HOSTFILES / "boot.sh"),
        ],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    log.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and starter.poll() is None:
        for pid in children(starter.pid):
            if _command(pid).endswith("init"):
                return pid
        time.sleep(0.01)
    words = (record.directory / f"{host.name}.log").read_text(errors="replace").strip()
    raise EngineError(f"the lab host {host.name} did not start: {words or 'no word of why'}")


def children(pid: int) -> list[int]:
    """Pids of the processes that a process started and that still run; [] when it is gone."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    except OSError:
        return ""


def enter(pid: int) -> list[str]:
    """The words that run what follows them inside the lab host with this first process."""
    return ["nsenter", f"--target={pid}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wdns=/root"]


def is_running(pid: int, lab: str) -> bool:
    """Whether the pid is (still) the first process of a host of this lab."""
    return lab in _marks(pid)


def _marks(pid: int | str) -> set[str]:
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return set()
    prefix = MARK.encode() + b"="
    return {pair[len(prefix) :].decode(errors="replace") for pair in pairs if pair.startswith(prefix)}


def lab_processes(lab: str) -> Iterator[int]:
    """Pids of all processes of a lab: those in its network namespaces and those that carry its mark."""
    inodes = set()
    for entry in NETNS.glob(f"dnetlab-{lab}-*"):
        with contextlib.suppress(OSError):
            inodes.add(entry.stat().st_ino)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if (entry / "ns/net").stat().st_ino in inodes or lab in _marks(entry.name):
                yield int(entry.name)


def kill_lab(lab: str, patience: float = 10.0) -> None:
    """Kill every process of the lab and wait until they are gone. With a host's first process go all of its others."""
    deadline = time.monotonic() + patience
    while True:
        alive = [pid for pid in lab_processes(lab) if not _is_zombie(pid)]
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if not alive:
            return
        if time.monotonic() > deadline:
            raise EngineError(f"processes of the lab {lab} don't end: {alive}")
        time.sleep(0.02)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def remove_lab(lab: str) -> None:
    """Remove all that a lab left, whatever state it is in; quiet when nothing is there."""
    kill_lab(lab)
    for entry in NETNS.glob(f"dnetlab-{lab}-*"):
        _unmount(entry)
        with contextlib.suppress(FileNotFoundError):
            entry.unlink()
    _remove_cgroups(lab)
    kill_lab(lab)  # one that was on its way into a namespace when the first pass looked
    with contextlib.suppress(FileNotFoundError):
        for base in (RUN / lab).iterdir():
            _unmount(base)
    shutil.rmtree(RUN / lab, ignore_errors=True)


def _unmount(path: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    while libc.umount2(os.fsencode(path), MNT_DETACH) == 0:
        pass


def _remove_cgroups(lab: str) -> None:
    roots = [CGROUPS, *(entry for entry in CGROUPS.iterdir() if entry.is_dir())] if CGROUPS.is_dir() else []
    for root in roots:
        for top in root.glob(f"dnetlab-{lab}-*"):
            for directory, _, _ in os.walk(top, topdown=False):
                for _attempt in range(50):
                    try:
                        os.rmdir(directory)
                        break
                    except FileNotFoundError:
                        break
                    except OSError:
                        time.sleep(0.02)


def leftovers(lab: str | None = None) -> list[str]:
    """What on this machine carries a lab's name (any lab's for None), one phrase each; [] when nothing does."""
    prefix = f"dnetlab-{lab}-" if lab else "dnetlab-"
    found = [f"network namespace {entry.name}" for entry in NETNS.glob(prefix + "*")] if NETNS.is_dir() else []
    if RUN.is_dir():
        found += [f"directory {entry}" for entry in RUN.iterdir() if entry.is_dir() and lab in (None, entry.name)]
    for root in [CGROUPS, *CGROUPS.glob("*/")]:
        found += [f"control group {entry}" for entry in root.glob(prefix + "*")]
    mounts = Path("/proc/mounts").read_text().splitlines()
    found += [f"mount {line.split()[1]}" for line in mounts if prefix in line or (lab and f"/{lab}/" in line)]
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            marks = _marks(entry.name)
            if (lab in marks if lab else marks) and not _is_zombie(int(entry.name)):
                found.append(f"process {entry.name}")
    return found
