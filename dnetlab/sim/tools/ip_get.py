"""`ip route get`: the way that a packet would take (iproute2 6.1)."""

from __future__ import annotations

from typing import Any

from dnetlab.commands.ip import IpError, IpLine
from dnetlab.model import Asked
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, without_zone
from dnetlab.model.route import LOCAL, MAIN
from dnetlab.net.routing import NOWHERE, Way
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import Errno, KernelError
from dnetlab.sim.kernel.routes import get_route
from dnetlab.sim.text import links as text
from dnetlab.sim.tools.ip_show import Words, as_json, hop_states, inet, known_device, linkdown, prefix
from dnetlab.sim.tools.rt_tables import name_of


def run(context: Context, line: IpLine) -> Result:
    """The words after `get`, and the answer. Raises IpError, KernelError, Refused."""
    words, target, asked, matched = Words(line.words), None, Asked(), False
    while words:
        word = words.next()
        if word == "from":
            asked = replace(asked, source=inet(words.next(), line.options.family))
        elif word in ("oif", "dev"):
            asked = replace(asked, oif=known_device(context, words.next()).name)
        elif word == "iif":
            asked = replace(asked, iif=known_device(context, words.next()).name)
        elif word == "mark":
            asked = replace(asked, mark=_mark(words.next()))
        elif word == "fibmatch":
            matched = True
        elif word in ("uid", "ipproto", "sport", "dport"):  # no rule of the lab asks for them
            words.next()
        elif word in ("tos", "dsfield", "vrf", "connected", "notify", "as"):
            raise Refused("`ip route get … {word}` is not modelled.", "Ask `ip route get ADDRESS`.", word=word)
        else:
            target = prefix(words.next() if word == "to" else word, line.options.family)
    if target is None:
        raise IpError("need at least a destination address", 1)
    return _answer(context, line, target.network_address, asked, matched)


def _mark(word: str) -> int:
    try:
        return int(word, 0)
    except ValueError:
        raise IpError(f'Error: argument "{word}" is wrong: invalid mark value') from None


def _answer(context: Context, line: IpLine, ip: IpAddress, asked: Asked, matched: bool) -> Result:
    way = _came_in(context, ip, asked) if asked.iif else get_route(context.stack, ip, asked)
    if matched and way.route is not None:
        row = replace(way.route, via=None, dev=None) if way.route.hops else way.route
        states = hop_states(context.stack, row)
        table, more = _table(context, way, line.options.details), line.options.details
        said = text.route_line(row, linkdown=linkdown(context, row), table=table, states=states, details=more)
        return Result(f"{said}\n")
    if line.options.json and ip.version == 4:
        return as_json([_json(context, ip, asked, way, line.options.details)], line.options)
    if line.options.json or matched:
        raise Refused("`ip -6 -j route get` is not modelled.", "`ip -6 route get ADDRESS` answers as text.")
    told = _way6 if ip.version == 6 else _way4
    return Result(told(context, ip, asked, way, line.options.details))


def _came_in(context: Context, ip: IpAddress, asked: Asked) -> Way:
    """The way of a packet from elsewhere, by a link (ip_route_input): one whose sender is ours, or that says no sender,
    is none; without forwarding only what is for us has a way."""
    way = get_route(context.stack, ip, asked) if asked.source is not None else None
    own = [a for i in context.stack.interfaces for a in i.of_family(ip.version)]
    if way is None or any(a.ip == asked.source for a in own):
        raise KernelError(Errno.EINVAL)
    if way.kind == "unicast" and not context.stack.forwards_from(asked.iif, ip.version):
        raise KernelError(Errno.EHOSTUNREACH)
    return way


def _table(context: Context, way: Way, details: bool) -> str:
    """The table's name, where it isn't main, or `ip -d` asks."""
    number = way.route.table if way.route is not None else LOCAL if way.kind in ("local", "broadcast") else MAIN
    return name_of(context, number) if details or number != MAIN and way.route is not None else ""


def _redirects(context: Context, asked: Asked, way: Way) -> bool:
    """Would the sender do better to ask the gateway himself: is it in his own network (__mkroute_input)?"""
    link = context.stack.interface(way.dev or "")
    return (
        asked.iif == way.dev and link is not None and way.via is not None
        and any(asked.source in own.network and way.via in own.network for own in link.ipv4)
    )  # fmt: skip


def _flags(context: Context, asked: Asked, way: Way) -> list[str]:
    return [*way.flags, *(["redirect"] if asked.iif and _redirects(context, asked, way) else [])]


def _way4(context: Context, ip: IpAddress, asked: Asked, way: Way, details: bool) -> str:
    """The two lines for an IPv4 address."""
    words = [str(ip) if way.kind == "unicast" and not details else f"{way.kind} {ip}"]
    words += [f"from {asked.source}"] if asked.source else []
    words += [f"via {way.via}"] if way.via else []
    words.append(f"dev {way.dev}")
    if asked.iif and way.kind == "local" and not details:
        words.append(f"table {name_of(context, LOCAL)}")
    words += [f"table {name}"] if (name := _table(context, way, details)) else []
    words += [] if asked.source else [f"src {way.src or NOWHERE}"]
    words += [f"mark {asked.mark if asked.mark < 16 else hex(asked.mark)}"] if asked.mark else []
    words += [] if asked.iif else ["uid 0"]
    flags = f"<{','.join(found)}> " if (found := _flags(context, asked, way)) else ""
    fits = f"mtu {way.route.mtu} " if way.route is not None and way.route.mtu else ""
    came = f"iif {asked.iif} " if asked.iif else ""
    return f"{' '.join(words)} \n    cache {flags}{fits}{came}\n"


def _json(context: Context, ip: IpAddress, asked: Asked, way: Way, details: bool) -> dict[str, Any]:
    found: dict[str, Any] = {} if way.kind == "unicast" and not details else {"type": way.kind}
    found["dst"] = str(ip)
    found |= {"from": str(asked.source)} if asked.source else {}
    found |= {"gateway": str(way.via)} if way.via else {}
    found["dev"] = way.dev
    found |= {"table": name} if (name := _table(context, way, details)) else {}
    found |= {} if asked.source else {"prefsrc": str(way.src or NOWHERE)}
    found["flags"] = []
    found |= {"mark": asked.mark} if asked.mark else {}
    found |= {} if asked.iif else {"uid": 0}
    found["cache"] = _flags(context, asked, way)
    return found | ({"metrics": [{"mtu": way.route.mtu}]} if way.route is not None and way.route.mtu else {})


def _way6(context: Context, ip: IpAddress, asked: Asked, way: Way, details: bool) -> str:
    """A line of `ip -6 route get`; the row's own protocol and metric stand in it."""
    head = f"{way.kind} {ip}" if details or way.kind in ("local", "multicast") else str(ip)
    source = asked.source
    head += f" from {source or '::'}" + (f" via {without_zone(way.via)}" if way.via else "") + f" dev {way.dev}"
    row = way.route
    head += f" table {name}" if (name := _table(context, way, details and row is not None)) else ""
    said = "" if row is None or row.protocol == "boot" and not details else f" proto {row.protocol}"
    said = " table local proto kernel" if row is None else said
    said += " scope global" if details else ""
    src = f" src {without_zone(way.src) if way.src else '::'}"
    fits = f" mtu {row.mtu}" if row and row.mtu else ""
    return f"{head}{said}{src} metric {row.metric if row else 0}{fits} pref medium\n"
