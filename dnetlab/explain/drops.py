"""The kernel's own name for the end of a packet: skb_drop_reason, as the tracepoint skb:kfree_skb tells it.

From include/net/dropreason-core.h, and where each is set: net/netfilter/core.c, net/ipv4/route.c (ip_error,
ip_route_input_slow), net/ipv4/ip_forward.c, net/core/neighbour.c, net/ipv4/tcp_ipv4.c and udp.c. Linux 6.1 knows all
but IP_LOCAL_SOURCE and IP_LOCALNET, which are of 6.13.
"""

from __future__ import annotations

from dnetlab.model import Exchange, Protocol, Trace
from dnetlab.model.facts import (
    MartianLoopback,
    MartianSource,
    NobodyHas,
    NobodyWaits,
    NoRoute,
    NotForwarding,
    NothingToWrite,
    NotListening,
    PolicyDrops,
    RuleStops,
    TooBig,
    TtlUsedUp,
)

_REASONS: dict[type, str] = {
    RuleStops: "NETFILTER_DROP",
    PolicyDrops: "NETFILTER_DROP",
    NothingToWrite: "NETFILTER_DROP",  # MASQUERADE answers NF_DROP
    NotListening: "NO_SOCKET",
    NotForwarding: "IP_INADDRERRORS",
    NoRoute: "IP_INNOROUTES",
    TtlUsedUp: "IP_INHDR",
    NobodyHas: "NEIGH_FAILED",
    MartianLoopback: "IP_LOCALNET",
    MartianSource: "IP_LOCAL_SOURCE",
    TooBig: "PKT_TOO_BIG",  # ip_forward()
}


def drop_reason(trace: Trace) -> str:
    """'NETFILTER_DROP' …; '' for a packet that arrived, that never was made, or whose drop has no name."""
    fact = trace.because
    if isinstance(fact, NoRoute) and len(trace.hops) <= 1:
        return ""  # the sender's own routing table: connect() fails, and no packet is made
    if isinstance(fact, NobodyWaits):
        return "NO_SOCKET" if fact.packet.protocol is not Protocol.ICMP else ""
    return _REASONS.get(type(fact), "")


def died(exchange: Exchange) -> Trace | None:
    """The journey that ended early: a later packet of an open connection, else the innermost; None when all arrived."""
    if exchange.broke_on is not None:
        return exchange.broke_on.trace
    if exchange.proxied is not None and (inner := died(exchange.proxied)) is not None:
        return inner
    both = (exchange.request, exchange.reply)
    return next((trace for trace in both if trace is not None and not trace.disposition.arrived), None)
