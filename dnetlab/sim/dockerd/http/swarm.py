"""/swarm, /nodes, /services, /tasks, and what only swarms have"""

from __future__ import annotations

from dnetlab.model import Answer
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError
from dnetlab.sim.dockerd.http.asked import Asked, Json, capital, done


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
    spec = a.wanted_body()
    flat = {}
    history = (spec.get("Orchestration") or {}).get("TaskHistoryRetentionLimit")
    beat = (spec.get("Dispatcher") or {}).get("HeartbeatPeriod")
    if history is not None:
        flat["TaskHistoryLimit"] = history
    if beat:
        flat["HeartbeatSeconds"] = beat // 1_000_000_000
    a.do(api.swarm_update, rotate_worker=a.flag("rotateWorkerToken"), rotate_manager=a.flag("rotateManagerToken"),
         body=flat)  # fmt: skip
    return done(200)


def unlock_key(a: Asked) -> Answer:
    return Answer(200, a.do(api.swarm_unlock_key))


def nodes(a: Asked) -> Answer:
    return Answer(200, a.do(api.node_list, a.filters()))


def node(a: Asked) -> Answer:
    return Answer(200, a.do(api.node_inspect, a.name))


def node_updated(a: Asked) -> Answer:
    _check_version(a, "node")
    a.do(api.node_update, a.name, a.wanted_body())
    return done(200)


def _check_version(a: Asked, kind: str) -> None:
    """Who changes a thing of a swarm says which version of it he has seen. ApiError 400 (swarm/cluster_routes.go)."""
    seen = a.text("version")
    if not seen.isdecimal():
        raise ApiError(f"invalid {kind} version '{seen}': strconv.ParseUint: parsing \"{seen}\": invalid syntax", 400)


def node_deleted(a: Asked) -> Answer:
    a.do(api.node_delete, a.name, a.flag("force"))
    return done(200)


def services(a: Asked) -> Answer:
    return Answer(200, a.do(api.service_list, a.filters()))


def service(a: Asked) -> Answer:
    return Answer(200, a.do(api.service_inspect, a.name))


def service_created(a: Asked) -> Answer:
    """The warning about a registry is the client's own since 1.30 (moby client/service_create.go)."""
    return Answer(201, {**a.do(api.service_create, _spec(a)), "Warnings": None})


def _spec(a: Asked) -> Json:
    """A ServiceSpec; clients write its mode as `replicated` and `global`, too."""
    spec = a.wanted_body()
    mode = spec.get("Mode")
    return {**spec, "Mode": capital(mode)} if isinstance(mode, dict) else spec


def service_updated(a: Asked) -> Answer:
    a.do(api.service_inspect, a.name)
    if a.text("rollback") == "previous":
        return Answer(200, a.do(api.service_rollback, a.name))
    _check_version(a, "service")
    return Answer(200, a.do(api.service_update, a.name, _spec(a)))


def service_deleted(a: Asked) -> Answer:
    a.do(api.service_delete, a.name)
    return done(200)


def service_logs(a: Asked) -> Answer:
    return Answer(200, a.do(api.service_logs, a.name), "frames")


def tasks(a: Asked) -> Answer:
    return Answer(200, a.do(api.task_list, a.filters()))


def task(a: Asked) -> Answer:
    return Answer(200, a.do(api.task_inspect, a.name))


def none_here(a: Asked) -> Answer:
    return Answer(200, a.do(api.swarm_objects))


def no_such(a: Asked) -> Answer:
    """A secret or a config: there are none."""
    a.do(api.swarm_objects)
    raise ApiError(f"{a.request.path.split('/')[1].removesuffix('s')} {a.name} not found", 404)


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
    ("GET", "/nodes"): nodes,
    ("GET", "/nodes/{name}"): node,
    ("POST", "/nodes/{name}/update"): node_updated,
    ("DELETE", "/nodes/{name}"): node_deleted,
    ("GET", "/services"): services,
    ("POST", "/services/create"): service_created,
    ("GET", "/services/{name}"): service,
    ("POST", "/services/{name}/update"): service_updated,
    ("DELETE", "/services/{name}"): service_deleted,
    ("GET", "/services/{name}/logs"): service_logs,
    ("GET", "/tasks"): tasks,
    ("GET", "/tasks/{name}"): task,
    ("GET", "/secrets"): none_here,
    ("GET", "/configs"): none_here,
    ("GET", "/secrets/{name}"): no_such,
    ("GET", "/configs/{name}"): no_such,
    ("GET", "/plugins"): no_plugins,
    ("GET", "/plugins/{name}/json"): no_such_plugin,
}
