"""When something happens by itself in the world: a program ends, a restart is due, a line of a log is seen."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from dnetlab.sim.dockerd import books
from dnetlab.sim.world import World


def next_due(world: World, only: Collection[tuple[str, str]] | None = None) -> float | None:
    """The first clock after now; None when all is quiet. only: (host, full id) of those that are asked about."""
    return min((at for at in _moments(world, only) if at > world.clock + 1e-9), default=None)


def _moments(world: World, only: Collection[tuple[str, str]] | None) -> Iterator[float]:
    for host, daemon in world.daemons.items():
        for name in daemon.waiting if daemon.running or daemon.away else ():
            if only is not None and (host, name) not in only:
                continue
            spec = books.spec(world, host, name)
            yield from (at for at in (spec.ends_at, None if daemon.away else spec.restart_at) if at is not None)
            if spec.loop is not None:
                yield spec.loop.at
            if spec.pings:
                yield spec.pinged + 1.0
            yield from (at for _, _, at in world.logs.get((host, name), ())[-200:])
