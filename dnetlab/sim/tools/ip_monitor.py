"""`ip monitor`: what the kernel says of links, addresses, routes and neighbours while the following lines run.

    ip monitor link &        ip -ts monitor address route &        timeout 5 ip monitor all &

In the foreground nothing can come, as for tcpdump: the lab's hosts are quiet while a line waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from dnetlab.commands.ip import IpError, IpLine
from dnetlab.commands.ip_usage import USAGE
from dnetlab.commands.tcpdump import QUIET
from dnetlab.model.changed import replace
from dnetlab.model.frame import Capture
from dnetlab.sim import jobs
from dnetlab.sim.clock import since_1970
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.text.monitor import Names, News, Step
from dnetlab.sim.tools import ip_rule, rt_tables
from dnetlab.sim.tools.ip_show import Words

# in the order in which iproute2 6.1 asks (ip/ipmonitor.c), and how `all` and `label` call what comes
_OBJECTS = {"link": "LINK", "address": "ADDR", "route": "ROUTE", "mroute": "", "prefix": "", "neigh": "NEIGH",
            "rule": "RULE", "netconf": "NETCONF", "nsid": "", "nexthop": ""}  # fmt: skip


_WORDS = ("file", "label", *_OBJECTS, "all-nsid", "help")


@dataclass(frozen=True)
class _Wish:
    """objects: what is told, none for everything;  labels: each begins with [LINK] and so on;  index: of one link."""

    objects: tuple[str, ...]
    labels: bool
    index: int


def run(context: Context, line: IpLine) -> Result:
    """Listen until the job is ended. Raises IpError for a word that iproute2 doesn't know."""
    words = (line.verb, *line.words) if line.verb else ()
    wish = _read(context, words)
    if line.options.brief or line.options.details or line.options.statistics or line.options.colour:
        raise Refused("`ip monitor` with -br, -d, -s or -c is not modelled.", "The lab has -4 -6 -o -t -ts.")
    spaces = context.machine.namespaces
    listening = Capture(0, steps=((context.world.clock, spaces),))

    def tell(place: Context, argv: tuple[str, ...], capture: Capture, interrupted: bool) -> Result:
        return Result(_told(place, line, wish, capture))

    if jobs.begun(context, ("ip", "monitor", *words), listening, tell, lambda *_: False):
        return Result()
    ends = context.deadline < float("inf")
    context.world.clock = context.deadline if ends else context.world.clock + 2.0
    return Result() if ends else Result("^C\n", QUIET, 130)


def _read(context: Context, words: tuple[str, ...]) -> _Wish:
    left, objects, labels, index = Words(words), list[str](), False, 0
    while left:
        word = left.next()
        if word == "dev":
            index = _index(context, left.next())
            continue
        found = "all" if word == "all" else next((name for name in _WORDS if name.startswith(word)), None)
        if found == "help":
            raise IpError(USAGE["monitor"])
        if found is None:
            raise IpError(f'Argument "{word}" is unknown, try "ip monitor help".')
        if found in ("all", "label"):
            labels = True
        elif _OBJECTS.get(found):
            objects.append(found)
        else:
            raise Refused("`ip monitor {word}` is not modelled.", "link, address, route, neigh, rule and netconf are.",
                          word=found)  # fmt: skip
    return _Wish(tuple(objects), labels, index)


def _index(context: Context, name: str) -> int:
    link = context.stack.interface(name)
    if link is None:
        raise IpError(f'Error: argument "{name}" is wrong: Device does not exist\n\n')
    return link.index


def _told(context: Context, line: IpLine, wish: _Wish, capture: Capture) -> str:
    """All that came, from the first step to the last."""
    names, out = Names(), []
    host, world = context.host, context.world
    worlds = [(at, replace(world, hosts={host: replace(world.hosts[host], namespaces=spaces)}))
              for at, spaces in capture.steps or ()]  # fmt: skip
    for (_, was), (at, now) in zip(worlds, worlds[1:], strict=False):
        step = Step(was, now, context.where, names, lambda table: rt_tables.name_of(context, table),
                    lambda rule: ip_rule.line_of(context, rule, line.options))  # fmt: skip
        out += [_line(news, line, wish, at) for news in step.told() if _is_wanted(news, line, wish)]
    return "".join(out)


def _is_wanted(news: News, line: IpLine, wish: _Wish) -> bool:
    if wish.objects and news.what not in [_OBJECTS[name] for name in wish.objects]:
        return False
    return line.options.family in (0, news.version or line.options.family) and wish.index in (0, news.index)


def _line(news: News, line: IpLine, wish: _Wish, at: float) -> str:
    text = f"[{news.what}]" if wish.labels else ""
    told = news.text.replace(f" dev {news.dev}", "", 1) if wish.index and news.dev else news.text
    text += ("Deleted " if news.gone else "") + (told.replace("\n", "\\") if line.options.oneline else told)
    return _stamp(line.options.timestamp, at) + text + "\n"


def _stamp(how: str, at: float) -> str:
    """-ts writes it before the text, -t into a line of its own."""
    if not how:
        return ""
    moment = datetime.fromtimestamp(since_1970(at), UTC)
    if how == "ts":
        return f"[{moment:%Y-%m-%dT%H:%M:%S.%f}] "
    return f"Timestamp: {moment:%a %b %e %H:%M:%S %Y} {moment.microsecond:06d} usec\n"
