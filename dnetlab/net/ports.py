"""What a bridge's port lets in and out, by its settings (should_deliver, br_handle_frame_finish of net/bridge)."""

from __future__ import annotations

from dnetlab.model import Interface, Namespace
from dnetlab.model.bridgeport import AS_MADE
from dnetlab.model.ip import IpAddress

NAMED = ("state", "locked", "isolated", "bcast_flood", "mcast_flood", "flood")  # the settings that keep frames back


def kept_in(space: Namespace, port: Interface, mac: str) -> str:
    """The setting for which a frame of this MAC isn't let in by a port, '' when it is. A locked port takes frames of
    MACs only that its bridge knows to be there."""
    have = port.port
    if have is AS_MADE:
        return ""
    if have.state not in ("", "forwarding"):
        return "state"
    there = have.locked and space.learned_port.get((port.master or "", mac)) == port.name
    return "locked" if have.locked and not there else ""


def kept_back(space: Namespace, entry: Interface | None, port: Interface, ip: IpAddress | None, mac: str | None) -> str:
    """The setting for which a frame isn't let out by a port, '' when it is. entry: by which port it came, None for one
    of the bridge's own. mac: whom it is for; None for everybody, who is asked for `ip`."""
    have = port.port
    if have is AS_MADE:
        return ""
    if have.state not in ("", "forwarding"):
        return "state"
    if entry is not None and have.isolated and entry.port.isolated:
        return "isolated"
    if mac is None:
        name = "mcast_flood" if ip is not None and ip.version == 6 else "bcast_flood"
        return name if entry is not None and not getattr(have, name) else ""
    known = space.learned_port.get((port.master or "", mac)) == port.name
    return "" if have.flood or known else "flood"
