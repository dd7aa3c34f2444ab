"""What a line does to the world: `apply(world, line) -> (new world, output)`. The old world stays as it was."""

from __future__ import annotations

from dnetlab.commands.shell import parse_shell
from dnetlab.model import Line, Output, Prompt, Refusal
from dnetlab.model.changed import replace
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.shell import run_text
from dnetlab.sim.world import Terminal, World

SECONDS_PER_LINE = 1.0  # a student needs time to type; ages in `docker ps` come from it


def apply(world: World, line: Line) -> tuple[World, Output]:
    """Run a line on a copy of the world. A refused line leaves the world it was given."""
    new = world.copy()
    terminal = _terminal_for(new, line)
    if line.prompt is Prompt.TERMINAL and terminal is None:
        refusal = Refusal(
            "No container's terminal is open, so nobody sits at this prompt.",
            "Open one with docker run -it IMAGE or docker exec -it CONTAINER sh.",
        )
        return world, Output(line, refused=refusal, prompt="/ # ")
    if terminal is not None:
        line = replace(line, host=terminal.host, container=name_of(new, terminal))
    prompt = prompt_of(new, line.host, terminal)
    try:
        result = _run_in_terminal(new, line, terminal) if terminal else _run_at_host(new, line)
    except Refused as refused:
        return world, Output(line, refused=refused.refusal, prompt=prompt)
    new.clock += SECONDS_PER_LINE
    _let_time_pass(new)
    return new, Output(line, result.stdout, result.stderr, result.exit_code, prompt=prompt)


def prompt_of(world: World, host: str, terminal: Terminal | None = None) -> str:
    """'[root@docker1 ~]# ', or the shell's prompt inside a container."""
    return f"{terminal.directory} # " if terminal else f"[root@{host} ~]# "


def open_terminal(world: World, host: str | None = None) -> Terminal | None:
    """The terminal opened last (on that host, if one is named) whose container still runs."""
    for terminal in reversed(world.terminals):
        container = world.hosts[terminal.host].container(terminal.container)
        if container is not None and container.is_running and host in (None, terminal.host):
            return terminal
    return None


def _terminal_for(world: World, line: Line) -> Terminal | None:
    if line.prompt is Prompt.HOST:
        return None
    return open_terminal(world, None if line.prompt is Prompt.TERMINAL else line.host)


def name_of(world: World, terminal: Terminal) -> str:
    """The name of the terminal's container, or the beginning of its id."""
    container = world.hosts[terminal.host].container(terminal.container)
    return container.name if container else terminal.container[:12]


def _run_at_host(world: World, line: Line) -> Result:
    if line.host not in world.hosts:
        raise Refused(f"The lab has no host {line.host}.", f"The hosts are {', '.join(world.hosts)}.")
    return run_text(Context(world, line.host, answer=line.answer), line.text)


def _run_in_terminal(world: World, line: Line, terminal: Terminal) -> Result:
    from dnetlab.sim.dockerd import containers

    argv = parse_shell(line.text).argv if not _is_refused(line.text) else ()
    if argv[:1] in (("exit",), ("logout",)):
        code = int(argv[1]) % 256 if len(argv) > 1 and argv[1].isdecimal() else 0
        world.terminals = tuple(t for t in world.terminals if t is not terminal)
        if terminal.main:
            containers.exited(world, terminal.host, terminal.container, code)
        return Result(exit_code=code)
    context = containers.terminal_context(world, terminal)
    return run_text(replace(context, answer=line.answer, tty=True), line.text)


def _is_refused(text: str) -> bool:
    from dnetlab.commands.shell import refusal

    return refusal(text) is not None


def _let_time_pass(world: World) -> None:
    """Programs that were to end by now have ended; terminals of dead containers are closed."""
    from dnetlab.sim.dockerd import containers

    containers.let_time_pass(world)
    kept = []
    for terminal in world.terminals:
        container = world.hosts[terminal.host].container(terminal.container)
        if container is not None and container.is_running:
            kept.append(terminal)
    world.terminals = tuple(kept)
