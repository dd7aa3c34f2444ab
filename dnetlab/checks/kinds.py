"""The kinds of checks by the names lesson.toml gives them, and the fields each takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dnetlab.checks import baseline, reach, state
from dnetlab.model import Finding


@dataclass(frozen=True)
class Kind:
    """needs and takes: field -> its JSON type ('string', 'boolean', 'integer', 'array'); takes may be left out.

    function(evidence, **fields) judges it; its first sentence says what it asks.
    """

    function: Callable[..., Finding]
    needs: dict[str, str]
    takes: dict[str, str]

    @property
    def summary(self) -> str:
        return (self.function.__doc__ or "").split("\n", 1)[0]

    @property
    def fields(self) -> dict[str, str]:
        return self.needs | self.takes


def _kind(function: Callable[..., Finding], needs: str, takes: str = "") -> Kind:
    """Fields as words, 'port:integer' for one that is no string."""
    return Kind(function, _fields(needs), _fields(takes))


def _fields(words: str) -> dict[str, str]:
    pairs = (word.partition(":") for word in words.split())
    return {name: kind or "string" for name, _, kind in pairs}


KINDS: dict[str, Kind] = {
    "container": _kind(state.container, "name", "state mode image"),
    "on_network": _kind(state.on_network, "container network", "address only:boolean"),
    "joined": _kind(state.joined, "container other"),
    "network": _kind(
        state.network, "name",
        "host exists:boolean driver subnet gateway internal:boolean parent attachable:boolean",
    ),
    "link": _kind(state.link, "place dev", "exists:boolean up:boolean mtu:integer master address"),
    "route": _kind(state.route, "place to", "via dev"),
    "sysctl": _kind(state.sysctl, "place name value"),
    "process": _kind(state.process, "name", "host running:boolean port:integer"),
    "clean": _kind(state.clean, "", "host keep:array"),
    "reaches": _kind(reach.reaches, "source target", "by_name:boolean"),
    "cut_off": _kind(reach.cut_off, "source target baseline"),
    "filtered": _kind(reach.filtered, "source target", "dropped:boolean verdict"),
    "resolves": _kind(reach.resolves, "place name", "to"),
    "published": _kind(reach.published, "port:integer container", "host source"),
    "answer": _kind(reach.answer, "question"),
    "nothing_lost": _kind(baseline.nothing_lost, ""),
    "nothing_opened": _kind(baseline.nothing_opened, ""),
    "rules_kept": _kind(baseline.rules_kept, ""),
    "command": _kind(reach.command, "line", "succeeds:boolean"),
}  # fmt: skip
ALLOWED = {"state": ("running", "stopped", "any", "gone"), "verdict": ("DROP", "REJECT")}
