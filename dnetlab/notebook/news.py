"""That the lab has changed, told once a command, a cell or a client is done with it: to what the page shows of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class News:
    """Whoever follows is called in the kernel's own loop, once for all that happened meanwhile; nobody, nothing."""

    def __init__(self) -> None:
        self._followers: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = False

    def follow(self, follower: Callable[[], None]) -> None:
        """Call it whenever there is something new, from the loop that runs now; without one, at once."""
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None
        self._followers.append(follower)

    def tell(self) -> None:
        """Something has changed. Any thread may say so: clients of a served lab have threads of their own."""
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
