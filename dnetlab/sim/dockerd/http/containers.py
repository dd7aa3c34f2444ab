"""/containers and /exec"""

from __future__ import annotations

import base64
import json
import re

from dnetlab.model import Answer
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError
from dnetlab.sim.dockerd.http.asked import Asked, Json, done


def listed(a: Asked) -> Answer:
    found = a.do(api.container_list, every=a.flag("all"), limit=a.number("limit") or 0, size=a.flag("size"),
                 filters=a.filters())  # fmt: skip
    return Answer(200, found)


def inspected(a: Asked) -> Answer:
    return Answer(200, a.do(api.container_inspect, a.name, a.flag("size")))


def created(a: Asked) -> Answer:
    if a.request.body is None:
        raise ApiError("config cannot be empty in order to create a container", 400)
    return Answer(201, a.do(api.container_create, a.body(), a.text("name")))


def started(a: Asked) -> Answer:
    return done(204 if a.do(api.container_start, a.name) else 304)


def stopped(a: Asked) -> Answer:
    return done(204 if a.do(api.container_stop, a.name, a.number("t"), a.text("signal")) else 304)


def restarted(a: Asked) -> Answer:
    a.do(api.container_restart, a.name, a.number("t"), a.text("signal"))
    return done()


def killed(a: Asked) -> Answer:
    a.do(api.container_kill, a.name, a.text("signal") or "KILL")
    return done()


def renamed(a: Asked) -> Answer:
    a.do(api.container_rename, a.name, a.text("name"))
    return done()


def paused(a: Asked) -> Answer:
    a.do(api.container_pause, a.name)
    return done()


def unpaused(a: Asked) -> Answer:
    a.do(api.container_unpause, a.name)
    return done()


def updated(a: Asked) -> Answer:
    return Answer(200, a.do(api.container_update, a.name, a.wanted_body()))


def waited(a: Asked) -> Answer:
    """Its end, when it has ended; whoever serves this asks again until then (see Staying)."""
    return Answer(200, a.do(api.container_wait, a.name))


def deleted(a: Asked) -> Answer:
    a.do(api.container_delete, a.name, v=a.flag("v"), force=a.flag("force"), link=a.flag("link"))
    return done()


def pruned(a: Asked) -> Answer:
    return Answer(200, a.do(api.container_prune, a.filters()))


def top(a: Asked) -> Answer:
    return Answer(200, a.do(api.container_top, a.name, a.text("ps_args").split()))


def _seconds(a: Asked, name: str) -> float | None:
    """since, until: seconds since 1970, '1795420800.123456789'; none and 0: all."""
    text = a.text(name)
    if not text:
        return None
    if not re.fullmatch(r"-?\d+(\.\d*)?", text):
        raise ApiError(f'failed to parse value as time or duration: "{text}"', 400)
    return float(text) or None


def logs(a: Asked) -> Answer:
    streams = [name for name in ("stdout", "stderr") if a.flag(name)]
    if not streams:
        raise ApiError("Bad parameters: you must choose at least one stream", 400)
    tail = a.text("tail", "all")
    frames = a.do(api.container_logs, a.name, since=_seconds(a, "since"), until=_seconds(a, "until"),
                  timestamps=a.flag("timestamps"), tail=int(tail) if tail.isdecimal() else None,
                  details=a.flag("details"))  # fmt: skip
    return Answer(200, [f for f in frames if f["stream"] in streams], "frames", is_terminal(a))


def is_terminal(a: Asked) -> bool:
    return bool(a.do(api.container_inspect, a.name)["Config"]["Tty"])


def attached(a: Asked) -> Answer:
    """What came to its standard input, if anything did. What it prints, whoever serves this reads from its log."""
    if a.request.stdin is not None:
        a.do(api.container_read, a.name, a.request.stdin)
    return Answer(200, [], "frames", is_terminal(a))


def resized(a: Asked) -> Answer:
    """Terminals have any size here."""
    for name in ("h", "w"):
        if a.number(name) is None:
            raise ApiError(f"invalid resize {'height' if name == 'h' else 'width'} \"\": invalid syntax", 400)
    a.do(api.container_inspect, a.name)
    return done(200)


# -- programs beside process 1 ----------------------------------------------------------------------------------------


def exec_created(a: Asked) -> Answer:
    return Answer(201, a.do(api.container_exec, a.name, a.wanted_body()))


def exec_started(a: Asked) -> Answer:
    """What it printed to its end. A shell that waits for what is typed prints nothing yet: Shell in the headers."""
    body = a.body()
    known = a.do(api.exec_inspect, a.name)
    found = a.do(api.exec_start, a.name, body, stdin=a.request.stdin, stays=True)
    if body.get("Detach"):
        return done(200)
    waits = {"Shell": "open"} if found["Terminal"] is not None else {}
    return Answer(200, found["Frames"], "frames", bool(known["ProcessConfig"]["tty"]), waits)


def exec_inspected(a: Asked) -> Answer:
    return Answer(200, a.do(api.exec_inspect, a.name))


def exec_resized(a: Asked) -> Answer:
    a.do(api.exec_inspect, a.name)
    return done(200)


# -- files ------------------------------------------------------------------------------------------------------------


def encoded(stat: Json) -> str:
    """X-Docker-Container-Path-Stat"""
    return base64.b64encode(json.dumps(stat).encode()).decode()


ROUTES = {
    ("GET", "/containers/json"): listed,
    ("POST", "/containers/create"): created,
    ("POST", "/containers/prune"): pruned,
    ("GET", "/containers/{name}/json"): inspected,
    ("GET", "/containers/{name}/top"): top,
    ("GET", "/containers/{name}/logs"): logs,
    ("POST", "/containers/{name}/start"): started,
    ("POST", "/containers/{name}/stop"): stopped,
    ("POST", "/containers/{name}/restart"): restarted,
    ("POST", "/containers/{name}/kill"): killed,
    ("POST", "/containers/{name}/rename"): renamed,
    ("POST", "/containers/{name}/pause"): paused,
    ("POST", "/containers/{name}/unpause"): unpaused,
    ("POST", "/containers/{name}/update"): updated,
    ("POST", "/containers/{name}/wait"): waited,
    ("POST", "/containers/{name}/attach"): attached,
    ("POST", "/containers/{name}/resize"): resized,
    ("DELETE", "/containers/{name}"): deleted,
    ("POST", "/containers/{name}/exec"): exec_created,
    ("POST", "/exec/{name}/start"): exec_started,
    ("POST", "/exec/{name}/resize"): exec_resized,
    ("GET", "/exec/{name}/json"): exec_inspected,
}
