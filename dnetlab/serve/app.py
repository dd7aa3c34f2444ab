"""The Docker Engine API of one host over HTTP, as an ASGI application: text in, text out, nothing of its own.

Which path is which operation, dnetlab.sim.dockerd.http knows; what stays open (logs, events, attach, exec, wait) is in
staying.py.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

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

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        try:
            response = await self._answer(scope, receive)
        except (ClientDisconnect, asyncio.CancelledError):  # the client has gone, or the server ends
            return
        except Exception as error:  # a fault of ours: the traceback is here, the client gets a sentence
            logging.getLogger("dnetlab.serve").exception("%s %s", scope["method"], scope["path"])
            door = scope["door"]
            if door.taken is not None:
                door.taken.close()
                return
            response = self.response(Answer(500, {"message": f"dnetlab has a fault here, not you: {error!r}"}))
        if isinstance(response, StreamingResponse):
            await response(scope, receive, send)
        elif response is not None:
            with scope["door"].together():
                await response(scope, receive, send)

    async def _answer(self, scope: Any, receive: Any) -> Response | None:
        headers = dict(scope["headers"])
        if self._token and headers.get(b"authorization") != b"Bearer " + self._token.encode():
            return self.response(Answer(401, {"message": "this lab asks for its token: Authorization: Bearer TOKEN"}))
        try:
            request = await read(scope, headers.get(b"content-type", b""), receive)
        except TooLarge:
            return self.response(Answer(413, {"message": f"a request may have {MOST >> 20} MiB"}))
        except BadJson as problem:
            return self.response(Answer(400, {"message": f"invalid JSON: {problem}"}))
        stays = staying.handler(request)
        if stays is not None:
            return await stays(staying.Visit(self, scope["door"], b"upgrade" in headers, request))
        answer = await self.desk.ask(self.host, request)
        if not answer.status:
            scope["door"].close()
            return None
        return self.response(answer)

    def response(self, answer: Answer) -> Response:
        headers = {**self.headers, **answer.headers, "Content-Type": content_type(answer)}
        if not headers["Content-Type"]:
            del headers["Content-Type"]
        return Response(content(answer), answer.status, headers)


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
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True) if scope["query_string"] else []
    query, lists = dict(pairs), _lists(pairs)
    if data and b"json" in kind:
        return Request(scope["method"], path, query, _parsed(data), version=version, lists=lists)
    return Request(scope["method"], path, query, data=data, version=version, lists=lists)


def _lists(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
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
