"""The network stack at one place: all that the kernel does to it, in one value."""

from __future__ import annotations

from dnetlab.sim.kernel.bridge import Ports
from dnetlab.sim.kernel.create import Create
from dnetlab.sim.kernel.links import Links
from dnetlab.sim.kernel.neighbours import Neighbours
from dnetlab.sim.kernel.routes import Routes
from dnetlab.sim.kernel.sysctls import Sysctls
from dnetlab.sim.kernel.vxlan import Tunnels


class Stack(Create, Tunnels, Links, Ports, Routes, Neighbours, Sysctls):
    """Stack(world, where): each method changes the world it was given, or raises KernelError and changes nothing."""
