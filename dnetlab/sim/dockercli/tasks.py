"""Tasks as `docker service ps` and `docker node ps` list them (docker/cli command/task)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dnetlab.commands.docker.units import ago
from dnetlab.commands.gotemplate.values import Row
from dnetlab.sim.dockercli.listing import natural
from dnetlab.sim.dockercli.session import Session
from dnetlab.sim.dockercli.table import Listing, truncated
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = Mapping[str, Any]
TASKS = Listing(
    "*task.taskContext",
    {"ID": "ID", "Name": "NAME", "Image": "IMAGE", "Node": "NODE", "DesiredState": "DESIRED STATE",
     "CurrentState": "CURRENT STATE", "Error": "ERROR", "Ports": "PORTS"},
    "{{.ID}}\t{{.Name}}\t{{.Image}}\t{{.Node}}\t{{.DesiredState}}\t{{.CurrentState}}\t{{.Error}}\t{{.Ports}}",
)  # fmt: skip


def show(session: Session, tasks: Sequence[Json]) -> None:
    """Print them: each slot's newest task, its earlier ones below it, indented in a table (client 28.2 with 28.5)."""
    call = session.call
    chosen = call.text("format")
    indent = " \\_ " if not chosen or chosen.split()[0] == "table" else ""
    names = _Names(session)
    ordered = sorted(tasks, key=lambda task: natural(names.of(task)))
    rows, last = [], ""
    for task in ordered:
        name = names.of(task)
        rows.append(_row(session, task, indent + name if name == last else name, names))
        last = name
    session.stdout.append(TASKS.render(rows, chosen, quiet=call.on("quiet")))


class _Names:
    """The names of services and nodes, asked once each; --no-resolve keeps the ids."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.known: dict[str, str] = {}

    def _ask(self, key: str, kind: str) -> str:
        if self.session.call.on("no-resolve") or not key:
            return key
        if key not in self.known:
            try:
                if kind == "node":
                    self.known[key] = self.session.ask(api.node_inspect, key)["Description"]["Hostname"]
                else:
                    self.known[key] = self.session.ask(api.service_inspect, key)["Spec"]["Name"]
            except ApiError:
                self.known[key] = key
        return self.known[key]

    def of(self, task: Json) -> str:
        return f"{self._ask(task['ServiceID'], 'service')}.{task.get('Slot') or task['NodeID']}"

    def node(self, task: Json) -> str:
        return self._ask(task["NodeID"], "node")


def _row(session: Session, task: Json, name: str, names: _Names) -> Row:
    whole = session.call.on("no-trunc")
    status = task["Status"]
    error = status.get("Err", "")
    shown = (error if whole else truncated(error, 30)) and f'"{error if whole else truncated(error, 30)}"'
    then = datetime.fromisoformat(status["Timestamp"][:19] + "+00:00").timestamp()
    ports = ",".join(f"*:{p.get('PublishedPort', 0)}->{p['TargetPort']}/{p['Protocol']}"
                     for p in status["PortStatus"].get("Ports", []))  # fmt: skip
    return TASKS.row({
        "ID": task["ID"] if whole else task["ID"][:12], "Name": name,
        "Image": task["Spec"]["ContainerSpec"]["Image"].partition("@")[0], "Node": names.node(task),
        "DesiredState": task["DesiredState"].capitalize(),
        "CurrentState": f"{status['State'].capitalize()} {ago(session.now - then).lower()} ago",
        "Error": shown, "Ports": ports,
    })  # fmt: skip
