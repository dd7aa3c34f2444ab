"""Address translation: decided once for a connection's first packet, then done, and undone, from memory (conntrack).

    destination   rewritten at PREROUTING and OUTPUT   (DNAT, REDIRECT)
    source        rewritten at POSTROUTING and INPUT   (SNAT, MASQUERADE)

Answers are undone at the same places: what was the source comes back as the destination, and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address

from dnetlab.model import Connection, ConnState, Flow, Hook, IcmpType, Namespace, Packet, Protocol
from dnetlab.model.changed import replace
from dnetlab.model.ip import IpAddress, ip_address, ip_network
from dnetlab.model.netfilter import Target
from dnetlab.model.packet import TcpState
from dnetlab.net.routing import address_of

DESTINATION_HOOKS = (Hook.PREROUTING, Hook.OUTPUT)
REMEMBERED = 256  # entries kept per namespace, the newest
TIMEOUTS = {Protocol.ICMP: 30.0, Protocol.UDP: 30.0}  # nf_conntrack-sysctl
_REQUESTS = (IcmpType.ECHO_REQUEST,)


@dataclass
class Track:
    """What conntrack knows of the packet in hand.

    fresh      the connection isn't confirmed yet: its first packet is still on the way
    reply      the packet goes in the answering direction
    related    it is an ICMP error about a packet of the connection
    dst_done, src_done   the nat table was already asked for this half of the translation
    marked     CONNMARK has changed its mark, and that isn't remembered yet
    """

    connection: Connection
    fresh: bool = False
    reply: bool = False
    related: bool = False
    dst_done: bool = False
    src_done: bool = False
    marked: bool = False

    @property
    def state(self) -> ConnState:
        if self.related:
            return ConnState.RELATED
        if self.reply or self.connection.state is ConnState.ESTABLISHED:
            return ConnState.ESTABLISHED
        return ConnState.NEW

    def was_asked(self, hook: Hook) -> bool:
        """Was the nat table asked for the half of the translation that this hook does?"""
        return self.dst_done if hook in DESTINATION_HOOKS else self.src_done

    def note_asked(self, hook: Hook) -> None:
        if hook in DESTINATION_HOOKS:
            self.dst_done = True
        else:
            self.src_done = True


def find(connections: Sequence[Connection], packet: Packet, inner: Packet | None, now: float) -> Track | None:
    """The connection a packet belongs to; None: it begins a new one, or belongs to none (see `may_begin`).

    Conntrack's tuple of an echo has the ICMP type: a request with the number of another's reply is a new connection.
    """
    flow = Flow.of(inner if inner is not None else packet)
    for connection in reversed(connections):  # most packets are of one that began a moment ago
        if inner is None and flow.sport not in (connection.original.sport, connection.reply.sport):
            continue  # most of a long table, without a look at the addresses
        if connection.expires is not None and connection.expires <= now:
            continue
        if inner is not None:
            if flow in (connection.original, connection.reply.reversed):
                return Track(connection, reply=True, related=True)
            if flow in (connection.reply, connection.original.reversed):
                return Track(connection, related=True)
        elif flow == connection.original and packet.icmp is not IcmpType.ECHO_REPLY:
            return None if _is_early(connection, packet) else Track(connection)
        elif flow == connection.reply and packet.icmp is not IcmpType.ECHO_REQUEST:
            return Track(connection, reply=True)
    return None


def _is_early(connection: Connection, packet: Packet) -> bool:
    """More of a TCP connection whose SYN-ACK never came by here is INVALID (nf_conntrack_proto_tcp.c, sSS and ack)."""
    return packet.protocol is Protocol.TCP and packet.flags != "S" and connection.state is ConnState.NEW


def may_begin(packet: Packet, inner: Packet | None) -> bool:
    """Can this packet be the first of a connection? An answer out of the blue is INVALID instead."""
    if inner is not None:
        return False
    if packet.protocol is Protocol.ICMP:
        return packet.icmp in _REQUESTS
    return packet.protocol is Protocol.UDP or packet.flags == "S"


def begin(packet: Packet) -> Track:
    flow = Flow.of(packet)
    return Track(Connection(flow, flow.reversed), fresh=True)


# -- the first packet: what a rule of the nat table asks for ----------------------------------------------------------


def decide(
    track: Track,
    target: Target,
    hook: Hook,
    space: Namespace,
    dev: str,
    hop: IpAddress,
    connections: Iterable[Connection],
) -> bool:
    """Write the translation a target asks for into the connection. False: it can't be done, the packet is dropped."""
    reply = track.connection.reply
    if hook in DESTINATION_HOOKS:
        address, port = _destination(target, space, dev, hook, reply.source)
        if address is None:
            return False
        reply = replace(reply, source=_changed(address, reply.source), sport=_port(reply, port, reply.sport))
    else:
        address, port = _source(target, space, dev, hop, reply.destination)
        if address is None:
            return False
        reply = replace(reply, destination=_changed(address, reply.destination), dport=_port(reply, port, reply.dport))
        reply = _unique(reply, connections)
    track.connection = replace(track.connection, reply=reply)
    return True


def _port(flow: Flow, wanted: int | None, port: int) -> int:
    return port if wanted is None or flow.protocol is Protocol.ICMP else wanted


_KEEP = IPv4Address(0)  # "leave the address as it is", as in --to-source :53


def _changed(found: IpAddress, was: IpAddress) -> IpAddress:
    return was if found is _KEEP else found


def _destination(
    target: Target, space: Namespace, dev: str, hook: Hook, was: IpAddress
) -> tuple[IpAddress | None, int | None]:
    if target.name == "NETMAP":
        return _mapped(target, was), None
    if target.name == "REDIRECT":
        _, port = _where(":" + (target.option("--to-ports") or ""))
        if hook is Hook.OUTPUT:
            return ip_address("127.0.0.1" if was.version == 4 else "::1"), port
        return address_of(space, dev, _KEEP if was.version == 4 else was), port
    return _where(target.option("--to-destination") or "")


def _mapped(target: Target, was: IpAddress) -> IpAddress:
    """NETMAP: the network is another one, the host's part stays."""
    network = ip_network(target.option("--to") or ("0.0.0.0/0" if was.version == 4 else "::/0"))
    return type(network.network_address)(int(network.network_address) | int(was) & int(network.hostmask))


def _source(
    target: Target, space: Namespace, dev: str, hop: IpAddress, was: IpAddress
) -> tuple[IpAddress | None, int | None]:
    if target.name == "NETMAP":
        return _mapped(target, was), None
    if target.name == "MASQUERADE":
        _, port = _where(":" + (target.option("--to-ports") or ""))
        return address_of(space, dev, hop), port
    return _where(target.option("--to-source") or "")


@lru_cache(maxsize=4096)
def _where(text: str) -> tuple[IpAddress | None, int | None]:
    """'172.17.0.2:80', '[fd00::2]:80' -> both; ':53' keeps the address, 'fd00::2' the port; the first of a range."""
    if text.startswith("["):
        address, _, ports = text[1:].partition("]")
        ports = ports[1:]
    elif text.count(":") > 1:
        address, ports = text, ""
    else:
        address, _, ports = text.partition(":")
    first = ports.partition("-")[0].partition("/")[0]
    ip = address.partition("-")[0]
    return (ip_address(ip) if ip else _KEEP), (int(first) if first else None)


def _unique(reply: Flow, connections: Iterable[Connection]) -> Flow:
    """Another port (or echo identifier) when an answer could not be told from somebody else's."""
    taken = {c.reply for c in connections}
    while reply in taken:
        if reply.protocol is Protocol.ICMP:
            reply = replace(reply, sport=(reply.sport + 1) % 65536)
        else:
            reply = replace(reply, dport=1024 + (reply.dport + 1 - 1024) % 64512)
    return reply


# -- every packet: doing and undoing --------------------------------------------------------------------------------


def apply(track: Track, packet: Packet, hook: Hook) -> Packet:
    """The packet as it leaves this hook."""
    if track.related:
        return packet
    connection = track.connection
    icmp = packet.protocol is Protocol.ICMP
    if track.reply:
        goal = connection.original.reversed
    else:
        goal = connection.reply.reversed
    if icmp:
        identifier = connection.original.sport if track.reply else connection.reply.sport
    if not icmp and _is_as(goal, packet, hook):
        return packet
    if hook in DESTINATION_HOOKS:
        changed = replace(packet, destination=goal.destination, dport=packet.dport if icmp else goal.dport)
        # the identifier of an answer comes back together with the address it was translated for
        return replace(changed, sport=identifier) if icmp and track.reply else changed
    changed = replace(packet, source=goal.source, sport=packet.sport if icmp else goal.sport)
    return replace(changed, sport=identifier) if icmp and not track.reply else changed


def _is_as(goal: Flow, packet: Packet, hook: Hook) -> bool:
    """Has the packet the address and port already that this hook would write?"""
    if hook in DESTINATION_HOOKS:
        return packet.dport == goal.dport and packet.destination == goal.destination
    return packet.sport == goal.sport and packet.source == goal.source


def undo_error(track: Track, packet: Packet, inner: Packet, hook: Hook) -> tuple[Packet, Packet]:
    """An ICMP error about a translated packet: the error and the packet it quotes, as the asker knows them.

    nf_nat_icmp_reply_translation: the outer address of this hook, and the quoted packet.
    """
    connection = track.connection
    if not track.reply:
        return packet, inner
    known = connection.original
    quoted = replace(inner, source=known.source, destination=known.destination, sport=known.sport, dport=known.dport)
    if hook in DESTINATION_HOOKS and connection.is_source_nat:
        packet = replace(packet, destination=known.source)
    if hook not in DESTINATION_HOOKS and connection.is_destination_nat:
        packet = replace(packet, source=known.destination)
    return packet, quoted


# -- memory -----------------------------------------------------------------------------------------------------------


def remember(
    connections: tuple[Connection, ...], track: Track, now: float, flags: str = ""
) -> tuple[Connection, ...]:
    """Confirm a first packet, or note that an answer was seen. Old and surplus entries go. flags: of a TCP packet."""
    state = ConnState.ESTABLISHED if track.reply else track.connection.state
    old, track.fresh = track.connection, False
    tcp = _next_state(old.tcp, flags, track.reply) if old.original.protocol is Protocol.TCP else None
    expires = now + (tcp.seconds if tcp else TIMEOUTS[old.original.protocol])
    if (old.state, old.expires, old.tcp) == (state, expires, tcp) and not track.marked:
        return connections
    track.marked = False
    assured = old.assured or tcp is TcpState.ESTABLISHED
    entry = track.connection = replace(old, state=state, expires=expires, tcp=tcp, assured=assured)
    if tcp is TcpState.CLOSE and old.state is ConnState.NEW:  # a reset ends what nobody has answered yet
        return tuple(c for c in connections if c.original != entry.original)
    at = _place(connections, entry.original)
    others = connections if at is None else connections[:at] + connections[at + 1 :]
    if any(c.expires is not None and c.expires <= now for c in others):
        others = tuple(c for c in others if c.expires is None or c.expires > now)
    return (*others[-(REMEMBERED - 1) :], entry)


def advance(
    connections: tuple[Connection, ...], original: Flow, reply: bool, now: float, flags: str
) -> tuple[Connection, ...]:
    """Another packet of a connection that is known came by: only what TCP's flags change is written down."""
    at = _place(connections, original)
    if at is None or (entry := connections[at]).tcp is None:
        return connections
    tcp = _next_state(entry.tcp, flags, reply)
    if tcp is entry.tcp:
        return connections
    new = replace(entry, tcp=tcp, expires=now + tcp.seconds)
    return (*connections[:at], new, *connections[at + 1 :])


def entry_of(connections: tuple[Connection, ...], original: Flow) -> Connection | None:
    """The entry of that flow; None when there is none."""
    at = _place(connections, original)
    return None if at is None else connections[at]


def _place(connections: tuple[Connection, ...], original: Flow) -> int | None:
    """Where the entry of that flow stands; None when there is none. Most are the newest, and of the others most are
    told apart by a port, without a look at the addresses."""
    for at in range(len(connections) - 1, -1, -1):
        known = connections[at].original
        if known is original or known.sport == original.sport and known == original:
            return at
    return None


_CLOSING = (TcpState.FIN_WAIT, TcpState.CLOSE_WAIT, TcpState.LAST_ACK)
_AFTER = {TcpState.SYN_RECV: TcpState.ESTABLISHED, TcpState.LAST_ACK: TcpState.TIME_WAIT, None: TcpState.SYN_SENT}


def _next_state(state: TcpState | None, flags: str, reply: bool) -> TcpState:
    """Where a TCP connection stands after a packet; it ends with FIN, FIN, and the last acknowledgement."""
    if "R" in flags:
        return TcpState.CLOSE
    if "S" in flags:
        return TcpState.SYN_RECV if "A" in flags else TcpState.SYN_SENT
    if "F" in flags:
        return TcpState.LAST_ACK if state in _CLOSING else TcpState.FIN_WAIT
    return state if state is TcpState.SYN_RECV and reply else _AFTER.get(state, state or TcpState.ESTABLISHED)
