"""`bridge`: the ports of bridges and the MACs they learned, as iproute2 6.1 shows them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from dnetlab.commands.bridge import BridgeLine, parse_bridge
from dnetlab.commands.ip import IpError
from dnetlab.model import FdbEntry, Interface, LinkKind
from dnetlab.model.ip import IpAddress
from dnetlab.model.network import EVERYBODY
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import KernelError
from dnetlab.sim.text import links as text
from dnetlab.sim.tools import bridge_port
from dnetlab.sim.tools.ip_show import Words


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`bridge …`."""
    try:
        line = parse_bridge(argv[1:])
        if line.object == "version":
            return Result("bridge utility, 6.1.0\n")
        if line.object == "vlan" and line.verb == "show":
            return Result("port              vlan-id  \n")  # no bridge of the lab filters VLANs
        if line.object == "vlan":
            raise Refused(
                "The lab's bridges have no VLAN filtering.", "Use a vlan link: `ip link add … type vlan id N`."
            )
        if line.object == "fdb" and line.verb in ("add", "append", "replace", "delete"):
            return _change(context, line)
        if line.object == "link" and line.verb == "set":
            return bridge_port.set_port(context, line.words)
        if line.object not in ("link", "fdb") or line.verb != "show":
            raise Refused(
                "`bridge {object} {verb}` is not modelled.",
                "Use `bridge link` or `bridge fdb`.",
                object=line.object,
                verb=line.verb,
            )
        return _links(context, line) if line.object == "link" else _fdb(context, line)
    except IpError as error:
        return Result("", error.text, error.code)
    except KernelError as error:
        return Result("", f"RTNETLINK answers: {error.words}\n", 255)


# -- bridge fdb add, append, replace, del ------------------------------------------------------------------------------


def _change(context: Context, line: BridgeLine) -> Result:
    """Where a VXLAN sends frames for a MAC (iproute2 bridge/fdb.c; observed with 6.1)."""
    words, mac, entry = Words(line.words), "", FdbEntry("", "", "", permanent=True)
    while words:
        word = words.next()
        if word == "dev":
            entry = replace(entry, port=words.next())
        elif word == "dst":
            entry = replace(entry, dst=_address(words.next()))
        elif word == "via":
            entry = replace(entry, via=_known(context, words.next(), "Cannot find device"))
        elif word in ("local", "permanent", "self"):
            continue
        elif word == "dynamic":
            entry = replace(entry, permanent=False)
        elif word in ("static", "temp", "master", "vlan", "port", "vni", "src_vni", "router", "use", "extern_learn"):
            raise Refused(
                "`bridge fdb {verb} … {word}` is not modelled.",
                "MAC dev VXLAN dst ADDRESS is.",
                verb=line.verb,
                word=word,
            )
        else:
            mac = words.next() if word == "to" else word
    if not mac or not entry.port:
        raise IpError("Device and address are required arguments.")
    if not re.fullmatch(r"([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}", mac):
        raise IpError(f"Invalid mac address {mac}")
    _known(context, entry.port, "Cannot find device")
    entry = replace(entry, mac=":".join(f"{int(part, 16):02x}" for part in mac.split(":")))
    if context.kernel.link(entry.port).kind is not LinkKind.VXLAN:
        raise Refused("Only the tables of VXLANs can be changed by hand.", "A bridge learns its own by itself.")
    if line.verb == "delete":
        context.kernel.forget_remote(entry.port, entry.mac, entry.dst)
    else:
        context.kernel.change_remote(entry, line.verb)
    return Result()


def _address(word: str) -> IpAddress:
    try:
        return IPv4Address(word)
    except ValueError:
        raise IpError(f'Error: any valid address is expected rather than "{word}".', 1) from None


# -- bridge link, bridge fdb ------------------------------------------------------------------------------------------


def _links(context: Context, line: BridgeLine) -> Result:
    """One line per port; an empty answer without any."""
    words, dev, master = Words(line.words), None, None
    while words:
        word = words.next()
        if word == "master":
            master = _known(context, words.next(), "Cannot find bridge device")
        else:
            dev = _known(context, words.next() if word == "dev" else word, "Cannot find device")
    ports = [i for i in context.stack.interfaces if i.master and master in (None, i.master) and dev in (None, i.name)]
    rows = [text.view(context.world, context.where, port) for port in ports]
    if "json" in line.options:
        objects = [_link_json(row, "details" in line.options) for row in rows]
        return Result(json.dumps(objects, separators=(",", ":")) + "\n")
    out = ""
    for row in rows:
        port = row.interface
        flags = [flag for flag in row.flags() if flag != "M-DOWN"]
        out += (
            f"{port.index}: {_looked_up(context, row.name)}: <{','.join(flags)}> mtu {port.mtu} master {port.master} "
            f"state {text.port_state(port)} priority {port.port.priority} cost {port.port.cost} \n"
        )
        if "details" in line.options:
            out += f"    {_switches(port)} \n"
    return Result(out)


def _looked_up(context: Context, name: str) -> str:
    """'veth1@if2' as `bridge` prints it: an index of another namespace is looked up in this one (recorded on 28.5)."""
    own, at, index = name.partition("@if")
    link = context.stack.by_index(int(index)) if at and index.isdecimal() else None
    return f"{own}@{link.name}" if link is not None else name


def _known(context: Context, name: str, complaint: str) -> str:
    if context.stack.interface(name) is None:
        raise IpError(f'{complaint} "{name}"')
    return name


def _switches(port: Interface) -> str:
    words = []
    for name, value in text.port_switches(port).items():
        words += {"mcast_to_unicast": ["mcast_router 1"], "isolated": ["vlan_tunnel off"]}.get(name, [])
        words.append(f"{name} {value}")
    return " ".join(words)


def _switches_json(port: Interface) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in text.port_switches(port).items():
        if name == "mcast_to_unicast":
            found["mcast_router"] = 1
        if name == "isolated":
            found["vlan_tunnel"] = False
        found[name] = value == "on"
    return found


def _link_json(row: text.LinkView, details: bool) -> dict[str, Any]:
    port = row.interface
    found: dict[str, Any] = {"ifindex": port.index}
    if row.other:
        found |= {"link": row.other} if row.netnsid is None else {"link_index": int(row.other.removeprefix("if"))}
    return found | {
        "ifname": port.name,
        "flags": [f for f in row.flags() if f != "M-DOWN"],
        "mtu": port.mtu,
        "master": port.master,
        "state": text.port_state(port),
        "priority": port.port.priority,
        "cost": port.port.cost,
    } | (_switches_json(port) if details else {})


def _fdb(context: Context, line: BridgeLine) -> Result:
    """Multicast groups of every link, then of bridges and ports their own MAC (permanent) and the learned ones."""
    words, dev, bridge = Words(line.words), None, None
    while words:
        word = words.next()
        if word in ("brport", "dev"):
            dev = _known(context, words.next(), "Cannot find device")
        elif word == "br":
            bridge = _known(context, words.next(), "Cannot find bridge device")
        elif word in ("vlan", "state", "dynamic"):
            raise Refused("`bridge fdb show {word}` is not modelled.", "Filter by br, brport or dev.", word=word)
        else:
            raise IpError(f'bridge fdb show: unknown option "{word}"?')
    rows: list[tuple[str, str, str]] = []  # mac, dev, rest
    for link in context.stack.interfaces:
        if dev not in (None, link.name) or bridge not in (None, link.master, link.name):
            continue
        rows += [(mac, link.name, rest) for mac, rest in _entries(context, link)]
    if "json" in line.options:
        raise Refused("`bridge -j fdb` is not modelled.", "`bridge fdb` prints it as text.")
    shown = (f"{mac} {rest}" if dev else f"{mac} dev {name} {rest}" for mac, name, rest in rows)
    return Result("".join(row + "\n" for row in shown))


def _entries(context: Context, link: Interface) -> list[tuple[str, str]]:
    if link.kind is LinkKind.LOOPBACK:
        return []
    own: list[tuple[str, str]] = []
    if link.kind is LinkKind.VXLAN:
        return _remotes(context, link)
    groups = ["33:33:00:00:00:01"] + (["01:00:5e:00:00:01"] if link.up else [])
    for address in text.of_family(link.addresses, 6):
        tail = address.ip.packed[-3:]
        groups.append("33:33:ff:" + ":".join(f"{byte:02x}" for byte in tail))
    if link.kind is LinkKind.BRIDGE and link.up:
        groups[1:1] = ["01:00:5e:00:00:6a", "33:33:00:00:00:6a"]
    selfs = [(mac, "self permanent") for mac in groups]
    if link.kind is LinkKind.BRIDGE:
        # one that wears a port's MAC has no row of its own: the port's was there first (net/bridge/br_fdb.c)
        return selfs if link.auto_mac else [*selfs, (link.mac, f"master {link.name} permanent")]
    if link.master:
        own = [(f.mac, f"master {f.bridge}") for f in context.stack.fdb if f.port == link.name and not f.permanent]
        own.append((link.mac, f"master {link.master} permanent"))
    return own + selfs


def _remotes(context: Context, link: Interface) -> list[tuple[str, str]]:
    """A VXLAN's table: its own MAC as a port, the MACs it knows, the newest first, then who gets all else."""
    rows = [(link.mac, f"master {link.master} permanent")] if link.master else []
    table = [f for f in context.stack.fdb if f.port == link.name and f.dst is not None]
    known = [f for f in table if f.mac != EVERYBODY]
    learned = [(f.mac, f"master {f.bridge}") for f in context.stack.fdb if f.port == link.name and f.bridge]
    for entry in (*reversed(known), *(f for f in table if f.mac == EVERYBODY)):
        via = f" via {entry.via}" if entry.via else ""
        rows.append((entry.mac, f"dst {entry.dst}{via} self {'permanent' if entry.permanent else ''}"))
    return learned + rows
