"""The Engine API over the socket of a host, as `curl --unix-socket /var/run/docker.sock` asks it."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

from dnetlab.model import Answer, Request
from dnetlab.sim.context import Context, Refused
from dnetlab.sim.dockerd.mounts import SOCKETS
from dnetlab.sim.tools.web import Reply

_VERSION = re.compile(r"/v(\d+\.\d+)(/.*)")
_ENDLESS = re.compile(r"/events|/(containers|services)/.+/(attach|attach/ws|logs)|/containers/.+/stats|/exec/.+/start")
_KINDS = {
    "json": "application/json",
    "lines": "application/json",
    "text": "text/plain; charset=utf-8",
    "frames": "application/vnd.docker.multiplexed-stream",
    "bytes": "application/x-tar",
    "nothing": "",
}


class NobodyListens(Exception):
    """There is no such socket, or no daemon behind it."""


def ask(context: Context, path: str, method: str, target: str, kind: str, data: str) -> Reply:
    """target: path and query; kind: the Content-Type of the data. Raises NobodyListens, and Refused."""
    from dnetlab.sim.dockerd.http import answer, common_headers

    if path not in SOCKETS or context.container or context.host not in context.world.daemons:
        raise NobodyListens
    asked = _request(method, target, kind, data)
    if isinstance(asked, Answer):
        found = asked
    else:
        _refuse_endless(asked)
        found = answer(context.world, context.host, asked)
    if found.refused is not None:
        raise Refused(found.refused.why, found.refused.instead)
    if not found.status:
        raise NobodyListens
    headers = {**common_headers(context.world), **found.headers, "Content-Type": _KINDS[found.kind]}
    body = "" if method == "HEAD" else found.printed
    rows = [*((name, value) for name, value in headers.items() if value), ("Content-Length", str(len(body.encode())))]
    return Reply(found.status, tuple(rows), body, HTTPStatus(found.status).phrase)


def _request(method: str, target: str, kind: str, data: str) -> Request | Answer:
    path, _, query = target.partition("?")
    version = ""
    if found := _VERSION.fullmatch(path):
        version, path = found.groups()
    pairs = parse_qsl(query, keep_blank_values=True)
    lists: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        lists[name] = (*lists.get(name, ()), value)
    repeated = {name: values for name, values in lists.items() if name in ("names", "changes", "t")}
    if data and "json" not in kind:
        text = f"unsupported Content-Type header ({kind}): must be 'application/json'"
        return Answer(400, {"message": text})
    try:
        body = json.loads(data) if data else None
    except json.JSONDecodeError as error:
        return Answer(400, {"message": f"invalid JSON: {_in_gos_words(data, error.pos)}"})
    return Request(method, unquote(path), dict(pairs), body, version=version, lists=repeated)


def _in_gos_words(data: str, place: int) -> str:
    """Why it can't be read (encoding/json)."""
    if place >= len(data):
        return "unexpected EOF"
    return f"invalid character {data[place]!r} looking for beginning of value"


def _refuse_endless(asked: Request) -> None:
    """A command of the lab ends."""
    query = asked.query
    bounded = query.get("until") or query.get("stream", "1") in ("0", "false")
    if asked.path.endswith("/logs") and query.get("follow", "0") in ("0", "false"):
        return
    if _ENDLESS.fullmatch(asked.path) and not bounded:
        raise Refused("{path} answers for as long as somebody listens, and a command of the lab ends.",
                      "The docker command asks it: docker logs, docker stats --no-stream, docker exec.",
                      path=asked.path)  # fmt: skip
