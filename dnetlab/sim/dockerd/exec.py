"""`docker exec`, and every other way into a running container."""

from __future__ import annotations

from dnetlab.model import Container, ContainerState
from dnetlab.model.changed import replace
from dnetlab.sim import clock, processes
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd import books, lifecycle
from dnetlab.sim.dockerd.environment import context_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.images import recipe_of
from dnetlab.sim.labfiles import LabFiles
from dnetlab.sim.login import installed
from dnetlab.sim.programs import kinds
from dnetlab.sim.programs.ash import exported
from dnetlab.sim.programs.web import bind_failures, nginx_sockets
from dnetlab.sim.shell import refuse_left_out, run_command
from dnetlab.sim.world import Terminal, World


def exec_context(
    world: World, host: str, reference: str, *, env: tuple[str, ...] = (), tty: bool = True, user: str = ""
) -> Context:
    """The surroundings of a new process in a running container. user: as -u says it, '' for the container's own.

    Raises ApiError as `docker exec` does: unknown, stopped, paused, restarting, or linked to one that doesn't run.
    """
    container = books.find(world, host, reference)
    if container.state is ContainerState.PAUSED:
        raise ApiError(f"Container {reference} is paused, unpause the container before exec", 409)
    if container.state is ContainerState.RESTARTING:
        raise ApiError(f"Container {container.id} is restarting, wait until the container is running", 409)
    lifecycle.not_running(world, container)
    lifecycle.check_links(world, host, container, books.spec(world, host, container.id), plugged=True)
    return replace(context_of(world, host, container.id, env, tty, user), tty=tty)


def terminal_context(world: World, terminal: Terminal) -> Context:
    """The surroundings of a line typed into an open shell: its variables are those it was opened with."""
    container = books.find(world, terminal.host, terminal.container)
    if container.state is ContainerState.PAUSED:
        raise Refused("{name} is paused, so its shell doesn't answer.", "docker unpause {name}", name=container.name)
    context = context_of(world, terminal.host, terminal.container, user=terminal.user)
    variables = dict(pair.partition("=")[::2] for pair in terminal.environment) or context.environment or {}
    if context.userland != "debian":
        variables = exported(variables, terminal.directory)
    return replace(context, environment=variables, directory=terminal.directory, privileged=terminal.privileged)


def not_startable(world: World, host: str, container: Container, word: str, directory: str = "") -> str | None:
    """runc's words for a program that the image lacks; None when it is there.

    Raises Refused for a tool that the real image has and this one hasn't.
    """
    recipe = recipe_of(world, books.spec(world, host, container.id).image_id)
    if directory and LabFiles(context_of(world, host, container.id)).kind(directory) != "directory":
        return kinds.no_directory(world, directory)
    problem = kinds.missing_in(recipe, word)
    if problem is None or installed(context_of(world, host, container.id), word) is not None:
        return None
    if "/" not in word:
        refuse_left_out(recipe.userland, word)
    return kinds.runc_error(world, problem, "exec")


def execute(
    world: World, host: str, reference: str, argv: tuple[str, ...], *, env: tuple[str, ...] = (), tty: bool = False,
    stdin: str | None = None, privileged: bool = False, directory: str = "", user: str = "",
) -> Result:  # fmt: skip
    """A program that the image has, beside process 1, run to its end.

    Raises ApiError when the container can't take it, Refused for what isn't modelled.
    """
    context = exec_context(world, host, reference, env=env, tty=tty, user=user)
    context = replace(context, stdin=stdin, privileged=privileged, directory=directory or None)
    recipe = recipe_of(world, books.spec(world, host, context.container or "").image_id)
    if argv[0].rsplit("/", 1)[-1] == "nginx" and "nginx" in recipe.programs:
        return _nginx(context, argv)
    return run_command(context, argv)


def _nginx(context: Context, argv: tuple[str, ...]) -> Result:
    """The nginx program beside the one that runs: its questions, and `-s SIGNAL` to the master."""
    words = argv[1:]
    if not context.user.is_root:
        raise Refused("nginx of a user other than root is not part of the lab.", "Add -u 0 to docker exec.")
    if words in (("-v",), ("-V",)):
        return Result("", "nginx version: nginx/1.22.1\n")
    if words == ("-t",):
        return Result("", "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
                          "nginx: configuration file /etc/nginx/nginx.conf test is successful\n")  # fmt: skip
    container = books.get(context.world, context.host, context.container or "")
    master = processes.find(context.world, context.host, container.pid or 0)
    signals = {"reload": "HUP", "stop": "TERM", "quit": "QUIT"}
    if len(words) == 2 and words[0] == "-s" and words[1] in signals and master:
        number = processes.SIGNALS[signals[words[1]]]
        lifecycle.process_got_signal(context.world, context.host, master, number, inside=True)
        now = clock.moment(context.world.clock)
        return Result("", f"{now:%Y/%m/%d %H:%M:%S} [notice] 45#45: signal process started\n")
    if not words:
        wanted = nginx_sockets(0)
        lines = bind_failures(context.world.clock, wanted, 8)
        context.world.clock += 2.5
        return Result("", "".join(text for _, text in lines), 1)
    return Result("", f'nginx: invalid option: "{words[0].lstrip("-")}"\n', 1)
