"""The Docker Engine API of one host over HTTP, as an ASGI application: text in, text out, nothing of its own.

Which path is which operation, dnetlab.sim.dockerd.http knows; what stays open (logs, events, attach, exec, wait) is in
staying.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from dnetlab.model import Answer, Request
from dnetlab.serve import staying
from dnetlab.serve.desk import Desk
from dnetlab.serve.wire import MULTIPLEXED, RAW, encoded, framed

MOST = 64 << 20  # bytes that a body may have
_VERSION = re.compile(r"/v(\d+\.\d+)(/.*)")
_KINDS = {"json": "application/json", "lines": "application/json", "text": "text/plain; charset=utf-8",
          "bytes": "application/x-tar", "nothing": ""}  # fmt: skip


class TooLarge(Exception):
    """A body of more than MOST bytes."""


class BadJson(Exception):
    """A body that says it is JSON and is none."""


class App:
    """host: whose daemon answers here. token: what a client has to know, '' on a socket that only its owner opens."""

    def __init__(self, desk: Desk, host: str, token: str = "") -> None:
        self.desk, self.host, self._token = desk, host, token
        self.headers = desk.lab.daemons.headers
        self._always = _bytes(self.headers)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except (ClientDisconnect, asyncio.CancelledError):  # the client has gone, or the server ends
            return
        except Exception as error:  # a fault of ours: the traceback is here, the client gets a sentence
            logging.getLogger("dnetlab.serve").exception("%s %s", scope["method"], scope["path"])
            door = scope["door"]
            if door.taken is not None:
                door.taken.close()
                return
            answer = Answer(500, {"message": f"dnetlab has a fault here, not you: {error!r}"})
        if isinstance(answer, StreamingResponse):
            await answer(scope, receive, send)
        elif isinstance(answer, Answer):
            with scope["door"].together():
                await self._send(answer, send)

    async def _answer(self, scope: Any, receive: Any) -> staying.Said:
        """What is said at once, or for as long as somebody stays; None: nothing by way of HTTP."""
        headers = dict(scope["headers"])
        if self._token and headers.get(b"authorization") != b"Bearer " + self._token.encode():
            return Answer(401, {"message": "this lab asks for its token: Authorization: Bearer TOKEN"})
        try:
            request = await read(scope, headers.get(b"content-type", b""), receive)
        except TooLarge:
            return Answer(413, {"message": f"a request may have {MOST >> 20} MiB"})
        except BadJson as problem:
            return Answer(400, {"message": f"invalid JSON: {problem}"})
        stays = staying.handler(request)
        if stays is not None:
            return await stays(staying.Visit(self, scope["door"], b"upgrade" in headers, request))
        answer = await self.desk.ask(self.host, request)
        if not answer.status:
            scope["door"].close()
            return None
        return answer

    async def _send(self, answer: Answer, send: Any) -> None:
        """As starlette's Response does, with less ado: it is a fifth of what a ping takes."""
        body, kind = content(answer), content_type(answer)
        headers = [*self._always, *_bytes(answer.headers)]
        headers += [(b"content-type", kind.encode())] if kind else []
        headers += [(b"content-length", b"%d" % len(body))] if answer.status not in (204, 304) else []
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _bytes(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def content_type(answer: Answer) -> str:
    if answer.kind == "frames":
        return RAW if answer.raw else MULTIPLEXED
    return _KINDS[answer.kind]


def content(answer: Answer) -> bytes:
    if answer.kind == "frames":
        return b"".join(framed(frame, answer.raw) for frame in answer.value)
    if answer.kind == "bytes":
        return bytes(answer.value)
    return encoded(answer.printed)


async def read(scope: Any, kind: bytes, receive: Any) -> Request:
    """What came over HTTP; kind: of its body, as the client says. Raises ClientDisconnect, TooLarge and BadJson."""
    version, path = "", scope["path"]
    if found := _VERSION.fullmatch(path):
        version, path = found.groups()
    data = await _body(receive)
    pairs = _pairs(scope["query_string"])
    query, lists = dict(pairs), _lists(pairs)
    if data and b"json" in kind:
        return Request(scope["method"], path, query, _parsed(data), version=version, lists=lists)
    return Request(scope["method"], path, query, data=data, version=version, lists=lists)


@lru_cache(256)
def _pairs(query: bytes) -> tuple[tuple[str, str], ...]:
    """Clients ask the same again and again."""
    return tuple(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else ()


def _lists(pairs: tuple[tuple[str, str], ...]) -> dict[str, tuple[str, ...]]:
    """Those that Docker's clients say more than once."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if name in ("names", "changes", "t", "type"):
            found[name] = (*found.get(name, ()), value)
    return found


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


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadJson(str(error)) from None
