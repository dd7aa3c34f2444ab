"""How everybody comes in: our own client, and whoever serves the API over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd.errors import NotModelled
from dnetlab.sim.world import World

P = ParamSpec("P")
T = TypeVar("T")


def is_up(world: World, host: str) -> bool:
    """Does a daemon listen on that host? Without one there is nobody to call."""
    return world.hosts[host].docker_running


def call(
    operation: Callable[Concatenate[World, str, P], T], world: World, host: str, /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Do one operation: call(network_inspect, world, 'docker1', 'bridge').

    Raises ApiError, and NotModelled for what is refused anywhere inside, also by a program of a container.
    """
    try:
        return operation(world, host, *args, **kwargs)
    except Refused as refused:
        raise NotModelled(refused.refusal.why, refused.refusal.instead) from None
