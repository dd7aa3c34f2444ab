"""The kernel of a lab host: the only code that changes interfaces, addresses, routes, neighbours and sysctls.

`ip`, `brctl`, `ifconfig`, `route`, `arp`, `sysctl` and the daemon all ask a `Stack`, so they can't disagree:

    Stack(world, Where("docker1")).enslave("enp7s0", "br0")

    space.py       the namespace it works on, and the numbers it gives to links
    create.py      links that come and go: bridge, veth, vlan, macvlan, ipvlan, dummy
    vxlan.py       tunnel ends and where they send a frame; listening.py the sockets they hear at
    links.py       up, down, name, MAC, MTU, the way into another namespace
    bridge.py      ports, and whose MAC and MTU a bridge wears
    carrier.py     LOWER_UP: what hangs on a link follows it
    addresses.py   addresses and the connected routes that come with them
    routes.py      the routing table, neighbours.py the neighbour table, sysctls.py the switches under /proc/sys
    errors.py      how it says no: an errno as a value, its sentence apart
"""

from __future__ import annotations

from dnetlab.sim.kernel.errors import Errno, KernelError
from dnetlab.sim.kernel.stack import Stack

__all__ = ["Errno", "KernelError", "Stack"]
