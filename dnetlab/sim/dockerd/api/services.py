"""Services of a swarm: GET, POST and DELETE /services. Only managers answer: ApiError 503 elsewhere.

What the engine does in the background is done when these return: the tasks are placed and started.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dnetlab.model.changed import replace
from dnetlab.sim import clock
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import orchestrator, services, swarm, taskspec
from dnetlab.sim.dockerd.api.create import config_of
from dnetlab.sim.dockerd.api.filters import Filters, check_names, has_label
from dnetlab.sim.dockerd.api.versions import check_version
from dnetlab.sim.dockerd.books import by_id
from dnetlab.sim.dockerd.cluster import membership, specs
from dnetlab.sim.dockerd.cluster.state import PublishedPort, Rollout, Service, ServiceSpec, Swarm, Task, is_up
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.dockerd.names import invent
from dnetlab.sim.programs import logs
from dnetlab.sim.world import World

Json = dict[str, Any]
# -- a specification -------------------------------------------------------------------------------------------------


def spec_of(world: World, host: str, body: Json) -> ServiceSpec:
    """A ServiceSpec of the API as the managers keep it. Raises ApiError for networks that aren't there, Refused."""
    found = membership.manager(world, host)
    written = specs.canonical(body)
    task = written["TaskTemplate"]
    if not task["ContainerSpec"]["Image"]:
        raise ApiError("rpc error: code = InvalidArgument desc = ContainerSpec: image reference must be provided", 400)
    if task["Runtime"] != "container":
        raise Refused("Services of plugins are not modelled.", "A service's tasks are containers here.")
    for owner in (task, written):
        if owner.get("Networks"):
            owner["Networks"] = [{**row, "Target": services.network_id(world, host, found, row.get("Target", ""))}
                                 for row in owner["Networks"]]  # fmt: skip
    return ServiceSpec(written, config_of(world, host, "", taskspec.container_body(task)))


def port_json(port: PublishedPort) -> Json:
    row: Json = {"Protocol": port.protocol, "TargetPort": port.target}
    return row | ({"PublishedPort": port.published} if port.published else {}) | {"PublishMode": port.mode}


# -- operations ------------------------------------------------------------------------------------------------------


def service_create(world: World, host: str, body: Json) -> Json:
    """POST /services/create: {'ID': …, 'Warnings': null}. One without a name is given one. Raises ApiError."""
    taken = {service.spec.name for service in membership.manager(world, host).services.values()}
    spec = spec_of(world, host, {**body, "Name": body.get("Name") or invent(world, taken)})
    swarm.set_up_for(world, host, spec)
    found = services.create(world, host, spec)
    orchestrator.reconcile(world, membership.manager(world, host).id)
    return {"ID": found, "Warnings": None}


def service_update(world: World, host: str, name: str, body: Json, version: int | None = None) -> Json:
    """POST /services/{id}/update: {'Warnings': null}. version: of the service that the client has seen. ApiError."""
    check_version(version, service_inspect(world, host, name))
    spec = spec_of(world, host, body)
    swarm.set_up_for(world, host, spec)
    services.update(world, host, name, spec)
    orchestrator.reconcile(world, membership.manager(world, host).id)
    return {"Warnings": None}


def service_rollback(world: World, host: str, name: str) -> Json:
    """POST /services/{id}/update?rollback=previous. Raises ApiError when it was never changed."""
    found = services.find(membership.manager(world, host), name)
    if found.previous is None:
        raise ApiError(f"rpc error: code = FailedPrecondition desc = service {found.id} does not have a previous spec")
    services.update(world, host, found.id, replace(found.previous), back=True)
    orchestrator.reconcile(world, membership.manager(world, host).id)
    return {"Warnings": None}


def service_delete(world: World, host: str, name: str) -> None:
    """DELETE /services/{id}. Raises ApiError 404."""
    services.remove(world, host, name)
    orchestrator.reconcile(world, membership.manager(world, host).id)


def service_list(world: World, host: str, filters: Filters | None = None, status: bool = False) -> list[Json]:
    """GET /services. Filters id, label, mode, name. status: with the number of its tasks."""
    found, wanted = membership.manager(world, host), filters or {}
    check_names(world, wanted, ("id", "label", "mode", "name", "runtime"))
    return [{**service_json(found, service, world.clock),
             **({"ServiceStatus": _status(world, found, service)} if status else {})}
            for service in found.services.values() if _matches(service, wanted)]  # fmt: skip


MODES = {"Replicated": "replicated", "Global": "global", "ReplicatedJob": "replicated-job", "GlobalJob": "global-job"}


def _matches(service: Service, wanted: Filters) -> bool:
    mode = MODES[service.spec.mode]
    return (
        (not wanted.get("id") or any(service.id.startswith(v) for v in wanted["id"]))
        and (not wanted.get("name") or any(service.spec.name.startswith(v) for v in wanted["name"]))
        and (not wanted.get("mode") or mode in wanted["mode"])
        and all(has_label(service.spec.labels, v) for v in wanted.get("label", ()))
    )


def _status(world: World, found: Swarm, service: Service) -> Json:
    tasks = orchestrator.live(found, service.id)
    up = {node.id for node in found.nodes.values() if is_up(found, node, world.clock)}
    running = sum(task.state == "running" and task.node in up for task in tasks)
    if service.spec.is_job:
        return _status_of_job(found, service, running)
    wanted = len(tasks) if service.spec.replicas is None else service.spec.replicas
    return {"RunningTasks": running, "DesiredTasks": wanted, "CompletedTasks": 0}


def _status_of_job(found: Swarm, service: Service, running: int) -> Json:
    """What is still to be done, at most as many at once as may be (manager/controlapi/service.go)."""
    run = [t for t in services.tasks_of(found, service.id) if t.run == service.runs]
    complete = sum(t.state == "complete" for t in run)
    wanted = sum(t.state not in orchestrator.ENDED for t in run)
    if service.spec.replicas is not None:
        wanted = service.spec.at_once
    return {"RunningTasks": running, "DesiredTasks": wanted, "CompletedTasks": complete}


def service_inspect(world: World, host: str, name: str, insert_defaults: bool = False) -> Json:
    """GET /services/{id}. Raises ApiError 404. insert_defaults: with the values that nobody gave."""
    found = membership.manager(world, host)
    document = service_json(found, services.find(found, name), world.clock)
    return {**document, "Spec": specs.with_defaults(document["Spec"])} if insert_defaults else document


def service_json(found: Swarm, service: Service, now: float) -> Json:
    document: Json = {
        "ID": service.id, "Version": {"Index": service.version + 10},
        "CreatedAt": clock.rfc3339(service.created, service.id),
        "UpdatedAt": clock.rfc3339(service.updated, f"{service.id}{service.version}"),
        "Spec": dict(service.spec.written),
    }  # fmt: skip
    if service.previous is not None:
        document["PreviousSpec"] = dict(service.previous.written)
    given = not service.spec.is_unnamed  # nothing was allocated for it (observed on 28.5.2)
    endpoint: Json = {"Spec": dict(service.spec.written.get("EndpointSpec", {})) if given else {}}
    if service.ports:
        endpoint["Ports"] = [port_json(port) for port in service.ports]
    virtual: list[Json] = [{"NetworkID": key, "Addr": f"{address}/{_width(found, key)}"}
                           for key, address in service.vips.items()]  # fmt: skip
    if service.spec.endpoint_mode == "vip":  # a network that each host makes for itself has no virtual address
        without = (n for n in services.networks_of(found, service.spec) if not n.subnets)
        virtual += [{"NetworkID": network.id} for network in without]
    if virtual:
        endpoint["VirtualIPs"] = virtual
    document["Endpoint"] = endpoint
    if service.rollout is not None:
        document["UpdateStatus"] = _rollout_json(service, service.rollout, now)
    if service.spec.is_job:
        index = {"Index": service.runs} if service.runs else {}
        document["JobStatus"] = {"JobIteration": index, "LastExecution": clock.rfc3339(service.begun, service.id)}
    return document


def _rollout_json(service: Service, rollout: Rollout, now: float) -> Json:
    """How far a change of the tasks has come (swarmkit orchestrator/update/updater.go)."""
    begun = {"StartedAt": clock.rfc3339(rollout.begun, f"{service.id}begun")}
    if now < rollout.done:
        return {"State": "rollback_started", **begun, "Message": "manually requested rollback"} if rollout.back else {
            "State": "updating", **begun, "Message": "update in progress"}  # fmt: skip
    state, what = ("rollback_completed", "rollback") if rollout.back else ("completed", "update")
    done = clock.rfc3339(rollout.done, f"{service.id}done")
    return {"State": state, **begun, "CompletedAt": done, "Message": f"{what} completed"}


def _width(found: Swarm, network_id: str) -> int:
    network = found.networks.get(network_id)
    return network.subnets[0].subnet.prefixlen if network else 24


def service_logs(world: World, host: str, name: str) -> list[Json]:
    """GET /services/{id}/logs: what its tasks printed, in order of time: {'task', 'service', 'slot', 'node', 'stream',
    'text', 'time', 'since_1970', 'at', 'details'}, the last two as the daemon writes them."""
    found = membership.manager(world, host)
    return _logs_of(world, found, services.tasks_of(found, services.find(found, name).id))


def task_logs(world: World, host: str, name: str) -> list[Json]:
    """GET /tasks/{id}/logs: the same of one task. Raises ApiError 404."""
    found = membership.manager(world, host)
    return _logs_of(world, found, [services.find_task(found, name)])


def _logs_of(world: World, found: Swarm, tasks: Iterable[Task]) -> list[Json]:
    rows: list[Json] = []
    for task in tasks:
        node = found.nodes.get(task.node)
        container = by_id(world, node.host, task.container) if node else None
        if node is not None and container is not None:
            whose = ",".join(f"com.docker.swarm.{key}={value}" for key, value in (
                ("node.id", node.id), ("service.id", task.service), ("task.id", task.id)))  # fmt: skip
            rows += [{"task": task.id, "service": task.spec.name, "slot": task.slot, "node": node.host,
                      "stream": stream, "text": text, "time": at, "details": whose, "since_1970": clock.since_1970(at),
                      "at": clock.rfc3339(at, f"{container.id}{number}")}
                     for number, (stream, text, at) in enumerate(logs.read(world, node.host, container.id))]
    return sorted(rows, key=lambda row: float(row["time"]))
