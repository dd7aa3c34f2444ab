"""docker swarm init, join, join-token, leave, update, unlock-key, ca."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockerd import api

Json = dict[str, Any]
ROLES = ("worker", "manager")


def _node_settings(session: Session) -> Json:
    call = session.call
    return {
        "ListenAddr": call.text("listen-addr", "0.0.0.0:2377"), "AdvertiseAddr": call.text("advertise-addr"),
        "DataPathAddr": call.text("data-path-addr"), "Availability": call.text("availability", "active"),
    }  # fmt: skip


def init(session: Session) -> int:
    call = session.call
    pools = [pool for value in call.all("default-addr-pool") for pool in value.split(",")]
    body = {
        **_node_settings(session), "DefaultAddrPool": pools,
        "SubnetSize": call.number("default-addr-pool-mask-length", 0),
        "DataPathPort": call.number("data-path-port", 0), "ForceNewCluster": call.on("force-new-cluster"),
        "AutoLockManagers": call.on("autolock"),
    }  # fmt: skip
    node = session.ask(api.swarm_init, body)
    session.out(f"Swarm initialized: current node ({node}) is now a manager.\n")
    _tell_how(session, "worker")
    session.out(
        "To add a manager to this swarm, run 'docker swarm join-token manager' and follow the instructions."
    )
    return 0


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
    call = session.call
    body: Json = {}
    if call.has("task-history-limit"):
        body["TaskHistoryLimit"] = call.number("task-history-limit", 5)
    if call.has("dispatcher-heartbeat"):
        body["HeartbeatSeconds"] = _seconds(call.text("dispatcher-heartbeat"))
    session.ask(api.swarm_update, body=body)
    session.out("Swarm updated.")
    return 0


def _seconds(text: str) -> int:
    units = {"h": 3600, "m": 60, "s": 1}
    number = text.rstrip("hms")
    return int(float(number or 0) * units.get(text[-1:], 1)) or 1


def unlock_key(session: Session) -> int:
    session.ask(api.swarm_unlock_key)
    raise Failed("no unlock key is set")


def ca(session: Session) -> int:
    session.ask(api.swarm_ca)
    return 0


def objects(session: Session) -> int:
    """docker secret ls, config ls, stack ls: asked of a manager, and there are none."""
    session.ask(api.swarm_objects)
    head = {"secret": "ID        NAME      DRIVER    CREATED   UPDATED", "stack": "NAME      SERVICES",
            "config": "ID        NAME      CREATED   UPDATED"}  # fmt: skip
    if not session.call.on("quiet"):
        session.out(head[session.call.command.path[0]])
    return 0


def deploy(session: Session) -> int:
    """docker stack deploy reads its file before it asks anybody; the lab has no such files."""
    name = session.call.text("compose-file")
    if not name:
        raise Failed("Please specify a Compose file (with --compose-file)")
    raise Failed(f"open {name}: no such file or directory")
