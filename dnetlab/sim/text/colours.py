"""`ip -c`: what iproute2 6.1 colours, and how (recorded in a network namespace of Debian 12).

Names of interfaces are cyan, MAC addresses yellow, IPv4 magenta, IPv6 blue, UP green and DOWN red. The colour often
ends behind the blank that follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_RED, _GREEN, _YELLOW, _BLUE, _MAGENTA, _CYAN = 31, 32, 33, 34, 35, 36
_MAC = r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"
_FOUR = r"\d+\.\d+\.\d+\.\d+"
_SIX = r"[0-9a-f]*:[0-9a-f:]*"
Rule = tuple[str, int]  # a pattern whose last group is coloured, what stands before in the first one

_LINES: tuple[Rule, ...] = (
    (r"(?m)^(\d+: )(\S+: )(?=<)", _CYAN),
    (rf"( link/\S+ )({_MAC})", _YELLOW),
    (rf"( brd )({_MAC})", _YELLOW),
    (rf"( inet )({_FOUR})", _MAGENTA),
    (rf"( brd )({_FOUR} )", _MAGENTA),
    (rf"( inet6 )({_SIX})", _BLUE),
    (r"( state )(UP )", _GREEN),
    (r"( state )(DOWN )", _RED),
)
_BRIEF: tuple[Rule, ...] = (
    (rf"( )({_FOUR})(?=/)", _MAGENTA),
    (rf"( )({_SIX})(?=/)", _BLUE),
    (rf"( )({_MAC} )", _YELLOW),
    (r"(?m)^(\S+ +)(UP +)", _GREEN),
    (r"(?m)^(\S+ +)(DOWN +)", _RED),
    (r"(?m)^()(\S+ +)", _CYAN),
)
_WAYS: tuple[Rule, ...] = (
    (rf"(?m)^()({_FOUR}(?:/\d+)? )", _MAGENTA),
    (rf"(?m)^()({_SIX}(?:/\d+)? )", _BLUE),
    (rf"([ m](?:via|src) )({_FOUR} )", _MAGENTA),  # m: the end of the colour in front
    (rf"([ m](?:via|src) )({_SIX} )", _BLUE),
    (r"([ m]dev )(\S+ )", _CYAN),
    (rf"([ m]lladdr )({_MAC} )", _YELLOW),
)


def coloured(kind: str, text: str, brief: bool = False) -> str:
    """The text as `ip -c` prints it. kind: 'address', 'link', 'route' or 'neigh'; all else has no colours."""
    if kind in ("address", "link"):
        return _painted(text, _BRIEF if brief else _LINES)
    return _painted(text, _WAYS) if kind in ("route", "neigh") else text


def _painted(text: str, rules: Sequence[Rule]) -> str:
    for pattern, colour in rules:
        text = re.sub(pattern, _with(colour), text)
    return text


def _with(colour: int) -> Callable[[re.Match[str]], str]:
    return lambda found: f"{found[1]}\x1b[{colour}m{found[2]}\x1b[0m"
