"""Hosts of a lab are made side by side, and all of it is said in the thread that asked. Ctrl-C waits for it."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from dnetlab.engines.running import Progress
from dnetlab.model.topology import HostPlan

PRESSES = 10  # of Ctrl-C that are heard while a lab is removed; whoever goes on is let out


def side_by_side(
    plans: tuple[HostPlan, ...], work: Callable[[HostPlan, Progress], None], heard: Progress | None
) -> None:
    """Do the work for each host at once; what is said on the way is heard in this thread, where a notebook can show it.

    Raises what the work raised. Ctrl-C too ends only after the work that has begun, so that all it made can be removed.
    """
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    pool = ThreadPoolExecutor(max(1, len(plans)))
    futures = [pool.submit(work, plan, said.put) for plan in plans]
    try:
        while not said.empty() or not all(future.done() for future in futures):
            with contextlib.suppress(queue.Empty):
                text = said.get(timeout=0.05)
                if heard:
                    heard(text)
        for future in futures:
            future.result()
    finally:
        finished(lambda: _ended(pool, futures))


def _ended(pool: ThreadPoolExecutor, futures: list[Future[None]]) -> None:
    """Wait for the futures, not for the threads: up to Python 3.12 a `Thread.join` that Ctrl-C interrupts takes the
    thread for one that has ended (CPython's bpo-45274), so that the next one does not wait for it."""
    pool.shutdown(wait=False, cancel_futures=True)
    wait(futures)


def finished(work: Callable[[], object]) -> None:
    """Do a work that must not be left half done: again when Ctrl-C interrupts it, and Ctrl-C only after it."""
    interrupted = False
    for _ in range(PRESSES):
        try:
            work()
            break
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        raise KeyboardInterrupt
