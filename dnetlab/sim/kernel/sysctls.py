"""The kernel's switches under /proc/sys that the lab knows, `net.ipv4.ip_forward` above all."""

from __future__ import annotations

import re

from dnetlab.model import Namespace
from dnetlab.model.changed import replace
from dnetlab.sim.kernel.addresses import Addresses
from dnetlab.sim.kernel.errors import Errno, KernelError

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
    "net.ipv6.bindv6only": "0",
    "net.ipv6.icmp.echo_ignore_all": "0",
    "net.ipv6.ip_nonlocal_bind": "0",
}
# what there is of the conntrack tool's, of TCP and of sockets in each namespace (Linux 6.18, recorded in a fresh one)
DEFAULTS |= {f"net.netfilter.nf_conntrack_{key}": value for key, value in {
    "acct": "0", "buckets": "262144", "checksum": "1", "count": "0", "expect_max": "4096", "generic_timeout": "600",
    "icmp_timeout": "30", "icmpv6_timeout": "30", "log_invalid": "0", "max": "262144", "tcp_be_liberal": "0",
    "tcp_loose": "1", "tcp_max_retrans": "3", "tcp_timeout_close": "10", "tcp_timeout_close_wait": "60",
    "tcp_timeout_established": "432000", "tcp_timeout_fin_wait": "120", "tcp_timeout_last_ack": "30",
    "tcp_timeout_max_retrans": "300", "tcp_timeout_syn_recv": "60", "tcp_timeout_syn_sent": "120",
    "tcp_timeout_time_wait": "120", "tcp_timeout_unacknowledged": "300", "timestamp": "0", "udp_timeout": "30",
    "udp_timeout_stream": "120",
}.items()}  # fmt: skip
DEFAULTS |= {f"net.ipv4.tcp_{key}": value for key, value in {
    "fin_timeout": "60", "keepalive_intvl": "75", "keepalive_probes": "9", "keepalive_time": "7200",
    "max_syn_backlog": "2048", "mtu_probing": "0", "retries2": "15", "sack": "1", "syn_retries": "6",
    "synack_retries": "5", "timestamps": "1", "tw_reuse": "2", "window_scaling": "1",
}.items()} | {"net.core.somaxconn": "4096", "net.ipv4.ip_no_pmtu_disc": "0"}  # fmt: skip
MORE = re.compile(  # a real kernel has hundreds more here; of these the lab can't say which exist
    r"(kernel|vm|fs|dev|user)\.|net\.(core|ipv6|netfilter|unix)\.|net\.ipv4\.(tcp_|udp_|icmp_|igmp_|fib_|inet_peer|"
    r"ip_|ipfrag_|neigh\.|route\.|vs\.|fwmark_reflect|raw_l3mdev|nexthop_compat|cipso_|xfrm4_)"
)
KEPT = "net.netfilter."  # the lab reads these, and keeps to them
COUNT = "net.netfilter.nf_conntrack_count"  # as many as stand in the table just now
# per interface under net.ipv4.conf: 'all' and 'default' too
PER_LINK: dict[str, str] = {
    "accept_redirects": "1", "arp_accept": "0", "arp_announce": "0", "arp_filter": "0", "arp_ignore": "0",
    "arp_notify": "0", "forwarding": "0", "log_martians": "0", "promote_secondaries": "0", "proxy_arp": "0",
    "route_localnet": "0", "rp_filter": "0", "secure_redirects": "1", "send_redirects": "1",
}  # fmt: skip
# and under net.ipv6.conf
PER_LINK6: dict[str, str] = {
    "accept_dad": "1", "accept_ra": "1", "accept_redirects": "1", "addr_gen_mode": "0", "autoconf": "1",
    "dad_transmits": "1", "disable_ipv6": "0", "forwarding": "0", "hop_limit": "64", "keep_addr_on_down": "0",
    "ndisc_notify": "0", "proxy_ndp": "0", "use_tempaddr": "0",
}  # fmt: skip
BOUNDS = {"net.ipv4.ip_default_ttl": (1, 255)}  # others are ints of 32 bits (proc_dointvec); typed on Linux 6
CONF, CONF6 = "net.ipv4.conf.", "net.ipv6.conf."
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
        for key in PER_LINK6:
            found[f"{CONF6}{name.replace('.', '/')}.{key}"] = _value6(space, key)
    return dict(sorted((found | space.sysctls | {COUNT: str(len(space.connections))}).items()))


def _value6(space: Namespace, switch: str) -> str:
    """What a link has that has no value of its own: what `default` says."""
    return space.sysctl(f"{CONF6}default.{switch}", PER_LINK6[switch])


def value_of(space: Namespace, key: str) -> str | None:
    """One switch of a namespace, None when it has none of that key."""
    own = str(len(space.connections)) if key == COUNT else space.sysctls.get(key, DEFAULTS.get(key))
    six = key.startswith(CONF6)
    link, _, switch = key.removeprefix(CONF6 if six else CONF).rpartition(".")
    if own is not None or not key.startswith((CONF, CONF6)) or switch not in (PER_LINK6 if six else PER_LINK):
        return own
    if link not in ("all", "default") and ("." in link or space.interface(link.replace("/", ".")) is None):
        return None
    if six:
        return PER_LINK6[switch] if link == "all" else _value6(space, switch)
    return space.sysctl(FORWARD) if switch == "forwarding" else PER_LINK[switch]


def lacks(space: Namespace, key: str) -> bool:
    """Is there no such switch in the namespace, nor on any real kernel? Links that aren't there have none."""
    return value_of(replace(space, sysctls={}), key) is None and MORE.match(key) is None


def refuses(space: Namespace, key: str, value: str) -> bool:
    """Is a word given where a number belongs?"""
    old = value_of(replace(space, sysctls={}), key)
    return old is not None and re.fullmatch(r"-?\d+", old) is not None and re.fullmatch(r"-?\d+", value) is None


class Sysctls(Addresses):
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
        if key.startswith(CONF6) and key.endswith(".disable_ipv6"):
            self._switch_ipv6(changed)

    def _switch_ipv6(self, changed: dict[str, str]) -> None:
        """What a link loses when IPv6 is switched off for it, and gets again (addrconf_disable_change)."""
        for link in self.namespace.interfaces:
            value = changed.get(f"{CONF6}{link.name.replace('.', '/')}.disable_ipv6")
            if value is not None:
                (self.without_ipv6 if value == "1" else self.with_ipv6)(link.name)

    def _moved_along(self, key: str, value: str) -> dict[str, str]:
        """What a write to one of the two masters of forwarding sets too (inet_forward_change, net/ipv4/devinet.c), and
        to `all` of IPv6's forwarding and disable_ipv6 (addrconf_fixup_forwarding, addrconf_disable_ipv6)."""
        if key in (f"{CONF6}all.forwarding", f"{CONF6}all.disable_ipv6"):
            switch = key.rpartition(".")[2]
            links = ("default", *(i.name.replace(".", "/") for i in self.namespace.interfaces))
            return {f"{CONF6}{link}.{switch}": value for link in links}
        if key not in (FORWARD, FORWARD_ALL):
            return {}
        per_link = [k for k in self.namespace.sysctls if re.fullmatch(r"net\.ipv4\.conf\..*\.forwarding", k)]
        return dict.fromkeys([FORWARD, FORWARD_ALL, *per_link], value)
