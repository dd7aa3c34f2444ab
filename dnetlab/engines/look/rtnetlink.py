"""Messages of rtnetlink as values: links, addresses, routes, rules. Written by hand: a first look reads hundreds.

The numbers are those of linux/if_link.h, if_addr.h, rtnetlink.h and fib_rules.h.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface, ip_address, ip_interface, ip_network
from typing import Any

from dnetlab.model import Address, Interface, LinkKind, PolicyRule, Route, Vxlan
from dnetlab.model.bridgeport import AS_MADE, STATES, BridgePort, port_told
from dnetlab.model.ip import IpAddress
from dnetlab.model.route import LOCAL, Hop

IFF_UP, IFF_LOOPBACK, IFF_PROMISC, IFF_LOWER_UP = 0x1, 0x8, 0x100, 0x10000
IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK, IFLA_MASTER, IFLA_TXQLEN, IFLA_LINKINFO = 1, 3, 4, 5, 10, 13, 18
IFLA_INFO_KIND, IFLA_INFO_DATA, IFLA_INFO_SLAVE_DATA = 1, 2, 5
IFLA_MACVLAN_MODE, IFLA_VLAN_ID, IFLA_BRPORT_MODE = 1, 1, 4
IFLA_IPVLAN_MODE = 1
IFLA_BRPORT_STATE, IFLA_BRPORT_PRIORITY, IFLA_BRPORT_COST = 1, 2, 3
PORT_SWITCHES = {5: "guard", 6: "root_block", 7: "fastleave", 8: "learning", 9: "flood", 27: "mcast_flood",
                 28: "mcast_to_unicast", 30: "bcast_flood", 32: "neigh_suppress", 33: "isolated",
                 39: "locked"}  # fmt: skip
IFLA_VXLAN_ID, IFLA_VXLAN_GROUP, IFLA_VXLAN_LINK, IFLA_VXLAN_LOCAL = 1, 2, 3, 4
IFLA_VXLAN_LEARNING, IFLA_VXLAN_PROXY, IFLA_VXLAN_PORT = 7, 11, 15
IFLA_LINK_NETNSID = 37
IPVLAN_MODES = ("l2", "l3", "l3s")
MACVLAN_MODES = {1: "private", 2: "vepa", 4: "bridge", 8: "passthru", 16: "source"}
IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_FLAGS, IFA_F_SECONDARY, IFA_F_NODAD = 1, 2, 4, 8, 0x1, 0x2
RTNH_F_ONLINK = 4  # include/uapi/linux/rtnetlink.h
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_PREFSRC, RTA_METRICS, RTA_TABLE = 1, 4, 5, 6, 7, 8, 15
RTA_MULTIPATH = 9
RTAX_MTU = 2
OWN = frozenset(map(ip_network, ("fe80::/64", "::1/128")))  # the kernel's own, one for each link
ROUTE_PROTOCOLS = {2: "kernel", 3: "boot", 4: "static"}
ROUTE_KINDS = {1: "unicast", 6: "blackhole", 7: "unreachable", 8: "prohibit", 9: "throw"}
FRA_DST, FRA_SRC, FRA_IIFNAME, FRA_PRIORITY, FRA_FWMARK, FRA_TABLE, FRA_FWMASK, FRA_OIFNAME = 1, 2, 3, 6, 10, 15, 16, 17
FRA_PROTOCOL, FIB_RULE_INVERT = 21, 2
_UNREAD = (5, 11, 12, 13, 14, 19, 20, 22, 23, 24)  # tun_id, suppressing, l3mdev, users, protocols and ports
RULE_ACTIONS = {1: "lookup", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
SCOPES = {0: "global", 253: "link", 254: "host", 255: "nowhere"}


@dataclass(frozen=True)
class Tunnel:
    """The settings of a VXLAN before names stand for indexes. lower: the index of its dev, 0 for none.

    moved  it lives in another namespace than its packets, which is the host's own in a lab
    """

    vni: int
    remote: IpAddress | None
    local: IpAddress | None
    lower: int
    port: int
    learning: bool
    proxy: bool = False
    moved: bool = False


@dataclass(frozen=True)
class Link:
    """A link before names stand for indexes. lower: the index of what it hangs on, 0 for nothing; vlan: 0 for none."""

    index: int
    flags: int
    name: str
    kind: str = ""
    mac: str = ""
    mtu: int = 0
    master: int = 0
    lower: int = 0
    txqlen: int = 0
    mode: str = ""
    vlan: int = 0
    hairpin: bool = False
    port: BridgePort = AS_MADE
    vxlan: Tunnel | None = None


def attributes(body: bytes, start: int = 0) -> dict[int, bytes]:
    """The attributes behind the fixed part of a message: type -> value."""
    found = {}
    while start + 4 <= len(body):
        length, kind = struct.unpack_from("=HH", body, start)
        found[kind & 0x3FFF] = body[start + 4 : start + length]
        start += max(4, (length + 3) & ~3)
    return found


def _number(found: dict[int, bytes], key: int) -> int:
    return int.from_bytes(found.get(key, b""), "little" if struct.pack("=H", 1)[0] else "big")


def _text(found: dict[int, bytes], key: int) -> str:
    return found.get(key, b"").rstrip(b"\0").decode(errors="replace")


def link(body: bytes) -> Link:
    """A link from an ifinfomsg and its attributes."""
    index, flags = struct.unpack_from("=iI", body, 4)
    found = attributes(body, 16)
    info = attributes(found.get(IFLA_LINKINFO, b""))
    kind = _text(info, IFLA_INFO_KIND)
    data, slave = attributes(info.get(IFLA_INFO_DATA, b"")), attributes(info.get(IFLA_INFO_SLAVE_DATA, b""))
    return Link(
        index, flags, _text(found, IFLA_IFNAME), kind,
        found.get(IFLA_ADDRESS, b"").hex(":"),
        _number(found, IFLA_MTU), _number(found, IFLA_MASTER), _number(found, IFLA_LINK), _number(found, IFLA_TXQLEN),
        _mode(kind, data),
        _number(data, IFLA_VLAN_ID) if kind == "vlan" else 0,
        bool(_number(slave, IFLA_BRPORT_MODE)) and bool(_number(found, IFLA_MASTER)),
        _port(slave, flags) if IFLA_BRPORT_STATE in slave and len(slave.get(IFLA_BRPORT_STATE, b"")) == 1 else AS_MADE,
        _tunnel(data, IFLA_LINK_NETNSID in found) if kind == "vxlan" else None,
    )  # fmt: skip


def _port(slave: dict[int, bytes], flags: int) -> BridgePort:
    """The settings of a bridge's port."""
    told: dict[str, Any] = {name: bool(_number(slave, key)) for key, name in PORT_SWITCHES.items() if key in slave}
    told |= {
        "state": STATES[min(_number(slave, IFLA_BRPORT_STATE), 4)],
        "priority": _number(slave, IFLA_BRPORT_PRIORITY),
        "cost": _number(slave, IFLA_BRPORT_COST),
    }
    return port_told(told, bool(flags & IFF_UP and flags & IFF_LOWER_UP))


def _mode(kind: str, data: dict[int, bytes]) -> str:
    if kind == "macvlan":
        return MACVLAN_MODES.get(_number(data, IFLA_MACVLAN_MODE), "")
    number = _number(data, IFLA_IPVLAN_MODE)
    return IPVLAN_MODES[number] if kind == "ipvlan" and number < len(IPVLAN_MODES) else ""


def _tunnel(data: dict[int, bytes], moved: bool) -> Tunnel:
    remote, local = data.get(IFLA_VXLAN_GROUP), data.get(IFLA_VXLAN_LOCAL)
    return Tunnel(
        _number(data, IFLA_VXLAN_ID),
        IPv4Address(remote) if remote else None,
        IPv4Address(local) if local else None,
        _number(data, IFLA_VXLAN_LINK),
        int.from_bytes(data.get(IFLA_VXLAN_PORT, b""), "big"),
        bool(_number(data, IFLA_VXLAN_LEARNING)),
        bool(_number(data, IFLA_VXLAN_PROXY)),
        moved,
    )


def address(body: bytes) -> tuple[int, Address]:
    """The index of a link and one of its addresses, from an ifaddrmsg and its attributes."""
    family, prefixlen, flags, scope, index = struct.unpack_from("=BBBBi", body)
    found = attributes(body, 8)
    own = found.get(IFA_LOCAL) or found[IFA_ADDRESS]
    four = family == socket.AF_INET
    broadcast = found.get(IFA_BROADCAST)
    flags |= _number(found, IFA_FLAGS)
    return index, Address(
        IPv4Interface((own, prefixlen)) if four else IPv6Interface((own, prefixlen)),
        IPv4Address(broadcast) if broadcast else None,
        SCOPES.get(scope, "global"),
        four and bool(flags & IFA_F_SECONDARY),
        nodad=not four and bool(flags & IFA_F_NODAD),
    )


def route(body: bytes, names: dict[int, str]) -> Route | None:
    """A route from an rtmsg and its attributes; None for one of the table local, and for one to link-local addresses
    that the kernel made with the address: the model knows that each link has it."""
    family, length, _, _, _, protocol, scope, kind, flags = struct.unpack_from("=BBBBBBBBI", body)
    found = attributes(body, 12)
    table = _number(found, RTA_TABLE)
    if table == LOCAL or kind not in ROUTE_KINDS:
        return None
    via, source = found.get(RTA_GATEWAY), found.get(RTA_PREFSRC)
    destination = ip_network((found.get(RTA_DST, bytes(4 if family == socket.AF_INET else 16)), length))
    if destination in OWN and ROUTE_PROTOCOLS.get(protocol) == "kernel":
        return None
    return Route(
        destination,
        names.get(_number(found, RTA_OIF)),
        ip_address(via) if via else None,
        ip_address(source) if source else None,
        ROUTE_PROTOCOLS.get(protocol, str(protocol)),
        SCOPES.get(scope, "global"),
        _number(found, RTA_PRIORITY),
        ROUTE_KINDS[kind],
        bool(flags & RTNH_F_ONLINK),
        _number(attributes(found.get(RTA_METRICS, b"")), RTAX_MTU),
        table,
        tuple(_hops(found.get(RTA_MULTIPATH, b""), names)),
    )


def _hops(body: bytes, names: dict[int, str]) -> Iterator[Hop]:
    """Several next hops: a struct rtnexthop each, and its attributes."""
    while len(body) >= 8:
        length, flags, weight, index = struct.unpack_from("=HBBi", body)
        via = attributes(body[:length], 8).get(RTA_GATEWAY)
        onlink = bool(flags & RTNH_F_ONLINK)
        yield Hop(ip_address(via) if via else None, names.get(index), weight + 1, onlink)
        body = body[max(8, (length + 3) & ~3) :]


def rule(body: bytes) -> PolicyRule:
    """A row of `ip rule` from a fib_rule_hdr and its attributes."""
    family, to, source, tos, _, _, _, action, flags = struct.unpack_from("=BBBBBBBBI", body)
    found = attributes(body, 12)
    mark = _number(found, FRA_FWMARK)
    return PolicyRule(
        _number(found, FRA_PRIORITY),
        4 if family == socket.AF_INET else 6,
        ip_interface((found[FRA_SRC], source)) if FRA_SRC in found else None,
        ip_interface((found[FRA_DST], to)) if FRA_DST in found else None,
        _text(found, FRA_IIFNAME),
        _text(found, FRA_OIFNAME),
        mark,
        _number(found, FRA_FWMASK) if FRA_FWMASK in found or mark else 0,
        bool(flags & FIB_RULE_INVERT),
        RULE_ACTIONS.get(action, "other"),
        _number(found, FRA_TABLE),
        _number(found, FRA_PROTOCOL) == 2,  # RTPROT_KERNEL
        unread=bool(tos) or any(key in found and found[key] not in (b"\xff" * 4,) for key in _UNREAD),
    )


def interface(
    seen: Link, addresses: tuple[Address, ...], names: dict[int, str], nics: dict[str, str]
) -> Interface:
    """An interface as a snapshot has it. nics: a host's NICs and their switches; {} in a container."""
    kind = LinkKind.LOOPBACK if seen.flags & IFF_LOOPBACK else _kind(seen.kind)
    parent, vlan = None, seen.vlan or None
    above, _, number = seen.name.rpartition(".")
    if seen.name in nics:
        kind = LinkKind.PHYSICAL
    elif above in nics and kind is LinkKind.VETH:  # stands in for a sub-interface, see providers.netns
        kind, parent, vlan = LinkKind.VLAN, above, int(number)
    elif kind is LinkKind.VLAN or kind in (LinkKind.MACVLAN, LinkKind.IPVLAN) and nics:
        parent = names.get(seen.lower)
    return Interface(
        seen.name, seen.index, kind, seen.mac, addresses,
        mtu=seen.mtu,
        up=bool(seen.flags & IFF_UP),
        carrier=bool(seen.flags & IFF_LOWER_UP),
        promiscuous=bool(seen.flags & IFF_PROMISC),
        master=names.get(seen.master),
        parent=parent,
        segment=nics.get(seen.name) or None,
        mode=seen.mode if kind in (LinkKind.MACVLAN, LinkKind.IPVLAN) else "",
        vlan_id=vlan,
        hairpin=seen.hairpin,
        port=seen.port if seen.master else AS_MADE,
        txqlen=seen.txqlen,
        vxlan=_settings(seen.vxlan, names) if seen.vxlan else None,
    )  # fmt: skip


def _settings(seen: Tunnel, names: dict[int, str]) -> Vxlan:
    dev, under = names.get(seen.lower, ""), "host" if seen.moved else None
    return Vxlan(seen.vni, seen.remote, seen.local, "" if under else dev, seen.port, seen.learning, under, seen.proxy)


def _kind(name: str) -> LinkKind:
    try:
        return LinkKind(name)
    except ValueError:
        return LinkKind.OTHER
