"""The world after a command, as one frozen value. Everything a student is shown is read from here."""

from __future__ import annotations

from dataclasses import dataclass, field

from dnetlab.model.changed import quick
from dnetlab.model.host import Container, Host
from dnetlab.model.labfile import default_topology
from dnetlab.model.network import Interface, Namespace
from dnetlab.model.releases import DEFAULT_RELEASE
from dnetlab.model.topology import Topology
from dnetlab.model.where import Where


@quick
@dataclass(frozen=True)
class Snapshot:
    """All hosts of the lab at one moment.

    hosts    by name, in the lab's order: docker1, docker2, client in the default one
    engine   'sim' or 'docker'
    release  '20.10', '26.1', '28.5', '29.7'
    clock    seconds since the lab began
    topology the lab's shape: its switches, and the hosts and NICs it began with
    """

    hosts: dict[str, Host] = field(default_factory=dict)
    engine: str = "sim"
    release: str = DEFAULT_RELEASE
    clock: float = 0.0
    topology: Topology = field(default_factory=default_topology)

    def namespace(self, host: str, name: str = "host") -> Namespace:
        return self.hosts[host].namespaces[name]

    def at(self, where: Where) -> Namespace:
        """The namespace there; KeyError when the snapshot has none of that name."""
        return self.hosts[where.host].namespaces[where.namespace]

    def plugged_into(self, segment: str) -> list[tuple[str, Interface]]:
        """The (host, interface) pairs on a switch of the lab, in host order."""
        return [
            (host.name, interface)
            for host in self.hosts.values()
            for interface in host.stack.interfaces
            if interface.segment == segment
        ]

    def find_container(self, reference: str) -> tuple[Host, Container] | None:
        """A container by name or id on any host, the first host first; None when nobody has it."""
        for host in self.hosts.values():
            container = host.container(reference)
            if container:
                return host, container
        return None
