"""A registry (distribution) that holds no image: what it answers over HTTP.

Observed on distribution 2.8.2 with curl; images are not pushed in the lab, so its catalogue stays empty.
"""

from __future__ import annotations

import json
import re
from typing import Any

Answer = tuple[int, dict[str, str], str, str]  # status, headers, body, reason

_JSON, _TEXT = "application/json; charset=utf-8", "text/plain; charset=utf-8"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = rf"(?P<name>{_PART}(?:/{_PART})*)"
_ROUTES = {  # what stands behind /v2/, and the methods it has
    "catalog": (re.compile(r"_catalog"), ("GET",)),
    "tags": (re.compile(rf"{_NAME}/tags/list"), ("GET",)),
    "manifest": (re.compile(rf"{_NAME}/manifests/(?P<reference>[\w:.-]+)"), ("DELETE", "GET", "HEAD", "PUT")),
}


def answer(method: str, path: str) -> Answer:
    """What is said to a request; `path` may have a query."""
    place = path.partition("?")[0]
    if place == "/":  # the health of the server
        return 200, {"Cache-Control": "no-cache"}, "", "OK"
    if place == "/v2/":
        return _told(200, "{}", _JSON)
    found = _route(place)
    if found is None and (other := _elsewhere(place)):
        return _moved(other)
    if found is None:
        return _told(404, "404 page not found\n", _TEXT, {"X-Content-Type-Options": "nosniff"})
    kind, parts = found
    allowed = _ROUTES[kind][1]
    if method not in allowed:
        more = {"Allow": ", ".join(allowed), "X-Content-Type-Options": "nosniff"}
        return _told(405, "Method not allowed\n", _TEXT, more)
    if kind == "catalog":
        return _told(200, '{"repositories":[]}\n', _JSON)
    if kind == "tags":
        return _error("NAME_UNKNOWN", "repository name not known to registry", {"name": parts["name"]})
    return _error("MANIFEST_UNKNOWN", "manifest unknown", {"Tag": parts["reference"]})


def _route(path: str) -> tuple[str, dict[str, str]] | None:
    for kind, (pattern, _) in _ROUTES.items():
        match = pattern.fullmatch(path.removeprefix("/v2/")) if path.startswith("/v2/") else None
        if match is not None:
            return kind, match.groupdict()
    return None


def _elsewhere(path: str) -> str:
    """A path that differs from a route by its last slash only leads there."""
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    return other if other == "/v2/" or _route(other) else ""


def _moved(path: str) -> Answer:
    text = f'<a href="{path}">Moved Permanently</a>.\n\n'
    return _told(301, text, "text/html; charset=utf-8", {"Location": path})


def _error(code: str, message: str, detail: dict[str, Any]) -> Answer:
    told = {"errors": [{"code": code, "message": message, "detail": detail}]}
    return _told(404, json.dumps(told, separators=(",", ":")) + "\n", _JSON)


def _told(status: int, body: str, kind: str, more: dict[str, str] | None = None) -> Answer:
    reason = {200: "OK", 301: "Moved Permanently", 404: "Not Found", 405: "Method Not Allowed"}[status]
    headers = {"Content-Type": kind, "Docker-Distribution-Api-Version": "registry/2.0", **(more or {})}
    return status, headers, body, reason
