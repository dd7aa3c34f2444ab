"""/swarm, /nodes, /services, /tasks, and what only swarms have"""

from __future__ import annotations

from dnetlab.model import Answer
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError
from dnetlab.sim.dockerd.http.asked import Asked, Json, done


def inited(a: Asked) -> Answer:
    return Answer(200, a.do(api.swarm_init, a.wanted_body()))


def joined(a: Asked) -> Answer:
    a.do(api.swarm_join, a.wanted_body())
    return done(200)


def left(a: Asked) -> Answer:
    a.do(api.swarm_leave, a.flag("force"))
    return done(200)


def inspected(a: Asked) -> Answer:
    return Answer(200, a.do(api.swarm_inspect))


def updated(a: Asked) -> Answer:
    a.do(api.swarm_update, rotate_worker=a.flag("rotateWorkerToken"), rotate_manager=a.flag("rotateManagerToken"),
         rotate_key=a.flag("rotateManagerUnlockKey"), body=a.wanted_body(), version=seen(a, "swarm"))  # fmt: skip
    return done(200)


def seen(a: Asked, kind: str) -> int:
    """`version`: of what the client changes, as he has seen it. Raises ApiError 400."""
    text = a.text("version")
    if not text.isdecimal():
        raise ApiError(f"invalid {kind} version '{text}': strconv.ParseUint: parsing \"{text}\": invalid syntax", 400)
    return int(text)


def unlocked(a: Asked) -> Answer:
    a.do(api.swarm_unlock, a.wanted_body())
    return done(200)


def unlock_key(a: Asked) -> Answer:
    return Answer(200, a.do(api.swarm_unlock_key))


def nodes(a: Asked) -> Answer:
    return Answer(200, a.do(api.node_list, a.filters()))


def node(a: Asked) -> Answer:
    return Answer(200, a.do(api.node_inspect, a.name))


def node_updated(a: Asked) -> Answer:
    a.do(api.node_update, a.name, a.wanted_body(), version=seen(a, "node"))
    return done(200)


def node_deleted(a: Asked) -> Answer:
    a.do(api.node_delete, a.name, a.flag("force"))
    return done(200)


def services(a: Asked) -> Answer:
    return Answer(200, a.do(api.service_list, a.filters(), a.flag("status")))


def service(a: Asked) -> Answer:
    return Answer(200, a.do(api.service_inspect, a.name, a.flag("insertDefaults")))


def service_created(a: Asked) -> Answer:
    return Answer(201, a.do(api.service_create, a.wanted_body()))


def service_updated(a: Asked) -> Answer:
    a.do(api.service_inspect, a.name)
    if a.text("rollback") == "previous":
        return Answer(200, a.do(api.service_rollback, a.name))
    return Answer(200, a.do(api.service_update, a.name, a.wanted_body(), version=seen(a, "service")))


def service_deleted(a: Asked) -> Answer:
    a.do(api.service_delete, a.name)
    return done(200)


def service_logs(a: Asked) -> Answer:
    return _logs(a, a.do(api.service_logs, a.name))


def task_logs(a: Asked) -> Answer:
    return _logs(a, a.do(api.task_logs, a.name))


def _logs(a: Asked, rows: list[Json]) -> Answer:
    """With `details` each line says first whose it is (moby daemon/logs.go, service logs)."""
    streams = [name for name in ("stdout", "stderr") if a.flag(name)]
    if not streams:
        raise ApiError("Bad parameters: you must choose at least one stream", 400)
    chosen = [row for row in rows if row["stream"] in streams]
    tail = a.text("tail", "all")
    chosen = chosen[len(chosen) - int(tail) if tail.isdecimal() and int(tail) <= len(chosen) else 0 :]
    return Answer(200, [{"stream": row["stream"], "text": _line(a, row)} for row in chosen], "frames")


def _line(a: Asked, row: Json) -> str:
    time = f"{row['at']} " if a.flag("timestamps") else ""
    return time + (f"{row['details']} " if a.flag("details") else "") + str(row["text"])


def tasks(a: Asked) -> Answer:
    return Answer(200, a.do(api.task_list, a.filters()))


def task(a: Asked) -> Answer:
    return Answer(200, a.do(api.task_inspect, a.name))


# -- secrets and configs ----------------------------------------------------------------------------------------------


def _kind(a: Asked) -> str:
    return a.request.path.split("/")[1].removesuffix("s")


def contents(a: Asked) -> Answer:
    return Answer(200, a.do(api.content_list, _kind(a), a.filters()))


def content(a: Asked) -> Answer:
    return Answer(200, a.do(api.content_inspect, _kind(a), a.name))


def content_created(a: Asked) -> Answer:
    return Answer(201, a.do(api.content_create, _kind(a), a.wanted_body()))


def content_updated(a: Asked) -> Answer:
    a.do(api.content_update, _kind(a), a.name, a.wanted_body(), version=seen(a, _kind(a)))
    return done(200)


def content_deleted(a: Asked) -> Answer:
    a.do(api.content_delete, _kind(a), a.name)
    return done()


def no_plugins(a: Asked) -> Answer:
    return Answer(200, [])


def no_such_plugin(a: Asked) -> Answer:
    raise ApiError(f'plugin "{a.name}" not found', 404)


ROUTES = {
    ("GET", "/swarm"): inspected,
    ("POST", "/swarm/init"): inited,
    ("POST", "/swarm/join"): joined,
    ("POST", "/swarm/leave"): left,
    ("POST", "/swarm/update"): updated,
    ("GET", "/swarm/unlockkey"): unlock_key,
    ("POST", "/swarm/unlock"): unlocked,
    ("GET", "/nodes"): nodes,
    ("GET", "/nodes/{name}"): node,
    ("POST", "/nodes/{name}/update"): node_updated,
    ("DELETE", "/nodes/{name}"): node_deleted,
    ("GET", "/services"): services,
    ("POST", "/services/create"): service_created,
    ("POST", "/services/{name}/update"): service_updated,
    ("DELETE", "/services/{name}"): service_deleted,
    ("GET", "/services/{name}/logs"): service_logs,
    ("GET", "/services/{name}"): service,
    ("GET", "/tasks"): tasks,
    ("GET", "/tasks/{name}/logs"): task_logs,
    ("GET", "/tasks/{name}"): task,
    ("GET", "/plugins"): no_plugins,
    ("GET", "/plugins/{name}/json"): no_such_plugin,
    **{(method, f"/{kind}{path}"): function for kind in ("secrets", "configs") for method, path, function in (
        ("GET", "", contents), ("POST", "/create", content_created), ("GET", "/{name}", content),
        ("POST", "/{name}/update", content_updated), ("DELETE", "/{name}", content_deleted),
    )},
}  # fmt: skip
