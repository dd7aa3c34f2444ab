"""A lab host is a network namespace with processes of its own: here is how one is made, found again and removed.

Linux only, root only. All that is made is in the lab's record first (`records`): network namespaces in /run/netns,
control groups below `dnetlab/<lab>`, and the directory /run/dnetlab/<lab>. Processes carry the lab's name in their
environment. So a crash at any moment leaves nothing that `remove_lab` can't find, and nothing else is ever touched.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from dnetlab.engines.providers import cgroups
from dnetlab.engines.providers.records import (
    NETNS,
    RUN,
    SWITCH,
    LabRecord,
    forget,
    known_labs,
    load_record,
    netns_name,
)
from dnetlab.engines.running import CLEAN_ENVIRONMENT, children, run_tool
from dnetlab.errors import EngineError
from dnetlab.language import Words
from dnetlab.model import Topology
from dnetlab.model.topology import HostPlan, Nic, PortMode, Switch

HOSTFILES = Path(__file__).resolve().parent.parent / "hostfiles"
MARK = "DNETLAB_LAB"
MNT_DETACH = 2
STAND_IN = 100_000  # from here on go the indexes of cables that stand in for sub-interfaces
DISK = 2 << 30  # bytes of a host's own file system, /var/lib/docker included; it counts as memory of the host


# -- networks ----------------------------------------------------------------------------------------------------


def make_switches(record: LabRecord) -> None:
    """The namespace of the lab's switches: each is a bridge in it, and a further one for each of its VLANs."""
    _add_netns(record, SWITCH)


def _ip(lab: str, *words: str, stdin: str | None = None) -> None:
    """Run `ip` for a lab: it is ended with the lab, even when whoever called it is gone."""
    run_tool("ip", *words, stdin=stdin, marks={MARK: lab})


def _add_netns(record: LabRecord, host: str) -> None:
    name = netns_name(record.lab, host)
    _ip(record.lab, "netns", "add", name)
    record.namespaces[name] = (NETNS / name).stat().st_ino


def make_net(record: LabRecord, shape: Topology, host: HostPlan) -> None:
    """A host's network namespace, its NICs plugged into the lab's switches, its addresses and routes."""
    _add_netns(record, host.name)
    there = netns_name(record.lab, host.name)
    _ip(record.lab, "netns", "exec", there, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
    inner = ["link set lo up"]
    for position, nic in enumerate(shape.nics_of(host.name)):
        plug(record.lab, shape, nic, position)
        inner += _nic_lines(nic)
    inner += [f"route add {route.destination} via {route.gateway}" for route in host.routes]
    _ip(record.lab, "-n", there, "-batch", "-", stdin="\n".join(inner) + "\n")
    forwarding = int(host.forwarding)
    _ip(record.lab, "netns", "exec", there, "sysctl", "-qw", f"net.ipv4.ip_forward={forwarding}")


def _nic_lines(nic: Nic) -> list[str]:
    lines = [f"link set {nic.name} address {nic.mac}"] if nic.mac else []
    for address in nic.addresses:
        lines.append(f"addr add {address} " + ("brd + " if address.version == 4 else "") + f"dev {nic.name}")
    return [*lines, *([f"link set {nic.name} promisc on"] if nic.promiscuous else []), f"link set {nic.name} up"]


def plug(lab: str, shape: Topology, nic: Nic, position: int) -> None:
    """A cable from the NIC to its switch. High indexes on the switch: busybox takes an index of the other namespace for
    one of its own ("eth0@docker0")."""
    number = shape.names.index(nic.host) + 1
    far, there = f"h{number}n{position}", netns_name(lab, nic.host)
    cable(lab, there, nic.name, far, 1000 * number + position)
    bridge = _bridge_of(shape, nic, None)
    if bridge is not None:
        connect(lab, far, bridge)
        hold_to(lab, shape.switch(nic.switch), far, nic)


def hold_to(lab: str, switch: Switch, far: str, nic: Nic) -> None:
    """The policies of a switch, at the port of a NIC: bridge(8), `locked` and `hairpin`.

    A locked port passes on what comes from the MACs that its own static entries name, and drops all else.
    """
    inside = ("netns", "exec", netns_name(lab, SWITCH), "bridge")
    if switch.hairpin:
        _ip(lab, *inside, "link", "set", "dev", far, "hairpin", "on")
    if not switch.forged_macs:
        _ip(lab, *inside, "fdb", "add", nic.mac or _mac_of(lab, nic), "dev", far, "master", "static")
        _ip(lab, *inside, "link", "set", "dev", far, "learning", "off", "locked", "on")


def _mac_of(lab: str, nic: Nic) -> str:
    words = ["ip", "-n", netns_name(lab, nic.host), "-j", "link", "show", nic.name]
    (row,) = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    return str(row["address"])


def cable(lab: str, there: str, near: str, far: str, index: int) -> None:
    """A veth pair: `near` in a host's namespace, `far` at the switches, not yet up."""
    words = f"link add {far} index {index} type veth peer name {near} netns {there}"
    _ip(lab, "-n", netns_name(lab, SWITCH), *words.split())


def unplug(lab: str, shape: Topology, host: str) -> None:
    """Take out a host's cables at the switches: the kernel takes its time to clear a namespace that nobody is in."""
    words = ["ip", "-n", netns_name(lab, SWITCH), "-j", "link", "show", "type", "veth"]
    rows = json.loads(subprocess.run(words, capture_output=True, text=True).stdout or "[]")
    mine = re.compile(rf"h{shape.names.index(host) + 1}n\d+(v\d+)?")
    for far in (row["ifname"] for row in rows if mine.fullmatch(row["ifname"])):
        subprocess.run([*words[:3], "link", "del", far], capture_output=True)


def connect(lab: str, far: str, bridge: str) -> None:
    """Plug the far end of a cable into a bridge, which is made when it isn't there."""
    switch = netns_name(lab, SWITCH)
    if subprocess.run(["ip", "-n", switch, "link", "show", bridge], capture_output=True).returncode != 0:
        with contextlib.suppress(EngineError):  # another host was quicker
            _ip(lab, "-n", switch, "link", "add", bridge, "type", "bridge")
        _ip(lab, "-n", switch, "link", "set", bridge, "up")
    _ip(lab, "-n", switch, "link", "set", far, "master", bridge, "up")


def _bridge_of(shape: Topology, nic: Nic, vlan: int | None) -> str | None:
    """The bridge that carries the frames of a NIC: its untagged ones (None), or those with a tag; None for no way on.

    Frames of different VLANs never meet on a switch, so a bridge for each is the same as tags on one.
    """
    numbers = {switch.name: number for number, switch in enumerate(shape.switches)}
    if nic.switch not in numbers:
        return None
    port = shape.switch(nic.switch).port(nic.host, nic.name)
    if vlan is None:
        vlan = {PortMode.PLAIN: 0, PortMode.ACCESS: port.vlan, PortMode.TRUNK: port.native}[port.mode]
    elif port.mode is PortMode.ACCESS or (port.mode is PortMode.TRUNK and port.allowed and vlan not in port.allowed):
        return None
    return None if vlan is None else f"sw{numbers[nic.switch]}v{vlan}"


# -- VLANs on a kernel that has none -------------------------------------------------------------------------------


def stand_in(lab: str, shape: Topology, host: str, near: str) -> bool:
    """Where the kernel lacks 802.1Q, make `NIC.VLAN` of a host as a cable to that VLAN's bridge; whether it was made.

    Only for a NIC of the host and a VLAN from 1 to 4094, so that anything else is refused as the kernel would.
    """
    parent, _, number = near.rpartition(".")
    nics = {nic.name: nic for nic in shape.nics_of(host)}
    if parent not in nics or not number.isdecimal() or not 1 <= int(number) <= 4094 or str(int(number)) != number:
        return False
    there = netns_name(lab, host)
    if subprocess.run(["ip", "-n", there, "link", "show", near], capture_output=True).returncode == 0:
        return False
    position = list(nics).index(parent)
    place = shape.names.index(host) + 1
    cable(lab, there, near, f"h{place}n{position}v{number}", STAND_IN * place + 5000 * position + int(number))
    bridge = _bridge_of(shape, nics[parent], int(number))
    if bridge is not None:
        connect(lab, f"h{place}n{position}v{number}", bridge)
    _ip(lab, "-n", there, "link", "set", near, "up")
    return True


def stand_ins(lab: str, host: str) -> list[str]:
    """The sub-interfaces of a host that were made so: their far ends have numbers that no other link reaches."""
    words = ["ip", "-n", netns_name(lab, host), "-j", "link", "show", "type", "veth"]
    rows = json.loads(subprocess.run(words, capture_output=True, text=True).stdout or "[]")
    return [row["ifname"] for row in rows if row.get("link_index", 0) >= STAND_IN]


def remove_stand_in(lab: str, host: str, near: str) -> None:
    """Take such a sub-interface away again; quiet when it is gone."""
    subprocess.run(["ip", "-n", netns_name(lab, host), "link", "del", near], capture_output=True)


def kernel_has_vlan() -> bool:
    """Whether the kernel makes 802.1Q sub-interfaces, tried in a network namespace of its own."""
    global _vlan
    if _vlan is None:
        text = "ip link add a type veth peer name b && ip link add link a name a.1 type vlan id 1"
        _vlan = subprocess.run(["unshare", "--net", "sh", "-c", text], capture_output=True).returncode == 0
    return _vlan


_vlan: bool | None = None


# -- hosts -------------------------------------------------------------------------------------------------------


def start_host(record: LabRecord, shape: Topology, host: HostPlan, tree: Path | None, data: Path | None) -> int:
    """Start a host's first process in namespaces of its own; the machine's pid of it. Raises EngineError."""
    base = record.directory / host.name
    base.mkdir(exist_ok=True)
    cgroups.make(record.lab, host.name)
    address = shape.address_of(host.name)
    environment = {
        "PATH": CLEAN_ENVIRONMENT["PATH"],
        MARK: record.lab,
        "DNETLAB_HOST": host.name,
        "DNETLAB_ADDRESS": str(address.ip) if address else "127.0.1.1",
        "DNETLAB_RESOLVER": str(host.resolver or ""),
        "DNETLAB_BASE": str(base),
        "DNETLAB_TREE": str(tree) if tree else "",
        "DNETLAB_DATA": str(data) if data and host.docker else "",
        "DNETLAB_FILES": str(HOSTFILES),
        "DNETLAB_CGROUPS": cgroups.mounts(),
        "DNETLAB_DISK": str(min(DISK, cgroups.memory())),
    }
    log = record.directory / f"{host.name}.log"
    net = NETNS / netns_name(record.lab, host.name)
    words = f"nsenter --net={net} unshare --mount --uts --ipc --pid --cgroup --fork"
    with log.open("wb") as out:
        starter = subprocess.Popen(
            joined(record.lab, host.name, [*words.split(), "--kill-child=KILL", "sh", str(HOSTFILES / "boot.sh")]),
            env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and starter.poll() is None:
        for pid in children(starter.pid):
            if _command(pid).endswith("init"):
                return pid
        time.sleep(0.01)
    said = log.read_text(errors="replace").strip()
    raise EngineError(
        "the lab host {name} did not start: {error}", name=host.name, error=said or Words("no word of why")
    )


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    except OSError:
        return ""


_JOIN = 'for f in $J; do echo 0 >"$f"; done 2>/dev/null; exec "$@"'


def joined(lab: str, host: str, words: list[str]) -> list[str]:
    """The words, run as one of the host's processes for its limits."""
    return ["sh", "-c", f"J='{' '.join(cgroups.entrances(lab, host))}'; {_JOIN}", "sh", *words]


def enter(lab: str, host: str, pid: int) -> list[str]:
    """The words that run what follows them inside the lab host with this first process."""
    spaces = "--mount --uts --ipc --net --pid --cgroup --root --wdns=/root"
    return joined(lab, host, ["nsenter", f"--target={pid}", *spaces.split()])


def is_running(pid: int, lab: str) -> bool:
    """Whether the pid is (still) the first process of a host of this lab."""
    return lab in _marks(pid) and not _is_zombie(pid)


def stands(record: LabRecord, host: str) -> bool:
    """Whether a host's first process runs, and its network namespace and the switches' are there by their names."""
    names = (netns_name(record.lab, host), netns_name(record.lab, SWITCH))
    return is_running(record.pids.get(host, 0), record.lab) and all(map(record.owns, names))


def _marks(pid: int | str) -> set[str]:
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return set()
    prefix = MARK.encode() + b"="
    return {pair[len(prefix) :].decode(errors="replace") for pair in pairs if pair.startswith(prefix)}


# -- removing ------------------------------------------------------------------------------------------------------


def lab_processes(lab: str, names: list[str]) -> set[int]:
    """Pids of a lab's processes: in these network namespaces, in its control groups, or with its mark."""
    marked = (pid for pid in _pids() if lab in _marks(pid))
    return {*cgroups.processes(lab), *_in_namespaces(names), *marked} - {0, os.getpid()}


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def _in_namespaces(names: list[str]) -> Iterator[int]:
    """Pids of the processes in the network namespaces of these names."""
    inodes = set()
    for name in names:
        with contextlib.suppress(OSError):
            inodes.add((NETNS / name).stat().st_ino)
    for pid in _pids() if inodes else ():
        with contextlib.suppress(OSError):
            if os.stat(f"/proc/{pid}/ns/net").st_ino in inodes:
                yield pid


def kill_lab(lab: str, names: list[str], patience: float = 30.0) -> None:
    """Kill every process of the lab and wait until they are gone. With a host's first process go all of its others."""
    deadline = time.monotonic() + patience
    while True:
        alive = [pid for pid in lab_processes(lab, names) if not _is_zombie(pid)]
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if not alive:
            return
        if time.monotonic() > deadline:
            raise EngineError("processes of the lab {lab} don't end: {alive}", lab=lab, alive=alive)
        time.sleep(0.02)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def remove_lab(lab: str) -> None:
    """Remove all that a lab made, whatever state it is in; quiet when nothing is there."""
    record = load_record(lab)
    if record is not None and record.kept:  # from here on it is no lab any more, whoever stops us
        record.kept = False
        record.save()
    for _ in range(2):  # again for what was on its way when the first pass looked: into a namespace, or making one
        kill_lab(lab, _own_namespaces(record))
        for name in _own_namespaces(record):
            _remove_netns(NETNS / name)
        cgroups.remove(lab)
    with contextlib.suppress(FileNotFoundError):
        for base in (RUN / lab).iterdir():
            _unmount(base)
    forget(lab)


def _own_namespaces(record: LabRecord | None) -> list[str]:
    """The names of a lab's network namespaces that are there now, or of which the file is."""
    return record.named() if record else []


def remove_host(record: LabRecord, shape: Topology, host: str) -> None:
    """Remove what is left of one host, so that it can be made anew."""
    name = netns_name(record.lab, host)
    inodes = [name] if name in record.named() else []
    pid = record.pids.pop(host, 0)
    if pid and is_running(pid, record.lab):
        os.kill(pid, signal.SIGKILL)
    if inodes:
        for left in _in_namespaces(inodes):
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
        _remove_netns(NETNS / name)
    unplug(record.lab, shape, host)
    record.namespaces[name] = 0
    record.daemons = [daemon for daemon in record.daemons if daemon != host]
    _unmount(record.directory / host)


def remove_switches(record: LabRecord) -> None:
    """Remove what is left of the namespace of the lab's switches, so that it can be made anew."""
    name = netns_name(record.lab, SWITCH)
    if name in record.named():
        _remove_netns(NETNS / name)


def _remove_netns(path: Path) -> None:
    _unmount(path)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def _unmount(path: Path) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    while libc.umount2(os.fsencode(path), MNT_DETACH) == 0:
        pass


def leftovers(lab: str | None = None) -> list[str]:
    """What labs made and is there on this machine (any lab's for None), one phrase each; [] when nothing is."""
    prefix = f"dnetlab-{lab}-" if lab else "dnetlab-"
    found = [f"network namespace {entry.name}" for entry in NETNS.glob(prefix + "*")] if NETNS.is_dir() else []
    found += [f"directory {RUN / name}" for name in known_labs() if lab in (None, name)]
    found += [f"control group {entry}" for entry in cgroups.left(lab)]
    mounts = Path("/proc/mounts").read_text().splitlines()
    found += [f"mount {line.split()[1]}" for line in mounts if prefix in line or f"{RUN}/{lab or ''}" in line]
    for pid in _pids():
        marks = _marks(pid) if pid != os.getpid() else set()
        if (lab in marks if lab else marks) and not _is_zombie(pid):
            found.append(f"process {pid}")
    return found
