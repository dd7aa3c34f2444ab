"""Which commands there are at a prompt: on a host, and in the containers of each kind of image."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


HOST: frozenset[str] = _words(
    "docker ip bridge brctl iptables iptables-save sysctl ping traceroute curl wget nslookup arp netstat ss nc ps "
    "kill pkill pgrep pidof killall systemctl service yum dnf apt apt-get cat ls hostname env printenv echo true "
    "false sleep date whoami id pwd clear uname timeout which grep head tail wc sort uniq ifconfig route"
)
# Debian's busybox-static, which the lab's images are made of, has neither pgrep, pkill nor printenv.
BUSYBOX: frozenset[str] = _words(
    "ip brctl ping traceroute wget nslookup arp netstat nc ps kill pidof killall cat ls hostname env echo true "
    "false sleep date whoami id pwd clear uname timeout which grep head tail wc sort uniq ifconfig route sysctl"
)
USERLANDS: dict[str, frozenset[str]] = {
    "host": HOST,
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
