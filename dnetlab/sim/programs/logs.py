"""What containers print: each entry a stream, a text and the second it was written; `docker logs` reads it back.

An entry may lie in the future: a program that tries five times half a second apart writes all its lines at once,
and they are seen when their time has come.
"""

from __future__ import annotations

from dnetlab.sim.world import World

Entry = tuple[str, str, float]  # 'stdout' or 'stderr', whole lines, second of the lab's clock


def write(world: World, host: str, container: str, stream: str, text: str, at: float | None = None) -> None:
    """Append text to a container's log; nothing for an empty text."""
    if text:
        entry = (stream, text, world.clock if at is None else at)
        world.logs[host, container] = (*world.logs.get((host, container), ()), entry)


def read(world: World, host: str, container: str) -> tuple[Entry, ...]:
    """What was written by now, oldest first; () for a silent container."""
    return tuple(entry for entry in world.logs.get((host, container), ()) if entry[2] <= world.clock + 1e-9)


def forget_future(world: World, host: str, container: str) -> None:
    """The program ended: what it would have written later is never written."""
    if (host, container) in world.logs:
        world.logs[host, container] = read(world, host, container)
