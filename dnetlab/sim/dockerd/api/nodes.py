"""Nodes of a swarm: GET, POST and DELETE /nodes. Only managers answer: ApiError 503 elsewhere."""

from __future__ import annotations

from typing import Any

from dnetlab.model.changed import replace
from dnetlab.sim.clock import rfc3339
from dnetlab.sim.dockerd import orchestrator, swarm
from dnetlab.sim.dockerd.api.filters import Filters, check_names
from dnetlab.sim.dockerd.api.versions import check_version
from dnetlab.sim.dockerd.books import release_of
from dnetlab.sim.dockerd.cluster import membership
from dnetlab.sim.dockerd.cluster.state import Node, Swarm, change, is_up, members, node_of, put_node
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

Json = dict[str, Any]
FILTERS = ("id", "label", "name", "node.label", "role", "membership")
BUSY = "rpc error: code = FailedPrecondition desc = "


def find(world: World, host: str, reference: str) -> Node:
    """By id, host name or a prefix of the id that only one has; 'self': the one that is asked. ApiError 404."""
    found = membership.manager(world, host)
    own = node_of(world, host)
    if reference == "self" and own is not None:
        return own
    nodes = list(found.nodes.values())
    exact = next((n for n in nodes if reference == n.id), None)
    named = [n for n in nodes if n.host == reference]
    beginning = [n for n in nodes if reference and n.id.startswith(reference)]
    if exact is None and len(named) > 1:
        raise ApiError(f"node {reference} is ambiguous ({len(named)} matches found)", 400)
    chosen = exact or next(iter(named or (beginning if len(beginning) == 1 else [])), None)
    if chosen is None:
        raise ApiError(f"node {reference} not found", 404)
    return chosen


def node_list(world: World, host: str, filters: Filters | None = None) -> list[Json]:
    """GET /nodes"""
    found = membership.manager(world, host)
    wanted = filters or {}
    check_names(world, wanted, FILTERS)
    return [node_json(world, found, node) for node in found.nodes.values() if _matches(node, wanted)]


def _matches(node: Node, wanted: Filters) -> bool:
    labels = {*node.labels, *(f"{key}={value}" for key, value in node.labels.items())}
    return (
        (not wanted.get("id") or any(node.id.startswith(v) for v in wanted["id"]))
        and (not wanted.get("name") or any(node.host.startswith(v) for v in wanted["name"]))
        and (not wanted.get("role") or node.role in wanted["role"])
        and all(v in labels for v in (*wanted.get("label", ()), *wanted.get("node.label", ())))
    )


def node_inspect(world: World, host: str, name: str) -> Json:
    """GET /nodes/{id}. Raises ApiError 404."""
    return node_json(world, membership.manager(world, host), find(world, host, name))


def node_json(world: World, found: Swarm, node: Node) -> Json:
    """A node as the API writes it (moby api/types/swarm.Node); its certificates are not modelled."""
    release = release_of(world)
    up = is_up(found, node, world.clock)
    status: Json = {"State": "ready" if up else "down", "Addr": str(node.address)}
    if not up:
        status = {"State": "down", "Message": "heartbeat failure", "Addr": str(node.address)}
    document: Json = {
        "ID": node.id, "Version": {"Index": node.version},
        "CreatedAt": rfc3339(node.joined, node.id), "UpdatedAt": rfc3339(node.joined, f"{node.id}{node.version}"),
        "Spec": {"Labels": dict(node.labels), "Role": node.role, "Availability": node.availability},
        "Description": {
            "Hostname": node.host, "Platform": {"Architecture": "x86_64", "OS": "linux"},
            "Resources": {"NanoCPUs": 2_000_000_000, "MemoryBytes": 4_294_967_296},
            "Engine": {"EngineVersion": release.version, "Plugins": _plugins(world)}, "TLSInfo": {},
        },
        "Status": status,
    }  # fmt: skip
    if node.is_manager:
        there = node.id in {n.id for n in members(world, found)}
        leads: Json = {"Leader": True} if node.id == found.leader else {}
        document["ManagerStatus"] = {**leads, "Reachability": "reachable" if there else "unreachable",
                                     "Addr": f"{node.address}:2377"}  # fmt: skip
    return document


def _plugins(world: World) -> list[Json]:
    logs = [{"Type": "Log", "Name": name} for name in release_of(world).build.loggers]
    drivers = ("bridge", "host", "ipvlan", "macvlan", "null", "overlay")
    networks = [{"Type": "Network", "Name": name} for name in drivers]
    return [*logs, *networks, {"Type": "Volume", "Name": "local"}]


def node_update(world: World, host: str, name: str, spec: Json, version: int | None = None) -> None:
    """POST /nodes/{id}/update. spec: Role, Availability, Labels as in node_inspect. Raises ApiError."""
    found, node = membership.manager(world, host), find(world, host, name)
    check_version(version, node_json(world, found, node))
    availability, role = spec.get("Availability", node.availability), spec.get("Role", node.role)
    membership.check_availability(availability)
    if role not in ("worker", "manager"):
        raise ApiError(f'invalid Role: "{role}"', 400)
    if node.is_manager and role == "worker" and len(found.managers) == 1:
        raise ApiError(f"{BUSY}attempting to demote the last manager of the swarm", 400)
    changed = replace(node, availability=availability, labels=dict(spec.get("Labels", node.labels)),
                      version=node.version + 1)  # fmt: skip
    put_node(world, found.id, changed)
    if role != node.role:
        _change_role(world, found, changed, role)
    orchestrator.reconcile(world, found.id)


def _change_role(world: World, found: Swarm, node: Node, role: str) -> None:
    if node.id in {n.id for n in members(world, found)}:
        swarm.change_role(world, node.host, role)
    else:
        put_node(world, found.id, replace(node, role=role))
    now: Swarm = world.swarms[found.id]
    if not now.nodes[now.leader].is_manager:
        change(world, found.id, leader=now.managers[0].id)


def node_delete(world: World, host: str, name: str, force: bool = False) -> None:
    """DELETE /nodes/{id}. Raises ApiError for a manager, and for one that isn't down unless forced."""
    found, node = membership.manager(world, host), find(world, host, name)
    if node.is_manager:
        raise ApiError(f"{BUSY}node {node.id} is a cluster manager and is a member of the raft cluster. It must be "
                       "demoted to worker before removal", 400)  # fmt: skip
    if is_up(found, node, world.clock) and not force:
        raise ApiError(f"{BUSY}node {node.id} is not down and can't be removed", 400)
    change(world, found.id, nodes={key: n for key, n in found.nodes.items() if key != node.id})
    orchestrator.reconcile(world, found.id)
