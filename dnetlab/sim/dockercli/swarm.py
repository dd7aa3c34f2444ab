"""docker swarm init, join, join-token, leave, update, unlock, unlock-key, ca."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from dnetlab.commands.docker.helptexts import help_of
from dnetlab.commands.docker.parse import Invocation
from dnetlab.commands.docker.units import seconds_of
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = dict[str, Any]
ROLES = ("worker", "manager")


def _node_settings(session: Session) -> Json:
    call = session.call
    return {
        "ListenAddr": call.text("listen-addr", "0.0.0.0:2377"), "AdvertiseAddr": call.text("advertise-addr"),
        "DataPathAddr": call.text("data-path-addr"), "Availability": call.text("availability", "active"),
    }  # fmt: skip


def _with_flag(error: ApiError) -> ApiError:
    """Where the daemon can't choose an address, the command says which flag does (docker/cli command/swarm/init.go)."""
    asks = ("could not choose an IP address to advertise", "could not find the system's IP address")
    more = " - specify one with --advertise-addr" if error.message.startswith(asks) else ""
    return ApiError(error.message + more, error.status)


def init(session: Session) -> int:
    call = session.call
    pools = [pool for value in call.all("default-addr-pool") for pool in value.split(",")]
    body = {
        **_node_settings(session), "DefaultAddrPool": pools,
        "SubnetSize": call.number("default-addr-pool-mask-length", 0),
        "DataPathPort": call.number("data-path-port", 0), "ForceNewCluster": call.on("force-new-cluster"),
        "AutoLockManagers": call.on("autolock"), "Spec": _spec(call, {}),
    }  # fmt: skip
    try:
        node = session.ask(api.swarm_init, body)
    except ApiError as error:
        raise _with_flag(error) from None
    session.out(f"Swarm initialized: current node ({node}) is now a manager.\n")
    _tell_how(session, "worker")
    session.out(
        "To add a manager to this swarm, run 'docker swarm join-token manager' and follow the instructions."
    )
    if call.on("autolock"):
        _tell_key(session, session.ask(api.swarm_unlock_key)["UnlockKey"])
    return 0


def _tell_key(session: Session, key: str) -> None:
    session.out("To unlock a swarm manager after it restarts, run the `docker swarm unlock`\n"
                f"command and provide the following key:\n\n    {key}\n\nRemember to store this key in a password "
                "manager, since without it you\nwill not be able to restart the manager.")  # fmt: skip


def _tell_how(session: Session, role: str) -> None:
    """How a further node joins: the token, and the address that this one advertises."""
    token = session.ask(api.swarm_inspect)["JoinTokens"][role.capitalize()]
    address = session.ask(api.node_inspect, "self")["ManagerStatus"]["Addr"]
    session.out(f"To add a {role} to this swarm, run the following command:\n")
    session.out(f"    docker swarm join --token {token} {address}\n")


def join_token(session: Session) -> int:
    call, role = session.call, session.call.arguments[0]
    if role not in ROLES:
        raise Failed(f"unknown role {role}")
    if call.on("rotate"):
        session.ask(api.swarm_update, rotate_worker=role == "worker", rotate_manager=role == "manager")
        if not call.on("quiet"):
            session.out(f"Successfully rotated {role} join token.\n")
    if call.on("quiet"):
        session.out(session.ask(api.swarm_inspect)["JoinTokens"][role.capitalize()])
    else:
        session.ask(api.swarm_inspect)
        _tell_how(session, role)
    return 0


def join(session: Session) -> int:
    body = {**_node_settings(session), "JoinToken": session.call.text("token"),
            "RemoteAddrs": [session.call.arguments[0]]}  # fmt: skip
    session.ask(api.swarm_join, body)
    answer = session.ask(api.system_info)["Swarm"]
    session.out(f"This node joined a swarm as a {'manager' if answer['ControlAvailable'] else 'worker'}.")
    return 0


def leave(session: Session) -> int:
    session.ask(api.swarm_leave, session.call.on("force"))
    session.out("Node left the swarm.")
    return 0


def update(session: Session) -> int:
    """What the flags say, in the specification as it is; without a flag the client shows its help."""
    call = session.call
    if not call.options:
        session.stdout.append(help_of(("swarm", "update"), session.own.helps) or "")
        return 0
    now = session.ask(api.swarm_inspect)["Spec"]
    before = now["EncryptionConfig"]["AutoLockManagers"]
    spec = _spec(call, now)
    if call.has("autolock"):
        spec["EncryptionConfig"] = {"AutoLockManagers": call.text("autolock") not in ("false", "0")}
    session.ask(api.swarm_update, body=spec)
    session.out("Swarm updated.")
    if spec.get("EncryptionConfig", {}).get("AutoLockManagers") and not before:
        _tell_key(session, session.ask(api.swarm_unlock_key)["UnlockKey"])
    return 0


_RAFT = {"snapshot-interval": "SnapshotInterval", "max-snapshots": "KeepOldSnapshots"}


def _spec(call: Invocation, now: Mapping[str, Any]) -> Json:
    """A SwarmSpec with what is said."""
    spec: Json = copy.deepcopy(dict(now))
    if call.has("task-history-limit"):
        spec["Orchestration"] = {"TaskHistoryRetentionLimit": call.number("task-history-limit", 5)}
    if call.has("dispatcher-heartbeat"):
        spec["Dispatcher"] = {"HeartbeatPeriod": _nanoseconds(call.text("dispatcher-heartbeat"))}
    raft = {field: call.number(flag, 0) for flag, field in _RAFT.items() if call.has(flag)}
    if raft:
        spec["Raft"] = {**spec.get("Raft", {}), **raft}
    if call.has("cert-expiry"):
        spec["CAConfig"] = {**spec.get("CAConfig", {}), "NodeCertExpiry": _nanoseconds(call.text("cert-expiry"))}
    if call.has("external-ca"):
        spec["CAConfig"] = {**spec.get("CAConfig", {}), "ExternalCAs": [call.text("external-ca")]}
    return spec


def _nanoseconds(text: str) -> int:
    return round((seconds_of(text) or 0.0) * 1e9)


def unlock_key(session: Session) -> int:
    call = session.call
    if call.on("rotate"):
        session.ask(api.swarm_update, rotate_key=True)
        if not call.on("quiet"):
            session.out("Successfully rotated manager unlock key.")
    key = session.ask(api.swarm_unlock_key)["UnlockKey"]
    if not key:
        raise Failed("no unlock key is set")
    if call.on("quiet"):
        session.out(key)
    else:
        _tell_key(session, key)
    return 0


def unlock(session: Session) -> int:
    """The key is read from what comes in (docker/cli command/swarm/unlock.go)."""
    state = session.ask(api.system_info)["Swarm"]["LocalNodeState"]
    if state == "inactive":
        raise Failed("Error: This node is not part of a swarm")
    if state != "locked":
        raise Failed("Error: swarm is not locked")
    key = (session.context.stdin or "").partition("\n")[0].strip()
    session.ask(api.swarm_unlock, {"UnlockKey": key})
    return 0


def ca(session: Session) -> int:
    session.ask(api.swarm_ca)
    return 0
