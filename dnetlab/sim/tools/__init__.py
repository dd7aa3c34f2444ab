"""Which command answers at which prompt. Each tool is a module with `run(context, argv) -> Result`.

Tools are imported when first typed, so that a lesson pays only for what it uses.
"""

from __future__ import annotations

from importlib import import_module

from dnetlab.sim.context import Context, Result

# name -> module. A module may serve several names; argv[0] tells which was typed.
HOST: dict[str, str] = {
    "docker": "dnetlab.sim.tools.docker",
    "ip": "dnetlab.sim.tools.ip",
    "bridge": "dnetlab.sim.tools.bridge",
    "brctl": "dnetlab.sim.tools.brctl",
    "iptables": "dnetlab.sim.tools.iptables",
    "iptables-save": "dnetlab.sim.tools.iptables",
    "sysctl": "dnetlab.sim.tools.sysctl",
    "ping": "dnetlab.sim.tools.ping",
    "traceroute": "dnetlab.sim.tools.traceroute",
    "curl": "dnetlab.sim.tools.curl",
    "wget": "dnetlab.sim.tools.wget",
    "nslookup": "dnetlab.sim.tools.nslookup",
    "arp": "dnetlab.sim.tools.arp",
    "netstat": "dnetlab.sim.tools.netstat",
    "ss": "dnetlab.sim.tools.ss",
    "nc": "dnetlab.sim.tools.nc",
    "ps": "dnetlab.sim.tools.ps",
    "kill": "dnetlab.sim.tools.kill",
    "pkill": "dnetlab.sim.tools.kill",
    "pgrep": "dnetlab.sim.tools.kill",
    "pidof": "dnetlab.sim.tools.bynames",
    "killall": "dnetlab.sim.tools.bynames",
    "systemctl": "dnetlab.sim.tools.systemctl",
    "service": "dnetlab.sim.tools.systemctl",
    "yum": "dnetlab.sim.tools.packages",
    "dnf": "dnetlab.sim.tools.packages",
    "apt": "dnetlab.sim.tools.packages",
    "apt-get": "dnetlab.sim.tools.packages",
    "cat": "dnetlab.sim.tools.files",
    "ls": "dnetlab.sim.tools.files",
    "hostname": "dnetlab.sim.tools.hostname",
    "env": "dnetlab.sim.tools.basics",
    "printenv": "dnetlab.sim.tools.basics",
    "echo": "dnetlab.sim.tools.basics",
    "true": "dnetlab.sim.tools.basics",
    "false": "dnetlab.sim.tools.basics",
    "sleep": "dnetlab.sim.tools.basics",
    "date": "dnetlab.sim.tools.basics",
    "whoami": "dnetlab.sim.tools.basics",
    "id": "dnetlab.sim.tools.basics",
    "pwd": "dnetlab.sim.tools.basics",
    "clear": "dnetlab.sim.tools.basics",
    "uname": "dnetlab.sim.tools.basics",
    "timeout": "dnetlab.sim.tools.basics",
    "which": "dnetlab.sim.tools.basics",
    "grep": "dnetlab.sim.tools.filters",
    "head": "dnetlab.sim.tools.filters",
    "tail": "dnetlab.sim.tools.filters",
    "wc": "dnetlab.sim.tools.filters",
    "sort": "dnetlab.sim.tools.filters",
    "uniq": "dnetlab.sim.tools.filters",
    "ifconfig": "dnetlab.sim.tools.ifconfig",
    "route": "dnetlab.sim.tools.ifconfig",
}
# Debian's busybox-static, which the lab's images are made of, has neither pgrep, pkill nor printenv.


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BUSYBOX: frozenset[str] = _words(
    "ip brctl ping traceroute wget nslookup arp netstat nc ps kill pidof killall cat ls hostname env echo true "
    "false sleep date whoami id pwd clear uname timeout which grep head tail wc sort uniq ifconfig route sysctl"
)
USERLANDS: dict[str, frozenset[str]] = {
    "host": frozenset(HOST),
    "busybox": BUSYBOX,
    "busyboxplus": BUSYBOX | {"curl"},
    "alpine": BUSYBOX | {"curl"},
    "debian": _words("cat ls hostname env printenv echo true false sleep date whoami id pwd uname timeout "
                        "grep head tail wc sort uniq which"),
}  # fmt: skip
# Applets that the images' busybox has and the lab has not: to say "not found" of them would be a lie.
OTHER_APPLETS: frozenset[str] = _words(
    "arping ash awk base64 basename bc cal chgrp chmod chown cmp cp cut dd df diff dirname dmesg du ed egrep expr "
    "find fgrep fold free getopt groups gunzip gzip hexdump httpd id ifdown ifup install ipcalc ipneigh less ln "
    "logger md5sum mkdir mkfifo mktemp more mount mv nproc nsenter od paste ping6 printf readlink realpath renice "
    "rev rm rmdir sed seq setsid sha256sum shuf stat strings stty su tac tar tee telnet test time top touch tr "
    "traceroute6 tty udhcpc umount unshare uptime usleep vconfig vi w watch who xargs xxd yes"
)  # busybox --list of busybox-static 1.35


def is_other_applet(userland: str, name: str) -> bool:
    """Does the container's busybox have this command, though the lab doesn't?"""
    return userland not in ("host", "debian", "none") and name in OTHER_APPLETS - USERLANDS[userland]


def names(userland: str) -> tuple[str, ...]:
    """The commands of a userland, sorted."""
    return tuple(sorted(USERLANDS[userland]))


def run_tool(context: Context, argv: tuple[str, ...]) -> Result | None:
    """Run one command; None when this userland has no such command (the shell then says 'not found')."""
    name = argv[0].rsplit("/", 1)[-1]
    if name not in USERLANDS[context.userland]:
        return None
    return import_module(HOST[name]).run(context, argv)
