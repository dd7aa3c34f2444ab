"""Hosts of a lab are made side by side, and all of it is said in the thread that asked."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from dnetlab.engines.running import Progress
from dnetlab.model.topology import HostPlan


def side_by_side(
    plans: tuple[HostPlan, ...], work: Callable[[HostPlan, Progress], None], heard: Progress | None
) -> None:
    """Do the work for each host at once; what is said on the way is heard in this thread, where a notebook can show it.

    Raises what the work raised. Ctrl-C too ends only after the work that has begun, so that all it made can be removed.
    """
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    pool = ThreadPoolExecutor(max(1, len(plans)))
    try:
        futures = [pool.submit(work, plan, said.put) for plan in plans]
        while not said.empty() or not all(future.done() for future in futures):
            with contextlib.suppress(queue.Empty):
                text = said.get(timeout=0.05)
                if heard:
                    heard(text)
        for future in futures:
            future.result()
    finally:
        while True:
            try:
                pool.shutdown(cancel_futures=True)
                break
            except KeyboardInterrupt:  # a second Ctrl-C: what was begun still has to be known before it is removed
                continue
