"""The files of a host or a container, as far as lessons look at them: those the daemon writes, and /proc and /sys.

What the lab does not hold is refused, not called missing, wherever a real machine would have more.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from itertools import chain

from dnetlab.model import Interface, LinkKind
from dnetlab.model.ip import IpAddress
from dnetlab.sim.context import Context, Refused
from dnetlab.sim.dockerd.mounts import SOCKETS
from dnetlab.sim.kernel.sysctls import key_of, value_of
from dnetlab.sim.text import connections
from dnetlab.sim.text.traffic import proc_net_dev, sysfs
from dnetlab.sim.tools import nslinks
from dnetlab.sim.world import FileKey

OS_RELEASE = """\
PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
"""
HOST_TOP = ("bin", "dev", "etc", "home", "lib", "lib64", "mnt", "opt", "proc", "root", "run", "sbin", "srv", "sys",
            "tmp",
            "usr", "var")  # fmt: skip
BOX_TOP = ("bin", "dev", "etc", "home", "lib", "proc", "root", "sbin", "sys", "tmp", "usr", "var")
_OF_DAEMON = ("/etc/docker/daemon.json", "/etc/default/docker", "/run/dnetlab/arguments")  # read by a host's daemon
NAMESPACES = ("/run/docker/netns", "/var/run/docker/netns")
RT_TABLES = "/etc/iproute2/rt_tables"  # names of routing tables
_SWITCHES, _LINKS = "/proc/sys/net/", "/sys/class/net/"
_OF_FIRST = ("/proc/1/cmdline", "/proc/1/environ")  # a container's
SHOWS, MOST_NAMED = "cat shows {held}.", 12
_EMPTY = ("/root", "/home", "/tmp", "/mnt", "/opt", "/srv")
_KEPT_BACK = ("/proc", "/sys", "/dev", "/usr", "/var", "/lib", "/lib64", "/bin", "/sbin", "/run", "/boot")
_KNOWN_ELSEWHERE = frozenset(
    [
        "shadow",
        "fstab",
        "services",
        "protocols",
        "profile",
        "bash.bashrc",
        "inittab",
        "ssh",
        "ssl",
        "systemd",
        "network",
        "networks",
        "netplan",
        "docker",
        "apt",
        "default",
        "init.d",
        "sysctl.conf",
        "sysctl.d",
        "modules",
        "nginx",
        "mysql",
        "group-",
        "passwd-",
        "crontab",
        "environment",
        "login.defs",
    ]
)


def directory_of(context: Context) -> str:
    """Where relative names start: where the shell is, else a login's home or the image's directory."""
    if context.directory is not None:
        return context.directory
    if context.container is None:
        return "/root"
    state = context.world.daemons.get(context.host)
    spec = state.containers.get(context.container) if state else None
    return (spec.config.working_dir if spec else "") or "/"


def absolute(context: Context, path: str) -> str:
    joined = posixpath.normpath(posixpath.join(directory_of(context), path or "."))
    return "/" + joined.lstrip("/")


def read(context: Context, path: str) -> str:
    """The text of a file. Raises FileNotFoundError, IsADirectoryError, or Refused."""
    full = absolute(context, path)
    if full.startswith("/proc/self/"):
        full = "/proc/1/" + full.removeprefix("/proc/self/") if context.container else full
    files = context.world.files
    key = file_key(context, full)
    if key in files:
        return files[key]
    made = _made(context, full) if key[2] == full else None
    if made is not None:
        return made
    if full in ("/dev/null", "/dev/stdin"):
        return (context.stdin or "") if full == "/dev/stdin" else ""
    if is_directory(context, full):
        raise IsADirectoryError(path)
    if key[2] == full:
        _refuse_unknown(context, full)
    raise FileNotFoundError(path)


def file_key(context: Context, full: str) -> FileKey:
    """Where the file of that path is kept."""
    from dnetlab.sim.dockerd.mounts import key_of

    return key_of(context.world, context.host, context.container or "", full)


def _mount_points(context: Context) -> list[str]:
    from dnetlab.sim.dockerd import mounts

    found = mounts.mounts_of(context.world, context.host, context.container or "")
    return [m.destination.rstrip("/") for m in found]


def is_directory(context: Context, path: str) -> bool:
    full = absolute(context, path)
    if full == "/" or full.lstrip("/") in _top(context):
        return True
    key = file_key(context, full)
    if key in context.world.files or not key[1] and key[2] in SOCKETS:
        return False
    if any(other.startswith(key[2] + "/") for other in _paths(context, key)):
        return True
    if any((point + "/").startswith(full + "/") for point in _mount_points(context)):
        return True
    if context.container is None and _volume_names(context, full) is not None:
        return True
    fixed = ("/etc/docker", "/run/dnetlab", "/proc/sys/net", "/proc/sys/net/ipv4", "/proc/net", "/sys/class/net",
             "/proc/sys", "/sys/class", posixpath.dirname(RT_TABLES),
             "/usr/bin", "/usr/sbin", "/usr/local", "/usr/local/bin", "/usr/local/sbin", "/usr/share", "/var/run",
             "/var/log", "/var/lib", "/var/tmp")  # fmt: skip
    if full.endswith("/ns") and nslinks.process_at(context, full) is not None:
        return True
    if full in fixed or (full in (*NAMESPACES, "/etc/default") and context.container is None) or _ports(context, full):
        return True
    parent, name = posixpath.split(full)
    if name in _ports(context, parent):
        return True
    if name == "bridge" and (link := context.stack.interface(posixpath.basename(parent))) is not None:
        return parent.startswith(_LINKS) and link.kind is LinkKind.BRIDGE
    if name == "statistics":
        parent, name = posixpath.split(parent)
    return parent == "/sys/class/net" and context.stack.interface(name) is not None


def listing(context: Context, path: str) -> list[str]:
    """The names in a directory, sorted. Raises FileNotFoundError, NotADirectoryError, or Refused."""
    full = absolute(context, path)
    if full == "/":
        return sorted(_top(context))
    if full in NAMESPACES and context.container is None:
        return _docker_namespaces(context)
    if full.endswith("/ns") and nslinks.process_at(context, full) is not None:
        return list(nslinks.NAMES)
    if full.startswith(_LINKS) and full.endswith("/bridge") and is_directory(context, full):
        return _BRIDGE_NAMES
    if full == "/sys/class/net":
        return sorted(i.name for i in context.stack.interfaces)
    if _ports(context, full):
        return _ports(context, full)
    names = set(_here(context, full))
    key = file_key(context, full)
    if key[2] != full and is_directory(context, full) or (*key[:2], key[2] + "/") in context.world.files:
        return sorted(names)
    if context.container is None and (volumes := _volume_names(context, full)) is not None:
        return sorted({*names, *volumes})
    if full == "/etc" and context.container is not None:
        return sorted(names | {"group", "mtab", "nsswitch.conf", "passwd"})
    if _is_of_small_image(context, full) and is_directory(context, full):
        return sorted(names)
    if full in _EMPTY or names and context.container is not None and not full.startswith(_KEPT_BACK):
        return sorted(names)
    if not is_directory(context, full):
        try:
            read(context, path)
        except IsADirectoryError:
            pass
        else:
            raise NotADirectoryError(path)
    raise Refused(
        "The lab holds only the files of {full} that lessons read.", SHOWS, full=full, held=_held(context, full)
    )


def _docker_namespaces(context: Context) -> list[str]:
    """What dockerd keeps in /run/docker/netns: a file for each sandbox, `default` for the host's own, and those of
    overlay networks."""
    from dnetlab.sim.dockerd.sandbox import sandbox_of

    keys = (sandbox_of(context.world, c)[1] for c in context.machine.containers if c.is_running)
    own = {posixpath.basename(key) for key in keys if key}
    return sorted(own | context.machine.inner_spaces)


def _ports(context: Context, full: str) -> list[str]:
    """The ports of a bridge, for its /sys/class/net/BRIDGE/brif; [] for any other path."""
    parts = full.split("/")
    if parts[1:4] != ["sys", "class", "net"] or len(parts) != 6 or parts[5] != "brif":
        return []
    return sorted(link.name for link in context.stack.interfaces if link.master == parts[4])


def _paths(context: Context, key: FileKey) -> Iterator[str]:
    """The paths of all files and symbolic links where that one is kept."""
    return chain(context.world.files.of(*key[:2]), context.world.links.of(*key[:2]))


def _here(context: Context, full: str) -> list[str]:
    place = file_key(context, full)
    prefix, shown = place[2].rstrip("/") + "/", full.rstrip("/") + "/"
    found = [path.removeprefix(prefix).split("/", 1)[0] for path in _paths(context, place)
             if path.startswith(prefix) and path != prefix]  # fmt: skip
    points = [point for point in _mount_points(context) if point.startswith(shown)]
    return found + [point.removeprefix(shown).split("/", 1)[0] for point in points]


def _volume_names(context: Context, full: str) -> list[str] | None:
    """What a host has in /var/lib/docker/volumes; None for any other path."""
    parts = full.split("/")
    names = [volume.name for volume in context.machine.volumes]
    if parts[1:5] != ["var", "lib", "docker", "volumes"] or len(parts) > 7:
        return None
    if len(parts) == 5:
        return names
    if parts[5] not in names or parts[6:] not in ([], ["_data"]):
        return None
    return [] if parts[6:] else ["_data"]


def _top(context: Context) -> tuple[str, ...]:
    return HOST_TOP if context.container is None else BOX_TOP


_OF_SMALL_IMAGES = (  # nothing there that the lab does not hold
    "/var/", "/run/", "/usr/share/", "/usr/src/", "/usr/local/apache2/",
)  # fmt: skip
_OFTEN_MADE = ("/run/netns", "/usr/local/", "/var/tmp/")  # there is nothing in a fresh host's, so no need to refuse


def _is_of_small_image(context: Context, full: str) -> bool:
    return context.container is not None and context.userland != "debian" and full.startswith(_OF_SMALL_IMAGES)


def _refuse_unknown(context: Context, full: str) -> None:
    if _is_of_small_image(context, full):
        return
    parent, name = posixpath.split(full)
    if name == "bridge" and parent.startswith(_LINKS):
        return  # what is no bridge has no such directory
    if full.startswith(_OFTEN_MADE) or (context.container is None and full in _OF_DAEMON):
        return
    kept = full.startswith("/etc/") and context.container is None and full.split("/")[2] in _KNOWN_ELSEWHERE
    if kept or any(full.startswith(prefix + "/") for prefix in _KEPT_BACK):
        raise Refused("The lab does not hold {full}.", SHOWS, full=full, held=_held(context, full))


def _held(context: Context, full: str) -> str:
    """What `cat` shows here, for a sentence: the files below the same directory of /, or all when it has none."""
    files = context.world.files.of(context.host, context.container or "")
    made = [*_fixed(context), *_OF_KERNEL, *(_OF_FIRST if context.container is not None else ())]
    names = sorted({*made, *files})
    names += [f"{tree}…" for tree in (_SWITCHES, _LINKS)]
    near = [name for name in names if name.split("/")[1] == full.split("/")[1]] or names
    return ", ".join([*near[:MOST_NAMED], *(["…"] if len(near) > MOST_NAMED else [])])


def _made(context: Context, full: str) -> str | None:
    """Files that are made when they are read; None for others."""
    if full in (fixed := _fixed(context)):
        return fixed[full]
    if full.startswith("/proc/sys/"):
        value = value_of(context.stack, key_of(full.removeprefix("/proc/sys/")))
        return None if value is None else f"{value}\n"
    if full.startswith(_LINKS):
        return _of_link(context, full.split("/"))
    if full.startswith(_RECENT):
        return _seen(context, full.removeprefix(_RECENT))
    made = _OF_KERNEL.get(full.replace("/proc/1/net/", "/proc/net/"))
    if made is not None:
        return made(context)
    if context.container is None:
        return None
    return _first_process(context, full.rsplit("/", 1)[1]) if full in _OF_FIRST else None


def _fixed(context: Context) -> dict[str, str]:
    return _FIXED_HOST if context.container is None else _FIXED_BOX


def _of_link(context: Context, parts: list[str]) -> str | None:
    """A file of /sys/class/net/DEV: DEV/NAME, DEV/statistics/NAME, DEV/brif/PORT/NAME."""
    if len(parts) == 7 and parts[5] == "bridge":
        return _bridge_file(context, parts[4], parts[6])
    if len(parts) == 8 and parts[5] == "brif":
        return _bridge_port(context, parts[4], parts[6], parts[7])
    device = context.stack.interface(parts[4]) if len(parts) in (6, 7) else None
    if device is not None and len(parts) == 7:
        return sysfs(context.stack.traffic_of(device), parts[6]) if parts[5] == "statistics" else None
    return _attribute(context, device, parts[5]) if device else None


_BRIDGE_FILES = {  # of a bridge as it is made (Linux 6.18, recorded); times in hundredths of a second
    "ageing_time": "30000", "forward_delay": "1500", "gc_timer": "0", "group_addr": "01:80:c2:00:00:00",
    "group_fwd_mask": "0x0", "hash_elasticity": "16", "hash_max": "4096", "hello_time": "200", "hello_timer": "0",
    "max_age": "2000", "multicast_igmp_version": "2", "multicast_last_member_count": "2",
    "multicast_last_member_interval": "100", "multicast_membership_interval": "26000", "multicast_mld_version": "1",
    "multicast_querier": "0", "multicast_querier_interval": "25500", "multicast_query_interval": "12500",
    "multicast_query_response_interval": "1000", "multicast_query_use_ifaddr": "0", "multicast_router": "1",
    "multicast_snooping": "1", "multicast_startup_query_count": "2", "multicast_startup_query_interval": "3124",
    "multicast_stats_enabled": "0", "nf_call_arptables": "0", "nf_call_ip6tables": "0", "nf_call_iptables": "0",
    "no_linklocal_learn": "0", "priority": "32768", "root_path_cost": "0", "root_port": "0", "tcn_timer": "0",
    "topology_change": "0", "topology_change_detected": "0", "topology_change_timer": "0",
}  # fmt: skip
_BRIDGE_NAMES = sorted((*_BRIDGE_FILES, "bridge_id", "flush", "root_id", "stp_state"))


def _bridge_file(context: Context, bridge: str, name: str) -> str | None:
    """/sys/class/net/BRIDGE/bridge/NAME."""
    link = context.stack.interface(bridge)
    if link is None or link.kind is not LinkKind.BRIDGE:
        return None
    if name in ("bridge_id", "root_id"):
        return f"8000.{link.mac.replace(':', '')}\n"
    if name == "stp_state":
        return f"{int(link.stp)}\n"
    return f"{_BRIDGE_FILES[name]}\n" if name in _BRIDGE_FILES else None


def _bridge_port(context: Context, bridge: str, port: str, name: str) -> str | None:
    """/sys/class/net/BRIDGE/brif/PORT/hairpin_mode: may a frame leave by the port it came in by?"""
    link = context.stack.interface(port)
    if link is None or link.master != bridge or name != "hairpin_mode":
        return None
    return "1\n" if link.hairpin else "0\n"


_RT_TABLES = """\
#
# reserved values
#
255\tlocal
254\tmain
253\tdefault
0\tunspec
#
# local
#
#1\tinr.ruhep
"""
_FIXED_HOST = {
    "/etc/os-release": OS_RELEASE,
    "/etc/debian_version": "12.12\n",
    RT_TABLES: _RT_TABLES,
    "/etc/issue": "Debian GNU/Linux 12 \\n \\l\n\n",
}
PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n"  # of the lab's images
GROUP = "root:x:0:\nnogroup:x:65534:\n"
_FIXED_BOX = {
    "/etc/passwd": PASSWD,
    "/etc/group": GROUP,
    "/etc/nsswitch.conf": "hosts: files dns\n",
}


def _attribute(context: Context, device: Interface, name: str) -> str | None:
    """/sys/class/net/DEV/NAME: iflink is how the two ends of a veth pair find each other."""
    link = device.peer.index if device.peer else device.index
    up = device.up and device.carrier
    state = "unknown" if device.kind is LinkKind.LOOPBACK else "up" if up else "down"
    return {
        "address": f"{device.mac}\n", "mtu": f"{device.mtu}\n", "ifindex": f"{device.index}\n", "iflink": f"{link}\n",
        "type": f"{772 if device.kind is LinkKind.LOOPBACK else 1}\n",
        "operstate": f"{state}\n", "carrier": f"{int(up)}\n", "tx_queue_len": f"{device.txqlen}\n",
    }.get(name)  # fmt: skip


def _little_endian(address: IpAddress) -> str:
    return address.packed[::-1].hex().upper()


def _route_table(context: Context) -> str:
    text = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT" + " " * 55 + "\n"
    for route in context.stack.routes_of(4):
        if route.dev is None:
            continue
        flags = "0003" if route.via else "0001"
        gateway = _little_endian(route.via) if route.via else "00000000"
        row = (f"{route.dev}\t{_little_endian(route.destination.network_address)}\t{gateway}\t{flags}\t0\t0"
               f"\t{route.metric}"
               f"\t{_little_endian(route.destination.netmask)}\t0\t0\t0")  # fmt: skip
        text += f"{row:<127}\n"
    return text


def _arp_table(context: Context) -> str:
    text = "IP address       HW type     Flags       HW address            Mask     Device\n"
    for entry in context.stack.neighbours_of(4):
        flags = "0x0" if entry.mac is None else "0x6" if entry.state == "PERMANENT" else "0x2"
        mac = entry.mac or "00:00:00:00:00:00"
        text += f"{entry.address!s:<16} 0x1         {flags}         {mac}     *        {entry.dev}\n"
    return text


def _flows(context: Context) -> str:
    return "".join(f"{connections.proc(c, context.world.clock)}\n" for c in context.stack.connections)


_RECENT = "/proc/net/xt_recent/"
_HZ, _FIRST_JIFFIES = 250, 4294892296  # the kernel's clock begins five minutes before it wraps (linux/jiffies.h)


def _seen(context: Context, name: str) -> str | None:
    """A list of `-m recent`: each address, and when it was seen, in jiffies (xt_recent.c, recent_seq_show)."""
    rows = context.stack.netfilter.recent.get(name)
    if rows is None:
        return None

    def jiffies(at: float) -> int:
        return _FIRST_JIFFIES + int(at * _HZ)

    return "".join(
        f"src={address} ttl: {row.ttl} last_seen: {jiffies(row.seen[-1])} oldest_pkt: {len(row.seen)} "
        f"{', '.join(str(jiffies(at)) for at in row.seen)}\n" for address, row in rows.items()
    )  # fmt: skip


_OF_KERNEL = {
    "/proc/net/arp": _arp_table, "/proc/net/dev": lambda context: proc_net_dev(context.stack),
    "/proc/net/nf_conntrack": _flows, "/proc/net/route": _route_table,
}  # fmt: skip


def _first_process(context: Context, name: str) -> str | None:
    from dnetlab.sim.processes import container_rows

    rows = container_rows(context.world, context.host, context.container or "")
    if not rows:
        return None
    if name == "cmdline":
        return "".join(f"{word}\0" for word in rows[0][1].argv)
    return "".join(f"{key}={value}\0" for key, value in (context.environment or {}).items())
