"""The Docker Engine API of one host over HTTP, as an ASGI application: text in, text out, nothing of its own.

Which path is which operation, dnetlab.sim.dockerd.http knows; what stays open (logs, events, attach, exec, wait) is in
staying.py.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from dnetlab.model import Answer, Request
from dnetlab.serve import staying
from dnetlab.serve.desk import Busy, Desk
from dnetlab.serve.message import BadJson, request_of

MOST = 64 << 20  # bytes that a body may have


class TooLarge(Exception):
    """A body of more than MOST bytes."""


class App:
    """host: whose daemon answers here. token: what a client has to know, '' on a socket that only its owner opens."""

    def __init__(self, desk: Desk, host: str, token: str = "") -> None:
        self.desk, self.host, self._token = desk, host, token
        self.headers = desk.lab.daemons.headers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        door = scope["door"]
        try:
            answer = await self._answer(scope, receive)
        except (ClientDisconnect, asyncio.CancelledError):  # the client has gone, or the server ends
            return
        except Exception as error:
            answer = self._fault(scope["method"], scope["path"], error)
            if door.taken is not None:
                door.taken.close()
                return
        if isinstance(answer, StreamingResponse):
            await answer(scope, receive, send)
        elif isinstance(answer, Answer):
            door.say(answer, scope["cycle"])

    async def _answer(self, scope: Any, receive: Any) -> staying.Said:
        """What is said at once, or for as long as somebody stays; None: nothing by way of HTTP."""
        headers = dict(scope["headers"])
        if refused := self._stranger(headers):
            return refused
        try:
            url = scope["raw_path"] + b"?" + scope["query_string"]
            request = request_of(scope["method"], url, headers.get(b"content-type", b""), await _body(receive))
        except TooLarge:
            return Answer(413, {"message": f"a request may have {MOST >> 20} MiB"})
        except BadJson as problem:
            return Answer(400, {"message": f"invalid JSON: {problem}"})
        stays = staying.handler(request)
        if stays is not None:
            return await stays(staying.Visit(self, scope["door"], b"upgrade" in headers, request))
        return await self.desk.ask(self.host, request)

    def at_once(self, request: Request, headers: dict[bytes, bytes]) -> Answer | None:
        """The answer to a request that has no body; None where somebody stays, or has to wait for the lab."""
        if refused := self._stranger(headers):
            return refused
        if staying.handler(request) is not None:
            return None
        try:
            return self.desk.now(self.desk.lab.ask, self.host, request)
        except Busy:
            return None
        except Exception as error:
            return self._fault(request.method, request.path, error)

    def _stranger(self, headers: dict[bytes, bytes]) -> Answer | None:
        """What somebody hears who doesn't know the token."""
        if not self._token or headers.get(b"authorization") == b"Bearer " + self._token.encode():
            return None
        return Answer(401, {"message": "this lab asks for its token: Authorization: Bearer TOKEN"})

    def _fault(self, method: str, path: str, error: Exception) -> Answer:
        """A fault of ours: the traceback is here, the client gets a sentence."""
        logging.getLogger("dnetlab.serve").error("%s %s", method, path, exc_info=error)
        return Answer(500, {"message": f"dnetlab has a fault here, not you: {error!r}"})


async def _body(receive: Any) -> bytes:
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if size > MOST:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)
