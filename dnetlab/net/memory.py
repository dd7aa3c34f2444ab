"""The lab while a packet moves through it: a snapshot, and what the packet has left behind so far.

Nothing of the snapshot is changed; `after` gives a new one with counters, connections, neighbours and learned MACs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dnetlab.model import Connection, FdbEntry, Flow, LinkKind, Namespace, Neighbour, Snapshot, Traffic, Where
from dnetlab.model.changed import replace
from dnetlab.model.frame import Capture, Change, ConnectionEvent, Frame, Sighting
from dnetlab.model.ip import IpAddress
from dnetlab.model.ipset import IpSet
from dnetlab.model.logged import MOST_LOGGED, Logged
from dnetlab.model.traced import Traced
from dnetlab.net import nat, nft
from dnetlab.net.filter import Counters, counted
from dnetlab.net.passage import Asked, Count, Passage, Seen, passage
from dnetlab.net.segment import Link, Wiring

FRAME = 14  # bytes of an Ethernet frame's head
_HEADLESS = (LinkKind.BRIDGE, LinkKind.LOOPBACK)
_NOTHING = Traffic()
STEP = 7e-6  # seconds from one interface to the next, for the times of a capture


class Field:
    """One packet's working memory."""

    def __init__(self, snapshot: Snapshot, now: float) -> None:
        self.snapshot = snapshot
        self.now = now
        self.wiring = Wiring(snapshot.hosts, snapshot.topology)
        self.counters: dict[tuple[Where, int], Counters] = {}  # by family
        self.known: dict[Where, tuple[Connection, ...]] = {}
        self.neighbours: dict[Where, dict[tuple[IpAddress, str], Neighbour]] = {}
        self.frames: dict[Where, dict[int, list[int]]] = {}  # by index: received packets, bytes; sent packets, bytes
        self.path_mtus: dict[Where, dict[IpAddress, int]] = {}
        self.macs: dict[Where, dict[tuple[str, str], FdbEntry]] = {}
        self._learned = 0  # how often something was learned, or lost, that may lead any packet another way
        self._asked: Asked = {}  # the neighbours and ports that the packet asked for, and what it heard
        self._met: list[Count] = []
        self._tracked: dict[Where, tuple[Flow, bool]] = {}  # the entries that the packet met, and which way it went
        self.fickle = False  # has a rule looked at what differs between the packets of a connection?
        self.sightings: dict[Where, list[Sighting]] = {}
        self.events: dict[Where, list[ConnectionEvent]] = {}
        self.logged: dict[Where, list[Logged]] = {}
        self.traces: dict[Where, list[Traced]] = {}
        self.sets: dict[Where, dict[str, IpSet]] = {}  # those that rules have changed
        self.watched = any(host.is_watched for host in snapshot.hosts.values())
        self._passed = 0

    def space(self, where: Where) -> Namespace:
        return self.snapshot.hosts[where.host].namespaces[where.namespace]

    # -- the later packets of a connection --------------------------------------------------------------------------

    @property
    def memory(self) -> tuple[int, float]:
        """Equal as long as what decides where packets go is remembered as before, but for what a packet asks for."""
        return self._learned, self.now

    def set_out(self) -> None:
        """A packet sets out: from now on it is noted what it meets."""
        self._met.clear()
        self._tracked, self._asked = {}, {}
        self.fickle = False

    def passage(self, size: int) -> Passage | None:
        """What the packet of that size that set out last has met, now that it has arrived; None when another of its
        connection could meet something else."""
        if self.fickle or self.watched or not self._answers(self._asked):
            return None
        tracked = dict(self._tracked)
        return passage(self.memory, size, self._met, tracked, dict(self._asked), self._seen(tracked))

    def serves(self, passage: Passage, size: int) -> bool:
        """Does another packet, of that size, meet what the one of the passage met?"""
        same = passage.memory == self.memory and self._answers(passage.asked)
        return same and size <= passage.room and self._seen(passage.tracked) == passage.entries

    def _answers(self, asked: Asked) -> bool:
        """Is everything that was asked for still answered so?"""
        for (where, what, which), heard in asked.items():
            if isinstance(what, str):
                now = self._port(where, what, which)
            else:
                known = self._neighbour(where, what, which)
                now = known.mac if known else None
            if now != heard:
                return False
        return True

    def _seen(self, tracked: Mapping[Where, tuple[Flow, bool]]) -> tuple[Seen, ...]:
        """What rules can see of these entries: a packet in the other direction is always of an ESTABLISHED one."""
        found: list[Seen] = []
        for where, (original, reply) in tracked.items():
            entry = nat.entry_of(self.connections(where), original)
            found.append(None if entry is None else (None if reply else entry.state, entry.mark))
        return tuple(found)

    # -- netfilter --------------------------------------------------------------------------------------------------

    def counting(self, where: Where, version: int) -> Counters:
        """What counts in the tables of that family there; of nft under nft.COUNTED."""
        key = where, version
        found = self.counters.get(key)
        if found is None:
            found = self.counters[key] = Counters(met=self._met)
        return found

    def connections(self, where: Where) -> tuple[Connection, ...]:
        found = self.known.get(where)
        return self.space(where).connections if found is None else found

    def remember(self, where: Where, track: nat.Track, flags: str = "") -> None:
        before, old, fresh = self.connections(where), track.connection, track.fresh
        self.known[where] = now = nat.remember(before, track, self.now, flags)
        self._learned += len(now) < len(before) + fresh  # another entry has gone
        self._tracked[where] = (track.connection.original, track.reply)
        if self.watched and now is not before:
            self._changed_entry(where, before, old, track.connection, now)

    def go_on(self, passage: Passage, size: int, flags: str) -> None:
        """A packet of that size meets what the one of the passage met; conntrack sees its flags."""
        passage.count(size)
        for where, (original, reply) in passage.tracked.items():
            self.known[where] = nat.advance(self.connections(where), original, reply, self.now, flags)

    def _changed_entry(
        self, where: Where, before: tuple[Connection, ...], old: Connection, new: Connection,
        now: tuple[Connection, ...],
    ) -> None:  # fmt: skip
        """Whoever listens for conntrack's events hears what became of an entry."""
        was_there = any(c.original == new.original for c in before)
        is_there = any(c.original == new.original for c in now)
        if not is_there:
            change = Change.DESTROY
        elif not was_there:
            change = Change.NEW
        elif (old.state, old.tcp) != (new.state, new.tcp):
            change = Change.UPDATE
        else:
            return
        self._passed += 1
        event = ConnectionEvent(self.now + self._passed * STEP, change, new)
        self.events.setdefault(where, []).append(event)

    # -- neighbours and learned MACs --------------------------------------------------------------------------------

    def neighbour(self, where: Where, ip: IpAddress, dev: str) -> Neighbour | None:
        """Who is known at an address."""
        found = self._neighbour(where, ip, dev)
        self._asked[where, ip, dev] = found.mac if found else None
        return found

    def _neighbour(self, where: Where, ip: IpAddress, dev: str) -> Neighbour | None:
        learned = self.neighbours.get(where, {}).get((ip, dev))
        if learned is not None:
            return learned
        return self.space(where).neighbour_at.get((ip, dev))

    def learn(self, where: Where, neighbour: Neighbour) -> None:
        old = self._neighbour(where, neighbour.address, neighbour.dev)
        if old is not None and old.state == "PERMANENT":
            return
        if old is not None and old.since == self.now and old == neighbour:
            return
        heard = replace(neighbour, since=self.now)
        self.neighbours.setdefault(where, {})[neighbour.address, neighbour.dev] = heard

    def port_of(self, where: Where, bridge: str, mac: str) -> str | None:
        """The port a bridge has learned this MAC on, None when it must flood."""
        found = self._asked[where, bridge, mac] = self._port(where, bridge, mac)
        return found

    def _port(self, where: Where, bridge: str, mac: str) -> str | None:
        learned = self.macs.get(where, {}).get((bridge, mac))
        if learned is not None:
            return learned.port
        return self.space(where).learned_port.get((bridge, mac))

    def learn_mac(self, where: Where, bridge: str, mac: str, port: str) -> None:
        if self._port(where, bridge, mac) != port:
            self.macs.setdefault(where, {})[bridge, mac] = FdbEntry(bridge, mac, port)

    def learn_remote(self, where: Where, vxlan: str, mac: str, sender: IpAddress) -> None:
        """A frame of this MAC came out of a tunnel: its VXLAN remembers who sent it (vxlan_snoop)."""
        known = self.space(where).fdb
        if not any((f.port, f.mac, f.dst) == (vxlan, mac, sender) for f in known):
            self.macs.setdefault(where, {})["", mac] = FdbEntry("", mac, vxlan, dst=sender)
            self._learned += 1

    def learn_path_mtu(self, where: Where, destination: IpAddress, mtu: int) -> None:
        """An error said what fits on the way to a destination."""
        self.path_mtus.setdefault(where, {})[destination] = mtu
        self._learned += 1

    # -- interfaces -------------------------------------------------------------------------------------------------

    def received(self, link: Link, size: int, packets: int = 1) -> None:
        """A packet of that IP size came in at a link. A frame's head counts, but for bridges and lo (observed)."""
        self._frame(link, 0, size, packets, 0 if link.interface.kind in _HEADLESS else FRAME)

    def sent(self, link: Link, size: int, packets: int = 1) -> None:
        """A packet of that IP size left through a link."""
        self._frame(link, 2, size, packets, 0 if link.interface.kind is LinkKind.LOOPBACK else FRAME)

    def _frame(self, link: Link, at: int, size: int, packets: int, head: int) -> None:
        counts = self.frames.setdefault(link.where, {}).setdefault(link.interface.index, [0, 0, 0, 0])
        total = size + packets * head
        counts[at] += packets
        counts[at + 1] += total
        self._met.append((counts, at, packets, total, link.interface.mtu))

    # -- captures ---------------------------------------------------------------------------------------------------

    def seen(self, link: Link, out: bool, frame: Frame, passed: bool = False) -> None:
        """A frame is at a link; whoever captures there sees it. passed: a bridge passes it on."""
        if not self.watched:
            return
        self._passed += 1
        if self.space(link.where).captures:
            at, own = self.now + self._passed * STEP, link.interface
            sighting = Sighting(at, own.name, own.index, own.mac, out, frame, passed)
            self.sightings.setdefault(link.where, []).append(sighting)

    @property
    def told(self) -> int:
        """How many steps of packets were told so far."""
        return sum(map(len, self.traces.values()))

    def trace(self, where: Where, steps: list[Traced]) -> None:
        """A packet that a rule has marked met this in a base chain; `nft monitor trace` hears of it."""
        self.traces.setdefault(where, []).extend(steps)

    def log(self, where: Where, line: Logged) -> None:
        """A LOG rule writes a line; that of a container's own namespace goes nowhere (nf_log_all_netns is 0)."""
        if where.is_host:
            self._passed += 1
            self.logged.setdefault(where, []).append(replace(line, at=line.at + self._passed * STEP))

    # -- what remains -----------------------------------------------------------------------------------------------

    def after(self) -> Snapshot:
        """The snapshot with all that was left behind."""
        counting = (where for where, _ in self.counters)
        places = {*counting, *self.known, *self.neighbours, *self.macs, *self.frames, *self.path_mtus,
                  *self.sightings, *self.events, *self.logged, *self.traces, *self.sets}  # fmt: skip
        if not places:
            return self.snapshot
        hosts = dict(self.snapshot.hosts)
        for where in places:
            hosts[where.host] = hosts[where.host].with_namespace(where.namespace, self._changed(where))
        return replace(self.snapshot, hosts=hosts)

    def _changed(self, where: Where) -> Namespace:
        """The namespace there with what was left behind in it."""
        space = self.space(where)
        new: dict[str, Any] = {}
        if (where, 4) in self.counters:
            new["netfilter"] = counted(space.netfilter, self.counters[where, 4])
        if (where, 6) in self.counters:
            new["netfilter6"] = counted(space.netfilter6, self.counters[where, 6])
        if (where, nft.COUNTED) in self.counters:
            new["nftables"] = nft.counted(space.nftables, self.counters[where, nft.COUNTED])
        if where in self.frames:
            more = {index: space.traffic.get(index, _NOTHING).more(*n) for index, n in self.frames[where].items()}
            new["traffic"] = space.traffic | more
        if where in self.path_mtus:
            new["path_mtus"] = space.path_mtus | self.path_mtus[where]
        if where in self.known:
            new["connections"] = self.known[where]
        if where in self.neighbours:
            new["neighbours"] = _heard(space, self.neighbours[where])
        if where in self.sightings:
            new["captures"] = tuple(_more(c, self.sightings[where]) for c in space.captures)
        if where in self.sets:
            new["sets"] = tuple(self.sets[where].get(one.name, one) for one in space.sets)
        if where in self.traces:
            new["captures"] = tuple(_told(c, self.traces[where]) for c in new.get("captures", space.captures))
        if where in self.logged:
            new["logged"] = (*space.logged, *self.logged[where])[-MOST_LOGGED:]
        if where in self.macs:
            entries = self.macs[where]
            stay = [f for f in space.fdb if (f.bridge, f.mac) not in entries]
            new["fdb"] = (*stay, *entries.values())
        made = replace(space, **new)
        return with_events(made, self.events[where]) if where in self.events else made


def _heard(space: Namespace, heard: dict[tuple[IpAddress, str], Neighbour]) -> tuple[Neighbour, ...]:
    """The rows of a namespace's neighbours with those that were heard of, who stand last."""
    kept = space.neighbours
    if not space.neighbour_at.keys().isdisjoint(heard):
        kept = tuple(n for n in kept if (n.address, n.dev) not in heard)
    return (*kept, *heard.values())


def _more(capture: Capture, seen: list[Sighting]) -> Capture:
    """The capture with what came by; two exchanges at one time of the lab's clock follow one another."""
    heard = [s for s in seen if capture.hears(s)]
    if heard and capture.seen and (late := capture.seen[-1].at + STEP - heard[0].at) > 0:
        heard = [replace(s, at=s.at + late) for s in heard]
    return replace(capture, seen=(*capture.seen, *heard))


def _told(capture: Capture, steps: list[Traced]) -> Capture:
    return capture if capture.traced is None else replace(capture, traced=(*capture.traced, *steps))


def with_events(space: Namespace, events: list[ConnectionEvent]) -> Namespace:
    """The namespace with what its listeners for conntrack's events have heard."""
    told = tuple(c if c.events is None else replace(c, events=(*c.events, *events)) for c in space.captures)
    return replace(space, captures=told)
