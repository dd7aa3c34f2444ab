"""What a client of a daemon's API does to the world: `ask(world, line) -> (new world, answer)`. The old one stays."""

from __future__ import annotations

from dnetlab.model import Answer, Line, Output
from dnetlab.sim.passing import come
from dnetlab.sim.world import World


def ask(world: World, line: Line) -> tuple[World, Answer]:
    """Do the request of a line on a copy of the world, at the line's clock. What is refused changes nothing."""
    from dnetlab.sim.dockerd.http import answer

    assert line.request is not None
    new = world.copy()
    come(new, line.clock)
    found = answer(new, line.host, line.request)
    return (world if found.refused else new), found


def output(line: Line, answer: Answer) -> Output:
    """As curl would have printed it."""
    return Output(line, answer.printed, exit_code=0 if answer.status else 7, refused=answer.refused)
