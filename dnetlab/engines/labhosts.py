"""Lab hosts bring the real Docker Engine: docker1, docker2 and client, each a small machine of its own inside yours.

Your own network, processes and containers are never part of it. This module is what `dnetlab up`, `down`, `ps` and
the engine call; how a host is made is in `namespaces` (Linux, root) and `dind` (inside any Docker Engine).
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import queue
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from dnetlab.engines import images
from dnetlab.engines import namespaces as ns
from dnetlab.errors import EngineError, UnknownName

Progress = Callable[[str], None]
VERSIONS = ("20.10", "26.1", "28.5")
SUITES = {"26.1": "trixie", "28.5": "forky"}
CLEAN_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "USER": "root",
    "LOGNAME": "root",
    "SHELL": "/bin/bash",
}
PLAIN = re.compile(r"docker [A-Za-z0-9_ ./:=,@%+-]*")  # nothing in it that a shell would read otherwise
SUB_INTERFACE = re.compile(r"\benp7s0\.(\d{1,4})\b")


class Ran(NamedTuple):
    """What a shell text answered: its streams as text and its exit status (124 after the time limit)."""

    stdout: str
    stderr: str
    exit_code: int


def cache() -> Path:
    """Where engine trees and images are kept: $DNETLAB_CACHE, else ~/.cache/dnetlab/engines."""
    told = os.environ.get("DNETLAB_CACHE")
    return (
        Path(told) if told else Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dnetlab" / "engines"
    )


def _say(progress: Progress | None, text: str) -> None:
    if progress is not None:
        progress(text)


def engine_tree(version: str) -> Path | None:
    """The tree that holds dockerd of this release, None for the machine's own. EngineError when it is missing."""
    if version == "20.10":
        if shutil.which("dockerd") is None:
            raise EngineError("there is no dockerd on this machine", hint="on Debian 12: apt-get install docker.io")
        return None
    if version not in SUITES:
        raise UnknownName(f"no real engine of Docker {version}; there are {', '.join(VERSIONS)}")
    tree = cache() / version
    if not (tree / ".ready").exists():
        raise EngineError(
            f"the engine {version} is not prepared on this machine", hint=f"python tests/prepare_engines.py {version}"
        )
    return tree


class LabHosts:
    """The lab hosts of one lab, with a Docker Engine of one release.

    version   '20.10' (the machine's own dockerd), '26.1' or '28.5' (trees made by tests/prepare_engines.py)
    daemons   names of the hosts whose dockerd is started; None for all that can have one
    progress  called with a sentence for each step
    lab       the lab's name, hexadecimal; None for a new one
    """

    def __init__(
        self,
        version: str = "20.10",
        *,
        daemons: tuple[str, ...] | None = None,
        progress: Progress | None = None,
        lab: str | None = None,
    ) -> None:
        self.version = version
        self.plans: tuple[ns.HostPlan, ...] = ns.DEFAULT_LAB
        self.daemons = tuple(p.name for p in self.plans if p.docker) if daemons is None else daemons
        self.progress = progress
        self.lab = lab or secrets.token_hex(3)
        self.record: ns.LabRecord | None = None
        self._lock: int | None = None
        self._guard = threading.Lock()

    # -- life ------------------------------------------------------------------------------------------------

    def up(self) -> LabHosts:
        """Make the hosts and start their daemons, side by side. On any failure, Ctrl-C too, all is removed again."""
        check_namespaces()
        sweep(self.progress)
        tree = engine_tree(self.version)
        data = engine_data(self.version, self.progress)
        try:
            self.record, self._lock = ns.open_record(self.lab, self.version)
            atexit.register(self.down)
            ns.make_switches(self.lab, self.plans)
            side_by_side(self, lambda plan: self._start(plan, tree, data))
        except BaseException:
            self.down()
            raise
        return self

    def _start(self, plan: ns.HostPlan, tree: Path | None, data: Path) -> None:
        assert self.record is not None
        pid = ns.start_host(self.record, plan, tree, data)
        with self._guard:
            self.record.pids[plan.name] = pid
            self.record.save()
        _say(self.progress, f"{plan.name}: up at {plan.address}")
        if plan.docker and plan.name in self.daemons:
            self.start_daemon(plan.name)

    def start_daemon(self, host: str) -> None:
        """Start a host's dockerd and wait until it answers. Raises EngineError with the end of its log."""
        assert self.record is not None
        ran = self.run(host, "systemctl start docker", timeout=60)
        if ran.exit_code != 0:
            log = self.run(host, "tail -n 5 /var/log/dockerd.log").stdout.strip()
            raise EngineError(f"dockerd {self.version} did not start on {host}: {log or ran.stderr.strip()}")
        with self._guard:
            self.record.daemons.append(host)
            self.record.save()
        _say(self.progress, f"{host}: dockerd {self.version} answers")

    def keep(self) -> None:
        """Let the lab outlive this process, until `dnetlab down`."""
        assert self.record is not None
        self.record.kept = True
        self.record.save()
        atexit.unregister(self.down)
        self._unlock()

    def down(self) -> None:
        """Remove the lab and everything in it; quiet when there is none."""
        if self.record is None:
            return
        ns.remove_lab(self.lab)
        self._unlock()
        self.record = None
        atexit.unregister(self.down)

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> LabHosts:
        return self.up()

    def __exit__(self, *_: object) -> None:
        self.down()

    # -- work ------------------------------------------------------------------------------------------------

    @property
    def docker_hosts(self) -> tuple[str, ...]:
        """The names of the hosts that can run a dockerd."""
        return tuple(plan.name for plan in self.plans if plan.docker)

    def root(self, host: str) -> str:
        """A host's root directory as this process can open it."""
        return f"/proc/{self.pid(host)}/root"

    @property
    def names(self) -> tuple[str, ...]:
        """The hosts' names in the lab's order."""
        return tuple(plan.name for plan in self.plans)

    def pid(self, host: str) -> int:
        """The machine's pid of a host's first process, whose namespaces are the host's. UnknownName, EngineError."""
        if host not in self.names:
            raise UnknownName(f"there is no host {host} in the lab; there are {', '.join(self.names)}")
        pid = self.record.pids.get(host, 0) if self.record else 0
        if not pid or not ns.is_running(pid, self.lab):
            raise EngineError(f"the lab host {host} is not running", hint="start the lab again: dnetlab up")
        return pid

    def socket(self, host: str) -> str:
        """Path of a host's dockerd socket as this process can open it."""
        return f"{self.root(host)}/run/docker.sock"

    def words(self, host: str) -> list[str]:
        """The words that run what follows them inside a host."""
        return ns.enter(self.pid(host))

    def run(self, host: str, text: str, timeout: float = 120.0, stdin: str | None = None) -> Ran:
        """Run a shell text verbatim on a host, as root in /root, without a terminal.

        After `timeout` seconds the text gets Ctrl-C's signal, two seconds later it is killed; then exit_code is 124
        unless the text ended by itself.
        """
        if host in self.docker_hosts:
            self._provide_sub_interfaces(host, text)
        if PLAIN.fullmatch(text):  # the client alone: a shell in between would only take time
            return run_limited([*self.words(host), *text.split()], timeout, stdin)
        script, far = os.pipe()  # not `bash -c TEXT`: `ps ax | grep proxy` would find the text itself
        try:
            with os.fdopen(far, "w") as writer:
                writer.write(text[:60_000] + "\n")
            ran = run_limited([*self.words(host), "bash", f"/dev/fd/{script}"], timeout, stdin, descriptors=(script,))
        finally:
            os.close(script)
        return ran._replace(stderr=re.sub(rf"^/dev/fd/{script}: (?:line \d+: )?", "bash: ", ran.stderr, flags=re.M))

    def _provide_sub_interfaces(self, host: str, text: str) -> None:
        """Where the kernel lacks 802.1Q, a veth on a bridge per VLAN id stands in for a sub-interface asked for."""
        if "create" not in text or (wanted := SUB_INTERFACE.findall(text)) == [] or kernel_has_vlan():
            return
        switch, there = ns.netns_name(self.lab, "switch"), ns.netns_name(self.lab, host)
        for number in wanted:
            near, bridge = f"enp7s0.{number}", f"vlan{number}"
            probe = subprocess.run(["ip", "-n", there, "link", "show", near], capture_output=True)
            if probe.returncode == 0:
                continue
            with contextlib.suppress(EngineError):
                ns.run_tool("ip", "-n", switch, "link", "add", bridge, "type", "bridge")
            ns.run_tool("ip", "-n", switch, "link", "set", bridge, "up")
            ns.run_tool(
                "ip",
                "-n",
                switch,
                "link",
                "add",
                f"v{number}-{host}",
                "index",
                str(10_000 * (1 + self.names.index(host)) + int(number)),
                "type",
                "veth",
                "peer",
                "name",
                near,
                "netns",
                there,
            )
            ns.run_tool("ip", "-n", switch, "link", "set", f"v{number}-{host}", "master", bridge, "up")
            ns.run_tool("ip", "-n", there, "link", "set", near, "up")


def side_by_side(hosts: Any, work: Callable[[ns.HostPlan], None]) -> None:
    """Do the work for each host at once; what is said on the way is heard in this thread, where a notebook can show it.

    Raises what the work raised. Ctrl-C too ends only after the work that has begun, so that all it made can be removed.
    """
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    heard, hosts.progress = hosts.progress, said.put
    pool = ThreadPoolExecutor(len(hosts.plans))
    try:
        futures = [pool.submit(work, plan) for plan in hosts.plans]
        while not said.empty() or not all(future.done() for future in futures):
            with contextlib.suppress(queue.Empty):
                _say(heard, said.get(timeout=0.05))
        for future in futures:
            future.result()
    finally:
        while True:
            try:
                pool.shutdown(cancel_futures=True)
                break
            except KeyboardInterrupt:  # a second Ctrl-C: what was begun still has to be known before it is removed
                continue
        hosts.progress = heard


def run_limited(words: list[str], timeout: float, stdin: str | None = None, descriptors: tuple[int, ...] = ()) -> Ran:
    """Run words in a clean environment with a time limit: the signal of Ctrl-C first, then the end."""
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=CLEAN_ENVIRONMENT,
        start_new_session=True,
        pass_fds=descriptors,
    )
    late = False
    for limit, what in ((timeout, signal.SIGINT), (2.0, signal.SIGKILL), (5.0, signal.SIGKILL)):
        try:
            out, err = process.communicate(stdin.encode() if stdin is not None else None, timeout=limit)
            break
        except subprocess.TimeoutExpired:
            late, stdin = True, None
            _signal(process.pid, what)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    else:
        out, err = b"", b""
    code = process.returncode
    if late and (code is None or code < 0):
        code = 124
    return Ran(out.decode(errors="replace"), err.decode(errors="replace"), 128 - code if code < 0 else code)


def _signal(pid: int, what: signal.Signals) -> None:
    """Ctrl-C goes to what was started below the process, so that the process can still report how that ended."""
    below, waiting = [], [pid]
    while waiting:
        children = ns.children(waiting.pop())
        below += children
        waiting += children
    targets = below if below and what is signal.SIGINT else [pid, *below]
    for target in targets:
        with contextlib.suppress(ProcessLookupError):
            os.kill(target, what)


# -- what a lab needs of the machine ------------------------------------------------------------------------------


def kernel_has_vlan() -> bool:
    """Whether the kernel makes 802.1Q sub-interfaces, tried in a network namespace of its own."""
    global _vlan
    if _vlan is None:
        text = "ip link add a type veth peer name b && ip link add link a name a.1 type vlan id 1"
        _vlan = subprocess.run(["unshare", "--net", "sh", "-c", text], capture_output=True).returncode == 0
    return _vlan


_vlan: bool | None = None


def check_namespaces() -> None:
    """Raise EngineError with the reason when lab hosts in namespaces can't be made here."""
    reason = why_no_namespaces()
    if reason:
        raise EngineError(f"real lab hosts can't be made here: {reason}", hint="the simulator needs none of it")


def why_no_namespaces() -> str:
    """Why this machine can't make lab hosts in namespaces; '' when it can."""
    if not sys.platform.startswith("linux"):
        return "namespaces are a feature of Linux"
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    for tool in ("ip", "nsenter", "unshare", "busybox", "bash", "dockerd", "docker", "curl", "iptables"):
        if shutil.which(tool) is None:
            return f"the program {tool} is missing"
    if not any(Path("/sys/fs/cgroup").glob("*")):
        return "no control groups are mounted at /sys/fs/cgroup"
    return ""


@contextlib.contextmanager
def _cache_lock() -> Iterator[None]:
    """Hold the cache while something is made in it."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def images_archive(progress: Progress | None = None) -> Path:
    """The lab's images as one archive for `docker load`; made once from the machine's programs, then from the cache."""
    with _cache_lock():
        archive = cache() / f"images-{_source_digest()}.tar"
        if not archive.exists():
            _say(progress, "building the lab's images from the programs of this machine")
            part = archive.with_suffix(".part")
            images.write_archive(part)
            part.replace(archive)
    return archive


def engine_data(version: str, progress: Progress | None = None) -> Path:
    """A directory with the lab's images as dockerd of this release keeps them; made once, then taken from the cache."""
    archive = images_archive(progress)
    with _cache_lock():
        data = cache() / f"data-{version}-{_source_digest()}"
        if not data.exists():
            _say(progress, f"loading the lab's images into dockerd {version}, once")
            _load_images(version, archive, data)
    return data


def _source_digest() -> str:
    import hashlib

    return hashlib.sha256(Path(images.__file__).read_bytes()).hexdigest()[:12]


def _load_images(version: str, archive: Path, data: Path) -> None:
    empty = cache() / "empty"
    empty.mkdir(exist_ok=True)
    plan = ns.HostPlan("loader", "172.25.254.9", docker=True)
    lab = LabHosts(version, daemons=())
    lab.plans = (plan,)
    part = data.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        lab.record, lab._lock = ns.open_record(lab.lab, version)
        ns.make_switches(lab.lab, lab.plans)
        lab._start(plan, engine_tree(version), empty)
        lab.start_daemon(plan.name)
        shutil.copyfile(archive, f"/proc/{lab.pid(plan.name)}/root/root/images.tar")
        ran = lab.run(plan.name, "docker load -q -i /root/images.tar && systemctl stop docker", timeout=120)
        if ran.exit_code != 0:
            raise EngineError(f"docker load failed: {ran.stderr.strip()}")
        part.mkdir()
        for name in ("image", "overlay2"):
            ns.run_tool("cp", "-a", f"/proc/{lab.pid(plan.name)}/root/var/lib/docker/{name}", str(part))
        part.rename(data)
    finally:
        lab.down()


# -- the three commands -------------------------------------------------------------------------------------------


def sweep(progress: Progress | None = None) -> list[str]:
    """Remove what crashed labs left behind; the names of those labs."""
    with ns.removing():
        gone = ns.abandoned_labs()
        for lab in gone:
            ns.remove_lab(lab)
            _say(progress, f"removed what the lab {lab} had left behind")
    return gone


class Provider(NamedTuple):
    """A way to get real lab hosts. usable: whether this machine has what it needs; reason says why or why not."""

    name: str
    usable: bool
    reason: str
    advice: str = ""


def providers() -> list[Provider]:
    """The ways to get real lab hosts, the one that will be chosen first."""
    from dnetlab.engines import dind

    missing = why_no_namespaces()
    own = Provider(
        "namespaces",
        not missing,
        missing or f"Linux, root, {_dockerd_words()}: a dockerd per network namespace",
        "" if not missing else "The simulator needs none of it.",
    )
    reason = dind.why_not()
    outer = Provider(
        "containers",
        not reason,
        reason or "a Docker Engine answers: the lab hosts can be its containers",
        "" if not reason else "Start Docker, or use the simulator.",
    )
    return sorted((own, outer), key=lambda provider: not provider.usable)


def _dockerd_words() -> str:
    ready = [version for version in VERSIONS if version == "20.10" or (cache() / version / ".ready").exists()]
    return "Docker " + ", ".join(ready)


def kept_lab() -> ns.LabRecord | None:
    """The lab that `dnetlab up` started and that still stands, None when there is none."""
    for name in ns.known_labs():
        record = ns.load_record(name)
        if (
            record is not None
            and record.kept
            and record.pids
            and all(ns.is_running(p, name) for p in record.pids.values())
        ):
            return record
    return None


def attach(record: ns.LabRecord) -> LabHosts:
    """The lab hosts of a lab that is up already; `down` of the result removes it."""
    hosts = LabHosts(record.version, lab=record.lab)
    hosts.record = record
    return hosts


def open_hosts(
    version: str | None = None, daemons: tuple[str, ...] | None = None, progress: Progress | None = None
) -> tuple[Any, bool]:
    """Lab hosts for an engine, and whether it owns them: those of `dnetlab up` if they fit, else new ones.

    Raises EngineError with the reason when this machine can't have any.
    """
    record = kept_lab()
    if record is not None and version in (None, record.version):
        return attach(record), False
    from dnetlab.engines import dind

    chosen = providers()[0]
    if chosen.usable and chosen.name == "containers":
        standing = dind.kept_lab()
        if standing is not None:
            return dind.DindHosts(lab=standing).attach(), False
        return dind.DindHosts(release=version, progress=progress, daemons=daemons).up(), True
    from dnetlab.engines.docker import newest_release

    return LabHosts(version or newest_release(), daemons=daemons, progress=progress).up(), True


def up(version: str | None = None, progress: Progress | None = None) -> LabHosts:
    """Start lab hosts that stay until `down`. Those that stand already are left as they are.

    Raises EngineError when a lab of another release stands, and when this machine can't have one.
    """
    record = kept_lab()
    if record is not None:
        if version not in (None, record.version):
            raise EngineError(f"a lab with Docker {record.version} is up already", hint="End it first: dnetlab down")
        _say(progress, f"the lab is up already, with Docker {record.version}")
        return attach(record)
    _say(progress, "; ".join(f"{p.name}: {p.reason}" for p in providers()[:1]))
    down(None)
    hosts: LabHosts = open_hosts(version, None, progress)[0]
    hosts.keep()
    return hosts


def down(progress: Progress | None = None) -> list[str]:
    """Remove the kept lab and whatever crashed labs left; the names of those removed. Labs in use elsewhere stay."""
    gone = sweep(None)
    for name in ns.known_labs():
        if not ns.maker_is_alive(name):
            ns.remove_lab(name)
            gone.append(name)
    from dnetlab.engines import dind

    gone += dind.remove_all()
    for name in gone:
        _say(progress, f"removed the lab {name}")
    if not gone:
        _say(progress, "no lab was up")
    return gone


def ps() -> str:
    """A table of the lab hosts that stand, one row per host; a sentence when there are none."""
    rows = [("LAB", "DOCKER", "HOST", "ADDRESS", "DOCKERD", "STATE")]
    for name in ns.known_labs():
        record = ns.load_record(name)
        if record is None:
            continue
        for plan in ns.DEFAULT_LAB:
            pid = record.pids.get(plan.name, 0)
            state = "starting" if not pid else "up" if ns.is_running(pid, name) else "gone"
            daemon = "started" if plan.name in record.daemons else "-"
            rows.append(
                (name, record.version, plan.name, plan.address, daemon, state + ("" if record.kept else ", in use"))
            )
    if len(rows) == 1:
        return "No lab hosts are up. Start them with: dnetlab up"
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
