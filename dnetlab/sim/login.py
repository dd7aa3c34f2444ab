"""What a process finds at a prompt of the lab: its variables, and where programs lie."""

from __future__ import annotations

from dnetlab.commands.userland import USERLANDS
from dnetlab.sim.context import Context

HOST_ENVIRONMENT = {
    "SHELL": "/bin/bash", "PWD": "/root", "LOGNAME": "root", "HOME": "/root", "LANG": "C.UTF-8", "USER": "root",
    "SHLVL": "1", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}  # fmt: skip
_SBIN = frozenset(
    ("ip", "bridge", "brctl", "iptables", "iptables-save", "sysctl", "traceroute", "arp", "ifconfig", "route")
)
_LOCAL = {"docker": "/usr/local/bin/docker", "systemctl": "/usr/local/sbin/systemctl", "yum": "/usr/local/sbin/yum",
          "apt": "/usr/local/sbin/apt", "apt-get": "/usr/local/sbin/apt-get"}  # fmt: skip


def variables(context: Context) -> dict[str, str]:
    """The environment of a process at this prompt."""
    if context.environment is not None:
        return dict(context.environment)
    return dict(HOST_ENVIRONMENT)


PROGRAM = "\x7fELF "  # how the file of an installed tool begins
FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def installed(context: Context, name: str) -> str | None:
    """The path of a tool that was installed there, None when it wasn't."""
    if "/" in name:
        paths: tuple[str, ...] = (name,)
    else:
        paths = tuple(f"{folder}/{name}" for folder in FOLDERS)
    files = context.world.files
    keys = ((context.host, context.container or "", path) for path in paths)
    return next((key[2] for key in keys if key in files and files[key].startswith(PROGRAM)), None)


def path_of(context: Context, name: str) -> str | None:
    """Where a program lies in this userland, None when it isn't there."""
    base = name.rsplit("/", 1)[-1]
    if base not in USERLANDS[context.userland] and base not in ("sh", "bash", "ash"):
        return installed(context, name)
    if context.userland in ("host", "debian"):
        path = _LOCAL.get(base) or f"/usr/{'sbin' if base in _SBIN else 'bin'}/{base}"
    elif base == "bash":
        return None
    else:
        path = "/usr/bin/curl" if base == "curl" else f"/bin/{base}"
    return path if "/" not in name or name == path else None
