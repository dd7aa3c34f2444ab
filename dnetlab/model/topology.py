"""The shape of a lab before anything runs: its hosts, their NICs, the switches between them, the images they have.

`labfile.py` reads it from a `lab.toml`; the default lab is such a file, `lab.toml` beside this one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Interface

from dnetlab.model.changed import quick


@dataclass(frozen=True)
class StaticRoute:
    """A route that a host has from the start: `ip route add DESTINATION via GATEWAY`; 0.0.0.0/0 is the default."""

    destination: IPv4Network
    gateway: IPv4Address


@dataclass(frozen=True)
class HostPlan:
    """A host of the lab.

    name        as in its prompt
    docker      whether a dockerd runs there
    forwarding  whether it passes packets on (net.ipv4.ip_forward): a router
    resolver    the nameserver of its /etc/resolv.conf; None for none
    routes      beside those that its addresses bring
    aliases     other names that a prompt may call it by
    at          where it is: '' for a host that is made for the lab, 'ssh://USER@HOST[:PORT]' for one that there is
    """

    name: str
    docker: bool = False
    forwarding: bool = False
    resolver: IPv4Address | None = None
    routes: tuple[StaticRoute, ...] = ()
    aliases: tuple[str, ...] = ()
    at: str = ""


@dataclass(frozen=True)
class Nic:
    """A network card of a host. Its place among the host's own gives its index: 2 for the first, after `lo`.

    switch       the switch it is plugged into; '' for none: it is up and has no carrier
    addresses    with their prefix; () for a card without one
    mac          '' for one that follows from the lab's seed
    """

    host: str
    name: str
    switch: str = ""
    addresses: tuple[IPv4Interface | IPv6Interface, ...] = ()
    promiscuous: bool = False
    mac: str = ""

    @property
    def ipv4(self) -> tuple[IPv4Interface, ...]:
        return tuple(a for a in self.addresses if isinstance(a, IPv4Interface))


class PortMode(Enum):
    """What a port of a switch does with 802.1Q tags."""

    PLAIN = "plain"  # passes every frame on as it is, as a switch without VLANs does
    ACCESS = "access"  # belongs to one VLAN: frames are untagged at the port
    TRUNK = "trunk"  # carries several VLANs, tagged; untagged frames belong to the native one


@quick
@dataclass(frozen=True)
class Port:
    """The port of a switch that a NIC is plugged into.

    vlan     of an ACCESS port; 1 to 4094
    native   of a TRUNK: the VLAN of untagged frames, None when they are dropped
    allowed  of a TRUNK: the VLANs it carries, the native one not counted; () for every one
    """

    host: str
    nic: str
    mode: PortMode = PortMode.PLAIN
    vlan: int = 1
    native: int | None = 1
    allowed: tuple[int, ...] = ()


@quick
@dataclass(frozen=True)
class Switch:
    """A switch of the lab.

    title        what pictures call it
    ports        those that are not PLAIN
    forged_macs  whether a NIC may send from other MACs than its own (clouds and vSphere say no, a real switch yes)
    hairpin      whether a frame may leave by the port it came in (a real switch says no)
    """

    name: str
    title: str
    ports: tuple[Port, ...] = ()
    forged_macs: bool = True
    hairpin: bool = False

    def port(self, host: str, nic: str) -> Port:
        """The port that a NIC is plugged into; a PLAIN one when nothing else was said."""
        return next((p for p in self.ports if (p.host, p.nic) == (host, nic)), Port(host, nic))


@dataclass(frozen=True)
class Topology:
    """The shape of a lab. Hosts, and the NICs of each, stand in the order of the file.

    images        what Docker hosts have from the start: 'busybox:latest', 'webserver:v3', …; always with a tag
    kernel_lacks  modules that the kernel of all hosts hasn't: '8021q', 'dummy'
    """

    hosts: tuple[HostPlan, ...]
    nics: tuple[Nic, ...] = ()
    switches: tuple[Switch, ...] = ()
    images: tuple[str, ...] = ()
    kernel_lacks: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Of the hosts. Cells are typed at the first one unless they say otherwise."""
        return tuple(host.name for host in self.hosts)

    @property
    def docker_hosts(self) -> tuple[str, ...]:
        return tuple(host.name for host in self.hosts if host.docker)

    def called(self, name: str) -> str | None:
        """The host that a prompt means, by its name or an alias; None when the lab has no such host."""
        return next((host.name for host in self.hosts if name == host.name or name in host.aliases), None)

    def host(self, name: str) -> HostPlan:
        """Raises KeyError for a name that isn't a host's."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)

    def part(self, names: Iterable[str]) -> Topology:
        """The lab without its other hosts; switches have only the ports that are left."""
        kept = set(names)
        switches = (replace(s, ports=tuple(p for p in s.ports if p.host in kept)) for s in self.switches)
        hosts, nics = ([x for x in self.hosts if x.name in kept], [n for n in self.nics if n.host in kept])
        return replace(self, hosts=tuple(hosts), nics=tuple(nics), switches=tuple(switches))

    def nics_of(self, host: str) -> tuple[Nic, ...]:
        return tuple(nic for nic in self.nics if nic.host == host)

    def plugged_into(self, switch: str) -> tuple[Nic, ...]:
        return tuple(nic for nic in self.nics if nic.switch == switch)

    def switch(self, name: str) -> Switch:
        """A switch by its name; one that the lab does not know is called by it, with plain ports."""
        return next((switch for switch in self.switches if switch.name == name), Switch(name, f"switch {name}"))

    def address_of(self, host: str) -> IPv4Interface | None:
        """The first IPv4 address of a host, on whichever NIC; None when it has none."""
        return next((address for nic in self.nics_of(host) for address in nic.ipv4), None)
