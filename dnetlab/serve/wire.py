"""What programs print, as bytes on a connection (docs.docker.com/reference/api/engine, Attach to a container).

Multiplexed: each piece behind 8 bytes, [stream 1 or 2, 0, 0, 0, length]. Raw, for terminals: the text as it is shown.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

RAW, MULTIPLEXED = "application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream"
_NUMBER = {"stdout": 1, "stderr": 2}


def framed(frame: Mapping[str, Any], raw: bool, tty: bool | None = None) -> bytes:
    """{'stream': 'stdout', 'text': …} as it travels. tty: it comes from a terminal (None: if it is raw)."""
    shown = raw if tty is None else tty
    data = on_terminal(frame["text"]) if shown else encoded(frame["text"])
    stream = "stdout" if shown else frame["stream"]  # a terminal has one
    return data if raw else struct.pack(">BxxxL", _NUMBER[stream], len(data)) + data


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def on_terminal(text: str) -> bytes:
    """A terminal begins a line at its left edge: CR and LF (tty_ioctl(4), ONLCR)."""
    return encoded(text.replace("\r\n", "\n").replace("\n", "\r\n"))
