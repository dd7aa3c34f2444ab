"""What goes wrong in one container while time passes is that container's: it ends, and the lab goes on.

Its log says what happened. A fault of ours shows its traceback as well; what the lab doesn't model has none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from dnetlab.model import ContainerState
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import books
from dnetlab.sim.programs import logs
from dnetlab.sim.world import World

STATUS = 70  # EX_SOFTWARE of sysexits(3)
Work = Callable[[], None]
Apart = Callable[[World, str, str, Work], None]
Exited = Callable[[World, str, str, int], None]


def apart(world: World, host: str, container_id: str, work: Work, exited: Exited) -> None:
    """Do what a container does by itself. exited: how a container ends."""
    before = world.copy()
    try:
        work()
    except Refused as refused:
        _ended(world, before, host, container_id, f"dnetlab: {refused.refusal}\n", exited)
    except Exception as error:
        logging.getLogger("dnetlab.sim").exception("a fault in container %s of %s", container_id[:12], host)
        _ended(world, before, host, container_id, f"dnetlab has a fault here, not you: {error!r}\n", exited)


def _ended(world: World, before: World, host: str, container_id: str, words: str, exited: Exited) -> None:
    """All is as it was before, but that it has ended; no policy starts it again."""
    vars(world).update(vars(before))
    books.change_spec(world, host, container_id, loop=None, pings=(), health=None, ends_at=None, restart_at=None,
                      stopped_by_user=True)  # fmt: skip
    logs.write(world, host, container_id, "stderr", words)
    if not books.get(world, host, container_id).is_running:  # it was to start again
        books.change(world, host, container_id, state=ContainerState.EXITED, exit_code=STATUS)
        return
    safe = world.copy()
    try:
        exited(world, host, container_id, STATUS)
    except Exception:
        logging.getLogger("dnetlab.sim").exception("container %s of %s can't end", container_id[:12], host)
        vars(world).update(vars(safe))
        books.change(world, host, container_id, state=ContainerState.EXITED, exit_code=STATUS, pid=None,
                     finished=world.clock)  # fmt: skip
