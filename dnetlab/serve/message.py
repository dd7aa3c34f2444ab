"""A request out of HTTP and an answer into it: values of bytes and bytes of values."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

import httptools

from dnetlab.model import Answer, Request
from dnetlab.serve.wire import MULTIPLEXED, RAW, encoded, framed

_VERSION = re.compile(r"/v(\d+\.\d+)(/.*)")
_KINDS = {"json": "application/json", "lines": "application/json", "text": "text/plain; charset=utf-8",
          "bytes": "application/x-tar", "nothing": ""}  # fmt: skip
_BODILESS = (204, 304)  # RFC 9110, 8.6


class BadJson(Exception):
    """A body that says it is JSON and is none."""


class Target(NamedTuple):
    """What a request names. path: without the version, '' where it has none. lists: what may come more than once."""

    path: str
    version: str
    query: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]


@lru_cache(256)  # clients ask the same again and again
def target(url: bytes) -> Target:
    """Raises httptools.HttpParserInvalidURLError."""
    parts = httptools.parse_url(url)
    path, version = unquote(parts.path.decode("ascii")), ""
    if found := _VERSION.fullmatch(path):
        version, path = found.groups()
    pairs = parse_qsl((parts.query or b"").decode("latin-1"), keep_blank_values=True)
    return Target(path, version, dict(pairs), _lists(pairs))


def _lists(pairs: list[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Those that Docker's clients say more than once."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if name in ("names", "changes", "t", "type"):
            found[name] = (*found.get(name, ()), value)
    return found


def request_of(method: str, url: bytes, kind: bytes = b"", data: bytes = b"") -> Request:
    """kind: of its body, as the client says. Raises BadJson and httptools.HttpParserInvalidURLError."""
    path, version, query, lists = target(url)
    if data and b"json" in kind:
        return Request(method, path, query, _parsed(data), version=version, lists=lists)
    return Request(method, path, query, data=data, version=version, lists=lists)


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadJson(str(error)) from None


def answered(answer: Answer, always: bytes, method: str, goes_on: bool) -> bytes:
    """The answer as it travels. always: header lines that every answer has; goes_on: the connection stays open."""
    body, kind = content(answer), content_type(answer)
    said = f"HTTP/1.1 {answer.status} {_phrase(answer.status)}\r\n"
    more = "".join([f"{name}: {value}\r\n" for name, value in answer.headers.items()])
    if kind:
        more += f"Content-Type: {kind}\r\n"
    if answer.status not in _BODILESS:
        more += f"Content-Length: {len(body)}\r\n"
    if not goes_on:
        more += "Connection: close\r\n"
    head = said.encode() + always + more.encode("latin-1", "replace") + b"\r\n"
    return head if method == "HEAD" or answer.status in _BODILESS else head + body


@lru_cache
def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def lines(headers: Mapping[str, str]) -> bytes:
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()]).encode("latin-1", "replace")


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
