"""Swarm: POST /swarm/init, /join, /leave, /update, GET /swarm, and what GET /info says of it."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from dnetlab.sim.clock import rfc3339
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import swarm
from dnetlab.sim.dockerd.cluster import identity, membership
from dnetlab.sim.dockerd.cluster.membership import Settings
from dnetlab.sim.dockerd.cluster.state import Swarm, change, members, node_of, swarm_of
from dnetlab.sim.world import World

Json = dict[str, Any]
MONTHS = 7_776_000_000_000_000  # 90 days in nanoseconds


def _settings(body: Json) -> Settings:
    return Settings(body.get("AdvertiseAddr", ""), body.get("ListenAddr", ""), body.get("DataPathAddr", ""),
                    body.get("Availability", ""))  # fmt: skip


def swarm_init(world: World, host: str, body: Json) -> str:
    """POST /swarm/init: the id of the node. Raises ApiError 503 when it is in a swarm already."""
    if body.get("AutoLockManagers"):
        raise Refused("Locked managers are not modelled.", "Leave --autolock out.")
    pools = [IPv4Network(text, strict=False) for text in body.get("DefaultAddrPool") or []]
    node = membership.init(world, host, _settings(body), pools, body.get("SubnetSize", 0), body.get("DataPathPort", 0))
    swarm.entered(world, host)
    return node


def swarm_join(world: World, host: str, body: Json) -> None:
    """POST /swarm/join. body: JoinToken, RemoteAddrs, AdvertiseAddr, ListenAddr, DataPathAddr, Availability."""
    membership.join(world, host, _settings(body), body.get("JoinToken", ""), body.get("RemoteAddrs") or [])
    swarm.entered(world, host)


def swarm_leave(world: World, host: str, force: bool = False) -> None:
    """POST /swarm/leave. Raises ApiError 503."""
    swarm.leave(world, host, force)


def swarm_inspect(world: World, host: str) -> Json:
    """GET /swarm: with both join tokens. Raises ApiError 503 at a node that is no manager."""
    found = membership.manager(world, host)
    return {**_cluster(found), "JoinTokens": {
        "Worker": identity.token(found, "worker"), "Manager": identity.token(found, "manager")}}  # fmt: skip


def swarm_update(
    world: World, host: str, *, rotate_worker: bool = False, rotate_manager: bool = False, body: Json | None = None
) -> None:
    """POST /swarm/update: new tokens, or TaskHistoryLimit and HeartbeatSeconds of the body."""
    found = membership.manager(world, host)
    for role, wanted in (("worker", rotate_worker), ("manager", rotate_manager)):
        if wanted:
            membership.rotate(world, found.id, role)
    spec = body or {}
    if "TaskHistoryLimit" in spec:
        change(world, found.id, history=spec["TaskHistoryLimit"])
    if "HeartbeatSeconds" in spec:
        change(world, found.id, heartbeat=spec["HeartbeatSeconds"])
    change(world, found.id, version=found.version + 1, updated=world.clock)


def swarm_unlock_key(world: World, host: str) -> Json:
    """GET /swarm/unlockkey: managers are never locked here."""
    membership.manager(world, host)
    return {"UnlockKey": ""}


def swarm_ca(world: World, host: str) -> Json:
    """GET /swarm for `docker swarm ca`; certificates aren't modelled."""
    membership.manager(world, host)
    raise Refused("The certificates of a swarm are not modelled.", "docker swarm join-token shows who may join.")


def swarm_objects(world: World, host: str) -> list[Json]:
    """GET /secrets, /configs: none here. Raises ApiError 503 at a node that is no manager."""
    membership.manager(world, host)
    return []


def _cluster(found: Swarm) -> Json:
    return {
        "ID": found.id,
        "Version": {"Index": found.version},
        "CreatedAt": rfc3339(found.created, found.id), "UpdatedAt": rfc3339(found.updated, found.id),
        "Spec": {
            "Name": "default", "Labels": {},
            "Orchestration": {"TaskHistoryRetentionLimit": found.history},
            "Raft": {"SnapshotInterval": 10000, "KeepOldSnapshots": 0, "LogEntriesForSlowFollowers": 500,
                     "ElectionTick": 10, "HeartbeatTick": 1},
            "Dispatcher": {"HeartbeatPeriod": found.heartbeat * 1_000_000_000},
            "CAConfig": {"NodeCertExpiry": MONTHS}, "TaskDefaults": {},
            "EncryptionConfig": {"AutoLockManagers": False},
        },
        "TLSInfo": {}, "RootRotationInProgress": False,
        "DefaultAddrPool": [str(pool) for pool in found.pools], "SubnetSize": found.size,
        "DataPathPort": found.port,
    }  # fmt: skip


def swarm_info(world: World, host: str) -> Json:
    """`.Swarm` of GET /info."""
    found, node = swarm_of(world, host), node_of(world, host)
    if found is None or node is None:
        return {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": False, "Error": "",
                "RemoteManagers": None}  # fmt: skip
    managers = [n for n in members(world, found) if n.is_manager]
    info: Json = {
        "NodeID": node.id, "NodeAddr": str(node.address), "LocalNodeState": "active",
        "ControlAvailable": node.is_manager, "Error": "",
        "RemoteManagers": [{"NodeID": m.id, "Addr": f"{m.address}:2377"} for m in managers],
    }  # fmt: skip
    if node.is_manager:
        info |= {"Nodes": len(found.nodes), "Managers": len(found.managers), "Cluster": _cluster(found)}
    return info
