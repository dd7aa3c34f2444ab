"""A registry (distribution): what it answers over HTTP. Observed on distribution 2.8.2 with curl."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, quote_plus

from dnetlab.sim.context import Refused
from dnetlab.sim.programs.registryfiles import Shelf

Answer = tuple[int, dict[str, str], str, str]  # status, headers, body, reason

_JSON, _TEXT = "application/json; charset=utf-8", "text/plain; charset=utf-8"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_NAME = rf"(?P<name>{_PART}(?:/{_PART})*)"
_ROUTES = {  # what stands behind /v2/, and the methods it has
    "catalog": (re.compile(r"_catalog"), ("GET",)),
    "tags": (re.compile(rf"{_NAME}/tags/list"), ("GET",)),
    "manifest": (re.compile(rf"{_NAME}/manifests/(?P<reference>[\w:.-]+)"), ("DELETE", "GET", "HEAD", "PUT")),
}


def answer(method: str, path: str, shelf: Shelf) -> Answer:
    """What is said to a request; `path` may have a query. shelf: what the registry holds. Refused for a manifest."""
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
        return _catalog(path.partition("?")[2], list(shelf))
    tags = shelf.get(parts["name"], {})
    if kind == "tags" and not tags:
        return _error("NAME_UNKNOWN", "repository name not known to registry", {"name": parts["name"]})
    if kind == "tags":
        return _as_json({"name": parts["name"], "tags": list(tags)})
    if parts["reference"] in {*tags, *tags.values()}:
        raise Refused(
            "What is written in a manifest is not modelled.",
            "docker image inspect -f '{{{{.RepoDigests}}}}' IMAGE tells its digest.",
        )
    return _error("MANIFEST_UNKNOWN", "manifest unknown", {"Tag": parts["reference"]})


def _catalog(query: str, names: list[str]) -> Answer:
    """All names, or with `n` so many of them behind `last`; then a link leads to the next."""
    asked = parse_qs(query)
    names = [name for name in names if name > asked.get("last", [""])[0]]
    most = asked.get("n", [""])[0]
    if not most.isdecimal() or int(most) >= len(names):
        return _as_json({"repositories": names})
    shown = names[: int(most)]
    link = {"Link": f'</v2/_catalog?last={quote_plus(shown[-1])}&n={most}>; rel="next"'} if shown else {}
    return _as_json({"repositories": shown}, link)


def _as_json(value: dict[str, Any], more: dict[str, str] | None = None) -> Answer:
    return _told(200, json.dumps(value, separators=(",", ":")) + "\n", _JSON, more)


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
