"""Which function answers which docker command of a swarm: loaded when the first of them is typed."""

from __future__ import annotations

from collections.abc import Callable

from dnetlab.sim.dockercli import contents, node, service, servicelogs, stack, swarm
from dnetlab.sim.dockercli.session import Session

VERBS: dict[tuple[str, ...], Callable[[Session], int]] = {
    ("swarm", "init"): swarm.init,
    ("swarm", "join"): swarm.join,
    ("swarm", "join-token"): swarm.join_token,
    ("swarm", "leave"): swarm.leave,
    ("swarm", "update"): swarm.update,
    ("swarm", "unlock-key"): swarm.unlock_key,
    ("swarm", "unlock"): swarm.unlock,
    **{(kind, name): verb for kind in ("secret", "config") for name, verb in (
        ("create", contents.create), ("ls", contents.ls), ("inspect", contents.inspect), ("rm", contents.rm))},
    ("swarm", "ca"): swarm.ca,
    ("node", "ls"): node.ls,
    ("node", "inspect"): node.inspect,
    ("node", "ps"): node.ps,
    ("node", "update"): node.update,
    ("node", "promote"): node.promote,
    ("node", "demote"): node.demote,
    ("node", "rm"): node.rm,
    ("service", "create"): service.create,
    ("service", "ls"): service.ls,
    ("service", "ps"): service.ps,
    ("service", "inspect"): service.inspect,
    ("service", "scale"): service.scale,
    ("service", "update"): service.update,
    ("service", "rollback"): service.rollback,
    ("service", "logs"): servicelogs.logs,
    ("service", "rm"): service.rm,
    ("stack", "deploy"): stack.deploy,
    ("stack", "ls"): stack.ls,
    ("stack", "ps"): stack.ps,
    ("stack", "rm"): stack.rm,
    ("stack", "services"): stack.services,
}
