"""`docker exec`, and every other way into a container: what a process sees that is started there."""

from __future__ import annotations

from dataclasses import replace

from dnetlab.model import Container, ContainerState
from dnetlab.sim import programs
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.dockerd import books, lifecycle
from dnetlab.sim.dockerd.config import ContainerConfig
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.images import recipe_of
from dnetlab.sim.programs.ash import exported
from dnetlab.sim.programs.web import bind_failures, nginx_sockets
from dnetlab.sim.world import Terminal, World


def exec_context(world: World, host: str, reference: str, *, env: tuple[str, ...] = (), tty: bool = True) -> Context:
    """The surroundings of a new process in a running container.

    Raises ApiError as `docker exec` does: unknown, stopped, paused, restarting, or linked to one that doesn't run.
    """
    container = books.find(world, host, reference)
    if container.state is ContainerState.PAUSED:
        raise ApiError(f"Container {reference} is paused, unpause the container before exec", 409)
    if container.state is ContainerState.RESTARTING:
        raise ApiError(f"Container {container.id} is restarting, wait until the container is running", 409)
    lifecycle.not_running(world, container)
    lifecycle.check_links(world, host, container, books.spec(world, host, container.id))
    return replace(context_of(world, host, container.id, env, tty), tty=tty)


def terminal_context(world: World, terminal: Terminal) -> Context:
    """The surroundings of a line typed into an open shell: its variables are those it was opened with."""
    container = books.find(world, terminal.host, terminal.container)
    if container.state is ContainerState.PAUSED:
        raise Refused(f"{container.name} is paused, so its shell doesn't answer.", f"docker unpause {container.name}")
    context = context_of(world, terminal.host, terminal.container)
    variables = dict(pair.partition("=")[::2] for pair in terminal.environment) or context.environment or {}
    if context.userland != "debian":
        variables = exported(variables, terminal.directory)
    return replace(context, environment=variables)


def variables(
    world: World, host: str, container_id: str, env: tuple[str, ...] = (), tty: bool | None = None
) -> tuple[str, ...]:
    """'NAME=value', … as a process sees them that starts there now. tty: has it a terminal, None: as process 1."""
    container = books.find(world, host, container_id)
    found = environment(world, host, container, books.spec(world, host, container.id).config, env, tty)
    return tuple(f"{name}={value}" for name, value in found.items())


def context_of(
    world: World, host: str, container_id: str, env: tuple[str, ...] = (), tty: bool | None = None
) -> Context:
    """The surroundings of a process in that container, without asking whether it runs."""
    container = books.find(world, host, container_id)
    spec = books.spec(world, host, container.id)
    return Context(
        world,
        host,
        namespace=container.namespace or "host",
        container=container.id,
        userland=recipe_of(spec.image_id).userland,
        environment=environment(world, host, container, spec.config, env, tty),
    )


def execute(
    world: World, host: str, reference: str, argv: tuple[str, ...], *, env: tuple[str, ...] = (), tty: bool = False,
    stdin: str | None = None, answer: str | None = None,
) -> Result:  # fmt: skip
    """`docker exec CONTAINER ARGV…` run to its end. A program the image lacks: runc's words on stdout, 127 or 126.

    Raises ApiError when the container can't take it, Refused for what isn't modelled.
    """
    from dnetlab.sim.shell import refuse_applet, run_command

    context = replace(exec_context(world, host, reference, env=env, tty=tty), stdin=stdin, answer=answer)
    spec = books.spec(world, host, context.container or "")
    recipe = recipe_of(spec.image_id)
    problem = programs.missing_in(recipe, argv[0])
    if problem is not None and "/" not in argv[0]:
        refuse_applet(context.userland, argv[0])
    if problem is not None:  # observed on 20.10.24 and 28.5.2 with client 28.2
        words = programs.runc_error(world, problem, "exec")
        return Result(f"{words}\n", "", programs.start_failure_code(words))
    if argv[0].rsplit("/", 1)[-1] == "nginx" and "nginx" in recipe.programs:
        return _nginx(context, argv)
    return run_command(context, argv)


def _nginx(context: Context, argv: tuple[str, ...]) -> Result:
    """The nginx program beside the one that runs: its questions, and `-s SIGNAL` to the master."""
    from dnetlab.sim import processes

    words = argv[1:]
    if words in (("-v",), ("-V",)):
        return Result("", "nginx version: nginx/1.22.1\n")
    if words == ("-t",):
        return Result("", "nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
                          "nginx: configuration file /etc/nginx/nginx.conf test is successful\n")  # fmt: skip
    container = books.find(context.world, context.host, context.container or "")
    signals = {"reload": "HUP", "stop": "TERM", "quit": "QUIT"}
    if len(words) == 2 and words[0] == "-s" and words[1] in signals and container.pid:
        number = processes.SIGNALS[signals[words[1]]]
        processes.send_signal(context.world, context.host, container.pid, number, inside=True)
        return Result()
    if not words:
        wanted = nginx_sockets(0)
        lines = bind_failures(context.world.clock, wanted, 8)
        context.world.clock += 2.5
        return Result("", "".join(text for _, text in lines), 1)
    return Result("", f'nginx: invalid option: "{words[0].lstrip("-")}"\n', 1)


# -- variables ----------------------------------------------------------------------------------------------------


def environment(
    world: World, host: str, container: Container, config: ContainerConfig, extra: tuple[str, ...] = (),
    tty: bool | None = None,
) -> dict[str, str]:
    """What `env` prints there, in its order: PATH, HOSTNAME, TERM, links, image and -e, exec's own, HOME.

    Links are worked out anew each time, so `docker exec` sees a target's present address (moby daemon/exec_linux.go).
    """
    found = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME": container.hostname}
    if config.tty if tty is None else tty:
        found["TERM"] = "xterm"
    found.update(link_variables(world, host, container, config))
    found.update(config.environment)
    found.update(dict(pair.partition("=")[::2] for pair in extra))
    found.setdefault("HOME", "/root")
    return found


def link_variables(world: World, host: str, container: Container, config: ContainerConfig) -> dict[str, str]:
    """The variables of `--link` on the default bridge (moby daemon/links/links.go); {} on user networks and on 29."""
    if config.network_mode not in ("default", "bridge") or not books.release_of(world).link_variables:
        return {}
    found: dict[str, str] = {}
    for other, alias in config.links:
        target = world.hosts[host].container(other)
        endpoint = target.endpoint("bridge") if target else None
        if target is None or endpoint is None or endpoint.address is None:
            continue
        its_own = books.spec(world, host, target.id).config.environment
        name = f"/{container.name}/{alias}"
        found.update(_variables_of(alias, str(endpoint.address), name, target.exposed, its_own))
    return found


def _variables_of(
    alias: str, address: str, name: str, exposed: tuple[str, ...], target_env: dict[str, str]
) -> dict[str, str]:
    prefix = alias.upper().replace("-", "_")
    ports = sorted((int(p.split("/")[0]), p.split("/")[1]) for p in exposed)  # tcp before udp
    found: dict[str, str] = {}
    if ports:
        port, protocol = ports[0]
        found[f"{prefix}_PORT"] = f"{protocol}://{address}:{port}"
    for port, protocol in ports:
        one = f"{prefix}_PORT_{port}_{protocol.upper()}"
        found[one] = f"{protocol}://{address}:{port}"
        found[f"{one}_ADDR"] = address
        found[f"{one}_PORT"] = str(port)
        found[f"{one}_PROTO"] = protocol
    found[f"{prefix}_NAME"] = name
    for key, value in target_env.items():
        if key not in ("PATH", "HOME"):
            found[f"{prefix}_ENV_{key}"] = value
    return found
