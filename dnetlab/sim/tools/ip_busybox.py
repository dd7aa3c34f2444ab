"""`ip` as a container has it: busybox 1.35, fewer words, its own complaints, and NET_ADMIN asked of every change.

busybox sets flags, names and MACs by ioctl and the rest by netlink, so a missing right is worded in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, ip_interface

from dnetlab.model import Address, Interface, LinkKind, Neighbour, Route
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, IpNetwork, ip_address, ip_network
from dnetlab.net.routing import NOWHERE
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import Errno, KernelError
from dnetlab.sim.kernel.autoconf import scope_of
from dnetlab.sim.kernel.routes import METRIC6, get_route, same_as
from dnetlab.sim.text import links as text
from dnetlab.sim.tools.ip_show import rows_of
from dnetlab.sim.tools.permission import may_configure

MULTICAST6 = ip_network("ff00::/8")
USAGE = """\
BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.

Usage: ip [OPTIONS] address|route|link|tunnel|neigh|rule [ARGS]

OPTIONS := -f[amily] inet|inet6|link | -o[neline]

ip addr add|del IFADDR dev IFACE | show|flush [dev IFACE] [to PREFIX]
ip route list|flush|add|del|change|append|replace|test ROUTE
ip link set IFACE [up|down] [arp on|off] [multicast on|off]
	[promisc on|off] [mtu NUM] [name NAME] [qlen NUM] [address MAC]
	[master IFACE | nomaster] [netns PID]
ip tunnel add|change|del|show [NAME]
	[mode ipip|gre|sit] [remote ADDR] [local ADDR] [ttl TTL]
ip neigh show|flush [to PREFIX] [dev DEV] [nud STATE]
ip rule [list] | add|del SELECTOR ACTION
"""
OBJECTS = ("address", "route", "link", "tunnel", "neigh", "rule")
VERBS = {
    "address": ("add", "change", "replace", "delete", "list", "show", "lst", "flush"),
    "link": ("add", "delete", "set", "show", "lst", "list"),
    "route": ("list", "show", "lst", "flush", "get", "add", "append", "change", "delete", "prepend", "replace", "test"),
    "neigh": ("show", "flush"),
}


class BusyboxError(Exception):
    """One line of stderr after 'ip: ', and the exit status."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """`ip …` in a container."""
    words, family, oneline = list(argv[1:]), 0, False
    if argv[1:2] == ("--help",):
        return Result("", USAGE, 0)
    while words and words[0].startswith("-"):
        option = words.pop(0).lstrip("-")
        if option in ("4", "6"):
            family = int(option)
        elif option and "oneline".startswith(option):
            oneline = True
        elif option and "family".startswith(option) and words:
            family = {"inet": 4, "inet6": 6, "link": 0}.get(words.pop(0), 0)
        else:
            return Result("", USAGE, 1)
    found = next((o for o in OBJECTS if words and o.startswith(words[0])), None)
    if found is None:
        return Result("", USAGE, 1)
    try:
        return _object(context, found, words[1:], family, oneline)
    except BusyboxError as error:
        return Result("", f"ip: {error}\n", error.code)
    except KernelError as error:
        return Result("", f"ip: RTNETLINK answers: {error.words}\n", 2)


def _object(context: Context, name: str, words: list[str], family: int, oneline: bool) -> Result:
    if name == "rule" and not words:
        return Result("0:\tfrom all lookup local \n32766:\tfrom all lookup main \n32767:\tfrom all lookup default \n")
    if name not in VERBS:
        raise Refused("`ip {name}` is not modelled.", "ip address, link, route and neigh are.", name=name)
    verb = "show"
    if words:
        typed = words.pop(0)
        matched = next((v for v in VERBS[name] if v.startswith(typed)), None)
        if matched is None:
            raise BusyboxError(f"invalid argument '{typed}' to 'ip'", 2 if name == "link" else 1)
        verb = "show" if matched in ("list", "lst") else matched
    if name == "address":
        return _address(context, verb, words, family, oneline)
    if name == "link":
        return _link(context, verb, words, oneline)
    if name == "route":
        return _route(context, verb, words, family)
    return _neigh(context, verb, words, family)


def _next(words: list[str], option: str) -> str:
    if not words:
        raise BusyboxError(f'"{option}" requires an argument')
    return words.pop(0)


def _device(context: Context, name: str, code: int = 1) -> Interface:
    found = context.stack.interface(name)
    if found is None:
        raise BusyboxError(f"can't find device '{name}'", code)
    return found


def _allowed(context: Context, errno: str = "RTNETLINK answers", code: int = 2) -> None:
    if not may_configure(context):
        raise BusyboxError(f"{errno}: Operation not permitted", code)


# -- addresses --------------------------------------------------------------------------------------------------------


def _address(context: Context, verb: str, words: list[str], family: int, oneline: bool) -> Result:
    if verb == "show":
        scope = _scope(words)
        dev = _dev_filter(context, words)
        return Result(_addresses(context, dev, family, oneline, scope))
    if verb == "flush":
        dev = _dev_filter(context, words)
        if dev is None:
            raise BusyboxError("flush requires arguments")
        _allowed(context, "can't send flush request", 1)
        for address in text.of_family(_device(context, dev).addresses, family):
            if any(a is address for a in _device(context, dev).addresses):
                context.kernel.remove_address(dev, address.interface)
        return Result()
    return _change_address(context, verb, words)


def _scope(words: list[str]) -> str:
    """Take `scope WORD` off the words; '' where it isn't said."""
    if "scope" not in words[:-1]:
        return ""
    at = words.index("scope")
    scope = words[at + 1]
    del words[at : at + 2]
    return scope


def _dev_filter(context: Context, words: list[str]) -> str | None:
    dev = None
    while words:
        word = words.pop(0)
        if word in ("up",):
            continue
        if word in ("to", "scope", "label"):
            raise Refused("`ip addr show {word}` is not modelled in containers.", "Filter by device.", word=word)
        if word == "dev":
            word = _next(words, "dev")
        if dev is not None:
            raise BusyboxError(f'either "dev" is duplicate, or "{word}" is garbage', 1)
        dev = word
    if dev is not None:
        _device(context, dev)
    return dev


def _addresses(context: Context, dev: str | None, family: int, oneline: bool, scope: str = "") -> str:
    def flags(address: Address) -> tuple[str, ...]:
        return text.flags6(address, context.world.clock, busybox=True)

    out = ""
    for interface in context.stack.interfaces:
        found = [a for a in text.of_family(interface.addresses, family) if scope in ("", a.scope)]
        if dev not in (None, interface.name) or ((family or scope) and not found):
            continue
        if oneline:
            for address in found:
                line = text.address_line(address, interface.name, flags(address)).strip(" ")
                tail = " " if address.ip.version == 6 else ""
                out += f"{interface.index}: {interface.name}    {line}{tail}\\{text.FOREVER}\n"
            continue
        row = text.view(context.world, context.where, interface, busybox=True)
        out += text.busybox_head(row, family) + "\n"
        if not family:
            out += text.busybox_ether(row) + "\n"
        out += "".join(f"{text.address_line(a, interface.name, flags(a))}\n{text.FOREVER}\n" for a in found)
    return out


def _change_address(context: Context, verb: str, words: list[str]) -> Result:
    local, dev, broadcast = "", None, ""
    while words:
        word = words.pop(0)
        if word == "dev":
            dev = _next(words, "dev")
        elif word in ("brd", "broadcast"):
            broadcast = _next(words, word)
        elif word in ("scope", "label", "peer", "anycast"):
            raise Refused(
                "`ip addr … {word}` is not modelled in containers.", "ADDRESS/PREFIX brd + dev DEV.", word=word
            )
        else:
            local = _next(words, "local") if word == "local" else word
    if dev is None:
        raise BusyboxError('need "dev IFACE"')
    _device(context, dev)
    try:
        interface = ip_interface(local)
    except ValueError:
        raise BusyboxError("RTNETLINK answers: Numerical result out of range", 2) from None
    _allowed(context)
    if verb == "delete":
        context.kernel.remove_address(dev, interface)
        return Result()
    brd = interface.network.broadcast_address if broadcast == "+" else None
    if broadcast not in ("", "+", "-"):
        brd = IPv4Address(broadcast)
    brd = brd if isinstance(brd, IPv4Address) else None
    context.kernel.add_address(dev, Address(interface, brd, scope_of(interface)))
    return Result()


# -- links ------------------------------------------------------------------------------------------------------------


def _link(context: Context, verb: str, words: list[str], oneline: bool) -> Result:
    if verb == "show":
        dev = _dev_filter(context, words)
        separator = "\\" if oneline else "\n"
        rows = [
            text.view(context.world, context.where, i, busybox=True)
            for i in context.stack.interfaces
            if dev in (None, i.name)
        ]
        return Result("".join(text.busybox_head(row) + separator + text.busybox_ether(row) + "\n" for row in rows))
    if verb == "set":
        return _set(context, words)
    return _add_or_delete(context, verb, words)


def _set(context: Context, words: list[str]) -> Result:
    """Words are read first; then master, address, name, mtu and queue length, at last the flags, as busybox does."""
    name, todo = "", {}  # type: str, dict[str, str]
    while words:
        word = words.pop(0)
        if word in ("up", "down"):
            todo["state"] = word
        elif word == "nomaster":
            todo["master"] = ""
        elif word in ("mtu", "name", "address", "qlen", "promisc", "master"):
            todo[word] = _next(words, word)
        elif word in ("arp", "multicast", "netns", "txqueuelen"):
            raise Refused(
                "`ip link set … {word}` is not modelled.", "up, down, promisc, mtu, address, name, master.", word=word
            )
        else:
            word = _next(words, "dev") if word == "dev" else word
            if name:
                raise BusyboxError(f'either "dev" is duplicate, or "{word}" is garbage', 2)
            name = word
    if not name:
        raise BusyboxError('"dev" requires an argument', 2)
    for what, value in todo.items():
        name = _set_one(context, name, what, value)
    return Result()


_IOCTL = {"state": ("SIOCGIFFLAGS", "SIOCSIFFLAGS"), "promisc": ("SIOCGIFFLAGS", "SIOCSIFFLAGS"),
          "mtu": ("SIOCSIFMTU", "SIOCSIFMTU"), "name": ("SIOCSIFNAME", "SIOCSIFNAME"),
          "address": ("SIOCGIFINDEX", "SIOCSIFHWADDR"), "qlen": ("SIOCSIFTXQLEN", "SIOCSIFTXQLEN")}  # fmt: skip


def _set_one(context: Context, name: str, what: str, value: str) -> str:
    """One setting; returns the link's name afterwards."""
    if what == "master":
        _device(context, name, 2)
        if value:
            _device(context, value, 2)
        _allowed(context)
        context.kernel.enslave(name, value) if value else context.kernel.release(name)
        return name
    asked, done = _IOCTL[what]
    interface = context.stack.interface(name)
    if interface is None:
        raise BusyboxError(f"{asked}: No such device", 2)
    if what == "state" and interface.up == (value == "up"):
        return name
    if not may_configure(context):
        raise BusyboxError(f"{done}: Operation not permitted", 2)
    if what == "promisc":
        if value not in ("on", "off"):
            raise BusyboxError(f"invalid argument '{value}' to 'promisc'", 2)
        context.kernel.set_promiscuous(name, value == "on")
    elif what == "state":
        context.kernel.set_up(name) if value == "up" else context.kernel.set_down(name)
    elif what == "address":
        if not re.fullmatch(r"([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}", value):
            raise BusyboxError(f"invalid hw-addr {value}", 2)
        context.kernel.set_mac(name, ":".join(f"{int(part, 16):02x}" for part in value.split(":")))
    elif what == "name":
        context.kernel.rename(name, value)
        return value
    else:
        _set_number(context, name, what, value)
    return name


def _set_number(context: Context, name: str, what: str, value: str) -> None:
    if not value.isdecimal():
        raise BusyboxError(f"invalid argument '{value}' to '{what}'", 2)
    if what == "qlen":
        context.kernel.set_queue_length(name, int(value))
        return
    try:
        context.kernel.set_mtu(name, int(value))
    except KernelError as error:
        raise BusyboxError(f"SIOCSIFMTU: {error.words}", 2) from None


def _add_or_delete(context: Context, verb: str, words: list[str]) -> Result:
    name, kind, parent = "", "", ""
    while words:
        word = words.pop(0)
        if word == "type":
            kind = _next(words, "type")
        elif word == "link":
            parent = _next(words, "link")
        elif word in ("name", "dev"):
            name = _next(words, word)
        elif not name:
            name = word
        elif kind:
            raise Refused(
                "`type {kind} {word}` is not modelled in containers.", "bridge links are.", kind=kind, word=word
            )
    if verb == "delete":
        _device(context, name, 2)
        _allowed(context)
        context.kernel.delete(name)
        return Result()
    _allowed(context)
    if context.stack.interface(name) is not None:
        raise KernelError(Errno.EEXIST)
    if kind != "bridge" or parent:
        if kind in ("", "veth", "vlan", "macvlan", "dummy"):
            raise Refused(
                "Links of type {kind} can't be added in a container of the lab.", "bridge can.", kind=kind or "?"
            )
        raise KernelError(Errno.EOPNOTSUPP)
    context.kernel.add_bridge(name)
    return Result()


# -- routes -----------------------------------------------------------------------------------------------------------


def _inet(word: str, family: int = 0) -> IpAddress:
    """An address of that family; of the one that the word itself says for 0."""
    try:
        found = ip_address(word)
        if family not in (0, found.version):
            raise ValueError(word)
        return found
    except ValueError:
        kind = "inet6" if family == 6 else "inet"
        raise BusyboxError(f'an {kind} address is expected rather than "{word}"') from None


def _net(word: str, family: int = 0) -> IpNetwork:
    if word in ("default", "any", "all"):
        return ip_network("::/0" if family == 6 else "0.0.0.0/0")
    if ":" in word and family != 4:
        return _net6(word)
    address, slash, bits = word.partition("/")
    parts = address.split(".")
    try:
        return IPv4Network(".".join([*parts, *["0"] * (4 - len(parts))]) + slash + bits)
    except ValueError as error:
        if "host bits" in str(error):
            raise KernelError(Errno.EINVAL) from None
        raise BusyboxError(f'an inet prefix is expected rather than "{word}"') from None


def _net6(word: str) -> IpNetwork:
    try:
        return ip_network(word)
    except ValueError as error:
        if "host bits" in str(error):
            raise KernelError(Errno.EINVAL) from None
        raise BusyboxError(f'an inet6 prefix is expected rather than "{word}"') from None


def _read_route(context: Context, words: Sequence[str], family: int) -> tuple[Route, set[str]]:
    left, given = list(words), set()  # type: list[str], set[str]
    route = Route(_net("default", family), None, protocol="boot", scope="")
    readers: dict[str, Callable[[Route, str], Route]] = {
        "via": lambda r, w: replace(r, via=_inet(w, family)),
        "src": lambda r, w: replace(r, src=_inet(w, family)),
        "dev": lambda r, w: replace(r, dev=w),
        "oif": lambda r, w: replace(r, dev=w),
        "metric": lambda r, w: replace(r, metric=int(w) if w.isdecimal() else 0),
        "scope": lambda r, w: replace(r, scope=w),
        "proto": lambda r, w: replace(r, protocol=w),
    }
    while left:
        word = left.pop(0)
        if word in readers:
            route = readers[word](route, _next(left, word))
        elif word in ("table", "mtu", "advmss", "onlink", "dsfield"):
            raise Refused(
                "`ip route … {word}` is not modelled.", "via, dev, src, metric, scope and proto are.", word=word
            )
        else:
            route = replace(route, destination=_net(_next(left, "to") if word == "to" else word, family))
            word = "to"
        given.add(word)
    if route.dev is not None:
        _device(context, route.dev)
    return route, given


def _rows(context: Context, version: int) -> list[Route]:
    """The rows as busybox lists them: of IPv6 those for multicast too, which come with each link that has IPv6."""
    rows = list(rows_of(context, version))
    if version == 4:
        return rows
    links = [i for i in context.stack.interfaces if i.up and i.ipv6 and i.kind is not LinkKind.LOOPBACK]
    groups = [Route(MULTICAST6, i.name, scope="global", metric=METRIC6, kind="multicast") for i in links]
    return [*rows, *groups]


def _route(context: Context, verb: str, words: list[str], family: int) -> Result:
    if verb in ("show", "flush"):
        route, given = _read_route(context, words, family)
        fits = [r for r in _rows(context, route.destination.version) if _fits(r, route, given)]
        if verb == "show":
            hide = frozenset({"dev"}) if "dev" in given else frozenset()
            return Result("".join(text.busybox_route_line(r, hide=hide) + "\n" for r in fits))
        if not given:
            raise BusyboxError('"ip route flush" requires arguments')
        _allowed(context, "can't send flush request", 1)
        context.kernel.flush_routes(lambda row: row in fits)
        return Result()
    if verb == "get":
        return _get(context, words)
    if verb == "test":
        raise Refused("`ip route test` is not modelled.", "Use `ip route get ADDRESS`.")
    route, given = _read_route(context, words, family)
    _allowed(context)
    try:
        if verb == "delete":
            context.kernel.delete_route(same_as(route, given))
        else:
            context.kernel.add_route(route, how=verb)
    except KernelError as error:
        raise KernelError(error.errno) from None
    return Result()


def _fits(row: Route, route: Route, given: set[str]) -> bool:
    return (
        ("to" not in given or row.destination == route.destination)
        and route.dev in (None, row.dev)
        and route.via in (None, row.via)
        and route.src in (None, row.src)
    )


def _get(context: Context, words: list[str]) -> Result:
    if not words:
        raise BusyboxError("need at least destination address")
    ip = _inet(words[0].split("/")[0])
    way = get_route(context.stack, ip)
    shown = str(ip) if way.kind == "unicast" else f"{way.kind} {ip}"
    shown += f" via {way.via}" if way.via else ""
    return Result(f"{shown} dev {way.dev}  src {way.src or NOWHERE} \n")


# -- neighbours -------------------------------------------------------------------------------------------------------


def _neigh(context: Context, verb: str, words: list[str], family: int) -> Result:
    dev, target = None, None
    while words:
        word = words.pop(0)
        if word == "dev":
            dev = _next(words, "dev")
            _device(context, dev)
        elif word == "nud":
            raise Refused("`ip neigh … nud` is not modelled in containers.", "Filter by dev or address.")
        else:
            target = _net(_next(words, "to") if word == "to" else word, family)
    known = [n for n in text.aged(context.stack, context.world.clock) if family in (0, n.address.version)]
    rows = [n for n in known if dev in (None, n.dev) and (target is None or n.address in target)]
    if verb == "show":
        return Result("".join(text.busybox_neighbour_line(n, hide_dev=dev is not None) + "\n" for n in rows))
    if dev is None and target is None:
        raise BusyboxError("flush requires arguments")
    return _flush(context, [n for n in rows if n.state != "PERMANENT"], dev is not None)


def _flush(context: Context, rows: list[Neighbour], hide_dev: bool) -> Result:
    if not rows:
        return Result("Nothing to flush\n")
    _allowed(context, "can't send flush request", 1)
    gone = {(entry.address, entry.dev) for entry in rows}
    context.kernel.forget_neighbours(lambda entry: (entry.address, entry.dev) in gone)
    listed = "".join(text.busybox_neighbour_line(n, hide_dev) + "\n" for n in rows)
    rounds = f"*** Round 1, deleting {len(rows)} entries ***\n*** Flush is complete after 1 round(s) ***\n"
    return Result(f"{listed}\n{rounds}")
