"""`ip addr|link|route|neigh show`: what is asked for, and how iproute2 6.1 prints it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from dnetlab.commands.ip import IpError, IpLine, Options
from dnetlab.model import Interface, LinkKind, Namespace, Neighbour, Route
from dnetlab.model.ip import IpAddress, IpNetwork, ip_address, zone_of
from dnetlab.model.route import LOCAL, MAIN
from dnetlab.net.routing import is_alive, link_local_routes
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel.localtable import local_table
from dnetlab.sim.kernel.routes import in_order
from dnetlab.sim.text import links as text
from dnetlab.sim.text.traffic import ip_json, ip_rows
from dnetlab.sim.tools.rt_tables import name_of, table_of


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


def known_device(context: Context, name: str) -> Interface:
    """The link of that name; IpError in iproute2's words."""
    found = context.stack.interface(name)
    if found is None:
        raise IpError(f'Cannot find device "{name}"', 1)
    return found


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


def prefix(word: str, family: int = 0) -> IPv4Network | IPv6Network:
    """A prefix as get_prefix() of iproute2 takes it: 'default', '10.0.0.0/8', '10.1' for 10.1.0.0.

    family: 4 or 6 where it must be of one, 0 where the word itself says it.
    """
    if word in ("default", "any", "all"):
        return IPv6Network("::/0") if family == 6 else IPv4Network("0.0.0.0/0")
    address, slash, bits = word.partition("/")
    parts = address.split(".")
    if ":" not in address and all(p.isdecimal() for p in parts) and 1 <= len(parts) < 4:
        address = ".".join([*parts, *["0"] * (4 - len(parts))])
    kind = {0: "any valid", 4: "inet", 6: "inet6"}[family]
    try:
        found = ip_network(address + slash + bits, strict=False)
    except ValueError:
        raise IpError(f'Error: {kind} prefix is expected rather than "{word}".', 1) from None
    if family not in (0, found.version):
        raise IpError(f'Error: {kind} prefix is expected rather than "{word}".', 1)
    return found


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
            out += [_one_line_address(interface, a, text.flags6(a, context.world.clock)) for a in addresses]
        else:
            bare = bool(options.family or found.network)
            family = 0 if found.device else options.family  # one link asked for by name answers in full
            flags = [text.flags6(a, context.world.clock) for a in addresses]
            out += _address_head(row, options, bare, context.stack, family)
            out += [f"{text.address_line(a, row.interface.name, f)}\n{text.FOREVER}\n"
                    for a, f in zip(addresses, flags, strict=True)]  # fmt: skip
            out += [ip_rows(context.stack.traffic_of(interface))] if options.statistics else []
    return as_json(objects, options) if options.json else Result("".join(out))


def _one_line_address(interface: Interface, address: Any, flags: tuple[str, ...]) -> str:
    line = text.address_line(address, interface.name, flags).strip(" ")
    tail = " " if address.ip.version == 6 else ""
    return f"{interface.index}: {interface.name}    {line}{tail}\\{text.FOREVER}\n"


def _address_head(row: text.LinkView, options: Options, bare: bool, space: Namespace, family: int) -> list[str]:
    out = [text.head(row, mode=False, family=family) + "\n"]
    if not bare or options.details:
        out.append(text.ether(row, space if options.details else None) + "\n")
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
        return as_json([_link_object(context, row, options) for row in rows], options)
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


def as_json(objects: list[dict[str, Any]], options: Options) -> Result:
    """-j, and laid out with -p."""
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
    via: IpAddress | None = None
    protocol: str | None = None
    exact: IpNetwork | None = None
    match: IpNetwork | None = None
    root: IpNetwork | None = None
    kind: str | None = None
    table: str | None = None
    scope: str | None = None
    src: IpAddress | None = None
    family: int = 4

    @property
    def hide(self) -> frozenset[str]:
        said = {"dev": self.dev, "via": self.via, "proto": self.protocol}
        return frozenset(name for name, value in said.items() if value is not None)

    def takes(self, route: Route) -> bool:
        net = route.destination
        return (
            net.version == self.family
            and self.dev in (None, route.dev)
            and self.via in (None, route.via)
            and self.protocol in (None, route.protocol)
            and self.exact in (None, net)
            and self.kind in (None, route.kind)
            and self.src in (None, route.src)
            and self.scope in (None, "global" if route.via else route.scope)
            and (self.match is None or _within(self.match, net))
            and (self.root is None or _within(net, self.root))
        )


def _within(inner: IpNetwork, outer: IpNetwork) -> bool:
    return inner.prefixlen >= outer.prefixlen and inner.network_address in outer


def read_route_filter(context: Context, words: Words, family: int = 0) -> RouteFilter:
    """The words of `ip route show|flush …`; family: what `ip -4` or `ip -6` said, 0 for neither."""
    found = RouteFilter(family=family or 4)
    while words:
        word = words.next()
        if word in ("dev", "oif"):
            found.dev = words.next()
        elif word == "via":
            found.via = inet(words.next(), family)
        elif word in ("proto", "protocol"):
            found.protocol = words.next()
        elif word == "scope":
            found.scope = words.next()
        elif word == "src":
            found.src = inet(words.next(), family)
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
            network = prefix(word, family)
            found.family = network.version
            setattr(found, how, network)
    if found.dev is not None and context.stack.interface(found.dev) is None:
        raise IpError(f'Cannot find device "{found.dev}"', 1)
    return found


def gateway(words: Words, family: int) -> IpAddress:
    """What stands behind `via`: [inet | inet6] ADDRESS. IpError in iproute2's words."""
    word = words.next()
    said = {"inet": 4, "inet6": 6}.get(word, family)
    return inet(words.next() if word in ("inet", "inet6") else word, said)


def inet(word: str, family: int = 4) -> IpAddress:
    """A bare address of that family, of either for 0; IpError in iproute2's words."""
    kind = {0: "any valid", 4: "inet", 6: "inet6"}[family]
    try:
        found = ip_address(word)
    except ValueError:
        raise IpError(f'Error: {kind} address is expected rather than "{word}".', 1) from None
    if family not in (0, found.version) or zone_of(found):
        raise IpError(f'Error: {kind} address is expected rather than "{word}".', 1)
    return found


def show_routes(context: Context, line: IpLine) -> Result:
    """`ip route show …`: the main table, another one, or all of them (those of both families, if none was said)."""
    found = read_route_filter(context, Words(line.words), line.options.family)
    if found.table == "cache":
        return Result()
    table = MAIN if found.table is None else table_of(context, found.table)
    if table is None and found.table not in ("all", "any"):
        raise IpError(f'Error: argument "{found.table}" is wrong: table id value is invalid\n\n')
    if table and not context.kernel.has_table(table, found.family):
        raise IpError(f"Error: ipv{found.family}: FIB table does not exist.\nDump terminated", 2)
    either = not table and not line.options.family
    networks = [n for n in (found.exact, found.match, found.root) if n is not None]
    families = (4, 6) if either and not networks else (found.family,)
    asked = [(replace(found, family=family), rows_of(context, family, table or 0)) for family in families]
    routes = [r for wanted, rows in asked for r in rows if wanted.takes(r)]
    names = ["" if table or r.table == MAIN else name_of(context, r.table) for r in routes]
    pairs = list(zip(routes, names, strict=True))
    space, more = context.stack, line.options.details
    if line.options.json:
        rows = [text.route_json(r, linkdown(context, r), name, hop_states(space, r), more) for r, name in pairs]
        return as_json(rows, line.options)
    lines = [
        text.route_line(r, linkdown=linkdown(context, r), hide=found.hide, table=name, states=hop_states(space, r),
                        details=more)
        for r, name in pairs
    ]  # fmt: skip
    if line.options.oneline:
        lines = [one.replace("\n", "\\") for one in lines]
    return Result("".join(f"{one}\n" for one in lines))


def linkdown(context: Context, route: Route) -> bool:
    """A route over a link that is up but has no carrier is marked; one to an own address needs none."""
    if route.kind == "local":
        return False
    interface = context.stack.interface(route.dev) if route.dev else None
    return interface is not None and interface.up and not interface.carrier


def hop_states(space: Namespace, route: Route) -> dict[str, tuple[str, ...]]:
    """What is wrong with the links of a row's next hops: ('dead', 'linkdown') for one that is down."""
    found: dict[str, tuple[str, ...]] = {}
    for hop in route.hops:
        link = space.interface(hop.dev or "")
        dead = not is_alive(space, hop)
        if hop.dev and (dead or link is not None and not link.carrier):
            found[hop.dev] = ("dead", "linkdown") if dead else ("linkdown",)
    return found


def rows_of(context: Context, version: int, table: int = MAIN) -> tuple[Route, ...]:
    """The rows of a table (0: of all of them) of a family, in the kernel's order, those of link-local networks too."""
    space = context.stack
    rows = [r for r in space.routes if r.destination.version == version and table in (0, r.table)]
    if version == 6 and table in (0, MAIN):
        rows += link_local_routes(space)
    return (*in_order(rows), *(local_table(space, version) if table in (0, LOCAL) else ()))


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
    family = line.options.family
    rows = [n for n in text.aged(context.stack, context.world.clock)
            if _wanted(n, dev, address, state) and family in (0, n.address.version)]  # fmt: skip
    if line.options.json:
        return as_json([_neighbour_json(n, dev is not None) for n in rows], line.options)
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
