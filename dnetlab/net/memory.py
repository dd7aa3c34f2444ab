"""The lab while a packet moves through it: a snapshot, and what the packet has left behind so far.

Nothing of the snapshot is changed; `after` gives a new one with counters, connections, neighbours and learned MACs.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from dnetlab.model import Connection, FdbEntry, Namespace, Neighbour, Snapshot
from dnetlab.net import nat
from dnetlab.net.filter import Counters, counted
from dnetlab.net.segment import Wiring

Spot = tuple[str, str]  # host, namespace


class Field:
    """One packet's working memory."""

    def __init__(self, snapshot: Snapshot, now: float) -> None:
        self.snapshot = snapshot
        self.now = now
        self.wiring = Wiring(snapshot.hosts)
        self.counters: dict[Spot, Counters] = {}
        self.known: dict[Spot, tuple[Connection, ...]] = {}
        self.neighbours: dict[Spot, dict[tuple[IPv4Address, str], Neighbour]] = {}
        self.macs: dict[Spot, dict[tuple[str, str], FdbEntry]] = {}

    def space(self, host: str, namespace: str) -> Namespace:
        return self.snapshot.hosts[host].namespaces[namespace]

    # -- netfilter --------------------------------------------------------------------------------------------------

    def counting(self, host: str, namespace: str) -> Counters:
        return self.counters.setdefault((host, namespace), Counters())

    def connections(self, host: str, namespace: str) -> tuple[Connection, ...]:
        found = self.known.get((host, namespace))
        return self.space(host, namespace).connections if found is None else found

    def remember(self, host: str, namespace: str, track: nat.Track) -> None:
        self.known[host, namespace] = nat.remember(self.connections(host, namespace), track, self.now)

    # -- neighbours and learned MACs --------------------------------------------------------------------------------

    def neighbour(self, host: str, namespace: str, ip: IPv4Address, dev: str) -> Neighbour | None:
        learned = self.neighbours.get((host, namespace), {}).get((ip, dev))
        if learned is not None:
            return learned
        entries = self.space(host, namespace).neighbours
        return next((n for n in entries if n.address == ip and n.dev == dev), None)

    def learn(self, host: str, namespace: str, neighbour: Neighbour) -> None:
        old = self.neighbour(host, namespace, neighbour.address, neighbour.dev)
        if old is not None and old.state == "PERMANENT":
            return
        neighbour = replace(neighbour, since=self.now)
        if old == neighbour and old.since == neighbour.since:
            return
        self.neighbours.setdefault((host, namespace), {})[neighbour.address, neighbour.dev] = neighbour

    def port_of(self, host: str, namespace: str, bridge: str, mac: str) -> str | None:
        """The port a bridge has learned this MAC on, None when it must flood."""
        learned = self.macs.get((host, namespace), {}).get((bridge, mac))
        if learned is not None:
            return learned.port
        entries = self.space(host, namespace).fdb
        return next((f.port for f in entries if f.bridge == bridge and f.mac == mac), None)

    def learn_mac(self, host: str, namespace: str, bridge: str, mac: str, port: str) -> None:
        if self.port_of(host, namespace, bridge, mac) != port:
            self.macs.setdefault((host, namespace), {})[bridge, mac] = FdbEntry(bridge, mac, port)

    # -- what remains -----------------------------------------------------------------------------------------------

    def after(self) -> Snapshot:
        """The snapshot with all that was left behind."""
        spots = {*self.counters, *self.known, *self.neighbours, *self.macs}
        if not spots:
            return self.snapshot
        hosts = dict(self.snapshot.hosts)
        for name in {host for host, _ in spots}:
            spaces = dict(hosts[name].namespaces)
            for host, namespace in spots:
                if host == name:
                    spaces[namespace] = self._changed(host, namespace)
            hosts[name] = replace(hosts[name], namespaces=spaces)
        return replace(self.snapshot, hosts=hosts)

    def _changed(self, host: str, namespace: str) -> Namespace:
        spot, space = (host, namespace), self.space(host, namespace)
        if spot in self.counters:
            space = counted(space, self.counters[spot])
        if spot in self.known:
            space = replace(space, connections=self.known[spot])
        if spot in self.neighbours:
            new = self.neighbours[spot]
            kept = [n for n in space.neighbours if (n.address, n.dev) not in new]
            space = replace(space, neighbours=(*kept, *new.values()))
        if spot in self.macs:
            entries = self.macs[spot]
            stay = [f for f in space.fdb if (f.bridge, f.mac) not in entries]
            space = replace(space, fdb=(*stay, *entries.values()))
        return space
