"""A connection that a handler may take over: attach and exec speak HTTP first and then their own bytes.

uvicorn knows no such thing, but it takes any class for a connection (its setting `http`). This one is its own for h11
with a door: `scope["door"]` takes the connection from HTTP, with whatever the client has sent behind its request. See
docs/decisions/17.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import termios
from collections.abc import Callable, Iterator
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class Door(H11Protocol):
    """One connection of a client."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taken: Wire | None = None
        app = self.app

        async def with_door(scope: Any, receive: Any, send: Any) -> None:
            scope["door"] = self
            await app(scope, receive, send)

        self.app = with_door

    def take(self) -> Wire:
        """From now on this connection carries bytes; no answer of HTTP follows."""
        self.cycle.disconnected = True  # its handler has no more to say
        self._unset_keepalive_if_required()
        self.taken = Wire(self.transport)
        self.taken.feed(self.conn.trailing_data[0])
        self.flow.resume_reading()
        self.transport.resume_reading()
        return self.taken

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is answered meanwhile leaves in one piece, so that its reader wakes once."""
        piece = Piece(self.transport)
        self.cycle.transport = piece  # type: ignore[assignment]
        try:
            yield
        finally:
            piece.leave()

    def forget(self) -> None:
        """What is said here from now on nobody hears."""
        if self.cycle is not None:
            self.cycle.disconnected = True

    def close(self) -> None:
        """Nobody is here: no answer at all."""
        self.forget()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.taken is not None:
            self.taken.feed(data)
        else:
            super().data_received(data)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """True: the client has sent all and still listens, as `docker exec -i` does at the end of its input."""
        if self.taken is None:
            return None
        self.taken.end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self.taken is not None:
            self.taken.lost()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.taken is not None:
            self.taken.writable.clear()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.taken is not None:
            self.taken.writable.set()

    def _unsupported_upgrade_warning(self) -> None:
        """`Upgrade: tcp` is what clients of Docker say before they attach."""


class Piece:
    """Keeps what is written until all of it leaves: as much of a transport as an answer of uvicorn's asks for."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self._kept = transport, b""

    def write(self, data: bytes) -> None:
        self._kept += data

    def leave(self) -> None:
        if self._kept:
            self._transport.write(self._kept)
            self._kept = b""

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        self.leave()
        self._transport.close()


class Wire:
    """Bytes both ways. gone: set when the other side is."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._came: asyncio.Queue[bytes] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.writable = asyncio.Event()
        self.writable.set()
        self.on_gone: Callable[[], None] = lambda: None

    def feed(self, data: bytes) -> None:
        if data:
            self._came.put_nowait(data)

    def end(self) -> None:
        self._came.put_nowait(b"")

    def lost(self) -> None:
        self.gone.set()
        self.writable.set()
        self.end()
        self.on_gone()

    async def read(self) -> bytes:
        """What has come, b'' at the end."""
        return await self._came.get()

    async def heard(self) -> None:
        """Wait until the other side has read what was written, half a second at most.

        Clients that read the answer of HTTP through a buffer lose what comes along with it (docker-py's exec does), and
        a real program needs some time to start.
        """
        asked = self._transport.get_extra_info("socket")
        for _ in range(500):
            left = array.array("i", [0])
            try:
                fcntl.ioctl(asked.fileno(), termios.TIOCOUTQ, left)
            except (OSError, ValueError):
                return
            if not left[0] or self.gone.is_set():
                return
            await asyncio.sleep(0.001)

    def write(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.write(data)

    async def drained(self) -> None:
        """Wait while the other side doesn't read."""
        await self.writable.wait()

    def close(self) -> None:
        """What was written still arrives."""
        if not self._transport.is_closing():
            self._transport.close()
