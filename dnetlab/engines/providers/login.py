"""ssh and scp between the hosts of a lab: keys and names are there from the start, sshd runs while a line asks for it.

So a lab host listens on nothing that a lesson did not start (`ss -tln` is as in the simulator), and what a student
copies is a connection over the lab's own network, which a firewall between the hosts can stop.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dnetlab.engines.running import Ran, run_tool
from dnetlab.errors import EngineError
from dnetlab.model import Topology

ASKS = re.compile(r"(?<![\w./-])(?:ssh|scp|sftp)\s+\S")
# `sh FILE`, `bash -x FILE`, `. FILE`, `source FILE`, `./FILE`, `/root/FILE`; and the directory of the shell (kept.py)
SCRIPTS = re.compile(
    r"(?:^|[;&|({`]|\b(?:do|then|else|exec|time)\b)\s*"
    r"(?:(?:(?:ba|da|a)?sh(?:\s+-\w+)*|source|\.)\s+(?P<shell>[\w./-]+)|(?P<run>\.{0,2}/[\w./-]+))", re.M
)  # fmt: skip
DIRECTORY = re.compile(r"^cd -- .+$", re.M)
DEEP = 3  # a script may call one that calls one
CONFIG = """\
ListenAddress 0.0.0.0
HostKey /run/dnetlab/host_key
PidFile /run/dnetlab/sshd.pid
AuthorizedKeysFile .ssh/authorized_keys
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
PrintMotd no
PrintLastLog no
LogLevel QUIET
SetEnv PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
Subsystem sftp internal-sftp
"""
START = "mkdir -p /run/sshd && /usr/sbin/sshd -f /run/dnetlab/sshd_config"
STOP = (  # its file goes before it does
    "kill $(cat /run/dnetlab/sshd.pid) && while [ -e /run/dnetlab/sshd.pid ]; do sleep 0.01; done; "
    "for n in $(seq 40); do pgrep -x sshd >/dev/null || break; sleep 0.05; done"
)


@dataclass(frozen=True)
class Keys:
    """Of one lab: root's own (`user`), and the one by which its hosts are known (`host`)."""

    user: str
    user_public: str
    host: str
    host_public: str


def new_keys() -> Keys | None:
    """New keys for a lab; None on a machine without OpenSSH, whose lab hosts know no ssh."""
    if shutil.which("ssh-keygen") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for name in ("user", "host"):
            file = Path(folder, name)
            run_tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "dnetlab", "-f", str(file))
            made += [file.read_text(), file.with_suffix(".pub").read_text()]
    return Keys(*made)


def share(shape: Topology, run: Callable[[str, str], Ran]) -> None:
    """Give every host of a lab the same new keys. run: a shell text on a host, without `serving`, which would find
    words of sshd's settings in it."""
    own = new_keys() if len(shape.hosts) > 1 else None
    if own is None:
        return
    for host in shape.names:
        with contextlib.suppress(EngineError):  # a host that was ended meanwhile
            run(host, prepared(shape, own))


def prepared(shape: Topology, own: Keys) -> str:
    """The shell text by which a host gets the keys, and learns where the others are."""
    hosts = "BatchMode yes\nLogLevel ERROR\n"
    for plan in shape.hosts:
        address = shape.address_of(plan.name)
        if address is not None:
            hosts += f"Host {' '.join((plan.name, *plan.aliases))}\n    HostName {address.ip}\n"
    files = {
        "/root/.ssh/id_ed25519": own.user,
        "/root/.ssh/authorized_keys": own.user_public,
        "/root/.ssh/known_hosts": f"* {own.host_public}",
        "/root/.ssh/config": hosts,
        "/run/dnetlab/host_key": own.host,
        "/run/dnetlab/sshd_config": CONFIG,
    }
    lines = ["umask 077; mkdir -p /root/.ssh /run/dnetlab"]
    lines += [f"cat >{path} <<'END'\n{text}END" for path, text in files.items()]
    # sshd lets nobody in whose password is locked
    lines += ["[ ! -f /etc/shadow ] || sed -i 's/^root:!*:/root:*:/' /etc/shadow"]
    return "\n".join(lines)


def asks(text: str, read: Callable[[str], str], deep: int = DEEP) -> bool:
    """Does the text call ssh, itself or in a script file that it runs? read: what a text file of its host says."""
    if ASKS.search(text):
        return True
    files = dict.fromkeys(found["shell"] or found["run"] for found in SCRIPTS.finditer(text))
    return deep > 0 and any(asks(read(file), read, deep - 1) for file in files)


@contextlib.contextmanager
def serving(there: str, text: str, hosts: tuple[str, ...], run: Callable[[str, str], Ran]) -> Iterator[None]:
    """Have sshd run on these hosts while a line is run `there` that asks for it. run: a shell text on a host."""
    where = "\n".join([*DIRECTORY.findall(text), ""])
    started = []
    for host in hosts if asks(text, lambda file: run(there, f"{where}grep -Ihs '' {file}").stdout) else ():
        with contextlib.suppress(EngineError):
            started += [host] if run(host, START).exit_code == 0 else []
    try:
        yield
    finally:
        for host in started:
            run(host, STOP)
