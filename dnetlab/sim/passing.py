"""Time that passes between two lines, and what happens meanwhile by itself."""

from __future__ import annotations

from dnetlab.sim.world import World


def come(world: World, clock: float | None) -> None:
    """It is that late by the lab's clock; what was to happen by then has happened. None: no time has passed."""
    if clock is not None and clock > world.clock:
        world.clock = clock
        let_time_pass(world)


def let_time_pass(world: World) -> None:
    """Programs that were to end by now have ended, swarms have seen to their nodes; terminals of dead containers are
    closed."""
    from dnetlab.sim.dockerd.containers import let_time_pass as containers_go_on
    from dnetlab.sim.dockerd.swarm import let_time_pass as swarms_go_on

    containers_go_on(world)
    swarms_go_on(world)
    kept = []
    for terminal in world.terminals:
        container = world.hosts[terminal.host].container(terminal.container)
        if container is not None and container.is_running:
            kept.append(terminal)
    world.terminals = tuple(kept)
