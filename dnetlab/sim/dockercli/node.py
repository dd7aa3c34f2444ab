"""docker node ls, inspect, ps, update, promote, demote, rm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dnetlab.commands.gotemplate.values import Row
from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.inspect import inspect_each
from dnetlab.sim.dockercli.listing import natural
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockercli.table import Listing
from dnetlab.sim.dockercli.tasks import show
from dnetlab.sim.dockerd import api

Json = Mapping[str, Any]
NODES = Listing(
    "*node.nodeContext",
    {"ID": "ID", "Self": "", "Hostname": "HOSTNAME", "Status": "STATUS", "Availability": "AVAILABILITY",
     "ManagerStatus": "MANAGER STATUS", "EngineVersion": "ENGINE VERSION", "TLSStatus": "TLS STATUS"},
    "{{.ID}} {{if .Self}}*{{else}} {{ end }}\t{{.Hostname}}\t{{.Status}}\t{{.Availability}}\t{{.ManagerStatus}}"
    "\t{{.EngineVersion}}",
)  # fmt: skip


def ls(session: Session) -> int:
    found = sorted(session.ask(api.node_list, session.filters()),
                   key=lambda node: natural(node["Description"]["Hostname"]))  # fmt: skip
    own = session.ask(api.system_info)["Swarm"]["NodeID"]
    rows = [_row(node, own) for node in found]
    session.stdout.append(NODES.render(rows, session.call.text("format"), quiet=session.call.on("quiet")))
    return 0


def _row(node: Json, own: str) -> Row:
    return NODES.row({
        "ID": node["ID"], "Self": node["ID"] == own, "Hostname": node["Description"]["Hostname"],
        "Status": node["Status"]["State"].capitalize(), "Availability": node["Spec"]["Availability"].capitalize(),
        "ManagerStatus": _manager_status(node), "EngineVersion": node["Description"]["Engine"]["EngineVersion"],
        "TLSStatus": "Ready",
    })  # fmt: skip


def _manager_status(node: Json) -> str:
    status = node.get("ManagerStatus")
    if not status:
        return ""
    return "Leader" if status.get("Leader") else str(status["Reachability"]).capitalize()


def inspect(session: Session) -> int:
    if session.call.on("pretty"):
        session.ask(api.node_list)
        raise Refused("docker node inspect --pretty shows certificates, which the lab doesn't model.",
                      "Leave --pretty out, or take one field: -f '{{{{.Status.Addr}}}}'")  # fmt: skip
    return inspect_each(session, "node")


def ps(session: Session) -> int:
    """The tasks of these nodes, without names those of this one."""
    session.ask(api.node_list)
    filters = session.filters()
    nodes = [session.ask(api.node_inspect, name) for name in session.call.arguments or ("self",)]
    tasks: list[Json] = []
    for node in nodes:
        tasks += session.ask(api.task_list, {**filters, "node": [node["ID"]]})
    show(session, tasks)
    return 0


def update(session: Session) -> int:
    call, name = session.call, session.call.arguments[0]
    spec = session.ask(api.node_inspect, name)["Spec"]
    labels = {**spec["Labels"], **dict(value.partition("=")[::2] for value in call.all("label-add"))}
    for key in call.all("label-rm"):
        if key not in labels:
            raise Failed(f"key {key} doesn't exist in node's labels")
        del labels[key]
    availability, role = call.text("availability", spec["Availability"]), call.text("role", spec["Role"])
    session.ask(api.node_update, name, {"Availability": availability, "Role": role, "Labels": labels})
    session.out(name)
    return 0


def promote(session: Session) -> int:
    done = "Node {} promoted to a manager in the swarm."
    return _give_role(session, "manager", "Node {} is already a manager.", done)


def demote(session: Session) -> int:
    return _give_role(session, "worker", "Node {} is already a worker.", "Manager {} demoted in the swarm.")


def _give_role(session: Session, role: str, already: str, done: str) -> int:
    for name in session.call.arguments:
        node = session.ask(api.node_inspect, name)
        spec = node["Spec"]
        if spec["Role"] == role:
            session.out(already.format(node["ID"]))
            continue
        session.ask(api.node_update, name, {**spec, "Role": role})
        session.out(done.format(name))
    return 0


def rm(session: Session) -> int:
    def one(name: str) -> str:
        session.ask(api.node_delete, name, session.call.on("force"))
        return name

    return session.each(session.call.arguments, one)
