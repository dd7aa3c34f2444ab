"""Services of a swarm: GET, POST and DELETE /services. Only managers answer: ApiError 503 elsewhere.

What the engine does in the background is done when these return: the tasks are placed and started.
"""

from __future__ import annotations

from typing import Any

from dnetlab.model.changed import replace
from dnetlab.sim import clock
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import orchestrator, services, swarm
from dnetlab.sim.dockerd.api.filters import Filters, check_names, has_label
from dnetlab.sim.dockerd.books import by_id
from dnetlab.sim.dockerd.cluster import membership
from dnetlab.sim.dockerd.cluster.state import PublishedPort, Service, ServiceSpec, Swarm, is_up
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.programs import logs
from dnetlab.sim.world import World

Json = dict[str, Any]
SECOND = 1_000_000_000
UPDATES = {"Parallelism": 1, "FailureAction": "pause", "Monitor": 5 * SECOND, "MaxFailureRatio": 0,
           "Order": "stop-first"}  # fmt: skip


# -- a specification -------------------------------------------------------------------------------------------------


def spec_of(world: World, host: str, body: Json) -> ServiceSpec:
    """A ServiceSpec of the API as the managers keep it. Raises ApiError for networks that aren't there, Refused."""
    found = membership.manager(world, host)
    template = body.get("TaskTemplate") or {}
    container = template.get("ContainerSpec") or {}
    mode, endpoint = body.get("Mode") or {"Replicated": {"Replicas": 1}}, body.get("EndpointSpec") or {}
    if "Replicated" not in mode and "Global" not in mode:
        raise Refused("Services that run once (replicated-job, global-job) are not modelled.",
                      "Use the modes replicated and global.")  # fmt: skip
    if not container.get("Image"):
        raise ApiError("rpc error: code = InvalidArgument desc = ContainerSpec: image reference must be provided", 400)
    targets = [(services.network_id(world, found, row["Target"]), tuple(row.get("Aliases") or ()))
               for row in template.get("Networks") or []]  # fmt: skip
    return ServiceSpec(
        name=body.get("Name", ""), image=container.get("Image", ""), command=tuple(container.get("Command") or ()),
        args=tuple(container.get("Args") or ()), env=tuple(container.get("Env") or ()),
        labels=dict(body.get("Labels") or {}), container_labels=dict(container.get("Labels") or {}),
        hostname=container.get("Hostname", ""),
        replicas=None if "Global" in mode else (mode["Replicated"] or {}).get("Replicas", 1),
        networks=tuple(key for key, _ in targets), aliases={key: names for key, names in targets if names},
        endpoint_mode=endpoint.get("Mode") or "vip",
        ports=tuple(PublishedPort(row["TargetPort"], row.get("PublishedPort", 0), row.get("Protocol", "tcp"),
                                  row.get("PublishMode", "ingress")) for row in endpoint.get("Ports") or []),
        constraints=tuple((template.get("Placement") or {}).get("Constraints") or ()),
        restart=(template.get("RestartPolicy") or {}).get("Condition", "any"),
        forced=template.get("ForceUpdate", 0),
    )  # fmt: skip


def spec_json(spec: ServiceSpec) -> Json:
    """The other way round, its fields in the engine's order."""
    container: Json = {"Image": spec.image}
    optional = {"Labels": dict(spec.container_labels), "Command": list(spec.command), "Args": list(spec.args),
                "Hostname": spec.hostname, "Env": list(spec.env)}  # fmt: skip
    container |= {key: value for key, value in optional.items() if value}
    container |= {"Init": False, "StopGracePeriod": 10 * SECOND, "DNSConfig": {}, "Isolation": "default"}
    template: Json = {
        "ContainerSpec": container, "Resources": {"Limits": {}, "Reservations": {}},
        "RestartPolicy": {"Condition": spec.restart, "Delay": 5 * SECOND, "MaxAttempts": 0},
        "Placement": {"Constraints": list(spec.constraints)} if spec.constraints else {},
    }  # fmt: skip
    if spec.networks:
        template["Networks"] = [{"Target": key, **({"Aliases": list(spec.aliases[key])} if key in spec.aliases else {})}
                                for key in spec.networks]  # fmt: skip
    template |= {"ForceUpdate": spec.forced, "Runtime": "container"}
    mode: Json = {"Global": {}} if spec.replicas is None else {"Replicated": {"Replicas": spec.replicas}}
    endpoint: Json = {"Mode": spec.endpoint_mode}
    if spec.ports:
        endpoint["Ports"] = [port_json(port) for port in spec.ports]
    return {"Name": spec.name, "Labels": dict(spec.labels), "TaskTemplate": template, "Mode": mode,
            "UpdateConfig": dict(UPDATES), "RollbackConfig": dict(UPDATES), "EndpointSpec": endpoint}  # fmt: skip


def port_json(port: PublishedPort) -> Json:
    row: Json = {"Protocol": port.protocol, "TargetPort": port.target}
    return row | ({"PublishedPort": port.published} if port.published else {}) | {"PublishMode": port.mode}


# -- operations ------------------------------------------------------------------------------------------------------


def service_create(world: World, host: str, body: Json) -> Json:
    """POST /services/create: {'ID': …, 'Warnings': […]}. Raises ApiError."""
    spec = spec_of(world, host, body)
    swarm.set_up_for(world, host, spec)
    found = services.create(world, host, spec)
    orchestrator.reconcile(world, membership.manager(world, host).id)
    return {"ID": found, "Warnings": [services_unpinned(spec.image)]}


def services_unpinned(image: str) -> str:
    """The warning of a manager that has no registry to ask (daemon/cluster/services.go digestWarning)."""
    return (
        f"image {image} could not be accessed on a registry to record\nits digest. Each node will access {image} "
        "independently,\npossibly leading to different nodes running different\nversions of the image.\n"
    )


def service_update(world: World, host: str, name: str, body: Json) -> Json:
    """POST /services/{id}/update: {'Warnings': null}. Raises ApiError."""
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
    services.update(world, host, found.id, replace(found.previous))
    orchestrator.reconcile(world, membership.manager(world, host).id)
    return {"Warnings": None}


def service_delete(world: World, host: str, name: str) -> None:
    """DELETE /services/{id}. Raises ApiError 404."""
    services.remove(world, host, name)
    orchestrator.reconcile(world, membership.manager(world, host).id)


def service_list(world: World, host: str, filters: Filters | None = None) -> list[Json]:
    """GET /services?status=true. Filters id, label, mode, name."""
    found, wanted = membership.manager(world, host), filters or {}
    check_names(world, wanted, ("id", "label", "mode", "name", "runtime"))
    return [{**service_json(found, service), "ServiceStatus": _status(world, found, service)}
            for service in found.services.values() if _matches(service, wanted)]  # fmt: skip


def _matches(service: Service, wanted: Filters) -> bool:
    mode = "global" if service.spec.replicas is None else "replicated"
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
    wanted = len(tasks) if service.spec.replicas is None else service.spec.replicas
    return {"RunningTasks": running, "DesiredTasks": wanted, "CompletedTasks": 0}


def service_inspect(world: World, host: str, name: str) -> Json:
    """GET /services/{id}. Raises ApiError 404."""
    found = membership.manager(world, host)
    return service_json(found, services.find(found, name))


def service_json(found: Swarm, service: Service) -> Json:
    document: Json = {
        "ID": service.id, "Version": {"Index": service.version + 10},
        "CreatedAt": clock.rfc3339(service.created, service.id),
        "UpdatedAt": clock.rfc3339(service.updated, f"{service.id}{service.version}"),
        "Spec": spec_json(service.spec),
    }  # fmt: skip
    if service.previous is not None:
        document["PreviousSpec"] = spec_json(service.previous)
    shown = {"Mode": service.spec.endpoint_mode}
    endpoint: Json = {"Spec": {**spec_json(service.spec)["EndpointSpec"]} if service.ports or service.vips else shown}
    if service.ports:
        endpoint["Ports"] = [port_json(port) for port in service.ports]
    if service.vips:
        endpoint["VirtualIPs"] = [{"NetworkID": key, "Addr": f"{address}/{_width(found, key)}"}
                                  for key, address in service.vips.items()]  # fmt: skip
    return document | {"Endpoint": endpoint}


def _width(found: Swarm, network_id: str) -> int:
    network = found.networks.get(network_id)
    return network.subnets[0].subnet.prefixlen if network else 24


def service_logs(world: World, host: str, name: str) -> list[Json]:
    """GET /services/{id}/logs: what its tasks printed, {'task', 'node', 'stream', 'text', 'time'}, in order of time."""
    found = membership.manager(world, host)
    service = services.find(found, name)
    rows: list[Json] = []
    for task in services.tasks_of(found, service.id):
        node = found.nodes.get(task.node)
        container = by_id(world, node.host, task.container) if node else None
        if node is not None and container is not None:
            label = f"{orchestrator.task_name(found, task)}.{task.id[:12]}"
            rows += [{"task": label, "node": node.host, "stream": stream, "text": text, "time": at}
                     for stream, text, at in logs.read(world, node.host, container.id)]  # fmt: skip
    return sorted(rows, key=lambda row: float(row["time"]))
