"""What one may look at: tables, the picture, who reaches whom. All of it is made from a snapshot, or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dnetlab.model import Snapshot

if TYPE_CHECKING:
    from pandas import DataFrame


class Looking:
    """The looks of a lab. Who has a snapshot can be looked at."""

    def snapshot(self) -> Snapshot:
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
