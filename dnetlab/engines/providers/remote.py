"""Lab hosts that are there already: real machines, by ssh, each marked as a lab's own by whoever owns it.

The file /etc/dnetlab-host on such a machine is the mark; its first line is the name that a lab calls it by. Nothing is
made on it and nothing is put right afterwards: what a lab does there stays. One connection is kept open per host
(OpenSSH's ControlMaster), and as long as it is, the mark is locked, so that two labs never share a host.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dnetlab.engines.look import direct, one_exec
from dnetlab.engines.providers import Sight, Standing
from dnetlab.engines.providers.shape import lab_toml
from dnetlab.engines.providers.starting import side_by_side
from dnetlab.engines.running import Progress, Ran, run_limited
from dnetlab.engines.store import cache
from dnetlab.errors import EngineError, UnknownName
from dnetlab.language import say
from dnetlab.model import Topology
from dnetlab.model.labfile import parse_topology
from dnetlab.model.topology import HostPlan
from dnetlab.model.where import Where

MARK = "/etc/dnetlab-host"
PATIENCE = 20  # seconds until a host that says nothing counts as out of reach
# The mark's first line, then whatever holds it until this end of the connection closes.
HOLD = f'[ -r {MARK} ] || {{ echo unmarked; exit; }}; exec 9<{MARK}; flock -n 9 || {{ echo busy; exit; }}; ' \
       f'echo "marked $(head -n 1 {MARK})"; exec cat'  # fmt: skip
# The text is read up to a zero byte, so that neither `ps` nor `env` shows it; what follows is the text's own input.
READ = 'cd; IFS= read -r -d "" text; eval "unset text; $text"'


@dataclass
class _Line:
    """A connection: the process that keeps it open, and the path of its socket."""

    process: subprocess.Popen[str]
    socket: str
    words: list[str]


class RemoteHosts:
    """The hosts of a lab that are reached by ssh. shape: those hosts alone."""

    def __init__(self, lab: str, shape: Topology) -> None:
        self.lab, self.shape = lab, shape
        self.version, self.created = "", time.time()
        self._lines: dict[str, _Line] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="dnetlab-")

    # -- life ------------------------------------------------------------------------------------------------

    def up(self, progress: Progress | None = None) -> RemoteHosts:
        """Connect to every host. EngineError, and no connection is left, for one out of reach, unmarked or in use."""
        if reason := why_not():
            raise EngineError("hosts can't be reached by ssh: {reason}", reason=reason)
        atexit.register(self.close)
        try:
            side_by_side(self.shape.hosts, self._connect, progress)
        except BaseException:
            self.close()
            raise
        return self

    def _connect(self, plan: HostPlan, heard: Progress) -> None:
        words, socket = _destination(plan.at), f"{self._folder.name}/{plan.name}"
        options = ["-M", "-S", socket, "-o", "BatchMode=yes", "-o", f"ConnectTimeout={PATIENCE}", "-o",
                   "ServerAliveInterval=15", "-o", "ControlPersist=no", "-T"]  # fmt: skip
        process = subprocess.Popen(
            [*_ssh(), *options, *words, _as_root(plan.at, HOLD)], text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        if said != f"marked {plan.name}":
            raise _refused(plan, said, process)
        self._lines[plan.name] = _Line(process, socket, words)
        if plan.docker:
            asked = self.run(plan.name, "docker version -f '{{.Server.Version}}'", 30)
            if asked.exit_code != 0:
                said = asked.stderr.strip()[-200:]
                raise EngineError("{at}: no Docker Engine answers there: {said}", at=plan.at, said=said)
            self.version = self.version or ".".join(asked.stdout.strip().split(".")[:2])
        heard(f"{plan.name}: at {plan.at}")

    def close(self) -> None:
        """End the connections; what was done on the hosts stays. Safe to call twice."""
        for line in self._lines.values():
            line.process.terminate()
            line.process.communicate()
        self._lines.clear()
        atexit.unregister(self.close)

    def keep(self) -> None:
        """Write the lab down, so that `dnetlab run --attach` finds it; each use connects anew."""
        self.close()
        record = {"shape": lab_toml(self.shape), "version": self.version, "created": self.created}
        _file(self.lab).parent.mkdir(parents=True, exist_ok=True)
        _file(self.lab).write_text(json.dumps(record))

    def down(self) -> None:
        self.close()
        _file(self.lab).unlink(missing_ok=True)

    def renew(self) -> None:
        """Raises EngineError: a machine that the lab didn't make can't be made anew by it."""
        names = ", ".join(self.shape.names)
        raise EngineError(
            "{names}: a host of your own can't be made anew", hint="Put it right there by hand.", names=names
        )

    def missing(self) -> list[str]:
        """The hosts that don't answer any more."""
        return [name for name in self.shape.names if not self._answers(name)]

    def _answers(self, host: str) -> bool:
        line = self._lines.get(host)
        return line is not None and line.process.poll() is None

    def heal(self) -> list[str]:
        """Connect again to hosts that were lost; their names."""
        gone = self.missing()
        for name in gone:
            self._lines.pop(name, None)
        side_by_side(tuple(self.shape.host(name) for name in gone), self._connect, None)
        return gone

    # -- work ------------------------------------------------------------------------------------------------

    def run(self, host: str, text: str, timeout: float = 120.0, stdin: str | None = None) -> Ran:
        """Run a shell text verbatim on a host, as root; see `NamespaceHosts.run`. EngineError when it is lost."""
        if host not in self.shape.names:
            raise UnknownName(
                "there is no host {host} in the lab; there are {hosts}", host=host, hosts=", ".join(self.shape.names)
            )
        line = self._lines.get(host)
        if line is None or line.process.poll() is not None:
            raise EngineError("the connection to {host} ({at}) is lost", host=host, at=self.shape.host(host).at)
        limit = f"timeout --preserve-status -s INT -k 2 {timeout:g} bash -c {shlex.quote(READ)}"
        words = [*_ssh(), "-S", line.socket, "-T", *line.words, _as_root(self.shape.host(host).at, limit)]
        ran = run_limited(words, timeout + 10, f"{text}\0{stdin or ''}")
        return ran._replace(stderr=re.sub(r"(?m)^bash: line \d+: ", "bash: ", ran.stderr))

    def look(self, host: str) -> Sight:
        nics = {nic.name: nic.switch for nic in self.shape.nics_of(host)}
        return one_exec.look(self, host, nics)

    def socket(self, host: str) -> str:
        """'': it is on another machine."""
        return ""

    def client(self, host: str) -> Any:
        return one_exec.RemoteApi(self, host)

    def terminal_of(self, host: str, container: str) -> Any:
        """A stream to the terminal of a container: `sendall` and `close`."""
        line = self._lines[host]
        attach = _as_root(self.shape.host(host).at, f"docker attach {shlex.quote(container)}")
        return _Stream([*_ssh(), "-S", line.socket, "-tt", *line.words, attach])

    def listens(self, host: str, pid: int, port: int) -> bool:
        rows = self.run(host, f"cat /proc/{pid}/net/tcp /proc/{pid}/net/tcp6").stdout.splitlines()
        return direct.is_listed(rows, port)

    def spots(self, host: str, pids: dict[str, int]) -> dict[Where, str] | None:
        return None


class _Stream:
    """Standard input of a program, as a socket would take it."""

    def __init__(self, words: list[str]) -> None:
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def sendall(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def close(self) -> None:
        self._process.terminate()
        self._process.communicate()


def why_not() -> str:
    """Why hosts can't be reached by ssh from this machine; '' when they can."""
    if sys.platform == "win32":
        return say("Windows' own ssh keeps no connection open")
    return "" if shutil.which("ssh") else say("the program {tool} is missing", tool="ssh")


def _ssh() -> list[str]:
    """The words that call OpenSSH's client: DNETLAB_SSH, such as 'ssh -F FILE'."""
    return shlex.split(os.environ.get("DNETLAB_SSH", "")) or ["ssh"]


def _destination(at: str) -> list[str]:
    """'ssh://root@192.0.2.7:2222' -> ['-p', '2222', 'root@192.0.2.7']; your ~/.ssh/config holds as always."""
    parts = urlsplit(at)
    user = f"{parts.username}@" if parts.username else ""
    return [*(["-p", str(parts.port)] if parts.port else []), f"{user}{parts.hostname}"]


def _as_root(at: str, text: str) -> str:
    """The text for the far shell, by sudo for a user that isn't root."""
    words = f"bash -c {shlex.quote(text)}"
    return words if urlsplit(at).username == "root" else f"sudo -n {words}"


def _refused(plan: HostPlan, said: str, process: subprocess.Popen[str]) -> EngineError:
    """Why a host can't be a lab's, in a sentence."""
    process.terminate()
    _, errors = process.communicate()
    if said.startswith("marked"):
        other = said.removeprefix("marked").strip() or "no name"
        return EngineError(
            "{at} is marked as {other}, and the lab calls it {name}",
            hint="Its owner writes the name that the lab uses into its {mark}.",
            at=plan.at,
            other=other,
            name=plan.name,
            mark=MARK,
        )
    if said == "unmarked":
        return EngineError(
            "{at} is not marked as a lab's host: it has no {mark}",
            hint="Its owner marks it there: echo {name} >{mark}   A lab may then change anything on it.",
            at=plan.at,
            name=plan.name,
            mark=MARK,
        )
    if said == "busy":
        return EngineError("{at} is in use by another lab", hint="It is free again when that one ends.", at=plan.at)
    last = errors.strip().splitlines()[-1:] or ["it said nothing"]
    hint = "Try it yourself: ssh -o BatchMode=yes HOST true"
    return EngineError("{at} can't be reached: {said}", hint=hint, at=plan.at, said=last[0])


# -- the provider -------------------------------------------------------------------------------------------------


def _file(lab: str) -> Path:
    return cache().parent / "remote" / f"{lab}.json"


class Remote:
    """`HostProvider` of hosts that there are. `up` takes a shape all of whose hosts say where they are."""

    name = "ssh"

    def why_not(self) -> str:
        return why_not()

    def offer(self) -> str:
        return say("hosts of your own that a lab.toml names as ssh://USER@HOST, marked by a file {mark}", mark=MARK)

    def up(self, shape: Topology, release: str | None, lab: str, progress: Progress | None) -> RemoteHosts:
        hosts = RemoteHosts(lab, shape).up(progress)
        if release not in (None, hosts.version) and hosts.version:
            hosts.close()
            raise EngineError(
                "{hosts} has Docker {found}, not {release}",
                hint="Leave the release out.",
                hosts=", ".join(shape.docker_hosts),
                found=hosts.version,
                release=release,
            )
        return hosts

    def attach(self, lab: str) -> RemoteHosts:
        try:
            record = json.loads(_file(lab).read_text())
        except (OSError, ValueError):
            raise UnknownName("no lab {lab} of hosts by ssh is kept", lab=lab) from None
        hosts = RemoteHosts(lab, parse_topology(record["shape"])).up()
        hosts.created = record["created"]
        return hosts

    def standing(self) -> list[Standing]:
        """What is written down; nobody is asked."""
        found = []
        for file in sorted(_file("x").parent.glob("*.json")):
            record = json.loads(file.read_text())
            for plan in parse_topology(record["shape"]).hosts:
                daemon = "started" if plan.docker else "-"
                found.append(Standing(file.stem, self.name, record["version"] or "-", plan.name, plan.at, daemon,
                                      "up", True))  # fmt: skip
        return found

    def down(self, lab: str) -> None:
        _file(lab).unlink(missing_ok=True)

    def sweep(self, progress: Progress | None) -> list[str]:
        """Nothing: a connection ends with whoever made it, and the mark's lock with it."""
        return []
