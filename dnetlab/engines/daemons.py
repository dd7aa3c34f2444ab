"""The daemons of a simulated lab as their clients see them: requests, terminals, and time that passes by itself."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING

from dnetlab.model import Answer, Line
from dnetlab.sim import due, sessions
from dnetlab.sim.apply import prompt_of
from dnetlab.sim.asking import ask
from dnetlab.sim.clock import since_1970
from dnetlab.sim.passing import come

if TYPE_CHECKING:
    from dnetlab.engines.simulator import Simulator


class Daemons:
    """hosts: the names of those with a daemon. Every change is a new world in the simulator, as a line's is."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self.hosts = simulator.shape.docker_hosts

    @cached_property
    def headers(self) -> dict[str, str]:
        """What every answer of the lab's release begins with."""
        from dnetlab.sim.dockerd.http import common_headers

        return common_headers(self._simulator.world)

    @property
    def clock(self) -> float:
        return self._simulator.world.clock

    def nano(self, clock: float) -> int:
        """That clock as events tell it: nanoseconds since 1970."""
        return round(since_1970(clock) * 1e9)

    def ask(self, line: Line) -> Answer:
        """Do the request of a line. What it starts goes on; see `let_go`."""
        self._simulator.world, found = ask(self._simulator.world, line)
        return found

    def pass_time(self, clock: float) -> None:
        """It is that late; what was to happen by then has happened."""
        new = self._simulator.world.copy()
        come(new, clock)
        self._simulator.world = new

    def next_due(self, only: Collection[tuple[str, str]] | None = None) -> float | None:
        """The clock at which something happens by itself, None when nothing will; only: in those containers."""
        return due.next_due(self._simulator.world, only)

    def prompt(self, session: str) -> str | None:
        """Of a terminal that a client has open; None when its shell is gone."""
        terminal = sessions.terminal_of(self._simulator.world.copy(), session)
        return prompt_of(self._simulator.world, terminal.host, terminal) if terminal else None

    def stay(self, host: str, container: str, attaches: bool = False) -> None:
        """Somebody reads what that container says; with --rm it stays until `let_go`."""
        new = self._simulator.world.copy()
        sessions.stay(new, host, container, attaches)
        self._simulator.world = new

    def let_go(self, host: str, container: str) -> None:
        """Nobody reads any more what that container says."""
        new = self._simulator.world.copy()
        sessions.let_go(new, host, container)
        self._simulator.world = new
