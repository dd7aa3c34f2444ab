"""`ip addr|link|route|neigh` when they change something: iproute2's words, the kernel's rules (dnetlab.sim.kernel)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Interface, ip_interface

from dnetlab.commands.ip import IpError, IpLine
from dnetlab.commands.ip_usage import USAGE
from dnetlab.model import Address, Route
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpNetwork, ip_address
from dnetlab.model.route import MAIN
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import Errno, KernelError
from dnetlab.sim.kernel.autoconf import scope_of
from dnetlab.sim.kernel.routes import same_as
from dnetlab.sim.tools import ip_get, ip_link, ip_neigh
from dnetlab.sim.tools.ip_hops import read_hops
from dnetlab.sim.tools.ip_show import Words, gateway, inet, known_device, prefix, read_filter, read_route_filter
from dnetlab.sim.tools.rt_tables import table_of

WILDCARD = """\
Warning: Executing wildcard deletion to stay compatible with old scripts.
         Explicitly specify the prefix length ({0}/32) to avoid this warning.
         This special behaviour is likely to disappear in further releases,
         fix your scripts!
"""


def run(context: Context, line: IpLine) -> Result:
    """Every verb but show. Raises IpError, KernelError, Refused."""
    doers: dict[tuple[str, str], Callable[[Context, IpLine], Result]] = {
        ("address", "add"): _address_add, ("address", "replace"): _address_add, ("address", "change"): _address_add,
        ("address", "delete"): _address_delete, ("address", "flush"): _address_flush,
        ("link", "set"): ip_link.link_set, ("link", "change"): ip_link.link_set, ("link", "add"): ip_link.link_add,
        ("link", "delete"): ip_link.link_delete,
        ("route", "add"): _route_change, ("route", "replace"): _route_change, ("route", "append"): _route_change,
        ("route", "prepend"): _route_change, ("route", "change"): _route_change, ("route", "delete"): _route_change,
        ("route", "get"): ip_get.run, ("route", "flush"): _route_flush,
        ("neigh", "add"): ip_neigh.change, ("neigh", "replace"): ip_neigh.change, ("neigh", "change"): ip_neigh.change,
        ("neigh", "delete"): ip_neigh.change, ("neigh", "flush"): ip_neigh.flush,
    }  # fmt: skip
    doer = doers.get((line.object, line.verb))
    if doer is None:
        raise Refused(
            "`ip {object} {verb}` is not modelled.", "Use `ip {object} show`.", object=line.object, verb=line.verb
        )
    return doer(context, line)


# -- addresses --------------------------------------------------------------------------------------------------------


@dataclass
class _AddressWords:
    local: IPv4Interface | IPv6Interface | None = None
    typed: str = ""
    dev: str | None = None
    broadcast: IPv4Address | None = None
    scope: str = ""
    nodad: bool = False


def _read_address(words: Words) -> _AddressWords:
    found = _AddressWords()
    while words:
        word = words.next()
        if word == "dev":
            found.dev = words.next()
        elif word == "nodad":
            found.nodad = True
        elif word in ("broadcast", "brd"):
            found.broadcast = _broadcast(found, words.next())
        elif word == "scope":
            found.scope = words.next()
        elif word in (
            "label",
            "peer",
            "anycast",
            "metric",
            "valid_lft",
            "preferred_lft",
            "noprefixroute",
            "home",
            "mngtmpaddr",
            "autojoin",
        ):
            raise Refused(
                "`ip addr … {word}` is not modelled.", "Use `ip addr add ADDRESS/PREFIX brd + dev DEV`.", word=word
            )
        else:
            if word == "local":
                word = words.next()
            if found.local is not None:
                raise IpError(f'Error: either "local" is duplicate, or "{word}" is a garbage.')
            found.local, found.typed = _interface(word), word
    return found


def _interface(word: str) -> IPv4Interface | IPv6Interface:
    try:
        found = ip_interface(word)
        if "/" in word and not word.rpartition("/")[2].isdecimal():
            raise ValueError(word)
        return found
    except ValueError:
        raise IpError(f'Error: any valid prefix is expected rather than "{word}".', 1) from None


def _broadcast(found: _AddressWords, word: str) -> IPv4Address | None:
    if word not in ("+", "-"):
        return IPv4Address(int(inet(word)))
    if not isinstance(found.local, IPv4Interface):
        raise IpError(f'Error: inet address is expected rather than "{word}".', 1)
    net = found.local.network
    if net.prefixlen >= 31:
        return None
    return net.broadcast_address if word == "+" else net.network_address


def _address_add(context: Context, line: IpLine) -> Result:
    words = _read_address(Words(line.words))
    if words.dev is None:
        raise IpError('Not enough information: "dev" argument is required.', 1)
    known_device(context, words.dev)
    if words.local is None:
        raise KernelError(Errno.EOPNOTSUPP)
    _check_family(words.typed, words.local.version, line.options.family)
    address = Address(words.local, words.broadcast, words.scope or scope_of(words.local), nodad=words.nodad)
    try:
        context.kernel.add_address(words.dev, address)
    except KernelError:
        if line.verb == "add":
            raise  # replacing an address changes lifetimes only, and the lab's live forever
    return Result()


def _check_family(typed: str, version: int, family: int) -> None:
    if family not in (0, version):
        raise IpError(f'Error: inet{"" if family == 4 else 6} prefix is expected rather than "{typed}".', 1)


def _address_delete(context: Context, line: IpLine) -> Result:
    words = _read_address(Words(line.words))
    if words.dev is None:
        raise IpError('Not enough information: "dev" argument is required.', 1)
    interface = known_device(context, words.dev)
    if words.local is None:
        raise KernelError(Errno.EOPNOTSUPP)
    target, warning = words.local, ""
    if "/" not in words.typed and words.local.version == 4:
        warning = WILDCARD.format(words.typed)
        target = next((a.interface for a in interface.addresses if a.ip == words.local.ip), words.local)
    try:
        context.kernel.remove_address(words.dev, target)
    except KernelError as error:
        return Result("", f"{warning}Error: {error.sentence}\n", 2)
    return Result("", warning)


def _address_flush(context: Context, line: IpLine) -> Result:
    if not line.words:
        raise IpError("Flush requires arguments.", 1)
    found = read_filter(context, Words(line.words))
    for interface in context.stack.interfaces:
        if not found.link(interface):
            continue
        for address in found.addresses(interface, line.options.family):
            current = known_device(context, interface.name)
            if any(a.interface == address.interface for a in current.addresses):
                context.kernel.remove_address(interface.name, address.interface)
    return Result()


# -- routes -----------------------------------------------------------------------------------------------------------

_TYPES = ("unicast", "blackhole", "unreachable", "prohibit", "throw")


def read_route(context: Context, words: Words, family: int = 0) -> tuple[Route, set[str]]:
    """The words of `ip route add|del …` as a Route, and the set of keywords that were given. family: what `ip -4` or
    `ip -6` said; 0 leaves it to the destination."""
    route = Route(prefix("default", family), None, protocol="boot", scope="")
    given: set[str] = set()
    while words:
        word = words.next()
        if word == "via":
            route = replace(route, via=gateway(words, family))
        elif word in ("dev", "oif"):
            name = words.next()
            given.add("dev")
            route = replace(route, dev=name)
            continue
        elif word == "src":
            route = replace(route, src=inet(words.next(), family))
        elif word in ("metric", "priority", "preference"):
            route = replace(route, metric=ip_link.number(words.next(), "metric"))
        elif word in ("proto", "protocol"):
            route = replace(route, protocol=words.next())
        elif word == "scope":
            route = replace(route, scope=words.next())
        elif word == "onlink":
            route = replace(route, onlink=True)
        elif word == "mtu":
            route = replace(route, mtu=_mtu(words.next()))
        elif word == "table":
            route = replace(route, table=_table(context, words.next()))
        elif word == "nexthop":
            route = replace(route, hops=read_hops(context, words, family or route.destination.version))
        elif word in ("advmss", "tos", "weight", "initcwnd", "realms", "encap"):
            raise Refused(
                "`ip route … {word}` is not modelled.",
                "via, dev, src, metric, proto, scope, table, mtu, onlink and nexthop are.",
                word=word,
            )  # fmt: skip
        else:
            if word == "to":
                word = words.next()
            if word in _TYPES:
                given.add("type")
                route = replace(route, kind=word)
                word = words.next()
            elif word in ("local", "broadcast", "multicast", "nat"):
                raise Refused(
                    "Routes of type {word} are not modelled.",
                    "unicast, blackhole, unreachable, prohibit, throw.",
                    word=word,
                )
            if "to" in given:
                raise IpError(f'Error: either "to" is duplicate, or "{word}" is a garbage.')
            route, word = replace(route, destination=_destination(word, family)), "to"
            family = family or (0 if route.is_default else route.destination.version)
        given.add(word)
    return _checked(route), given


def _checked(route: Route) -> Route:
    """What iproute2 or the kernel sees at once."""
    if route.is_default and route.via is not None and route.via.version == 6:  # `ip route add default via fd00::1`
        route = replace(route, destination=prefix("default", 6))
    if route.hops and route.destination.version == 6:
        raise Refused("Several next hops of IPv6 are not modelled.", "Those of IPv4 are; a route of IPv6 has one: via.")
    if route.onlink and route.destination.version == 6:
        raise Refused("`ip -6 route … onlink` is not modelled.", "A gateway of IPv6 that is link-local needs none.")
    if route.via is not None and route.via.version != route.destination.version:
        raise KernelError(Errno.EINVAL, "Invalid gateway address.")
    return route


def _table(context: Context, word: str) -> int:
    number = table_of(context, word)
    if number is None:
        raise IpError(f'Error: argument "{word}" is wrong: "table" value is invalid\n\n')
    return number or MAIN


def _mtu(word: str) -> int:
    """Bytes; the kernel takes no more than 65520 (ip_metrics_convert, net/ipv4/metrics.c)."""
    if word == "lock":
        raise Refused("`ip route … mtu lock` is not modelled.", "`mtu BYTES` is.")
    try:
        return min(int(word, 0), 65520)
    except ValueError:
        raise IpError(f'Error: argument "{word}" is wrong: "mtu" value is invalid\n\n') from None


def _destination(word: str, family: int) -> IpNetwork:
    found = prefix(word, family)
    if found.version == 6:
        typed, slash, _ = word.partition("/")
        if slash and ip_address(typed) != found.network_address:
            raise KernelError(Errno.EINVAL, "Invalid prefix for given prefix length.")
        return found
    if "/" in word and word not in ("default", "any", "all"):
        typed = word.split("/")[0]
        if typed.count(".") == 3 and IPv4Address(typed) != found.network_address:
            raise KernelError(Errno.EINVAL, "Invalid prefix for given prefix length.")
    return found


def _route_change(context: Context, line: IpLine) -> Result:
    route, given = read_route(context, Words(line.words), line.options.family)
    if "to" not in given:
        raise IpError(USAGE["route"])
    if route.dev is not None:
        known_device(context, route.dev)
    if line.verb == "delete":
        context.kernel.delete_route(same_as(route, given))
    else:
        context.kernel.add_route(route, how=line.verb)
    return Result()


def _route_flush(context: Context, line: IpLine) -> Result:
    if not line.words:
        raise IpError('"ip route flush" requires arguments.', 1)
    if line.words == ("cache",):
        return Result()
    found = read_route_filter(context, Words(line.words), line.options.family)
    table = MAIN if found.table is None else table_of(context, found.table)
    if table is None and found.table != "all":
        raise IpError(f'Error: argument "{found.table}" is wrong: table id value is invalid\n\n')
    if table and not context.kernel.has_table(table, found.family):
        raise IpError(f"Error: ipv{found.family}: FIB table does not exist.\nFlush terminated", 2)
    context.kernel.flush_routes(lambda route: found.takes(route) and table in (None, 0, route.table))
    return Result()
