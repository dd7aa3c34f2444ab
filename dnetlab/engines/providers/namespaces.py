"""Lab hosts as namespaces of this machine: Linux, root, and a dockerd; each host has its own network, processes, files.

They guard against accidents and are no wall against root inside: whoever means harm can leave them.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import secrets
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from dnetlab.engines import images
from dnetlab.engines.look import api, direct
from dnetlab.engines.providers import Sight, Standing, cgroups, login, netns, records
from dnetlab.engines.providers.shape import lab_toml
from dnetlab.engines.providers.starting import finished, side_by_side
from dnetlab.engines.running import Progress, Ran, run_limited, run_tool, tell
from dnetlab.engines.store import engine_tree, images_archive, newest_release, ready_releases, source_digest, writing
from dnetlab.errors import EngineError, UnknownName
from dnetlab.language import say
from dnetlab.model import Topology, default_topology
from dnetlab.model.labfile import parse_topology
from dnetlab.model.topology import HostPlan, Nic
from dnetlab.model.where import Where

PLAIN = re.compile(r"docker [A-Za-z0-9_ ./:=,@%+-]*")  # nothing in it that a shell would read otherwise
SUB_INTERFACE = re.compile(r"(?<![\w.-])([A-Za-z][\w-]*(?:\.\w+)*\.\d{1,4})(?![\w.])")
ADDED = re.compile(  # `ip link add link NIC name NIC.ID type vlan id ID`, in either order of the two names
    r"\bip\s+l(?:ink)?\s+add\s+(?:link\s+\S+\s+(?:name\s+)?(?P<last>[\w.-]+)|(?:name\s+)?(?P<first>[\w.-]+)\s+link\s+\S+)"
    r"\s+type\s+vlan\s+id\s+(?P<id>\d+)"
)
ARCHIVE = "var/lib/docker/images.tar"  # where a host finds images that could not be copied as dockerd keeps them
LIMIT = 300.0  # seconds that a dockerd may take to start on a machine with much else to do


class NamespaceHosts:
    """The lab hosts of one lab, with a Docker Engine of one release.

    version   '20.10' (the machine's own dockerd), '26.1' or '28.5' (trees made by tests/prepare_engines.py)
    daemons   names of the hosts whose dockerd is started; None for all that can have one
    progress  called with a sentence for each step
    lab       the lab's name; None for a new one
    shape     the lab to make; None for the default one
    """

    def __init__(
        self,
        version: str = "20.10",
        *,
        daemons: tuple[str, ...] | None = None,
        progress: Progress | None = None,
        lab: str | None = None,
        shape: Topology | None = None,
    ) -> None:
        self.version = version
        self.shape = shape or default_topology()
        self.daemons = self.docker_hosts if daemons is None else daemons
        self.progress = progress
        self.lab = lab or secrets.token_hex(3)
        self.record: records.LabRecord | None = None
        self._lock: int | None = None
        self._guard = threading.Lock()
        self._clients: dict[str, Any] = {}  # by the path of the socket
        self._by_hand: set[tuple[str, str]] = set()  # (host, stand-in for a sub-interface that `ip` was asked for)

    # -- life ------------------------------------------------------------------------------------------------

    def up(self, data: Path | None = None) -> NamespaceHosts:
        """Make the hosts and start their daemons, side by side. On any failure, Ctrl-C too, all is removed again.

        data: what /var/lib/docker of the hosts holds at first; None for the lab's images
        """
        reason = why_not()
        if reason:
            raise EngineError(
                "real lab hosts can't be made here: {why}", hint="the simulator needs none of it", why=reason
            )
        _check(self.shape)
        sweep(self.progress)
        engine_tree(self.version)
        data = data or engine_data(self.version, self.progress)
        text = lab_toml(self.shape)
        try:
            self.record, self._lock = records.open_record(self.lab, self.version, text, self.shape.names)
            atexit.register(self.down)
            netns.make_switches(self.record)
            self._make(self.shape.hosts, data)
        except BaseException:
            self.down()
            raise
        return self

    def _make(self, plans: tuple[HostPlan, ...], data: Path) -> None:
        side_by_side(plans, lambda plan, heard: self._start(plan, data, heard), self.progress)
        login.share(self.shape, lambda host, text: self._run(host, text, LIMIT, None))

    def _start(self, plan: HostPlan, data: Path, heard: Progress) -> None:
        record = self._known()
        with self._guard:
            netns.make_net(record, self.shape, plan)
            record.save()
        pid = netns.start_host(record, self.shape, plan, engine_tree(self.version), data)
        with self._guard:
            record.pids[plan.name] = pid
            record.save()
        address = self.shape.address_of(plan.name)
        up = "{host}: up at {address}" if address else "{host}: up"
        heard(say(up, host=plan.name, address=address.ip if address else ""))
        if plan.docker and plan.name in self.daemons:
            self.start_daemon(plan.name)
            heard(say("{host}: dockerd {version} answers", host=plan.name, version=self.version))

    def start_daemon(self, host: str) -> None:
        """Start a host's dockerd and wait until it answers. Raises EngineError with the end of its log."""
        ran = self.run(host, "systemctl start docker", timeout=LIMIT)
        if ran.exit_code != 0:
            log = self.run(host, "tail -n 5 /var/log/dockerd.log").stdout.strip()
            raise EngineError(
                "dockerd {version} did not start on {host}: {error}",
                version=self.version,
                host=host,
                error=log or ran.stderr.strip(),
            )
        self._give_images(host)
        record = self._known()
        with self._guard:
            record.daemons.append(host)
            record.save()

    def _give_images(self, host: str) -> None:
        """The images that the lab's shape names, and no others; loaded now where dockerd's store can't be copied."""
        extra = sorted({tag for image in images.CATALOGUE for tag in image.tags} - set(self.shape.images))
        loads = (Path(self.root(host)) / ARCHIVE).exists()
        text = f"docker load -q -i /{ARCHIVE} && rm /{ARCHIVE}" if loads else ":"
        if self.shape.images and extra:
            text += f" && docker rmi {' '.join(extra)}"
        if text != ":" and (ran := self.run(host, text, timeout=LIMIT)).exit_code != 0:
            raise EngineError("{host} can't have the lab's images: {stderr}", host=host, stderr=ran.stderr.strip())

    def _known(self) -> records.LabRecord:
        if self.record is None:
            raise EngineError("the lab {lab} is not up", hint="dnetlab ps lists the labs that are.", lab=self.lab)
        return self.record

    def keep(self) -> None:
        """Let the lab outlive this process, until `dnetlab down`."""
        record = self._known()
        record.kept = True
        record.save()
        atexit.unregister(self.down)
        self._unlock()

    def down(self) -> None:
        """Remove the lab and everything in it; quiet when there is none."""
        if self.record is None:
            return
        finished(lambda: netns.remove_lab(self.lab))
        self._unlock()
        self.record = None
        atexit.unregister(self.down)

    def renew(self) -> None:
        """The same lab as it was at first: all of its hosts are made anew, under its name."""
        kept = self._known().kept
        self.down()
        self._by_hand.clear()
        self.up()
        if kept:
            self.keep()

    def missing(self) -> list[str]:
        """The hosts whose first process has ended: by `rm -rf /` or `poweroff -f` inside, or a kill from outside; and
        those whose network namespace lost its name, by an `ip netns del` from outside. All when the switches did."""
        record = self._known()
        return [name for name in self.shape.names if not netns.stands(record, name)]

    def heal(self) -> list[str]:
        """Make hosts anew that have ended, the others are left as they are; the names of those made."""
        record, gone = self._known(), self.missing()
        for name in gone:
            netns.remove_host(record, self.shape, name)
        if not record.owns(records.netns_name(self.lab, records.SWITCH)):
            netns.remove_switches(record)
            netns.make_switches(record)
        record.save()
        self._make(tuple(self.shape.host(name) for name in gone), engine_data(self.version, self.progress))
        return gone

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> NamespaceHosts:
        return self.up()

    def __exit__(self, *_: object) -> None:
        self.down()

    # -- work ------------------------------------------------------------------------------------------------

    @property
    def docker_hosts(self) -> tuple[str, ...]:
        """The names of the hosts that can run a dockerd."""
        return self.shape.docker_hosts

    @property
    def names(self) -> tuple[str, ...]:
        """The hosts' names in the lab's order."""
        return self.shape.names

    @property
    def created(self) -> float:
        return self._known().created

    def pid(self, host: str) -> int:
        """The machine's pid of a host's first process, whose namespaces are the host's. UnknownName, EngineError."""
        if host not in self.names:
            raise UnknownName(
                "there is no host {host} in the lab; there are {names}", host=host, names=", ".join(self.names)
            )
        pid = self.record.pids.get(host, 0) if self.record else 0
        if not pid or not netns.is_running(pid, self.lab):
            raise EngineError(
                "the lab host {host} is gone: its first process has ended",
                hint="`%dnet reset` makes the lab anew.",
                host=host,
            )
        return pid

    def root(self, host: str) -> str:
        """A host's root directory as this process can open it."""
        return f"/proc/{self.pid(host)}/root"

    def socket(self, host: str) -> str:
        """Path of a host's dockerd socket as this process can open it."""
        return f"{self.root(host)}/run/docker.sock"

    def client(self, host: str) -> Any:
        socket = self.socket(host)
        if socket not in self._clients:
            self._clients[socket] = api.client(socket)
        return self._clients[socket]

    def look(self, host: str) -> Sight:
        return direct.Direct(self.root(host), host in self.docker_hosts, self._nics(host))

    def _nics(self, host: str) -> dict[str, str]:
        return {nic.name: nic.switch for nic in self.shape.nics_of(host)}

    def listens(self, host: str, pid: int, port: int) -> bool:
        return direct.listens(self.root(host), pid, port)

    def spots(self, host: str, pids: dict[str, int]) -> dict[Where, str] | None:
        return {Where(host, name): direct.entrance(self.root(host), name, pid) for name, pid in pids.items()}

    def words(self, host: str) -> list[str]:
        """The words that run what follows them inside a host."""
        return netns.enter(self.lab, host, self.pid(host))

    def run(self, host: str, text: str, timeout: float = 120.0, stdin: str | None = None) -> Ran:
        """Run a shell text verbatim on a host, as root in /root, without a terminal.

        After `timeout` seconds, or when it has said a mebibyte, the text gets Ctrl-C's signal, two seconds later it is
        killed; after the time exit_code is 124 unless the text ended by itself.
        """
        made = self._provide_sub_interfaces(host, text)
        with login.serving(host, text, self.names, lambda there, words: self._run(there, words, timeout, None)):
            ran = self._run(host, self._with_sub_interfaces(host, text), timeout, stdin)
        self._settle_sub_interfaces(host, text, made)
        return ran

    def _run(self, host: str, text: str, timeout: float, stdin: str | None) -> Ran:
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

    # -- VLANs on a kernel that has none ---------------------------------------------------------------------------

    def _provide_sub_interfaces(self, host: str, text: str) -> list[str]:
        """Stand-ins for the sub-interfaces that a `docker network create` asks for, where the kernel lacks 802.1Q."""
        if host not in self.docker_hosts or "create" not in text or not (asked := SUB_INTERFACE.findall(text)):
            return []
        if netns.kernel_has_vlan():
            return []
        return [near for near in dict.fromkeys(asked) if netns.stand_in(self.lab, self.shape, host, near)]

    def _with_sub_interfaces(self, host: str, text: str) -> str:
        """The text, with `ip link add … type vlan` as what takes a stand-in that was made for it; else as it is."""
        if "vlan" not in text or not ADDED.search(text) or netns.kernel_has_vlan():
            return text

        def added(found: re.Match[str]) -> str:
            near = found["last"] or found["first"]
            if not near.endswith(f".{found['id']}") or not netns.stand_in(self.lab, self.shape, host, near):
                return found[0]
            self._by_hand.add((host, near))
            return f"ip link set {near} down"  # as the kernel makes them

        return ADDED.sub(added, text)

    def _settle_sub_interfaces(self, host: str, text: str, made: list[str]) -> None:
        """As dockerd does with links it made itself: one is there while a network has it as its parent."""
        if not made and (
            host not in self.docker_hosts or not re.search(r"\bnetwork\b.*\brm\b|\bprune\b|\bremove\b", text)
        ):
            return
        there = netns.stand_ins(self.lab, host)
        with contextlib.suppress(Exception):  # a daemon that is stopped says nothing of its networks
            parents = (
                {(row.get("Options") or {}).get("parent") for row in self.client(host).networks()} if there else set()
            )
            by_hand = {near for where, near in self._by_hand if where == host}
            for near in set(there) - parents - by_hand:
                netns.remove_stand_in(self.lab, host, near)


# -- what a lab needs of the machine ------------------------------------------------------------------------------


def why_not() -> str:
    """Why this machine can't make lab hosts in namespaces; '' when it can."""
    if not sys.platform.startswith("linux"):
        return say("namespaces are a feature of Linux")
    if os.geteuid() != 0:
        return say("only root may make network namespaces")
    for tool in ("ip", "nsenter", "unshare", "busybox", "bash", "dockerd", "docker", "curl", "iptables"):
        if shutil.which(tool) is None:
            return say("the program {tool} is missing", tool=tool)
    if not cgroups.hierarchies():
        return say("no control groups are mounted at /sys/fs/cgroup")
    return ""


def _check(shape: Topology) -> None:
    """Raise EngineError for what a lab of real hosts can't have."""
    known = {tag for image in images.CATALOGUE for tag in image.tags}
    if unknown := sorted(set(shape.images) - known):
        raise EngineError(
            "real lab hosts have no image {unknown}",
            hint="They have {known}.",
            unknown=unknown[0],
            known=", ".join(sorted(known)),
        )
    for switch in shape.switches:
        if switch.ports and netns.kernel_has_vlan():
            raise EngineError(
                "the switch {name} has ports with VLANs, which lab hosts have only on kernels without 802.1Q",
                hint="The simulator has them.",
                name=switch.name,
            )


def engine_data(version: str, progress: Progress | None = None) -> Path:
    """A directory with the lab's images as dockerd of this release keeps them; made once, then taken from the cache.

    A dockerd that keeps them in containerd's store (29) leaves nothing that could be copied: then there is an archive
    in the directory, for `docker load` on each host.
    """
    archive = images_archive(progress)
    with writing() as folder:
        data = folder / f"data-{version}-{source_digest()}"
        if not data.exists():
            tell(progress, "loading the lab's images into dockerd {version}, once", version=version)
            _load_images(version, archive, data)
    return data


def _load_images(version: str, archive: Path, data: Path) -> None:
    empty = data.parent / "empty"
    empty.mkdir(exist_ok=True)
    shape = Topology((HostPlan("loader", docker=True),), (Nic("loader", "eth0"),))
    part = data.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    with contextlib.closing(_Loader(NamespaceHosts(version, shape=shape).up(empty))) as loader:
        part.mkdir()
        loader.load(archive, part)
    part.rename(data)


class _Loader:
    """A host whose dockerd is given the lab's images once, to be copied."""

    def __init__(self, hosts: NamespaceHosts) -> None:
        self.hosts = hosts

    def load(self, archive: Path, part: Path) -> None:
        root = Path(self.hosts.root("loader"))
        shutil.copyfile(archive, root / "root/images.tar")
        ran = self.hosts.run("loader", "docker load -q -i /root/images.tar && systemctl stop docker", timeout=LIMIT)
        if ran.exit_code != 0:
            raise EngineError("docker load failed: {stderr}", stderr=ran.stderr.strip())
        store = [root / "var/lib/docker" / name for name in ("image", "overlay2")]
        if not all(folder.is_dir() for folder in store):
            shutil.copyfile(archive, part / Path(ARCHIVE).name)
            return
        for folder in store:
            run_tool("cp", "-a", str(folder), str(part))

    def close(self) -> None:
        self.hosts.down()


def sweep(progress: Progress | None = None) -> list[str]:
    """Remove what crashed labs left behind; the names of those labs."""
    with records.removing():
        gone = records.abandoned_labs()
        for lab in gone:
            netns.remove_lab(lab)
            tell(progress, "removed what the lab {lab} had left behind", lab=lab)
    return gone


# -- the provider -------------------------------------------------------------------------------------------------


class Namespaces:
    """`HostProvider` on Linux with root."""

    name = "namespaces"

    def why_not(self) -> str:
        return why_not()

    def offer(self) -> str:
        releases = ", ".join(ready_releases())
        return say("Linux, root, Docker {releases}: a dockerd per network namespace; no wall against root inside",
                   releases=releases)  # fmt: skip

    def up(self, shape: Topology, release: str | None, lab: str, progress: Progress | None) -> NamespaceHosts:
        return NamespaceHosts(release or newest_release(), progress=progress, lab=lab, shape=shape).up()

    def attach(self, lab: str) -> NamespaceHosts:
        record = records.load_record(lab)
        if record is None or not record.kept:
            raise UnknownName("no lab {lab} is kept in namespaces", lab=lab)
        hosts = NamespaceHosts(record.version, lab=lab, shape=parse_topology(record.shape))
        hosts.record = record
        return hosts

    def standing(self) -> list[Standing]:
        return [row for record in records.records() for row in _standing(record)]

    def down(self, lab: str) -> None:
        """Raises EngineError when a process that runs has the lab for itself."""
        record = records.load_record(lab)
        if record is not None and not record.kept and records.maker_is_alive(lab):
            raise EngineError(
                "the lab {lab} is in use by the process {maker}",
                hint="It is removed when that process ends.",
                lab=lab,
                maker=record.maker,
            )
        with records.removing():
            netns.remove_lab(lab)

    def sweep(self, progress: Progress | None) -> list[str]:
        return sweep(progress) if not why_not() else []


def _standing(record: records.LabRecord) -> list[Standing]:
    shape = parse_topology(record.shape)
    rows = []
    for host in shape.hosts:
        pid, address = record.pids.get(host.name, 0), shape.address_of(host.name)
        state = "starting" if not pid else "up" if netns.stands(record, host.name) else "gone"
        if state == "starting" and (record.kept or not records.maker_is_alive(record.lab)):
            state = "gone"
        daemon = "-" if host.name not in record.daemons else "started" if _has_daemon(pid) else "stopped"
        rows.append(Standing(record.lab, "namespaces", record.version, host.name, str(address.ip) if address else "-",
                             daemon, state, record.kept))  # fmt: skip
    return rows


def _has_daemon(pid: int) -> bool:
    """Whether the dockerd runs that a host's pid file names."""
    with contextlib.suppress(OSError, ValueError):
        root = Path(f"/proc/{pid}/root")
        own = int((root / "run/docker.pid").read_text())
        return (root / f"proc/{own}/comm").read_text() == "dockerd\n"
    return False
