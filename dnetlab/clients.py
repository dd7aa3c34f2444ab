"""What clients of the hosts' daemons do in a lab: each request is a line of the journal, and undone as one.

A lab that is served is one world for many: whoever changes it holds `Lab.lock` meanwhile. While it is served, time
passes in it by itself.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from dnetlab.journal import output_digest
from dnetlab.model import Answer, Entry, Line, Output, Prompt, Request
from dnetlab.model.calendar import EPOCH

if TYPE_CHECKING:
    from dnetlab.engines import Engine
    from dnetlab.engines.daemons import Daemons
    from dnetlab.history import History
    from dnetlab.serve.thread import Served

P = ParamSpec("P")
T = TypeVar("T")
Self = TypeVar("Self", bound="Clients")


def alone(method: Callable[Concatenate[Self, P], T]) -> Callable[Concatenate[Self, P], T]:
    """A method of a lab that nobody else may change meanwhile."""

    @functools.wraps(method)
    def wrapped(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with self.lock:
            return method(self, *args, **kwargs)

    return wrapped


class Clients:
    """The part of a lab that its daemons' clients reach.

    lock      held by whoever changes the lab
    changed   called after every event, by whichever thread made it
    """

    engine: Engine
    history: History
    cells: int
    _clock: Callable[[], float]

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed: list[Callable[[], None]] = []
        self._touched: float | None = None  # when the clock was last looked at, while the lab is served

    @functools.cached_property
    def daemons(self) -> Daemons:
        """Who answers. Raises NotHere on real engines, whose daemons have sockets of their own."""
        return self.engine.daemons()

    def time_passes(self, goes_on: bool) -> None:
        """From now on the lab's clock goes as the world's does; or no longer."""
        self._touched = self._clock() if goes_on else None

    def reach_today(self) -> None:
        """With the next request the lab's clock is the machine's: a client's "ten minutes ago" is the lab's, too.

        Only a lab without containers, while it is served, and never backwards: what runs would have run for days.
        """
        began = EPOCH.timestamp() + self.daemons.clock
        if self._touched is not None and not any(host.containers for host in self.engine.snapshot().hosts.values()):
            self._touched = min(self._touched, began)

    @property
    def lab_time(self) -> float | None:
        """The lab's clock now, None where it only moves with commands."""
        if self._touched is None:
            return None
        return self.daemons.clock + max(0.0, self._clock() - self._touched)

    def _look_at_clock(self) -> float | None:
        now = self.lab_time
        if now is not None:
            self._touched = self._clock()
        return now

    @alone
    def ask(self, host: str, request: Request, *, waits: bool = False) -> Answer:
        """Ask the daemon of a host. What may change something is written down; what is refused changes nothing.

        waits: it only looks on, at the moment of whatever happened last.
        """
        line = Line(0, request.text if not request.reads else "", host, prompt=Prompt.HOST, request=request,
                    clock=None if waits else self._look_at_clock())  # fmt: skip
        if request.reads:
            return self.daemons.ask(line)
        at, before = self._clock(), self.engine.checkpoint()
        answer = self.daemons.ask(line)
        if answer.status:
            self._write_down(Output(line, answer.printed, refused=answer.refused), at, before)
        return answer

    @alone
    def type(self, session: str, text: str) -> tuple[Output, str | None]:
        """Type a line into a client's terminal: what it printed, and the next prompt, None when its shell has ended."""
        line = Line(0, text, session.split(" ")[0], prompt=Prompt.TERMINAL, session=session,
                    clock=self._look_at_clock())  # fmt: skip
        at, before = self._clock(), self.engine.checkpoint()
        output = self.engine.run(line)
        self._write_down(output, at, before)
        return output, self.daemons.prompt(session)

    @alone
    def pass_time(self, to: float | None = None) -> None:
        """What was to happen by now has happened; to: a clock that is waited for without waiting."""
        now = self._look_at_clock()
        if now is not None or to is not None:
            self.daemons.pass_time(max(now or 0.0, to or 0.0))

    @alone
    def stay(self, host: str, container: str, attaches: bool = False) -> None:
        """A client stays with a container, or waits for its end: with --rm it goes when he has read all (`let_go`)."""
        self.daemons.stay(host, container, attaches)

    @alone
    def let_go(self, host: str, container: str) -> None:
        """A client that stayed with a container has gone."""
        self.daemons.let_go(host, container)

    def serve(self, folder: str | Path = ".dnetlab", *, no_waiting: bool = False, today: bool = False) -> Served:
        """Let real clients in: a Docker Engine for each host, at folder/HOST.sock, until the answer is closed.

        >>> doors = lab.serve("/tmp/mylab")            # doctest: +SKIP
        >>> doors                                      # doctest: +SKIP
        docker1  export DOCKER_HOST=unix:///tmp/mylab/docker1.sock
        docker2  export DOCKER_HOST=unix:///tmp/mylab/docker2.sock

        What clients do is done in this lab, and taken back by `undo`. no_waiting: who waits for a program of the lab to
        end needn't. today: the lab's clock is the machine's from now on (`reach_today`), else it goes on from its own
        morning, so that the same requests give the same answers. Raises UsageError for a folder that can't be used,
        NotHere on real engines.
        """
        from dnetlab.serve.thread import Served

        doors = Served(self, Path(folder), skips=no_waiting)
        if today:
            self.reach_today()
        return doors

    def _write_down(self, output: Output, at: float, before: Any) -> None:
        refused = output.refused is not None
        entry = Entry(output.line, max(1, self.cells), output.exit_code, refused, at, output_digest(output))
        self.history.add(entry, before)
        self._note(entry)

    def _note(self, event: Any) -> None:
        raise NotImplementedError
