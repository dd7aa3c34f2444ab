"""The daemon answers names in a namespace: two sockets of its own at 127.0.0.11, and rules that lead port 53 to them.

In containers, and in the sandboxes of load balancers as well (observed on 20.10.24, 28.5.2).
"""

from __future__ import annotations

from dnetlab.model import Protocol, Socket, SocketState, Where
from dnetlab.model.changed import replace
from dnetlab.sim.dockerd import resolver
from dnetlab.sim.dockerd.books import daemon
from dnetlab.sim.dockerd.firewall import firewaller
from dnetlab.sim.world import World


def answer_names(world: World, where: Where) -> None:
    """Open the resolver in this namespace; it isn't there yet."""
    tcp, udp = (_port(world, where.host) for _ in range(2))
    pid = daemon(world, where.host).pid
    sockets = (
        Socket(Protocol.TCP, resolver.INTERNAL, tcp, SocketState.LISTEN, pid, "dockerd", backlog=4096),
        Socket(Protocol.UDP, resolver.INTERNAL, udp, SocketState.UNCONNECTED, pid, "dockerd"),
    )
    stack = world.namespace(where)
    world.put_namespace(where, replace(stack, sockets=(*stack.sockets, *sockets)))
    firewaller(world, where.host).lead_to_resolver(where, tcp, udp)


def _port(world: World, host: str) -> int:
    return 32768 + int(world.hex_id(f"{host}:dns", 8), 16) % 28232
