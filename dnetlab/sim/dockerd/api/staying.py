"""Who stays with a container over a connection of his own: what he reads is its log, what he sends is told here."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.dockerd import books, containers, happenings
from dnetlab.sim.dockerd.api.exec import shell_of
from dnetlab.sim.dockerd.api.streams import terminal
from dnetlab.sim.programs import kinds, logs
from dnetlab.sim.world import World

Json = dict[str, Any]
END = "\x04"  # what stands for the end of what is sent, as a terminal has it


def container_stay(world: World, host: str, full: str, attaches: bool = False) -> None:
    """Somebody stays with it, or waits for its end: with --rm it stays, ended, until container_let_go.

    attaches: to its program, which is an event.
    """
    if attaches:
        happenings.of_container(world, host, books.find(world, host, full), "attach")
    books.change_spec(world, host, full, kept=True)


def container_let_go(world: World, host: str, full: str) -> None:
    """He has read all, or is gone."""
    containers.let_go(world, host, full)


def container_read(world: World, host: str, name: str, text: str) -> None:
    """This came to the standard input of process 1, with END when it ends. Raises ApiError 404.

    cat says it again; others don't look at it. A shell's lines come through a terminal (open_shell).
    """
    container = books.find(world, host, name)
    config = books.spec(world, host, container.id).config
    if not (container.is_running and config.interactive) or kinds.basename(config.argv[0]) != "cat":
        return
    logs.write(world, host, container.id, "stdout", text.replace(END, ""))
    if text.endswith(END):
        containers.exited(world, host, container.id, 0)


def open_shell(world: World, host: str, name: str, *, beside: bool) -> Json | None:
    """The shell that a client has at the other end of its connection: {'Container', 'Directory', 'Env', 'Privileged'}.

    beside: name is that of an exec, else of a container whose process 1 is the shell. None when it isn't there.
    """
    one = books.daemon(world, host).execs.get(name) if beside else None
    container = books.by_id(world, host, one.container if one else name)
    if container is None or not container.is_running:
        return None
    if beside:
        ended = one is None or one.exit_code is not None
        return None if ended or one is None else shell_of(world, host, container, one) | {"Privileged": one.privileged}
    config = books.spec(world, host, container.id).config
    if not config.interactive or not is_shell(config.argv):
        return None
    shell = terminal(container, config.working_dir, containers.variables(world, host, container.id))
    return shell | {"Privileged": False}


def is_shell(argv: tuple[str, ...]) -> bool:
    """A shell that reads its commands: no -c, no script."""
    words = kinds.last_program(argv)
    shells = (*kinds.SHELLS, "bash")
    return bool(words) and kinds.basename(words[0]) in shells and all(w[:1] == "-" and w != "-c" for w in words[1:])
