"""A packet under way, one direction: what it looks like now, what it met, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from itertools import groupby

from dnetlab.model import Disposition, Hop, IcmpType, Packet, Protocol, Step, StepKind, Trace
from dnetlab.net.memory import Field
from dnetlab.net.nat import Track
from dnetlab.net.routing import is_local, source_for

ERRORS = frozenset(t for t in IcmpType if t.value[0] in (3, 11))


@dataclass(frozen=True)
class Answer:
    """What goes back to the asker: sent from this namespace, about `inner` when it is an ICMP error."""

    host: str
    namespace: str
    packet: Packet
    inner: Packet | None = None
    track: Track | None = None


@dataclass(frozen=True)
class Asker:
    """Who waits for the answer: where the request came from, and the request as it was sent."""

    host: str
    namespace: str
    request: Packet


@dataclass
class Trip:
    """track, mac: of the packet in the namespace it is in now. asker None: this is a request.

    waits: the seconds until the sender's own stack gives up, None when something else decides that.
    """

    lab: Field
    first: Packet
    packet: Packet
    inner: Packet | None = None
    asker: Asker | None = None
    track: Track | None = None
    mac: str = ""
    log: list[tuple[str, str, Step]] = field(default_factory=list)
    disposition: Disposition | None = None
    because: str = ""
    remedy: str = ""
    answer: Answer | None = None
    listener: tuple[str, str, int | None] | None = None
    seen: set[tuple] = field(default_factory=set)
    waits: float | None = None

    def step(self, host: str, namespace: str, step: Step) -> None:
        self.log.append((host, namespace, step))

    def note(self, host: str, namespace: str, kind: StepKind, detail: str, interface: str = "") -> None:
        self.log.append((host, namespace, Step(kind, detail, interface)))

    def rewrite(self, host: str, namespace: str, after: Packet, step: Step) -> None:
        """The packet is another one from here on; the step carries both."""
        self.step(host, namespace, replace(step, kind=StepKind.REWRITTEN, before=self.packet, after=after))
        self.packet = after

    def end(self, host: str, namespace: str, how: Disposition, because: str, remedy: str = "", dev: str = "") -> None:
        """The journey is over. Only the first end counts."""
        if self.disposition is not None:
            return
        kind = StepKind.ACCEPTED if how.arrived else StepKind.REFUSED
        self.note(host, namespace, kind, because, dev)
        self.disposition, self.because, self.remedy = how, because, remedy

    def complain(self, host: str, namespace: str, icmp: IcmpType) -> None:
        """Send an ICMP error to whoever sent the packet; never about an error, and not about an answer."""
        if self.asker is not None or self.packet.icmp in ERRORS:
            return
        space = self.lab.space(host, namespace)
        packet = self.packet
        source = packet.destination if is_local(space, packet.destination) else source_for(space, packet.source)
        if source is None or source.is_loopback and not packet.source.is_loopback:
            return
        error = Packet(
            source,
            packet.source,
            Protocol.ICMP,
            icmp=icmp,
            ttl=default_ttl(self.lab, host, namespace),
            size=min(576, packet.size + 28),
        )
        self.answer = Answer(host, namespace, error, packet, _about(self.track))

    def reset(self, host: str, namespace: str) -> None:
        """Send a TCP RST to whoever sent the packet."""
        if self.asker is None and self.packet.protocol is Protocol.TCP:
            track = self.track and replace(self.track, reply=not self.track.reply)
            self.answer = Answer(host, namespace, turned(self.packet, "RA", 40, 64), None, track)

    def trace(self) -> Trace:
        """The finished journey as a value."""
        hops = tuple(
            Hop(host, space, tuple(step for _, _, step in steps))
            for (host, space), steps in groupby(self.log, key=lambda entry: entry[:2])
        )
        return Trace(self.first, self.disposition or Disposition.LOOP, hops, self.packet, self.because, self.remedy)


def _about(track: Track | None) -> Track | None:
    """An error goes the other way than the packet it is about, and is RELATED to its connection."""
    return track and replace(track, related=True, reply=not track.reply)


def turned(packet: Packet, flags: str, size: int, ttl: int) -> Packet:
    """The answer to a TCP or UDP packet: addresses and ports exchanged."""
    return Packet(
        packet.destination, packet.source, packet.protocol, packet.dport, packet.sport, ttl, flags, None, size
    )


def default_ttl(lab: Field, host: str, namespace: str) -> int:
    return int(lab.space(host, namespace).sysctl("net.ipv4.ip_default_ttl", "64"))


def nothing_like(ip: IPv4Address) -> str:
    """How a student would ask the kernel about an address."""
    return f"`ip route get {ip}`"
