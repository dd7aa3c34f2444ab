"""Where clients of all hosts come to the one lab: one after the other, and nobody who only waits stands in the way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from dnetlab.model import Answer, Container, Request

if TYPE_CHECKING:
    from dnetlab.clients import Clients

T = TypeVar("T")
PATIENCE = 1.0  # seconds before a wait for an end is skipped: `docker run -d` begins one, too, and leaves


class Busy(Exception):
    """Somebody else has the lab."""


class Desk:
    """lab: the lab that is served.

    skips  who stays with a container until something happens there needn't: the lab's clock goes there at once
    """

    def __init__(self, lab: Clients, skips: bool = False) -> None:
        self.lab, self.skips = lab, skips
        self.loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._pulse = asyncio.Event()
        self._staying: Counter[tuple[str, str]] = Counter()
        self._reading: Counter[tuple[str, str]] = Counter()
        self._later: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._noticed = asyncio.Event()
        lab.changed.append(self.tell)

    def close(self) -> None:
        self.lab.changed.remove(self.tell)
        for task in self._later:
            task.cancel()
        for host, container in list(self._staying):
            self.lab.let_go(host, container)

    # -- asking -----------------------------------------------------------------------------------------------------

    def now(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Do it with the lab to oneself. Raises Busy when somebody else has it."""
        if not self.lab.lock.acquire(blocking=False):
            raise Busy
        try:
            return work(*args, **kwargs)
        finally:
            self.lab.lock.release()

    async def alone(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """The same: at once when the lab is free, else in a thread that waits for it."""
        with contextlib.suppress(Busy):
            return self.now(work, *args, **kwargs)
        return await asyncio.to_thread(work, *args, **kwargs)

    async def ask(self, host: str, request: Request, *, waits: bool = False) -> Answer:
        return await self.alone(self.lab.ask, host, request, waits=waits)

    def container(self, host: str, full: str) -> Container | None:
        """As it is now; None when it is gone."""
        rows = self.lab.engine.snapshot().hosts[host].containers
        return next((c for c in rows if c.id == full), None)

    # -- waiting ----------------------------------------------------------------------------------------------------

    def tell(self) -> None:
        """Something has changed; any thread may say so."""
        if threading.get_ident() == self._thread:
            self.beat()
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self.beat)

    def beat(self) -> None:
        """Whoever waits looks again."""
        self._noticed.set()
        self._pulse.set()
        self._pulse = asyncio.Event()

    @property
    def pulse(self) -> asyncio.Event:
        """Set with the next change. Take it, look, and wait for it: then nothing is missed."""
        return self._pulse

    async def next_change(self, pulse: asyncio.Event) -> None:
        """Wait for a change."""
        self._waiting += 1
        self._noticed.set()
        try:
            await pulse.wait()
        finally:
            self._waiting -= 1

    @contextlib.asynccontextmanager
    async def staying(
        self, host: str, container: str, reads: bool = True, lingers: bool = False, attaches: bool = False
    ) -> AsyncIterator[None]:
        """Meanwhile a container with --rm that ends can still be read. reads: not only its end is waited for.

        attaches: to its program. lingers: where time is skipped it stays a little longer, as it would have while that
        went on.
        """
        key = (host, container)
        self._staying[key] += 1
        if reads:
            self._reading[key] += 1
        await self.alone(self.lab.stay, host, container, attaches)
        try:
            yield
        finally:
            self._staying[key] -= 1
            if reads:
                self._reading -= Counter([key])
            if lingers and self.skips:
                later = self.loop.create_task(self._leave_later(key))
                self._later.add(later)
                later.add_done_callback(self._later.discard)
            else:
                await self._leave(key)

    async def _leave_later(self, key: tuple[str, str]) -> None:
        await asyncio.sleep(PATIENCE)
        await self._leave(key)

    async def _leave(self, key: tuple[str, str]) -> None:
        if self._staying[key] <= 0:
            del self._staying[key]
            await self.alone(self.lab.let_go, *key)
            self.beat()

    # -- time that passes -------------------------------------------------------------------------------------------

    async def keep_time(self) -> None:
        """What is due happens when it is due, for ever; a fault of ours is told, and time goes on."""
        while True:
            try:
                await self._pass_on()
            except Exception:
                logging.getLogger("dnetlab.serve").exception("time that passes")
                await asyncio.sleep(PATIENCE)

    async def _pass_on(self) -> None:
        """To what is due now, or wait for it."""
        self._noticed.clear()
        awaited = self.lab.daemons.next_due(self._reading) if self.skips and self._waiting else None
        due, now = self.lab.daemons.next_due(), self.lab.lab_time
        if awaited is not None or (due is not None and now is not None and due <= now):
            await self.alone(self.lab.pass_time, awaited)
            self.beat()
            await asyncio.sleep(0)
            return
        left = None if due is None or now is None else max(0.001, due - now)
        ends = self.lab.daemons.next_due(self._staying) if self.skips and self._staying else None
        try:
            await asyncio.wait_for(self._noticed.wait(), left if ends is None else PATIENCE)
        except TimeoutError:
            if ends is not None:
                await self.alone(self.lab.pass_time, ends)
                self.beat()
