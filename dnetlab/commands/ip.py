"""How `ip` is spoken: options, the object (any prefix of its name), the verb, then words in pairs.

`ip a s eth0` and `ip address show dev eth0` are the same line. This module reads the words only; what they do to the
world is in dnetlab.sim.tools.ip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dnetlab.commands.ip_usage import USAGE

# The order in which iproute2 tries its objects: the first whose name begins with what was typed wins (ip/ip.c).
OBJECTS = (
    "address", "addrlabel", "maddress", "route", "rule", "neighbor", "neighbour", "ntable", "ntbl", "link", "l2tp",
    "fou", "ila", "macsec", "tunnel", "tunl", "tuntap", "tap", "token", "tcpmetrics", "tcp_metrics", "monitor", "xfrm",
    "mroute", "mrule", "netns", "netconf", "vrf", "sr", "nexthop", "mptcp", "ioam", "help", "stats", "amt",
)  # fmt: skip
KNOWN = {"address": "address", "route": "route", "rule": "rule", "neighbor": "neigh", "neighbour": "neigh",
         "link": "link"}  # fmt: skip
# verbs of each object in the order iproute2 tries them
VERBS: dict[str, tuple[str, ...]] = {
    "address": ("add", "change", "chg", "replace", "delete", "list", "show", "lst", "flush", "save", "showdump",
                "restore", "help"),
    "link": ("add", "set", "change", "replace", "delete", "show", "lst", "list", "xstats", "afstats", "property",
             "help"),
    "route": ("list", "show", "lst", "get", "add", "append", "change", "chg", "replace", "prepend", "test", "delete",
              "flush", "save", "restore", "showdump", "help"),
    "rule": ("list", "lst", "show", "add", "delete", "flush", "save", "restore", "help"),
    "neigh": ("add", "change", "chg", "replace", "delete", "get", "show", "lst", "list", "flush", "help"),
}
SHOW = frozenset({"show", "list", "lst"})


class IpError(Exception):
    """What `ip` answers on stderr to words it can't use, and its exit status."""

    def __init__(self, text: str, code: int = 255) -> None:
        super().__init__(text)
        self.text = text if text.endswith("\n") else text + "\n"
        self.code = code


@dataclass(frozen=True)
class Options:
    """The options before the object. family: 0 any, 4, 6."""

    family: int = 0
    brief: bool = False
    oneline: bool = False
    details: bool = False
    statistics: bool = False
    more_statistics: bool = False  # -s -s: errors by kind
    json: bool = False
    pretty: bool = False
    version: bool = False
    batch: bool = False
    netns: str | None = None
    all: bool = False  # of `ip -all netns`
    colour: bool = False
    timestamp: str = ""  # 't' or 'ts' of `ip monitor`


@dataclass(frozen=True)
class IpLine:
    """A line of ip: object ('address', 'link', 'route', 'neigh' or another that iproute2 has), verb, words left."""

    options: Options
    object: str = ""
    verb: str = ""
    words: tuple[str, ...] = ()


_LONG = ("family", "details", "human-readable", "iec", "statistics", "stats", "resolve", "oneline", "timestamp",
         "tshort", "loops", "batch", "brief", "json", "pretty", "rcvbuf", "color", "Numeric", "netns", "Version",
         "force", "all", "help")  # fmt: skip


def parse_ip(argv: Sequence[str]) -> IpLine:
    """argv without 'ip' itself. Raises IpError in iproute2's words."""
    options, rest = _options(tuple(argv))
    if options.version:
        return IpLine(options)
    if not rest:
        raise IpError(USAGE["ip"])
    word, rest = rest[0], rest[1:]
    full = next((name for name in OBJECTS if name.startswith(word)), None)
    if full is None:
        raise IpError(f'Object "{word}" is unknown, try "ip help".', 1)
    if full == "help":
        raise IpError(USAGE["ip"])
    name = KNOWN.get(full, full)
    if name not in VERBS:
        return IpLine(options, name, rest[0] if rest else "", rest[1:])
    if not rest:
        return IpLine(options, name, "show")
    verb = _verb(name, rest[0])
    if verb == "help":
        raise IpError(USAGE[name])
    return IpLine(options, name, verb, rest[1:])


def _verb(name: str, word: str) -> str:
    # iproute2's matches(): "a" adds an address, "s" of a link is set, of an address show (there is no earlier s)
    verb = next((v for v in VERBS[name] if v.startswith(word)), None)
    if verb is None:
        shown = {"neigh": "neigh"}.get(name, name)
        raise IpError(f'Command "{word}" is unknown, try "ip {shown} help".')
    return "show" if verb in SHOW else "change" if verb == "chg" else verb


def _options(words: tuple[str, ...]) -> tuple[Options, tuple[str, ...]]:
    found = Options()
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word, words = words[0], words[1:]
        if word == "--":
            break
        name = word.lstrip("-") if word.startswith("--") else word[1:]
        if name in ("4", "6"):
            found = replace(found, family=int(name))
            continue
        full = _option(name)
        if full is None and name not in ("0", "B", "M"):
            raise IpError(f'Option "{word}" is unknown, try "ip -help".')
        if full == "help":
            raise IpError(USAGE["ip"])
        if full in ("family", "netns", "batch", "rcvbuf", "loops"):
            if not words:
                raise IpError('Command line is not complete. Try option "help"')
            value, words = words[0], words[1:]
            found = _with_value(found, full, value)
        elif full == "color":  # "auto" is for a terminal; what a cell runs writes into none
            found = replace(found, colour=name.partition("=")[2] in ("", "always"))
        elif full is not None:
            found = _flag(found, full)
    return found, words


def _option(name: str) -> str | None:
    """The long name of an option, as iproute2's matches() finds it in the order it asks."""
    if not name:
        return None
    if name.startswith("c") and "color".startswith(name.split("=")[0]):
        return "color"
    if "Version".startswith(name) or name == "V":
        return "version"
    if name == "N":
        return "numeric"
    return next((full for full in _LONG if full.startswith(name)), None)


def _with_value(found: Options, name: str, value: str) -> Options:
    if name == "family":
        families = {"inet": 4, "inet6": 6, "link": 0}
        if value == "help":
            raise IpError(USAGE["ip"])
        if value not in families:
            raise IpError(f'Error: argument "{value}" is wrong: invalid protocol family\n')
        return replace(found, family=families[value])
    if name == "netns":
        return replace(found, netns=value)
    return replace(found, batch=True) if name == "batch" else found


def _flag(found: Options, name: str) -> Options:
    field = {"brief": "brief", "oneline": "oneline", "details": "details", "statistics": "statistics",
             "stats": "statistics", "json": "json", "pretty": "pretty", "version": "version", "all": "all"}.get(name)
    if field == "statistics" and found.statistics:
        field = "more_statistics"
    flags: dict[str, Any] = {field: True} if field else {}
    flags |= {"timestamp": {"timestamp": "t", "tshort": "ts"}[name]} if name in ("timestamp", "tshort") else {}
    return replace(found, **flags)
