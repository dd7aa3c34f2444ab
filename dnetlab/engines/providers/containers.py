"""Lab hosts as containers of any Docker Engine you have: docker-in-docker, on networks that belong to the lab alone.

Each lab host is a container with a dockerd of its own inside; each switch is a Docker network. The addresses that the
outer engine gives are taken off at once, so that several labs stand side by side. All of it carries the label
`dnetlab.lab`, and nothing without it is ever removed.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import re
import secrets
import shlex
import tarfile
import time
from pathlib import Path
from typing import Any

from dnetlab.engines.look import direct, one_exec
from dnetlab.engines.look.api import client as api_client
from dnetlab.engines.look.api import moment
from dnetlab.engines.providers import Sight, Standing, cgroups, login, pulled
from dnetlab.engines.providers.container_image import host_image, short
from dnetlab.engines.providers.shape import lab_toml
from dnetlab.engines.providers.starting import finished, side_by_side
from dnetlab.engines.running import CLEAN_ENVIRONMENT, Progress, Ran, run_limited, tell
from dnetlab.engines.store import images_archive
from dnetlab.errors import EngineError, UnknownName
from dnetlab.language import say
from dnetlab.model import Switch, Topology, default_topology
from dnetlab.model.labfile import parse_topology
from dnetlab.model.topology import HostPlan, Nic
from dnetlab.model.where import Where

LABEL, MAKER, HOST, SHAPE = "dnetlab.lab", "dnetlab.maker", "dnetlab.host", "dnetlab.shape"
MARK = "run/dnetlab/lab"  # in each host: lab/host
KEPT = "/root/.dnetlab-kept"  # a file in the first host of a lab that outlives its maker
ROUNDS = 20  # of removing what carries the label
LIMIT = 300.0  # seconds that a dockerd may take to start on a machine with much else to do


def outer_client(base_url: str | None = None) -> Any:
    """An API client of the outer Docker Engine: $DOCKER_HOST's, or the machine's own."""
    import docker

    return docker.APIClient(base_url=base_url or os.environ.get("DOCKER_HOST"), timeout=120)


def why_not(base_url: str | None = None) -> str:
    """Why the lab hosts can't be containers here; '' when they can."""
    try:
        api = outer_client(base_url)
    except ImportError:
        return say("the package docker is not installed")
    except Exception:  # noqa: BLE001 - any way of not answering
        return say("no Docker Engine answers on this machine")
    try:
        system = api.info()
    except Exception:  # noqa: BLE001
        return say("no Docker Engine answers on this machine")
    finally:
        api.close()
    return "" if system.get("OSType") == "linux" else say("the Docker Engine here runs Windows containers")


class ContainerHosts:
    """The lab hosts of one lab, as containers of an outer Docker Engine.

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
        shape: Topology | None = None,
    ) -> None:
        self._release = release
        self._image_name = ""
        self._archive: Path | None = None
        self._direct = direct
        self.base_url = base_url
        self.proc = proc
        self.progress = progress
        self.shape = shape or default_topology()
        self.daemons = self.docker_hosts if daemons is None else daemons
        self.lab = lab or secrets.token_hex(3)
        self.version = ""
        self.created = time.time()
        self._api: Any = None
        self._pids: dict[str, int] = {}
        self._clients: dict[str, Any] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return self.shape.names

    @property
    def docker_hosts(self) -> tuple[str, ...]:
        return self.shape.docker_hosts

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

    def container(self, what: str) -> str:
        """The name of a host's container on the outer engine."""
        return f"dnetlab-{self.lab}-{what}"

    # -- life ------------------------------------------------------------------------------------------------

    def up(self) -> ContainerHosts:
        """Make the networks and the hosts and start their daemons. On any failure all is removed again."""
        _check(self.shape)
        reason = why_not(self.base_url)
        if reason:
            raise EngineError(
                "lab hosts can't be containers here: {why}", hint="the simulator needs none of it", why=reason
            )
        sweep(self.base_url)
        if _rows(self.api, self.lab):
            raise EngineError("a lab {lab} is there already", hint="End it first: dnetlab down {lab}", lab=self.lab)
        atexit.register(self.down)
        try:
            self._image_name = host_image(self.api, self._release, self._labels(), self.progress)
            if self.daemons:
                outer = ["docker", *(["-H", self.base_url] if self.base_url else [])]
                self._archive = pulled.archive(self.api, outer, self.progress)
                if self._archive is None:
                    tell(self.progress, "no registry answers: the lab's images are made from this machine's programs")
            for switch in self.shape.switches:
                self.api.create_network(self._network(switch.name), driver="bridge", labels=self._labels())
            side_by_side(self.shape.hosts, self._start, self.progress)
            login.share(self.shape, lambda host, text: self._run(host, text, LIMIT, None))
        except BaseException:
            self.down()
            raise
        return self

    def _labels(self) -> dict[str, str]:
        return {LABEL: self.lab, MAKER: maker()}

    def _network(self, switch: str) -> str:
        return self.container(f"switch{[known.name for known in self.shape.switches].index(switch)}")

    def _start(self, plan: HostPlan, heard: Progress) -> None:
        api, nics = self.api, self.shape.nics_of(plan.name)
        config = api.create_host_config(
            cap_add=["ALL"], cap_drop=["SYS_RESOURCE"],
            security_opt=["seccomp=unconfined", "apparmor=unconfined"],
            binds=["/sys/fs/cgroup:/sys/fs/cgroup:rw"], network_mode=self._network(nics[0].switch) if nics else "none",
            tmpfs={"/var/lib/docker": "exec,dev,suid", "/run": "exec,dev,suid", "/tmp": "exec"},
        )  # fmt: skip
        config["MaskedPaths"], config["ReadonlyPaths"] = [], []  # what the client's systempaths=unconfined means
        created = api.create_container(
            self._image_name, entrypoint=["/sbin/init"],
            name=self.container(plan.name), hostname=plan.name, host_config=config,
            labels={**self._labels(), HOST: plan.name, SHAPE: lab_toml(self.shape)},
            environment={"DNETLAB_HOST": plan.name, **CLEAN_ENVIRONMENT},
        )  # fmt: skip
        for nic in nics[1:]:
            api.connect_container_to_network(created["Id"], self._network(nic.switch))
        self._boot(plan)
        address = self.shape.address_of(plan.name)
        up = "{host}: up at {address}" if address else "{host}: up"
        heard(say(up, host=plan.name, address=address.ip if address else ""))
        if plan.docker and plan.name in self.daemons:
            self.start_daemon(plan.name)
            heard(say("{host}: dockerd answers", host=plan.name))

    def _boot(self, plan: HostPlan) -> None:
        """Start a host's container and give it the addresses of the lab."""
        self.api.start(self.container(plan.name))
        data = self.api.inspect_container(self.container(plan.name))
        self._pids[plan.name] = data["State"]["Pid"]
        networks = data["NetworkSettings"]["Networks"]
        nics = [(networks[self._network(nic.switch)]["MacAddress"], nic) for nic in self.shape.nics_of(plan.name)]
        self._checked(plan.name, f"mkdir -p /run/dnetlab && echo {self.lab}/{plan.name} >/{MARK}\n")
        self._checked(plan.name, _boot_script(self.shape, plan, nics))

    def start_daemon(self, host: str) -> None:
        """Start a host's dockerd, wait until it answers, and give it the lab's images."""
        arguments = "--bip 172.17.0.1/16 --host unix:///run/docker-lab.sock"
        self._checked(
            host,
            f"mkdir -p /run/dnetlab && echo '/{cgroups.TOP}/{self.lab}/{host}' >/run/dnetlab/cgroup && "
            f"echo '{arguments}' >/run/dnetlab/arguments && systemctl start docker",
        )
        self._load(host)
        self.version = self.version or short(self.run(host, "docker version -f '{{.Server.Version}}'").stdout)

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
        self.api.put_archive(self.container(host), str(Path(path).parent), buffer.getvalue())

    def _checked(self, host: str, text: str) -> None:
        ran = self.run(host, text, LIMIT)
        if ran.exit_code != 0:
            raise EngineError(
                "the lab host {host} did not start: {error}", host=host, error=(ran.stderr or ran.stdout).strip()[-400:]
            )

    def keep(self) -> None:
        """Let the lab outlive this process, until `dnetlab down`."""
        self._put(self.names[0], KEPT, b"")
        atexit.unregister(self.down)

    def attach(self) -> ContainerHosts:
        """Use the lab of this name that stands already."""
        for row in self.api.containers(all=True, filters={"label": f"{LABEL}={self.lab}"}):
            labels = row["Labels"]
            self.shape = parse_topology(labels[SHAPE])
            state = self.api.inspect_container(row["Id"])["State"]
            self._pids[labels[HOST]] = state["Pid"]
            self.created = min(self.created, moment(state["StartedAt"]) or self.created)
        if not self._pids:
            raise UnknownName("no lab {lab} is kept in containers", lab=self.lab)
        for host in self.docker_hosts:
            with contextlib.suppress(EngineError):
                self.version = self.version or short(self.run(host, "docker version -f '{{.Server.Version}}'").stdout)
        return self

    def down(self) -> None:
        """Remove everything that carries this lab's label; quiet when nothing does."""
        with contextlib.suppress(Exception):
            finished(lambda: remove_lab(self.api, self.lab))
        atexit.unregister(self.down)
        self._forget()

    def _forget(self) -> None:
        self._pids.clear()
        self._clients.clear()

    def renew(self) -> None:
        """The same lab as it was at first: all of its hosts are made anew, under its name."""
        kept = _is_kept(self.api, self.container(self.names[0]))
        self.down()
        self.created = time.time()
        self.up()
        if kept:
            self.keep()

    def missing(self) -> list[str]:
        """The hosts whose container doesn't run."""
        rows = self.api.containers(filters={"label": f"{LABEL}={self.lab}"})
        running = {row["Labels"].get(HOST) for row in rows}
        return [name for name in self.names if name not in running]

    def heal(self) -> list[str]:
        """Make hosts anew that have ended, the others are left as they are; the names of those made."""
        gone = self.missing()
        self._image_name = self.api.inspect_container(self.container(self.names[0]))["Config"]["Image"]
        for name in gone:
            with contextlib.suppress(Exception):
                self.api.remove_container(self.container(name), force=True, v=True)
        kept = KEPT if self.names[0] in gone else ""
        side_by_side(tuple(self.shape.host(name) for name in gone), self._start, self.progress)
        login.share(self.shape, lambda host, text: self._run(host, text, LIMIT, None))
        if kept:
            self._put(self.names[0], KEPT, b"")
        self._clients.clear()
        return gone

    def __enter__(self) -> ContainerHosts:
        return self.up()

    def __exit__(self, *_: object) -> None:
        self.down()

    # -- work ------------------------------------------------------------------------------------------------

    def root(self, host: str) -> str:
        """A host's root directory as this process can open it. Raises EngineError where it can't."""
        if host not in self.names:
            raise UnknownName(
                "there is no host {host} in the lab; there are {names}", host=host, names=", ".join(self.names)
            )
        path = f"{self.proc}/{self._pids.get(host, 0)}/root"
        if not os.access(f"{path}/proc/1/ns/net", os.R_OK):
            raise EngineError(
                "the network stack of the lab host {host} can't be read from here",
                hint="Is it up? dnetlab ps says so. Otherwise run dnetlab as root where its Docker Engine is.",
                host=host,
            )
        return path

    def client(self, host: str) -> Any:
        if host not in self._clients:
            socket = self.socket(host)
            self._clients[host] = api_client(socket) if socket else one_exec.RemoteApi(self, host)
        return self._clients[host]

    def socket(self, host: str) -> str:
        """Path of a host's dockerd's socket as this process can open it, '' where it can't."""
        return f"{self.root(host)}/run/docker.sock" if self.direct else ""

    def terminal_of(self, host: str, container: str) -> Any:
        """A stream to the terminal of a container of a host."""
        words = ["docker", "attach", container]
        made = self.api.exec_create(self.container(host), words, stdin=True, tty=True)
        return self.api.exec_start(made["Id"], tty=True, socket=True)

    def look(self, host: str) -> Sight:
        nics = {nic.name: nic.switch for nic in self.shape.nics_of(host)}
        if not self.direct:
            return one_exec.look(self, host, nics)
        return direct.Direct(self.root(host), host in self.docker_hosts, nics)

    def listens(self, host: str, pid: int, port: int) -> bool:
        if self.direct:
            return direct.listens(self.root(host), pid, port)
        rows = self.run(host, f"cat /proc/{pid}/net/tcp /proc/{pid}/net/tcp6").stdout.splitlines()
        return direct.is_listed(rows, port)

    def spots(self, host: str, pids: dict[str, int]) -> dict[Where, str] | None:
        if not self.direct:
            return None
        return {Where(host, name): direct.entrance(self.root(host), name, pid) for name, pid in pids.items()}

    def run(self, host: str, text: str, timeout: float = 120.0, stdin: str | None = None) -> Ran:
        """Run a shell text verbatim on a host; see `NamespaceHosts.run`."""
        with login.serving(host, text, self.names, lambda there, words: self._run(there, words, timeout, None)):
            return self._run(host, text, timeout, stdin)

    def _run(self, host: str, text: str, timeout: float, stdin: str | None) -> Ran:
        # By a variable that is gone at once: `ps ax | grep proxy` and `env` must not find the text itself.
        answer = f" <<< {shlex.quote(stdin.strip())}" if stdin else ""
        script = f"{{ {text}\n}}{answer}" if answer else text
        words = ["docker", *(["-H", self.base_url] if self.base_url else []), "exec", "-w", "/root"]
        words += ["-e", f"DNETLAB_TEXT={script}", self.container(host)]
        words += ["timeout", "--preserve-status", "-s", "INT", "-k", "2", f"{timeout:g}"]
        words += ["bash", "-c", 'text=$DNETLAB_TEXT; unset DNETLAB_TEXT; eval "$text"']
        ran = run_limited(words, timeout + 10)
        return ran._replace(stderr=re.sub(r"(?m)^bash: line \d+: ", "bash: ", ran.stderr))


# -- what a host does first -------------------------------------------------------------------------------------------


def _boot_script(shape: Topology, plan: HostPlan, nics: list[tuple[str, Nic]]) -> str:
    """The shell text that gives a fresh container the NICs, addresses, routes and files of its host."""
    lines = ["set -e", "ip route flush default || :"]
    for number, (mac, _) in enumerate(nics):
        lines += [f"link=$(basename $(dirname $(grep -li '^{mac}$' /sys/class/net/*/address)))",
                  "ip link set $link down; ip addr flush dev $link", f"ip link set $link name nic{number}"]  # fmt: skip
    for number, (_, nic) in enumerate(nics):
        lines += [f"ip link set nic{number} name {nic.name}", f"ip link set {nic.name} up"]
        lines += [f"ip link set {nic.name} address {nic.mac}"] if nic.mac else []
        for address in nic.addresses:
            lines += [f"ip addr add {address} {'brd +' if address.version == 4 else ''} dev {nic.name}"]
        lines += [f"ip link set {nic.name} promisc on"] if nic.promiscuous else []
    lines += [f"ip route add {route.destination} via {route.gateway}" for route in plan.routes]
    lines += ["iptables -t nat -F; iptables -t nat -X; iptables -F"]
    lines += [f"echo '{f'nameserver {plan.resolver}' if plan.resolver else ''}' >/etc/resolv.conf"]
    own = shape.address_of(plan.name)
    lines += [f"printf '127.0.0.1\\tlocalhost\\n{own.ip if own else '127.0.1.1'}\\t{plan.name}\\n' >/etc/hosts"]
    forwarding = int(plan.forwarding)
    lines += [
        f"echo {forwarding} >/proc/sys/net/ipv4/ip_forward 2>/dev/null || sysctl -qw net.ipv4.ip_forward={forwarding}"
    ]
    return "\n".join(lines)


def _check(shape: Topology) -> None:
    """Raise EngineError for what hosts that are containers can't have."""
    for switch in shape.switches:
        for says in _policies(switch):
            raise EngineError(
                "[switches.{name}] has {says}, which hosts that are containers can't have: their switches are Docker's "
                "networks",
                hint="Leave it out, or take the simulator, or root on Linux: lab hosts in namespaces have it.",
                name=switch.name,
                says=says,
            )
    for host in shape.hosts:
        plugged = [nic.switch for nic in shape.nics_of(host.name)]
        if "" in plugged or len(set(plugged)) < len(plugged):
            raise EngineError("{name} has a NIC without a switch, or two on one: containers can't have that",
                              hint="The simulator, and lab hosts in namespaces, can.", name=host.name)  # fmt: skip


def _policies(switch: Switch) -> list[str]:
    """The words of a lab.toml that make more of a switch than plain ports."""
    is_so = {"ports": bool(switch.ports), "hairpin = true": switch.hairpin}
    return [words for words, yes in (is_so | {"forged_macs = false": not switch.forged_macs}).items() if yes]


# -- removing ---------------------------------------------------------------------------------------------------------


def remove_lab(api: Any, lab: str) -> None:
    """Remove the containers and networks that carry this lab's label, until there are none: on a busy machine dockerd
    gives up on one whose end it was not told of in time, and makes what somebody asked for who is gone since."""
    for _ in range(ROUNDS):
        _remove_once(api, lab)
        if not _rows(api, lab):
            return
        time.sleep(0.2)


def _remove_once(api: Any, lab: str) -> None:
    filters = {"label": f"{LABEL}={lab}"}
    for row in api.containers(all=True, filters=filters):
        with contextlib.suppress(Exception):
            started = api.exec_create(row["Id"], ["sh", "-c", _UNDO.format(top=cgroups.TOP, lab=lab)])
            api.exec_start(started["Id"])
        with contextlib.suppress(Exception):
            api.remove_container(row["Id"], force=True, v=True)
    for row in api.networks(filters=filters):
        with contextlib.suppress(Exception):
            api.remove_network(row["Id"])


_UNDO = """pkill -KILL dockerd; pkill -KILL containerd; pkill -KILL -f containerd[-]shim
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    left=$(find /sys/fs/cgroup -depth -type d -path "*/{top}/{lab}/$DNETLAB_HOST*")
    [ -z "$left" ] && break
    for p in $(cat $(printf '%s/cgroup.procs ' $left) 2>/dev/null); do kill -9 $p; done
    rmdir $left 2>/dev/null || sleep 0.1
done
rmdir /sys/fs/cgroup/*/{top}/{lab} /sys/fs/cgroup/{top}/{lab} /sys/fs/cgroup/*/{top} /sys/fs/cgroup/{top} 2>/dev/null"""


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


def _is_kept(api: Any, container: str) -> bool:
    try:
        stream, _ = api.get_archive(container, KEPT)
        stream.close()
        return True
    except Exception:  # noqa: BLE001 - no such file, or no such container
        return False


def _rows(api: Any, lab: str | None = None) -> list[dict[str, Any]]:
    filters = {"label": LABEL if lab is None else f"{LABEL}={lab}"}
    return [*api.containers(all=True, filters=filters), *api.networks(filters=filters)]


def kept_labs(api: Any) -> set[str]:
    """The labs that outlive their makers."""
    rows = api.containers(all=True, filters={"label": LABEL})
    return {str(row["Labels"][LABEL]) for row in rows if _is_kept(api, row["Id"])}


def sweep(base_url: str | None = None) -> list[str]:
    """Remove the labs whose maker died before it finished or removed them; their names, [] when no engine answers."""
    try:
        api = outer_client(base_url)
        rows = _rows(api)
    except Exception:  # noqa: BLE001 - no engine, so nothing of ours on it
        return []
    labs = {row["Labels"][LABEL] for row in rows if not _maker_is_alive(row["Labels"].get(MAKER, ""))}
    labs -= kept_labs(api) if labs else set()
    for lab in sorted(labs):
        remove_lab(api, lab)
    api.close()
    return sorted(labs)


# -- the provider -------------------------------------------------------------------------------------------------


class Containers:
    """`HostProvider` on any Docker Engine. base_url and proc as for `ContainerHosts`."""

    name = "containers"

    def __init__(self, base_url: str | None = None, proc: str = "/proc") -> None:
        self.base_url, self.proc = base_url, proc

    def why_not(self) -> str:
        return why_not(self.base_url)

    def offer(self) -> str:
        return say("a Docker Engine answers: the lab hosts can be its containers; no wall against root inside")

    def up(self, shape: Topology, release: str | None, lab: str, progress: Progress | None) -> ContainerHosts:
        made = ContainerHosts(
            base_url=self.base_url, proc=self.proc, release=release, shape=shape, lab=lab, progress=progress
        )
        return made.up()

    def attach(self, lab: str) -> ContainerHosts:
        return ContainerHosts(base_url=self.base_url, proc=self.proc, lab=lab).attach()

    def standing(self) -> list[Standing]:
        try:
            api = outer_client(self.base_url)
            rows = api.containers(all=True, filters={"label": LABEL})
        except Exception:  # noqa: BLE001 - no engine, no lab
            return []
        kept = kept_labs(api)
        found = [self._standing(api, row, row["Labels"][LABEL] in kept) for row in rows if HOST in row["Labels"]]
        shapes = {
            row["Labels"][LABEL]: parse_topology(row["Labels"][SHAPE]).names for row in rows if HOST in row["Labels"]
        }
        return sorted(found, key=lambda row: (row.lab, shapes[row.lab].index(row.host)))

    def _standing(self, api: Any, row: dict[str, Any], kept: bool) -> Standing:
        labels = row["Labels"]
        shape, host = parse_topology(labels[SHAPE]), labels[HOST]
        address = shape.address_of(host)
        up = row["State"] == "running"
        state = "up" if up else "starting" if row["State"] == "created" and not kept else "gone"
        release = (
            _asked(api, row["Id"], "docker version -f '{{.Server.Version}}'")
            if up and host in shape.docker_hosts
            else ""
        )
        daemon = "-" if host not in shape.docker_hosts else "started" if release else "stopped"
        return Standing(labels[LABEL], self.name, short(release) or "-", host, str(address.ip) if address else "-",
                        daemon, state, kept)  # fmt: skip

    def down(self, lab: str) -> None:
        """Raises EngineError when a process that runs has the lab for itself."""
        api = outer_client(self.base_url)
        rows = _rows(api, lab)
        if lab not in kept_labs(api) and any(_maker_is_alive(row["Labels"].get(MAKER, "")) for row in rows):
            raise EngineError(
                "the lab {lab} is in use", hint="It is removed when the process that made it ends.", lab=lab
            )
        remove_lab(api, lab)

    def sweep(self, progress: Progress | None) -> list[str]:
        gone = sweep(self.base_url)
        for lab in gone:
            tell(progress, "removed what the lab {lab} had left behind", lab=lab)
        return gone


def _asked(api: Any, container: str, text: str) -> str:
    """What a shell text says in a container; '' when it fails."""
    with contextlib.suppress(Exception):
        started = api.exec_create(container, ["sh", "-c", text], stderr=False)
        said = api.exec_start(started["Id"]).decode(errors="replace").strip()
        return str(said) if api.exec_inspect(started["Id"])["ExitCode"] == 0 else ""
    return ""
