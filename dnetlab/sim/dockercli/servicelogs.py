"""docker service logs: what the tasks of a service have printed, each line with whose it is."""

from __future__ import annotations

from typing import Any

from dnetlab.sim.context import Refused
from dnetlab.sim.dockercli.container import moment
from dnetlab.sim.dockercli.session import Failed, Session
from dnetlab.sim.dockerd import api
from dnetlab.sim.dockerd.api import ApiError

Json = dict[str, Any]


def logs(session: Session) -> int:
    """Each line with its task and node in front, as wide as the numbers of the slots need (docker/cli
    command/service/logs.go)."""
    call, name = session.call, session.call.arguments[0]
    if call.on("follow"):
        raise Refused("docker service logs -f would never end.", "Run docker service logs {name} without -f.",
                      name=name)  # fmt: skip
    rows, widest = _lines_of(session, name)
    tail, since = call.text("tail", "all"), moment(session, "since")
    lines = [(row, line) for row in rows for line in row["text"].splitlines()
             if since is None or row["since_1970"] >= since]  # fmt: skip
    if tail.isdecimal():
        lines = _last(lines, int(tail))
    for row, line in lines:
        time = f"{row['at']} " if call.on("timestamps") else ""
        label = "" if call.on("raw") else _whose(session, row, widest) + "    | "
        details = " " if call.on("details") else ""  # what the label says is left out of them
        stream = session.stdout if row["stream"] == "stdout" else session.stderr
        stream.append(f"{time}{label}{details}{line}\n")
    return 0


def _lines_of(session: Session, name: str) -> tuple[list[Json], int]:
    """What a service, or one task, has printed, and how many figures the number of its replicas has."""
    try:
        found = session.ask(api.service_inspect, name)
        replicas = (found["Spec"]["Mode"].get("Replicated") or {}).get("Replicas", 1)
        return session.ask(api.service_logs, found["ID"]), len(str(replicas))
    except ApiError as error:
        if error.status != 404:
            raise
    try:
        return session.ask(api.task_logs, name), 1
    except ApiError:
        raise Failed(f"no such task or service: {name}") from None


def _last(lines: list[tuple[Json, str]], number: int) -> list[tuple[Json, str]]:
    """The last lines of each task: every node is asked for that many."""
    kept = []
    for at, (row, line) in enumerate(lines):
        later = sum(other["task"] == row["task"] for other, _ in lines[at + 1 :])
        if later < number:
            kept.append((row, line))
    return kept


def _whose(session: Session, row: Json, widest: int) -> str:
    """'web.1.3oyid0bz35mr@docker2', with blanks up to the width of the longest slot."""
    call = session.call
    ids = {pair.partition("=")[0].rpartition(".")[0].rpartition(".")[2]: pair.partition("=")[2]
           for pair in row["details"].split(",")}  # fmt: skip
    service, slot, task = row["service"], row["slot"], ids["task"]
    name = f"{ids['service'] if call.on('no-resolve') else service}.{slot}"
    if not call.on("no-task-ids"):
        name += f".{task if call.on('no-trunc') else task[:12]}"
    node = ids["node"] if call.on("no-resolve") else row["node"]
    return f"{name}@{node}" + " " * max(0, widest - len(str(slot)))
