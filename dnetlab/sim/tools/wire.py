"""What a program does with the network: it sends an echo or opens a connection, and learns how that went.

The physics is `forward` and `Talk`; here their Exchange becomes the few outcomes that a program can tell apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dnetlab.model import Asked, Disposition, Exchange, IcmpType, Listener, Packet, Protocol
from dnetlab.model.changed import quick, replace
from dnetlab.model.ip import IpAddress, in_zone, is_link_local, zone_of
from dnetlab.net import routing
from dnetlab.net.conversation import GIVES_UP, Talk
from dnetlab.net.forward import forward
from dnetlab.net.memory import Field
from dnetlab.sim.context import Context, Refused
from dnetlab.sim.kernel import KernelError
from dnetlab.sim.kernel.routes import refusal
from dnetlab.sim.tools.options import chance

FOREVER = float("inf")
CONNECT_SECONDS = 131.07  # a SYN is repeated for about two minutes (ip-sysctl: tcp_syn_retries 6, 131 s in all)


class Fate(Enum):
    """value: strerror of the errno that a program sees."""

    ANSWERED = "Success"
    SILENCE = "Connection timed out"
    REFUSED = "Connection refused"
    RESET = "Connection reset by peer"
    HOST_UNREACHABLE = "No route to host"
    NETWORK_UNREACHABLE = "Network is unreachable"
    NO_ADDRESS = "Cannot assign requested address"
    NOT_PERMITTED = "Operation not permitted"
    NO_PROTOCOL = "Protocol not available"


@quick
@dataclass(frozen=True)
class Attempt:
    """How one packet, or one connection, fared.

    sender   who sent the answer or the ICMP error, None for silence
    ttl      of the answer as it arrived
    error    the ICMP error that came back, None without one
    seconds  how long the program waited (infinite: it would wait for ever)
    local    address and port on our side
    server   who accepted the connection
    seen_from  our address as the server sees it, after NAT and docker-proxy
    mtu      what a 'fragmentation needed' says would fit
    talk     the connection, to say something over it; None without one
    """

    fate: Fate
    exchange: Exchange | None = None
    sender: IpAddress | None = None
    ttl: int = 64
    error: IcmpType | None = None
    seconds: float = 0.0
    local: tuple[IpAddress, int] | None = None
    server: Listener | None = None
    seen_from: IpAddress | None = None
    talk: Talk | None = None
    mtu: int = 0


class Silent(Exception):
    """Over an open connection nothing came back; seconds: when the program knows, counted from its SYN.

    Infinite: it would wait for ever. finite: what the kernel says then is "Connection timed out".
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


_ERRORS = {  # linux net/ipv4/icmp.c icmp_err_convert; observed with nc and REJECT --reject-with
    IcmpType.HOST_UNREACHABLE: Fate.HOST_UNREACHABLE,
    IcmpType.NETWORK_UNREACHABLE: Fate.NETWORK_UNREACHABLE,
    IcmpType.PORT_UNREACHABLE: Fate.REFUSED,
    IcmpType.PROTOCOL_UNREACHABLE: Fate.NO_PROTOCOL,
    IcmpType.NETWORK_PROHIBITED: Fate.NETWORK_UNREACHABLE,
    IcmpType.HOST_PROHIBITED: Fate.HOST_UNREACHABLE,
    IcmpType.ADMINISTRATIVELY_PROHIBITED: Fate.HOST_UNREACHABLE,
}


def source_for(context: Context, destination: IpAddress) -> IpAddress | None:
    """The address the kernel would send from, None when there is no route (connect() says ENETUNREACH)."""
    return routing.source_for(context.stack, destination)


def nowhere(context: Context, destination: IpAddress) -> Fate:
    """Why there is no address to send from: no route, or none of IPv6 at all (net/ipv6/ip6_output.c,
    ip6_dst_lookup_tail; observed on 20.10.24, 26.1.5, 28.5.2)."""
    without = destination.version == 6 and not any(link.ipv6 for link in context.stack.interfaces)
    return Fate.NO_ADDRESS if without else Fate.NETWORK_UNREACHABLE


def no_way(context: Context, destination: IpAddress) -> str:
    """Why connect() finds no way: ENETUNREACH, or what an unreachable, prohibit or blackhole route says."""
    way = routing.lookup(context.stack, destination)
    if way is not None and way.leads_on and destination.version == 4:  # a connection is routed again with its address
        way = routing.lookup(context.stack, destination, Asked(way.src))
    refused = refusal(way)
    return KernelError(refused).words if refused else nowhere(context, destination).value


def was_stopped_at_output(answer: Attempt) -> bool:
    """Did a rule of our own OUTPUT chain reject it?"""
    exchange = answer.exchange
    return (
        exchange is not None
        and exchange.request.disposition is Disposition.REJECTED
        and len(exchange.request.hops) <= 1
        and _dropped_at_output(exchange)
    )


class Cutting(Enum):
    """What a program says of cutting its packets, as `ping -M`."""

    WANT = "want"  # the kernel cuts what is too long for the way as it knows it; the rest must not be cut
    DO = "do"  # never: what is too long for the way is not sent
    DONT = "dont"  # anybody may cut it


class TooLong(Exception):
    """EMSGSIZE: the packet does not fit the way, and must not be cut. mtu: what fits."""

    def __init__(self, mtu: int) -> None:
        super().__init__(mtu)
        self.mtu = mtu


def path_mtu(context: Context, destination: IpAddress) -> int:
    """The bytes that fit on the way there, as far as the kernel knows: the first link's MTU, or what an error said."""
    way = routing.lookup(context.stack, destination)
    link = context.stack.interface(way.dev) if way is not None and way.dev else None
    mtu = routing.fits(context.stack, destination, link)[0] if link is not None else 65535
    return min(mtu, context.stack.path_mtus.get(destination, mtu))


def echo(context: Context, destination: IpAddress, *, identifier: int, number: int = 1, size: int = 84, ttl: int = 64,
         source: IpAddress | None = None, cutting: Cutting = Cutting.WANT, oif: str = "") -> Attempt:  # fmt: skip
    """Send one ICMP echo request and keep what it leaves behind. Raises TooLong when it may not be cut and must be.

    oif: the link that it has to leave by, '' for that of the route.
    """
    if is_link_local(destination) and not zone_of(destination):  # then the route says on which link it is
        way = routing.lookup(context.stack, destination)
        destination = in_zone(destination, way.dev) if way is not None and way.dev else destination
    fits = path_mtu(context, destination)
    if size > fits and cutting is Cutting.DO:
        raise TooLong(fits)
    bound, source = source is not None, source or source_for(context, destination)
    if source is None:
        return Attempt(nowhere(context, destination))
    packet = Packet(
        source, destination, Protocol.ICMP, sport=identifier, ttl=ttl, icmp=IcmpType.ECHO_REQUEST, size=size,
        df=cutting is not Cutting.DONT and size <= fits, piece=fits if size > fits else 0, seq=number,
    )  # fmt: skip
    return _send(context, packet, bound, oif)


def connect(context: Context, destination: IpAddress, port: int, patience: float = CONNECT_SECONDS) -> Attempt:
    """Open a TCP connection; Fate.ANSWERED when a program accepted it. patience: the seconds a program would wait."""
    source = source_for(context, destination)
    if source is None:
        return Attempt(nowhere(context, destination))
    packet = Packet(source, destination, Protocol.TCP, sport=local_port(context), dport=port, flags="S",
                    size=60 if destination.version == 4 else 80)  # fmt: skip
    world = context.world
    talk = Talk(Field(world.snapshot(), world.clock), context.where, packet, _bounded(context, patience))
    exchange = talk.exchange()
    world.adopt(exchange.after)
    answer = _hung_up(context, replace(judge(context, exchange, packet), talk=talk))
    # A SYN that an OUTPUT rule drops is sent again and again: connect() waits (observed, unlike sendto()).
    if answer.fate is Fate.NOT_PERMITTED:
        return replace(answer, fate=Fate.SILENCE, seconds=float("inf"))
    return answer


def _hung_up(context: Context, answer: Attempt) -> Attempt:
    """A socat that can't reach whom it forwards to says why, and closes the connection; docker-proxy resets it."""
    exchange = answer.exchange
    server, behind = (exchange.listener, exchange.proxied) if exchange is not None else (None, None)
    if answer.fate is not Fate.RESET or server is None or behind is None:
        return answer
    from dnetlab.sim.programs import netcat

    if not netcat.forwards(context.world, server):
        return answer
    hang_up(context, answer, by_server=True)
    dialed = behind.request.packet
    why = judge(context, behind, dialed).fate.value
    netcat.cannot_forward(context.world, server, dialed.destination, dialed.dport, why)
    return replace(answer, fate=Fate.ANSWERED, talk=None)


def _bounded(context: Context, patience: float) -> float:
    """No longer than until a `timeout` ends the command."""
    return min(patience, context.deadline - context.world.clock)


def ask(context: Context, answer: Attempt, words: bytes, patience: float = FOREVER) -> None:
    """Say that over an open connection. Returns when the program has it; `hear` or `left_behind` comes next, and adopts
    what these packets too have left behind.

    patience: seconds from the SYN on. Raises Silent when they never arrive, ConnectionResetError for a RST.
    """
    talk = answer.talk
    if talk is None:
        return
    talk.wait_until(_bounded(context, patience))
    if talk.ask(len(words), words):
        return
    left_behind(context, answer)
    if talk.reset:
        raise ConnectionResetError
    raise Silent(GIVES_UP if talk.lost is not None else FOREVER)


def left_behind(context: Context, answer: Attempt) -> None:
    """Adopt what the packets of a connection have left behind so far."""
    if answer.talk is not None:
        context.world.adopt(answer.talk.exchange().after)


def hear(context: Context, answer: Attempt, words: bytes, by_server: bool = False) -> None:
    """The program says that, then both ends close, the client first unless `by_server`.

    Raises Silent when they never arrive.
    """
    talk = answer.talk
    if talk is None:
        return
    heard = talk.answer(len(words), words)
    if heard:
        talk.close(by_server)
    left_behind(context, answer)
    if not heard:
        raise Silent(FOREVER if talk.is_receipted else GIVES_UP)


def hang_up(context: Context, answer: Attempt, by_server: bool = False) -> None:
    """Close a connection over which nothing, or nothing more, is said."""
    if answer.talk is not None and answer.talk.is_open:
        answer.talk.close(by_server)
        left_behind(context, answer)


def wait(context: Context, seconds: float) -> None:
    """Time passes until a program knows, or a `timeout` ends it. Refused when that would be never."""
    end = min(context.world.clock + seconds, context.deadline)
    if end == FOREVER:
        raise Refused(
            "The connection opens, but nothing comes back, so the line would never come back either.",
            "curl -m 3 … and timeout 3 … wait three seconds.",
        )
    context.world.clock = end


def datagram(
    context: Context, destination: IpAddress, port: int, *, ttl: int = 64, size: int = 60, words: bytes = b""
) -> Attempt:
    """Send one UDP datagram; Fate.ANSWERED when a socket took it."""
    source = source_for(context, destination)
    if source is None:
        return Attempt(nowhere(context, destination))
    port_here = local_port(context)
    packet = Packet(source, destination, Protocol.UDP, port_here, port, ttl, size=size, data=words)
    return _send(context, packet)


def local_port(context: Context) -> int:
    """A free port for the near end of a connection, from the kernel's range; always even, as Linux picks them first."""
    return 32768 + 2 * int(chance(context, "port") * 14000)


def _send(context: Context, packet: Packet, bound: bool = False, oif: str = "") -> Attempt:
    world = context.world
    exchange = forward(world.snapshot(), context.where, packet, world.clock, bound, oif)
    world.adopt(exchange.after)
    return judge(context, exchange, packet)


def judge(context: Context, exchange: Exchange, packet: Packet) -> Attempt:
    """What the program learns from an exchange."""
    local = (packet.source, packet.sport)
    if exchange.answered or exchange.broke_on is not None:  # then the connection is open all the same
        final = exchange.reply.final or exchange.reply.packet if exchange.reply else packet
        return Attempt(Fate.ANSWERED, exchange, final.source, final.ttl, None, exchange.seconds, local,
                      _server(exchange), _seen_from(exchange))  # fmt: skip
    if exchange.proxied is not None and exchange.request.disposition is Disposition.DELIVERED:
        # docker-proxy took the connection, could not open its own to the container, and closed this one.
        waited = min(exchange.seconds, CONNECT_SECONDS)
        return Attempt(Fate.RESET, exchange, packet.destination, local=local, seconds=waited)
    request = exchange.request
    here = len(request.hops) <= 1
    if request.disposition is Disposition.NO_NEIGHBOUR and here and exchange.reply is None:
        # The kernel still believes in a neighbour who has gone: a connection fails when it stops, an echo is just lost.
        if packet.protocol is Protocol.TCP:
            return Attempt(Fate.HOST_UNREACHABLE, exchange, seconds=exchange.seconds, local=local)
        return Attempt(Fate.SILENCE, exchange, seconds=float("inf"), local=local)
    if request.disposition is Disposition.NO_NEIGHBOUR and here:
        return Attempt(Fate.HOST_UNREACHABLE, exchange, packet.source, error=IcmpType.HOST_UNREACHABLE,
                      seconds=exchange.seconds, local=local)  # fmt: skip
    if request.disposition is Disposition.NO_ROUTE and here:
        return Attempt(Fate.NETWORK_UNREACHABLE, exchange, local=local)
    if request.disposition is Disposition.DROPPED and here and _dropped_at_output(exchange):
        return Attempt(Fate.NOT_PERMITTED, exchange, local=local)
    reply = exchange.reply
    if reply is not None and reply.disposition.arrived:
        return _error_came_back(exchange, reply.final or reply.packet, local)
    return Attempt(Fate.SILENCE, exchange, seconds=float("inf"), local=local)


def _error_came_back(exchange: Exchange, final: Packet, local: tuple[IpAddress, int]) -> Attempt:
    if final.protocol is Protocol.TCP and "R" in final.flags:
        return Attempt(Fate.REFUSED, exchange, final.source, final.ttl, local=local, seconds=exchange.seconds)
    fate = _ERRORS.get(final.icmp, Fate.SILENCE) if final.icmp else Fate.SILENCE
    return Attempt(fate, exchange, final.source, final.ttl, final.icmp, exchange.seconds, local, mtu=final.mtu)


def _dropped_at_output(exchange: Exchange) -> bool:
    steps = exchange.request.steps
    return (
        bool(steps)
        and any(step.hook == "OUTPUT" for step in steps[-2:])
        and not any(step.kind.value == "sent" for step in steps)
    )


def _server(exchange: Exchange) -> Listener | None:
    return _server(exchange.proxied) if exchange.proxied else exchange.listener


def _seen_from(exchange: Exchange) -> IpAddress | None:
    last = exchange
    while last.proxied:
        last = last.proxied
    return (last.request.final or last.request.packet).source
