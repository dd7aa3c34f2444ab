"""The real engine: a line is run verbatim on a lab host or in a container, and a snapshot is what is there then.

It answers the same protocol with the same values as the simulator, so tables, pictures and checks don't know which
of the two they look at.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from dnetlab.commands.shell import ShellRefused, parse_shell, refusal
from dnetlab.engines import capture, inventory, observe, processes, remote, terminals
from dnetlab.engines.labhosts import VERSIONS, LabHosts, Ran
from dnetlab.engines.terminals import QUESTION, Attachment, Terminal
from dnetlab.errors import EngineError, NotHere, UsageError
from dnetlab.explain.asking import lookup_on_networks
from dnetlab.model import Container, Crossing, Host, Line, Namespace, Output, Packet, Prompt, Refusal, Snapshot, Where

LONGEST = 120.0  # seconds for a command that ends by itself
FOREGROUND = 20.0  # seconds that `docker run` without -d is watched before Ctrl-C
PATIENCE = 2.6  # seconds before Ctrl-C ends a command that never ends: three answers of a ping
SERVES = {"nginx": 80, "httpd-foreground": 80, "mysqld": 3306, "php-fpm": 9000}  # first word of a command -> its port
STARTS = re.compile(r"\bdocker\s+(?:container\s+)?(?:run|start|restart|unpause)\b|\bsystemctl\b|\bservice\b")
ENDLESS = re.compile(
    r"^\s*(?:docker\s+(?:container\s+)?(?:logs\s.*(?<=\s)(?:-f|--follow)\b|(?:stats|events)\b(?!.*--no-stream))|"
    r"tail\s.*-[fF]\b|tcpdump\b(?!.*\s-c)|top\b(?!.*-b)|watch\b|ip\s+monitor|bridge\s+monitor)"
)
ENDLESS_PING = re.compile(r"^\s*ping6?\b(?!.*\s-[a-zA-Z]*[cw])")
PING_IN_DOCKER = re.compile(r"^\s*docker\s+(?:container\s+)?(?:run|exec)\b.*\sping6?\b(?!.*\s-[a-zA-Z]*[cw]\s*\d)")


class DockerEngine:
    """Real Docker Engines on lab hosts of their own.

    release  '20.10', '26.1' or '28.5'; None for the newest that is prepared on this machine
    hosts    lab hosts to use (they are left running by close); None starts some and removes them at the end
    progress called with a sentence for each step while hosts come up, in the caller's thread
    """

    name = "docker"

    def __init__(
        self,
        release: str | None = None,
        hosts: Any = None,
        daemons: tuple[str, ...] | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        if release is not None and release not in VERSIONS:
            raise UsageError(f"no real engine of Docker {release!r}", hint=f"There are {', '.join(VERSIONS)}.")
        self._own = hosts is None
        if hosts is None:
            from dnetlab.engines.labhosts import open_hosts

            hosts, self._own = open_hosts(release, daemons, progress)
        self.hosts: LabHosts = hosts
        self.release = hosts.version
        self.started = hosts.record.created if hosts.record else time.time()
        self.open: list[Terminal] = []
        self._clients: dict[str, Any] = {}
        self._known: dict[str, dict[str, inventory.Known]] = {}
        self._closed = False

    # -- lines -----------------------------------------------------------------------------------------------

    def run(self, line: Line) -> Output:
        """Run one line for real. Raises EngineError when the lab itself is gone."""
        terminal = self._terminal_for(line)
        if line.prompt is Prompt.TERMINAL and terminal is None:
            reason = "No container's terminal is open, so nobody sits at this prompt."
            hint = "Open one with docker run -it IMAGE or docker exec -it CONTAINER sh."
            return Output(line, refused=Refusal(reason, hint), prompt="/ # ")
        if terminal is not None:
            line = replace(line, host=terminal.host, container=self._name_of(terminal))
        prompt = f"{terminal.directory} # " if terminal else f"[root@{line.host} ~]# "
        refused = self._refusal(line, terminal)
        if refused is not None:
            return Output(line, refused=refused, prompt=prompt)
        ran = self._run_inside(terminal, line) if terminal else self._run_at_host(line)
        if line.host in self.hosts.docker_hosts and STARTS.search(line.text):
            self._settle(line.host)
        return Output(line, _with_answer(ran.stdout, line.answer), ran.stderr, ran.exit_code, prompt=prompt)

    def _refusal(self, line: Line, terminal: Terminal | None) -> Refusal | None:
        if line.host not in self.hosts.names:
            return Refusal(f"The lab has no host {line.host}.", f"The hosts are {', '.join(self.hosts.names)}.")
        if terminal is None and line.argv[:1] in (("exit",), ("logout",)):
            return Refusal(
                "There is no terminal of a container to leave: this is the host's own prompt.",
                "`exit` ends a container opened with docker run -it or docker exec -it.",
            )
        return refusal(line.text)

    def _run_at_host(self, line: Line) -> Ran:
        text, attachment = line.text, _attachment(line.text)
        if attachment is not None and attachment.interactive and attachment.tty and not attachment.detached:
            attachment = self._with_default_command(line.host, attachment)
            if attachment.is_shell:
                return self._open_terminal(line, attachment)
            text = terminals.without_terminal(text)
        elif attachment is not None and not attachment.detached and attachment.tty:
            text = terminals.without_terminal(text)
        if PING_IN_DOCKER.search(text):
            return _interrupted(self._ping_in_container(line.host, text))
        if ENDLESS_PING.search(text) or ENDLESS.search(text):
            return _interrupted(self.hosts.run(line.host, text, PATIENCE))
        limit = (
            FOREGROUND if attachment is not None and attachment.verb == "run" and not attachment.detached else LONGEST
        )
        return self.hosts.run(line.host, text, limit, stdin=f"{line.answer}\n" if line.answer else None)

    def _with_default_command(self, host: str, attachment: Attachment) -> Attachment:
        """The command an image brings, where the line names none."""
        if attachment.verb != "run" or attachment.command:
            return attachment
        with contextlib.suppress(Exception):
            config = self.client(host).inspect_image(attachment.subject)["Config"]
            return replace(attachment, command=(*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())))
        return attachment

    def _open_terminal(self, line: Line, attachment: Attachment) -> Ran:
        """Run the container detached, or look at the one that is named, and send it the lines that follow."""
        shell = attachment.command[0]
        if attachment.verb == "run":
            ran = self.hosts.run(line.host, terminals.detached(line.text), LONGEST)
            if ran.exit_code != 0:
                return Ran("", ran.stderr, ran.exit_code)
            identity, main = ran.stdout.strip().splitlines()[-1], True
        else:
            ran = self.hosts.run(line.host, f"docker exec {attachment.subject} {shell} -c :")
            if ran.exit_code != 0:
                return Ran("", ran.stderr, ran.exit_code)
            identity, main = self.client(line.host).inspect_container(attachment.subject)["Id"], False
        data = self.client(line.host).inspect_container(identity)
        directory = data["Config"].get("WorkingDir") or "/"
        self.open.append(Terminal(line.host, identity, main, directory, shell))
        return Ran("", ran.stderr, 0)

    def _run_inside(self, terminal: Terminal, line: Line) -> Ran:
        if line.argv[:1] in (("exit",), ("logout",)):
            return self._exit(terminal, line)
        if ENDLESS_PING.search(line.text):
            return _interrupted(self._ping_in_container(terminal.host, terminals.line_inside(terminal, line.text)))
        endless = ENDLESS.search(line.text)
        text = terminals.line_inside(terminal, line.text, round(PATIENCE) if endless else None)
        ran = self.hosts.run(terminal.host, text, LONGEST)
        ran = ran._replace(stderr=re.sub(r"(?m)^(?:sh|ash): line \d+: ", "sh: ", ran.stderr))
        return _interrupted(ran) if endless else ran

    def _ping_in_container(self, host: str, text: str) -> Ran:
        """Run a ping that never ends; `docker exec` passes no Ctrl-C on, so that the ping itself gets its signal."""
        timer = threading.Timer(PATIENCE, self.hosts.run, (host, "pkill -INT -x ping"))
        timer.start()
        try:
            return self.hosts.run(host, text, 3 * PATIENCE)
        finally:
            timer.cancel()

    def _exit(self, terminal: Terminal, line: Line) -> Ran:
        """Leave the terminal; the container's own shell is told to exit, as typing it would."""
        self.open.remove(terminal)
        code = int(line.argv[1]) % 256 if len(line.argv) > 1 and line.argv[1].isdecimal() else 0
        if not terminal.main:
            return Ran("", "", code)
        api = self.client(terminal.host)
        stream = api.attach_socket(terminal.container, params={"stdin": 1, "stream": 1})
        getattr(stream, "_sock", stream).sendall(f"exit {code}\n".encode())
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and self._is_running(terminal):
            time.sleep(0.03)
        while time.monotonic() < deadline and self._is_to_be_removed(terminal):
            time.sleep(0.03)
        stream.close()
        return Ran("", "", code)

    # -- open terminals ----------------------------------------------------------------------------------------

    def _terminal_for(self, line: Line) -> Terminal | None:
        if line.prompt is Prompt.HOST:
            return None
        return self._last_terminal(None if line.prompt is Prompt.TERMINAL else line.host)

    def _last_terminal(self, host: str | None) -> Terminal | None:
        for terminal in reversed(list(self.open)):
            if host not in (None, terminal.host):
                continue
            if self._is_running(terminal):
                return terminal
            self.open.remove(terminal)
        return None

    def _inspect(self, terminal: Terminal) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.client(terminal.host).inspect_container(terminal.container)
            return found
        except Exception:  # noqa: BLE001 - gone, or its daemon is: either way nobody sits there
            return None

    def _is_running(self, terminal: Terminal) -> bool:
        data = self._inspect(terminal)
        return bool(data and data["State"]["Running"])

    def _is_to_be_removed(self, terminal: Terminal) -> bool:
        data = self._inspect(terminal)
        return bool(data and data["HostConfig"]["AutoRemove"])

    def _name_of(self, terminal: Terminal) -> str:
        data = self._inspect(terminal)
        return data["Name"].removeprefix("/") if data else terminal.container[:12]

    def prompt(self, host: str) -> str:
        """'[root@docker1 ~]# ', or the shell's prompt inside the container whose terminal is open on that host."""
        terminal = self._last_terminal(host)
        return f"{terminal.directory} # " if terminal else f"[root@{host} ~]# "

    def terminal(self, host: str) -> str | None:
        found = self._last_terminal(host)
        return self._name_of(found) if found else None

    # -- the world ---------------------------------------------------------------------------------------------

    def client(self, host: str) -> Any:
        """An API client of a host's dockerd. Raises EngineError when the host is not running."""
        if host not in self._clients:
            direct = self._is_direct()
            self._clients[host] = (
                inventory.client(self.hosts.socket(host)) if direct else remote.RemoteApi(self.hosts, host)
            )
        return self._clients[host]

    def snapshot(self) -> Snapshot:
        """The world now. Hosts are looked at side by side; an engine that is stopped shows no containers."""
        with ThreadPoolExecutor(len(self.hosts.names)) as pool:
            made = dict(zip(self.hosts.names, pool.map(self._host, self.hosts.names), strict=True))
        return Snapshot(made, "docker", self.release, self._clock(time.time()))

    def _clock(self, seconds: float) -> float:
        return round(seconds - self.started, 3)

    def _host(self, name: str) -> Host:
        has_docker = name in self.hosts.docker_hosts
        documents: list[dict[str, Any]] = []
        host = Host(name, has_docker=has_docker)
        sight: Direct | remote.Sight
        if self._is_direct():
            sight = Direct(self.hosts.root(name), self.client(name) if self._daemon_answers(name) else None)
        else:
            sight = remote.look(self.hosts, name)
        tasks = sight.tasks(self._clock)
        if has_docker and sight.api is not None:
            starts = {task.process.pid: task.process.started for task in tasks}
            documents = inventory.inspect_containers(sight.api, self._known.setdefault(name, {}), starts)
            host = replace(
                host,
                docker_running=True,
                networks=inventory.networks(sight.api, self._clock),
                images=inventory.images(sight.api, self._clock),
                volumes=inventory.volumes(sight.api),
            )
        containers = _with_heirs([inventory.container(data, self._clock) for data in documents], tasks)
        names = _names_by_inode(sight.host_net, containers, tasks)
        spaces = _namespaces(sight, names, containers, tasks)
        host = replace(host, networks=tuple(inventory.with_gateway(n, spaces["host"]) for n in host.networks))
        running = tuple(replace(t.process, namespace=names.get(t.net, "host")) for t in tasks)
        return replace(
            host,
            namespaces=spaces,
            processes=running,
            containers=tuple(inventory.with_interfaces(c, spaces) for c in containers),
        )

    def _is_direct(self) -> bool:
        """Whether this process can enter the lab's namespaces; if not, a look is an exec in the lab host."""
        return bool(getattr(self.hosts, "direct", True))

    def _daemon_answers(self, host: str) -> bool:
        if host not in self.hosts.docker_hosts:
            return False
        try:
            return bool(self.client(host).ping())
        except Exception:  # noqa: BLE001 - any way of not answering is "not running"
            self._clients.pop(host, None)
            return False

    def lookup(self, snapshot: Snapshot, where: Where, name: str) -> IPv4Address | None:
        return lookup_on_networks(snapshot, where, name)

    def checkpoint(self) -> object:
        raise NotHere("a real engine can't go back", hint="`%dnet reset` starts a fresh lab on a real engine.")

    def restore(self, mark: object) -> None:
        self.checkpoint()

    def capture(self, snapshot: Snapshot, where: Where, packet: Packet) -> tuple[Crossing, ...]:
        """Send a packet for real from that place: what crossed which interface of the lab, in order of time.

        NotHere, and nothing is sent, where this process can't open captures in the lab's namespaces.
        """
        if not self._is_direct():
            raise NotHere("the lab's namespaces can't be entered from here, so nothing can be captured in them")
        spots = []
        for name, machine in snapshot.hosts.items():
            root = self.hosts.root(name)
            spots.append(capture.Spot(Where(name), f"{root}/proc/1"))
            first = {c.namespace: c.pid for c in reversed(machine.containers) if c.pid and c.namespace}
            spots += [capture.Spot(Where(name, n), f"{root}/proc/{pid}") for n, pid in first.items() if n != "host"]
        return capture.journey(spots, where, packet)

    # -- waiting and ending --------------------------------------------------------------------------------------

    def _settle(self, host: str, limit: float = 2.0) -> None:
        """After a start, wait until the lab's servers listen: `docker run -d …` and `curl` at once can be too early."""
        deadline = time.monotonic() + limit
        try:
            api = self.client(host)
            for row in api.containers():
                if row["Command"].split()[0].rsplit("/", 1)[-1] not in SERVES:
                    continue
                data = api.inspect_container(row["Id"])
                port = SERVES.get(data["Path"].rsplit("/", 1)[-1])
                folder = f"/proc/{data['State']['Pid']}/net"
                while port and time.monotonic() < deadline and not self._listens(host, folder, port):
                    time.sleep(0.02)
        except Exception:  # noqa: BLE001 - a daemon that is stopped or a container that is gone: nothing to wait for
            return

    def _listens(self, host: str, folder: str, port: int) -> bool:
        """Whether a TCP socket listens on the port in the namespace of that /proc/PID/net; True if it can't be read."""
        if self._is_direct():
            files = [Path(f"{self.hosts.root(host)}{folder}/{name}") for name in ("tcp", "tcp6")]
            rows = [row for file in files if file.exists() for row in file.read_text().splitlines()]
        else:
            rows = self.hosts.run(host, f"cat {folder}/tcp {folder}/tcp6").stdout.splitlines()
        wanted = f":{port:04X} "
        return not rows or any(wanted in row[:50] and row.split()[3] == "0A" for row in rows)

    def close(self) -> None:
        """Remove the lab hosts that this engine started; safe to call twice."""
        if self._closed:
            return
        self._closed = True
        for client in self._clients.values():
            with contextlib.suppress(Exception):
                client.close()
        if self._own:
            self.hosts.down()


class Direct:
    """A lab host seen from its own namespaces; `remote.Sight` is the other way. root: its root as we can open it."""

    def __init__(self, root: str, api: Any) -> None:
        self.root, self.api = root, api
        self.host_net = os.stat(f"{root}/proc/1/ns/net").st_ino

    def tasks(self, clock: Callable[[float], float]) -> list[processes.Task]:
        """The processes of the host, by pid; clock: seconds since 1970 -> seconds of the lab's clock."""
        boot, ticks = _booted(), os.sysconf("SC_CLK_TCK")
        return processes.tasks(self.root, lambda start: clock(boot + start / ticks))

    def namespaces(
        self, places: list[tuple[str, int, bool]], wants_rules: Callable[[str], bool], owners: observe.Owners
    ) -> dict[str, Namespace]:
        """The stacks of these places (name, pid, whether it talks) by name, peers resolved between them."""
        found = [observe.Place(name, f"{self.root}/proc/{pid}", talks) for name, pid, talks in places]
        return observe.namespaces(found, lambda place: wants_rules(place.name), owners)


@lru_cache(maxsize=1)
def _booted() -> float:
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def _names_by_inode(host_net: int, containers: list[Container], tasks: list[processes.Task]) -> dict[int, str]:
    """Network namespace's inode -> its name in the snapshot."""
    nets = {task.process.pid: task.net for task in tasks}
    names = {
        nets[c.pid]: c.namespace for c in containers if c.pid in nets and c.namespace and c.namespace == c.short_id
    }
    names[host_net] = "host"
    return names


def _namespaces(
    sight: Direct | remote.Sight, names: dict[int, str], containers: list[Container], tasks: list[processes.Task]
) -> dict[str, Namespace]:
    first = {names[task.net]: task.process.pid for task in reversed(tasks) if task.net in names}
    dns = {c.short_id for c in containers if any(e.network not in ("bridge", "none", "host") for e in c.endpoints)}
    talkers = {names[task.net] for task in tasks if task.net in names and task.sockets} | dns
    places = [("host", 1, True)] + [(n, pid, n in talkers) for n, pid in first.items() if n != "host"]
    owners: observe.Owners = {}
    for task in reversed(tasks):
        holder = task.process.pid, Path(task.process.argv[0].split(":")[0]).name
        owners.update(dict.fromkeys(task.sockets, holder))
    return sight.namespaces(places, lambda name: name == "host" or name in dns, owners)


def _with_heirs(containers: list[Container], tasks: list[processes.Task]) -> list[Container]:
    """A network namespace whose maker has ended is its joiners' own: it is called by the newest of them."""
    nets = {task.process.pid: task.net for task in tasks}
    places = {c.short_id: nets.get(c.pid or 0) for c in containers if c.is_running} | {"host": None}
    heirs: dict[int, str] = {}
    found = []
    for container in containers:
        place = nets.get(container.pid or 0)
        left = container.is_running and container.namespace not in ("host", None) and place is not None
        if left and place != places.get(container.namespace or ""):
            container = replace(container, namespace=heirs.setdefault(place or 0, container.short_id))
        found.append(container)
    return found


def _attachment(text: str) -> Attachment | None:
    """The `docker run` or `exec` that the line is, None when it is anything else or more than one command."""
    try:
        script = parse_shell(text)
    except ShellRefused:
        return None
    if len(script.pipelines) != 1 or len(script.pipelines[0][1].commands) != 1:
        return None
    return terminals.read_attachment(script.argv)


def _with_answer(stdout: str, answer: str | None) -> str:
    """What a terminal shows: the answer stands where it was typed."""
    return QUESTION.sub(lambda found: f"{found[0]}{answer}\n", stdout, count=1) if answer else stdout


def _interrupted(ran: Ran) -> Ran:
    """What a terminal shows of a command that Ctrl-C ended: `^C` where it was pressed."""
    text, found = re.subn(r"\n\n(--- \S+ ping statistics ---)", r"\n^C\n\1", ran.stdout, count=1)
    code = 130 if ran.exit_code == 124 else ran.exit_code
    if found or not ran.stderr or ran.stdout:
        return ran._replace(stdout=text if found else ran.stdout + "^C\n", exit_code=code)
    return ran._replace(stderr=ran.stderr + "^C\n", exit_code=code)


def newest_release() -> str:
    """The newest release whose engine is prepared on this machine. Raises EngineError when there is none."""
    from dnetlab.engines.labhosts import engine_tree

    for release in reversed(VERSIONS):
        with contextlib.suppress(EngineError):
            engine_tree(release)
            return release
    raise EngineError(
        "no Docker Engine for lab hosts is on this machine", hint="On Debian 12: apt-get install docker.io"
    )
