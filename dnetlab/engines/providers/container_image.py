"""The image of a lab host that is a container: pulled where a registry answers, else made of the machine's programs."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from dnetlab.engines import images
from dnetlab.engines.providers import pulled
from dnetlab.engines.running import Progress, tell
from dnetlab.engines.store import VERSIONS, writing
from dnetlab.errors import EngineError
from dnetlab.language import Words

HOSTFILES = Path(__file__).resolve().parent.parent / "hostfiles"
IMAGE = "dnetlab/host"
# What a lab host needs of the machine when no registry answers: the engine, and Debian's tools for networks.
PROGRAMS = [
    "dockerd", "containerd", "containerd-shim-runc-v2", "runc", "docker", "docker-proxy", "docker-init",
    "bash", "busybox", "curl", "ip", "bridge", "ss", "brctl", "iptables", "iptables-save", "iptables-restore",
    "ip6tables", "ip6tables-save", "ping", "ps", "pgrep", "pkill", "kill", "sysctl", "netstat", "arp",
    "route", "traceroute", "hostname", "setsid", "unshare", "nsenter", "mount", "umount", "cat", "ls", "grep",
    "head", "tail", "wc", "sort", "uniq", "sleep", "sh", "env", "id", "tar", "date", "readlink", "stat",
    "uname", "cp", "mv", "rm", "mkdir", "rmdir", "ln", "chmod", "chown", "touch", "tee", "cut", "tr", "sed", "awk",
    "find", "xargs", "true", "false", "echo", "printf", "dirname", "basename", "seq", "nproc", "timeout",
    "modprobe", "kmod", "xtables-nft-multi", "ssh", "scp", "sshd",
]  # fmt: skip


def host_image(api: Any, release: str | None, labels: dict[str, str], progress: Progress | None) -> str:
    """The name of the image, which the outer engine has then. Raises EngineError when there is none of that release."""
    wanted = release or VERSIONS[-1]
    name = f"{IMAGE}:{wanted}-{hashlib.sha256(pulled.PREPARE.encode()).hexdigest()[:8]}"
    if api.images(name=name) or pulled.host_image(api, wanted, name, labels, progress):
        return name
    if release is not None and release != (own := machine_release()):
        raise EngineError(
            "no registry answers for Docker {release}, and this machine has {own}",
            hint="Leave the release out, or name a registry in DNETLAB_REGISTRY.",
            release=release,
            own=own or Words("no dockerd"),
        )
    name = f"{IMAGE}:latest"
    if api.images(name=name):
        return name
    if not sys.platform.startswith("linux"):
        raise EngineError("no registry answers, and lab hosts can't be made from the programs of this system")
    tell(progress, "no registry answers: making the image of a lab host from the programs of this machine")
    with writing() as folder:
        archive = folder / "host.tar"
        images.write_one(archive, name, host_layer(), ("/sbin/init",))
        with archive.open("rb") as file:
            api.load_image(file)
        archive.unlink()
    return name


def machine_release() -> str:
    """The release of this machine's own dockerd, such as '20.10'; '' when it has none."""
    if shutil.which("dockerd") is None:
        return ""
    said = subprocess.run(["dockerd", "--version"], capture_output=True, text=True).stdout
    return short(said.partition("version ")[2])


def short(version: str) -> str:
    """'20.10.24+dfsg1' -> '20.10'."""
    return ".".join(version.strip().split(".")[:2])


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
