"""What a line does to the world: `apply(world, line) -> (new world, output)`. The old world stays as it was."""

from __future__ import annotations

from dnetlab.commands.refusals import NO_TERMINAL_TO_LEAVE, NOBODY_SITS, no_such_host
from dnetlab.model import Line, Output, Prompt
from dnetlab.model.changed import replace
from dnetlab.sim import jobs, sessions
from dnetlab.sim.asking import ask, output
from dnetlab.sim.context import Context, Refused, Result
from dnetlab.sim.passing import come, let_time_pass
from dnetlab.sim.shell import prompt_shell, run_line, settle
from dnetlab.sim.world import Terminal, World

DETACH = ("^P^Q", "\x10\x11")  # Ctrl-P Ctrl-Q: the client leaves, the shell stays
SECONDS_PER_LINE = 1.0  # a student needs time to type; ages in `docker ps` come from it


def apply(world: World, line: Line) -> tuple[World, Output]:
    """Run a line on a copy of the world. A refused line leaves the world it was given."""
    if line.request is not None:
        return _asked(world, line)
    new = world.copy()
    come(new, line.clock)
    terminal = _terminal_for(new, line)
    if line.prompt is Prompt.TERMINAL and terminal is None:
        return world, Output(line, refused=NOBODY_SITS, prompt="/ # ")
    if terminal is not None:
        line = replace(line, host=terminal.host, container=name_of(new, terminal))
    prompt = prompt_of(new, line.host, terminal)
    try:
        result = _run_in_terminal(new, line, terminal) if terminal else _run_at_host(new, line)
    except Refused as refused:
        return world, Output(line, refused=refused.refusal, prompt=prompt)
    jobs.with_line(new, line)
    new.clock += 0.0 if line.session else SECONDS_PER_LINE
    let_time_pass(new)
    return new, Output(line, result.stdout, result.stderr, result.exit_code, prompt=prompt)


def _asked(world: World, line: Line) -> tuple[World, Output]:
    """A request of a client, once more: nobody stays with what it starts."""
    new, answer = ask(world, line)
    if not answer.refused:
        sessions.let_go(new)
    return new, output(line, answer)


def reap(world: World, everything: bool) -> tuple[World, list[Output]]:
    """What ran beside the lines and is over, or all of it, and the world without it. The old world stays as it was."""
    if not world.jobs and not world.late:
        return world, []
    new = world.copy()
    settle(new, everything=everything)
    outputs, new.late = list(new.late), ()
    return new, outputs


def prompt_of(world: World, host: str, terminal: Terminal | None = None) -> str:
    """'[root@docker1 ~]# ', or the shell's prompt inside a container: `/ # `, and `/ $ ` where it isn't root's."""
    if terminal is None:
        return f"[root@{host} ~]# "
    from dnetlab.sim.dockerd import containers

    found = world.hosts[terminal.host].container(terminal.container)
    is_root = found is None or containers.user_of(world, terminal.host, found, terminal.user).is_root
    return f"{terminal.directory} {'#' if is_root else '$'} "


def open_terminal(world: World, host: str | None = None) -> Terminal | None:
    """The terminal opened last (on that host, if one is named) whose container still runs."""
    for terminal in reversed([t for t in world.terminals if not t.session]):
        container = world.hosts[terminal.host].container(terminal.container)
        if container is not None and container.is_running and host in (None, terminal.host):
            return terminal
    return None


def _terminal_for(world: World, line: Line) -> Terminal | None:
    if line.prompt is Prompt.HOST:
        return None
    if line.session:
        return sessions.terminal_of(world, line.session)
    return open_terminal(world, None if line.prompt is Prompt.TERMINAL else line.host)


def name_of(world: World, terminal: Terminal) -> str:
    """The name of the terminal's container, or the beginning of its id."""
    container = world.hosts[terminal.host].container(terminal.container)
    return container.name if container else terminal.container[:12]


def _run_at_host(world: World, line: Line) -> Result:
    if line.host not in world.hosts:
        raise Refused.as_is(no_such_host(line.host, world.hosts))
    context = Context(world, line.host, answer=line.answer)
    said = run_line(context, line.text, world.shells.get(line.host) or prompt_shell(context))
    if said.asked:
        raise Refused.as_is(NO_TERMINAL_TO_LEAVE)
    world.shells[line.host] = said.shell
    return said.result


def _run_in_terminal(world: World, line: Line, terminal: Terminal) -> Result:
    from dnetlab.sim.dockerd import containers

    context = replace(containers.terminal_context(world, terminal), answer=line.answer, tty=True)
    if line.text.strip() in DETACH:
        world.terminals = tuple(t for t in world.terminals if t is not terminal)
        return Result("", "read escape sequence\n", 0)
    said = run_line(context, line.text, terminal.shell or prompt_shell(context))
    if said.asked:
        sessions.leave(world, terminal, said.result.exit_code)
    else:
        now = replace(terminal, shell=said.shell, directory=said.shell.directory)
        world.terminals = tuple(now if t is terminal else t for t in world.terminals)
    return said.result
