"""`bridge link set dev PORT …` and `ip link set PORT type bridge_slave …`: the settings of a bridge's port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dnetlab.commands.ip import IpError
from dnetlab.commands.ip_usage import USAGE
from dnetlab.model.bridgeport import STATES
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.kernel import Errno, KernelError
from dnetlab.sim.text.links import PORT_SWITCHES
from dnetlab.sim.tools.ip_show import Words

_NOT_MODELLED = ("learning_sync", "mcast_router", "vlan_tunnel", "backup_port", "nobackup_port", "neigh_vlan_suppress",
                 "mcast_max_groups", "mab")  # fmt: skip


def set_port(context: Context, words: Sequence[str]) -> Result:
    """`bridge link set`. Raises IpError, KernelError, Refused."""
    left, dev, found = Words(words), "", dict[str, Any]()
    while left:
        word = left.next()
        if word == "dev":
            dev = left.next()
        elif word in ("self", "master"):
            continue
        elif word == "hwmode":
            left.next()
            raise KernelError(Errno.EOPNOTSUPP)
        else:
            found |= _setting(word, left, USAGE["bridge link"])
    if not dev:
        raise IpError("Device is a required argument.")
    if context.stack.interface(dev) is None:
        raise IpError(f'Cannot find bridge device "{dev}"')
    context.kernel.set_port(dev, found)
    return Result()


def of_slave(words: Words) -> dict[str, Any]:
    """The words behind `type bridge_slave`."""
    found: dict[str, Any] = {}
    while words:
        found |= _setting(words.next(), words, "")
    return found


def _setting(word: str, words: Words, usage: str) -> dict[str, Any]:
    if word in PORT_SWITCHES:
        value = words.next()
        if value not in ("on", "off"):
            raise IpError(f'Error: argument of "{word}" must be one of "off", "on", not "{value}"\n', 234)
        return {word: value == "on"}
    if word in ("cost", "priority"):
        value = words.next()
        number = int(value) if value.isdecimal() else 0
        return {word: number} if number or word == "priority" else {}
    if word == "state":
        return {"state": _state(words.next())}
    if word in _NOT_MODELLED:
        raise Refused("`{word}` of a bridge's port is not modelled.",
                      "isolated, hairpin, learning, flood, bcast_flood, mcast_flood, locked, guard, state, cost and "
                      "priority are.", word=word)  # fmt: skip
    raise IpError(usage or f'bridge_slave: unknown option "{word}"?')


def _state(word: str) -> str:
    """By its name or number."""
    if word.isdecimal():
        if int(word) >= len(STATES):
            raise KernelError(Errno.EINVAL)
        return STATES[int(word)]
    if word.lower() not in STATES:
        raise IpError("Error: invalid STP port state")
    return word.lower()
