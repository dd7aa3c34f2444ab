"""Archives, changes, images that are made, what is used and what happened.

An operation's archive is base64, as JSON has no bytes; over HTTP it is the tar itself.
"""

from __future__ import annotations

import base64
import json
import shlex

from dnetlab.model import Answer
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError, NotModelled
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.http.asked import Asked, Json, done
from dnetlab.sim.profiles.engine import numbers


def _tar(a: Asked) -> str:
    return base64.b64encode(a.request.data).decode()


def _as_bytes(text: str) -> Answer:
    return Answer(200, base64.b64decode(text), "bytes")


def _path(a: Asked) -> str:
    if not a.text("path"):
        raise ApiError("bad parameter: pathcannot be empty", 400)
    return a.text("path")


def _stat(found: Json) -> dict[str, str]:
    return {"X-Docker-Container-Path-Stat": base64.b64encode(json.dumps(found).encode()).decode()}


def archive_info(a: Asked) -> Answer:
    found = a.do(api.container_archive_info, a.name, _path(a))
    return Answer(200, None, "nothing", headers=_stat(found))


def archive(a: Asked) -> Answer:
    found = a.do(api.container_archive, a.name, _path(a))
    return Answer(200, base64.b64decode(found["Archive"]), "bytes", headers=_stat(found["Stat"]))


def archive_put(a: Asked) -> Answer:
    a.do(api.put_container_archive, a.name, _path(a), _tar(a))
    return done(200)


def changes(a: Asked) -> Answer:
    return Answer(200, a.do(api.container_changes, a.name) or None)


def export(a: Asked) -> Answer:
    return _as_bytes(a.do(api.container_export, a.name))


def stats(a: Asked) -> Answer:
    """One reading; whoever serves it asks again every second while somebody listens."""
    return Answer(200, a.do(api.container_stats, a.name))


def _lines(a: Asked) -> list[str]:
    """changes: instructions of a Dockerfile, once for each, or several in one."""
    return [line for text in a.request.lists.get("changes", ()) for line in text.splitlines() if line.strip()]


def commit(a: Asked) -> Answer:
    body = a.body()
    made = a.do(api.image_commit, a.text("container"), body or None, repo=a.text("repo"), tag=a.text("tag"),
                comment=a.text("comment"), author=a.text("author"), pause=a.flag("pause", True),
                changes=_lines(a))  # fmt: skip
    return Answer(201, made)


def created(a: Asked) -> Answer:
    """POST /images/create: pull, or an image of the files that come along."""
    if a.text("fromSrc"):
        if a.text("fromSrc") != "-":
            return _no_web(a)
        found = a.do(api.image_import, _tar(a), repo=a.text("repo"), tag=a.text("tag"), message=a.text("message"),
                     changes=_lines(a))  # fmt: skip
        return Answer(200, found, "lines")
    if not a.text("fromImage"):
        raise ApiError('Get "http:": http: no Host in request URL')
    return Answer(200, a.do(api.image_create, a.text("fromImage"), a.text("tag")), "lines")


def _no_web(a: Asked) -> Answer:
    raise ApiError(f"Get {shlex.quote(a.text('fromSrc'))}: dial tcp: lookup failed: no such host", 500)


def got(a: Asked) -> Answer:
    return _as_bytes(a.do(api.image_get, a.request.lists.get("names", ())))


def got_one(a: Asked) -> Answer:
    return _as_bytes(a.do(api.image_get, [a.name]))


def loaded(a: Asked) -> Answer:
    return Answer(200, a.do(api.image_load, _tar(a)), "lines")


def history(a: Asked) -> Answer:
    return Answer(200, a.do(api.image_history, a.name))


def disk(a: Asked) -> Answer:
    """type: of which kinds, which versions before 1.42 don't ask."""
    asked = numbers(a.request.version or release_of(a.world).api) >= (1, 42)
    return Answer(200, a.do(api.system_data_usage, kinds=a.request.lists.get("type", ()) if asked else ()))


def built(a: Asked) -> Answer:
    """POST /build: by the daemon's own builder; a context from somewhere else is none of the lab's."""
    if a.text("remote") or a.text("version") == "2":
        raise NotModelled("BuildKit and contexts from elsewhere are not modelled.",
                          "Send the context to the daemon's own builder: DOCKER_BUILDKIT=0 docker build .")  # fmt: skip
    said = a.do(api.image_build, _tar(a), dockerfile=a.text("dockerfile") or "Dockerfile",
                t=a.request.lists.get("t", ()), buildargs=_named(a, "buildargs"), target=a.text("target"),
                nocache=a.flag("nocache"), labels=_named(a, "labels"))  # fmt: skip
    quiet = [one for one in said if "aux" in one or "error" in one]
    if a.flag("q") and not any("error" in one for one in said):
        return Answer(200, [{"stream": f"{one['aux']['ID']}\n"} for one in quiet], "lines")
    return Answer(200, said, "lines")


def _named(a: Asked, name: str) -> dict[str, str]:
    """A JSON object of texts; one without a value is left out."""
    try:
        return {key: str(value) for key, value in json.loads(a.text(name) or "{}").items() if value is not None}
    except (ValueError, AttributeError):
        raise ApiError(f"invalid JSON: {name}", 400) from None


def build_pruned(a: Asked) -> Answer:
    return Answer(200, a.do(api.build_prune))


def _moment(a: Asked, name: str) -> float | None:
    try:
        return float(a.text(name)) if a.text(name) else None
    except ValueError:
        raise ApiError(f'failed to parse value as time or duration: "{a.text(name)}"', 400) from None


def events(a: Asked) -> Answer:
    """Those of the past; whoever serves it asks again while somebody listens."""
    return Answer(200, a.do(api.system_events, since=_moment(a, "since"), until=_moment(a, "until"),
                            filters=a.filters()), "lines")  # fmt: skip


ROUTES = {
    ("GET", "/containers/{name}/archive"): archive,
    ("HEAD", "/containers/{name}/archive"): archive_info,
    ("PUT", "/containers/{name}/archive"): archive_put,
    ("GET", "/containers/{name}/changes"): changes,
    ("GET", "/containers/{name}/export"): export,
    ("GET", "/containers/{name}/stats"): stats,
    ("POST", "/commit"): commit,
    ("POST", "/images/create"): created,
    ("GET", "/images/get"): got,
    ("GET", "/images/{name}/get"): got_one,
    ("GET", "/images/{name}/history"): history,
    ("POST", "/images/load"): loaded,
    ("GET", "/system/df"): disk,
    ("GET", "/events"): events,
    ("POST", "/build"): built,
    ("POST", "/build/prune"): build_pruned,
}
