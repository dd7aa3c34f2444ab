"""What the kernel says of a network namespace: links, addresses, routes, neighbours, rules, sockets, processes.

Read by netlink, /proc and iptables-save from within the namespace, all namespaces of a host in one pass of one
thread; no program is started per question, and nothing in a container is run.
"""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, ip_address
from pathlib import Path
from typing import Any, TypeVar

from dnetlab.errors import EngineError
from dnetlab.model import (
    Address,
    Chain,
    Connection,
    FdbEntry,
    Flow,
    Interface,
    LinkKind,
    Namespace,
    Neighbour,
    Netfilter,
    PeerEnd,
    Process,
    Protocol,
    Route,
    Rule,
    Socket,
    SocketState,
    Table,
)
from dnetlab.model.netfilter import BUILTIN, parse_rule
from dnetlab.model.packet import ConnState

T = TypeVar("T")
SEGMENTS = {"eth0": "lan", "enp7s0": "trunk"}
SYSCTLS = (
    "net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv4.conf.default.forwarding",
    "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter", "net.ipv4.conf.all.route_localnet",
    "net.ipv4.conf.all.proxy_arp", "net.ipv4.icmp_echo_ignore_all", "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_default_ttl", "net.ipv6.conf.all.disable_ipv6",
    "net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables", "net.bridge.bridge-nf-call-arptables",
)  # fmt: skip
RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH = 18, 22, 26, 30
NLM_F_DUMP_REQUEST = 0x301
NLMSG_DONE = 3
IFF_UP, IFF_PROMISC, IFF_LOWER_UP = 0x1, 0x100, 0x10000
NUD = {
    0x01: "INCOMPLETE",
    0x02: "REACHABLE",
    0x04: "STALE",
    0x08: "DELAY",
    0x10: "PROBE",
    0x20: "FAILED",
    0x40: "NOARP",
    0x80: "PERMANENT",
}  # linux/neighbour.h
ROUTE_PROTOCOLS = {2: "kernel", 3: "boot", 4: "static"}  # linux/rtnetlink.h
ROUTE_KINDS = {1: "unicast", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
SCOPES = {0: "global", 253: "link", 254: "host", 255: "nowhere"}
CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class Place:
    """A network namespace to look at: its name in the snapshot, and the /proc folder of a process that is in it."""

    name: str
    folder: str


@dataclass(frozen=True)
class _Raw:
    links: list[Any]
    addresses: list[Any]
    routes: list[Any]
    neighbours: list[Any]
    fdb: list[Any]
    sysctls: dict[str, str]
    rules: subprocess.Popen[bytes] | None


def namespaces(places: Iterable[Place], wants_rules: Callable[[Place], bool]) -> dict[str, Namespace]:
    """The stacks of these places by name, veth peers resolved between them; {} for none. A place that ends while it is
    looked at is left out."""
    places = list(places)
    raws = _in_a_thread(lambda: [(place, _read(place, wants_rules(place))) for place in places])
    made = {place.name: _namespace(place, raw) for place, raw in raws if raw is not None}
    return _with_peers(made, {place.name: raw for place, raw in raws if raw is not None})


def _in_a_thread(work: Callable[[], T]) -> T:
    """Run in a thread of its own: it enters other network namespaces, which only its own end undoes."""
    box: list[Any] = []

    def run() -> None:
        try:
            box.append((work(), None))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            box.append((None, error))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    result, error = box[0]
    if error is not None:
        raise error
    return result


def _enter(folder: str) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        handle = os.open(f"{folder}/ns/net", os.O_RDONLY)
    except OSError:
        return False
    try:
        if libc.setns(handle, CLONE_NEWNET) != 0:
            raise EngineError(f"can't look into a network namespace: {os.strerror(ctypes.get_errno())}")
    finally:
        os.close(handle)
    return True


def _read(place: Place, with_rules: bool) -> _Raw | None:
    """Everything of one namespace as the kernel gives it; None when the process has ended."""
    if not _enter(place.folder):
        return None
    rules = None
    program = shutil.which("iptables-save", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if with_rules and program:
        rules = subprocess.Popen([program, "-c"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        link.bind((0, 0))
        links = _dump(link, RTM_GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0))
        addresses = _dump(link, RTM_GETADDR, struct.pack("=BBBBi", 0, 0, 0, 0, 0))
        routes = _dump(link, RTM_GETROUTE, struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, 0, 0, 0, 0, 0))
        neighbours = _dump(link, RTM_GETNEIGH, struct.pack("=BxxxiHBB", socket.AF_INET, 0, 0, 0, 0))
        bridges = any(_kind(message) == "bridge" for message in links)
        fdb = _dump(link, RTM_GETNEIGH, struct.pack("=BxxxiHBB", 7, 0, 0, 0, 0)) if bridges else []
    return _Raw(links, addresses, routes, neighbours, fdb, _sysctls(), rules)


def _dump(link: socket.socket, kind: int, body: bytes) -> list[Any]:
    """All messages that answer one netlink dump request."""
    from pyroute2.netlink.rtnl.marshal import MarshalRtnl

    marshal = MarshalRtnl()
    link.send(struct.pack("=IHHII", 16 + len(body), kind, NLM_F_DUMP_REQUEST, 1, 0) + body)
    found: list[Any] = []
    while True:
        for message in marshal.parse(link.recv(1 << 18)):
            if message["header"]["type"] == NLMSG_DONE:
                return found
            if message["header"].get("error") is not None:
                raise EngineError(f"the kernel refused a question: {message['header']['error']}")
            found.append(message)


def _sysctls() -> dict[str, str]:
    """The sysctls of the namespace this thread is in."""
    values = {}
    for key in SYSCTLS:
        head, _, tail = key.rpartition(".")
        path = Path("/proc/sys") / head.replace(".", "/") / tail
        try:
            values[key] = path.read_text().strip()
        except OSError:
            continue
    return values


# -- from messages to values --------------------------------------------------------------------------------------


def _kind(message: Any) -> str:
    info = message.get_attr("IFLA_LINKINFO")
    return (info.get_attr("IFLA_INFO_KIND") or "") if info else ""


def _namespace(place: Place, raw: _Raw) -> Namespace:
    names = {message["index"]: message.get_attr("IFLA_IFNAME") for message in raw.links}
    interfaces = tuple(_interface(message, raw.addresses, names, place.name) for message in raw.links)
    text = ""
    if raw.rules is not None:
        text = raw.rules.communicate()[0].decode(errors="replace")
    return Namespace(
        place.name,
        tuple(sorted(interfaces, key=lambda i: i.index)),
        tuple(_routes(raw.routes, names)),
        tuple(_neighbours(raw.neighbours, names)),
        tuple(_fdb(raw.fdb, names)),
        parse_rules(text),
        tuple(connections(place.folder)),
        (),
        raw.sysctls,
    )


def _interface(message: Any, addresses: list[Any], names: dict[int, str], place: str) -> Interface:
    name, index, flags = message.get_attr("IFLA_IFNAME"), message["index"], message["flags"]
    kind = LinkKind.LOOPBACK if flags & 0x8 else _link_kind(_kind(message))
    if place == "host" and name in SEGMENTS:
        kind = LinkKind.PHYSICAL
    elif place == "host" and re.fullmatch(r"enp7s0\.\d+", name) and kind is LinkKind.VETH:
        kind = LinkKind.VLAN
    info = message.get_attr("IFLA_LINKINFO")
    data = info.get_attr("IFLA_INFO_DATA") if info else None
    lower = message.get_attr("IFLA_LINK")
    parent = names.get(lower) if kind is LinkKind.MACVLAN and place == "host" and lower else None
    vlan = None
    if kind is LinkKind.VLAN:
        parent, vlan = name.split(".")[0], int(name.split(".")[1]) if "." in name else None
    mode = data.get_attr("IFLA_MACVLAN_MODE") if data is not None and kind is LinkKind.MACVLAN else ""
    return Interface(
        name, index, kind, message.get_attr("IFLA_ADDRESS") or "",
        tuple(_addresses(addresses, index)),
        mtu=message.get_attr("IFLA_MTU"),
        up=bool(flags & IFF_UP),
        carrier=bool(flags & IFF_LOWER_UP),
        promiscuous=bool(flags & IFF_PROMISC),
        master=names.get(message.get_attr("IFLA_MASTER") or 0),
        parent=parent,
        segment=SEGMENTS.get(name) if kind is LinkKind.PHYSICAL else None,
        mode=str(mode or ""),
        vlan_id=vlan,
        hairpin=_hairpin(info),
        txqlen=message.get_attr("IFLA_TXQLEN") or 0,
    )  # fmt: skip


def _link_kind(kind: str) -> LinkKind:
    try:
        return LinkKind(kind)
    except ValueError:
        return LinkKind.OTHER


def _hairpin(info: Any) -> bool:
    slave = info.get_attr("IFLA_INFO_SLAVE_DATA") if info else None
    try:
        return bool(slave and slave.get_attr("IFLA_BRPORT_MODE"))
    except AttributeError:
        return False


def _addresses(messages: list[Any], index: int) -> Iterable[Address]:
    for message in messages:
        if message["index"] != index:
            continue
        text = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
        whole = f"{text}/{message['prefixlen']}"
        broadcast = message.get_attr("IFA_BROADCAST")
        flags = message.get_attr("IFA_FLAGS") or message["flags"]
        yield Address(
            IPv4Interface(whole) if message["family"] == socket.AF_INET else IPv6Interface(whole),
            IPv4Address(broadcast) if broadcast else None,
            SCOPES.get(message["scope"], "global"),
            bool(flags & 0x1) and message["family"] == socket.AF_INET,
        )


def _routes(messages: list[Any], names: dict[int, str]) -> Iterable[Route]:
    for message in messages:
        if message.get_attr("RTA_TABLE") != 254 or message["type"] not in ROUTE_KINDS:
            continue
        via, src = message.get_attr("RTA_GATEWAY"), message.get_attr("RTA_PREFSRC")
        yield Route(
            IPv4Network(f"{message.get_attr('RTA_DST') or '0.0.0.0'}/{message['dst_len']}"),
            names.get(message.get_attr("RTA_OIF") or 0),
            IPv4Address(via) if via else None,
            IPv4Address(src) if src else None,
            ROUTE_PROTOCOLS.get(message["proto"], str(message["proto"])),
            SCOPES.get(message["scope"], "global"),
            message.get_attr("RTA_PRIORITY") or 0,
            ROUTE_KINDS[message["type"]],
        )


def _neighbours(messages: list[Any], names: dict[int, str]) -> Iterable[Neighbour]:
    for message in messages:
        state = NUD.get(message["state"], "")
        if not state or state == "NOARP":
            continue
        yield Neighbour(
            IPv4Address(message.get_attr("NDA_DST")),
            names.get(message["ifindex"], ""),
            message.get_attr("NDA_LLADDR"),
            state,
        )


def _fdb(messages: list[Any], names: dict[int, str]) -> Iterable[FdbEntry]:
    for message in messages:
        mac, master = message.get_attr("NDA_LLADDR"), message.get_attr("NDA_MASTER")
        if not mac or not master or mac.startswith(("33:33:", "01:00:5e:")):
            continue
        yield FdbEntry(names.get(master, ""), mac, names.get(message["ifindex"], ""), bool(message["state"] & 0x80))


def _with_peers(made: dict[str, Namespace], raws: dict[str, _Raw]) -> dict[str, Namespace]:
    """Fill in the far ends of veth pairs and the parents of macvlans that lie in another of these namespaces."""
    lower: dict[tuple[str, int], int] = {}
    for name, raw in raws.items():
        for message in raw.links:
            if message.get_attr("IFLA_LINK"):
                lower[name, message["index"]] = message.get_attr("IFLA_LINK")
    back: dict[tuple[int, int], list[str]] = {}
    for (name, index), link in lower.items():
        back.setdefault((index, link), []).append(name)
    result = {}
    for name, namespace in made.items():
        interfaces = []
        for interface in namespace.interfaces:
            far = lower.get((name, interface.index))
            if interface.kind is LinkKind.VETH and far:
                others = [other for other in back.get((far, interface.index), []) if other != name]
                interface = replace(interface, peer=PeerEnd(others[0], far)) if others else interface
            elif interface.kind is LinkKind.MACVLAN and far and name != "host" and "host" in made:
                parent = made["host"].by_index(far)
                interface = replace(interface, parent=parent.name if parent else None, parent_namespace="host")
            interfaces.append(interface)
        result[name] = replace(namespace, interfaces=tuple(interfaces))
    return result


# -- rules --------------------------------------------------------------------------------------------------------


def parse_rules(text: str) -> Netfilter:
    """The output of `iptables-save -c` as tables; an empty text is tables that nobody touched.

    Raises ValueError for a rule that can't be read.
    """
    netfilter = Netfilter()
    name = ""
    chains: dict[str, Chain] = {}
    rules: dict[str, list[Rule]] = {}
    for line in text.splitlines():
        if line.startswith("*"):
            name, chains, rules = line[1:].strip(), {}, {}
        elif line.startswith(":"):
            chain, policy, counters = line[1:].split()
            packets, size = (int(number) for number in counters.strip("[]").split(":"))
            chains[chain] = Chain(chain, (), None if policy == "-" else policy, packets, size)
            rules[chain] = []
        elif line.startswith(("[", "-A")):
            chain = line.partition("-A ")[2].split()[0]
            rules[chain].append(parse_rule(line))
        elif line == "COMMIT" and name in BUILTIN:
            whole = tuple(replace(chain, rules=tuple(rules[key])) for key, chain in chains.items())
            netfilter = netfilter.with_table(Table(name, _ordered(name, whole)))
    return netfilter


def _ordered(table: str, chains: tuple[Chain, ...]) -> tuple[Chain, ...]:
    """Built-in chains in hook order, then the others as listed; a built-in chain that was never used has its policy."""
    listed = {chain.name: chain for chain in chains}
    first = tuple(listed.get(name) or Chain(name, policy="ACCEPT") for name in BUILTIN[table])
    return first + tuple(chain for chain in chains if chain.name not in BUILTIN[table])


# -- connections, sockets, processes --------------------------------------------------------------------------------


def connections(folder: str) -> list[Connection]:
    """IPv4 entries of conntrack of a process's namespace (its /proc folder); [] where the kernel lists none."""
    try:
        lines = Path(f"{folder}/net/nf_conntrack").read_text().splitlines()
    except OSError:
        return []
    return [found for line in lines if (found := _connection(line)) is not None]


def _connection(line: str) -> Connection | None:
    words = line.split()
    if words[0] != "ipv4" or words[2] not in ("icmp", "tcp", "udp"):
        return None
    pairs = [word.split("=", 1) for word in words if "=" in word]
    tuples: list[dict[str, str]] = []
    for key, value in pairs:
        if key == "src":
            tuples.append({})
        if tuples:
            tuples[-1].setdefault(key, value)
    if len(tuples) < 2:
        return None
    protocol = Protocol(words[2])
    flows = [
        Flow(
            protocol,
            IPv4Address(t["src"]),
            IPv4Address(t["dst"]),
            int(t.get("sport", t.get("id", 0))),
            int(t.get("dport", 0)),
        )
        for t in tuples[:2]
    ]
    answered = "[UNREPLIED]" not in words
    return Connection(flows[0], flows[1], ConnState.ESTABLISHED if answered else ConnState.NEW)


STATES = {
    "0A": SocketState.LISTEN,
    "01": SocketState.ESTABLISHED,
    "06": SocketState.TIME_WAIT,
    "07": SocketState.UNCONNECTED,
}


def sockets(folder: str, owners: dict[str, tuple[int, str]]) -> list[Socket]:
    """TCP and UDP sockets of the namespace of this process (its /proc folder); owners: inode -> (pid, program)."""
    found = []
    for name, protocol in (
        ("tcp", Protocol.TCP),
        ("tcp6", Protocol.TCP),
        ("udp", Protocol.UDP),
        ("udp6", Protocol.UDP),
    ):
        try:
            lines = Path(f"{folder}/net/{name}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            state = STATES.get(words[3])
            if state is None:
                continue
            local, remote = _endpoint(words[1]), _endpoint(words[2])
            owner = owners.get(words[9], (None, ""))
            far = remote if remote[1] else (None, None)
            found.append(Socket(protocol, local[0], local[1], state, owner[0], owner[1], far[0], far[1]))
    return found


def _endpoint(text: str) -> tuple[IPv4Address | IPv6Address, int]:
    """An address of /proc/net/tcp: words of 32 bits in the byte order of the machine, then the port."""
    digits, _, port = text.partition(":")
    raw = b"".join(bytes.fromhex(digits[i : i + 8])[::-1] for i in range(0, len(digits), 8))
    return ip_address(raw), int(port, 16)


@dataclass(frozen=True)
class Task:
    """A process as its host's /proc shows it, with the inode of its network namespace and the sockets it holds."""

    process: Process
    net: int
    sockets: tuple[str, ...]


def tasks(root: str, started: Callable[[float], float]) -> list[Task]:
    """The processes of a lab host, by pid. root: its root as we can open it; started: ticks -> lab's clock."""
    found = []
    for entry in sorted((e for e in os.listdir(f"{root}/proc") if e.isdigit()), key=int):
        try:
            found.append(_task(f"{root}/proc/{entry}", int(entry), started))
        except (OSError, ValueError, IndexError):
            continue  # it ended while we looked
    return [task for task in found if task is not None]


def _task(folder: str, pid: int, started: Callable[[float], float]) -> Task | None:
    words = Path(f"{folder}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    stat = Path(f"{folder}/stat").read_text().rpartition(")")[2].split()
    if words == [b""] or stat[0] == "Z":
        return None
    held = []
    for descriptor in os.scandir(f"{folder}/fd"):
        try:
            target = os.readlink(descriptor.path)
        except OSError:
            continue
        if target.startswith("socket:["):
            held.append(target[8:-1])
    container = re.search(r"/([0-9a-f]{64})\b", Path(f"{folder}/cgroup").read_text())
    process = Process(
        pid,
        int(stat[1]),
        tuple(word.decode(errors="replace") for word in words),
        container=container[1] if container else None,
        user=_user(os.stat(folder).st_uid),
        started=started(float(stat[19])),
    )
    return Task(process, os.stat(f"{folder}/ns/net").st_ino, tuple(held))


def _user(uid: int) -> str:
    return "root" if uid == 0 else str(uid)
