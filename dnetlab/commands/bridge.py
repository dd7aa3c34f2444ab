"""How `bridge` is spoken (iproute2 6.1): `bridge link`, `bridge fdb show br docker0`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dnetlab.commands.ip import IpError
from dnetlab.commands.ip_usage import USAGE

OBJECTS = ("link", "fdb", "mdb", "vlan", "vni", "monitor", "help")
_OPTIONS = ("help", "Version", "statistics", "details", "family", "timestamp", "tshort", "netns", "oneline", "color",
            "compressvlans", "force", "json", "pretty", "batch")  # fmt: skip
_VERBS = {"link": ("set", "show", "lst", "list", "help"),
          "fdb": ("add", "append", "replace", "delete", "flush", "get", "show", "lst", "list", "help")}  # fmt: skip


@dataclass(frozen=True)
class BridgeLine:
    """object: 'link', 'fdb' or another; options: long names given before it."""

    object: str
    verb: str = "show"
    words: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()


def parse_bridge(argv: Sequence[str]) -> BridgeLine:
    """argv without 'bridge' itself. Raises IpError in its words; object 'version' for -V."""
    words = list(argv)
    options: set[str] = set()
    while words and words[0].startswith("-"):
        typed = words.pop(0)
        name = typed.lstrip("-")
        full = "Version" if name == "V" else next((o for o in _OPTIONS if name and o.startswith(name)), None)
        if full is None and name not in ("4", "6", "0"):
            raise IpError(f'Option "{typed}" is unknown, try "bridge help".')
        if full == "help":
            raise IpError(USAGE["bridge"])
        if full == "Version":
            return BridgeLine("version")
        options.add(full or name)
    if not words:
        raise IpError(USAGE["bridge"])
    kind = next((o for o in OBJECTS if o.startswith(words[0])), None)
    if kind is None:
        raise IpError(f'Object "{words[0]}" is unknown, try "bridge help".')
    if kind == "help":
        raise IpError(USAGE["bridge"])
    if kind not in _VERBS or len(words) == 1:
        return BridgeLine(kind, options=frozenset(options))
    verb = next((v for v in _VERBS[kind] if v.startswith(words[1])), None)
    if verb is None:
        raise IpError(f'Command "{words[1]}" is unknown, try "bridge {kind} help".')
    if verb == "help":
        raise IpError(USAGE[f"bridge {kind}"])
    verb = "show" if verb in ("lst", "list") else verb
    return BridgeLine(kind, verb, tuple(words[2:]), frozenset(options))
