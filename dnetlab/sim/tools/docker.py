"""`docker` and `docker-compose` at a host's prompt: the client of that host's daemon, and its plugin."""

from __future__ import annotations

import re

from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockercli.dispatch import run as run_client
from dnetlab.sim.dockerd import containers
from dnetlab.sim.dockerd.mounts import SOCKETS
from dnetlab.sim.tools import lookup, wire


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """Run one docker command. A host without Docker has no such command. Raises Refused for what isn't simulated."""
    if not context.machine.has_docker:
        return Result(stderr=f"bash: {argv[0]}: command not found\n", exit_code=127)
    containers.let_time_pass(context.world)  # `sleep 9; docker ps` sees what has ended meanwhile
    if argv[0] == "docker-compose":
        argv = ("docker", "compose", *argv[1:])
    return run_client(context, argv, _elsewhere(context, argv))


def _elsewhere(context: Context, argv: tuple[str, ...]) -> str:
    """Where -H or DOCKER_HOST leads, when nobody listens there; '' for the host's own socket. Refused for another
    daemon that would answer."""
    first = argv[1] if len(argv) > 1 else ""
    typed = argv[2] if first in ("-H", "--host") and len(argv) > 2 else ""
    typed = typed or (first.partition("=")[2] if first.startswith(("-H=", "--host=")) else "")
    where = typed or (context.environment or {}).get("DOCKER_HOST", "")
    if not where or where == "unix://" or where in [f"unix://{path}" for path in SOCKETS]:
        return ""
    far = re.fullmatch(r"tcp://([^:/]+):(\d{1,5})/?", where)
    found = lookup.find(context, far[1]) if far else None
    if far and found is not None and int(far[2]) < 65536:
        answer = wire.connect(context, found.addresses[0], int(far[2]))
        if answer.fate is not wire.Fate.ANSWERED:
            context.world.clock += min(answer.seconds, wire.CONNECT_SECONDS)
            return where
        wire.hang_up(context, answer)
    elif where.startswith("unix://"):
        return where
    raise Refused("docker --{flag} reaches for another daemon.", "A prompt picks the host: docker2# docker ps",
                  flag="host")  # fmt: skip
