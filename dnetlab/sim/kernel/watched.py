"""Who watches the kernel (`ip monitor &`) takes down what each step of it left behind; words are made in the end."""

from __future__ import annotations

from dnetlab.model import Namespace, Where
from dnetlab.model.changed import replace
from dnetlab.model.frame import Capture
from dnetlab.sim.world import World

_TOLD = ("interfaces", "routes", "neighbours", "rules")

def take_down(world: World, host: str) -> None:
    """A step is over on this host: whoever watches a namespace of it notes how all is now, if that is another one."""
    for where in dict.fromkeys(job.where for job in world.jobs if job.where.host == host):
        space = world.hosts[host].namespaces.get(where.namespace)
        if space is not None and any(_is_behind(capture, space) for capture in space.captures):
            _note(world, where, space)


def _is_behind(capture: Capture, space: Namespace) -> bool:
    """Is it `ip monitor`'s, and did anything change since its last note that the kernel tells?"""
    if not capture.steps:
        return False
    last = capture.steps[-1][1][space.name]
    return any(getattr(last, name) is not getattr(space, name) for name in _TOLD)


def _note(world: World, where: Where, space: Namespace) -> None:
    step = (world.clock, world.hosts[where.host].namespaces)
    captures = tuple(
        replace(c, steps=(*c.steps, step)) if c.steps and _is_behind(c, space) else c for c in space.captures
    )
    world.put_namespace(where, replace(space, captures=captures))
