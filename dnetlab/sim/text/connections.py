"""An entry of conntrack as conntrack-tools 1.4.7 and /proc/net/nf_conntrack print it."""

from __future__ import annotations

from dnetlab.model import Connection, ConnState, Flow, Protocol
from dnetlab.model.frame import Change, ConnectionEvent


def entry(connection: Connection, now: float) -> str:
    """'tcp      6 119 TIME_WAIT src=… [ASSURED] mark=0 use=1', as `conntrack -L` prints it."""
    return f"{_body(connection, seconds(connection, now))} mark={connection.mark} use=1"


def proc(connection: Connection, now: float) -> str:
    """The same as a line of /proc/net/nf_conntrack."""
    body = _body(connection, seconds(connection, now))
    family = "ipv4     2" if connection.original.source.version == 4 else "ipv6     10"
    return f"{family} {body} mark={connection.mark} zone=0 use=2"


def event(told: ConnectionEvent) -> str:
    """'    [NEW] tcp      6 120 SYN_SENT src=…', as `conntrack -E` prints it."""
    connection, kept = told.connection, told.connection.expires or told.at
    left = seconds(connection, told.at) if told.by_user else round(kept - told.at)
    if told.change is Change.DESTROY and not told.by_user:
        left = 120
    user = " [USERSPACE] portid=1 progname=conntrack" if told.by_user else ""
    return f"{f'[{told.change.value}]':>9} {_body(connection, left)}{user}"


def seconds(connection: Connection, now: float) -> int:
    """How long it is kept yet; the kernel has counted one already."""
    return max(0, int((connection.expires or now) - now - 0.001))


def _body(connection: Connection, left: int) -> str:
    protocol = connection.original.protocol
    state = f"{connection.tcp.value if connection.tcp else 'ESTABLISHED'} " if protocol is Protocol.TCP else ""
    unreplied = "[UNREPLIED] " if connection.state is ConnState.NEW else ""
    assured = " [ASSURED]" if connection.assured else ""
    original, reply = _flow(connection.original, 8), _flow(connection.reply, 0)
    name, number = protocol.value, protocol.number
    if protocol is Protocol.ICMP and connection.original.source.version == 6:
        name, number = "icmpv6", 58
    return f"{name:<8} {number} {left} {state}{original} {unreplied}{reply}{assured}"


def _flow(flow: Flow, kind: int) -> str:
    ends = f"src={flow.source} dst={flow.destination}"
    if flow.protocol is Protocol.ICMP:
        kind = kind if flow.source.version == 4 else 128 if kind else 129
        return f"{ends} type={kind} code=0 id={flow.sport}"
    return f"{ends} sport={flow.sport} dport={flow.dport}"
