"""What one may look at: tables, the picture, who reaches whom. All of it is made from a snapshot, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnetlab.errors import UsageError
from dnetlab.model import Packet, Protocol, Snapshot, Where
from dnetlab.model.packet import IcmpType

if TYPE_CHECKING:
    from pandas import DataFrame


class Looking:
    """The looks of a lab. Who has a snapshot can be looked at."""

    def snapshot(self) -> Snapshot:
        raise NotImplementedError

    @property
    def is_simulated(self) -> bool:
        raise NotImplementedError

    def file(self, name: str) -> bytes:
        raise NotImplementedError

    def table(self, name: str, **filters: Any) -> DataFrame:
        """A table of `dnetlab.views.tables` by its name: 'ips', 'routes', 'rules', 'links', 'networks', …"""
        from dnetlab.views import tables

        return tables.table(name, self.snapshot(), **filters)

    def ips(self, **filters: Any) -> DataFrame:
        return self.table("ips", **filters)

    def routes(self, **filters: Any) -> DataFrame:
        return self.table("routes", **filters)

    def rules(self, **filters: Any) -> DataFrame:
        return self.table("rules", **filters)

    def links(self, **filters: Any) -> DataFrame:
        return self.table("links", **filters)

    def networks(self, **filters: Any) -> DataFrame:
        return self.table("networks", **filters)

    def containers(self, **filters: Any) -> DataFrame:
        return self.table("containers", **filters)

    def sockets(self, **filters: Any) -> DataFrame:
        return self.table("sockets", **filters)

    def neighbours(self, **filters: Any) -> DataFrame:
        return self.table("neighbours", **filters)

    def processes(self, **filters: Any) -> DataFrame:
        return self.table("processes", **filters)

    def images(self, **filters: Any) -> DataFrame:
        return self.table("images", **filters)

    def topology(self, only: Any = None, path: Any = None) -> Any:
        """The picture of the lab; `only` names hosts, containers or networks to show."""
        from dnetlab.views.diagrams import topology

        return topology(self.snapshot(), only=only, path=path)

    def reach(self) -> Any:
        """Who reaches whom on which port, for the whole lab: `.matrix` and `.classes` are DataFrames."""
        from dnetlab.views.reach import view

        return view(self.snapshot())

    def capture(self, file: str, copy: str | Path | None = None) -> DataFrame:
        """A file that `tcpdump -w` wrote on a host, 'docker1:/tmp/x.pcap', as a table (`views.frames`).

        copy: where its bytes are laid, for Wireshark. Raises UsageError for a file that isn't there or is no capture.
        """
        from dnetlab.views.frames import frames

        data = self.file(file)
        table = frames(data)
        if copy is not None:
            Path(copy).write_bytes(data)
        return table

    def frames(self, source: str, destination: str, copy: str | Path | None = None) -> DataFrame:
        """What captures at all interfaces would see of a packet from source to destination, and of what answers it:
        an echo request, or a TCP connection that is opened, used and closed (`views.frames.everywhere`). Nothing in the
        lab changes.

        copy: where all of it is laid as one pcap. Raises UsageError for an end that isn't there, and on real engines,
        where tcpdump sees what is really sent.
        """
        from dnetlab.net.capture.everywhere import as_file, taken
        from dnetlab.sim.clock import since_1970
        from dnetlab.views.frames import everywhere

        if not self.is_simulated:
            raise UsageError(
                "on real engines only what is really sent can be captured",
                hint="`tcpdump -i docker0 -w FILE &` and the command in a cell, then `%dnet capture HOST:FILE`.",
            )
        snapshot = self.snapshot()
        found = taken(snapshot, *packet_between(snapshot, source, destination), since_1970(0.0))
        if copy is not None:
            Path(copy).write_bytes(as_file(found))
        return everywhere(found, snapshot)


def packet_between(snapshot: Snapshot, source: str, destination: str, number: int = 0) -> tuple[Where, Packet]:
    """Where it begins, and an echo request, or with a port the SYN of a connection. number: of earlier ones.

    Raises UsageError for an end that isn't there.
    """
    from dnetlab.explain.names import address_for, find_where, split_port
    from dnetlab.net.routing import source_address

    where = find_where(snapshot, source)
    name, port = split_port(destination)
    ip = address_for(snapshot, where, name)
    start = source_address(snapshot.at(where), ip)
    if port is None:
        return where, Packet(start, ip, Protocol.ICMP, sport=1 + number, icmp=IcmpType.ECHO_REQUEST)
    size = 60 if ip.version == 4 else 80
    return where, Packet(start, ip, Protocol.TCP, sport=40000 + number, dport=port, flags="S", size=size)
