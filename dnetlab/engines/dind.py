"""Lab hosts as containers of any Docker Engine you have: docker-in-docker, on networks that belong to the lab alone.

Each lab host is a container with a dockerd of its own inside; the LAN is a Docker network 172.25.254.0/24, the trunk
a second one. All of it carries the label `dnetlab.lab`, and nothing without it is ever removed.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import io
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dnetlab.engines import images, pulled
from dnetlab.engines.inventory import moment
from dnetlab.engines.labhosts import (
    CLEAN_ENVIRONMENT,
    VERSIONS,
    Progress,
    Ran,
    cache,
    images_archive,
    run_limited,
    side_by_side,
)
from dnetlab.engines.namespaces import DEFAULT_LAB, HOSTFILES, HostPlan
from dnetlab.errors import EngineError, UnknownName

LABEL = "dnetlab.lab"
MAKER = "dnetlab.maker"
MARK = "run/dnetlab/lab"  # in each host: lab/host
KEPT = "/run/dnetlab/kept"  # a file in docker1 of a lab that outlives its maker
TRUNK = "198.18.254.0/24"  # addresses the outer engine insists on; they are taken off the hosts at once (RFC 2544)
IMAGE = "dnetlab/host"
# What a lab host needs of the machine when no registry answers: the engine, and Debian's tools for networks.
PROGRAMS = [
    "dockerd", "containerd", "containerd-shim-runc-v2", "runc", "docker", "docker-proxy", "docker-init",
    "bash", "busybox", "curl", "ip", "bridge", "ss", "brctl", "iptables", "iptables-save", "iptables-restore",
    "ip6tables", "ip6tables-save", "ping", "ps", "pgrep", "pkill", "kill", "sysctl", "netstat", "arp",
    "route", "traceroute", "hostname", "setsid", "unshare", "nsenter", "mount", "umount", "cat", "ls", "grep",
    "head", "tail", "wc", "sort", "uniq", "sleep", "sh", "env", "id", "tar", "date", "readlink", "stat",
    "uname", "cp", "mv", "rm", "mkdir", "rmdir", "ln", "chmod", "touch", "tee", "cut", "tr", "sed", "awk",
    "find", "xargs", "true", "false", "echo", "printf", "dirname", "basename", "seq", "nproc", "timeout",
    "modprobe", "kmod", "xtables-nft-multi",
]  # fmt: skip
BOOT = """\
set -e
for link in $(ls /sys/class/net); do
    [ "$link" = lo ] && continue
    if ip -4 addr show dev "$link" | grep -q 'inet 172.25.254.'; then lan=$link; else trunk=$link; fi
done
ip route del default 2>/dev/null || :
if [ -n "$trunk" ]; then
    ip link set "$trunk" down; ip addr flush dev "$trunk"; ip link set "$trunk" name enp7s0
    ip link set enp7s0 promisc on; ip link set enp7s0 up
fi
if [ "$lan" != eth0 ]; then ip link set "$lan" down; ip link set "$lan" name eth0; ip link set eth0 up; fi
ip -4 addr show dev eth0 | grep -q 'inet 172.25.254.' || ip addr add "$DNETLAB_ADDRESS/24" brd + dev eth0
iptables -t nat -F; iptables -t nat -X; iptables -F
echo 'nameserver 192.0.2.53' >/etc/resolv.conf
printf '127.0.0.1\\tlocalhost\\n%s\\t%s\\n' "$DNETLAB_ADDRESS" "$DNETLAB_HOST" >/etc/hosts
echo 0 >/proc/sys/net/ipv4/ip_forward 2>/dev/null || sysctl -qw net.ipv4.ip_forward=0
"""


def outer_client(base_url: str | None = None) -> Any:
    """An API client of the outer Docker Engine: $DOCKER_HOST's, or the machine's own."""
    import docker

    return docker.APIClient(base_url=base_url or os.environ.get("DOCKER_HOST"), timeout=60)


def why_not(base_url: str | None = None) -> str:
    """Why the lab hosts can't be containers here; '' when they can."""
    try:
        api = outer_client(base_url)
    except ImportError:
        return "the package docker is not installed"
    except Exception:  # noqa: BLE001 - any way of not answering
        return "no Docker Engine answers on this machine"
    try:
        system = api.info()
    except Exception:  # noqa: BLE001
        return "no Docker Engine answers on this machine"
    finally:
        api.close()
    return "" if system.get("OSType") == "linux" else "the Docker Engine here runs Windows containers"


class DindHosts:
    """The lab hosts of one lab, as containers of an outer Docker Engine; the same methods as `LabHosts`.

    base_url  of the outer engine; None for the machine's own
    proc      the /proc in which the outer engine's pids are ours: snapshots look through it
    release   '20.10', '26.1' or '28.5', pulled from a registry; None for the newest, or what this machine has
    direct    whether snapshots enter the hosts' namespaces (True) or ask by exec (False); None: what works here
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        proc: str = "/proc",
        progress: Progress | None = None,
        daemons: tuple[str, ...] | None = None,
        lab: str | None = None,
        direct: bool | None = None,
        release: str | None = None,
    ) -> None:
        self._release = release
        self._image_name = f"{IMAGE}:latest"
        self._archive: Path | None = None
        self._direct = direct
        self.base_url = base_url
        self.proc = proc
        self.progress = progress
        self.plans = DEFAULT_LAB
        self.daemons = self.docker_hosts if daemons is None else daemons
        self.lab = lab or secrets.token_hex(3)
        self.version = ""
        self.record: Any = SimpleNamespace(created=time.time(), lab=self.lab)
        self._api: Any = None
        self._pids: dict[str, int] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(plan.name for plan in self.plans)

    @property
    def docker_hosts(self) -> tuple[str, ...]:
        return tuple(plan.name for plan in self.plans if plan.docker)

    @property
    def api(self) -> Any:
        if self._api is None:
            self._api = outer_client(self.base_url)
        return self._api

    @property
    def direct(self) -> bool:
        """Whether this process can enter the namespaces of the hosts: root, on the machine that the engine runs on."""
        if self._direct is None:
            self._direct = all(self._is_within_reach(host) for host in self._pids) if self._pids else False
        return self._direct

    def _is_within_reach(self, host: str) -> bool:
        """The outer engine's pid must be that very host here too: behind Docker Desktop it is some other process."""
        root = Path(f"{self.proc}/{self._pids[host]}/root")
        try:
            return os.geteuid() == 0 and (root / MARK).read_text() == f"{self.lab}/{host}\n"
        except OSError:
            return False

    def container(self, host: str) -> str:
        """The name of a host's container on the outer engine."""
        return self._name(host)

    def _name(self, what: str) -> str:
        return f"dnetlab-{self.lab}-{what}"

    def _say(self, text: str) -> None:
        if self.progress is not None:
            self.progress(text)

    # -- life ------------------------------------------------------------------------------------------------

    def up(self) -> DindHosts:
        """Make the networks and the hosts and start their daemons. On any failure all is removed again."""
        reason = why_not(self.base_url)
        if reason:
            raise EngineError(f"lab hosts can't be containers here: {reason}", hint="the simulator needs none of it")
        sweep(self.base_url)
        standing = [row["Labels"][LABEL] for row in self.api.networks(filters={"label": LABEL})]
        if standing:
            raise EngineError(f"the lab {standing[0]} is up on this Docker Engine", hint="End it first: dnetlab down")
        atexit.register(self.down)
        try:
            self._image()
            if self.daemons:
                outer = ["docker", *(["-H", self.base_url] if self.base_url else [])]
                self._archive = pulled.archive(self.api, outer, self._say)
                if self._archive is None:
                    self._say("no registry answers: the lab's images are made from the programs of this machine")
            self._network("lan", "172.25.254.0/24", "172.25.254.254")
            self._network("trunk", TRUNK, None)
            side_by_side(self, self._start)
        except BaseException:
            self.down()
            raise
        return self

    def _labels(self) -> dict[str, str]:
        return {LABEL: self.lab, MAKER: maker()}

    def _image(self) -> None:
        """The image of a lab host: pulled where a registry answers, else made from the programs of this machine."""
        wanted = self._release or VERSIONS[-1]
        name = f"{IMAGE}:{wanted}-{hashlib.sha256(pulled.PREPARE.encode()).hexdigest()[:8]}"
        if self.api.images(name=name) or pulled.host_image(self.api, wanted, name, self._labels(), self._say):
            self._image_name = name
            return
        if self._release is not None and self._release != (own := machine_release()):
            raise EngineError(
                f"no registry answers for Docker {self._release}, and this machine has {own or 'no dockerd'}",
                hint="Leave the release out, or name a registry in DNETLAB_REGISTRY.",
            )
        if self.api.images(name=f"{IMAGE}:latest"):
            return
        if not sys.platform.startswith("linux"):
            raise EngineError("no registry answers, and lab hosts can't be made from the programs of this system")
        self._say("no registry answers: making the image of a lab host from the programs of this machine")
        archive = cache() / "host.tar"
        cache().mkdir(parents=True, exist_ok=True)
        images.write_one(archive, f"{IMAGE}:latest", host_layer(), ("/sbin/init",))
        with archive.open("rb") as file:
            self.api.load_image(file)
        archive.unlink()

    def _network(self, what: str, subnet: str, gateway: str | None) -> None:
        import docker

        pool = docker.types.IPAMPool(subnet=subnet, gateway=gateway)
        self.api.create_network(
            self._name(what), driver="bridge", labels=self._labels(), ipam=docker.types.IPAMConfig(pool_configs=[pool])
        )

    def _start(self, plan: HostPlan) -> None:
        api = self.api
        config = api.create_host_config(
            cap_add=["ALL"], cap_drop=["SYS_RESOURCE"],
            security_opt=["seccomp=unconfined", "apparmor=unconfined"],
            binds=["/sys/fs/cgroup:/sys/fs/cgroup:rw"], network_mode=self._name("lan"),
            tmpfs={"/var/lib/docker": "exec,dev,suid", "/run": "exec,dev,suid", "/tmp": "exec"},
        )  # fmt: skip
        config["MaskedPaths"], config["ReadonlyPaths"] = [], []  # what the client's systempaths=unconfined means
        network = api.create_networking_config(
            {self._name("lan"): api.create_endpoint_config(ipv4_address=plan.address)}
        )
        created = api.create_container(
            self._image_name, entrypoint=["/sbin/init"],
            name=self._name(plan.name), hostname=plan.name, labels=self._labels(),
            host_config=config, networking_config=network,
            environment={"DNETLAB_HOST": plan.name, "DNETLAB_ADDRESS": plan.address, **CLEAN_ENVIRONMENT},
        )  # fmt: skip
        if plan.docker:
            api.connect_container_to_network(created["Id"], self._name("trunk"))
        api.start(created["Id"])
        self._pids[plan.name] = api.inspect_container(created["Id"])["State"]["Pid"]
        self._checked(plan.name, f"mkdir -p /run/dnetlab && echo {self.lab}/{plan.name} >/{MARK}\n{BOOT}")
        self._say(f"{plan.name}: up at {plan.address}")
        if plan.docker and plan.name in self.daemons:
            self.start_daemon(plan.name)

    def start_daemon(self, host: str) -> None:
        """Start a host's dockerd, wait until it answers, and give it the lab's images."""
        arguments = "--bip 172.17.0.1/16 --host unix:///run/docker-lab.sock"
        self._checked(
            host,
            f"mkdir -p /run/dnetlab && echo '/{self._name(host)}' >/run/dnetlab/cgroup && "
            f"echo '{arguments}' >/run/dnetlab/arguments && systemctl start docker",
        )
        self._load(host)
        self.version = self.version or _short(self.run(host, "docker version -f '{{.Server.Version}}'").stdout)
        self._say(f"{host}: dockerd answers")

    def _load(self, host: str) -> None:
        """Give a host's dockerd the lab's images."""
        archive = self._archive or images_archive(self.progress)
        self._put(host, "/root/images.tar", archive.read_bytes())
        self._checked(host, "docker load -q -i /root/images.tar && rm /root/images.tar")
        if self._archive is not None:
            for name in pulled.EXTRA:
                self._put(host, f"/root/{name}.tar", pulled.extra(name))
            self._checked(host, pulled.naming() + "\nrm /root/*.tar")

    def _put(self, host: str, path: str, data: bytes) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            entry = tarfile.TarInfo(Path(path).name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        self.api.put_archive(self._name(host), str(Path(path).parent), buffer.getvalue())

    def _checked(self, host: str, text: str) -> None:
        ran = self.run(host, text, 120)
        if ran.exit_code != 0:
            raise EngineError(f"the lab host {host} did not start: {(ran.stderr or ran.stdout).strip()[-400:]}")

    def keep(self) -> None:
        """Let the lab outlive this process, until `dnetlab down`."""
        self._checked("docker1", f"touch {KEPT}")
        atexit.unregister(self.down)

    def attach(self) -> DindHosts:
        """Use the lab of this name that stands already."""
        for plan in self.plans:
            state = self.api.inspect_container(self._name(plan.name))["State"]
            self._pids[plan.name] = state["Pid"]
            self.record.created = min(self.record.created, moment(state["StartedAt"]) or self.record.created)
        self.version = _short(self.run("docker1", "docker version -f '{{.Server.Version}}'").stdout)
        return self

    def down(self) -> None:
        """Remove everything that carries this lab's label; quiet when nothing does."""
        with contextlib.suppress(Exception):
            remove_lab(self.api, self.lab)
        atexit.unregister(self.down)
        self._pids.clear()

    def __enter__(self) -> DindHosts:
        return self.up()

    def __exit__(self, *_: object) -> None:
        self.down()

    # -- work ------------------------------------------------------------------------------------------------

    def root(self, host: str) -> str:
        """A host's root directory as this process can open it. Raises EngineError where it can't."""
        if host not in self.names:
            raise UnknownName(f"there is no host {host} in the lab; there are {', '.join(self.names)}")
        path = f"{self.proc}/{self._pids.get(host, 0)}/root"
        if not os.access(f"{path}/proc/1/ns/net", os.R_OK):
            raise EngineError(
                "the lab hosts' network stacks can't be read from here",
                hint="run dnetlab as root on the Linux machine whose Docker Engine it uses",
            )
        return path

    def socket(self, host: str) -> str:
        """Path of a host's dockerd socket as this process can open it."""
        return f"{self.root(host)}/run/docker.sock"

    def run(self, host: str, text: str, timeout: float = 120.0, stdin: str | None = None) -> Ran:
        """Run a shell text verbatim on a host; see `LabHosts.run`."""
        # By a variable that is gone at once: `ps ax | grep proxy` and `env` must not find the text itself.
        answer = f" <<< {shlex.quote(stdin.strip())}" if stdin else ""
        script = f"{{ {text}\n}}{answer}" if answer else text
        words = [
            "docker",
            *(["-H", self.base_url] if self.base_url else []),
            "exec",
            "-w",
            "/root",
            "-e",
            f"DNETLAB_TEXT={script}",
            self._name(host),
            "timeout",
            "--preserve-status",
            "-s",
            "INT",
            "-k",
            "2",
            f"{timeout:g}",
            "bash",
            "-c",
            'text=$DNETLAB_TEXT; unset DNETLAB_TEXT; eval "$text"',
        ]
        ran = run_limited(words, timeout + 10)
        return ran._replace(stderr=re.sub(r"(?m)^bash: line \d+: ", "bash: ", ran.stderr))


def machine_release() -> str:
    """The release of this machine's own dockerd, such as '20.10'; '' when it has none."""
    if shutil.which("dockerd") is None:
        return ""
    said = subprocess.run(["dockerd", "--version"], capture_output=True, text=True).stdout
    return _short(said.partition("version ")[2])


def _short(version: str) -> str:
    return ".".join(version.strip().split(".")[:2])


# -- the image of a lab host ----------------------------------------------------------------------------------------


def host_layer() -> bytes:
    """A root file system with dockerd and the tools of a lab host, from the programs of this machine, as a tar file."""
    layer = images.Layer(merged=True)
    for folder in ("dev", "proc", "sys", "tmp", "root", "home", "mnt", "var/lib/docker", "var/log", "usr/local/sbin"):
        layer.folder(folder)
    layer.link("var/run", "/run")
    for name in PROGRAMS:
        found = shutil.which(name)
        if found:
            layer.program_at(found, os.path.realpath(os.path.dirname(found)) + "/" + name)
    listing = subprocess.run(
        ["sh", "-c", "ls -d /usr/lib/*/xtables/*.so"], capture_output=True, text=True
    ).stdout.split()
    for path in listing:
        layer.file(path, Path(path).read_bytes(), 0o644)
    for tool in ("systemctl", "yum"):
        layer.file(f"usr/local/sbin/{tool}", (HOSTFILES / f"{tool}.sh").read_bytes(), 0o755)
    for tool in ("dnf", "apt", "apt-get"):
        layer.link(f"usr/local/sbin/{tool}", "yum")
    layer.file("usr/sbin/init", Path(shutil.which("busybox") or "/bin/busybox").resolve().read_bytes(), 0o755)
    layer.file("etc/inittab", "::sysinit:/bin/true\n")
    for name in ("passwd", "group", "nsswitch.conf", "services", "protocols", "os-release", "debian_version"):
        if Path("/etc", name).is_file():
            layer.file(f"etc/{name}", Path("/etc", name).read_bytes())
    layer.file("root/.curlrc", "--no-progress-meter\n")
    return layer.done()


# -- removing ---------------------------------------------------------------------------------------------------------


def remove_lab(api: Any, lab: str) -> None:
    """Remove the containers and networks that carry this lab's label."""
    filters = {"label": f"{LABEL}={lab}"}
    for row in api.containers(all=True, filters=filters):
        with contextlib.suppress(Exception):
            started = api.exec_create(row["Id"], ["sh", "-c", _UNDO.format(lab=lab)])
            api.exec_start(started["Id"])
        with contextlib.suppress(Exception):
            api.remove_container(row["Id"], force=True, v=True)
    for row in api.networks(filters=filters):
        with contextlib.suppress(Exception):
            api.remove_network(row["Id"])


_UNDO = """pkill -KILL dockerd; pkill -KILL containerd; pkill -KILL -f containerd[-]shim
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    left=$(find /sys/fs/cgroup -depth -type d -path "*dnetlab-{lab}-$DNETLAB_HOST*")
    [ -z "$left" ] && break
    for p in $(cat $(printf '%s/cgroup.procs ' $left) 2>/dev/null); do kill -9 $p; done
    rmdir $left 2>/dev/null || sleep 0.1
done"""


def maker() -> str:
    """This process, as a label: the machine, the pid, and when it was started."""
    return f"{os.uname().nodename}:{os.getpid()}:{_start_of(os.getpid())}"


def _start_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def _maker_is_alive(label: str) -> bool:
    machine, _, rest = label.partition(":")
    pid, _, start = rest.partition(":")
    if machine != os.uname().nodename or not pid.isdecimal():
        return True  # another machine's lab on a shared engine: only its owner may say
    return bool(start) and _start_of(int(pid)) == start


def kept_lab(base_url: str | None = None) -> str | None:
    """The lab that `dnetlab up` left standing on the outer engine; None when there is none, or no engine."""
    try:
        api = outer_client(base_url)
        rows = api.containers(filters={"label": LABEL})
    except Exception:  # noqa: BLE001 - no engine, no lab
        return None
    for row in rows:
        if row["Names"][0].endswith("-docker1") and _is_kept(api, row["Id"]):
            return str(row["Labels"][LABEL])
    return None


def _is_kept(api: Any, container: str) -> bool:
    try:
        started = api.exec_create(container, ["bash", "-c", f"test -e {KEPT}"])
        api.exec_start(started["Id"])
        return bool(api.exec_inspect(started["Id"])["ExitCode"] == 0)
    except Exception:  # noqa: BLE001 - it does not run
        return False


def _rows(api: Any) -> list[dict[str, Any]]:
    filters = {"label": LABEL}
    return [*api.containers(all=True, filters=filters), *api.networks(filters=filters)]


def sweep(base_url: str | None = None) -> list[str]:
    """Remove the labs whose maker died before it finished or removed them; their names."""
    return _remove(base_url, lambda row: not _maker_is_alive(row["Labels"].get(MAKER, "")), spare_kept=True)


def remove_all(base_url: str | None = None) -> list[str]:
    """Remove every lab on the outer engine that carries the label; their names, [] when no engine answers."""
    return _remove(base_url, lambda row: True, spare_kept=False)


def _remove(base_url: str | None, which: Callable[[dict[str, Any]], bool], spare_kept: bool) -> list[str]:
    try:
        api = outer_client(base_url)
        rows = _rows(api)
    except Exception:  # noqa: BLE001 - no engine, so nothing of ours on it
        return []
    spared = kept_lab(base_url) if spare_kept else None
    labs = sorted({row["Labels"][LABEL] for row in rows if which(row)} - {spared})
    for lab in labs:
        remove_lab(api, lab)
    api.close()
    return labs
