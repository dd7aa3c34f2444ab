"""The real engine: a line is run verbatim on a lab host or in a container, and a snapshot is what is there then.

It answers the same protocol with the same values as the simulator, so tables, pictures and checks don't know which
of the two they look at.
"""

from __future__ import annotations

import base64
import contextlib
import re
import shlex
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NoReturn

from dnetlab.commands.refusals import NO_TERMINAL_TO_LEAVE, NOBODY_SITS, no_such_host
from dnetlab.commands.shell import ShellRefused, parse_shell, refusal, starts_beside
from dnetlab.commands.ssh import stays
from dnetlab.commands.tcpdump import QUIET
from dnetlab.engines import beside, labhosts, terminals
from dnetlab.engines.beside import Beside
from dnetlab.engines.kept import Kept
from dnetlab.engines.look import capture, names
from dnetlab.engines.look.api import Known
from dnetlab.engines.look.host import gone, seen
from dnetlab.engines.providers import Hosts
from dnetlab.engines.running import Ran
from dnetlab.engines.store import VERSIONS
from dnetlab.engines.terminals import QUESTION, Attachment, Terminal
from dnetlab.engines.told import wait_until_told
from dnetlab.errors import EngineError, NotHere, UsageError
from dnetlab.explain.asking import lookup_on_networks, owner_of
from dnetlab.model import Crossing, Host, Line, Output, Packet, Prompt, Refusal, Snapshot, Topology, Where
from dnetlab.model.ip import IpAddress

LONGEST = 120.0  # seconds for a command that ends by itself
FOREGROUND = 20.0  # seconds that `docker run` without -d is watched before Ctrl-C
PATIENCE = 2.6  # seconds before Ctrl-C ends a command that never ends: three answers of a ping
SERVES = {"nginx": 80, "httpd-foreground": 80, "mysqld": 3306, "php-fpm": 9000}  # first word of a command -> its port
STARTS = re.compile(r"\bdocker\s+(?:container\s+)?(?:run|start|restart|unpause)\b|\bsystemctl\b|\bservice\b")
ENDLESS = re.compile(
    r"^\s*(?:docker\s+(?:(?:container|system)\s+)?(?:logs\s.*(?<=\s)(?:-f|--follow)\b|stats\b(?!.*--no-stream)|events\b(?!.*--until))|"
    r"tail\s.*-[fF]\b|(?:sudo\s+)?tcpdump\b(?!.*\s(?:-r|-D|-h|--version))|top\b(?!.*-b)|watch\b|(?:ip|bridge|nft)\s+monitor)"
)
MONITOR = re.compile(r"\s*(?:ip|nft)\s+monitor\b")
ENDLESS_PING = re.compile(r"^\s*ping6?\b(?!.*\s-[a-zA-Z]*[cw])")
PING_IN_DOCKER = re.compile(r"^\s*docker\s+(?:container\s+)?(?:run|exec)\b.*\sping6?\b(?!.*\s-[a-zA-Z]*[cw]\s*\d)")

HAS = {  # feature of the kernel -> a line that ends with 0 where it is there
    "ipvlan": "unshare --net sh -c 'ip link add near type veth peer name far && ip link add iv link near type ipvlan'",
    "IPVS": "test -e /proc/net/ip_vs || modprobe -q ip_vs",
}


class DockerEngine:
    """Real Docker Engines on lab hosts of their own.

    release  '20.10', '26.1' or '28.5'; None for the newest that is prepared on this machine
    hosts    lab hosts to use (they are left running by close); None starts some and removes them at the end
    progress called with a sentence for each step while hosts come up, in the caller's thread
    shape    the lab to make, None for the default one
    attach   the name of a lab that `dnetlab up` made, to be used instead of a new one, and left running
    """

    name = "docker"

    def __init__(
        self,
        release: str | None = None,
        hosts: Hosts | None = None,
        progress: Callable[[str], None] | None = None,
        shape: Topology | None = None,
        attach: str | None = None,
    ) -> None:
        if release is not None and release not in VERSIONS:
            raise UsageError(
                "no real engine of Docker {release!r}",
                hint="There are {versions}.",
                release=release,
                versions=", ".join(VERSIONS),
            )
        self._own = hosts is None and attach is None
        if hosts is None:
            hosts = labhosts.attach(attach, release) if attach else labhosts.make(release, shape, progress)
        self.hosts: Hosts = hosts
        self.release = hosts.version
        self.shape = hosts.shape
        self.started = hosts.created
        self.open: list[Terminal] = []
        self.jobs: list[Beside] = []
        self.kept: dict[str, Kept] = {}  # by host: what the shell at its prompt remembers
        self._known: dict[str, dict[str, Known]] = {}
        self._closed = False

    # -- lines -----------------------------------------------------------------------------------------------

    def run(self, line: Line) -> Output:
        """Run one line for real. Raises EngineError when the lab itself is gone."""
        terminal = self._terminal_for(line)
        if line.prompt is Prompt.TERMINAL and terminal is None:
            return Output(line, refused=NOBODY_SITS, prompt="/ # ")
        if terminal is not None:
            line = replace(line, host=terminal.host, container=self._name_of(terminal))
        prompt = terminal.prompt if terminal else f"[root@{line.host} ~]# "
        refused = self._refusal(line, terminal)
        if refused is not None:
            return Output(line, refused=refused, prompt=prompt)
        ran = self._run_inside(terminal, line) if terminal else self._run_at_host(line)
        if ran.cut:
            self._end_in_container(line, terminal)
        if line.host in self.hosts.shape.docker_hosts and STARTS.search(line.text):
            self._settle(line.host)
        said = ran.stderr + (f"dnetlab: {ran.cut}\n" if ran.cut else "")
        return Output(line, _with_answer(ran.stdout, line.answer), said, ran.exit_code, prompt=prompt)

    def _end_in_container(self, line: Line, terminal: Terminal | None) -> None:
        """End what `docker exec` started: it does not pass Ctrl-C on, and the command would go on saying things."""
        attachment = _attachment(line.text)
        words = line.text if terminal else " ".join(attachment.command) if attachment else ""
        if words:
            shell = f"({terminal.shell} -c )?" if terminal else ""  # a shell may become its last command
            found = f"pgrep -x -f -- {shlex.quote(shell + re.escape(words))}"
            self.hosts.run(line.host, f"for p in $({found}); do pkill -KILL -P $p; kill -KILL $p; done")

    def _refusal(self, line: Line, terminal: Terminal | None) -> Refusal | None:
        if line.host not in self.hosts.shape.names:
            return no_such_host(line.host, self.hosts.shape.names)
        if terminal is None and line.argv[:1] in (("exit",), ("logout",)):
            return NO_TERMINAL_TO_LEAVE
        return refusal(line.text) or (stays(line.argv) if terminal is None else None)

    def _run_at_host(self, line: Line) -> Ran:
        line = replace(line, text=beside.with_pids(terminals.without_sudo(line.text), self.jobs))
        if self.jobs and beside.KILLS.search(line.text):
            time.sleep(beside.BLOCK)
        ran = self._start_beside(line) if starts_beside(line.text) else self._run_alone(line)
        self.kept[line.host] = replace(self._kept(line.host), status=ran.exit_code)
        return ran

    def _kept(self, place: str) -> Kept:
        return self.kept.get(place, Kept())

    def _typed(self, host: str, text: str, limit: float, stdin: str | None = None) -> Ran:
        """A line in the host's shell, which keeps its directory and variables from one line to the next."""
        kept = self._kept(host)
        whole, tells = kept.around(text)
        ran = self.hosts.run(host, whole, limit, stdin)
        if tells:
            self.kept[host], ran = kept.after(ran)
        return ran

    def _start_beside(self, line: Line) -> Ran:
        """`tcpdump … &`: what it says from now on is told with this line, once it has ended."""
        text, _ = self._kept(line.host).around(line.text, tells=False)
        file = f"{beside.FOLDER}/{len(self.jobs) + 1}.{time.monotonic_ns()}"
        ran = self.hosts.run(line.host, beside.text_of(text, file), LONGEST)
        job, said = beside.started(line, file, self.hosts.run)
        self.jobs.append(job)
        return said._replace(exit_code=ran.exit_code)

    def reap(self, everything: bool) -> list[Output]:
        over = [job for job in self.jobs if everything or not beside.runs(job, self.hosts.run)]
        self.jobs = [job for job in self.jobs if job not in over]
        return [beside.ended(job, self.hosts.run) for job in over]

    def _run_alone(self, line: Line) -> Ran:
        text = self._expanded(line)
        attachment = _attachment(text)
        if attachment is not None and attachment.interactive and attachment.tty and not attachment.detached:
            attachment = self._with_default_command(line.host, attachment)
            if attachment.is_shell:
                return self._open_terminal(line.host, text, attachment)
            text = terminals.without_terminal(text)
        elif attachment is not None and not attachment.detached and attachment.tty:
            text = terminals.without_terminal(text)
        detached = attachment is not None and attachment.detached
        if PING_IN_DOCKER.search(text) and not detached:
            return _interrupted(self._ping_in_container(line.host, text))
        if ENDLESS_PING.search(text) or ENDLESS.search(text):
            ran = _interrupted(self._typed(line.host, text, PATIENCE))
            silent = "0 packets captured" in ran.stderr or MONITOR.match(text) and ran[:2] == ("^C\n", "")
            return ran._replace(stderr=ran.stderr + QUIET) if silent else ran
        limit = (
            FOREGROUND if attachment is not None and attachment.verb == "run" and not attachment.detached else LONGEST
        )
        return self._typed(line.host, text, limit, stdin=f"{line.answer}\n" if line.answer else None)

    def _with_default_command(self, host: str, attachment: Attachment) -> Attachment:
        """The command an image brings, where the line names none."""
        if attachment.verb != "run" or attachment.command:
            return attachment
        with contextlib.suppress(Exception):
            config = self.client(host).inspect_image(attachment.subject)["Config"]
            return replace(attachment, command=(*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())))
        return attachment

    def _expanded(self, line: Line) -> str:
        """The line as the host's shell reads it, when it opens a terminal and something in it is to be put in first.

        `docker exec -it $(docker ps -q) sh` names its container only then.
        """
        attachment = _attachment(line.text)
        if attachment is None or not attachment.tty or not re.search(r"[$`*?\[{~]", line.text):
            return line.text
        text, _ = self._kept(line.host).around(f"set -- {line.text}\nprintf '%s\\n' \"$@\"", tells=False)
        ran = self.hosts.run(line.host, text)
        return shlex.join(ran.stdout.splitlines()) if ran.exit_code == 0 and not ran.stderr else line.text

    def _open_terminal(self, host: str, text: str, attachment: Attachment) -> Ran:
        """Run the container detached, or look at the one that is named, and send it the lines that follow."""
        shell, main = attachment.command[0], attachment.verb == "run"
        if main:
            ran = self.hosts.run(host, terminals.detached(text), LONGEST)
        else:
            words = ["docker", "exec", *attachment.options, attachment.subject, shell, "-c", ":"]
            ran = self.hosts.run(host, shlex.join(words))
        if ran.exit_code != 0:
            return ran._replace(stdout="") if main else ran  # -d prints an id that -it does not
        identity = ran.stdout.strip().splitlines()[-1] if main else attachment.subject
        data = self.client(host).inspect_container(identity)
        directory, user = data["Config"].get("WorkingDir") or "/", data["Config"].get("User") or ""
        self.open.append(Terminal(host, data["Id"], main, directory, shell, options=attachment.options, user=user))
        return Ran("", ran.stderr, 0)

    def _run_inside(self, terminal: Terminal, line: Line) -> Ran:
        if line.argv[:1] in (("exit",), ("logout",)):
            return self._exit(terminal, line)
        ran = self._said_inside(terminal, line)
        directory = self._kept(f"{terminal.host}/{terminal.container}").directory or terminal.directory
        now = replace(terminal, status=ran.exit_code, directory=directory)
        self.open = [now if one is terminal else one for one in self.open]
        return ran

    def _said_inside(self, terminal: Terminal, line: Line) -> Ran:
        if ENDLESS_PING.search(line.text):
            return _interrupted(self._ping_in_container(terminal.host, terminals.line_inside(terminal, line.text)))
        endless, place = ENDLESS.search(line.text), f"{terminal.host}/{terminal.container}"
        whole, tells = self._kept(place).around(line.text, bash=terminal.shell.endswith("bash"))
        text = terminals.line_inside(terminal, whole, round(PATIENCE) if endless else None)
        ran = self.hosts.run(terminal.host, text, LONGEST)
        now, ran = self._kept(place).after(ran) if tells else (self._kept(place), ran)
        self.kept[place] = replace(now, status=ran.exit_code)
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
        """Leave the terminal; the container's own shell is told to exit, as typing it would.

        Without a number a shell ends with the status of its last command (POSIX, exit).
        """
        self.open.remove(terminal)
        self.kept.pop(f"{terminal.host}/{terminal.container}", None)
        code = int(line.argv[1]) % 256 if len(line.argv) > 1 and line.argv[1].isdecimal() else terminal.status
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
        return terminal.prompt if terminal else f"[root@{host} ~]# "

    def terminal(self, host: str) -> str | None:
        found = self._last_terminal(host)
        return self._name_of(found) if found else None

    # -- the world ---------------------------------------------------------------------------------------------

    def client(self, host: str) -> Any:
        """An API client of a host's dockerd. Raises EngineError when the host is not running."""
        return self.hosts.client(host)

    def snapshot(self) -> Snapshot:
        """The world now. Hosts are looked at side by side; an engine that is stopped shows no containers."""
        names = self.hosts.shape.names
        with ThreadPoolExecutor(len(names)) as pool:
            made = dict(zip(names, pool.map(self._host, names), strict=True))
        return Snapshot(made, "docker", self.release, self._clock(time.time()), self.shape)

    def _clock(self, seconds: float) -> float:
        return round(seconds - self.started, 3)

    def _host(self, name: str) -> Host:
        has_docker = name in self.hosts.shape.docker_hosts
        try:
            return seen(name, has_docker, self.hosts.look(name), self._known.setdefault(name, {}), self._clock)
        except (EngineError, OSError):
            if name not in self.hosts.missing():
                raise
            return gone(name, has_docker)

    def lookup(self, snapshot: Snapshot, where: Where, name: str) -> IpAddress | None:
        """By the container's own files; Docker's DNS, where they send one to it, is answered from the snapshot."""
        owner = owner_of(snapshot, where)
        ran = self.hosts.run(where.host, names.text_to_run(owner.pid)) if owner and owner.pid else None
        if ran is None or ran.exit_code:
            return lookup_on_networks(snapshot, where, name)
        found = names.in_hosts(ran.stdout, name)
        return found or (lookup_on_networks(snapshot, where, name) if names.asks_docker(ran.stdout) else None)

    def checkpoint(self) -> object:
        raise NotHere("a real engine can't go back", hint="`%dnet reset` starts a fresh lab on a real engine.")

    def restore(self, mark: object) -> None:
        self.checkpoint()

    def capture(self, snapshot: Snapshot, where: Where, packet: Packet) -> tuple[Crossing, ...]:
        """Send a packet for real from that place: what crossed which interface of the lab, in order of time.

        NotHere, and nothing is sent, where this process can't open captures in the lab's namespaces.
        """
        spots: dict[Where, str] = {}
        for name, machine in snapshot.hosts.items():
            first = {c.namespace: c.pid for c in reversed(machine.containers) if c.pid and c.namespace}
            dockers = dict.fromkeys(machine.namespaces, 0)
            found = self.hosts.spots(name, {**dockers, **first, "host": 1})
            if found is None:
                raise NotHere("the lab's namespaces can't be entered from here, so nothing can be captured in them")
            spots.update(found)
        return capture.journey([capture.Watched(place, file) for place, file in spots.items()], where, packet)

    def lacks(self, feature: str) -> bool:
        return self.hosts.run(self.shape.names[0], HAS[feature]).exit_code != 0

    # -- waiting and ending --------------------------------------------------------------------------------------

    def _settle(self, host: str, limit: float = 10.0) -> None:
        """After a start, wait until the lab's servers listen, and the hosts have told each other who is on an overlay
        network: `docker run -d …` and `curl` at once can be too early."""
        deadline = time.monotonic() + limit
        try:
            api = self.client(host)
            for row in api.containers():
                if row["Command"].split()[0].rsplit("/", 1)[-1] not in SERVES:
                    continue
                data = api.inspect_container(row["Id"])
                port = SERVES.get(data["Path"].rsplit("/", 1)[-1])
                pid = data["State"]["Pid"]
                while port and time.monotonic() < deadline and not self.hosts.listens(host, pid, port):
                    time.sleep(0.02)
            wait_until_told(self.hosts, host)
        except Exception:  # noqa: BLE001 - a daemon that is stopped or a container that is gone: nothing to wait for
            return

    def file(self, host: str, path: str) -> bytes:
        ran = self.hosts.run(host, f"base64 -w 0 {shlex.quote(path)}")
        if ran.exit_code != 0:
            raise FileNotFoundError(path)
        return base64.b64decode(ran.stdout)

    def daemons(self) -> NoReturn:
        raise NotHere("the hosts' own daemons answer their clients", hint="Serve them with --engine docker.")

    def sockets(self) -> dict[str, str]:
        found = {host: self.hosts.socket(host) for host in self.shape.docker_hosts}
        far = next((host for host, path in found.items() if not path), None)
        if far is not None:
            text = "the socket of {host} can't be opened from here"
            raise NotHere(text, hint="Type docker at its prompt.", host=far)
        return found

    def reset(self, seed: int) -> None:
        """The lab as it was at first, under the same name: every host is made anew."""
        self.hosts.renew()
        self.open.clear()
        self.jobs.clear()
        self.kept.clear()
        self._known.clear()
        self.started = self.hosts.created

    def close(self) -> None:
        """Remove the lab hosts that this engine started; safe to call twice."""
        if not self._closed:
            self.reap(everything=True)
        if not self._closed and self._own:
            self.hosts.down()
        self._closed = True


def _attachment(text: str) -> Attachment | None:
    """The `docker run` or `exec` that the line is, None when it is anything else or more than one command."""
    try:
        script = parse_shell(text)
    except ShellRefused:
        return None
    return terminals.read_attachment(script.argv) if script.only else None


def _with_answer(stdout: str, answer: str | None) -> str:
    """What a terminal shows: the answer stands where it was typed."""
    return QUESTION.sub(lambda found: f"{found[0]}{answer}\n", stdout, count=1) if answer else stdout


def _interrupted(ran: Ran) -> Ran:
    """What a terminal shows of a command that Ctrl-C ended: `^C` where it was pressed."""
    ran = ran._replace(cut="")
    text, found = re.subn(r"\n\n(--- \S+ ping statistics ---)", r"\n^C\n\1", ran.stdout, count=1)
    code = 130 if ran.exit_code == 124 else ran.exit_code
    if found or not ran.stderr or ran.stdout:
        return ran._replace(stdout=text if found else ran.stdout + "^C\n", exit_code=code)
    return ran._replace(stderr=ran.stderr + "^C\n", exit_code=code)
