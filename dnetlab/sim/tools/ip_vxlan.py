"""`ip link add … type vxlan …`: the words of iproute2 6.1 (ip/iplink_vxlan.c)."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from dnetlab.commands.ip import IpError
from dnetlab.model import Vxlan
from dnetlab.sim.context import Context, Refused
from dnetlab.sim.tools.ip_show import Words

MOST_NUMBERS = 1 << 24
KERNELS_PORT = 8472  # what Linux takes when nobody says one, older than IANA's 4789
NO_PORT = """\
vxlan: destination port not specified
Will use Linux kernel default (non-standard value)
Use 'dstport 4789' to get the IANA assigned value
Use 'dstport 0' to get default and quiet this message
"""
FLAGS = ("udpcsum", "noudpcsum", "learning", "nolearning")


def make(context: Context, name: str, words: Words) -> str:
    """Add the link; what iproute2 warns of."""
    settings, port = _read(context, words)
    context.kernel.add_vxlan(name, replace(settings, port=port or KERNELS_PORT))
    return NO_PORT if port is None else ""


def _read(context: Context, words: Words) -> tuple[Vxlan, int | None]:
    """(the settings, the port; None when none was said, 0 for the kernel's own)."""
    number: int | None = None
    port: int | None = None
    found = Vxlan(0)
    while words:
        word = words.next()
        if word in ("id", "vni"):
            number = _number(words.next(), "id", MOST_NUMBERS)
        elif word in ("remote", "group"):
            found = replace(found, remote=_remote(word, words.next()))
        elif word == "local":
            found = replace(found, local=_address(words.next()))
        elif word == "dev":
            found = replace(found, dev=_device(context, words.next()))
        elif word in ("dstport", "port"):
            port = _number(words.next(), "dst port", 1 << 16)
        elif word in FLAGS:
            found = replace(found, learning=word != "nolearning")
        else:
            raise Refused(
                "vxlan option {word} is not modelled.", "id, remote, local, dev, dstport, nolearning.", word=word
            )
    return replace(found, vni=_checked(number, found)), port


def _checked(number: int | None, found: Vxlan) -> int:
    if number is None:
        raise IpError("vxlan: missing virtual network identifier", 1)
    if found.remote is not None and found.remote.is_multicast:
        if not found.dev:
            raise IpError("vxlan: 'group' requires 'dev' to be specified", 1)
        raise Refused("The lab's switches carry no multicast.", "Name the other host: `remote ADDRESS`.")
    return number


def _remote(word: str, typed: str) -> IPv4Address:
    found = _address(typed)
    if (word == "group") != found.is_multicast:
        raise IpError(f'Error: argument "{typed}" is wrong: invalid {word} address\n\n')
    return found


def _address(word: str) -> IPv4Address:
    try:
        return IPv4Address(word)
    except ValueError:
        raise IpError(f'Error: any valid address is expected rather than "{word}".', 1) from None


def _device(context: Context, name: str) -> str:
    if context.stack.interface(name) is None:
        raise IpError(f'Cannot find device "{name}"')
    return name


def _number(word: str, what: str, beyond: int) -> int:
    if not word.isdecimal() or int(word) >= beyond:
        raise IpError(f'Error: argument "{word}" is wrong: invalid {what}\n\n')
    return int(word)
