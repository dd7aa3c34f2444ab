"""`ip addr|link|route|neigh show`: what is asked for, and how iproute2 6.1 prints it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from typing import Any

from dnetlab.commands.ip import IpError, IpLine, Options
from dnetlab.model import Interface, LinkKind, Namespace, Neighbour, Route
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel.routes import in_order
from dnetlab.sim.text import links as text
from dnetlab.sim.text.traffic import ip_json, ip_rows


class Words:
    """The words after the verb, taken one by one; a missing one is iproute2's own complaint."""

    def __init__(self, words: Sequence[str]) -> None:
        self.left = list(words)

    def __bool__(self) -> bool:
        return bool(self.left)

    def next(self) -> str:
        if not self.left:
            raise IpError('Command line is not complete. Try option "help"')
        return self.left.pop(0)


# -- what to show -----------------------------------------------------------------------------------------------------


@dataclass
class Filter:
    """Which links and addresses `ip addr|link show …` asks for; None or False: all."""

    device: str | None = None
    up: bool = False
    master: str | None = None
    no_master: bool = False
    kind: str | None = None
    scope: str | None = None
    network: IPv4Network | IPv6Network | None = None
    secondary: bool | None = None
    label: str | None = None
    dynamic: bool = False

    def link(self, interface: Interface) -> bool:
        return (
            self.device in (None, interface.name)
            and (interface.up or not self.up)
            and (self.master is None or interface.master == self.master)
            and not (self.no_master and interface.master is not None)
            and (self.kind is None or interface.kind.value == self.kind)
        )

    @property
    def by_address(self) -> bool:
        """Does it hide links that have no address left?"""
        return bool(self.scope or self.network or self.label or self.dynamic or self.secondary)

    def addresses(self, interface: Interface, family: int) -> list[Any]:
        found = text.of_family(interface.addresses, family)
        if self.scope:
            found = [a for a in found if a.scope == self.scope]
        if self.secondary is not None:
            found = [a for a in found if a.secondary is self.secondary]
        if self.network is not None:
            net = self.network
            found = [a for a in found if a.ip.version == net.version and a.ip in net]
        if self.label is not None and interface.name != self.label or self.dynamic:
            return []
        return found


def read_filter(context: Context, words: Words) -> Filter:
    """The words of `ip addr show` and `ip link show`."""
    found = Filter()
    while words:
        word = words.next()
        if word == "up":
            found.up = True
        elif word == "to":
            found.network = prefix(words.next())
        elif word == "scope":
            found.scope = words.next()
        elif word == "label":
            found.label = words.next()
        elif word in ("primary", "permanent", "-secondary"):
            found.secondary = False if word != "permanent" else None
        elif word == "secondary":
            found.secondary = True
        elif word == "dynamic":
            found.dynamic = True
        elif word == "nomaster":
            found.no_master = True
        elif word == "master":
            found.master = words.next()
            if context.stack.interface(found.master) is None:
                raise IpError(f'Error: argument "{found.master}" is wrong: Device does not exist\n\n')
        elif word == "type":
            found.kind = _kind(words.next())
        elif word in ("vrf", "group"):
            raise Refused("`ip … {word}` is not modelled.", "Filter by dev, up, master, type or to.", word=word)
        else:
            if word == "dev":
                word = words.next()
            if found.device is not None:
                raise IpError(f'Error: either "dev" is duplicate, or "{word}" is a garbage.')
            found.device = word
    if found.device is not None and context.stack.interface(found.device) is None:
        raise IpError(f'Device "{found.device}" does not exist.', 1)
    return found


def _kind(word: str) -> str:
    kinds = {kind.value for kind in LinkKind}
    if word.endswith("_slave") or word not in kinds:
        raise Refused(
            "Links of type {word} are not modelled.", "The lab has bridge, veth, macvlan, vlan and vxlan.", word=word
        )
    return word


def prefix(word: str) -> IPv4Network | IPv6Network:
    """A prefix as get_prefix() of iproute2 takes it: 'default', '10.0.0.0/8', '10.1' for 10.1.0.0."""
    if word in ("default", "any", "all"):
        return IPv4Network("0.0.0.0/0")
    address, slash, bits = word.partition("/")
    parts = address.split(".")
    if ":" not in address and all(p.isdecimal() for p in parts) and 1 <= len(parts) < 4:
        address = ".".join([*parts, *["0"] * (4 - len(parts))])
    try:
        return ip_network(address + slash + bits, strict=False)
    except ValueError:
        raise IpError(f'Error: any valid prefix is expected rather than "{word}".', 1) from None


# -- addresses and links ----------------------------------------------------------------------------------------------


def show_addresses(context: Context, line: IpLine) -> Result:
    """`ip addr show …`: an empty answer and exit status 0 when nothing fits."""
    options, found = line.options, read_filter(context, Words(line.words))
    only = bool(options.family) or found.by_address
    out: list[str] = []
    objects: list[dict[str, Any]] = []
    for interface in context.stack.interfaces:
        addresses = found.addresses(interface, options.family)
        if not found.link(interface) or (only and not addresses):
            continue
        row = text.view(context.world, context.where, interface)
        if options.json:
            infos = [text.address_json(a, interface.name) for a in addresses]
            counted = {"stats64": ip_json(context.stack.traffic_of(interface))} if options.statistics else {}
            objects.append(text.link_json(row, mode=False) | {"addr_info": infos} | counted)
        elif options.brief:
            out.append(text.brief_addresses(row, addresses))
        elif options.oneline:
            out += [_one_line_address(interface, a) for a in addresses]
        else:
            bare = bool(options.family or found.network)
            family = 0 if found.device else options.family  # one link asked for by name answers in full
            out += _address_block(row, addresses, options, bare, context.stack, family)
            out += [ip_rows(context.stack.traffic_of(interface))] if options.statistics else []
    return _json(objects, options) if options.json else Result("".join(out))


def _one_line_address(interface: Interface, address: Any) -> str:
    line = text.address_line(address, interface.name).strip(" ")
    tail = " " if address.ip.version == 6 else ""
    return f"{interface.index}: {interface.name}    {line}{tail}\\{text.FOREVER}\n"


def _address_block(
    row: text.LinkView, addresses: list[Any], options: Options, bare: bool, space: Namespace, family: int
) -> list[str]:
    out = [text.head(row, mode=False, family=family) + "\n"]
    if not bare or options.details:
        out.append(text.ether(row, space if options.details else None) + "\n")
    for address in addresses:
        out.append(f"{text.address_line(address, row.interface.name)}\n{text.FOREVER}\n")
    return out


def show_links(context: Context, line: IpLine) -> Result:
    """`ip link show …`."""
    options, found = line.options, read_filter(context, Words(line.words))
    rows = [
        text.view(context.world, context.where, interface)
        for interface in context.stack.interfaces
        if found.link(interface)
    ]
    if options.json:
        return _json([_link_object(context, row, options) for row in rows], options)
    if options.brief:
        return Result("".join(text.brief_link(row) for row in rows))
    separator = "\\" if options.oneline else "\n"
    details = context.stack if options.details else None
    out = [text.head(row, mode=True) + separator + text.ether(row, details, mode=True) + "\n" for row in rows]
    if options.statistics:
        counted = (ip_rows(context.stack.traffic_of(row.interface)) for row in rows)
        out = [block + rows_ for block, rows_ in zip(out, counted, strict=True)]
    return Result("".join(block.replace("\n    ", "\\    ") if options.oneline else block for block in out))


def _link_object(context: Context, row: text.LinkView, options: Options) -> dict[str, Any]:
    counted = {"stats64": ip_json(context.stack.traffic_of(row.interface))} if options.statistics else {}
    return text.link_json(row, mode=True) | counted


def _json(objects: list[dict[str, Any]], options: Options) -> Result:
    if options.pretty:
        return Result(_pretty(objects) + "\n")
    return Result(json.dumps(objects, separators=(",", ":")) + "\n")


def _pretty(value: Any, depth: int = 0) -> str:
    """JSON as `-p` lays it out: a member per line, lists on one (iproute2 lib/json_writer.c)."""
    if isinstance(value, list):
        return "[ " + ",".join(_pretty(item, depth + 1) for item in value) + (" ]" if value else "]")
    if not isinstance(value, dict):
        return json.dumps(value)
    inner = " " * 4 * (depth + 1)
    members = ",".join(f"\n{inner}{json.dumps(name)}: {_pretty(item, depth + 1)}" for name, item in value.items())
    return "{" + members + ("\n" + " " * 4 * depth if value else "") + "}"


# -- routes -----------------------------------------------------------------------------------------------------------


@dataclass
class RouteFilter:
    """Which routes `ip route show|flush …` asks for; hide: the words it already said, which are then not printed."""

    dev: str | None = None
    via: IPv4Address | None = None
    protocol: str | None = None
    exact: IPv4Network | None = None
    match: IPv4Network | None = None
    root: IPv4Network | None = None
    kind: str | None = None
    table: str | None = None
    scope: str | None = None
    src: IPv4Address | None = None

    @property
    def hide(self) -> frozenset[str]:
        said = {"dev": self.dev, "via": self.via, "proto": self.protocol}
        return frozenset(name for name, value in said.items() if value is not None)

    def takes(self, route: Route) -> bool:
        net = route.destination
        return (
            self.dev in (None, route.dev)
            and self.via in (None, route.via)
            and self.protocol in (None, route.protocol)
            and self.exact in (None, net)
            and self.kind in (None, route.kind)
            and self.src in (None, route.src)
            and self.scope in (None, "global" if route.via else route.scope)
            and (self.match is None or self.match.subnet_of(net))
            and (self.root is None or net.subnet_of(self.root))
        )


def read_route_filter(context: Context, words: Words) -> RouteFilter:
    found = RouteFilter()
    while words:
        word = words.next()
        if word in ("dev", "oif"):
            found.dev = words.next()
        elif word == "via":
            found.via = inet(words.next())
        elif word in ("proto", "protocol"):
            found.protocol = words.next()
        elif word == "scope":
            found.scope = words.next()
        elif word == "src":
            found.src = inet(words.next())
        elif word == "type":
            found.kind = words.next()
        elif word == "table":
            found.table = words.next()
        else:
            how = "exact"
            if word in ("to", "exact", "match", "root"):
                if word == "to":
                    word = words.next()
                if word in ("exact", "match", "root"):
                    how, word = word, words.next()
            network = prefix(word)
            if not isinstance(network, IPv4Network):
                raise Refused("IPv6 routes can't be filtered in the lab.", "Use `ip -6 route`.")
            setattr(found, how, network)
    if found.dev is not None and context.stack.interface(found.dev) is None:
        raise IpError(f'Cannot find device "{found.dev}"', 1)
    return found


def inet(word: str) -> IPv4Address:
    """A bare IPv4 address; IpError in iproute2's words."""
    try:
        return IPv4Address(word)
    except ValueError:
        raise IpError(f'Error: inet address is expected rather than "{word}".', 1) from None


def show_routes(context: Context, line: IpLine) -> Result:
    """`ip route show …`: the main table (and `table local`, worked out from the addresses)."""
    found = read_route_filter(context, Words(line.words))
    if line.options.family == 6:
        return Result("".join(_v6_routes(context)))
    if found.table == "local":
        return Result("".join(line + "\n" for line in _local_table(context)))
    if found.table not in (None, "main", "254"):
        raise Refused(
            "The lab has no routing table {table}.", "Use `ip route` or `ip route show table local`.", table=found.table
        )
    routes = [r for r in in_order(context.stack.routes) if found.takes(r)]
    if line.options.json:
        return _json([text.route_json(r, linkdown(context, r)) for r in routes], line.options)
    return Result("".join(text.route_line(r, linkdown=linkdown(context, r), hide=found.hide) + "\n" for r in routes))


def linkdown(context: Context, route: Route) -> bool:
    """A route over a link that is up but has no carrier is marked."""
    interface = context.stack.interface(route.dev) if route.dev else None
    return interface is not None and interface.up and not interface.carrier


def _v6_routes(context: Context) -> list[str]:
    """Lower prefixes first, as the kernel's tree has them (recorded from 20.10's hosts)."""
    found = [
        (address.network, interface.name)
        for interface in context.stack.interfaces
        if interface.up and interface.kind is not LinkKind.LOOPBACK
        for address in text.of_family(interface.addresses, 6)
    ]
    ordered = sorted(found, key=lambda row: int(row[0].network_address))
    return [f"{network} dev {name} proto kernel metric 256 pref medium\n" for network, name in ordered]


def _local_table(context: Context) -> list[str]:
    """Rows of the table `local`: every own address, its network's broadcast address, sorted by address."""
    rows: list[tuple[int, int, str]] = []
    for interface in context.stack.interfaces:
        for address in text.of_family(interface.addresses, 4):
            ip, net = address.ip, address.network
            tail = f"dev {interface.name} proto kernel scope"
            primary = next((a.ip for a in interface.addresses if a.network == net and not a.secondary), ip)
            rows.append((int(ip), 1, f"local {ip} {tail} host src {primary} "))
            if not interface.up:
                continue
            if ip.is_loopback and not address.secondary:
                rows.append((int(net.network_address), 0, f"local {net} {tail} host src {ip} "))
            if net.prefixlen < 31 and not address.secondary:
                last = net.broadcast_address
                rows.append((int(last), 1, f"broadcast {last} {tail} link src {ip} "))
    return [row for _, _, row in sorted(rows)]


# -- neighbours -------------------------------------------------------------------------------------------------------


def show_neighbours(context: Context, line: IpLine) -> Result:
    """`ip neigh show …`: entries that never got a state are left out, as the kernel's NOARP ones are."""
    words = Words(line.words)
    dev, address, state = None, None, None
    while words:
        word = words.next()
        if word == "dev":
            dev = words.next()
        elif word == "nud":
            state = words.next().upper()
        elif word in ("unused", "unres", "proxy", "master", "vrf", "nomaster"):
            raise Refused("`ip neigh show {word}` is not modelled.", "Filter by dev, nud or an address.", word=word)
        else:
            address = prefix(words.next() if word == "to" else word)
    if dev is not None and context.stack.interface(dev) is None:
        raise IpError(f'Cannot find device "{dev}"', 1)
    if line.options.family == 6:
        return Result()
    rows = [n for n in text.aged(context.stack, context.world.clock) if _wanted(n, dev, address, state)]
    if line.options.json:
        return _json([_neighbour_json(n, dev is not None) for n in rows], line.options)
    if line.options.brief:
        return Result("".join(f"{str(n.address):<39} {n.dev:<16} {n.mac or ''}\n" for n in rows))
    return Result("".join(text.neighbour_line(n, hide_dev=dev is not None) + "\n" for n in rows))


def _wanted(entry: Neighbour, dev: str | None, address: Any, state: str | None) -> bool:
    if state not in (None, "ALL", entry.state):
        return False
    return dev in (None, entry.dev) and (address is None or entry.address in address)


def _neighbour_json(entry: Neighbour, hide_dev: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"dst": str(entry.address)}
    if not hide_dev:
        found["dev"] = entry.dev
    if entry.mac is not None:
        found["lladdr"] = entry.mac
    return found | {"state": [entry.state]}
