"""Tasks of a swarm: GET /tasks. Only managers answer: ApiError 503 elsewhere."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.clock import rfc3339
from dnetlab.sim.dockerd import services
from dnetlab.sim.dockerd.api.filters import Filters, check_names, has_label
from dnetlab.sim.dockerd.api.nodes import find as find_node
from dnetlab.sim.dockerd.api.services import port_json
from dnetlab.sim.dockerd.cluster import membership
from dnetlab.sim.dockerd.cluster.state import Swarm, Task
from dnetlab.sim.world import World

Json = dict[str, Any]
FILTERS = ("desired-state", "id", "label", "name", "node", "service", "runtime")


def task_list(world: World, host: str, filters: Filters | None = None) -> list[Json]:
    """GET /tasks: the newest first. Filters desired-state, id, name, node, service. Raises ApiError 404."""
    found, wanted = membership.manager(world, host), filters or {}
    check_names(world, wanted, FILTERS)
    owners = {services.find(found, name).id for name in wanted.get("service", ())}
    nodes = {find_node(world, host, name).id for name in wanted.get("node", ())}
    rows = [task for task in found.tasks.values() if (not owners or task.service in owners)
            and (not nodes or task.node in nodes) and _matches(found, task, wanted)]  # fmt: skip
    return [task_json(found, task) for task in sorted(rows, key=lambda t: -t.created)]


def _matches(found: Swarm, task: Task, wanted: Filters) -> bool:
    name = f"{task.spec.name}.{task.slot or task.node}.{task.id}"
    return (
        (not wanted.get("id") or any(task.id.startswith(v) for v in wanted["id"]))
        and (not wanted.get("name") or any(name.startswith(v) for v in wanted["name"]))
        and (not wanted.get("desired-state") or task.desired in wanted["desired-state"])
        and all(has_label(task.spec.labels, v) for v in wanted.get("label", ()))
    )


def task_inspect(world: World, host: str, name: str) -> Json:
    """GET /tasks/{id}. Raises ApiError 404."""
    found = membership.manager(world, host)
    return task_json(found, services.find_task(found, name))


def task_json(found: Swarm, task: Task) -> Json:
    """A task as the API writes it (moby api/types/swarm.Task)."""
    status: Json = {"Timestamp": rfc3339(task.since, task.id), "State": task.state, "Message": _message(task)}
    if task.error:
        status["Err"] = task.error
    if task.container:
        status["ContainerStatus"] = {"ContainerID": task.container, "PID": 0, "ExitCode": task.exit_code or 0}
    host_ports = [port_json(p) for p in task.spec.ports if p.mode == "host"]
    status["PortStatus"] = {"Ports": host_ports} if host_ports and task.state == "running" else {}
    document: Json = {
        "ID": task.id, "Version": {"Index": 20}, "CreatedAt": rfc3339(task.created, task.id),
        "UpdatedAt": rfc3339(task.since, task.id), "Labels": {}, "Spec": dict(task.spec.task),
        "ServiceID": task.service,
    }  # fmt: skip
    if task.slot:
        document["Slot"] = task.slot
    return document | {"NodeID": task.node, "Status": status, "DesiredState": task.desired}


def _message(task: Task) -> str:
    return {"running": "started", "pending": "pending task scheduling", "failed": "started", "complete": "finished",
            "rejected": "preparing", "shutdown": "shutdown"}.get(task.state, task.state)  # fmt: skip
