"""Terminals that clients of a daemon have open: `docker run -it`, `docker exec -it` and `docker attach` from outside.

A session is named by what it is attached to: 'docker1 CONTAINER' is process 1 of a container, 'docker1 exec ID' a
shell beside it.
"""

from __future__ import annotations

from dnetlab.sim.dockerd import api, books, containers
from dnetlab.sim.world import Terminal, World


def terminal_of(world: World, session: str) -> Terminal | None:
    """Where the lines of a session go, opened with its first; None when its shell is gone."""
    found = next((t for t in world.terminals if t.session == session), None)
    if found is None and (found := _opened(world, session)) is not None:
        world.terminals = (*world.terminals, found)
    return found


def _opened(world: World, session: str) -> Terminal | None:
    host, *words = session.split(" ")
    shell = api.open_shell(world, host, words[-1], beside=len(words) > 1)
    if shell is None:
        return None
    return Terminal(host, shell["Container"], len(words) == 1, shell["Directory"], tuple(shell["Env"]),
                    privileged=shell["Privileged"], user=shell["User"], session=session)  # fmt: skip


def leave(world: World, terminal: Terminal, code: int) -> None:
    """The shell of a terminal has ended with that status."""
    world.terminals = tuple(t for t in world.terminals if t is not terminal)
    if terminal.main:
        containers.exited(world, terminal.host, terminal.container, code)
    elif terminal.session:
        api.exec_ended(world, terminal.host, terminal.session.split(" ")[-1], code)


def stay(world: World, host: str, container: str, attaches: bool = False) -> None:
    """Somebody reads what it says; attaches: at the other end of its program."""
    if books.by_id(world, host, container) is not None:
        api.container_stay(world, host, container, attaches)


def let_go(world: World, host: str = "", container: str = "") -> None:
    """Nobody reads any more what a container with --rm has said, so it goes; without a name: all such."""
    for name in [host] if host else list(world.daemons):
        for key in list(books.daemon(world, name).waiting):
            if container in ("", key):
                api.container_let_go(world, name, key)
