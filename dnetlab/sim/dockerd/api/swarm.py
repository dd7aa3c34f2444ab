"""Swarm: POST /swarm/init, /join, /leave, /update, GET /swarm, and what GET /info says of it."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

from dnetlab.sim.clock import rfc3339
from dnetlab.sim.context import Refused
from dnetlab.sim.dockerd import swarm
from dnetlab.sim.dockerd.api.versions import check_version
from dnetlab.sim.dockerd.books import daemon, release_of
from dnetlab.sim.dockerd.cluster import identity, membership
from dnetlab.sim.dockerd.cluster.membership import Joining, Settings
from dnetlab.sim.dockerd.cluster.specs import named
from dnetlab.sim.dockerd.cluster.state import Swarm, change, member, members, node_of, swarm_of
from dnetlab.sim.dockerd.errors import ApiError
from dnetlab.sim.world import World

Json = dict[str, Any]
HOUR = 3_600_000_000_000
SECOND = 1_000_000_000
_PARTS = ("Name", "Labels", "Orchestration", "Raft", "Dispatcher", "CAConfig", "TaskDefaults", "EncryptionConfig")
_RAFT = ("SnapshotInterval", "KeepOldSnapshots", "LogEntriesForSlowFollowers", "ElectionTick", "HeartbeatTick")


def _settings(body: Json) -> Settings:
    return Settings(body.get("AdvertiseAddr", ""), body.get("ListenAddr", ""), body.get("DataPathAddr", ""),
                    body.get("Availability", ""))  # fmt: skip


def swarm_init(world: World, host: str, body: Json) -> str:
    """POST /swarm/init: the id of the node. Raises ApiError 503 when it is in a swarm already."""
    spec = body.get("Spec") or {}
    _check_spec(spec)
    pools = [IPv4Network(text, strict=False) for text in body.get("DefaultAddrPool") or []]
    node = membership.init(world, host, _settings(body), pools, body.get("SubnetSize", 0), body.get("DataPathPort", 0))
    swarm.entered(world, host)
    locked = (named(spec, _PARTS).get("EncryptionConfig") or {}).get("AutoLockManagers") or body.get("AutoLockManagers")
    _settle(world, member(world, host).id, spec, bool(locked))
    return node


def _check_spec(spec: Json) -> None:
    """Raises ApiError for what the managers don't take, Refused for an authority outside the lab."""
    authority = named(spec, _PARTS).get("CAConfig") or {}
    if authority.get("ExternalCAs"):
        raise Refused("Certificate authorities outside the swarm are not modelled.", "Leave --external-ca out.")
    expiry = authority.get("NodeCertExpiry")
    if expiry is not None and 0 < expiry < HOUR:
        text = "rpc error: code = InvalidArgument desc = minimum certificate expiry time is: 1h0m0s"
        raise ApiError(text, 400)


def _settle(world: World, swarm_id: str, spec: Json, locked: bool) -> None:
    """Write the settings of a SwarmSpec down; what it doesn't say stays (daemon/cluster/convert/swarm.go)."""
    given, now = named(spec, _PARTS), world.swarms[swarm_id]
    history = (given.get("Orchestration") or {}).get("TaskHistoryRetentionLimit")
    beat = (given.get("Dispatcher") or {}).get("HeartbeatPeriod")
    raft = {name: value for name, value in named(given.get("Raft") or {}, _RAFT).items() if value is not None
            and (value or name == "KeepOldSnapshots")}  # fmt: skip
    authority = {name: value for name, value in (given.get("CAConfig") or {}).items()
                 if name in ("NodeCertExpiry", "ForceRotate") and value}  # fmt: skip
    key = now.unlock_key or identity.new_key(world) if locked else ""
    change(world, swarm_id, history=now.history if history is None else history,
           heartbeat=beat // SECOND if beat else now.heartbeat, raft={**now.raft, **raft},
           authority={**now.authority, **authority}, unlock_key=key)  # fmt: skip


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
    world: World, host: str, *, rotate_worker: bool = False, rotate_manager: bool = False, rotate_key: bool = False,
    body: Json | None = None, version: int | None = None,
) -> None:  # fmt: skip
    """POST /swarm/update: new tokens, a new key, and the settings of the body, a SwarmSpec. Raises ApiError 400."""
    found = membership.manager(world, host)
    check_version(version, _cluster(found))
    _check_spec(body or {})
    for role, wanted in (("worker", rotate_worker), ("manager", rotate_manager)):
        if wanted:
            membership.rotate(world, found.id, role)
    encryption = named(body or {}, _PARTS).get("EncryptionConfig")
    locked = bool(found.unlock_key) if encryption is None else bool(encryption.get("AutoLockManagers"))
    _settle(world, found.id, body or {}, locked)
    if rotate_key and locked:
        change(world, found.id, unlock_key=identity.new_key(world))
    change(world, found.id, version=found.version + 1, updated=world.clock)


def swarm_unlock_key(world: World, host: str) -> Json:
    """GET /swarm/unlockkey: '' when managers aren't locked."""
    return {"UnlockKey": membership.manager(world, host).unlock_key}


def swarm_unlock(world: World, host: str, body: Json) -> None:
    """POST /swarm/unlock. body: UnlockKey. Raises ApiError 400 for a wrong one, 409 and 503 when nothing is locked."""
    membership.unlock(world, host, body.get("UnlockKey") or "")
    swarm.entered(world, host)


def swarm_ca(world: World, host: str) -> Json:
    """GET /swarm for `docker swarm ca`; certificates aren't modelled."""
    membership.manager(world, host)
    raise Refused("The certificates of a swarm are not modelled.", "docker swarm join-token shows who may join.")


def _cluster(found: Swarm) -> Json:
    return {
        "ID": found.id,
        "Version": {"Index": found.version},
        "CreatedAt": rfc3339(found.created, found.id), "UpdatedAt": rfc3339(found.updated, found.id),
        "Spec": {
            "Name": "default", "Labels": {},
            "Orchestration": {"TaskHistoryRetentionLimit": found.history},
            "Raft": dict(found.raft),
            "Dispatcher": {"HeartbeatPeriod": found.heartbeat * SECOND},
            "CAConfig": dict(found.authority), "TaskDefaults": {},
            "EncryptionConfig": {"AutoLockManagers": bool(found.unlock_key)},
        },
        "TLSInfo": {}, "RootRotationInProgress": False,
        "DefaultAddrPool": [str(pool) for pool in found.pools], "SubnetSize": found.size,
        "DataPathPort": found.port,
    }  # fmt: skip


def swarm_info(world: World, host: str) -> Json:
    """`.Swarm` of GET /info."""
    found, node = swarm_of(world, host), node_of(world, host)
    if daemon(world, host).locked:
        return {"NodeID": "", "NodeAddr": "", "LocalNodeState": "locked", "ControlAvailable": False,
                "Error": membership.LOCKED, "RemoteManagers": None}  # fmt: skip
    asked = daemon(world, host).joining
    if asked is not None:
        return _joining(world, host, asked)
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


def _joining(world: World, host: str, asked: Joining) -> Json:
    """`.Swarm` of a daemon that waits to be let in, or has given up (observed on 28.5.2)."""
    failed = asked.has_failed(world.clock)
    return {
        "NodeID": "", "NodeAddr": str(membership.seen_from(world, host, asked)),
        "LocalNodeState": "error" if failed else "pending", "ControlAvailable": False,
        "Error": (asked.problem or release_of(world).text("join unanswered")) if failed else "",
        "RemoteManagers": None if failed else [{"NodeID": "", "Addr": f"{asked.address}:{asked.port}"}],
    }  # fmt: skip
