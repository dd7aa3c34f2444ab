"""The kernel's switches under /proc/sys that the lab knows, `net.ipv4.ip_forward` above all."""

from __future__ import annotations

import re

from dnetlab.model import Namespace
from dnetlab.model.changed import replace
from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.space import Space

# what a fresh network namespace answers (Linux 6, recorded); a namespace's own values stand before these
DEFAULTS: dict[str, str] = {
    "net.ipv4.ip_forward": "0",
    "net.ipv4.ip_default_ttl": "64",
    "net.ipv4.icmp_echo_ignore_all": "0",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "net.ipv4.ip_local_port_range": "32768\t60999",
    "net.ipv4.ip_unprivileged_port_start": "1024",
    "net.ipv4.ip_nonlocal_bind": "0",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv4.ping_group_range": "1\t0",
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.ipv6.conf.all.forwarding": "0",
    "net.ipv6.conf.default.disable_ipv6": "0",
}
# per interface under net.ipv4.conf: 'all' and 'default' too
PER_LINK: dict[str, str] = {
    "accept_redirects": "1", "arp_accept": "0", "arp_announce": "0", "arp_filter": "0", "arp_ignore": "0",
    "arp_notify": "0", "forwarding": "0", "log_martians": "0", "promote_secondaries": "0", "proxy_arp": "0",
    "route_localnet": "0", "rp_filter": "0", "secure_redirects": "1", "send_redirects": "1",
}  # fmt: skip
BOUNDS = {"net.ipv4.ip_default_ttl": (1, 255)}  # others are ints of 32 bits (proc_dointvec); typed on Linux 6
CONF = "net.ipv4.conf."
FORWARD, FORWARD_ALL = "net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"


def key_of(name: str) -> str:
    """'net/ipv4/ip_forward' (a path under /proc/sys) and 'net.ipv4.ip_forward' are one key; a '/' in the dotted form is
    a '.' of an interface's name."""
    first = re.search(r"[./]", name)
    if first and first[0] == "/":
        return name.replace(".", "\0").replace("/", ".").replace("\0", "/")
    return name


def values(space: Namespace) -> dict[str, str]:
    """Every switch of a namespace, by key, sorted. A '/' in a key is a '.' of an interface's name."""
    found = dict(DEFAULTS)
    forwarding = space.sysctl(FORWARD)
    for name in ("all", "default", *(i.name for i in space.interfaces)):
        for key, value in PER_LINK.items():
            value = forwarding if key == "forwarding" else value
            found[f"{CONF}{name.replace('.', '/')}.{key}"] = value
    return dict(sorted((found | space.sysctls).items()))


def value_of(space: Namespace, key: str) -> str | None:
    """One switch of a namespace, None when it has none of that key."""
    own = space.sysctls.get(key, DEFAULTS.get(key))
    link, _, switch = key.removeprefix(CONF).rpartition(".")
    if own is not None or not key.startswith(CONF) or switch not in PER_LINK:
        return own
    if link not in ("all", "default") and ("." in link or space.interface(link.replace("/", ".")) is None):
        return None
    return space.sysctl(FORWARD) if switch == "forwarding" else PER_LINK[switch]


class Sysctls(Space):
    """`sysctl -w`, and the daemon when it switches forwarding on."""

    def set_sysctl(self, key: str, value: str) -> None:
        """ip_forward and conf.*.forwarding move together. KernelError ENOENT for an unknown key, EINVAL for a word
        where a number belongs, or a number that does not fit."""
        old = value_of(self.namespace, key)
        if old is None:
            raise KernelError(Errno.ENOENT)
        if re.fullmatch(r"-?\d+", old) and not re.fullmatch(r"-?\d+", value):
            raise KernelError(Errno.EINVAL)
        least, most = BOUNDS.get(key, (-(1 << 31), (1 << 31) - 1))
        if re.fullmatch(r"-?\d+", value) and not least <= int(value) <= most:
            raise KernelError(Errno.EINVAL)
        changed = {key: value} | self._moved_along(key, value)
        self.change(lambda ns: replace(ns, sysctls={**ns.sysctls, **changed}))

    def _moved_along(self, key: str, value: str) -> dict[str, str]:
        """What a write to one of the two masters of forwarding sets too (inet_forward_change, net/ipv4/devinet.c)."""
        if key not in (FORWARD, FORWARD_ALL):
            return {}
        per_link = [k for k in self.namespace.sysctls if re.fullmatch(r"net\.ipv4\.conf\..*\.forwarding", k)]
        return dict.fromkeys([FORWARD, FORWARD_ALL, *per_link], value)
