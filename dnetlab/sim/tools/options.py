"""What the lab's tools have in common: options as getopt(3) reads them, busybox's usage texts, a repeatable chance."""

from __future__ import annotations

import hashlib

from dnetlab.model.ip import IpAddress
from dnetlab.sim.context import Context, Result
from dnetlab.sim.tools.busybox_usage import usage
from dnetlab.sim.userland.options import BadOption, parse


def fail(text: str, code: int = 1, stdout: str = "") -> Result:
    """One line on stderr and an exit status."""
    return Result(stdout, f"{text}\n", code)


def busybox_usage(tool: str, complaint: str = "") -> Result:
    """What a busybox tool answers to a line it can't read (busybox 1.35: all on stderr, exit status 1)."""
    first = f"{tool}: {complaint}\n" if complaint else ""
    return Result("", first + usage(tool), 1)


def is_busybox(context: Context) -> bool:
    return context.userland in ("busybox", "busyboxplus", "alpine", "nginx")


def shown_address(address: IpAddress) -> str:
    """' (10.0.0.1)' behind "remote host"; busybox says no IPv6 address there (libbb/xconnect.c; recorded)."""
    return f" ({address})" if address.version == 4 else ""


def chance(context: Context, kind: str) -> float:
    """A number in [0, 1) that the world's seed and the count of earlier ones of its kind decide."""
    number = context.world.count(f"chance:{kind}")
    digest = hashlib.sha256(f"{context.world.seed}:{kind}:{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


__all__ = ["BadOption", "busybox_usage", "chance", "fail", "is_busybox", "parse"]
