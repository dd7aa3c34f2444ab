"""What the kernel says of a network namespace: links, addresses, routes, neighbours, rules, sockets, processes.

Read by netlink, /proc and iptables-save from within the namespace, all namespaces of a host in one pass of one
thread; no program is started per question, and nothing in a container is run.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Address, ip_address
from typing import Any, TypeVar

from dnetlab.engines.look import rtnetlink, rulesets
from dnetlab.engines.look.nft import is_of_iptables
from dnetlab.engines.look.texts import connections
from dnetlab.errors import EngineError
from dnetlab.model import (
    FdbEntry,
    Interface,
    LinkKind,
    Namespace,
    Neighbour,
    PeerEnd,
    PolicyRule,
    Protocol,
    Route,
    Socket,
    SocketState,
)
from dnetlab.model.route import rules_told

T = TypeVar("T")
Messages = tuple[bytes, ...]
Nics = tuple[tuple[str, str], ...]  # a host's NICs and the switches they are plugged into
SYSCTLS = (
    "net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding", "net.ipv4.conf.default.forwarding",
    "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter", "net.ipv4.conf.all.route_localnet",
    "net.ipv4.conf.all.proxy_arp", "net.ipv4.icmp_echo_ignore_all", "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_default_ttl", "net.ipv6.conf.all.disable_ipv6",
    "net.ipv6.conf.default.disable_ipv6", "net.ipv6.conf.all.forwarding", "net.ipv6.conf.default.forwarding",
    "net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables", "net.bridge.bridge-nf-call-arptables",
)  # fmt: skip
RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE, RTM_GETNEIGH, RTM_GETRULE = 18, 22, 26, 30, 34
NDA_DST, NDA_LLADDR, NDA_IFINDEX, NDA_MASTER = 1, 2, 8, 9  # linux/neighbour.h
NETLINK_NETFILTER, NFT_MSG_GETCHAIN, NFT_MSG_GETRULE = 12, 10 << 8 | 4, 10 << 8 | 7  # linux/netfilter/nf_tables.h
NFT_MSG_GETTABLE, NFTA_TABLE_NAME, NFPROTO = 10 << 8 | 1, 1, {1: "inet", 2: "ip", 10: "ip6"}
NLM_F_DUMP_REQUEST = 0x301
IFLA_EXT_MASK, SKIP_STATISTICS = 29, 8
NLMSG_ERROR, NLMSG_DONE = 2, 3
NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY = 4, 20
ESTABLISHED, TIME_WAIT, CLOSE, LISTEN = 1, 6, 7, 10  # include/net/tcp_states.h
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
CLONE_NEWNET = 0x40000000


@dataclass(frozen=True)
class ToLookAt:
    """A network namespace to look at: its name in the snapshot, and the file by which it is entered.

    talks  some process in it holds a socket;  nics  of a host's own namespace, () in a container
    """

    name: str
    file: str
    talks: bool = True
    nics: Nics = ()


@dataclass(frozen=True)
class _Raw:
    """A namespace as the kernel gives it: the bodies of its messages."""

    links: Messages
    addresses: Messages
    routes: Messages
    neighbours: Messages
    fdb: Messages
    sysctls: dict[str, str]
    rules: rulesets.Asked
    rules6: rulesets.Asked
    nft: rulesets.Asked
    sockets: list[bytes]
    policy: Messages


Owners = dict[str, tuple[int, str]]  # inode of a socket -> pid and program that hold it


def namespaces(
    places: Iterable[ToLookAt], wants_rules: Callable[[ToLookAt], bool], owners: Owners
) -> dict[str, Namespace]:
    """The stacks of these places by name, veth peers resolved between them; {} for none. A place that ends while it is
    looked at is left out."""
    places = list(places)
    raws = _in_a_thread(lambda: [(place, _read(place, wants_rules(place))) for place in places])
    made = {place.name: _namespace(place, raw, owners) for place, raw in raws if raw is not None}
    return with_peers(made, {place.name: _lower(_links(raw.links)) for place, raw in raws if raw is not None})


def forget() -> None:
    """Drop what earlier looks have learned; the next one asks for everything."""
    rulesets.memory.clear()
    rulesets.memory6.clear()
    rulesets.nft.clear()
    for memory in (_link, _interfaces, _route_table, _policy):
        memory.cache_clear()


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
    result: T
    result, error = box[0]
    if error is not None:
        raise error
    return result


def in_namespace(file: str, work: Callable[[], T]) -> T | None:
    """What `work` returns in the network namespace of that file; None when it is gone, its process for one."""
    return _in_a_thread(lambda: work() if _enter(file) else None)


@lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _enter(file: str) -> bool:
    """Go into the namespace of a file; whether there is one: dockerd makes the file first and lays the namespace over
    it, and takes the namespace away before the file (libnetwork osl), which setns(2) calls an invalid argument."""
    libc = _libc()
    try:
        handle = os.open(file, os.O_RDONLY)
    except OSError:
        return False
    try:
        if libc.setns(handle, CLONE_NEWNET) != 0:
            if ctypes.get_errno() == errno.EINVAL:
                return False
            raise EngineError(
                "can't look into a network namespace: {strerror}", strerror=os.strerror(ctypes.get_errno())
            )
    finally:
        os.close(handle)
    return True


def _read(place: ToLookAt, with_rules: bool) -> _Raw | None:
    """Everything of one namespace as the kernel gives it; None when it is gone."""
    if not _enter(place.file):
        return None
    found = _diagnose(place.name == "host") if place.talks else []
    rules = rules6 = nft = rulesets.NOTHING
    if with_rules:
        rules, rules6 = _rules(_resolver_ports(found))
        nft = _nft(_resolver_ports(found), place.name == "host")
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        link.bind((0, 0))
        links = _dump(link, RTM_GETLINK, struct.pack("=BxHiIIHHI", 0, 0, 0, 0, 0, 8, IFLA_EXT_MASK, SKIP_STATISTICS))
        addresses = _dump(link, RTM_GETADDR, struct.pack("=BBBBi", 0, 0, 0, 0, 0))
        routes: Messages = ()
        neighbours: Messages = ()
        policy: Messages = ()
        for family in (socket.AF_INET, socket.AF_INET6):
            routes += _dump(link, RTM_GETROUTE, struct.pack("=BBBBBBBBI", family, 0, 0, 0, 0, 0, 0, 0, 0))
            neighbours += _dump(link, RTM_GETNEIGH, struct.pack("=BxxxiHBB", family, 0, 0, 0, 0))
            policy += _dump(link, RTM_GETRULE, struct.pack("=BBBBBBBBI", family, 0, 0, 0, 0, 0, 0, 0, 0))
        bridges = any(b"bridge\0" in message for message in links)
        fdb = _dump(link, RTM_GETNEIGH, struct.pack("=BxxxiHBB", 7, 0, 0, 0, 0)) if bridges else ()
    return _Raw(links, addresses, routes, neighbours, fdb, _sysctls(), rules, rules6, nft, found, policy)


def _resolver_ports(sockets: list[bytes]) -> tuple[int, ...]:
    """The ports at which dockerd answers names in this namespace, TCP first; () where it doesn't."""
    here = (row for row in sockets if row[1] == socket.AF_INET and row[9:13] == b"\x7f\0\0\x0b")
    return tuple(struct.unpack_from(">H", row, 5)[0] for row in here)


def _rules(ports: tuple[int, ...]) -> tuple[rulesets.Asked, rulesets.Asked]:
    """Those of both families. Where nf_tables has none of IPv6, ip6tables is asked only if it has none of IPv4 either:
    both may be kept elsewhere then (the legacy variant)."""
    four, six = _ruleset(socket.AF_INET), _ruleset(socket.AF_INET6)
    return rulesets.memory.ask(four, ports), rulesets.memory6.ask(six, ()) if six or not four else rulesets.NOTHING


def _nft(ports: tuple[int, ...], is_host: bool) -> rulesets.Asked:
    """Tables that aren't iptables'. A host's are asked for each time: elements of maps are in no dump of rules."""
    if all(is_of_iptables(family, name) for family, name in _nft_tables()):
        return rulesets.NOTHING
    return rulesets.nft.ask(b"" if is_host else _ruleset(socket.AF_INET), () if is_host else ports)


def _nft_tables() -> list[tuple[str, str]]:
    """(family, name) of every table of the namespace this thread is in, iptables' too."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as link:
            link.bind((0, 0))
            rows = _dump(link, NFT_MSG_GETTABLE, struct.pack("=BBH", 0, 0, 0))
    except OSError:
        return []
    names = ((row[0], rtnetlink.attributes(row, 4)[NFTA_TABLE_NAME]) for row in rows)
    return [(NFPROTO[number], name.rstrip(b"\0").decode()) for number, name in names if number in NFPROTO]


def _ruleset(family: int) -> bytes:
    """Chains and rules of the namespace this thread is in, counters included, as nf_tables gives them; b"" for none."""
    found: list[bytes] = []
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as link:
            link.bind((0, 0))
            for kind in (NFT_MSG_GETCHAIN, NFT_MSG_GETRULE):
                found += _dump(link, kind, struct.pack("=BBH", family, 0, 0))
    except OSError:
        return b""
    return b"".join(found)


def _diagnose(everything: bool) -> list[bytes]:
    """TCP and UDP sockets of the namespace this thread is in, as the kernel's inet_diag_msg (linux/inet_diag.h).

    Only listening ones of TCP unless everything is wanted: established ones of all namespaces stand in one big table,
    which the kernel would have to walk for each.
    """
    found = []
    states = 1 << LISTEN | ((1 << ESTABLISHED | 1 << TIME_WAIT) if everything else 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as link:
        link.bind((0, 0))
        for protocol, wanted in ((socket.IPPROTO_TCP, states), (socket.IPPROTO_UDP, 1 << CLOSE)):
            for family in (socket.AF_INET, socket.AF_INET6):
                body = struct.pack("=BBBBI48x", family, protocol, 0, 0, wanted)
                link.send(struct.pack("=IHHII", 16 + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_DUMP_REQUEST, 1, 0) + body)
                found += [bytes([protocol]) + row for row in _rows(link)]
    return found


def _rows(link: socket.socket) -> Iterable[bytes]:
    """The bodies of the messages of one dump."""
    while True:
        data = link.recv(1 << 18)
        while data:
            length, kind = struct.unpack_from("=IH", data)
            if kind in (NLMSG_DONE, NLMSG_ERROR):
                return
            yield data[16:length]
            data = data[(length + 3) & ~3 :]


def _dump(link: socket.socket, kind: int, body: bytes) -> Messages:
    """The bodies of all messages that answer one netlink dump request."""
    link.send(struct.pack("=IHHII", 16 + len(body), kind, NLM_F_DUMP_REQUEST, 1, 0) + body)
    return tuple(_rows(link))


def _sysctls() -> dict[str, str]:
    """The sysctls of the namespace this thread is in."""
    values = {}
    for key in SYSCTLS:
        try:
            handle = os.open("/proc/sys/" + key.replace(".", "/"), os.O_RDONLY)
        except OSError:
            continue
        values[key] = os.read(handle, 200).decode().strip()
        os.close(handle)
    return values


# -- from messages to values --------------------------------------------------------------------------------------


def _namespace(place: ToLookAt, raw: _Raw, owners: Owners) -> Namespace:
    links = _links(raw.links)
    names = _names(links)
    return Namespace(
        place.name,
        _interfaces(links, raw.addresses, place.nics),
        _route_table(raw.routes, links),
        tuple(_neighbours(raw.neighbours, names)),
        tuple(_fdb(raw.fdb, names)),
        rulesets.memory.told(raw.rules),
        tuple(connections(place.file.removesuffix("/ns/net"))) if place.name == "host" else (),
        tuple(_socket(row, owners) for row in raw.sockets),
        raw.sysctls,
        netfilter6=rulesets.memory6.told(raw.rules6),
        nftables=rulesets.nft.told(raw.nft),
        rules=_policy(raw.policy),
    )


_link = lru_cache(maxsize=20_000)(rtnetlink.link)  # a bridge's message has timers in it, the others are as before
Links = tuple[rtnetlink.Link, ...]


def _links(bodies: Messages) -> Links:
    return tuple(map(_link, bodies))


def _names(links: Links) -> dict[int, str]:
    return {link.index: link.name for link in links}


def _lower(links: Links) -> dict[int, int]:
    """Interface's index -> index of the one it hangs on: a veth's far end, a macvlan's parent."""
    return {link.index: link.lower for link in links if link.lower}


@lru_cache(maxsize=2_000)
def _interfaces(links: Links, addresses: Messages, nics: Nics) -> tuple[Interface, ...]:
    names, own = _names(links), [rtnetlink.address(body) for body in addresses]
    made = [
        rtnetlink.interface(link, tuple(a for index, a in own if index == link.index), names, dict(nics))
        for link in links
    ]
    return tuple(sorted(made, key=lambda i: i.index))


@lru_cache(maxsize=2_000)
def _route_table(routes: Messages, links: Links) -> tuple[Route, ...]:
    names = _names(links)
    return tuple(route for body in routes if (route := rtnetlink.route(body, names)) is not None)


@lru_cache(maxsize=2_000)
def _policy(bodies: Messages) -> tuple[PolicyRule, ...]:
    return rules_told(tuple(map(rtnetlink.rule, bodies)))


def _neighbours(bodies: Messages, names: dict[int, str]) -> Iterable[Neighbour]:
    for body in bodies:
        index, number = struct.unpack_from("=iH", body, 4)
        state, found = NUD.get(number, ""), rtnetlink.attributes(body, 12)
        if state and state != "NOARP":
            mac = found.get(NDA_LLADDR)
            yield Neighbour(ip_address(found[NDA_DST]), names.get(index, ""), mac.hex(":") if mac else None, state)


def _fdb(bodies: Messages, names: dict[int, str]) -> Iterable[FdbEntry]:
    for body in bodies:
        index, state = struct.unpack_from("=iH", body, 4)
        found = rtnetlink.attributes(body, 12)
        mac, master = found.get(NDA_LLADDR, b"").hex(":"), found.get(NDA_MASTER)
        if not master and len(found.get(NDA_DST, b"")) == 4:  # a VXLAN's own table
            via = names.get(struct.unpack("=I", found[NDA_IFINDEX])[0], "") if NDA_IFINDEX in found else ""
            dst = IPv4Address(found[NDA_DST])
            yield FdbEntry("", mac, names.get(index, ""), bool(state & 0x80), dst, via)
        if not mac or not master or mac.startswith(("33:33:", "01:00:5e:")):
            continue
        bridge = names.get(struct.unpack("=I", master)[0], "")
        yield FdbEntry(bridge, mac, names.get(index, ""), bool(state & 0x80))


def with_peers(made: dict[str, Namespace], lowers: dict[str, dict[int, int]]) -> dict[str, Namespace]:
    """Fill in the far ends of veth pairs and the parents of macvlans that lie in another of these namespaces.

    lowers: namespace -> interface's index -> index of the one it hangs on
    """
    lower = {(name, index): link for name, links in lowers.items() for index, link in links.items()}
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
            elif interface.kind in (LinkKind.MACVLAN, LinkKind.IPVLAN) and far and name != "host" and "host" in made:
                parent = made["host"].by_index(far)
                interface = replace(interface, parent=parent.name if parent else None, parent_namespace="host")
            interfaces.append(interface)
        result[name] = replace(namespace, interfaces=tuple(interfaces))
    return result


# -- sockets ------------------------------------------------------------------------------------------


STATES = {
    LISTEN: SocketState.LISTEN,
    ESTABLISHED: SocketState.ESTABLISHED,
    TIME_WAIT: SocketState.TIME_WAIT,
    CLOSE: SocketState.UNCONNECTED,
}


def _socket(row: bytes, owners: Owners) -> Socket:
    """A protocol byte and an inet_diag_msg as a socket; one that nobody in the lab holds has no pid."""
    protocol, family, state = row[0], row[1], row[2]
    local_port, remote_port = struct.unpack_from(">HH", row, 5)
    size = 4 if family == socket.AF_INET else 16
    local, remote = ip_address(row[9 : 9 + size]), ip_address(row[25 : 25 + size])
    backlog, _, inode = struct.unpack_from("=III", row, 61)
    pid, program = owners.get(str(inode), (None, ""))
    return Socket(
        Protocol.TCP if protocol == socket.IPPROTO_TCP else Protocol.UDP,
        local,
        local_port,
        STATES[state],
        pid,
        program,
        remote if remote_port else None,
        remote_port or None,
        backlog if state == LISTEN else 0,
        family == socket.AF_INET6 and _v6only(row[73:]),
    )


def _v6only(attributes: bytes) -> bool:
    """The INET_DIAG_SKV6ONLY attribute among those behind an inet_diag_msg."""
    while len(attributes) >= 4:
        length, kind = struct.unpack_from("=HH", attributes)
        if kind == 11:
            return bool(attributes[4])
        attributes = attributes[max(4, (length + 3) & ~3) :]
    return False
