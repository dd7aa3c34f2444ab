"""A switch of the lab between two of its ports: does a frame get through, and with which tag does it leave? (802.1Q)"""

from __future__ import annotations

from dnetlab.model import Port, PortMode, Switch

UNTAGGED_VLAN = 1  # what a switch calls the VLAN of a port that nobody configured


def comes_out(switch: Switch, entry: Port, leaving: Port, tag: int | None) -> tuple[bool, int | None]:
    """(does it leave by that port, the tag it leaves with; None: untagged). A switch without VLANs changes nothing."""
    if not switch.ports:
        return True, tag
    vlan = _enters(entry, tag)
    return (False, None) if vlan is None else _leaves(leaving, vlan)


def _enters(port: Port, tag: int | None) -> int | None:
    """The VLAN a frame belongs to inside, None when the port takes no such frame."""
    if port.mode is PortMode.ACCESS:
        return port.vlan if tag in (None, port.vlan) else None
    if port.mode is PortMode.PLAIN:
        return UNTAGGED_VLAN if tag is None else tag
    if tag is None:
        return port.native
    return tag if _carries(port, tag) else None


def _leaves(port: Port, vlan: int) -> tuple[bool, int | None]:
    if port.mode is PortMode.ACCESS:
        return vlan == port.vlan, None
    native = UNTAGGED_VLAN if port.mode is PortMode.PLAIN else port.native
    if vlan == native:
        return True, None
    return (port.mode is PortMode.PLAIN or _carries(port, vlan)), vlan


def _carries(port: Port, vlan: int) -> bool:
    return not port.allowed or vlan in (*port.allowed, port.native)
