"""What a row of the journal says of a line that a client of a daemon made; other lines have none of these keys.

    "request": {"method": "POST", "path": "/containers/create", "query": {"name": "web1"}, "body": {…}, …}
    "terminal": "docker1 exec 5f0c…", "clock": 12.25
"""

from __future__ import annotations

import base64
from typing import Any

from dnetlab.model import Line, Request


def client_data(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if line.request is not None:
        found["request"] = _request_data(line.request)
    if line.session:
        found["terminal"] = line.session
    if line.clock is not None:
        found["clock"] = line.clock
    return found


def _request_data(request: Request) -> dict[str, Any]:
    return {
        "method": request.method, "path": request.path, "query": dict(request.query), "body": request.body,
        "data": base64.b64encode(request.data).decode("ascii"), "stdin": request.stdin, "version": request.version,
        "lists": {name: list(values) for name, values in request.lists.items()},
    }  # fmt: skip


def client_of(row: dict[str, Any]) -> tuple[Request | None, str, float | None]:
    """The request, the session and the clock of a row. KeyError, TypeError or ValueError for what none can be."""
    request, clock = row.get("request"), row.get("clock")
    return (
        None if request is None else _request(request), text(row.get("terminal", "")),
        None if clock is None else float(clock),
    )  # fmt: skip


def _request(data: dict[str, Any]) -> Request:
    query = {text(name): text(value) for name, value in dict(data["query"]).items()}
    stdin = data["stdin"]
    return Request(text(data["method"]), text(data["path"]), query, data["body"],
                   base64.b64decode(text(data["data"]), validate=True), None if stdin is None else text(stdin),
                   text(data["version"]), _lists(data.get("lists", {})))  # fmt: skip


def _lists(data: object) -> dict[str, tuple[str, ...]]:
    return {text(name): tuple(text(v) for v in list(values)) for name, values in dict(data).items()}  # type: ignore[call-overload]


def text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
