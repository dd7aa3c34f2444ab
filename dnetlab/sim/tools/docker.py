"""`docker` and `docker-compose` at a host's prompt: the client of that host's daemon, and its plugin."""

from __future__ import annotations

from dnetlab.sim.context import Context, Result
from dnetlab.sim.dockercli.dispatch import run as run_client
from dnetlab.sim.dockerd import containers


def run(context: Context, argv: tuple[str, ...]) -> Result:
    """Run one docker command. A host without Docker has no such command. Raises Refused for what isn't simulated."""
    if not context.machine.has_docker:
        return Result(stderr=f"bash: {argv[0]}: command not found\n", exit_code=127)
    containers.let_time_pass(context.world)  # `sleep 9; docker ps` sees what has ended meanwhile
    if argv[0] == "docker-compose":
        argv = ("docker", "compose", *argv[1:])
    return run_client(context, argv)
