"""`ip neigh add|replace|change|delete|flush`: who has which MAC, written down by hand."""

from __future__ import annotations

import re

from dnetlab.commands.ip import IpError, IpLine
from dnetlab.model import Neighbour
from dnetlab.model.ip import IpAddress
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import Errno, KernelError
from dnetlab.sim.tools.ip_show import Words, inet, known_device, prefix


def change(context: Context, line: IpLine) -> Result:
    words, address, dev, mac, state = Words(line.words), None, None, None, "PERMANENT"
    while words:
        word = words.next()
        if word == "lladdr":
            mac = words.next()
        elif word == "dev":
            dev = words.next()
        elif word == "nud":
            state = words.next().upper()
        elif word in ("proxy", "router", "extern_learn", "use", "managed", "protocol"):
            raise Refused("`ip neigh … {word}` is not modelled.", "ADDRESS lladdr MAC dev DEV nud STATE.", word=word)
        else:
            address = inet(words.next() if word == "to" else word, line.options.family)
    if address is None or dev is None:
        raise IpError("Device and destination are required arguments.")
    known_device(context, dev)
    if line.verb == "delete":
        _delete(context, address, dev)
        return Result()
    if mac is None:
        raise KernelError(Errno.EINVAL, "No link layer address given.")
    if not re.fullmatch(r"([0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}", mac):
        raise KernelError(Errno.EINVAL, "Invalid link address.")
    context.kernel.put_neighbour(Neighbour(address, dev, mac.lower(), state), only_new=line.verb == "add")
    return Result()


def _delete(context: Context, address: IpAddress, dev: str) -> None:
    if not context.kernel.forget_neighbours(lambda n: (n.address, n.dev) == (address, dev)):
        raise KernelError(Errno.ENOENT)


def flush(context: Context, line: IpLine) -> Result:
    if not line.words:
        raise IpError("Flush requires arguments.", 1)
    words, dev, address = Words(line.words), None, None
    while words:
        word = words.next()
        if word == "dev":
            dev = words.next()
            known_device(context, dev)
        elif word == "nud":
            raise Refused("`ip neigh flush nud` is not modelled.", "Flush by dev, address or all.")
        elif word != "all":
            address = prefix(words.next() if word == "to" else word, line.options.family)
    family = line.options.family
    context.kernel.forget_neighbours(
        lambda n: family in (0, n.address.version) and n.state != "PERMANENT" and dev in (None, n.dev)
        and (address is None or n.address in address)
    )
    return Result()
