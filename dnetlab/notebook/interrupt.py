"""Ctrl-C in a page: what runs in the kernel's own thread ends, asked by the thread that brings a page's messages."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Interruptible:
    """While something runs in `while_it_runs`, `interrupt` ends it by KeyboardInterrupt, as at a terminal."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._runs = False

    @contextmanager
    def while_it_runs(self) -> Iterator[None]:
        """Only in the main thread; ipykernel ignores the signal outside of cells, and where none is, none comes."""
        if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_kill"):
            yield
            return
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            self._runs = True
            yield
        finally:
            with self._guard:
                self._runs = False
            signal.signal(signal.SIGINT, before)

    def interrupt(self) -> None:
        """Any thread may ask; nothing happens when nothing runs."""
        with self._guard:
            if self._runs and threading.current_thread() is not threading.main_thread():
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
