"""A connection that a handler may take over: attach and exec speak HTTP first and then their own bytes.

uvicorn knows no such thing, but it takes any class for a connection (its setting `http`). This one is its own for
httptools with a door: `scope["door"]` takes the connection from HTTP, with whatever the client has sent behind its
request. See docs/decisions/17.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import sys
import termios
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from dnetlab.serve.message import answered, lines, request_of

if TYPE_CHECKING:
    from dnetlab.model import Answer
    from dnetlab.serve.app import App


class Door(HttpToolsProtocol):
    """One connection of a client.

    llhttp, the parser, stops behind the head of a request with `Upgrade: tcp`, with its body unread (README of
    nodejs/llhttp, Pause on HPE_PAUSED_UPGRADE): clients of Docker send a body there. So the head is read once more
    without that word, and what comes behind the body waits until the connection is taken, or the request answered.
    """

    def __init__(self, daemon: App, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._daemon = daemon
        self._always = lines(daemon.headers)
        self._answered = False  # with the head of the request, so that nothing is left to do at its end
        self.taken: Wire | None = None
        self._upgrade: tuple[bytes, bytes] | None = None  # the header of a request that wants to switch protocols
        self._left = 0  # bytes of its body that are still to come
        self._behind = b""

    def take(self) -> Wire:
        """From now on this connection carries bytes; no answer of HTTP follows."""
        self.cycle.disconnected = True  # its handler has no more to say
        self._unset_keepalive_if_required()
        self.taken = Wire(self.transport)
        self.taken.feed(self._behind)
        self.flow.resume_reading()
        self.transport.resume_reading()
        return self.taken

    def say(self, answer: Answer, cycle: RequestResponseCycle) -> None:
        """The answer to a request, in one piece, so that its reader wakes once."""
        if cycle.disconnected:
            return
        cycle.response_started = cycle.response_complete = True
        if answer.status:
            self._send(answer, cycle.scope["method"], cycle.keep_alive)
        else:
            self.close()

    def _send(self, answer: Answer, method: str, goes_on: bool) -> None:
        self.transport.write(answered(answer, self._always, method, goes_on))
        if not goes_on:
            self.transport.close()
        self.on_response_complete()

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
        elif self._upgrade is not None:
            self._more(data)
        else:
            self._read(data)

    def _read(self, data: bytes) -> None:
        """As the parent does, which believes that nobody wants another protocol but WebSocket."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as stopped:
            self._read_again(data[stopped.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response("Invalid HTTP request received.")

    def _read_again(self, rest: bytes) -> None:
        headers = self.headers
        self._upgrade = next((name, value) for name, value in headers if name == b"upgrade")
        said = [b"%s: %s" % header for header in headers if header[0] != b"upgrade"]
        method, sizes = self.parser.get_method(), dict(headers)
        chunked = b"transfer-encoding" in sizes
        self._left = sys.maxsize if chunked else int(sizes.get(b"content-length", b"0"))
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(b"\r\n".join([b"%s %s HTTP/1.1" % (method, self.url), *said, b"", b""]))
        self._more(rest)

    def _more(self, data: bytes) -> None:
        """The body of a request that wants to switch protocols, and what comes behind it."""
        body, behind = data[: self._left], data[self._left :]
        self._left -= len(body)
        self._behind += behind
        if body:
            self.parser.feed_data(body)

    def on_headers_complete(self) -> None:
        if self._upgrade is not None:
            self.headers.append(self._upgrade)
        elif self.parser.should_upgrade():
            return
        else:
            self._answered = self._answer_at_once()
        if not self._answered:
            super().on_headers_complete()
            self.scope |= {"door": self, "cycle": self.cycle}  # type: ignore[misc]

    def _answer_at_once(self) -> bool:
        """Answer a request that only looks and has no body, unless somebody stays or another one is before it.

        Most requests are of this kind, and a task of its own takes as long as the answer.
        """
        method, headers = self.parser.get_method(), dict(self.headers)
        if method not in (b"GET", b"HEAD") or b"content-length" in headers or b"transfer-encoding" in headers:
            return False
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        request = request_of(method.decode(), self.url)
        answer = self._daemon.at_once(request, headers)
        if answer is None:
            return False
        if answer.status:
            goes_on = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
            self._send(answer, request.method, goes_on)
        else:
            self.close()
        return True

    def on_message_complete(self) -> None:
        if self._answered:
            self._answered = False
        elif not self.parser.should_upgrade():
            self._left = 0
            super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._upgrade is not None and self.taken is None:  # it was answered and not taken: another request may come
            behind, self._upgrade, self._behind = self._behind, None, b""
            if behind:
                self._read(behind)

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
