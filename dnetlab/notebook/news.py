"""What is done in the kernel's own loop, one after another: that the lab has changed is told, and pages are heard.

JupyterLab may bring a page's messages by a thread of their own (a subshell), and clients of a served lab have threads.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable


class News:
    """Whoever follows is called in the kernel's loop, once for all that happened meanwhile; nobody, nothing."""

    def __init__(self) -> None:
        self._followers: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._told = False

    def at_home(self) -> None:
        """The loop and thread that run now are the kernel's; where no loop runs, all is done at once."""
        self._thread = threading.get_ident()
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def follow(self, follower: Callable[[], None]) -> None:
        """Call it whenever there is something new."""
        self.at_home()
        self._followers.append(follower)

    def hear(self, act: Callable[[], None]) -> None:
        """Do what a page asks for: at once in the kernel's own thread, from another when the kernel comes to it."""
        if self._loop is None or threading.get_ident() == self._thread:
            act()
        else:
            self._loop.call_soon_threadsafe(act)

    def tell(self) -> None:
        """Something has changed. Any thread may say so."""
        if self._told or not self._followers:
            return
        if self._loop is None:
            self._call()
            return
        self._told = True
        self._loop.call_soon_threadsafe(self._call)

    def _call(self) -> None:
        self._told = False
        for follower in self._followers:
            follower()
